"""What is shown of a phase: a bar on a terminal, a line in a pipe if it lasts."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading

import pytest

from trickrun.reporting import phases
from trickrun.reporting.phases import how_far, phase


@pytest.mark.parametrize(
    ("seconds", "done", "total", "words"),
    [
        (12.0, 0, None, "12 s"),
        (12.0, 3, None, "12 s"),
        (12.0, 0, 4, "12 s"),
        (12.0, 1, 4, "25%, about 36 s left"),
        (90.0, 1.5, 3, "50%, about 1 min 30 s left"),
        (8.0, 4, 4, "100%, about 0 s left"),
    ],
)
def test_the_time_left_follows_from_what_is_done(
    seconds: float, done: float, total: float | None, words: str
) -> None:
    assert how_far(seconds, done, total) == words


def test_in_a_pipe_a_phase_that_lasts_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = threading.Event()
    monkeypatch.setattr(phases, "LASTING", 0.0)
    monkeypatch.setattr(phases.threading, "Timer", at_once(told))
    with phase("contest", 4):
        pass
    assert (capsys.readouterr().err, told.is_set()) == ("contest ...\n", True)


def test_in_a_pipe_a_short_phase_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    with phase("contest", 4) as moved:
        moved(3)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def at_once(told: threading.Event) -> type:
    """A timer that does not wait."""

    class Timer:
        def __init__(self, seconds: float, work: object) -> None:
            self.work = work

        def start(self) -> None:
            self.work()  # type: ignore[operator]

        def cancel(self) -> None:
            told.set()

    return Timer


PROGRAM = """
import sys, time
from trickrun.reporting.phases import phase
with phase("outer", 2) as outer:
    outer(1)
    with phase("inner") as inner:
        print("said meanwhile", flush=True)
        time.sleep(0.4)
print("done", flush=True)
"""


def on_terminal(*command: str, environment: dict[str, str] | None = None) -> str:
    """Return what a command writes to its terminal."""
    mine, its = pty.openpty()
    settings = {**os.environ, "TERM": "xterm", "COLUMNS": "100", **(environment or {})}
    process = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, env=settings, close_fds=True
    )
    os.close(its)
    written = b""
    while True:
        try:
            block = os.read(mine, 65536)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        written += block
    os.close(mine)
    process.wait()
    return written.decode(errors="replace")


def plain(text: str) -> str:
    """Return what is written without the terminal's own words."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_on_a_terminal_phases_are_bars_that_disappear() -> None:
    written = on_terminal(sys.executable, "-c", PROGRAM)
    shown = plain(written)
    assert re.search(r"outer .*50%, about \d+ s left", shown)
    assert re.search(r"inner .*\d s", shown)
    assert "said meanwhile" in shown
    assert written.rstrip().endswith("done")
    assert "outer" not in plain(written.rpartition("\x1b[2K")[2])


def test_what_goes_to_a_file_stays_there(tmp_path) -> None:
    out = tmp_path / "out.txt"
    on_terminal("bash", "-c", f'"{sys.executable}" -c \'{PROGRAM}\' > "{out}"')
    assert out.read_text() == "said meanwhile\ndone\n"
