"""SAM, gradient noise and max norm: one training step against their formulas."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.errors import CompileError
from trickrun.nn.rng import generator
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import take_step
from trickrun.tricks.regularizers.gradient_noise import GradientNoise
from trickrun.tricks.regularizers.max_norm import MaxNorm
from trickrun.tricks.regularizers.sam import SAM

BASE: dict[str, Any] = {
    "data": {"kind": "digits", "subset": {"n": 64}, "batch_size": 16},
    "model": {"kind": "mlp", "hidden": [12]},
    "optimizer": {"kind": "sgd", "lr": 1.0},
    "train": {"steps": 8, "device": "cpu", "precision": "float64"},
}


@cache
def data() -> Prepared:
    return prepare(Recipe.model_validate(BASE).data, Path())


def job(regularizers: dict[str, Any], **more: Any) -> Job:
    recipe = from_tree(canonical({**BASE, "regularizers": regularizers, **more}))
    return compile_recipe(recipe, Path(), data())


def step(of: Job, number: int = 0) -> list[torch.Tensor]:
    """Take one step with lr 1; return the change of each parameter, for sgd minus the gradient."""
    before = [p.detach().clone() for p in of.model.parameters()]
    take_step(of, next(of.batches(number)), number, [], logged=True)
    return [p.detach() - old for p, old in zip(of.model.parameters(), before, strict=True)]


def gradient(of: Job, at: list[torch.Tensor], loss: bool = True) -> list[torch.Tensor]:
    """The gradient of the first batch's loss, or of the penalty, with the parameters ``at``."""
    parameters = list(of.model.parameters())
    with torch.no_grad():
        for parameter, value in zip(parameters, at, strict=True):
            parameter.copy_(value)
    of.model.train()
    of.start_streams(0)
    x, y = of.training_batch(next(of.batches(0)), 0)
    value = of.loss(of.model(x), y) if loss else of.penalty()
    assert value is not None
    return list(torch.autograd.grad(value, parameters, materialize_grads=True))


def test_sam_steps_by_the_gradient_at_the_top_of_the_climb():
    regularizers = {"sam": 0.1, "l2": 0.01, "dropout": 0.3}
    changes, of = step(job(regularizers)), job(regularizers)
    start = [p.detach().clone() for p in of.model.parameters()]
    here = gradient(of, start)
    length = torch.stack([g.norm() for g in here]).norm()
    top = [p + 0.1 * g / length for p, g in zip(start, here, strict=True)]
    above, penalty = gradient(of, top), gradient(of, start, loss=False)
    for change, g, p in zip(changes, above, penalty, strict=True):
        torch.testing.assert_close(change, -(g + p))


def test_sam_leaves_batch_norm_one_look_and_puts_the_weights_back():
    looked = job({"sam": 0.5}, normalization="batch", optimizer={"kind": "sgd", "lr": 1e-30})
    plain = job({}, normalization="batch", optimizer={"kind": "sgd", "lr": 1e-30})
    assert all(float(change.abs().max()) < 1e-25 for change in step(looked))
    step(plain)
    for name, value in plain.model.named_buffers():
        assert torch.equal(value, looked.model.get_buffer(name))


def test_gradient_noise_is_added_with_a_shrinking_variance():
    noisy = job({"gradient_noise": {"eta": 0.3, "gamma": 0.55}})
    plain = job({})
    differences = [n - p for n, p in zip(step(noisy, 4), step(plain, 4), strict=True)]
    stream = generator(0, "gradient_noise", 4)
    std = (0.3 / 5**0.55) ** 0.5
    assert GradientNoise(eta=0.3).std(4) == pytest.approx(std)
    for difference in differences:
        noise = torch.randn(difference.shape, generator=stream, dtype=torch.float64)
        torch.testing.assert_close(difference, -std * noise)


def test_clipping_bounds_the_noise_too():
    clipped = {"kind": "sgd", "lr": 1.0, "clip": 0.1}
    changes = step(job({"gradient_noise": 100.0}, optimizer=clipped))
    assert float(torch.stack([c.norm() for c in changes]).norm()) == pytest.approx(0.1)


