"""``--apply``: suggested edits go into the user's file, which keeps its comments and its order."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from trickrun.errors import CannotWrite
from trickrun.recipe.difference import as_patch
from trickrun.recipe.load import file_layers
from trickrun.recipe.patch import ROOT
from trickrun.recipe.text.edit import edit_text
from trickrun.recipe.text.problems import Problem, RecipeError
from trickrun.recipe.text.sources import Text, read_chain
from trickrun.run.files import remedy, write_whole

ANYBODY_WRITES = 0o222
"""The bits of a file's mode that let somebody write it."""


def apply_edits(path: Path, values: Mapping[str, Any]) -> str:
    """Change the recipe file at ``path`` and return the difference as a unified diff.

    The file is read again, as it may have changed since it was loaded; it is replaced whole, so
    that a crash leaves the old one or the new one.

    Args:
        values: recipe path to value; null deletes.

    Returns:
        Nothing if the file says so already.

    Raises:
        RecipeError: the file can no longer be read as a recipe.
        EditError: no edit of the file has the wanted meaning.
        RunFolderError: it cannot be written.
    """
    before, after = edited(path, values)
    if after != before:
        # The file itself, not a link to it, keeps its place and its permissions.
        target = path.resolve()
        mode = target.stat().st_mode
        try:
            write_whole(target, after.encode())
        except CannotWrite as error:
            # A recipe is no run: another place for runs would not help.
            error.hint = remedy(error.__cause__) if isinstance(error.__cause__, OSError) else ""
            raise
        target.chmod(mode)
    return "".join(difference(before, after, str(path)))


def check_target(path: Path, values: Mapping[str, Any]) -> None:
    """Raise what ``apply_edits`` would, before the work that finds out the values.

    Args:
        values: an edit of the same kind; empty if nobody knows which it will be.

    Raises CannotWrite also for a file that is marked as read-only, which could be replaced.
    """
    edited(path, values)
    target = path.resolve()
    if not target.stat().st_mode & ANYBODY_WRITES or not os.access(target, os.W_OK):
        raise CannotWrite(
            "this file is read-only, so no edit can be written into it",
            str(path),
            "make it writable (chmod u+w), or omit --apply",
        )
    try:
        # The new file is written beside the old one, whose place it then takes.
        with TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise CannotWrite(
            f"no edit can be written into this file: {error.strerror}",
            str(path),
            remedy(error) or f"make {target.parent} writable, or omit --apply",
        ) from error


def edited(path: Path, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text of the recipe file at ``path`` before and after the edits; see above."""
    texts = chain_of(path)
    parent = file_layers(texts[:-1])[1] if len(texts) > 1 else None
    before = texts[-1].source.text
    return before, edit_text(before, values, parent)


def edited_to(path: Path, tree: dict[str, Any]) -> str:
    """Return the text of the recipe file at ``path`` edited so that it means ``tree``."""
    now = file_layers(chain_of(path))[1]
    change = as_patch(now, tree, ROOT)
    return edited(path, change)[1]


def chain_of(path: Path) -> list[Text]:
    """Return the recipe file and its parents, the oldest first. Raises RecipeError."""
    problems: list[Problem] = []
    texts = read_chain(path, problems)
    if problems:
        raise RecipeError(problems)
    return texts


def difference(before: str, after: str, name: str) -> list[str]:
    """Return the lines of a unified diff, each with its line end."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, f"{name} (edited)", lineterm=""
    )
    return [line + "\n" for line in lines]
