"""Do the workers of a loader draw the same random numbers?

Each worker of a loader is a copy of the process: a generator that belongs to the data set is copied
with its state, and begins with it again in each worker and each epoch. torch seeds torch, random
and numpy differently in each worker, unless the program's own ``worker_init_fn`` seeds them alike.
"""

from __future__ import annotations

import copy
import dis
import random
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset, Subset

from trickrun.watching.untouched import untouched

MOST_PARTS = 50
"""Objects of a data set in which generators are looked for."""

PLAIN = (bool, int, float, complex, str, bytes, torch.Tensor)
"""What has no generator in it."""

TELLING = {"initial_seed", "get_worker_info", "getpid", "time", "time_ns", "urandom", "get_state",
           "getstate", "SeedSequence", "randint"}  # fmt: skip
"""Names by which a function may tell workers apart, without their number."""


def drawn_alike(loader: DataLoader[Any]) -> str:
    """Return why all workers of a loader make the same random numbers, as ``generator`` or
    ``seed``; empty if they do not, or it is not known.

    One sample is made of a copy of the data set, and all random states are put back.
    """
    if not loader.num_workers or isinstance(loader.dataset, IterableDataset):
        return ""
    # A single worker that lives on draws on.
    if loader.num_workers == 1 and loader.persistent_workers:
        return ""
    own, begins = list(generators(loader.dataset)), loader.worker_init_fn
    if begins is None:
        draws = own and is_drawn_from(loader.dataset, lambda: [state_of(one) for one in own])
        return "generator" if draws else ""
    seeded = seeded_alike(begins)
    drawn = seeded and is_drawn_from(loader.dataset, lambda: global_states(seeded))
    return "seed" if drawn else ""


def generators(data: Any) -> Iterator[Any]:
    """Yield the random generators that a data set has, also in its transforms."""
    waiting, known = [data], 0
    while waiting and known < MOST_PARTS:
        one = waiting.pop(0)
        known += 1
        if state_of(one) is not None:
            yield one
        elif isinstance(one, Subset):
            waiting.append(one.dataset)
        elif isinstance(one, list | tuple):
            waiting += [part for part in one[:MOST_PARTS] if not isinstance(part, PLAIN)]
        elif hasattr(one, "__dict__") and not isinstance(one, type | torch.Tensor | FunctionType):
            waiting += [part for part in vars(one).values() if not isinstance(part, PLAIN)]


def state_of(one: Any) -> Any:
    """Return a generator's state, which can be compared; None for anything else."""
    numpy = sys.modules.get("numpy")
    if isinstance(one, torch.Generator):
        return bytes(one.get_state().numpy())
    if isinstance(one, random.Random):
        return one.getstate()
    if numpy is not None and isinstance(one, numpy.random.Generator):
        return repr(one.bit_generator.state)
    if numpy is not None and isinstance(one, numpy.random.RandomState):
        return repr(one.get_state(legacy=False))
    return None


def global_states(of: set[str]) -> list[Any]:
    """Return the states of some of the generators that each process has: those of ``torch``,
    ``numpy`` and ``random``."""
    numpy = sys.modules.get("numpy")
    states: dict[str, Callable[[], Any]] = {
        "random": random.getstate,
        "torch": lambda: bytes(torch.default_generator.get_state().numpy()),
        "numpy": lambda: repr(numpy.random.get_state()) if numpy else "",
    }
    return [states[name]() for name in sorted(of)]


def is_drawn_from(data: Any, states: Callable[[], list[Any]]) -> bool:
    """Whether making one sample changes one of several random states."""
    with untouched():
        saved = [(one, copy.deepcopy(one)) for one in generators(data)]
        try:
            before = states()
            copy.copy(data)[0]
            return before != states()
        except Exception:
            # What needs to be in a worker is not asked here.
            return False
        finally:
            for one, kept in saved:
                put_back(one, kept)


def put_back(one: Any, kept: Any) -> None:
    """Give a generator the state of its copy."""
    if isinstance(one, torch.Generator):
        one.set_state(kept.get_state())
    elif isinstance(one, random.Random):
        one.setstate(kept.getstate())
    elif hasattr(one, "bit_generator"):
        one.bit_generator.state = kept.bit_generator.state
    else:
        one.set_state(kept.get_state())


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
