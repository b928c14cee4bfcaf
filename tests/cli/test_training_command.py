"""``trickrun train``: what it prints for people and for scripts, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

IRIS = """\
name: flowers
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 4, device: cpu}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "flowers.yaml"
    path.write_text(IRIS)
    return path.name


def test_a_pipe_gets_plain_lines(trickrun, recipe):
    ran = trickrun("train", recipe)
    assert ran.code == 0
    assert re.fullmatch(r"next: trickrun curves runs/flowers/\S+\n", ran.err)
    lines = ran.out.splitlines()
    assert lines[0].startswith("flowers: 67 parameters on cpu; 106 training samples, 22 valid")
    assert lines[1].startswith("run: runs/flowers/")
    assert [line.split("  ")[0] for line in lines[2:6]] == [f"epoch {i}/4" for i in (1, 2, 3, 4)]
    assert lines[2].endswith("lr 1.00e-02  best")
    assert lines[6].startswith("stopped by epochs after 4 epochs (28 steps, ")
    assert lines[7].startswith("best: epoch 4  train_loss ")
    assert lines[8].startswith("test: loss ")
    assert "\x1b" not in ran.out


def test_json_has_the_keys_of_the_contract(trickrun, recipe):
    ran = trickrun("train", recipe, "--json")
    assert ran.code == 0
    body = ran.json
    assert list(body) == [
        "schema_version",
        "command",
        "recipe",
        "run",
        "verdict",
        "result",
        "findings",
        "next",
        "seconds",
    ]
    assert (body["command"], body["recipe"], body["verdict"]) == ("train", recipe, "pass")
    assert Path(body["run"], "resolved.yaml").exists()
    result = body["result"]
    assert (result["epochs"], result["steps"], result["stopped_by"]) == (4, 28, "epochs")
    assert {"epoch", "val_loss", "val_accuracy"} <= result["best"].keys()
    assert result["test"].keys() == {"loss", "accuracy"}
    assert result["samples_per_second"] > 0
    assert "epoch 4/4" in ran.err


def test_a_missed_expectation_exits_1_and_is_named(trickrun, recipe):
    ran = trickrun("train", recipe, "expect={test.accuracy: '>= 0.9999', steps: '== 28'}")
    assert ran.code == 1
    assert ran.err.startswith("expectation missed: test.accuracy is ")
    missed, following = ran.err.splitlines()
    assert missed.endswith(", expected >= 0.9999")
    assert following.startswith("next: trickrun diagnose runs/flowers/")


def test_a_missed_expectation_in_json(trickrun, recipe):
    body = trickrun("train", recipe, "expect={best.val_loss: '< 0'}", "--json").json
    assert body["verdict"] == "fail"
    assert body["result"]["missed"] == [
        f"best.val_loss is {body['result']['best']['val_loss']:.4g}, expected < 0"
    ]


def test_a_loss_that_is_not_finite_exits_3_and_names_step_and_run(trickrun, recipe):
    ran = trickrun("train", recipe, "optimizer={kind: sgd, lr: 1e30}", "--json")
    assert ran.code == 3
    assert ran.json["verdict"] == "error"
    assert re.search(r"step \d+", ran.json["error"]["message"])
    assert ran.json["error"]["hint"]
    assert Path(ran.json["run"]).is_dir()


def test_dry_run_trains_nothing(trickrun, recipe, tmp_path):
    ran = trickrun("train", recipe, "--dry-run")
    assert ran.code == 0
    assert "67 parameters; 28 steps of 16 samples (7 per epoch) on cpu" in ran.out
    assert not (tmp_path / "runs").exists()
    assert all(line == line.rstrip() for line in ran.out.splitlines())


def test_dry_run_in_json(trickrun, recipe):
    result = trickrun("train", recipe, "--dry-run", "--json").json["result"]
    assert sum(layer["parameters"] for layer in result["layers"]) == result["parameters"] == 67
    assert result["memory_bytes"]["optimizer"] > 2 * 67 * 4


def test_user_code_cannot_break_the_json(trickrun, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from torch import nn\n"
        "def net(inputs, outputs):\n"
        "    print('hello from user code')\n"
        "    return nn.Linear(inputs[0], outputs)\n"
    )
    text = IRIS.replace("{kind: mlp, hidden: [8]}", "{kind: python, target: mine:net}")
    (tmp_path / "mine.yaml").write_text(text)
    ran = trickrun("train", "mine.yaml", "--json", "train.epochs=1")
    assert ran.json["verdict"] in ("pass", "warn")  # one epoch
    assert "hello from user code" in ran.err


def test_user_code_that_fails_while_training_is_blamed_by_line(trickrun, tmp_path):
    (tmp_path / "flawed.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Linear):\n"
        "    def forward(self, x):\n"
        "        if self.training:\n"
        "            raise RuntimeError('only fails in training')\n"
        "        return super().forward(x)\n"
        "def net(inputs, outputs):\n"
        "    return Net(inputs[0], outputs)\n"
    )
    text = IRIS.replace("{kind: mlp, hidden: [8]}", "{kind: python, target: flawed:net}")
    (tmp_path / "flawed.yaml").write_text(text)
    ran = trickrun("train", "flawed.yaml")
    assert ran.code == 2
    assert "RuntimeError: only fails in training" in ran.err
    assert "flawed.py, line 5" in ran.err
    assert "Traceback" not in ran.err


