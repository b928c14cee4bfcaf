"""Tables from csv files: columns to features and targets, and errors that name line and column."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from trickrun.data.csv import Csv
from trickrun.data.formats.asked import AskedType
from trickrun.data.splits.source import Source
from trickrun.errors import DataError

TEXT = """age,color,size,kind
1,red,0.5,cat
2,blue,1.5,dog
3,red,2.5,cat
4,green,3.5,dog
"""


def load(folder: Path, text: str = TEXT, **params: Any) -> Source:
    (folder / "t.csv").write_text(text)
    return Csv(**{"path": "t.csv", "target": "kind", **params}).load(folder)


def failure(folder: Path, text: str = TEXT, **params: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        load(folder, text, **params)
    return caught.value


def column(values: list[str], name: str = "y") -> str:
    return f"x,{name}\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values))


def test_numbers_text_and_labels(tmp_path: Path) -> None:
    source = load(tmp_path)
    x, y = source.parts["train"]
    assert source.task.features == ("age", "color=blue", "color=green", "color=red", "size")
    assert x.tolist() == [
        [1, 0, 0, 1, 0.5],
        [2, 1, 0, 0, 1.5],
        [3, 0, 0, 1, 2.5],
        [4, 0, 1, 0, 3.5],
    ]
    assert y.tolist() == [0, 1, 0, 1]
    assert source.task.kind == "classification"
    assert source.task.labels == ("cat", "dog")


def test_features_in_the_order_asked_for(tmp_path: Path) -> None:
    source = load(tmp_path, features=["size", "age"])
    assert source.task.features == ("size", "age")
    assert source.parts["train"][0][1].tolist() == [1.5, 2]


def test_drop(tmp_path: Path) -> None:
    assert load(tmp_path, drop=["color"]).task.features == ("age", "size")


def test_path_is_relative_to_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/t.csv").write_text(TEXT)
    assert Csv(path="sub/t.csv", target="kind").load(tmp_path).task.classes == 2


def test_regression(tmp_path: Path) -> None:
    source = load(tmp_path, target="size", drop=["kind"])
    assert source.task.kind == "regression"
    assert source.task.labels == ("size",)
    assert source.parts["train"][1].flatten().tolist() == [0.5, 1.5, 2.5, 3.5]


def test_regression_of_several_targets(tmp_path: Path) -> None:
    source = load(tmp_path, target=["size", "age"], drop=["kind"])
    assert source.task.targets == 2
    assert source.task.labels == ("size", "age")
    assert source.parts["train"][1].tolist() == [[0.5, 1], [1.5, 2], [2.5, 3], [3.5, 4]]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["yes", "no"] * 15, "classification"),
        (["0", "1", "2"] * 10, "classification"),
        (["1.0", "2.0"] * 15, "classification"),
        ([str(i) for i in range(30)], "regression"),
        (["0.5", "1"] * 15, "regression"),
        (["1", "2", "3", "4"], "regression"),
    ],
)
def test_auto_task(tmp_path: Path, cells: list[str], kind: str) -> None:
    assert load(tmp_path, column(cells), target="y").task.kind == kind


def test_task_given_overrules(tmp_path: Path) -> None:
    text = column(["0", "1", "2"] * 10)
    assert load(tmp_path, text, target="y", task="regression").task.kind == "regression"
    many = column([str(i // 2) for i in range(60)])
    assert load(tmp_path, many, target="y", task="classification").task.classes == 30


def test_number_labels_keep_their_names_and_order(tmp_path: Path) -> None:
    source = load(tmp_path, column(["10", "9", "-1", "10"] * 2), target="y")
    assert source.task.labels == ("-1", "9", "10")
    assert source.parts["train"][1].tolist() == [2, 1, 0, 2] * 2


def test_table_without_header(tmp_path: Path) -> None:
    text = "5.1,3.5,a\n4.9,3.0,b\n"
    source = load(tmp_path, text, target="c3", header=False)
    assert source.task.features == ("c1", "c2")


def test_semicolons_are_found_and_a_delimiter_may_be_given(tmp_path: Path) -> None:
    assert load(tmp_path, TEXT.replace(",", ";")).task.classes == 2
    assert load(tmp_path, TEXT.replace(",", ":"), delimiter=":").task.classes == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("3,red", ",red", "line 4, column 'age': the value is missing, as in 1 of the column's 4"),
        ("3,red", "NaN,red", "line 4, column 'age': the value is missing"),
        ("3,red", "inf,red", "line 4, column 'age': 'inf' is not finite"),
        ("3,red", "three,red", "line 4, column 'age': 'three' is not a number"),
        ("3,red", "3_0,red", "line 4, column 'age': '3_0' is not a number"),
        ("3,red", '"3,5",red', "decimals need a point"),
        ("2,blue", "2,", "line 3, column 'color': the value is missing"),
        ("3.5,dog", "3.5,", "line 5, column 'kind': the value is missing"),
    ],
)
def test_bad_cells_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in str(failure(tmp_path, TEXT.replace(old, new)))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "line 3, column 'y': the value is missing"),
        ("nan", "line 3, column 'y': the value is missing"),
        ("many", "line 3, column 'y': 'many' is not a number"),
        ("-inf", "line 3, column 'y': '-inf' is not finite"),
    ],
)
def test_bad_target_values_are_named(tmp_path: Path, cell: str, message: str) -> None:
    text = column(["0.5", cell, "1.5", "2.5"])
    assert message in failure(tmp_path, text, target="y").message


def test_text_in_a_regression_target(tmp_path: Path) -> None:
    error = failure(tmp_path, task="regression")
    assert "column 'kind': 'cat' is text, but regression needs numbers" in error.message
    assert "data.task: classification" in error.hint


def test_many_texts_that_recur_are_no_categories(tmp_path: Path) -> None:
    text = "who,y\n" + "".join(f"person {i // 2 * 2},{i % 2}\n" for i in range(2, 12))
    text += "".join(f"person {i},{i % 2}\n" for i in range(12, 23))
    error = failure(tmp_path, text, target="y")
    assert "column 'who' has 16 distinct texts in 21 rows, such as 'person 10'" in error.message
    assert "data.types: {who: drop}" in error.hint
    assert "data.types: {who: category}" in error.hint
    found = load(tmp_path, text, target="y", types={"who": AskedType(kind="category")})
    assert len(found.task.features) == 16


def test_names_are_left_out(tmp_path: Path) -> None:
    text = "who,x,y\n" + "".join(f"person {i},{i * i},{i % 2}\n" for i in range(12))
    source = load(tmp_path, text, target="y")
    assert source.task.features == ("x",)
    assert source.notes == (
        "who: left out, because no two rows have the same text; "
        "data.types: {who: category} keeps it",
    )
    error = failure(tmp_path, text.replace(",x", ",z"), target="y", drop=["z"])
    assert "no input is left: who were left out" in error.message


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        ({"target": "knd"}, "no column 'knd' (data.target)", "did you mean 'kind'?"),
        ({"features": ["ages"]}, "no column 'ages' (data.features)", "did you mean 'age'?"),
        ({"drop": ["colour"]}, "no column 'colour' (data.drop)", "did you mean 'color'?"),
        ({"drop": ["kind"]}, "'kind' is in data.target and data.drop", "once"),
        ({"features": ["age", "kind"]}, "'kind' is in data.target and data.features", "once"),
        ({"drop": ["age", "color", "size"]}, "no column is left as input", "data.drop"),
        ({"target": ["age", "kind"], "task": "classification"}, "several targets", "one"),
        ({"path": "t.cvs"}, "no such file", "did you mean 't.csv'?"),
        ({"path": "."}, "folder, not a file", ""),
    ],
)
def test_parameters_that_do_not_fit(
    tmp_path: Path, params: dict[str, Any], message: str, hint: str
) -> None:
    error = failure(tmp_path, **params)
    assert message in error.message
    assert hint in error.hint


def test_table_whose_header_is_missing(tmp_path: Path) -> None:
    error = failure(tmp_path, "5.1,3.5,setosa\n4.9,3.0,virginica\n", target="species")
    assert "looks like a sample, not like names: 5.1, 3.5, setosa" in error.message
    assert "data.header: false" in error.hint


def test_years_may_be_names(tmp_path: Path) -> None:
    assert load(tmp_path, "2019,2020\n1,a\n2,b\n", target="2020").task.features == ("2019",)


def test_one_class(tmp_path: Path) -> None:
    error = failure(tmp_path, column(["a", "a", "a"]), target="y")
    assert "all samples have the class 'a'" in error.message


def test_columns_that_become_one_feature(tmp_path: Path) -> None:
    error = failure(tmp_path, "a,a=x,y\nx,1,p\nz,2,q\n", target="y")
    assert "two columns become the feature 'a=x'" in error.message


@pytest.mark.parametrize("target", [[], 3, None])
def test_targets_that_are_no_names(target: object) -> None:
    with pytest.raises(ValidationError):
        Csv.model_validate({"path": "t.csv", "target": target})


def test_fingerprint_follows_the_content(tmp_path: Path) -> None:
    load(tmp_path)
    data = Csv(path="t.csv", target="kind")
    first = data.fingerprint(tmp_path)
    load(tmp_path, TEXT.replace("0.5", "0.25"))
    assert data.fingerprint(tmp_path) != first


def test_large_table_keeps_its_numbers(tmp_path: Path) -> None:
    values = torch.randn(500, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    source = load(tmp_path, column([repr(v) for v in values.tolist()]), target="y")
    assert torch.equal(source.parts["train"][1].flatten(), values)
