"""A look at a file of arrays: what it finds, and all that is wrong in it at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trickrun.data.survey.facts import ArrayFacts
from trickrun.data.survey.look import facts_at
from trickrun.errors import DataError

COUNT = 60
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(COUNT, 4))
KINDS = np.arange(COUNT) % 3
IMAGES = DRAW.integers(0, 256, (COUNT, 10, 12, 3), np.uint8)


def look(folder: Path, given: dict[str, object] | None = None, **arrays: object) -> ArrayFacts:
    np.savez(folder / "a.npz", **arrays)  # type: ignore[arg-type]
    found = facts_at(folder / "a.npz", "a.npz", given or {})
    assert isinstance(found, ArrayFacts)
    return found


def test_features_and_classes(tmp_path: Path) -> None:
    found = look(tmp_path, x=X, y=KINDS)
    assert (found.parts, found.shape, found.layout) == ((("train", COUNT),), (4,), "features")
    assert found.targets.classes == (("0", 20), ("1", 20), ("2", 20))
    assert (found.targets.open, found.copies, found.bytes) == ("", 0, False)
    named = look(tmp_path, x=X, y=KINDS, labels=np.array(["rot", "grün", "blau"]))
    assert [label for label, _ in named.targets.classes] == ["blau", "grün", "rot"]


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (np.array(["a", "b"] * 30), "classification"),
        (KINDS.astype(float), "classification"),
        (KINDS == 1, "classification"),
        (np.arange(COUNT), "regression"),
        (np.arange(COUNT) % 25 * 2, "regression"),
        (X[:, 0], "regression"),
        (X[:, :2], "regression"),
        (X[:, :1], "regression"),
        ((X[:, :2] > 0).astype(int), "multilabel"),
        ((X[:, :2] > 0).astype(float), "multilabel"),
    ],
)
def test_the_task(tmp_path: Path, y: np.ndarray, task: str) -> None:  # type: ignore[type-arg]
    found = look(tmp_path, x=X, y=y)
    assert found.targets.task == task
    assert bool(found.targets.open) == (y.dtype.kind == "f" and task == "classification")


def test_the_task_can_be_said(tmp_path: Path) -> None:
    assert look(tmp_path, {"task": "regression"}, x=X, y=KINDS).targets.task == "regression"


def test_names_of_several_targets(tmp_path: Path) -> None:
    assert look(tmp_path, x=X, y=X[:, :2]).targets.names == ("y[0]", "y[1]")
    named = look(tmp_path, x=X, y=X[:, :2], labels=np.array(["a", "b"]))
    assert named.targets.names == ("a", "b")
    labels = look(tmp_path, x=X, y=X[:, :2] > 0)
    assert [name for name, _ in labels.targets.labels] == ["0", "1"]


@pytest.mark.parametrize(
    ("x", "shape", "layout", "last"),
    [
        (IMAGES, (3, 10, 12), "images", False),
        (IMAGES[..., 0], (1, 10, 12), "images", False),
        (IMAGES / 255, (3, 10, 12), "images", True),
        (IMAGES.astype(np.uint16), (3, 10, 12), "images", True),
        (IMAGES.transpose(0, 3, 1, 2) / 255, (3, 10, 12), "images", False),
        (DRAW.normal(size=(COUNT, 30, 2)), (30, 2), "sequences", False),
        (DRAW.normal(size=(COUNT, 9, 9)), (9, 9), "other", False),
        (DRAW.normal(size=(COUNT, 2, 2, 2)), (2, 2, 2), "other", False),
        (DRAW.normal(size=COUNT), (1,), "features", False),
    ],
)
def test_what_the_axes_are(
    tmp_path: Path,
    x: np.ndarray,  # type: ignore[type-arg]
    shape: tuple[int, ...],
    layout: str,
    last: bool,
) -> None:
    found = look(tmp_path, x=x, y=KINDS)
    assert (found.shape, found.layout, found.channels_last) == (shape, layout, last)
    assert bool(found.open) == (len(shape) == 2)


def test_channels_can_be_said(tmp_path: Path) -> None:
    x = DRAW.normal(size=(COUNT, 8, 8, 5))
    assert look(tmp_path, x=x, y=KINDS).shape == (8, 8, 5)
    assert look(tmp_path, {"channels": "last"}, x=x, y=KINDS).shape == (5, 8, 8)


def test_parts_and_copies(tmp_path: Path) -> None:
    found = look(tmp_path, x_train=X, y_train=KINDS, x_test=X[:9], y_test=KINDS[:9])
    assert found.parts == (("train", COUNT), ("test", 9))
    twice = look(tmp_path, x=np.concatenate([X, X[:5]]), y=np.concatenate([KINDS, KINDS[:5]]))
    assert twice.copies == 5


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    x, y = X.copy(), X[:, 0].copy()
    x[3, 1], y[5] = np.nan, np.inf
    with pytest.raises(DataError) as caught:
        look(tmp_path, x_train=x, y_train=y, x_test=X[:, :2], y_test=y[:7])
    lines = caught.value.message.splitlines()
    assert lines[0] == "5 problems:"
    assert lines[1].startswith("  train x: 1 NaN or infinite value, the first at [3, 1]")
    assert lines[2].startswith("  test x: samples are [2], but in training [4]")
    assert lines[3].startswith("  test: 60 samples in x, but 7 targets in y")
    assert lines[4].startswith("  train y: 1 target is NaN or infinite, the first of sample 5")
    assert lines[5].startswith("  test y: 1 target is NaN or infinite, the first of sample 5")


@pytest.mark.parametrize(
    ("arrays", "message", "hint"),
    [
        ({"images": X, "kinds": KINDS}, "no array 'x", "x=a['images'], y=a['kinds'])"),
        ({"x": X}, "there is no array 'y'", "name the arrays x and y"),
        ({"x": X, "y": KINDS + 1}, "no sample has label 0", "task: regression"),
        ({"x": X, "y": np.eye(3)[KINDS]}, "one label per sample", "y.argmax(1)"),
        ({"x": X, "y": np.zeros(COUNT)}, "all samples have the class", "nothing to tell"),
        ({"x": X, "y": np.full(COUNT, 2.5)}, "all rows have the same 'y'", "nothing to tell"),
        ({"x": np.array(["a"] * COUNT), "y": KINDS}, "inputs are text", "as numbers"),
        ({"x": X[:0], "y": KINDS[:0]}, "there are no samples", ""),
        ({"x": np.zeros(()), "y": KINDS}, "a single number", ""),
    ],
)
def test_what_is_no_data_is_refused(
    tmp_path: Path, arrays: dict[str, object], message: str, hint: str
) -> None:
    with pytest.raises(DataError) as caught:
        look(tmp_path, None, **arrays)
    assert message in str(caught.value)
    assert hint in str(caught.value)


def test_one_array_alone_is_refused_with_what_to_write(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    with pytest.raises(DataError) as caught:
        facts_at(tmp_path / "a.npy", "a.npy", {})
    assert caught.value.hint == "numpy.savez('a.npz', x=inputs, y=targets) writes a file of both"
