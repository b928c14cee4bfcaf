"""One table in many kinds of file: a run of one is scored, goes on and predicts with the others."""

import gzip
import json

import pytest
from pyarrow import csv as pa_csv
from pyarrow import feather, parquet

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
        assert "of these 80 samples are ones that the run was trained on" in found.err
        rows = trickrun("predict", "leaf", name, "--keep", "size,color").out.splitlines()
        for row, other in zip(rows[1:], said.splitlines()[1:], strict=True):
            size, *rest = other.split(",")
            assert float(row.split(",")[0]) == float(size)
            assert row.split(",")[1:] == rest


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
