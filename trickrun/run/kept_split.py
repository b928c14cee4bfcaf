"""The split in a run's folder: written before training begins, checked when it is read, used."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib import format as npy

from trickrun.data.splits.kept import PARTS, Changes, KeptSplit, compare, trained_on
from trickrun.data.splits.keys import KEYS, ROW_KEYS
from trickrun.data.splits.source import Samples, SplitData
from trickrun.errors import DataChanged, DataError, RunFolderError
from trickrun.run import files
from trickrun.run.folder import RunFolder
from trickrun.training.job import RecipeJob

Array = np.ndarray[Any, Any]

SPLIT_FILE = "split.npz"

OTHER_FILE = "score samples that were not in training: trickrun eval RUN --data FILE"

KINDS = {"version": "i", "keys": "i", "parts": "u", "sizes": "i", "columns": "U"}
"""The arrays in it, and the kind of type that each has: all of one dimension."""


def remember_split(folder: RunFolder, kept: KeptSplit | None) -> None:
    """Write the split that a run keeps, unless its folder has it."""
    if kept is not None and not (folder.path / SPLIT_FILE).exists():
        folder.write(SPLIT_FILE, packed_split(kept))


def packed_split(kept: KeptSplit) -> bytes:
    """Return the content of SPLIT_FILE: nine bytes a sample, and the columns' names."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        version=np.array([ROW_KEYS if kept.columns else KEYS], np.int64),
        keys=kept.keys.numpy(),
        parts=kept.parts.numpy(),
        sizes=np.array(kept.sizes, np.int64),
        columns=np.array(kept.columns, np.str_),
    )
    return buffer.getvalue()


def read_split(folder: RunFolder) -> KeptSplit | None:
    """Return the split that a run keeps; None if its folder has none, or one whose keys an older
    version made.

    Raises RunFolderError if the file is damaged, or of a newer version.
    """
    path = folder.path / SPLIT_FILE
    if not path.exists():
        return None
    try:
        arrays = read_arrays(path)
        kept = checked(arrays, path)
    except RunFolderError:
        raise
    except Exception as error:  # zipfile and numpy raise a dozen kinds for a damaged file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise RunFolderError(
            f"the split cannot be read: {reason}",
            str(path),
            "restore the file, or train the run's recipe.yaml again",
        ) from error
    return kept


