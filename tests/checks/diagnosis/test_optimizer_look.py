"""A user's optimizer, right in many ways and wrong in each that is looked for."""

from __future__ import annotations

import pytest

from trickrun.checks.diagnosis.diagnosis_check import diagnose
from trickrun.checks.diagnosis.optimizer_look import look_at_optimizer
from trickrun.findings.rules.user_code.optimizer import optimizer_findings
from trickrun.training.compile import compile_recipe

OPTIMIZERS = """
import copy

import torch
from torch.optim import Optimizer


# Changes a weight by a function of it, its gradient, the lr and its state.
class Rule(Optimizer):
    def __init__(self, params, lr, change, **kept):
        super().__init__(params, {"lr": lr, **kept})
        self.change = change

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.add_(self.change(p, p.grad, group["lr"], self.state[p]))


def rule(change):
    return lambda params, lr: Rule(params, lr, change)


def counted(state):
    state["calls"] = state.get("calls", 0) + 1
    return state["calls"]


def momentum(params, lr, momentum=0.9):
    def change(p, g, lr, state):
        state["v"] = momentum * state.get("v", 0.0) + g
        return -lr * state["v"]
    return Rule(params, lr, change)


def adam(params, lr, sign=-1.0):
    def change(p, g, lr, state):
        calls = counted(state)
        state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
        state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * g * g
        m, v = state["m"] / (1 - 0.9**calls), state["v"] / (1 - 0.999**calls)
        return sign * lr * m / (v.sqrt() + 1e-8)
    return Rule(params, lr, change)


def rmsprop(p, g, lr, state):
    state["v"] = 0.99 * state.get("v", 0.0) + 0.01 * g * g
    return -lr * g / (state["v"].sqrt() + 1e-8)


def adagrad(p, g, lr, state):
    state["v"] = state.get("v", 0.0) + g * g
    return -lr * g / (state["v"].sqrt() + 1e-10)


def warmed(p, g, lr, state):
    return -lr * min(1.0, (counted(state) - 1) / 50) * g


def each_fourth(p, g, lr, state):
    calls, state["sum"] = counted(state), state.get("sum", 0.0) + g
    if calls % 4:
        return torch.zeros_like(p)
    return -lr * state.pop("sum") / 4


def noisy(p, g, lr, state):
    return -lr * (g + 0.1 * torch.randn_like(g))


def trust_ratio(p, g, lr, state):
    return -lr * 0.01 * p.norm().clamp(min=0.1) / g.norm().clamp(min=1e-12) * g


def orthogonal(p, g, lr, state):
    if g.ndim != 2:
        return -lr * g.sign()
    u, _, v = torch.linalg.svd(g, full_matrices=False)
    return -lr * u @ v


def grows_its_steps(p, g, lr, state):
    return -1e-9 * 3.0 ** counted(state) * lr * g


def divides_without_eps(p, g, lr, state):
    state["v"] = state.get("v", 0.0) + g * g
    return -lr * g / state["v"].sqrt()


rules = {
    "sgd": rule(lambda p, g, lr, state: -lr * g),
    "sign": rule(lambda p, g, lr, state: -lr * g.sign()),
    "decoupled": rule(lambda p, g, lr, state: -lr * (g + 0.01 * p)),
    "rmsprop": rule(rmsprop),
    "adagrad": rule(adagrad),
    "warmed": rule(warmed),
    "each fourth": rule(each_fourth),
    "noisy": rule(noisy),
    "clips": rule(lambda p, g, lr, state: -lr * g / g.norm().clamp(min=0.01) * 0.01),
    "trust ratio": rule(trust_ratio),
    "orthogonal": rule(orthogonal),
    "grows its steps": rule(grows_its_steps),
    "unit sphere": rule(lambda p, g, lr, state: (p - lr * g) / (p - lr * g).norm() - p),
    "adam": adam,
    "momentum": momentum,
    "climbs": rule(lambda p, g, lr, state: lr * g),
    "adam climbs": lambda params, lr: adam(params, lr, sign=1.0),
    "momentum climbs": rule(
        lambda p, g, lr, s: lr * s.setdefault("v", torch.zeros_like(g)).mul_(0.9).add_(g)
    ),
    "biases climb": rule(lambda p, g, lr, state: (lr if g.ndim == 1 else -lr) * g),
    "no sign": rule(lambda p, g, lr, state: -lr * g.abs()),
    "no gradient": rule(lambda p, g, lr, state: -lr * torch.ones_like(p)),
    "own lr": rule(lambda p, g, lr, state: -1e-4 * g),
    "huge": rule(lambda p, g, lr, state: -1e5 * lr * g),
    "tiny": rule(lambda p, g, lr, state: -1e-5 * lr * g),
    "decays": rule(lambda p, g, lr, state: -lr * g - 0.05 * p),
    "grows": rule(lambda p, g, lr, state: -lr * (g - 0.5 * p)),
    "no eps": rule(divides_without_eps),
    "nan": rule(lambda p, g, lr, state: -lr * g * (-g.abs() - 1).sqrt()),
    "nan for some signs": rule(lambda p, g, lr, state: -lr * g.sum().sqrt() * g),
    "head only": lambda params, lr: torch.optim.SGD(list(params)[-2:], lr=lr),
    "a copy": lambda params, lr: torch.optim.SGD(copy.deepcopy(list(params)), lr=lr),
    "built-in with closure": lambda params, lr: torch.optim.LBFGS(params, lr=lr),
}


def make(params, lr, rule):
    return rules[rule](params, lr)


def of_torch(params, lr, rule, **args):
    return getattr(torch.optim, rule)(params, lr=lr, **args)


def with_a_fixed_lr(params, lr):
    return Rule(params, lr, lambda p, g, _, state: -lr * g)
"""


