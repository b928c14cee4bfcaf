from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._data import Data
from trickrun.data.formats.arrays import (
    CHANNELS,
    Channels,
    TaskKind,
    as_array,
    source_from_arrays,
)
from trickrun.data.formats.files import read_samples
from trickrun.data.splits.source import Columns, Samples, Source, Task
from trickrun.errors import DataError
from trickrun.params import PythonTarget
from trickrun.user_code import blame, call, resolve, source_hash

TASK_KINDS: tuple[TaskKind, ...] = ("classification", "regression", "multilabel", "auto")
KEYS = ("train", "val", "test", "task", "labels")


class PythonData(Data, PythonTarget):
    """Your own data: ``f(**args)`` returns a mapping of parts.

    Formula: {"train": (x, y), "val": …, "test": …, "task": "classification", "labels": […]}; only
        "train" must be there. A part is a pair of tensors or arrays, or a Dataset of (x, y) pairs.
    When: data that no other kind reads.
    Defaults: the task follows from the type of y: whole numbers and text are classes. Parts that
        are not given are split from train.
    Source: none.
    """

    from_user: ClassVar[bool] = True

    revision: ClassVar[int] = 2
    """2: numbers are normalized in float64."""

    example: ClassVar[str] = """\
def samples(count=200):
    x = torch.randn(count, 4)
    return {"train": (x, (x.sum(1) > 0).long()), "task": "classification"}
"""

    kind: Literal["python"] = "python"
    channels: Channels = Field(default="auto", description=CHANNELS)

    def load(self, folder: Path) -> Source:
        result = call(
            resolve(self.target, folder, self.taught),
            self.target,
            args=self.args,
            teach=self.taught,
        )
        if not isinstance(result, Mapping):
            raise DataError(
                f"it returned a {type(result).__name__}, not a mapping",
                self.target,
                self.taught('return {"train": (x, y), …}'),
            )
        check_keys(result, self.target)
        parts = {
            name: as_pair(result[name], self.target, name)
            for name in ("train", "val", "test")
            if name in result
        }
        labels = tuple(str(label) for label in result.get("labels", ()))
        kind = task_kind(result, self.target)
        return source_from_arrays(parts, kind, self.target, labels, channels=self.channels)

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        return read_samples(path, task, shape, Columns(), self.channels)

    def fingerprint(self, folder: Path) -> Any:
        return source_hash(self.target, folder)


def check_keys(result: Mapping[Any, Any], where: str) -> None:
    """Raise DataError for a key that means nothing, or if there is no training part."""
    for name in result:
        if name not in KEYS:
            close = get_close_matches(str(name), KEYS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(KEYS)}"
            raise DataError(f"it returned an unknown key, {name!r}", where, hint)
    if "train" not in result:
        hint = PythonData.taught('return {"train": (x, y), …}')
        raise DataError('it returned no "train"', where, hint)


def task_kind(result: Mapping[Any, Any], where: str) -> TaskKind:
    """Return the task that the user's code names, or auto."""
    name = result.get("task", "auto")
    for kind in TASK_KINDS:
        if name == kind:
            return kind
    raise DataError(f'"task" is {name!r}', where, f"it is {', '.join(TASK_KINDS)}")


def as_pair(part: Any, target: str, name: str) -> tuple[Any, Any]:
    """Return a part as inputs and targets; a Dataset is read sample by sample."""
    where = f"{target}: {name}"
    if isinstance(part, tuple | list):
        if len(part) != 2:
            hint = PythonData.taught("a split is a pair (x, y)")
            raise DataError(f"it has {len(part)} elements", where, hint)
        return part[0], part[1]
    if not (hasattr(part, "__len__") and hasattr(part, "__getitem__")):
        raise DataError(
            f"a {type(part).__name__} is not a pair and has no length",
            where,
            PythonData.taught("return (x, y), or a Dataset with __len__ and __getitem__"),
        )
    return read_dataset(part, target, where)


def read_dataset(dataset: Any, target: str, where: str) -> tuple[Any, Any]:
    """Return the stacked inputs and targets of a Dataset of (x, y) pairs."""
    import numpy as np

    if len(dataset) == 0:
        raise DataError("there are no samples", where)
    try:
        samples = [dataset[index] for index in range(len(dataset))]
    except Exception as error:
        raise blame(error, target) from error
    wrong = next((i for i, s in enumerate(samples) if not is_pair(s)), None)
    if wrong is not None:
        raise DataError(f"sample {wrong} is not a pair (x, y)", where)
    x, y = ([as_array(sample[i], where) for sample in samples] for i in (0, 1))
    try:
        return np.stack(x), np.stack(y)
    except ValueError as error:
        raise DataError(f"samples differ in shape: {error}", where, "all need one shape") from error


def is_pair(sample: Any) -> bool:
    return isinstance(sample, tuple | list) and len(sample) == 2
