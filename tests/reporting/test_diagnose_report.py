"""What a diagnosis prints of its trainings: those proven, and those that did not get that far."""

from __future__ import annotations

import pytest

from trickrun.findings.verdict import Verdict
from trickrun.reporting.diagnose import next_run, print_diagnosis

PROVEN = {
    "a=1": {"before": 0.25, "after": 0.5, "needed": 0.125, "helps": True, "raises": []},
    "b=2": {"before": 0.25, "after": 0.125, "needed": 0.125, "helps": False, "raises": []},
    "d=4": {"before": 0.25, "after": 0.375, "needed": 0.1, "helps": True, "raises": ["TR35"]},
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
                "d=4 0.2500 0.3750 +0.1000 helps, but raises TR35",
                "b=2 0.2500 0.1250 +0.1250 ✗",
            ],
        ),
        (
            {"proven": {}, "screened": {"a=1": 0.0, "b=2": 0.0}, "untried": 3},
            [
                "2 edits tried once; none looked better",
            ],
        ),
    ],
)
def test_trainings(capsys, tried, expected):
    result = {"tried": tried, "failed": {}, "undecided": None, "left_out": []}
    verdict = Verdict("pass", result, summary="nothing is wrong")
    print_diagnosis(verdict, "r.yaml")
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == [*expected, "PASS nothing is wrong"]


@pytest.mark.parametrize(
    ("target", "tried", "command"),
    [
        ("r.yaml", False, "trickrun diagnose r.yaml --confirm"),
        ("r.yaml", True, "trickrun diagnose r.yaml 'init={kind: auto}' --confirm"),
        ("runs/r/1", True, "trickrun diagnose runs/r/1 --confirm --budget 5m"),
    ],
)
def test_the_run_that_would_tell_two_causes_apart(target, tried, command):
    assert next_run(target, {"init": {"kind": "auto"}}, tried) == command


def test_what_there_was_no_time_for_is_one_line(capsys):
    failed = {
        "lr_find": "it takes about 9 s; allow more time with --budget",
        "labels": "no such file",
    }
    left = ["the learning rate", "3 edits not tried"]
    result = {"tried": None, "failed": failed, "undecided": None, "left_out": left}
    print_diagnosis(Verdict("pass", result, summary="fine"), "r.yaml")
    assert capsys.readouterr().out.splitlines() == [
        "no time for: the learning rate, 3 edits not tried; allow more time with --budget",
        "not measured: labels: no such file",
        "PASS fine",
    ]
