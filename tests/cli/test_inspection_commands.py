"""``trickrun grad-check`` and ``trickrun signal``: what they print, write and answer."""

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


def test_signal_has_the_keys_of_the_contract_and_draws(trickrun, recipe):
    body = trickrun("signal", recipe, "--steps", 8, "--json").json
    assert body["verdict"] == "pass"
    for layer in body["result"]["layers"]:
        assert {"name", "activation", "gradient_norm", "update_ratio"} <= set(layer)
        assert set(layer["activation"]) == {"mean", "std", "dead_fraction", "saturated_fraction"}
    names = {path.name for path in Path(body["run"]).glob("*.svg")}
    assert names == {"histograms.svg", "depth.svg", "updates.svg"}


def test_signal_of_a_run_that_explodes_ends_with_a_finding(trickrun, recipe):
    ran = trickrun("signal", recipe, "optimizer={kind: sgd, lr: 1e30}", "--json")
    assert (ran.code, ran.json["verdict"]) == (1, "fail")
    codes = [finding["code"] for finding in ran.json["findings"]]
    assert codes[0] == "TR35"  # the cause; that it explodes is what it brings about
    assert (Path(ran.json["run"]) / "histograms.svg").exists()
