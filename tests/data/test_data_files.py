"""Samples from another file: the run's features in the run's order, or an error that says why."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trickrun.data.csv import Csv
from trickrun.data.diabetes import Diabetes
from trickrun.data.digits import Digits
from trickrun.data.fashion_mnist import FashionMnist
from trickrun.data.iris import Iris
from trickrun.data.splits.source import Samples, Task
from trickrun.errors import DataError

TRAIN = """age,color,id,kind
1,red,7,cat
2,blue,8,dog
3,red,9,cat
4,green,10,dog
"""
IRIS = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)"


def trained(folder: Path, **params: Any) -> tuple[Csv, Task]:
    (folder / "train.csv").write_text(TRAIN)
    data = Csv(**{"path": "train.csv", "target": "kind", "drop": ["id"], **params})
    return data, data.load(folder).task


def load(folder: Path, text: str, **params: Any) -> Samples:
    data, task = trained(folder, **params)
    (folder / "new.csv").write_text(text)
    return data.load_file(folder / "new.csv", task, (len(task.features),))


def failure(folder: Path, text: str, **params: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        load(folder, text, **params)
    assert caught.value.where == str(folder / "new.csv")
    return caught.value


def test_the_training_file_itself_gives_what_was_trained_on(tmp_path: Path) -> None:
    data, _ = trained(tmp_path)
    x, y = data.load(tmp_path).parts["train"]
    samples = load(tmp_path, TRAIN)
    assert torch.equal(samples.x, x)
    assert samples.y is not None
    assert torch.equal(samples.y, y)


def test_columns_in_another_order_without_a_target(tmp_path: Path) -> None:
    samples = load(tmp_path, "color,age\ngreen,5\n")
    assert samples.x.tolist() == [[5, 0, 1, 0]]
    assert samples.y is None


def test_target_that_is_empty_in_every_line(tmp_path: Path) -> None:
    assert load(tmp_path, "age,color,kind\n5,red,\n6,blue,\n").y is None


def test_columns_that_training_ignored(tmp_path: Path) -> None:
    assert load(tmp_path, "note,id,age\nx,1,5\n", features=["age"]).x.tolist() == [[5]]


def test_regression_targets(tmp_path: Path) -> None:
    params = {"target": "age", "drop": ["id", "kind"]}
    samples = load(tmp_path, "age,color\n5,red\n6.5,blue\n", **params)
    assert samples.y is not None
    assert samples.y.tolist() == [[5], [6.5]]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("color\nred\n", "no column 'age'", ""),
        ("aged,color\n1,red\n", "no column 'age'", "did you mean 'aged'?"),
        ("age,colour\n1,red\n", "no column 'color'", "did you mean 'colour'?"),
        ("age,color,size\n1,red,2\n", "not in the training data: size", "remove"),
        ("age,color\n1,purple\n", "line 2, column 'color': 'purple' is not", "blue, green, red"),
        ("age,color\n1,\n", "line 2, column 'color': the value is missing", ""),
        ("age,color\nold,red\n", "line 2, column 'age': 'old' is not a number", ""),
        ("age,color,kind\n1,red,cow\n", "line 2, column 'kind': 'cow'", "cat, dog"),
        ("age,color,kind\n1,red,cat\n1,red,\n", "line 3, column 'kind': ''", ""),
    ],
)
def test_tables_that_do_not_fit_the_run(tmp_path: Path, text: str, message: str, hint: str) -> None:
    error = failure(tmp_path, text)
    assert message in error.message
    assert hint in error.hint


def test_text_in_a_regression_target(tmp_path: Path) -> None:
    params = {"target": "age", "drop": ["id", "kind"]}
    assert "'old' is text" in failure(tmp_path, "age,color\nold,red\n", **params).message


def test_one_of_two_targets(tmp_path: Path) -> None:
    params = {"target": ["age", "id"], "drop": ["kind"]}
    assert "no column 'id'" in failure(tmp_path, "age,color\n5,red\n", **params).message


def test_table_for_a_bundled_data_set(tmp_path: Path) -> None:
    task = Iris().load(tmp_path).task
    file = tmp_path / "flowers.csv"
    file.write_text(f"{IRIS},target\n5.1,3.5,1.4,0.2,setosa\n")
    samples = Iris().load_file(file, task, (4,))
    assert samples.x.tolist() == [[5.1, 3.5, 1.4, 0.2]]
    assert samples.y is not None
    assert samples.y.tolist() == [0]


def test_values_for_a_bundled_data_set_stand_in_the_targets_column(tmp_path: Path) -> None:
    task = Diabetes().load(tmp_path).task
    file = tmp_path / "patients.csv"
    file.write_text(",".join(task.features) + ",progression\n" + "1," * 10 + "150\n")
    samples = Diabetes().load_file(file, task, (10,))
    assert samples.y is not None
    assert samples.y.tolist() == [[150]]


def test_table_of_pixels(tmp_path: Path) -> None:
    task = Digits().load(tmp_path).task
    file = tmp_path / "pixels.csv"
    names = ",".join(f"p{i}" for i in range(64))
    file.write_text(names + "\n" + ",".join(map(str, range(64))) + "\n")
    samples = Digits().load_file(file, task, (1, 8, 8))
    assert torch.equal(samples.x, torch.arange(64.0).reshape(1, 1, 8, 8))
    file.write_text(names + ",more\n" + "0," * 64 + "0\n")
    with pytest.raises(DataError, match=r"65 input columns, but .* \[1, 8, 8\]"):
        Digits().load_file(file, task, (1, 8, 8))


CLASSES = Task("classification", classes=3, labels=("a", "b", "c"))
IMAGES = np.arange(2 * 8 * 8, dtype="uint8").reshape(2, 8, 8)


def load_npz(folder: Path, task: Task = CLASSES, **arrays: Any) -> Samples:
    np.savez(folder / "new.npz", **arrays)
    return Digits().load_file(folder / "new.npz", task, (1, 8, 8))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("name", ["x", "x_test"])
def test_images_in_a_numpy_file(tmp_path: Path, dtype: str, name: str) -> None:
    samples = load_npz(tmp_path, **{name: IMAGES.astype(dtype)})
    assert torch.equal(samples.x.float(), torch.arange(128.0).reshape(2, 1, 8, 8))
    assert samples.y is None


@pytest.mark.parametrize("y", [np.array([2, 0]), np.array(["c", "a"]), np.array([2.0, 0.0])])
def test_labels_in_a_numpy_file(tmp_path: Path, y: Any) -> None:
    samples = load_npz(tmp_path, x=IMAGES, y=y)
    assert samples.y is not None
    assert samples.y.tolist() == [2, 0]


def test_values_in_a_numpy_file(tmp_path: Path) -> None:
    samples = load_npz(tmp_path, Task("regression"), x=IMAGES, y=np.array([0.5, 1]))
    assert samples.y is not None
    assert samples.y.tolist() == [[0.5], [1]]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": IMAGES}, "no array 'x', only images"),
        ({"x": IMAGES[:, :7]}, r"samples are [1, 7, 8], but in training [1, 8, 8]"),
        ({"x": IMAGES, "y": np.array([0, 3])}, "sample 1 is 3, but the classes are 0 to 2"),
        ({"x": IMAGES, "y": np.array(["a", "z"])}, "'z', is not one of the 3 classes"),
        ({"x": IMAGES, "y": np.array([0])}, "2 samples in x, but 1 targets in y"),
    ],
)
def test_arrays_that_do_not_fit_the_run(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        load_npz(tmp_path, **arrays)
    assert message in caught.value.message


def write_idx(file: Path, array: np.ndarray[Any, Any]) -> None:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    file.write_bytes(header + array.astype("uint8").tobytes())


def test_idx_images_with_and_without_labels(tmp_path: Path) -> None:
    task = Task("classification", classes=10, labels=FashionMnist.labels)
    images = tmp_path / "new-images-idx3-ubyte"
    write_idx(images, np.full((3, 28, 28), 9))
    samples = FashionMnist(size=14).load_file(images, task, (1, 14, 14))
    assert samples.x.shape == (3, 1, 14, 14)
    assert (samples.x == 9).all()
    assert samples.y is None
    write_idx(tmp_path / "new-labels-idx1-ubyte", np.array([1, 2, 9]))
    labelled = FashionMnist().load_file(images, task, (1, 28, 28))
    assert labelled.y is not None
    assert labelled.y.tolist() == [1, 2, 9]
    write_idx(tmp_path / "new-labels-idx1-ubyte", np.array([1, 2]))
    with pytest.raises(DataError, match="3 images, but 2 labels in new-labels-idx1-ubyte"):
        FashionMnist().load_file(images, task, (1, 28, 28))


def test_images_for_a_run_on_a_table(tmp_path: Path) -> None:
    write_idx(tmp_path / "new-images-idx3-ubyte", np.zeros((3, 28, 28)))
    with pytest.raises(DataError, match=r"grey images, but the run's samples are \[4\]"):
        Iris().load_file(tmp_path / "new-images-idx3-ubyte", CLASSES, (4,))
