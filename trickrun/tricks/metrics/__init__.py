"""The metrics that a recipe can list."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.metrics.accuracy import Accuracy
from trickrun.tricks.metrics.auroc import AUROC
from trickrun.tricks.metrics.base import Metric, MetricFunction
from trickrun.tricks.metrics.bits_per_token import BitsPerToken
from trickrun.tricks.metrics.f1_macro import F1Macro
from trickrun.tricks.metrics.mae import MAE
from trickrun.tricks.metrics.perplexity import Perplexity
from trickrun.tricks.metrics.python import PythonMetric
from trickrun.tricks.metrics.r2 import R2
from trickrun.tricks.metrics.rmse import RMSE
from trickrun.tricks.metrics.top5 import Top5

AnyMetric = Annotated[
    Accuracy | Top5 | F1Macro | AUROC | Perplexity | BitsPerToken | MAE | RMSE | R2 | PythonMetric,
    Field(discriminator="kind"),
]

__all__ = [
    "AUROC",
    "MAE",
    "R2",
    "RMSE",
    "Accuracy",
    "AnyMetric",
    "BitsPerToken",
    "F1Macro",
    "Metric",
    "MetricFunction",
    "Perplexity",
    "PythonMetric",
    "Top5",
]
