"""A pipe, a device or a folder in a file's place is told at once, whoever names it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trickrun.data._data import DATA_KINDS
from trickrun.data.formats.files import read_samples
from trickrun.data.formats.reader import read_table
from trickrun.data.splits.source import Columns, Task
from trickrun.errors import TrickrunError
from trickrun.models._pretrained_stages import read_weights
from trickrun.params import Params
from trickrun.recipe.load import load
from trickrun.recipe.shape import needed
from trickrun.training.transfer import checkpoint

TASK = Task("classification", classes=2, labels=("a", "b"))


def of_kind(kind: str, params: type[Params]) -> Callable[[Path], object]:
    """Return what loads data of a kind from a path."""

    def read(path: Path) -> object:
        data = params.model_validate({"kind": kind, **needed(params), "path": str(path)})
        return data.load(path.parent)  # type: ignore[attr-defined]

    return read


READERS: dict[str, Callable[[Path], object]] = {
    **{
        f"data.path of {kind}": of_kind(kind, params)
        for kind, params in DATA_KINDS.all().items()
        if "path" in params.model_fields
    },
    "a recipe": load,
    "a table to predict": read_table,
    "weights": read_weights,
    "init_from": lambda path: checkpoint(str(path), path.parent),
    **{
        f"samples in {ending}": lambda path, ending=ending: read_samples(  # type: ignore
            path.rename(path.with_name("x" + ending)), TASK, (4,), Columns()
        )
        for ending in (".npz", "-ubyte", ".csv")
    },
}


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """End a test that waits."""

    def end(*arguments: object) -> None:
        raise TimeoutError("it waits")

    signal.signal(signal.SIGALRM, end)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


@pytest.mark.parametrize("what", ["pipe", "device", "folder"])
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_is_told_at_once(tmp_path: Path, name: str, what: str) -> None:
    path = tmp_path / "named"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(TrickrunError) as caught:
        READERS[name](path)
    assert caught.value.exit_code == 2
    assert caught.value.message
