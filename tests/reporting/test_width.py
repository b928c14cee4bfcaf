"""Plain text as wide as the terminal."""

from __future__ import annotations

import io

import pytest

from trickrun.reporting.width import in_width

ERROR = """\
error: r.yaml:1:8: data.batch_size: a batch of 100000 is larger than the training split
    1 | data: {kind: iris, batch_size: 100000, normalize: standard, and: so on}
      |                                ^^^^^^
        set it to 1257 or less, or to full, which takes all samples in one batch"""


class Stream(io.StringIO):
    terminal = True

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")


def test_sentences_are_broken_between_words_and_stay_as_deep():
    lines = in_width(ERROR, Stream()).splitlines()
    assert " ".join(lines[:3]) == ERROR.splitlines()[0]
    assert [len(line) <= 40 for line in lines[:3]] == [True] * 3
    assert lines[3:5] == ERROR.splitlines()[1:3]  # places in a recipe are pointed at
    assert [line[:9] == "        " + line[8] for line in lines[5:]] == [True] * 3


def test_a_word_is_not_broken():
    word = "x" * 50
    assert in_width(f"error: {word} y", Stream()) == f"error:\n{word}\ny"


def test_a_pipe_gets_a_sentence_in_one_line():
    pipe = Stream()
    pipe.terminal = False
    assert in_width(ERROR, pipe) == ERROR
