"""What a diagnosis prints of its trainings: those proven, and those that did not get that far."""

from __future__ import annotations

import pytest

from trickrun.findings.verdict import Verdict
from trickrun.reporting.diagnose import print_diagnosis

PROVEN = {
    "a=1": {"before": 0.25, "after": 0.5, "needed": 0.125, "helps": True},
    "b=2": {"before": 0.25, "after": 0.125, "needed": 0.125, "helps": False},
}


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        (None, []),
        ({"proven": {}, "screened": {}, "untried": 0}, []),
        (
            {"proven": PROVEN, "screened": {"a=1": 0.25, "b=2": -0.1, "c=3": 0.0}, "untried": 0},
            [
                "edit tried skill with it needed",
                "a=1 0.2500 0.5000 +0.1250 ✓ helps",
                "b=2 0.2500 0.1250 +0.1250 ✗",
            ],
        ),
        (
            {"proven": {}, "screened": {"a=1": 0.0, "b=2": 0.0}, "untried": 3},
            [
                "2 edits were tried once; none of them looked better",
                "no time to try 3 edits; --budget allows more",
            ],
        ),
    ],
)
def test_trainings(capsys, tried, expected):
    verdict = Verdict("pass", {"tried": tried, "failed": {}}, summary="nothing is wrong")
    print_diagnosis(verdict)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == [*expected, "PASS nothing is wrong"]
