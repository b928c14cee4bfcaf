"""``trickrun lr-find``: what it prints, what it leaves, and the edit of the user's file."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

IRIS = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [16]}
optimizer:
  kind: adam   # the usual
  lr: 1e-6     # a guess
train: {epochs: 40, device: cpu}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "flowers.yaml"
    path.write_text(IRIS)
    return path


def test_people_get_the_curve_the_picks_and_the_finding(trickrun, recipe):
    ran = trickrun("lr-find", recipe.name)
    assert ran.code == 0
    assert ran.err.startswith("next: trickrun grid coarse flowers.yaml optimizer.lr=")
    assert "range test" in ran.out
    assert "── smoothed loss, mean of 3 seeds" in ran.out
    for name in ("suggestion", "steepest", "bottom", "valley", "min_over_10", "optimizer.lr"):
        assert f"\n{name} " in ran.out
    assert "\nWARN use lr " in ran.out
    assert "TR36 Learning rate too low" in ran.out
    assert "\n  edit: optimizer.lr=" in ran.out
    assert "\x1b" not in ran.out
    assert recipe.read_text() == IRIS


def test_json_and_the_run_folder(trickrun, recipe):
    body = trickrun("lr-find", recipe.name, "--json").json
    assert (body["command"], body["verdict"]) == ("lr-find", "warn")
    keys = ["suggestion", "low", "high", "steepest", "valley", "min_over_10", "refused", "curve"]
    assert [key for key in keys if key not in body["result"]] == []
    folder = Path(body["run"])
    ET.fromstring((folder / "lr_find.svg").read_text())
    evidence = json.loads((folder / "evidence.json").read_text())
    assert evidence["suggestion"] == body["result"]["suggestion"]
    assert len(evidence["per_seed"]) == 3
    assert json.loads((folder / "findings.json").read_text())[0]["code"] == "TR36"


def test_apply_changes_the_value_and_nothing_else(trickrun, recipe):
    ran = trickrun("lr-find", recipe.name, "--apply", "--json")
    suggestion = ran.json["result"]["suggestion"]
    # The comment stays in its column.
    line = f"  lr: {suggestion:g}".ljust(15) + "# a guess"
    assert recipe.read_text() == IRIS.replace("  lr: 1e-6     # a guess", line)
    assert f"\n-  lr: 1e-6     # a guess\n+{line}\n" in ran.err
    again = trickrun("lr-find", recipe.name, "--apply")
    assert again.code == 0
    assert f"optimizer.lr {suggestion:g} already\n" in again.out
    assert "\nPASS use lr " in again.out


def test_a_refusal_fails_and_applies_nothing(trickrun, recipe):
    recipe.write_text(IRIS + "init: zeros\n")
    ran = trickrun("lr-find", recipe.name, "--apply", "--steps", "100", "--seeds", "1")
    assert ran.code == 1
    assert "\nFAIL no learning rate can be suggested: the loss does not fall" in ran.out
    assert recipe.read_text() == IRIS + "init: zeros\n"


def test_a_refusal_without_a_curve(trickrun, recipe):
    overrides = ["init={kind: normal, std: 1e30}"]
    ran = trickrun("lr-find", recipe.name, *overrides, "--json")
    assert ran.code == 1
    assert ran.json["result"]["curve"] == []
    assert "NaN or infinite at step 1" in ran.json["result"]["refused"]


def test_apply_is_refused_where_the_file_says_something_else(trickrun, recipe):
    ran = trickrun("lr-find", recipe.name, "optimizer=sgd", "--apply")
    assert ran.code == 2
    assert "not its file" in ran.err
    assert recipe.read_text() == IRIS


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--low", "1", "--high", "0.1"], "the range must rise"),
        (["--low", "0"], "above 0"),
        (["--low", "nan"], "number"),
        (["--steps", "10"], "--steps"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_wrong_options_are_told(trickrun, recipe, arguments, said):
    ran = trickrun("lr-find", recipe.name, *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
