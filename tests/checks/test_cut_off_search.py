"""A search that is cut off at any write, or that two want to go on with, and how it ends."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from trickrun.checks import grid_check
from trickrun.checks.grid_check import run_search
from trickrun.recipe.load import Loaded, load
from trickrun.run import files
from trickrun.run.find import every
from trickrun.search.executors.choose import Layout
from trickrun.search.journal import journal

RECIPE = """
name: tiny
data: {kind: iris, batch_size: 64}
model: {kind: mlp, hidden: [4]}
train: {device: cpu}
grid:
  coarse: {trials: 3, epochs: 3, space: {optimizer.lr: {log: [1e-3, 1e-1]}}}
"""


class Killed(BaseException):
    pass


@pytest.fixture(autouse=True)
def _one_stack(monkeypatch):
    """All trials in one stack here: nothing is chosen by timing."""
    monkeypatch.setattr(
        "trickrun.search.journal.lay_out", lambda trials, *_: Layout(here=[tuple(trials)])
    )


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    return load(tmp_path / "tiny.yaml")


def searched(loaded: Loaded, root: Path) -> list[dict[str, object]]:
    """Run or go on with the search; return its table without times."""
    verdict, _ = run_search(
        loaded, "coarse", root, [], lambda *_: None, draw=lambda _: lambda: {"a": ""}
    )
    return [{k: v for k, v in row.items() if k != "seconds"} for row in verdict.result["trials"]]


def cut_off_at_write(number: int, loaded: Loaded, root: Path) -> bool:
    """Run the search until a write, of which half is done then; return whether it came to that."""
    real, writes = files.write_all, count()

    def write_all(descriptor: int, content: bytes) -> None:
        if next(writes) == number:
            os.write(descriptor, content[: len(content) // 2])
            raise Killed
        real(descriptor, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "write_all", write_all)
        try:
            searched(loaded, root)
        except Killed:
            return True
    return False


@pytest.mark.parametrize("halving", [False, True])
@pytest.mark.parametrize("before", [False, True], ids=["the first", "one that has ended before"])
def test_cut_off_at_any_write_it_ends_as_one_that_is_not(loaded, tmp_path, halving, before):
    (tmp_path / "tiny.yaml").write_text(RECIPE.replace("epochs", f"halving: {halving}, epochs"))
    loaded = load(tmp_path / "tiny.yaml")
    expected = searched(loaded, tmp_path / "whole")
    for number in count():
        root = tmp_path / str(number)
        earlier = []
        if before:
            searched(loaded, root)
            earlier = [run.path for run in every(root)]
        if not cut_off_at_write(number, loaded, root):
            break
        assert searched(loaded, root) == expected
        (folder,) = (run for run in every(root) if run.path not in earlier)
        lines = [result.id for result in journal(folder) if result.rung is None]
        assert len(lines) == len(set(lines))
        assert not list(folder.path.rglob("*.tmp"))
        assert not folder.busy
    assert number > 8


def test_of_two_that_want_to_go_on_one_takes_a_new_folder(loaded, tmp_path, monkeypatch):
    expected = searched(loaded, tmp_path / "whole")
    root = tmp_path / "runs"
    assert cut_off_at_write(6, loaded, root)
    (old,) = every(root)
    real = grid_check.open_search

    def taken_meanwhile(root, planned):
        found = real(root, planned)
        monkeypatch.setattr(grid_check, "open_search", real)
        searched(loaded, root)  # the other one takes it, and ends it
        return found

    monkeypatch.setattr(grid_check, "open_search", taken_meanwhile)
    assert searched(loaded, root) == expected
    assert (old.path / "evidence.json").exists()
    assert len(journal(old)) == 3
    assert len(list(every(root))) == 2


def test_a_search_at_work_is_left_to_its_process(loaded, tmp_path):
    assert cut_off_at_write(6, loaded, tmp_path)
    (old,) = every(tmp_path)
    with old.locked():
        before = {path: path.read_bytes() for path in old.path.rglob("*") if path.is_file()}
        searched(loaded, tmp_path)
        assert before == {path: path.read_bytes() for path in before}
    assert len(list(every(tmp_path))) == 2
