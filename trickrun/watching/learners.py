"""Can anybody predict these targets from these inputs? Asked of two simple learners.

No learner proves that there is nothing to learn. But where a network does no better than a constant
answer either, it says whether the fault is more likely in the pairs or in the training.
"""

from __future__ import annotations

import torch

FOLDS = 5
ORDERS = 4
NEIGHBOURS = (1, 5, 15)
PENALTIES = (0.01, 1.0, 100.0)


@torch.no_grad()
def skill(rows: torch.Tensor, wanted: torch.Tensor, folds: torch.Tensor) -> tuple[float, float]:
    """Return the share of the targets' variance that the better of two learners explains on samples
    it has not seen, and the largest such share with the targets in random orders.

    Args:
        rows: ``[samples, features]``.
        wanted: ``[samples, targets]``.
        folds: ``[samples]``: samples that may belong together are in one.
    """
    kernel, distances = standardized(rows)
    draws = torch.Generator().manual_seed(0)
    orders = [torch.randperm(len(rows), generator=draws) for _ in range(ORDERS)]
    targets = torch.stack([wanted, *(wanted[order] for order in orders)]).double()
    explained = best(kernel, distances, targets, folds)
    return float(explained[0]), max(0.0, float(explained[1:].max()))


def standardized(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the products of standardized samples with each other, and their distances."""
    values = torch.nan_to_num(rows.double(), posinf=0.0, neginf=0.0)
    values = values - values.mean(0)
    deviations = values.std(0, correction=0)
    values = values / torch.where(deviations > 0, deviations, 1.0)
    kernel = values @ values.T / max(1, values.shape[1])
    norms = kernel.diagonal()
    return kernel, norms[:, None] + norms - 2 * kernel


def best(
    kernel: torch.Tensor, distances: torch.Tensor, targets: torch.Tensor, folds: torch.Tensor
) -> torch.Tensor:
    """Return the largest explained share for each of several sets of targets."""
    learners = len(NEIGHBOURS) + len(PENALTIES)
    errors = torch.zeros(learners, len(targets), dtype=torch.float64)
    constant = torch.zeros(len(targets), dtype=torch.float64)
    for number in range(FOLDS):
        seen, new = folds != number, folds == number
        mean = targets[:, seen].mean(1, keepdim=True)
        truth = targets[:, new]
        constant += (truth - mean).square().sum((1, 2))
        answers = [*neighbours(distances[new][:, seen], targets[:, seen])]
        inner, across = kernel[seen][:, seen], kernel[new][:, seen]
        eye = torch.eye(len(inner), dtype=torch.float64)
        for penalty in PENALTIES:
            weights = torch.linalg.solve(inner + penalty * eye, targets[:, seen] - mean)
            answers.append(mean + across @ weights)
        for place, answer in enumerate(answers):
            errors[place] += (truth - answer).square().sum((1, 2))
    return (1 - errors / constant.clamp(min=1e-12)).max(0).values


def neighbours(distances: torch.Tensor, targets: torch.Tensor) -> list[torch.Tensor]:
    """Return the means over the nearest samples, for each number of them."""
    nearest = distances.topk(min(max(NEIGHBOURS), distances.shape[1]), largest=False).indices
    return [targets[:, nearest[:, :few]].mean(2) for few in NEIGHBOURS]
