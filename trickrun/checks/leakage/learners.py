"""Learners that are fitted at once, and their skill: 0 as a constant answer, 1 perfect."""

from __future__ import annotations

import torch


def class_skill(answer: torch.Tensor, y: torch.Tensor) -> float:
    """Return the skill of class indices: 0 as the largest class, 1 perfect."""
    constant = float(y.bincount().max()) / len(y)
    right = float((answer == y).double().mean())
    return (right - constant) / (1 - constant) if constant < 1 else 0.0


def skill_of(answer: torch.Tensor, y: torch.Tensor, *, classes: bool) -> float:
    """Return the skill of answers [M, outputs] to one-hot classes or values."""
    if classes:
        return class_skill(answer.argmax(1), y.argmax(1))
    whole = (y - y.mean(0)).square().sum()
    return float(1 - (answer - y).square().sum() / whole) if whole > 0 else 0.0


def linear_answers(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return what ridge regression without the sample itself answers to each sample."""
    ones = torch.ones(len(x), 1, dtype=x.dtype)
    x = torch.cat([x, ones], 1)
    penalty = torch.eye(x.shape[1], dtype=x.dtype)
    inverse: torch.Tensor = torch.linalg.solve(x.T @ x + penalty, x.T)
    leverage = (x * inverse.T).sum(1, keepdim=True).clamp(max=0.999)
    return y - (y - x @ (inverse @ y)) / (1 - leverage)


def nearest(x: torch.Tensor, groups: torch.Tensor | None) -> torch.Tensor:
    """Return the index [M] of each sample's nearest other one; with ``groups`` [M], of the nearest
    one of another group."""
    distance = torch.cdist(x.float(), x.float())
    if groups is None:
        distance.fill_diagonal_(torch.inf)
    else:
        distance[groups[:, None] == groups] = torch.inf
    return distance.argmin(1)
