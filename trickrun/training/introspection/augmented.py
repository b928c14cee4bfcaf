"""Training samples before and after augmentation, as the network gets them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from trickrun.errors import CompileError
from trickrun.training.job import BoundAugmentation, RecipeJob
from trickrun.tricks.augmentation import Augmentation


@dataclass(frozen=True)
class Column:
    """The same samples, all changed in one way.

    Args:
        name: what changed them.
        images: [N, C, H, W] in the unit of the data.
        labels: the class of each sample by name; empty where there are no classes.
    """

    name: str
    images: torch.Tensor
    labels: tuple[str, ...] = ()


MOST = 64
"""Samples that are shown of data with many classes."""


def columns(job: RecipeJob, samples: int | None = None) -> list[Column]:
    """Return random training samples: as they are, by each augmentation alone, and by all.

    They are drawn as in the job's first step; every class has one before any has two. Of several
    crops of an image the first is shown.

    Args:
        samples: how many; None: 8, or one of each class if that is more (MOST at most).

    Raises CompileError if the data has no images, or the recipe no augmentation that is on.
    """
    if len(job.data.shape) != 3:
        raise CompileError(
            f"only images can be shown, the data has inputs of shape {list(job.data.shape)}", "data"
        )
    if not job.augmentations:
        raise CompileError(
            "the recipe has no active augmentation, so there is nothing to show",
            "augmentation",
            "list some, for example augmentation: [flip, {kind: shift, pixels: 2}]",
        )
    indices, labels = chosen(job, samples)
    acting = [trick for trick in job.recipe.augmentation if not trick.off]
    shown = [Column("as it is", seen(job, indices, ()), labels)]
    for trick, bound in zip(acting, job.augmentations, strict=True):
        shown.append(Column(described(trick), seen(job, indices, (bound,))))
    if len(acting) > 1:
        shown.append(Column("all together", seen(job, indices, job.augmentations)))
    return shown


def chosen(job: RecipeJob, samples: int | None) -> tuple[torch.Tensor, tuple[str, ...]]:
    """Return the samples to show, as indices [N], and the class of each; see ``columns``."""
    order, task = job.order(0), job.data.task
    if task.kind != "classification":
        return order[: samples or 8], ()
    classes = job.data.train.y.flatten()[order].tolist()
    turn: Counter[int] = Counter()
    turns = []
    for label in classes:
        turns.append(turn[label])
        turn[label] += 1
    count = min(max(8, len(turn)), MOST) if samples is None else samples
    # Python's sort keeps the order of equals: the first of each class, then the second.
    places = sorted(range(len(order)), key=lambda place: turns[place])[:count]
    places.sort(key=lambda place: classes[place])
    return order[places], tuple(task.labels[classes[place]] for place in places)


def seen(
    job: RecipeJob, indices: torch.Tensor, augmentations: Sequence[BoundAugmentation]
) -> torch.Tensor:
    """Return what ``augmentations`` make of the samples ``indices`` [N], in the data's unit."""
    x, _ = replace(job, augmentations=tuple(augmentations)).training_batch(indices, step=0)
    x = job.data.scaler.back(x)
    return x[:: len(x) // len(indices)].cpu()


def described(trick: Augmentation) -> str:
    """Return the augmentation's kind and the parameters that the recipe gives, a line each."""
    given = trick.model_dump(exclude_unset=True, exclude={"kind"})
    return "\n".join([trick.kind_name, *(f"{name}: {value}" for name, value in given.items())])
