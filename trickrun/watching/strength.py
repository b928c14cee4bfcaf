"""How strongly a loss is regularized: what dropout leaves out, and penalties on the weights."""

from __future__ import annotations

import torch

from trickrun.watching import graph as graphs
from trickrun.watching.graph import Graph, Node

MOST_NOISE = 1_000_000
"""Entries up to which numbers are looked at to tell whether they are those of dropout."""

PENALIZING = frozenset({"Pow", "Abs", "Mul", "LinalgVectorNorm", "Norm"})
"""Operations that a penalty makes of weights."""


@torch.no_grad()
def noise_of(node: Node) -> torch.Tensor | None:
    """Return the factors of dropout on a CPU: zeros and one other number; None if it is none."""
    if graphs.kind_of(node) != "Mul" or len(graphs.inputs_of(node)) != 1:
        return None
    kept = (getattr(node, name, None) for name in ("_saved_other", "_saved_self"))
    noise = next((one for one in kept if isinstance(one, torch.Tensor) and one.ndim > 1), None)
    if noise is None or noise.numel() > MOST_NOISE or noise.is_complex():
        return None
    largest = noise.max()
    return noise if bool(largest > 1) and bool(((noise == 0) | (noise == largest)).all()) else None


def dropped(graph: Graph) -> float:
    """Return the largest share that dropout leaves out on the way to a loss."""
    noises = (noise for node in graph.nodes if (noise := noise_of(node)) is not None)
    return max((1 - 1 / float(noise.max()) for noise in noises), default=0.0)


def is_penalized(graph: Graph) -> bool:
    """Whether matrices are squared, or their sizes taken, on the way to a loss."""
    return any(graphs.kind_of(node) in PENALIZING and is_of_weights(node) for node in graph.nodes)


def is_of_weights(node: Node) -> bool:
    """Whether an operation gets a matrix of weights, and nothing else that has a gradient."""
    given = graphs.inputs_of(node)
    leaves = [getattr(one, "variable", None) for one in given]
    return bool(given) and all(one is not None and one.ndim >= 2 for one in leaves)
