"""Where and how a job computes: device, threads, memory layout, repeatable operations."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch
from torch import nn

from trickrun.data.splits.prepare import Prepared
from trickrun.errors import CompileError
from trickrun.nn.precision import has_float64
from trickrun.recipe.schema import Recipe
from trickrun.training.threads import available, cores, step_flops, thread_count

Network = Callable[[torch.Tensor], torch.Tensor]
"""From inputs [B, *shape] to outputs [B, ..., outputs]."""

SMALL_PASS, LARGE_PASS = 64, 1024
"""Samples of a forward pass without gradients, on a CPU and on a GPU.

Larger ones are no faster on a GPU. On a CPU they are slower, because activations leave the caches
and are fresh memory each time: a pretrained network at 64 pixels answers 690 images a second in
passes of 64, and 190 in passes of 1024, for which it takes 1.8 GB (benchmarks/pass_size.py).
"""


THREADS_PER_CORE, MOST_THREADS = 16, 256
"""Threads that train.threads may ask for: 16 a core, and 256 on any machine, for recipes that were
written for a larger one."""


def pick_device(wanted: str, precision: str = "float32") -> torch.device:
    """Return the device for train.device; auto is CUDA, else MPS if it can train in ``precision``,
    else the CPU.

    Raises CompileError for a device that is not there, or cannot train so.
    """
    available: dict[str, Callable[[], bool]] = {
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
    }
    if wanted == "auto":
        usable = [name for name, is_there in available.items() if is_there()]
        if precision != "float32" and "mps" in usable:
            usable.remove("mps")
        return torch.device(usable[0] if usable else "cpu")
    if wanted in available and not available[wanted]():
        name = wanted.upper()
        raise CompileError(
            f"there is no {name} device here", "train.device", "set it to auto or cpu"
        )
    if wanted == "mps" and precision != "float32":
        raise CompileError(
            f"on MPS networks train in float32 only: {NOT_ON_MPS[precision]}",
            "train.precision",
            "set it to float32, or train.device to cpu",
        )
    return torch.device(wanted)


NOT_ON_MPS = {
    "float64": "its hardware has no float64",
    "bf16": "older systems have no bfloat16 there, and mixed precision on it is untested",
    "fp16": "mixed precision on it is untested",
}
"""Why not, by train.precision."""


def measured_on(recipe: Recipe) -> Recipe:
    """Return the recipe for a job that is measured in float64: on the CPU where its device has no
    such type."""
    if has_float64(pick_device(recipe.train.device, recipe.train.precision)):
        return recipe
    train = recipe.train.model_copy(update={"device": "cpu"})
    return recipe.model_copy(update={"train": train})


def training_type(recipe: Recipe) -> torch.dtype:
    """Return the type of the parameters and of the inputs; mixed precision is float32 too."""
    return torch.float64 if recipe.train.precision == "float64" else torch.float32


def set_determinism(recipe: Recipe, device: torch.device) -> None:
    """Make this process's CUDA operations repeatable bit by bit if the recipe asks for it.

    On a CPU they are so anyway, for one number of threads.
    """
    if recipe.train.deterministic and device.type == "cuda":
        # cuBLAS reads it when it starts (NVIDIA's notes on reproducibility).
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


def channels_last(recipe: Recipe, device: torch.device) -> bool:
    """Return whether images are kept with their channels as the last dimension in memory.

    Convolution and pooling in float32 are 1.2 to 2.2 times as fast so on a CPU (float64 has no such
    kernels), and in half precision on a GPU. Users' and pretrained models may use ``view``, which
    such activations do not allow.
    """
    if not recipe.model.channels_last:
        return False
    half = recipe.train.precision not in ("float32", "float64")
    return half or (device.type == "cpu" and recipe.train.precision == "float32")


def check_threads(recipe: Recipe) -> None:
    """Raise CompileError for so many threads that OpenMP would end the process: each takes
    memory, and the system has no more than some tens of thousands for all programs."""
    wanted, most = recipe.train.threads, max(MOST_THREADS, THREADS_PER_CORE * cores())
    if wanted != "auto" and wanted > most:
        raise CompileError(
            f"{wanted} threads are too many for {cores()} processors",
            "train.threads",
            f"set it to auto, or to at most {most}; more than {cores()} only slow it down",
        )


def set_threads(recipe: Recipe, model: nn.Module, x: torch.Tensor, batch_size: int) -> None:
    """Make this process use as many threads as train.threads says, until another job is compiled.

    Args:
        x: two samples as the model sees them.
    """
    wanted = recipe.train.threads
    flops = step_flops(model, x, batch_size) if wanted == "auto" and available() > 1 else 0.0
    torch.set_num_threads(thread_count(wanted, flops))


def loss_scaler(recipe: Recipe, device: torch.device) -> torch.amp.GradScaler:
    """Return what scales the loss in fp16, whose gradients would vanish below 6e-8; for any other
    precision it does nothing (Micikevicius et al. 2018, arXiv:1710.03740).

    Raises CompileError with sam, whose climb needs a gradient that has not overflowed.
    """
    half, climb = recipe.train.precision == "fp16", recipe.regularizers.climb
    if half and climb is not None:
        raise CompileError(
            f"{climb.kind_name} climbs along the gradient, which overflows at times in fp16",
            "train.precision",
            f"use bf16, or remove {climb.kind_name}",
        )
    return torch.amp.GradScaler(device.type, enabled=half)


def compiled(recipe: Recipe, model: nn.Module) -> Network:
    """Return what training steps call: ``model``, or with train.compile a program made of it.

    The program is made at its first call, which raises CompileError if that fails.
    """
    if not recipe.train.compile:
        return model
    train = recipe.train
    mode = train.compile if isinstance(train.compile, str) else None
    changing = {"batch_ramp": train.batch_ramp, "gradual_unfreezing": train.gradual_unfreezing}
    for name, trick in changing.items():
        if trick is not None:
            raise CompileError(
                f"with {name} the program would be compiled again and again",
                "train.compile",
                f"remove this or train.{name}",
            )
    import torch._dynamo
    from torch._dynamo.exc import TorchDynamoException

    @cache
    def program() -> Network:
        # The programs of earlier jobs count towards a limit, beyond which nothing is compiled.
        torch._dynamo.reset()
        # With dynamic shapes the program that runs would depend on which batches were met before,
        # and a resumed run has met others.
        made: Network = torch.compile(model, dynamic=False, mode=mode)
        return made

    def network(x: torch.Tensor) -> torch.Tensor:
        try:
            return program()(x)
        except TorchDynamoException as error:
            raise CompileError(
                f"torch.compile cannot: {str(error).strip().splitlines()[0]}",
                "train.compile",
                "set it to false; on a CPU it needs a C++ compiler",
            ) from error

    return network


def pass_size(device: torch.device) -> int:
    """Return how many samples a forward pass without gradients takes on ``device``."""
    return SMALL_PASS if device.type == "cpu" else LARGE_PASS


def to_device(data: Prepared, device: torch.device) -> Prepared:
    """Return ``data`` with its splits and statistics on ``device``."""
    parts = {
        name: part.to(device) if part is not None else None
        for name, part in (("train", data.train), ("val", data.val), ("test", data.test))
    }
    train = parts["train"]
    assert train is not None
    return replace(
        data,
        train=train,
        val=parts["val"],
        test=parts["test"],
        scaler=data.scaler.to(device),
        target_scaler=data.target_scaler.to(device),
    )
