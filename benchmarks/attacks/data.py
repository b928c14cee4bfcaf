"""Attacks on data: a file of every kind of data is damaged, then a recipe or a run reads it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import multiprocessing
import os
import random
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.attacks.case import RECIPE, TRAINS, Attack, Case, Command
from benchmarks.attacks.mutate import HOSTILE, changed_bytes, changed_json, replaced_by_no_file
from benchmarks.attacks.worker import run_command

Files = dict[str, bytes]


@dataclass(frozen=True)
class Kind:
    """A kind of data.

    Args:
        data: the section of the recipe.
        files: makes its files, by name.
        model: of the recipe.
    """

    data: str
    files: Callable[[], Files]
    model: str = "{kind: mlp, hidden: [4]}"


def rows(count: int = 60) -> list[tuple[Any, ...]]:
    """Return a table's rows: a number with gaps, a whole one, a word, a date, a class."""
    rng = random.Random(1)
    found = []
    for number in range(count):
        x = None if number % 11 == 0 else round(rng.gauss(0, 1), 3)
        word = rng.choice(["red", "green", "blue"])
        found.append(
            (x, rng.randint(0, 30), word, f"2024-03-{number % 28 + 1:02}", "ab"[number % 2])
        )
    return found


NAMES = ("x", "z", "word", "day", "y")


def csv(separator: str = ",") -> bytes:
    lines = [separator.join("" if cell is None else str(cell) for cell in row) for row in rows()]
    return ("\n".join([separator.join(NAMES), *lines]) + "\n").encode()


def table() -> Any:
    import pyarrow as pa

    return pa.table(dict(zip(NAMES, map(list, zip(*rows(), strict=True)), strict=True)))


def parquet(**options: Any) -> bytes:
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(table(), stream, **options)
    return stream.getvalue()


def arrow() -> bytes:
    import pyarrow.feather as feather

    stream = io.BytesIO()
    feather.write_feather(table(), stream)
    return stream.getvalue()


def json_lines() -> bytes:
    return b"".join(
        json.dumps(dict(zip(NAMES, row, strict=True))).encode() + b"\n" for row in rows()
    )


def arrays(compress: bool = False, shape: tuple[int, ...] = (5,)) -> bytes:
    import numpy as np

    rng = np.random.default_rng(0)
    stream = io.BytesIO()
    save = np.savez_compressed if compress else np.savez
    save(stream, x=rng.normal(size=(60, *shape)).astype("float32"), y=np.arange(60) % 3)
    return stream.getvalue()


def picture(number: int, form: str = "png") -> bytes:
    from PIL import Image

    rng = random.Random(number)
    image = Image.frombytes("RGB", (9, 8), rng.randbytes(9 * 8 * 3))
    stream = io.BytesIO()
    image.save(stream, form)
    return stream.getvalue()


FORMS = ("png", "jpeg", "bmp", "gif", "tiff", "webp")


