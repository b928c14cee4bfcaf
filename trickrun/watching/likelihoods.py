"""Likelihoods that a loss is made of, whoever wrote them: the logarithm of a probability, or of a
rate of counts, what was taken for its logits, and whether the loss falls where it grows.

torch's distributions and losses written by hand leave the same operations behind them.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from trickrun.findings.evidence.program import Likelihood
from trickrun.watching import graph as graphs
from trickrun.watching.graph import Node

MOST_NODES = 400
"""Operations between a loss and its likelihoods."""

MOST_STEPS = 8
"""Operations between the logarithm of a sum and the scores that it sums."""

SUMS = ("Logsumexp", "Logcumsumexp")

LINEAR = graphs.SCALING | graphs.CHOOSING | {"Diagonal", "Where", "MaskedFill", "Trace"}
"""Operations between a loss and a likelihood that keep its sign, or turn it."""

POSITIVE = ("Exp", "Pow", "Softplus", "Sigmoid", "Softmax")
"""Operations whose result is not below 0; a power may be, and is mostly a square."""

PICKED = graphs.SHAPING | graphs.CHOOSING | {"Diagonal", "Div", "Mul"}


@torch.no_grad()
def likelihoods(loss: torch.Tensor) -> tuple[Likelihood, ...]:
    """Return the likelihoods that a loss is a sum or mean of."""
    return tuple(behind(loss))[:8]


def behind(loss: torch.Tensor) -> Iterator[Likelihood]:
    waiting: list[tuple[Node, bool, bool]] = []
    if loss.grad_fn is not None:
        waiting.append((loss.grad_fn, True, False))
    known: set[Node] = set()
    while waiting and len(known) < MOST_NODES:
        node, raised, weighed = waiting.pop(0)
        if node in known:
            continue
        known.add(node)
        found = likelihood(node)
        if found is not None:
            kind, scores, turned = found
            place = graphs.place_of_node(node)
            yield Likelihood(kind, place, made_by(scores), raised != turned, weighed)
            continue
        if is_growing(node):
            # A function of the program's own may reverse the gradient behind it.
            own = any(map(graphs.is_own_function, graphs.nodes_behind(node)))
            if not raised and not weighed and not own:
                yield Likelihood("growing", graphs.place_of_node(node), "", True, False)
            continue
        if graphs.kind_of(node) not in LINEAR:
            continue
        if has_two(node):
            waiting += [(one, raised, weighed) for one in over_positive(node)]
            continue
        if is_unlogged(node):
            made = made_by(graphs.inputs_of(node)[0])
            yield Likelihood("unlogged", graphs.place_of_node(node), made, raised, weighed)
            continue
        weighed = weighed or not keeps_sign(node)
        waiting += [(one, raised != turned, weighed) for one, turned in graphs.signed_inputs(node)]


def likelihood(node: Node) -> tuple[str, Node, bool] | None:
    """Return what kind of a likelihood a node is, where its scores come from, and whether it is
    minus one; None if it is none."""
    kind, inner = graphs.kind_of(node), graphs.inputs_of(node)
    if kind == "LogSigmoid":
        return "sigmoid", inner[0], False
    if kind == "LogSoftmax":
        return "softmax", inner[0], False
    if kind == "Sub" and len(inner) == 2:
        return of_difference(*inner)
    if kind == "Log" and inner:
        probability = guarded(inner[0])
        if graphs.kind_of(probability) in ("Softmax", "Sigmoid"):
            kind = graphs.kind_of(probability).lower()
            return kind, graphs.inputs_of(probability)[0], False
    return None


def over_positive(node: Node) -> list[Node]:
    """Return what a product or quotient has the sign of, where the other side is never below 0, as
    the variance of a Gaussian."""
    one, other = graphs.inputs_of(node)[:2]
    if graphs.kind_of(node) == "Div":
        return [one]
    kinds = [graphs.kind_of(graphs.shaped(each)) for each in (one, other)]
    return [each for each, kind in zip((other, one), kinds, strict=True) if kind in POSITIVE][:1]


def is_unlogged(node: Node) -> bool:
    """Whether probabilities are multiplied with the shares that are wanted, without a logarithm."""
    inner = graphs.inputs_of(node)
    shares = getattr(node, "_saved_other", None)
    if not isinstance(shares, torch.Tensor):
        shares = getattr(node, "_saved_self", None)
    if graphs.kind_of(node) != "Mul" or len(inner) != 1 or not isinstance(shares, torch.Tensor):
        return False
    if graphs.kind_of(graphs.shaped(inner[0])) != "Softmax" or shares.ndim < 2:
        return False
    sums = shares.sum(-1)
    return bool((shares >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-4)


def is_growing(node: Node) -> bool:
    """Whether a node is never below 0 and has no upper bound: a square, a distance, an exponential,
    or a loss of torch's own."""
    kind, inner = graphs.kind_of(node), graphs.inputs_of(node)
    if kind in graphs.LOSSES or kind in ("Exp", "Abs"):
        return True
    if kind == "Pow":
        return getattr(node, "_saved_exponent", 0) == 2
    return kind == "Mul" and len(inner) == 2 and inner[0] is inner[1]


