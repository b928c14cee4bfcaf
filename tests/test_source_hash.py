"""The hash of the user's code: what changes it, and that it runs nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trickrun.user_code import source_hash


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_source_hash_follows_the_file_and_does_not_import_it(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "raise RuntimeError\n")
    first = source_hash("mine:f", tmp_path)
    write(tmp_path, "mine.py", "raise ValueError\n")
    assert first is not None
    assert source_hash("mine:f", tmp_path) not in (first, None)


def test_source_hash_covers_the_whole_package(tmp_path: Path) -> None:
    write(tmp_path, "pack/mod.py", "from pack import other\n")
    write(tmp_path, "pack/other.py", "A = 1\n")
    first = source_hash("pack.mod:f", tmp_path)
    write(tmp_path, "pack/other.py", "A = 2\n")
    assert source_hash("pack.mod:f", tmp_path) != first


IMPORTS = {
    "import helper": "helper.py",
    "import os, helper as h": "helper.py",
    "from helper import make": "helper.py",
    "def f():\n    from helper import make": "helper.py",
    "if False:\n    import pack.deep.helper": "pack/deep/helper.py",
    "import pack.deep": "pack/__init__.py",
    "from pack import deep": "pack/deep/__init__.py",
    "from pack.deep import *": "pack/deep/__init__.py",
    "from loose.deep import helper": "loose/deep/helper.py",
    "import through": "helper.py",
    "import pack": "pack/relative.py",
    "from pack.deep import up": "pack/relative.py",
}


@pytest.mark.parametrize(("statement", "counts"), IMPORTS.items())
def test_source_hash_covers_what_the_file_imports(
    tmp_path: Path, statement: str, counts: str
) -> None:
    for name in {*IMPORTS.values(), "other.py"}:
        write(tmp_path, name, "raise RuntimeError\n")
    write(tmp_path, "through.py", "raise RuntimeError\nimport helper, through, mine\n")
    write(tmp_path, "pack/__init__.py", "from . import relative\n")
    write(tmp_path, "pack/deep/up.py", "from ..relative import make\nfrom ..... import far\n")
    write(tmp_path, "mine.py", statement + "\n")
    first = source_hash("mine:f", tmp_path)
    write(tmp_path, "other.py", "raise ValueError\n")
    assert source_hash("mine:f", tmp_path) == first
    with (tmp_path / counts).open("a") as file:
        file.write("raise ValueError\n")
    assert source_hash("mine:f", tmp_path) != first


def test_source_hash_covers_what_a_package_imports(tmp_path: Path) -> None:
    write(tmp_path, "pack/__init__.py", "")
    write(tmp_path, "pack/other.py", "import helper\n")
    write(tmp_path, "helper.py", "A = 1\n")
    first = [source_hash(f"{name}:f", tmp_path) for name in ("pack", "pack.other")]
    write(tmp_path, "helper.py", "A = 2\n")
    second = [source_hash(f"{name}:f", tmp_path) for name in ("pack", "pack.other")]
    assert not set(first) & set(second)


def test_source_hash_of_what_is_no_python(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", r"import broken, odd; '\d'")
    write(tmp_path, "odd.py", "\0")
    write(tmp_path, "broken.py", "def f(:\n")
    first = source_hash("mine:f", tmp_path)
    write(tmp_path, "broken.py", "def g(:\n")
    assert source_hash("mine:f", tmp_path) != first


def test_source_hash_of_user_code_elsewhere_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    write(tmp_path, "elsewhere/pack_elsewhere/__init__.py", "raise RuntimeError\n")
    write(tmp_path, "elsewhere/pack_elsewhere/mod.py", "import helper\n")
    write(tmp_path, "elsewhere/helper.py", "A = 1\n")
    first = source_hash("pack_elsewhere.mod:f", tmp_path)
    write(tmp_path, "elsewhere/helper.py", "A = 2\n")
    assert source_hash("pack_elsewhere.mod:f", tmp_path) not in (first, None)
    assert "pack_elsewhere" not in sys.modules


def test_source_hash_does_not_depend_on_where_the_recipe_is(tmp_path: Path) -> None:
    for place in ("one", "two"):
        write(tmp_path, f"{place}/mine.py", "import pack.helper\n")
        write(tmp_path, f"{place}/pack/helper.py", "A = 1\n")
    (tmp_path / "link").symlink_to(tmp_path / "one")
    hashes = {source_hash("mine:f", tmp_path / name) for name in ("one", "two", "link")}
    assert len(hashes) == 1


def test_source_hash_of_an_installed_and_of_no_module(tmp_path: Path) -> None:
    assert source_hash("json.decoder:JSONDecoder", tmp_path)
    assert source_hash("nowhere_at_all.mod:f", tmp_path) is None
