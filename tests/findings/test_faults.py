"""The catalogue of faults: each code has an entry, each entry a finding, each example its fault."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import trickrun
from trickrun.findings.conclusion import ALTERNATIVES, BEHAVIOUR, OWN_CODE, UNTESTED_ROOTS
from trickrun.findings.faults import CATALOGUE, FAMILIES, NOT_REPORTED, Fault
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rank import EXPLAINS
from trickrun.findings.static import findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import load

ROOT = Path(trickrun.__file__).parent

TABLES = ("findings/faults", "findings/rank.py", "findings/conclusion.py")
"""Files that name codes without finding them."""


def reported() -> set[str]:
    """Return the codes that the code of the project can report."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in ROOT.rglob("*.py")
        if not path.relative_to(ROOT).as_posix().startswith(TABLES)
    ]
    # The end of a diagnosis reports two of its own.
    texts.append(" ".join(re.findall(r'Finding\("TR\d{2,3}"', (ROOT / TABLES[2]).read_text())))
    return {code for text in texts for code in re.findall(r'"(TR\d{2,3})"', text)}


def test_every_code_that_is_reported_has_an_entry_and_the_other_way() -> None:
    assert reported() == set(CATALOGUE)


def test_a_published_fault_has_an_entry_or_the_index_says_why_not() -> None:
    published = {f"TR{row:02d}" for row in range(1, 60)}
    assert published - set(CATALOGUE) == set(NOT_REPORTED)
    told = {code for why in NOT_REPORTED.values() for code in re.findall(r"TR\d{2,3}", why)}
    assert told <= set(CATALOGUE)


def test_a_diagnosis_weighs_only_codes_of_the_catalogue() -> None:
    alternatives = {code for codes in ALTERNATIVES.values() for code in codes}
    assert BEHAVIOUR | OWN_CODE | UNTESTED_ROOTS | alternatives <= set(CATALOGUE)


def test_codes_are_given_once() -> None:
    assert sum(len(faults) for faults in FAMILIES.values()) == len(CATALOGUE)


def test_what_explains_and_is_explained_is_in_the_catalogue() -> None:
    named = set(EXPLAINS) | {code for symptoms in EXPLAINS.values() for code in symptoms}
    assert named <= set(CATALOGUE)


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.code)
def test_an_example_is_a_recipe_and_has_its_fault(fault: Fault, tmp_path: Path) -> None:
    example = yaml.safe_load(fault.example or "{}")
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump({"data": "digits", "model": "mlp", **example}))
    codes = [finding.code for finding in findings(facts_of(load(path).recipe))]
    if "validate" in fault.by:
        assert fault.code in codes
    else:
        assert fault.code not in codes


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.code)
def test_every_part_of_an_entry_says_something(fault: Fault) -> None:
    told = (fault.name, fault.signal, fault.threshold, fault.why, fault.fix)
    assert all(text and text == text.strip() for text in told)
    assert all(text.endswith((".", ")")) for text in told[1:])
    assert fault.by


@pytest.mark.parametrize(
    ("weighed", "expected"),
    [
        ("info", ["error", "warning", "info"]),
        ("warning", ["error", "warning"]),
        ("error", ["error"]),
        (None, []),
    ],
)
def test_a_fault_says_how_grave_it_must_be_to_take_part_in_a_diagnosis(
    weighed: Severity | None, expected: list[Severity]
) -> None:
    fault = replace(CATALOGUE["TR01"], weighed=weighed)
    severities: list[Severity] = ["error", "warning", "info"]
    found = [Finding("TR01", "n", severity, 0.5, "data", {}, "w") for severity in severities]
    assert [finding.severity for finding in found if fault.takes_part(finding)] == expected
