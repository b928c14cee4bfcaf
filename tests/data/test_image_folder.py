"""Photos in folders: found, decoded, kept or streamed, and refused when they are broken."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from trickrun.data._data import Split
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
    assert len(predictions(job, flat.x)) == 1
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
    with pytest.raises(DataError, match="the folder 'blue' is no class"):
        loaded(tmp_path)


def test_one_class_alone(tmp_path):
    save(tmp_path / "photos" / "red" / "a.png", (0, 0, 0))
    with pytest.raises(DataError, match="all samples are of one class, 'red'"):
        loaded(tmp_path)


def test_a_broken_file_is_named(folder, request):
    broken = folder / "photos" / "red" / "03.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(DataError, match="this is no whole image") as caught:
        loaded(folder)
    assert caught.value.where == str(broken)
    request.getfixturevalue("streaming")
    with pytest.raises(DataError, match="this is no whole image"):
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
