"""IDX files: found, read, averaged down, and every way in which they can be broken."""

import gzip
import struct
from pathlib import Path

import pytest
import torch

from trickrun.data._idx import FILES
from trickrun.data.fashion_mnist import FashionMnist
from trickrun.data.formats.array_files import read_idx, shrink
from trickrun.data.mnist import Mnist
from trickrun.errors import DataError


def idx(array: torch.Tensor) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    return header + array.to(torch.uint8).numpy().tobytes()


def images(count: int, side: int = 28) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randint(0, 256, (count, side, side), generator=generator, dtype=torch.uint8)


def labels(count: int) -> torch.Tensor:
    return torch.arange(count) % 10


def write_set(folder: Path, packed: bool = False, dotted: bool = False) -> None:
    """Write a set of 20 training and 12 test images."""
    folder.mkdir(parents=True, exist_ok=True)
    for (part, what), name in FILES.items():
        count = 20 if part == "train" else 12
        content = idx(images(count) if what == "x" else labels(count))
        spelled = name.replace("-idx", ".idx") if dotted else name
        file = folder / (spelled + ".gz" * packed)
        file.write_bytes(gzip.compress(content) if packed else content)


def failure(folder: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        Mnist(path=str(folder)).load(folder)
    return caught.value


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_loads_both_parts(tmp_path: Path, packed: bool, dotted: bool) -> None:
    write_set(tmp_path / "raw", packed, dotted)
    source = Mnist(path="raw").load(tmp_path)
    for part, count in (("train", 20), ("test", 12)):
        x, y = source.parts[part]
        assert x.dtype == torch.uint8
        assert torch.equal(x, images(count).unsqueeze(1))
        assert torch.equal(y, labels(count))
    assert source.task.classes == 10


@pytest.mark.parametrize("place", ["data/FashionMNIST/raw", "data/fashion-mnist"])
def test_searches_the_usual_places(tmp_path: Path, place: str) -> None:
    write_set(tmp_path / place)
    assert len(FashionMnist().load(tmp_path).parts["train"][0]) == 20


def test_missing_everywhere_lists_the_places_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FashionMnist, "places", ("data/fashion-mnist", "elsewhere"))
    with pytest.raises(DataError) as caught:
        FashionMnist().load(tmp_path)
    assert str(tmp_path / "data/fashion-mnist") in caught.value.message
    assert str(tmp_path / "elsewhere") in caught.value.message
    assert caught.value.where == "data.path"


def test_given_path_alone_is_searched(tmp_path: Path) -> None:
    write_set(tmp_path / "data/mnist")
    with pytest.raises(DataError, match="nowhere"):
        Mnist(path="nowhere").load(tmp_path)


def test_one_file_of_four_missing(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    assert "t10k-labels-idx1-ubyte (or .gz) is missing" in failure(tmp_path).message


def test_truncated_file(tmp_path: Path) -> None:
    write_set(tmp_path)
    file = tmp_path / FILES["train", "x"]
    file.write_bytes(file.read_bytes()[:-100])
    error = failure(tmp_path)
    assert error.where == str(file)
    assert "15596 bytes" in error.message
    assert "asks for 15696" in error.message


def test_file_with_too_much(tmp_path: Path) -> None:
    write_set(tmp_path)
    file = tmp_path / FILES["train", "y"]
    file.write_bytes(file.read_bytes() + b"\0")
    assert "29 bytes" in failure(tmp_path).message


def test_header_alone_and_no_sample(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / FILES["train", "y"]).write_bytes(idx(torch.zeros(0)))
    assert "shape [0]" in failure(tmp_path).message


def test_empty_file(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / FILES["test", "x"]).write_bytes(b"")
    assert "starts with nothing" in failure(tmp_path).message


@pytest.mark.parametrize("keep", [15, 200])
def test_truncated_gz(tmp_path: Path, keep: int) -> None:
    write_set(tmp_path, packed=True)
    file = tmp_path / (FILES["train", "x"] + ".gz")
    file.write_bytes(file.read_bytes()[:keep])
    error = failure(tmp_path)
    assert "cannot be unpacked" in error.message
    assert error.where == str(file)


def test_corrupt_gz(tmp_path: Path) -> None:
    write_set(tmp_path, packed=True)
    file = tmp_path / (FILES["train", "x"] + ".gz")
    content = bytearray(file.read_bytes())
    content[300:340] = b"\xff" * 40
    file.write_bytes(content)
    assert "cannot be unpacked" in failure(tmp_path).message


def test_wrong_magic_shows_what_was_found(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / FILES["train", "x"]).write_bytes(b"<html>not found</html>")
    error = failure(tmp_path)
    assert "3c 68 74 6d, not 00 00 08 03" in error.message


def test_labels_in_the_place_of_images(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / FILES["train", "x"]).write_bytes(idx(labels(20)))
    assert "not an IDX file of bytes in 3 dimensions" in failure(tmp_path).hint


def test_images_and_labels_of_different_number(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / FILES["train", "y"]).write_bytes(idx(labels(19)))
    assert "20 images, but 19 labels" in failure(tmp_path).message


def test_label_out_of_range_names_the_sample(tmp_path: Path) -> None:
    write_set(tmp_path)
    wrong = labels(20)
    wrong[7] = 10
    (tmp_path / FILES["train", "y"]).write_bytes(idx(wrong))
    assert "sample 7 is 10, but the classes are 0 to 9" in failure(tmp_path).message


def test_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="folder, not a file"):
        read_idx(tmp_path, 3)


def test_shrink_averages_blocks_and_rounds() -> None:
    image = torch.tensor([[0, 1, 10, 10], [1, 0, 10, 11], [255, 255, 0, 0], [255, 255, 0, 3]])
    small = shrink(image.to(torch.uint8)[None, None], 2)
    assert small.tolist() == [[[[1, 10], [255, 1]]]]


@pytest.mark.parametrize("size", [14, 7])
def test_shrink_is_average_pooling(size: int) -> None:
    x = images(9).unsqueeze(1)
    pooled = torch.nn.functional.avg_pool2d(x.double(), 28 // size)
    assert torch.equal(shrink(x, size), (pooled + 0.5).floor().to(torch.uint8))


def test_shrink_refuses_sizes_that_do_not_divide() -> None:
    with pytest.raises(DataError, match="30 by 30") as caught:
        shrink(images(2, side=30).unsqueeze(1), 14)
    assert caught.value.where == "data.size"


def test_size_reaches_the_data(tmp_path: Path) -> None:
    write_set(tmp_path)
    assert Mnist(path=".", size=14).load(tmp_path).parts["test"][0].shape == (12, 1, 14, 14)


def test_fingerprint_follows_the_content_not_the_place(tmp_path: Path) -> None:
    for name in "ab":
        write_set(tmp_path / name)
    first = Mnist(path="a").fingerprint(tmp_path)
    assert Mnist(path="b").fingerprint(tmp_path) == first
    (tmp_path / "b" / FILES["test", "y"]).write_bytes(idx(labels(12).flip(0)))
    assert Mnist(path="b").fingerprint(tmp_path) != first
