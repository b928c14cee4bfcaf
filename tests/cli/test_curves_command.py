"""``trickrun curves``: recipes are trained, runs are read."""

from __future__ import annotations

from pathlib import Path

import pytest

IRIS = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 4, device: cpu, log_every: 1}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "flowers.yaml"
    path.write_text(IRIS)
    return path.name


def test_a_recipe_is_trained_and_its_curves_judged(trickrun, recipe):
    ran = trickrun("curves", recipe, "train.epochs=6", "--json")
    assert (ran.code, ran.json["verdict"]) == (0, "warn")
    (run,) = ran.json["result"]["runs"]
    assert (run["shape"], run["best_epoch"]) == ("too_few_epochs", 6)
    assert ran.json["findings"][0]["edit"] == {"train.epochs": 12}
    assert Path(run["path"]).parent == Path(ran.json["run"], "runs", "flowers")
    pictures = [path.read_text() for path in sorted(Path(ran.json["run"]).glob("curves-*.svg"))]
    titles = ("Loss", "Validation accuracy", "Learning rate", "Gradient norm before clipping")
    assert [title in picture for title, picture in zip(titles, pictures, strict=True)] == [True] * 4


def test_a_name_is_not_a_training_of_a_check(trickrun, recipe):
    trained = trickrun("train", recipe, "--json").json["run"]
    trickrun("curves", recipe, "train.epochs=1", "--seeds", 2)
    ran = trickrun("eval", "flowers", "--json")
    assert ran.json["run"] == trained
    assert ran.err.startswith(f"run: {trained}\n")
    assert f"{trained}: this run is finished" in trickrun("train", "--resume", "flowers").err


def test_runs_are_read_and_drawn(trickrun, recipe):
    trickrun("train", recipe)
    ran = trickrun("curves", "flowers")
    assert ran.code == 0
    assert "Learning rate" in ran.out
    assert "TR66 Too short to judge (train)" in ran.out
    assert max(map(len, ran.out.split("PASS")[0].splitlines())) <= 80


def test_several_runs_get_a_folder_of_their_own(trickrun, recipe):
    first = trickrun("curves", recipe, "--seeds", 2, "--json").json
    assert len(first["result"]["runs"]) == 2
    paths = [run["path"] for run in first["result"]["runs"]]
    again = trickrun("curves", *paths, "--json").json
    assert again["result"]["runs"] == first["result"]["runs"]
    assert again["run"] not in paths


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no run nothing"),
        (["nothing", "optimizer.lr=1"], "runs cannot be changed"),
        (["missing.yaml"], "missing.yaml"),
    ],
)
def test_what_cannot_be_judged_is_said(trickrun, tmp_path, arguments, message):
    ran = trickrun("curves", *arguments)
    assert ran.code == 2
    assert message in ran.err
