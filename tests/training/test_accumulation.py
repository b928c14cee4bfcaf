"""Accumulated gradients: N batches make the step of one batch of N times the size."""

from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.params import parts
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.checkpoint import restore
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Checkpoint, Evaluation
from trickrun.training.job import Job
from trickrun.training.loop import take_step, train

HERE = Path(__file__).parent
BASE: dict[str, Any] = {
    "data": {"kind": "iris", "subset": {"n": 90}},
    "model": {"kind": "mlp", "hidden": [8]},
    "optimizer": {"kind": "sgd", "lr": 0.1, "momentum": 0.9},
    "train": {"epochs": 3, "precision": "float64"},
}


def job(batch_size: int, accumulate: int, **changes: Any) -> Job:
    tree = canonical({**BASE, **changes})
    tree["data"]["batch_size"] = batch_size
    tree["train"]["accumulate"] = {"batches": accumulate}
    return compile_recipe(from_tree(tree), HERE)


def weights(made: Job) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in made.model.parameters()])


def run(made: Job) -> tuple[torch.Tensor, list[float]]:
    """Return the weights after all steps and the steps' losses."""
    batches, losses = made.batches(0), []
    for step in range(made.span.steps):
        losses.append(float(take_step(made, next(batches), step, [], True).loss))
    return weights(made), losses


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "Penalties and clipping": {
        "regularizers": {"l2": 1e-2, "l1": 1e-3},
        "optimizer": {"kind": "adam", "clip": 0.1},
    },
    "class weights": {"loss": {"kind": "cross_entropy", "class_weights": [1.0, 5.0, 0.2]}},
    "a sum": {"loss": {"kind": "cross_entropy", "reduction": "sum"}},
    "augmentation": {"augmentation": ["noise"]},
    "mixup": {
        "regularizers": {"mixup": 0.4},
        "loss": {"kind": "cross_entropy", "class_weights": [1.0, 5.0, 0.2]},
    },
    "sharpness-aware": {"regularizers": {"sam": 0.05}},
}


@pytest.mark.parametrize("name", CASES)
def test_steps_are_those_of_the_larger_batch(name):
    # 90 samples: the last step of an epoch is smaller, 18 of 24, and its last batch too, 2 of 8.
    several, one = job(8, 3, **CASES[name]), job(24, 1, **CASES[name])
    assert several.span == one.span
    (w, losses), (expected, expected_losses) = run(several), run(one)
    torch.testing.assert_close(w, expected, rtol=1e-9, atol=1e-12)
    assert losses == pytest.approx(expected_losses, rel=1e-9)
    assert len(set(losses)) == len(losses)


def test_batches_of_a_step_have_dropout_masks_of_their_own():
    made = job(8, 2, regularizers={"dropout": 0.5})
    made.optimizer.param_groups[0]["lr"] = 0.0
    seen: list[torch.Tensor] = []
    dropout = next(m for name, m in made.model.named_modules() if name.startswith("dropout"))
    dropout.register_forward_hook(lambda module, inputs, output: seen.append(output == 0))
    same = next(made.batches(0))[:8].repeat(2)
    take_step(made, same, 0, [], False)
    assert len(seen) == 2
    assert not torch.equal(seen[0], seen[1])


def test_a_resumed_run_ends_bitwise_equal():
    changes = {"train": {"epochs": 2, "checkpoint": {"every": "2 steps"}}}
    whole, resumed = job(8, 3, **changes), job(8, 3, **changes)
    records = list(train(whole))
    assert sum(isinstance(r, Evaluation) for r in records) == 2
    middle = job(8, 3, **changes)
    state = next(r.state for r in train(middle) if isinstance(r, Checkpoint))
    list(train(resumed, restore(resumed, state)))
    assert torch.equal(weights(whole), weights(resumed))


def test_a_split_of_one_batch_has_nothing_to_add_up():
    with pytest.raises(CompileError, match="2 batches of 90 are more than 90 samples"):
        job(90, 2)
    tree = {**BASE["data"], "drop_last": True}
    with pytest.raises(CompileError, match="4 batches of 30 are more than 90 samples"):
        job(30, 4, data=tree)


def test_it_trains_alone():
    assert [part for _, part in parts(job(8, 3).recipe) if part.trains_alone] == [
        job(8, 3).recipe.train.accumulate
    ]
    assert not any(part.trains_alone for _, part in parts(job(8, 1).recipe))


def test_an_own_step_is_not_accumulated(tmp_path):
    (tmp_path / "own_accumulation.py").write_text("def step(model, batch, loss, optimizer): ...")
    tree = canonical({**BASE, "train": {"step": "own_accumulation:step", "accumulate": 2}})
    with pytest.raises(CompileError, match="nothing applies: accumulate"):
        compile_recipe(from_tree(tree), tmp_path)
