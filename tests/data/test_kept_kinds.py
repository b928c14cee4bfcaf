"""Every kind of data finds a run's samples again, after the data have changed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from trickrun.data._data import Data, Split
from trickrun.data.csv import Csv
from trickrun.data.digits import Digits
from trickrun.data.image_folder import ImageFolder
from trickrun.data.image_table import ImageTable
from trickrun.data.npz import Npz
from trickrun.data.python import PythonData
from trickrun.data.splits.kept import compare
from trickrun.data.splits.prepare import Prepared, prepare, prepare_run
from trickrun.data.synthetic import Synthetic
from trickrun.data.text import Text
from trickrun.errors import DataChanged

ITEMS = [*range(40)]
WORDS = ["red", "green", "blue", "tall", "small", "round", "old", "new", "warm", "cold"]


def numbers(item: int) -> list[float]:
    draw = random.Random(item)
    return [round(draw.gauss(0, 1), 3) for _ in range(3)]


def label(item: int) -> str:
    return ("oak", "ash", "elm")[item % 3] if item < 100 else "new"


def write_csv(folder: Path, items: list[int]) -> None:
    rows = [
        ",".join([*map(str, numbers(i)), WORDS[i % 4], f"plot{i // 4}", label(i)]) for i in items
    ]
    (folder / "data.csv").write_text("\n".join(["a,b,c,word,plot,kind", *rows]))


def write_gaps(folder: Path, items: list[int]) -> None:
    """Numbers too large for float32, with gaps in every fifth row."""
    rows = [f"{20240000 + i},{numbers(i)[0] if i % 5 else ''},{label(i)}" for i in items]
    (folder / "gaps.csv").write_text("\n".join(["day,a,kind", *rows]))


def write_texts(folder: Path, items: list[int]) -> None:
    rows = []
    for item in items:
        draw = random.Random(item)
        rows.append(f"{' '.join(draw.choices(WORDS, k=draw.randint(3, 8)))} {item},{label(item)}")
    (folder / "texts.csv").write_text("\n".join(["text,kind", *rows]))


def write_npz(folder: Path, items: list[int]) -> None:
    x, y = np.array([numbers(i) for i in items]), np.array([label(i) for i in items])
    np.savez(folder / "data.npz", x=x, y=y)


def write_own_parts(folder: Path, items: list[int]) -> None:
    """The last quarter is the test part."""
    x, y = np.array([numbers(i) for i in items]), np.array([label(i) for i in items])
    cut = len(items) * 3 // 4
    np.savez(folder / "parts.npz", x=x[:cut], y=y[:cut], x_test=x[cut:], y_test=y[cut:])


def write_code(folder: Path, items: list[int]) -> None:
    x, y = [numbers(i) for i in items], [sum(numbers(i)) for i in items]
    (folder / "own_data.json").write_text(repr([x, y]))
    (folder / "own_data.py").write_text(
        "import json, pathlib\n"
        "def load():\n"
        "    text = (pathlib.Path(__file__).parent / 'own_data.json').read_text()\n"
        "    return {'train': tuple(json.loads(text))}\n"
    )


def write_images(folder: Path, items: list[int]) -> None:
    shutil.rmtree(folder / "photos", ignore_errors=True)
    for place, item in enumerate(items):
        pixels = np.random.default_rng(item).integers(0, 255, (6, 6, 3), dtype=np.uint8)
        file = folder / "photos" / label(item) / f"{place:03}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)


def write_nested(folder: Path, items: list[int]) -> None:
    """Photos in folders of two sites, in both of which all classes are."""
    write_images(folder, items)
    shutil.rmtree(folder / "nested", ignore_errors=True)
    for place, file in enumerate(sorted((folder / "photos").rglob("*.png"))):
        moved = folder / "nested" / f"site{place % 2}" / file.relative_to(folder / "photos")
        moved.parent.mkdir(parents=True, exist_ok=True)
        file.rename(moved)


def write_image_table(folder: Path, items: list[int]) -> None:
    write_images(folder, items)
    rows = []
    for place, item in enumerate(items):
        file = next((folder / "photos").rglob(f"{place:03}.png")).relative_to(folder)
        rows.append(f"{file},{numbers(item)[0]},plot{item // 4},{label(item)}")
    (folder / "photos.csv").write_text("\n".join(["file,size,plot,kind", *rows]))


Write = Callable[[Path, list[int]], None]

KINDS: dict[str, tuple[Data, Write]] = {
    "csv": (Csv(path="data.csv", target="kind"), write_csv),
    "csv, filled": (Csv(path="data.csv", target="kind", missing="fill"), write_csv),
    "csv, values": (Csv(path="data.csv", target=("c", "a"), drop=("kind",)), write_csv),
    "csv, folds": (
        Csv(path="data.csv", target="kind", split=Split(folds=4, fold=2, group="plot")),
        write_csv,
    ),
    "csv, gaps": (Csv(path="gaps.csv", target="kind", missing="fill"), write_gaps),
    "csv, dates to predict": (
        Csv(path="gaps.csv", target="day", missing="fill", scale_targets="standard"),
        write_gaps,
    ),
    "text": (Text(path="texts.csv", target="kind", length=6, vocabulary=20), write_texts),
    "npz": (Npz(path="data.npz"), write_npz),
    "npz with parts": (Npz(path="parts.npz"), write_own_parts),
    "python": (PythonData(target="own_data:load"), write_code),
    "images": (ImageFolder(path="photos", size=4), write_images),
    "images in files": (ImageFolder(path="photos", size=64, memory=1), write_images),
    "images in nested folders": (
        ImageFolder(path="nested", size=4, class_folder="last"),
        write_nested,
    ),
    "image table": (ImageTable(path="photos.csv", target="kind", size=4), write_image_table),
    "image table, in files": (
        ImageTable(path="photos.csv", target="kind", size=64, memory=1),
        write_image_table,
    ),
    "image table, values": (
        ImageTable(path="photos.csv", target="size", size=4, scale_targets="standard"),
        write_image_table,
    ),
    "image table, folds": (
        ImageTable(
            path="photos.csv", target="kind", size=4, split=Split(folds=4, fold=2, group="plot")
        ),
        write_image_table,
    ),
}


@pytest.fixture(params=KINDS)
def begun(request, tmp_path) -> tuple[Data, Write, Path, Prepared]:
    """A run's data as they were."""
    data, write = KINDS[request.param]
    write(tmp_path, ITEMS)
    return data, write, tmp_path, prepare_run(data, tmp_path)


