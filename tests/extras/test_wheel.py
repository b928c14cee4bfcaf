"""The wheel, installed where there is no clone, does what the commands and the API promise.

It runs in the environment that ``.ci/extras wheel`` makes; ``trickrun`` is the installed one.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import trickrun

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).parent / "trickrun"

SCRIPT = (ROOT / "docs" / "examples" / "digits_mlp.py").read_text(encoding="utf-8")


def ran(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Run the installed command in a folder outside the clone; return its exit code and answer."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(COMMAND), *words, "--json"], cwd=folder, env=kept, capture_output=True, text=True
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_it_is_the_installed_package() -> None:
    package = Path(trickrun.__file__).parent
    assert not package.is_relative_to(ROOT)
    assert (package / "py.typed").is_file()
    assert list(package.glob("reporting/templates/*.j2"))


def test_its_metadata_are_complete() -> None:
    about = importlib.metadata.metadata("trickrun")
    for field in ("Summary", "Author", "License-Expression", "Keywords", "Requires-Python"):
        assert about[field], field
    assert about["Description-Content-Type"] == "text/markdown"
    assert "Typing :: Typed" in about.get_all("Classifier", [])
    told = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "install.md").read_text(), re.MULTILINE)
    assert set(about.get_all("Provides-Extra", [])) == set(told)


def test_a_recipe_is_begun_and_trained(tmp_path: Path) -> None:
    assert ran(tmp_path, "new", "flowers", "--data", "iris", "--model", "mlp")[0] == 0
    code, answer = ran(tmp_path, "train", "flowers.yaml", "train.epochs=2")
    assert code == 0, answer
    assert (tmp_path / answer["run"] / "checkpoints" / "best.pt").is_file()


def test_a_recipe_is_begun_for_a_table(tmp_path: Path) -> None:
    rows = "".join(f"{n % 7},{n % 5},{'ab'[n % 7 > 3]}\n" for n in range(120))
    (tmp_path / "table.csv").write_text(f"x,y,kind\n{rows}")
    assert ran(tmp_path, "new", "table", "--data", "table.csv", "--target", "kind")[0] == 0
    code, answer = ran(tmp_path, "train", "table.yaml", "train.epochs=2")
    assert code == 0, answer


def test_a_script_is_watched(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [str(COMMAND), "watch", "--json", "script.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    codes = {finding["code"] for finding in json.loads(done.stdout)["findings"]}
    assert codes >= {"TR26", "TR46", "TR47"}


def test_every_recipe_of_the_list_is_inside(tmp_path: Path) -> None:
    code, answer = ran(tmp_path, "recipes")
    assert code == 0
    paths = [*ROOT.glob("recipes/*.yaml"), *ROOT.glob("recipes/broken/*.yaml")]
    assert len(answer["result"]["recipes"]) == len(paths)
    for recipe in answer["result"]["recipes"]:
        code, copied = ran(tmp_path, "recipes", "copy", recipe["name"], "all")
        assert code == 0, copied
        for file in recipe["files"]:
            assert (tmp_path / "all" / file).read_bytes() == (ROOT / "recipes" / file).read_bytes()


@pytest.mark.parametrize("name", ["iris", "fruit"])
def test_a_copied_recipe_trains(name: str, tmp_path: Path) -> None:
    assert ran(tmp_path, "recipes", "copy", name, "recipes")[0] == 0
    code, answer = ran(tmp_path, "train", f"recipes/{name}.yaml")
    assert code == 0, answer


def test_a_checklist_is_taken_and_reported(tmp_path: Path) -> None:
    assert ran(tmp_path, "recipes", "copy", "iris")[0] == 0
    code, answer = ran(tmp_path, "checklist", "iris.yaml", "--budget", "90s")
    assert code in (0, 1), answer
    assert (tmp_path / answer["run"] / "report.html").is_file()
