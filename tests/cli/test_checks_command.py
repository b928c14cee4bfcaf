"""initial-loss and overfit-batch from the command line: JSON, exit codes, words, run folders."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ran

RECIPE = (
    "{name: tiny, data: iris, model: {kind: mlp, hidden: [16]}, optimizer: {kind: adam, lr: 1e-2}}"
)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE)
    return path


def test_initial_loss_answers_in_json(trickrun: Callable[..., Ran], recipe: Path) -> None:
    ran = trickrun("initial-loss", recipe, "--seeds", 2, "--json")
    assert ran.code == 0
    assert (ran.json["command"], ran.json["verdict"]) == ("initial-loss", "pass")
    result = ran.json["result"]
    assert {"loss", "expected", "zero_input_loss", "per_seed"} <= set(result)
    assert len(result["per_seed"]) == 2
    evidence = json.loads((Path(ran.json["run"]) / "evidence.json").read_text())
    assert evidence["loss"] == result["loss"]


def test_a_fault_exits_with_1_and_its_edit_can_be_pasted(
    trickrun: Callable[..., Ran], recipe: Path
) -> None:
    fault = "init={kind: normal, std: 5}"
    ran = trickrun("initial-loss", recipe, fault)
    assert ran.code == 1
    assert "FAIL" in ran.out
    assert "✗ TR23" in ran.out
    assert "edit: 'init={kind: kaiming_normal}'" in ran.out
    assert "tried: " in ran.out
    assert trickrun("initial-loss", recipe, fault, "init={kind: kaiming_normal}").code == 0


def test_overfit_batch_answers_in_json(trickrun: Callable[..., Ran], recipe: Path) -> None:
    ran = trickrun("overfit-batch", recipe, "--size", 16, "--json")
    assert (ran.code, ran.json["verdict"]) == (0, "pass")
    result = ran.json["result"]
    keys = {"fitted", "steps", "final_loss", "final_accuracy", "disabled", "blocked_by"}
    assert keys <= set(result)
    assert (result["fitted"], result["samples"]) == (True, 16)
    resolved = (Path(ran.json["run"]) / "resolved.yaml").read_text()
    assert "batch_size: full" in resolved


def test_the_recorded_recipe_of_a_batch_can_be_trained(
    trickrun: Callable[..., Ran], recipe: Path
) -> None:
    run = Path(trickrun("overfit-batch", recipe, "--steps", 60, "--json").json["run"])
    again = trickrun("train", run / "resolved.yaml", "--json")
    assert again.code == 0
    assert again.json["result"]["steps"] == 60


def test_overfit_batch_says_what_blocks(trickrun: Callable[..., Ran], recipe: Path) -> None:
    ran = trickrun("overfit-batch", recipe, "init=zeros")
    assert ran.code == 1
    assert "Blocked by init" in ran.out
    assert "replaced alone" in ran.out
    assert "✗ TR22 Constant init (init)" in ran.out


def test_a_batch_of_one_is_refused(trickrun: Callable[..., Ran], recipe: Path) -> None:
    ran = trickrun("overfit-batch", recipe, "--size", 1)
    assert ran.code == 2
    assert "--size" in ran.err
