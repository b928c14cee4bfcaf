"""No command passes what is no better than always giving the same answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NOISE = """\
name: noise
data: {kind: csv, path: noise.csv, target: label, batch_size: 32}
model: {kind: mlp, hidden: [16]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 8, device: cpu}
grid:
  coarse: {trials: 3, epochs: 2, space: {optimizer.lr: {log: [1e-3, 1e-1]}}}
"""

REAL = """\
name: real
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [16]}
optimizer: {kind: adam, lr: 0.01, schedule: cosine}
train: {epochs: 30, device: cpu}
"""


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Return a folder with a recipe whose classes follow from nothing."""
    draw = np.random.default_rng(0)
    rows = np.round(draw.normal(size=(500, 6)), 3)
    labels = draw.choice(list("abc"), size=500)
    lines = [",".join([*map(str, row), label]) for row, label in zip(rows, labels, strict=True)]
    (tmp_path / "noise.csv").write_text("a,b,c,d,e,f,label\n" + "\n".join(lines) + "\n")
    (tmp_path / "noise.yaml").write_text(NOISE)
    (tmp_path / "real.yaml").write_text(REAL)
    return tmp_path


def ran(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code of a command line, in a process of its own, and its JSON object."""
    done = subprocess.run(
        [sys.executable, "-m", "trickrun", *arguments, "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_noise_is_a_warning_of_train_and_eval_and_fails_curves(noise: Path) -> None:
    code, told = ran(noise, "train", "noise.yaml")
    assert (code, told["verdict"]) == (0, "warn")
    first = told["findings"][0]
    assert (first["code"], first["severity"]) == ("TR112", "error")
    assert "always giving the same answer costs" in first["why"]
    assert f"`trickrun diagnose {Path(told['run']).name}`" in first["why"]

    code, told = ran(noise, "eval", "noise", "--reference")
    assert (code, told["verdict"]) == (0, "warn")
    assert told["findings"][0]["code"] == "TR112"
    assert told["result"]["constant"]["accuracy"] == pytest.approx(1 / 3, abs=0.1)
    assert told["result"]["reference"]["linear"] == pytest.approx(1 / 3, abs=0.2)

    code, told = ran(noise, "curves", "noise")
    assert (code, told["verdict"]) == (1, "fail")
    (run,) = told["result"]["runs"]
    assert run["shape"] == "at_chance"
    assert run["constant"]["loss"] == pytest.approx(1.1, abs=0.02)
    assert run["reference"]["metric"] == "accuracy"


@pytest.mark.parametrize("command", [("lr-find",), ("grid", "coarse")])
def test_noise_fails_a_search(noise: Path, command: tuple[str, ...]) -> None:
    code, told = ran(noise, *command, "noise.yaml")
    assert (code, told["verdict"]) == (1, "fail")
    assert told["findings"][0]["code"] == "TR112"
    assert told["result"]["constant"]["loss"] == pytest.approx(1.1, abs=0.02)


def test_noise_fails_a_checklist_and_nothing_is_written(noise: Path) -> None:
    code, told = ran(noise, "checklist", "noise.yaml", "--budget", "120s")
    assert (code, told["verdict"]) == (1, "fail")
    assert told["findings"][0]["code"] == "TR112"
    assert told["result"]["tuned_recipe"] is None


def test_a_rate_that_is_far_too_low_is_told_and_a_healthy_recipe_passes(noise: Path) -> None:
    code, told = ran(noise, "curves", "real.yaml", "optimizer.lr=1e-7")
    assert (code, told["verdict"]) == (1, "fail")
    assert "TR112" in [finding["code"] for finding in told["findings"]]
    code, told = ran(noise, "curves", "real.yaml")
    assert code == 0
    assert not {"TR112", "TR113"} & {finding["code"] for finding in told["findings"]}
    code, told = ran(noise, "eval", told["result"]["runs"][0]["path"])
    assert (code, told["verdict"], told["findings"]) == (0, "pass", [])


def test_less_than_an_epoch_is_too_short_to_judge_in_the_terminal_too(noise: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trickrun", "train", "real.yaml", "train.steps=3"],
        cwd=noise,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "! TR66 Too short to judge (train)" in done.stdout
    assert "The run ends after 3 steps, before one epoch is over." in done.stdout


def test_what_a_run_kept_of_its_constant_answer_is_checked(noise: Path) -> None:
    _, told = ran(noise, "train", "real.yaml")
    path = noise / told["run"] / "data.json"
    facts = json.loads(path.read_text())
    facts["constant_answer"]["scores"]["val"]["samples"] = 0
    path.write_text(json.dumps(facts))
    code, told = ran(noise, "curves", "real")
    assert code == 2
    assert "data.json" in told["error"]["message"]
