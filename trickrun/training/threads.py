"""How many threads a job's operations use on a CPU.

It is a rule and never timed, because another number of threads gives other last bits.
"""

from __future__ import annotations

import math
import os
from typing import Literal

import torch
from torch import nn

WORTH_SHARING = 1e8
"""Floating-point operations of a training step from which on all cores share its work.

Handing an operation to a second thread and waiting for it costs tens of microseconds, some hundred
times a step; the arithmetic that it saves must outweigh that. Measured on two cores by
benchmarks/threads.py (RESULTS.md, "Threads").
"""

PER_WEIGHT = 6
"""Operations a weight takes part in, each place and sample: a multiplication and an addition in
forward, and again for the gradients of its input and of itself."""


def thread_count(wanted: int | Literal["auto"], flops: float) -> int:
    """Return the threads for ``train.threads``.

    Args:
        flops: floating-point operations of a training step; see ``step_flops``.
    """
    if wanted != "auto":
        return wanted
    return available() if flops >= WORTH_SHARING else 1


def available() -> int:
    """Return the most threads to use: one a core, or OMP_NUM_THREADS if that is set."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else cores()


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def step_flops(model: nn.Module, x: torch.Tensor, batch_size: int) -> float:
    """Return the floating-point operations of a training step in the layers that have weights.

    What has no weights (activations, attention's products) is left out: it is a small share of all
    but networks so large that all cores are used anyway.

    Args:
        x: a few samples [N, *shape] as the model sees them; it is run on them in evaluation mode.
    """
    uses: list[int] = []

    def count(layer: nn.Module, _: object, output: torch.Tensor | tuple[torch.Tensor, ...]) -> None:
        first = output if isinstance(output, torch.Tensor) else output[0]
        weights = sum(p.numel() for p in layer.parameters(recurse=False) if p.ndim > 1)
        uses.append(weights * places(layer, first.shape))

    hooks = [
        layer.register_forward_hook(count)
        for layer in model.modules()
        if not isinstance(layer, nn.Embedding)
        and any(p.ndim > 1 for p in layer.parameters(recurse=False))
    ]
    model.eval()
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    return float(PER_WEIGHT * sum(uses) * batch_size)


def places(layer: nn.Module, shape: torch.Size) -> int:
    """Return how often a sample uses the layer's weights: the pixels or tokens of its output.

    Args:
        shape: of the output: [N, channels, *size] of a convolution, else [N, *size, features].
    """
    convolution = isinstance(layer, nn.modules.conv._ConvNd)
    return math.prod(shape[2:] if convolution else shape[1:-1])
