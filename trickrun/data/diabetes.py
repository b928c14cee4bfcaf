from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from trickrun.data.base import Data
from trickrun.data.bundled import bundled_fingerprint, bundled_table
from trickrun.data.source import Source
from trickrun.data.task import TaskName


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
        from sklearn.datasets import load_diabetes

        return bundled_table(load_diabetes(scaled=False), "regression", ("progression",))

    def fingerprint(self, folder: Path) -> Any:
        return bundled_fingerprint("diabetes_data_raw.csv.gz", "diabetes_target.csv.gz")
