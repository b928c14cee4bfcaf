"""A look at a folder of images: its classes and parts, and what stands in the way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

from trickrun.data.formats.class_folders import (
    ClassFolders,
    in_class_folders,
    inner_folders,
    part_folders,
)
from trickrun.data.formats.folders import tree_of
from trickrun.data.formats.labels import listed
from trickrun.data.survey.facts import ImageFacts
from trickrun.data.survey.pictures import pictures_of
from trickrun.data.survey.targets import most_frequent_first
from trickrun.errors import DataError


def survey(root: Path, path: str) -> ImageFacts:
    """Return the facts about a folder of images in class folders. Raises DataError if it is none.

    Args:
        root: where it is.
        path: how the recipe names it.
    """
    tree = tree_of(root)
    found, rule = in_class_folders(tree, "first"), None
    if len(found.labels) == 1:
        found, rule = inner_classes(found)
    files = [root / image.path for images in found.parts.values() for image in images]
    counts = Counter(image.label for image in found.parts["train"])
    return ImageFacts(
        path,
        most_frequent_first([*counts.items()]),
        tuple((part, len(images)) for part, images in found.parts.items()),
        pictures_of(files, str(root)),
        rule,
        found.notes,
    )


def inner_classes(
    found: ClassFolders,
) -> tuple[ClassFolders, tuple[Literal["last", "path"], str]]:
    """Return the images of one class by the folders in its folder. Raises DataError if there are
    none: there is nothing to tell apart."""
    inner = inner_folders(found.parts["train"], part_folders(found.tree)["train"])
    (label,) = found.labels
    if not inner:
        raise DataError(
            f"all images are of one class, {label!r}",
            str(found.tree.root),
            "there is nothing to tell apart: add a folder of another class",
        )
    return in_class_folders(found.tree, "last"), (
        "last",
        f"all images are in {label!r}, in folders such as {listed(inner[label], 3)}",
    )
