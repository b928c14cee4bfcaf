"""What every test shares."""

import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from skips import pytest_runtest_makereport  # noqa: F401, which pytest finds here

from trickrun.cli import command_line
from trickrun.reporting import phases

phases.LASTING = 3600.0  # how busy the machine is must not change what commands print

# None of the above imports torch: each worker (and each command that a test starts) has one thread.
os.environ["OMP_NUM_THREADS"] = "1"

# A deadline measures how busy the machine is: the first example also pays for importing torch.
settings.register_profile("trickrun", deadline=None)
settings.load_profile("trickrun")


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    """A test that draws from torch's own generator draws the same, whatever ran before."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture
def _signals_are_heeded() -> Iterator[None]:
    """Tests in the background have SIGINT ignored, by nohup SIGHUP; their children would too."""
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGHUP, hangup)
    signal.signal(signal.SIGINT, interrupt)


@dataclass(frozen=True)
class Ran:
    """What a command line printed, and its exit code; ``both`` is as a terminal shows it."""

    code: int
    out: str
    err: str
    both: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        body: dict[str, Any] = json.loads(self.out)
        return body


class Shown(io.StringIO):
    """One of the two streams of a command, which a terminal shows as they come."""

    def __init__(self, both: io.StringIO) -> None:
        super().__init__()
        self.both = both

    def write(self, text: str) -> int:
        self.both.write(text)
        return super().write(text)


def run_main(*arguments: object) -> Ran:
    """Run ``trickrun`` with these arguments, in this process and working folder."""
    both = io.StringIO()
    out, err = Shown(both), Shown(both)
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["trickrun", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            command_line()
    code = ended.value.code
    return Ran(
        code if isinstance(code, int) else 0, out.getvalue(), err.getvalue(), both.getvalue()
    )


@pytest.fixture(scope="session")
def run() -> Callable[..., Ran]:
    """The command line, in the current working folder."""
    return run_main


@pytest.fixture
def trickrun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The command line, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRICKRUN_RUNS", raising=False)
    return run_main
