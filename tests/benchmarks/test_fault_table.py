"""The fault benchmark's table: what counts as detected, named, restored, and as a false alarm."""

from __future__ import annotations

from typing import Any

from benchmarks.faults.programs import Program
from benchmarks.faults.table import Diagnosed, miss, misses, row

BUGGY = Program("base+fast", "development", "base", {}, "val_accuracy", ("TR35",))
HEALTHY = Program("base", "development", "base", {}, "val_accuracy")


def said(program: Program, *codes: str, severity: str = "error", **more: Any) -> Diagnosed:
    findings = [
        {"code": code, "severity": severity, "where": "optimizer.lr", "edit": None}
        for code in codes
    ]
    answer = {"findings": findings, "seconds": 2.0}
    facts = {"edit": None, "repaired": [0.9, 0.9], "buggy": [0.1, 0.1], "after": None} | more
    return Diagnosed(program, answer, **facts)


def test_the_line_counts_what_it_says() -> None:
    results = [
        said(BUGGY, "TR35", edit={"optimizer.lr": 0.1}, after=[0.9, 0.8]),
        said(BUGGY, "TR41", "TR35", edit={"optimizer.lr": 0.2}, after=[0.3, 0.3]),
        said(BUGGY, "TR35", severity="warning"),
        said(BUGGY),
        said(HEALTHY),
        said(HEALTHY, "TR01"),
    ]
    cells = [cell.strip().split(" ")[0] for cell in row("all", results).strip("|").split("|")]
    assert cells == ["all:", "50.0%", "75.0%", "50.0%", "75.0%", "50.0%", "50.0%", "50.0%", "2.0"]


def test_an_edit_that_makes_no_recipe_restores_nothing() -> None:
    assert not said(BUGGY, "TR35", edit={"optimizer.lr": -1}, after="RecipeError: lr").restored


def test_a_miss_says_what_went_wrong() -> None:
    assert miss(said(BUGGY, "TR35")) == ""
    assert miss(said(BUGGY, "TR41", "TR35")) == "cause at 2"
    assert miss(said(BUGGY, "TR36", severity="warning")) == "no error, cause at None"
    assert miss(said(HEALTHY, "TR01")) == "FALSE ALARM"
    assert miss(said(HEALTHY, "TR01", severity="warning")) == ""
    text = misses([said(BUGGY, "TR41"), said(HEALTHY)])
    assert text == ("- base+fast: cause at None; expected TR35; got TR41(e)@optimizer.lr")
