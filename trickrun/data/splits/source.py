"""What loading gives: a data set, or the samples of another file for a trained run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trickrun.data.splits.task import Task

if TYPE_CHECKING:
    import torch

    from trickrun.data.formats.image_files import ImageFiles


@dataclass(frozen=True)
class Source:
    """A data set as loaded, before splitting and normalization.

    Args:
        parts: "train", and "val" or "test" where the data set brings its own; each a pair of
            inputs [N, *shape] in their smallest type (images uint8) and targets (int64 class
            indices [N], or float values [N, targets]).
        task: what is to be predicted.
        files: where images stay in their files: what decodes them. The inputs are then their
            numbers there, int64 [N].
    """

    parts: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    task: Task
    files: ImageFiles | None = None


@dataclass(frozen=True)
class Samples:
    """Samples to predict or score.

    Args:
        x: inputs [N, *shape], as the run's own data had them before normalization.
        y: targets as in Source, or None where the file has none.
    """

    x: torch.Tensor
    y: torch.Tensor | None


@dataclass(frozen=True)
class Columns:
    """How to read a table's columns that are not features.

    Args:
        targets: columns with targets, which may be missing; none given: for classes ``target``,
            for values the names that the task has.
        ignored: columns that may be there and mean nothing.
        ignore_others: whether every other column may be there too.
        delimiter, header: see read_table.
    """

    targets: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    ignore_others: bool = False
    delimiter: str | None = None
    header: bool = True
