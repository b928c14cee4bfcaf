"""Search spaces: ranges, samplers, edges, and the space around the best points."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.recipe.grid import Range, Search
from trickrun.search.space import edges, narrowed, place_of, sample, value_at

RANGES = [
    Range(log=(1e-4, 1e-1)),
    Range(uniform=(0.0, 0.6)),
    Range(int=(2, 9)),
    Range(choice=("relu", "tanh", "gelu")),
]


@given(st.sampled_from(RANGES), st.floats(0, 1, exclude_max=True))
def test_a_value_lies_in_its_range(values: Range, u: float) -> None:
    value = value_at(values, u)
    if values.choice is not None:
        assert value in values.choice
    else:
        low, high = values.log or values.uniform or values.int
        assert low <= value <= high


@given(st.floats(0.001, 0.999))
def test_a_log_range_is_uniform_in_the_logarithm(u: float) -> None:
    value = value_at(Range(log=(1e-4, 1e-1)), u)
    assert math.log10(value) == pytest.approx(-4 + 3 * u, abs=1e-5)


@given(st.sampled_from(RANGES[:2]), st.floats(0, 1, exclude_max=True))
def test_place_of_inverts_value_at(values: Range, u: float) -> None:
    assert place_of(values, value_at(values, u)) == pytest.approx(u, abs=1e-4)


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_more_trials_keep_the_earlier_ones(sampler: str) -> None:
    space = {"optimizer.lr": RANGES[0], "regularizers.dropout": RANGES[1]}
    few = sample(space, Search(trials=4, sampler=sampler))
    many = sample(space, Search(trials=16, sampler=sampler))
    assert many[:4] == few


def test_the_grid_sampler_takes_all_combinations_up_to_the_ends() -> None:
    space = {"optimizer.lr": Range(log=(1e-3, 1e-1)), "model.activation": Range(choice=("a", "b"))}
    points = sample(space, Search(trials=6, sampler="grid"))
    lrs = sorted({point["optimizer.lr"] for point in points})
    assert lrs == pytest.approx([1e-3, 1e-2, 1e-1], rel=1e-5)
    assert len(points) == 6


def test_equal_points_are_tried_once() -> None:
    assert len(sample({"model.bias": Range(choice=(True,))}, Search(trials=5))) == 1


@pytest.mark.parametrize(
    ("lr", "side"), [(1.5e-4, "low"), (3e-3, None), (0.09, "high"), (0.1, "high")]
)
def test_an_edge_is_the_last_tenth_of_a_range(lr: float, side: str | None) -> None:
    found = edges({"optimizer.lr": Range(log=(1e-4, 1e-1))}, {"optimizer.lr": lr})
    assert [edge["side"] for edge in found] == ([side] if side else [])


def test_names_have_no_edge_but_ordered_numbers_do() -> None:
    assert edges({"a": Range(choice=("relu", "tanh", "gelu"))}, {"a": "gelu"}) == []
    assert edges({"a": Range(choice=(16, 32, 64))}, {"a": 64})[0]["side"] == "high"


def test_the_narrowed_space_holds_the_best_points_and_little_more() -> None:
    space = {"optimizer.lr": Range(log=(1e-4, 1e-1)), "model.activation": RANGES[3]}
    best = [
        {"optimizer.lr": lr, "model.activation": name}
        for lr, name in ((3e-3, "relu"), (2e-3, "gelu"), (5e-3, "relu"))
    ]
    found = narrowed(space, best)
    low, high = found["optimizer.lr"].log
    assert 1e-3 < low < 2e-3
    assert 5e-3 < high < 1e-2
    assert found["model.activation"].choice == ("relu", "gelu")


def test_the_narrowed_space_goes_past_the_edge_where_the_best_sat() -> None:
    space = {"optimizer.lr": Range(log=(1e-4, 1e-1))}
    found = narrowed(
        space, [{"optimizer.lr": 0.09}, {"optimizer.lr": 0.05}, {"optimizer.lr": 0.02}]
    )
    assert found["optimizer.lr"].log[1] > 0.3


def test_a_share_never_leaves_zero_to_one() -> None:
    found = narrowed({"p": Range(uniform=(0.0, 1.0))}, [{"p": 0.99}, {"p": 0.95}, {"p": 0.9}])
    assert found["p"].uniform[1] <= 1.0
    found = narrowed({"p": Range(uniform=(0.0, 0.5))}, [{"p": 0.01}, {"p": 0.02}, {"p": 0.1}])
    assert found["p"].uniform[0] == 0.0
