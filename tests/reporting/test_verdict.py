"""Findings in the terminal: edits that a shell takes, and what trying them gave."""

import shlex
from typing import Any

import pytest

from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import load
from trickrun.reporting.verdict import override, print_verdict


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("optimizer.lr", 1e-05),
        ("loss.reduction", "mean"),
        ("init.head", {"kind": "normal", "std": 0.01}),
        ("model.hidden", [64, 32]),
        ("optimizer.clip", None),
        ("train.deterministic", True),
    ],
)
def test_a_pasted_edit_means_the_same_to_the_recipe(path: str, value: Any, tmp_path: Any) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("{data: iris, model: {kind: mlp, hidden: [8]}, optimizer: {clip: 1.0}}")
    (word,) = shlex.split(override(path, value))
    found: Any = load(file, [word]).recipe.model_dump(mode="json")
    for key in path.split("."):
        found = found[key]
    if isinstance(value, dict):
        assert found | value == found
    else:
        assert found == value


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
