"""An edit on a command line is read back as the same edit."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recipe.text.test_emit import DATA
from trickrun.recipe.load import load
from trickrun.recipe.text.command_line import overrides, typed
from trickrun.recipe.text.problems import Problem
from trickrun.recipe.text.sources import read_override

PATHS = st.lists(st.from_regex(r"[a-z_0-9]{1,8}", fullmatch=True), min_size=1, max_size=3)
EDITS = st.dictionaries(PATHS.map(".".join), DATA, min_size=1, max_size=3)


def read(word: str) -> tuple[str, Any]:
    """Return the path and the value of an override, as plain data."""
    problems: list[Problem] = []
    found = read_override(word, problems)
    assert found is not None
    assert not problems
    return found[0], found[1].value


@given(EDITS)
def test_a_shell_and_the_recipe_read_the_same_edit(edit: dict[str, Any]) -> None:
    line = typed(edit)
    assert line.isprintable()  # it can be told in a line, and copied from a terminal
    assert shlex.split(line) == overrides(edit)
    assert repr(dict(map(read, shlex.split(line)))) == repr(edit)


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("optimizer.lr", 1e-05, "optimizer.lr=1e-5"),
        ("loss.reduction", "mean", "loss.reduction=mean"),
        ("init.head", {"kind": "normal", "std": 0.01}, "'init.head={kind: normal, std: 0.01}'"),
        ("model.hidden", [64, 32], "'model.hidden=[64, 32]'"),
        ("optimizer.clip", None, "optimizer.clip=null"),
        ("train.deterministic", True, "train.deterministic=true"),
    ],
)
def test_a_pasted_edit_means_the_same_to_a_recipe(
    path: str, value: Any, line: str, tmp_path: Path
) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("{data: iris, model: {kind: mlp, hidden: [8]}, optimizer: {clip: 1.0}}")
    assert typed({path: value}) == line
    found: Any = load(file, shlex.split(line)).recipe.model_dump(mode="json")
    for key in path.split("."):
        found = found[key]
    assert found == ({**found, **value} if isinstance(value, dict) else value)
