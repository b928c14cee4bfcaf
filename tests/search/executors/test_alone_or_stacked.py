"""No regularizer and no normalization is left out in a stack: it is done there, or its trials train
alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trickrun.recipe.catalogue import walk
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.search.groups import groups
from trickrun.search.trial import make_trial
from trickrun.tricks.regularizers import Regularizers

STACKED = {
    "regularizers": {
        "dropout",
        "elastic_net",
        "l1",
        "l2",
        "label_smoothing",
        "spatial_dropout",
        "stochastic_depth",
    },
    "normalization": {
        "batch",
        "ghost_batch",
        "group",
        "instance",
        "layer",
        "none",
        "rms",
        "weight",
    },
}
"""Each of them has a case in test_stacked_step.py, where a stack trains as its trials alone."""

ALONE = [
    {"regularizers": {"dropout": {"p": 0.5, "scaling": "test_time"}}},
    {"normalization": {"kind": "batch", "recalibrate": True}},
]


def stacks(**parts: Any) -> bool:
    """Whether two trials that differ in their learning rate share a group."""
    tree = canonical({"data": "digits", "model": "mlp", **parts})
    trials = [
        make_trial(patch_paths(tree, {"optimizer.lr": lr}), {}, Path(__file__).parent)
        for lr in (0.1, 0.01)
    ]
    return len(groups(trials)) == 1


@pytest.mark.parametrize("name", Regularizers.model_fields)
def test_every_regularizer(name):
    assert stacks(regularizers={name: {}}) == (name in STACKED["regularizers"])


@pytest.mark.parametrize("kind", [p.kind for p in walk() if p.path == "normalization"])
def test_every_normalization(kind):
    assert stacks(normalization={"kind": kind}) == (kind in STACKED["normalization"])


@pytest.mark.parametrize("parts", ALONE, ids=str)
def test_a_parameter_may_decide_it(parts):
    assert not stacks(**parts)


@pytest.mark.parametrize("name", ["mixup", "sam", "gradient_noise", "ema", "dropconnect"])
def test_what_is_off_keeps_nothing_from_a_stack(name):
    assert stacks(regularizers={name: 0})