@pytest.fixture
def own(make, tmp_path):
    """Load a recipe with one of the optimizers above."""
    (tmp_path / "steps.py").write_text(OPTIMIZERS)

    def loaded(rule: str, *changes: str):
        given = f"{{kind: python, lr: 0.05, target: 'steps:make', args: {{rule: '{rule}'}}}}"
        return make(f"optimizer={given}", *changes)

    return loaded


def measured(loaded):
    return look_at_optimizer(compile_recipe(loaded.recipe, loaded.folder))


RIGHT = [
    "sgd", "sign", "decoupled", "rmsprop", "adagrad", "warmed", "each fourth", "noisy", "clips",
    "trust ratio", "orthogonal", "grows its steps", "unit sphere", "adam", "momentum",
    "built-in with closure",
]  # fmt: skip


@pytest.mark.parametrize("rule", RIGHT)
def test_a_right_optimizer_is_left_in_peace(own, rule):
    assert optimizer_findings(measured(own(rule))) == []


@pytest.mark.parametrize(
    ("name", "lr", "args"),
    [
        ("SGD", 0.1, "momentum: 0.9, nesterov: true, weight_decay: 5e-4"),
        ("SGD", 0.1, "momentum: 0.99, dampening: 0.9"),
        ("Adam", 1e-3, "weight_decay: 1e-2"),
        ("AdamW", 1e-3, "weight_decay: 0.1"),
        ("NAdam", 1e-3, ""),
        ("RAdam", 1e-3, ""),
        ("Adamax", 2e-3, ""),
        ("Rprop", 1e-2, ""),
        ("RMSprop", 1e-3, "momentum: 0.9, centered: true"),
        ("Adagrad", 1e-2, ""),
        ("Adadelta", 1.0, ""),
        ("ASGD", 1e-2, ""),
        ("Adafactor", 1e-2, ""),
        ("LBFGS", 1.0, ""),
        ("LBFGS", 1.0, "line_search_fn: strong_wolfe"),
    ],
)
def test_the_optimizers_of_torch_are_left_in_peace(own, name, lr, args):
    changes = "optimizer.target=steps:of_torch", f"optimizer.lr={lr}"
    loaded = own(name, *changes, f"optimizer.args={{{args}}}")
    assert optimizer_findings(measured(loaded)) == []


@pytest.mark.parametrize(
    ("rule", "code", "kind"),
    [
        ("climbs", "TR33", "sgd"),
        ("momentum climbs", "TR33", "sgd"),
        ("adam climbs", "TR33", "adam"),
        ("biases climb", "TR33", "sgd"),
        ("no sign", "TR95", "sgd"),
        ("no gradient", "TR95", "adam"),
        ("own lr", "TR95", "sgd"),
        ("huge", "TR95", "sgd"),
        ("tiny", "TR95", "sgd"),
        ("decays", "TR50", "sgd"),
        ("grows", "TR95", "sgd"),
        ("nan", "TR95", None),
        ("nan for some signs", "TR95", None),
        ("head only", "TR45", "sgd"),
        ("a copy", "TR45", None),
    ],
)
def test_each_mistake_is_named_and_a_built_in_rule_of_its_sort_mends_it(own, rule, code, kind):
    (found,) = optimizer_findings(measured(own(rule)))
    assert (found.code, found.severity, found.where) == (code, "error", "steps:make")
    edit = {"optimizer": {"kind": kind, "lr": 0.05}} if kind else None
    assert found.edit == edit


def test_a_division_by_zero_is_told_from_other_numbers_that_are_not_finite(own):
    blind = "data.zero_inputs=true"  # the first layer's weights get a gradient of exactly 0
    assert measured(own("no eps", blind)).broken == "zeros"
    assert measured(own("nan")).broken == "any"


def test_a_schedule_that_the_step_does_not_read_is_worth_a_word(own):
    fixed = "optimizer.target=steps:with_a_fixed_lr", "optimizer.args=null"
    assert optimizer_findings(measured(own("sgd", *fixed))) == []
    (found,) = optimizer_findings(measured(own("sgd", *fixed, "optimizer.schedule=cosine")))
    assert (found.code, found.severity) == ("TR95", "warning")
    assert found.edit["optimizer"]["schedule"] == {"kind": "cosine"}


def test_only_a_head_may_train_where_weights_have_learned_before(own):
    assert measured(own("head only")).learned is False
    assert measured(own("head only", "model={kind: python, target: 'mine:Net'}")).learned is None


def test_a_step_of_ones_own_gets_no_other_optimizer(own):
    (found,) = optimizer_findings(measured(own("climbs", "train.step={target: 'mine:step'}")))
    assert found.edit is None


def test_a_look_leaves_the_weights_where_they_are(own):
    loaded = own("adam")
    looked_at, fresh = (compile_recipe(loaded.recipe, loaded.folder) for _ in range(2))
    look_at_optimizer(looked_at)
    pairs = zip(looked_at.model.parameters(), fresh.model.parameters(), strict=True)
    assert all(a.equal(b) for a, b in pairs)


def test_an_optimizer_that_climbs_comes_first_and_is_proved_by_its_built_in_twin(own):
    verdict, _ = diagnose(own("climbs"), confirm=True)
    first = verdict.findings[0]
    assert (first.code, first.where, first.severity) == ("TR33", "steps:make", "error")
    assert first.confirmed["after"] > first.confirmed["before"] + 0.3
