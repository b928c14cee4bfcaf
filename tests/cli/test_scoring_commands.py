"""``trickrun eval`` and ``trickrun predict`` on runs of small tables."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import shutil
from pathlib import Path

import pytest

RECIPE = """\
name: NAME
data: {kind: csv, path: NAME.csv, target: TARGET, batch_size: 16}
model: {kind: mlp, hidden: [8]}
normalization: batch
regularizers: {dropout: 0.2}
augmentation: [{kind: noise, std: 0.1}]
optimizer: {kind: adam, lr: 0.02}
early_stopping: 3
train: {epochs: 12, device: cpu}
"""


def table(path: Path, rows: list[dict]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def fruits(count: int, seed: int) -> list[dict]:
    """Return apples, pears and plums that differ in weight; the colour says nothing."""
    draw = random.Random(seed)
    kinds = {"apple": 150, "pear": 90, "plum": 30}
    rows = []
    for index in range(count):
        kind = list(kinds)[index % 3]
        weight = round(draw.gauss(kinds[kind], 8), 2)
        rows.append({"weight": weight, "colour": draw.choice(["red", "green"]), "fruit": kind})
    return rows


def houses(count: int, seed: int) -> list[dict]:
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        area = draw.uniform(20, 200)
        rows.append({"area": round(area, 1), "price": round(3 * area + draw.gauss(0, 5), 2)})
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory, run):
    """A folder with a trained run of each table."""
    path = tmp_path_factory.mktemp("scoring")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        for name, target, rows in (
            ("fruit", "fruit", fruits(150, 0)),
            ("house", "price", houses(120, 0)),
        ):
            table(path / f"{name}.csv", rows)
            text = RECIPE.replace("NAME", name).replace("TARGET", target)
            (path / f"{name}.yaml").write_text(text)
            ran = run("train", f"{name}.yaml", "--json")
            assert ran.code == 0, ran.err
            (path / f"{name}.json").write_text(ran.out)
    return path


@pytest.fixture(autouse=True)
def inside(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TRICKRUN_RUNS", raising=False)


def trained(name: str) -> dict:
    return json.loads(Path(f"{name}.json").read_text())["result"]


@pytest.mark.parametrize("name", ["fruit", "house"])
def test_eval_repeats_the_scores_that_train_told(run, name):
    told = trained(name)
    assert run("eval", name, "--json").json["result"]["scores"] == told["test"]
    scores = run("eval", name, "--split", "val", "--json").json["result"]["scores"]
    assert {f"val_{key}": value for key, value in scores.items()}.items() <= told["best"].items()


def test_a_name_means_its_newest_training_not_a_check_made_since(run):
    check = Path("runs/fruit/20990101-000000-000000-abcd")
    check.mkdir()
    (check / "resolved.yaml").touch()
    for words in (["eval", "fruit"], ["predict", "fruit", "fruit.csv"]):
        assert run(*words).code == 0
    shutil.rmtree(check)


def test_eval_of_classes(run):
    result = run("eval", "fruit", "--json").json["result"]
    matrix = result["confusion"]["matrix"]
    assert result["confusion"]["labels"] == ["apple", "pear", "plum"]
    assert sum(map(sum, matrix)) == result["samples"]
    right = sum(matrix[i][i] for i in range(3))
    assert right / result["samples"] == pytest.approx(result["scores"]["accuracy"])
    for index, row in enumerate(result["per_class"]):
        assert row["support"] == sum(matrix[index])
        assert row["recall"] == pytest.approx(matrix[index][index] / row["support"])


def test_eval_of_values(run):
    (row,) = run("eval", "house", "--json").json["result"]["per_target"]
    assert row["target"] == "price"
    spread = list(row["residuals"].values())
    assert spread == sorted(spread)
    assert 0 < row["mae"] <= row["rmse"] <= max(map(abs, spread))


@pytest.mark.parametrize("name", ["fruit", "house"])
def test_eval_over_dropout_masks(run, name):
    usual = run("eval", name, "--json").json["result"]["scores"]
    told = run("eval", name, "--mc-dropout", 8, "--json").json["result"]
    assert told["mc_dropout"]["masks"] == 8
    assert told["mc_dropout"]["without"] == usual
    assert told["mc_dropout"]["spread"] > 0
    assert told["scores"]["loss"] != usual["loss"]
    out = run("eval", name, "--mc-dropout", 8).out
    assert "mean of 8 dropout masks; without dropout: loss " in out
    assert "spread over masks " in out


def test_eval_with_folded_batch_norm(run):
    usual = run("eval", "fruit", "--json").json["result"]
    told = run("eval", "fruit", "--fold-batch-norm", "--json").json["result"]
    assert told["folded"]["layers"] == ["norm1"]
    assert told["folded"]["largest_difference"] < 1e-5
    assert told["confusion"] == usual["confusion"]
    assert (
        "batch norms folded: norm1; outputs differ by"
        in run("eval", "fruit", "--fold-batch-norm").out
    )


def test_both_ways_at_once_are_refused(run):
    ran = run("eval", "fruit", "--fold-batch-norm", "--mc-dropout", 8)
    assert ran.code == 2
    assert "not both" in ran.err


def test_eval_for_people(run):
    out = run("eval", "fruit").out
    assert out.startswith("test: ")
    assert "class  precision  recall      f1  support\n" in out
    assert "confusion matrix: actual class down, predicted class across\n" in out
    assert "residuals" not in run("eval", "house").out.splitlines()[0]
    assert "prediction - target" in run("eval", "house").out


def test_eval_of_another_file_needs_no_training_data(run, tmp_path):
    rows = fruits(30, 1)
    table(tmp_path / "more.csv", rows)
    hidden = Path("fruit.csv").rename("away.csv")
    try:
        result = run("eval", "fruit", "--data", tmp_path / "more.csv", "--json").json["result"]
    finally:
        hidden.rename("fruit.csv")
    assert result["samples"] == 30
    assert result["data"] == str(tmp_path / "more.csv")
    assert result["scores"]["accuracy"] > 0.9


def test_eval_of_a_file_without_targets(run, tmp_path):
    rows = [{k: v for k, v in row.items() if k != "fruit"} for row in fruits(5, 1)]
    table(tmp_path / "more.csv", rows)
    ran = run("eval", "fruit", "--data", tmp_path / "more.csv")
    assert ran.code == 2
    assert "it has no targets to compare with\n  trickrun predict needs none" in ran.err


def test_eval_warns_of_changed_data(run):
    text = Path("fruit.csv").read_text()
    Path("fruit.csv").write_text(text.replace("red", "blue"))
    try:
        ran = run("eval", "fruit")
    finally:
        Path("fruit.csv").write_text(text)
    assert ran.code == 0
    rows = text.count("red")
    told = ran.err.splitlines()
    assert told[0].startswith("run: runs/fruit/")
    assert told[1] == (
        f"warning: the data has changed since the run started: {rows} rows altered. The run's "
        "own test split is scored"
    )
    assert " of its 22 rows are gone or changed\n" in ran.err


def predicted(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


def test_predict_classes_by_name_with_probabilities(run, tmp_path):
    rows = fruits(30, 2)
    table(tmp_path / "new.csv", [{"colour": r["colour"], "weight": r["weight"]} for r in rows])
    told = predicted(run("predict", "fruit", tmp_path / "new.csv").out)
    assert list(told[0]) == ["prediction", "p_apple", "p_pear", "p_plum"]
    right = [row["fruit"] == guess["prediction"] for row, guess in zip(rows, told, strict=True)]
    assert sum(right) >= 28
    for guess in told:
        shares = {label: float(guess[f"p_{label}"]) for label in ("apple", "pear", "plum")}
        assert math.isclose(sum(shares.values()), 1, abs_tol=1e-4)
        assert max(shares, key=lambda label: shares[label]) == guess["prediction"]


def test_predict_values_into_a_file(run, tmp_path):
    rows = houses(20, 3)
    table(tmp_path / "new.csv", [{"area": row["area"]} for row in rows])
    out = tmp_path / "out.csv"
    ran = run("predict", "house", tmp_path / "new.csv", "--out", out)
    assert ran.out == f"20 predictions: {out}\n"
    assert [list(row) for row in predicted(out.read_text())] == [["price"]] * 20


def test_predict_uses_the_normalization_of_the_run(run, tmp_path):
    """One sample alone, and a file of other sizes, get what they get among the others."""
    rows = fruits(12, 4)
    table(tmp_path / "all.csv", rows)
    together = run("predict", "fruit", tmp_path / "all.csv", "--json").json["result"]
    assert together["samples"] == 12
    table(tmp_path / "one.csv", rows[3:4])
    alone = run("predict", "fruit", tmp_path / "one.csv", "--json").json["result"]
    assert alone["predictions"][0]["prediction"] == together["predictions"][3]["prediction"]
    assert alone["predictions"][0]["p_plum"] == pytest.approx(
        together["predictions"][3]["p_plum"], rel=1e-5
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["predict", "fruit", "none.csv"], "none.csv: there is no such file"),
        (["predict", "fruit", "house.csv"], "house.csv"),
        (["predict", "nobody", "fruit.csv"], "no run nobody"),
        (["predict", "fruit", "fruit.csv", "--out", "no/where.csv"], "no/where.csv"),
        (["eval", "nobody"], "no run nobody"),
        (["eval", "fruit", "--data", "none.csv"], "none.csv: there is no such file"),
        (["eval", "."], "this is not a run"),
        (["eval", "fruit", "--data", "fruit.csv", "--split", "val"], "either --split or --data"),
    ],
)
def test_errors(run, words, told):
    ran = run(*words)
    assert ran.code == 2
    assert ran.out == ""
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_a_run_without_weights(run):
    (best,) = Path("runs/house").glob("*/checkpoints/best.pt")
    hidden = best.rename(best.with_suffix(".away"))
    ran = run("eval", "house")
    hidden.rename(best)
    assert ran.code == 2
    assert "this run has no trained weights (best.pt)" in ran.err


def test_predict_repeats_the_columns_that_are_asked_for(run, tmp_path):
    rows = [{"id": f"n{i}", **row} for i, row in enumerate(houses(5, 6))]
    table(tmp_path / "new.csv", [{k: v for k, v in row.items() if k != "id"} for row in rows])
    plain = predicted(run("predict", "house", tmp_path / "new.csv").out)
    assert list(plain[0]) == ["price"]
    told = predicted(run("predict", "house", tmp_path / "new.csv", "--keep", "area,price").out)
    assert list(told[0]) == ["area", "price", "predicted_price"]
    assert [float(row["area"]) for row in told] == [row["area"] for row in rows]
    assert [float(row["price"]) for row in told] == [row["price"] for row in rows]
    assert [row["predicted_price"] for row in told] == [row["price"] for row in plain]


def test_eval_names_the_splits_that_there_are(trickrun, tmp_path):
    (tmp_path / "two.yaml").write_text(
        "name: two\ndata: {kind: iris, split: {test: 0}}\nmodel: {kind: mlp, hidden: [4]}\n"
        "train: {epochs: 1, device: cpu, look_every: 0}\n"
    )
    assert trickrun("train", "two.yaml").code == 0
    ran = trickrun("eval", "two")
    assert ran.code == 2
    assert "the run has no test split" in ran.err
    assert "use --split train or val" in ran.err
