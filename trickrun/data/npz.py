from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._data import Data
from trickrun.data.formats.array_files import read_npz
from trickrun.data.formats.arrays import CHANNELS, Channels, TaskKind, source_from_arrays
from trickrun.data.formats.files import read_samples
from trickrun.data.formats.paths import content_hash, locate
from trickrun.data.splits.source import Columns, Samples, Source, Task
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Npz(Data):
    """Arrays in a numpy file: x and y, or x_train, y_train and perhaps x_val, …, y_test.

    When: your own arrays, for example images.
    Defaults: task auto: whole numbers and text are classes. Images in uint8 may be [N, H, W],
        [N, H, W, C] or [N, C, H, W]; every other type is taken as it is shaped, unless channels
        says otherwise. An array named labels holds the classes' names. With
        task multilabel y is [N, labels] of 0 and 1.
    Source: numpy.savez. Arrays of objects are refused, since reading them would run code.
    """

    from_user: ClassVar[bool] = True

    main: ClassVar[str | None] = "path"

    revision: ClassVar[int] = 2
    """2: numbers are normalized in float64."""

    kind: Literal["npz"] = "npz"
    path: str = Field(description="the file; relative to the recipe", examples=["data.npz"])
    task: TaskKind = Field(
        default="auto", description="classes, values, or several 0/1 labels per sample"
    )
    channels: Channels = Field(default="auto", description=CHANNELS)

    def load(self, folder: Path) -> Source:
        path = locate(self.path, folder)
        arrays = read_npz(path)
        labels = tuple(map(str, arrays["labels"].ravel())) if "labels" in arrays else ()
        parts = find_parts(arrays, str(path))
        return source_from_arrays(parts, self.task, str(path), labels, channels=self.channels)

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        return read_samples(path, task, shape, Columns(), self.channels)

    def fingerprint(self, folder: Path) -> Any:
        return content_hash(locate(self.path, folder))


def find_parts(arrays: Mapping[str, Array], where: str) -> dict[str, tuple[Array, Array]]:
    """Return the parts that an npz file's arrays are named for. Raises DataError."""
    suffixes = {"train": "_train", "val": "_val", "test": "_test"}
    if "x" in arrays or "y" in arrays:
        suffixes["train"] = ""
    parts = {}
    for part, suffix in suffixes.items():
        x, y = f"x{suffix}", f"y{suffix}"
        if x in arrays and y in arrays:
            parts[part] = (arrays[x], arrays[y])
        elif x in arrays or y in arrays or part == "train":
            missing = y if x in arrays else x
            raise DataError(
                f"there is no array {missing!r}, only {', '.join(arrays)}",
                where,
                "name the arrays x and y, or x_train, y_train, x_test, y_test",
            )
    known = {f"{letter}{suffix}" for letter in "xy" for suffix in suffixes.values()}
    unknown = [name for name in arrays if name.startswith(("x_", "y_")) and name not in known]
    if unknown:
        raise DataError(
            f"other arrays without a known name: {', '.join(unknown)}",
            where,
            "name the arrays x and y, or x_train, y_train, x_val, y_val, x_test, y_test",
        )
    return parts
