"""What exported programs read is what ``trickrun predict`` reads, for files of every kind."""

import gzip
import json
import random

import numpy as np
import pytest
import torch
from PIL import Image

from trickrun.export.plain.answers import in_own_unit, normalized
from trickrun.export.plain.files import CannotRead
from trickrun.export.plain.images import read_images
from trickrun.export.plain.tables import read, read_numbers
from trickrun.export.plain.texts import read_text, read_texts
from trickrun.export.plain.training import parts_of_arrays, parts_of_table, scaled
from trickrun.export.program import reader_of
from trickrun.export.said import said_of
from trickrun.recipe.schema import Recipe
from trickrun.run.trained import facts_of
from trickrun.training.compile import compile_recipe

TABLE = {"kind": "csv", "path": "table.csv", "target": "class", "split": {"val": 0.2, "test": 0.2}}


def job_of(folder, data, **others):
    tree = {"data": {"batch_size": 8, **data}, "model": {"kind": "mlp", "hidden": [4]}, **others}
    return compile_recipe(Recipe.model_validate(tree), folder)


def write_table(folder, rows, delimiter=","):
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    (folder / "table.csv").write_text("\n".join(lines) + "\n")


def some_rows(count=60):
    """Rows with all that columns may be taken for."""
    draw = random.Random(0)
    rows = [["size", "price", "when", "open", "color", "class"]]
    for n in range(count):
        size = "" if n % 13 == 5 else f"{draw.gauss(5, 2):.3f}"
        price = f"{draw.randint(1, 9)}.{draw.randint(100, 999)},{draw.randint(10, 99)}"
        when = f"2024-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        color = "" if n % 17 == 3 else draw.choice(["red", "green", "blue"])
        label = ("b", "a", "c")[n % 3]
        rows.append([size, price, when, draw.choice(["yes", "no"]), color, label])
    return rows


@pytest.mark.parametrize(
    "more",
    [
        {"missing": "fill"},
        {"missing": "fill", "categories": "embedding"},
        {"missing": "fill", "rare": 20, "unseen": "unknown"},
        {"missing": "fill", "date_parts": ["month", "weekday", "hour"]},
        {
            "missing": "fill",
            "types": {"open": {"kind": "category"}},
            "missing_values": ["red", "5"],
        },
        {"missing": "fill", "normalize": {"kind": "minmax"}, "drop": ["when"]},
    ],
)
def test_tables(tmp_path, more):
    write_table(tmp_path, some_rows())
    job = job_of(tmp_path, TABLE | more)
    said = said_of(job, facts_of(job))
    found, table = read(tmp_path / "table.csv", said)
    theirs = job.recipe.data.load_file(tmp_path / "table.csv", job.data.task, job.data.shape)
    torch.testing.assert_close(found, theirs.x.double(), rtol=0, atol=0)
    assert torch.equal(normalized(found, said), job.data.held(theirs.x))
    rows = {name: places.tolist() for name, places in job.data.rows.items()}
    for name, (x, y) in parts_of_table(found, table, said, {"rows": rows}).items():
        part = getattr(job.data, name)
        assert torch.equal(y, part.y)
        # A known category may count as unknown in training, by chance.
        if "categories" not in more:
            assert torch.equal(normalized(x, said), part.x)
    assert reader_of(job)[0] is read


def test_plain_numbers_and_packed_files(tmp_path):
    rows = [["a", "b", "class"], *([n % 7, n % 9 * 0.25 - 3, "xy"[n % 2]] for n in range(40))]
    write_table(tmp_path, rows, ";")
    job = job_of(tmp_path, TABLE)
    said = said_of(job, facts_of(job))
    assert reader_of(job)[0] is read_numbers
    packed = tmp_path / "table.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "table.csv").read_bytes()))
    for path in (tmp_path / "table.csv", packed):
        found, _ = read_numbers(path, said)
        theirs = job.recipe.data.load_file(path, job.data.task, job.data.shape)
        assert torch.equal(found, theirs.x.double())


@pytest.mark.parametrize("kind", ["parquet", "feather", "jsonl"])
def test_stored_tables(tmp_path, kind):
    import pyarrow as pa
    from pyarrow import feather, parquet

    rows = [["a", "b", "class"], *([n % 7, n % 9 * 0.1 - 3, "xy"[n % 2]] for n in range(40))]
    write_table(tmp_path, rows)
    job = job_of(tmp_path, TABLE)
    said = said_of(job, facts_of(job))
    table = pa.table({name: [row[n] for row in rows[1:]] for n, name in enumerate(rows[0])})
    path = tmp_path / f"table.{kind}"
    if kind == "jsonl":
        lines = [json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]]
        path.write_text("\n".join(lines) + "\n")
    else:
        {"parquet": parquet.write_table, "feather": feather.write_feather}[kind](table, str(path))
    theirs = job.recipe.data.load_file(path, job.data.task, job.data.shape)
    assert torch.equal(read_numbers(path, said)[0], theirs.x.double())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: row.__setitem__(4, "violet"), "'violet' in sample 1 is no known"),
        (lambda row: row.__setitem__(0, "much"), "'much' of 'size' in sample 1 is not a number"),
        (lambda row: row.append("more"), "row 2 has 7 cells, not 6"),
    ],
)
def test_what_a_file_must_not_say(tmp_path, change, said):
    rows = some_rows()
    write_table(tmp_path, rows)
    job = job_of(tmp_path, TABLE | {"missing": "fill"})
    change(rows[1])
    write_table(tmp_path, rows)
    with pytest.raises(CannotRead, match=said):
        read(tmp_path / "table.csv", said_of(job, facts_of(job)))