def contents(data: Prepared) -> list[torch.Tensor]:
    parts = [part for part in (data.train, data.val, data.test) if part is not None]
    return [tensor for part in parts for tensor in (data.raw(part.x), part.y)]


def equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


def test_keeping_a_split_changes_nothing_of_it(begun):
    data, _, folder, run = begun
    usual = prepare(data, folder)
    assert usual.kept is None
    assert equal(contents(run), contents(usual))
    assert run.kept is not None
    assert (run.kept.parts > 0).all()


def test_the_same_data_in_any_order_are_the_run_s(begun):
    data, write, folder, run = begun
    for seed in range(3):
        write(folder, random.Random(seed).sample(ITEMS, len(ITEMS)))
        again = prepare_run(data, folder, run.kept)
        assert equal(contents(again), contents(run))
        assert again.task == run.task
        assert torch.equal(
            again.inputs(again.train.x, torch.float32), run.inputs(run.train.x, torch.float32)
        ) or bool(run.task.vocabulary)


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([*ITEMS, 50, 51], "2 NOUN added (40 then, 42 now)"),
        ([50, *ITEMS, 102], "2 NOUN added (40 then, 42 now)"),
        (ITEMS[:-3], "3 NOUN removed (40 then, 37 now)"),
        ([*ITEMS[:20], 55, *ITEMS[21:]], "altered"),
    ],
)
def test_other_samples_are_told_and_do_not_move_the_parts(begun, items, said):
    data, write, folder, run = begun
    if write is write_own_parts:  # a class that training lacks is none
        items = [min(item, 60) for item in items]
    write(folder, items)
    with pytest.raises(DataChanged) as caught:
        prepare_run(data, folder, run.kept)
    if not data.kind_name.startswith("image_") or "altered" not in said:
        noun = "rows" if run.kept.columns else data.samples_are
        assert said.replace("NOUN", noun) in caught.value.message
    pool = data.pool(folder, run.kept, run.task)
    _, places = compare(run.kept, pool.keys)
    for name, part in (("train", run.train), ("val", run.val), ("test", run.test)):
        if part is None:
            continue
        there = places[run.kept.members(name)]
        samples = pool.read(there[there >= 0])
        files = samples.files
        x = files.read(samples.x) if files is not None else run.held(samples.x)
        assert torch.equal(x, run.raw(part.x)[there >= 0])
        assert torch.equal(run.target_scaler(samples.y), part.y[there >= 0])
    known = {ITEMS.index(item) for item in items if item in ITEMS}
    assert int((places >= 0).sum()) == len(known)


