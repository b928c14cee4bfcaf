"""Runs of earlier versions: they are listed, scored, predict, and go on or say why they cannot."""

import json
import shutil
from pathlib import Path

import pytest

from trickrun.run import environment

FOLDERS = Path(__file__).parent.parent / "old_runs"
FIRST, SECOND = FOLDERS / "arithmetic_1", FOLDERS / "arithmetic_2"
LEAVES = "20261129-093609-179864-e89e"
MOONS = "20261129-093613-459970-3ad5"
SEARCH = "20261129-093620-865152-907e"

OF_ARITHMETIC_2 = "20261129-103039-243295-2df4"

SPLIT = FOLDERS / "split_1"
WITH_SPLIT = "20261129-224028-539029-f9c0"

THIRD = FOLDERS / "arithmetic_3"
OF_ARITHMETIC_3 = "20261130-002035-955081-0dc1"

ROWS = FOLDERS / "rows_1"
WITH_ROWS = "20261130-020214-801212-5eab"

SCORES = {LEAVES: (0.6073751518916752, 6 / 9), MOONS: (0.1326673503887529, 17 / 18)}
"""Test loss and accuracy, as the version that made a run scored it."""


@pytest.fixture
def old(tmp_path):
    """The runs folder with copies of the runs; the working folder is where their recipes were."""
    shutil.copyfile(FIRST / "leaves.csv", tmp_path / "leaves.csv")
    return copied(FIRST, tmp_path)


def copied(folder, tmp_path):
    """Copy the runs in ``folder`` to a runs folder, which knows where their recipes are now."""
    runs = shutil.copytree(folder, tmp_path / "runs")
    for path in runs.glob("*/*/env.json"):
        facts = json.loads(path.read_text())
        path.write_text(json.dumps({**facts, "recipe_folder": str(tmp_path)}))
    return runs


def test_they_are_listed(trickrun, old):
    rows = {row["id"]: row for row in trickrun("runs", "--json").json["result"]["runs"]}
    told = {name: (row["command"], row["status"], row["verdict"]) for name, row in rows.items()}
    assert told == {
        LEAVES: ("train", "finished", None),
        MOONS: ("train", "interrupted", None),
        SEARCH: ("grid", "finished", "pass"),
    }
    assert rows[LEAVES]["best"]["val_loss"] > 0


@pytest.mark.parametrize("arithmetic", [1, 2])
@pytest.mark.parametrize("run", [LEAVES, MOONS])
def test_they_are_scored_as_they_were(trickrun, old, monkeypatch, run, arithmetic):
    monkeypatch.setattr(environment, "ARITHMETIC", arithmetic)
    scored = trickrun("eval", run, "--json")
    assert scored.code == 0, scored.err
    assert "this run stores no usable split" in scored.err
    found = scored.json["result"]["scores"]
    assert (found["loss"], found["accuracy"]) == pytest.approx(SCORES[run], abs=1e-5)
    # The data is what it was, by the hash of then.
    assert "warning" not in scored.err


def test_they_predict(trickrun, old, tmp_path):
    (tmp_path / "new.csv").write_text("length,width\n5.0,3.1\n6.6,1.7\n")
    said = trickrun("predict", LEAVES, tmp_path / "new.csv")
    assert said.code == 0, said.err
    header, *rows = (line.split(",") for line in said.out.splitlines())
    assert header == ["prediction", "p_beech", "p_oak"]
    assert [row[0] for row in rows] == ["beech", "oak"]
    assert [float(row[2]) for row in rows] == pytest.approx([0.17617, 0.925042], abs=1e-5)


def test_one_that_keeps_its_split_goes_on(trickrun, tmp_path):
    """It ends as it would have with the version that began it, but for another processor's last
    bits."""
    copied(THIRD, tmp_path)
    ran = trickrun("train", "--resume", OF_ARITHMETIC_3, "--json")
    assert ran.code == 0, ran.err
    result = ran.json["result"]
    assert (result["epochs"], result["stopped_by"]) == (8.0, "epochs")
    assert result["best"]["val_loss"] == pytest.approx(0.15734384777412438, rel=1e-3)
    assert result["test"]["loss"] == pytest.approx(0.09693357304948019, rel=1e-3)


def test_one_that_keeps_its_split_but_normalized_each_batch_is_scored(trickrun, tmp_path):
    """It is the run of all versions, but for the last bits of float32."""
    for folder, run in ((SPLIT, WITH_SPLIT), (THIRD, OF_ARITHMETIC_3)):
        runs = copied(folder, tmp_path)
        scored = trickrun("eval", run, "--json")
        assert scored.code == 0, scored.err
        assert "warning" not in scored.err
        found = scored.json["result"]["scores"]
        assert (found["loss"], found["accuracy"]) == pytest.approx(SCORES[MOONS], abs=1e-5)
        shutil.rmtree(runs)


