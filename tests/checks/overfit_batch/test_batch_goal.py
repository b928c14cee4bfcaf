"""What a batch's loss can reach: equal inputs, class weights, values, and when it is reached."""

import math
from pathlib import Path

import pytest
import torch

from trickrun.checks.overfit_batch.goal import Goal, Score, goal_of
from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.splits.prepare import Prepared, with_priors
from trickrun.data.splits.source import SplitData, Task
from trickrun.recipe.load import from_tree
from trickrun.training.compile import compile_recipe

HERE = Path(__file__).parent
X = torch.tensor([[0.0], [0.0], [0.0], [1.0], [1.0], [2.0]])
LABELS = torch.tensor([0, 0, 1, 1, 1, 2])
VALUES = torch.tensor([[0.0], [0.0], [3.0], [5.0], [5.0], [7.0]])


def goal(y: torch.Tensor, loss: object, x: torch.Tensor = X, initial_loss: float = 3.0) -> Goal:
    classes = y.dtype == torch.int64
    task = Task("classification", classes=3) if classes else Task("regression")
    part = SplitData(x, y)
    data = Prepared(part, None, None, with_priors(task, part), Scaler())
    tree = {
        "data": {"kind": "iris", "batch_size": "full"},
        "model": {"kind": "mlp", "hidden": []},
        "loss": loss,
    }
    return goal_of(compile_recipe(from_tree(tree), HERE, data), initial_loss)


def entropy(*shares: float) -> float:
    return -sum(share * math.log(share) for share in shares)


def test_equal_inputs_with_other_labels_cannot_be_told_apart() -> None:
    found = goal(LABELS, {"kind": "cross_entropy"})
    assert found.conflicts == 3
    assert found.accuracy == pytest.approx(5 / 6)
    assert found.floor == pytest.approx(0.5 * entropy(1 / 3, 2 / 3))
    assert found.baseline == pytest.approx(entropy(1 / 3, 1 / 2, 1 / 6))
    assert goal(LABELS, {"kind": "nll"}).floor == found.floor


def test_class_weights_weigh_the_floor() -> None:
    weights = torch.tensor([1.0, 4.0, 2.0])
    found = goal(LABELS, {"kind": "cross_entropy", "class_weights": weights.tolist()})
    logits = torch.zeros(6, 3, dtype=torch.float64)
    logits[:3, 0], logits[:3, 1], logits[:3, 2] = math.log(2 * 1), math.log(1 * 4), -50
    logits[3:, :] = 50 * torch.nn.functional.one_hot(LABELS[3:], 3)
    best = torch.nn.functional.cross_entropy(logits, LABELS, weights.double())
    assert found.floor == pytest.approx(float(best))


def test_the_floor_of_values_is_what_varies_among_equal_inputs() -> None:
    found = goal(VALUES, {"kind": "mse"})
    assert found.floor == pytest.approx(0.5 * 2.0)
    assert found.baseline == pytest.approx(float(VALUES.var(correction=0)))
    assert found.accuracy is None
    assert goal(VALUES, {"kind": "mae"}).floor == pytest.approx(0.5 * 1.0)


def test_without_conflicts_the_floor_is_zero() -> None:
    found = goal(LABELS, {"kind": "cross_entropy"}, torch.arange(6.0)[:, None])
    assert (found.floor, found.accuracy, found.conflicts) == (0.0, 1.0, 0)
    assert goal(LABELS, {"kind": "hinge"}, torch.arange(6.0)[:, None]).baseline == 0.5


def test_nothing_is_learnable_where_all_inputs_or_all_targets_are_alike() -> None:
    assert goal(LABELS, {"kind": "cross_entropy"}, torch.ones(6, 2)).learnable == 0
    assert goal(torch.ones(6, 1), {"kind": "mse"}).learnable == 0
    assert goal(LABELS, {"kind": "cross_entropy"}).learnable > 0


def test_reached_asks_for_the_loss_and_for_every_right_answer() -> None:
    wanted = Goal(floor=0.2, baseline=1.2, known=True, accuracy=0.75, conflicts=2)
    assert wanted.limit(0.05) == pytest.approx(0.25)
    right = Score(accuracy=0.75)
    assert wanted.reached(0.24, right, 0.05)
    assert not wanted.reached(0.26, right, 0.05)
    assert not wanted.reached(0.24, Score(accuracy=0.74), 0.05)
    assert not wanted.reached(math.nan, right, 0.05)
    assert not wanted.reached(-5.0, right, 0.05)  # nll of logits


def test_a_users_own_loss_below_0_is_judged_by_the_score() -> None:
    own = Goal(floor=0.0, baseline=1.2, known=False, accuracy=0.75, conflicts=2)
    assert own.reached(-5.0, Score(accuracy=0.75), 0.05)
    assert not own.reached(-5.0, Score(accuracy=0.7), 0.05)
    assert own.reached(-5.0, Score(accuracy=0.7), 0.2)  # with a regularizer back on
    assert not own.reached(-math.inf, Score(accuracy=0.75), 0.05)
    values = Goal(floor=0.0, baseline=1.2, known=False, accuracy=None, conflicts=0)
    assert values.reached(-5.0, Score(r2=0.96), 0.05)
    assert not values.reached(-5.0, Score(r2=-300.0), 0.05)
    assert not values.reached(-5.0, Score(), 0.05)
    assert values.reached(0.01, Score(r2=-300.0), 0.05)  # above 0 the loss alone says it


def test_next_tokens_that_one_beginning_leaves_open_are_no_conflict():
    # After "a" (token 2) comes b or c, which no network can know; after "ab" always c.
    x = torch.tensor([[2, 3], [2, 4]])
    y = torch.tensor([[3, 4], [4, 4]])
    task = Task("classification", classes=5, vocabulary=tuple("pqabc"), next_token=True)
    data = Prepared(SplitData(x, y), None, None, with_priors(task, SplitData(x, y)), Scaler())
    recipe = from_tree(
        {
            "data": {"kind": "text", "path": "t.txt", "batch_size": 2},
            "model": {"kind": "gru", "hidden": 2, "embedding": 2},
        }
    )
    goal = goal_of(compile_recipe(recipe, Path(), data), 0.0)
    assert goal.floor == pytest.approx(math.log(2) / 2)
    assert goal.baseline == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))
    assert goal.accuracy is None
    assert goal.conflicts == 0


def test_where_a_class_is_rare_equal_chances_are_the_measure() -> None:
    wanted = Goal(floor=0.0, baseline=0.14, known=True, accuracy=1.0, conflicts=0, guess=0.7)
    assert wanted.limit(0.05) == pytest.approx(0.035)
    assert wanted.learnable == 0.14
    same = Goal(floor=0.1, baseline=1.1, known=True, accuracy=1.0, conflicts=2, guess=1.0)
    assert same.limit(0.05) == pytest.approx(0.15)
