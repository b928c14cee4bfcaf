"""``trickrun grad-check``: what it prints, writes and answers."""

from __future__ import annotations

from pathlib import Path

import pytest

IRIS = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8], activation: tanh}
regularizers: {l2: 1e-3, dropout: 0.1}
train: {epochs: 2, device: cpu}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "flowers.yaml"
    path.write_text(IRIS)
    return path.name


def test_grad_check_lists_parameters_and_draws_the_sweep(trickrun, recipe):
    ran = trickrun("grad-check", recipe, "--h-sweep")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].split() == [
        "parameter", "of", "relative", "error", "directions", "kinks", "largest", "gradient",
    ]  # fmt: skip
    assert lines[1].split()[:2] == ["linear1.weight", "loss"]
    assert "switched off: regularizers.dropout" in lines
    assert "Error of centred differences" in ran.out
    run = Path(lines[-1].removeprefix("run: "))
    assert "relative error" in (run / "h-sweep.svg").read_text()


def test_grad_check_answers_scripts(trickrun, recipe):
    body = trickrun("grad-check", recipe, "--json").json
    assert body["verdict"] == "pass"
    assert body["result"]["max_relative_error"] < 1e-6
    names = [(row["name"], row["of"]) for row in body["result"]["parameters"]]
    assert ("head.weight", "penalty") in names
    assert ("head.bias", "penalty") not in names
    assert not (Path(body["run"]) / "h-sweep.svg").exists()
