from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data._data import Data
from trickrun.data.formats.bundled import bundled_classes, bundled_fingerprint
from trickrun.data.splits.source import Source, TaskName

LABELS = ("class_0", "class_1", "class_2")
FEATURES = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
)


class Wine(Data):
    """178 wines of 3 growers by 13 chemical measurements.

    When: inputs of very different scale: it shows what normalization is for.
    Source: Aeberhard and Forina 1991, UCI Wine; scikit-learn.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    table: ClassVar[bool] = True
    own_split: ClassVar[bool | None] = False

    kind: Literal["wine"] = "wine"

    def load(self, folder: Path) -> Source:
        return bundled_classes("wine_data.csv", LABELS, FEATURES)

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint("wine_data.csv")
