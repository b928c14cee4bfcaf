"""Texts as token ids: words or characters, and a vocabulary learned from the training split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

PADDING, UNKNOWN = 0, 1
RESERVED = ("<padding>", "<unknown>")
"""The tokens of ids 0 and 1: what fills up short samples, and what the vocabulary lacks."""

Level = Literal["char", "word"]

WORD = re.compile(r"\w+|[^\w\s]")
"""Runs of letters, digits and underscores; any other sign but blanks is a word of its own."""


def split_tokens(text: str, level: Level) -> list[str]:
    """Return a text's tokens: its characters, or its words in lower case."""
    return list(text) if level == "char" else WORD.findall(text.lower())


def vocabulary_of(texts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return every token that occurs, after the reserved ones, in order of the alphabet."""
    return (*RESERVED, *sorted({token for text in texts for token in text}))


def encoded(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], length: int) -> torch.Tensor:
    """Return token ids [N, length] of texts, cut off or filled up with padding."""
    import torch

    places = {token: index for index, token in enumerate(vocabulary)}
    ids = torch.full((len(texts), length), PADDING)
    for row, text in enumerate(texts):
        known = [places.get(token, UNKNOWN) for token in text[:length]]
        ids[row, : len(known)] = torch.tensor(known, dtype=torch.int64)
    return ids


def blocks(ids: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a text's token ids [M] as samples [N, length], and the token after each place.

    A rest that does not fill a sample is left out.
    """
    count = (len(ids) - 1) // length
    return ids[: count * length].view(count, length), ids[1 : count * length + 1].view(
        count, length
    )


def kept_tokens(counts: torch.Tensor, most: int) -> torch.Tensor:
    """Return the ids of at most ``most`` tokens to keep, sorted: the reserved and the frequent.

    Args:
        counts: how often each token occurs [tokens] where the vocabulary is learned.
    """
    import torch

    order = counts[len(RESERVED) :].argsort(descending=True, stable=True) + len(RESERVED)
    frequent = order[counts[order] > 0][: max(0, most - len(RESERVED))]
    return torch.cat([torch.arange(len(RESERVED)), frequent.sort().values])


def renumbered(ids: torch.Tensor, kept: torch.Tensor, tokens: int) -> torch.Tensor:
    """Return ``ids`` as places in ``kept``; tokens of the old number that it lacks are unknown."""
    import torch

    table = torch.full((tokens,), UNKNOWN)
    table[kept] = torch.arange(len(kept))
    return table[ids]