def test_warnings_of_the_recipe_are_told(trickrun, recipe):
    ran = trickrun("train", recipe, "early_stopping=50", "--json")
    (warning,) = (f for f in ran.json["findings"] if f["severity"] == "warning")
    assert (warning["code"], warning["where"]) == ("TR91", "early_stopping.patience")
    assert "! TR91 Patience as long as the run (early_stopping.patience): " in ran.err
    planned = trickrun("train", recipe, "early_stopping=50", "--dry-run", "--json")
    assert [finding["code"] for finding in planned.json["findings"]] == ["TR91"]
    assert "! TR91 " in planned.err


def test_constant_features_are_told(trickrun, tmp_path):
    rows = "\n".join(f"{i % 13},7,{i % 2}" for i in range(40))
    (tmp_path / "table.csv").write_text(f"a,same,label\n{rows}\n")
    (tmp_path / "t.yaml").write_text(
        "data: {kind: csv, path: table.csv, target: label, batch_size: 8}\n"
        "model: {kind: mlp, hidden: [4]}\ntrain: 1\n"
    )
    ran = trickrun("train", "t.yaml")
    assert "constant in training, so not scaled: feature same\n" in ran.out
    plan = trickrun("train", "t.yaml", "--dry-run", "--json").json["result"]
    assert plan["constant_features"] == [1]


def test_resume_of_a_finished_run_with_more_epochs(trickrun, recipe):
    trickrun("train", recipe)
    ran = trickrun("train", "--resume", "flowers", "train.epochs=6", "--json")
    assert ran.code == 0
    assert ran.json["result"]["epochs"] == 6
    again = trickrun("train", "--resume", Path(ran.json["run"]).name)
    assert again.code == 2
    assert "this run is finished" in again.err


def test_ctrl_c_saves_and_can_be_resumed(trickrun, recipe, tmp_path):
    program = "from trickrun.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "train", recipe, "train.epochs=100000", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "epoch" in line and "train_loss" in line:
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    body = json.loads(out)
    assert body["verdict"] == "error"
    assert body["result"]["stopped_by"] == "interrupt"
    assert body["error"]["hint"] == f"continue with: trickrun train --resume {body['run']}"
    epochs = int(body["result"]["epochs"]) + 1
    ran = trickrun("train", "--resume", body["run"], f"train.epochs={epochs}", "--json")
    assert ran.code == 0
    assert ran.json["result"]["epochs"] == epochs


@pytest.fixture
def terminal(monkeypatch):
    """Make rich take whatever stdout is for a colour terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_terminal_gets_a_bar_and_curves(trickrun, recipe, terminal):
    shown = trickrun("train", recipe).out
    assert "\x1b[1mtraining" in shown
    assert "samples/s  ETA" in shown
    assert "epoch 4/4" in shown
    assert "loss curves" in shown
    assert "── train_loss   ━━ val_loss" in shown


def colours(text: str) -> list[str]:
    return re.findall(r"\x1b\[[\d;]*3\dm", text)


def test_no_color_is_respected(trickrun, recipe, terminal, monkeypatch):
    assert colours(trickrun("train", recipe).out)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours(trickrun("train", recipe).out)


@pytest.mark.parametrize("option", [("--stop-when", "lost"), ("--watch",)])
def test_a_lost_run_is_ended_with_its_reason(trickrun, recipe, option):
    dead = ["init={kind: constant, value: 0.0}", "optimizer.lr=1e-9"]
    length = ["train.steps=1000", "train.look_every=100"]
    ran = trickrun("train", recipe, *dead, *length, *option, "--json")
    assert ran.code == 3
    assert ("notice: --watch is now called --stop-when lost\n" in ran.err) == (len(option) == 1)
    assert ran.json["findings"][0]["code"] == "TR22"
    explained = {finding["code"]: finding["explained_by"] for finding in ran.json["findings"]}
    assert explained["TR43"] == "TR22"
    assert ran.json["error"]["where"] == "TR43 Dead units"
    assert ran.json["error"]["hint"].startswith(
        "TR22 Constant init explains it: 'init={kind: auto}'"
    )
    lines = Path(ran.json["run"], "metrics.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["cause"] == "lost"


def test_a_healthy_run_is_not_ended_as_lost(trickrun, recipe):
    ran = trickrun("train", recipe, "--stop-when", "lost", "--json")
    assert ran.code == 0
    assert ran.json["result"]["stopped_by"] == "epochs"


def test_the_old_name_of_stop_when_is_not_in_the_help(trickrun):
    shown = trickrun("train", "--help").out
    assert "--stop-when" in shown
    assert "--watch" not in shown


def test_train_tells_why_a_run_did_not_learn(trickrun, recipe):
    changes = ["init={kind: constant, value: 0.0}", "train={steps: 40, look_every: 10}"]
    ran = trickrun("train", recipe, *changes, "train.eval_every=5")
    assert ran.code == 0
    assert "TR22 Constant init (init): All hidden weights" in ran.err
    assert "explains TR43 Dead units (linear1)" in ran.out
    assert ran.err.splitlines()[-1].startswith("next: trickrun train ")
    assert ran.err.splitlines()[-1].endswith(" train.eval_every=5 'init={kind: auto}'")
    folder = Path(re.search(r"run: (\S+)", ran.out)[1])
    codes = [finding["code"] for finding in json.loads((folder / "findings.json").read_text())]
    assert codes[0] == "TR22"
    assert "TR43" in codes
    assert "explains TR43 Dead units (linear1): All units" in ran.err
    evidence = json.loads((folder / "evidence.json").read_text())
    assert evidence["version"] == 1
    assert [look["step"] for look in evidence["looks"]] == [0, 10, 20, 30]
    assert len(evidence["curves"]["val_loss"]) == 8
