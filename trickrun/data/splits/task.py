"""What a data set asks of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DATA_FILE = "data.json"
"""The file in a run folder that says what predictions need to know of the training data."""

TaskName = Literal["classification", "regression"]


@dataclass(frozen=True)
class Task:
    """What is to be predicted.

    Args:
        kind: classification (one class of several) or regression (one or more values).
        classes: number of classes; 0 for regression.
        targets: number of values a sample; 1 for classification.
        labels: the classes' names in index order, or the targets' names.
        features: the input features' names where the data has them.
        fills: what stands in for a missing value of each feature; empty: none may be missing.
        priors: share of each class in the training split; empty until the split is made.
        vocabulary: the tokens by their ids, where inputs are token ids [T]; empty for numbers.
        next_token: whether each place of an input asks for the token after it, so that targets
            are [N, T] and the classes are the vocabulary.
    """

    kind: TaskName
    classes: int = 0
    targets: int = 1
    labels: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    fills: tuple[float, ...] = ()
    priors: tuple[float, ...] = ()
    vocabulary: tuple[str, ...] = ()
    next_token: bool = False


def task_in(facts: Mapping[str, Any]) -> Task:
    """Return the task that a run's DATA_FILE tells. Raises ValueError if it tells none."""
    from pydantic import TypeAdapter

    return TypeAdapter(Task).validate_python(facts.get("task"))
