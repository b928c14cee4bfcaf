"""The metrics that a recipe can list, a file each."""

from __future__ import annotations

from trickrun.tricks.metrics._metric import METRICS, AnyMetric, Metric, MetricFunction, metric_named
from trickrun.tricks.metrics._usual import usual_metrics, usual_names

__all__ = [
    "METRICS",
    "AnyMetric",
    "Metric",
    "MetricFunction",
    "metric_named",
    "usual_metrics",
    "usual_names",
]
