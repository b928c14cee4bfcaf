"""The layers of a job, and one look at what they do with its training samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.nn.buffers import undisturbed
from trickrun.nn.layers import weights
from trickrun.training.introspection.layer_pass import Seen, watch
from trickrun.training.introspection.statistics import Statistics
from trickrun.training.job import Job


@dataclass(frozen=True)
class Found:
    """What the first look says about a layer that does not change.

    Args:
        name: the module's; from the second call of one module on, with the call's number.
    """

    name: str
    seen: Seen
    weight_std: float

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [weight for _, weight in weights(self.seen.layer)]


def find_layers(job: Job, indices: torch.Tensor) -> list[Found]:
    """Return the layers with weights in the order in which a forward pass calls them."""
    with undisturbed(job.model), torch.no_grad():
        before_first_step(job.model)
        job.start_streams(0)
        found = watch(job.model, job.inputs(job.data.train.x.index_select(0, indices[:8])))
    if not found:
        raise CompileError("it has no layers with weights to look at", "model")
    calls: dict[str, int] = {}
    layers = []
    for layer in found:
        calls[layer.name] = calls.get(layer.name, 0) + 1
        again = f" (call {calls[layer.name]})" if calls[layer.name] > 1 else ""
        spread = max(float(weight.detach().std(correction=0)) for _, weight in weights(layer.layer))
        layers.append(Found(f"{layer.name or type(layer.layer).__name__}{again}", layer, spread))
    return layers


def before_first_step(model: nn.Module) -> None:
    """Set ``model`` to evaluation, but its batch norms to the statistics of the batch."""
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.train()


@torch.no_grad()
def look(job: Job, indices: torch.Tensor, step: int) -> list[Statistics]:
    """Return the statistics of each layer over the samples ``indices``, in batches as in training.

    Dropout and augmentation do not act; batch norm uses the batches' statistics.
    """
    statistics: list[Statistics] = []
    with undisturbed(job.model):
        before_first_step(job.model)
        job.start_streams(step)
        for batch in indices.split(job.batch_size):
            if len(batch) == 1 and statistics:
                continue  # one sample has no batch statistics
            with job.autocast():
                layers = watch(job.model, job.inputs(job.data.train.x.index_select(0, batch)))
            statistics = statistics or [Statistics() for _ in layers]
            if len(layers) != len(statistics):
                raise CompileError(
                    f"one batch passes {len(statistics)} layers, another {len(layers)}",
                    "model",
                    "signal needs a network that calls the same layers each time",
                )
            for of_layer, layer in zip(statistics, layers, strict=True):
                of_layer.add(layer)
    return statistics


def norm(tensors: Sequence[torch.Tensor]) -> float:
    """Return the 2-norm of all entries together."""
    return math.sqrt(sum(float(t.double().square().sum()) for t in tensors))
