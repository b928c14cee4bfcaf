"""Numbers and dates as people write them, read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.data.formats.dates import (
    check_format,
    cyclic,
    days_of,
    fitting_formats,
    read_date,
)
from trickrun.data.formats.numerals import NOTATIONS, SPACED, Notation, safe_notation

UNITS = ["", "$", "€", "%"]


@given(
    st.integers(-(10**12), 10**12),
    st.integers(0, 4),
    st.sampled_from([*NOTATIONS, *SPACED]),
    st.sampled_from(UNITS),
    st.sampled_from(["-", "\u2212", "()"]),
)
def test_what_is_written_is_read(whole, places, notation, unit, minus):
    """The float that Python reads in the same digits with a decimal point."""
    value = whole / 10**places
    digits = f"{abs(value):{',' if notation.thousands else ''}.{places}f}"
    marks = {",": notation.thousands, ".": notation.decimal}
    text = "".join(marks.get(sign, sign) for sign in digits)
    text = f"{text} {unit}" if unit == "%" else f"{unit}{text}"
    if whole < 0:
        text = f"({text})" if minus == "()" else f"{minus}{text}"
    found = notation.read(text)
    assert found is not None
    assert found.value == float(f"{value:.{places}f}")
    assert found.unit == unit


@pytest.mark.parametrize(
    "text",
    ["", "-", "$", "1,05,0", "1,0500", "(5", "5)", "(-5)", "--5", "5 kg", "$5€", "1 2", "\u0661"],
)
def test_what_is_no_number(text):
    assert Notation(".", ",").read(text) is None


@pytest.mark.parametrize(
    ("texts", "notation"),
    [
        (["1,050"], None),
        (["1.050 €"], None),
        (["1,050", "3,5"], Notation(",", "")),
        (["1.050", "3,5"], Notation(",", ".")),
        (["1,050", "3.5"], Notation(".", ",")),
        (["0555 123 456"], None),
        (["1\u00a0050"], Notation(".", " ")),
        (["$5", "5"], None),
        (["words"], None),
    ],
)
def test_only_what_can_be_read_in_one_way_is_guessed(texts, notation):
    assert safe_notation(texts) == notation


@given(st.datetimes(datetime(1800, 1, 1), datetime(2150, 1, 1)))
def test_days_can_be_turned_back_to_the_microsecond(moment):
    days = days_of(moment)
    back = datetime(1970, 1, 1) + timedelta(microseconds=round(days * 86_400_000_000))
    assert abs(back - moment) <= timedelta(microseconds=1)
    assert days == pytest.approx(moment.replace(tzinfo=UTC).timestamp() / 86400, abs=1e-9)


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(2150, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_zones_are_brought_to_utc(moment, minutes):
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert days_of(zoned) == days_of(moment - timedelta(minutes=minutes))


@given(st.integers(-20_000, 40_000))
def test_parts_are_those_of_the_calendar(day):
    date = datetime(1970, 1, 1) + timedelta(days=day, hours=6)
    days = np.array([days_of(date), np.nan])
    places = {
        "month": (date.month - 1) / 12,
        "weekday": date.weekday() / 7,
        "yearday": (date.timetuple().tm_yday - 1) / 365.25,
        "hour": 0.25,
    }
    for part, place in places.items():
        sine, cosine = cyclic(days, part)
        assert sine == pytest.approx([np.sin(2 * np.pi * place), 0], abs=1e-9)
        assert cosine == pytest.approx([np.cos(2 * np.pi * place), 0], abs=1e-9)


def test_formats_that_fit():
    assert fitting_formats(["31/12/1999", "01/02/2024"]) == ["%d/%m/%Y"]
    assert fitting_formats(["03/04/2024"]) == ["%d/%m/%Y", "%m/%d/%Y"]
    assert fitting_formats(["3 Mar 2024 10:30 PM"]) == ["%d %b %Y %I:%M %p"]
    assert fitting_formats(["soon"]) == []


@pytest.mark.parametrize(("form", "good"), [("%d/%m/%Y", True), ("%Q", False), ("dd/mm", False)])
def test_formats_are_checked(form, good):
    assert (check_format(form) is None) is good


def test_a_date_that_is_none():
    assert read_date("31/02/2024", "%d/%m/%Y") is None
    assert read_date("2024-02-30", "") is None
