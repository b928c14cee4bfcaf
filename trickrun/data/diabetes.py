from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data._data import Data
from trickrun.data.formats.arrays import source_from_arrays
from trickrun.data.formats.bundled import bundled_fingerprint, read_csv
from trickrun.data.splits.source import Source, TaskName

VALUES, TARGET = "diabetes_data_raw.csv.gz", "diabetes_target.csv.gz"
FEATURES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


class Diabetes(Data):
    """442 patients by 10 measurements; the target is the disease's progress, 25 to 346.

    When: a small and noisy regression; a linear fit explains about half of the variance.
    Defaults: the measurements in their own units, because scikit-learn's scaled ones were fitted
        on all samples, the test part included.
    Source: Efron et al. 2004, Least angle regression; scikit-learn.
    """

    task_kind: ClassVar[TaskName | None] = "regression"
    table: ClassVar[bool] = True
    own_split: ClassVar[bool | None] = False

    kind: Literal["diabetes"] = "diabetes"

    def load(self, folder: Path) -> Source:
        values, target = read_csv(VALUES, separator=" "), read_csv(TARGET)
        parts = {"train": (values, target)}
        return source_from_arrays(parts, "regression", "scikit-learn", ("progression",), FEATURES)

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint(VALUES, TARGET)
