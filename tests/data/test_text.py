"""Texts as data: what is cut, what the vocabulary knows, and what is refused."""

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from trickrun.data._data import Split
from trickrun.data.formats.tokens import PADDING, UNKNOWN, kept_tokens, split_tokens
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.data.text import Text
from trickrun.errors import DataError

REVIEWS = [("Good, good soup", "yes"), ("bad soup", "no"), ("a very long and good text", "yes")]


def write_table(folder: Path, rows: list[tuple[str, str]]) -> None:
    lines = "".join(f'"{text}",{label}\n' for text, label in rows)
    (folder / "t.csv").write_text(f"text,opinion\n{lines}")


def to_classify(folder: Path, rows=REVIEWS, **changes) -> Prepared:
    write_table(folder, rows)
    given = {"path": "t.csv", "target": "opinion", "split": Split(val=0, test=0), "length": 4}
    return prepare(Text(**{**given, **changes}), folder)


def to_continue(folder: Path, text: str, **changes) -> Prepared:
    (folder / "t.txt").write_text(text)
    given = {"path": "t.txt", "length": 3, "split": Split(val=0.25, test=0.25)}
    return prepare(Text(**{**given, **changes}), folder)


def read(data: Prepared, ids: torch.Tensor) -> list[str]:
    return [data.task.vocabulary[index] for index in ids.tolist()]


def test_words_are_in_lower_case_and_signs_are_their_own():
    assert split_tokens("It's  Good, 3x!", "word") == ["it", "'", "s", "good", ",", "3x", "!"]
    assert split_tokens("It s", "char") == ["I", "t", " ", "s"]


def test_texts_are_cut_off_and_filled_up(tmp_path):
    data = to_classify(tmp_path)
    assert data.train.x.dtype == torch.int64
    assert data.task.labels == ("no", "yes")
    assert data.train.y.tolist() == [1, 0, 1]
    assert read(data, data.train.x[0]) == ["good", ",", "good", "soup"]
    assert read(data, data.train.x[1]) == ["bad", "soup", "<padding>", "<padding>"]
    assert read(data, data.train.x[2]) == ["a", "very", "long", "and"]


def test_the_vocabulary_is_that_of_the_training_split(tmp_path):
    rows = [(f"word{i} common", "yes" if i % 2 else "no") for i in range(20)]
    data = to_classify(tmp_path, rows, split=Split(val=0.2, test=0.2))
    seen = {token for text in data.train.x for token in read(data, text)}
    assert seen == set(data.task.vocabulary) - {"<unknown>"}
    for part in (data.val, data.test):
        assert part is not None
        assert part.x[:, 0].tolist() == [UNKNOWN] * 4
        assert read(data, part.x[0, 1:]) == ["common", "<padding>", "<padding>"]


def test_only_the_most_frequent_tokens_are_kept(tmp_path):
    data = to_classify(tmp_path, vocabulary=4)
    assert data.task.vocabulary == ("<padding>", "<unknown>", "good", "soup")
    assert read(data, data.train.x[1])[:2] == ["<unknown>", "soup"]
    counts = torch.tensor([9, 9, 1, 3, 0, 3])
    assert kept_tokens(counts, 4).tolist() == [0, 1, 3, 5]
    assert kept_tokens(counts, 100).tolist() == [0, 1, 2, 3, 5]
    assert kept_tokens(counts, 1).tolist() == [PADDING, UNKNOWN]


def test_a_text_to_continue_is_split_where_it_ends(tmp_path):
    data = to_continue(tmp_path, "abcabdabcabeX")
    assert [read(data, row) for row in data.train.x] == [list("abc"), list("abd")]
    assert [read(data, row) for row in data.train.y] == [list("bca"), list("bda")]
    assert data.task.vocabulary == ("<padding>", "<unknown>", "a", "b", "c", "d")
    assert data.task.next_token
    assert data.task.classes == 6
    assert data.val is not None
    assert data.test is not None
    assert read(data, data.val.y[0]) == list("bca")
    assert read(data, data.test.x[0]) == ["a", "b", "<unknown>"]
    assert read(data, data.test.y[0]) == ["b", "<unknown>", "<unknown>"]
    assert data.task.priors == (0, 0, 2 / 6, 2 / 6, 1 / 6, 1 / 6)


def test_words_to_continue(tmp_path):
    data = to_continue(tmp_path, "a dog and a cat " * 4, tokens="word", length=2)
    assert read(data, data.train.x[0]) == ["a", "dog"]


def test_other_files_are_read_with_the_runs_vocabulary(tmp_path):
    data = to_classify(tmp_path)
    kind = Text(path="t.csv", target="opinion", length=4)
    (tmp_path / "new.csv").write_text("text\nnew soup\n")
    samples = kind.load_file(tmp_path / "new.csv", data.task, (4,))
    assert samples.y is None
    assert read(data, samples.x[0]) == ["<unknown>", "soup", "<padding>", "<padding>"]
    (tmp_path / "rated.csv").write_text("opinion,text\nyes,soup\n")
    rated = kind.load_file(tmp_path / "rated.csv", data.task, (4,))
    assert rated.y is not None
    assert rated.y.tolist() == [1]

    data = to_continue(tmp_path, "abcabdabcabeX")
    (tmp_path / "new.txt").write_text("zab c")
    samples = Text(path="t.txt", length=3).load_file(tmp_path / "new.txt", data.task, (3,))
    assert read(data, samples.x[0]) == ["<unknown>", "a", "b"]


def test_a_gap_in_the_words_of_the_recipe():
    with pytest.raises(ValidationError, match="tokens cannot be normalized"):
        Text(path="t.txt", normalize={"kind": "standard"})
    with pytest.raises(ValidationError, match="name its target too"):
        Text(path="t.txt", column="a")


@pytest.mark.parametrize(
    ("rows", "changes", "message"),
    [
        ([("a", "x"), ("b", "x")], {}, "all samples have the class"),
        ([("a", "x"), (" ", "y")], {}, "line 3, column 'text': there is no text"),
        ([("a", "x"), ("b", "")], {}, "the value is missing"),
        (REVIEWS, {"target": "opinon"}, "there is no column 'opinon'"),
        (REVIEWS, {"column": "words"}, r"there is no column 'words' \(data.column\)"),
        (REVIEWS, {"path": "none.csv"}, "there is no such file"),
    ],
)
def test_broken_tables(tmp_path, rows, changes, message):
    with pytest.raises(DataError, match=message):
        to_classify(tmp_path, rows, **changes)


@pytest.mark.parametrize(
    ("text", "changes"),
    [("", {}), ("abc", {}), ("abcabc", {}), ("abcabcabc", {"split": Split(val=0.5, test=0.5)})],
)
def test_a_text_that_is_too_short(tmp_path, text, changes):
    with pytest.raises(DataError, match=f"the text has {len(text)} tokens") as caught:
        to_continue(tmp_path, text, **changes)
    assert "smaller data.length" in caught.value.hint


def test_folds_do_not_divide_a_text(tmp_path):
    with pytest.raises(DataError, match="has its own validation split"):
        to_continue(tmp_path, "abcabc" * 9, split=Split(val=0.2, test=0.2, folds=3))
