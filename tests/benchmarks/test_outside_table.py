"""The table of the subjects from elsewhere: what counts as right, by cause and by code."""

from __future__ import annotations

import pytest

from benchmarks.faults.outside.subjects import Repair, Source, Subject
from benchmarks.faults.outside.table import as_program, row
from benchmarks.faults.table import Diagnosed

SOURCE = Source(("DeepFD",), "1", "https://example.org", "It stays.")
REPAIR = Repair("a smaller step", ("TR35", "@optimizer.lr"), {"optimizer.lr": 0.1})
FAULTY = Subject("so-1", "development", SOURCE, "val_accuracy", {"data": "iris"}, (REPAIR,))
HEALTHY = Subject("fine", "development", SOURCE, "val_accuracy", {"data": "iris"}, at_least=0.8)


def said(subject: Subject, *findings: tuple[str, dict | None], after=None):
    answer = {
        "findings": [
            {"code": code, "severity": "error", "where": "data", "edit": edit}
            for code, edit in findings
        ],
        "seconds": 2.0,
    }
    edit = next((edit for _, edit in findings if edit), None)
    return subject, Diagnosed(as_program(subject), answer, edit, [0.9], [0.1], after)


def test_the_line_counts_causes_and_codes_apart() -> None:
    results = [
        said(FAULTY, ("TR35", None)),
        said(FAULTY, ("TR70", {"optimizer.lr": 0.1}), ("TR35", None), after=[0.8]),
        said(FAULTY, ("TR70", {"optimizer.clip": {"norm": 1}}), after=[0.2]),
        said(FAULTY),
        said(HEALTHY),
        said(HEALTHY, ("TR01", None)),
    ]
    cells = [cell.strip().split(" ")[0] for cell in row("all", results).strip("|").split("|")]
    assert cells == [
        "all:", "75.0%", "75.0%", "50.0%", "25.0%", "50.0%", "50.0%", "50.0%", "50.0%",
        "50.0%", "25.0%", "2.0", "2.0",
    ]  # fmt: skip


@pytest.mark.parametrize(("least", "faulty"), [(None, True), (0.8, False)])
def test_a_subject_without_a_bound_is_faulty(least, faulty) -> None:
    assert Subject("x", "development", SOURCE, "val_r2", {}, at_least=least).faulty is faulty
