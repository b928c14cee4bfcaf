"""Several 0/1 labels a sample: cells and arrays, how they are split, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trickrun.data.csv import Csv
from trickrun.data.formats.arrays import source_from_arrays
from trickrun.data.formats.files import read_samples
from trickrun.data.npz import Npz
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.data.splits.source import Columns, Source
from trickrun.errors import DataError

TEXT = """size,wet,hot
1,0,true
2,1,False
3,1.0,TRUE
4,0,false
"""


def load(folder: Path, text: str = TEXT, **params: Any) -> Source:
    (folder / "t.csv").write_text(text)
    wanted = {"path": "t.csv", "target": ["wet", "hot"], "task": "multilabel", **params}
    return Csv(**wanted).load(folder)


def refused(folder: Path, text: str = TEXT, **params: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        load(folder, text, **params)
    return caught.value


def test_cells_say_0_and_1_in_their_spellings(tmp_path: Path) -> None:
    source = load(tmp_path)
    x, y = source.parts["train"]
    assert y.dtype == torch.float64
    assert y.tolist() == [[0, 1], [1, 0], [1, 1], [0, 0]]
    assert x.flatten().tolist() == [1, 2, 3, 4]
    task = source.task
    assert (task.kind, task.targets, task.classes) == ("multilabel", 2, 0)
    assert task.labels == ("wet", "hot")


def test_one_target_is_one_label(tmp_path: Path) -> None:
    source = load(tmp_path, target="wet", drop=["hot"])
    assert source.parts["train"][1].tolist() == [[0], [1], [1], [0]]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("2", "line 3, column 'wet': '2' is not a label"),
        ("0.5", "line 3, column 'wet': '0.5' is not a label"),
        ("yes", "line 3, column 'wet': 'yes' is not a label"),
        ("", "line 3, column 'wet': the value is missing"),
    ],
)
def test_another_cell_is_refused_with_its_place(tmp_path: Path, cell: str, told: str) -> None:
    assert refused(tmp_path, TEXT.replace("2,1,", f"2,{cell},")).message.startswith(told)


def test_a_missing_label_may_be_dropped_with_its_row(tmp_path: Path) -> None:
    source = load(tmp_path, TEXT.replace("2,1,", "2,,"), missing="drop")
    assert source.parts["train"][0].flatten().tolist() == [1, 3, 4]


def test_equal_labels_everywhere_leave_nothing_to_learn(tmp_path: Path) -> None:
    text = "size,wet,hot\n1,0,1\n2,0,1\n"
    assert "all samples have the same labels (wet, hot)" in refused(tmp_path, text).message


def test_classes_take_no_several_targets(tmp_path: Path) -> None:
    error = refused(tmp_path, task="classification")
    assert "multilabel" in error.hint


def arrays(kind: Any, y: Any, labels: tuple[str, ...] = ()) -> Source:
    return source_from_arrays({"train": (np.ones((len(y), 2)), y)}, kind, "here", labels)


def test_arrays_hold_0_and_1_of_any_type() -> None:
    for dtype in (np.int64, np.float32, bool):
        source = arrays("multilabel", np.array([[0, 1], [1, 1]], dtype=dtype))
        assert source.parts["train"][1].tolist() == [[0, 1], [1, 1]]
        assert source.task.labels == ("0", "1")


@pytest.mark.parametrize(
    ("y", "labels", "told"),
    [
        (np.array([[0, 2], [1, 1]]), (), "label 1 of sample 0 is 2, not 0 or 1"),
        (np.array([[0, np.nan], [1, 1]]), (), "label 1 of sample 0 is nan, not 0 or 1"),
        (np.array([["a", "b"]]), (), "labels are text such as 'a'"),
        (np.zeros((2, 2, 2)), (), "labels are [2, 2, 2]"),
        (np.array([[0, 1], [1, 1]]), ("wet",), "1 names for 2 labels"),
    ],
)
def test_other_arrays_are_refused(y: Any, labels: tuple[str, ...], told: str) -> None:
    with pytest.raises(DataError) as caught:
        arrays("multilabel", y, labels)
    assert caught.value.message.startswith(told)


def test_all_parts_of_an_npz_file_have_the_same_labels(tmp_path: Path) -> None:
    x = np.arange(8.0).reshape(4, 2)
    whole = {"x_train": x, "y_train": np.eye(2)[[0, 1, 0, 1]], "x_test": x}
    np.savez(tmp_path / "a.npz", **whole, y_test=np.eye(2)[[1, 1, 0, 0]])
    data = Npz(path="a.npz", task="multilabel")
    assert data.load(tmp_path).parts["test"][1].tolist() == [[0, 1], [0, 1], [1, 0], [1, 0]]
    np.savez(tmp_path / "a.npz", **whole, y_test=np.zeros((4, 3)))
    with pytest.raises(DataError, match="3 labels per sample, but 2 in training"):
        data.load(tmp_path)


def test_another_file_is_read_as_the_runs_own(tmp_path: Path) -> None:
    task = load(tmp_path).task
    task = task.__class__(**{**task.__dict__, "features": ("size",)})
    (tmp_path / "new.csv").write_text("hot,size,wet\ntrue,5,0\n")
    samples = read_samples(tmp_path / "new.csv", task, (1,), Columns(("wet", "hot")))
    assert samples.y is not None
    assert samples.y.tolist() == [[0, 1]]
    np.savez(tmp_path / "new.npz", x=np.ones((1, 1)), y=np.ones((1, 3)))
    with pytest.raises(DataError):
        read_samples(tmp_path / "new.npz", task, (1,), Columns())


def prepared(folder: Path, **params: Any) -> Prepared:
    rows = [f"{i},{int(i % 2 == 0)},{int(i % 10 == 0)}" for i in range(100)]
    (folder / "t.csv").write_text("size,wet,hot\n" + "\n".join(rows) + "\n")
    wanted = {"path": "t.csv", "target": ["wet", "hot"], "task": "multilabel", **params}
    return prepare(Csv(**wanted), folder)


def test_priors_are_the_labels_shares_in_training(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    assert data.task.priors == pytest.approx(data.train.y.mean(0).tolist())


def test_labels_are_not_stratified(tmp_path: Path) -> None:
    """Whether ``stratified`` is set makes no difference."""
    one, other = (prepared(tmp_path, split={"stratified": s}) for s in (True, False))
    assert one.rows["train"].tolist() == other.rows["train"].tolist()


def test_labels_have_no_scale(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="targets are labels, which cannot be scaled"):
        prepared(tmp_path, scale_targets="standard")
