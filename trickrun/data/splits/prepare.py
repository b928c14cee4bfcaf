"""From a loaded data set to splits on a device: split, subset, normalization statistics."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trickrun.data._data import Data, Split
from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.normalizers.standard import Standard
from trickrun.data.splits.source import Source, SplitData, Task
from trickrun.data.splits.split import take, take_fold
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
    """

    train: SplitData
    val: SplitData | None
    test: SplitData | None
    task: Task
    scaler: Scaler
    target_scaler: Scaler = field(default_factory=Scaler)
    files: ImageFiles | None = None

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
    source = data.load(folder)
    train, val, test = split(data, source)
    train = subset(data, train, source.task)
    train, val, test, task = data.finish(source, train, val, test)
    check_targets(task, train, val, test)
    found = Prepared(train, val, test, with_priors(task, train), Scaler(), files=source.files)
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


def split(data: Data, source: Source) -> tuple[SplitData, SplitData | None, SplitData | None]:
    """Return the training, validation and test parts, made where the source brings none.

    Raises DataError if a part would be empty, or a class is too small to be split.
    """
    import torch

    x, y = source.parts["train"]
    strata = y if has_strata(source.task) and data.split.stratified else None
    rest = torch.arange(len(x))
    if "val" in source.parts and data.split.folds is not None:
        raise DataError(
            "the data brings its own validation part", "data.split.folds", "leave folds out"
        )
    drawn: dict[str, SplitData | None] = {}
    for name in ("test", "val"):
        if name in source.parts:
            drawn[name] = SplitData(*source.parts[name])
            continue
        indices, rest = draw(data.split, name, rest, strata, len(x))
        drawn[name] = SplitData(x[indices], y[indices]) if len(indices) else None
    if len(rest) == len(x):
        return SplitData(x, y), drawn["val"], drawn["test"]
    if len(rest) == 0:
        raise DataError(
            f"no sample of {len(x)} is left to train on",
            "data.split",
            f"val takes {data.split.val:g} and test {data.split.test:g} of the samples",
        )
    if strata is not None:
        check_class_sizes(strata, rest, source.task)
    return SplitData(x[rest], y[rest]), drawn["val"], drawn["test"]


def has_strata(task: Task) -> bool:
    """Whether each sample has one class, whose shares splits can keep."""
    return task.kind == "classification" and not task.next_token


def draw(
    wanted: Split, name: str, rest: torch.Tensor, strata: torch.Tensor | None, total: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the indices of the part ``name``, val or test, and what remains of ``rest``.

    Raises DataError if a share or a fold of ``total`` samples is less than one.
    """
    if name == "val" and wanted.folds is not None:
        if wanted.folds > len(rest):
            raise DataError(
                f"{len(rest)} samples do not make {wanted.folds} folds", "data.split.folds"
            )
        return take_fold(rest, strata, wanted.folds, wanted.fold, wanted.seed)
    share: float = getattr(wanted, name)
    count = round(share * total)
    if share > 0 and count == 0:
        raise DataError(
            f"{share:g} of {total} samples is none",
            f"data.split.{name}",
            f"set it to 0 for no {name} part, or to {1 / total:.2g} or more",
        )
    return take(rest, strata, count, wanted.seed, name)


def check_class_sizes(strata: torch.Tensor, rest: torch.Tensor, task: Task) -> None:
    """Raise DataError for a class with one sample, or with none left in ``rest`` to train on."""
    import torch

    before = torch.bincount(strata, minlength=task.classes)
    after = torch.bincount(strata[rest], minlength=task.classes)
    small = ((before == 1) | ((before > 0) & (after == 0))).nonzero().flatten().tolist()
    if small:
        raise DataError(
            f"class {task.labels[small[0]]!r} is too small to be split: "
            f"it has {int(before[small[0]])} of {len(strata)} samples",
            "data.split",
            "add samples of it, leave it out, or set data.split.stratified: false",
        )


def subset(data: Data, train: SplitData, task: Task) -> SplitData:
    """Return the training part that data.subset leaves."""
    import torch

    wanted = data.subset
    if wanted is None:
        return train
    if wanted.n > len(train):
        raise DataError(
            f"{wanted.n} samples wanted, the training split has {len(train)}",
            "data.subset.n",
            f"set it to {len(train)} or less, or leave subset out",
        )
    strata = train.y if has_strata(task) and wanted.stratified else None
    indices, _ = take(torch.arange(len(train)), strata, wanted.n, wanted.seed, "subset")
    return SplitData(train.x[indices], train.y[indices])


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
