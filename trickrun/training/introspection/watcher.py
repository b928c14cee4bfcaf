"""Looks at a training run, every so many steps, that change no bit of it."""

from __future__ import annotations

import math

import torch

from trickrun.errors import CompileError
from trickrun.findings.evidence.run import LayerLook, Look
from trickrun.nn.buffers import undisturbed
from trickrun.nn.precision import widened
from trickrun.training.introspection.layer_pass import Seen, watch
from trickrun.training.introspection.look import Found, before_first_step, find_layers
from trickrun.training.introspection.statistics import SATURATED, by_unit
from trickrun.training.job import Job

SAMPLES = 256
"""Training samples that each look passes through the network, at most."""


class Watcher:
    """Looks at ``job`` before and after each step that is ``due``.

    A look costs about as much as three steps on as many samples: a forward pass, a copy of the
    weights, and a few norms. The samples are the same each time, and it fetches from the device
    once.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.every = job.settings.look_every
        self.samples = job.order(0)[:SAMPLES]
        self.layers = self.find() if self.every > 0 else []
        self.weights: list[list[torch.Tensor]] = []
        self.activations = torch.empty(0)

    def due(self, step: int) -> bool:
        """Return whether to look at training step ``step`` (from 0)."""
        return bool(self.layers) and step % self.every == 0

    def find(self) -> list[Found]:
        """Return the layers with weights; none of a user's network that has no known ones."""
        try:
            return find_layers(self.job, self.samples)
        except CompileError:
            return []

    @torch.no_grad()
    def before(self, step: int) -> None:
        """Look at what the layers put out, and keep their weights."""
        job = self.job
        with undisturbed(job.model), job.autocast():
            before_first_step(job.model)
            job.start_streams(step)
            seen = watch(job.model, job.inputs(job.data.train.x.index_select(0, self.samples)))
        # A user's network may call other layers each time; then its activations stay unknown.
        same = len(seen) == len(self.layers)
        unknown = widened(
            self.samples.new_full((len(self.layers), 3), math.nan, dtype=torch.float32)
        )
        self.activations = torch.stack([described(layer) for layer in seen]) if same else unknown
        self.weights = [[p.detach().clone() for p in layer.parameters] for layer in self.layers]

    @torch.no_grad()
    def after(self, step: int) -> Look:
        """Return the look at training step ``step``, which has been taken."""
        changes = torch.stack(
            [
                torch.stack([norm(old), norm(changed(layer, old)), gradient(layer)])
                for layer, old in zip(self.layers, self.weights, strict=True)
            ]
        )
        numbers = torch.cat([self.activations, changes], dim=1).tolist()
        layers = [
            LayerLook(
                name=layer.name,
                std=std,
                dead_fraction=dead,
                saturated_fraction=saturated,
                gradient_norm=slope if has_gradient(layer) else None,
                update_ratio=change / size if size > 0 else None,
            )
            for layer, (std, dead, saturated, size, change, slope) in zip(
                self.layers, numbers, strict=True
            )
        ]
        return Look(step, tuple(layers))


def described(layer: Seen) -> torch.Tensor:
    """Return a layer's standard deviation, dead and saturated fraction [3]."""
    post = widened(by_unit(layer.post, layer.unit_axis))
    dead = (post == 0).all(0).mean(dtype=torch.float64)
    saturated = post.new_zeros(())
    if layer.range is not None:
        low, high = layer.range
        off = ((post - low) * (2 / (high - low)) - 1).abs().mean(0)
        saturated = (off > SATURATED).mean(dtype=torch.float64)
    return torch.stack([post.std(correction=0), dead, saturated])


def changed(layer: Found, before: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return the change of a layer's weights since ``before``."""
    return [now.detach() - old for now, old in zip(layer.parameters, before, strict=True)]


def has_gradient(layer: Found) -> bool:
    """Return whether the layer's weights have a gradient (a user's own step may have freed it)."""
    return any(p.grad is not None for p in layer.parameters)


def gradient(layer: Found) -> torch.Tensor:
    """Return the norm of the gradient of a layer's weights; 0 if they have none."""
    found = [p.grad for p in layer.parameters if p.grad is not None]
    return norm(found) if found else norm([p.new_zeros(()) for p in layer.parameters])


def norm(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Return the 2-norm of all entries together, in double precision."""
    return widened(torch.nn.utils.get_total_norm(tensors))
