"""How well learners that have no training loop do on the same samples: what the data allow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from trickrun.checks.diagnosis.left_out import standardized
from trickrun.checks.diagnosis.skill import skill
from trickrun.data.splits.prepare import Prepared
from trickrun.data.splits.source import SplitData
from trickrun.search.executors.workers import JUDGING, WORKERS
from trickrun.training.spans import timed

MOST = 2000
"""Training samples that they get: enough to tell learnable data from noise within seconds."""

WIDEST = 4096
"""Inputs with more numbers than this are left to the networks."""

FEWEST, COLUMNS, OWN = 4, 64, 0.9
"""Inputs and targets that a reconstruction has at least, the targets that are looked at, and the
share of them that must be most like the input in their own place."""


def reference(data: Prepared, metric: str) -> dict[str, float]:
    """Return each learner's skill on the validation split; see ``reference_scores``."""
    found = reference_scores(data, metric)
    return {kind: skill(value, metric, data.task) for kind, value in found.items()}


def reference_scores(data: Prepared, metric: str) -> dict[str, float]:
    """Return each learner's value of a metric on the validation split.

    None if there is no such split, for inputs that are too large, not finite, or tokens, whose
    numbers mean nothing, and for a reconstruction.

    Two that fail differently: a linear model on scaled features, and randomized trees, which no
    scaling disturbs. A command's worker fits them, which has imported them meanwhile.
    """
    samples = samples_for_learners(data)
    if samples is None:
        return {}
    return WORKERS.aside(JUDGING, partial(scores_of_learners, samples, metric))()


@dataclass(frozen=True)
class Samples:
    """What learners are fitted to, and what they are scored on.

    Args:
        x, x_val: inputs [n, features].
        y, y_val: targets [n] or [n, targets].
        classes: whether targets are classes.
    """

    x: Any
    y: Any
    x_val: Any
    y_val: Any
    classes: bool


def samples_for_learners(data: Prepared) -> Samples | None:
    """Return what learners get of prepared data; None where they cannot be fitted."""
    if data.val is None or not has_features(data) or reconstructs(data):
        return None
    x, y = arrays(data.train, MOST)
    x_val, y_val = arrays(data.val, MOST)
    if not (np.isfinite(x).all() and np.isfinite(x_val).all()) or len(np.unique(y)) < 2:
        return None
    return Samples(x, y, x_val, y_val, data.task.kind != "regression")


@timed("judging")
def scores_of_learners(of: Samples, metric: str) -> dict[str, float]:
    """Fit each learner and return its value of a metric."""
    return {
        kind: score(metric, of.y_val, learner.fit(of.x, of.y).predict(of.x_val))
        for kind, learner in learners(of.classes).items()
    }


def has_features(data: Prepared) -> bool:
    """Whether inputs are numbers that such learners can take: not those of tokens or categories."""
    named = data.task.vocabulary or data.task.rows
    return not (data.streamed or named or data.train.x[0].numel() > WIDEST)


def reconstructs(data: Prepared) -> bool:
    """Whether targets are the inputs themselves, or these without noise, as an autoencoder's are.

    A linear model copies them, which is not what such a network is for: it is narrow on purpose.
    """
    wide = data.train.x[0].numel()
    if data.task.kind != "regression" or not has_features(data) or wide < FEWEST:
        return False
    x, y = arrays(data.train, MOST)
    if y.shape != x.shape or not np.isfinite(x).all():
        return False
    columns = np.flatnonzero(y.std(0) > 0)
    columns = columns[:: -(-len(columns) // COLUMNS) or 1]
    inputs, targets = standardized(x), standardized(y[:, columns])
    nearest = np.abs(inputs.T @ targets).argmax(0)
    return len(columns) > 0 and float((nearest == columns).mean()) >= OWN


def score(metric: str, y: Any, answers: Any) -> float:
    """Return the metric of answers [n] or [n, targets]."""
    from sklearn import metrics

    if metric in ("f1_macro", "f1_micro"):
        average = metric.removeprefix("f1_")
        return float(metrics.f1_score(y, answers, average=average, zero_division=0.0))
    if metric == "accuracy" and y.ndim == 2:
        return 1 - float(metrics.hamming_loss(y, answers))
    return float((metrics.accuracy_score if metric == "accuracy" else metrics.r2_score)(y, answers))


def arrays(part: SplitData, most: int) -> tuple[Any, Any]:
    """Return at most ``most`` samples: flat inputs [n, features], targets [n] or [n, targets]."""
    x = part.x[:most].flatten(1).double().cpu().numpy()
    y = part.y[:most].cpu().numpy()
    return x, y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y


def learners(classes: bool) -> dict[str, Any]:
    """Return the learners, seeded; those of classes take labels [n, labels] too."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.linear_model import Ridge, RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    linear, trees = (
        (RidgeClassifier, ExtraTreesClassifier) if classes else (Ridge, ExtraTreesRegressor)
    )
    return {
        "linear": make_pipeline(StandardScaler(), linear(alpha=10.0)),
        "trees": trees(n_estimators=60, min_samples_leaf=1 if classes else 3, random_state=0),
    }
