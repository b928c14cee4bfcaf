"""The claims' recipes, and a quick subset of the claims themselves."""

from __future__ import annotations

import math

import pytest

from benchmarks.claimed.claim import alike, each, higher, lower, near
from benchmarks.claimed.pictures import PICTURES
from benchmarks.claims import CLAIMS, RECIPES, measured, page
from trickrun.recipe.load import load

QUICK = ("init-halved-variance", "vanishing-gradient", "batch-norm-bias")
"""Claims about the untrained network or its first steps."""


def test_each_claim_has_a_recipe_and_each_recipe_a_claim():
    names = {*CLAIMS, *(picture.name for picture in PICTURES)}
    assert names == {path.stem for path in RECIPES.glob("*.yaml")}


@pytest.mark.parametrize("name", CLAIMS)
def test_the_arms_are_recipes_that_differ(name):
    texts = [
        load(RECIPES / f"{name}.yaml", changes).recipe.model_dump_json()
        for changes in CLAIMS[name].arms.values()
    ]
    assert len(set(texts)) == len(texts) > 1


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_claim_holds(name):
    claim = CLAIMS[name]
    figures = {arm: [measured(name, arm, seed)[0] for seed in range(3)] for arm in claim.arms}
    held, words = claim.judge(figures)
    assert held, words


APART = {"a": [1.0, 1.1, 0.9], "b": [2.0, 2.2, 1.8]}
CLOSE = {"a": [1.0, 1.1, 0.9], "b": [1.1, 1.0, 0.95]}


def test_a_difference_holds_if_its_interval_excludes_zero():
    assert lower("a", "b")(APART)[0]
    assert not lower("b", "a")(APART)[0]
    assert not lower("a", "b")(CLOSE)[0]
    assert higher("b", "a")(APART) == (True, "a − b: -1 (95 % interval -1.25 to -0.752)")


def test_a_run_that_diverged_counts_as_the_worst():
    assert lower("a", "b")({"a": [1.0, 1.1, 0.9], "b": [math.inf, math.inf, 2.0]})[0]
    assert not lower("b", "a")({"a": [1.0, 1.1, 0.9], "b": [math.inf, math.inf, 2.0]})[0]


def test_alike_wants_the_whole_interval_within_the_bound():
    assert alike("a", "b", 0.5)(CLOSE)[0]
    assert not alike("a", "b", 0.05)(CLOSE)[0]


def test_near_and_each():
    assert near("a", 1.0, 0.05)(APART)[0]
    assert not each(near("a", 1.0, 0.05), near("b", 1.0, 0.05))(APART)[0]


def test_the_page_shows_every_figure_that_was_measured():
    result = {
        "figures": {"sigmoid": [-4.0, -4.2], "relu, he": [-0.5, math.inf]},
        "held": False,
        "words": "sigmoid − relu, he: 1",
        "seconds": 2.0,
    }
    text = page({"machine": "a machine", "claims": {"vanishing-gradient": result}})
    assert "## vanishing-gradient: did not hold here" in text
    assert "| sigmoid | -4.1 (-5.371 to -2.829) | as it is |" in text
    assert "| relu, he | 1 of 2 diverged |" in text
    assert "0 of 1 held" in text
