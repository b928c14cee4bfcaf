"""The memory that training a network takes, estimated before any of it is taken."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import nn

from trickrun.data.formats.memory import in_words, usable_memory
from trickrun.errors import CompileError, TrickrunError
from trickrun.models import BuiltinModel, NetworkSpec
from trickrun.nn.rng import LayerStreams
from trickrun.params import is_foreign
from trickrun.recipe.schema import Recipe

MARGIN = 1.2
"""Times the free memory that the estimate must be for a refusal: what the system calls free is no
exact figure, and part of the gradients is not there yet while activations are."""


@dataclass(frozen=True)
class Needs:
    """Bytes that training takes, the data aside, which is loaded by then.

    Args:
        weights: of the network.
        gradients: of them.
        state: what the optimizer keeps from step to step.
        activations: what one batch's forward pass keeps for the backward pass.
        samples: of the batch.
    """

    weights: float
    gradients: float = 0
    state: float = 0
    activations: float = 0
    samples: int = 0

    @property
    def total(self) -> float:
        return self.weights + self.gradients + self.state + self.activations

    @property
    def told(self) -> str:
        """The sum, in words."""
        parts = {
            "weights": self.weights,
            "gradients": self.gradients,
            "the optimizer's state": self.state,
            f"activations of {self.samples} samples": self.activations,
        }
        return ", ".join(f"{name} {in_words(size)}" for name, size in parts.items() if size)


def check_memory(recipe: Recipe, spec: NetworkSpec, samples: int) -> None:
    """Raise CompileError if training a built-in network would take far more memory than there is.

    Args:
        samples: of the training split.
    """
    size = recipe.data.batch_size
    batch = samples if size == "full" else min(size, samples)
    room = room_on(torch.device(spec.streams.device))
    needs = estimated(recipe, spec, batch, room)
    if needs.total <= MARGIN * room:
        return
    lower = "lower data.batch_size" if needs.activations > needs.total / 2 else ""
    raise CompileError(
        f"to train this network takes about {in_words(needs.total)} ({needs.told}); "
        f"{in_words(room)} are free",
        "model",
        lower or "make its layers smaller, or fewer",
    )


def room_on(device: torch.device) -> int:
    """Return the bytes that a job on ``device`` can have."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else usable_memory()


def estimated(recipe: Recipe, spec: NetworkSpec, batch: int, room: float = 0) -> Needs:
    """Return what training a built-in network on batches of ``batch`` samples takes; nothing of
    that size is made. What only building it in earnest could tell counts as nothing.

    The weights' size is exact; an infinite one is more than can be counted.

    Args:
        room: bytes; where so many surely hold the activations too, these are left out, as it takes
            a pass to count them.
    """
    model = recipe.model
    if not isinstance(model, BuiltinModel) or is_foreign(model):
        return Needs(0)
    try:
        # Streams of its own: what draws from the others stays as it is.
        with torch.device("meta"):
            made = model.network(replace(spec, streams=LayerStreams(spec.seed)))
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        return Needs(math.inf if "overflow" in str(error).lower() else 0)
    except TrickrunError:
        return Needs(0)  # building it in earnest tells
    precision = recipe.train.precision
    width = 2 if precision == "float64" else 1
    weights = width * sum(w.numel() * w.element_size() for w in made.parameters())
    learned = width * sum(
        w.numel() * w.element_size() for w in made.parameters() if w.requires_grad
    )
    share = 0.5 if precision in ("bf16", "fp16") else width
    needs = Needs(weights, learned, learned * recipe.optimizer.kept_per_weight)
    if needs.total + share * most_activations(made, spec, batch) <= room:
        return needs
    kept = share * kept_for_backward(made, spec, batch)
    return replace(needs, activations=kept, samples=batch)


KEPT_EACH = 4
"""Copies of a layer's output that are kept: by its normalization, activation, and what follows."""


def most_activations(made: nn.Module, spec: NetworkSpec, batch: int) -> float:
    """Return the bytes of float32 activations that a network hardly exceeds, without a pass.

    Each row of each weight makes one number at each place of a sample: a pixel, a step of a
    sequence; and attention relates each place with each other.
    """
    inputs = spec.inputs
    places = (
        prod(inputs[1:]) if len(inputs) == 3 else inputs[0] if spec.tokens else prod(inputs[:-1])
    )
    weights = list(made.parameters())
    rows = sum(weight.shape[0] for weight in weights if weight.dim())
    related = places * len(weights) if len(inputs) < 3 else 0
    return 4.0 * batch * (prod(inputs) + KEPT_EACH * places * (rows + related))


def kept_for_backward(made: nn.Module, spec: NetworkSpec, batch: int) -> float:
    """Return the bytes that a forward pass of a network on the meta device keeps for the backward
    pass, weights aside; 0 if it cannot be made there.

    It is that of evaluation, in which nothing is drawn: the masks of dropout are left out.
    """
    dtype = torch.int64 if spec.tokens is not None else torch.float32
    kept: dict[int, torch.UntypedStorage] = {}
    known = {weight.untyped_storage()._cdata: weight for weight in made.parameters()}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in known:
            kept[storage._cdata] = storage
        return tensor

    made.eval()
    try:
        x = torch.empty(batch, *spec.inputs, dtype=dtype, device="meta")
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            made(x)
    except (RuntimeError, TypeError, ValueError, OverflowError, TrickrunError) as error:
        return math.inf if "overflow" in str(error).lower() else 0
    return sum(storage.nbytes() for storage in kept.values())