@pytest.mark.parametrize("changes", [(), ("train.epochs=9",)])
@pytest.mark.parametrize(
    ("folder", "arithmetic", "run"), [(FIRST, 1, MOONS), (SECOND, 2, OF_ARITHMETIC_2)]
)
def test_one_that_keeps_no_split_is_refused(
    trickrun, tmp_path, monkeypatch, folder, arithmetic, run, changes
):
    runs = copied(folder, tmp_path)
    before = {p: p.read_bytes() for p in runs.rglob("*") if p.is_file()}
    monkeypatch.setattr(environment, "ARITHMETIC", arithmetic)
    refused = trickrun("train", "--resume", run, *changes)
    assert refused.code == 2
    assert "this run stores no usable split, because an older version started it" in refused.err
    assert "train its recipe.yaml again; eval and predict still work" in refused.err
    assert before == {p: p.read_bytes() for p in runs.rglob("*") if p.is_file()}


def test_one_whose_rows_were_told_apart_as_they_are_written(trickrun, old, tmp_path):
    """It is scored on the rows that its table draws again, and does not go on."""
    shutil.rmtree(old)
    copied(ROWS, tmp_path)
    scored = trickrun("eval", WITH_ROWS, "--json")
    assert scored.code == 0, scored.err
    assert "this run stores no usable split" in scored.err
    found = scored.json["result"]["scores"]
    assert (found["loss"], found["accuracy"]) == pytest.approx(SCORES[LEAVES], abs=1e-5)
    resumed = trickrun("train", "--resume", WITH_ROWS, "train.epochs=9")
    assert resumed.code == 2
    assert "this run stores no usable split" in resumed.err


@pytest.mark.parametrize("changes", [(), ("train.epochs=9",)])
@pytest.mark.parametrize(
    ("folder", "run", "arithmetic"), [(FIRST, MOONS, 1), (SPLIT, WITH_SPLIT, 2)]
)
def test_one_of_lower_arithmetic_is_refused(trickrun, tmp_path, folder, run, arithmetic, changes):
    runs = copied(folder, tmp_path)
    before = {p: p.read_bytes() for p in runs.rglob("*") if p.is_file()}
    refused = trickrun("train", "--resume", run, *changes)
    assert refused.code == 2
    told = f"started by trickrun 0.1.0, which computed different numbers (arithmetic {arithmetic};"
    assert told in refused.err
    assert "train its recipe.yaml again; eval and predict still work" in refused.err
    assert before == {p: p.read_bytes() for p in runs.rglob("*") if p.is_file()}


def test_the_newest_folder_has_this_versions_arithmetic():
    facts = json.loads((THIRD / "moons" / OF_ARITHMETIC_3 / "env.json").read_text())
    assert facts["arithmetic"] == environment.ARITHMETIC


def test_one_of_a_newer_version_is_refused(trickrun, old):
    path = old / "moons" / MOONS / "env.json"
    newer = {**json.loads(path.read_text()), "trickrun": "9.0", "arithmetic": 99}
    path.write_text(json.dumps(newer))
    refused = trickrun("train", "--resume", MOONS)
    assert refused.code == 2
    assert "started by a newer version, trickrun 9.0 (arithmetic 99;" in refused.err
    assert trickrun("eval", MOONS).code == 0


def test_a_search_that_was_journalled_by_the_first_rule_is_run_again(trickrun, old):
    """Its trials had other identities, so none is known; the new search stands beside the old."""
    recipe = old / "moons" / SEARCH / "recipe.yaml"
    before = {p: p.read_bytes() for p in (old / "moons" / SEARCH).iterdir() if p.is_file()}
    ran = trickrun("grid", "coarse", recipe, "--json")
    assert ran.code == 0, ran.err
    trials = ran.json["result"]["trials"]
    lines = (old / "moons" / SEARCH / "trials.jsonl").read_text().splitlines()
    journalled = [json.loads(line) for line in lines]
    assert not {trial["id"] for trial in trials} & {line["id"] for line in journalled}
    known = {line["params"]["optimizer.lr"]: line["metric"] for line in journalled}
    found = {trial["params"]["optimizer.lr"]: trial["metric"] for trial in trials}
    assert found == pytest.approx(known, rel=1e-3)
    assert SEARCH not in ran.json["run"]
    assert all(path.read_bytes() == content for path, content in before.items())


def test_a_fine_search_starts_from_an_old_coarse_one(trickrun, old):
    recipe = old / "moons" / SEARCH / "recipe.yaml"
    ran = trickrun(
        "grid", "fine", recipe, "--from", SEARCH, "grid.fine={trials: 2, epochs: 1}", "--json"
    )
    # Trials of one epoch are no better than a constant answer, which is its verdict.
    assert ran.code == 1, ran.err
    assert ran.json["result"]["best"] is not None
    assert [trial["status"] for trial in ran.json["result"]["trials"]] == ["finished", "finished"]
