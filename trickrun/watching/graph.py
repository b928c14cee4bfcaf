"""Reads the graph that autograd has built behind a loss: its loss operations, what they are fed
with, activations, and the parameters that it reaches.

The graph says what is differentiated, whatever a program calls: functions, methods or modules. It
is read before the backward pass frees it, and reading changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from trickrun.findings.evidence.program import (
    Activity,
    LossTerm,
    NonFinite,
    Operation,
    Targets,
)
from trickrun.nn.precision import widened
from trickrun.watching.places import place_in

MOST_NODES = 20_000
"""Nodes of a graph that are read: a long recurrent network has more, all alike."""

MOST_ACTIVITIES = 64

LOSSES = frozenset(
    {
        "NllLoss",
        "NllLoss2D",
        "BinaryCrossEntropy",
        "BinaryCrossEntropyWithLogits",
        "MseLoss",
        "SmoothL1Loss",
        "HuberLoss",
        "KlDiv",
        "MultiMargin",
        "MultilabelMarginLoss",
        "SoftMarginLoss",
    }
)
"""Operations of autograd that are a loss by themselves."""

SHAPING = frozenset(
    {
        "View",
        "UnsafeView",
        "ReshapeAlias",
        "Squeeze",
        "Unsqueeze",
        "Expand",
        "Transpose",
        "Permute",
        "T",
        "Clone",
        "ToCopy",
        "Slice",
        "Select",
        "Alias",
        "AsStrided",
        "Detach",
        "Split",
        "SplitWithSizes",
        "Unbind",
        "Narrow",
        "Contiguous",
    }
)
"""Operations that change the shape or the type of what they get, and no value."""

SCALING = frozenset({"Mul", "Div", "Add", "Sub", "Neg", "Mean", "Sum", "Stack", "Cat", *SHAPING})
"""Operations between a loss and what backward is called on: weights, sums, means."""

NORMALIZING = frozenset({"Softmax", "LogSoftmax"})

RANGES = {"Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0)}

RECTIFIED = frozenset({"Relu", "Threshold"})

SATURATED = 0.85
"""Mean distance from the middle of the range, as a share of half of it: TheDeepChecker's bound."""

REDUCTIONS = {0: "none", 1: "mean", 2: "sum"}

CLASSES = 1000
"""Largest number of classes that are counted."""

Node = Any


def kind_of(node: Node) -> str:
    """Return a node's name without autograd's ending."""
    name = str(node.name()).rsplit("::", 1)[-1]
    head, found, _ = name.partition("Backward")
    return head if found else name


def shape_of(node: Node) -> tuple[int, ...]:
    """Return the shape of a node's first output; () if autograd does not tell it."""
    described = getattr(node, "_input_metadata", None)
    return tuple(int(size) for size in described[0].shape) if described else ()


def place_of_node(node: Node) -> Any:
    """Return the line that called the operation, where anomaly mode recorded it."""
    frames = node.metadata.get("traceback_")
    return place_in(frames) if isinstance(frames, list) else None


def operation(node: Node) -> Operation:
    """Return what a node is, with its line."""
    shape, dim = shape_of(node), None
    if kind_of(node) in NORMALIZING:
        # Autograd keeps the axis as an unsigned number.
        dim = signed(node._saved_dim) % max(len(shape), 1)
    return Operation(kind_of(node), shape, place_of_node(node), dim)


def signed(number: int) -> int:
    """Return a 64-bit number that was kept without its sign."""
    return number - 2**64 if number >= 2**63 else number


@dataclass(frozen=True)
class Graph:
    """What lies behind a loss.

    Args:
        nodes: in breadth-first order, the loss's own first.
        leaves: the tensors that get a gradient.
    """

    nodes: tuple[Node, ...]
    leaves: tuple[torch.Tensor, ...]


def read(loss: torch.Tensor) -> Graph:
    """Return the graph behind ``loss``, up to MOST_NODES."""
    if loss.grad_fn is None:
        return Graph((), ())
    nodes: list[Node] = [loss.grad_fn]
    known = {loss.grad_fn}
    leaves: list[torch.Tensor] = []
    for node in nodes:
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        for further, _ in node.next_functions:
            if further is not None and further not in known and len(nodes) < MOST_NODES:
                known.add(further)
                nodes.append(further)
    return Graph(tuple(nodes), tuple(leaves))


