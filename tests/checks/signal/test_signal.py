"""signal: it changes no bit of the training, measures what is there, and finds planted faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.checks.signal.measure import find_layers, measure, undisturbed, weight_gradients
from trickrun.checks.signal.signal_check import signal
from trickrun.errors import CompileError
from trickrun.recipe.load import Loaded, load
from trickrun.run.pace import Pace
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import take_step

RECIPES = Path(__file__).parents[3] / "recipes"

NETWORKS = '''
import torch
from torch import nn
from torch.nn import functional


class Drawn(nn.Module):
    """A network that draws from torch's own generator, and keeps a running mean."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.one, self.two = nn.Linear(inputs[0], 8), nn.Linear(8, outputs)
        self.register_buffer("seen", torch.zeros(8))

    def forward(self, x):
        h = functional.dropout(functional.relu(self.one(x)), 0.3, self.training)
        self.seen = 0.9 * self.seen + 0.1 * h.detach().mean(0)
        return self.two(h - self.seen)


class Same(nn.Module):
    """A network without a layer that has weights."""

    def __init__(self, outputs):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(outputs))

    def forward(self, x):
        return x[:, :1] * self.scale


class Half(nn.Module):
    """A network whose first layer is frozen and whose second is called twice."""

    def __init__(self, outputs):
        super().__init__()
        self.one, self.again, self.head = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, outputs)
        self.one.requires_grad_(False)

    def forward(self, x):
        return self.head(self.again(self.again(self.one(x).relu()).relu()).relu())
