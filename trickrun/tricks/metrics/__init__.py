"""The metrics that a recipe can list."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.metrics.accuracy import Accuracy
from trickrun.tricks.metrics.base import Metric
from trickrun.tricks.metrics.mae import MAEMetric

AnyMetric = Annotated[Accuracy | MAEMetric, Field(discriminator="kind")]

__all__ = ["Accuracy", "AnyMetric", "MAEMetric", "Metric"]