def terms(loss: torch.Tensor) -> list[LossTerm]:
    """Return the loss operations that ``loss`` is made of, with what they are fed with."""
    found: list[LossTerm] = []
    waiting: list[tuple[Node, bool]] = [(loss.grad_fn, False)] if loss.grad_fn is not None else []
    known = {node for node, _ in waiting}
    while waiting:
        node, weighted = waiting.pop(0)
        kind = kind_of(node)
        if kind in LOSSES:
            found.append(term(node, weighted))
        elif (difference := squared_or_absolute(node)) is not None:
            found.append(own_term(node, difference, weighted))
        elif kind in SCALING:
            further = [one for one, _ in node.next_functions if one is not None]
            weighted = weighted or kind in ("Mul", "Div")
            waiting.extend((one, weighted) for one in further if one not in known)
            known.update(further)
    return found


def is_negated(loss: torch.Tensor) -> bool:
    """Whether a loss of torch's own was given the other sign, as a whole."""
    node, negated = loss.grad_fn, False
    while node is not None and kind_of(node) in ("Neg", "Mul", "Mean", "Sum", *SHAPING):
        if kind_of(node) == "Neg":
            negated = not negated
        factor = getattr(node, "_saved_other", None)
        if isinstance(factor, torch.Tensor) and factor.ndim == 0 and float(factor) < 0:
            negated = not negated
        further = [one for one, _ in node.next_functions if one is not None]
        node = further[0] if len(further) == 1 else None
    return negated and node is not None and kind_of(node) in LOSSES


def squared_or_absolute(node: Node) -> Node | None:
    """Return the subtraction that is squared or made positive here: an error written by hand."""
    kind = kind_of(node)
    inner = [one for one, _ in node.next_functions if one is not None]
    squares = kind == "Mul" and len(inner) == 2 and inner[0] is inner[1]
    if kind in ("Pow", "Abs") or squares:
        while inner and kind_of(inner[0]) in SHAPING:
            inner = [one for one, _ in inner[0].next_functions if one is not None]
        if inner and kind_of(inner[0]) in ("Sub", "Rsub"):
            return inner[0]
    return None


def term(node: Node, weighted: bool) -> LossTerm:
    """Return a loss operation of torch's own."""
    behind, prediction = chain(node.next_functions[0][0])
    compared = getattr(node, "_saved_self", None)
    targets = getattr(node, "_saved_target", None)
    reduction = getattr(node, "_saved_reduction", None)
    return LossTerm(
        operation(node),
        behind,
        prediction,
        described(targets) if isinstance(targets, torch.Tensor) else None,
        REDUCTIONS.get(reduction, "") if reduction is not None else "",
        tuple(compared.shape) if isinstance(compared, torch.Tensor) else (),
        weighted,
    )


def own_term(node: Node, difference: Node, weighted: bool) -> LossTerm:
    """Return a squared or absolute difference that the program wrote itself.

    Its own shape is that of the difference: larger than the predictions' where something was
    broadcast.
    """
    # Of two inputs the one that has a gradient is the prediction.
    inputs = [one for one, _ in difference.next_functions if one is not None]
    behind, prediction = chain(inputs[0]) if inputs else ((), ())
    shape = shape_of(difference)
    whole = Operation("Difference", shape, place_of_node(difference))
    return LossTerm(whole, behind, prediction, compared=shape, weighted=weighted)


def chain(node: Node) -> tuple[tuple[Operation, ...], tuple[int, ...]]:
    """Return the operations that lead to ``node``, the last first, up to the first one that has
    weights of its own, and the shape of the predictions before any was broadcast."""
    behind: list[Operation] = []
    prediction: tuple[int, ...] = ()
    while node is not None and len(behind) < 4:
        kind = kind_of(node)
        if kind not in SHAPING:
            behind.append(operation(node))
        # What is broadcast was smaller before.
        if kind != "Expand" and not prediction:
            prediction = shape_of(node)
        further = [one for one, _ in node.next_functions if one is not None]
        # A bias or a weight is a leaf; what has two inputs is no chain any more.
        if kind not in SHAPING and len(further) != 1:
            break
        node = further[0] if further else None
    return tuple(behind), prediction


