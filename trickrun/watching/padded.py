"""The last place of sequences that were padded: of all but the longest ones it is padding."""

from __future__ import annotations

from typing import Any

import torch

from trickrun.findings.evidence.program import Operation
from trickrun.watching import graph as graphs
from trickrun.watching.graph import Graph, Node

MOST = 64
"""Padded tensors that are kept until the next look."""


class Padded:
    """What ``pad_packed_sequence`` has returned, by what autograd made it of."""

    def __init__(self) -> None:
        self.made: dict[Node, int] = {}

    def add(self, output: Any, batch_first: bool) -> None:
        """Keep sequences of several lengths."""
        if not returned(output):
            return
        values, lengths = output
        if values.grad_fn is None or len(self.made) >= MOST:
            return
        if int(lengths.min()) < int(lengths.max()):
            self.made[values.grad_fn] = 1 if batch_first else 0

    def forget(self) -> None:
        """Let go of all: a backward pass begins, or a look is over."""
        self.made = {}

    def last_places(self, graph: Graph) -> tuple[Operation, ...]:
        """Return the operations of a graph that take the last place along the axis of time."""
        return tuple(graphs.operation(node) for node in graph.nodes if self.is_last(node))

    def is_last(self, node: Node) -> bool:
        """Whether a node chooses the last place of padded sequences."""
        if not self.made or graphs.kind_of(node) != "Select":
            return False
        inner = graphs.inputs_of(node)
        source = inner[0] if inner else None
        while source is not None and source not in self.made:
            same = graphs.kind_of(source) in ("Slice", "Alias")
            source = next(iter(graphs.inputs_of(source)), None) if same else None
        if source is None:
            return False
        sizes = node._saved_self_sym_sizes
        axis = graphs.signed(node._saved_dim) % len(sizes)
        place = graphs.signed(node._saved_index) % int(sizes[axis])
        return axis == self.made[source] and place == int(sizes[axis]) - 1


def returned(output: Any) -> bool:
    """Whether a call has returned padded sequences and their lengths."""
    return (
        isinstance(output, tuple)
        and len(output) == 2
        and all(isinstance(one, torch.Tensor) for one in output)
    )
