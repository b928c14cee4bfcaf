"""No kind of any section, with its defaults in a healthy recipe, is told that it is wrong.

A new kind is in this table as soon as the recipe knows it. One that needs more than its defaults,
or another recipe than the digits', gets a line in GIVEN or NEEDS.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from trickrun.findings.evidence.data import Classes, DataEvidence, Inputs, Targets
from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding
from trickrun.findings.static import findings
from trickrun.recipe.catalogue import Entry, catalogue, walk
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import load
from trickrun.recipe.shape import needed

ENTRIES = catalogue()
PARAMS = {f"{place.path}.{place.kind}": place.params for place in walk()}

FAULTY = {
    "init.zeros": "TR22",  # no gradient gets through a hidden layer
    "init.constant": "TR22",  # the units of a layer stay copies
    "init.positive_uniform": "TR22",  # the units of a layer answer nearly alike
}
"""Kinds that are there to show what goes wrong, with the finding that must come."""

GIVEN = {
    "data.normalize.fixed": "{normalize: {kind: fixed, mean: 7, std: 6}}",
    "optimizer.clip": "{clip: {norm: 1.0}}",
}
"""What kinds are given that their fields' examples do not say."""

REGRESSION = ("data={kind: diabetes, scale_targets: standard}",)
CLOTHES = ("data=fashion_mnist",)
TEXTS = ("data={kind: text, path: text.txt}", "model=gru")
TRANSFORMER = ("model=transformer", "normalization=layer")
NEEDS = {
    "loss.bce": ("data=breast_cancer",),
    "loss.nll": ("model.head_activation=log_softmax",),
    "loss.mse": REGRESSION,
    "loss.mae": REGRESSION,
    "loss.huber": REGRESSION,
    "metrics.mae": REGRESSION,
    "metrics.rmse": REGRESSION,
    "metrics.r2": REGRESSION,
    "init.normal": TRANSFORMER,  # its 0.02 is GPT-2's: an mlp without norms fades
    "init.truncated_normal": TRANSFORMER,
    "model.transformer": ("normalization=layer",),
    "model.pretrained": ("data.normalize={kind: fixed, mean: 127, std: 128}",),
    "augmentation.flip": CLOTHES,  # digits in a mirror are none
    "augmentation.token_dropout": TEXTS,
    "data.text": ("model=gru",),
    "train.gradual_unfreezing": ("model={kind: mlp, init_from: ab12}",),  # learned layers wait
}
"""What makes a recipe healthy for a kind, where the digits with an mlp are not."""

INPUTS = Inputs(1000, -3.0, 4.0, 0.0, 1.0, (1.0, 1.0, 1.0))
CLASSES = DataEvidence((1, 8, 8), INPUTS, classes=Classes(("cat", "dog"), (500, 500)))
VALUES = DataEvidence((10,), INPUTS, targets=Targets(-3.0, 3.0, 0.0, 1.0, 1.0, 1.0, scaled=True))


def chosen(entry: Entry) -> list[str]:
    """Return the overrides that choose a kind with its defaults."""
    if entry.path in GIVEN:
        section = entry.path.split(".")[0]
        return [f"{section}={GIVEN[entry.path]}"]
    example = entry.example.replace("target: …", "target: 'mine:function'")
    for name, value in needed(PARAMS[entry.path]).items():
        example = example.replace(f"{name}: …", f"{name}: {value}")
    assert "…" not in example, f"{entry.path} needs a line in GIVEN, or examples in its fields"
    ((section, value),) = yaml.safe_load(example).items()
    return [f"{section}={yaml.safe_dump(value, default_flow_style=True, width=10**6)}"]


def facts(entry: Entry, folder: Path, *, looked: bool) -> Facts:
    """Return what is known of a kind's healthy recipe; ``looked``: and of healthy data."""
    path = folder / "healthy.yaml"
    path.write_text("data: digits\nmodel: mlp\n")
    recipe = load(path, [*NEEDS.get(entry.path, ()), *chosen(entry)]).recipe
    regression = facts_of(recipe).task == "regression"
    return facts_of(recipe, (VALUES if regression else CLASSES) if looked else None)


def grave(facts: Facts) -> list[Finding]:
    return [finding for finding in findings(facts) if finding.severity != "info"]


@pytest.mark.parametrize("looked", [False, True], ids=["text", "data"])
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.path)
def test_a_kind_with_its_defaults_is_healthy(entry: Entry, looked: bool, tmp_path: Path) -> None:
    found = [finding.code for finding in grave(facts(entry, tmp_path, looked=looked))]
    assert found == ([FAULTY[entry.path]] if entry.path in FAULTY else [])


def test_the_table_names_only_kinds() -> None:
    paths = {entry.path for entry in ENTRIES}
    assert {*FAULTY, *GIVEN, *NEEDS} <= paths


OPTIMIZERS = [entry for entry in ENTRIES if entry.section == "optimizer"]


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=lambda entry: entry.name)
def test_each_optimizer_is_told_of_a_rate_far_above_its_own(entry: Entry, tmp_path: Path) -> None:
    known = facts(entry, tmp_path, looked=False).optimizer
    if known.high_lr is None:
        assert entry.name == "python"
        return
    (override,) = chosen(entry)
    path = tmp_path / "high.yaml"
    path.write_text("data: digits\nmodel: mlp\n")
    high = load(path, [override, f"optimizer.lr={20 * known.high_lr}"]).recipe
    assert [(f.code, f.severity) for f in findings(facts_of(high))] == [("TR35", "error")]
