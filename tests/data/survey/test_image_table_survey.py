"""A look at a table that names images: what it finds, and what it tells of what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trickrun.data.survey.facts import DataFacts, ImageTableFacts, SplitBy, TableFacts
from trickrun.data.survey.look import facts_at
from trickrun.errors import DataError

COUNT = 24
KINDS = ["hell", "grün", "dark"] * 8


def draw(folder: Path, names: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        pixels = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)


def write(folder: Path, columns: dict[str, Sequence[object]]) -> Path:
    rows = [
        ",".join(columns),
        *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
    ]
    path = folder / "t.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def anything(home: Path, columns: dict[str, Sequence[object]], **given: object) -> DataFacts:
    return facts_at(write(home, columns), "t.csv", given)


def look(home: Path, columns: dict[str, Sequence[object]], **given: object) -> ImageTableFacts:
    found = anything(home, columns, **given)
    assert isinstance(found, ImageTableFacts)
    return found


def files(ending: str = ".png") -> list[str]:
    return [f"bild é {i}{ending}" for i in range(COUNT)]


def test_images_beside_the_table(tmp_path: Path) -> None:
    draw(tmp_path, files())
    found = look(tmp_path, {"file": files(), "kind": KINDS})
    assert (found.rows, found.file, found.usual, found.folder, found.suffix) == (
        COUNT,
        "file",
        True,
        ".",
        None,
    )
    assert found.targets.names == ("kind",)
    assert found.targets.classes == (("dark", 8), ("grün", 8), ("hell", 8))
    assert (found.pictures.width, found.pictures.height) == (10, 8)
    assert (found.absent, found.left_out, found.split, found.incomplete) == ((), (), None, 0)


def test_images_in_a_folder_and_an_unusual_column(tmp_path: Path) -> None:
    draw(tmp_path / "the scans", files())
    found = look(tmp_path, {"kind": KINDS, "scan": files()})
    assert (found.file, found.usual, found.folder) == ("scan", False, "the scans")
    assert found.targets.names == ("kind",)


def test_files_whose_cells_have_no_ending(tmp_path: Path) -> None:
    draw(tmp_path / "train", [f"{i:04}.jpg" for i in range(COUNT)])
    found = look(tmp_path, {"id": [f"{i:04}" for i in range(COUNT)], "kind": KINDS})
    assert (found.file, found.folder, found.suffix) == ("id", "train", ".jpg")


def test_numbers_that_happen_to_be_files_make_no_image_table(tmp_path: Path) -> None:
    draw(tmp_path, ["1.png", "2.png"])
    columns = {"id": range(COUNT), "x": [i * 7 % 5 / 2 for i in range(COUNT)], "kind": KINDS}
    assert isinstance(anything(tmp_path, columns), TableFacts)


def test_where_the_images_are_can_be_said(tmp_path: Path) -> None:
    draw(tmp_path / "a" / "b", files())
    columns = {"file": files(""), "scan": files(), "kind": KINDS}
    found = look(tmp_path, columns, file="file", folder="a/b", suffix=".png")
    assert (found.file, found.folder, found.suffix) == ("file", "a/b", ".png")
    with pytest.raises(DataError, match="none of them is in nowhere"):
        look(tmp_path, columns, folder="nowhere")
    with pytest.raises(DataError, match="no column 'fil'"):
        look(tmp_path, columns, file="fil")


def test_what_is_missing_is_found_at_once(tmp_path: Path) -> None:
    names: list[str] = files()
    draw(tmp_path, names[1:])
    (tmp_path / names[5]).write_bytes(b"")
    named = [*names[:2], "", *names[3:]]
    kinds = [*KINDS[:3], "", *KINDS[4:]]
    found = look(tmp_path, {"file": named, "kind": kinds})
    assert found.absent == (names[0],)
    assert found.incomplete == 2
    assert found.rows == COUNT - 3
    (line,) = found.pictures.broken
    assert line == f"{tmp_path / names[5]}: the file is empty"


def test_values_labels_and_columns_that_are_no_inputs(tmp_path: Path) -> None:
    draw(tmp_path, files())
    columns: dict[str, Sequence[object]] = {
        "file": files(),
        "patient_id": [i // 3 for i in range(COUNT)],
        "age": [i * i % 17 + 0.5 for i in range(COUNT)],
        "ill": [i % 2 for i in range(COUNT)],
        "old": [int(i > 20) for i in range(COUNT)],
    }
    values = look(tmp_path, columns, target="age")
    assert values.targets.task == "regression"
    assert values.left_out == ("patient_id", "ill", "old")
    labels = look(tmp_path, columns, target=["ill", "old"])
    assert labels.targets.labels == (("ill", 0.5), ("old", pytest.approx(3 / 24)))


def test_images_of_one_patient_stay_together(tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(60)]
    draw(tmp_path, names)
    columns = {"file": names, "patient_id": [i // 3 for i in range(60)], "kind": ["a", "b"] * 30}
    found = look(tmp_path, columns)
    assert found.split == SplitBy("group", "patient_id", "20 different ones in 60 rows: new rows "
                                  "are of others")  # fmt: skip
    days = [f"2024-{i // 28 + 1:02}-{i % 28 + 1:02}" for i in range(60)]
    dated = look(tmp_path, {"file": names, "day": days, "kind": ["a", "b"] * 30})
    assert dated.split is not None
    assert (dated.split.way, dated.split.column) == ("time", "day")
    # Tables of images read no other dates.
    german = [f"{i % 28 + 1:02}.{i // 28 + 1:02}.2024" for i in range(60)]
    assert look(tmp_path, {"file": names, "day": german, "kind": ["a", "b"] * 30}).split is None


@pytest.mark.parametrize(
    ("columns", "given", "message"),
    [
        ({"file": files(), "kind": ["a"] * COUNT}, {}, "all rows have the same 'kind'"),
        ({"file": files(), "kind": KINDS}, {"target": "kin"}, "there is no column 'kin'"),
        ({"file": files(), "kind": KINDS}, {"target": ["file", "kind"]}, "'file' names the images"),
        ({"file": files(), "kind": [""] * COUNT}, {"target": "kind"}, "the target 'kind' has no"),
        ({"file": files(".txt"), "kind": KINDS}, {}, "no input is left"),
        ({"file": [f"x{n}" for n in files()], "kind": KINDS}, {}, "none of them is beside"),
    ],
)
def test_what_cannot_be_predicted_is_refused(
    tmp_path: Path, columns: dict[str, Sequence[object]], given: dict[str, object], message: str
) -> None:
    draw(tmp_path, files())
    with pytest.raises(DataError, match=message):
        look(tmp_path, columns, **given)


def test_a_class_without_any_image_is_told(tmp_path: Path) -> None:
    draw(tmp_path, [name for name, kind in zip(files(), KINDS, strict=True) if kind != "grün"])
    with pytest.raises(DataError, match="none of the images of grün is there"):
        look(tmp_path, {"file": files(), "kind": KINDS})


def test_images_none_of_which_can_be_read_are_refused(tmp_path: Path) -> None:
    for name in files():
        (tmp_path / name).write_bytes(b"no")
    with pytest.raises(DataError, match="no image can be read"):
        look(tmp_path, {"file": files(), "kind": KINDS})
