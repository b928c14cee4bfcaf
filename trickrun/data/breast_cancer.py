from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data.base import Data
from trickrun.data.bundled import bundled_fingerprint, bundled_table
from trickrun.data.source import Source
from trickrun.data.task import TaskName


class BreastCancer(Data):
    """569 tumours, malignant or benign, by 30 measurements of cell nuclei.

    When: two classes of unequal size (212 and 357).
    Source: Wolberg et al. 1995, UCI Breast Cancer Wisconsin (Diagnostic); scikit-learn.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    table: ClassVar[bool] = True
    own_split: ClassVar[bool | None] = False

    kind: Literal["breast_cancer"] = "breast_cancer"

    def load(self, folder: Path) -> Source:
        from sklearn.datasets import load_breast_cancer

        bunch = load_breast_cancer()
        labels = tuple(str(name) for name in bunch.target_names)
        return bundled_table(bunch, "classification", labels)

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint("breast_cancer.csv")
