"""Through the command line: numbers far from zero are learned, scored and written as the file has
them."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

RECIPE = """\
name: r
data: {kind: csv, path: t.csv, target: TARGET, batch_size: 16, OPTIONS}
model: {kind: mlp, hidden: [8]}
metrics: [mae, r2]
optimizer: {kind: adam, lr: 1e-2}
train: {epochs: 20, device: cpu, look_every: 0}
"""


def written(folder: Path, target: str, options: str = "normalize: standard") -> Path:
    path = folder / "r.yaml"
    path.write_text(RECIPE.replace("TARGET", target).replace("OPTIONS", options))
    return path


@pytest.fixture
def due(tmp_path, monkeypatch):
    """A table of one input and seconds since 1970 that rise with it, by a hundred."""
    monkeypatch.chdir(tmp_path)
    draw = random.Random(0)
    rows = []
    for _ in range(200):
        a = draw.random()
        rows.append(f"{a:.6f},{1_700_000_000 + int(100 * a) + draw.randrange(-5, 6)}")
    (tmp_path / "t.csv").write_text("\n".join(["a,due", *rows]) + "\n")
    return tmp_path


def column(text: str, name: str) -> list[float]:
    return [float(row[name]) for row in csv.DictReader(text.splitlines())]


@pytest.mark.parametrize("scale", ["none", "standard"])
def test_scores_are_those_of_the_written_predictions_and_the_file(trickrun, due, scale):
    ran = trickrun("train", written(due, "due", f"scale_targets: {scale}"), "--json")
    assert ran.code == 0, ran.err
    scored = trickrun("eval", "r", "--data", "t.csv", "--json").json["result"]
    said = column(trickrun("predict", "r", "t.csv").out, "due")
    true = column(Path("t.csv").read_text(), "due")
    mae = mean_absolute_error(true, said)
    assert scored["scores"]["mae"] == pytest.approx(mae, rel=1e-12)
    assert scored["per_target"][0]["mae"] == pytest.approx(mae, rel=1e-12)
    assert scored["scores"]["r2"] == pytest.approx(r2_score(true, said), rel=1e-9)
    if scale == "standard":
        assert mae < 10
        assert len(set(said)) > 190


def test_training_tells_the_same_metrics_as_the_file_s_test_part(trickrun, due):
    ran = trickrun("train", written(due, "due", "scale_targets: standard"), "--json")
    told = ran.json["result"]["test"]
    assert trickrun("eval", "r", "--json").json["result"]["scores"] == pytest.approx(told)
    assert 1 < told["mae"] < 20


def test_what_is_written_is_read_again_as_the_same_numbers(trickrun, due):
    assert trickrun("train", written(due, "due", "scale_targets: standard")).code == 0
    told = trickrun("predict", "r", "t.csv", "--json").json["result"]["predictions"]
    assert column(trickrun("predict", "r", "t.csv").out, "due") == [row["due"] for row in told]
    trickrun("predict", "r", "t.csv", "--out", "p.csv")
    assert column(Path("p.csv").read_text(), "due") == [row["due"] for row in told]


def test_probabilities_have_the_digits_of_float32(trickrun, due):
    rows = [line.split(",") for line in Path("t.csv").read_text().split()[1:]]
    kinds = [f"{a},{'late' if int(due) % 2 else 'soon'}" for a, due in rows]
    Path("t.csv").write_text("\n".join(["a,kind", *kinds]) + "\n")
    written(due, "kind")
    assert trickrun("train", "r.yaml", "metrics=null").code == 0
    out = trickrun("predict", "r", "t.csv").out
    soon = column(out, "p_soon")
    assert all(len(cell.split(",")[1]) <= 16 for cell in out.splitlines()[1:])
    assert np.array(soon) == pytest.approx(np.float32(soon), rel=1e-7)
    told = trickrun("predict", "r", "t.csv", "--json").json["result"]["predictions"]
    assert soon == [row["p_soon"] for row in told]


def test_two_days_are_two_values(trickrun, tmp_path, monkeypatch):
    """The class is the day's last bit, which float32 does not have."""
    monkeypatch.chdir(tmp_path)
    lines = [f"{20240303 + i % 2},{'ab'[i % 2]}" for i in range(120)]
    (tmp_path / "t.csv").write_text("\n".join(["day,kind", *lines]) + "\n")
    recipe = written(tmp_path, "kind")
    ran = trickrun("train", recipe, "metrics=null", "--json")
    assert ran.json["result"]["test"]["accuracy"] == 1
    facts = json.loads((Path(ran.json["run"]) / "data.json").read_text())
    assert facts["normalized"] is True
    assert facts["shift"] == pytest.approx([20240303.5], abs=1e-6)
    raw = trickrun("validate", recipe, "--data", "data.normalize=none", "metrics=null", "--json")
    (found,) = [f for f in raw.json["findings"] if f["code"] == "TR109"]
    assert found["evidence"] == {"name": "day", "values": 2, "left": 1, "features": 1}
    assert found["edit"] == {"data.normalize": {"kind": "standard"}}
    mended = trickrun("validate", recipe, "--data", "metrics=null", "--json")
    assert "TR109" not in [f["code"] for f in mended.json["findings"]]


def test_targets_that_float32_merges_are_told(trickrun, due):
    recipe = written(due, "due", "scale_targets: none")
    told = trickrun("validate", recipe, "--data", "--json").json["findings"]
    (found,) = [f for f in told if f["code"] == "TR109"]
    assert found["edit"] == {"data.scale_targets": "standard"}
    told = trickrun("validate", recipe, "--data", "data.scale_targets=standard", "--json").json
    assert "TR109" not in [f["code"] for f in told["findings"]]


def test_a_metric_of_your_own_gets_the_file_s_values_in_float64(trickrun, due):
    Path("mine.py").write_text(
        "def largest(prediction, target):\n"
        "    assert str(prediction.dtype) == str(target.dtype) == 'torch.float64'\n"
        "    return (target % 2).sum() / len(target)\n"
    )
    recipe = written(due, "due", "scale_targets: none")
    metrics = "metrics=[{kind: python, target: 'mine:largest'}]"
    ran = trickrun("train", recipe, metrics, "--json")
    assert ran.code == 0, ran.err
    scored = trickrun("eval", "r", "--data", "t.csv", "--json").json["result"]["scores"]
    odd = [value % 2 for value in column(Path("t.csv").read_text(), "due")]
    assert scored["largest"] == pytest.approx(np.mean(odd))


def test_the_whole_way_in_processes_of_their_own(due):
    written(due, "due", "scale_targets: standard")

    def ran(*words: str) -> str:
        command = [sys.executable, "-m", "trickrun", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout

    ran("train", "r.yaml")
    said = column(ran("predict", "r", "t.csv"), "due")
    true = column(Path("t.csv").read_text(), "due")
    told = json.loads(ran("eval", "r", "--data", "t.csv", "--json"))["result"]["scores"]
    assert told["mae"] == pytest.approx(float(np.abs(np.subtract(said, true)).mean()), rel=1e-12)
    assert told["mae"] < 10
