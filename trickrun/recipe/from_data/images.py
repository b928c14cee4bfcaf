"""The lines of a recipe for images: in class folders, or named by a table."""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.data.survey.facts import ImageFacts, ImageTableFacts, Pictures
from trickrun.recipe.from_data.lines import Line, counted, shares, some
from trickrun.recipe.from_data.plans import (
    Plan,
    batch_line,
    column_split,
    dropout_line,
    end_lines,
    other_model,
    plan_of_images,
    split_line,
)
from trickrun.recipe.from_data.targets import (
    data_lines,
    doubts,
    init_lines,
    loss_lines,
    metric_lines,
    rare_classes,
    target_line,
)
from trickrun.recipe.text.emit import flow

FEW_A_CLASS = 100
"""Photos a class in training below which a pretrained network beats one that begins anew. Own."""

LARGE_IMAGE = 48
"""Pixels from which on the first convolution, which costs most, has half as many channels."""


def headline(facts: ImageFacts | ImageTableFacts) -> str:
    """Return what the data are, in a few words."""
    if isinstance(facts, ImageFacts):
        total = sum(count for _, count in facts.parts)
        return f"{total:,} images of {len(facts.classes)} classes"
    what = some([repr(name) for name in facts.targets.names])
    return f"{facts.rows:,} images that {facts.file!r} names, to predict {what}"


def questions(facts: ImageFacts | ImageTableFacts) -> list[str]:
    """Return what people should look at, a line each."""
    if isinstance(facts, ImageFacts):
        return rare_classes(facts.classes) + picture_questions(facts.pictures)
    found = doubts(facts.targets)
    if facts.absent:
        files = counted(len(facts.absent), "missing file")
        found.append(f"{files} that the table names: {some(facts.absent)}")
    return found + picture_questions(facts.pictures)


def picture_questions(pictures: Pictures) -> list[str]:
    """Return what people should look at of the images themselves, a line each."""
    found = [f"cannot be read: {each}" for each in pictures.broken[:5]]
    if len(pictures.broken) > 5:
        found.append(f"cannot be read: {len(pictures.broken) - 5} more")
    if pictures.deep is not None:
        found.append(f"data.range: nothing tells black and white; seen were {pictures.deep}")
    return found


def folder_lines(facts: ImageFacts, model: str | None) -> Iterator[Line]:
    """Yield the lines of a recipe for images in class folders."""
    total = dict(facts.parts)["train"]
    train = total if len(facts.parts) > 1 else round(0.7 * total)
    kind = model or image_model_kind(facts.pictures, train, len(facts.classes))
    plan = plan_of_images(train, classes=True)
    yield Line("data:")
    yield Line("  kind: image_folder", f"{len(facts.classes)} classes: {shares(facts.classes)}")
    yield Line(f"  path: {flow(facts.path)}")
    if facts.class_folder is not None:
        yield Line(f"  class_folder: {facts.class_folder[0]}", facts.class_folder[1])
    yield from picture_lines(facts.pictures, kind)
    if facts.pictures.broken:
        yield Line("  broken: skip", f"cannot be read: {facts.pictures.broken[0]}")
    yield batch_line(plan, train)
    for said in facts.seen:
        yield Line("  ", said)
    if len(facts.parts) == 1:
        yield split_line("equal files stay in one part")
    yield from network_lines(facts.pictures, kind, plan)
    yield from loss_lines(facts.classes)
    yield from end_lines(plan)


def table_lines(facts: ImageTableFacts, model: str | None) -> Iterator[Line]:
    """Yield the lines of a recipe for images that a table names."""
    targets, pictures, train = facts.targets, facts.pictures, round(0.7 * facts.rows)
    kind = model or image_model_kind(pictures, train, len(targets.classes) or 2)
    plan = plan_of_images(train, classes=not targets.values)
    yield Line("data:")
    yield Line("  kind: image_table", f"{facts.rows:,} images that a table names")
    yield Line(f"  path: {flow(facts.path)}")
    yield from file_lines(facts)
    yield target_line(targets)
    yield from data_lines(targets)
    if facts.left_out:
        yield Line("  ", f"other columns are no inputs: {some(facts.left_out)}")
    yield from picture_lines(pictures, kind)
    yield batch_line(plan, train)
    same = "drawn at random; equal files with equal targets stay in one part"
    yield split_line(same) if facts.split is None else column_split(facts.split)
    yield from network_lines(pictures, kind, plan)
    yield from loss_lines(targets.classes)
    yield from init_lines(targets)
    yield from metric_lines(targets)
    yield from end_lines(plan)


