"""What every page tells of a run beside its results: what was asked, how to repeat it, on what."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from trickrun.recipe.dump import DEFAULT_MARK
from trickrun.recipe.load import load
from trickrun.reporting.page_parts import Commands, Part, Prose, Section, Source, Table, plain_lines
from trickrun.reporting.pages.check import chosen
from trickrun.run.find import is_name
from trickrun.run.folder import RunFolder
from trickrun.run.names import differing_in, leaves

ENVIRONMENT = ("trickrun", "torch", "numpy", "python", "platform", "device", "cpu", "threads",
               "engine", "git_commit", "git_dirty", "data", "recipe_folder")  # fmt: skip

NAMES = {
    "git_commit": "git commit",
    "git_dirty": "tracked files differed from it",
    "data": "hash of the data",
    "recipe_folder": "folder of the recipe",
}
"""What facts are called, where their keys do not say it."""

VERSION = re.compile(r"[0-9][0-9A-Za-z.]*")

MOST_TRICKS = 60


def asked_sections(folder: RunFolder) -> Iterator[Section]:
    """Yield what was asked of a run, how to repeat it, and its environment."""
    facts = folder.read_json("env.json")
    recipe, resolved = folder.read_text("recipe.yaml"), folder.read_text("resolved.yaml")
    parts: list[Part] = [*from_parent(folder, facts)]
    if DEFAULT_MARK in resolved:  # a run that goes on from another has all values given
        given = "\n".join(set_lines(resolved.splitlines()))
        parts.append(Source("What differs from the defaults", plain_lines(given), open=True))
    parts += ledger(folder)
    parts.append(Source("recipe.yaml, as it was written", plain_lines(recipe)))
    parts.append(Source("resolved.yaml, with every default", plain_lines(resolved)))
    yield Section("What was asked", parts)
    yield Section("How to repeat it", [Commands([*commands(folder, facts)])])
    rows = [[NAMES.get(key, key), told(facts[key])] for key in ENVIRONMENT if key in facts]
    yield Section("Environment", [Table("On what it ran", ("fact", "value"), rows)])


def told(value: Any) -> str:
    """Return a fact as the table shows it."""
    if value is None:
        return "not known"
    return {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else str(value)


def set_lines(lines: Sequence[str]) -> list[str]:
    """Return the lines of resolved.yaml that are not marked as defaults, with what they are in."""
    kept: list[str] = []
    above: list[str] = []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        above = [one for one in above if len(one) - len(one.lstrip()) < depth]
        if line.endswith(DEFAULT_MARK) or not line.strip():
            continue
        if line.rstrip().endswith(":"):
            above.append(line)
            continue
        kept += [one for one in above if one not in kept]
        kept.append(line)
        above = []
    return kept


def from_parent(folder: RunFolder, facts: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the difference from the run that this one goes on from."""
    parent = facts.get("parent")
    if not isinstance(parent, str) or not parent:
        return
    # It lies beside this one.
    before = RunFolder(folder.path.parent / PurePath(parent).name)
    if not is_name(before.id) or not (before.path / "resolved.yaml").exists():
        yield Prose([f"It goes on from the run {before.id}, which is not here any more."])
        return
    one, other = (dict(leaves(load(run.path / "resolved.yaml").tree)) for run in (before, folder))
    rows = [
        [path, *(chosen(tree[path]) if path in tree else "-" for tree in (one, other))]
        for path in differing_in([one, other])
    ]
    yield Prose([f"It goes on from the run {before.id}."])
    heads = ("recipe path", "before", "now")
    yield Table("What it changed of that run", heads, rows or [["nothing", "", ""]])


def ledger(folder: RunFolder) -> Iterator[Part]:
    """Yield what each trick of a training acted on."""
    if not (folder.path / "tricks.json").exists():
        return
    rows = [
        [str(row["section"]), str(row["trick"]), "off" if row["off"] else str(row["what"])]
        for row in folder.read_json("tricks.json", list[dict[str, Any]])
    ]
    if rows:
        hidden = len(rows) - MOST_TRICKS
        note = f"{hidden} further ones are left out." if hidden > 0 else ""
        heads = ("section", "trick", "acted on")
        yield Table("What each trick acted on", heads, rows[:MOST_TRICKS], note=note)


def commands(folder: RunFolder, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what each command does, and the command: they repeat a run, one after another."""
    wanted = [
        f"{name}=={found[0]}"
        for name in ("trickrun", "torch", "numpy")
        if (found := VERSION.match(str(facts.get(name, ""))))
    ]
    if wanted:
        yield "The versions that it ran with:", f"pip install {' '.join(wanted)}"
    place = typed_in(facts)
    if place is not None:
        yield "Where the command was typed:", shlex.join(["cd", place])
    commit = facts.get("git_commit")
    if isinstance(commit, str) and commit:
        dirty = ", which tracked files differed from" if facts.get("git_dirty") else ""
        yield (
            f"The code and the recipe of that time{dirty}:",
            shlex.join(["git", "checkout", commit]),
        )
    words = facts.get("command") or ["trickrun"]
    yield "The command:", shlex.join(["trickrun", *words[1:]])
    if folder.metrics_file.exists():
        yield (
            "What the run is worth on its test split:",
            shlex.join(["trickrun", "eval", folder.id]),
        )


def typed_in(facts: Mapping[str, Any]) -> str | None:
    """Return the folder in which a run's command was typed, as far as that follows from the
    recipe's path there and its folder."""
    recipe = next(
        (w for w in (facts.get("command") or [])[1:] if w.endswith((".yaml", ".yml"))), None
    )
    where = facts.get("recipe_folder")
    if recipe is None or not isinstance(where, str) or Path(recipe).is_absolute():
        return None
    inner, outer = Path(recipe).parent.parts, Path(where).parts
    if ".." in inner or (inner and outer[-len(inner) :] != inner):
        return None
    return str(Path(*outer[: len(outer) - len(inner)]))
