"""Which of the data that entered a loss were no numbers: inputs, targets or weights of samples.

Autograd keeps what an operation needs of its inputs. What it keeps without a gradient of its own
was given from outside: it is data, whatever the program calls it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from trickrun.watching import graph as graphs
from trickrun.watching.graph import Graph, Node

TARGETS = ("_saved_target", "_saved_targets")

JOINING = frozenset({"Cat", "Stack", "Add", "Sub", "Rsub", "Where", "IndexPut", "CopySlices"})
"""Operations that take data beside what has a gradient, and keep neither."""

PASSING = ("Exp", "Tanh", "Sigmoid", "Relu", "LeakyRelu", "Elu", "Gelu", "Silu", "Softplus")
"""Operations that keep their result, which is NaN only where they got NaN."""


@torch.no_grad()
def lost_in(graph: Graph) -> tuple[str, Node] | None:
    """Return where NaN entered a loss with the data, as ``input`` or ``targets``, and the operation
    that got it first; None if it is not known that any did."""
    for node in reversed(graph.nodes):
        for name, kept in tensors_kept(node):
            if not bool(kept.isnan().any()):
                continue
            if kept.grad_fn is None and not kept.requires_grad:
                return ("targets" if name in TARGETS else "input"), node
            result = name in ("_saved_result", "_saved_output")
            if result and graphs.kind_of(node) not in PASSING:
                return None
            return joined(node)
    return None


def joined(node: Node) -> tuple[str, Node] | None:
    """Return where data were joined to what enters a node that got NaN, if all else that lies
    behind it is finite."""
    behind = graphs.nodes_behind(node)[1:]
    values = [one for part in behind for _, one in tensors_kept(part)]
    values += [part.variable for part in behind if hasattr(part, "variable")]
    if any(bool((~one.isfinite()).any()) for one in values):
        return None
    error = graphs.squared_or_absolute(node)
    for part in behind:
        given = any(one is None for one, _ in part.next_functions)
        if given and graphs.kind_of(part) in JOINING:
            return ("targets" if part is error else "input"), part
    return None


def tensors_kept(node: Node) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the floating-point tensors that a node keeps, by autograd's name."""
    for name in dir(node):
        if name.startswith("_saved_"):
            kept = getattr(node, name)
            if not isinstance(kept, torch.Tensor) or kept.layout != torch.strided:
                continue
            if kept.is_floating_point():
                yield name, kept
