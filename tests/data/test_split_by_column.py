"""Splits of a table by a column of groups or times, and of any data by what is equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from trickrun.data._data import Split
from trickrun.data.csv import Csv
from trickrun.data.digits import Digits
from trickrun.data.iris import Iris
from trickrun.data.npz import Npz
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.errors import DataError


def table(folder: Path, lines: list[str]) -> Path:
    path = folder / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def patients(folder: Path, cells: list[str]) -> None:
    """Write a table of the line's number, a patient and a class."""
    rows = [f"{i},{cell},{'ab'[i % 2]}" for i, cell in enumerate(cells)]
    table(folder, ["x,patient,y", *rows])


def split_of(folder: Path, **split: Any) -> Prepared:
    drop = [name for name in ("patient", "day") if name in (folder / "t.csv").read_text()[:30]]
    data = Csv(path="t.csv", target="y", drop=tuple(drop), split=Split(**split))
    return prepare(data, folder)


def lines(data: Prepared) -> dict[str, list[int]]:
    parts = {"train": data.train, "val": data.val, "test": data.test}
    return {
        name: data.original(part.x)[:, 0].int().tolist()
        for name, part in parts.items()
        if part is not None
    }


def test_a_group_stays_in_one_part(tmp_path: Path) -> None:
    patients(tmp_path, [f"p{i // 4}" for i in range(120)])
    found = lines(split_of(tmp_path, group="patient"))
    assert {name: len(part) for name, part in found.items()} == {"train": 88, "val": 16, "test": 16}
    seen = [{line // 4 for line in part} for part in found.values()]
    assert sum(map(len, seen)) == len(set().union(*seen)) == 30
    assert lines(split_of(tmp_path, group="patient")) == found
    assert lines(split_of(tmp_path, group="patient", seed=1)) != found


def test_what_was_drawn_is_told_by_rows(tmp_path: Path) -> None:
    patients(tmp_path, [f"p{i // 4}" for i in range(120)])
    data = split_of(tmp_path, group="patient")
    assert {name: rows.tolist() for name, rows in data.rows.items()} == lines(data)


def test_the_group_may_be_a_feature_and_may_be_a_number(tmp_path: Path) -> None:
    table(tmp_path, ["g,x,y", *(f"{i // 3}.0,{i},{'ab'[i % 2]}" for i in range(60))])
    data = prepare(Csv(path="t.csv", target="y", split=Split(group="g")), tmp_path)
    assert data.val is not None
    assert not set(data.val.x[:, 0].tolist()) & set(data.train.x[:, 0].tolist())


def test_a_missing_group_is_a_group_of_its_own(tmp_path: Path) -> None:
    patients(tmp_path, ["" if i < 50 else f"p{i // 5}" for i in range(100)])
    data = split_of(tmp_path, group="patient", val=0.3, test=0)
    val = lines(data)["val"]
    assert 10 <= sum(line < 50 for line in val) <= 20
    assert len(val) == 30


def test_folds_keep_groups_whole(tmp_path: Path) -> None:
    patients(tmp_path, [f"p{i // 4}" for i in range(120)])
    folds = [lines(split_of(tmp_path, group="patient", folds=5, fold=i))["val"] for i in range(5)]
    seen = [{line // 4 for line in part} for part in folds]
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert max(map(len, folds)) - min(map(len, folds)) <= 4


@pytest.mark.parametrize(
    ("cells", "split", "message"),
    [
        (["p"] * 50 + ["q"] * 50, {"val": 0.2}, "no whole group is small enough for val"),
        (["p"] * 50 + ["q"] * 50, {"folds": 3, "test": 0}, "2 groups do not make 3 folds"),
        (["p"] * 40 + ["q"] * 60, {"val": 0.4, "test": 0.59}, "none of the 100 samples is left"),
    ],
)
def test_groups_that_are_too_large(
    tmp_path: Path, cells: list[str], split: dict[str, Any], message: str
) -> None:
    patients(tmp_path, cells)
    with pytest.raises(DataError, match=message):
        split_of(tmp_path, **{"test": 0, **split, "group": "patient"})


def test_a_class_whose_groups_do_not_train(tmp_path: Path) -> None:
    rows = [f"{i},p{i // 25},{'ab'[i // 50]}" for i in range(100)]
    table(tmp_path, ["x,patient,y", *rows])
    with pytest.raises(DataError, match=r"no sample of class '[ab]' is left to train on"):
        split_of(tmp_path, group="patient", val=0.5, test=0.25)


@pytest.mark.parametrize("key", ["group", "time"])
def test_a_column_that_is_not_there(tmp_path: Path, key: str) -> None:
    patients(tmp_path, ["p"] * 50)
    with pytest.raises(DataError, match=rf"no column 'patent' \(data.split.{key}\)") as caught:
        split_of(tmp_path, **{key: "patent"})
    assert "did you mean 'patient'?" in caught.value.hint


def days(folder: Path, cells: list[str]) -> None:
    table(folder, ["x,day,y", *(f"{i},{cell},{'ab'[i % 2]}" for i, cell in enumerate(cells))])


ORDER = [7, 2, 9, 0, 4, 1, 8, 3, 6, 5]
"""Places in time of ten lines."""


@pytest.mark.parametrize(
    "cell",
    [
        "2024-01-{0:02d}",
        "2024-01-{0:02d}T10:00:00",
        "2024-01-01 00:{0:02d}:00+02:00",
        "20{0:02d}-03",
        "{0}",
        "-{1}",
        "{0}.25",
        "90071992547409{0:02d}",  # differ by less than floats can tell
    ],
)
def test_training_comes_before_validation_before_test(tmp_path: Path, cell: str) -> None:
    days(tmp_path, [cell.format(place + 10, 99 - place) for place in ORDER])
    found = lines(split_of(tmp_path, time="day", val=0.2, test=0.3))
    assert {name: [ORDER[line] for line in part] for name, part in found.items()} == {
        "train": [2, 0, 4, 1, 3],
        "val": [6, 5],
        "test": [7, 9, 8],
    }


def test_equal_times_stay_together(tmp_path: Path) -> None:
    days(tmp_path, [str(i // 4) for i in range(40)])
    found = lines(split_of(tmp_path, time="day", val=0.15, test=0.25))
    assert (found["test"], found["val"]) == ([*range(28, 40)], [*range(20, 28)])
    assert split_of(tmp_path, time="day", val=0, test=0).val is None


def test_folds_of_time_are_an_expanding_window(tmp_path: Path) -> None:
    days(tmp_path, [str(i) for i in range(100)])
    for fold in range(3):
        found = lines(split_of(tmp_path, time="day", test=0.2, folds=3, fold=fold))
        assert found["train"] == [*range(20 * (fold + 1))]
        assert found["val"] == [*range(20 * (fold + 1), 20 * (fold + 2))]
        assert found["test"] == [*range(80, 100)]


@pytest.mark.parametrize(
    ("cells", "split", "message"),
    [
        (["1"] * 30 + [""] + ["2"] * 30, {}, "line 32, column 'day': the time is missing"),
        (["2024-01-01"] * 9 + ["1.2.2024"], {}, "line 11, column 'day': '1.2.2024' is not a date"),
        (["5"] * 9 + ["2024-01-01"], {}, "line 11, column 'day': '2024-01-01' is not a date"),
        (["2024-01-01"] * 9 + ["2024-01-01T00:00Z"], {}, "line 11.*names a time zone"),
        (["monday"] * 9, {}, "line 2, column 'day': 'monday' is not a date"),
        (["1"] * 90 + ["2"] * 10, {"test": 0.02}, "samples of one time stay together"),
        (["1"] * 10, {"val": 0.4, "test": 0.6}, "samples of one time stay together|left to train"),
        (["1"] * 50 + ["2"] * 50, {"test": 0, "folds": 2}, "do not make 3 blocks"),
    ],
)
def test_times_that_make_no_split(
    tmp_path: Path, cells: list[str], split: dict[str, Any], message: str
) -> None:
    days(tmp_path, cells)
    with pytest.raises(DataError, match=message):
        split_of(tmp_path, **{"val": 0.1, "test": 0.1, **split, "time": "day"})


@pytest.mark.parametrize("other", [{"group": "patient"}, {"group_duplicates": True}])
def test_time_keeps_nothing_else_together(other: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a split by time cuts through"):
        Split(time="day", **other)


def doubled(folder: Path) -> Npz:
    """Return data of which every sample stands there twice, and one with two targets."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(100, 3)).astype("float32")
    y = draw.integers(0, 2, 100)
    np.savez(folder / "d.npz", x=np.concatenate([x, x]), y=np.concatenate([y, y]))
    return Npz(path="d.npz", split=Split(group_duplicates=True))


def test_equal_samples_stay_in_one_part(tmp_path: Path) -> None:
    data = prepare(doubled(tmp_path), tmp_path)
    parts = [data.rows[name] % 100 for name in ("train", "val", "test")]
    assert [len(part) for part in parts] == [140, 30, 30]
    assert sum(len(part.unique()) for part in parts) == 100
    apart = prepare(Npz(path="d.npz"), tmp_path)
    assert torch.isin(apart.rows["val"] % 100, apart.rows["train"] % 100).any()


def test_equal_inputs_with_other_targets_are_no_duplicates(tmp_path: Path) -> None:
    x = np.repeat(np.arange(50, dtype="float32"), 2)[:, None]
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(100) % 2)
    grouped, plain = (
        prepare(Npz(path="d.npz", split=Split(group_duplicates=given)), tmp_path)
        for given in (True, False)
    )
    assert torch.equal(grouped.train.x, plain.train.x)


def test_duplicates_join_groups(tmp_path: Path) -> None:
    # Patients 0 and 1, 2 and 3, … share a line.
    rows = [f"{i // 8 * 8 if i % 4 == 0 else i},p{i // 4},a" for i in range(80)]
    rows = [row if i % 3 else row[:-1] + "a" for i, row in enumerate(rows)]
    table(tmp_path, ["x,patient,y", *rows, *(f"{900 + i},q{i},b" for i in range(20))])
    data = split_of(tmp_path, group="patient", group_duplicates=True, val=0.3, test=0)
    parts = [{int(row) // 8 for row in rows if row < 80} for rows in data.rows.values()]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 10


@pytest.mark.parametrize("kind", [Digits, Iris])
def test_without_duplicates_nothing_changes(kind: Any) -> None:
    # Iris has one flower twice, with one species.
    grouped, plain = (
        prepare(kind(split=Split(group_duplicates=given)), Path()) for given in (True, False)
    )
    same = torch.equal(grouped.rows["train"], plain.rows["train"])
    assert same == (kind is Digits)
