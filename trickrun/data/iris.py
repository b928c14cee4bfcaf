from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data._data import Data
from trickrun.data.formats.bundled import bundled_classes, bundled_fingerprint
from trickrun.data.splits.source import Source, TaskName

LABELS = ("setosa", "versicolor", "virginica")
FEATURES = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")


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
        return bundled_classes("iris.csv", LABELS, FEATURES)

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint("iris.csv")
