"""Arrays to data sets: types, shapes and labels that are taken, and all those that are refused."""

import re
from typing import Any

import numpy as np
import pytest
import torch

from trickrun.data.formats.arrays import TaskKind, as_inputs, source_from_arrays
from trickrun.data.splits.source import Source
from trickrun.errors import DataError

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 2, 0, 1, 2])


def build(x: Any = X, y: Any = Y, kind: TaskKind = "auto", **parts: tuple[Any, Any]) -> Source:
    return source_from_arrays({"train": (x, y), **parts}, kind, "data.npz")


def failure(*args: Any, **kwargs: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        build(*args, **kwargs)
    assert caught.value.where.startswith("data.npz")
    return caught.value


@pytest.mark.parametrize(
    ("dtype", "held"),
    [
        ("float64", "float64"),
        (">f8", "float64"),
        ("longdouble", "float64"),
        ("float32", "float32"),
        ("float16", "float32"),
        ("bool", "float32"),
        ("int8", "int8"),
        ("int32", "int32"),
        (">i8", "int64"),
        ("uint16", "int32"),
        ("uint32", "int64"),
        ("uint64", "float64"),
    ],
)
def test_numbers_are_held_in_a_type_that_has_them_all(dtype: str, held: str) -> None:
    values = X.astype(dtype)
    x = as_inputs(values, "x")
    assert str(x.dtype) == f"torch.{held}"
    assert np.array_equal(x.numpy(), values)


@pytest.mark.parametrize("values", [X[::-1], np.broadcast_to(X, (3, 6, 2)), np.frombuffer(X)])
def test_memory_that_torch_does_not_take_is_copied(values: Any) -> None:
    assert np.array_equal(as_inputs(values, "x").numpy().ravel(), values.ravel())


def test_bytes_stay_bytes() -> None:
    assert as_inputs(X.astype("uint8"), "x").dtype == torch.uint8


def test_images_are_a_copy() -> None:
    values = X.astype("uint8")
    x = as_inputs(values, "x")
    values[0, 0] = 99
    assert x[0, 0] == 0


@pytest.mark.parametrize(
    ("shape", "dtype", "wanted"),
    [
        ((5,), "float32", (5, 1)),
        ((5, 8, 9), "uint8", (5, 1, 8, 9)),
        ((5, 8, 9, 3), "uint8", (5, 3, 8, 9)),
        ((5, 3, 8, 9), "uint8", (5, 3, 8, 9)),
        ((5, 3, 8, 3), "uint8", (5, 3, 8, 3)),
        ((5, 8, 9), "float32", (5, 8, 9)),
        ((5, 8, 9, 3), "float32", (5, 8, 9, 3)),
    ],
)
def test_layouts(shape: tuple[int, ...], dtype: str, wanted: tuple[int, ...]) -> None:
    assert as_inputs(np.zeros(shape, dtype), "x").shape == wanted


def test_channels_last_are_moved_not_reshaped() -> None:
    x = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 3)).astype("uint8")
    assert np.array_equal(as_inputs(x, "x")[1, 2].numpy(), x[1, :, :, 2])


def test_channels_where_the_user_says_so() -> None:
    x = np.random.default_rng(0).random((2, 5, 6, 3), "float32")
    moved = as_inputs(x, "x", channels="last")
    assert moved.shape == (2, 3, 5, 6)
    assert np.array_equal(moved[1, 2].numpy(), x[1, :, :, 2])
    pixels = np.zeros((2, 5, 6, 3), "uint8")
    assert as_inputs(pixels, "x", channels="first").shape == (2, 5, 6, 3)
    assert as_inputs(np.zeros((2, 3, 6, 5), "uint8"), "x", channels="last").shape == (2, 5, 3, 6)


def test_channels_last_of_what_is_no_image() -> None:
    with pytest.raises(DataError, match=r"\[6, 2\], not \[N, H, W, C\]"):
        as_inputs(X, "x", channels="last")


def test_a_part_with_its_channels_elsewhere_is_told_so() -> None:
    first, last = np.zeros((6, 3, 5, 4)), np.zeros((6, 5, 4, 3))
    with pytest.raises(DataError) as caught:
        source_from_arrays({"train": (first, Y), "val": (last, Y)}, "auto", "a")
    assert "transpose(0, 3, 1, 2)" in str(caught.value.hint)


@pytest.mark.parametrize(
    "value",
    [
        X.tolist(),
        torch.tensor(X, requires_grad=True),
        torch.tensor(X, dtype=torch.bfloat16),
        np.asfortranarray(X)[::1],
    ],
)
def test_whatever_makes_an_array(value: object) -> None:
    assert torch.equal(as_inputs(value, "x").double(), torch.tensor(X))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([{}, 1, 2, 3, 4, 5], dtype=object), "type is object, not a number"),
        (X.astype(complex), "type is complex128"),
        (np.array(["a"] * 6), "inputs are text"),
        ([[1], [2, 3]], "does not make an array"),
        (np.zeros((6, 0)), r"samples of shape \[0\] have no features"),
        (np.zeros((0, 2)), "there are no samples"),
        (3.0, "a single number, not an array"),
        (np.where(X == 5, np.nan, X), r"1 NaN or infinite value, the first at \[2, 1\]"),
        (np.where(X >= 5, np.inf, X), r"7 NaN or infinite values, the first at \[2, 1\]"),
        (np.longdouble(X) * np.longdouble("1e400"), "NaN or infinite"),
        (X[:5], "5 samples in x, but 6 targets in y"),
    ],
)
def test_inputs_that_are_refused(x: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        build(x=x)


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (Y, "classification"),
        (Y.astype("uint8"), "classification"),
        (Y.reshape(6, 1), "classification"),
        (Y > 0, "classification"),
        (np.array(list("abcabc")), "classification"),
        (Y + 0.5, "regression"),
        (np.linspace(0, 1, 12).reshape(6, 2), "regression"),
    ],
)
def test_auto_follows_the_type_of_the_target(y: Any, kind: str) -> None:
    assert build(y=y).task.kind == kind


