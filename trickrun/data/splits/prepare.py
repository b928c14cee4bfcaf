"""From a loaded data set to splits on a device: split, subset, normalization statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trickrun.data._data import Data
from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.normalizers.standard import Standard
from trickrun.data.splits.division import divided, has_strata
from trickrun.data.splits.kept import KeptSplit, keep
from trickrun.data.splits.keys import keys_of
from trickrun.data.splits.source import Column, Source, SplitData, Task
from trickrun.data.splits.split import take
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

    from trickrun.data.formats.image_files import ImageFiles


MEASURED = 2048
"""Images that stay in their files of which statistics are taken: a channel's mean to a few per
cent of its deviation, and better."""


@dataclass(frozen=True)
class Prepared:
    """A data set ready for jobs.

    Args:
        train, val, test: the splits; val and test are None where the recipe has none.
        task: with the training split's class shares.
        scaler: what normalizes a batch; fitted on the training split.
        target_scaler: what the values to predict have been normalized with.
        files: what decodes images that stay in their files.
        columns: see Source.
        rows: of each part that was drawn from the data's training part: the indices there.
        kept: for a run: its split, as its folder keeps it.
        reordered: see Source.
    """

    train: SplitData
    val: SplitData | None
    test: SplitData | None
    task: Task
    scaler: Scaler
    target_scaler: Scaler = field(default_factory=Scaler)
    files: ImageFiles | None = None
    columns: tuple[Column, ...] = ()
    rows: Mapping[str, torch.Tensor] = field(default_factory=dict)
    kept: KeptSplit | None = None
    reordered: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        if self.files is not None and self.streamed:
            return self.files.shape
        return tuple(self.train.x.shape[1:])

    @property
    def streamed(self) -> bool:
        """Whether training images are decoded batch by batch: inputs are the files' numbers."""
        return self.files is not None and self.train.x.ndim == 1

    def raw(self, x: torch.Tensor) -> torch.Tensor:
        """Return inputs of a split before normalization: those that stay in files, decoded."""
        return self.files.read(x) if self.files is not None and x.ndim == 1 else x

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the training samples ``indices`` [B] before normalization."""
        if self.files is not None and self.streamed:
            return self.files.batch(self.train.x, indices)
        return self.train.x.index_select(0, indices)

    def inputs(self, x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Return raw inputs as a model gets them: normalized numbers in ``dtype``, or token ids."""
        return self.scaler(as_numbers(self.raw(x), dtype))

    def in_own_unit(self, y: torch.Tensor) -> torch.Tensor:
        """Return values [N, targets], targets or predictions, in the data's own unit."""
        return self.target_scaler.back(y)


