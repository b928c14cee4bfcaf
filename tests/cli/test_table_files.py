"""One table in many kinds of file: a run of one is scored, goes on and predicts with the others."""

import gzip
import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyarrow import csv as pa_csv
from pyarrow import feather, parquet

from trickrun.data.csv import Csv

ROWS = [
    f"{i * 37 % 100 / 8},{'red' if i % 3 else 'blue'},{'oak' if i * 37 % 100 > 50 else 'ash'}"
    for i in range(80)
]
RECIPE = """\
name: leaf
data: {kind: csv, path: t.csv, target: tree, batch_size: 16}
model: {kind: mlp, hidden: [4]}
train: {epochs: 2, look_every: 0, device: cpu}
"""


@pytest.fixture
def files(tmp_path):
    """The same table as csv, packed csv, Parquet, Feather and JSON lines; the recipe's is csv."""
    (tmp_path / "t.csv").write_text("size,color,tree\n" + "\n".join(ROWS) + "\n")
    (tmp_path / "r.yaml").write_text(RECIPE)
    table = pa_csv.read_csv(tmp_path / "t.csv")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    parquet.write_table(table, tmp_path / "t.parquet")
    feather.write_feather(table, tmp_path / "t.feather")
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, table.to_pylist())))
    return tmp_path


OTHERS = ("t.csv.gz", "t.parquet", "t.feather", "t.jsonl")


def test_each_is_scored_and_predicted_alike(trickrun, files):
    assert trickrun("train", "r.yaml").code == 0
    scores = trickrun("eval", "leaf", "--data", "t.csv", "--json").json["result"]
    said = trickrun("predict", "leaf", "t.csv", "--keep", "size,color").out
    assert said.splitlines()[0] == "size,color,prediction,p_ash,p_oak"
    for name in OTHERS:
        found = trickrun("eval", "leaf", "--data", name, "--json")
        assert found.json["result"]["scores"] == scores["scores"]
        assert "of these 80 samples were in the run's training split" in found.err
        rows = trickrun("predict", "leaf", name, "--keep", "size,color").out.splitlines()
        for row, other in zip(rows[1:], said.splitlines()[1:], strict=True):
            size, *rest = other.split(",")
            assert float(row.split(",")[0]) == float(size)
            assert row.split(",")[1:] == rest


def test_dates_and_yes_and_no_of_typed_files_are_those_of_csv(trickrun, tmp_path):
    """Midnight in a zone is a time too, and the classes True and False have one name."""
    times = [datetime(2024, 1, 1 + i * 37 % 28, 12 * (i % 2), tzinfo=UTC) for i in range(80)]
    table = pa.table({"when": times, "rain": [i % 3 > 0 for i in range(80)]})
    parquet.write_table(table, tmp_path / "t.parquet")
    rows = [
        f"{t.isoformat(sep=' ')},{rain}"
        for t, rain in zip(*table.to_pydict().values(), strict=True)
    ]
    (tmp_path / "t.csv").write_text("when,rain\n" + "\n".join(rows) + "\n")
    scores = []
    for name in ("t.csv", "t.parquet"):
        text = RECIPE.replace("t.csv", name).replace("target: tree", "target: rain")
        (tmp_path / "r.yaml").write_text(text)
        ran = trickrun("train", "r.yaml", "--json")
        assert "dates (ISO 8601), read as days since 1970-01-01, in UTC" in ran.err
        scores.append(ran.json["result"]["test"])
        other = trickrun("eval", "leaf", "--data", "t.csv", "--json")
        assert other.code == 0, other.err
    assert scores[0] == scores[1]


def test_numbers_that_a_file_stores_have_no_notation(tmp_path):
    """1.234 stays 1.234, though a recipe says that points divide thousands in text."""
    parquet.write_table(
        pa.table({"a": [1.234, 2.345] * 20, "k": ["p", "q"] * 20}), tmp_path / "t.parquet"
    )
    asked = {"path": "t.parquet", "target": "k", "decimal": ",", "thousands": "."}
    for types in ({}, {"a": {"kind": "number", "decimal": ","}}):
        x, _ = Csv(**asked, types=types).load(tmp_path).parts["train"]
        assert x[:2, 0].tolist() == [1.234, 2.345]


def test_rows_without_a_weight_are_left_out_in_eval_too(trickrun, tmp_path):
    rows = [f"{i * 0.37},{'' if i % 9 == 0 else 2},{'oak' if i % 2 else 'ash'}" for i in range(80)]
    (tmp_path / "t.csv").write_text("size,w,tree\n" + "\n".join(rows) + "\n")
    (tmp_path / "r.yaml").write_text(RECIPE.replace("16}", "16, weight: w, missing: drop}"))
    assert trickrun("train", "r.yaml").code == 0
    ran = trickrun("eval", "leaf")
    assert ran.code == 0
    assert "has changed" not in ran.err


def test_a_run_goes_on_with_another_kind_of_file(trickrun, files):
    """Its samples are the same ones."""
    assert trickrun("train", "r.yaml").code == 0
    before = trickrun("eval", "leaf", "--json").json["result"]
    (files / "t.csv").write_bytes((files / "t.parquet").read_bytes())
    after = trickrun("eval", "leaf", "--json").json["result"]
    assert after["scores"] == before["scores"]
    assert after["data_changes"]["altered"] == 0
    resumed = trickrun("train", "--resume", "leaf", "train.epochs=3")
    assert resumed.code == 0, resumed.err
