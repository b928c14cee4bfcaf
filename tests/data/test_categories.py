"""Categories that are fitted on the training part: their numbers, rare ones, and new ones."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trickrun.checks.data_look import describe
from trickrun.data._data import Split, Subset
from trickrun.data.csv import Csv
from trickrun.data.formats.categories import coded
from trickrun.data.formats.cells import Cells
from trickrun.data.normalizers.none import NoNormalize
from trickrun.data.normalizers.standard import Standard
from trickrun.data.splits.kept import keep
from trickrun.data.splits.keys import keys_of
from trickrun.data.splits.prepare import Prepared, drawn, prepare, prepare_run
from trickrun.data.splits.source import Categories, task_in
from trickrun.data.splits.unknown import SHARE, UnknownCells, unknown_cells
from trickrun.errors import DataError
from trickrun.tricks.losses.auto import AutoLoss

TEXT = """age,color,kind
1,red,cat
2,blue,dog
3,red,cat
4,green,dog
5,red,dog
6,blue,cat
"""
WHOLE = Split(val=0, test=0)


def data(folder: Path, text: str = TEXT, **params: Any) -> Csv:
    (folder / "t.csv").write_text(text)
    plain = {"path": "t.csv", "target": "kind", "normalize": NoNormalize(), "split": WHOLE}
    return Csv(**{**plain, **params})


def prepared(folder: Path, text: str = TEXT, **params: Any) -> Prepared:
    return prepare(data(folder, text, **params), folder)


def read(folder: Path, found: Prepared, text: str, **params: Any) -> Any:
    (folder / "new.csv").write_text(text)
    return data(folder, **params).load_file(folder / "new.csv", found.task, found.shape)


@given(st.lists(st.sampled_from(["b", "a", "", "NA", "c d", "?"]), min_size=1))
def test_coded_cells_are_their_texts_again(cells: list[str]) -> None:
    found = coded(Cells.of(cells))
    again = [found.texts[code] for code in found.codes]
    assert again == ["(missing)" if cell in ("", "NA", "?") else cell for cell in cells]
    names = [text for text in found.texts if text != "(missing)"]
    assert names == sorted(set(names))
    assert "(missing)" not in found.texts[:-1]


def test_with_embedding_a_column_of_text_holds_numbers_from_1_in_the_alphabets_order(
    tmp_path: Path,
) -> None:
    found = prepared(tmp_path, categories="embedding")
    assert found.task.features == ("age", "color")
    assert found.task.categories == (Categories("color", ("blue", "green", "red")),)
    assert found.task.rows == (0, 4)
    assert found.train.x.tolist() == [[1, 3], [2, 1], [3, 3], [4, 2], [5, 3], [6, 1]]


def test_normalization_leaves_the_numbers_of_categories_alone(tmp_path: Path) -> None:
    found = prepared(tmp_path, categories="embedding", normalize=Standard())
    age = torch.arange(1.0, 7.0)
    expected = (age - age.mean()) / age.std(correction=0)
    assert torch.allclose(found.train.x[:, 0], expected)
    assert found.train.x[:, 1].tolist() == [3, 1, 3, 2, 3, 1]
    assert found.original(found.train.x)[:, 1].tolist() == [3, 1, 3, 2, 3, 1]


def test_a_constant_category_is_left_alone_too(tmp_path: Path) -> None:
    text = TEXT.replace("blue", "red").replace("green", "red")
    found = prepared(tmp_path, text, categories="embedding", normalize=Standard())
    assert found.train.x[:, 1].tolist() == [1] * 6
    assert found.scaler.constant == ()


@pytest.mark.parametrize("kind", ["one_hot", "embedding"])
def test_rare_categories_share_the_unknown_one(tmp_path: Path, kind: str) -> None:
    found = prepared(tmp_path, categories=kind, rare=2)
    assert found.task.categories == (Categories("color", ("blue", "red"), ("green",)),)
    if kind == "embedding":
        assert found.train.x[:, 1].tolist() == [2, 1, 2, 0, 2, 1]
    else:
        assert found.task.features == ("age", "color=blue", "color=red", "color=(rare)")
        assert found.train.x[:, 1:].tolist() == [
            [0, 1, 0],
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
            [0, 1, 0],
            [1, 0, 0],
        ]
    assert found.notes == (
        "column 'color': 1 of 3 categories occur fewer than 2 times in the training split and "
        "count as unknown (1 of 6 cells)",
    )


def test_only_the_training_part_decides_what_is_known(tmp_path: Path) -> None:
    rows = "".join(f"{i},{'late' if i >= 8 else 'early'},{'cat' if i % 2 else 'dog'}\n"
                   for i in range(10))  # fmt: skip
    split = Split(val=0, test=0.2, time="age")
    found = prepared(tmp_path, "age,color,kind\n" + rows, categories="embedding", split=split)
    assert found.task.categories == (Categories("color", ("early",), ("late",)),)
    assert found.test is not None
    assert found.test.x[:, 1].tolist() == [0, 0]
    assert found.notes == (
        "column 'color': 1 of 2 categories do not occur in the training split and count as unknown "
        "(2 of 10 cells)",
    )


def test_a_smaller_training_part_knows_fewer(tmp_path: Path) -> None:
    subset = Subset(n=2, stratified=False, seed=1)
    found = prepared(tmp_path, categories="embedding", subset=subset)
    (categories,) = found.task.categories
    kept = [row.split(",")[1] for row in TEXT.splitlines()[1:]]
    expected = {kept[i] for i in found.rows["train"].tolist()}
    assert {*categories.known} == expected
    assert {*categories.known, *categories.shared} == {"red", "blue", "green"}


def test_a_missing_text_is_a_category_of_its_own(tmp_path: Path) -> None:
    text = TEXT.replace("4,green", "4,")
    found = prepared(tmp_path, text, categories="embedding", missing="fill")
    assert found.task.categories[0].known == ("blue", "red", "(missing)")
    assert found.train.x[:, 1].tolist() == [2, 1, 2, 3, 2, 1]
    again = read(tmp_path, found, "age,color\n?,NA\n2,red\n", categories="embedding")
    assert again.x.tolist() == [[3, 3], [2, 2]]


def test_a_missing_text_is_refused_where_none_may_be(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 5, column 'color': the value is missing"):
        prepared(tmp_path, TEXT.replace("4,green", "4,"), categories="embedding")


def test_another_file_is_read_by_the_runs_numbers(tmp_path: Path) -> None:
    found = prepared(tmp_path, categories="embedding")
    again = read(tmp_path, found, "color,age\nred,9\nblue,8\n", categories="embedding")
    assert again.x.tolist() == [[9, 3], [8, 1]]
    assert again.notes == ()


def test_new_categories_are_unknown_and_told_of(tmp_path: Path) -> None:
    found = prepared(tmp_path, categories="embedding")
    text = "age,color\n1,pink\n2,red\n3,\n"
    again = read(tmp_path, found, text.replace("3,\n", "3,plum\n"), categories="embedding")
    assert again.x[:, 1].tolist() == [0, 3, 0]
    assert again.notes == (
        "column 'color': 2 of 3 cells hold an unknown category; 2 of them new, such as 'pink'",
    )
    with pytest.raises(DataError, match="line 4, column 'color': the value is missing"):
        read(tmp_path, found, text, categories="embedding")


def test_a_rare_category_is_unknown_in_another_file_but_not_new(tmp_path: Path) -> None:
    found = prepared(tmp_path, rare=2)
    again = read(tmp_path, found, "age,color\n1,green\n2,red\n", rare=2)
    assert again.x.tolist() == [[1, 0, 0, 1], [2, 0, 1, 0]]
    assert again.notes == ("column 'color': 1 of 2 cells hold an unknown category",)
    with pytest.raises(DataError, match="line 2, column 'color': 'pink' is not a known") as error:
        read(tmp_path, found, "age,color\n1,pink\n", rare=2)
    assert "known: blue, red" in str(error.value.hint)


def test_one_hot_has_no_1_for_an_unknown_category_if_none_is_rare(tmp_path: Path) -> None:
    found = prepared(tmp_path, unseen="unknown")
    assert found.task.features == ("age", "color=blue", "color=green", "color=red")
    again = read(tmp_path, found, "age,color\n1,pink\n", unseen="unknown")
    assert again.x.tolist() == [[1, 0, 0, 0]]


def test_with_error_a_new_category_is_refused(tmp_path: Path) -> None:
    found = prepared(tmp_path, categories="embedding", unseen="error")
    with pytest.raises(DataError, match="'pink' is not a known category"):
        read(tmp_path, found, "age,color\n1,pink\n", categories="embedding", unseen="error")


def test_fitted_on_everything_one_hot_is_what_it_always_was(tmp_path: Path) -> None:
    text = TEXT.replace("3,red", "?,red").replace("4,green", "4,")
    usual = prepared(tmp_path, text, missing="fill")
    fitted = prepared(tmp_path, text, missing="fill", unseen="unknown")
    assert fitted.task.features == usual.task.features
    assert fitted.task.fills == usual.task.fills
    assert torch.equal(fitted.train.x, usual.train.x)


def test_some_thousand_categories(tmp_path: Path) -> None:
    rows = [f"{i % 97},user{i % 3000},{'cat' if i % 2 else 'dog'}" for i in range(9000)]
    text = "\n".join(["age,color,kind", *rows]) + "\n"
    found = prepared(tmp_path, text, categories="embedding")
    assert found.task.rows == (0, 3001)
    names = sorted({f"user{i}" for i in range(3000)})
    assert found.train.x[:3, 1].tolist() == [names.index(f"user{i}") + 1 for i in range(3)]
    with pytest.raises(DataError, match=r"3000 distinct texts.*too many") as error:
        prepared(tmp_path, text)
    assert "data.categories: embedding" in str(error.value.hint)
    with pytest.raises(DataError, match="3000 categories that occur 2 times or more"):
        prepared(tmp_path, text, rare=2)


def test_names_are_no_categories_unless_rare_ones_are_unknown(tmp_path: Path) -> None:
    names = [*"abcdefghijkl", "a", "a"]
    rows = [f"{i},{name},{'cat' if i % 2 else 'dog'}" for i, name in enumerate(names)]
    text = "\n".join(["age,color,kind", *rows]) + "\n"
    with pytest.raises(DataError, match="too many for categories") as error:
        prepared(tmp_path, text, categories="embedding")
    assert "data.rare: 2" in str(error.value.hint)
    found = prepared(tmp_path, text, categories="embedding", rare=2)
    assert found.task.categories[0].known == ("a",)


@pytest.mark.parametrize("kind", ["one_hot", "embedding"])
def test_where_all_categories_are_rare_the_column_is_constant(tmp_path: Path, kind: str) -> None:
    found = prepared(tmp_path, categories=kind, rare=4)
    assert found.task.categories[0].known == ()
    assert found.train.x[:, 1:].tolist() == [[0 if kind == "embedding" else 1]] * 6
    evidence = describe(found, AutoLoss().chosen(found.task), 2, zeroed=False)
    expected = "color" if kind == "embedding" else "color=(rare)"
    assert (evidence.constant, evidence.constant_names) == (1, (expected,))
    assert found.notes[0].startswith("column 'color': 3 of 3 categories occur fewer than 4 times")
    assert unknown_cells(found) is None


def test_a_category_may_not_be_called_as_the_rare_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"two columns become the feature 'color=\(rare\)'"):
        prepared(tmp_path, TEXT.replace("blue", "(rare)"), rare=2)


def test_without_a_column_of_text_there_is_nothing_to_embed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column of text"):
        prepared(tmp_path, categories="embedding", features=["age"])


def test_the_task_comes_back_from_json(tmp_path: Path) -> None:
    task = prepared(tmp_path, categories="embedding", rare=2).task
    assert task_in(json.loads(json.dumps({"task": asdict(task)}))) == task


def test_a_run_that_goes_on_has_the_same_samples_whatever_the_files_order(tmp_path: Path) -> None:
    kind = data(tmp_path, categories="embedding", rare=2, split=Split(val=0, test=0.34))
    source = kind.load(tmp_path)
    rows = drawn(kind, source)
    kept = keep(source, keys_of(source), rows)
    before = prepare_run(kind, tmp_path, kept)
    first, *others = TEXT.splitlines()
    (tmp_path / "t.csv").write_text("\n".join([first, *reversed(others)]) + "\n")
    after = prepare_run(kind, tmp_path, kept)
    assert after.reordered
    assert torch.equal(before.train.x, after.train.x)
    assert before.task == after.task


def test_a_column_that_is_said_to_be_of_categories_may_have_many(tmp_path: Path) -> None:
    rows = [f"{i % 7},town{i % 150},{'cat' if i % 2 else 'dog'}" for i in range(600)]
    text = "\n".join(["age,color,kind", *rows]) + "\n"
    with pytest.raises(DataError, match="too many for categories"):
        prepared(tmp_path, text, unseen="unknown")
    types = {"color": {"kind": "category"}}
    assert prepared(tmp_path, text, unseen="unknown", types=types).shape[0] > 100


def test_cells_become_unknown_with_the_probability_that_is_missing(tmp_path: Path) -> None:
    found = prepared(tmp_path, categories="embedding")
    change = unknown_cells(found)
    assert change == UnknownCells((1,), (SHARE,))
    rows = [f"{i},{'once' if i == 0 else 'red'},{'cat' if i % 2 else 'dog'}" for i in range(400)]
    text = "\n".join(["age,color,kind", *rows]) + "\n"
    some = unknown_cells(prepared(tmp_path, text, categories="embedding", rare=2))
    assert some is not None
    assert some.shares == pytest.approx([(SHARE - 1 / 400) / (1 - 1 / 400)])
    enough = [row.replace("red", f"r{i}") if i < 40 else row for i, row in enumerate(rows)]
    text = "\n".join(["age,color,kind", *enough]) + "\n"
    assert unknown_cells(prepared(tmp_path, text, categories="embedding", rare=2)) is None


def test_no_cell_becomes_unknown_where_a_new_category_is_an_error(tmp_path: Path) -> None:
    assert unknown_cells(prepared(tmp_path, categories="embedding", unseen="error")) is None
    assert unknown_cells(prepared(tmp_path, unseen="unknown")) is None


def test_which_cells_become_unknown_is_the_streams_choice() -> None:
    x = torch.tensor([[5.0, 2.0]]).repeat(1000, 1)
    before = x.clone()
    change = UnknownCells((1,), (0.25,))
    found, y = change(x, torch.arange(1000), torch.Generator().manual_seed(1))
    drawn = torch.rand(1000, generator=torch.Generator().manual_seed(1))
    assert torch.equal(x, before), "the batch itself was changed"
    assert torch.equal(found[:, 0], x[:, 0])
    assert torch.equal(found[:, 1] == 0, drawn < 0.25)
    assert torch.equal(y, torch.arange(1000))
