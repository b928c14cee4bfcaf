from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data._data import Data
from trickrun.data.formats.bundled import bundled_fingerprint, read_csv
from trickrun.data.splits.source import Source, Task, TaskName

FILE = "digits.csv.gz"


class Digits(Data):
    """1797 grey images of handwritten digits, 8 by 8, values 0 to 16.

    When: a real data set that trains in seconds; it comes with scikit-learn.
    Source: sklearn.datasets.load_digits; UCI Optical Recognition of Handwritten Digits.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    own_split: ClassVar[bool | None] = False
    characters: ClassVar[bool] = True

    kind: Literal["digits"] = "digits"

    def load(self, folder: Path) -> Source:
        import torch

        table = torch.from_numpy(read_csv(FILE))
        x = table[:, :-1].to(torch.uint8).reshape(-1, 1, 8, 8)
        y = table[:, -1].to(torch.int64)
        labels = tuple("0123456789")
        return Source({"train": (x, y)}, Task("classification", classes=10, labels=labels))

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint(FILE)
