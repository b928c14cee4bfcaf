"""TensorBoard's event files: the scalars in them, without TensorBoard.

A file is a row of records: the length (8 bytes), its masked crc32c, the data, theirs. The data are
an ``Event`` in protobuf (tensorflow/core/util/event.proto and framework/summary.proto).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trickrun.checks.curves.files.logged import SUFFIXES, Column, Logged, checked_size
from trickrun.data.formats import paths
from trickrun.errors import DataError

MARK = "tfevents"
"""What the name of an event file has."""

LONGEST = 2**16
"""Bytes of a record that may hold scalars; a longer one is a picture or a histogram, and is passed
over after its length was checked."""

FLOAT, DOUBLE = 1, 2
"""Types of a tensor, by their numbers in protobuf."""

Field = tuple[int, int, int | bytes]
"""A field's number, its wire type and its value: of varints and fixed numbers an int or bytes."""


@dataclass
class Scalars:
    """The points of each tag, by step: a step that is written again counts as written last.

    Args:
        again: how many points were written again.
        cut: whether a file ends within a record, as one does that is being written.
    """

    points: dict[str, dict[int, float]] = field(default_factory=dict)
    again: int = 0
    cut: bool = False

    def add(self, tag: str, step: int, value: float) -> None:
        known = self.points.setdefault(tag, {})
        self.again += step in known
        known[step] = value


def is_event_log(path: Path) -> bool:
    """Whether a path is an event file, or a folder with some in it or in folders in that."""
    return MARK in path.name if path.is_file() else any(files_of(path))


def is_log(path: str) -> bool:
    """Whether what was given is a log of another tool: a file of a known form, or a folder with
    event files that is no run."""
    place = Path(path)
    if place.suffix in SUFFIXES or (place.is_file() and is_event_log(place)):
        return True
    is_run = (place / "resolved.yaml").exists()
    return place.is_dir() and not is_run and is_event_log(place)


def files_of(path: Path) -> list[Path]:
    """Return a file itself, or the event files in a folder, in the order of their names."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob(f"*{MARK}*") if file.is_file())


def read_events(path: Path) -> Logged:
    """Read an event file, or all in a folder: those of folders in it with their folder's name
    before each tag.

    Raises DataError if one is damaged, or none has scalars.
    """
    found = Scalars()
    for file in files_of(path):
        inside = file.parent.relative_to(path).as_posix() if path.is_dir() else "."
        read_file(file, "" if inside == "." else f"{inside}/", found)
    if not found.points:
        raise DataError("it has no scalars", str(path))
    steps = sorted({step for points in found.points.values() for step in points})
    columns: dict[str, Column] = {"step": [float(step) for step in steps]}
    columns |= {tag: [points.get(step) for step in steps] for tag, points in found.points.items()}
    notes = []
    if found.again:
        notes.append(f"{found.again} values were written twice: the later ones count")
    if found.cut:
        notes.append("a file ends within a record, which is left out")
    return Logged(path, columns, [f"step {step}" for step in steps], tuple(notes))


def read_file(file: Path, prefix: str, found: Scalars) -> None:
    """Add the scalars of a file. Raises DataError if it is damaged."""
    checked_size(file)
    content = paths.read_bytes(file)
    place = 0
    while place < len(content):
        if place + 12 > len(content):
            found.cut = True
            return
        head, sum_of_head = content[place : place + 8], content[place + 8 : place + 12]
        if masked_crc(head) != int.from_bytes(sum_of_head, "little"):
            what = "this is no event file" if place == 0 else "a record is damaged"
            raise DataError(f"{what}: at byte {place}, the checksum is wrong", str(file))
        length = int.from_bytes(head, "little")
        data, end = content[place + 12 : place + 12 + length], place + 16 + length
        if end > len(content):
            found.cut = True
            return
        if length <= LONGEST:
            if masked_crc(data) != int.from_bytes(content[end - 4 : end], "little"):
                what = f"a record is damaged: at byte {place}, the checksum of its data is wrong"
                raise DataError(what, str(file))
            try:
                for tag, step, value in scalars(data):
                    found.add(prefix + tag, step, value)
            except (ValueError, struct.error) as error:
                raise DataError(f"the record at byte {place} is no event", str(file)) from error
        place = end


def scalars(event: bytes) -> Iterator[tuple[str, int, float]]:
    """Yield tag, step and value of each scalar of an event. Raises ValueError or struct.error."""
    step, summaries = 0, []
    for name, wire, value in fields(event):
        if (name, wire) == (2, 0):
            assert isinstance(value, int)
            step = value
        elif (name, wire) == (5, 2):
            summaries.append(as_bytes(value))
    for summary in summaries:
        for name, wire, value in fields(summary):
            if (name, wire) == (1, 2):
                tag, read = scalar(as_bytes(value))
                if read is not None and not tag.startswith("_"):
                    yield tag, step, read


def scalar(value: bytes) -> tuple[str, float | None]:
    """Return the tag and the number of a summary's value; None if it is something else."""
    tag, read = "", None
    for name, wire, content in fields(value):
        if (name, wire) == (1, 2):
            tag = as_bytes(content).decode("utf-8")
        elif (name, wire) == (2, 5):
            (read,) = struct.unpack("<f", as_bytes(content))
        elif (name, wire) == (8, 2):
            read = of_tensor(as_bytes(content))
    return tag, read


def of_tensor(tensor: bytes) -> float | None:
    """Return the number of a tensor that is one; None if it is something else."""
    kind, content, sizes = 0, b"", []
    for name, wire, value in fields(tensor):
        if (name, wire) == (1, 0):
            kind = int(value) if isinstance(value, int) else 0
        elif (name, wire) == (2, 2):
            sizes = [size for number, _, size in fields(as_bytes(value)) if number == 2]
        elif name in (4, 5, 6) and wire != 0:
            # Raw bytes, floats or doubles; packed or one by one.
            content += as_bytes(value)
    form = {FLOAT: "<f", DOUBLE: "<d"}.get(kind)
    if form is None or sizes or len(content) != struct.calcsize(form):
        return None
    (read,) = struct.unpack(form, content)
    return float(read)


def fields(message: bytes) -> Iterator[Field]:
    """Yield the fields of a message in protobuf. Raises ValueError if it is none."""
    place = 0
    while place < len(message):
        key, place = varint(message, place)
        name, wire = key >> 3, key & 7
        if wire == 0:
            value, place = varint(message, place)
            yield name, wire, value
            continue
        if wire == 2:
            length, place = varint(message, place)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if place + length > len(message):
            raise ValueError("a field is longer than its message")
        yield name, wire, message[place : place + length]
        place += length


def varint(message: bytes, place: int) -> tuple[int, int]:
    """Return the number that begins at a place, and where it ends. Raises ValueError."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            # A negative step is written as its two's complement.
            return (value if value < 2**63 else value - 2**64), place
    raise ValueError("a number does not end")


def as_bytes(value: int | bytes) -> bytes:
    assert isinstance(value, bytes)
    return value


def crc_table() -> list[int]:
    """Return the table of crc32c (Castagnoli), reflected."""
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc_table()


def masked_crc(data: bytes) -> int:
    """Return the crc32c of bytes, masked as in these files: rotated by 15 bits, plus a constant."""
    value = 0xFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
