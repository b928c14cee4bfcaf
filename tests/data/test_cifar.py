"""CIFAR's binary files: read as they are written, found, and refused when they are broken."""

from pathlib import Path

import pytest
import torch

from trickrun.data._data import Split
from trickrun.data.cifar10 import Cifar10
from trickrun.data.cifar100 import Cifar100
from trickrun.data.splits.prepare import prepare
from trickrun.errors import DataError


def record(*labels: int, shade: int = 0) -> bytes:
    """Return a label and an image whose red, green and blue planes differ."""
    planes = (bytes([shade + channel]) * 1024 for channel in (0, 50, 100))
    return bytes(labels) + b"".join(planes)


@pytest.fixture
def cifar10(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for batch in range(5):
        images = (record(label, shade=batch) for label in (batch, batch + 5))
        (folder / f"data_batch_{batch + 1}.bin").write_bytes(b"".join(images))
    (folder / "test_batch.bin").write_bytes(record(9, shade=7))
    return tmp_path


def test_cifar10_is_found_and_read(cifar10):
    data = prepare(Cifar10(split=Split(val=0)), cifar10)
    assert data.train.y.tolist() == [0, 5, 1, 6, 2, 7, 3, 8, 4, 9]
    assert data.train.x.shape == (10, 3, 32, 32)
    assert data.train.x[2, :, 5, 6].tolist() == [1, 51, 101]
    assert data.test is not None
    assert data.test.y.tolist() == [9]
    assert data.task.labels[9] == "truck"


def test_rows_and_columns_of_a_plane(tmp_path):
    plane = bytes(i % 251 for i in range(1024))
    (tmp_path / "a.bin").write_bytes(b"\0" + plane * 3)
    x, _ = Cifar10().read(tmp_path / "a.bin")
    assert x[0, 1, 2, 3] == (2 * 32 + 3) % 251


def test_images_are_averaged(cifar10):
    data = prepare(Cifar10(size=8, split=Split(val=0)), cifar10)
    assert data.train.x.shape == (10, 3, 8, 8)
    assert data.train.x[2, 0].unique().tolist() == [1]


@pytest.mark.parametrize(("classes", "expected"), [("fine", [99, 3]), ("coarse", [5, 19])])
def test_cifar100_has_two_kinds_of_labels(tmp_path, classes, expected):
    (tmp_path / "train.bin").write_bytes(record(5, 99) + record(19, 3))
    (tmp_path / "test.bin").write_bytes(record(0, 0))
    data = prepare(Cifar100(path=".", classes=classes, split=Split(val=0)), tmp_path)
    assert data.train.y.tolist() == expected
    assert len(set(data.task.labels)) == data.task.classes == (100 if classes == "fine" else 20)
    assert data.train.x[0, :, 0, 0].tolist() == [0, 50, 100]


def test_a_single_file_can_be_predicted(cifar10):
    kind = Cifar10()
    data = prepare(Cifar10(split=Split(val=0)), cifar10)
    file = cifar10 / "data/cifar-10-batches-bin/test_batch.bin"
    samples = kind.load_file(file, data.task, data.shape)
    assert samples.y is not None
    assert samples.y.tolist() == [9]
    assert torch.equal(samples.x, data.test.x)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it has 0 bytes"),
        (record(1)[:-1], "not a multiple of a record of 3073"),
        (record(10), "the label of sample 0 is 10"),
        (b"\x1f\x8b broken", "cannot be unpacked"),
    ],
)
def test_a_broken_file(cifar10, content, message):
    (cifar10 / "data/cifar-10-batches-bin/data_batch_3.bin").write_bytes(content)
    with pytest.raises(DataError, match=message):
        Cifar10().load(cifar10)


def test_missing_files(cifar10, tmp_path):
    (cifar10 / "data/cifar-10-batches-bin/test_batch.bin").unlink()
    with pytest.raises(DataError, match=r"test_batch\.bin is missing"):
        Cifar10().load(cifar10)
    with pytest.raises(DataError, match=r"\(train\.bin, …\) are not in") as caught:
        Cifar100(path="nowhere").load(tmp_path)
    assert "unpack cifar-100-binary.tar.gz (the binary version" in caught.value.hint
