"""What is outside of a check stays as it was: random states, and the modules that it copies."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from trickrun.errors import TrickrunError

HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
"""Where a module keeps its hooks."""


@contextmanager
def random_states_kept() -> Iterator[None]:
    """Give the random states of torch, numpy and Python back as they were.

    Within, torch's begins at 0, so that a check says the same each time; and gradients are on.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()
    cuda = torch.cuda.is_initialized()
    devices = list(range(torch.cuda.device_count())) if cuda else []
    try:
        with torch.random.fork_rng(devices=devices), torch.enable_grad():
            torch.manual_seed(0)
            yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)


def copied(module: nn.Module) -> nn.Module:
    """Return a copy of a module without the user's hooks: they may write what the user reads.

    Those of torch itself stay, as weight norm is one. The copy of a compiled or a parallel module
    is a plain one. Tensors that were computed and kept in it are copied by their values.

    Raises TrickrunError if it cannot be copied.
    """
    plain = unwrapped(module)
    name = type(plain).__name__
    if isinstance(plain, torch.jit.ScriptModule):
        hint = "give the plain module that it was made of"
        raise TrickrunError("it is scripted, and its copies cannot be trained", name, hint)
    try:
        found: nn.Module = copy.deepcopy(plain, computed(plain))
    except Exception as error:  # a module may hold anything
        raise TrickrunError(
            f"it cannot be copied: {type(error).__name__}: {error}",
            name,
            "give a function that makes it instead",
        ) from error
    for part in found.modules():
        for place in HOOKS:
            hooks = getattr(part, place)
            for key in [key for key, hook in hooks.items() if not is_torchs(hook)]:
                del hooks[key]
    return found


def unwrapped(module: nn.Module) -> nn.Module:
    """Return the module within a compiled or a parallel one."""
    while True:
        inner = getattr(module, "_orig_mod", None)
        if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = module.module
        if inner is None:
            return module
        module = inner


def computed(module: nn.Module) -> dict[int, Any]:
    """Return copies of the tensors that a module keeps and autograd made, by identity: they have
    no deep copy. So the old weight norm keeps its weight."""
    return {
        id(value): value.detach().clone()
        for part in module.modules()
        for value in vars(part).values()
        if isinstance(value, torch.Tensor) and not value.is_leaf
    }


def is_torchs(hook: object) -> bool:
    """Whether a hook is torch's own."""
    owner = getattr(hook, "__module__", None) or type(hook).__module__
    return str(owner).partition(".")[0] == "torch"