def described(targets: torch.Tensor) -> Targets | None:
    """Return what targets are like; None if there are none."""
    if targets.numel() == 0:
        return None
    values = targets.detach()
    low, high = float(values.min()), float(values.max())
    counts: tuple[int, ...] = ()
    whole = not values.is_floating_point() and not values.is_complex()
    if whole and low >= 0 and high < CLASSES:
        counts = tuple(torch.bincount(values.flatten().long()).tolist())
    return Targets(str(values.dtype).removeprefix("torch."), tuple(values.shape), low, high, counts)


def activities(graph: Graph) -> list[Activity]:
    """Return what the activation functions put out, in the order of the forward pass."""
    found = [
        one
        for node in graph.nodes
        if kind_of(node) in RECTIFIED or kind_of(node) in RANGES
        if (one := activity(node)) is not None
    ]
    return found[::-1][:MOST_ACTIVITIES]


@torch.no_grad()
def activity(node: Node) -> Activity | None:
    """Return what an activation put out; None if autograd does not keep it."""
    result = getattr(node, "_saved_result", None)
    if not isinstance(result, torch.Tensor) or result.ndim < 2 or result.numel() == 0:
        return None
    values = result.detach()
    # Units of images are channels on the second axis; of sequences features on the last one.
    units = values.movedim(1, -1) if values.ndim == 4 else values
    units = units.reshape(-1, units.shape[-1])
    kind = kind_of(node)
    dead = saturated = 0.0
    if kind in RECTIFIED:
        dead = float(widened((units == 0).all(0)).mean())
    else:
        low, high = RANGES[kind]
        off = ((units - low) * (2 / (high - low)) - 1).abs().mean(0)
        saturated = float(widened(off > SATURATED).mean())
    return Activity(operation(node), len(units), units.shape[1], dead, saturated)


def mixing(graph: Graph) -> list[Operation]:
    """Return the softmax operations over the axis of the samples, of outputs [samples, classes]."""
    return [
        found
        for node in graph.nodes
        if kind_of(node) in NORMALIZING
        if (found := operation(node)).dim == 0 and len(found.shape) == 2 and found.shape[0] > 1
    ]


UNDEFINED: dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor], str]] = {
    "Log": ("_saved_self", lambda x: (x <= 0).any(), "the smallest number it got is {low:.3g}"),
    "Log2": ("_saved_self", lambda x: (x <= 0).any(), "the smallest number it got is {low:.3g}"),
    "Log10": ("_saved_self", lambda x: (x <= 0).any(), "the smallest number it got is {low:.3g}"),
    "Log1P": ("_saved_self", lambda x: (x <= -1).any(), "the smallest number it got is {low:.3g}"),
    "Div": ("_saved_other", lambda x: (x == 0).any(), "it divided by 0"),
    "Reciprocal": ("_saved_result", lambda x: ~x.isfinite().all(), "it divided by 0"),
    "Exp": ("_saved_result", lambda x: ~x.isfinite().all(), "its result is too large"),
    "Sqrt": ("_saved_result", lambda x: ~x.isfinite().all(), "it got a negative number"),
    "Rsqrt": ("_saved_result", lambda x: ~x.isfinite().all(), "it got 0 or less"),
    "Pow": ("_saved_self", lambda x: ~x.isfinite().all(), "its result is too large"),
}
"""Operations that make something that is no number out of numbers: what autograd keeps of them,
when that has happened, and the words for it."""


@torch.no_grad()
def where_it_arose(graph: Graph, step: int, value: float) -> NonFinite:
    """Return what made a loss that is no number: a weight, an input, or an operation."""
    said = str(value)
    if any(not bool(leaf.isfinite().all()) for leaf in graph.leaves):
        return NonFinite(step, said, "weights")
    # The deepest operation comes first in time.
    for node in reversed(graph.nodes):
        known = UNDEFINED.get(kind_of(node))
        kept = getattr(node, known[0], None) if known else None
        if known and isinstance(kept, torch.Tensor) and bool(known[1](kept)):
            detail = known[2].format(low=float(kept.min()) if kept.numel() else math.nan)
            return NonFinite(step, said, "operation", operation(node), detail)
    return NonFinite(step, said)