def test_auto_with_many_whole_floats_is_regression() -> None:
    assert build(x=np.zeros((30, 1)), y=np.arange(30.0)).task.kind == "regression"


def test_few_whole_floats_must_be_explained() -> None:
    assert "3 distinct whole numbers" in failure(y=Y.astype(float)).message
    assert build(y=Y.astype(float), kind="classification").task.classes == 3
    assert build(y=Y.astype(float), kind="regression").task.kind == "regression"


def test_class_numbers_keep_their_value() -> None:
    source = build(y=Y.astype("int8"))
    assert source.parts["train"][1].dtype == torch.int64
    assert source.parts["train"][1].tolist() == Y.tolist()
    assert source.task.labels == ("0", "1", "2")


def test_text_labels_are_sorted_and_shared_by_the_parts() -> None:
    source = build(y=np.array(list("cabcab")), test=(X[:2], np.array(["c", "a"])))
    assert source.task.labels == ("a", "b", "c")
    assert source.parts["train"][1].tolist() == [2, 0, 1, 2, 0, 1]
    assert source.parts["test"][1].tolist() == [2, 0]


def test_given_labels_count_the_classes_and_order_text() -> None:
    part = {"train": (X, np.array(list("hlhlhl")))}
    source = source_from_arrays(part, "auto", "f", labels=("l", "h"))
    assert source.parts["train"][1].tolist() == [1, 0, 1, 0, 1, 0]
    numbers = source_from_arrays({"train": (X, Y)}, "auto", "f", labels=("a", "b", "c", "d"))
    assert numbers.task.classes == 4


def test_values_are_float64_columns() -> None:
    source = build(y=np.linspace(0, 1, 6))
    y = source.parts["train"][1]
    assert (y.dtype, y.shape) == (torch.float64, (6, 1))
    assert source.task.targets == 1


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y - 1, "label of sample 0 is -1, but labels count from 0"),
        (Y + 1, "labels run from 1 to 3, but no sample has label 0"),
        (Y * 2, "labels run from 0 to 4, but no sample has label 1"),
        (Y * 10**12, "no sample has label 1"),
        (np.zeros(6, int), "all samples have the class '0'"),
        (np.array(["a"] * 6), "all samples have the class 'a'"),
        (np.eye(3)[Y].astype(int), r"class labels have the shape \[6, 3\]"),
        (np.array(7), "one value in y"),
        (np.array([None] * 6), "type is object"),
    ],
)
def test_class_labels_that_are_refused(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        build(y=y)


def test_fractional_labels_are_refused_where_classes_are_asked_for() -> None:
    y = np.array([0, 1, 2, 0.5, 1, 2])
    assert "sample 3, 0.5, is not a whole number" in failure(y=y, kind="classification").message
    y[3] = np.nan
    assert "sample 3, nan, is not" in failure(y=y, kind="classification").message


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.where(Y == 2, np.nan, 0.5), "target of sample 2 is NaN or infinite"),
        (np.array(list("abcabc")), "targets are text such as 'a'"),
        (np.zeros((6, 2, 2)), r"targets are \[6, 2, 2\]"),
        (np.zeros((6, 0)), r"targets are \[6, 0\]"),
    ],
)
def test_values_that_are_refused(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        build(y=y, kind="regression")


def test_nan_in_float_targets_is_found_when_the_task_is_inferred() -> None:
    with pytest.raises(DataError, match="target of sample 2 is NaN"):
        build(y=np.where(Y == 2, np.nan, Y + 0.5))


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ((np.zeros((2, 3)), Y[:2]), r"samples are \[3\], but in training \[2\]"),
        ((X[:2], np.array([0, 3])), "sample 1 is 3, but the classes are 0 to 2"),
        ((X[:2], np.array(["a", "b"])), "labels are text here"),
        ((X[:2], Y[:3]), "2 samples in x, but 3 targets in y"),
    ],
)
def test_parts_that_do_not_fit_training(test: Any, message: str) -> None:
    assert re.search(message, (error := failure(test=test)).message)
    assert "test" in error.where


def test_text_label_unknown_in_training_lists_the_classes() -> None:
    error = failure(y=np.array(list("abcabc")), val=(X[:1], np.array(["d"])))
    assert "'d', is not one of the 3 classes" in error.message
    assert error.hint == "the classes are a, b, c"


def test_number_of_values_must_agree() -> None:
    y = np.linspace(0, 1, 12).reshape(6, 2)
    assert "samples are [1], but in training [2]" in failure(y=y, test=(X, y[:, :1])).message


def test_labels_of_the_wrong_number() -> None:
    with pytest.raises(DataError, match="2 labels for 1 target columns"):
        source_from_arrays({"train": (X, Y + 0.5)}, "auto", "f", labels=("a", "b"))
