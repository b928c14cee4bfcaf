"""Which rows targets belong to, measured on tables that are put together wrongly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trickrun.checks.diagnosis.alignment import (
    Learners,
    is_copy,
    likeness,
    pairing,
    pairings,
)
from trickrun.checks.diagnosis.diagnosis_check import diagnose
from trickrun.checks.diagnosis.left_out import standardized
from trickrun.data.splits.source import Source, Task
from trickrun.findings.rules.data.alignment import misplaced_targets

CENTRES = 3 * np.eye(3, 4)


def table(count: int = 150, seed: int = 0) -> tuple[torch.Tensor, np.ndarray]:
    """Return three blobs in random order: inputs [count, 4] and classes [count]."""
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 3, count)
    return torch.tensor(CENTRES[y] + draw.normal(size=(count, 4)), dtype=torch.float32), y


def told(x, y, classes: int = 3) -> list[tuple[str, int, str]]:
    found = misplaced_targets(pairing("train", True, x, y, classes), known=0.0)
    return [(f.evidence["alignment"], f.evidence["rows"], f.severity) for f in found]


@pytest.mark.parametrize("rows", [1, -1, 3])
def test_rolled_classes(rows):
    x, y = table()
    assert told(x, np.roll(y, rows)) == [("shift", rows, "error")]


def test_classes_in_reverse_order():
    x, y = table()
    assert told(x, y[::-1]) == [("reversed", 0, "error")]


def test_sorted_rows_beside_shuffled_classes():
    x, y = table()
    assert told(x[y.argsort()], y) == [("sorted", 0, "error")]


def test_rolled_values():
    x, _ = table()
    draw = np.random.default_rng(1)
    values = x.numpy() @ draw.normal(size=(4, 2)) + 0.3 * draw.normal(size=(150, 2))
    assert told(x, np.roll(values, 2, 0), classes=0) == [("shift", 2, "error")]
    assert told(x, values, classes=0) == []


def test_right_and_hopeless_tables():
    x, y = table()
    assert told(x, y) == []
    assert told(x, np.random.default_rng(2).permutation(y)) == []
    order = y.argsort(kind="stable")
    assert told(x[order], np.roll(y[order], 1)) == []  # wrong at the borders alone
    noisy = 0.3 * x[:, :1].numpy() + np.random.default_rng(3).normal(size=(150, 1))
    assert told(x, noisy, classes=0) == []


def test_a_running_number_explains_sorted_classes_and_nothing_else():
    draw = np.random.default_rng(0)
    x = torch.tensor(np.c_[np.arange(300), draw.normal(size=(300, 5))])
    for share in (0.5, 0.1):
        assert told(x, (draw.random(300) < share).astype(int), classes=2) == []


def windows(series: np.ndarray) -> torch.Tensor:
    """Return the five values before each place, from the sixth on."""
    return torch.tensor(np.lib.stride_tricks.sliding_window_view(series, 5)[:-1].copy())


def test_forecasts_are_right_as_they_are():
    noise = np.random.default_rng(0).normal(size=400)
    assert told(windows(noise), noise[5:, None], classes=0) == []
    assert told(windows(noise), (noise[5:] > 0).astype(int), classes=2) == []
    walk = noise.cumsum()
    assert told(windows(walk), walk[5:, None], classes=0) == []


def test_learners_answer_for_rows_that_they_have_not_seen():
    x, y = table(60)
    x, y = standardized(x.double().numpy()), np.eye(3)[y]
    neighbours, linear = Learners.of(x).answers(y)
    others = np.arange(1, 60)
    # What changes the first row's own target leaves its answers as they are.
    changed = y.copy()
    changed[0] = changed[0][[1, 2, 0]]
    again = Learners.of(x).answers(changed)
    assert np.allclose(neighbours[0], again[0][0])
    assert np.allclose(linear[0], again[1][0])
    assert not np.allclose(linear[others], again[1][others])


def test_gaps_and_constants_are_no_inputs():
    x = standardized(np.array([[1.0, np.nan, 5.0], [3.0, 2.0, 5.0], [5.0, 4.0, 5.0]]))
    assert np.allclose(x[:, 0], np.array([-1, 0, 1]) * np.sqrt(1.5))
    assert np.allclose(x[:, 1], [0, -1, 1])
    assert np.allclose(x[:, 2], 0)


def test_copies_and_likeness():
    draw = np.random.default_rng(0)
    x = standardized(draw.normal(size=(200, 3)))
    assert is_copy(x, 5 - 2 * x[:, 1:2], 0)
    assert not is_copy(x, x[:, 1:2] + 0.3 * x[:, 2:], 0)
    assert is_copy(x, (x[:, 1] > 0.2).astype(int), 2)
    assert not is_copy(x, (x[:, 1] + 0.3 * x[:, 2] > 0.2).astype(int), 2)
    assert likeness(x.cumsum(0)) > 0.8
    assert abs(likeness(x)) < 0.2


def test_each_part_in_its_own_order():
    x, y = table()
    parts = {"train": (x, torch.tensor(y)), "val": (x, torch.tensor(np.roll(y, 1)))}
    parts["test"] = (x[:9], torch.tensor(y[:9]))
    train, val = pairings(Source(parts, Task("classification", classes=3)))
    assert (train.part, val.part, val.alone) == ("train", "val", False)
    assert misplaced_targets(train, known=0.0) == []
    assert misplaced_targets(val, known=0.0)


def test_a_file_with_a_rolled_column_is_diagnosed(make, tmp_path):
    x, y = table(300)
    rows = [
        ",".join(map(str, [*row, label]))
        for row, label in zip(x.tolist(), np.roll(y, 1), strict=True)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,d,label", *rows]) + "\n")
    loaded = make("data={kind: csv, path: t.csv, target: label}")
    verdict, _ = diagnose(loaded)
    assert verdict.findings[0].code == "TR99"
    assert "TR10" not in [finding.code for finding in verdict.findings]
