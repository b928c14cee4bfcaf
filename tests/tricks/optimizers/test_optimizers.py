"""Every optimizer against the plain torch one, step for step, and against its formula."""

import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.tricks.optimizers import OPTIMIZERS, Optimizer
from trickrun.tricks.optimizers.adadelta import Adadelta
from trickrun.tricks.optimizers.adafactor import Adafactor
from trickrun.tricks.optimizers.adagrad import Adagrad
from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.optimizers.adamax import Adamax
from trickrun.tricks.optimizers.adamw import AdamW
from trickrun.tricks.optimizers.nadam import NAdam
from trickrun.tricks.optimizers.python import PythonOptimizer
from trickrun.tricks.optimizers.radam import RAdam
from trickrun.tricks.optimizers.rmsprop import RMSprop
from trickrun.tricks.optimizers.sgd import SGD

HERE = Path(__file__).parent

# Ours, the torch class, and its arguments where they are named differently. Values are away from
# every default, so that a parameter that does not reach torch shows.
CASES = [
    (SGD(lr=0.05), torch.optim.SGD, {}),
    (SGD(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.03), torch.optim.SGD, {}),
    (SGD(lr=0.05, momentum=0.8, dampening=0.3), torch.optim.SGD, {}),
    (
        Adagrad(lr=0.05, lr_decay=0.01, initial_accumulator=0.2, eps=1e-3, weight_decay=0.03),
        torch.optim.Adagrad,
        {"initial_accumulator": "initial_accumulator_value"},
    ),
    (Adadelta(lr=0.7, rho=0.8, eps=1e-3, weight_decay=0.03), torch.optim.Adadelta, {}),
    (RMSprop(lr=0.02), torch.optim.RMSprop, {}),
    (
        RMSprop(lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.03, momentum=0.8, centered=True),
        torch.optim.RMSprop,
        {},
    ),
    (
        Adam(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.03, amsgrad=True),
        torch.optim.Adam,
        {},
    ),
    (
        AdamW(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.03, amsgrad=True),
        torch.optim.AdamW,
        {},
    ),
    (
        NAdam(
            lr=0.02,
            betas=(0.8, 0.95),
            eps=1e-3,
            weight_decay=0.03,
            momentum_decay=0.1,
            decoupled=True,
        ),
        torch.optim.NAdam,
        {"decoupled": "decoupled_weight_decay"},
    ),
    (NAdam(lr=0.02, weight_decay=0.03), torch.optim.NAdam, {"decoupled": "decoupled_weight_decay"}),
    (
        RAdam(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.03, decoupled=True),
        torch.optim.RAdam,
        {"decoupled": "decoupled_weight_decay"},
    ),
    (RAdam(lr=0.02, weight_decay=0.03), torch.optim.RAdam, {"decoupled": "decoupled_weight_decay"}),
    (Adamax(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.03), torch.optim.Adamax, {}),
]
OURS_ALONE = {"kind", "bias_correction", "form", "decay"} | Optimizer.model_fields.keys() - {"lr"}


def parameters() -> list[torch.nn.Parameter]:
    draws = torch.Generator().manual_seed(1)
    shapes = [(5, 3), (5,), (2, 2, 3)]
    return [
        torch.nn.Parameter(torch.randn(s, generator=draws, dtype=torch.float64)) for s in shapes
    ]


def gradients(step: int, params: list[torch.nn.Parameter]) -> None:
    draws = torch.Generator().manual_seed(100 + step)
    for p in params:
        p.grad = torch.randn(p.shape, generator=draws, dtype=p.dtype)


def path(optimizer: torch.optim.Optimizer, params: list[torch.nn.Parameter]) -> torch.Tensor:
    """Return all parameters [20, total] after each of 20 steps."""
    states = []
    for step in range(20):
        gradients(step, params)
        optimizer.step()
        states.append(torch.cat([p.detach().flatten() for p in params]))
    return torch.stack(states)


def own_fields(params: Optimizer) -> dict[str, object]:
    names = type(params).model_fields.keys() - OURS_ALONE
    return {name: getattr(params, name) for name in names}


@pytest.mark.parametrize(("ours", "theirs", "renamed"), CASES, ids=lambda case: str(case)[:60])
def test_equals_plain_torch_step_for_step(ours, theirs, renamed):
    arguments = {renamed.get(name, name): value for name, value in own_fields(ours).items()}
    mine, reference = parameters(), parameters()
    got = path(ours.build([{"params": mine}], HERE), mine)
    # The plain form: one tensor after another, neither fused nor foreach.
    want = path(theirs(reference, **arguments, foreach=False), reference)
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-12)


KINDS = [SGD, Adagrad, Adadelta, RMSprop, Adam, AdamW, NAdam, RAdam, Adamax]


@pytest.mark.parametrize("kind", KINDS)
def test_the_cases_move_every_parameter_from_its_default(kind):
    moved = {
        name
        for ours, _, _ in CASES
        if type(ours) is kind
        for name, value in own_fields(ours).items()
        if value != kind.model_fields[name].default
    }
    assert moved == kind.model_fields.keys() - OURS_ALONE


