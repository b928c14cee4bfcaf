"""Numbers as people write them: decimal commas, groups of thousands, currency and percent signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

DIVIDERS = {"": "", ".": r"\.", ",": ",", " ": "[ \u00a0\u202f\u2009]", "'": "['\u2019]"}
"""What may divide thousands, and the signs that mean the same: any space, either apostrophe."""

CURRENCY = "[$\u00a2-\u00a5\u20a0-\u20cf]"
"""The currency signs of Unicode that stand alone: $ ¢ £ ¤ ¥ € and their like."""

MINUS = "-\u2212"
"""The hyphen and the sign itself."""


@dataclass(frozen=True)
class Numeral:
    """A number as a cell has it.

    Args:
        value: the number before any percent sign: 25 of ``25 %``.
        unit: the currency or percent sign; empty: there is none.
    """

    value: float
    unit: str = ""


@dataclass(frozen=True)
class Notation:
    """How numbers are written.

    Args:
        decimal: what stands before the fraction.
        thousands: what may stand between groups of three digits; empty: nothing.
    """

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""

    def read(self, text: str) -> Numeral | None:
        """Return the number that a text says, or None.

        A currency sign may stand before or after it, a percent sign after it; in parentheses, as
        accountants write, it is negative.
        """
        found = pattern(self.decimal, self.thousands).fullmatch(text)
        if found is None or (found["open"] is None) != (found["close"] is None):
            return None
        units = [sign for sign in (found["before"], found["after"]) if sign is not None]
        signs = [sign for sign in (found["sign"], found["inner"]) if sign is not None]
        if len(units) > 1 or len(signs) > 1 or (signs and found["open"] is not None):
            return None
        body = found["body"]
        if self.thousands:
            body = re.sub(DIVIDERS[self.thousands], "", body)
        value = float(body.replace(self.decimal, ".") + (found["exponent"] or ""))
        negative = found["open"] is not None or (signs and signs[0] in MINUS)
        return Numeral(-value if negative else value, "".join(units))

    def read_all(self, texts: Iterable[str]) -> list[Numeral] | None:
        """Return the numbers that texts say; None if one says none."""
        found = []
        for text in texts:
            numeral = self.read(text)
            if numeral is None:
                return None
            found.append(numeral)
        return found


@cache
def pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    """Return what matches a number in a notation."""
    point = re.escape(decimal)
    groups = rf"[0-9]{{1,3}}(?:{DIVIDERS[thousands]}[0-9]{{3}})+|" if thousands else ""
    body = rf"(?:{groups}[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+"
    sign = rf"[{MINUS}+]"
    return re.compile(
        rf"(?P<open>\()?\s*(?P<sign>{sign})?\s*(?P<before>{CURRENCY})?\s*(?P<inner>{sign})?"
        rf"(?P<body>{body})(?P<exponent>[eE][+-]?[0-9]+)?\s*(?P<after>{CURRENCY}|%)?\s*(?P<close>\))?"
    )


def safe_notation(texts: Sequence[str]) -> Notation | None:
    """Return the way in which all of some texts are numbers; None if there is none, or if several
    say different ones, as of 1,050.

    Texts of several units are none. A usual space divides no thousands here, as it stands in
    numbers of telephones too; one that does not break does.
    """
    spaced = () if any(SPACE.search(text) for text in texts) else SPACED
    found = [way for way in (*NOTATIONS, *spaced) if same_unit(way, texts)]
    said = {tuple(each.value for each in way.read_all(texts) or ()) for way in found}
    return found[0] if len(said) == 1 else None


SPACE = re.compile(r"\d \d")

NOTATIONS = (
    Notation(".", ""),
    Notation(",", ""),
    Notation(".", ","),
    Notation(",", "."),
    Notation(".", "'"),
    Notation(",", "'"),
)
"""The usual ones, but for spaces."""


def same_unit(notation: Notation, texts: Sequence[str]) -> bool:
    """Whether all texts are numbers in a notation, with the same unit or none."""
    numerals = notation.read_all(texts)
    return numerals is not None and len({each.unit for each in numerals}) == 1


def possible_notations(texts: Sequence[str]) -> list[Notation]:
    """Return every way in which all of some texts are numbers."""
    return [way for way in (*NOTATIONS, *SPACED) if way.read_all(texts) is not None]


SPACED = (Notation(".", " "), Notation(",", " "))
"""With a space between groups."""
