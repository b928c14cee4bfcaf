"""What the package imports is declared in pyproject.toml, and its version is pinned."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGE_OF = {
    "PIL": "pillow",
    "mlflow": "mlflow-skinny",
    "pydantic_core": "pydantic",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Packages whose name is not that of the module."""


def names(requirements: Iterable[str]) -> set[str]:
    """Return the packages that requirements such as ``numpy>=1.26`` name."""
    return {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0] for requirement in requirements}


REQUIRED = names(PROJECT["dependencies"])
EXTRAS = PROJECT["optional-dependencies"]
OPTIONAL = names(
    requirement
    for extra in ("pretrained", "lightning", "transformers", "mlflow", "wandb", "trackio")
    for requirement in EXTRAS[extra]
)


def imported(*files: Path) -> set[str]:
    """Return the packages of other projects that ``files`` import, at any depth."""
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    found -= {"trickrun", *sys.stdlib_module_names}
    return {PACKAGE_OF.get(name, name.replace("_", "-")) for name in found}


def test_what_is_imported_is_declared_and_the_other_way() -> None:
    assert REQUIRED <= imported(*(ROOT / "trickrun").rglob("*.py")) <= REQUIRED | OPTIONAL


def test_what_is_declared_has_a_tested_version() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()
    tested = {name for extra in EXTRAS if extra != "bench" for name in names(EXTRAS[extra])}
    pinned = {pin.split("==")[0] for pin in pins}
    assert pinned >= REQUIRED | {name.lower() for name in tested - {"trickrun"}}


def test_the_gpu_script_needs_nothing_else() -> None:
    scripts = ("gpu", "gpu_cases", "grid_speed", "results")
    beside = {name.replace("_", "-") for name in (*scripts, "exactness")}
    files = [ROOT / "benchmarks" / f"{name}.py" for name in scripts]
    assert imported(*files, ROOT / "tests" / "exactness.py") - beside <= REQUIRED
