"""TR11: labels changed at random, and classes that are merely hard."""

from dataclasses import replace

import pytest

from trickrun.findings.rules.data.label_noise import LabelNoise, corrupted_labels

CORRUPTED = LabelNoise(classes=10, samples=1000, contradicted=0.35, second=0.15, skill=0.6)


def test_labels_at_random_are_found():
    (found,) = corrupted_labels(CORRUPTED)
    assert (found.code, found.severity, found.where) == ("TR11", "error", "data")


@pytest.mark.parametrize(
    "fine",
    [
        replace(CORRUPTED, second=0.7),
        replace(CORRUPTED, contradicted=0.05),
        replace(CORRUPTED, samples=30),
        replace(CORRUPTED, classes=2),
        replace(CORRUPTED, skill=0.05),
    ],
    ids=["hard classes", "few contradictions", "few samples", "two classes", "nothing learned"],
)
def test_what_cannot_be_told_apart_is_no_finding(fine):
    assert corrupted_labels(fine) == []
