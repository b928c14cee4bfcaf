"""What sets parameters apart: layer-wise learning rates, decay of weights alone, ledger lines."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.nn.layers import layers
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import set_lr, take_step
from trickrun.tricks.optimizers.adamw import AdamW
from trickrun.tricks.optimizers.sgd import SGD
from trickrun.tricks.updates.layer_decay import LayerDecay

HERE = Path(__file__).parent


class Blocks(nn.Module):
    """A parameter of its own, an embedding, two blocks with norms before them, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(3))
        self.embedding = nn.Embedding(4, 3)
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(4, 1, 4) for _ in range(2))
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 2)


def job(**optimizer: Any) -> Job:
    tree = {
        "data": {"kind": "iris"},
        "model": {"kind": "mlp", "hidden": [6, 5]},
        "normalization": "batch",
        "optimizer": {"kind": "sgd", "lr": 0.1, **optimizer},
    }
    return compile_recipe(from_tree(canonical(tree)), HERE)


def factors(made: Job) -> dict[str, float]:
    """Return each parameter's learning rate in the first step over that of the optimizer."""
    assert set_lr(made, 0, []) == pytest.approx(0.1)
    names = {p: name for name, p in made.model.named_parameters()}
    groups = made.optimizer.param_groups
    return {names[p]: g["lr"] / 0.1 for g in groups for p in g["params"]}


def test_a_block_is_a_layer_and_a_norm_belongs_to_the_one_before():
    found = layers(Blocks())
    assert len(found) == 4
    assert found[0] == ["token", "embedding.weight"]
    assert all(name.startswith("blocks.0.") for name in found[1])
    assert {"norm.weight", "norm.bias"} < set(found[2])
    assert found[3] == ["head.weight", "head.bias"]


def test_lr_falls_from_the_head_to_the_input():
    found = factors(job(layer_decay=0.5))
    assert found == {
        "linear1.weight": 0.25, "norm1.weight": 0.25, "norm1.bias": 0.25,
        "linear2.weight": 0.5, "norm2.weight": 0.5, "norm2.bias": 0.5,
        "head.weight": 1.0, "head.bias": 1.0,
    }  # fmt: skip


def test_patterns_multiply():
    found = factors(job(lr_scale={"linear1.*": 0.1, "*.weight": 0.5, "head.bias": 3.0}))
    assert found["linear1.weight"] == pytest.approx(0.05)
    assert found["norm1.bias"] == 1.0
    assert found["head.bias"] == pytest.approx(3.0)


def test_a_scaled_layer_takes_a_step_as_long_as_its_lr():
    plain, scaled = job(), job(lr_scale={"linear1.*": 0.5})
    start = plain.model.linear1.weight.detach().clone()
    for made in (plain, scaled):
        take_step(made, next(made.batches(0)), 0, [], False)
    moved = [made.model.linear1.weight.detach() - start for made in (plain, scaled)]
    torch.testing.assert_close(moved[1], 0.5 * moved[0])
    assert torch.equal(plain.model.head.weight, scaled.model.head.weight)


def test_a_scale_holds_where_the_schedule_is_absolute():
    schedule = {"kind": "lr_range", "low": 1e-3, "high": 1.0}
    made = job(lr_scale={"linear1.*": 0.5}, schedule=schedule)
    assert set_lr(made, 0, []) == pytest.approx(1e-3)
    rates = {round(group["lr"], 6) for group in made.optimizer.param_groups}
    assert rates == {5e-4, 1e-3}


def test_a_pattern_that_names_nothing_is_an_error():
    with pytest.raises(CompileError, match=r"no parameter of the model is named 'linear9\.\*'"):
        job(lr_scale={"linear9.*": 0.1})


def test_layer_decay_without_a_layer_below_the_head_is_an_error():
    tree = {"data": {"kind": "iris"}, "model": {"kind": "mlp", "hidden": []}}
    optimizer = {"optimizer": {"kind": "sgd", "layer_decay": {"rate": 0.5}}}
    with pytest.raises(CompileError, match="optimizer: layer_decay"):
        compile_recipe(from_tree(canonical(tree | optimizer)), HERE)


def test_decay_of_weights_spares_biases_and_norm_scales():
    made = job(weight_decay=0.5, decay="weights")
    names = {p: name for name, p in made.model.named_parameters()}
    decayed = {
        names[p] for g in made.optimizer.param_groups if g["weight_decay"] > 0 for p in g["params"]
    }
    assert decayed == {"linear1.weight", "linear2.weight", "head.weight"}
    (entry,) = [t for t in made.ledger if t.section == "optimizer"]
    assert (entry.trick, entry.what) == ("weight_decay", "3 weights")


def test_decay_and_layers_are_set_apart_together():
    groups = AdamW(decay="weights", layer_decay=LayerDecay(rate=0.5)).groups(
        nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    )
    settings = [{k: v for k, v in g.items() if k != "params"} for g in groups]
    assert settings == [
        {"lr_scale": 0.5},
        {"lr_scale": 0.5, "weight_decay": 0.0},
        {},
        {"weight_decay": 0.0},
    ]


def test_without_such_settings_there_is_one_group():
    model = Blocks()
    (group,) = SGD(decay="weights").groups(model)
    assert [id(p) for p in group["params"]] == [id(p) for p in model.parameters()]
