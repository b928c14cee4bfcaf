"""Losses that weigh what was chosen by what came of it: policy gradients.

The loss must fall where a choice that paid off becomes likelier, so it must be minus the logarithm
of the probability times the reward. The graph tells the sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from trickrun.findings.evidence.program import Place, Rewarded
from trickrun.watching import graph as graphs
from trickrun.watching.graph import Graph, LossNode, Node

MOST_STEPS = 12
"""Operations between a weight and the logarithm of a probability that it weighs."""

ON_THE_WAY = frozenset(
    {"Exp", "Sub", "Neg", "Add", "Mul", "Div", "Clamp", "ClampMin", "ClampMax", "Stack", "Cat"}
    | graphs.SHAPING
)
"""Operations between the two, as in a ratio of probabilities."""

GOOD = re.compile(r"(?<![A-Za-z])(adv|advantages?|rewards?|returns?|rets?)(?![A-Za-z])")
"""Names of numbers that are to become large."""

BAD = re.compile(r"cost|penalt|regret|-\s*(?:self\.)?(?:adv|reward|return|ret)")
"""Names of numbers that are to become small, or the others with a minus."""


@dataclass(frozen=True)
class Weighed:
    """The logarithm of a probability that a loss multiplies with a number of each sample.

    Args:
        node: the product.
        factor: the number.
        raised: whether the loss grows with both.
        plain: whether it is the logarithm itself, not a ratio of probabilities.
    """

    node: Node
    factor: torch.Tensor
    raised: bool
    plain: bool


def weighed(loss: torch.Tensor) -> Iterator[Weighed]:
    """Yield the weighed choices that a loss is a sum or mean of."""
    waiting: list[tuple[Node, bool]] = [(loss.grad_fn, True)] if loss.grad_fn is not None else []
    known: set[Node] = set()
    while waiting:
        node, raised = waiting.pop(0)
        if node in known or len(known) > 1000:
            continue
        known.add(node)
        inner = graphs.inputs_of(node)
        factor = constant_factor(node)
        if factor is not None and len(inner) == 1:
            found = choice(inner[0])
            # A mask of the steps that count is none of what came of a choice.
            if found is not None and (found[1] or not is_mask(factor)):
                yield Weighed(node, factor, raised != found[0], found[1])
                continue
        if graphs.kind_of(node) in graphs.SCALING or graphs.kind_of(node) in ("Minimum", "Min"):
            waiting += [(one, raised != turned) for one, turned in graphs.signed_inputs(node)]


def is_mask(factor: torch.Tensor) -> bool:
    """Whether all numbers are 0 or 1."""
    return bool(((factor == 0) | (factor == 1)).all())


def constant_factor(node: Node) -> torch.Tensor | None:
    """Return the numbers that something is multiplied with, where they have no gradient."""
    if graphs.kind_of(node) != "Mul":
        return None
    kept = (getattr(node, name, None) for name in ("_saved_other", "_saved_self"))
    return next((one for one in kept if isinstance(one, torch.Tensor)), None)


def choice(node: Node) -> tuple[bool, bool] | None:
    """Return whether what lies here falls with the probability of a choice, and whether it is the
    logarithm itself; None if it is no probability of a choice."""
    falls, plain = False, True
    for _ in range(MOST_STEPS):
        kind, inner = graphs.kind_of(node), graphs.inputs_of(node)
        if kind in graphs.PICKING and inner and is_logarithm(graphs.shaped(inner[0])):
            return falls, plain
        if kind in ("NllLoss", "NllLoss2D") and node._saved_reduction == 0:
            return not falls, plain
        if graphs.squared_or_absolute(node) is not None:
            return falls, False  # the logarithm of a Gaussian
        if kind not in ON_THE_WAY or not inner:
            return None
        plain = plain and (kind in ("Neg", "Stack", "Cat") or kind in graphs.SHAPING)
        falls = falls != (kind == "Neg")
        node = inner[0]
    return None


def is_logarithm(node: Node) -> bool:
    """Whether a node puts out logarithms of probabilities."""
    kind, inner = graphs.kind_of(node), graphs.inputs_of(node)
    if kind == "Sub":
        return any(graphs.kind_of(graphs.shaped(one)) == "Logsumexp" for one in inner)
    if kind == "Log":
        return any(graphs.kind_of(graphs.shaped(one)) == "Softmax" for one in inner)
    return kind == "LogSoftmax"


@torch.no_grad()
def rewarded(loss: torch.Tensor, nodes: list[LossNode]) -> tuple[Rewarded, ...]:
    """Return the choices that a loss weighs.

    Where values are predicted beside them, the numbers that choices are weighed with must grow with
    what came out above what was predicted.
    """
    above = [left for node in nodes if (left := excess(node)) is not None]
    found = []
    for one in weighed(loss):
        place = graphs.place_of_node(one.node)
        same = [other for other in above if other.numel() == one.factor.numel() > 2]
        signs = [float((other.flatten() * one.factor.flatten()).sum()) for other in same]
        good = is_good(place) and all(sign > 0 for sign in signs)
        found.append(Rewarded(place, one.raised, one.plain and good))
    return tuple(found[:8])


def is_good(place: Place | None) -> bool:
    """Whether a line's names tell that its numbers are to become large."""
    return place is not None and bool(GOOD.search(place.code)) and not BAD.search(place.code)


def excess(one: LossNode) -> torch.Tensor | None:
    """Return by how much the targets of values exceed the predictions; None if there are none."""
    given, targets = getattr(one.node, "_saved_self", None), graphs.targets_of(one)
    values = graphs.kind_of(one.node) in ("MseLoss", "SmoothL1Loss", "HuberLoss")
    if not values or not isinstance(given, torch.Tensor) or targets is None:
        return None
    return targets - given.detach() if targets.shape == given.shape else None


def is_weighed(graph: Graph) -> bool:
    """Whether a graph has any weighed choice, and with it returns among its targets."""
    for node in graph.nodes:
        factor = constant_factor(node)
        inner = graphs.inputs_of(node)
        if factor is not None and factor.ndim and len(inner) == 1 and choice(inner[0]) is not None:
            return True
    return False
