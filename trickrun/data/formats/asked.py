"""What a recipe says of a table's columns: their types, and how numbers and dates are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from trickrun.data.formats.dates import check_format
from trickrun.data.splits.source import ColumnType, DatePart
from trickrun.params import Params

TypeName = Literal["number", "category", "date", "text", "id", "drop"]
Decimal = Literal[".", ","]
Thousands = Literal[".", ",", " ", "'"]


class AskedType(Params):
    """What a column is, with how its numbers or dates are written.

    ``number``, ``category`` and ``date`` are inputs; ``text``, ``id`` and ``drop`` are left out.
    """

    main: ClassVar[str | None] = "kind"

    kind: TypeName = Field(description="what the column is", examples=["category"])
    format: str | None = Field(
        default=None, description='of dates: "%d/%m/%Y" and the like; null: data.date_format'
    )
    decimal: Decimal | None = Field(
        default=None, description="of numbers: before the fraction; null: data.decimal"
    )
    thousands: Thousands | None = Field(
        default=None, description="of numbers: between groups of three; null: data.thousands"
    )

    @field_validator("format")
    @classmethod
    def _is_a_format(cls, value: str | None) -> str | None:
        return checked_format(value)

    @model_validator(mode="after")
    def _kind_has_them(self) -> AskedType:
        if self.format is not None and self.kind != "date":
            raise ValueError(f"only dates have a format, and this is {self.kind}")
        if self.kind != "number" and (self.decimal or self.thousands):
            raise ValueError(f"only numbers have decimal and thousands, and this is {self.kind}")
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same")
        return self


def checked_format(form: str | None) -> str | None:
    """Return a format of dates. Raises ValueError if it is none."""
    if form is not None and (problem := check_format(form)) is not None:
        raise ValueError(f"{form!r} is not a date format: {problem}")
    return form


@dataclass(frozen=True)
class Asked:
    """What a recipe says of columns.

    Args:
        types: of the columns that it names.
        decimal, thousands: how numbers are written; None: not said.
        date_format: of dates that are not in ISO 8601.
        date_parts: what becomes features beside a date's days.
        named: whether it names its inputs, so that none is left out.
    """

    types: Mapping[str, AskedType] = field(default_factory=dict)
    decimal: Decimal | None = None
    thousands: Thousands | None = None
    date_format: str | None = None
    date_parts: tuple[DatePart, ...] = ()
    named: bool = False

    def number(self, name: str) -> ColumnType:
        """Return the type of a column of numbers, as the recipe has them written."""
        own = self.types.get(name)
        decimal = (own and own.decimal) or self.decimal
        thousands = (own and own.thousands) or self.thousands
        if decimal is None:
            decimal = "," if thousands == "." else "."
        return ColumnType(
            name, "number", decimal, "" if thousands is None or thousands == decimal else thousands
        )

    def date(self, name: str, form: str, days: Sequence[float]) -> ColumnType:
        """Return the type of a column of dates, which are ``days`` since 1970-01-01."""
        timed = any(value % 1 for value in days)
        parts = tuple(part for part in self.date_parts if part != "hour" or timed)
        return ColumnType(name, "date", format=form, parts=parts)
