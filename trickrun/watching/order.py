"""Can a model tell the order of its tokens? Asked of a copy of it, with two tokens exchanged.

Attention without positions answers the same to the same tokens in any order. Sums and means of
embeddings do so too, and are meant to: only models with attention are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from trickrun.watching import graph as graphs
from trickrun.watching.graph import Node

SAME = 1e-4
"""Change that an exchange of two tokens makes, over that of another token, below which the order
does not matter; own: rounding makes 1e-6."""

CHANGED = 1e-3
"""Change over the largest answer that another token must make."""

UNLIKE = 0.5
"""Share of the samples whose two tokens must differ."""

ATTENTION = ("ScaledDotProduct", "NativeMultiHeadAttention")

Answer = Callable[[torch.Tensor], list[torch.Tensor]]


def attends(nodes: tuple[Node, ...], places: int) -> bool:
    """Whether a graph has attention from places to so many places."""
    for node in nodes:
        kind = graphs.kind_of(node)
        if any(name in kind for name in ATTENTION):
            return True
        shape = graphs.shape_of(node) if kind == "Softmax" else ()
        if len(shape) > 2 and shape[-1] == places and shape[-2] > 1:
            return True
    return False


def pairs(given: torch.Tensor, axis: int) -> Iterator[tuple[int, int]]:
    """Yield two places along an axis at which the tokens mostly differ."""
    count = given.shape[axis]
    for one, other in ((0, 1), (1, 2), (count // 3, 2 * count // 3)):
        unlike = given.select(axis, one) != given.select(axis, other)
        if one != other and float(unlike.float().mean()) >= UNLIKE:
            yield one, other


@torch.no_grad()
def ignores_order(answer: Answer, given: torch.Tensor, axis: int) -> bool:
    """Whether the answers, those at two places left out, stay as they are when the tokens at these
    two are exchanged, and change with another token there."""
    chosen = next(pairs(given, axis), None)
    if chosen is None:
        return False
    one, other = chosen
    places = list(range(given.shape[axis]))
    places[one], places[other] = other, one
    swapped = given.index_select(axis, torch.tensor(places, device=given.device))
    replaced = given.clone()
    replaced.select(axis, one).copy_(given.select(axis, other))
    before, moved, changed = answer(given), answer(swapped), answer(replaced)
    found = False
    for was, now, with_other in zip(before, moved, changed, strict=False):
        if was.shape != now.shape or was.shape != with_other.shape:
            return False
        kept = elsewhere(was, given, axis, chosen)
        largest = float(was.abs().max()) if was.numel() else 0.0
        effect = float((with_other - was).abs()[kept].amax()) if bool(kept.any()) else 0.0
        if effect <= CHANGED * largest:
            continue
        found = True
        if float((now - was).abs()[kept].amax()) > SAME * effect:
            return False
    return found


def elsewhere(
    answers: torch.Tensor, given: torch.Tensor, axis: int, chosen: tuple[int, int]
) -> torch.Tensor:
    """Return which answers are not those at two places of the input."""
    kept = torch.ones_like(answers, dtype=torch.bool)
    if answers.ndim > 1 and answers.shape[:2] == given.shape[:2]:
        for place in chosen:
            kept.select(axis, place).fill_(False)
    elif answers.ndim == 2 and len(answers) == given.numel():
        # One row for each place.
        kept = elsewhere(answers.reshape(*given.shape, -1), given, axis, chosen)
        kept = kept.reshape(answers.shape)
    return kept
