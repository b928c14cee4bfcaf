"""From a loaded data set to splits on a device: split, subset, normalization statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trickrun.data._data import Data
from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.normalizers._targets import TargetScaler, fit_targets
from trickrun.data.splits.division import divided, has_strata
from trickrun.data.splits.kept import KeptSplit, keep
from trickrun.data.splits.keys import keys_of
from trickrun.data.splits.narrow import Collapse, Part, Way, check_range, collapses, narrowed
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
        scaler: what normalizes inputs; fitted on the training split.
        target_scaler: what the values to predict have been normalized with.
        normalized: whether the splits' inputs have been normalized: numbers once, in float64;
            images and tokens, whose numbers are small, are held as they are, and their batches are.
        collapsed: the features of a table of which different values are one number in training.
        files: what decodes images that stay in their files.
        columns: see Source.
        rows: of each part that was drawn from the data's training part: the indices there.
        notes: what people should know of how it was loaded, a line each.
        kept: for a run: its split, as its folder keeps it.
        reordered: see Source.
        encoded: of a run that is opened again: how many numbers its network made of each column of
            numbers; None where that is not known yet.
    """

    train: SplitData
    val: SplitData | None
    test: SplitData | None
    task: Task
    scaler: Scaler
    target_scaler: TargetScaler = field(default_factory=Scaler)
    normalized: bool = False
    collapsed: tuple[Collapse, ...] = ()
    files: ImageFiles | None = None
    columns: tuple[Column, ...] = ()
    rows: Mapping[str, torch.Tensor] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kept: KeptSplit | None = None
    reordered: bool = False
    encoded: tuple[int, ...] | None = None

    @property
    def weighted(self) -> bool:
        """Whether samples have weights, so that losses and metrics are weighted."""
        return self.train.w is not None

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
        """Return inputs of a split as they are held: those that stay in files, decoded."""
        return self.files.read(x) if self.files is not None and x.ndim == 1 else x

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the training samples ``indices`` [B] as they are held."""
        if self.files is not None and self.streamed:
            return self.files.batch(self.train.x, indices)
        return self.train.x.index_select(0, indices)

    def inputs(self, x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Return inputs of a split as a model gets them: normalized numbers in ``dtype``, or token
        ids."""
        numbers = as_numbers(self.raw(x), dtype)
        return numbers if self.normalized else self.scaler(numbers)

    def unscaled(self, x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Return inputs of a split before normalization, in ``dtype``: token ids as they are."""
        numbers = as_numbers(self.raw(x), dtype)
        return self.scaler.to(dtype).back(numbers) if self.normalized else numbers

    def held(self, x: torch.Tensor) -> torch.Tensor:
        """Return inputs of another file [N, *shape] as those of the splits are held.

        Raises DataError for a number that is too large for the training type.
        """
        if self.normalized:
            part = Part(x, None, x.new_zeros(len(x)))
            scaler = self.scaler.to(x.device)
            return narrowed(part, scaler, self.train.x.dtype, self.task.features)
        return x.float() if holds_numbers(x, self.task) else x

    def original(self, x: torch.Tensor) -> torch.Tensor:
        """Return inputs of a split in the data's own unit, in float64.

        Those that have been normalized are as near to the file's as the training type is; what is
        as near to a whole number is that.
        """
        import torch

        if not self.normalized:
            return self.raw(x).double()
        scaler = self.scaler.to(x.device)
        raw = scaler.back(x.double())
        error = torch.finfo(x.dtype).eps * (raw if scaler.shift is None else raw - scaler.shift)
        return raw.round().where((raw - raw.round()).abs() <= error.abs(), raw)

    def in_own_unit(self, y: torch.Tensor) -> torch.Tensor:
        """Return targets or predictions in the data's own unit: values [N, targets] in float64,
        what is said of classes as it is."""
        if self.task.kind != "regression":
            return y
        from trickrun.nn.precision import widened

        values = widened(y)
        return self.target_scaler.to(values.device).back(values)


def as_numbers(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return raw inputs in ``dtype``, but token ids as they are."""
    import torch

    return x if x.dtype == torch.int64 else x.to(dtype)


def holds_numbers(x: torch.Tensor, task: Task) -> bool:
    """Whether inputs are numbers of any size: no bytes of images, and no token ids."""
    import torch

    return x.dtype != torch.uint8 and not task.vocabulary


def prepare(
    data: Data, folder: Path, dtype: torch.dtype | None = None, fitted: Prepared | None = None
) -> Prepared:
    """Load and split ``data``; relative paths are relative to ``folder``. Raises DataError.

    Args:
        dtype, fitted: see ``prepared``.
    """
    # What tells samples apart may hold all of a file's text.
    source = data.load(folder) if fitted is None else data.load_for(folder, fitted.task)
    source = replace(source, identify=None)
    return prepared(data, source, drawn(data, source), dtype, fitted)


def prepare_run(
    data: Data, folder: Path, kept: KeptSplit | None = None, dtype: torch.dtype | None = None
) -> Prepared:
    """Load and split ``data`` for a run, which keeps its split.

    Args:
        kept: the split of a run that goes on; None: it is drawn.
        dtype: see ``prepared``.

    Raises DataError; DataChanged if the samples are not those of ``kept``.
    """
    if kept is not None:
        source = replace(data.load_again(folder, kept), identify=None)
        found = prepared(data, source, kept.rows(), dtype)
        return replace(found, kept=kept, reordered=source.reordered)
    source = data.load(folder)
    # Before anything is filled in.
    keys = keys_of(source)
    source = replace(source, identify=None)
    rows = drawn(data, source)
    split = keep(source, keys, rows)
    return replace(prepared(data, source, rows, dtype), kept=split)


def drawn(data: Data, source: Source) -> Mapping[str, torch.Tensor]:
    """Return the indices [M] of each part that is drawn from the training part of ``source``."""
    rows = dict(divided(data.split, source))
    rows["train"] = subset(data, source, rows["train"])
    return rows


def prepared(
    data: Data,
    source: Source,
    rows: Mapping[str, torch.Tensor],
    dtype: torch.dtype | None = None,
    fitted: Prepared | None = None,
) -> Prepared:
    """Return the loaded ``source`` in its parts, with what is fitted on the training part.

    Args:
        rows: see ``drawn``.
        dtype: the type that numbers are trained in; None: float32.
        fitted: whose scalers are taken, as they were fitted before; None: they are fitted.

    Raises DataError for what cannot be normalized.
    """
    import torch

    source = data.fill(source, rows["train"])
    split = parts(source, rows)
    check_targets(source.task, *split.values())
    check_weights(split)
    way = fit(data, source, split["train"], dtype) if fitted is None else way_of(fitted)
    held = {name: hold(source, part, way) for name, part in split.items()}
    train, val, test, task = data.finish(source, held["train"], held.get("val"), held.get("test"))
    found = Prepared(
        train,
        val,
        test,
        with_priors(task, train),
        way.scaler,
        way.target_scaler,
        way.normalized,
        collapses(split["train"], train.x) if fitted is None and way.normalized else (),
        source.files,
        source.columns,
        rows,
    )
    if data.zero_inputs:
        found = replace(
            found,
            train=zeroed(train, found, way),
            val=val and zeroed(val, found, way),
            test=test and zeroed(test, found, way),
        )
    elif fitted is None and not way.normalized and not task.vocabulary:
        found = replace(found, scaler=data.normalize.fit(sample(found)).to(torch.float32))
    # Files tell what they met when they have been read.
    told = source.files.notes() if source.files is not None else ()
    return replace(found, notes=(*source.notes, *told))


def fit(data: Data, source: Source, train: Part, dtype: torch.dtype | None) -> Way:
    """Return how samples are held, fitted on the training part. Batches of what is not normalized
    here are, by a scaler that is fitted on the finished part.

    Raises DataError for what cannot be normalized.
    """
    import torch

    dtype = dtype or torch.float32
    targets = target_scaler_of(data, source.task, train.y)
    if data.zero_inputs or not in_numbers(source, train):
        return Way(Scaler(), targets, False, dtype)
    indices = [place for place, rows in enumerate(source.task.rows) if rows]
    scaler = data.normalize.fit(train.x, train.rows).sparing(indices, train.x.shape[1:])
    return Way(scaler, targets, True, dtype)


def way_of(fitted: Prepared) -> Way:
    """Return how the samples of ``fitted`` are held, for others on the CPU."""
    import torch

    here = torch.device("cpu")
    scalers = fitted.scaler.to(here), fitted.target_scaler.to(here)
    return Way(*scalers, fitted.normalized, fitted.train.x.dtype)


def in_numbers(source: Source, part: Part) -> bool:
    """Whether the inputs of a part are numbers of any size."""
    return source.files is None and holds_numbers(part.x, source.task)


def hold(source: Source, part: Part, way: Way) -> SplitData:
    """Return the samples of a part as they are held.

    Raises DataError for a number that is too large for the training type.
    """
    if way.normalized:
        x = narrowed(part, way.scaler, way.dtype, source.task.features)
    else:
        x = part.samples()
        # A run of an older version normalized each batch of numbers.
        x = x.to(way.dtype) if in_numbers(source, part) else x
    y = way.target_scaler(part.y)
    check_range(part, y, way.dtype)
    return SplitData(x, y, part.w)


def target_scaler_of(data: Data, task: Task, y: torch.Tensor) -> TargetScaler:
    """Return what normalizes the values to predict, as data.scale_targets wants it.

    Args:
        y: the training targets.

    Raises DataError if there are no values to predict, or some that cannot be scaled so.
    """
    if data.scale_targets == "none":
        return Scaler()
    if task.kind != "regression":
        settable = "task" in type(data).model_fields
        what = "classes" if task.kind == "classification" else "labels"
        raise DataError(
            f"the data's targets are {what}, which cannot be scaled",
            "data.scale_targets",
            "remove it" + (", or set data.task: regression" if settable else ""),
        )
    return fit_targets(data.scale_targets, y)


def sample(data: Prepared) -> torch.Tensor:
    """Return raw training inputs [M, *shape] for statistics: all, or MEASURED of those in files."""
    import torch

    x = data.train.x
    if not data.streamed:
        return x
    count = min(MEASURED, len(x))
    return data.raw(x[torch.arange(count) * len(x) // count])


def zeroed(part: SplitData, data: Prepared, way: Way) -> SplitData:
    """Return the same targets with inputs of zeros; bytes and token ids stay such."""
    import torch

    kept = part.x.dtype == torch.uint8 or data.task.vocabulary
    zero = torch.zeros((), dtype=part.x.dtype if kept else way.dtype)
    return SplitData(zero.expand(len(part), *data.shape), part.y, part.w)


def parts(source: Source, rows: Mapping[str, torch.Tensor]) -> dict[str, Part]:
    """Return the training, validation and test parts: those with ``rows`` are drawn from the
    training part of ``source``, others its own."""
    found = {
        name: Part(x, None, exact(y), source.weights.get(name))
        for name, (x, y) in source.parts.items()
    }
    whole = found["train"]
    for name, indices in rows.items():
        everything = len(indices) == len(whole)
        found[name] = (
            whole
            if everything
            else Part(
                whole.x, indices, whole.y[indices], None if whole.w is None else whole.w[indices]
            )
        )
    return found


def exact(y: torch.Tensor) -> torch.Tensor:
    """Return targets with values in float64."""
    return y.double() if y.is_floating_point() else y


def subset(data: Data, source: Source, rows: torch.Tensor) -> torch.Tensor:
    """Return those of the training samples ``rows`` that data.subset leaves."""
    import torch

    wanted = data.subset
    if wanted is None:
        return rows
    if wanted.n > len(rows):
        raise DataError(
            f"{wanted.n} samples are wanted, but the training split has {len(rows)}",
            "data.subset.n",
            f"set it to {len(rows)} or less, or remove subset",
        )
    _, y = source.parts["train"]
    strata = y[rows] if has_strata(source.task) and wanted.stratified else None
    indices, _ = take(torch.arange(len(rows)), strata, wanted.n, wanted.seed, "subset")
    return rows[indices]


def check_targets(task: Task, *parts: Part) -> None:
    """Raise DataError for class indices outside 0..classes-1 or non-finite values."""
    import torch

    for part in parts:
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


def check_weights(split: Mapping[str, Part]) -> None:
    """Raise DataError for a part none of whose samples counts."""
    for name, part in split.items():
        if part.w is not None and not part.w.any():
            raise DataError(
                f"all {len(part)} samples of the {name} split have a weight of 0",
                "data.weight",
                "try another data.split.seed, or give more samples a weight above 0",
            )


def with_priors(task: Task, train: SplitData) -> Task:
    """Return ``task`` with the training split's class shares, or the share that has each label; of
    weighted samples the shares of the weights."""
    import torch

    if task.kind == "multilabel":
        have = train.y.double()
        shares = have.mean(0) if train.w is None else (train.w @ have) / train.w.sum()
        return replace(task, priors=tuple(shares.tolist()))
    if task.kind != "classification":
        return task
    y = train.y.flatten()
    if task.next_token:
        y = y[y >= 0]  # places that a loss ignores are marked by a negative class
    counts = torch.bincount(y, train.w, minlength=task.classes).double()
    return replace(task, priors=tuple((counts / counts.sum()).tolist()))
