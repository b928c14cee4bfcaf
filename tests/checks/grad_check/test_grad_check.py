"""grad-check: right gradients pass, planted faults are found and placed, kinks do not count."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trickrun.checks.grad_check.gradient_check import grad_check
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.errors import CompileError
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import load
from trickrun.tricks.regularizers.l2 import L2

RECIPES = Path(__file__).parents[3] / "recipes"

SHIPPED = ("breast-cancer", "diabetes", "digits", "fruit", "iris", "moons", "spiral", "wine")

NETWORKS = '''
import random
import torch
from torch import nn
from torch.nn import functional


class Faulty(torch.autograd.Function):
    """tanh whose backward multiplies by a factor, or forgets what tanh does."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(x)
        ctx.factor = factor
        return x.tanh()

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (1 - x.tanh() ** 2) * ctx.factor, None


class OneEntry(torch.autograd.Function):
    """A linear map whose backward forgets one entry of the weight."""

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        by_weight = gradient.T @ x
        by_weight[1, 2] = 0
        return gradient @ weight, by_weight


class Net(nn.Module):
    def __init__(self, outputs, way, factor=1.0):
        super().__init__()
        self.first = nn.Linear(4, 8, bias=False)
        self.second = nn.Linear(8, 8)
        self.head = nn.Linear(8, outputs)
        self.way = way
        self.factor = factor
        if way == "unused":
            self.forgotten = nn.Linear(8, 8)

    def forward(self, x):
        first = self.first(x)
        if self.way == "one entry":
            first = OneEntry.apply(x, self.first.weight)
        h = Faulty.apply(self.second(first.tanh()), self.factor)
        if self.way == "axis":
            h = h.softmax(0)
        elif self.way == "reshape":
            h = h.T.reshape(h.shape)
        elif self.way == "drop":
            h = functional.dropout(h, 0.5, training=True)
        elif self.way == "chance":
            h = h * random.random()
        elif self.way == "dead":
            h = functional.relu(h - 10)
        elif self.way == "detached":
            h = h.detach()
        return self.head(h)


def net(outputs, way="", factor=1.0):
    return Net(outputs, way, factor)


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def right_loss(prediction, target):
    return functional.cross_entropy(prediction, target)


def single_loss(prediction, target):
    wanted = functional.one_hot(target, prediction.shape[1]).float()
    loss = functional.binary_cross_entropy_with_logits(prediction, wanted, reduction="none")
    return loss.to(dtype=torch.float32).sum(1)


def wrong_single_loss(prediction, target):
    return single_loss(Doubled.apply(prediction), target)