def test_adafactor_equals_plain_torch():
    ours = Adafactor(lr=0.3, beta2_decay=-0.6, eps=0.01, d=1.5, weight_decay=0.03)
    mine, reference = parameters(), parameters()
    theirs = torch.optim.Adafactor(
        reference, lr=0.3, beta2_decay=-0.6, eps=(None, 0.01), d=1.5, weight_decay=0.03
    )
    got, want = path(ours.build([{"params": mine}], HERE), mine), path(theirs, reference)
    assert torch.equal(got, want)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_without_bias_correction_is_the_formula(amsgrad):
    b1, b2, lr, eps = 0.9, 0.99, 0.02, 1e-6
    params = parameters()
    adam = Adam(lr=lr, betas=(b1, b2), eps=eps, amsgrad=amsgrad, bias_correction=False)
    start = torch.cat([p.detach().flatten() for p in params])
    got = path(adam.build([{"params": params}], HERE), params)

    w, m, v = start.clone(), torch.zeros_like(start), torch.zeros_like(start)
    largest = torch.zeros_like(start)
    for step in range(20):
        gradients(step, params)
        g = torch.cat([p.grad.flatten() for p in params])
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        largest = torch.maximum(largest, v)
        w = w - lr * m / ((largest if amsgrad else v).sqrt() + eps)
        torch.testing.assert_close(got[step], w, rtol=1e-10, atol=1e-12)


def test_an_uncorrected_adam_resumes_bitwise():
    adam = Adam(lr=0.02, bias_correction=False)
    whole, halves = parameters(), parameters()
    straight = path(adam.build([{"params": whole}], HERE), whole)

    first = adam.build([{"params": halves}], HERE)
    for step in range(10):
        gradients(step, halves)
        first.step()
    second = adam.build([{"params": halves}], HERE)
    second.load_state_dict(first.state_dict())
    for step in range(10, 20):
        gradients(step, halves)
        second.step()
    assert torch.equal(torch.cat([p.detach().flatten() for p in halves]), straight[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_float64_states_resume_bitwise(kind):
    whole, halves = parameters(), parameters()
    straight = path(kind().build([{"params": whole}], HERE), whole)
    first = kind().build([{"params": halves}], HERE)
    for step in range(10):
        gradients(step, halves)
        first.step()
    second = kind().build([{"params": halves}], HERE)
    second.load_state_dict(first.state_dict())
    for step in range(10, 20):
        gradients(step, halves)
        second.step()
    assert torch.equal(torch.cat([p.detach().flatten() for p in halves]), straight[-1])


def test_python_optimizer_gets_parameters_lr_and_args(tmp_path):
    (tmp_path / "mine_opt.py").write_text(
        textwrap.dedent(
            """
            import torch

            def build(params, lr, momentum):
                assert all(isinstance(p, torch.Tensor) for p in params)
                return torch.optim.SGD(params, lr=lr, momentum=momentum)

            def nothing(params, lr):
                return None
            """
        )
    )
    params = parameters()
    python = PythonOptimizer(target="mine_opt:build", args={"momentum": 0.8}, lr=0.05)
    reference = parameters()
    want = path(torch.optim.SGD(reference, lr=0.05, momentum=0.8, foreach=False), reference)
    assert torch.equal(path(python.build([{"params": params}], tmp_path), params), want)

    with pytest.raises(CompileError, match=r"NoneType, not a torch\.optim\.Optimizer"):
        PythonOptimizer(target="mine_opt:nothing").build([{"params": params}], tmp_path)
    with pytest.raises(CompileError, match="momentum"):
        PythonOptimizer(target="mine_opt:build").build([{"params": params}], tmp_path)


def test_python_optimizer_keeps_groups_that_differ(tmp_path):
    (tmp_path / "grouped_opt.py").write_text("from torch.optim import SGD as build\n")
    params = parameters()
    groups = [{"params": params[:1], "weight_decay": 0.5}, {"params": params[1:]}]
    built = PythonOptimizer(target="grouped_opt:build").build(groups, tmp_path)
    assert [group["weight_decay"] for group in built.param_groups] == [0.5, 0]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        *[(kind, {}) for kind in OPTIMIZERS.files if kind != "python"],
        ("adam", {"amsgrad": True}),
        ("adamw", {"amsgrad": True}),
        ("sgd", {"momentum": 0.9}),
        ("sgd", {"momentum": 0.9, "form": "classical"}),
        ("rmsprop", {"momentum": 0.9, "centered": True}),
        ("adam", {"lookahead": {}}),
    ],
)
def test_what_is_kept_for_each_weight(kind: str, more: dict[str, Any], tmp_path: Path) -> None:
    # The last layer is left out: muon trains it as adamw does.
    layers = torch.nn.Sequential(torch.nn.Linear(40, 30), torch.nn.Linear(30, 2))
    params = OPTIMIZERS[kind].model_validate({"kind": kind, **more})
    assert isinstance(params, Optimizer)
    optimizer = params.over(params.groups(layers), tmp_path)
    layers(torch.ones(2, 40)).sum().backward()
    optimizer.step()
    kept = filter(torch.is_tensor, optimizer.state[layers[0].weight].values())
    assert params.kept_per_weight == sum(tensor.numel() for tensor in kept) // (40 * 30)
