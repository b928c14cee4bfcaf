"""The file of a checkpoint: it carries a checksum of itself, and is checked when it is read.

torch.save writes a zip archive, and a zip archive may end with a comment. The comment is the
checksum of all bytes before it. So ``torch.load`` reads the file as any other, and there is no
second file that could disagree with it.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import torch
from pydantic import AfterValidator, BeforeValidator, NonNegativeInt, TypeAdapter, ValidationError

from trickrun.data.formats.paths import opened
from trickrun.errors import DataError, RunFolderError
from trickrun.nn.weights_file import unreadable
from trickrun.params import first_problem
from trickrun.training.checkpoint import Progress

CheckpointName = Literal["last", "best"]

LABEL = b"trickrun blake2b "
DIGITS = 32
"""Of the checksum, in hexadecimal: 128 bits of BLAKE2b."""

END_OF_ZIP, END_BYTES = b"PK\x05\x06", 22
"""How the last record of a zip archive begins, and its length where there is no comment. Its last
two bytes are the length of the comment."""

BLOCK = 2**20


class Damaged(RunFolderError):
    """A checkpoint that is not as it was written, or is none."""


def packed(value: dict[str, Any]) -> bytes:
    """Return the content of a checkpoint file for ``value``: tensors and plain Python."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(-2, os.SEEK_END)
    buffer.write((len(LABEL) + DIGITS).to_bytes(2, "little") + LABEL)
    with buffer.getbuffer() as content:
        checksum = hashlib.blake2b(content, digest_size=DIGITS // 2).hexdigest()
    buffer.write(checksum.encode())
    return buffer.getvalue()


def is_sealed(stream: BinaryIO) -> bool:
    """Return whether a checkpoint carries a checksum, which is then the right one; no for one that
    an older version wrote.

    Raises ValueError if the checksum is another, or if there is neither a checksum nor the end of a
    zip archive: then the file was cut off, or its end has changed.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - len(LABEL) - DIGITS))
    tail = stream.read()
    if tail[-END_BYTES:].startswith(END_OF_ZIP) and tail.endswith(b"\0\0"):
        return False
    if not tail.startswith(LABEL):
        raise ValueError("it is cut off, or its end has changed since it was written")
    digest, left = hashlib.blake2b(digest_size=DIGITS // 2), size - DIGITS
    stream.seek(0)
    while left and (block := stream.read(min(BLOCK, left))):
        digest.update(block)
        left -= len(block)
    if digest.hexdigest().encode() != tail[-DIGITS:]:
        raise ValueError("its checksum does not match: it has changed since it was written")
    return True


def only_tensors(state: dict[str, Any]) -> dict[str, Any]:
    """Raise ValueError if a model's state holds something else; modules may add an extra state."""
    for name, value in state.items():
        if not isinstance(value, torch.Tensor) and not name.endswith("_extra_state"):
            raise ValueError(f"{name} is not a tensor")
    return state


def of_one_length(progress: Progress) -> Progress:
    """Raise ValueError if losses and what their mean divides them by are not as many."""
    if progress.counts and len(progress.counts) != len(progress.losses):
        raise ValueError(f"{len(progress.losses)} losses, but {len(progress.counts)} counts")
    return progress


def only_plain(value: Any) -> Any:
    """Raise ValueError if anything in a value is no plain number or text.

    pydantic takes a tensor of one entry for a number, and JSON does not.
    """
    if isinstance(value, dict):
        for inner in value.values():
            only_plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            only_plain(inner)
    elif type(value) not in (int, float, str, bool, type(None)):
        raise ValueError(f"{type(value).__name__.lower()} is not a plain number or text")
    return value


Count = Annotated[NonNegativeInt, BeforeValidator(only_plain)]

ModelState = Annotated[dict[str, Any], AfterValidator(only_tensors)]


@dataclass(frozen=True)
class Average:
    """The state of a weight average."""

    count: Count
    model: ModelState


@dataclass(frozen=True)
class Last:
    """What last.pt holds at least: the checkpoints of other versions may have more."""

    model: ModelState
    optimizer: dict[str, Any]
    average: Average | None
    progress: Annotated[Progress, AfterValidator(of_one_length), BeforeValidator(only_plain)]
    metrics_bytes: Count


@dataclass(frozen=True)
class Best:
    """What best.pt holds at least."""

    model: ModelState
    values: Annotated[dict[str, float], BeforeValidator(only_plain)]


KEYS: dict[CheckpointName, set[str]] = {
    "last": {field.name for field in fields(Last)},
    "best": {field.name for field in fields(Best)},
}
FORMS: dict[CheckpointName, TypeAdapter[Any]] = {
    "last": TypeAdapter(Last),
    "best": TypeAdapter(Best),
}


@dataclass(frozen=True)
class Saved:
    """A checkpoint as it was read.

    Args:
        state: what it holds.
        path: its file.
        notices: what people should know of it.
    """

    state: dict[str, Any]
    path: Path
    notices: tuple[str, ...] = ()


def read_checkpoint(path: Path, name: CheckpointName) -> Saved:
    """Return the checkpoint in a file. Raises Damaged.

    Args:
        name: what it must be; a file beside it may hold an earlier one.
    """
    state, sealed = read_state(path)
    if not isinstance(state, dict) or not state.keys() >= KEYS[name]:
        raise damaged(path, "it is not one of trickrun's")
    try:
        FORMS[name].validate_python(state)
    except ValidationError as error:
        raise damaged(path, first_problem(error)) from error
    unsealed = (
        f"{path.name} has no checksum, because an older version wrote it: damage cannot be detected"
    )
    return Saved(state, path, () if sealed else (unsealed,))


def read_state(path: Path) -> tuple[Any, bool]:
    """Return what is in a file that ``packed`` made, and whether it carries a checksum.

    Raises Damaged.
    """
    try:
        with opened(path) as stream:
            sealed = is_sealed(stream)
            stream.seek(0)
            return torch.load(stream, map_location="cpu", weights_only=True), sealed
    except Exception as error:  # torch raises many kinds for a damaged file
        raise damaged(path, unreadable(error)) from error


def check_file(path: Path) -> None:
    """Raise Damaged if the file of a checkpoint is not as it was written."""
    try:
        with opened(path) as stream:
            is_sealed(stream)
    except (OSError, ValueError, DataError) as error:
        raise damaged(path, unreadable(error)) from error


def damaged(path: Path, reason: str) -> Damaged:
    return Damaged(
        f"the checkpoint cannot be read: {reason}",
        str(path),
        "restore the file from a copy, or train the run's recipe.yaml again",
    )