def of_difference(one: Node, other: Node) -> tuple[str, Node, bool] | None:
    """Return the same of a difference: scores less the logarithm of the sum of all, or rates less
    counts times their logarithms."""
    for scores, total in ((one, graphs.shaped(other)), (other, graphs.shaped(one))):
        if graphs.kind_of(total) in SUMS and scores_of(scores) in sources(total):
            return "softmax", scores, scores is other
    product = graphs.inputs_of(other) if graphs.kind_of(other) == "Mul" else []
    if graphs.kind_of(one) == "Exp" and len(product) == 1:
        rate = graphs.inputs_of(one)[0]
        if graphs.shaped(rate) is graphs.shaped(product[0]):
            return "counts", rate, True
    return None


def scores_of(node: Node) -> Node:
    """Return the scores that some were chosen from."""
    while graphs.kind_of(node) in PICKED and len(inner := graphs.inputs_of(node)) == 1:
        node = inner[0]
    return node


def sources(total: Node) -> set[Node]:
    """Return what the logarithm of a sum may have been taken of."""
    found: set[Node] = set()
    waiting = graphs.inputs_of(total)
    for _ in range(MOST_STEPS):
        further = []
        for node in waiting:
            found.add(node)
            kind = graphs.kind_of(node)
            if kind in PICKED | {"MaskedFill", "Where", "Cat", "Add"}:
                further += graphs.inputs_of(node)
        waiting = further
    return found


def guarded(node: Node) -> Node:
    """Return what a probability was before something kept it from 0, or some were chosen."""
    while graphs.kind_of(node) in PICKED | {"Add", "Clamp", "ClampMin"}:
        inner = graphs.inputs_of(node)
        if len(inner) != 1:
            break
        node = inner[0]
    return node


def made_by(scores: Node) -> str:
    """Return the kind of operation that scores came from."""
    while graphs.kind_of(scores) in graphs.UNCHANGING and (inner := graphs.inputs_of(scores)):
        scores = inner[0]
    return graphs.kind_of(scores)


def has_two(node: Node) -> bool:
    """Whether a product or quotient is one of two things that are trained, as in an entropy."""
    return graphs.kind_of(node) in ("Mul", "Div") and len(graphs.inputs_of(node)) > 1


def keeps_sign(node: Node) -> bool:
    """Whether a product is one with numbers of each sample of which none is below 0."""
    if graphs.kind_of(node) not in ("Mul", "Div"):
        return True
    kept = (getattr(node, name, None) for name in ("_saved_other", "_saved_self"))
    numbers = next((one for one in kept if isinstance(one, torch.Tensor) and one.ndim), None)
    return numbers is None or bool((numbers >= 0).all())
