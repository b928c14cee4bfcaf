"""Files that a recipe names: where they are, why they cannot be read, what identifies them."""

import os
from pathlib import Path

import pytest

from trickrun.data.formats.paths import content_hash, locate, read_bytes
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
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, os.strerror(13))

    # Not chmod: root, as in a container, may read everything.
    monkeypatch.setattr(Path, "read_bytes", refuse)
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
