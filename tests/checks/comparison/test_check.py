"""Comparisons that are cut off, short of time, or of recipes that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.checks.comparison import ablation
from trickrun.checks.comparison.ablation import ablate
from trickrun.checks.comparison.check import Asked, Place, compare
from trickrun.checks.comparison.tricks import Trick
from trickrun.errors import OutOfTime, TrickrunError
from trickrun.recipe.load import Loaded, load
from trickrun.reporting.comparison import tables
from trickrun.run.find import every
from trickrun.run.pace import Pace
from trickrun.search.executors.choose import Layout
from trickrun.search.journal import journal

RECIPE = """\
name: tiny
data: {kind: iris, batch_size: 64}
model: {kind: mlp, hidden: [4]}
regularizers: {dropout: 0.2}
train: {epochs: 2, device: cpu}
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    """Every training alone in this process: nothing is chosen by timing."""
    monkeypatch.setattr(
        "trickrun.search.journal.lay_out",
        lambda trials, *_: Layout(here=[(trial,) for trial in trials]),
    )


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    return load(tmp_path / "tiny.yaml")


class Killed(BaseException):
    pass


def killed_after(count: int):
    def told(result, arm, done, total):
        if done == count:
            raise Killed

    return told


def place(root: Path, told=lambda *_: None, pace: Pace | None = None) -> Place:
    return Place(root / "runs", ["trickrun", "compare"], told, pace=pace or Pace())


def test_what_was_cut_off_goes_on_in_its_folder(loaded, tmp_path):
    other = load(loaded.path, ["model.hidden=[6]"])
    with pytest.raises(Killed):
        compare([loaded, other], Asked(3), place(tmp_path, killed_after(2)))
    (folder,) = every(tmp_path / "runs")
    before = [result.id for result in journal(folder)]
    seen = []
    verdict, again = compare(
        [loaded, other], Asked(3), place(tmp_path, lambda r, *_: seen.append(r.id))
    )
    assert again.path == folder.path
    assert len(before) == 2
    assert len(seen) == 4
    assert not {*before} & {*seen}
    whole, _ = compare([loaded, other], Asked(3), place(tmp_path / "afresh"))
    assert verdict.result["comparisons"] == whole.result["comparisons"]


def test_an_ablation_goes_on_where_its_lean_recipe_was_cut_off(loaded, tmp_path):
    first = 3 * 2  # the recipe, without dropout, without normalization
    counted = iter(range(1, 100))

    def told(*_):
        if next(counted) == first + 1:
            raise Killed

    with pytest.raises(Killed):
        ablate(loaded, [], Asked(2), place(tmp_path, told))
    seen = []
    verdict, _ = ablate(loaded, [], Asked(2), place(tmp_path, lambda r, *_: seen.append(r.id)))
    assert len(seen) == 3
    assert verdict.result["lean"]["arm"]["finished"] == 2
    assert len([*every(tmp_path / "runs")]) == 1


class Clock:
    """A clock that goes on by a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_with_too_little_time_whole_rounds_count(loaded, tmp_path):
    other = load(loaded.path, ["model.hidden=[6]"])
    done = []

    def told(result, arm, count, total):
        done.append(arm)
        if len(done) == 4:
            clock.now = 1e6

    clock = Clock()
    pace = Pace(deadline=1e5, clock=clock)
    verdict, _ = compare([loaded, other], Asked(5), place(tmp_path, told, pace))
    assert verdict.result["left_out"] == ["6 of 10 trainings"]
    assert verdict.result["comparisons"][0]["differences"]["val_loss"]["n"] == 2
    # The same command trains the others.
    later, _ = compare([loaded, other], Asked(5), place(tmp_path))
    assert later.result["left_out"] == []


def test_no_time_at_all_is_told(loaded, tmp_path):
    other = load(loaded.path, ["model.hidden=[6]"])
    pace = Pace(deadline=0.0, clock=Clock())
    with pytest.raises(OutOfTime, match="no training ended in time"):
        compare([loaded, other], Asked(2), place(tmp_path, pace=pace))


def test_a_trick_that_cannot_be_taken_away_alone_is_told(loaded, tmp_path, monkeypatch):
    known = ablation.tricks_of(loaded)
    needed = Trick("optimizer.lr", {"optimizer.lr": -1.0}, "no rate")
    monkeypatch.setattr(ablation, "tricks_of", lambda _: [*known, needed])
    verdict, _ = ablate(loaded, [], Asked(2), place(tmp_path))
    (row,) = verdict.result["invalid"]
    assert row["name"] == "optimizer.lr"
    assert row["reason"] == "optimizer.lr: expected a number above 0, but -1.0 is given"
    told = [note for table in tables("ablate", verdict.result) for note in table.notes]
    assert any("optimizer.lr cannot be taken away alone" in note for note in told)


def test_a_split_by_time_cannot_be_drawn_again(loaded, tmp_path):
    (tmp_path / "t.csv").write_text(
        "day,x,y\n" + "".join(f"{d},{d % 7},{d % 3}\n" for d in range(60))
    )
    data = "data={kind: csv, path: t.csv, target: y, task: regression, split: {time: day}}"
    first, second = (load(loaded.path, [data, f"model.hidden=[{n}]"]) for n in (4, 6))
    with pytest.raises(TrickrunError, match="a split by time is always the same"):
        compare([first, second], Asked(2, "splits"), place(tmp_path))


def test_recipes_of_two_folders_are_compared(loaded, tmp_path):
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "other.yaml").write_text(RECIPE.replace("tiny", "other"))
    other = load(tmp_path / "else" / "other.yaml", ["model.hidden=[6]"])
    verdict, folder = compare([loaded, other], Asked(2), place(tmp_path))
    assert [arm["finished"] for arm in verdict.result["arms"]] == [2, 2]
    assert verdict.result["comparisons"][0]["per_sample"]["samples"] == 22
    seen = []
    compare([other, loaded], Asked(2), place(tmp_path, lambda r, *_: seen.append(r.seconds)))
    assert {*seen} == {result.seconds for result in journal(folder)}
