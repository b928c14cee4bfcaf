"""Missing cells of a table: refused, left out, or filled from the training split alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.data._data import Split
from trickrun.data.csv import Csv
from trickrun.data.formats.encode import fill_gaps, medians
from trickrun.data.normalizers.none import NoNormalize
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.data.splits.source import SplitData
from trickrun.errors import DataError

TEXT = """age,color,size,kind
1,red,0.5,cat
?,blue,1.5,dog
3,,2.5,cat
40,green,NaN,dog
5,red,4.5,NA
6,red,5.5,dog
"""
NAN = float("nan")


def data(folder: Path, text: str = TEXT, **params: Any) -> Csv:
    (folder / "t.csv").write_text(text)
    return Csv(**{"path": "t.csv", "target": "kind", "normalize": NoNormalize(), **params})


def prepared(folder: Path, text: str = TEXT, **params: Any) -> Prepared:
    return prepare(data(folder, text, split=Split(val=0, test=0), **params), folder)


def test_rows_with_a_gap_are_left_out(tmp_path: Path) -> None:
    found = prepared(tmp_path, missing="drop")
    assert found.task.features == ("age", "color=red", "size")
    assert found.train.x.tolist() == [[1, 1, 0.5], [6, 1, 5.5]]
    assert found.task.labels == ("cat", "dog")
    assert found.task.fills == ()


def test_only_columns_that_are_used_must_be_whole(tmp_path: Path) -> None:
    found = prepared(tmp_path, missing="drop", features=["size"])
    assert found.train.x.flatten().tolist() == [0.5, 1.5, 2.5, 5.5]


def test_gaps_are_filled_and_marked(tmp_path: Path) -> None:
    text = TEXT.replace("5,red,4.5,NA\n", "")
    found = prepared(tmp_path, text, missing="fill")
    assert found.task.features == (
        "age",
        "age=(missing)",
        "color=blue",
        "color=green",
        "color=red",
        "color=(missing)",
        "size",
        "size=(missing)",
    )
    # The medians of 1 3 6 40 and of 0.5 1.5 2.5 5.5, the lower of the two in the middle.
    assert found.train.x.tolist() == [
        [1, 0, 0, 0, 1, 0, 0.5, 0],
        [3, 1, 1, 0, 0, 0, 1.5, 0],
        [3, 0, 0, 0, 0, 1, 2.5, 0],
        [40, 0, 0, 1, 0, 0, 1.5, 1],
        [6, 0, 0, 0, 1, 0, 5.5, 0],
    ]
    assert found.task.fills[0] == 3
    assert found.task.fills[6] == 1.5


def test_the_medians_are_those_of_the_training_split(tmp_path: Path) -> None:
    rows = [f"{'' if i % 4 == 0 else i * i},{i % 2}" for i in range(40)]
    wanted = data(tmp_path, "x,kind\n" + "\n".join(rows), missing="fill")
    found = prepare(wanted, tmp_path)
    assert found.val is not None
    assert found.test is not None
    train = found.train.x
    median = train[train[:, 1] == 0, 0].median()
    for part in (found.train, found.val, found.test):
        gaps = part.x[:, 1] == 1
        assert gaps.any()
        assert (part.x[gaps, 0] == median).all()


def test_a_missing_target_is_refused_or_left_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 6, column 'kind': the value is missing"):
        prepared(tmp_path, missing="fill")


@pytest.mark.parametrize(
    ("text", "params", "message"),
    [
        ("x,z,y\n1,,0\n,2,1\n", {"missing": "drop"}, "every row has a missing value"),
        (
            "x,z,y\n1,,0\n2,,1\n",
            {"missing": "fill", "features": ["x", "z"]},
            "column 'z' has no value in the training",
        ),
        ("x,z,y\n1,,0\n2,5,1\n", {}, "line 2, column 'z': the value is missing"),
        ("x,z,y\n1,inf,0\n2,5,1\n", {"missing": "fill"}, "'inf' is not finite"),
        ("x,z,y\n1,many,0\n2,5,1\n3,5,1\n", {"missing": "fill"}, "'many' is not a number"),
        ("x,z,y\n1,a,0\n2,,1\n3,(missing),1\n", {"missing": "fill"}, "two columns become"),
    ],
)
def test_what_cannot_be_mended(
    tmp_path: Path, text: str, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        prepared(tmp_path, text, target="y", **params)
    assert message in str(caught.value)


def test_medians_and_filling() -> None:
    x = torch.tensor([[1.0, NAN], [NAN, 4.0], [3.0, 2.0], [8.0, NAN]])
    fills = medians(x, torch.arange(3), ["a", "b"], "here")
    assert fills.tolist() == [1.0, 2.0]
    fills = medians(x, torch.arange(4), ["a", "b"], "here")
    assert fills.tolist() == [3.0, 2.0]
    fill_gaps(x, fills)
    assert x.tolist() == [[1, 2], [3, 4], [3, 2], [8, 2]]


def test_predictions_fill_what_the_run_filled(trickrun: Any, tmp_path: Path) -> None:
    rows = [f"{'' if i % 5 == 0 else i % 7},{3 * i},{'ab'[i % 2]}" for i in range(60)]
    (tmp_path / "t.csv").write_text("x,z,kind\n" + "\n".join(rows) + "\n")
    (tmp_path / "r.yaml").write_text(
        "name: r\ndata: {kind: csv, path: t.csv, target: kind, missing: fill, batch_size: 16}\n"
        "model: {kind: mlp, hidden: [4]}\ntrain: {epochs: 1, look_every: 0}\n"
    )
    assert trickrun("train", "r.yaml").code == 0
    facts = json.loads(next(tmp_path.glob("runs/r/*/data.json")).read_text())
    middle = facts["task"]["fills"]
    (tmp_path / "gaps.csv").write_text("x,z\n,\n3,\n")
    (tmp_path / "whole.csv").write_text(f"x,z\n,{middle[2]}\n3,{middle[2]}\n")
    gaps, whole = (trickrun("predict", "r", f"{name}.csv").out for name in ("gaps", "whole"))
    assert gaps == whole
    assert len(gaps.splitlines()) == 3


def test_data_that_is_whole_is_the_same_in_every_way(tmp_path: Path) -> None:
    text = "x,color,y\n" + "".join(f"{i},{'rg'[i % 3 == 0]},{i % 2}\n" for i in range(30))
    parts: list[SplitData] = []
    for missing in ("error", "drop", "fill"):
        parts.append(prepared(tmp_path, text, target="y", missing=missing).train)
    assert all(torch.equal(part.x, parts[0].x) for part in parts)


@pytest.mark.parametrize("missing", ["error", "fill"])
@pytest.mark.parametrize("text", ["x,y\n1,a\n2,b\n3,\n", "x,y\n1,0.5\n2,1.5\n3,\n4,2.5\n"])
def test_a_missing_target_is_not_to_be_filled(tmp_path: Path, text: str, missing: str) -> None:
    with pytest.raises(DataError) as caught:
        prepared(tmp_path, text, target="y", missing=missing)
    assert "data.missing: drop" in caught.value.hint
    assert "fill or" not in caught.value.hint
    assert "data.drop" not in caught.value.hint


def test_a_category_that_was_never_missing_is_not_to_be_filled_again(tmp_path: Path) -> None:
    text = "x,color,y\n" + "".join(
        f"{'' if i < 9 else i},{'rg'[i % 2]},{i % 2}\n" for i in range(40)
    )
    wanted = data(tmp_path, text, target="y", missing="fill")
    found = prepare(wanted, tmp_path)
    (tmp_path / "new.csv").write_text("x,color\n1,r\n2,\n")
    with pytest.raises(DataError, match="line 3, column 'color': the value is missing") as caught:
        wanted.load_file(tmp_path / "new.csv", found.task, found.shape)
    assert "data.missing" not in caught.value.hint
    assert "no cell of this column was missing in training" in caught.value.hint


def test_rows_without_a_target_are_left_out_and_gaps_filled(tmp_path: Path) -> None:
    found = prepared(tmp_path, missing="fill", without_target="drop")
    whole = prepared(tmp_path, TEXT.replace("5,red,4.5,NA\n", ""), missing="fill")
    assert torch.equal(found.train.x, whole.train.x)
    assert torch.equal(found.train.y, whole.train.y)
    assert found.task == whole.task


def test_rows_without_a_target_are_refused_unless_they_are_to_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the value is missing"):
        prepared(tmp_path, missing="fill")


def test_one_of_several_targets_is_enough_to_be_left_out(tmp_path: Path) -> None:
    text = "x,y,z\n1,2,3\n2,,4\n3,5,\n4,6,8\n"
    params = {"target": ["y", "z"], "without_target": "drop"}
    assert prepared(tmp_path, text, **params).train.y.tolist() == [[2, 3], [6, 8]]


def test_without_any_target_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every row has a missing value"):
        prepared(tmp_path, "x,kind\n1,\n2,NA\n", without_target="drop")


def test_a_run_that_left_rows_out_knows_its_samples_when_their_target_has_come(
    tmp_path: Path, trickrun
) -> None:  # type: ignore[no-untyped-def]
    rows = [f"{i},{'ab'[i % 2]}" for i in range(40)]
    recipe = "data: {kind: csv, path: t.csv, target: y, without_target: drop, batch_size: 8}\n"
    (tmp_path / "r.yaml").write_text(f"name: r\n{recipe}model: {{kind: mlp}}\ntrain: 1\n")
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *rows, "77,", "78,NA"]))
    assert trickrun("train", "r.yaml").code == 0
    assert trickrun("eval", "r").code == 0
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *rows, "77,a", "78,b"]))
    again = trickrun("eval", "r")
    assert again.code == 0
    assert "2 rows added" in again.err
