"""The process of a command: readers that go away, full disks, signals at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = "from trickrun.cli import main; main()"
DIGITS = Path(__file__).parents[2] / "recipes" / "digits.yaml"
GRID = """name: search
data: iris
model: {kind: mlp, hidden: [8]}
train: {threads: 1}
grid:
  coarse: {trials: 4, epochs: 100000, space: {model.hidden: [[8], [9], [10], [11]]}}
"""

QUICK = ("--help", "--version", "tricks", "schema", "runs --json", "doctor")
"""Command lines that print something, and train nothing."""

WRONG = ("train nothing.yaml", "no-such-command")


def shell(line: str, folder: Path) -> tuple[int, str]:
    """Run a bash line in which ``trickrun`` comes first; return its exit code and stderr."""
    written = line.replace("trickrun", f"'{sys.executable}' -c '{PROGRAM}'")
    done = subprocess.run(
        ["bash", "-c", f"{written}; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", QUICK)
def test_a_reader_that_is_gone_ends_a_command_quietly(words, tmp_path):
    code, told = shell(f"trickrun {words} | exec true", tmp_path)
    assert (code, "" if "--json" in words else told) == (141, "")


@pytest.mark.parametrize("words", QUICK)
def test_a_closed_stdout_is_as_dev_null(words, tmp_path):
    code, told = shell(f"trickrun {words} >&-", tmp_path)
    assert (code, "" if "--json" in words else told) == (0, "")


@pytest.mark.parametrize("words", QUICK)
def test_a_full_stdout_is_one_message(words, tmp_path):
    code, told = shell(f"trickrun {words} >/dev/full", tmp_path)
    assert (code, told.splitlines()[-1:]) == (
        2,
        ["error: stdout: cannot be written: No space left on device"],
    )
    if "--json" not in words:
        assert len(told.splitlines()) == 1


@pytest.mark.parametrize("words", WRONG)
@pytest.mark.parametrize("end", ["2>/dev/full", "2>&1 >&- | exec true", ">&- 2>&-"])
def test_a_stderr_that_nobody_reads_changes_no_exit_code(words, end, tmp_path):
    assert shell(f"trickrun {words} {end}", tmp_path) == (2, "")


def test_a_closed_stream_gets_no_file_that_is_opened_later(tmp_path):
    """The first files that are opened would have its number, and what C prints would go there."""
    code = (
        "import os, sys; from trickrun.cli.process import take_over; take_over();"
        "print(1); print(2, file=sys.stderr); f = open('first', 'w'); os.write(1, b'x');"
        "sys.exit(f.fileno() < 3)"
    )
    line = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash", sys.executable, "-c", code]
    assert subprocess.run(line, cwd=tmp_path).returncode == 0
    assert (tmp_path / "first").read_bytes() == b""


def the_runs(folder: Path) -> list[Path]:
    return sorted((folder / "runs").glob("*/*/resolved.yaml"))


def test_a_training_without_its_reader_stops_with_a_checkpoint(tmp_path):
    line = f"trickrun train {DIGITS} train.epochs=100000 train.threads=1 | head -3"
    code, told = shell(line, tmp_path)
    assert code == 141
    (run,) = the_runs(tmp_path)
    where = run.parent.relative_to(tmp_path)
    assert told.splitlines()[-2:] == [
        "nobody reads the output any more",
        f"  go on with: trickrun train --resume {where}",
    ]
    assert (run.parent / "checkpoints" / "last.pt").exists()
    assert '"stopped_by": "interrupt' in (run.parent / "metrics.jsonl").read_text()


@pytest.fixture
def _signals_are_heeded() -> Iterator[None]:
    """A test run in the background has SIGINT ignored, and its children would too."""
    before = {n: signal.signal(n, signal.SIG_DFL) for n in (signal.SIGHUP,)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


BEGUN = f"""
import os, signal
every = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
signal.pthread_sigmask(signal.SIG_BLOCK, every)
from trickrun.cli.process import take_over
take_over()
signal.pthread_sigmask(signal.SIG_UNBLOCK, every)
os.write(int(os.environ["BEGUN"]), b"x")
{PROGRAM}
"""
"""Python's own start cannot be caught, so a signal is sent only once the first line has run."""


def interrupted_after(
    seconds: float, words: list[str], number: int, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a command line and send it a signal so long after its first line."""
    reader, writer = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", BEGUN, *words],
        cwd=folder,
        env={**os.environ, "BEGUN": str(writer)},
        pass_fds=[writer],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        time.sleep(seconds)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)


LONG = ["train.epochs=100000", "train.threads=1"]
INTERRUPTED = {
    "validate": ["validate", str(DIGITS)],
    "train": ["train", str(DIGITS), *LONG],
    "grid": ["grid", "coarse", "grid.yaml"],
    "diagnose": ["diagnose", str(DIGITS), *LONG],
    "runs": ["runs"],
}


@pytest.mark.usefixtures("_signals_are_heeded")
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.3, 0.8, 1.5])
@pytest.mark.parametrize("command", INTERRUPTED)
def test_ctrl_c_at_any_moment(command, seconds, tmp_path):
    (tmp_path / "grid.yaml").write_text(GRID)
    done = interrupted_after(seconds, INTERRUPTED[command], signal.SIGINT, tmp_path)
    if command in ("validate", "runs") and done.returncode in (0, -signal.SIGINT):
        # It was quicker: all was printed; Python has perhaps put away its signal handlers.
        assert (done.stdout != "", done.stderr) == (True, "")
        return
    assert done.returncode == 130
    assert [line for line in done.stderr.splitlines() if line == "interrupted"] == ["interrupted"]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    for folder in (tmp_path / "runs").glob("*/*"):
        assert (folder / "resolved.yaml").exists()
