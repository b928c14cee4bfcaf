"""What counts as a trick of a recipe, and what taking it away leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.checks.comparison.tricks import LEFT_OUT, SET_BACK, tricks_of
from trickrun.recipe.load import derive, load

RECIPE = """\
data: {kind: wine, normalize: standard, sampling: balanced}
model: {kind: mlp, hidden: [8], numeric: {kind: piecewise}}
loss: {kind: cross_entropy, class_weights: balanced}
init: orthogonal
normalization: batch
regularizers: {dropout: 0.2, l2: 1e-4, l1: 0, ema: 0.9}
optimizer:
  kind: sgd
  lr: 0.05
  momentum: 0.9
  nesterov: true
  weight_decay: 1e-4
  schedule: {kind: cosine, warmup: 0.1}
  clip: 1.0
  layer_decay: 0.9
  lr_scale: {"*weight": 0.5}
  lookahead: {}
augmentation: [{kind: noise, std: 0.1}, {kind: noise, std: 0.2}]
early_stopping: {patience: 3}
train: {epochs: 2}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tricky.yaml"
    path.write_text(RECIPE)
    return path


def test_every_trick_is_found_and_can_be_taken_away(path):
    loaded = load(path)
    tricks = tricks_of(loaded)
    assert [trick.name for trick in tricks] == [
        "regularizers.dropout", "regularizers.ema", "regularizers.l2",
        "augmentation.0 (noise)", "augmentation.1 (noise)",
        "normalization (batch)", "data.normalize (standard)", "model.numeric (piecewise)",
        "init (orthogonal)", "optimizer.schedule (cosine)", "optimizer.schedule.warmup",
        "optimizer.momentum", "optimizer.clip", "optimizer.lookahead", "optimizer.layer_decay",
        "optimizer.lr_scale", "loss.class_weights", "early_stopping", "optimizer.weight_decay",
        "optimizer.nesterov", "data.sampling",
    ]  # fmt: skip
    for trick in tricks:
        without = derive(loaded, trick.without)
        left = {other.name for other in tricks_of(without)}
        assert trick.name not in left or trick.name.startswith("augmentation"), trick
        assert trick.means


def test_a_strength_of_zero_is_no_trick(path):
    assert not any("l1" in trick.name for trick in tricks_of(load(path)))


def test_the_second_of_two_equal_kinds_goes_alone(path):
    loaded = load(path)
    second = next(trick for trick in tricks_of(loaded) if trick.name.startswith("augmentation.1"))
    (left,) = derive(loaded, second.without).recipe.augmentation
    assert left.std == 0.1


def test_without_momentum_steps_stay_as_long(path):
    loaded = load(path)
    trick = next(trick for trick in tricks_of(loaded) if trick.name == "optimizer.momentum")
    without = derive(loaded, trick.without).recipe.optimizer
    assert (without.momentum, without.nesterov, without.lr) == (0.0, False, 0.5)


def test_a_bare_recipe_has_only_what_its_defaults_switch_on(tmp_path):
    path = tmp_path / "bare.yaml"
    path.write_text("data: {kind: iris, normalize: none}\nmodel: {kind: mlp, hidden: [4]}\n")
    assert tricks_of(load(path)) == []
    (decay,) = tricks_of(load(path, ["optimizer=adamw"]))
    assert decay.name == "optimizer.weight_decay"


ELSEWHERE = {
    "train.batch_ramp": ["train.batch_ramp=0.5"],
    "train.gradual_unfreezing": ["train.gradual_unfreezing=1"],
    "optimizer.amsgrad": ["optimizer={kind: adam, amsgrad: true}"],
    "optimizer.centered": ["optimizer={kind: rmsprop, centered: true}"],
    "model.residual": ["data=digits", "model=resnet", "augmentation=null"],
}
"""Tricks that the recipe above cannot have too, with what switches them on."""


@pytest.mark.parametrize("name", [*ELSEWHERE])
def test_what_other_kinds_have_is_found_too(name, path):
    loaded = load(path, ["optimizer=adam", "model={kind: mlp, hidden: [8]}", *ELSEWHERE[name]])
    trick = next(trick for trick in tricks_of(loaded) if trick.name == name)
    assert name not in [other.name for other in tricks_of(derive(loaded, trick.without))]


def test_every_entry_of_the_tables_is_tried(path):
    found = {trick.name for trick in tricks_of(load(path))}
    assert {*LEFT_OUT, *SET_BACK} == (found | {*ELSEWHERE}) & {*LEFT_OUT, *SET_BACK}
