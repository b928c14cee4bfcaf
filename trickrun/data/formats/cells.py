"""The cells of a table's column: numbers where each is plainly one or missing, else text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", "?"})
"""What a cell says that has no value, in lower case."""


@dataclass(frozen=True)
class Missing:
    """Which cells have no value.

    Args:
        words: what they say, in lower case.
        values: the numbers among these words, however they are written.
    """

    words: frozenset[str] = MISSING_WORDS
    values: frozenset[float] = frozenset()

    @staticmethod
    def of(said: Sequence[str] | None) -> Missing:
        """Return that of cells that say one of ``said``, or nothing; None: the usual words."""
        if said is None:
            return Missing()
        words = frozenset({"", *(word.strip().lower() for word in said)})
        return Missing(words, frozenset(v for word in words if (v := number(word)) is not None))

    @cached_property
    def longest(self) -> int:
        """The letters of the longest word: most texts need no further look."""
        return max(map(len, self.words))

    def __call__(self, text: str) -> bool:
        """Whether a cell that says ``text`` has no value."""
        if len(text) <= self.longest and text.lower() in self.words:
            return True
        return bool(self.values) and number(text) in self.values


CellsKind = Literal["number", "category", "date"]

LONGEST = 2**31 - 2**20
"""Bytes of text that one of pyarrow's usual arrays can hold."""


@dataclass(frozen=True, eq=False)
class Cells(Sequence[str]):
    """A column, which is a sequence of its cells' text, without blanks around.

    Args:
        numbers: float64 [N], NaN where the cell is missing; None: some cell is no number, or
            nobody asked.
        read: returns the text [N]; that of numbers is read from the file once more.
        is_missing: tells a cell's text that has no value.
        kind: what the column was taken for; None: what its cells look like.
        as_read: the column before anything was made of it that a recipe asks for; None: this is it.
        readable: whether the cells have a text.
        stored: whether the file stores numbers, so that how they would be written does not count.
    """

    numbers: Array | None
    read: Callable[[], pa.StringArray]
    is_missing: Missing = Missing()
    kind: CellsKind | None = None
    as_read: Cells | None = None
    readable: bool = True
    stored: bool = False

    @staticmethod
    def of(texts: Sequence[str] | pa.StringArray) -> Cells:
        """Return the column of cells that say ``texts``."""
        import pyarrow as pa

        found = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
        return Cells(None, lambda: found)

    @cached_property
    def texts(self) -> pa.StringArray:
        """The cells' text [N]."""
        return self.read()

    @cached_property
    def distinct(self) -> tuple[list[str], Array]:
        """The different texts in the order in which they occur first, and the place among them of
        each cell, int32 [N]."""
        import numpy as np

        found = self.texts.dictionary_encode()
        return found.dictionary.to_pylist(), np.array(found.indices)

    @cached_property
    def missing(self) -> Array:
        """Whether each cell is missing, bool [N]."""
        import numpy as np

        if self.numbers is not None:
            return np.isnan(self.numbers)
        texts, codes = self.distinct
        return np.array([self.is_missing(text) for text in texts], dtype=bool)[codes]

    @cached_property
    def present(self) -> list[str]:
        """The different texts of cells that are not missing, in the order of their first ones."""
        return [text for text in self.distinct[0] if not self.is_missing(text)]

    def plain(self) -> Cells:
        """Return the column with its numbers, where each cell is plainly one or missing."""
        if self.numbers is not None or not self.readable:
            return self
        return replace(self, numbers=as_numbers(self.texts, self.is_missing))

    def peek(self, count: int) -> list[str]:
        """Return the text of the first ``count`` cells."""
        texts: list[str] = self.texts.slice(0, count).to_pylist()
        return texts

    def take(self, places: Array) -> Cells:
        """Return the column of the cells at ``places`` [M]."""
        import pyarrow as pa

        return replace(
            self,
            numbers=None if self.numbers is None else self.numbers[places],
            read=lambda: self.texts.take(pa.array(places)),
            as_read=None if self.as_read is None else self.as_read.take(places),
        )

    def __len__(self) -> int:
        return len(self.texts if self.numbers is None else self.numbers)

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts.to_pylist())

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [*self.texts[place].to_pylist()]
        return str(self.texts[place].as_py())


def number(cell: str) -> float | None:
    """Return a cell's number, or None. Python's 1_000 is none: in a file it is text."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


is_missing = Missing()
"""Whether a cell has no value, by the usual words."""


def trimmed(texts: pa.StringArray) -> pa.StringArray:
    """Return texts without blanks around."""
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(texts)


def joined(pieces: Sequence[pa.StringArray]) -> pa.StringArray:
    """Return the text of a column's pieces as one array."""
    import pyarrow as pa

    if sum(piece.nbytes for piece in pieces) > LONGEST:
        pieces = [piece.cast(pa.large_string()) for piece in pieces]
    return pa.concat_arrays(pieces) if pieces else pa.array([], pa.string())


def as_numbers(texts: pa.StringArray, missing: Missing = Missing()) -> Array | None:
    """Return the numbers [N] that texts say, NaN for a missing one; None if one says neither.

    What number() says, but fast.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not missing.values:
        try:
            return np.array(pc.cast(texts, pa.float64()))
        except pa.ArrowInvalid:
            pass
    distinct = texts.dictionary_encode()
    values = []
    for text in distinct.dictionary.to_pylist():
        value = float("nan") if missing(text) else number(text)
        if value is None:
            return None
        values.append(value)
    codes = distinct.indices.to_numpy(zero_copy_only=False)
    found: Array = np.array(values, dtype=np.float64)[codes]
    return found
