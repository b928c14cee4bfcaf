"""Each metric against scikit-learn, and at the edges where scikit-learn warns or fails."""

import math
import textwrap
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.tricks.metrics import Metric
from trickrun.tricks.metrics.accuracy import Accuracy
from trickrun.tricks.metrics.auroc import AUROC
from trickrun.tricks.metrics.f1_macro import F1Macro
from trickrun.tricks.metrics.mae import MAE
from trickrun.tricks.metrics.python import PythonMetric
from trickrun.tricks.metrics.r2 import R2
from trickrun.tricks.metrics.rmse import RMSE
from trickrun.tricks.metrics.top5 import Top5

EIGHT = Task("classification", classes=8)
TWO = Task("classification", classes=2)
VALUES = Task("regression", targets=3)


def classes(task: Task, samples: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    """Return probabilities that know something about the classes, and the classes."""
    draws = torch.Generator().manual_seed(0)
    y = torch.randint(task.classes, (samples,), generator=draws)
    logits = torch.randn(samples, task.classes, generator=draws)
    logits[torch.arange(samples), y] += 1.0
    return logits.softmax(dim=1), y


def values() -> tuple[torch.Tensor, torch.Tensor]:
    draws = torch.Generator().manual_seed(0)
    y = torch.randn(50, 3, generator=draws) * torch.tensor([1.0, 5.0, 20.0])
    return y + torch.randn(50, 3, generator=draws), y


@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        (Accuracy(), lambda s, y: sklearn_metrics.accuracy_score(y, s.argmax(1))),
        (Top5(), lambda s, y: sklearn_metrics.top_k_accuracy_score(y, s, k=5)),
        (F1Macro(), lambda s, y: sklearn_metrics.f1_score(y, s.argmax(1), average="macro")),
        (AUROC(), lambda s, y: sklearn_metrics.roc_auc_score(y, s, multi_class="ovr")),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_classes(metric, reference):
    scores, y = classes(EIGHT)
    assert metric.compute(scores, y, EIGHT) == pytest.approx(reference(scores, y), abs=1e-9)


@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        (MAE(), sklearn_metrics.mean_absolute_error),
        (RMSE(), sklearn_metrics.root_mean_squared_error),
        (R2(), sklearn_metrics.r2_score),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_values(metric, reference):
    scores, y = values()
    expected = reference(y.double(), scores.double())
    assert metric.compute(scores, y, VALUES) == pytest.approx(expected)


@given(
    st.integers(1, 300), st.integers(2, 12), st.integers(0, 10**6), st.floats(0, 3), st.booleans()
)
def test_f1_is_scikit_learns_to_the_bit(samples, count, seed, skill, rare):
    draws = torch.Generator().manual_seed(seed)
    y = torch.randint(count, (samples,), generator=draws) // (2 if rare else 1)
    scores = torch.randn(samples, count, generator=draws)
    scores[torch.arange(samples), y] += skill
    guess = scores.argmax(1)
    expected = sklearn_metrics.f1_score(y, guess, average="macro", zero_division=0.0)
    found = F1Macro().compute(scores, y, Task("classification", classes=count))
    assert found == float(expected)


@given(
    st.integers(2, 300), st.integers(1, 5), st.integers(0, 10**6), st.sampled_from([0.0, 0.1, 9])
)
def test_r2_is_scikit_learns_to_the_bit(samples, targets, seed, noise):
    draws = torch.Generator().manual_seed(seed)
    y = torch.randn(samples, targets, generator=draws) * 10 ** torch.arange(targets)
    y[:, 0] = y[0, 0]  # one that does not vary
    y = y if seed % 2 else y.flip(1)[:, : max(1, targets - 1)]
    scores = y + noise * torch.randn(y.shape, generator=draws)
    expected = sklearn_metrics.r2_score(y.double(), scores.double())
    assert R2().compute(scores, y, Task("regression", targets=y.shape[1])) == float(expected)


def test_auroc_of_two_classes_takes_probabilities_or_any_scores():
    scores, y = classes(TWO)
    expected = sklearn_metrics.roc_auc_score(y, scores[:, 1])
    assert AUROC().compute(scores, y, TWO) == pytest.approx(expected)
    # The same lead of class 1, whose own column alone says nothing.
    shifted = scores.log() + torch.arange(len(y)).unsqueeze(1)
    assert AUROC().compute(shifted, y, TWO) == pytest.approx(expected)


def test_auroc_leaves_out_a_class_that_the_split_lacks():
    scores, y = classes(EIGHT)
    kept = y != 3
    scores, y = scores[kept], y[kept]
    areas = [sklearn_metrics.roc_auc_score(y == c, scores[:, c]) for c in (0, 1, 2, 4, 5, 6, 7)]
    assert AUROC().compute(scores, y, EIGHT) == pytest.approx(sum(areas) / 7)


@pytest.mark.parametrize("task", [TWO, EIGHT])
def test_auroc_of_a_split_of_one_class_is_nan(task):
    scores, y = classes(task)
    assert math.isnan(AUROC().compute(scores[y == 0], y[y == 0], task))


def test_f1_leaves_out_a_class_that_nobody_mentions_and_counts_one_never_right():
    scores = torch.eye(8)[[0, 0, 1, 2]]
    y = torch.tensor([0, 0, 1, 3])
    # Classes 0 and 1 are perfect, 2 and 3 never right, 4 to 7 absent.
    assert F1Macro().compute(scores, y, EIGHT) == 0.5


def test_r2_of_a_constant_target():
    y = torch.full((4, 1), 2.0)
    task = Task("regression")
    assert R2().compute(y, y, task) == 1.0
    assert R2().compute(y + 1, y, task) == 0.0


def test_r2_of_the_mean_is_zero():
    y = torch.tensor([[1.0], [2.0], [6.0]])
    assert R2().compute(torch.full((3, 1), 3.0), y, Task("regression")) == pytest.approx(0.0)


def test_r2_of_one_sample_is_nan():
    assert math.isnan(R2().compute(torch.ones(1, 1), torch.ones(1, 1), Task("regression")))


@pytest.mark.parametrize("metric", [AUROC(), R2()])
def test_predictions_that_are_not_finite_give_nan(metric):
    task = TWO if metric.task == "classification" else VALUES
    scores, y = classes(task) if metric.task == "classification" else values()
    scores[3, 1] = math.nan
    assert math.isnan(metric.compute(scores, y, task))


def test_half_precision_scores_are_taken():
    scores, y = classes(EIGHT)
    rounded = scores.bfloat16()
    expected = AUROC().compute(rounded.double(), y, EIGHT)
    assert AUROC().compute(rounded, y, EIGHT) == expected


@pytest.mark.parametrize("metric", [Accuracy(), Top5(), F1Macro(), AUROC()])
def test_metrics_of_classes_refuse_values(metric: Metric):
    with pytest.raises(CompileError, match=f"{metric.kind} is for classification") as caught:
        metric.check(VALUES)
    assert "r2" in caught.value.hint
    metric.check(EIGHT)


@pytest.mark.parametrize("metric", [MAE(), RMSE(), R2()])
def test_metrics_of_values_refuse_classes(metric: Metric):
    with pytest.raises(CompileError, match=f"{metric.kind} is for regression") as caught:
        metric.check(EIGHT)
    assert "accuracy" in caught.value.hint
    metric.check(VALUES)


def test_top5_of_five_classes_is_refused():
    with pytest.raises(CompileError, match="top5 of 5 classes is always 1"):
        Top5().check(Task("classification", classes=5))


def test_a_built_metric_computes():
    scores, y = classes(EIGHT)
    built = Accuracy().build(EIGHT, Path())
    assert built(scores, y) == Accuracy().compute(scores, y, EIGHT)


CODE = """
    import numpy as np

    def each(prediction, target):
        return (prediction.argmax(1) == target)

    def number(prediction, target, at=0.5):
        return np.float64(at)

    def matrix(prediction, target):
        return prediction

    def words(prediction, target):
        return "good"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own_metrics.py").write_text(textwrap.dedent(CODE))
    return tmp_path


def own(folder: Path, name: str, **args) -> float:
    metric = PythonMetric(target=f"own_metrics:{name}", args=args)
    metric.check(EIGHT)
    metric.check(VALUES)
    return metric.build(EIGHT, folder)(*classes(EIGHT))


def test_a_users_metric_gives_a_number_or_one_a_sample(folder):
    assert own(folder, "each") == Accuracy().compute(*classes(EIGHT), EIGHT)
    assert own(folder, "number") == 0.5
    assert own(folder, "number", at=2) == 2.0


def test_a_users_metric_is_reported_under_its_name():
    assert PythonMetric(target="package.module:Score.top").name == "top"


@pytest.mark.parametrize(
    ("name", "message"), [("matrix", r"returned \[200, 8\]"), ("words", "returned str")]
)
def test_a_users_mistakes_are_told(folder, name, message):
    with pytest.raises(CompileError, match=message):
        own(folder, name)
