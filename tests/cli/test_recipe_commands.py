"""``validate``, ``show``, ``schema`` and ``new`` as people and scripts use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Trickrun = Callable[..., Any]

RECIPE = "data: digits\nmodel: mlp\ntrain: {epochs: 3}\n"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE)
    return path


def test_validate_says_ok(trickrun: Trickrun, recipe: Path) -> None:
    ran = trickrun("validate", "r.yaml")
    assert (ran.code, ran.out) == (0, "r.yaml: ok\n")
    assert ran.err == "next: trickrun initial-loss r.yaml\n"


def test_validate_draws_every_problem_and_exits_2(trickrun: Trickrun, recipe: Path) -> None:
    recipe.write_text(RECIPE + "sed: 1\n")
    ran = trickrun("validate", "r.yaml", "model.hidden=[0]")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.splitlines() == [
        "error: 2 problems in the recipe",
        "r.yaml:4:1: sed: unknown key 'sed'",
        "    4 | sed: 1",
        "      | ^^^",
        "        did you mean seed?",
        "command line: model.hidden=[0]: model.hidden.0: "
        "expected a whole number of 1 or more, but 0 is given",
        "      | model.hidden=[0]",
        "      |               ^",
        "        units of each hidden layer; may be []",
    ]


def test_validate_tells_what_keeps_a_recipe_from_training(trickrun: Trickrun, recipe: Path) -> None:
    ran = trickrun("validate", "r.yaml", "model.head_activation=softmax", "optimizer.lr=0.5")
    assert ran.code == 1
    assert ran.err.startswith("next: trickrun validate r.yaml ")
    lines = ran.out.splitlines()
    assert lines[:2] == [
        "r.yaml: ok",
        "✗ TR26 Probabilities into cross_entropy (model.head_activation)",
    ]
    assert "  edit: model.head_activation=linear" in lines
    assert any(line.startswith("! TR35 Learning rate too high") for line in lines)
    warned = trickrun("validate", "r.yaml", "optimizer.lr=0.5", "--json")
    assert (warned.code, warned.json["verdict"]) == (0, "warn")
    assert [finding["code"] for finding in warned.json["findings"]] == ["TR35"]


def test_validate_with_data_tells_what_the_data_show(trickrun: Trickrun, recipe: Path) -> None:
    ran = trickrun("validate", "r.yaml", "data.kind=wine", "data.normalize=none", "--data")
    assert ran.code == 1
    assert "✗ TR01 Unscaled inputs (data.normalize)" in ran.out
    assert trickrun("validate", "r.yaml", "data.kind=wine", "data.normalize=none").code == 0


def test_validate_answers_scripts(trickrun: Trickrun, recipe: Path) -> None:
    good = trickrun("validate", "r.yaml", "--json")
    assert good.code == 0
    assert good.json["verdict"] == "pass"
    assert good.json["result"] == {"ok": True, "errors": []}
    recipe.write_text(RECIPE + "sed: 1\n")
    bad = trickrun("validate", "r.yaml", "--json")
    assert bad.code == 2
    assert bad.json["verdict"] == "error"
    assert bad.json["recipe"] == "r.yaml"
    assert bad.json["result"] == {
        "ok": False,
        "errors": [
            {
                "file": "r.yaml",
                "line": 4,
                "column": 1,
                "path": "sed",
                "message": "unknown key 'sed'",
                "hint": "did you mean seed?",
            }
        ],
    }


def test_validate_warns_and_exits_0(trickrun: Trickrun, recipe: Path) -> None:
    ran = trickrun("validate", "r.yaml", "early_stopping=9")
    assert ran.code == 0
    assert "! TR91 Patience as long as the run (early_stopping.patience)" in ran.out
    assert "A patience of 9 never stops a run of 3 evaluations" in ran.out
    assert trickrun("validate", "r.yaml", "early_stopping=9", "--json").json["verdict"] == "warn"


def test_validate_refuses_python_where_asked(trickrun: Trickrun, recipe: Path) -> None:
    recipe.write_text(
        "data: digits\nmodel: {kind: python, target: 'no.such:Thing'}\n"
        "train: {step: 'mine:step'}\n"
        "grid: {metric: val_accuracy, coarse: {space: {loss: [mse, {kind: python, "
        "target: 'a:b'}]}}}\n"
    )
    assert trickrun("validate", "r.yaml").code == 0
    ran = trickrun("validate", "r.yaml", "--no-python", "--json")
    assert ran.code == 2
    assert [error["path"] for error in ran.json["result"]["errors"]] == [
        "model",
        "train.step",
        "grid.coarse.space.loss.choice.1",
    ]


def test_validate_with_data_locates_what_only_the_data_tell(
    trickrun: Trickrun, recipe: Path
) -> None:
    recipe.write_text(RECIPE + "metrics:\n  - r2\n")
    assert trickrun("validate", "r.yaml").code == 0
    ran = trickrun("validate", "r.yaml", "--data", "--json")
    assert ran.code == 2
    (error,) = ran.json["result"]["errors"]
    assert (error["path"], error["line"]) == ("metrics", 5)
    assert trickrun("validate", "r.yaml", "metrics=[accuracy]", "--data").code == 0


def test_show_prints_a_recipe_that_loads(trickrun: Trickrun, recipe: Path) -> None:
    ran = trickrun("show", "r.yaml", "seed=3")
    assert ran.code == 0
    Path("shown.yaml").write_text(ran.out)
    again = trickrun("show", "shown.yaml", "--json").json["result"]["recipe"]
    assert again == trickrun("show", "r.yaml", "seed=3", "--json").json["result"]["recipe"]
    assert again["seed"] == 3
    assert again["optimizer"]["kind"] == "adam"


def test_show_draws_what_augmentations_do(trickrun: Trickrun, recipe: Path) -> None:
    change = "augmentation=[flip, {kind: noise, std: 0.1}]"
    ran = trickrun("show", "r.yaml", change, "--augmented", "--samples", "2", "--json")
    assert ran.code == 0
    assert ran.json["result"] == {
        "path": "r-augmented.png",
        "columns": ["as it is", "flip", "noise", "all together"],
        "samples": 2,
    }
    assert Path("r-augmented.png").is_file()


def test_schema_prints_the_schema_alone(trickrun: Trickrun) -> None:
    ran = trickrun("schema")
    assert json.loads(ran.out)["title"] == "trickrun recipe"
    assert trickrun("schema", "--json").json["result"]["schema"] == json.loads(ran.out)


def test_new_writes_a_recipe_and_refuses_to_overwrite(trickrun: Trickrun) -> None:
    ran = trickrun("new", "mine", "--data", "iris", "--model", "mlp", "train.epochs=2")
    assert ran.code == 0
    assert ran.out == "wrote mine.yaml\n"
    assert trickrun("validate", "mine.yaml", "early_stopping=null").out == "mine.yaml: ok\n"
    again = trickrun("new", "mine", "--data", "iris", "--model", "mlp")
    assert again.code == 2
    assert "exists already" in again.err


def test_new_asks_a_person_and_nobody_else(
    trickrun: Trickrun, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "give --data: " in trickrun("new", "mine").err
    answers = iter(["csv", "mlp", "my.csv", "class"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda question, default: next(answers))
    assert trickrun("new", "mine").code == 0
    assert "  path: my.csv" in Path("mine.yaml").read_text()
    assert "give --data: " in trickrun("new", "other", "--json").json["error"]["hint"]


def test_a_recipe_is_checked_without_torch() -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from trickrun.recipe.load import load\n"
        "load(Path('recipes/digits.yaml'), ['grid.coarse.space.optimizer.lr=[0.1, 0.2]'])\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'matplotlib', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
