"""Tensors that get gradients, and that no optimizer and no model has.

A tensor that is made for each batch, as an input whose gradient is wanted, is another one in each
look. What stays the same tensor with the same values is a weight that nobody trains, or data.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import torch
from torch import nn

from trickrun.watching import graph as graphs
from trickrun.watching.graph import Graph
from trickrun.watching.models import Call
from trickrun.watching.tensors import outputs_of

MOST = 200_000
"""Entries of a tensor whose values are kept."""

MOST_TENSORS = 64

LOOKS = 3
"""Looks in which a tensor must have been there with the same values."""

READING = frozenset({*graphs.CHOOSING, "Slice", "Select", "Cat", "Stack", "Unbind", "Split"})
"""Operations that take batches out of data, or put coordinates together."""


@dataclass
class Loose:
    """A tensor that nobody has."""

    tensor: weakref.ref[torch.Tensor]
    first: torch.Tensor
    name: str
    looks: int = 0
    moved: bool = False


@dataclass
class Unregistered:
    """The tensors of one program that get gradients and have no owner."""

    known: dict[int, Loose] = field(default_factory=dict)
    data: set[int] = field(default_factory=set)

    @torch.no_grad()
    def look(
        self, graph: Graph, calls: list[Call], rows: set[int], owned: Callable[[torch.Tensor], bool]
    ) -> None:
        """Take note of the leaves of a looked-at pass.

        Args:
            rows: sizes that the axis of the samples may have; empty if they are not known.
            owned: whether an optimizer has, or had, a tensor.
        """
        leaves = [
            one
            for one in graph.leaves
            if not isinstance(one, nn.Parameter) and one.numel() <= MOST and not owned(one)
        ]
        if not leaves:
            return
        names = {id(one): name for call in calls for name, one in tensors_of(call.module)}
        data = set(map(id, given_to(calls))) | set(map(id, read_from(graph)))
        for leaf in leaves:
            name = names.get(id(leaf), "")
            sample = leaf.ndim > 0 and (not rows or leaf.shape[0] in rows)
            if id(leaf) in data or (not name and sample):
                self.known.pop(id(leaf), None)
            else:
                self.seen(leaf, name)

    def seen(self, leaf: torch.Tensor, name: str) -> None:
        """Take note of one of them."""
        one = self.known.get(id(leaf))
        if one is None or one.tensor() is not leaf:
            if len(self.known) >= MOST_TENSORS:
                return
            one = self.known[id(leaf)] = Loose(weakref.ref(leaf), leaf.detach().clone(), name)
        one.looks += 1
        one.moved = one.moved or not torch.equal(leaf, one.first)

    def told(self, owned: Callable[[torch.Tensor], bool]) -> tuple[str, ...]:
        """Return the names, or the shapes, of those that stay."""
        return tuple(
            one.name or str(list(one.first.shape))
            for one in self.known.values()
            if one.looks >= LOOKS and not one.moved
            if (tensor := one.tensor()) is None or not owned(tensor)
        )


def tensors_of(module: nn.Module | None) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors that are plain attributes of a model or its parts, alone or in a list."""
    for name, part in module.named_modules() if module is not None else ():
        for attribute, value in vars(part).items():
            before = f"{name}.{attribute}" if name else attribute
            several = isinstance(value, list | tuple)
            for number, one in enumerate(value if several else [value]):
                if isinstance(one, torch.Tensor):
                    yield f"{before}[{number}]" if several else before, one


def given_to(calls: list[Call]) -> Iterator[torch.Tensor]:
    """Yield the leaves that models were called with, or that what they were called with was made
    of."""
    for call in calls:
        for one in outputs_of([call.given, call.named]):
            if one.requires_grad:
                yield from graphs.read(one).leaves if one.grad_fn is not None else (one,)


def read_from(graph: Graph) -> Iterable[torch.Tensor]:
    """Yield the leaves that a batch is taken out of."""
    for node in graph.nodes:
        if graphs.kind_of(node) in READING:
            for further in graphs.inputs_of(node):
                if hasattr(further, "variable"):
                    yield further.variable
