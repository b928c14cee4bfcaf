"""Do the workers of a loader draw the same random numbers?

Each worker of a loader is a copy of the process: a generator that belongs to the data set is copied
with its state, and begins with it again in each worker and each epoch. torch seeds torch, random
and numpy differently in each worker, unless the program's own ``worker_init_fn`` seeds them alike.
"""

from __future__ import annotations

import dis
import random
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset

MOST_PARTS = 50
"""Objects of a data set in which generators are looked for."""

DRAWING = {
    "numpy": {"random"},
    "random": {"random"},
    "torch": {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"},
}
"""Names by which a method draws from the generator that each process has."""

PLAIN = (bool, int, float, complex, str, bytes, torch.Tensor)
"""What has no generator in it."""

TELLING = {"initial_seed", "get_worker_info", "getpid", "time", "time_ns", "urandom", "get_state",
           "getstate", "SeedSequence", "randint"}  # fmt: skip
"""Names by which a function may tell workers apart, without their number."""


def drawn_alike(loader: DataLoader[Any]) -> str:
    """Return why all workers of a loader make the same random numbers, as ``generator`` or
    ``seed``; empty if they do not, or it is not known.

    No sample is made for it: what draws is told from the names in the code of the data set's
    methods, and of those of its transforms.
    """
    if not loader.num_workers or isinstance(loader.dataset, IterableDataset):
        return ""
    # A single worker that lives on draws on.
    if loader.num_workers == 1 and loader.persistent_workers:
        return ""
    held = list(parts_of(loader.dataset))
    begins = loader.worker_init_fn
    if begins is None:
        return "generator" if any(draws_with_its_own(part) for part in held) else ""
    seeded = seeded_alike(begins)
    used = {name for part in held for name in names_in(part)}
    return "seed" if any(used & DRAWING[one] for one in seeded) else ""


def parts_of(data: Any) -> Iterator[Any]:
    """Yield a data set and the objects that it is made of, such as its transforms."""
    waiting, known = [data], 0
    while waiting and known < MOST_PARTS:
        one = waiting.pop(0)
        known += 1
        if isinstance(one, list | tuple):
            waiting += [part for part in one[:MOST_PARTS] if not isinstance(part, PLAIN)]
        elif hasattr(one, "__dict__") and not isinstance(one, type | FunctionType):
            yield one
            waiting += [part for part in vars(one).values() if not isinstance(part, PLAIN)]


def draws_with_its_own(part: Any) -> bool:
    """Whether an object has a random generator and a method that names it."""
    own = {name for name, value in vars(part).items() if is_generator(value)}
    return bool(own & set(names_in(part)))


def is_generator(value: Any) -> bool:
    """Whether something is a generator of random numbers, or a list that holds one."""
    if isinstance(value, list | tuple):
        return any(map(is_generator, value[:MOST_PARTS]))
    numpy = sys.modules.get("numpy")
    kinds: tuple[type, ...] = (torch.Generator, random.Random)
    if numpy is not None:
        kinds += (numpy.random.Generator, numpy.random.RandomState)
    return isinstance(value, kinds)


def names_in(part: Any) -> Iterator[str]:
    """Yield the names in the code of an object's methods, without the one that makes it."""
    # Of methods of one name, the one that is called comes last.
    methods = {
        name: one for kind in reversed(type(part).__mro__) for name, one in vars(kind).items()
    }
    for name, method in methods.items():
        code = getattr(method, "__code__", None)
        if name != "__init__" and isinstance(code, CodeType):
            yield from code.co_names


def seeded_alike(begins: Any) -> set[str]:
    """Return what a ``worker_init_fn`` seeds with a number that is the same for each worker: it
    does not use the worker's own, nor ask for anything that differs."""
    code = getattr(begins, "__code__", None)
    if not isinstance(code, CodeType) or code.co_argcount != 1:
        return set()
    names = {*code.co_names, *code.co_freevars}
    number = code.co_varnames[0]
    used = number in code.co_cellvars or any(
        instruction.opname.startswith("LOAD_FAST") and number in str(instruction.argval)
        for instruction in dis.get_instructions(code)
    )
    if used or names & TELLING:
        return set()
    seeded = {"torch"} if "manual_seed" in names else set()
    if "seed" in names:
        seeded.add("numpy" if names & {"np", "numpy"} else "random")
    return seeded
