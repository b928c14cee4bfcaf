from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data.base import Data
from trickrun.data.bundled import bundled_fingerprint, bundled_table
from trickrun.data.source import Source
from trickrun.data.task import TaskName


class Iris(Data):
    """150 flowers of 3 species by 4 lengths in cm.

    When: a first try; it trains in a second, and one species is easy to tell.
    Source: Fisher 1936, The use of multiple measurements in taxonomic problems; scikit-learn.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    table: ClassVar[bool] = True
    own_split: ClassVar[bool | None] = False

    kind: Literal["iris"] = "iris"

    def load(self, folder: Path) -> Source:
        from sklearn.datasets import load_iris

        bunch = load_iris()
        labels = tuple(str(name) for name in bunch.target_names)
        return bundled_table(bunch, "classification", labels)

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint("iris.csv")
