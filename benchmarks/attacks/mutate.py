"""Changes of bytes, of JSON values, and of a file as a whole."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.attacks.case import CANARY

BYTES = (
    b"\0", b"\xff", b"\n", b"\r", b"\t", b",", b";", b'"', b"'", b"{", b"}", b"[", b"]", b":",
    b"-", b"nan", b"inf", b"1e999", b"-0", b"9" * 30, b"9" * 400, b"\xed\xa0\x80", b"\xf0\x9f\x98",
    "\u2028".encode(), "\u202e".encode(), b"\xef\xbb\xbf", b"PK\x05\x06", b"\x1f\x8b",
    b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00",
    b"PAR1", b"ARROW1",
)  # fmt: skip
"""What is put among the bytes of a file."""

SCALARS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 3.5, -0.5, 0.1, 1e308, -1e308, 1e-320, 2**31, 2**53 + 1, 2**63,
    -(2**63) - 1, 10**30, 10**400, "", "x", "nan", "-inf", "1", "\0", "\ud800", "é", "a/b", "../..",
    "/dev/zero", "a" * 300, "0" * 5000, "x=y", "*", "\u202e",
)  # fmt: skip
"""JSON values that stand where others should."""


class Hostile:
    """Makes the canary when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (CANARY,)


def pickles() -> list[bytes]:
    """Return files whose pickle makes the canary: a bare one, one of torch, one of numpy."""
    bare = pickle.dumps(Hostile())
    modern = io.BytesIO()
    with zipfile.ZipFile(modern, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"model": Hostile()}, protocol=2))
        archive.writestr("archive/version", "3\n")
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    padded = header + b" " * (117 - len(header)) + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + bare
    arrays = io.BytesIO()
    with zipfile.ZipFile(arrays, "w") as archive:
        for name in ("x", "y", "keys", "x_train", "y_train"):
            archive.writestr(f"{name}.npy", array)
    return [bare, modern.getvalue(), array, arrays.getvalue()]


HOSTILE = pickles()


def changed_bytes(rng: random.Random, content: bytes, times: int = 0) -> bytes:
    """Return ``content`` with a few changes of its bytes."""
    found = bytearray(content)
    for _ in range(times or rng.choice([1, 1, 1, 2, 3, 8])):
        start = rng.randrange(len(found) + 1)
        end = min(len(found), start + rng.choice([1, 1, 2, 4, 8, 64, 4096]))
        match rng.randrange(7):
            case 0 if found:
                found[min(start, len(found) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                found[start:start] = rng.choice(BYTES)
            case 2:
                found[start:end] = rng.choice(BYTES)
            case 3:
                del found[start:end]
            case 4:
                del found[start:]
            case 5:
                found[start:start] = found[start:end] * rng.choice([1, 2, 50])
            case _:
                found[start:end] = rng.randbytes(end - start)
    return bytes(found)


def value(rng: random.Random, depth: int = 3) -> Any:
    """Return any JSON value."""
    if depth == 0 or rng.random() < 0.7:
        return rng.choice(SCALARS)
    size = rng.randrange(3)
    if rng.random() < 0.5:
        return [value(rng, depth - 1) for _ in range(size)]
    return {str(rng.choice(SCALARS)): value(rng, depth - 1) for _ in range(size)}


MOST_PLACES = 5000
"""Of a value that are looked at: with aliases it may be endless."""


def some_places(tree: Any) -> list[tuple[Any, ...]]:
    """Return the paths of the values within a JSON value."""
    return list(islice(places(tree), MOST_PLACES))


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value within a JSON value."""
    yield path
    items: Any = ()
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    for key, item in items:
        yield from places(item, (*path, key))


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def put(tree: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a JSON value with another one at ``path``."""
    if not path:
        return new
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = put(tree[path[0]], path[1:], new)
    return copy


def without(tree: Any, path: tuple[Any, ...]) -> Any:
    """Return a JSON value that lacks what is at ``path``; null for the whole."""
    if not path:
        return None
    above = at(tree, path[:-1])
    left: Any
    if isinstance(above, dict):
        left = {key: item for key, item in above.items() if key != path[-1]}
    else:
        left = [item for number, item in enumerate(above) if number != path[-1]]
    return put(tree, path[:-1], left)


def changed_tree(rng: random.Random, tree: Any) -> tuple[Any, str]:
    """Return a JSON value with one place changed, and what was done."""
    path = rng.choice(some_places(tree))
    here = at(tree, path)
    name = ".".join(map(str, path)) or "all"
    match rng.randrange(8):
        case 0:
            return without(tree, path), f"without {name}"
        case 1 if isinstance(here, list) and here:
            return put(tree, path, [*here, rng.choice(here)]), f"one more in {name}"
        case 2 if isinstance(here, dict):
            return put(tree, path, {**here, rng.choice(["x", "", "kind"]): value(rng)}), f"+ {name}"
        case 3:
            other = at(tree, rng.choice(some_places(tree)))
            return put(tree, path, other), f"{name} from elsewhere"
        case 4 if isinstance(here, int | float) and not isinstance(here, bool):
            # The integers of a recipe may be too large for a float.
            more = [here * 1e6, float(here)] if abs(here) < 1e300 else [here * 2]
            new = rng.choice([-here, here + 1, *more, str(here), [here]])
            return put(tree, path, new), f"{name} = {str(new)[:40]}"
        case _:
            new = value(rng)
            return put(tree, path, new), f"{name} = {repr(new)[:60]}"


def as_json(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def changed_json(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return JSON text, or lines of it, with one value changed, and what was done."""
    if rng.random() < 0.04:
        deep = rng.choice([500, 3000, 100_000])
        return b"[" * deep + b"]" * deep, f"{deep} lists in lists"
    try:
        tree = json.loads(content)
    except ValueError:
        return changed_lines(rng, content)
    new, told = changed_tree(rng, tree)
    return as_json(new), told


def changed_lines(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return lines of JSON with one line changed, and what was done."""
    lines = content.splitlines()
    if not lines:
        return as_json(value(rng)), "a value"
    number = rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            del lines[number]
            told = f"without line {number + 1}"
        case 1:
            lines.insert(number, rng.choice(lines))
            told = f"a line twice, {number + 1}"
        case 2:
            rng.shuffle(lines)
            told = "lines shuffled"
        case _:
            try:
                new, told = changed_tree(rng, json.loads(lines[number]))
                lines[number] = as_json(new)
            except ValueError:
                lines[number] = as_json(value(rng))
                told = "a value"
            told = f"line {number + 1}: {told}"
    end = b"\n" if rng.random() < 0.9 else b""
    return b"\n".join(lines) + end, told


def replaced_by_no_file(rng: random.Random, path: Path) -> str:
    """Put something that is no readable file in a file's place; return what."""
    path.unlink(missing_ok=True)
    match rng.randrange(5):
        case 0:
            return "gone"
        case 1:
            path.mkdir()
            return "a folder"
        case 2:
            path.symlink_to(path.name)
            return "a link to itself"
        case 3:
            path.symlink_to("nowhere")
            return "a link to nowhere"
        case _:
            os.mkfifo(path)
            return "a pipe"
