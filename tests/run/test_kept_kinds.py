"""A run of every kind of data is scored on its own samples when others have come, from the command
line."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COLORS = {"red": (200, 40, 40), "blue": (40, 40, 200)}
WORDS = {"good": ["fine", "great", "nice"], "bad": ["poor", "dull", "grim"]}


def photos(first: int, last: int) -> None:
    for number in range(first, last):
        draw = np.random.default_rng(number)
        name = ("red", "blue")[number % 2]
        pixels = draw.normal(COLORS[name], 90, (8, 8, 3)).clip(0, 255).astype(np.uint8)
        # A new file stands before the others in the order of names.
        file = Path("photos", name, f"{1000 - number}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)


def nested(first: int, last: int) -> None:
    photos(first, last)
    for file in [*Path("photos").rglob("*.png")]:
        number = int(file.stem)
        moved = Path("sites", f"site{number % 3}", file.parent.name, file.name)
        moved.parent.mkdir(parents=True, exist_ok=True)
        file.rename(moved)


def photo_table(first: int, last: int) -> None:
    photos(first, last)
    lines = [f"{1000 - n}.png,{40 + n},{('red', 'blue')[n % 2]}\n" for n in range(last)]
    paths = {file.name: file for file in Path("photos").rglob("*.png")}
    named = [f"{paths[line.split(',')[0]].parent.name}/{line}" for line in reversed(lines)]
    Path("photos", "table.csv").write_text("file,age,color\n" + "".join(named))


def dates(first: int, last: int) -> None:
    """Numbers and values to predict that float32 does not hold, with gaps; the newest first."""
    lines = []
    for number in range(last):
        size = random.Random(number).gauss(0, 1)
        cell = "" if number % 7 == 0 else f"{size}"
        lines.append(f"{20240000 + number},{cell},{1.7e9 + 10 * size + number}\n")
    Path("dates.csv").write_text("day,size,seconds\n" + "".join(reversed(lines)))


def reviews(first: int, last: int) -> None:
    lines = []
    for number in range(first, last):
        draw = random.Random(number)
        name = ("good", "bad")[number % 2]
        lines.append(f"{draw.choice(WORDS[name])} {draw.choice(['film', 'book', 'dull'])},{name}\n")
    path = Path("reviews.csv")
    path.write_text((path.read_text() if path.exists() else "text,verdict\n") + "".join(lines))


def arrays(first: int, last: int) -> None:
    draw = np.random.default_rng(0).normal(size=(last, 3))
    np.savez("arrays.npz", x=draw[::-1], y=(draw[::-1].sum(1) > 0).astype(int))


def code(first: int, last: int) -> None:
    arrays(first, last)
    Path("mine.py").write_text(
        "import numpy as np\n"
        "def load():\n"
        "    with np.load('arrays.npz') as found:\n"
        "        return {'train': (found['x'], found['x'].sum(1))}\n"
    )


KINDS = {
    "photos": ("{kind: image_folder, path: photos, size: 8}", "mlp", photos, "images"),
    "photos in files": (
        "{kind: image_folder, path: photos, size: 128, memory: 1, workers: 1}",
        "{kind: cnn, channels: [2]}",
        photos,
        "images",
    ),
    "photos in nested folders": (
        "{kind: image_folder, path: sites, size: 8, class_folder: last}",
        "mlp",
        nested,
        "images",
    ),
    "photos in a table": (
        "{kind: image_table, path: photos/table.csv, target: color, size: 8}",
        "mlp",
        photo_table,
        "images",
    ),
    "ages of photos in a table": (
        "{kind: image_table, path: photos/table.csv, target: age, size: 128, memory: 1, "
        "workers: 1, scale_targets: standard}",
        "{kind: cnn, channels: [2]}",
        photo_table,
        "images",
    ),
    "dates with gaps": (
        "{kind: csv, path: dates.csv, target: seconds, missing: fill, scale_targets: standard}",
        "mlp",
        dates,
        "rows",
    ),
    "reviews": (
        "{kind: text, path: reviews.csv, target: verdict, length: 4}",
        "{kind: gru, hidden: 4}",
        reviews,
        "rows",
    ),
    "arrays": ("{kind: npz, path: arrays.npz}", "mlp", arrays, "samples"),
    "code": (
        "{kind: python, target: 'mine:load', scale_targets: standard}",
        "mlp",
        code,
        "samples",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_new_samples_are_in_no_part(trickrun, kind):
    data, model, write, noun = KINDS[kind]
    write(0, 40)
    Path("r.yaml").write_text(f"data: {data}\nmodel: {model}\ntrain: {{epochs: 2, device: cpu}}\n")
    ran = trickrun("train", "r.yaml", "data.batch_size=16", "--json")
    assert ran.code == 0, ran.err
    told = ran.json["result"]["test"]
    before = trickrun("eval", "r", "--json")
    assert before.json["result"]["scores"] == pytest.approx(told, rel=1e-6)
    assert "warning" not in before.err
    write(40, 43)
    after = trickrun("eval", "r", "--json")
    assert after.code == 0, after.err
    assert after.json["result"]["scores"] == pytest.approx(told, rel=1e-6)
    said = f"the data has changed since the run started: 3 {noun} added (40 then, 43 now)"
    assert said in after.err
    resumed = trickrun("train", "--resume", "r", "train.epochs=3")
    assert resumed.code == 2
    assert said in resumed.err
