"""A look at a data set before any training: what its splits are like, in a fraction of a second."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from trickrun.checks.input_sizes import nameless, sized
from trickrun.checks.leakage.leaks import leaks
from trickrun.checks.leakage.times import between_blocks, between_class_blocks
from trickrun.data.splits.hashes import pair_hashes, row_hashes
from trickrun.data.splits.narrow import Collapse, Part, collapses
from trickrun.data.splits.prepare import Prepared, sample
from trickrun.data.splits.source import SplitData
from trickrun.findings.evidence.data import (
    Classes,
    Collapsed,
    Copies,
    DataEvidence,
    Drift,
    Inputs,
    Labels,
    Targets,
)
from trickrun.findings.evidence.leaks import Leaks
from trickrun.findings.finding import Finding
from trickrun.findings.static import findings
from trickrun.nn.precision import has_float64
from trickrun.recipe.facts import facts_of
from trickrun.recipe.schema import Recipe
from trickrun.training.device import to_device
from trickrun.training.job import prepared_target
from trickrun.tricks.losses import Loss

BYTES = 2**26
"""Of a split's inputs that are hashed (64 MiB): of a larger one, its first samples."""

ROWS = 1024
"""Samples whose features' values are counted."""

REPEATS = 10
"""Possible inputs for each sample below which equal ones are no surprise."""


def copies(parts: Mapping[str, SplitData], classes: bool) -> Copies:
    """Return which samples of the splits occur more than once.

    Args:
        parts: the splits, "train" among them.
        classes: whether the targets are classes [N] or labels [N, labels], which are equal or not,
            rather than values [N, targets].
    """
    train = parts["train"]
    hashes = {name: row_hashes(part.x, BYTES) for name, part in parts.items()}
    known = hashes.pop("train")
    distinct, group = torch.unique(known, return_inverse=True)
    across = tuple((name, share(torch.isin(h, distinct))) for name, h in hashes.items())
    within = 1 - len(distinct) / len(known)
    if within == 0 and not any(found for _, found in across):
        return Copies()
    return Copies(
        within=within,
        conflicting=conflicting(group, len(distinct), train.y[: len(known)], classes),
        across=across,
        with_target=shared_samples(parts),
        chance=few_possible(train.x),
    )


def shared_samples(parts: Mapping[str, SplitData]) -> tuple[tuple[str, float], ...]:
    """Return the share of each split's samples that are in the training split with their target."""
    hashes = {name: pair_hashes(part.x, part.y, BYTES) for name, part in parts.items()}
    known = hashes.pop("train")
    return tuple((name, share(torch.isin(each, known))) for name, each in hashes.items())


def share(mask: torch.Tensor) -> float:
    return float(mask.double().mean())


def conflicting(group: torch.Tensor, groups: int, y: torch.Tensor, classes: bool) -> float:
    """Return the share of samples whose equals have another target.

    Values conflict where they differ by more than a standard deviation: noise is no conflict.

    Args:
        group: the number [N] of each sample's group of equals.
        groups: how many there are.
        y: class indices [N], or labels or values [N, targets].
    """
    if classes and y.ndim == 2:
        y = torch.unique(y, dim=0, return_inverse=True)[1]
    values = (y if classes else y[:, 0]).double()
    low, high = (values.new_zeros(groups).scatter_reduce(0, group, values, way, include_self=False)
                 for way in ("amin", "amax"))  # fmt: skip
    least = 0.0 if classes else float(values.std(correction=0))
    return share((high - low > least)[group])


