"""Images that a table names: found, with their classes or values, and refused when they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from trickrun.data._data import Split
from trickrun.data.image_table import ImageTable
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.errors import DataError

WHOLE = Split(val=0, test=0)


def section(**changes: Any) -> ImageTable:
    return ImageTable(
        **{"path": "t.csv", "target": "label", "size": 4, "workers": 2, "split": WHOLE, **changes}
    )


def loaded(place: Path, **changes: Any) -> Prepared:
    return prepare(section(**changes), place)


def refused(place: Path, **changes: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        loaded(place, **changes)
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight images whose red channel is their number, and a table of them in another order."""
    lines = ["image,label,weight,visit"]
    (tmp_path / "pictures").mkdir()
    for i in (5, 2, 7, 0, 3, 1, 6, 4):
        Image.new("RGB", (4, 4), (i, 0, 0)).save(tmp_path / "pictures" / f"{i}.png")
        lines.append(f"pictures/{i}.png,{'odd' if i % 2 else 'even'},{i / 8 + 1e-9!r},{i // 2}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "t.csv").read_text()
    assert old in text
    (folder / "t.csv").write_text(text.replace(old, new))


def test_classes_in_the_order_of_the_lines(folder):
    data = loaded(folder)
    assert data.task.kind == "classification"
    assert data.task.labels == ("even", "odd")
    assert data.train.x[:, 0, 0, 0].tolist() == [5, 2, 7, 0, 3, 1, 6, 4]
    assert data.train.y.tolist() == [1, 0, 1, 0, 1, 1, 0, 0]
    assert data.notes == ("t.csv: 8 images of 2 classes: even 4, odd 4",)


def test_values(folder):
    data = loaded(folder, target="weight", task="regression")
    assert data.task.kind == "regression"
    assert data.task.labels == ("weight",)
    wanted = torch.tensor([[i / 8 + 1e-9] for i in (5, 2, 7, 0, 3, 1, 6, 4)])
    assert torch.equal(data.train.y.float(), wanted)
    both = loaded(folder, target=["weight", "visit"])
    assert both.train.y.shape == (8, 2)
    assert both.notes == ("t.csv: 8 images",)


def test_groups_stay_together(folder):
    split = Split(val=0.25, test=0.25, group="visit", stratified=False)
    data = loaded(folder, split=split)
    visits = [5 // 2, 1, 3, 0, 1, 0, 3, 2]
    parts = [{visits[row] for row in rows.tolist()} for rows in data.rows.values()]
    assert len(parts) == 3
    assert sum(map(len, parts)) == 4


def test_files_elsewhere_and_without_their_ending(folder):
    change(folder, "pictures/", "")
    change(folder, ".png", "")
    error = refused(folder, folder="pictures")
    assert "line 2, column 'image': there is no file" in error.message
    assert "as of 8 of 8 lines" in error.message
    assert error.hint == "there is one that ends in .png: set data.suffix: .png"
    data = loaded(folder, folder="pictures", suffix=".png")
    assert data.train.x[:, 0, 0, 0].tolist() == [5, 2, 7, 0, 3, 1, 6, 4]
    assert "set data.folder to where they are" in refused(folder, suffix=".png").hint


def test_paths_written_on_windows(folder):
    change(folder, "pictures/", "pictures\\")
    assert loaded(folder).train.x[:, 0, 0, 0].tolist() == [5, 2, 7, 0, 3, 1, 6, 4]


def test_missing_and_unreadable_files(folder):
    (folder / "pictures" / "7.png").unlink()
    (folder / "pictures" / "3.png").write_bytes(b"")
    error = refused(folder)
    assert error.message.startswith("line 4, column 'image': there is no file ")
    assert error.hint == "correct the table, or leave such lines out: data.broken: skip"
    data = loaded(folder, broken="skip")
    assert data.train.x[:, 0, 0, 0].tolist() == [5, 2, 0, 1, 6, 4]
    assert data.train.y.tolist() == [1, 0, 0, 1, 0, 0]
    assert data.notes[:2] == (
        "t.csv: 6 images of 2 classes: even 4, odd 2",
        "left out 1 image whose files are missing: pictures/7.png",
    )
    assert data.notes[2].startswith("left out 1 image that cannot be read: ")
    assert str(folder / "pictures" / "3.png") in data.notes[2]
    groups = loaded(folder, broken="skip", split=Split(val=0, test=0, group="visit"))
    assert groups.columns[0].values.tolist() == [2, 1, 0, 0, 3, 2]


def test_lines_that_miss_something(folder):
    change(folder, "pictures/7.png,odd", ",odd")
    change(folder, "pictures/0.png,even", "pictures/0.png,")
    assert refused(folder).message.startswith("line 5, column 'label': the value is missing")
    assert loaded(folder, missing="drop").train.x[:, 0, 0, 0].tolist() == [5, 2, 3, 1, 6, 4]
    change(folder, "pictures/0.png,", "pictures/0.png,even")
    assert refused(folder).message == "line 4, column 'image': no file is named"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"target": "labels"}, "there is no column 'labels' (data.target)"),
        ({"target": "image"}, "'image' names the files"),
        ({"file": "img"}, "there is no column 'img' (data.file)"),
        ({"split": Split(group="patient")}, "there is no column 'patient' (data.split.group)"),
        (
            {"target": ["label", "weight"], "task": "classification"},
            "only regression and multilabel take several",
        ),
        ({"path": "u.csv"}, "there is no such file"),
    ],
)
def test_what_the_recipe_may_get_wrong(folder, changes, told):
    assert told in refused(folder, **changes).message


def test_the_column_of_files_must_be_clear(folder):
    change(folder, "image,label", "picture,label")
    error = refused(folder)
    assert error.message == "which column names the files? none could"
    assert error.hint == "set data.file to one of picture, label, weight, visit"
    assert len(loaded(folder, file="picture").train) == 8
    change(folder, "picture,label", "image,path")
    assert "image and path could" in refused(folder, target="path").message


def test_one_class_alone(folder):
    change(folder, "odd", "even")
    assert refused(folder).message == "all samples have the class 'even'"


def test_the_fingerprint_follows_table_and_files(folder):
    before = section().fingerprint(folder)
    assert section().fingerprint(folder) == before
    Image.new("RGB", (40, 40), (9, 9, 9)).save(folder / "pictures" / "7.png")
    after = section().fingerprint(folder)
    assert after != before
    change(folder, "7.png,odd", "7.png,even")
    assert section().fingerprint(folder) != after


def test_other_samples(folder):
    kind, data = section(), loaded(folder)
    (folder / "new").mkdir()
    (folder / "new" / "n.csv").write_text("id,file\nx,../pictures/6.png\ny,../pictures/1.png\n")
    found = kind.load_file(folder / "new" / "n.csv", data.task, data.shape)
    assert found.y is None
    assert found.x[:, 0, 0, 0].tolist() == [6, 1]
    assert found.told == ("file",)
    assert found.columns["id"] == ["x", "y"]
    own = kind.load_file(folder / "t.csv", data.task, data.shape)
    assert torch.equal(own.y, data.train.y)
    assert torch.equal(own.x, data.train.x)
    assert own.columns["file"][:2] == ["pictures/5.png", "pictures/2.png"]
    many = kind.load_file(folder / "pictures", data.task, data.shape)
    assert many.columns["file"] == [f"{i}.png" for i in range(8)]
    one = kind.load_file(folder / "pictures" / "3.png", data.task, data.shape)
    assert one.x[:, 0, 0, 0].tolist() == [3]


def test_it_needs_a_target():
    with pytest.raises(ValidationError, match="target"):
        ImageTable(path="t.csv")
