"""A checklist's pictures: drawn beside its steps they are those that its own commands draw."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from trickrun.checks.checklist.context import StepOutcome
from trickrun.reporting.checklist import draw_aside, drawn_steps
from trickrun.reporting.pictures import drawn_step
from trickrun.run.folder import RunFolder
from trickrun.search.executors.workers import DRAWING, WORKERS


def lr_find(trickrun, tmp_path: Path) -> RunFolder:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: iris\nmodel: {kind: mlp, hidden: [8]}\ntrain: {epochs: 2}\n")
    return RunFolder(Path(trickrun("lr-find", recipe, "--seeds", "1", "--json").json["run"]))


def test_a_step_is_drawn_in_another_process_as_here(trickrun, tmp_path: Path) -> None:
    folder = lr_find(trickrun, tmp_path)
    step = StepOutcome("lr-find", "pass", str(folder.path), "")
    WORKERS.warm_up()
    drawn = draw_aside(step)()
    assert drawn == drawn_step("lr-find", folder)
    assert drawn == {"lr_find.svg": folder.read_text("lr_find.svg")}
    assert WORKERS.aside(DRAWING, os.getpid)() != os.getpid()


def test_what_was_not_begun_aside_is_drawn_here(trickrun, tmp_path: Path) -> None:
    folder = lr_find(trickrun, tmp_path)
    checklist = RunFolder(tmp_path / "checklist" / folder.name / "1")
    own = checklist.own_runs / folder.name
    own.mkdir(parents=True)
    folder.path.rename(own / folder.id)
    # Where a step wrote its folder is told by a file: only what lies among its own runs is read.
    step = StepOutcome("lr-find", "pass", str(folder.path), "")
    here = drawn_steps([step], checklist)
    assert list(here["lr-find"]) == ["lr_find.svg"]
    assert drawn_steps([step], checklist, {"lr-find": partial(dict, a="b")}) == {
        "lr-find": {"a": "b"}
    }


def test_evidence_that_cannot_be_drawn_is_told_and_left_out(
    trickrun, tmp_path: Path, capsys
) -> None:
    folder = lr_find(trickrun, tmp_path)
    checklist = RunFolder(tmp_path / "checklist" / folder.name / "1")
    own = checklist.own_runs / folder.name
    own.mkdir(parents=True)
    (folder.path / "evidence.json").write_text('{"verdict": "pass", "curve": 3}')
    folder.path.rename(own / folder.id)
    step = StepOutcome("lr-find", "pass", str(own / folder.id), "")
    assert drawn_steps([step], checklist, {"lr-find": draw_aside(step)}) == {}
    assert "no picture of lr-find" in capsys.readouterr().err


def test_steps_that_draw_nothing_begin_no_process(monkeypatch) -> None:
    monkeypatch.setattr(WORKERS, "aside", None)
    assert draw_aside(StepOutcome("initial-loss", "pass", "nowhere", ""))() == {}
