"""What the splits of a data set are like, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from trickrun.findings.evidence.leaks import Leaks


@dataclass(frozen=True)
class Inputs:
    """The inputs of one split as the network gets them: after normalization.

    Args:
        samples: size of the split.
        low, high: the smallest and the largest finite value.
        mean, std: over all values together.
        sizes: the root mean square of a feature: the smallest, the median and the largest one.
            Features that are constant in training are left out here.
        non_finite: values that are NaN or infinite.
    """

    samples: int
    low: float
    high: float
    mean: float
    std: float
    sizes: tuple[float, float, float]
    non_finite: int = 0


@dataclass(frozen=True)
class Drift:
    """How far the inputs of a split are from the training split's, and by chance would be.

    Args:
        mean: root mean square over the features of the distance of their means, in the training
            split's standard deviations.
        scale: median over the features of the ratio of the standard deviations.
        samples: the split's size, which bounds what chance can do.
        classes: total variation distance of the class shares; 0 for values.
        new_classes: classes that the training split lacks.
    """

    mean: float
    scale: float
    samples: int
    classes: float = 0.0
    new_classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Copies:
    """Samples that occur more than once.

    Args:
        within: share of the training samples whose input an earlier one has too.
        conflicting: share of the training samples that share their input with one of another
            target.
        across: share of a split's samples whose input is in the training split, by split.
        with_target: share of a split's samples that are there with their target, by split.
        chance: whether the features take so few values that equal inputs are to be expected.
    """

    within: float = 0.0
    conflicting: float = 0.0
    across: tuple[tuple[str, float], ...] = ()
    with_target: tuple[tuple[str, float], ...] = ()
    chance: bool = False


@dataclass(frozen=True)
class Collapsed:
    """A feature or target of which different values are one number in the training type.

    Args:
        name: the feature's or the target's, or its number.
        values: different values, in the rows that were looked at.
        left: different numbers that these are in training.
        type: the training type, for example float32.
    """

    name: str
    values: int
    left: int
    type: str


@dataclass(frozen=True)
class Targets:
    """The values to predict, in the unit of the loss; for several targets the extreme ones.

    Args:
        low, high, mean, std: of the training split; mean and std are those of the target whose
            values are largest.
        size: the largest root mean square of a target.
        smallest: the smallest root mean square of a target.
        outputs: number of targets.
        distinct: number of different values, if there are few; else 0.
        even: whether these lie at even distances from each other and from 0.
        whole: whether they are whole numbers.
        scaled: whether data.scale_targets has been at work.
        zeros_and_ones: whether all of them are 0 or 1 before that, and each target takes both.
    """

    low: float
    high: float
    mean: float
    std: float
    size: float
    smallest: float
    outputs: int = 1
    distinct: int = 0
    even: bool = False
    whole: bool = False
    scaled: bool = False
    zeros_and_ones: bool = False


@dataclass(frozen=True)
class Classes:
    """The classes of the training split.

    Args:
        labels: their names.
        counts: samples of each.
        unused: the first or the last class, if no split has a sample of it.
    """

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    unused: str = ""


@dataclass(frozen=True)
class Labels:
    """The 0/1 labels of the samples.

    Args:
        names: theirs.
        samples: how many each part has, by its name, "train" first.
        counts: of each part, how many of its samples have each label.
    """

    names: tuple[str, ...]
    samples: tuple[tuple[str, int], ...]
    counts: tuple[tuple[int, ...], ...]


CHANNELS, SIDE, ASPECT = (1, 3, 4), 8, 2.0
"""Numbers of channels that pictures have: grey, colour, colour with opacity; the smallest side of a
picture, in pixels; and the largest ratio of its sides. Own: the channels of a network's feature
maps, or the features of a recording, are rarely as many as their places and followed by 1, 3 or 4,
and maps of 4 x 4 x 3 may be anything."""


def channels_at_the_end(shape: tuple[int, ...]) -> bool:
    """Whether an input looks like a picture [height, width, channels]."""
    if len(shape) != 3 or shape[2] not in CHANNELS or shape[0] in CHANNELS:
        return False
    low, high = sorted(shape[:2])
    return low >= SIDE and low > 2 * shape[2] and high <= ASPECT * low


@dataclass(frozen=True)
class DataEvidence:
    """What can be said of a data set before any training.

    Args:
        shape: of one input.
        train: the training inputs.
        splits: the other splits' inputs, by name.
        drift: how they differ from the training split, by name.
        constant: number of features that are constant in training.
        constant_names: the names of the first ten, or their numbers.
        copies: samples that occur more than once.
        targets: for regression.
        classes: for classification with one answer a sample.
        labels: for multilabel.
        order: share of the targets' variance that lies between batches in the stored order: 0 as by
            chance, 1 sorted.
        tokens: whether inputs are token ids, whose size means nothing.
        drawn: the splits that were drawn from the same samples as the training split.
        leaks: what the columns of a table give away.
        collapsed, collapsed_targets: features and targets of which different values are one number
            in training.
    """

    shape: tuple[int, ...]
    train: Inputs
    splits: tuple[tuple[str, Inputs], ...] = ()
    drift: tuple[tuple[str, Drift], ...] = ()
    constant: int = 0
    constant_names: tuple[str, ...] = ()
    copies: Copies = Copies()
    targets: Targets | None = None
    classes: Classes | None = None
    labels: Labels | None = None
    order: float = 0.0
    tokens: bool = False
    drawn: tuple[str, ...] = ()
    leaks: Leaks = field(default_factory=Leaks)
    collapsed: tuple[Collapsed, ...] = ()
    collapsed_targets: tuple[Collapsed, ...] = ()

    @property
    def features(self) -> int:
        """Number of values in one input."""
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def is_image(self) -> bool:
        """Whether an input is [channels, height, width]: borders may well be constant there."""
        return len(self.shape) == 3
