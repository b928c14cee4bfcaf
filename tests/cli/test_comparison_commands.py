"""``trickrun compare``, ``seeds`` and ``ablate`` from the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

IRIS = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 4, device: cpu}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "flowers.yaml"
    path.write_text(IRIS)
    return path.name


def test_two_recipes_are_compared_over_paired_seeds(trickrun, recipe):
    ran = trickrun("compare", recipe, recipe, "optimizer.lr=0.1", "--seeds", 4, "--json")
    assert (ran.code, ran.json["verdict"]) == (0, "pass")
    result = ran.json["result"]
    (one,) = result["comparisons"]
    assert (one["second"], one["answer"]) == ("flowers optimizer.lr=0.1", "better")
    row = one["differences"]["val_loss"]
    assert (row["n"], row["method"], row["higher_is_better"]) == (4, "paired t", False)
    assert row["low"] < row["mean"] < row["high"] < 0
    assert one["recipe"] == [{"path": "optimizer.lr", "first": 0.01, "second": 0.1}]
    assert one["per_sample"]["part"] == "test"
    assert [row["label"] for row in one["per_class"]] == ["setosa", "versicolor", "virginica"]
    assert [arm["cost"]["parameters"] for arm in result["arms"]] == [67, 67]
    assert (Path(ran.json["run"]) / "curves-1.svg").read_text().startswith("<svg")
    assert (Path(ran.json["run"]) / "report.html").exists()
    # Again: nothing is trained, and the answer is the same to the last bit.
    journal = (Path(ran.json["run"]) / "trials.jsonl").read_text().splitlines()
    again = trickrun("compare", recipe, recipe, "optimizer.lr=0.1", "--seeds", 4, "--json").json
    assert again["result"]["comparisons"] == result["comparisons"]
    copied = (Path(again["run"]) / "trials.jsonl").read_text().splitlines()
    assert sorted(copied) == sorted(journal)
    # What seeds need is known too.
    seeds = trickrun("seeds", recipe, "--seeds", 4, "--json").json
    assert {json.loads(line)["seconds"] for line in journal} >= {
        row["seconds"] for row in seeds["result"]["trials"]
    }
    listed = trickrun("runs", "--json").json["result"]["runs"]
    assert {run["command"] for run in listed} == {"compare", "seeds"}


def test_runs_are_compared_as_they_are(trickrun, recipe):
    first = trickrun("train", recipe, "--json").json["run"]
    second = trickrun("train", recipe, "model.hidden=[16]", "--json").json["run"]
    ran = trickrun("compare", first, second)
    assert ran.code == 0
    assert "cannot tell whether flowers hidden=[16] is better than flowers hidden=[8]" in ran.out
    assert "one training says nothing of its luck: try --seeds 5" in ran.out
    assert "the 22 samples of the test part, pair by pair" in ran.out
    # What is missing of several seeds is trained; the runs themselves count.
    ran = trickrun("compare", first, second, "--seeds", 3, "--json").json["result"]
    assert [arm["finished"] for arm in ran["arms"]] == [3, 3]
    assert [[*arm["runs"].values()] for arm in ran["arms"]] == [[first], [second]]
    assert len(ran["trials"]) == 4


def test_runs_of_one_recipe_are_one_arm(trickrun, recipe):
    runs = [
        trickrun("train", recipe, f"seed={seed}", change, "--json").json["run"]
        for change in ("optimizer.lr=0.01", "optimizer.lr=0.2")
        for seed in (0, 1)
    ]
    result = trickrun("compare", *runs, "--json").json["result"]
    (one,) = result["comparisons"]
    assert one["differences"]["val_loss"]["n"] == 2
    ran = trickrun("compare", *runs[:2])
    assert ran.code == 2
    assert "differ in their seeds only" in ran.err


def test_runs_whose_data_are_gone_are_still_compared(trickrun, tmp_path):
    rows = "".join(f"{n},{n % 7},{'ab'[n % 2]}\n" for n in range(60))
    (tmp_path / "t.csv").write_text("x,z,y\n" + rows)
    (tmp_path / "table.yaml").write_text(
        "data: {kind: csv, path: t.csv, target: y, batch_size: 16}\n"
        "model: {kind: mlp, hidden: [4]}\ntrain: {epochs: 1, device: cpu}\n"
    )
    runs = [trickrun("train", "table.yaml", f"optimizer.lr={lr}", "--json").json["run"]
            for lr in (0.01, 0.1)]  # fmt: skip
    (tmp_path / "t.csv").unlink()
    ran = trickrun("compare", *runs)
    assert ran.code == 0, ran.err
    assert "test_accuracy (higher)" in ran.out
    assert "not compared sample by sample: " in ran.out
    assert "there is no such file" in ran.out
    ran = trickrun("compare", *runs, "--seeds", 2)
    assert ran.code == 2
    assert "there is no such file" in ran.err


def test_seeds_tell_mean_deviation_and_interval(trickrun, recipe):
    ran = trickrun("seeds", recipe, "--seeds", 3)
    assert ran.code == 0
    assert "flowers: 3 trainings" in ran.out
    assert "over 3 seeds, standard deviation" in ran.out
    assert "not which samples were drawn" in ran.out
    told = trickrun("seeds", recipe, "--seeds", 3, "--metric", "test_accuracy", "--json").json
    assert (told["result"]["metric"], told["result"]["higher_is_better"]) == ("test_accuracy", True)
    split = trickrun("seeds", recipe, "--seeds", 3, "--splits", "--json").json["result"]
    row = split["arms"][0]["metrics"]["val_loss"]
    assert split["over"] == "splits"
    assert row["high"] - row["low"] > 0


def test_tables_are_written_for_papers(trickrun, recipe):
    ran = trickrun("compare", recipe, recipe, "seed=50", "--seeds", 2, "--markdown")
    assert ran.out.startswith("**flowers seed=50 compared with flowers**\n\n| metric |")
    assert "val\\_loss" in ran.out
    assert "run: " not in ran.out
    ran = trickrun("seeds", recipe, "--seeds", 2, "--latex")
    assert r"\begin{tabular}{lrrrrr}" in ran.out
    assert r"val\_loss (lower)" in ran.out
    assert trickrun("seeds", recipe, "--latex", "--markdown").code == 2


def test_each_trick_is_taken_away(trickrun, recipe):
    changes = ("regularizers.dropout=0.5", "optimizer.schedule=cosine")
    command = ("ablate", recipe, *changes, "--add", "normalization=batch", "--seeds", 3)
    ran = trickrun(*command, "--json")
    assert ran.code == 0
    result = ran.json["result"]
    names = {row["name"]: row["change"] for row in result["tricks"]}
    assert names == {
        "regularizers.dropout": "removed",
        "optimizer.schedule (cosine)": "removed",
        "data.normalize (standard)": "removed",
        "normalization=batch": "added",
    }
    means = [row["contribution"]["mean"] for row in result["tricks"]]
    assert means == sorted(means, reverse=True)
    assert len(result["trials"]) == 5 * 3 + 2 * 3
    # The lean recipe is trained with seeds that chose nothing.
    seeds = [*result["lean"]["arm"]["seeds"].values()]
    assert seeds == [3, 4, 5]
    assert result["lean"]["as_good"] in (True, False)
    folder = Path(ran.json["run"])
    assert "contribution to val_loss" in (folder / "ablation.svg").read_text()
    said = trickrun(*command)
    assert "what each trick contributes to val_loss (lower is better)" in said.out
    assert "lean: " in said.out


WRONG = {
    ("compare", "flowers.yaml"): "there is nothing to compare with",
    ("compare", "optimizer.lr=1", "flowers.yaml"): "this follows no recipe",
    ("compare", "flowers.yaml", "nowhere"): "no run nowhere",
    ("compare", "flowers.yaml", "flowers.yaml", "optimizer.lr=x"): "optimizer.lr",
    (
        "compare",
        "flowers.yaml",
        "flowers.yaml",
        "seed=9",
        "--metric",
        "val_acuracy",
    ): "did you mean val_accuracy?",
    ("seeds", "flowers.yaml", "--seeds", "1"): "--seeds",
    ("ablate", "flowers.yaml", "data.normalize=none"): "the recipe switches on no trick",
    ("ablate", "flowers.yaml", "--add", "regularizers.dropuot=0.1"): "did you mean",
}


@pytest.mark.parametrize("words", [*WRONG])
def test_what_cannot_be_done_is_told(trickrun, recipe, words):
    ran = trickrun(*words)
    assert ran.code == 2, ran.err
    assert WRONG[words] in ran.err
    assert "Traceback" not in ran.err


def test_a_training_that_never_ends_well_is_told(trickrun, recipe):
    ran = trickrun("seeds", recipe, "optimizer=sgd", "optimizer.lr=1e30", "--seeds", 2, "--json")
    assert ran.code == 3
    assert "no training finished" in ran.json["error"]["message"]
