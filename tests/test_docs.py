"""The recipe reference is what the parameter classes say today."""

import pytest

from trickrun.docs import FINDINGS, REFERENCE, formula, prose, reference, shared, table
from trickrun.recipe.catalogue import Parameter, catalogue
from trickrun.reporting.fault_pages import pages


def test_the_committed_reference_is_current():
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "run python -m trickrun.docs"


def test_the_committed_pages_of_findings_are_current():
    written = {path.name: path.read_text(encoding="utf-8") for path in FINDINGS.iterdir()}
    assert written == pages(), "run python -m trickrun.docs, and remove pages without a fault"


def test_every_trick_has_a_heading():
    headings = reference().splitlines()
    for entry in catalogue():
        assert f"### {entry.name}" in headings


def test_every_table_row_has_four_cells():
    rows = [line for line in reference().splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {5}


def test_what_all_kinds_share_is_told_once_with_its_usual_default():
    with_keys = {"clip", "layer_decay", "lookahead"}
    optimizers = [e for e in catalogue() if e.section == "optimizer" and e.name not in with_keys]
    common = shared(optimizers)
    assert {p.name for p in common} == {"lr", "schedule", "lr_scale", "decay"} | with_keys
    assert next(p for p in common if p.name == "lr").default == 1e-3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a * b | c < d", r"a \* b \| c \< d"),
        ("the `a * b` of c * d", r"the `a * b` of c \* d"),
    ],
)
def test_prose_means_itself(text, shown):
    assert prose(text) == shown


def test_a_formula_is_code_unless_it_has_code_in_it():
    assert formula("a * b") == "`a * b`"
    assert formula("`x` times *") == r"`x` times \*"
    assert formula("") == ""


def test_a_table_shows_what_is_required():
    rows = [Parameter("path", "text", None, True, "the file")]
    assert table(rows).splitlines()[2] == "| `path` | required | text | the file |"
