from __future__ import annotations

import pytest
import torch
from torch import nn

from trickrun.recipe.load import load
from trickrun.reporting.plan import layer_table, plan, sample_shape
from trickrun.training.compile import compile_recipe


@pytest.fixture
def compiled(tmp_path):
    """Compile a recipe for digits with this model and optimizer."""

    def job(model: str, optimizer: str = "adam", code: str = ""):
        (tmp_path / "planned.py").write_text(code)
        text = f"data: {{kind: digits, batch_size: 50}}\nmodel: {model}\noptimizer: {optimizer}\n"
        (tmp_path / "r.yaml").write_text(text + "train: {epochs: 2, device: cpu}\n")
        loaded = load(tmp_path / "r.yaml")
        return compile_recipe(loaded.recipe, loaded.folder)

    return job


def test_layers_and_counts(compiled):
    found = plan(compiled("{kind: mlp, hidden: [20]}"))
    assert [(row["kind"], row["output"], row["parameters"]) for row in found["layers"]] == [
        ("Flatten", [64], 0),
        ("Linear", [20], 64 * 20 + 20),
        ("ReLU", [20], 0),
        ("Linear", [10], 20 * 10 + 10),
    ]
    assert found["parameters"] == 1510
    assert found["inputs"] == [1, 8, 8]
    assert found["samples"] == {"train": 1257, "val": 270, "test": 270}
    assert (found["steps"], found["steps_per_epoch"]) == (52, 26)


def test_memory_is_what_a_step_leaves(compiled):
    needed = plan(compiled("{kind: mlp, hidden: [20]}"))["memory_bytes"]
    assert needed["parameters"] == needed["gradients"] == needed["best_weights"] == 1510 * 4
    assert needed["data"] == 1797 * (64 + 8)
    # Two moments a parameter, and a step counter for each of the four.
    assert needed["optimizer"] == 2 * 1510 * 4 + 4 * 4
    # At least the input and both layers' outputs; at most as much again for the loss and ReLU.
    floats = 50 * (64 + 20 + 10) * 4
    assert floats <= needed["activations"] <= 2 * floats
    assert needed["total"] == sum(v for k, v in needed.items() if k != "total")


def test_an_average_of_the_weights_takes_room(compiled):
    averaged = "{kind: mlp, hidden: [20]}\nregularizers: {ema: 0.9}"
    assert plan(compiled(averaged))["memory_bytes"]["averaged_weights"] == 1510 * 4


def test_plain_sgd_keeps_nothing(compiled):
    assert plan(compiled("{kind: mlp, hidden: [4]}", "sgd"))["memory_bytes"]["optimizer"] == 0


ODD = """
import torch
from torch import nn

class Odd(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.first = nn.Linear(64, 64)
        self.again = nn.Linear(64, 64)
        self.again.weight = self.first.weight
        self.unused = nn.Linear(5, 5)
        self.rnn = nn.GRU(64, 8, batch_first=True)
        self.head = nn.Linear(8, outputs)

    def forward(self, x):
        x = self.again(self.first(x.flatten(1))) * self.scale.sum()
        return self.head(self.rnn(x.unsqueeze(1))[0][:, -1])
"""


def test_own_shared_and_unused_parameters_are_all_counted_once(compiled):
    job = compiled("{kind: python, target: planned:Odd}", code=ODD)
    rows = {row["name"]: row for row in layer_table(job)}
    total = sum(p.numel() for p in job.model.parameters())
    assert sum(row["parameters"] for row in rows.values()) == total
    assert rows["first"]["parameters"] == 64 * 64 + 64
    assert rows["again"]["parameters"] == 64
    assert rows["unused"] == {
        "name": "unused",
        "kind": "Linear",
        "output": None,
        "parameters": 30,
    }
    assert rows[""]["parameters"] == 3
    assert rows["rnn"]["output"] == [1, 8]


def test_hooks_do_not_stay(compiled):
    job = compiled("{kind: mlp, hidden: [4]}")
    layer_table(job)
    assert not any(module._forward_hooks for module in job.model.modules())


def test_sample_shape():
    assert sample_shape(torch.zeros(2, 3, 4)) == [3, 4]
    assert sample_shape((torch.zeros(2, 5), None)) == [5]
    assert sample_shape(()) is None
    assert sample_shape(nn.Identity()) is None