def as_numbers(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return raw inputs in ``dtype``, but token ids as they are."""
    import torch

    return x if x.dtype == torch.int64 else x.to(dtype)


def prepare(data: Data, folder: Path) -> Prepared:
    """Load and split ``data``; relative paths are relative to ``folder``. Raises DataError."""
    # What tells samples apart may hold all of a file's text.
    source = replace(data.load(folder), identify=None)
    return prepared(data, source, drawn(data, source))


def prepare_run(data: Data, folder: Path, kept: KeptSplit | None = None) -> Prepared:
    """Load and split ``data`` for a run, which keeps its split.

    Args:
        kept: the split of a run that goes on; None: it is drawn.

    Raises DataError; DataChanged if the samples are not those of ``kept``.
    """
    if kept is not None:
        source = replace(data.load_again(folder, kept), identify=None)
        found = prepared(data, source, kept.rows())
        return replace(found, kept=kept, reordered=source.reordered)
    source = data.load(folder)
    keys = keys_of(source)
    source = replace(source, identify=None)
    rows = drawn(data, source)
    return replace(prepared(data, source, rows), kept=keep(source, keys, rows))


def drawn(data: Data, source: Source) -> Mapping[str, torch.Tensor]:
    """Return the indices [M] of each part that is drawn from the training part of ``source``."""
    rows = dict(divided(data.split, source))
    rows["train"] = subset(data, source, rows["train"])
    return rows


def prepared(data: Data, source: Source, rows: Mapping[str, torch.Tensor]) -> Prepared:
    """Return the loaded ``source`` in its parts, with what is fitted on the training part."""
    train, val, test, task = data.finish(source, *parts(source, rows))
    check_targets(task, train, val, test)
    found = Prepared(
        train,
        val,
        test,
        with_priors(task, train),
        Scaler(),
        files=source.files,
        columns=source.columns,
        rows=rows,
    )
    if data.zero_inputs:
        train = zeroed(train, found.shape)
        val, test = (part and zeroed(part, found.shape) for part in (val, test))
        scaler = Scaler()
    else:
        scaler = Scaler() if task.vocabulary else data.normalize.fit(sample(found))
    targets = fit_targets(data, task, train)

    def scaled(part: SplitData) -> SplitData:
        return SplitData(part.x, targets(part.y))

    return replace(
        found,
        train=scaled(train),
        val=val and scaled(val),
        test=test and scaled(test),
        scaler=scaler,
        target_scaler=targets,
    )


def fit_targets(data: Data, task: Task, train: SplitData) -> Scaler:
    """Return what normalizes the values to predict, as data.scale_targets wants it.

    Raises DataError if there are classes to predict.
    """
    if data.scale_targets == "none":
        return Scaler()
    if task.kind != "regression":
        raise DataError(
            "the data's targets are classes, which have no scale",
            "data.scale_targets",
            "leave it out, or set data.task: regression",
        )
    return Standard(per="feature").fit(train.y)


def sample(data: Prepared) -> torch.Tensor:
    """Return raw training inputs [M, *shape] for statistics: all, or MEASURED of those in files."""
    import torch

    x = data.train.x
    if not data.streamed:
        return x
    count = min(MEASURED, len(x))
    return data.raw(x[torch.arange(count) * len(x) // count])


def zeroed(part: SplitData, shape: tuple[int, ...]) -> SplitData:
    """Return the same targets with inputs of zeros, each of ``shape``."""
    return SplitData(part.x.new_zeros(()).expand(len(part), *shape), part.y)


def parts(
    source: Source, rows: Mapping[str, torch.Tensor]
) -> tuple[SplitData, SplitData | None, SplitData | None]:
    """Return the training, validation and test parts: those with ``rows`` are drawn from the
    training part of ``source``, others its own."""
    x, y = source.parts["train"]
    whole = {name: SplitData(*part) for name, part in source.parts.items()}
    for name, indices in rows.items():
        # A part that holds every sample needs no copy.
        everything = len(indices) == len(x)
        whole[name] = whole["train"] if everything else SplitData(x[indices], y[indices])
    return whole["train"], whole.get("val"), whole.get("test")


def subset(data: Data, source: Source, rows: torch.Tensor) -> torch.Tensor:
    """Return those of the training samples ``rows`` that data.subset leaves."""
    import torch

    wanted = data.subset
    if wanted is None:
        return rows
    if wanted.n > len(rows):
        raise DataError(
            f"{wanted.n} samples wanted, the training split has {len(rows)}",
            "data.subset.n",
            f"set it to {len(rows)} or less, or leave subset out",
        )
    _, y = source.parts["train"]
    strata = y[rows] if has_strata(source.task) and wanted.stratified else None
    indices, _ = take(torch.arange(len(rows)), strata, wanted.n, wanted.seed, "subset")
    return rows[indices]


def check_targets(task: Task, *parts: SplitData | None) -> None:
    """Raise DataError for class indices outside 0..classes-1 or non-finite values."""
    import torch

    for part in parts:
        if part is None:
            continue
        if task.kind == "classification":
            low, high = int(part.y.min()), int(part.y.max())
            if low < 0 or high >= task.classes:
                raise DataError(
                    f"labels run from {low} to {high}, but there are {task.classes} classes",
                    "data",
                    f"labels must be 0 to {task.classes - 1}",
                )
        elif not torch.isfinite(part.y).all():
            raise DataError("the target has NaN or infinite values", "data", "clean or drop them")


def with_priors(task: Task, train: SplitData) -> Task:
    """Return ``task`` with the training split's class shares."""
    import torch

    if task.kind != "classification":
        return task
    counts = torch.bincount(train.y.flatten(), minlength=task.classes).double()
    return replace(task, priors=tuple((counts / counts.sum()).tolist()))
