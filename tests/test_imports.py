"""Imports point one way, and what only reads recipes brings in no torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import trickrun

ROOT = Path(trickrun.__file__).parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("cli", "docs", "api"),
    ("reporting",),
    ("checks", "tracking"),
    ("search", "export"),
    ("run",),
    ("training", "watching"),
    ("recipe",),
    ("models",),
    ("tricks",),
    ("data",),
    ("nn", "params", "user_code"),
    ("errors", "findings"),
)
"""The rooms of trickrun, from the command line down: each imports only rooms of lower layers."""

DUNDER = ("__main__", "__init__", "__version__")

FLOOR = {room: floor for floor, rooms in enumerate(LAYERS) for room in rooms}

EVIDENCE_ONLY = "findings"
"""It imports nothing of trickrun but itself: its input is plain data."""


def imports() -> Iterator[tuple[str, str, str]]:
    """Yield importing part, imported part and file, imports inside functions included."""
    for file in ROOT.rglob("*.py"):
        importing = file.relative_to(ROOT).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for name in imported(node):
                parts = name.split(".")
                if parts[0] == "trickrun" and parts[1:] and parts[1] != importing:
                    yield importing, parts[1], str(file.relative_to(ROOT))


def imported(node: ast.AST) -> list[str]:
    """Return the dotted names that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        assert node.level == 0, "relative imports hide where they point"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def test_imports_point_one_way():
    wrong = [
        f"{file}: {importing} imports {part}"
        for importing, part, file in imports()
        if importing not in DUNDER and part not in DUNDER and FLOOR[importing] >= FLOOR[part]
    ]
    assert wrong == []


def test_a_diagnosis_knows_only_evidence():
    assert [part for importing, part, _ in imports() if importing == EVIDENCE_ONLY] == []


def test_the_layers_name_every_room_once():
    rooms = {path.stem for path in ROOT.iterdir() if path.suffix in ("", ".py")}
    assert sorted(FLOOR) == sorted(rooms - {"__main__", "__init__", "__pycache__"})
    assert len(FLOOR) <= 20
    assert len(LAYERS) <= 12


PROGRAM = """
import importlib, pkgutil, sys
for name in ("recipe", "tricks", "models", "data", "findings", "cli"):
    package = importlib.import_module(f"trickrun.{name}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if "._torch_" not in module.name:  # the torch half of a trick, imported by its build
            importlib.import_module(module.name)
print([name for name in ("torch", "numpy", "sklearn", "scipy") if name in sys.modules])
"""


def test_reading_recipes_imports_no_torch():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("command", ["initial-loss", "overfit-batch", "train"])
def test_what_draws_nothing_waits_for_no_matplotlib(command, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: iris\nmodel: {kind: mlp, hidden: [8]}\ntrain: {epochs: 1}\n")
    python = [sys.executable, "-X", "importtime"]  # it tells on stderr
    done = subprocess.run(
        [*python, "-m", "trickrun", command, recipe], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode <= 1, done.stdout
    assert "| trickrun" in done.stderr
    assert "matplotlib" not in done.stderr


def test_a_list_of_runs_waits_for_no_recipe_language(tmp_path):
    python = [sys.executable, "-X", "importtime"]
    done = subprocess.run(
        [*python, "-m", "trickrun", "runs"], capture_output=True, text=True, cwd=tmp_path
    )
    assert "no runs in" in done.stdout
    assert "trickrun.run.listing" in done.stderr
    for part in ("trickrun.recipe", "trickrun.tricks", "trickrun.findings.faults", "torch"):
        assert part not in done.stderr
