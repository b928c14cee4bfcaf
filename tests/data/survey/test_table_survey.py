"""A look at a table: what it finds, on tables written here cell by cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from trickrun.data.survey.facts import Decision, SplitBy, TableFacts, Targets, TextFacts
from trickrun.data.survey.look import facts_at
from trickrun.errors import DataError


def write(folder: Path, columns: dict[str, Sequence[object]], sign: str = ",") -> Path:
    path = folder / "t.csv"
    rows = zip(*columns.values(), strict=True)
    lines = [sign.join(columns), *(sign.join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def table(folder: Path, columns: dict[str, Sequence[object]], **given: object) -> TableFacts:
    found = facts_at(write(folder, columns, sign=";"), "t.csv", given)
    assert isinstance(found, TableFacts)
    return found


COUNT = 60
X = [round(math.sin(i), 3) for i in range(COUNT)]
AB = ["ab"[i % 2] for i in range(COUNT)]


def test_a_plain_table(tmp_path: Path) -> None:
    found = table(tmp_path, {"x": X, "color": ["red", "blue", "green"] * 20, "y": AB})
    assert found == TableFacts(
        path="t.csv",
        rows=COUNT,
        targets=Targets(
            ("y",),
            "guessed by its name; --target COLUMN says otherwise",
            classes=(("a", 30), ("b", 30)),
        ),
        categories=(("color", 3),),
        numbers=("x",),
    )


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["a", "b", "price"], "price"),
        (["Label", "b", "c"], "Label"),
        (["a", "b", "row_id"], "b"),
        (["target", "b", "y"], "target"),
    ],
)
def test_the_target_is_guessed(tmp_path: Path, names: list[str], wanted: str) -> None:
    columns = {name: [i * (k + 3) % 7 for i in range(COUNT)] for k, name in enumerate(names)}
    assert table(tmp_path, columns).targets.names == (wanted,)


def test_names_and_dates_are_not_guessed_to_be_the_target(tmp_path: Path) -> None:
    columns: dict[str, Sequence[object]] = {
        "x": X,
        "kind": AB,
        "day": [f"2024-{i // 28 + 1:02}-{i % 28 + 1:02}" for i in range(COUNT)],
        "name": [f"n{i}" for i in range(COUNT)],
        "none": [""] * COUNT,
    }
    assert table(tmp_path, columns).targets.names == ("kind",)
    amounts = {"x": X, "cost": [f"{i},5 €" for i in range(COUNT)]}
    assert table(tmp_path, amounts).targets.names == ("cost",)


def test_the_target_is_asked_for(tmp_path: Path) -> None:
    asked: list[object] = []

    def ask(proposed: str, columns: list[str]) -> str:
        asked.extend([proposed, columns])
        return "x"

    found = facts_at(write(tmp_path, {"x": X, "z": X[::-1]}), "t.csv", {}, ask)
    assert isinstance(found, TableFacts)
    assert asked == ["z", ["x", "z"]]
    assert (found.targets.names, found.targets.why) == (("x",), "as you said")


def test_values_to_predict_are_described(tmp_path: Path) -> None:
    y = np.exp(np.random.default_rng(0).normal(3, 1, COUNT)).round(2)
    found = table(tmp_path, {"x": X, "y": y.tolist()})
    (values,) = found.targets.values
    assert not found.targets.classes
    assert values.mean == pytest.approx(y.mean())
    assert values.std == pytest.approx(y.std())
    cubes = (((y - y.mean()) / y.std()) ** 3).mean()
    assert values.skew == pytest.approx(cubes)
    logs = np.log(y)
    assert values.log_skew == pytest.approx((((logs - logs.mean()) / logs.std()) ** 3).mean())


def test_a_target_of_0_has_no_logarithm(tmp_path: Path) -> None:
    found = table(tmp_path, {"x": X, "y": [0, *[i + 0.5 for i in range(COUNT - 1)]]})
    (values,) = found.targets.values
    assert values.log_skew is None


def test_a_target_in_another_notation_is_values(tmp_path: Path) -> None:
    found = table(tmp_path, {"x": X, "y": [f"1.{i:03},5" for i in range(COUNT)]})
    (values,) = found.targets.values
    assert (values.low, values.high) == (1000.5, 1059.5)


def test_gaps_are_counted_and_rows_without_a_target_left_out(tmp_path: Path) -> None:
    columns = {"x": ["", *X[1:]], "z": [*X[:-2], "NA", "?"], "y": ["a", "", *AB[2:]]}
    found = table(tmp_path, columns)
    assert found.gaps == (("x", 1), ("z", 2))
    assert (found.rows, found.without_target) == (COUNT - 1, 1)


def test_all_that_is_to_be_said_of_columns_is_found_at_once(tmp_path: Path) -> None:
    columns: dict[str, Sequence[object]] = {
        "order_id": range(100, 100 + COUNT),
        "user_id": [f"u{i // 2}" for i in range(COUNT)],
        "shop_id": [i % 4 for i in range(COUNT)],
        "sold": [f"{i % 28 + 1:02}.{i % 12 + 1:02}.2024" for i in range(COUNT)],
        "due": [f"0{i % 9 + 1}/0{i % 7 + 1}/2024" for i in range(COUNT)],
        "price": [f"1,{i % 9:03}" for i in range(COUNT)],
        "name": [f"n{i * 7 % 50}" for i in range(COUNT)],
        "note": [f"a longer text about row {i}" for i in range(COUNT)],
        "mixed": [*X[:-1], "many"],
        "x": X,
        "y": AB,
    }
    found = table(tmp_path, columns)
    said = {each.column: each for each in found.decisions}
    assert said["user_id"].type == "id"
    assert said["shop_id"].type == "category"
    assert said["sold"].type == {"kind": "date", "format": "%d.%m.%Y"}
    open_ones = {each.column for each in found.decisions if each.open}
    assert open_ones == {"due", "price", "name", "mixed", "note"}
    assert "%d/%m/%Y" in said["due"].why
    assert "%m/%d/%Y" in said["due"].why
    assert "data.thousands" in said["price"].why
    assert "50 different texts in 60 rows" in said["name"].why
    assert "'many'" in said["mixed"].why
    why = "sentences: kind: csv leaves them out, and kind: text trains on them alone"
    assert said["note"] == Decision("note", "text", why, open=True)
    assert found.numbers == ("x",)
    assert found.categories == (("shop_id", 4),)
    assert any(line.startswith("order_id: left out, as an identifier") for line in found.seen)


def test_sentences_beside_a_date_and_an_identifier_are_the_input(tmp_path: Path) -> None:
    columns: dict[str, Sequence[object]] = {
        "id": range(1000, 1000 + COUNT),
        "written": [f"2026-0{i % 9 + 1}-1{i % 9}" for i in range(COUNT)],
        "review": [f"the {'good' if i % 2 else 'bad'} meal was number {i}" for i in range(COUNT)],
        "stars": ["happy" if i % 2 else "unhappy" for i in range(COUNT)],
    }
    found = facts_at(write(tmp_path, columns), "t.csv", {})
    assert isinstance(found, TextFacts)
    assert (found.column, found.left_out) == ("review", ("id", "written"))


def test_what_the_recipe_says_already_is_not_decided_again(tmp_path: Path) -> None:
    columns = {"due": [f"0{i % 9 + 1}/0{i % 7 + 1}/2024" for i in range(COUNT)], "x": X, "y": AB}
    said = {"due": {"kind": "date", "format": "%m/%d/%Y"}}
    found = table(tmp_path, columns, types=said)
    assert found.decisions == ()
    assert [name for name, _ in found.dates] == ["due"]
    found = table(tmp_path, columns, drop=["due"])
    assert (found.decisions, found.dates) == ((), ())


def test_rows_in_order_of_time_are_split_by_it(tmp_path: Path) -> None:
    days = [f"2024-{i // 28 + 1:02}-{i % 28 + 1:02}" for i in range(COUNT)]
    assert table(tmp_path, {"day": days, "x": X, "y": AB}).split == SplitBy(
        "time", "day", "the rows stand in this order: new ones come later"
    )
    mixed = [days[i * 7 % COUNT] for i in range(COUNT)]
    found = table(tmp_path, {"day": mixed, "x": X, "y": AB})
    assert (found.split, found.times) == (None, ("day",))
    assert found.dates == (("day", 59 + 0.0),) or found.dates[0][1] > 50


def test_identifiers_that_recur_are_groups(tmp_path: Path) -> None:
    found = table(tmp_path, {"patient_id": [i // 3 for i in range(COUNT)], "x": X, "y": AB})
    assert found.split is not None
    assert (found.split.way, found.split.column) == ("group", "patient_id")


def test_copies_are_told_from_rows_of_few_kinds(tmp_path: Path) -> None:
    copied = table(tmp_path, {"x": [*X[:-1], X[0]], "z": [*X[1:], X[1]], "y": [*AB[:-1], AB[0]]})
    assert (copied.copies, copied.few_possible) == (1, False)
    few = table(tmp_path, {"x": [i % 3 for i in range(COUNT)], "y": AB})
    assert (few.copies, few.few_possible) == (COUNT - 6, True)


def test_a_table_of_texts_and_classes_is_texts(tmp_path: Path) -> None:
    texts = [f"this is a review of the book {i}" for i in range(COUNT)]
    found = facts_at(
        write(tmp_path, {"id": range(COUNT), "review": texts, "opinion": AB}), "t.csv", {}
    )
    assert found == TextFacts(
        "t.csv",
        COUNT,
        "review",
        "opinion",
        "guessed, as the last column; --target COLUMN says otherwise",
        (("a", 30), ("b", 30)),
        8,
        ("id",),
    )


def test_one_long_text(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text("It was a dark and stormy night.\n" * 50)
    assert facts_at(path, "book.txt", {}) == TextFacts("book.txt", 32 * 50)


def test_a_table_without_names(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(f"{i % 7},{i * i % 5},{i % 3}" for i in range(COUNT)))
    found = facts_at(path, "t.csv", {})
    assert isinstance(found, TableFacts)
    assert (found.header, found.targets.names, found.numbers) == (False, ("c3",), ("c1", "c2"))


@pytest.mark.parametrize(
    ("columns", "given", "message"),
    [
        ({"x": X, "y": [""] * COUNT}, {}, "the target 'y' has no value"),
        ({"x": X, "y": AB}, {"target": "z"}, "there is no column 'z'"),
        ({"x": X, "y": AB}, {"task": "regression"}, "text such as 'a', but regression"),
        ({"x": X, "y": AB}, {"target": ["x", "y"]}, "'y' has text such as 'a', but regression"),
        ({"x": X, "y": ["a"] * COUNT}, {}, "all rows have the same 'y'"),
        ({"x": X, "y": [2.5] * COUNT}, {}, "all rows have the same 'y'"),
        ({"x": X, "y": [f"n{i}" for i in range(COUNT)]}, {}, "60 different texts in 60 rows"),
        ({"id": range(COUNT), "y": AB}, {}, "no input is left: id would be left out"),
        (
            {"f": [f"{i}.png" for i in range(COUNT)], "y": AB},
            {},
            "f names images, such as '0.png', but none",
        ),
        ({"t": [f"one of the {i}" for i in range(COUNT)], "y": X}, {}, "the inputs are texts"),
    ],
)
def test_what_cannot_be_predicted_is_refused(
    tmp_path: Path, columns: dict[str, list[object]], given: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        table(tmp_path, columns, **given)


def test_several_targets_are_values_or_labels(tmp_path: Path) -> None:
    columns: dict[str, Sequence[object]] = {
        "x": X,
        "p": [i * 7 % 31 + 0.5 for i in range(COUNT)],
        "q": [*range(1, COUNT), ""],
        "red": [i % 2 for i in range(COUNT)],
        "big": ["true" if i > 50 else "False" for i in range(COUNT)],
    }
    values = table(tmp_path, columns, target=["p", "q"])
    assert (values.targets.task, values.targets.names) == ("regression", ("p", "q"))
    assert [each.low for each in values.targets.values] == [0.5, 1.0]
    assert (values.rows, values.without_target) == (COUNT - 1, 1)
    labels = table(tmp_path, columns, target=["red", "big"])
    assert labels.targets.task == "multilabel"
    assert labels.targets.labels == (("red", 0.5), ("big", pytest.approx(9 / 60)))
    assert table(tmp_path, columns, target=["red", "p"]).targets.task == "regression"
    one = table(tmp_path, columns, target="red", task="multilabel")
    assert one.targets.labels == (("red", 0.5),)


def test_all_problems_of_several_targets_are_told_at_once(tmp_path: Path) -> None:
    columns: dict[str, Sequence[object]] = {"x": X, "a": AB, "one": [2] * COUNT, "y": X[::-1]}
    with pytest.raises(DataError) as caught:
        table(tmp_path, columns, target=["a", "one", "y"])
    first, second, third = caught.value.message.splitlines()
    assert first == "2 problems:"
    assert second.startswith("  the target 'a' has text such as 'a', but regression needs numbers")
    assert third.startswith("  all rows have the same 'one'")
    with pytest.raises(DataError) as caught:
        table(tmp_path, columns, target=["b", "z"])
    assert "no column 'b'" in caught.value.message
    assert "no column 'z'" in caught.value.message
    with pytest.raises(DataError) as caught:
        table(tmp_path, columns, target="x,y")
    assert caught.value.hint == "for several targets: --target x --target y"
    with pytest.raises(DataError, match="classification has one target"):
        table(tmp_path, columns, target=["a", "y"], task="classification")


def test_targets_that_no_row_has_together_are_refused(tmp_path: Path) -> None:
    halves = {"x": X, "p": [*range(30), *[""] * 30], "q": [*[""] * 30, *range(30)]}
    with pytest.raises(DataError, match="no row has all of the targets 'p', 'q'"):
        table(tmp_path, halves, target=["p", "q"])


def test_a_table_of_too_few_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it has 3 rows: too few"):
        table(tmp_path, {"x": X[:3], "y": AB[:3]})


def test_images_that_are_nowhere_are_left_out_and_said(tmp_path: Path) -> None:
    found = table(tmp_path, {"x": X, "f": [f"{i}.png" for i in range(COUNT)], "y": AB})
    (said,) = found.decisions
    assert (said.column, said.type, said.open) == ("f", "drop", True)
    assert "none of them is beside the table" in said.why
