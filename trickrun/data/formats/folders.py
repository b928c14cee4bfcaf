"""What is in a folder: the files that are images, and what is left out and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from trickrun.data.formats.labels import listed
from trickrun.errors import DataError

SUFFIXES = frozenset(
    (
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp"),
        *(".ppm", ".pgm", ".pbm", ".pnm", ".tif", ".tiff"),
    )
)

NOT_DATA = frozenset(("__MACOSX", "__pycache__", "@eaDir", "lost+found", "$RECYCLE.BIN"))
"""Folders that programs make beside what people put into a folder; the hidden ones (Jupyter's
.ipynb_checkpoints, .git) begin with a point."""


@dataclass(frozen=True)
class Tree:
    """The files in a folder, and in all folders in it.

    Args:
        root: the folder.
        files: sorted, relative to ``root``; nothing hidden.
        folders: the same of the folders.
        skipped_folders: hidden ones, and others that hold no data; not looked into.
        skipped_files: hidden files.
        linked: folders that a link leads to, although they were read already.
    """

    root: Path
    files: tuple[PurePath, ...]
    folders: tuple[PurePath, ...]
    skipped_folders: tuple[PurePath, ...] = ()
    skipped_files: tuple[PurePath, ...] = ()
    linked: tuple[PurePath, ...] = ()


def tree_of(root: Path) -> Tree:
    """Return what is in ``root``. Links are followed, but into no folder twice.

    Raises DataError for a folder that is missing or cannot be read, and for names that are not
    UTF-8.
    """
    files: list[PurePath] = []
    folders: list[PurePath] = []
    skipped: dict[str, list[PurePath]] = {"folders": [], "files": [], "linked": []}
    seen = set()
    for place, inner, names in os.walk(root, onerror=cannot_read, followlinks=True):
        here = PurePath(place).relative_to(root)
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in seen:
            skipped["linked"].append(here)
            inner.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        if here.parts:
            folders.append(here)
        check_names(place, (*inner, *names))
        skipped["folders"] += [here / name for name in inner if is_no_data(name)]
        inner[:] = sorted(name for name in inner if not is_no_data(name))
        for name in names:
            (skipped["files"] if name.startswith(".") else files).append(here / name)
    return Tree(
        root,
        in_order(files),
        in_order(folders),
        in_order(skipped["folders"]),
        in_order(skipped["files"]),
        in_order(skipped["linked"]),
    )


def check_names(place: str, names: Iterable[str]) -> None:
    """Raise DataError unless all names in a folder are UTF-8, as labels and messages must be."""
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise DataError(f"the name {name!r} is not UTF-8", place, "rename it") from error


def cannot_read(error: OSError) -> None:
    """Raise DataError for a folder that the system does not let us list."""
    raise DataError(f"cannot be read: {error.strerror}", str(error.filename)) from error


def is_no_data(folder: str) -> bool:
    return folder.startswith(".") or folder in NOT_DATA


def in_order(paths: Iterable[PurePath]) -> tuple[PurePath, ...]:
    """Return paths sorted folder by folder."""
    return tuple(sorted(paths, key=lambda path: path.parts))


def is_image(path: PurePath) -> bool:
    """Whether a file's name is an image's."""
    return path.suffix.lower() in SUFFIXES


def suffix_hint() -> str:
    return f"images end in {', '.join(sorted(SUFFIXES))}"


def other_files(files: Iterable[PurePath]) -> str:
    """Return "12 .txt, 3 .heic" of files that are no images; empty if there is none."""
    found = Counter(file.suffix.lower() or "without an ending" for file in files)
    return ", ".join(f"{count} {suffix}" for suffix, count in found.most_common(5))


def skipped_in(tree: Tree) -> list[str]:
    """Return what is left out of ``tree`` without a look at its content, by reason and count."""
    others = [file for file in tree.files if not is_image(file)]
    return [
        *reason(tree.skipped_folders, "hidden or system folder", "hidden or system folders"),
        *reason(tree.skipped_files, "hidden file", "hidden files"),
        *reason(tree.linked, "folder that was read already", "folders that were read already"),
        *([f"{len(others)} no images by their names ({other_files(others)})"] if others else []),
    ]


def reason(which: Sequence[PurePath], one: str, several: str) -> list[str]:
    """Return ["3 hidden files (.a, .b, …)"], or nothing for none."""
    if not which:
        return []
    names = listed(tuple(dict.fromkeys(path.name for path in which)), 3)
    return [f"{len(which)} {one if len(which) == 1 else several} ({names})"]
