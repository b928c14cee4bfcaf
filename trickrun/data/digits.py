from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data.base import Data
from trickrun.data.bundled import bundled_fingerprint
from trickrun.data.source import Source
from trickrun.data.task import Task, TaskName


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
        from sklearn.datasets import load_digits

        bunch = load_digits()
        x = torch.tensor(bunch.images, dtype=torch.uint8).unsqueeze(1)
        y = torch.tensor(bunch.target, dtype=torch.int64)
        labels = tuple(str(name) for name in bunch.target_names)
        return Source({"train": (x, y)}, Task("classification", classes=10, labels=labels))

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint("digits.csv.gz")
