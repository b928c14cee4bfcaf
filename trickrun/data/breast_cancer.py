from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data._data import Data
from trickrun.data.formats.bundled import bundled_classes, bundled_fingerprint
from trickrun.data.splits.source import Source, TaskName

LABELS = ("malignant", "benign")
FEATURES = (
    "mean radius",
    "mean texture",
    "mean perimeter",
    "mean area",
    "mean smoothness",
    "mean compactness",
    "mean concavity",
    "mean concave points",
    "mean symmetry",
    "mean fractal dimension",
    "radius error",
    "texture error",
    "perimeter error",
    "area error",
    "smoothness error",
    "compactness error",
    "concavity error",
    "concave points error",
    "symmetry error",
    "fractal dimension error",
    "worst radius",
    "worst texture",
    "worst perimeter",
    "worst area",
    "worst smoothness",
    "worst compactness",
    "worst concavity",
    "worst concave points",
    "worst symmetry",
    "worst fractal dimension",
)


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
        return bundled_classes("breast_cancer.csv", LABELS, FEATURES)

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint("breast_cancer.csv")
