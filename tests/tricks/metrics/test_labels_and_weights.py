"""Metrics of 0/1 labels and of weighted samples, against scikit-learn."""

import math
import textwrap
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.tricks.metrics import METRICS
from trickrun.tricks.metrics.accuracy import Accuracy
from trickrun.tricks.metrics.auroc import AUROC
from trickrun.tricks.metrics.f1_macro import F1Macro
from trickrun.tricks.metrics.f1_micro import F1Micro
from trickrun.tricks.metrics.mae import MAE
from trickrun.tricks.metrics.perplexity import Perplexity
from trickrun.tricks.metrics.python import PythonMetric
from trickrun.tricks.metrics.r2 import R2
from trickrun.tricks.metrics.rmse import RMSE
from trickrun.tricks.metrics.subset_accuracy import SubsetAccuracy
from trickrun.tricks.metrics.top5 import Top5

DRAWS = torch.Generator().manual_seed(5)
N = 150
LABELS = Task("multilabel", targets=4, priors=(0.5, 0.2, 0.7, 0.05))
TRUTH = (torch.rand(N, 4, generator=DRAWS) < torch.tensor(LABELS.priors)).double()
PROBABILITIES = 0.2 * TRUTH + 0.8 * torch.rand(N, 4, generator=DRAWS)
W = torch.rand(N, generator=DRAWS, dtype=torch.float64) * 2
W[::7] = 0
SAID = (PROBABILITIES > 0.5).double()

OF_LABELS = [
    (Accuracy(), lambda w: 1 - sk.hamming_loss(TRUTH, SAID, sample_weight=w)),
    (SubsetAccuracy(), lambda w: sk.accuracy_score(TRUTH, SAID, sample_weight=w)),
    (F1Macro(), lambda w: sk.f1_score(TRUTH, SAID, average="macro", sample_weight=w)),
    (F1Micro(), lambda w: sk.f1_score(TRUTH, SAID, average="micro", sample_weight=w)),
    (AUROC(), lambda w: sk.roc_auc_score(TRUTH, PROBABILITIES, sample_weight=w)),
]


@pytest.mark.parametrize("weight", [None, W], ids=["alike", "weighted"])
@pytest.mark.parametrize(("metric", "reference"), OF_LABELS, ids=lambda m: getattr(m, "kind", ""))
def test_labels(metric, reference, weight):
    found = metric.compute(PROBABILITIES, TRUTH, LABELS, weight)
    expected = reference(None if weight is None else weight.numpy())
    assert 0.1 < expected < 0.95
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_label_that_does_not_vary_is_left_out_of_auroc():
    truth = TRUTH.clone()
    truth[:, 3] = 0
    expected = sk.roc_auc_score(truth[:, :3], PROBABILITIES[:, :3])
    assert AUROC().compute(PROBABILITIES, truth, LABELS) == pytest.approx(expected)
    assert math.isnan(AUROC().compute(PROBABILITIES, torch.ones(N, 4), LABELS))


def test_a_label_that_is_not_there_and_not_said_has_an_f1_of_0():
    truth, said = torch.zeros(4, 2), torch.zeros(4, 2)
    truth[:, 0] = said[:, 0] = 1
    expected = sk.f1_score(truth, said, average="macro", zero_division=0.0)
    assert F1Macro().compute(said, truth, LABELS) == expected == 0.5


def test_a_probability_of_one_half_says_0():
    half = torch.full((2, 1), 0.5)
    assert Accuracy().compute(half, torch.zeros(2, 1), LABELS) == 1


@pytest.mark.parametrize("metric", [Accuracy(), F1Macro(), F1Micro(), SubsetAccuracy()])
def test_a_network_that_has_diverged_is_right_about_nothing(metric):
    found = metric.compute(torch.full((4, 2), math.nan), torch.zeros(4, 2), LABELS)
    assert found == 0 or math.isnan(found)


