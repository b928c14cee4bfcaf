"""What steps cost by their shapes, and how the machine's own speed is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.recipe.patch import canonical
from trickrun.search.executors import cost
from trickrun.search.executors.choose import is_clear, is_worth_timing, told_by_shapes
from trickrun.search.executors.cost import Speed, StepCost, cost_of, machine_speed
from trickrun.search.executors.work import compiled
from trickrun.search.trial import Trial, make_trial
from trickrun.training.job import Job

HERE = Path(__file__).parent
SPEED = Speed(call=5e-5, arithmetic=7e-11)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file in which the speed is kept, and a measurement that gives SPEED."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cost, "measured_speed", lambda: SPEED)
    machine_speed.cache_clear()
    yield tmp_path / "trickrun" / "speed.json"
    machine_speed.cache_clear()


def trial(**sections: Any) -> Trial:
    tree = canonical(
        {"data": {"kind": "iris", "batch_size": 16}, "train": {"steps": 9}, **sections}
    )
    return make_trial(tree, {}, HERE)


def job(**sections: Any) -> Job:
    return compiled(trial(**sections), HERE)


def test_the_speed_is_measured_once_and_read_back(kept, monkeypatch):
    assert machine_speed() == SPEED
    assert json.loads(kept.read_text())["call"] == SPEED.call
    machine_speed.cache_clear()
    monkeypatch.setattr(cost, "measured_speed", None)
    assert machine_speed() == SPEED


@pytest.mark.parametrize(
    "change",
    [{"machine": "another"}, {"call": 0.0}, {"call": 1e9}, {"arithmetic": None}, {"call": "fast"}],
    ids=str,
)
def test_a_kept_speed_that_is_none_of_this_machine_is_replaced(kept, change):
    machine_speed()
    whole = kept.read_text()
    kept.write_text(json.dumps({**json.loads(whole), **change}))
    machine_speed.cache_clear()
    assert machine_speed() == SPEED
    assert kept.read_text() == whole


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\x00", b'{"call": NaN}', b"null"])
def test_a_damaged_file_is_replaced(kept, content):
    kept.parent.mkdir()
    kept.write_bytes(content)
    assert machine_speed() == SPEED
    assert json.loads(kept.read_text())["arithmetic"] == SPEED.arithmetic


def test_a_cache_that_cannot_be_written_is_done_without(kept):
    kept.parent.write_text("a file where the folder should be")
    assert machine_speed() == SPEED


def test_a_folder_in_the_files_place_is_done_without(kept):
    kept.mkdir(parents=True)
    assert machine_speed() == SPEED
    assert kept.is_dir()


def test_an_implausible_measurement_is_not_kept(kept, monkeypatch):
    monkeypatch.setattr(cost, "measured_speed", lambda: Speed(-1.0, 7e-11))
    machine_speed()
    assert not kept.exists()


def test_the_measurement_solves_for_both(monkeypatch):
    monkeypatch.setattr(cost, "timed_step", lambda sizes: cost.PROBES[sizes].alone(SPEED))
    found = cost.measured_speed()
    assert found.call == pytest.approx(SPEED.call)
    assert found.arithmetic == pytest.approx(SPEED.arithmetic)


def test_a_real_measurement_is_plausible_and_leaves_the_threads_alone():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert cost.measured_speed().plausible
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_without_a_home_nothing_is_kept(kept, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(cost.os.path, "expanduser", lambda path: path)
    assert machine_speed() == SPEED
    assert not cost.kept_at().exists()


def test_what_a_step_is_made_of_is_read_off_the_job():
    found = cost_of(
        job(
            model={"kind": "mlp", "hidden": [8, 5]},
            normalization="batch",
            regularizers={"dropout": 0.5, "l2": 1e-3},
        )
    )
    assert found is not None
    assert found.layers == 3 + 2 + 2
    assert (found.penalties, found.samples, found.drawn) == (1, 16, 16 * (8 + 5))
    # No bias before batch norm, which has two numbers for each feature.
    assert found.parameters == 4 * 8 + 2 * 8 + 8 * 5 + 2 * 5 + 5 * 3 + 3


@pytest.mark.parametrize(
    "sections",
    [
        {"normalization": "layer", "model": {"kind": "mlp", "hidden": [8]}},
        {"model": {"kind": "mlp", "hidden": [8], "activation": "gelu"}},
        {"model": {"kind": "cnn", "channels": [4]}, "data": {"kind": "digits"}},
    ],
    ids=str,
)
def test_networks_whose_passes_are_not_written_out_are_not_told(sections):
    assert cost_of(job(**sections)) is None


def test_small_networks_gain_from_a_stack_and_large_ones_do_not():
    small = StepCost(layers=3, penalties=0, parameters=7_000, samples=64, drawn=0)
    large = replace(small, parameters=5_000_000)
    assert 16 * small.alone(SPEED) / small.stacked(SPEED, 16, 1) > 4
    assert 16 * large.alone(SPEED) / large.stacked(SPEED, 16, 1) < 1.05
    drawing = replace(small, drawn=64 * 100)
    assert drawing.stacked(SPEED, 16, 16) > drawing.stacked(SPEED, 16, 1)


def test_a_clear_case_needs_no_timing(kept):
    group = [trial(seed=k, model={"kind": "mlp", "hidden": [8]}) for k in range(8)]
    told = told_by_shapes(group, HERE, 2)
    assert told is not None
    assert (told.steps, told.size, told.stacks) == (9, 4, 2)
    assert is_clear(told)
    assert told.stacks_pay
    doubtful = replace(told, stacked=told.alone * told.size / 1.2)
    assert not is_clear(doubtful)
    assert not is_worth_timing(doubtful)
    assert is_worth_timing(replace(doubtful, steps=100_000))
