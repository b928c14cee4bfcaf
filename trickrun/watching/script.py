"""Runs a script or a module of the user's in this process, as ``python`` would, and watches it."""

from __future__ import annotations

import io
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SOURCE_SUFFIXES, SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType

from trickrun.watching.places import name_files_from_here
from trickrun.watching.watch import TrainingLost, Watch

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


@dataclass(frozen=True)
class Ended:
    """How a script ended.

    Args:
        how: ``finished``, ``exited``, ``failed``, ``interrupted`` or ``lost``; see Program.
        code: its exit code, where it exited by itself; else 0.
        error: the exception's text, in one line; empty without one.
        traceback: as Python would have printed it, without trickrun's own frames; empty if the
            script has shown it itself.
    """

    how: str
    code: int = 0
    error: str = ""
    traceback: str = ""


@contextmanager
def as_main(program: str, arguments: Sequence[str], folder: str) -> Iterator[None]:
    """Give the script its own ``sys.argv`` and Python's ``sys.excepthook``, and its folder as the
    first place to import from."""
    argv, hook = sys.argv, sys.excepthook
    sys.argv = [program, *arguments]
    sys.excepthook = sys.__excepthook__
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.argv, sys.excepthook = argv, hook
        if folder in sys.path:
            sys.path.remove(folder)


def run_watched(target: str, arguments: Sequence[str], module: bool, watch: Watch) -> Ended:
    """Run ``target`` to its end under ``watch``, whatever that end is.

    Args:
        target: a script's path, or a module's name.
        module: whether it is a module's name.
    """
    folder = os.getcwd() if module else str(Path(target).resolve().parent)
    name_files_from_here()
    with as_main(target, arguments, folder):
        watch.start()
        try:
            if module:
                runpy.run_module(target, run_name="__main__", alter_sys=True)
            else:
                run_script(target)
        except SystemExit as end:
            return exited(end)
        except TrainingLost as end:
            return Ended("lost", error=str(end))
        except KeyboardInterrupt:
            return Ended("interrupted")
        except BaseException as error:
            return failed(error)
        finally:
            watch.stop()
    return Ended("finished")


def run_script(target: str) -> None:
    """Run a script's file, or a folder or archive with a ``__main__.py``, as ``python`` would.

    ``runpy`` would give a script its ``__file__`` as it was typed. Python makes it absolute, and
    scripts that change the working folder find their files, and their worker processes, by it.
    """
    if Path(target).suffix not in SOURCE_SUFFIXES or not Path(target).is_file():
        runpy.run_path(target, run_name="__main__")
        return
    file = str(Path(target).absolute())
    with io.open_code(file) as source:
        code = compile(source.read(), file, "exec", dont_inherit=True)
    main = ModuleType("__main__")
    main.__file__, main.__package__ = file, None
    main.__loader__ = SourceFileLoader("__main__", file)
    vars(main)["__cached__"] = None
    before = sys.modules["__main__"]
    sys.modules["__main__"] = main
    try:
        exec(code, vars(main))
    finally:
        sys.modules["__main__"] = before


def exited(end: SystemExit) -> Ended:
    """Return how a script ended that called ``sys.exit``."""
    if end.code is None or end.code == 0:
        return Ended("finished")
    if isinstance(end.code, int):
        return Ended("exited", end.code & 0xFF or 1)
    # Python prints such a text and exits with 1.
    print(end.code, file=sys.stderr)
    return Ended("exited", 1)


def failed(error: BaseException) -> Ended:
    """Return how a script ended that raised an exception; a hook of its own is told of that."""
    trace = users(error.__traceback__)
    shown = "".join(traceback.format_exception(type(error), error, trace))
    said = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()
    if sys.excepthook is not sys.__excepthook__ and told(sys.excepthook, error, trace):
        shown = ""
    return Ended("failed", error=said[-1] if said else type(error).__name__, traceback=shown)


def told(hook: Hook, error: BaseException, trace: TracebackType | None) -> bool:
    """Whether a script's ``sys.excepthook`` has shown an exception without an error of its own."""
    try:
        hook(type(error), error, trace)
    except BaseException:
        return False
    return True


def users(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame on that is not trickrun's or runpy's."""
    own = (str(Path(__file__).parent), "<frozen runpy>", runpy.__file__ or "")
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(own):
        trace = trace.tb_next
    return trace
