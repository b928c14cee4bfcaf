"""Facts about data, from which a first recipe is written: plain values, and why they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Decision:
    """What a table's column is to be taken for, where the recipe must say it.

    Args:
        column: its name.
        type: as ``data.types`` takes it: a word, or a mapping.
        why: in words.
        open: whether people should look at it: it may be meant otherwise.
    """

    column: str
    type: str | Mapping[str, Any]
    why: str
    open: bool = False


@dataclass(frozen=True)
class Values:
    """The values to predict.

    Args:
        low, high, mean, median, std: of those that are there; std is the population's.
        skew: the third standardized moment.
        log_skew: that of the logarithms; None if a value is not above 0.
        common: the share of the value that occurs most often.
    """

    low: float
    high: float
    mean: float
    median: float
    std: float
    skew: float
    log_skew: float | None
    common: float


@dataclass(frozen=True)
class Targets:
    """What is to be predicted: one class, values, or several 0/1 labels.

    Args:
        names: the columns; of arrays their names, or y.
        why: how they were chosen.
        classes: the samples of each class, the most frequent first; empty for values and labels.
        values: what the values of each target are like; empty for classes and labels.
        labels: the share of samples that has each label; empty for classes and values.
        open: what was decided without being sure, in words; empty: nothing.
    """

    names: tuple[str, ...]
    why: str
    classes: tuple[tuple[str, int], ...] = ()
    values: tuple[Values, ...] = ()
    labels: tuple[tuple[str, float], ...] = ()
    open: str = ""

    @property
    def task(self) -> Literal["classification", "regression", "multilabel"]:
        """The task, as recipes name it."""
        if self.classes:
            return "classification"
        return "multilabel" if self.labels else "regression"


@dataclass(frozen=True)
class SplitBy:
    """The column that the parts are divided by.

    Args:
        way: time or group.
        column: its name.
        why: in words.
    """

    way: Literal["time", "group"]
    column: str
    why: str


@dataclass(frozen=True)
class TableFacts:
    """A table.

    Args:
        path: as the recipe names it.
        rows: those with all targets.
        targets: the columns to predict.
        header: whether the first line has the columns' names.
        without_target: rows that lack a target.
        gaps: input columns with missing cells, and how many.
        categories: input columns of text, and how many different ones each has.
        numbers: input columns of numbers.
        dates: input columns of dates, and the days that each spans.
        timed: whether one of them has times of day.
        decisions: what the recipe must say of columns.
        seen: what columns are taken for without a word of the recipe, a line each.
        copies: rows that are equal to an earlier one, target included.
        few_possible: whether the inputs take so few values that equal rows are to be expected.
        split: what the parts are divided by; None: chance.
        times: columns of dates that the parts could be divided by.
    """

    path: str
    rows: int
    targets: Targets
    header: bool = True
    without_target: int = 0
    gaps: tuple[tuple[str, int], ...] = ()
    categories: tuple[tuple[str, int], ...] = ()
    numbers: tuple[str, ...] = ()
    dates: tuple[tuple[str, float], ...] = ()
    timed: bool = False
    decisions: tuple[Decision, ...] = ()
    seen: tuple[str, ...] = ()
    copies: int = 0
    few_possible: bool = False
    split: SplitBy | None = None
    times: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextFacts:
    """Texts with a class each, or one long text.

    Args:
        path: as the recipe names it.
        samples: the table's rows; of one long text its characters.
        column: that of the texts; None: one long text.
        target, target_why: the column of classes, if there is one.
        classes: see Targets.
        words: the number of words that nine of ten texts do not exceed.
        left_out: the table's other columns.
    """

    path: str
    samples: int
    column: str | None = None
    target: str | None = None
    target_why: str = ""
    classes: tuple[tuple[str, int], ...] = ()
    words: int = 0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pictures:
    """What images are like.

    Args:
        looked_at: those that were opened.
        width, height: the middle ones of these.
        same_size: whether all have one size.
        grey: whether none of them has colors.
        photos: whether they look like photos: JPEG files, larger than drawn signs are.
        deep: whether some hold more than 8 bits whose range nothing tells.
        broken: files, of those that were opened, that cannot be read, with the reason.
        pretrained: whether the weights of a pretrained network are installed.
    """

    looked_at: int
    width: int
    height: int
    same_size: bool
    grey: bool
    photos: bool
    deep: tuple[float, float] | None = None
    broken: tuple[str, ...] = ()
    pretrained: bool = False


@dataclass(frozen=True)
class ImageFacts:
    """Images in class folders.

    Args:
        path: as the recipe names it.
        classes: the training part's images of each class, the most frequent first.
        parts: the images of each part that the folder brings; only "train" where it brings none.
        pictures: what the images are like.
        class_folder: which folder names the class, and why; None: the first.
        seen: what else people should know, a line each.
    """

    path: str
    classes: tuple[tuple[str, int], ...]
    parts: tuple[tuple[str, int], ...]
    pictures: Pictures
    class_folder: tuple[Literal["last", "path"], str] | None = None
    seen: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageTableFacts:
    """Images in files that a table names, with their targets.

    Args:
        path: as the recipe names it.
        rows: those that are used: with all targets, and a file that is there.
        targets: the columns to predict.
        pictures: what the images are like.
        file: the column that names the files.
        usual: whether that is found by its name alone.
        folder: where the files are, relative to the table.
        suffix: what the files end in and the cells do not; None: nothing.
        incomplete: rows that name no file, or lack a target.
        absent: files that are not there.
        left_out: the table's other columns.
        split: what the parts are divided by; None: chance.
    """

    path: str
    rows: int
    targets: Targets
    pictures: Pictures
    file: str
    usual: bool = True
    folder: str = "."
    suffix: str | None = None
    incomplete: int = 0
    absent: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    split: SplitBy | None = None


Layout = Literal["features", "images", "sequences", "other"]
"""What the axes of one sample are."""


@dataclass(frozen=True)
class ArrayFacts:
    """Arrays in a numpy file.

    Args:
        path: as the recipe names it.
        parts: the samples of each part that the file brings; only "train" where it brings none.
        shape: of one sample, images with their channels first.
        layout: what its axes are.
        targets: what is to be predicted.
        channels_last: whether the recipe must say that images have their channels last.
        bytes: whether the inputs are uint8, as images are.
        copies: samples of the training part that are equal to an earlier one.
        open: what was decided without being sure, a line each.
    """

    path: str
    parts: tuple[tuple[str, int], ...]
    shape: tuple[int, ...]
    layout: Layout
    targets: Targets
    channels_last: bool = False
    bytes: bool = False
    copies: int = 0
    open: tuple[str, ...] = ()


DataFacts = TableFacts | TextFacts | ImageFacts | ImageTableFacts | ArrayFacts
