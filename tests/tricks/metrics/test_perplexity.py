"""Perplexity and bits per token: what probabilities cost."""

import math

import pytest
import torch

from trickrun.data.splits.source import Task
from trickrun.tricks.metrics.accuracy import Accuracy
from trickrun.tricks.metrics.bits_per_token import BitsPerToken
from trickrun.tricks.metrics.perplexity import Perplexity

TASK = Task("classification", classes=4)
NEXT = Task("classification", classes=4, next_token=True)


def test_knowing_nothing_costs_the_number_of_classes():
    scores, target = torch.full((6, 4), 0.25), torch.arange(6) % 4
    assert Perplexity().compute(scores, target, TASK) == pytest.approx(4)
    assert BitsPerToken().compute(scores, target, TASK) == pytest.approx(2)


def test_it_is_the_exponential_of_the_cross_entropy():
    logits = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    target = torch.arange(8) % 4
    loss = torch.nn.functional.cross_entropy(logits, target)
    assert Perplexity().compute(logits.softmax(1), target, TASK) == pytest.approx(math.exp(loss))


def test_scores_that_are_no_probabilities_have_none():
    for scores in (torch.ones(2, 4), torch.tensor([[2.0, -1.0, 0.0, 0.0]] * 2)):
        assert math.isnan(Perplexity().compute(scores, torch.zeros(2, dtype=torch.int64), TASK))
        assert math.isnan(BitsPerToken().compute(scores, torch.zeros(2, dtype=torch.int64), TASK))


def test_an_impossible_answer_is_very_expensive_but_finite():
    scores, target = torch.tensor([[1.0, 0.0]]), torch.tensor([1])
    assert BitsPerToken().compute(scores, target, TASK) == pytest.approx(149, abs=1)


def test_each_place_is_an_answer(tmp_path):
    scores = torch.eye(4)[torch.tensor([[0, 1, 2], [3, 0, 0]])]
    target = torch.tensor([[0, 1, 2], [3, 1, 1]])
    assert Accuracy().build(NEXT, tmp_path)(scores, target) == pytest.approx(4 / 6)