def file_lines(facts: ImageTableFacts) -> Iterator[Line]:
    """Yield where the files are, and what becomes of rows without one."""
    if not facts.usual:
        yield Line(f"  file: {flow(facts.file)}", "the column that names the files")
    if facts.folder != ".":
        yield Line(f"  folder: {flow(facts.folder)}", "where they are, relative to the table")
    if facts.suffix is not None:
        yield Line(f"  suffix: {flow(facts.suffix)}", "the files' ending, not in the cells")
    if facts.incomplete:
        why = f"{counted(facts.incomplete, 'row')} without a file or a target: left out"
        yield Line("  missing: drop", why)
    if facts.absent:
        yield Line("  broken: skip", f"not there: {some(facts.absent, 3)}")
    elif facts.pictures.broken:
        yield Line("  broken: skip", f"cannot be read: {facts.pictures.broken[0]}")


def picture_lines(pictures: Pictures, kind: str) -> Iterator[Line]:
    """Yield how images are read."""
    measured = f"{pictures.width} x {pictures.height}"
    why = f"all are {measured}" if pictures.same_size else f"the middle size is {measured}"
    yield Line(f"  size: {image_size(pictures)}", why)
    if pictures.grey:
        yield Line("  color: false", "none of the images has colors")
    if pictures.deep is not None:
        why = "LOOK HERE: black and white, by the lowest and highest value seen"
        yield Line(f"  range: {flow([*pictures.deep])}", why)
    if kind == "pretrained":
        yield Line("  normalize: {kind: fixed, mean: 127, std: 128}", "as in pretraining")
    else:
        yield Line("  normalize: standard", "each channel, on the training split")


def network_lines(pictures: Pictures, kind: str, plan: Plan) -> Iterator[Line]:
    """Yield the network, and the random changes of what it is trained on."""
    size = image_size(pictures)
    yield from image_model(kind, size, plan)
    if kind != "pretrained":
        yield from augmentation_lines(pictures.photos, size)


def image_size(pictures: Pictures) -> int:
    """Return the height and width that images are scaled to."""
    side = min(pictures.width, pictures.height)
    if side <= 40:
        return side
    return 64 if side >= 64 else side // 8 * 8


def image_model_kind(pictures: Pictures, train: int, classes: int) -> str:
    """Return the kind of network for images.

    Args:
        train: the images to train on.
        classes: to tell apart; 1 for values, 2 for labels.
    """
    few = train < FEW_A_CLASS * classes
    return "pretrained" if pictures.photos and few and pictures.pretrained else "cnn"


def image_model(kind: str, size: int, plan: Plan) -> Iterator[Line]:
    """Yield the network for images."""
    if kind == "pretrained":
        yield Line("model: {kind: pretrained, freeze: all}",
                   "few photos: only a new head on features learned from many")  # fmt: skip
        return
    if kind != "cnn":
        yield other_model(kind)
        return
    halvings = max(1, min(4, (size // 4).bit_length()))
    first = 16 if size >= LARGE_IMAGE else 32
    channels = [min(128, first * 2**place) for place in range(halvings)]
    yield Line("model:")
    yield Line("  kind: cnn", "convolutions know what is next to what")
    yield Line(f"  channels: {flow(channels)}", f"each halves the {size} pixels")
    yield Line("  hidden: [128]")
    yield Line("normalization: batch", "larger steps, faster")
    yield dropout_line(plan)


def augmentation_lines(photos: bool, size: int) -> Iterator[Line]:
    """Yield the random changes of training images."""
    pixels = max(1, size // 14)
    shift = {"kind": "shift", "pixels": pixels}
    if photos:
        yield Line(f"augmentation: {flow(['flip', shift])}",
                   "photos: mirrored, and moved a little, they show the same")  # fmt: skip
    else:
        yield Line(f"augmentation: {flow([shift])}", "moved a little, they show the same")
        yield Line("", "if a mirrored image shows the same (no signs, no left and right): add flip")
