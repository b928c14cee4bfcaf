"""Images in a folder for each class: which image is of which class, in which part, and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Literal

from trickrun.data.formats.folders import (
    Tree,
    is_image,
    other_files,
    reason,
    skipped_in,
    suffix_hint,
)
from trickrun.data.formats.labels import counted, listed
from trickrun.errors import DataError

ClassFolder = Literal["first", "last", "path"]
"""Which of the folders that lead to an image names its class."""

PART_FOLDERS = {
    "train": ("train",),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""The folders that bring a split of their own, if there is a ``train``; case does not matter."""


@dataclass(frozen=True)
class Labelled:
    """An image file, relative to the folder that was asked for, and its class."""

    path: PurePath
    label: str


@dataclass(frozen=True)
class ClassFolders:
    """The images of a folder by part and class.

    Args:
        tree: what is in the folder.
        parts: "train", and "val" and "test" where there are such folders; sorted by class.
        notes: what is left out, and what else people should know.
    """

    tree: Tree
    parts: Mapping[str, Sequence[Labelled]]
    notes: tuple[str, ...] = ()

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The classes of the training part, sorted."""
        return tuple(sorted({image.label for image in self.parts["train"]}))


def in_class_folders(tree: Tree, rule: ClassFolder) -> ClassFolders:
    """Return the images in ``tree`` by part and class.

    Raises DataError if there are no classes, a class has no images, or a part has another class.
    """
    images = [file for file in tree.files if is_image(file)]
    parts, stray, flat = {}, [], []
    folders = part_folders(tree)
    for part, folder in folders.items():
        depth = len(folder.parts)
        inside = [image for image in images if image.parts[:depth] == folder.parts]
        found = [(image, class_of(image.parts[depth:], rule)) for image in inside]
        labelled = [Labelled(image, label) for image, label in found if label is not None]
        if part != "train" and inside and not labelled:
            flat.append((folder, len(inside)))
            continue
        check_class_folders(tree, folder, labelled, rule)
        parts[part] = sorted(labelled, key=lambda image: (image.label, image.path.parts))
        stray += [image for image, label in found if label is None]
    tops = {folder.parts[:1] for folder in folders.values()}
    outside = [image for image in images if not {image.parts[:1], ()} & tops]
    left_out = [
        *skipped_in(tree),
        *reason(stray, "image in no class folder", "images in no class folder"),
        *reason(outside, "image outside of the parts", "images outside of the parts"),
        *(f"{counted(count, 'image')} without class folders in {folder}" for folder, count in flat),
    ]
    notes = [f"left out: {', '.join(left_out)}"] if left_out else []
    notes += nested(parts["train"], folders["train"]) if rule == "first" else []
    classes = ClassFolders(tree, parts, tuple(notes))
    check_known(classes, folders)
    return classes


def part_folders(tree: Tree) -> Mapping[str, PurePath]:
    """Return the folder of each part that there is: the whole for "train", if none is named so.

    Raises DataError if two folders are for one part.
    """
    named: dict[str, PurePath] = {}
    top = [folder for folder in tree.folders if len(folder.parts) == 1]
    for part, names in PART_FOLDERS.items():
        found = [folder for folder in top if folder.name.casefold() in names]
        if len(found) > 1 and (part == "train" or "train" in named):
            both = " and ".join(folder.name for folder in found[:2])
            raise DataError(f"{both} are both the {part} split", str(tree.root), "keep one of them")
        if found:
            named[part] = found[0]
    return named if "train" in named else {"train": PurePath()}


def class_of(image: Sequence[str], rule: ClassFolder) -> str | None:
    """Return the class of an image by the folders that lead to it; None if there are none.

    Args:
        image: the parts of its path.
    """
    folders = image[:-1]
    if not folders:
        return None
    if rule == "path":
        return "/".join(folders)
    return folders[0] if rule == "first" else folders[-1]


def check_class_folders(
    tree: Tree, place: PurePath, found: Sequence[Labelled], rule: ClassFolder
) -> None:
    """Raise DataError if the folder ``place`` of a part has no class, or one without an image."""
    where = tree.root / place
    depth = len(place.parts) + 1
    classes = [f for f in tree.folders if len(f.parts) == depth and f.is_relative_to(place)]
    if not classes:
        hint = "make one for each class; or use kind: image_table, for a table of files and classes"
        raise DataError("there is no folder in it", str(where), hint)
    labels = {image.label for image in found}
    for folder in classes:
        if rule == "first" and folder.name not in labels:
            others = other_files(f for f in tree.files if f.is_relative_to(folder))
            held = f"it has {others}; " if others else ""
            raise DataError("there are no images", str(tree.root / folder), held + suffix_hint())
    if not found:
        raise DataError("there are no images", str(where), suffix_hint())


def check_known(found: ClassFolders, folders: Mapping[str, PurePath]) -> None:
    """Raise DataError for a class that the training part does not have."""
    known = {*found.labels}
    for part, images in found.parts.items():
        for image in images:
            if image.label not in known:
                raise DataError(
                    f"the folder {image.label!r} is not a class",
                    str(found.tree.root / folders[part]),
                    f"the classes are {listed(found.labels)}",
                )


def nested(images: Sequence[Labelled], place: PurePath) -> list[str]:
    """Return what is said of folders within class folders: they count for the outer one."""
    inner = inner_folders(images, place)
    if not inner:
        return []
    label, names = next(iter(inner.items()))
    return [
        f"folders within {len(inner)} of the class folders belong to these classes, such as "
        f"{listed(names, 3)} for {label!r}; data.class_folder: last or path makes them classes"
    ]


def inner_folders(images: Sequence[Labelled], place: PurePath) -> dict[str, tuple[str, ...]]:
    """Return, of each class with images in folders of its folder, these folders' names."""
    found: dict[str, dict[str, None]] = {}
    depth = len(place.parts) + 1
    for image in images:
        if len(image.path.parts) > depth + 1:
            found.setdefault(image.label, {})[image.path.parent.name] = None
    return {label: tuple(names) for label, names in found.items()}


def only_class(found: ClassFolders, rule: ClassFolder) -> DataError:
    """Return the error for images that are all of one class."""
    (label,) = found.labels
    hint = "there is nothing to tell apart: add samples of another class"
    inner = inner_folders(found.parts["train"], part_folders(found.tree)["train"])
    if rule == "first" and inner:
        hint = f"are {listed(inner[label], 5)} the classes? Then set data.class_folder: last"
    return DataError(f"all samples have the class {label!r}", str(found.tree.root), hint)