def read_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays in an uncompressed npz file, none larger than the file is.

    Raises ValueError, and what zipfile and numpy raise, for anything else.
    """
    arrays = {}
    with files.opened(path) as stream, zipfile.ZipFile(stream) as archive:
        for name, kind in KINDS.items():
            member = archive.getinfo(f"{name}.npy")
            if member.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{name} is compressed")
            array = io.BytesIO(archive.read(member))
            if npy.read_magic(array) != (1, 0):
                raise ValueError(f"{name} is not an array of format 1.0")
            shape, _, dtype = npy.read_array_header_1_0(array)
            content = array.read()
            if len(shape) != 1 or dtype.kind != kind or shape[0] * dtype.itemsize != len(content):
                raise ValueError(f"{name} is {dtype} {list(shape)} in {len(content)} bytes")
            # A column's name may be long, but not nothing: numpy refuses to read such types.
            arrays[name] = np.frombuffer(content, dtype) if content else np.zeros(0, dtype)
    return arrays


def checked(arrays: Mapping[str, Array], path: Path) -> KeptSplit | None:
    """Return the split that the arrays in ``path`` say; None if an older version made the keys.

    Raises ValueError if they contradict each other; RunFolderError if a newer version made them.
    """
    (version,) = arrays["version"].tolist()
    known = ROW_KEYS if len(arrays["columns"]) else KEYS
    if version > known:
        raise RunFolderError(
            f"its keys are of version {version}, this one makes {known}",
            str(path),
            "use the version of trickrun that trained the run (env.json tells it)",
        )
    if version < known:
        return None
    keys, parts, sizes = (arrays[name] for name in ("keys", "parts", "sizes"))
    if len(sizes) != len(PARTS) or (sizes < 0).any() or sizes[0] == 0:
        raise ValueError(f"sizes are {sizes.tolist()}")
    if not len(keys) == len(parts) == sum(sizes.tolist()):
        raise ValueError(f"{len(keys)} keys, {len(parts)} parts, {sum(sizes.tolist())} samples")
    if (parts > len(PARTS)).any() or not (parts == 1).any():
        raise ValueError("there are no parts, or the training split has no samples")
    train, val, test = sizes.tolist()
    own = parts[train:]
    if (own[:val] != 2).any() or (own[val:] != 3).any():
        raise ValueError("a split of the data's own is in another one")
    columns = tuple(arrays["columns"].tolist())
    if len({*columns}) != len(columns):
        raise ValueError("a column appears twice")
    return KeptSplit(
        torch.from_numpy(keys.astype(np.int64)),
        torch.from_numpy(parts.astype(np.uint8)),
        (train, val, test),
        columns,
    )


def told_of_known(kept: KeptSplit | None, samples: Samples) -> tuple[int | None, str]:
    """Return how many samples of a file a run was trained on, None where that cannot be told, and
    what people must know of it, if anything."""
    if kept is None:
        return None, (
            "note: this run stores no usable split, because an older version trained it. Some of "
            "these samples may have been in its training split"
        )
    count = trained_on(kept, samples)
    if not count:
        return count, ""
    total = len(samples.x)
    which = f"{count} of these {total} samples were" if total > 1 else "this sample was"
    return count, f"warning: {which} in the run's training split"


@dataclass(frozen=True)
class Found:
    """What is still there of a part of a run's split.

    Args:
        job: the run's, which can read the samples.
        samples: those that are there, in the run's order; targets in the loss's unit.
        missing: how many are not.
        changes: how the data differ from what the run was begun with.
        noun: what samples are called, in the plural.
        notes: see Samples.
    """

    job: RecipeJob
    samples: SplitData
    missing: int
    changes: Changes
    noun: str
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what scripts may want to know beside the scores."""
        changes = asdict(self.changes)
        return {"missing": self.missing, "data_changes": changes, "notes": list(self.notes)}

    def told(self, name: str) -> Iterator[str]:
        """Yield what people must know of the scores of the part ``name``."""
        if not self.changes.any:
            return
        yield (
            f"warning: the data has changed since the run started: "
            f"{self.changes.told(self.noun)}. The run's own {name} split is scored"
        )
        if self.missing:
            count = self.missing + len(self.samples)
            yield f"warning: {self.missing} of its {count} {self.noun} are gone or changed"


def find_part(job: RecipeJob, kept: KeptSplit, name: str) -> Found:
    """Return the samples of a part of the run's split, wherever they are in its data now.

    Raises DataError if the run has no such part, or none of its samples is there.
    """
    data, members = job.recipe.data, kept.members(name)
    noun = "rows" if kept.columns else data.samples_are
    if not len(members):
        named = [part for part in PARTS if len(kept.members(part))]
        hint = f"use --split {' or '.join(named)}"
        raise DataError(f"the run has no {name} split", "data.split", hint)
    try:
        pool = data.pool(job.folder, kept, job.data.task)
    except DataChanged as error:
        raise DataChanged(error.message, error.where, OTHER_FILE) from error
    changes, places = compare(kept, pool.keys)
    changes = changes.of_columns(kept.columns, pool.columns)
    there = places[members]
    there = there[there >= 0]
    if not len(there):
        raise DataChanged(
            f"none of the {len(members)} {noun} of the run's {name} split is left: "
            f"{changes.told(noun)}",
            "data",
            OTHER_FILE,
        )
    found = pool.read(there)
    assert found.y is not None
    part = SplitData(held_inputs(found, job), found.y, found.w).to(job.device)
    return Found(
        # Images that stay in their files are known to the data alone.
        replace(job, data=replace(job.data, files=found.files)),
        SplitData(part.x, job.data.target_scaler(part.y), part.w),
        len(members) - len(there),
        changes,
        noun,
        found.notes,
    )


def held_inputs(found: Samples, job: RecipeJob) -> torch.Tensor:
    """Return the inputs [M, *shape] of samples as those of the run's splits are held; of images
    that stay in their files the numbers [M].

    Raises DataError for a number that is too large for the training type.
    """
    if job.recipe.data.zero_inputs:
        zero = job.data.train.x.new_zeros(())
        return zero.expand(len(found.x), *job.data.shape)
    return found.x if found.files is not None else job.data.held(found.x)
