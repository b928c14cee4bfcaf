"""The server that is a fork of the command: what it has of it, and what it must not have."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trickrun.search.executors import forked_server

Tell = Callable[[str], list[Any]]

COMMAND = """
import json, os, select, signal, sys, threading, time
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from trickrun.cli.output import begin_workers, note_beginning
from trickrun.cli.process import take_over, working
from trickrun.search.executors.workers import WORKERS

def threads():
    return len(os.listdir("/proc/self/task"))

def work(count):
    import torch
    torch.set_num_threads(count)
    torch.manual_seed(0)
    x = torch.randn(256, 64, 16, 16, requires_grad=True)
    weight = torch.randn(32, 64, 3, 3)
    torch.nn.functional.conv2d(x, weight).square().mean().backward()
    big = torch.randn(700, 700)
    return float(x.grad.abs().sum()), float((big @ big).abs().sum()), threads()

def is_warm():
    return WORKERS.warm or bool(WORKERS.beside)

def server():
    return forkserver._forkserver._forkserver_pid

def words(process):
    return Path(f"/proc/{process}/cmdline").read_bytes()

if __name__ == "__main__":
    note_beginning(own_process=True)
"""


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    """What returns the JSON values that a program prints which begins as a command does."""

    def run(code: str) -> list[Any]:
        done = subprocess.run(program(tmp_path, code), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def program(folder: Path, code: str) -> list[str]:
    """Return the command that runs ``code`` after COMMAND."""
    file = folder / "command.py"
    file.write_text(COMMAND + "".join(f"    {line}\n" for line in code.splitlines()))
    return [sys.executable, str(file)]


def test_a_fork_of_the_command_serves_as_a_new_python_would(tell: Tell) -> None:
    before, after, same, warm, here, there, closed, beside, ended, exitcode = tell(
        "import numpy\n"
        "print(threads())\n"
        "read, write = os.pipe()\n"
        "take_over()\n"
        "with working():\n"
        "    begin_workers('drawing')\n"
        "print(threads())\n"
        "print(json.dumps(words(server()) == words(os.getpid())))\n"
        "worker = WORKERS.first(1)[0]\n"
        "print(json.dumps(worker.submit(is_warm).result()))\n"
        # Both sides compute with threads of torch's own.
        "there = worker.submit(partial(work, 2))\n"
        "print(json.dumps(work(2)))\n"
        "print(json.dumps(there.result()))\n"
        "os.close(write)\n"
        "readable, _, _ = select.select([read], [], [], 20)\n"
        "print(json.dumps(os.read(read, 1) == b'' if readable else None))\n"
        "drawing = WORKERS.beside['drawing']\n"
        "print(json.dumps(WORKERS.aside('drawing', os.getpid)() == drawing.process.pid))\n"
        "drawing.pipe.close()\n"
        "drawing.process.join(20)\n"
        "print(drawing.process.exitcode)\n"
        "process = worker.processes[0]\n"
        "worker.submit(partial(time.sleep, 600))\n"
        "os.kill(process.pid, signal.SIGINT)\n"
        "process.join(0.3)\n"
        "assert process.is_alive()\n"
        "process.terminate()\n"
        "process.join(20)\n"
        "print(process.exitcode)\n"
    )
    assert same  # as the two have one command line
    assert after == before, "the imports have started threads, which a fork lacks"
    assert not warm, "the command's workers are not the worker's own"
    assert here[:2] == there[:2]
    assert there[2] > after
    assert closed, "a pipe of the command is open in the server or in a worker"
    assert beside
    assert ended == 0, "what is beside heeds the end of its pipe, which others have open"
    assert exitcode == -signal.SIGTERM, "a worker heeds signals as the command does"


def test_the_server_ends_with_the_command_that_is_killed(tmp_path: Path) -> None:
    code = (
        "begin_workers()\n"
        "print(WORKERS.first(1)[0].submit(os.getpid).result(), server(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        program(tmp_path, code),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        processes = [int(word) for word in command.stdout.readline().split()]
        assert len(processes) == 2
        command.kill()
    deadline = time.monotonic() + 20
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, processes))


def is_running(process: int) -> bool:
    """Return whether there is a process of this number that has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_where_a_fork_is_not_safe_the_server_is_a_new_python(tell: Tell) -> None:
    (new,) = tell(
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "begin_workers()\n"
        "WORKERS.first(1)[0].submit(os.getpid).result()\n"
        "print(json.dumps(b'multiprocessing.forkserver' in words(server())))\n"
    )
    assert new


def test_only_linux_forks_and_only_before_torch_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, "torch", sys)
    assert not forked_server.can_fork()
    monkeypatch.delitem(sys.modules, "torch")
    assert forked_server.can_fork()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not forked_server.can_fork()


def test_the_fork_closes_what_exec_closes() -> None:
    kept, closed = os.pipe()
    inherited = os.dup(kept)
    os.set_inheritable(inherited, True)
    process = os.fork()
    if process == 0:
        forked_server.close_as_exec_does([kept])
        found = []
        for number in (kept, closed, inherited):
            try:
                os.fstat(number)
                found.append(1)
            except OSError:
                found.append(0)
        os._exit(found[0] + 2 * found[1] + 4 * found[2])
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 1 + 4
    for number in (kept, closed, inherited):
        os.close(number)
