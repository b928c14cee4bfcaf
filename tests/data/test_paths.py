"""Files that a recipe names: where they are, why they cannot be read, what identifies them."""

import gzip
import os
from pathlib import Path

import pytest

from trickrun.data.formats import paths
from trickrun.data.formats.paths import content_hash, locate, read_bytes, unpacked
from trickrun.errors import DataError


def failure(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read_bytes(path)
    return caught.value


def test_relative_paths_start_at_the_recipe(tmp_path: Path) -> None:
    assert locate("a/b.csv", tmp_path) == tmp_path / "a/b.csv"
    assert locate("/a/b.csv", tmp_path) == Path("/a/b.csv")
    assert locate("~/b.csv", tmp_path) == Path.home() / "b.csv"


def test_missing_file_suggests_a_near_name(tmp_path: Path) -> None:
    (tmp_path / "wine.csv").touch()
    assert failure(tmp_path / "wines.csv").hint == "did you mean 'wine.csv'?"


def test_missing_file_without_a_near_name(tmp_path: Path) -> None:
    assert "recipe's folder" in failure(tmp_path / "wine.csv").hint


def test_missing_folder(tmp_path: Path) -> None:
    assert f"{tmp_path / 'no'} is missing too" in failure(tmp_path / "no/wine.csv").hint


def test_folder(tmp_path: Path) -> None:
    assert "folder, not a file" in failure(tmp_path).message


def test_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object, **__: object) -> bytes:
        raise PermissionError(13, os.strerror(13))

    # Not chmod: root, as in a container, may read everything.
    monkeypatch.setattr("builtins.open", refuse)
    assert failure(tmp_path / "a.csv").message == "cannot be read: Permission denied"


def test_content_hash_follows_the_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    two.write_text("a")
    assert content_hash(one) == content_hash(two)
    two.write_text("bb")
    assert content_hash(one) != content_hash(two)


def test_content_hash_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        content_hash(tmp_path / "none.csv")


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        assert failure(path).message == "this is a pipe or a device, not a file"
        with pytest.raises(DataError, match="a pipe or a device"):
            paths.first_bytes(path, 4)
        with pytest.raises(DataError, match="a pipe or a device"):
            content_hash(path)


def test_the_home_of_nobody(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="~nosuchuser/x: there is no such user"):
        locate("~nosuchuser/x", tmp_path)


def test_a_path_that_is_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="this path is not UTF-8") as caught:
        locate(os.fsdecode(b"a\xff"), tmp_path)
    str(caught.value).encode()


def test_real_data_are_unpacked(tmp_path: Path) -> None:
    content = os.urandom(10_000) * 5
    assert unpacked(tmp_path, gzip.compress(content)) == content
    assert unpacked(tmp_path, content) == content


def test_zeros_are_unpacked_to_a_limit_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of 3 GB of zeros packs to 3 MB; one of 64 kB stands for it here."""
    packed = gzip.compress(bytes(2**16))
    monkeypatch.setattr(paths, "SMALL", 2**16)
    assert unpacked(tmp_path, packed) == bytes(2**16)
    monkeypatch.setattr(paths, "SMALL", 2**10)
    asked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(
        gzip.GzipFile, "read", lambda file, most: asked.append(most) or read(file, most)
    )
    with pytest.raises(DataError, match="bytes unpack to more than"):
        unpacked(tmp_path, packed)
    assert asked == [100 * len(packed) + 1]


def test_no_more_is_unpacked_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "usable_memory", lambda: 10_000)
    assert paths.most_unpacked(10**9) == 5000


@pytest.mark.parametrize(
    ("written", "there", "meant"),
    [
        ("tabel.csv", ["table.csv", "other.csv"], "table.csv"),
        ("table.cvs", ["table.csv"], "table.csv"),
        ("Table.csv", ["table.csv"], "table.csv"),
        ("meassurements.csv", ["measurements.csv"], "measurements.csv"),
        ("train.csv", ["test.csv", "trial.csv.gz", "data.csv"], None),
        ("data_2.csv", ["data_1.csv", "data_3.csv"], None),
        ("x_train.npy", ["y_train.npy"], None),
        ("split_a.csv", ["split_b.csv"], None),
        ("data.csv", ["data.npz", "date.csv.md"], None),
        ("a.csv", ["ab.csv.gz", "b.csv"], None),
    ],
)
def test_only_a_misspelled_name_is_guessed(
    written: str, there: list[str], meant: str | None, tmp_path: Path
) -> None:
    for name in there:
        (tmp_path / name).write_text("")
    hint = paths.missing_hint(tmp_path / written)
    told = f"did you mean {meant!r}?" if meant else "relative paths start at the recipe's folder"
    assert hint == told


def test_edits_are_counted_with_swaps() -> None:
    assert paths.edits("tabel", "table") == 1
    assert paths.edits("", "abc") == 3
    assert paths.edits("kitten", "sitting") == 3
