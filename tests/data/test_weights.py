"""The column of samples' weights: what is read, what is refused, and what it is no part of."""

from pathlib import Path
from typing import Any

import pytest

from trickrun.data.csv import Csv
from trickrun.data.splits.prepare import prepare
from trickrun.data.splits.source import Source
from trickrun.errors import DataError

TEXT = "size,w,kind\n" + "".join(f"{i},{i % 4},{'ab'[i % 2]}\n" for i in range(1, 41))


def load(folder: Path, text: str = TEXT, **params: Any) -> Source:
    (folder / "t.csv").write_text(text)
    return Csv(**{"path": "t.csv", "target": "kind", "weight": "w", **params}).load(folder)


def refused(folder: Path, text: str = TEXT, **params: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        load(folder, text, **params)
    return caught.value


def test_the_column_is_read_and_is_no_feature(tmp_path: Path) -> None:
    source = load(tmp_path)
    assert source.weights["train"].tolist() == [i % 4 for i in range(1, 41)]
    assert source.task.features == ("size",)
    (note,) = source.notes
    assert note == "losses and metrics are weighted by 'w': 0 to 3, mean 1.5; 10 of 40 are 0"


def test_it_tells_samples_apart(tmp_path: Path) -> None:
    source = load(tmp_path)
    assert source.identify is not None
    assert source.identify().columns == ("size", "w", "kind")


def test_weights_go_with_their_samples_into_the_parts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TEXT)
    data = prepare(
        Csv(path="t.csv", target="kind", weight="w", normalize={"kind": "none"}), tmp_path
    )
    for part in (data.train, data.val, data.test):
        assert part is not None
        assert part.w is not None
        assert part.w.tolist() == [size % 4 for size in part.x.flatten().tolist()]


def test_class_shares_are_those_of_the_weights(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TEXT)
    data = prepare(Csv(path="t.csv", target="kind", weight="w"), tmp_path)
    w, y = data.train.w, data.train.y
    assert w is not None
    share = float(w[y == 0].sum() / w.sum())
    assert data.task.priors == pytest.approx((share, 1 - share))
    # Every second sample is of a class, but of one class none has a weight of 0.
    assert share != pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("-1", "line 3, column 'w': the weight -1 is negative"),
        ("", "line 3, column 'w': the value is missing"),
        ("NA", "line 3, column 'w': the value is missing"),
        ("inf", "line 3, column 'w': 'inf' is not finite"),
        ("much", "line 3, column 'w': 'much' is not a number"),
    ],
)
def test_what_is_no_weight_is_refused_with_its_place(tmp_path: Path, cell: str, told: str) -> None:
    text = TEXT.replace("\n2,2,", f"\n2,{cell},")
    assert refused(tmp_path, text).message.startswith(told)


def test_a_missing_weight_may_be_dropped_with_its_row(tmp_path: Path) -> None:
    source = load(tmp_path, TEXT.replace("\n2,2,", "\n2,,"), missing="drop")
    assert len(source.weights["train"]) == 39


def test_weights_that_are_all_0_are_refused(tmp_path: Path) -> None:
    text = "size,w,kind\n1,0,a\n2,0,b\n"
    assert refused(tmp_path, text).message == "all 2 weights in column 'w' are 0"


def test_a_part_without_weight_is_refused(tmp_path: Path) -> None:
    rows = [f"{i},{int(i < 30)},{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "t.csv").write_text("size,w,kind\n" + "\n".join(rows) + "\n")
    data = Csv(path="t.csv", target="kind", weight="w", split={"time": "size"})
    with pytest.raises(
        DataError, match=r"all 6 samples of the (val|test) split have a weight of 0"
    ):
        prepare(data, tmp_path)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"weight": "v"}, "there is no column 'v' (data.weight)"),
        ({"weight": "kind"}, "'kind' is in data.target and data.weight"),
        ({"drop": ["w"]}, "'w' is in data.drop and data.weight"),
        ({"features": ["size", "w"]}, "'w' is in data.features and data.weight"),
    ],
)
def test_the_column_is_named_once(tmp_path: Path, params: dict[str, Any], told: str) -> None:
    assert refused(tmp_path, **params).message == told
