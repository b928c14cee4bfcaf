"""What a command's spans add up to."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from command_times import Measured, Span, middle, own_times, picture, shown_pieces, table, times


def test_a_span_has_no_time_of_those_within_it():
    spans = [
        Span("writing", 1, 2.0, 3.0, 0.25),
        Span("training", 1, 1.0, 6.0, 4.0),
        Span("writing", 1, 4.0, 4.5, 0.25),
        Span("drawing", 1, 6.0, 7.0, 1.0),
    ]
    found = own_times(spans)
    assert found == {"training": (3.5, 3.5), "writing": (1.5, 0.5), "drawing": (1.0, 1.0)}


def run() -> Measured:
    spans = [
        Span("imports", 1, 10.5, 12.0, 1.5),
        Span("waiting for workers", 1, 12.0, 15.0, 0.0),
        Span("training", 2, 12.5, 14.5, 1.75),
        Span("training", 3, 12.5, 14.0, 1.25),
    ]
    return Measured(1, 10.0, 16.0, 2.0, 3.5, spans)


def test_the_rest_of_a_command_is_its_own():
    found = times(run())
    assert found["start of Python", True] == (0.5, 0.0)
    assert found["training", False] == (3.5, 3.0)
    assert found["other", True] == (pytest.approx(1.0), pytest.approx(0.5))


def test_a_table_has_medians_over_the_rounds():
    lines = table({"grid": [run(), run()]}).splitlines()
    assert lines[0] == "| | grid | its workers |"
    assert "| imports | 1.50 (1.50) |  |" in lines
    assert "| training |  | 3.50 (3.00) |" in lines
    assert "| whole | 6.00 (2.00) | (3.50) |" in lines


def test_a_picture_has_a_row_for_each_process():
    drawn = picture("grid", {"": run()})
    for text in ("command", "process 1", "process 2", "waiting for workers", "seconds"):
        assert f">{text}<" in drawn


def test_a_picture_has_the_version_before_on_the_same_scale():
    drawn = picture("grid", {"before": run(), "now": run()})
    assert ">grid, before<" in drawn
    assert ">grid, now<" in drawn
    assert drawn.count(">process 1<") == 2
    assert drawn.count(">seconds<") == 1


def test_what_lies_within_a_span_is_seen_over_it():
    spans = [Span("writing", 1, 12.0, 13.0, 0.0), Span("training", 1, 11.0, 15.0, 0.0)]
    found = shown_pieces([*spans, Span("data", 1, 15.51, 15.5101, 0.0)], run())
    assert found == {
        "training": [pytest.approx((1.0, 1.0)), pytest.approx((3.0, 2.0))],
        "writing": [pytest.approx((2.0, 1.0))],
    }


def test_the_round_of_the_median_time_is_drawn():
    runs = [replace(run(), end=end) for end in (19.0, 11.0, 14.0)]
    assert middle(runs) == runs[2]


def test_all_processes_of_a_command_are_waited_for(tmp_path):
    # A process of its own, which adopts the orphans of those that it starts.
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        'printf \'{"span": "imports", "process": %d, "begun": 0, "end": 1,'
        ' "processor": 0}\n\' $$ > $TRICKRUN_TIMINGS\n'
        f"{sys.executable} -c 'import time\nwhile time.process_time() < 0.3: pass' &\n"
    )
    python.chmod(0o755)
    code = (
        "from pathlib import Path\n"
        "from command_times import adopt, measure\n"
        "adopt()\n"
        f"run = measure(['grid'], Path({str(tmp_path)!r}), {str(python)!r})\n"
        "print(run.processor, run.others)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2] / "benchmarks",
        capture_output=True,
        text=True,
    )
    own, others = map(float, done.stdout.split())
    assert own < 0.1
    assert others > 0.25
