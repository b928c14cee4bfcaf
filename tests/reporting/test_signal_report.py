"""The layers of `signal` in the terminal and as pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.checks.signal.signal_check import signal
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import load
from trickrun.reporting.signal import bars, print_signal
from trickrun.reporting.signal_pictures import evenly, pictures


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    path = Path(tmp_path_factory.mktemp("signal")) / "small.yaml"
    path.write_text("data: {kind: iris}\nmodel: {kind: mlp, hidden: [8, 8]}\n")
    return signal(RecipeSubject(load(path)), steps=10)[0]


def test_a_row_a_layer_with_its_histograms(verdict: Verdict, capsys) -> None:
    print_signal(verdict)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "layer", "then", "std", "in", "std", "out", "dead", "sat.", "gradient", "update", "before",
        "after",
    ]  # fmt: skip
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["linear1", "ReLU"],
        ["linear2", "ReLU"],
        ["head", "-"],
    ]
    assert "█" in lines[1]
    assert any("Effective learning rate" in line for line in lines)


def test_bars_show_where_values_are() -> None:
    ends = {"low": -1.0, "high": 1.0, "counts": [9, *[0] * 38, 9]}
    assert bars(ends) == "-1 █        █ 1"
    assert bars({"low": 0.0, "high": 1.0, "counts": [0] * 40}) == "0            1"


def test_pictures_name_the_layers(verdict: Verdict) -> None:
    found = pictures(verdict)
    assert set(found) == {"histograms.svg", "depth.svg", "updates.svg"}
    for picture in found.values():
        assert all(f">{name}<" in picture for name in ("linear1", "linear2", "head"))
    assert ">after 10 steps<" in found["histograms.svg"]


@pytest.mark.parametrize(("count", "most"), [(3, 8), (8, 8), (22, 8), (100, 24)])
def test_evenly_keeps_the_ends(count: int, most: int) -> None:
    found = evenly(range(count), most)
    assert len(found) == min(count, most)
    assert (found[0], found[-1]) == (0, count - 1)
    assert found == sorted(set(found))
