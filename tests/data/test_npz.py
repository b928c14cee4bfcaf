"""Numpy files: which arrays are what, and files that are broken or would run code."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trickrun.data.formats.array_files import read_npz
from trickrun.data.npz import Npz
from trickrun.data.splits.source import Source
from trickrun.errors import DataError

X = np.arange(12.0, dtype="float32").reshape(6, 2)
Y = np.array([0, 1, 2, 0, 1, 2])


def load(folder: Path, task: Any = "auto", **arrays: Any) -> Source:
    np.savez(folder / "d.npz", **arrays)
    return Npz(path="d.npz", task=task).load(folder)


def failure(folder: Path, **arrays: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        load(folder, **arrays)
    assert str(folder / "d.npz") in caught.value.where
    return caught.value


@pytest.mark.parametrize("names", [("x", "y"), ("X", "Y"), ("x_train", "y_train")])
def test_one_part(tmp_path: Path, names: tuple[str, str]) -> None:
    source = load(tmp_path, **{names[0]: X, names[1]: Y})
    assert list(source.parts) == ["train"]
    assert np.array_equal(source.parts["train"][0].numpy(), X)
    assert source.task.classes == 3


def test_parts_of_its_own(tmp_path: Path) -> None:
    arrays = {f"{a}_{part}": v[:3] for part in ("val", "test") for a, v in (("x", X), ("y", Y))}
    source = load(tmp_path, x_train=X, y_train=Y, **arrays)
    assert {name: len(x) for name, (x, _) in source.parts.items()} == {
        "train": 6,
        "val": 3,
        "test": 3,
    }


def test_other_arrays_are_left_alone_and_labels_are_names(tmp_path: Path) -> None:
    source = load(tmp_path, x=X, y=Y, weights=np.ones(6), labels=np.array(["a", "b", "c"]))
    assert source.task.labels == ("a", "b", "c")


def test_compressed(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "d.npz", x=X, y=Y)
    assert Npz(path="d.npz").load(tmp_path).task.classes == 3


def test_task_is_given(tmp_path: Path) -> None:
    assert load(tmp_path, task="regression", x=X, y=Y).task.kind == "regression"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "no array 'y', only x"),
        ({"y": Y}, "no array 'x', only y"),
        ({"images": X, "targets": Y}, "no array 'x_train', only images, targets"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "no array 'y_test'"),
        ({"x": X, "y": Y, "x_tst": X}, "other arrays without a known name: x_tst"),
        ({"x": X, "y": Y, "x_train": X}, "other arrays without a known name: x_train"),
        ({"x": X, "y": np.array([None] * 6)}, "an array holds objects"),
        ({"x": X, "y": Y - 1}, "labels count from 0"),
        ({"x": X, "y": Y[:5]}, "6 samples in x, but 5 targets in y"),
        ({"x": X[:0], "y": Y[:0]}, "there are no samples"),
        ({"x": X[:, :0], "y": Y}, "have no features"),
    ],
)
def test_arrays_that_are_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    assert message in failure(tmp_path, **arrays).message


class Exploding:
    """Raises when it is unpickled: reading it would have run code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise AssertionError('unpickled')",)


def test_never_unpickles(tmp_path: Path) -> None:
    array = np.empty(1, dtype=object)
    array[0] = Exploding()
    assert "holds objects" in failure(tmp_path, x=array, y=Y).message


def test_pickle_in_the_place_of_an_npz_file(tmp_path: Path) -> None:
    array = np.empty(1, dtype=object)
    array[0] = Exploding()
    np.save(tmp_path / "d.npy", array, allow_pickle=True)
    with pytest.raises(DataError, match="this npz file is incomplete"):
        read_npz(tmp_path / "d.npy")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_truncated_file(tmp_path: Path, share: float) -> None:
    load(tmp_path, x=X, y=Y)
    content = (tmp_path / "d.npz").read_bytes()
    (tmp_path / "d.npz").write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match="this npz file is incomplete"):
        read_npz(tmp_path / "d.npz")


def test_flipped_bytes(tmp_path: Path) -> None:
    load(tmp_path, x=X, y=Y)
    content = bytearray((tmp_path / "d.npz").read_bytes())
    place = content.index(X.tobytes())
    content[place : place + 4] = b"\xff" * 4
    (tmp_path / "d.npz").write_bytes(content)
    with pytest.raises(DataError, match="an array is broken"):
        read_npz(tmp_path / "d.npz")


def test_damaged_directory(tmp_path: Path) -> None:
    load(tmp_path, x=X, y=Y)
    content = (tmp_path / "d.npz").read_bytes()
    (tmp_path / "d.npz").write_bytes(content.replace(b"PK\x01\x02", b"PK\x01\xff"))
    with pytest.raises(DataError, match="an array is broken"):
        read_npz(tmp_path / "d.npz")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        Npz(path="none.npz").load(tmp_path)


def test_fingerprint_follows_the_content(tmp_path: Path) -> None:
    load(tmp_path, x=X, y=Y)
    first = Npz(path="d.npz").fingerprint(tmp_path)
    load(tmp_path, x=X + 1, y=Y)
    assert Npz(path="d.npz").fingerprint(tmp_path) != first


def test_channels_last_when_read_and_when_predicted(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((6, 5, 4, 3), "float32")
    np.savez(tmp_path / "d.npz", x=x, y=Y)
    kind = Npz(path="d.npz", channels="last")
    source = kind.load(tmp_path)
    assert np.array_equal(source.parts["train"][0].numpy(), x.transpose(0, 3, 1, 2))
    samples = kind.load_file(tmp_path / "d.npz", source.task, (3, 5, 4))
    assert np.array_equal(samples.x.numpy(), x.transpose(0, 3, 1, 2))


def test_labels_that_are_bytes_are_text(tmp_path: Path) -> None:
    source = load(tmp_path, x=X, y=np.array(["b", "ä", "b"] * 2).astype(object).astype(str))
    as_bytes = np.array([label.encode() for label in ("b", "ä", "b")] * 2)
    same = load(tmp_path, x=X, y=as_bytes)
    assert same.task.labels == source.task.labels == ("b", "ä")
    assert same.parts["train"][1].tolist() == [0, 1, 0, 0, 1, 0]


def test_labels_that_are_bytes_but_no_text(tmp_path: Path) -> None:
    found = failure(tmp_path, x=X, y=np.array([b"a", b"\xff", b"a"] * 2))
    assert found.message == "the labels are bytes that are not UTF-8"


def test_arrays_that_unpack_to_more_than_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "d.npz", x=np.zeros(10**6), y=Y)
    size = 8 * 10**6 + 6 * 8 + 2 * 128  # and the two headers
    assert (tmp_path / "d.npz").stat().st_size < size / 100
    monkeypatch.setattr("trickrun.data.formats.memory.usable_memory", lambda: 2 * size)
    assert len(read_npz(tmp_path / "d.npz")["x"]) == 10**6
    monkeypatch.setattr("trickrun.data.formats.memory.usable_memory", lambda: 2 * size - 1)
    with pytest.raises(DataError, match="its arrays take"):
        read_npz(tmp_path / "d.npz")


@pytest.mark.parametrize("members", [(), ("t.csv",), ("x", "y")])
def test_a_file_without_arrays(tmp_path: Path, members: tuple[str, ...]) -> None:
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as packed:
        for name in members:
            packed.writestr(name, "1,2")
    with pytest.raises(DataError, match="there are no arrays in this file") as caught:
        Npz(path="d.npz").load(tmp_path)
    assert "numpy.savez" in caught.value.hint
