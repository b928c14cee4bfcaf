"""``trickrun diagnose``: what it prints, what it leaves, and the edit of the user's file."""

import json
from pathlib import Path

import pytest

IRIS = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [16]}
optimizer:
  kind: adam   # the usual
  lr: 1e-6     # a guess
train: {epochs: 20, device: cpu}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "flowers.yaml"
    path.write_text(IRIS)
    return path


def test_a_fault_is_proved_and_its_edit_written(trickrun, recipe):
    ran = trickrun("diagnose", recipe.name, "--confirm", "--apply")
    assert ran.code == 1
    assert "1. ✗ TR36 Learning rate too low (optimizer.lr)" in ran.out
    assert "\n   edit: optimizer.lr=" in ran.out
    assert "\n   tried: skill " in ran.out
    assert "✓ helps" in ran.out
    assert "\nFAIL the cause is most likely: Learning rate too low" in ran.out
    assert "-  lr: 1e-6     # a guess" in ran.out
    assert "kind: adam   # the usual" in recipe.read_text()
    assert "1e-6" not in recipe.read_text()


def test_without_trainings_the_rules_alone_answer_in_json(trickrun, recipe):
    changes = ("optimizer.lr=0.01", "model.head_activation=softmax")
    ran = trickrun("diagnose", recipe.name, *changes, "--json")
    body = ran.json
    assert (ran.code, body["command"], body["verdict"]) == (1, "diagnose", "fail")
    first = body["findings"][0]
    assert (first["code"], first["edit"]) == ("TR26", {"model.head_activation": "linear"})
    assert body["result"]["tried"] is None
    folder = Path(body["run"])
    evidence = json.loads((folder / "evidence.json").read_text())["evidence"]
    assert evidence["version"] == 1
    assert {"data", "initial_loss", "overfit_batch", "lr_find", "probe"} <= evidence.keys()
    assert json.loads((folder / "findings.json").read_text()) == body["findings"]


def test_a_run_is_diagnosed_from_its_folder(trickrun, recipe):
    trickrun("train", recipe.name)
    ran = trickrun("diagnose", "flowers", "--json")
    assert ran.code == 1
    evidence = json.loads(Path(ran.json["run"], "evidence.json").read_text())["evidence"]
    assert len(evidence["run"]["train_loss"]) == 20
    assert "TR36" in [finding["code"] for finding in ran.json["findings"]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["flowers.yaml", "optimizer.lr=1", "--apply"], "without changes on the command line"),
        (["flowers", "--apply"], "diagnose the recipe file without changes on the command line"),
        (["nothing"], "no run nothing"),
        (["flowers.yaml", "--budget", "soon"], "'soon' is not a time; give 60s, 2m or 1h"),
    ],
)
def test_what_cannot_be_is_said(trickrun, recipe, arguments, says):
    ran = trickrun("diagnose", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_of_a_run_whose_data_changed_that_is_said(trickrun, tmp_path):
    rows = [f"{i * 37 % 100 / 8},{'oak' if i * 37 % 100 > 50 else 'ash'}" for i in range(80)]
    (tmp_path / "t.csv").write_text("size,tree\n" + "\n".join(rows) + "\n")
    (tmp_path / "leaf.yaml").write_text(
        "name: leaf\ndata: {kind: csv, path: t.csv, target: tree, batch_size: 16}\n"
        "model: {kind: mlp, hidden: [4]}\ntrain: {epochs: 2, device: cpu}\n"
    )
    assert trickrun("train", "leaf.yaml").code == 0
    assert "the data has changed" not in trickrun("diagnose", "leaf").err
    (tmp_path / "t.csv").write_text("size,tree\n" + "\n".join([*rows, "3.3,oak"]) + "\n")
    ran = trickrun("diagnose", "leaf")
    assert "warning: the data has changed since the run started: 1 row added (80 then, 81 now)" in (
        ran.err
    )
    assert "split again" in ran.err
