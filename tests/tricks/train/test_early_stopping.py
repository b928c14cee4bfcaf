"""Early stopping on histories made by hand, and its properties on any."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.tricks.train.early_stopping import EarlyStopping

NAN, INF = math.nan, math.inf


def history(values, name="val_loss"):
    return [{name: value} for value in values]


def stops_at(stopping, values):
    """Return the number of evaluations after which the run would end; None if it goes on."""
    records = history(values, stopping.monitor)
    return next((n for n in range(1, len(records) + 1) if stopping.stop(records[:n])), None)


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([], -1),
        ([3.0, 1.0, 2.0], 1),
        ([1.0, 1.0], 0),
        ([NAN, 2.0, NAN, 1.0], 3),
        ([NAN, NAN], -1),
        ([INF, -INF, NAN], -1),
        ([-INF, 5.0], 1),
    ],
)
def test_best_is_the_first_lowest_finite_value(values, best):
    assert EarlyStopping().best(history(values)) == best


@pytest.mark.parametrize(
    ("values", "patience", "after"),
    [
        ([3.0, 2.0, 2.5, 2.5, 2.5], 3, 5),
        ([3.0, 2.0, 2.5, 2.5, 1.0], 3, None),
        ([1.0, 1.0], 1, 2),
        ([1.0], 1, None),
        ([1.0, NAN, NAN], 2, 3),
        ([NAN, NAN, NAN], 2, 3),
        ([NAN, 1.0, 0.5, 0.25], 1, None),
        ([5.0, -INF, 4.0, 4.5, 4.5], 2, 5),
    ],
)
def test_stops_after_patience_evaluations_without_improvement(values, patience, after):
    assert stops_at(EarlyStopping(patience=patience), values) == after


def test_min_delta_ignores_small_improvements_for_stopping_but_not_for_the_best():
    stopping = EarlyStopping(patience=2, min_delta=0.1)
    values = [1.0, 0.95, 0.92]
    assert stops_at(stopping, values) == 3
    assert stopping.best(history(values)) == 2


def test_small_improvements_add_up_to_one():
    stopping = EarlyStopping(patience=3, min_delta=0.1)
    assert stops_at(stopping, [1.0, 0.95, 0.89, 0.85, 0.8, 0.7]) is None


def test_a_higher_accuracy_is_better():
    stopping = EarlyStopping(monitor="val_accuracy", patience=2)
    records = history([0.5, 0.7, 0.6, 0.6], "val_accuracy")
    assert stopping.best(records) == 1
    assert stopping.stop(records)
    assert not stopping.stop(records[:3])


def test_mode_overrides_what_the_name_suggests():
    assert (
        EarlyStopping(monitor="val_accuracy", mode="min").best(history([0.5, 0.7], "val_accuracy"))
        == 0
    )
    assert EarlyStopping(monitor="val_mine", mode="max").best(history([0.5, 0.7], "val_mine")) == 1


def test_a_record_without_the_value_is_never_best():
    assert EarlyStopping().best([{"step": 1.0}, {"val_loss": 2.0}]) == 1
    assert EarlyStopping().best([{"step": 1.0}]) == -1


numbers = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([NAN, INF, -INF]), max_size=30)


@given(values=numbers, patience=st.integers(1, 10))
def test_stopping_leaves_patience_evaluations_after_the_best(values, patience):
    stopping = EarlyStopping(patience=patience)
    end = stops_at(stopping, values)
    seen = history(values[:end])
    if end is not None:
        assert max(stopping.best(seen), 0) == end - 1 - patience


@given(values=numbers, patience=st.integers(1, 10), min_delta=st.floats(0, 10))
def test_min_delta_never_stops_later(values, patience, min_delta):
    plain = stops_at(EarlyStopping(patience=patience), values)
    strict = stops_at(EarlyStopping(patience=patience, min_delta=min_delta), values)
    assert plain is None or (strict is not None and strict <= plain)


@given(values=numbers)
def test_max_is_min_of_the_negated_values(values):
    low = EarlyStopping(mode="min", patience=3)
    high = EarlyStopping(mode="max", patience=3)
    negated = [-value for value in values]
    assert low.best(history(values)) == high.best(history(negated))
    assert stops_at(low, values) == stops_at(high, negated)
