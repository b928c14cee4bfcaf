"""Findings in the terminal: what to change, and what trying it gave."""

import pytest

from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.reporting.verdict import print_verdict


def test_a_finding_says_what_trying_its_edit_gave(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding(
        "TR21", "Sum", "error", 0.9, "loss", {}, "It sums.", {"loss.reduction": "mean"},
        {"before": 147.25, "after": 2.3026},
    )  # fmt: skip
    print_verdict(Verdict("fail", {}, (finding,), "loss 147 before training"))
    assert capsys.readouterr().out.splitlines() == [
        "FAIL loss 147 before training",
        "✗ TR21 Sum (loss)",
        "  It sums.",
        "  edit: loss.reduction=mean",
        "  tried: 147.25 before, 2.3026 after",
    ]


def test_a_finding_in_a_program_says_where_and_what_to_write(
    capsys: pytest.CaptureFixture[str],
) -> None:
    location = {"file": "net.py", "line": 12, "advice": "return the logits"}
    finding = Finding("TR26", "Squashed twice", "error", 0.9, "net", {}, "It squashes twice.",
                      location=location)  # fmt: skip
    print_verdict(Verdict("fail", {}, (finding,), "twice"))
    assert capsys.readouterr().out.splitlines()[-1] == "  net.py:12: return the logits"
    assert finding.as_json()["location"] == location
