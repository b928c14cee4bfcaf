"""Dates and times as numbers: days since 1970-01-01, and what comes round again in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.columns import moment
from trickrun.data.splits.source import DatePart

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

EPOCH = datetime(1970, 1, 1)
DAY = 86_400_000_000
"""Microseconds."""

DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
        "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y",
        "%d %B %Y", "%B %d, %Y")  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
LOOKED_AT = 1000
"""Texts that a format must fit before all are tried."""


def read_date(text: str, form: str) -> datetime | None:
    """Return the date, with or without a time of day, that a text says, or None.

    Args:
        form: see ``datetime.strptime``; empty: ISO 8601.
    """
    if not form:
        return moment(text)
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def days_of(date: datetime) -> float:
    """Return the days from 1970-01-01 to a date, with the time of day as a fraction.

    A time with a zone is brought to UTC. Times to a microsecond can be had back from it, for the
    next 200 years.
    """
    if date.tzinfo is not None:
        date = date.astimezone(UTC).replace(tzinfo=None)
    return (date - EPOCH) // timedelta(microseconds=1) / DAY


def has_zone(date: datetime) -> bool:
    """Whether a time tells its zone."""
    return date.tzinfo is not None


def check_format(form: str) -> str | None:
    """Return what is wrong with a format, or None."""
    if "%" not in form:
        return "it has no directive such as %Y"
    try:
        datetime.strptime(EPOCH.strftime(form), form)
    except ValueError as error:
        return str(error)
    return None


def fitting_formats(texts: Sequence[str]) -> list[str]:
    """Return the usual formats that all of some texts fit."""
    found = [day + time for day in DAYS for time in TIMES]
    for some in (texts[:1], texts[:LOOKED_AT], texts[LOOKED_AT:]):
        found = [form for form in found if all(read_date(text, form) for text in some)]
    return found


def cyclic(days: Array, part: DatePart) -> tuple[Array, Array]:
    """Return the sine and the cosine [N] of a date's place in a round, of days [N] since
    1970-01-01; both are 0 for NaN.

    sin(2πp) and cos(2πp): of ``month``, p is (month - 1) / 12; of ``weekday`` days since Monday
    over 7; of ``yearday`` days since January 1 over 365.25; of ``hour`` the share of the day.
    """
    import numpy as np

    missing = np.isnan(days)
    whole = np.floor(np.where(missing, 0, days))
    if part == "weekday":
        # 1970-01-01 was a Thursday.
        place = (whole + 3) % 7 / 7
    elif part == "hour":
        place = np.where(missing, 0, days) - whole
    else:
        dates = whole.astype("datetime64[D]")
        if part == "month":
            place = dates.astype("datetime64[M]").astype(np.int64) % 12 / 12
        else:
            place = (dates - dates.astype("datetime64[Y]")).astype(np.int64) / 365.25
    turn = 2 * np.pi * place
    # Places that have the same sine get the same number.
    sine, cosine = np.sin(turn).round(12), np.cos(turn).round(12)
    return np.where(missing, 0, sine), np.where(missing, 0, cosine)
