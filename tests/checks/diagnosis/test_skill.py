"""Skill: one measure for trainings with different losses and tasks."""

import math
from dataclasses import replace

import pytest
import torch

from trickrun.checks.diagnosis.reference import reconstructs, reference
from trickrun.checks.diagnosis.skill import LOWEST, metric_for, skill, standard_error
from trickrun.data.splits.prepare import prepare
from trickrun.data.splits.source import SplitData, Task

CLASSES = Task("classification", classes=4, priors=(0.4, 0.2, 0.2, 0.2))
VALUES = Task("regression")


@pytest.mark.parametrize(
    ("value", "metric", "task", "expected"),
    [
        (0.4, "accuracy", CLASSES, 0.0),
        (1.0, "accuracy", CLASSES, 1.0),
        (0.7, "accuracy", CLASSES, 0.5),
        (2 * 0.4 / 1.4 / 4, "f1_macro", CLASSES, 0.0),
        (0.6, "r2", VALUES, 0.6),
        (-900.0, "r2", VALUES, LOWEST),
        (None, "r2", VALUES, LOWEST),
        (math.nan, "accuracy", CLASSES, LOWEST),
    ],
)
def test_a_constant_answer_is_0_and_a_perfect_one_1(value, metric, task, expected):
    assert skill(value, metric, task) == pytest.approx(expected)


def test_rare_classes_are_scored_as_the_recipe_watches_them(make):
    assert metric_for(make().recipe, CLASSES) == "accuracy"
    assert metric_for(make("metrics=[f1_macro, accuracy]").recipe, CLASSES) == "f1_macro"
    assert metric_for(make().recipe, VALUES) == "r2"


def test_few_validation_samples_make_skill_unsure(make):
    few, many = (
        prepare(make(f"data.n={n}").recipe.data, make().folder) for n in (100, 3000)
    )  # fmt: skip
    assert standard_error(0.9, few) > 3 * standard_error(0.9, many)


def test_other_learners_reach_what_the_data_allow(make):
    data = prepare(make().recipe.data, make().folder)
    assert max(reference(data, "accuracy").values()) > 0.9
    shuffled = SplitData(data.train.x, data.train.y.roll(1, 0))
    found = reference(replace(data, train=shuffled), "accuracy")
    assert max(found.values()) < 0.3


def test_a_copy_of_the_inputs_is_no_achievement(make):
    data = prepare(make().recipe.data, make().folder)
    x = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    part = SplitData(x + 0.3 * torch.randn(200, 8, generator=torch.Generator().manual_seed(1)), x)
    copied = replace(data, train=part, val=part, task=VALUES)
    assert reconstructs(copied)
    assert reference(copied, "r2") == {}
    turned = replace(copied, train=SplitData(part.x, x.roll(1, 1)))
    assert not reconstructs(turned)
    assert not reconstructs(data)