def pictures() -> Files:
    return {
        f"images/{'ab'[n % 2]}/{n}.{FORMS[n // 2 % 6]}": picture(n, FORMS[n // 2 % 6])
        for n in range(24)
    }


def picture_table() -> Files:
    lines = [f"{n}.png,{'ab'[n % 2]}" for n in range(20)]
    table = ("\n".join(["file,y", *lines]) + "\n").encode()
    return {"pictures.csv": table, **{f"{n}.png": picture(n) for n in range(20)}}


def idx() -> Files:
    rng = random.Random(0)

    def of(*shape: int) -> bytes:
        count = 1
        for size in shape:
            count *= size
        content = bytes(n % 10 for n in range(count)) if len(shape) == 1 else rng.randbytes(count)
        sizes = b"".join(size.to_bytes(4, "big") for size in shape)
        return bytes([0, 0, 8, len(shape)]) + sizes + content

    return {
        "train-images-idx3-ubyte": of(40, 28, 28),
        "train-labels-idx1-ubyte.gz": gzip.compress(of(40)),
        "t10k-images-idx3-ubyte.gz": gzip.compress(of(20, 28, 28)),
        "t10k-labels-idx1-ubyte": of(20),
    }


def cifar() -> Files:
    rng = random.Random(0)

    def of(count: int) -> bytes:
        return b"".join(bytes([n % 10]) + rng.randbytes(3072) for n in range(count))

    names = [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]
    return {name: of(10) for name in names}


TEXT = b"The quick brown fox jumps over the lazy dog, \xc3\xa9t\xc3\xa9; again and again.\n" * 30

TABLE = "kind: csv, path: {}, target: y, missing: fill, unseen: unknown, batch_size: 8"

KINDS = {
    "csv": Kind(TABLE.format("t.csv"), lambda: {"t.csv": csv()}),
    "csv, embedded": Kind(
        TABLE.format("t.csv") + ", categories: embedding", lambda: {"t.csv": csv(";")}
    ),
    "csv, values": Kind(
        "kind: csv, path: t.csv, target: z, missing: drop, task: regression, batch_size: 8",
        lambda: {"t.csv": csv("\t")},
    ),
    "csv.gz": Kind(TABLE.format("t.csv.gz"), lambda: {"t.csv.gz": gzip.compress(csv())}),
    "csv.bz2": Kind(TABLE.format("t.csv.bz2"), lambda: {"t.csv.bz2": bz2.compress(csv())}),
    "parquet": Kind(TABLE.format("t.parquet"), lambda: {"t.parquet": parquet()}),
    "parquet, plain": Kind(
        TABLE.format("t.parquet"),
        lambda: {"t.parquet": parquet(compression="none", use_dictionary=False)},
    ),
    "arrow": Kind(TABLE.format("t.arrow"), lambda: {"t.arrow": arrow()}),
    "jsonl": Kind(TABLE.format("t.jsonl"), lambda: {"t.jsonl": json_lines()}),
    "npz": Kind("kind: npz, path: d.npz, batch_size: 8", lambda: {"d.npz": arrays()}),
    "npz, compressed": Kind(
        "kind: npz, path: d.npz, batch_size: 8", lambda: {"d.npz": arrays(compress=True)}
    ),
    "npz, images": Kind(
        "kind: npz, path: d.npz, batch_size: 8",
        lambda: {"d.npz": arrays(shape=(1, 8, 8))},
        "{kind: cnn, channels: [2], hidden: [4]}",
    ),
    "image_folder": Kind("kind: image_folder, path: images, size: 8, batch_size: 4", pictures),
    "image_table": Kind(
        "kind: image_table, path: pictures.csv, target: y, size: 8, batch_size: 4", picture_table
    ),
    "idx": Kind("kind: mnist, path: ., size: 7, batch_size: 8", idx),
    "cifar": Kind("kind: cifar10, path: ., size: 8, batch_size: 8", cifar),
    "text": Kind(
        "kind: text, path: t.txt, length: 16, batch_size: 4",
        lambda: {"t.txt": TEXT},
        "{kind: gru, hidden: 4}",
    ),
    "text.gz": Kind(
        "kind: text, path: t.txt.gz, length: 16, batch_size: 4, tokens: word",
        lambda: {"t.txt.gz": gzip.compress(TEXT)},
        "{kind: gru, hidden: 4}",
    ),
    "text of a table": Kind(
        "kind: text, path: t.csv, column: word, target: y, length: 4, batch_size: 8",
        lambda: {"t.csv": csv()},
        "{kind: gru, hidden: 4}",
    ),
}


def prepare(home: Path) -> None:
    """Write files of all kinds, and train a run on each."""
    process = multiprocessing.get_context("forkserver").Process(target=make, args=(home,))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"the data cannot be prepared: {(home / 'said').read_text()}")


def make(home: Path) -> None:
    """Do what ``prepare`` says, in a process of its own."""
    said = os.open(home / "said", os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(said, stream)
    for name, kind in KINDS.items():
        folder = home / name
        folder.mkdir()
        os.chdir(folder)
        for path, content in kind.files().items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        text = f"name: r\ndata: {{{kind.data}}}\nmodel: {kind.model}\n"
        (folder / RECIPE).write_text(text + "train: {epochs: 1, device: cpu}\n")
        if run_command(("train", RECIPE, "--runs-dir=runs")) not in ("0", "1"):
            sys.exit(1)
        for env in folder.glob("runs/*/*/env.json"):
            env.write_text(json.dumps({**json.loads(env.read_text()), "recipe_folder": "."}))


def arrange(rng: random.Random, home: Path, folder: Path) -> Case:
    """Copy a kind's files, damage some, and say what reads them."""
    name = rng.choice([*KINDS])
    shutil.copytree(home / name, folder, dirs_exist_ok=True)
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "runs" not in path.relative_to(folder).parts and path.name != RECIPE
    ]
    chosen = rng.sample(files, k=min(len(files), rng.choice([1, 1, 2])))
    told = [f"{path.relative_to(folder)}: {damage(rng, path)}" for path in chosen]
    broken = str(chosen[0].relative_to(folder))
    return Case(f"{name}, {'; '.join(told)}", (command(rng, broken),), TRAINS)


def command(rng: random.Random, file: str) -> Command:
    """Return what reads the data, or the file."""
    skip = ["data.broken=skip"] if rng.random() < 0.3 and "." in file else []
    read: list[list[str]] = [
        ["validate", RECIPE, "--data"],
        ["validate", RECIPE, "--data", "--json", *(skip if "images" in file else [])],
        ["train", RECIPE],
        ["eval", "r"],
        ["eval", "r", "--data", file],
        ["predict", "r", file],
        ["train", "--resume", "r", "train.epochs=2"],
    ]
    return tuple(rng.choices(read, [4, 2, 1, 2, 2, 2, 1])[0])


def damage(rng: random.Random, path: Path) -> str:
    """Damage a file; return how."""
    content = path.read_bytes()
    chance = rng.random()
    if chance < 0.06:
        return replaced_by_no_file(rng, path)
    if chance < 0.1:
        path.write_bytes(rng.choice([b"", *HOSTILE]))
        return "empty, or a hostile pickle"
    if chance < 0.14:
        other = rng.choice([*KINDS.values()]).files()
        path.write_bytes(rng.choice([*other.values()]))
        return "another kind of file"
    way = next((way for end, way in WAYS.items() if path.name.endswith(end)), None)
    if way is None or rng.random() < 0.3:
        path.write_bytes(changed_bytes(rng, content))
        return "bytes"
    new, told = way(rng, content)
    path.write_bytes(new)
    return told


CELLS = (
    "", "NA", "nan", "inf", "-inf", "1e999", "-0", "1,5", "1.5.5", "0x10", "'", '"', '""', "é",
    "\u202e", "9" * 40, "9" * 400, "a" * 5000, "\0", "true", "2024-02-30", "0000-00-00",
    "99999-01-01",
    "2024-01-01T25:00", "12 %", "(1)", "=1+1", "€ 3", "1e-400", "\ufeff", "_", "?",
)  # fmt: skip


def changed_cells(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return a table in text with some of its cells or lines changed, and how."""
    lines = content.decode().splitlines()
    separator = max(",;\t", key=lines[0].count)
    match rng.randrange(6):
        case 0:
            del lines[rng.choice([0, 1, rng.randrange(len(lines))]) :]
            told = "fewer lines"
        case 1:
            line = rng.randrange(len(lines))
            lines[line] += separator * rng.choice([1, 2, 2000])
            told = "more cells"
        case 2:
            lines[0] = separator.join(rng.choice(CELLS + NAMES) for _ in NAMES)
            told = "other names"
        case 3:
            column, cell = rng.randrange(5), rng.choice(CELLS)
            for number in range(1, len(lines)):
                cells = lines[number].split(separator)
                lines[number] = separator.join([*cells[:column], cell, *cells[column + 1 :]])
            told = f"column {column} all {cell[:20]!r}"
        case _:
            for _ in range(rng.choice([1, 2, 20])):
                number = rng.randrange(len(lines))
                cells = lines[number].split(separator)
                cells[rng.randrange(len(cells))] = rng.choice(CELLS)
                lines[number] = separator.join(cells)
            told = "cells"
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    return end.join([*lines, ""]).encode(), told


def changed_packed(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return a packed file whose content is damaged, not its packing."""
    inside = gzip.decompress(content)
    return gzip.compress(changed_bytes(rng, inside)), "bytes inside"


def changed_archive(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return an npz file with other arrays, or damaged ones with a right checksum, and which."""
    import numpy as np

    stream = io.BytesIO()
    if rng.random() < 0.5:
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
            names = old.namelist()
            chosen = rng.choice(names)
            for name in names:
                inside = old.read(name)
                new.writestr(name, changed_bytes(rng, inside) if name == chosen else inside)
        return stream.getvalue(), f"{chosen}: bytes"
    found = {**np.load(io.BytesIO(content))}
    name, kind = rng.choice([*found]), rng.choice(TYPES)
    with np.errstate(all="ignore"):
        other = np.resize(found[name], rng.choice(SHAPES))
        try:
            found[name] = other.astype(kind)
        except (TypeError, ValueError):
            found[name] = np.zeros(3, "S4")
    np.savez(stream, **{rng.choice([name, name, name, "other"]): found.pop(name)}, **found)
    return stream.getvalue(), f"{name} in another form"


TYPES = ("f2", "f4", "f8", "c8", "i1", "u1", "i8", "u8", "?", "U3", "S3", "M8[s]", "m8[D]", ">f8")
SHAPES = ((), (0,), (60,), (59,), (60, 0), (60, 5), (60, 1), (60, 2, 3), (60, 1, 8, 8), (1, 60))


def changed_columns(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return a table of columns in which one has another type, and which."""
    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    columns = {name: table()[name] for name in NAMES}
    name = rng.choice(NAMES)
    columns[name] = rng.choice(COLUMNS)(pa)
    if rng.random() < 0.1:
        columns = {name: columns[name]}
    new = pa.table(columns)
    stream = io.BytesIO()
    if content.startswith(b"PAR1"):
        pq.write_table(new, stream)
    else:
        feather.write_feather(new, stream, compression="uncompressed")
    return stream.getvalue(), f"{name} is {new[name].type}"


COLUMNS: tuple[Callable[[Any], Any], ...] = (
    lambda pa: pa.nulls(60),
    lambda pa: pa.array([[1, 2]] * 60),
    lambda pa: pa.array([{"a": 1}] * 60),
    lambda pa: pa.array([b"\xff\0"] * 60),
    lambda pa: pa.array([float("nan"), float("inf")] * 30),
    lambda pa: pa.array([2**63, 2**64 - 1] * 30, pa.uint64()),
    lambda pa: pa.array([1, -(2**62)] * 30, pa.timestamp("ns", "Europe/Berlin")),
    lambda pa: pa.array([2**50, 5] * 30, pa.timestamp("s")),
    lambda pa: pa.array([1, None] * 30, pa.duration("us")),
    lambda pa: pa.array([1, None] * 30, pa.time64("us")),
    lambda pa: pa.array([1, 2] * 30, pa.decimal128(38, 5)),
    lambda pa: pa.array(["", None] * 30),
    lambda pa: pa.array(["a", "\0"] * 30).dictionary_encode(),
    lambda pa: pa.array([True, None] * 30),
    lambda pa: pa.array([1.0, 2.0] * 30, pa.float16()),
    lambda pa: pa.array([2**31 - 1, -(2**31)] * 30, pa.date32()),
    lambda pa: pa.array([2**62, 0] * 30, pa.date64()),
)
"""Columns of every type, with values at their ends."""


def changed_objects(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    return changed_json(rng, content)


WAYS: dict[str, Callable[[random.Random, bytes], tuple[bytes, str]]] = {
    ".csv": changed_cells,
    ".csv.gz": changed_packed,
    ".txt.gz": changed_packed,
    "ubyte.gz": changed_packed,
    ".npz": changed_archive,
    ".parquet": changed_columns,
    ".arrow": changed_columns,
    ".jsonl": changed_objects,
}

DATA = Attack(prepare, arrange)