def few_possible(x: torch.Tensor) -> bool:
    """Return whether the features take so few values that equal inputs are to be expected."""
    chosen = x[torch.arange(min(len(x), ROWS), device=x.device) * len(x) // min(len(x), ROWS)]
    ordered = chosen.flatten(1).sort(0).values
    values = 1 + (ordered.diff(dim=0) != 0).sum(0).double()
    return float(values.log().sum()) < math.log(REPEATS * len(x))


VALUES = 2**20
"""Input values that are looked at in a split: a larger one is sampled (8 MiB as float64)."""

FEW_VALUES = 20
"""Different targets up to which they are looked at one by one."""

BLOCK = 16
"""Samples whose targets are compared where a batch is smaller."""

RARE = 0.05
"""Share of the features' usual deviation below which a feature is not compared between splits."""

NAMED = 10
"""Constant features that are named."""


def look(recipe: Recipe, data: Prepared) -> list[Finding]:
    """Return what is wrong with a recipe and its data, causes first; nothing is trained."""
    return findings(facts_of(recipe, measure(recipe, data)))


def measure(recipe: Recipe, data: Prepared) -> DataEvidence:
    """Return what the splits of ``data`` are like for ``recipe``."""
    return describe(
        data, recipe.loss.chosen(data.task), recipe.data.batch_size, recipe.data.zero_inputs
    )


def describe(data: Prepared, loss: Loss, batch_size: int | str, zeroed: bool) -> DataEvidence:
    """Return what the splits of ``data`` are like.

    Args:
        loss: what the targets are prepared for.
        batch_size: samples a step, or full.
        zeroed: whether the inputs are switched off, so that equal ones mean nothing.
    """
    if not has_float64(data.train.x.device):
        data = to_device(data, torch.device("cpu"))
    parts = {"train": data.train, "val": data.val, "test": data.test}
    present = {name: part for name, part in parts.items() if part is not None and len(part)}
    seen = {name: normalized(data, part) for name, part in present.items()}
    constant = constant_features(data)
    still = sized(data, constant)
    train = seen["train"]
    others = {name: part for name, part in present.items() if name != "train"}
    classes, values = data.task.kind == "classification", data.task.kind == "regression"
    one_answer = not data.task.next_token
    return DataEvidence(
        shape=data.shape,
        train=inputs(train, len(data.train), still),
        splits=tuple((n, inputs(seen[n], len(part), still)) for n, part in others.items()),
        drift=tuple((n, drift(data, n, part, seen, still)) for n, part in others.items()),
        constant=int(constant.sum()),
        constant_names=names(data, constant),
        copies=Copies() if zeroed or not comparable(data) else copies(present, not values),
        targets=targets(loss, data) if values else None,
        classes=class_counts(data, present) if classes and one_answer else None,
        labels=label_counts(data, present) if data.task.kind == "multilabel" else None,
        order=order(data.train.y, batch_size) if one_answer else 0.0,
        tokens=nameless(data),
        drawn=tuple(name for name in others if name in data.rows),
        leaks=Leaks() if zeroed else leaks(data),
        collapsed=named(data.collapsed, data.task.features, data),
        collapsed_targets=named(lost_targets(data), data.task.labels, data) if values else (),
    )


def normalized(data: Prepared, part: SplitData) -> torch.Tensor:
    """Return samples [M, features] as the network gets them, in float64, at even distances."""
    rows = min(len(part), max(256, VALUES // max(1, math.prod(data.shape))))
    chosen = torch.arange(rows, device=part.x.device) * len(part) // rows
    return sized(data, data.inputs(part.x[chosen], torch.float32).flatten(1).double())


def comparable(data: Prepared) -> bool:
    """Return whether equal samples say something, and can be found without decoding all images."""
    return not (data.task.next_token or data.streamed)


def constant_features(data: Prepared) -> torch.Tensor:
    """Return which features [features] never vary in the training split."""
    x = sample(data).flatten(1)
    return x.amin(0) == x.amax(0)


def inputs(x: torch.Tensor, samples: int, constant: torch.Tensor) -> Inputs:
    """Return what normalized inputs [M, features] are like."""
    finite = x.isfinite()
    bad = int((~finite).sum())
    if bad:
        x = torch.where(finite, x, torch.zeros_like(x))
    varying = x[:, ~constant] if not constant.all() else x
    sizes = varying.square().mean(0).sqrt()
    ends = (float(sizes.min()), float(sizes.median()), float(sizes.max()))
    std = float(x.std(correction=0))
    return Inputs(samples, float(x.min()), float(x.max()), float(x.mean()), std, ends, bad)


def drift(
    data: Prepared,
    name: str,
    part: SplitData,
    seen: Mapping[str, torch.Tensor],
    constant: torch.Tensor,
) -> Drift:
    """Return how far a split is from the training split."""
    here, train = (
        each[:, ~constant].nan_to_num(0.0, 0.0, 0.0) for each in (seen[name], seen["train"])
    )
    distance, new = class_drift(data, part)
    if constant.all():
        return Drift(0.0, 1.0, len(here), distance, new)
    std = train.std(0, correction=0)
    # A pixel at the border that hardly ever lights up has no deviation to measure by.
    usual = std > RARE * std.square().mean().sqrt()
    here, train, std = here[:, usual], train[:, usual], std[usual]
    moved = (here.mean(0) - train.mean(0)) / std
    mean = float(moved.square().mean().sqrt()) if len(moved) else 0.0
    return Drift(mean, spread_ratio(here.std(0, correction=0) / std), len(here), distance, new)


def spread_ratio(ratio: torch.Tensor) -> float:
    """Return by how much a split varies more than training, from its features' ratios.

    Of the root mean square and the median of those that vary, the one nearer to 1: rare features
    that a small split lacks spoil the one, a single outlier spoils the other.
    """
    varying = ratio[ratio > 0]
    if len(varying) == 0:
        return 1.0
    candidates = (float(ratio.square().mean().sqrt()), float(varying.median()))
    return min(candidates, key=lambda value: abs(math.log(value)))


def class_drift(data: Prepared, part: SplitData) -> tuple[float, tuple[str, ...]]:
    """Return how far the class shares are from the training split's, and what classes are new."""
    if data.task.kind != "classification" or data.task.next_token:
        return 0.0, ()
    counts, trained = (
        torch.bincount(y, minlength=data.task.classes).double() for y in (part.y, data.train.y)
    )
    distance = (counts / counts.sum() - trained / trained.sum()).abs().sum() / 2
    new = ((counts > 0) & (trained == 0)).nonzero().flatten().tolist()
    return float(distance), tuple(data.task.labels[index] for index in new)


def names(data: Prepared, constant: torch.Tensor) -> tuple[str, ...]:
    """Return the names of the first constant features, or their numbers."""
    places = constant.nonzero().flatten()[:NAMED].tolist()
    known = data.task.features
    return tuple(known[i] if len(known) == len(constant) else str(i) for i in places)


def targets(loss: Loss, data: Prepared) -> Targets:
    """Return what the training targets are like, as the loss sees them."""
    y = prepared_target(loss, data.train, data.task, torch.float32, bare=True)
    y = y.double().reshape(len(data.train), -1)
    sizes = y.square().mean(0).sqrt()
    largest = y[:, int(sizes.argmax())]
    values = torch.unique(y[:, 0]) if y.shape[1] == 1 else y.new_zeros(0)
    few = 0 < len(values) <= FEW_VALUES
    return Targets(
        low=float(y.min()),
        high=float(y.max()),
        mean=float(largest.mean()),
        std=float(largest.std(correction=0)),
        size=float(sizes.max()),
        smallest=float(sizes.min()),
        outputs=y.shape[1],
        distinct=len(values) if few else 0,
        even=few and evenly_spaced(values),
        whole=bool((values % 1 == 0).all()),
        scaled=not data.target_scaler.off,
        zeros_and_ones=zeros_and_ones(data.in_own_unit(data.train.y)),
    )


def zeros_and_ones(y: torch.Tensor) -> bool:
    """Return whether values [N] or [N, targets] are all 0 or 1, and each target takes both."""
    return bool(((y == 0) | (y == 1)).all()) and bool((y.amin(0) < y.amax(0)).all())


def lost_targets(data: Prepared) -> tuple[Collapse, ...]:
    """Return the targets of which different values are one number in the training type."""
    y = data.train.y.reshape(len(data.train), -1).cpu()
    return collapses(Part(y, None, y), y.to(training_type(data)))


def training_type(data: Prepared) -> torch.dtype:
    """Return the type that numbers are trained in."""
    return data.train.x.dtype if data.normalized else torch.float32


def named(found: Sequence[Collapse], names: Sequence[str], data: Prepared) -> tuple[Collapsed, ...]:
    """Return collapsed features or targets with their names, or else their numbers."""
    kind = str(training_type(data)).removeprefix("torch.")
    return tuple(
        Collapsed(names[c.feature] if names else str(c.feature), c.values, c.left, kind)
        for c in found
    )


def evenly_spaced(values: torch.Tensor) -> bool:
    """Return whether sorted values are whole multiples of their smallest distance."""
    if len(values) < 2:
        return False
    multiples = values / values.diff().min()
    return bool(((multiples - multiples.round()).abs() < 1e-3).all())


def class_counts(data: Prepared, present: Mapping[str, SplitData]) -> Classes:
    """Return the training split's classes, and an end of their range that no split has."""
    count = data.task.classes
    counts = torch.bincount(data.train.y, minlength=count).tolist()
    everywhere = torch.bincount(torch.cat([part.y for part in present.values()]), minlength=count)
    ends = [index for index in (0, count - 1) if int(everywhere[index]) == 0]
    return Classes(data.task.labels, tuple(counts), data.task.labels[ends[0]] if ends else "")


def label_counts(data: Prepared, present: Mapping[str, SplitData]) -> Labels:
    """Return how many samples of each part have each label."""
    samples = tuple((name, len(part)) for name, part in present.items())
    counts = tuple(tuple(part.y.sum(0).long().tolist()) for part in present.values())
    return Labels(data.task.labels, samples, counts)


def order(y: torch.Tensor, batch_size: int | str) -> float:
    """Return how much of the targets' variance lies between batches in the stored order.

    0 as for a random order, where it is 1 / batch size; 1 if each batch holds one class or value.

    Args:
        y: class indices [N] or values [N, targets].
    """
    size = max(BLOCK, batch_size) if isinstance(batch_size, int) else len(y)
    return between_class_blocks(y, size) if y.ndim == 1 else between_blocks(y.double(), size)
