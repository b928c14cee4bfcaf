"""TR11: labels that were changed, and classes that are merely hard."""

from dataclasses import replace

import pytest

from trickrun.findings.rules.data.label_noise import Doubt, LabelNoise, corrupted_labels

CORRUPTED = LabelNoise(
    classes=10,
    samples=1000,
    surest=200,
    surest_contradicted=0.3,
    contradicted=0.3,
    second=0.15,
    one_sided=0.1,
    known=1.0,
    noise=0.31,
    skill=0.6,
    doubts=tuple(Doubt(row, "3", "8") for row in range(7, 37)),
)


def test_changed_labels_are_found_and_shown():
    (found,) = corrupted_labels(CORRUPTED)
    assert (found.code, found.severity, found.where, found.edit) == ("TR11", "error", "data", None)
    assert "row 7 is '3', they say '8'" in found.why
    assert found.evidence["rows"][0] == {"row": 7, "given": "3", "agreed": "8"}
    assert len(found.evidence["rows"]) == 20
    assert found.evidence["doubted"] == 30


def test_labels_that_went_to_one_other_class_each():
    (found,) = corrupted_labels(replace(CORRUPTED, second=0.8, one_sided=0.9))
    assert "each to the same other class" in found.why


def test_a_network_that_doubts_the_same_labels_is_told():
    (found,) = corrupted_labels(replace(CORRUPTED, network=0.1))
    assert "the given label for 10% of the doubtful samples" in found.why


@pytest.mark.parametrize(
    "fine",
    [
        replace(CORRUPTED, surest_contradicted=0.1),
        replace(CORRUPTED, surest_contradicted=0.19),
        replace(CORRUPTED, second=0.7),
        replace(CORRUPTED, second=0.7, one_sided=0.9, known=0.1),
        replace(CORRUPTED, one_sided=0.9, known=0.1),
        replace(CORRUPTED, surest=15),
        replace(CORRUPTED, classes=2),
        replace(CORRUPTED, skill=0.05),
        replace(CORRUPTED, doubts=()),
        replace(CORRUPTED, network=0.8),
    ],
    ids=[
        "few",
        "steep",
        "overlap",
        "a rare class",
        "rare outcomes",
        "few samples",
        "two classes",
        "nothing learned",
        "none shown",
        "network",
    ],
)
def test_what_cannot_be_told_apart_is_no_finding(fine):
    assert corrupted_labels(fine) == []
