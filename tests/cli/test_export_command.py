"""``trickrun export``: a run as plain PyTorch, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RECIPE = """\
name: flowers
data: iris
model: {kind: mlp, hidden: [8]}
normalization: batch
regularizers: {dropout: 0.2, l2: 1e-3}
optimizer: {kind: adamw, lr: 0.01, schedule: {kind: cosine, warmup: 3}, clip: 1.0}
train: {epochs: 2, device: cpu}
"""

OWN = """\
from torch import nn

from layers import WIDTH


def network(inputs, outputs, depth=1):
    middle = [layer for _ in range(depth) for layer in (nn.Linear(WIDTH, WIDTH), nn.ReLU())]
    return nn.Sequential(nn.Linear(*inputs, WIDTH), *middle, nn.Linear(WIDTH, outputs))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, run):
    """A folder with a run of each recipe."""
    path = tmp_path_factory.mktemp("export")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        (path / "flowers.yaml").write_text(RECIPE)
        (path / "mine.py").write_text(OWN)
        (path / "layers.py").write_text("WIDTH = 6\n")
        own = RECIPE.replace("flowers", "own").replace("normalization: batch\n", "")
        own = own.replace("dropout: 0.2, ", "")
        own = own.replace("{kind: mlp, hidden: [8]}", "{kind: python, target: 'mine:network'}")
        (path / "own.yaml").write_text(own)
        for name in ("flowers", "own"):
            ran = run("train", f"{name}.yaml")
            assert ran.code == 0, ran.both
    return path


@pytest.fixture(autouse=True)
def inside(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TRICKRUN_RUNS", raising=False)


def test_an_export_predicts_and_trains_without_trickrun(run, tmp_path):
    to = tmp_path / "plain"
    ran = run("export", "flowers", "--to", to, "--json")
    assert ran.code == 0, ran.err
    told = ran.json["result"]
    assert [each["form"] for each in told["compared"]] == ["plain"]
    assert told["compared"][0]["relative"] <= 1e-6
    assert told["train_losses_differ_by"] <= 1e-5
    assert told["notes"] == []
    assert sorted(file.name for file in to.iterdir()) == told["files"]
    assert not [file for file in to.glob("*.py") if "trickrun." in file.read_text()]
    assert [file.name for file in tmp_path.iterdir()] == ["plain"]

    table = [["a", "b", "c", "d"], [5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
    with (tmp_path / "new.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(table)
    names = json.loads((to / "preprocessing.json").read_text())["features"]
    text = (tmp_path / "new.csv").read_text().replace("a,b,c,d", ",".join(names))
    (tmp_path / "new.csv").write_text(text)
    words = [sys.executable, "predict.py", str(tmp_path / "new.csv")]
    done = subprocess.run(words, cwd=to, capture_output=True, text=True, check=True)
    ours = list(csv.reader(io.StringIO(run("predict", "flowers", tmp_path / "new.csv").out)))
    theirs = list(csv.reader(io.StringIO(done.stdout)))
    assert [row[0] for row in theirs] == [row[0] for row in ours]
    assert theirs[0] == ours[0]
    for row, own in zip(theirs[1:], ours[1:], strict=True):
        # This process has one thread, that one may have more.
        assert [float(cell) for cell in row[1:]] == pytest.approx([float(c) for c in own[1:]])


def test_a_network_of_ones_own_is_copied_with_what_it_imports(run, tmp_path):
    ran = run("export", "own", "--to", tmp_path / "plain", "--json")
    assert ran.code == 0, ran.err
    assert {"mine.py", "layers.py", "model.py"} <= {*ran.json["result"]["files"]}
    assert ran.json["result"]["compared"][0]["relative"] <= 1e-6
    ran = run("export", "own", "--to", tmp_path / "refused", "--no-python")
    assert ran.code == 2
    assert "--no-python" in ran.err
    assert not (tmp_path / "refused").exists()


def test_a_wrong_export_is_an_error_and_leaves_nothing(run, tmp_path, monkeypatch):
    import torch

    from trickrun.export import check

    def other_outputs(folder, place, steps):
        assert (folder / "model.py").exists()
        return {"plain": torch.zeros(22, 3)}

    monkeypatch.setattr(check, "run_alone", other_outputs)
    ran = run("export", "flowers", "--to", tmp_path / "plain")
    assert ran.code == 2
    assert "computes something else" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_gives_one_error(run, tmp_path):
    used = tmp_path / "used"
    used.mkdir()
    (used / "kept.txt").touch()
    (tmp_path / "file").touch()
    (run_folder,) = Path("runs/flowers").iterdir()
    unfinished = tmp_path / "runs" / "flowers" / run_folder.name
    shutil.copytree(run_folder, unfinished)
    log = (unfinished / "metrics.jsonl").read_text().splitlines(keepends=True)
    (unfinished / "metrics.jsonl").write_text("".join(log[:-1]))
    lost = tmp_path / "runs" / "flowers" / "20990101-000000-000000-abcd"
    shutil.copytree(run_folder, lost)
    shutil.rmtree(lost / "checkpoints")
    check = tmp_path / "runs" / "check" / "20990101-000000-000000-abcd"
    check.mkdir(parents=True)
    shutil.copy(run_folder / "resolved.yaml", check)
    shutil.copy(run_folder / "env.json", check)
    to = tmp_path / "to"
    for words, said in {
        ("flowers", "--to", used): "the folder is not empty",
        ("flowers", "--to", tmp_path / "file"): "this is a file",
        (unfinished, "--to", to): "the run is not finished: killed",
        (lost, "--to", to): "this run has no trained weights (best.pt)",
        (lost, "--to", to, "--checkpoint", "last"): "this run has no trained weights (last.pt)",
        (check, "--to", to): "not of a training",
        ("nothing", "--to", to): "no run nothing",
    }.items():
        ran = run("export", *words)
        assert ran.code == 2, ran.both
        assert said in ran.err
        assert ran.err.count("error:") == 1
        assert not to.exists()
    assert (used / "kept.txt").exists()