@pytest.mark.parametrize("metric", [Accuracy(), F1Macro(), F1Micro()])
def test_the_best_constant_answer(metric):
    """The score that ``constant`` says is that of the best of all constant answers."""
    truth = torch.zeros(100, 3)
    for label, count in enumerate((60, 30, 5)):
        truth[:count, label] = 1
    task = Task("multilabel", targets=3, priors=(0.6, 0.3, 0.05))
    answers = [torch.tensor([answer]) for answer in product((0.0, 1.0), repeat=3)]
    best = max(metric.compute(answer.expand(100, -1), truth, task) for answer in answers)
    assert metric.constant(task) == pytest.approx(best)


def test_which_metrics_labels_have():
    able = {kind for kind in METRICS.files if METRICS[kind].measures("multilabel")}
    assert able == {"accuracy", "subset_accuracy", "f1_macro", "f1_micro", "auroc", "python"}
    with pytest.raises(CompileError, match="mae is for regression, the data's task is multilabel"):
        MAE().check(LABELS)
    with pytest.raises(CompileError, match="f1_micro is for multilabel"):
        F1Micro().check(Task("classification", classes=3))


EIGHT = Task("classification", classes=8)
TWO = Task("classification", classes=2)
VALUES = Task("regression", targets=3)
Y = torch.randint(8, (N,), generator=DRAWS)
LOGITS = torch.randn(N, 8, generator=DRAWS)
LOGITS[torch.arange(N), Y] += 1
P = LOGITS.double().softmax(1)
REAL = torch.randn(N, 3, generator=DRAWS, dtype=torch.float64) * torch.tensor([1.0, 5.0, 20.0])
GUESS = REAL + torch.randn(N, 3, generator=DRAWS, dtype=torch.float64)
w = W.numpy()


@pytest.mark.parametrize(
    ("metric", "scores", "target", "task", "expected"),
    [
        (Accuracy(), P, Y, EIGHT, lambda: sk.accuracy_score(Y, P.argmax(1), sample_weight=w)),
        (Top5(), P, Y, EIGHT, lambda: sk.top_k_accuracy_score(Y, P, k=5, sample_weight=w)),
        (
            F1Macro(),
            P,
            Y,
            EIGHT,
            lambda: sk.f1_score(Y, P.argmax(1), average="macro", sample_weight=w),
        ),
        (
            AUROC(),
            P,
            Y,
            EIGHT,
            lambda: np.mean([sk.roc_auc_score(c == Y, P[:, c], sample_weight=w) for c in range(8)]),
        ),
        (
            AUROC(),
            P[:, :2],
            Y % 2,
            TWO,
            lambda: sk.roc_auc_score(Y % 2, P[:, 1] - P[:, 0], sample_weight=w),
        ),
        (Perplexity(), P, Y, EIGHT, lambda: math.exp(sk.log_loss(Y, P, sample_weight=w))),
        (MAE(), GUESS, REAL, VALUES, lambda: sk.mean_absolute_error(REAL, GUESS, sample_weight=w)),
        (
            RMSE(),
            GUESS,
            REAL,
            VALUES,
            lambda: sk.root_mean_squared_error(REAL, GUESS, sample_weight=w),
        ),
        (R2(), GUESS, REAL, VALUES, lambda: sk.r2_score(REAL, GUESS, sample_weight=w)),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_weighted_samples(metric, scores, target, task, expected):
    found = metric.compute(scores, target, task, W)
    assert found == pytest.approx(expected(), rel=1e-9)
    assert found != pytest.approx(metric.compute(scores, target, task), rel=1e-6)


def test_a_metric_of_ones_own_is_weighted_if_it_has_a_value_a_sample(tmp_path: Path):
    (tmp_path / "weighed.py").write_text(
        textwrap.dedent("""
            def each(p, y): return (p.argmax(1) == y).float()
            def one(p, y): return 0.5
        """)
    )
    each = PythonMetric(target="weighed:each").build(EIGHT, tmp_path)
    assert each(P, Y, W) == pytest.approx(sk.accuracy_score(Y, P.argmax(1), sample_weight=w))
    one = PythonMetric(target="weighed:one").build(EIGHT, tmp_path)
    assert one(P, Y) == 0.5
    with pytest.raises(CompileError, match="it returned one number, but the samples are weighted"):
        one(P, Y, W)
