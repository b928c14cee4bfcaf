"""What a process does that may keep torch's compiler out; see test_without_dynamo.py.

    python dynamo_probe.py [own] WHAT

A process of its own, because what is imported stays imported. With ``own`` it is one of trickrun's.
"""

from __future__ import annotations

import re
import sys
import warnings
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.schema import Recipe
from trickrun.training import without_dynamo
from trickrun.training.compile import compile_recipe
from trickrun.training.loop import take_step
from trickrun.tricks.optimizers import OPTIMIZERS

HERE = Path(__file__).parent
STEPS = 3
KINDS = (
    "adadelta",
    "adafactor",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "lion",
    "muon",
    "nadam",
    "radam",
    "rmsprop",
    "sgd",
)


def recipe(optimizer: dict[str, Any], **train: Any) -> Recipe:
    tree = {
        "data": {"kind": "iris", "batch_size": 16},
        "model": {"kind": "mlp", "hidden": [8, 8]},
        "optimizer": optimizer,
        "train": {"steps": STEPS, **train},
    }
    return from_tree(canonical(tree))


def dynamo() -> str:
    return f"dynamo {'torch._dynamo' in sys.modules}"


def train() -> None:
    """Print each optimizer's losses and a sum of its state, to the bit."""
    lookahead = [{"kind": kind, "lookahead": {"k": 2}} for kind in ("adam", "sgd")]
    for optimizer in [*({"kind": kind} for kind in KINDS), *lookahead]:
        job = compile_recipe(recipe(optimizer), HERE)
        batches = job.batches(0)
        losses = [
            float(take_step(job, next(batches), step, [], logged=False).loss).hex()
            for step in range(STEPS)
        ]
        state = job.optimizer.state_dict()
        job.optimizer.load_state_dict(state)
        weights = [float(p.detach().double().sum()).hex() for p in job.model.parameters()]
        count = sum(len(entries) for entries in state["state"].values())
        print(optimizer["kind"], *losses, *weights, count)
    print(torch.is_grad_enabled())
    print(dynamo())


def stack() -> None:
    from trickrun.search.executors.stacked.step import Stack

    for kind in ("adam", "adagrad"):
        jobs = [compile_recipe(recipe({"kind": kind, "lr": lr}), HERE) for lr in (1e-3, 1e-2)]
        of_both = Stack(jobs)
        for step in range(STEPS):
            of_both.take_step(step, [[], []])
    print(dynamo())


def then_compile() -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # torch's compiler uses torch.jit
    job = compile_recipe(recipe({"kind": "adam"}), HERE)
    take_step(job, torch.arange(16), 0, [], logged=False)
    print(f"before: {dynamo()}")
    compile_recipe(recipe({"kind": "adam"}, compile=True), HERE)
    # With the eager backend no C++ compiler is needed; the step is traced, as torch means it to be.
    p, q = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
    traced, plain = torch.optim.Adam([p]), torch.optim.Adam([q])
    for weights, optimizer, step in (
        (p, traced, torch.compile(traced.step, backend="eager")),
        (q, plain, plain.step),
    ):
        for _ in range(STEPS):
            optimizer.zero_grad()
            (weights**2).sum().backward()
            step()
    network = torch.nn.Linear(3, 2)
    same = torch.equal(torch.compile(network, backend="eager")(p), network(p))
    print(f"after: {dynamo()}")
    print("equal" if same and torch.equal(p, q) else "different")


def hooks() -> None:
    """An optimizer built while the compiler is kept out has its hooks after it is let in."""
    without_dynamo.keep_out()
    p = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([p])
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    p.sum().backward()
    optimizer.step()
    before = len(calls)
    without_dynamo.let_in()
    optimizer.step()
    print(f"{before} before, {len(calls)} after")


def users_code() -> None:
    plain = torch.optim.Adam.step
    compile_recipe(recipe({"kind": "adam"}), HERE)
    print("let in" if torch.optim.Adam.step.__wrapped__ is plain else "kept out")
    own = {"kind": "python", "target": "own_parts:optimizer"}
    without_dynamo.suit(recipe(own))
    print("let in" if torch.optim.Adam.step.__wrapped__ is plain else "kept out")


def plug_in() -> None:
    """Print what an installed package's optimizer does, whose step calls that of its base class."""
    module = sys.modules["sign_descent"] = ModuleType("sign_descent")
    page = (HERE.parent / "docs" / "plug-ins.md").read_text(encoding="utf-8")
    exec(re.findall(r"<!-- module -->\n```python\n(.*?)```", page, re.DOTALL)[0], vars(module))
    entry = EntryPoint("sign_descent", "sign_descent:SignDescent", "trickrun.optimizers")
    OPTIMIZERS.plugins[entry.name] = entry
    for more in ({}, {"lookahead": {"k": 2}}):
        compile_recipe(recipe({"kind": "adam"}), HERE)  # keeps the compiler out, if anything does
        job = compile_recipe(recipe({"kind": entry.name, **more}), HERE)
        calls: list[int] = []
        job.optimizer.register_step_post_hook(lambda *_, calls=calls: calls.append(1))
        batches = job.batches(0)
        losses = [
            float(take_step(job, next(batches), step, [], logged=False).loss).hex()
            for step in range(STEPS)
        ]
        weights = [float(p.detach().double().sum()).hex() for p in job.model.parameters()]
        print(len(calls), *losses, *weights)


def base_class() -> None:
    """A subclass outside trickrun has the hooks of a step once, as in plain torch."""
    without_dynamo.keep_out()

    class Steps(torch.optim.SGD):
        def step(self, closure: None = None) -> None:
            super().step()

    p = torch.nn.Parameter(torch.ones(3))
    p.sum().backward()
    calls = []
    for _ in range(2):
        optimizer = Steps([p])
        optimizer.register_step_post_hook(lambda *_: calls.append(1))
        optimizer.step()
        print(len(calls))
        without_dynamo.let_in()


def inherited() -> None:
    """A class without a step of its own (AdamW) has torch's after the compiler is let in."""
    without_dynamo.keep_out()
    p = torch.nn.Parameter(torch.ones(3))
    p.sum().backward()
    optimizer = torch.optim.AdamW([p])
    optimizer.step()
    print(f"before: {dynamo()}")
    without_dynamo.let_in()
    optimizer.step()
    print(f"after: {dynamo()}")


def another_torch() -> None:
    """A wrapper with other code than the one that is known is not replaced."""

    def step(self: Any, closure: Any = None) -> None:
        import torch._dynamo

        torch._dynamo.something_new()

    torch.optim.Adam.step = step
    sgd = torch.optim.SGD.step
    without_dynamo.keep_out()
    left = torch.optim.Adam.step is step and torch.optim.SGD.step is not sgd
    without_dynamo.let_in()
    print("as torch has them" if left and torch.optim.Adam.step is step else "replaced")


if __name__ == "__main__":
    *flags, wanted = sys.argv[1:]
    if "own" in flags:
        without_dynamo.in_own_process()
    probes = (
        train, stack, then_compile, hooks, users_code, plug_in, base_class, inherited,
        another_torch,
    )  # fmt: skip
    {do.__name__: do for do in probes}[wanted]()
