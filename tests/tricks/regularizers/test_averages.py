"""EMA and SWA: the averages by their formulas, and that evaluation uses them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.errors import CompileError
from trickrun.nn.averaging import WeightAverage
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import evaluate
from trickrun.training.events import Checkpoint, End, Evaluation
from trickrun.training.job import Job
from trickrun.training.loop import take_step, train
from trickrun.tricks.regularizers import Regularizers
from trickrun.tricks.regularizers.ema import EMA
from trickrun.tricks.regularizers.swa import SWA
from trickrun.tricks.schedules import Span

BASE: dict[str, Any] = {
    "data": {"kind": "digits", "subset": {"n": 64}, "batch_size": 16},
    "model": {"kind": "mlp", "hidden": [8]},
    "normalization": "batch",
    "optimizer": {"kind": "adam", "lr": 0.03},
    "train": {"steps": 8, "eval_every": 2, "device": "cpu"},
}


@cache
def data() -> Prepared:
    return prepare(
        Recipe.model_validate({"data": BASE["data"], "model": {"kind": "mlp"}}).data, Path()
    )


def job(regularizers: dict[str, Any], **more: Any) -> Job:
    recipe = from_tree(canonical({**BASE, "regularizers": regularizers, **more}))
    return compile_recipe(recipe, Path(), data())


def history(of: Job) -> list[list[torch.Tensor]]:
    """Take all steps; return the parameters before and after each."""
    batches = of.batches(0)
    found = [[p.detach().clone() for p in of.model.parameters()]]
    for step in range(of.span.steps):
        take_step(of, next(batches), step, [], logged=False)
        found.append([p.detach().clone() for p in of.model.parameters()])
    return found


def test_ema_is_the_exponential_mean():
    of = job({"ema": 0.4})
    weights = history(of)
    expected = weights[0]
    for steps, now in enumerate(weights[1:], start=1):
        decay = min(0.4, (1 + steps) / (10 + steps))
        expected = [decay * a + (1 - decay) * w for a, w in zip(expected, now, strict=True)]
    for a, b in zip(of.evaluated.parameters(), expected, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("decay", [0.9, 0.999, 0.99999])
def test_ema_forgets_the_start_in_a_few_steps_whatever_its_decay(decay: float):
    left = 1.0
    for step in range(1, 11):
        left *= 1 - EMA(decay=decay).share(step, step, Span(10, 10))
    assert left < 1e-3


def test_swa_is_the_plain_mean_of_the_last_weights():
    of = job({"swa": {"start": 0.25, "every": 2}})
    weights = history(of)
    taken = [weights[4], weights[6], weights[8]]
    for index, a in enumerate(of.evaluated.parameters()):
        torch.testing.assert_close(a, torch.stack([w[index] for w in taken]).mean(0))


@pytest.mark.parametrize(
    ("swa", "span", "moves"),
    [
        (SWA(), Span(40, 10), [40]),
        (SWA(start=0.5), Span(40, 10), [30, 40]),
        (SWA(start=0.0, every=15), Span(40, 10), [15, 30]),
        (SWA(start=0.9), Span(45, 10), [45]),  # no epoch ends there: the last weights at least
    ],
)
def test_when_swa_averages(swa: SWA, span: Span, moves: list[int]):
    found: list[int] = []
    for steps in range(1, span.steps + 1):
        share = swa.share(steps, len(found), span)
        if share is not None:
            assert share == 1 / (len(found) + 1)
            found.append(steps)
    assert found == moves


def test_training_is_not_changed_by_what_is_averaged():
    plain, averaged = history(job({})), history(job({"ema": 0.9}))
    assert all(
        torch.equal(a, b)
        for p, q in zip(plain, averaged, strict=True)
        for a, b in zip(p, q, strict=True)
    )


@pytest.mark.parametrize("regularizers", [{"ema": 0.9}, {"swa": {"start": 0.4, "every": 2}}])
@pytest.mark.parametrize("restore", [True, False])
def test_evaluations_and_kept_weights_are_the_averages(regularizers, restore):
    stopping = {"monitor": "val_loss", "patience": 100, "restore_best": restore}
    of = job(regularizers, early_stopping=stopping)
    records = list(train(of))
    evaluations = [r.values for r in records if isinstance(r, Evaluation)]
    end = records[-1]
    assert isinstance(end, End)
    kept = end.best if restore else evaluations[-1]
    assert of.data.val is not None
    now = evaluate(of, of.data.val, of.targets["val"])
    assert now["loss"] == pytest.approx(kept["val_loss"], rel=1e-6)
    live = [r.state["model"] for r in records if isinstance(r, Checkpoint)][-1]
    assert live.keys() == of.model.state_dict().keys()


def test_batch_norm_of_swa_fits_the_averaged_weights():
    of = job({"swa": {"start": 0.4, "every": 2}}, early_stopping={"restore_best": False})
    list(train(of))
    x = of.inputs(of.data.train.x[of.order(0)])
    entering = of.model.get_submodule("linear1")(x.flatten(1)).detach()
    whole = len(entering) // 16 * 16
    means = torch.stack([part.mean(0) for part in entering[:whole].split(16)]).mean(0)
    torch.testing.assert_close(
        of.model.get_buffer("norm1.running_mean"), means, rtol=1e-4, atol=1e-5
    )


def test_statistics_are_averaged_and_other_buffers_copied():
    model = nn.Sequential(nn.BatchNorm1d(2))
    model.register_buffer("seen", torch.tensor(1.0))
    model[0].bias.requires_grad_(False)
    average = WeightAverage(model)
    with torch.no_grad():
        model[0].weight.fill_(3.0)
        model[0].running_mean.fill_(4.0)
        model.get_buffer("seen").fill_(5.0)
        model[0].num_batches_tracked.fill_(7)
    average.move(0.25)
    copy = average.model
    frozen = [name for name, p in copy.named_parameters() if not p.requires_grad]
    assert frozen == ["0.bias"]
    assert torch.equal(copy.get_parameter("0.weight"), torch.full((2,), 1.5))
    assert torch.equal(copy.get_buffer("0.running_mean"), torch.ones(2))
    assert float(copy.get_buffer("seen")) == 5
    assert int(copy.get_buffer("0.num_batches_tracked")) == 7
    again = WeightAverage(model)
    again.load_state_dict(average.state_dict())
    assert again.count == 1
    assert torch.equal(again.model.get_parameter("0.weight"), torch.full((2,), 1.5))


def test_one_average_is_enough():
    with pytest.raises(ValidationError, match="give one of them"):
        Regularizers(ema=EMA(), swa=SWA())
    assert Regularizers(ema=EMA(decay=0.0)).averaging is None


NO_COPY = """
from torch import nn

class Model(nn.Linear):
    def __init__(self, outputs):
        super().__init__(64, outputs)
        self.lines = (line for line in "ab")  # a generator cannot be copied

    def forward(self, x):
        return super().forward(x.flatten(1))
"""


def test_a_model_that_cannot_be_copied_is_told(tmp_path):
    (tmp_path / "own.py").write_text(NO_COPY)
    tree = canonical({**BASE, "model": {"kind": "python", "target": "own:Model"}})
    tree = {**tree, "normalization": {"kind": "none"}, "regularizers": {"ema": {}}}
    with pytest.raises(CompileError, match="the model cannot be copied"):
        compile_recipe(from_tree(tree), tmp_path, data())
