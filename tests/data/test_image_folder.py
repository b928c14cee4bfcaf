"""Photos in folders: found, decoded, kept or streamed, and refused when they are broken."""

import os
from pathlib import Path, PurePath
from typing import Any

import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from trickrun.data._data import Split
from trickrun.data.formats.class_folders import ClassFolders, Labelled, check_known
from trickrun.data.formats.folders import Tree
from trickrun.data.formats.image_files import AHEAD, ImageFiles
from trickrun.data.formats.pixels import decoded
from trickrun.data.image_folder import ImageFolder
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.errors import DataError
from trickrun.recipe.load import from_tree
from trickrun.run.environment import data_hash
from trickrun.run.scoring import predictions
from trickrun.training.checkpoint import restore
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Checkpoint, Evaluation
from trickrun.training.job import Job
from trickrun.training.loop import train

COLORS = {"green": (0, 200, 0), "red": (200, 0, 0)}


def save(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (12, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


def photos(root: Path, each: int = 10) -> Path:
    for label, (red, green, blue) in COLORS.items():
        for i in range(each):
            save(root / label / f"{i:02}.png", (red + i, green + i, blue))
    return root


def section(**changes: Any) -> ImageFolder:
    return ImageFolder(**{"path": "photos", "size": 4, "batch_size": 3, "workers": 2, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos(tmp_path / "photos")
    return tmp_path


@pytest.fixture
def streaming(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no image be kept, as if there were more of them than memory."""
    monkeypatch.setattr("trickrun.data.formats.image_files.ImageFiles.bytes_each", 2**40)


def job_on(folder: Path, **changes: Any) -> Job:
    tree = {
        "data": {"kind": "image_folder", "path": "photos", "size": 4, "batch_size": 3},
        "model": {"kind": "cnn", "channels": [3], "hidden": []},
        "train": {"steps": 8, "eval_every": 4, "checkpoint": {"every": "4 steps"}},
        "augmentation": [{"kind": "flip"}],
        **changes,
    }
    return compile_recipe(from_tree(tree), folder)


def test_folders_are_classes(folder):
    data = prepare(section(split=Split(val=0, test=0)), folder)
    assert data.task.labels == ("green", "red")
    assert data.shape == (3, 4, 4)
    assert data.train.y.tolist() == [0] * 10 + [1] * 10
    assert data.train.x[3, :, 2, 2].tolist() == [3, 203, 0]
    assert data.train.x[19, :, 0, 0].tolist() == [209, 9, 0]


def test_parts_of_its_own(tmp_path):
    for name, each in (("train", 4), ("test", 2)):
        photos(tmp_path / "photos" / name, each)
    data = prepare(section(split=Split(val=0.25)), tmp_path)
    assert data.test is not None
    assert data.val is not None
    assert [len(part) for part in (data.train, data.val, data.test)] == [6, 2, 4]
    assert data.test.x[3, :, 0, 0].tolist() == [201, 1, 0]


def test_grey_images(folder):
    assert prepare(section(color=False), folder).shape == (1, 4, 4)


def test_the_middle_square_is_scaled(tmp_path):
    image = Image.new("RGB", (40, 20), (0, 0, 0))
    image.paste((255, 0, 0), (10, 0, 30, 20))
    image.paste((0, 0, 255), (20, 0, 30, 20))
    image.save(tmp_path / "a.png")
    square = decoded(tmp_path / "a.png", 3, 20).pixels
    assert square[:, 0, 9].tolist() == [255, 0, 0]
    assert square[:, 19, 10].tolist() == [0, 0, 255]
    assert square.max(axis=0).min() == 255
    small = decoded(tmp_path / "a.png", 3, 2).pixels
    assert small.shape == (3, 2, 2)
    assert small[0, :, 0].min() > small[0, :, 1].max() + 100


def test_a_photo_lying_on_its_side_is_turned_up(tmp_path):
    image = Image.new("RGB", (8, 8), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 4, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    image.save(tmp_path / "a.png", exif=exif)
    upright = decoded(tmp_path / "a.png", 1, 8).pixels[0]
    assert upright[:4].min() == 255
    assert upright[4:].max() == 0


@pytest.mark.usefixtures("streaming")
def test_streamed_images_stay_in_their_files(folder):
    data = prepare(section(), folder)
    assert data.streamed
    assert data.shape == (3, 4, 4)
    assert data.train.x.shape == (len(data.train),)
    assert data.raw(data.train.x[:2]).shape == (2, 3, 4, 4)
    assert data.scaler.shift is not None


def weights_after(job: Job) -> list[torch.Tensor]:
    for _ in train(job):
        pass
    return [p.detach().clone() for p in job.model.parameters()]


def test_streamed_training_is_bitwise_that_of_kept_images(folder, request):
    kept = job_on(folder)
    request.getfixturevalue("streaming")
    streamed = job_on(folder)
    assert streamed.data.streamed
    assert not kept.data.streamed
    for one, other in zip(weights_after(kept), weights_after(streamed), strict=True):
        assert torch.equal(one, other)
    assert data_hash(kept.data) != data_hash(streamed.data)


@pytest.mark.usefixtures("streaming")
def test_a_resumed_streamed_run_ends_bitwise_equal(folder):
    whole, first, resumed = (job_on(folder) for _ in range(3))
    records = list(train(whole))
    stopped = list(train(first, interrupted=iter([False, False, True]).__next__))
    half = next(r for r in stopped if isinstance(r, Checkpoint))
    again = list(train(resumed, restore(resumed, half.state), half.best))
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)
    last = [next(r for r in run[::-1] if isinstance(r, Evaluation)) for run in (records, again)]
    assert last[0].values == last[1].values


@pytest.mark.usefixtures("streaming")
def test_few_batches_are_decoded_ahead_and_none_is_left_behind(folder):
    job = job_on(folder)
    files = job.data.files
    assert files is not None
    batches = job.batches(0)
    for _ in range(3):
        indices = next(batches)
        assert len(files.begun) == AHEAD + 1
        apart = job.data.batch(indices.clone())
        assert torch.equal(job.data.batch(indices), apart)
        assert torch.equal(job.data.batch(indices[1:]), apart[1:])
    batches.close()
    assert files.begun == {}


def test_more_images_than_a_thread_takes_at_once(folder):
    paths = sorted((folder / "photos").rglob("*.png")) * 3
    files = ImageFiles(paths, 3, 4, workers=3)
    wanted = torch.arange(59, -1, -1)
    assert files.read(wanted)[:, 0, 0, 0].tolist() == [
        int(decoded(paths[i], 3, 4).pixels[0, 0, 0]) for i in wanted.tolist()
    ]


def test_predictions_for_other_files(folder, tmp_path):
    job = job_on(folder)
    kind = job.recipe.data
    save(tmp_path / "new" / "x.jpg", (0, 210, 0))
    flat = kind.load_file(tmp_path / "new", job.data.task, job.data.shape)
    assert flat.y is None
    assert len(list(predictions(job, flat.x))) == 1
    one = kind.load_file(tmp_path / "new" / "x.jpg", job.data.task, job.data.shape)
    assert torch.equal(one.x, flat.x)
    labelled = kind.load_file(folder / "photos", job.data.task, job.data.shape)
    assert labelled.y is not None
    assert labelled.y.tolist() == [0] * 10 + [1] * 10


def loaded(folder: Path, **changes: Any) -> Prepared:
    return prepare(section(split=Split(val=0.1, test=0.1), **changes), folder)


def test_what_is_no_image_folder(folder):
    with pytest.raises(DataError, match="there is no such folder") as caught:
        loaded(folder, path="photo")
    assert caught.value.hint == "did you mean 'photos'?"
    with pytest.raises(DataError, match="there is no folder in it"):
        loaded(folder, path="photos/red")
    (folder / "photos" / "blue").mkdir()
    with pytest.raises(DataError, match="there are no images") as caught:
        loaded(folder)
    assert caught.value.where.endswith("blue")


def test_a_part_with_another_class(tmp_path):
    photos(tmp_path / "photos" / "train")
    photos(tmp_path / "photos" / "val")
    save(tmp_path / "photos" / "val" / "blue" / "a.png", (0, 0, 200))
    with pytest.raises(DataError, match="the folder 'blue' is not a class"):
        loaded(tmp_path)


def test_one_class_alone(tmp_path):
    save(tmp_path / "photos" / "red" / "a.png", (0, 0, 0))
    with pytest.raises(DataError, match="all samples have the class 'red'"):
        loaded(tmp_path)


def test_a_broken_file_is_named(folder, request):
    broken = folder / "photos" / "red" / "03.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(DataError, match="this image cannot be read") as caught:
        loaded(folder)
    assert caught.value.where == str(broken)
    request.getfixturevalue("streaming")
    with pytest.raises(DataError, match="this image cannot be read"):
        prepare(section(split=Split(val=0, test=0)), folder)


def test_the_fingerprint_follows_the_files(folder):
    before = section().fingerprint(folder)
    assert section().fingerprint(folder) == before
    save(folder / "photos" / "red" / "extra.png", (1, 2, 3))
    assert section().fingerprint(folder) != before


@pytest.mark.usefixtures("streaming")
def test_equal_files_stay_in_one_part(folder: Path) -> None:
    for label in COLORS:
        for path in sorted((folder / "photos" / label).glob("0*.png")):
            path.with_name(f"copy-{path.name}").write_bytes(path.read_bytes())
    data = prepare(section(split=Split(group_duplicates=True)), folder)
    assert data.files is not None
    codes = data.files.contents()
    assert len(codes) == 40
    assert len(codes.unique()) == 20
    parts = [set(codes[rows].tolist()) for rows in data.rows.values()]
    assert sum(map(len, parts)) == 20


def refused(folder: Path, **changes: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        loaded(folder, **changes)
    return caught.value


def test_hidden_and_system_folders_are_no_data_at_any_depth(folder: Path) -> None:
    root = folder / "photos"
    for place in (".ipynb_checkpoints", "__MACOSX/red", "red/.ipynb_checkpoints", "red/a/.git/b"):
        save(root / place / "x.png", (9, 9, 9))
    (root / "red" / "._00.png").write_bytes(b"of a Mac")
    (root / "red" / "notes.txt").touch()
    (root / "green" / "raw.HEIC").touch()
    save(root / "cover.png", (9, 9, 9))
    data = loaded(folder)
    assert data.task.labels == ("green", "red")
    assert sum(len(part) for part in (data.train, data.val, data.test) if part) == 20
    assert data.notes == (
        "photos: 20 images of 2 classes: green 10, red 10",
        "photos: left out: 4 hidden or system folders (.ipynb_checkpoints, __MACOSX, .git), "
        "1 hidden file (._00.png), 2 no images by their names (1 .heic, 1 .txt), "
        "1 image in no class folder (cover.png)",
    )


def test_nothing_is_left_out_without_a_word_nor_said_without_a_cause(folder: Path) -> None:
    assert loaded(folder).notes == ("photos: 20 images of 2 classes: green 10, red 10",)


def test_every_usual_ending_is_an_image(tmp_path: Path) -> None:
    photos(tmp_path / "photos", each=2)
    for suffix in ("tif", "tiff", "TIF", "jpe", "jfif", "JPG", "webp", "bmp", "pbm", "gif"):
        image = Image.new("1" if suffix == "pbm" else "RGB", (4, 4))
        image.save(tmp_path / "photos" / "red" / f"of-{suffix}.{suffix}")
    assert "red 12" in loaded(tmp_path).notes[0]


def test_a_folder_that_is_named_like_an_image(folder: Path) -> None:
    save(folder / "photos" / "red" / "more.png" / "a.png", (9, 9, 9))
    assert "red 11" in loaded(folder).notes[0]


def test_links_are_followed_but_not_in_circles(folder: Path, tmp_path: Path) -> None:
    save(tmp_path / "elsewhere" / "a.png", (0, 0, 250))
    (folder / "photos" / "blue").symlink_to(tmp_path / "elsewhere")
    (folder / "photos" / "red" / "up").symlink_to(folder / "photos")
    data = prepare(section(split=Split(val=0, test=0)), folder)
    assert data.notes[0] == "photos: 21 images of 3 classes: blue 1, green 10, red 10"
    assert "1 folder that was read already (up)" in data.notes[1]


def nested_photos(root: Path) -> None:
    for site in ("north", "south"):
        for label in ("cat", "dog"):
            for i in range(3):
                save(root / site / label / f"{i}.png", (i, 0, 0))


@pytest.mark.parametrize(
    ("rule", "labels", "classes"),
    [
        ("first", ("north", "south"), [0] * 6 + [1] * 6),
        ("last", ("cat", "dog"), [0] * 6 + [1] * 6),
        ("path", ("north/cat", "north/dog", "south/cat", "south/dog"), [0, 0, 0, 1, 1, 1, 2, 2, 2]),
    ],
)
def test_nested_folders(tmp_path: Path, rule: Any, labels: Any, classes: list[int]) -> None:
    nested_photos(tmp_path / "photos")
    data = prepare(section(class_folder=rule, split=Split(val=0, test=0)), tmp_path)
    assert data.task.labels == labels
    assert data.train.y.tolist()[: len(classes)] == classes
    told = [note for note in data.notes if "folders within 2 of the class folders" in note]
    assert len(told) == (rule == "first")
    if told:
        assert "such as cat, dog for 'north'; data.class_folder: last or path" in told[0]


def test_folders_in_one_folder_that_an_archive_brought(tmp_path: Path) -> None:
    photos(tmp_path / "photos" / "photos")
    error = refused(tmp_path)
    assert error.message == "all samples have the class 'photos'"
    assert error.hint == "are green, red the classes? Then set data.class_folder: last"
    assert loaded(tmp_path, class_folder="last").task.labels == ("green", "red")


def test_other_names_of_parts(tmp_path: Path) -> None:
    for name, each in (("Train", 4), ("valid", 2), ("Testing", 3), ("extra", 5)):
        photos(tmp_path / "photos" / name, each)
    data = prepare(section(), tmp_path)
    assert data.val is not None
    assert data.test is not None
    assert [len(part) for part in (data.train, data.val, data.test)] == [8, 4, 6]
    assert data.notes == (
        "photos: 18 images of 2 classes: green 9, red 9; train 8, val 4, test 6",
        "photos: left out: 10 images outside of the parts (00.png, 01.png, 02.png, …)",
    )
    photos(tmp_path / "photos" / "val", 2)
    assert "val and valid are both the val split" in refused(tmp_path).message


def test_a_test_folder_without_classes_is_left_to_predict(tmp_path: Path) -> None:
    photos(tmp_path / "photos" / "train")
    save(tmp_path / "photos" / "test" / "1.png", (0, 0, 0))
    data = loaded(tmp_path)
    assert data.test is not None
    assert len(data.test) == 2
    assert data.notes[1] == "photos: left out: 1 image without class folders in test"


def test_a_class_folder_says_what_it_has_instead_of_images(folder: Path) -> None:
    (folder / "photos" / "blue").mkdir()
    (folder / "photos" / "blue" / "a.heic").touch()
    error = refused(folder)
    assert error.message == "there are no images"
    assert error.hint.startswith("it has 1 .heic; images end in .apng, ")


def break_some(folder: Path) -> list[Path]:
    """Make three files unreadable; return them."""
    red, green = folder / "photos" / "red", folder / "photos" / "green"
    (red / "03.png").write_bytes((red / "03.png").read_bytes()[:40])
    (red / "07.png").write_bytes(b"")
    (green / "01.png").write_text("<html>404</html>")
    return [green / "01.png", red / "03.png", red / "07.png"]


def test_all_unreadable_files_are_named_at_once(folder: Path) -> None:
    broken = break_some(folder)
    error = refused(folder)
    assert error.message.startswith("3 images cannot be read:\n")
    assert all(str(path) in error.message for path in broken)
    assert "data.broken: skip" in error.hint


@pytest.mark.parametrize("kept", [True, False])
def test_unreadable_files_are_left_out_if_that_is_wanted(
    folder: Path, kept: bool, request: pytest.FixtureRequest
) -> None:
    if not kept:
        request.getfixturevalue("streaming")
    broken = break_some(folder)
    data = prepare(section(split=Split(val=0, test=0), broken="skip"), folder)
    assert data.streamed is not kept
    assert data.train.y.tolist() == [0] * 9 + [1] * 8
    red = [COLORS["red"][0] + i for i in range(10) if i not in (3, 7)]
    assert data.raw(data.train.x)[9:, 0, 0, 0].tolist() == red
    assert data.notes[0] == "photos: 17 images of 2 classes: green 9, red 8"
    assert data.notes[1].startswith("left out 3 images that cannot be read: ")
    assert all(str(path) in data.notes[1] for path in broken)
    assert "the file is empty" in data.notes[1]


def test_a_class_of_unreadable_files_alone(tmp_path: Path) -> None:
    photos(tmp_path / "photos", each=2)
    for path in (tmp_path / "photos" / "red").iterdir():
        path.write_bytes(b"")
    error = refused(tmp_path, broken="skip")
    assert error.message == "no image of the class 'red' can be read"


def test_kinds_of_images_are_said_once(folder: Path) -> None:
    red = folder / "photos" / "red"
    for i in range(3):
        Image.new("RGBA", (8, 8), (9, 9, 9, 0)).save(red / f"cut-out-{i}.png")
    frames = [Image.new("RGB", (8, 8), (i, i, i)) for i in (0, 99)]
    frames[0].save(red / "moving.gif", save_all=True, append_images=frames[1:])
    Image.new("I;16", (8, 8), 3000).save(red / "camera.tif")
    assert loaded(folder).notes[1:] == (
        "3 images with transparent pixels, laid on white, for example cut-out-0.png",
        "1 image with several frames or pages; the first is used, for example moving.gif",
        "the values of 1 image with 16 bits run from 3000 to 3000, but 0 to 65535 became 0 to 255. "
        "data.range: [0, 4095] keeps more of their differences",
    )
    assert len(loaded(folder, range=[0, 4095]).notes) == 3


def test_a_range_without_extent() -> None:
    with pytest.raises(ValidationError, match="black and white must be different values"):
        section(range=[3, 3])


def test_predicted_files_are_named_in_their_order(folder: Path, tmp_path: Path) -> None:
    kind = section()
    task = loaded(folder).task
    for name in ("b/2.png", "b/10.png", "a.jpg", ".hidden/x.png"):
        save(tmp_path / "new" / name, (1, 2, 3))
    found = kind.load_file(tmp_path / "new", task, (3, 4, 4))
    assert found.columns == {"file": ["a.jpg", "b/10.png", "b/2.png"]}
    assert found.told == ("file",)
    labelled = kind.load_file(folder / "photos", task, (3, 4, 4))
    assert labelled.columns["file"][9:11] == ["green/09.png", "red/00.png"]
    (tmp_path / "new" / "b" / "11.png").write_bytes(b"")
    with pytest.raises(DataError, match="the file is empty"):
        kind.load_file(tmp_path / "new", task, (3, 4, 4))
    left = section(broken="skip").load_file(tmp_path / "new", task, (3, 4, 4))
    assert left.columns == found.columns
    assert len(left.x) == 3
    assert "b/11.png" in left.notes[0]


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ((0, 65535), None),
        ((0, 9000), None),
        ((0, 1023), "[0, 1023]"),
        ((12, 1024), "[0, 2047]"),
        ((30000, 30200), "[30000, 30200]"),
    ],
)
def test_a_narrower_range_is_recommended_where_it_matters(
    tmp_path: Path, values: tuple[int, int], advice: str | None
) -> None:
    paths = []
    for value in values:
        paths.append(tmp_path / f"{value}.png")
        Image.new("I;16", (4, 4), value).save(paths[-1])
    files = ImageFiles(paths, 1, 4, workers=1)
    files.read(torch.arange(2))
    assert [advice in note for note in files.notes()] == ([] if advice is None else [True])


def test_a_range_without_a_use_is_said(folder: Path) -> None:
    assert loaded(folder, range=[0, 4095]).notes[1].startswith("data.range has no effect: ")


def test_warnings_of_pillow_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a warning is an error: without a filter both files would be unreadable."""
    torn = b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03"
    Image.new("RGB", (4, 4), (9, 9, 9)).save(tmp_path / "exif.jpg", exif=torn)
    Image.new("RGB", (20, 20)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)
    files = ImageFiles([tmp_path / "exif.jpg", tmp_path / "large.png"], 3, 4, workers=1)
    assert files.read(torch.arange(2)).shape == (2, 3, 4, 4)


class Label(str):
    """A class's name that counts with how many others it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Label.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_an_image_is_not_compared_with_every_class() -> None:
    classes = 300
    images = [Labelled(PurePath(f"{i}.png"), Label(f"class {i % classes}")) for i in range(900)]
    tree = Tree(Path(), (), ())
    check_known(ClassFolders(tree, {"train": images}), {"train": PurePath()})
    assert Label.compared < 10 * len(images)


def test_a_name_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\xff")
    (tmp_path / "d" / name).mkdir(parents=True)
    with pytest.raises(DataError, match="is not UTF-8") as caught:
        ImageFolder(path="d").load(tmp_path)
    str(caught.value).encode()


def test_an_image_that_no_memory_holds_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trickrun.data.formats.memory.usable_memory", lambda: 4 * 3 * 8**2)
    files = ImageFolder(path="d", size=8).files([])
    assert files.shape == (3, 8, 8)
    with pytest.raises(DataError, match="an image of 9 by 9 takes"):
        ImageFolder(path="d", size=9).files([])
