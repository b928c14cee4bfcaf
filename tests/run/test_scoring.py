from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix
from work import elements

from trickrun.run.scoring import MOST_IN_MATRIX, class_scores, confusion, value_scores


def test_classes_by_hand():
    predicted, actual = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 1, 1, 1, 0])
    told = class_scores(predicted, actual, ("no", "yes", "never"))
    assert told["confusion"] == {
        "labels": ["no", "yes", "never"],
        "matrix": [[1, 1, 0], [1, 2, 0], [0, 0, 0]],
        "cells": [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 2]],
    }
    no, yes, never = told["per_class"]
    assert (no["precision"], no["recall"], no["f1"], no["support"]) == (0.5, 0.5, 0.5, 2)
    assert yes["precision"] == yes["recall"] == pytest.approx(2 / 3)
    assert (never["precision"], never["recall"], never["support"]) == (0, 0, 0)


PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1)


@given(PAIRS, st.sampled_from([5, MOST_IN_MATRIX + 1]))
def test_confusions_are_counted_as_scikit_learn_counts_them(pairs, classes):
    actual, predicted = torch.tensor(pairs).T
    found = confusion(predicted, actual, classes)
    wanted = confusion_matrix(actual, predicted, labels=range(classes))
    told = [
        [row, column, wanted[row, column]] for row, column in zip(*wanted.nonzero(), strict=True)
    ]
    assert found["cells"] == told
    assert found["matrix"] == (wanted.tolist() if classes == 5 else None)


def test_the_confusions_of_many_classes_take_no_cell_for_each_two():
    y = torch.arange(100)
    told = class_scores(y, y, tuple(map(str, range(20_000))))
    assert told["confusion"]["cells"] == [[i, i, 1] for i in range(100)]
    assert elements(lambda: confusion(y, y, 20_000)) < 20_000


def test_values_by_hand():
    actual = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 3.0]])
    predicted = actual + torch.tensor([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    first, second = value_scores(predicted, actual, ("a", "b"))
    assert (first["target"], second["target"]) == ("a", "b")
    assert first["mae"] == pytest.approx(4 / 3)
    assert first["rmse"] == pytest.approx(math.sqrt(2))
    assert first["r2"] == pytest.approx(1 - 6 / 2)
    assert first["residuals"]["min"] == -1
    assert first["residuals"]["median"] == 1
    assert first["residuals"]["max"] == 2
    assert (second["mae"], second["r2"]) == (0, 1)


def test_r2_of_one_sample_is_unknown():
    (only,) = value_scores(torch.ones(1, 1), torch.zeros(1, 1), ())
    assert math.isnan(only["r2"])
    assert only["target"] == "target 0"
