"""Rules read named facts: made by hand they suffice, and an unknown one makes a rule silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from trickrun.findings.evidence.data import Classes, Copies, DataEvidence, Drift, Inputs, Targets
from trickrun.findings.evidence.facts import (
    Facts,
    InputFacts,
    LossFacts,
    NetworkFacts,
    NormalizationFacts,
    OptimizerFacts,
)
from trickrun.findings.evidence.leaks import Grouping, Leaks, Telltale, TimeColumn
from trickrun.findings.rules.recipe.head import probabilities_into_logits
from trickrun.findings.rules.recipe.network import noisy_batch_norm
from trickrun.findings.rules.recipe.steps import rate_too_high
from trickrun.findings.static import FAMILIES, findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import load

RULES = [rule for rules in FAMILIES for rule in rules]
RECIPES = Path(__file__).parents[2] / "recipes"

BAD_INPUTS = Inputs(1000, -300.0, 400.0, 0.0, 100.0, (0.01, 1.0, 300.0), non_finite=1)
BAD_SPLITS: dict[str, Any] = {
    "splits": (("val", replace(BAD_INPUTS, samples=20)),),
    "drift": (("val", Drift(3.0, 9.0, 20, 0.9, ("d",))),),
    "constant": 1,
    "constant_names": ("height",),
    "copies": Copies(0.1, 0.5, (("val", 0.5),)),
    "order": 0.9,
    "drawn": ("val",),
    "leaks": Leaks(
        9,
        (Telltale("twin", True, False, 1.0, 0.0, 900, 1000),),
        TimeColumn("day", 0.9, 1000),
        Grouping("patient", 100, 0.9, 0.95, 0.9, 0.1),
    ),
}
CLASSES = DataEvidence(
    (10,), BAD_INPUTS, classes=Classes(("a", "b", "c"), (900, 90, 4), unused="a"), **BAD_SPLITS
)
VALUES = DataEvidence(
    (10,),
    replace(BAD_INPUTS, non_finite=0),
    targets=Targets(0.0, 900.0, 100.0, 60.0, 120.0, 120.0, distinct=5, even=True),
    **BAD_SPLITS,
)

NETWORK = (
    "data={kind: csv, path: a.csv, target: t, batch_size: 4, shuffle: false}",
    "model={kind: mlp, hidden: [2, 1], activation: sigmoid, head_activation: sigmoid, bias: true}",
    "data.split.stratified=false",
)
WRONG: dict[str, tuple[DataEvidence | None, tuple[str, ...]]] = {
    "steps": (
        CLASSES,
        (
            *NETWORK,
            "optimizer={kind: sgd, lr: 50.0, momentum: 0.9, weight_decay: 0.5, clip: 1e-9, "
            "schedule: {kind: cosine, warmup: 500}}",
            "regularizers={l2: 0.5, l1: 0.5, dropout: {p: 0.95, input: 0.8}, swa: 0.5, "
            "label_smoothing: 0.7}",
            "normalization=batch",
            "loss={kind: cross_entropy, class_weights: balanced, reduction: sum}",
            "early_stopping={mode: max, patience: 50}",
            "train={epochs: 1, gradual_unfreezing: 1}",
            "init=zeros",
        ),
    ),
    "adaptive": (
        CLASSES,
        (
            *NETWORK,
            "optimizer={kind: adam, lr: 1e-9, eps: 1e-20, betas: [0.99, 0.5]}",
            "normalization=layer",
            "loss=auto",
            "init=positive_uniform",
            "data.normalize=none",
            "data.zero_inputs=true",
        ),
    ),
    "weights": (
        CLASSES,
        (*NETWORK, "loss={kind: cross_entropy, class_weights: [9, 0.9, 0.04]}", "train.epochs=9"),
    ),
    "values": (VALUES, (*NETWORK, "loss=mse", "init={kind: normal, std: 9.0}")),
    "values as classes": (VALUES, (*NETWORK, "loss=nll", "optimizer=sgd")),
    "images": (
        None,
        (
            "data=digits",
            "model=transformer",
            "loss=nll",
            "augmentation=[{kind: noise, std: 3.0}, {kind: flip}, {kind: rotate, degrees: 180}]",
        ),
    ),
    "whole run": (
        CLASSES,
        (
            "data={kind: npz, path: a.npz}",
            "model={kind: mlp, init_from: ab12}",
            "early_stopping={monitor: val_accuracy, patience: 1, min_delta: 2.0}",
            "optimizer.schedule={kind: step, every: 1, gamma: 100}",
            "regularizers={swa: 0.99}",
            "normalization=batch",
            "train={epochs: 20, gradual_unfreezing: 20, batch_ramp: 0.05}",
        ),
    ),
    "training loss": (
        None,
        (
            "data=digits",
            "early_stopping={monitor: train_loss}",
            "optimizer.schedule={kind: polynomial, power: 50}",
        ),
    ),
    "linear": (
        None,
        ("model={kind: cnn, activation: linear, head_activation: relu}", "train={steps: 9}"),
    ),
    "pretrained": (None, ("model=pretrained", "data.sampling=balanced")),
}


def facts(name: str) -> Facts:
    data, overrides = WRONG[name]
    plain = ["normalization=none", "regularizers=null", "early_stopping=null"]
    return facts_of(load(RECIPES / "digits.yaml", [*plain, *overrides]).recipe, data)


def one_unknown(whole: Facts) -> Iterator[tuple[str, Facts]]:
    """Yield ``whole`` with each single fact unknown, and with each group of facts unknown."""
    for part in fields(Facts):
        value = getattr(whole, part.name)
        if not is_dataclass(value):
            yield part.name, replace(whole, **{part.name: None})
            continue
        if isinstance(value, DataEvidence):
            yield "data", replace(whole, data=None)
            for name in ("targets", "classes", "labels"):
                yield f"data.{name}", replace(whole, data=replace(value, **{name: None}))
            continue
        yield part.name, replace(whole, **{part.name: type(value)()})
        for fact in fields(value):
            changed = replace(value, **{fact.name: None})
            yield f"{part.name}.{fact.name}", replace(whole, **{part.name: changed})
    for group in ("augmentations", "monitors"):
        for index, each in enumerate(getattr(whole, group) or ()):
            for fact in fields(each):
                if fact.name == "written":
                    continue
                others = list(getattr(whole, group))
                others[index] = replace(each, **{fact.name: None})
                yield f"{group}.{fact.name}", replace(whole, **{group: tuple(others)})


def test_these_wrong_recipes_make_most_rules_speak() -> None:
    spoken = {rule for name in WRONG for rule in RULES if rule(facts(name))}
    # The others are tested below with every fact unknown, and each in the tests of its family.
    assert len(spoken) >= 0.8 * len(RULES)


@pytest.mark.parametrize("name", WRONG)
def test_a_single_unknown_fact_breaks_no_rule(name: str) -> None:
    whole = facts(name)
    known = {finding.code for finding in findings(whole)}
    cases = list(one_unknown(whole))
    assert len(cases) > 60
    for _, partly in cases:
        for rule in RULES:
            assert all(finding.why for finding in rule(partly))
    # What is unknown takes findings away, or the reason to be silent: most it leaves alone.
    assert any({f.code for f in findings(partly)} < known for _, partly in cases)


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert [rule.__name__ for rule in RULES if rule(Facts())] == []


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("data", [None, CLASSES, VALUES])
def test_data_alone_break_no_rule(data: DataEvidence | None, task: Any) -> None:
    found = findings(Facts(task=task, data=data))
    assert all(finding.where.startswith("data") for finding in found)
    assert bool(found) == (data is not None)


def test_a_rate_is_judged_by_facts_alone() -> None:
    mine = OptimizerFacts(kind="mine", lr=2.0, momentum_gain=1.0, high_lr=0.1, default_lr=1e-3)
    (found,) = rate_too_high(Facts(optimizer=mine))
    assert (found.code, found.severity) == ("TR35", "error")
    assert found.evidence == {"rate": 2.0, "limit": 0.1}
    assert found.edit == {"optimizer.lr": 1e-3}
    assert rate_too_high(Facts(optimizer=replace(mine, lr=0.01))) == []
    assert rate_too_high(Facts(optimizer=replace(mine, high_lr=None))) == []


def test_a_head_is_judged_by_facts_alone() -> None:
    loss = LossFacts(kind="CrossEntropyLoss", takes="logits", one_output=False)
    squashed = NetworkFacts(own=True, head_activation="softmax")
    (found,) = probabilities_into_logits(Facts(loss=loss, network=squashed))
    assert (found.code, found.severity) == ("TR26", "error")
    assert "CrossEntropyLoss takes logits" in found.why
    plain = replace(squashed, head_activation="linear")
    assert probabilities_into_logits(Facts(loss=loss, network=plain)) == []
    assert probabilities_into_logits(Facts(loss=loss)) == []


def test_a_batch_norm_is_judged_by_facts_alone() -> None:
    norm = NormalizationFacts(kind="BatchNorm2d", over_samples=True)
    few = Facts(normalization=norm, inputs=InputFacts(batch_size=7))
    (found,) = noisy_batch_norm(few)
    assert (found.code, found.evidence) == ("TR48", {"batch_size": 7})
    assert noisy_batch_norm(replace(few, inputs=InputFacts(batch_size=8))) == []
    assert noisy_batch_norm(replace(few, inputs=InputFacts())) == []
