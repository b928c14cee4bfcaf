from __future__ import annotations

import math

import pytest
import torch

from trickrun.run.scoring import class_scores, value_scores


def test_classes_by_hand():
    predicted, actual = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 1, 1, 1, 0])
    told = class_scores(predicted, actual, ("no", "yes", "never"))
    assert told["confusion"] == {
        "labels": ["no", "yes", "never"],
        "matrix": [[1, 1, 0], [1, 2, 0], [0, 0, 0]],
    }
    no, yes, never = told["per_class"]
    assert (no["precision"], no["recall"], no["f1"], no["support"]) == (0.5, 0.5, 0.5, 2)
    assert yes["precision"] == yes["recall"] == pytest.approx(2 / 3)
    assert (never["precision"], never["recall"], never["support"]) == (0, 0, 0)


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
