"""Every part of a command that may last says what it does and how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from trickrun.reporting import phases
from trickrun.reporting.commands import checklist, training
from trickrun.run.pace import Moved

RECIPE = """\
name: tiny
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
regularizers: {l2: 1e-4}
train: {epochs: 2}
grid: {coarse: {trials: 3, epochs: 1}, fine: {trials: 2, epochs: 1}}
"""


class Recorder:
    """Stands for ``phase`` and keeps what it is told.

    Args:
        moved: by phase with a total, the shares that were told.
    """

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.moved: dict[str, list[float]] = {}

    @contextmanager
    def phase(self, what: str, total: float | None = None) -> Iterator[Moved]:
        self.seen.add(what)
        if total:
            self.moved.setdefault(what, [])
            yield lambda done: self.moved[what].append(done / total)
        else:
            yield lambda done: None


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    for place in (phases, training, checklist):
        monkeypatch.setattr(place, "phase", made.phase)
    return made


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(RECIPE)
    return "tiny.yaml"


READING = "reading the data"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("validate tiny.yaml --data", {READING, "looking at the data"}),
        ("train tiny.yaml", {READING, "looking at the data"}),
        ("train tiny.yaml --dry-run", {READING}),
        (
            "initial-loss tiny.yaml",
            {READING, "loss before training", "what explains the loss"},
        ),
        (
            "overfit-batch tiny.yaml optimizer.lr=0.03",
            {"one batch", "with each regularizer back on"},
        ),
        (
            "overfit-batch tiny.yaml optimizer.lr=1e-9 --steps 4",
            {"what keeps the batch from being fitted"},
        ),
        ("lr-find tiny.yaml --steps 50 --seeds 2", {READING, "range test"}),
        ("grid coarse tiny.yaml --seeds 2", {"choosing how to train", "coarse search"}),
        ("grid coarse tiny.yaml --seeds 2", {"the best again"}),
        ("curves tiny.yaml --seeds 2", {READING}),
        ("signal tiny.yaml --steps 5", {READING, "training"}),
        ("grad-check tiny.yaml", {READING, "gradients"}),
        ("diagnose tiny.yaml", {READING, "evidence", "a short training", "range test"}),
    ],
)
def test_each_long_part_is_told(command, expected, recipe, recorder, trickrun) -> None:
    ran = trickrun(*command.split())
    assert ran.code in (0, 1), ran.both
    assert recorder.seen >= expected
    for what, shares in recorder.moved.items():
        if what in expected:
            assert shares, what
            assert shares == sorted(shares), what
            assert 0 <= shares[0] <= shares[-1] <= 1, what


def test_scoring_a_run_is_told(recipe, recorder, trickrun) -> None:
    trickrun("train", recipe)
    np.savez("new.npz", x=[[5.1, 3.5, 1.4, 0.2]])
    trickrun("eval", "tiny")
    assert recorder.seen >= {"opening the run", READING, "scoring"}
    trickrun("predict", "tiny", "new.npz")
    assert "predicting" in recorder.seen


def test_the_checklist_tells_its_searches_and_its_contest(recipe, recorder, trickrun) -> None:
    ran = trickrun("checklist", recipe, "--keep-going")
    inside = {"coarse search", "fine search", "contest", "the whole training"}
    assert recorder.seen >= {READING, "one batch", "range test", "drawing the report", *inside}
    assert all(recorder.moved[what][-1] == 1 for what in inside)
    head, _, last = ran.out.partition("\ncurves ...")
    assert "continues with: optimizer.lr=" in head
    assert "kept:" not in head, "said before the contest has decided"
    assert ("kept:" in last) == ("is better than the original" in last)


def test_edits_that_are_tried_are_told(recipe, recorder, trickrun) -> None:
    trickrun("diagnose", recipe, "optimizer.lr=1e-9", "--confirm")
    assert recorder.moved["trainings"][-1] == 1


def test_json_has_no_progress_on_stdout(recipe, monkeypatch, trickrun) -> None:
    monkeypatch.setattr(phases, "LASTING", 0.0)
    ran = trickrun("lr-find", recipe, "--steps", "50", "--json")
    assert ran.json["command"] == "lr-find"


def test_no_time_is_an_error_that_says_what_is_needed(recipe, trickrun) -> None:
    for command in ("checklist", "diagnose"):
        ran = trickrun(command, recipe, "--budget", "0.001s", "--json")
        assert ran.code == 2
        assert ran.json["error"]["where"] == "--budget"
        assert ran.json["error"]["message"] == "there is no time to do anything"
        assert "s or more" in ran.json["error"]["hint"]


def test_a_search_that_has_no_time_says_so(recipe, trickrun) -> None:
    ran = trickrun("grid", "coarse", recipe, "--budget", "0.001s", "--json")
    assert ran.code == 2
    assert ran.json["error"]["message"] == "no trial ended in time"
    again = trickrun("grid", "coarse", recipe, "--json").json["result"]
    assert len(again["trials"]) == 3
    assert "left_out" not in again
