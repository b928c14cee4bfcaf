"""docs/stability.md: what was promised is still there, and what is added is optional."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trickrun as tr
from trickrun import errors
from trickrun.recipe.load import from_tree, load
from trickrun.recipe.text.problems import RecipeError

sys.path.insert(0, str(Path(__file__).parent))
from record import PYTHON, RECIPE, python_lines, recipe_lines, recorded

ROOT = Path(__file__).parents[2]

MINIMAL = {"data": {"kind": "iris"}, "model": {"kind": "mlp"}}

WHOLE = {"schema_version", "command", "recipe", "run", "verdict", "result", "findings", "next"}
"""The keys of every JSON object, besides ``seconds``."""

RESULTS = {
    ("validate", "recipes/iris.yaml"): {"ok", "errors"},
    ("show", "recipes/iris.yaml"): {"recipe"},
    ("schema",): {"schema"},
    ("tricks", "adam"): {"tricks"},
    ("recipes",): {"recipes"},
    ("new", "n", "--data", "iris", "--model", "mlp"): {"path", "model_file"},
    ("train", "recipes/iris.yaml", "train.epochs=1", "expect=null"): {
        "epochs", "steps", "stopped_by", "best", "test", "samples_per_second", "missed", "notes",
    },
    ("runs",): {"runs"},
    ("initial-loss", "recipes/iris.yaml"): {"formula"},
}  # fmt: skip
"""Commands, and keys of their results."""

FINDING = {
    "code", "name", "severity", "confidence", "where", "evidence", "why", "edit", "confirmed",
    "location", "explained_by",
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "lines"), [(RECIPE, recipe_lines), (PYTHON, python_lines)], ids=["recipe", "python"]
)
def test_what_was_recorded_is_still_there(file: Path, lines: Callable[[], Any]) -> None:
    promised = recorded(file)
    assert len(promised) > 80
    assert promised == sorted(promised)
    assert set(promised) - set(lines()) == set()


def test_a_new_parameter_of_a_function_has_a_default() -> None:
    """All that a call must give is the model or the recipe, and to ``train=`` the data."""
    for line in recorded(PYTHON):
        value = getattr(tr, line.partition("(")[0].partition(".")[0])
        if inspect.isclass(value):
            continue
        needed = {
            each.name
            for each in inspect.signature(value).parameters.values()
            if each.default is each.empty and each.kind is not each.VAR_POSITIONAL
        }
        assert needed <= {"what", "recipe"}


def test_the_language_has_the_version_that_the_page_says() -> None:
    page = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")
    version = int(re.findall(r"`recipe_version: (\d+)`", page)[0])
    assert from_tree({**MINIMAL, "recipe_version": version}).recipe_version == version
    with pytest.raises(RecipeError):
        from_tree({**MINIMAL, "recipe_version": version + 1})


def test_a_recipe_without_a_version_is_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("data: iris\nmodel: mlp\n")
    assert load(tmp_path / "r.yaml").recipe.recipe_version == 1


@pytest.mark.parametrize("words", RESULTS, ids=lambda words: words[0])
def test_an_answer_has_its_keys(words: tuple[str, ...], trickrun: Callable[..., Any]) -> None:
    placed = [str(ROOT / word) if word.startswith("recipes/") else word for word in words]
    body = trickrun(*placed, "--json").json
    assert set(body) >= WHOLE | {"seconds"}
    assert body["schema_version"] == 1
    assert body["command"] == words[0]
    assert set(body["result"]) >= RESULTS[words]


def test_an_error_and_a_finding_have_their_keys(trickrun: Callable[..., Any]) -> None:
    recipe = str(ROOT / "recipes" / "iris.yaml")
    wrong = trickrun("validate", recipe, "model.kind=mpl", "--json").json
    assert wrong["verdict"] == "error"
    assert set(wrong["error"]) >= {"message", "where", "hint"}
    warned = trickrun("validate", recipe, "model.head_activation=softmax", "--json").json
    assert set(warned["findings"][0]) >= FINDING


def test_exit_codes_mean_what_the_table_says() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE)
    told = {int(code): meaning for code, meaning in table}
    ours = {
        errors.USAGE: "not usable",
        errors.TRAINING_FAILED: "training failed",
        errors.BUG: "a bug",
        errors.INTERRUPTED: "interrupted",
        errors.BROKEN_PIPE: "stopped reading",
    }
    assert set(told) == {0, 1, *ours}
    for code, words in ours.items():
        assert words in told[code]
