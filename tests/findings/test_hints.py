"""A finding never recommends what is set already, and never contradicts the recipe.

Recipes are drawn from the faults of the other tables, a few at once, over data of several kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trickrun.errors import TrickrunError
from trickrun.findings.evidence.data import Classes, DataEvidence, Drift, Inputs, Targets
from trickrun.findings.finding import Finding
from trickrun.findings.static import findings
from trickrun.recipe.dump import resolved
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import load
from trickrun.recipe.patch import patch_paths
from trickrun.recipe.schema import Recipe
from trickrun.tricks.metrics import METRICS

RECIPES = Path(__file__).parents[2] / "recipes"

STANDARD = Inputs(1000, -3.0, 4.0, 0.0, 1.0, (1.0, 1.0, 1.0))
RAW = Inputs(1000, -300.0, 400.0, 0.0, 100.0, (0.01, 1.0, 300.0))
FAINT = Inputs(1000, 0.0, 4e-3, 1e-3, 1e-3, (1e-5, 1e-3, 2e-3))
UNEVEN = Classes(("a", "b", "c"), (900, 90, 4))
PARTS = (("val", replace(STANDARD, samples=20)), ("test", replace(STANDARD, samples=200)))
DRIFTS = tuple((name, Drift(0.05, 1.0, 200, 0.8, ("c",))) for name in ("val", "test"))
CLASSES = DataEvidence((10,), STANDARD, splits=PARTS, classes=UNEVEN, order=0.9)
DATA: dict[str, DataEvidence | None] = {
    "unknown": None,
    "uneven": CLASSES,
    "raw": replace(CLASSES, train=RAW),
    "faint": replace(CLASSES, train=FAINT),
    "of other classes": replace(CLASSES, drift=DRIFTS),
    "drawn, of other classes": replace(CLASSES, drift=DRIFTS, drawn=("val", "test")),
    "values": replace(
        CLASSES, classes=None, targets=Targets(0.0, 900.0, 100.0, 60.0, 120.0, 120.0)
    ),
    "small values": replace(
        CLASSES, classes=None, targets=Targets(0.0, 0.9, 0.01, 0.06, 0.01, 0.01)
    ),
}

# One of each line, or none of it.
SETTINGS: tuple[tuple[str, ...], ...] = (
    ("data.normalize=none", "data.normalize=minmax",
     "data.normalize={kind: fixed, mean: 0, std: 9}"),
    ("data.sampling=balanced",),
    ("data.shuffle=false",),
    ("data.split={stratified: false}", "data.split={folds: 5}", "data.split={val: 0.4, test: 0.4}",
     "data.split={folds: 2, stratified: false}", "data.split={group_duplicates: true}"),
    ("data.batch_size=4", "data.batch_size=full", "data.batch_size=2000"),
    ("data.scale_targets=standard",),
    ("loss={kind: cross_entropy, class_weights: balanced}", "loss=hinge", "loss=mse", "loss=nll",
     "loss={kind: cross_entropy, class_weights: [9, 0.9, 0.04]}", "loss={kind: huber}",
     "loss={kind: cross_entropy, reduction: sum}", "loss=auto"),
    ("model.head_activation=softmax", "model.head_activation=relu",
     "model.head_activation=log_softmax"),
    ("model={kind: mlp, hidden: [2, 1], activation: sigmoid}", "model=transformer",
     "model={kind: cnn, channels: [8, 8], hidden: [16]}", "model=pretrained",
     "model={kind: mlp, hidden: [64, 64], bias: true, activation: linear}",
     "model={kind: mlp, init_from: ab12}"),
    ("normalization=batch", "normalization=layer", "normalization={kind: group, groups: 2}"),
    ("init=zeros", "init={kind: normal, std: 9.0}", "init={kind: auto, head_bias: prior}",
     "init=positive_uniform"),
    ("optimizer={kind: sgd, lr: 50.0, momentum: 0.9}", "optimizer={kind: sgd, lr: 1e-6}",
     "optimizer={kind: adam, lr: 1e-9, eps: 1e-20}", "optimizer={kind: adamw, weight_decay: 9}",
     "optimizer={kind: adam, betas: [0.99, 0.5], weight_decay: 0.2}"),
    ("optimizer.clip=1e-9", "optimizer.clip=1.0", "optimizer.clip={value: 0.1}"),
    ("optimizer.schedule={kind: step, every: 1}", "optimizer.schedule={kind: step, gamma: 100}",
     "optimizer.schedule={kind: cosine, warmup: 0.9}", "optimizer.schedule=plateau",
     "optimizer.schedule={kind: cosine, warmup: 5000}",
     "optimizer.schedule={kind: plateau, monitor: val_accuracy, mode: min}",
     "optimizer.schedule={kind: one_cycle, pct_start: 0.95}",
     "optimizer.schedule={kind: polynomial, power: 60}"),
    ("regularizers={dropout: {p: 0.95, input: 0.8}}", "regularizers={dropout: 0.5, l2: 0.1}",
     "regularizers={swa: 0.5}", "regularizers={swa: 0.99}", "regularizers={label_smoothing: 0.6}",
     "regularizers={l2: 1e-4, l1: 1}"),
    ("augmentation=[{kind: noise, std: 2.0}]", "augmentation=[flip, {kind: rotate, degrees: 180}]"),
    ("early_stopping={mode: max, patience: 3, restore_best: false}", "early_stopping=1",
     "early_stopping={monitor: train_loss}", "early_stopping={patience: 90}",
     "early_stopping={monitor: val_accuracy, min_delta: 2}"),
    ("train={epochs: 1}", "train={steps: 50}", "train={epochs: 20, batch_ramp: 0.05}",
     "train={epochs: 20, gradual_unfreezing: 20}", "train={steps: 2000}"),
    ("metrics=[accuracy, f1_macro]",),
    ("grid={metric: val_accuracy, mode: min}",),
)  # fmt: skip
KINDS = ("digits", "{kind: npz, path: x.npz}", "{kind: csv, path: x.csv, target: y}", "diabetes")


def recipe(kind: str, *overrides: str) -> Recipe:
    plain = ["normalization=none", "regularizers=null", "early_stopping=null", "expect=null"]
    return load(RECIPES / "digits.yaml", [*plain, f"data={kind}", *overrides]).recipe


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[str], str]:
    lines = draw(st.lists(st.sampled_from(range(len(SETTINGS))), unique=True, max_size=5))
    overrides = [draw(st.sampled_from(SETTINGS[line])) for line in sorted(lines)]
    return draw(st.sampled_from(KINDS)), overrides, draw(st.sampled_from(list(DATA)))


def edited(of: Recipe, edit: dict[str, Any]) -> Recipe:
    return Recipe.model_validate(patch_paths(resolved(of), edit))


@given(cases())
def test_an_edit_is_no_hint_that_has_been_taken(case: tuple[str, list[str], str]) -> None:
    """It changes the recipe, and with it done neither it nor its opposite is recommended."""
    kind, overrides, data = case
    try:
        given = recipe(kind, *overrides)
    except TrickrunError:
        assume(False)
    before = findings(facts_of(given, DATA[data]))
    for finding in before:
        if finding.edit is None:
            continue
        after = edited(given, finding.edit)
        assert after != given, finding
        again = findings(facts_of(after, DATA[data]))
        repeated = [f for f in again if (f.code, f.where) == (finding.code, finding.where)]
        assert finding.edit not in [f.edit for f in repeated], finding
        new = [f for f in again if f.code not in [f.code for f in before]]
        assert not [f for f in new if (f.edit or {}).keys() & finding.edit.keys()], finding


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("override", [one for line in SETTINGS for one in line])
def test_an_edit_of_one_fault_changes_the_recipe(override: str, data: str) -> None:
    given = recipe("{kind: npz, path: x.npz}", override)
    for finding in findings(facts_of(given, DATA[data])):
        assert finding.edit is None or edited(given, finding.edit) != given, finding


MENTION = re.compile(r"\b([a-z_]+(?:\.[a-z_0-9]+)+): ([\w.-]+)")
"""A recipe path and a value in a sentence, as in ``data.channels: last``."""


def mentions(finding: Finding) -> Iterator[tuple[str, str]]:
    return ((path, value.rstrip(".")) for path, value in MENTION.findall(finding.why))


def value_at(of: Recipe, path: str) -> Any:
    tree: Any = resolved(of)
    for word in path.split("."):
        if not isinstance(tree, dict) or word not in tree:
            return None
        tree = tree[word]
    return tree.get("kind") if isinstance(tree, dict) else tree


@given(cases())
def test_a_sentence_names_no_value_that_is_set(case: tuple[str, list[str], str]) -> None:
    kind, overrides, data = case
    try:
        given = recipe(kind, *overrides)
    except TrickrunError:
        assume(False)
    for finding in findings(facts_of(given, DATA[data])):
        for path, value in mentions(finding):
            if path.split(".")[0] in Recipe.model_fields:
                assert str(value_at(given, path)) != value, finding.why


def told(code: str, data: str, *overrides: str, kind: str = "{kind: npz, path: x.npz}") -> Finding:
    found = findings(facts_of(recipe(kind, *overrides), DATA[data]))
    return next(finding for finding in found if finding.code == code)


@pytest.mark.parametrize(
    ("code", "data", "overrides", "said", "unsaid"),
    [
        # Folds, where there are none and the recipe makes the split.
        ("TR84", "drawn, of other classes", (), "Folds (data.split.folds)", ""),
        ("TR84", "drawn, of other classes", ("data.split={folds: 5}",), "each fold", "split.folds"),
        ("TR84", "uneven", (), "20 validation samples", "olds"),
        # What draws the split otherwise.
        ("TR83", "of other classes", (), "split at random", ""),
        ("TR83", "drawn, of other classes", (), "leave it out", "random"),
        ("TR83", "drawn, of other classes", ("data.split.stratified=false",), "stratified",
         "random"),
        ("TR07", "uneven", (), "watch f1_macro", ""),
        ("TR07", "uneven", ("metrics=[accuracy, f1_macro]",), "Weight the classes", "f1_macro"),
        ("TR07", "uneven", ("loss=hinge",), "data.sampling: balanced", "Weigh"),
        ("TR48", "uneven", ("normalization=batch", "data.batch_size=4"), "larger data.batch", ""),
    ],
)  # fmt: skip
def test_what_is_said_follows_the_recipe(
    code: str, data: str, overrides: tuple[str, ...], said: str, unsaid: str
) -> None:
    why = told(code, data, *overrides).why
    assert said in why
    assert not unsaid or unsaid not in why


@pytest.mark.parametrize(
    ("code", "data", "overrides"),
    [
        # The classes are made up for already.
        ("TR07", "uneven", ("data.sampling=balanced",)),
        # The usual bound is not what keeps steps short.
        ("TR71", "uneven", ("optimizer={kind: sgd, lr: 1e-6, clip: 1.0}", "train.steps=2000")),
    ],
)
def test_what_is_not_said(code: str, data: str, overrides: tuple[str, ...]) -> None:
    with pytest.raises(StopIteration):
        told(code, data, *overrides)


DIRECTED = [name for name, kind in METRICS.all().items() if kind.higher_is_better is not None]
WATCHING = (
    "early_stopping={{monitor: val_{name}, mode: {mode}, patience: {patience}}}",
    "early_stopping={{monitor: val_{name}, mode: {mode}, patience: {patience}, "
    "restore_best: false}}",
    "optimizer.schedule={{kind: plateau, monitor: val_{name}, mode: {mode}, patience: {patience}}}",
    "grid={{metric: val_{name}, mode: {mode}}}",
)


@pytest.mark.parametrize("patience", [1, 8, 90, 20_000])
@pytest.mark.parametrize("watching", WATCHING)
@pytest.mark.parametrize("name", DIRECTED)
def test_the_wrong_side_of_every_metric_is_named(name: str, watching: str, patience: int) -> None:
    right, wrong = ("max", "min") if METRICS[name].higher_is_better else ("min", "max")

    def codes(mode: str) -> set[str]:
        watched = watching.format(name=name, mode=mode, patience=patience)
        of = recipe("{kind: npz, path: x.npz}", f"metrics=[{name}]", watched)
        return {finding.code for finding in findings(facts_of(of))}

    assert "TR93" in codes(wrong)
    assert "TR93" not in codes(right)


@pytest.mark.parametrize(
    ("overrides", "weight", "edit"),
    [
        ((), None, None),
        (("loss={kind: cross_entropy, class_weights: balanced}",), 0.0, None),
        (("loss={kind: cross_entropy, class_weights: [1, 2, 3]}",), None, None),
        (("data.split.stratified=false",), None, None),
    ],
)
def test_a_class_that_nothing_is_trained_of_is_a_warning_of_its_own(
    overrides: tuple[str, ...], weight: float | None, edit: object
) -> None:
    lost = replace(
        CLASSES,
        classes=Classes(("a", "b", "c"), (500, 500, 0)),
        drift=(("val", Drift(0.05, 1.0, 200, 0.01, ("c",))), ("test", Drift(0.05, 1.0, 200, 0.01))),
        drawn=("val", "test"),
    )
    found = findings(facts_of(recipe("{kind: npz, path: x.npz}", *overrides), lost))
    (finding,) = (f for f in found if f.code == "TR83")
    assert (finding.severity, finding.where, finding.edit) == ("warning", "data.split", edit)
    assert finding.evidence == {"splits": ["val"], "classes": ["c"], "class_weight": weight}
    assert "No training sample has class 'c', but val has some" in finding.why
    assert ("class weight is 0" in finding.why) == (weight == 0.0)
