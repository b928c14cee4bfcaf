"""A worker process by itself: its death, and what it does before it works."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import pytest

from trickrun.search.executors.workers import Worker, Workers


@pytest.fixture
def worker() -> Iterator[Worker]:
    begun = Worker()
    yield begun
    begun.end()


def test_a_worker_that_has_died_is_begun_anew(worker: Worker) -> None:
    first = worker.submit(os.getpid).result()
    assert worker.submit(os.getpid).result() == first
    with pytest.raises(BrokenProcessPool):
        worker.submit(partial(signal.raise_signal, signal.SIGKILL)).result()
    assert worker.submit(os.getpid).result() != first


def test_what_a_worker_prints_is_on_stderr() -> None:
    code = (
        "import os\n"
        "from functools import partial\n"
        "from trickrun.search.executors.workers import Worker\n"
        "worker = Worker()\n"
        "worker.submit(partial(print, 'from python')).result()\n"
        "worker.submit(partial(os.system, 'echo from below')).result()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "from python\nfrom below\n")


def test_a_process_that_multiprocessing_began_ends_with_its_workers() -> None:
    code = (
        "import multiprocessing, os\n"
        "from trickrun.search.executors.workers import WORKERS\n"
        "def works():\n"
        "    WORKERS.first(1)[0].submit(os.getpid).result()\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.get_context('fork').Process(target=works)\n"
        "    process.start()\n"
        "    process.join(60)\n"
        "    print('still there' if process.is_alive() else process.exitcode)\n"
        "    process.kill()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "0", done.stderr


def test_what_is_done_aside_is_done_in_one_other_process() -> None:
    workers = Workers()
    workers.warm_up()
    first, second = workers.aside("judging", os.getpid), workers.aside("judging", os.getpid)
    other = workers.aside("drawing", os.getpid)
    assert len({os.getpid(), first(), other()}) == 3
    assert first() == second()
    assert workers.begun == []  # none of those that train


@pytest.mark.parametrize("end", ["os._exit(1)", "sys.exit('as user code may')", "open('')"])
def test_what_goes_wrong_aside_is_done_here(end: str, tmp_path: Path) -> None:
    told, here = tmp_path / "told", os.getpid()
    code = (
        "import os, sys\n"
        f"with open({str(told)!r}, 'a') as file: print(os.getpid(), file=file)\n"
        f"if os.getpid() != {here}: {end}\n"
    )
    workers = Workers()
    workers.warm_up()
    workers.aside("judging", partial(exec, code))()
    elsewhere, last = told.read_text().split()
    assert int(last) == here != int(elsewhere)


def test_an_error_of_what_is_done_aside_is_raised_here() -> None:
    workers = Workers()
    workers.warm_up()
    with pytest.raises(ValueError, match="no number"):
        workers.aside("judging", partial(int, "no number"))()


def test_without_a_server_what_is_aside_is_done_here_when_it_is_wanted() -> None:
    workers = Workers()
    done: list[int] = []
    result = workers.aside("judging", lambda: done.append(os.getpid()))
    assert done == []
    result()
    assert done == [os.getpid()]
    assert not workers.warm


def test_a_command_ends_without_waiting_for_what_is_aside() -> None:
    code = (
        "import time\n"
        "from functools import partial\n"
        "from trickrun.cli.output import Answer, answer, note_beginning\n"
        "from trickrun.search.executors.workers import WORKERS\n"
        "def work():\n"
        "    WORKERS.warm_up()\n"
        "    WORKERS.aside('judging', time.monotonic)()\n"
        "    WORKERS.aside('judging', partial(time.sleep, 600))\n"
        "    return Answer('pass', {})\n"
        "if __name__ == '__main__':\n"
        "    note_beginning(own_process=True)\n"
        "    answer('grid', False, False, work)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