'''


def recipe(folder: Path, *overrides: str) -> Loaded:
    (folder / "networks.py").write_text(NETWORKS)
    path = folder / "own.yaml"
    path.write_text(
        "data: {kind: iris, batch_size: 32}\nmodel: {kind: mlp, hidden: [8, 8]}\n"
        "optimizer: {kind: adam, lr: 1e-2}\ntrain: {epochs: 20}\n"
    )
    return load(path, overrides)


def compiled(loaded: Loaded) -> Job:
    return compile_recipe(loaded.recipe, loaded.folder)


@pytest.mark.parametrize(
    "overrides",
    [
        (
            "normalization=batch",
            "regularizers.dropout=0.3",
            "augmentation=[{kind: noise, std: 0.1}]",
        ),
        ("model={kind: python, target: 'networks:Drawn'}", "regularizers={l2: 1e-3}"),
    ],
    ids=["batch norm, dropout and noise", "a network that draws and remembers"],
)
def test_looking_changes_no_bit_of_the_training(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    loaded = recipe(tmp_path, *overrides)
    plain, watched = compiled(loaded), compiled(loaded)
    batches = plain.batches(0)
    for step in range(12):
        take_step(plain, next(batches), step, [], logged=False)
    measure(watched, 100, 12, lambda done, total: None)
    expected, found = plain.model.state_dict(), watched.model.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_it_takes_the_steps_asked_for_and_tells_of_them(tmp_path: Path) -> None:
    told: list[float] = []

    @contextmanager
    def phases(what: str, total: float | None = None) -> Iterator[Callable[[float], None]]:
        assert total == 7
        yield told.append

    subject = RecipeSubject(recipe(tmp_path))
    verdict, derived = signal(subject, steps=7, pace=Pace(phases=phases))
    assert told == list(range(1, 8))
    evidence = verdict.series["signal"]
    assert [m["step"] for m in evidence["layers"][0]["moments"]] == [0, 2, 4, 5, 7]
    assert [u["step"] for u in evidence["layers"][0]["updates"]] == list(range(7))
    assert derived.recipe.train.epochs == 20


def test_updates_and_effective_learning_rates_are_those_of_the_optimizer(tmp_path: Path) -> None:
    loaded = recipe(tmp_path, "optimizer={kind: sgd, lr: 0.05}")
    found = measure(compiled(loaded), 100, 3, lambda done, total: None)
    again = compiled(loaded)
    before = dict(again.model.named_parameters())["linear1.weight"].detach().clone()
    take_step(again, next(again.batches(0)), 0, [], logged=False)
    after = dict(again.model.named_parameters())["linear1.weight"].detach()
    first = found.layers[0].updates[0]
    assert first.effective_lr == pytest.approx(0.05, rel=1e-4)
    assert first.change == pytest.approx(float((after - before).norm()), rel=1e-5)
    assert first.ratio == pytest.approx(float((after - before).norm() / before.norm()), rel=1e-5)


def test_adagrads_steps_shrink(tmp_path: Path) -> None:
    loaded = recipe(tmp_path, "optimizer={kind: adagrad, lr: 0.01}")
    found = measure(compiled(loaded), 100, 60, lambda done, total: None)
    for layer in found.layers:
        lrs = [u.effective_lr for u in layer.updates if u.effective_lr is not None]
        assert lrs[-1] < 0.5 * lrs[0]


def test_gradients_leave_the_penalty_out(tmp_path: Path) -> None:
    penalized = compiled(recipe(tmp_path, "regularizers.l2=10.0"))
    plain = compiled(recipe(tmp_path))
    batch = plain.order(0)[:32]
    found = [weight_gradients(job, find_layers(job, batch), batch, 0) for job in (penalized, plain)]
    for left, right in zip(*found, strict=True):
        assert torch.equal(left[0], right[0])


def test_buffers_and_modes_are_put_back(tmp_path: Path) -> None:
    model = compiled(recipe(tmp_path, "normalization=batch")).model
    model.train()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    with undisturbed(model):
        model(torch.randn(9, 4))
        model.eval()
    assert model.training
    assert all(torch.equal(before[name], buffer) for name, buffer in model.named_buffers())


def test_frozen_layers_and_repeated_calls_are_told_apart(tmp_path: Path) -> None:
    loaded = recipe(tmp_path, "model={kind: python, target: 'networks:Half'}")
    verdict, _ = signal(RecipeSubject(loaded), steps=10)
    rows = verdict.result["layers"]
    assert [row["name"] for row in rows] == ["one", "again", "again (call 2)", "head"]
    assert [row["trainable"] for row in rows] == [False, True, True, True]
    assert rows[0]["update_ratio"] == 0.0
    assert rows[0]["gradient_norm"] == 0.0
    assert all(finding.code != "TR45" for finding in verdict.findings)


def test_a_network_without_layers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="no layers with weights"):
        signal(RecipeSubject(recipe(tmp_path, "model={kind: python, target: 'networks:Same'}")))


@pytest.mark.parametrize(
    "name", ["breast-cancer", "diabetes", "digits", "fruit", "iris", "moons", "spiral", "wine"]
)
def test_shipped_recipes_are_healthy(name: str) -> None:
    verdict, _ = signal(RecipeSubject(load(RECIPES / f"{name}.yaml")))
    assert (verdict.verdict, verdict.findings) == ("pass", ())


DEEP = "model.hidden=[64, 64, 64, 64, 64]"


@pytest.mark.parametrize(
    ("overrides", "code", "edit"),
    [
        (("model.activation=tanh", "init={kind: normal, std: 1.0}", DEEP), "TR42", "init"),
        (("init={kind: normal, std: 0.01}", DEEP), "TR23", "init"),
        (("model.activation=sigmoid", DEEP), "TR40", "model.activation"),
        (("init={kind: constant, value: 0.01}",), "TR22", "init"),
        (("init={kind: kaiming_normal, bias: -10.0}",), "TR43", "init"),
        (("optimizer={kind: adam, lr: 1.0}",), "TR43", "optimizer.lr"),
        (("optimizer={kind: sgd, lr: 10.0}",), "TR35", "optimizer.lr"),
        (("optimizer={kind: sgd, lr: 1e-5}",), "TR36", "optimizer.lr"),
        (("data.normalize=none",), "TR44", "data.normalize"),
    ],
)
def test_planted_faults_are_found_first(overrides: tuple[str, ...], code: str, edit: str) -> None:
    loaded = load(RECIPES / "digits.yaml", ["normalization=none", *overrides])
    first = signal(RecipeSubject(loaded))[0].findings[0]
    assert first.code == code
    assert first.edit is not None
    assert list(first.edit) == [edit]


@pytest.mark.parametrize(
    "overrides",
    [
        ("data={kind: synthetic, family: adding}", "model=gru"),
        ("data={kind: synthetic, family: adding}", "model=transformer"),
        ("data.batch_size=4",),
        ("data.batch_size=15",),  # 106 samples: the last batch has one
        ("data.batch_size=15", "data.drop_last=true"),
    ],
)
def test_the_usual_normalization_makes_a_job(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    found = measure(compiled(recipe(tmp_path, *overrides)), 100, 1, lambda done, total: None)
    kind = found.usual_normalization
    assert kind == ("batch" if "data.drop_last=true" in overrides else "layer")
    compiled(recipe(tmp_path, *overrides, f"normalization={kind}"))
