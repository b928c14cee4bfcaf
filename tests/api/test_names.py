"""``import trickrun`` costs next to nothing, and its names are where it says."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import trickrun

ROOT = Path(trickrun.__file__).parent

PROGRAM = """
import sys
before = set(sys.modules)
import trickrun
print(sorted(name for name in set(sys.modules) - before if not name.startswith("_")))
"""


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    heavy = {"torch", "numpy", "pydantic", "yaml", "rich", "typer", "trickrun.api"}
    imported = set(ast.literal_eval(done.stdout))
    assert "trickrun" in imported
    assert not heavy & imported


NEEDS = {"LightningWatch": "lightning", "TransformersWatch": "transformers"}
"""Names whose modules need another package."""

THERE = [
    name for name in trickrun.__all__ if name not in NEEDS or importlib.util.find_spec(NEEDS[name])
]


def test_every_name_can_be_had_and_is_listed() -> None:
    assert sorted(trickrun.PLACES) == trickrun.__all__
    assert set(trickrun.__all__) <= set(dir(trickrun))
    for name in THERE:
        assert getattr(trickrun, name).__name__ == name


def test_types_are_told_of_where_the_names_come_from() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.asname: str(node.module).removeprefix("trickrun.")
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == trickrun.PLACES
    assert (ROOT / "py.typed").is_file()


def test_no_function_is_called_as_a_room() -> None:
    rooms = {path.stem for path in ROOT.iterdir()}
    assert not rooms & set(trickrun.__all__)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        trickrun.trian  # noqa: B018


def test_every_public_function_says_what_it_does() -> None:
    for name in THERE:
        assert (getattr(trickrun, name).__doc__ or "").strip(), name


@pytest.mark.parametrize("name", NEEDS)
def test_what_is_not_installed_is_named(name: str) -> None:
    program = f"""
import sys
sys.modules.update({{"lightning": None, "transformers": None}})
import trickrun
try:
    trickrun.{name}
except trickrun.TrickrunError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert f"{NEEDS[name]} is not installed" in done.stdout, done.stderr
    assert f"pip install {NEEDS[name]}" in done.stdout
