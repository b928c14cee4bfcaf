"""From numbers as a file has them to the training type: they are normalized in float64 before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trickrun.data.normalizers._normalizer import Scaler, chunks
from trickrun.data.normalizers._targets import TargetScaler
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

LOOKED_AT, FEWEST, MOST = 2**20, 256, 2**16
"""Values of a table of which the different ones are counted, in rows at even distances: they are
sorted, which takes about 0.1 s. And the fewest and the most rows: of many normal numbers some are
merged, of a million 7 in 1000."""


@dataclass(frozen=True)
class Way:
    """How samples are held.

    Args:
        scaler: of inputs.
        target_scaler: of values to predict.
        normalized: whether inputs are held normalized.
        dtype: of inputs that are numbers.
    """

    scaler: Scaler
    target_scaler: TargetScaler
    normalized: bool
    dtype: torch.dtype


@dataclass(frozen=True)
class Part:
    """The samples of a split, not yet taken out of the data set.

    Args:
        x: inputs [N, *shape] of what they are taken from.
        rows: which of them [M]; None: all.
        y: their targets [M, ...].
        w: how much each counts [M]; None: all alike.
    """

    x: torch.Tensor
    rows: torch.Tensor | None
    y: torch.Tensor
    w: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.y)

    def samples(self) -> torch.Tensor:
        """Return their inputs [M, *shape]; all of them need no copy."""
        return self.x if self.rows is None else self.x[self.rows]

    def chunks(self) -> Iterator[torch.Tensor]:
        """Yield their inputs, some at a time."""
        return chunks(self.x, self.rows)

    def spread_out(self, count: int) -> torch.Tensor:
        """Return the indices in ``x`` of ``count`` of them at even distances, or of all."""
        import torch

        count = min(count, len(self))
        chosen = torch.arange(count) * len(self) // max(1, count)
        return chosen if self.rows is None else self.rows[chosen]


@dataclass(frozen=True)
class Collapse:
    """A feature of which different values are one number in the training type.

    Args:
        feature: its place.
        values: different values, in the rows that were looked at.
        left: different numbers that these are in the training type.
    """

    feature: int
    values: int
    left: int


def narrowed(
    part: Part, scaler: Scaler, dtype: torch.dtype, features: Sequence[str] = ()
) -> torch.Tensor:
    """Return the inputs of ``part`` [M, *shape], normalized in float64 and then in ``dtype``.

    A chunk at a time is float64. Raises DataError for a number that is too large for ``dtype``.

    Args:
        features: their names, for errors; may be empty.
    """
    import torch

    shape = (len(part), *part.x.shape[1:])
    found = torch.empty(shape, dtype=dtype, device=part.x.device)
    done = 0
    for chunk in part.chunks():
        here = found[done : done + len(chunk)]
        here.copy_(scaler(chunk.double()))
        if not here.isfinite().all():
            raise too_large(part, done, chunk, here, features, scaler)
        done += len(chunk)
    return found


def too_large(
    part: Part,
    done: int,
    raw: torch.Tensor,
    held: torch.Tensor,
    features: Sequence[str],
    scaler: Scaler,
) -> DataError:
    """Return the error about the first number that is not finite as it is held.

    Args:
        done: the samples of ``part`` before these.
        raw, held: samples as the data have them, and as they are held.
    """
    first, *place = (~held.isfinite()).nonzero()[0].tolist()
    value = float(raw[(first, *place)])
    named = len(place) == 1 and len(features) == held.shape[1]
    feature = repr(features[place[0]]) if named else f"feature {place}"
    sample = done + first if part.rows is None else int(part.rows[done + first])
    return DataError(
        f"the value {value:g} of {feature} in sample {sample} is too large for {name(held.dtype)}",
        "data",
        "set data.normalize: standard"
        if scaler.scale is None
        else "take its logarithm, or remove it",
    )


def check_range(part: Part, y: torch.Tensor, dtype: torch.dtype) -> None:
    """Raise DataError for values ``y`` to predict, those of ``part``, too large for ``dtype``."""
    if not y.is_floating_point():
        return
    broken = ~y.to(dtype).isfinite()
    if broken.any():
        first = int(broken.nonzero()[0, 0])
        sample = first if part.rows is None else int(part.rows[first])
        raise DataError(
            f"the target of sample {sample}, {float(part.y[broken][0]):g}, is too large for "
            f"{name(dtype)}",
            "data",
            "set data.scale_targets: standard, or log",
        )


def name(dtype: torch.dtype) -> str:
    """Return ``float32``."""
    return str(dtype).removeprefix("torch.")


def collapses(part: Part, held: torch.Tensor) -> tuple[Collapse, ...]:
    """Return the features of a table that have fewer different numbers in ``held`` than in the
    data; none of what is no table.

    Args:
        held: the inputs of ``part`` [M, features], normalized, in the training type.
    """
    if held.ndim != 2:
        return ()
    count = min(MOST, max(FEWEST, LOOKED_AT // max(1, held.shape[1])))
    before = distinct(part.x[part.spread_out(count)])
    after = distinct(held[Part(held, None, part.y).spread_out(count)])
    return tuple(
        Collapse(place, int(before[place]), int(after[place]))
        for place in (after < before).nonzero().flatten().tolist()
    )


def distinct(x: torch.Tensor) -> torch.Tensor:
    """Return how many different values each column of [M, columns] has."""
    ordered = x.t().contiguous().sort(1).values
    changes: torch.Tensor = (ordered[:, 1:] != ordered[:, :-1]).sum(1)
    return changes + 1
