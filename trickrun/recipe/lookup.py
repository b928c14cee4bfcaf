"""What a name means in the catalogue: a trick, a section of them, or a parameter that some have."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from trickrun.errors import TrickrunError
from trickrun.recipe.catalogue import Entry, address
from trickrun.recipe.other_names import OTHER_NAMES


@dataclass(frozen=True)
class Found:
    """What a name means.

    Args:
        by: whether it is the name of the tricks, of their section, or of a parameter of theirs.
    """

    by: Literal["trick", "section", "parameter"]
    entries: list[Entry]


def look_up(entries: list[Entry], wanted: str, section: str | None = None) -> Found:
    """Return what ``wanted`` means: tricks by their name, another name for it, or their address;
    if none is called so, a section; and if there is none, the tricks with a parameter of that name.

    Args:
        section: only tricks of it, or of a section within it, are looked at.

    Raises UnknownTrick if the name means nothing.
    """
    if section is not None:
        entries = in_section(entries, section)
    word = wanted.strip().replace(" ", "_").replace("-", "_").lower()
    for name in (wanted, word, OTHER_NAMES.get(word, word)):
        if found := [e for e in entries if f".{e.path}".endswith(f".{name}")]:
            return Found("trick", found)
        if found := [e for e in entries if f".{e.section}".endswith(f".{name}")]:
            return Found("section", found)
    for name in (word, OTHER_NAMES.get(word, word)):
        if found := [e for e in entries if any(p.name == name for p in e.parameters)]:
            return Found("parameter", found)
    known = {word for e in entries for word in (e.name, e.section, address(e, entries))}
    close = get_close_matches(word, sorted(known), n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "trickrun tricks lists them all"
    raise UnknownTrick("there is no such trick", wanted, hint)


def in_section(entries: list[Entry], section: str) -> list[Entry]:
    """Return the tricks of a section and of those below it; UnknownTrick if there are none."""
    found = [e for e in entries if f".{section}." in f".{e.section}."]
    if found:
        return found
    close = get_close_matches(section, sorted({e.section for e in entries}), n=2)
    hint = f"did you mean {' or '.join(close)}?" if close else "trickrun tricks lists them all"
    raise UnknownTrick("there is no such section", section, hint)


class UnknownTrick(TrickrunError):
    """A name that no trick and no section has."""
