"""Texts as token ids: many at a time, and the same as token by token."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from trickrun.data.formats.tokens import (
    PADDING,
    RESERVED,
    UNKNOWN,
    coded_characters,
    coded_text,
    coded_texts,
    pieces,
    split_tokens,
)

TEXTS = st.text(st.one_of(st.sampled_from("aAbÉéΣσ .'\n\x1f\xa0ı\u0301"), st.characters()))
"""Texts in which words, blanks, capitals and signs meet often."""

LEVELS = st.sampled_from(["char", "word"])


def vocabulary_of(texts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The definition: every token that occurs, after the reserved ones, in the alphabet's order."""
    return (*RESERVED, *sorted({token for text in texts for token in text}))


def encoded(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], length: int) -> torch.Tensor:
    """The definition: each token's place in the vocabulary, cut off or filled up with padding."""
    rows = [
        [vocabulary.index(token) if token in vocabulary else UNKNOWN for token in text[:length]]
        for text in texts
    ]
    return torch.tensor([row + [PADDING] * (length - len(row)) for row in rows])


@given(TEXTS, LEVELS)
@example("ΟΔΟΣ ΟΔΟΣ.a", "word")
@example("\ud800a", "char")
def test_a_long_text_is_coded_as_token_by_token(text, level):
    tokens = split_tokens(text, level)
    coded = coded_text(text, level)
    assert coded.vocabulary == vocabulary_of([tokens])
    assert coded.ids.dtype == torch.int64
    assert coded.lengths.tolist() == [len(tokens)]
    assert coded.ids.tolist() == encoded([tokens], coded.vocabulary, len(tokens)).flatten().tolist()


@given(st.lists(TEXTS, min_size=1), LEVELS, st.integers(1, 6))
def test_texts_are_coded_as_token_by_token(texts, level, length):
    cut = [split_tokens(text, level)[:length] for text in texts]
    coded = coded_texts(texts, level, length)
    assert coded.vocabulary == vocabulary_of(cut)
    assert coded.lengths.tolist() == [len(tokens) for tokens in cut]
    assert torch.equal(coded.filled_up(length), encoded(cut, coded.vocabulary, length))


@given(st.lists(TEXTS, min_size=1), TEXTS, LEVELS, st.integers(1, 6))
def test_tokens_are_looked_up_in_a_given_vocabulary(texts, known, level, length):
    # A trained run's vocabulary may be in any order.
    vocabulary = (*RESERVED, *reversed(vocabulary_of([split_tokens(known, level)])[2:]))
    split = [split_tokens(text, level) for text in texts]
    coded = coded_texts(texts, level, length, vocabulary)
    assert coded.vocabulary == vocabulary
    assert torch.equal(coded.filled_up(length), encoded(split, vocabulary, length))
    whole = coded_text(texts[0], level, vocabulary)
    assert whole.ids.tolist() == encoded(split[:1], vocabulary, len(split[0])).flatten().tolist()


@given(TEXTS, st.integers(1, 4))
@example("aΣ bΣ", 2)
@example("ΑΣ\u0301 Σ", 1)
def test_pieces_have_the_words_of_the_whole(text, size):
    cut = list(pieces(text, size))
    assert "".join(cut) == text
    assert all(len(piece) >= size for piece in cut[:-1])
    assert [word for piece in cut for word in split_tokens(piece, "word")] == split_tokens(
        text, "word"
    )


def test_a_text_is_cut_into_few_pieces():
    """A piece is begun where the one before ended, so that all of them together are the text."""
    text = "ab cd " * 100
    assert len(list(pieces(text, 60))) == 10
    assert list(pieces("x" * 100, 10)) == ["x" * 100]


@pytest.mark.parametrize("length", [2**20 - 1, 2**20, 2**20 + 1])
def test_characters_beyond_one_piece(length):
    text = "ab" * (length // 2) + "c" * (length % 2) + "é"
    ids, vocabulary = coded_characters(text, None)
    assert len(ids) == len(text)
    assert "".join(vocabulary[place] for place in ids[-3:].tolist()) == text[-3:]
    assert torch.bincount(ids).tolist() == [0, 0, *map(text.count, vocabulary[2:])]
