"""The GPU script, run on the CPU; and what it does with a case that fails, dies or hangs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.gpu import TINY_KINDS, Measuring

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"


def test_every_case_has_its_figures(tmp_path: Path) -> None:
    out = tmp_path / "gpu.jsonl"
    words = [sys.executable, SCRIPT, "--tiny", "--out", out]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert out.read_text() == done.stdout
    lines = {line["case"]: line for line in map(json.loads, done.stdout.splitlines())}
    networks = [f"losses {kind}" for kind in TINY_KINDS]
    assert list(lines) == ["machine", *networks, "grid", "resume"]
    assert {line["status"] for line in lines.values()} == {"ok"}
    assert lines["machine"]["device"] == "cpu"
    for name in networks:
        # Both devices are the CPU here.
        assert lines[name]["steps"] == 3
        assert lines[name]["largest_difference"] == 0
        assert 1 < lines[name]["first_loss"] < 4
    assert lines["resume"]["bitwise_equal"]
    assert 0 < lines["resume"]["interrupted_at"] < lines["resume"]["steps"]
    grid = lines["grid"]
    assert grid["trials"] == 4
    assert grid["ratio"] == pytest.approx(grid["loop_seconds"] / grid["stacked_seconds"])


@pytest.fixture
def measuring() -> Iterator[Measuring]:
    made = Measuring(60)
    yield made
    made.end()


def test_a_case_that_fails_says_why_and_the_next_one_goes_on(measuring: Measuring) -> None:
    failed = measuring.measure(30, int, "x")
    assert failed["status"] == "failed"
    assert failed["reason"].startswith("ValueError: invalid literal")
    died = measuring.measure(30, os._exit, 3)
    assert died["reason"] == "its process died"
    hung = measuring.measure(2, time.sleep, 60)
    assert hung["reason"] == "it took more than 2 s"
    assert hung["seconds"] < 30
    after = measuring.measure(30, dict, [("figure", 1)])
    assert (after["status"], after["figure"]) == ("ok", 1)


def test_without_time_a_case_is_left_out() -> None:
    assert Measuring(0).measure(30, dict) == {"status": "skipped", "reason": "no time is left"}
