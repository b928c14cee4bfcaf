"""A table: columns of cells, and where in its file each row stands, so that errors can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol

from trickrun.data.formats.cells import Cells, number
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Origin(Protocol):
    """The file that a table was read from."""

    def place(self, row: int) -> str:
        """Return where a row of the file (from 0) stands: ``line 12``."""
        ...


@dataclass(frozen=True)
class Table:
    """The cells of a table.

    Args:
        where: the file, for errors.
        columns: each column's cells, by its name, in the file's order.
        origin: what tells where rows stand.
        places: of each row its number in the file (from 0); None: all in the file's order.
    """

    where: str
    columns: Mapping[str, Cells]
    origin: Origin
    places: Array | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values())))

    def column(self, name: str, asked_by: str = "") -> Cells:
        """Return the cells of a column; DataError with a near name if there is none.

        Args:
            asked_by: the recipe's path that names the column.
        """
        if name not in self.columns:
            close = get_close_matches(name, self.columns, n=1)
            names = ", ".join(self.columns)
            hint = f"did you mean {close[0]!r}?" if close else f"its columns are {names}"
            asker = f" ({asked_by})" if asked_by else ""
            raise DataError(f"there is no column {name!r}{asker}", self.where, hint)
        return self.columns[name]

    def complete(self, names: Sequence[str]) -> Table:
        """Return the table without the rows that miss a cell of the columns ``names``.

        Raises DataError if none is left.
        """
        import numpy as np

        whole = ~np.logical_or.reduce([self.columns[name].missing for name in names])
        if not whole.any():
            raise DataError(
                "every row has a missing value",
                self.where,
                "set data.missing: fill, or remove the columns with few values",
            )
        return self.rows(np.flatnonzero(whole))

    def rows(self, places: Sequence[int] | Array) -> Table:
        """Return the table of the rows at ``places`` [M] (from 0), in that order."""
        import numpy as np

        wanted = np.asarray(places, dtype=np.int64)
        if np.array_equal(wanted, np.arange(len(self))):
            return self
        return Table(
            self.where,
            {name: cells.take(wanted) for name, cells in self.columns.items()},
            self.origin,
            wanted if self.places is None else self.places[wanted],
        )

    def with_first(self, names: Sequence[str]) -> Table:
        """Return the table with the columns ``names`` before all others."""
        others = [name for name in self.columns if name not in {*names}]
        return replace(self, columns={name: self.columns[name] for name in (*names, *others)})

    def error(self, row: int, name: str, message: str, hint: str) -> DataError:
        """Return an error about the cell in ``row`` (from 0) of column ``name``."""
        place = self.origin.place(row if self.places is None else int(self.places[row]))
        return DataError(f"{place}, column {name!r}: {message}", self.where, hint)


def check_names(names: Sequence[str], where: str) -> None:
    """Raise DataError for columns without a name or with the same one."""
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        raise DataError(
            f"several columns are named {', '.join(map(repr, repeated))}", where, "rename them"
        )
    if "" in names:
        place = names.index("") + 1
        hint = "name it, or remove it; pandas: to_csv(…, index=False) writes no index"
        raise DataError(f"column {place} of {len(names)} has no name", where, hint)


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether a header is rather the first sample: half of its cells or more are numbers."""
    return 2 * sum(number(name) is not None for name in names) >= len(names)
