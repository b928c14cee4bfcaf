"""What every finding that a test of this folder makes must be like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from trickrun.findings.finding import Finding

MOST_NUMBERS = 3
"""Numbers in one sentence, beside those in parentheses: more is evidence, and a sentence of its
own."""
SENTENCE = re.compile(r"(?<=[.!?:;])\s+")
PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|`[^`]*`|'[^']*'")
NUMBER = re.compile(r"(?<![\w.^-])-?\d[\d.,]*(?:e[+-]?\d+)?\s?%?(?!\w)")


def crowded(text: str) -> list[str]:
    """Return the sentences of a text that have too many numbers."""
    sentences = SENTENCE.split(PARENTHESES.sub("", text))
    return [each for each in sentences if len(NUMBER.findall(each)) > MOST_NUMBERS]


@pytest.fixture(autouse=True)
def sentences_of_few_numbers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check the text of every finding that a test makes."""
    told: list[str] = []
    make = Finding.__init__

    def recorded(self: Finding, *args: Any, **named: Any) -> None:
        make(self, *args, **named)
        told.append(self.why)

    monkeypatch.setattr(Finding, "__init__", recorded)
    yield
    assert [each for why in told for each in crowded(why)] == []
