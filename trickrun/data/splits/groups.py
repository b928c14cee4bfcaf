"""Parts of a split that keep groups of samples whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trickrun.data.splits.split import mixed, take
from trickrun.nn.rng import generator

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Group:
    """Samples that stay together.

    Args:
        members: their indices [M], at least two.
        classes: how many of them each class has; one class if classes do not count.
    """

    members: torch.Tensor
    classes: Mapping[int, int]

    def __len__(self) -> int:
        return len(self.members)


def take_whole(
    candidates: torch.Tensor,
    groups: torch.Tensor,
    strata: torch.Tensor | None,
    count: int,
    seed: int,
    name: str,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw about ``count`` of ``candidates`` (sample indices [M]) in whole groups.

    Groups give the share of the draw that they are of the candidates, as nearly as they can; the
    samples that are alone give the rest. Where every sample is alone this is ``take``.

    Args:
        groups: the group's code [N] of every sample of the data set.
        strata, seed, name: see ``take``.

    Returns:
        What is drawn and what remains, both sorted.
    """
    import torch

    together, alone = groups_in(candidates, groups, strata)
    if not together:
        return take(candidates, strata, count, seed, name)
    grouped = len(candidates) - len(alone)
    chosen = nearest(shuffled(together, seed, name), round(count * grouped / len(candidates)))
    left = min(max(0, count - sum(map(len, chosen))), len(alone))
    singles, _ = take(alone, strata, left, seed, name)
    drawn = torch.cat([singles, *(group.members for group in chosen)]).sort().values
    return drawn, without(candidates, drawn)


def take_whole_fold(
    candidates: torch.Tensor,
    groups: torch.Tensor,
    strata: torch.Tensor | None,
    folds: int,
    fold: int,
    seed: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return part ``fold`` of ``folds`` nearly equal parts of ``candidates``, and the others.

    The parts are disjoint and together all candidates; each group lies in one of them. A part may
    be empty if there are fewer groups than parts.
    """
    import torch

    together, alone = groups_in(candidates, groups, strata)
    parts = dealt(shuffled(together, seed, "folds"), folds)
    singles = spread([sum(map(len, part)) for part in parts], len(alone))
    order = mixed(alone, strata, seed, "folds")
    drawn = [order[singles == fold], *(group.members for group in parts[fold])]
    part = torch.cat(drawn).sort().values
    return part, without(candidates, part)


def groups_in(
    candidates: torch.Tensor, groups: torch.Tensor, strata: torch.Tensor | None
) -> tuple[list[Group], torch.Tensor]:
    """Return the groups of at least two ``candidates``, and the candidates that are alone."""
    import torch

    _, place, sizes = torch.unique(groups[candidates], return_inverse=True, return_counts=True)
    shared = sizes[place] > 1
    together = candidates[shared][place[shared].argsort(stable=True)]
    return [
        Group(each, Counter(strata[each].tolist()) if strata is not None else {0: len(each)})
        for each in together.split(sizes[sizes > 1].tolist())
        if len(each)
    ], candidates[~shared]


def shuffled(groups: Sequence[Group], seed: int, name: str) -> list[Group]:
    """Return the groups in a drawn order."""
    import torch

    order = torch.randperm(len(groups), generator=generator(seed, "split", name, "groups"))
    return [groups[index] for index in order.tolist()]


def nearest(groups: Sequence[Group], count: int) -> list[Group]:
    """Return groups with about ``count`` samples, in which each class has about its share.

    A group is taken in turn if it fits, and brings the classes nearer to their shares: the sum of
    squared distances, each over its share, falls. Then small ones are taken as long as the number
    of samples gets nearer to ``count``.
    """
    whole = sum(map(len, groups))
    wanted = {label: size * count / whole for label, size in totals(groups).items()}
    taken: Counter[int] = Counter()
    chosen: list[Group] = []
    left: list[Group] = []
    for group in groups if count else ():
        nearer = sum(
            n * (2 * (wanted[label] - taken[label]) - n) / wanted[label]
            for label, n in group.classes.items()
        )
        if nearer <= 0 or taken.total() + len(group) > count:
            left.append(group)
            continue
        chosen.append(group)
        taken.update(group.classes)
    for group in sorted(left, key=len):
        missing = count - taken.total()
        if abs(missing - len(group)) >= abs(missing):
            break
        chosen.append(group)
        taken.update(group.classes)
    return chosen


def dealt(groups: Sequence[Group], folds: int) -> list[list[Group]]:
    """Return the groups in ``folds`` parts of about equal size and equal shares of the classes.

    The largest go first, each to the part that has least of its classes and of samples at all.
    """
    whole = sum(map(len, groups))
    wanted = totals(groups)
    parts: list[list[Group]] = [[] for _ in range(folds)]
    loads: list[Counter[int]] = [Counter() for _ in range(folds)]

    def cost(group: Group, load: Counter[int]) -> float:
        classes = sum(n * load[label] / wanted[label] for label, n in group.classes.items())
        return classes + len(group) * load.total() / whole

    for group in sorted(groups, key=len, reverse=True):
        costs = [cost(group, load) for load in loads]
        best = costs.index(min(costs))
        parts[best].append(group)
        loads[best].update(group.classes)
    return parts


def totals(groups: Iterable[Group]) -> Counter[int]:
    """Return how many samples of each class are in ``groups``."""
    found: Counter[int] = Counter()
    for group in groups:
        found.update(group.classes)
    return found


def spread(loads: Sequence[int], count: int) -> torch.Tensor:
    """Return the part [count] of each of ``count`` single samples, evenly mixed.

    Args:
        loads: samples that each part has already; the single ones level them out.
    """
    import torch

    level = list(loads)
    for _ in range(count):
        level[level.index(min(level))] += 1
    shares = [after - before for before, after in zip(loads, level, strict=True)]
    place = torch.cat([(torch.arange(n) + 0.5) / max(1, n) for n in shares])
    part = torch.arange(len(shares)).repeat_interleave(torch.tensor(shares))
    return part[place.argsort(stable=True)]


def without(candidates: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """Return the sorted ``candidates`` that are not among ``drawn``."""
    import torch

    return candidates[~torch.isin(candidates, drawn)].sort().values


def joined(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return a code [N] that samples share which equal codes of either kind connect."""
    import torch

    kinds = [torch.unique(codes, return_inverse=True)[1] for codes in (first, second)]
    label = torch.arange(len(first))
    while True:
        before = label
        for kind in kinds:
            lowest = torch.full((len(label),), len(label))
            label = lowest.scatter_reduce(0, kind, label, "amin")[kind]
        if torch.equal(label, before):
            return label
