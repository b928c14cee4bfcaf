"""Texts as token ids: words or characters, and a vocabulary learned from the training split."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from trickrun.data.formats.memory import beyond_memory
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

    Array = np.ndarray[Any, Any]

PADDING, UNKNOWN = 0, 1
RESERVED = ("<padding>", "<unknown>")
"""The tokens of ids 0 and 1: what fills up short samples, and what the vocabulary lacks."""

Level = Literal["char", "word"]

WORD = re.compile(r"\w+|[^\w\s]")
"""Runs of letters, digits and underscores; any other sign but blanks is a word of its own."""

INT64 = 8
"""Bytes of a token's id."""

BLANK = re.compile(r"\s")

PIECE = 2**20
"""Characters of a text that are worked on at one time."""

CODE_POINTS = 0x110000
"""Characters that Unicode has room for."""


def split_tokens(text: str, level: Level) -> list[str]:
    """Return a text's tokens: its characters, or its words in lower case."""
    return list(text) if level == "char" else WORD.findall(text.lower())


@dataclass(frozen=True)
class Coded:
    """Texts as token ids, one text after another.

    Args:
        ids: int64 [M], the place of each token in ``vocabulary``.
        lengths: how many tokens each text has [N]; together M.
        vocabulary: the tokens by their ids, the reserved ones first.
    """

    ids: torch.Tensor
    lengths: torch.Tensor
    vocabulary: tuple[str, ...]

    def filled_up(self, length: int) -> torch.Tensor:
        """Return the ids [N, length] of texts of at most ``length`` tokens, padding after them.

        Raises DataError if memory does not hold them.
        """
        import torch

        if told := beyond_memory(INT64 * len(self.lengths) * length):
            message = f"{len(self.lengths)} texts padded to {length} tokens take {told}"
            raise DataError(message, "data.length", "make it smaller")
        ids = torch.full((len(self.lengths), length), PADDING)
        ids[torch.arange(length) < self.lengths[:, None]] = self.ids
        return ids


def coded_text(text: str, level: Level, vocabulary: Sequence[str] | None = None) -> Coded:
    """Return one long text's token ids.

    Args:
        vocabulary: what tokens are looked up in, of which one that it lacks is unknown; None: it is
            made of every token that occurs, in order of the alphabet.
    """
    import torch

    if level == "char":
        ids, vocabulary = coded_characters(text, vocabulary)
    else:
        ids, _, vocabulary = coded_words(pieces(text), vocabulary)
    return Coded(ids, torch.tensor([len(ids)]), vocabulary)


def coded_texts(
    texts: Iterable[str], level: Level, length: int, vocabulary: Sequence[str] | None = None
) -> Coded:
    """Return the ids of the first ``length`` tokens of each text.

    Args:
        vocabulary: see ``coded_text``; what is cut off is not in one that is made.
    """
    import torch

    if level == "word":
        return Coded(*coded_words(texts, vocabulary, length))
    cut = [text[:length] for text in texts]
    ids, vocabulary = coded_characters("".join(cut), vocabulary)
    return Coded(ids, torch.tensor([len(text) for text in cut], dtype=torch.int64), vocabulary)


def coded_characters(
    text: str, vocabulary: Sequence[str] | None
) -> tuple[torch.Tensor, tuple[str, ...]]:
    """Return the ids [M] of a text's characters, and the vocabulary; see ``coded_text``."""
    import numpy as np
    import torch

    if vocabulary is None:
        occurs = np.zeros(CODE_POINTS, dtype=bool)
        for _, points in code_points(text):
            occurs[points] = True
        vocabulary = (*RESERVED, *map(chr, np.flatnonzero(occurs).tolist()))
    places = np.full(CODE_POINTS, UNKNOWN)
    for place, token in enumerate(vocabulary):
        if len(token) == 1:
            places[ord(token)] = place
    ids = torch.empty(len(text), dtype=torch.int64)
    for start, points in code_points(text):
        ids[start : start + len(points)] = torch.from_numpy(places[points])
    return ids, tuple(vocabulary)


def code_points(text: str) -> Iterator[tuple[int, Array]]:
    """Yield where each piece of a text begins, and its characters' code points."""
    import numpy as np

    for start in range(0, len(text), PIECE):
        # Lone surrogates are no characters, but a text that Python has made may hold them.
        piece = text[start : start + PIECE].encode("utf-32-le", "surrogatepass")
        yield start, np.frombuffer(piece, dtype="<u4")


def coded_words(
    texts: Iterable[str], vocabulary: Sequence[str] | None, length: int | None = None
) -> tuple[torch.Tensor, torch.Tensor, tuple[str, ...]]:
    """Return the ids [M] of texts' words, how many each has [N], and the vocabulary.

    Args:
        vocabulary: see ``coded_text``.
        length: words that are used of each text; None: all.
    """
    import numpy as np
    import torch

    # A place is given when a word first occurs, and put in the alphabet's order at the end.
    places: dict[str, int] = defaultdict(count().__next__) if vocabulary is None else Known()
    places.update((token, place) for place, token in enumerate(vocabulary or ()))
    found, lengths = array("i"), array("q")
    for text in texts:
        words = split_tokens(text, "word")[:length]
        found.extend(map(places.__getitem__, words))
        lengths.append(len(words))
    ids = np.frombuffer(found, dtype=np.intc) if found else np.zeros(0, dtype=np.intc)
    sizes = torch.tensor(lengths, dtype=torch.int64)
    if vocabulary is not None:
        return torch.from_numpy(ids.astype(np.int64)), sizes, tuple(vocabulary)
    ordered = sorted(places)
    ranks = np.empty(len(ordered), dtype=np.int64)
    ranks[[places[word] for word in ordered]] = np.arange(len(ordered)) + len(RESERVED)
    return torch.from_numpy(ranks[ids]), sizes, (*RESERVED, *ordered)


class Known(dict[str, int]):
    """The places of a vocabulary's tokens; any other is unknown."""

    def __missing__(self, token: str) -> int:
        return UNKNOWN


def pieces(text: str, size: int = PIECE) -> Iterator[str]:
    """Yield a text in pieces of ``size`` characters or more, which end before a blank.

    Neither a word nor what decides about lower case (the final sigma) reaches over a blank, so the
    pieces have the whole text's words.
    """
    start = 0
    while start < len(text):
        blank = BLANK.search(text, start + size)
        end = blank.start() if blank else len(text)
        yield text[start:end]
        start = end


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
