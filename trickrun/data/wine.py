from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data.base import Data
from trickrun.data.bundled import bundled_fingerprint, bundled_table
from trickrun.data.source import Source
from trickrun.data.task import TaskName


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
        from sklearn.datasets import load_wine

        bunch = load_wine()
        labels = tuple(str(name) for name in bunch.target_names)
        return bundled_table(bunch, "classification", labels)

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint("wine_data.csv")
