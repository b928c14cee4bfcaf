"""What the benchmark is made of: scripts that train well, and mistakes as small changes of them.

Nothing here imports torch, so that the frozen parts can be checked in a moment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Part = Literal["development", "held-back", "fresh", "forum", "trackers"]

HERE = Path(__file__).parent

PARTS: tuple[Part, ...] = ("development", "held-back", "fresh", "forum", "trackers")

FROZEN_PARTS: tuple[Part, ...] = ("held-back", "fresh", "forum", "trackers")
"""Parts that stay as they were before anything of them was watched."""

UNSEEN_PARTS: tuple[Part, ...] = ("trackers",)
"""Frozen parts whose misses nobody has looked at."""

Change = tuple[str, str]
"""A piece of a script, and what it becomes."""


@dataclass(frozen=True)
class Fault:
    """A mistake in a script; the script without it is the repair.

    Args:
        base: the script that it is put into, by its file's name.
        name: what is wrong.
        kind: the kind of mistake that it is counted under.
        accepted: codes of the findings that name the cause, by their meaning.
        changes: pieces of the script, each found once, and what they become.
    """

    base: str
    name: str
    kind: str
    accepted: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Variant:
    """A change that leaves a script as healthy as it was, and may be taken for a mistake.

    Args:
        base: the script that is changed, by its file's name.
        name: what is unusual.
        changes: pieces of the script, each found once, and what they become.
    """

    base: str
    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Script:
    """A script to be watched.

    Args:
        name: of its base and what was changed.
        part: where it belongs.
        base: its repair, by the file's name.
        text: the whole of it.
        kind: the kind of its mistake; empty if it is healthy.
        accepted: as of its fault; none if it is healthy.
    """

    name: str
    part: Part
    base: str
    text: str
    kind: str = ""
    accepted: tuple[str, ...] = ()

    @property
    def faulty(self) -> bool:
        return bool(self.accepted)


def folder(part: Part) -> Path:
    """Return where a part's scripts are."""
    return HERE / part.replace("-", "_")


def bases(part: Part) -> dict[str, str]:
    """Return the texts of a part's healthy scripts, by name."""
    return {file.stem: file.read_text("utf-8") for file in sorted(folder(part).glob("*.py"))}


def changed(text: str, changes: Iterable[Change]) -> str:
    """Return a script with each of the changes made; each piece must be there once."""
    for before, after in changes:
        if text.count(before) != 1:
            raise ValueError(f"found {text.count(before)} times instead of once: {before!r}")
        text = text.replace(before, after)
    return text


def compose(part: Part, faults: Iterable[Fault], variants: Iterable[Variant]) -> Iterator[Script]:
    """Yield all scripts of a part: the healthy ones, then the faulty ones."""
    texts = bases(part)
    for name, text in texts.items():
        yield Script(name, part, name, text)
    for variant in variants:
        text = changed(texts[variant.base], variant.changes)
        yield Script(f"{variant.base}~{variant.name}", part, variant.base, text)
    for fault in faults:
        text = changed(texts[fault.base], fault.changes)
        name = f"{fault.base}+{fault.name}"
        yield Script(name, part, fault.base, text, fault.kind, fault.accepted)


def digest(scripts: Iterable[Script]) -> str:
    """Return a hash of everything that scripts are: texts, kinds and accepted codes."""
    lines = [
        json.dumps([one.name, one.base, one.text, one.kind, one.accepted])
        for one in sorted(scripts, key=lambda one: one.name)
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
