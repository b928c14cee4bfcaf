"""Layers that follow each other without anything in between that bends: together they are one.

Read from the graph that autograd has built. A layer counts as straight where whatever its output
goes into first is another layer's product with weights, on every way to the loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from trickrun.findings.evidence.program import Straight
from trickrun.watching import graph as graphs
from trickrun.watching import strength
from trickrun.watching.graph import Graph, Node

PRODUCTS = frozenset({"Addmm", "Mm", "Bmm", "Baddbmm", "Convolution", "Linear"})

KEEPING = graphs.UNCHANGING | {
    "Neg",
    "Mean",
    "Sum",
    "Cat",
    "Stack",
    "NativeDropout",
    "NativeBatchNorm",
    "AvgPool2D",
    "AdaptiveAvgPool2D",
    "MkldnnAdaptiveAvgPool2D",
    "ConstantPadNd",
}
"""Operations that are linear in all that they get."""

COMPOSITE = (nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention)
"""Modules with several weights each, whose parts are straight on purpose."""


@dataclass(frozen=True)
class Layer:
    """A product with weights.

    Args:
        node: the product.
        weight: what it is with.
        width: features that it puts out.
    """

    node: Node
    weight: torch.Tensor
    width: int


def straight(graph: Graph, modules: Iterable[nn.Module]) -> Straight | None:
    """Return how many of the layers before the last ones are straight; None without any.

    Args:
        modules: the models that ran.
    """
    own = {
        id(parameter)
        for module in modules
        for part in module.modules()
        if isinstance(part, COMPOSITE)
        for parameter in part.parameters()
    }
    layers = {
        node: layer
        for node in graph.nodes
        if (layer := layer_of(node)) is not None and id(layer.weight) not in own
    }
    consumers: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        for one in graphs.inputs_of(node):
            consumers.setdefault(one, []).append(node)
    bent = {
        id(layer.weight) for layer in layers.values() if not goes_straight(layer, consumers, layers)
    }
    found = [layer for layer in layers.values() if id(layer.weight) not in bent]
    if not found:
        return None
    hidden = len({id(layer.weight) for layer in layers.values()}) - 1
    # The last in breadth-first order is the first that was called.
    first = graphs.operation(found[-1].node)
    return Straight(len({id(layer.weight) for layer in found}), hidden, first)


def layer_of(node: Node) -> Layer | None:
    """Return the layer that a node is; None if it is no product with weights, or one in groups."""
    kind, shape = graphs.kind_of(node), graphs.shape_of(node)
    if kind not in PRODUCTS or not shape:
        return None
    if kind == "Convolution" and node._saved_groups != 1:
        return None
    weights = [
        leaf.variable
        for one in graphs.inputs_of(node)
        if hasattr(leaf := graphs.shaped(one), "variable") and leaf.variable.ndim >= 2
    ]
    if len(weights) != 1:
        return None
    return Layer(node, weights[0], shape[1] if kind == "Convolution" else shape[-1])


def goes_straight(
    layer: Layer, consumers: dict[Node, list[Node]], layers: dict[Node, Layer]
) -> bool:
    """Whether the output of a layer goes into other layers only, by linear operations. A narrow
    layer between wide ones is a factor of a matrix, on purpose."""
    waiting, known, ends = list(consumers.get(layer.node, ())), set(), []
    while waiting:
        node = waiting.pop()
        if node in known:
            continue
        known.add(node)
        if node in layers:
            ends.append(layers[node])
        elif not keeps(node) or node not in consumers:
            return False
        else:
            waiting += consumers[node]
    entering = layer.weight.numel() // layer.width
    return bool(ends) and all(layer.width >= min(entering, end.width) for end in ends)


def keeps(node: Node) -> bool:
    """Whether an operation is linear in what it gets."""
    kind, inputs = graphs.kind_of(node), graphs.inputs_of(node)
    if kind in ("Add", "Sub", "Rsub"):
        # What has no gradient may be made of the other, as in a straight-through estimator.
        return len(inputs) == 2
    if kind in ("Mul", "Div"):
        # A factor for each entry may be made of it, as in a ReLU that is written by hand.
        return len(inputs) == 1 and not is_for_each(node)
    if kind in ("Mm", "Bmm"):
        return len(inputs) == 1
    return kind in KEEPING


def is_for_each(node: Node) -> bool:
    """Whether a product has a factor for each of its entries, which is not dropout's."""
    kept = (getattr(node, name, None) for name in ("_saved_self", "_saved_other"))
    entries = math.prod(graphs.shape_of(node))
    each = any(isinstance(one, torch.Tensor) and one.numel() == entries > 1 for one in kept)
    return each and strength.noise_of(node) is None