@pytest.mark.parametrize("tokens", ["word", "char"])
def test_texts(tmp_path, tokens):
    words = ["Good,", "bad!", "so-so", "äöü", "naïve", "GOOD"]
    draw = random.Random(1)
    rows = [["text", "class"]]
    rows += [[" ".join(draw.choices(words, k=9)), "xy"[n % 2]] for n in range(40)]
    write_table(tmp_path, rows)
    data = {"kind": "text", "path": "table.csv", "target": "class", "tokens": tokens, "length": 6}
    model = {"kind": "gru", "hidden": 4, "embedding": 2}
    job = job_of(tmp_path, data | {"vocabulary": 7}, model=model)
    found, _ = read_texts(tmp_path / "table.csv", said_of(job, facts_of(job)))
    theirs = job.recipe.data.load_file(tmp_path / "table.csv", job.data.task, job.data.shape)
    assert torch.equal(found, theirs.x)


def test_next_tokens(tmp_path):
    (tmp_path / "story.txt").write_text("Once upon a time — there was, it is said, a number. " * 30)
    model = {"kind": "gru", "hidden": 4, "embedding": 2}
    job = job_of(tmp_path, {"kind": "text", "path": "story.txt", "length": 16}, model=model)
    found, _ = read_text(tmp_path / "story.txt", said_of(job, facts_of(job)))
    theirs = job.recipe.data.load_file(tmp_path / "story.txt", job.data.task, job.data.shape)
    assert torch.equal(found, theirs.x)


def test_images(tmp_path):
    draw = np.random.default_rng(0)
    for label in ("cat", "dog"):
        folder = tmp_path / "images" / label
        folder.mkdir(parents=True)
        for n in range(12):
            pixels = draw.integers(0, 256, (9, 11, 4 if n % 2 else 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{n}.png")
    (tmp_path / "images" / ".hidden.png").write_text("no image")
    data = {"kind": "image_folder", "path": "images", "size": 8}
    job = job_of(tmp_path, data, model={"kind": "cnn", "channels": [2]})
    said = said_of(job, facts_of(job))
    found, columns = read_images(tmp_path / "images", said)
    theirs = job.recipe.data.load_file(tmp_path / "images", job.data.task, job.data.shape)
    assert columns["file"] == list(theirs.columns["file"])
    assert torch.equal(found, theirs.x)
    assert torch.equal(normalized(found, said), job.inputs(theirs.x))


def test_arrays_with_channels_at_the_end_and_parts_of_their_own(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 3), dtype=np.uint8)
    y = np.arange(40) % 2
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[:9], y_test=y[:9])
    job = job_of(tmp_path, {"kind": "npz", "path": "a.npz"}, model={"kind": "cnn", "channels": [2]})
    said = said_of(job, facts_of(job))
    found, _ = read_numbers(tmp_path / "a.npz", said)
    theirs = job.recipe.data.load_file(tmp_path / "a.npz", job.data.task, job.data.shape)
    assert torch.equal(found, theirs.x)
    rows = {name: places.tolist() for name, places in job.data.rows.items()}
    parts = parts_of_arrays(tmp_path / "a.npz", said, {"rows": rows})
    assert [*parts] == ["train", "test", "val"]
    for name, (inputs, targets) in parts.items():
        part = getattr(job.data, name)
        assert torch.equal(inputs, part.x)
        assert torch.equal(targets, part.y)


@pytest.mark.parametrize("scale", ["none", "standard", "log", "quantile"])
def test_values_in_their_own_unit(tmp_path, scale):
    rows = [["a", "class"], *([n % 7, 1.5 + n * n] for n in range(50))]
    write_table(tmp_path, rows)
    job = job_of(tmp_path, TABLE | {"task": "regression", "scale_targets": scale})
    said = said_of(job, facts_of(job))
    y = torch.linspace(-3, 3, 11).double()[:, None]
    torch.testing.assert_close(in_own_unit(y, said), job.data.in_own_unit(y), rtol=1e-14, atol=0)
    if scale != "quantile":
        raw = torch.tensor([[2.0], [30.0]]).double()
        torch.testing.assert_close(scaled(raw, said), job.data.target_scaler(raw), rtol=0, atol=0)
