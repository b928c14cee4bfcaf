"""Which line of the user's own code called."""

from __future__ import annotations

import linecache
import re
import sys
import sysconfig
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import FrameType

import torch
import torch.fx.traceback

from trickrun.findings.evidence.program import Place

OWN = str(Path(__file__).parents[1])

LIBRARIES = tuple(
    {
        str(Path(path))
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        if (path := sysconfig.get_paths().get(name))
    }
    | {str(Path(torch.__file__).parent)}
)

PACKAGES = ("site-packages", "dist-packages")
"""Folders of installed packages, also those of another environment on the path."""

USERS: dict[str, bool] = {}
"""Whether files that were seen on the stack are the user's: a look-up a frame, in each step. Code
objects would be hashed with all their constants each time."""

Key = tuple[str, int] | None
"""A line of the program."""

LINE = re.compile(r'File "(?P<file>.+)", line (?P<line>\d+), in ')
"""A frame in a formatted traceback."""

TIMED = "<timed "
"""How the name of the code of a cell with ``%%time`` begins, or of a line with ``%time``."""

NUMBER = re.compile(r"\[(\d+)\]")
"""The number of a cell in what IPython calls it, such as ``In[3]``."""

OLD_CELL = re.compile(r"<ipython-input-(\d+)-")
"""The name of a cell's code where IPython does not keep the numbers of cells."""


@lru_cache(maxsize=4096)
def is_users(file: str) -> bool:
    """Whether a source file is the user's own: no library, not trickrun, no frozen module."""
    if file.startswith("<"):
        # A cell of a notebook is the user's, a frozen or generated module is not.
        return file.startswith(("<ipython", "<stdin>", "<string>", TIMED))
    path = str(Path(file).absolute())
    if path.startswith(OWN):
        return False
    if any(part in PACKAGES for part in Path(path).parts):
        return False
    return not path.startswith(LIBRARIES)


_folder: Path | None = None
"""The working folder when watching began; None: it has not."""


def name_files_from_here() -> None:
    """Name files as seen from the working folder of now, also when the program has changed it."""
    global _folder
    _folder = Path.cwd()


def place_of(file: str, line: int) -> Place:
    """Return the place, with its file as people would name it."""
    return named_place(file, line, cell_of(file), _folder or Path.cwd())


def cell_of(file: str) -> str:
    """Return the name of a notebook's cell by that of its code; empty if it is none.

    A kernel compiles a cell under a name of its own, such as that of a temporary file. A cell that
    is run again gets the number that the notebook then shows.
    """
    if file.startswith(TIMED):
        return "cell [%%time]"
    ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = None if ipython is None else ipython()
    named = getattr(getattr(shell, "compile", None), "format_code_name", lambda name: None)(file)
    found = NUMBER.search(named[1]) if named else OLD_CELL.match(file)
    return f"cell [{found[1]}]" if found else ""


@lru_cache(maxsize=4096)
def named_place(file: str, line: int, cell: str, folder: Path) -> Place:
    """Return a place in a file, named as seen from a folder, or in a cell if that has a name."""
    code = linecache.getline(file, line).strip()
    if cell:
        # The code of a timed cell begins below the line with %%time.
        return Place(cell, line + file.startswith(TIMED), code)
    path = Path(file).absolute()
    shown = str(path.relative_to(folder)) if path.is_relative_to(folder) else file
    return Place(shown, line, code)


def calling() -> Place | None:
    """Return the innermost line of the user's code that led here; None if there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            return place_of(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def caller_key() -> Key:
    """Return what tells the user's calling line apart from others: cheap enough for every step."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        known = USERS.get(file)
        if known is None:
            known = USERS[file] = is_users(file)
        if known:
            return file, frame.f_lineno
        frame = frame.f_back
    return None


class OperationLines:
    """Has autograd keep the line of the user's code with each operation that is recorded.

    Autograd's anomaly mode does that, and is asked to check no value. To format the whole stack for
    each operation takes as long as a small layer, so only one line is given to it.
    """

    def __init__(self) -> None:
        self.format_stack: Callable[[], list[str]] | None = None

    def open(self) -> None:
        """Begin, if the program itself has not switched the mode on."""
        if self.format_stack is None and not torch.is_anomaly_enabled():
            self.format_stack = torch.fx.traceback.format_stack
            torch.fx.traceback.format_stack = line_only
            torch.set_anomaly_enabled(True, False)

    def close(self) -> None:
        """End; torch is as it was."""
        if self.format_stack is not None:
            torch.set_anomaly_enabled(False)
            torch.fx.traceback.format_stack = self.format_stack
            self.format_stack = None


def line_only() -> list[str]:
    """Return the user's line that called, as a traceback of one frame, or of none."""
    key = caller_key()
    return [] if key is None else [f'  File "{key[0]}", line {key[1]}, in ?\n']


def place_of_key(key: Key) -> Place | None:
    """Return the place of what ``caller_key`` returned."""
    return None if key is None else place_of(*key)


def place_in(frames: list[str]) -> Place | None:
    """Return the innermost line of the user's code in a formatted traceback."""
    return next((place for text in reversed(frames) if (place := place_in_frame(text))), None)


def place_in_frame(text: str) -> Place | None:
    """Return the line of one frame of a formatted traceback; None if it is not the user's code."""
    return place_of_key(key_in_frame(text))


@lru_cache(maxsize=4096)
def key_in_frame(text: str) -> Key:
    """Return what tells that line apart from others."""
    found = LINE.search(text)
    if found is None or not is_users(found["file"]):
        return None
    return found["file"], int(found["line"])


def place_of_class(kind: type) -> Place | None:
    """Return where a class is written, if that is the user's code."""
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    code = getattr(kind.__dict__.get("forward"), "__code__", None)
    if code is not None and is_users(code.co_filename):
        return place_of(code.co_filename, code.co_firstlineno)
    if file is None or not is_users(file):
        return None
    return Place(place_of(file, 1).file, 1, f"class {kind.__name__}")