def test_an_image_in_another_class_is_another(tmp_path):
    data, write = KINDS["images"]
    write(tmp_path, ITEMS)
    run = prepare_run(data, tmp_path)
    moved = tmp_path / "photos" / "oak" / "000.png"
    moved.rename(tmp_path / "photos" / "elm" / "zzz.png")
    with pytest.raises(DataChanged, match="1 image altered"):
        prepare_run(data, tmp_path, run.kept)


def test_types_and_normalization_move_no_sample(tmp_path):
    write_csv(tmp_path, ITEMS)
    run = prepare_run(Csv(path="data.csv", target="kind"), tmp_path)
    for change in ({"normalize": {"kind": "none"}}, {"missing": "fill"}, {"zero_inputs": True}):
        other = Csv.model_validate({"path": "data.csv", "target": "kind", **change})
        again = prepare_run(other, tmp_path, run.kept)
        assert torch.equal(again.test.y, run.test.y)
        assert torch.equal(prepare_run(other, tmp_path).kept.keys, run.kept.keys)


def test_synthetic_samples_are_known_by_their_number(tmp_path):
    data = Synthetic(family="moons", n=50)
    run = prepare_run(data, tmp_path)
    assert equal(contents(prepare_run(data, tmp_path, run.kept)), contents(run))
    assert len({*run.kept.keys.tolist()}) == 50
    with pytest.raises(DataChanged, match="none of its 50 samples is left"):
        prepare_run(Synthetic(family="moons", n=50, noise=0.2), tmp_path, run.kept)


def test_a_subset_leaves_samples_in_no_part(tmp_path):
    data = Synthetic.model_validate({"family": "moons", "n": 100, "subset": {"n": 20}})
    run = prepare_run(data, tmp_path)
    assert [int((run.kept.parts == part).sum()) for part in range(4)] == [50, 20, 15, 15]
    assert equal(contents(prepare_run(data, tmp_path, run.kept)), contents(run))


def test_windows_of_a_text_are_known_by_their_place(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(random.Random(0).choices("abcd ", k=1000)))
    data = Text(path="text.txt", length=10)
    run = prepare_run(data, tmp_path)
    assert run.kept.sizes == (len(run.train), len(run.val), len(run.test))
    assert equal(contents(prepare_run(data, tmp_path, run.kept)), contents(run))
    pool = data.pool(tmp_path, run.kept, run.task)
    _, places = compare(run.kept, pool.keys)
    samples = pool.read(places[run.kept.members("val")])
    assert torch.equal(samples.x, run.val.x)
    assert torch.equal(samples.y, run.val.y)
    path.write_text(path.read_text() + "abcabc")
    with pytest.raises(DataChanged, match="none of its 99 samples is left"):
        prepare_run(data, tmp_path, run.kept)
    assert not (compare(run.kept, data.pool(tmp_path, run.kept, run.task).keys)[1] >= 0).any()


def test_data_that_say_nothing_of_their_samples_are_known_by_tensors(tmp_path):
    data = Digits()
    run = prepare_run(data, tmp_path)
    pool = data.pool(tmp_path, run.kept, run.task)
    samples = pool.read(compare(run.kept, pool.keys)[1][run.kept.members("test")])
    assert torch.equal(run.held(samples.x), run.test.x)
    assert torch.equal(samples.y, run.test.y)