@pytest.mark.parametrize("model", [{"kind": "mlp", "hidden": [12]}, {"kind": "cnn"}])
def test_max_norm_bounds_hidden_units_after_each_step(model):
    of = job({"max_norm": 0.5}, model=model)
    step(of)
    names = [name for name, _ in of.model.named_parameters() if name.endswith("weight")]
    for name in names:
        lengths = of.model.get_parameter(name).detach().flatten(1).norm(dim=1)
        if name == "head.weight":
            assert float(lengths.max()) > 0.5
        else:
            torch.testing.assert_close(lengths, torch.full_like(lengths, 0.5), rtol=1e-5, atol=0)


def test_max_norm_leaves_what_is_short_enough_and_keeps_directions():
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    MaxNorm(c=1.0).constrain([weight])
    torch.testing.assert_close(weight, torch.tensor([[0.6, 0.8], [0.3, 0.4]]))


@pytest.mark.parametrize("kind", ["weight", "spectral"])
def test_max_norm_on_computed_weights_is_refused(kind):
    with pytest.raises(CompileError, match=r"but it acts on nothing in this job: .*max_norm"):
        job({"max_norm": 1.0}, normalization=kind)


def test_climbing_needs_gradients_and_restores_to_the_bit():
    network = nn.Linear(3, 2)
    before = [p.detach().clone() for p in network.parameters()]
    network(torch.randn(4, 3)).sum().backward()
    network.bias.grad = None  # frozen, or unused
    with SAM(rho=2.0).climbed(list(network.parameters())):
        moved = network.weight.detach() - before[0]
        assert float(moved.norm()) == pytest.approx(2.0)
        assert torch.equal(network.bias, before[1])
        assert network.weight.grad is None
    assert all(torch.equal(p, old) for p, old in zip(network.parameters(), before, strict=True))


@pytest.mark.parametrize("name", ["sam", "gradient_noise", "mixup", "cutmix"])
def test_strength_zero_is_off_and_told(name):
    of = job({name: 0}, model={"kind": "cnn", "channels": [4], "hidden": []})
    plain = job({}, model={"kind": "cnn", "channels": [4], "hidden": []})
    assert [(t.what, t.off) for t in of.ledger if t.trick == name] == [("off", True)]
    assert all(torch.equal(a, b) for a, b in zip(step(of), step(plain), strict=True))


UPDATING_STEP = """
def step(model, batch, loss, optimizer):
    optimizer.zero_grad()
    value = loss(model(batch[0]), batch[1])
    value.backward()
    optimizer.step()
    return value.detach()
"""
OWN_STEP = "def step(model, batch, loss, optimizer):\n    return loss(model(batch[0]), batch[1])\n"


@pytest.mark.parametrize("name", ["sam", "gradient_noise", "mixup"])
def test_what_an_own_step_would_leave_out_is_refused(tmp_path, name):
    (tmp_path / "own.py").write_text(OWN_STEP)
    tree = {**BASE, "regularizers": {name: 0.1}}
    tree["train"] = {**BASE["train"], "step": "own:step"}
    with pytest.raises(CompileError, match=f"nothing applies: {name}"):
        compile_recipe(from_tree(canonical(tree)), tmp_path, data())


def test_weights_are_bounded_and_averaged_after_an_own_step_too(tmp_path):
    (tmp_path / "own.py").write_text(UPDATING_STEP)
    tree = {**BASE, "regularizers": {"max_norm": 0.5, "ema": 0.9}}
    tree["train"] = {**BASE["train"], "step": "own:step"}
    of = compile_recipe(from_tree(canonical(tree)), tmp_path, data())
    step(of)
    lengths = of.model.get_parameter("linear1.weight").detach().norm(dim=1)
    assert float(lengths.max()) <= 0.5 + 1e-6
    assert of.average is not None
    assert of.average.count == 1
