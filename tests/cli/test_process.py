"""The process of a command: readers that go away, full disks, signals at any moment."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from trickrun.run.folder import RunFolder

PROGRAM = "from trickrun.cli import main; main()"

RECIPE = """\
name: begun
data: iris
model: {kind: mlp, hidden: [8]}
train: {epochs: 100000, threads: 1, device: cpu, step: "begun:step"}
grid:
  coarse: {trials: 2, epochs: 100000, space: {model.hidden: [[8], [9]]}}
"""

STEP = """\
import os
from pathlib import Path
def step(model, batch, loss, optimizer):
    Path(f"step-{os.getpid()}").touch()
    optimizer.zero_grad()
    value = loss(model(batch[0]), batch[1])
    value.backward()
    optimizer.step()
    return value
"""
"""A step that leaves a file, so that a signal can be sent to what trains, and to nothing else."""

QUICK = ("--help", "runs", "runs --json")
"""Three ways of printing: by rich, by print, and what replaces stdout meanwhile."""


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


@pytest.mark.parametrize("words", ["--help", "runs --json"])
def test_a_closed_stdout_is_as_dev_null(words, tmp_path):
    code, told = shell(f"trickrun {words} >&-", tmp_path)
    assert (code, "" if "--json" in words else told) == (0, "")


@pytest.mark.parametrize("words", ["--help", "runs --json"])
def test_a_full_stdout_is_one_message(words, tmp_path):
    code, told = shell(f"trickrun {words} >/dev/full", tmp_path)
    assert (code, told.splitlines()[-1:]) == (
        2,
        ["error: stdout: cannot be written: No space left on device"],
    )
    if "--json" not in words:
        assert len(told.splitlines()) == 1


@pytest.mark.parametrize("end", ["2>/dev/full", "2>&1 >&- | exec true", ">&- 2>&-"])
def test_a_stderr_that_nobody_reads_changes_no_exit_code(end, tmp_path):
    assert shell(f"trickrun no-such-command {end}", tmp_path) == (2, "")


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "begun.py").write_text(STEP)
    (tmp_path / "begun.yaml").write_text(RECIPE)
    return tmp_path


def the_run(folder: Path) -> RunFolder:
    (found,) = (folder / "runs").glob("*/*")
    return RunFolder(found)


def test_a_training_without_its_reader_stops_with_a_checkpoint(folder):
    code, told = shell("trickrun train begun.yaml | head -3", folder)
    run = the_run(folder)
    assert code == 141
    assert told.splitlines()[-2:] == [
        "nobody reads the output any more",
        f"  continue with: trickrun train --resume {run.path.relative_to(folder)}",
    ]
    assert run.checkpoint_file("last").exists()
    assert run.status == "interrupted"


BEGUN = f"""
import os, signal
every = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
signal.pthread_sigmask(signal.SIG_BLOCK, every)
from trickrun.cli.process import take_over
take_over()
signal.pthread_sigmask(signal.SIG_UNBLOCK, every)
open("begun", "x").close()
{PROGRAM}
"""
"""Python's own start cannot be caught, so a signal is sent only once the first line has run."""


@dataclass(frozen=True)
class Ended:
    """A command that was sent signals: its exit code and what it printed."""

    code: int
    out: str
    err: str


def signalled(
    words: str, folder: Path, *moments: tuple[str, float, int], nohup: bool = False
) -> Ended:
    """Run a command line and send it signals.

    Args:
        moments: the file to wait for (a pattern), the seconds after that, and the signal.
        nohup: start it with SIGHUP ignored.
    """
    command = [sys.executable, "-c", BEGUN, *words.split()]
    with subprocess.Popen(
        ["nohup", *command] if nohup else command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for file, seconds, number in moments:
            while not list(folder.glob(file)) and process.poll() is None:
                time.sleep(0.01)
            time.sleep(seconds)
            process.send_signal(number)
        # Until none of its children has its stderr open either: no worker is left behind.
        out, err = process.communicate(timeout=120)
        return Ended(process.returncode, out, err)


def check_told(ended: Ended) -> None:
    """Check that a command says once that it was interrupted, and nothing of Python's."""
    assert ended.code == 130, ended.err
    assert len(re.findall("^interrupted", ended.out + ended.err, re.MULTILINE)) == 1
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err


@pytest.mark.usefixtures("_signals_are_heeded")
@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("runs", 0.0),
        ("validate begun.yaml", 0.2),
        ("train begun.yaml", 1.0),
        ("diagnose begun.yaml", 0.8),
        ("grid coarse begun.yaml", 0.6),
    ],
)
def test_ctrl_c_at_any_moment(words, seconds, folder):
    ended = signalled(words, folder, ("begun", seconds, signal.SIGINT))
    if words.startswith(("runs", "validate")) and ended.code in (0, -signal.SIGINT):
        # It was quicker: all was printed; Python has perhaps put away its signal handlers.
        assert ended.out != ""
        assert re.fullmatch(r"(next: .*\n)?", ended.err)
        return
    check_told(ended)
    for run in (folder / "runs").glob("*/*"):
        assert (run / "resolved.yaml").exists()


def test_nohup_outlives_its_terminal_and_sigterm_stops_it(folder):
    moments = [("step-*", 0.0, signal.SIGHUP), ("step-*", 0.3, signal.SIGTERM)]
    ended = signalled("train begun.yaml", folder, *moments, nohup=True)
    check_told(ended)
    assert ended.err.count("stopping after this step") == 1  # a second signal would end it at once
    run = the_run(folder)
    assert f"continue with: trickrun train --resume {run.path.relative_to(folder)}\n" in ended.out
    assert run.checkpoint_file("last").exists()
    assert run.status == "interrupted"


@pytest.mark.usefixtures("_signals_are_heeded")
def test_a_search_whose_terminal_is_closed_leaves_no_workers_behind(folder):
    ended = signalled("grid coarse begun.yaml", folder, ("step-*", 0, signal.SIGHUP))
    check_told(ended)