class Words(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.words = nn.Embedding(9, 4, padding_idx=0)
        self.head = nn.Linear(4, outputs)

    def forward(self, x):
        return self.head(self.words(x.round().long()).sum(1).tanh())


def wrong_loss(prediction, target):
    return functional.cross_entropy(Doubled.apply(prediction), target, reduction="none")


def mixed_loss(prediction, target):
    return functional.nll_loss(prediction.log_softmax(0), target, reduction="none")


def broadcast_loss(prediction, target):
    return (prediction.squeeze(1) - target).square().mean()
'''


@pytest.fixture
def check(tmp_path: Path):
    """Check a recipe on iris, with the networks above beside it."""
    (tmp_path / "networks.py").write_text(NETWORKS)
    path = tmp_path / "own.yaml"
    path.write_text("data: {kind: iris}\nmodel: {kind: mlp, hidden: [8], activation: tanh}\n")

    def run(*overrides: str, **options: object) -> Verdict:
        return grad_check(RecipeSubject(load(path, overrides)), **options)[0]  # type: ignore[arg-type]

    return run


def own(way: str = "", factor: float = 1.0) -> str:
    return (
        f"model={{kind: python, target: 'networks:net', args: {{way: {way!r}, factor: {factor}}}}}"
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_networks_are_right(name: str) -> None:
    found, derived = grad_check(RecipeSubject(load(RECIPES / f"{name}.yaml")))
    assert found.verdict == "pass"
    assert found.result["max_relative_error"] < 1e-6
    assert derived.recipe.train.precision == "float64"
    assert derived.recipe.regularizers.dropout is None


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "gelu", "silu", "softplus", "elu"])
@pytest.mark.parametrize(
    "normalization", ["none", "batch", "layer", "{kind: group, groups: 2}", "rms"]
)
def test_smooth_networks_are_right_to_a_millionth(check, activation, normalization) -> None:
    found = check(f"model.activation={activation}", f"normalization={normalization}")
    assert found.result["max_relative_error"] < 1e-6
    assert all(row["kinks"] == 0 for row in found.result["parameters"])


def test_each_loss_is_right(check) -> None:
    for loss in ("cross_entropy", "mse", "mae", "huber", "hinge"):
        assert check(f"loss={loss}").verdict == "pass"


def test_python_parts_that_are_right_pass(check) -> None:
    found = check(own(), "loss={kind: python, target: 'networks:right_loss'}")
    assert found.verdict == "pass"
    assert found.result["max_relative_error"] < 1e-6


def test_padding_has_no_gradient_on_purpose(check) -> None:
    words = "model={kind: python, target: 'networks:Words'}"
    found = check(words, "data.normalize=none")
    assert found.result["max_relative_error"] < 1e-6
    assert found.verdict == "pass"


def test_code_that_converts_to_float32_is_checked_in_float64(check) -> None:
    found = check(own(), "loss={kind: python, target: 'networks:single_loss'}")
    assert found.verdict == "pass"
    assert found.result["max_relative_error"] < 1e-6
    found = check(own(), "loss={kind: python, target: 'networks:wrong_single_loss'}")
    assert (found.findings[0].code, found.findings[0].where) == ("TR34", "loss")


@pytest.mark.parametrize(
    ("factor", "code", "severity"),
    [
        (1.5, "TR34", "error"),
        (0.0, "TR34", "error"),
        (-1.0, "TR33", "error"),
        (1.001, "TR34", "warning"),
    ],
)
def test_a_wrong_backward_is_found_and_placed(check, factor, code, severity) -> None:
    found = check(own(factor=factor))
    finding = found.findings[0]
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.where == "second.bias"
    assert finding.evidence["right_after"] == ["head.weight", "head.bias"]
    assert found.verdict == ("fail" if severity == "error" else "warn")


def test_one_wrong_entry_among_many_is_found(check) -> None:
    found = check(own("one entry"), coordinates=2)
    assert [finding.code for finding in found.findings] == ["TR34"]
    assert found.findings[0].evidence["parameters"] == ["first.weight"]


def test_a_wrong_loss_is_named(check) -> None:
    found = check(own(), "loss={kind: python, target: 'networks:wrong_loss'}")
    assert (found.findings[0].code, found.findings[0].where) == ("TR34", "loss")


def test_a_wrong_penalty_is_found_though_the_loss_drowns_it(
    check, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = check("regularizers.l2=1e-7")
    assert [row["of"] for row in right.result["parameters"]].count("penalty") == 2
    assert right.result["max_relative_error"] < 1e-6

    def wrong(self: L2, parameters):
        stopped = parameters[0].detach()
        return self.lambda_ * (parameters[1].square().sum() + (stopped * parameters[0]).sum())

    monkeypatch.setattr(L2, "penalty", wrong)
    (finding,) = check("regularizers.l2=1e-7").findings
    assert (finding.code, finding.where) == ("TR34", "regularizers")
    assert finding.evidence["relative_error"] == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("way", ["axis", "reshape"])
def test_samples_that_mix_in_the_model_are_found(check, way) -> None:
    found = check(own(way))
    assert [finding.code for finding in found.findings] == ["TR32"]
    assert found.findings[0].where == "head"
    assert found.result["max_relative_error"] < 1e-6


def test_samples_that_mix_in_the_loss_are_found(check) -> None:
    found = check(own(), "loss={kind: python, target: 'networks:mixed_loss'}")
    assert [(f.code, f.where) for f in found.findings] == [("TR32", "loss")]


def test_a_broadcast_target_mixes_samples(check) -> None:
    loss = "loss={kind: python, target: 'networks:broadcast_loss'}"
    found = check("data={kind: synthetic, family: sine}", loss)
    assert [(f.code, f.where) for f in found.findings] == [("TR32", "loss")]


def test_batch_norm_mixes_samples_rightly(check) -> None:
    assert check("normalization=batch").verdict == "pass"


def test_parameters_without_effect_are_named(check) -> None:
    (finding,) = check(own("unused")).findings
    assert finding.code == "TR45"
    assert finding.evidence["parameters"] == ["forgotten.weight", "forgotten.bias"]
    names = check(own("detached")).findings[0].evidence["parameters"]
    assert names == ["first.weight", "second.weight", "second.bias"]


def test_dead_units_leave_parameters_without_gradient(check) -> None:
    (finding,) = check(own("dead")).findings
    assert (finding.code, finding.name) == ("TR45", "Parameters without gradient")
    assert "second.weight" in finding.evidence["parameters"]
    assert "head.bias" not in finding.evidence["parameters"]


def test_a_head_that_starts_at_zero_is_no_fault(check) -> None:
    assert check("init={kind: kaiming_normal, head: zeros}").verdict == "pass"
    assert check("init=zeros").findings[0].code == "TR45"


def test_dropout_in_a_users_forward_draws_the_same_each_time(check) -> None:
    assert check(own("drop")).verdict == "pass"


def test_a_forward_that_python_draws_for_is_refused(check) -> None:
    with pytest.raises(CompileError, match="the same samples give a loss of"):
        check(own("chance"))


def test_kinks_do_not_count_but_are_told(check) -> None:
    # Biases and weights of 0 put every hidden unit of a ReLU network right on its kink.
    found = check("model.activation=relu", "init={kind: zeros, head: {kind: normal, std: 1.0}}")
    assert sum(row["kinks"] for row in found.result["parameters"]) > 0
    assert all(finding.code != "TR34" for finding in found.findings)


def test_the_sweep_is_a_u(check) -> None:
    curve = check(h_sweep=True).result["h_sweep"]
    errors = {point["h"]: point["error"] for point in curve}
    steps = sorted(errors)
    best = min(errors, key=errors.__getitem__)
    assert 1e-7 < best < 1e-3
    assert errors[steps[0]] > 1e3 * errors[best]
    assert errors[steps[-1]] > 1e3 * errors[best]


def test_the_parameters_end_as_they_were(check, monkeypatch: pytest.MonkeyPatch) -> None:
    from trickrun.checks import recipe_subject as module

    seen: list[dict[str, torch.Tensor]] = []
    compiled = module.compile_to_measure

    def spy(*arguments: object):
        job = compiled(*arguments)  # type: ignore[arg-type]
        seen.append({n: p.detach().clone() for n, p in job.model.named_parameters()})
        seen.append(dict(job.model.named_parameters()))
        return job

    monkeypatch.setattr(module, "compile_to_measure", spy)
    check(h_sweep=True)
    before, after = seen
    assert all(torch.equal(before[name], after[name]) for name in before)
