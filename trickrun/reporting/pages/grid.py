"""The page of a search: its best recipe, what mattered, where to look next, and its trials."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.console import number, seconds
from trickrun.reporting.page_parts import Commands, Prose, Section, Table, Value
from trickrun.reporting.pages.check import chosen
from trickrun.reporting.panels import MOST_DRAWN
from trickrun.run.folder import RunFolder
from trickrun.search.space import short_path

CHANGE, SEARCH = re.compile(r"[A-Za-z_][\w.]*="), re.compile(r"grid[.=]")

MOST_TRIALS = 500
"""Rows of the table: more make a page that opens slowly."""


def sections(folder: RunFolder, verdict: Verdict) -> Iterator[Section]:
    """Yield what a search found."""
    result = verdict.result
    yield Section("The best recipe", [*best(folder, result)])
    if result.get("importance"):
        yield Section("What mattered", [importance(result["importance"])])
    if result.get("edges") or result.get("next_space"):
        yield Section("Where to look next", [*onward(result)])
    if result["trials"]:
        yield Section("Trials", [trials(result)])


def best(folder: RunFolder, result: Mapping[str, Any]) -> Iterator[Table | Prose | Commands]:
    """Yield the best trial's changes, with its values over seeds where there are some."""
    found = result["best"]
    if found is None:
        yield Prose(["No trial finished, so there is none."])
        return
    rows = [[path, chosen(value)] for path, value in found["params"].items()]
    rows.append([result["metric"], number(found["metric"])])
    yield Table("The best trial", ("recipe path", "value"), rows)
    confirmed = [
        [
            typed(row["params"]),
            number(row["mean"]),
            f"{number(row['low'])} to {number(row['high'])}",
            counted(len(row["values"]), "seed"),
        ]
        for row in result.get("confirmed", [])
    ]
    if confirmed:
        heads = ("recipe", f"mean {result['metric']}", "interval", "over")
        yield Table("The best trials over several seeds", heads, confirmed)
    words = " ".join(shlex.quote(word) for word in asked_of(folder))
    yield Commands([("Train it:", f"trickrun train {words} {typed(found['params'])}")])


def asked_of(folder: RunFolder) -> list[str]:
    """Return the recipe that a search's command line names, and its changes of it, but for those
    of the search itself."""
    words = folder.read_json("env.json").get("command") or []
    recipe = next((word for word in words if word.endswith((".yaml", ".yml"))), "recipe.yaml")
    changes = [word for word in words if CHANGE.match(word) and not SEARCH.match(word)]
    return [recipe, *changes]


def importance(shares: Mapping[str, float]) -> Table:
    """Return how much each parameter mattered."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    rows = [[path, f"{share:.0%}"] for path, share in ordered]
    note = (
        "The share of a forest's explained variance. It says which parameters decided between "
        "these trials, not which matter in general."
    )
    return Table("What the differences between trials come from", ("parameter", "share"), rows,
                 note=note)  # fmt: skip


def onward(result: Mapping[str, Any]) -> Iterator[Table | Prose]:
    """Yield the parameters whose best value is at an edge, and the space around the best."""
    edges = [
        f"The best {edge['path']}, {chosen(edge['value'])}, lies at the {edge['side']} end of what "
        "was searched: better values may lie beyond it."
        for edge in result.get("edges", ())
    ]
    if edges:
        yield Prose(edges)
    space = result.get("next_space") or {}
    rows = [[path, *ends(values)] for path, values in space.items()]
    if rows:
        yield Table("The space around the best trials", ("parameter", "how", "values"), rows)


def ends(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return how a parameter is to be drawn, and from what."""
    ((how, span),) = [(k, v) for k, v in values.items() if v is not None][:1]
    joined = ", ".join(map(chosen, span)) if how == "choice" else " to ".join(map(chosen, span))
    return how, joined


def trials(result: Mapping[str, Any]) -> Table:
    """Return the trials of a search, the best first."""
    listed: Sequence[Mapping[str, Any]] = result["trials"]
    paths = list(result["space"])
    rows: list[list[str]] = []
    keys: list[list[Value]] = []
    for place, trial in enumerate(listed[:MOST_TRIALS], 1):
        values = [trial["params"].get(path) for path in paths]
        metric = trial["metric"]
        ended = number(metric) if metric is not None else trial["status"]
        rows.append([str(place), ended, *map(chosen, values), seconds(trial["seconds"])])
        keys.append([place, metric, *map(sortable, values), trial["seconds"]])
    heads = ("place", result["metric"], *map(short_path, paths), "time")
    return Table("All trials, the best first", heads, rows, keys, told_of_trials(listed), best=0)


def sortable(value: Any) -> Value:
    """Return what a parameter's value is sorted by."""
    number_like = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number_like else None if value is None else chosen(value)


def told_of_trials(listed: Sequence[Mapping[str, Any]]) -> str:
    """Return how the trials ended, and how many are not shown."""
    counts = Counter(str(trial["status"]) for trial in listed)
    told = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    hidden = len(listed) - MOST_TRIALS
    if hidden > 0:
        told += f". The {MOST_TRIALS} best are shown; evidence.json has the other {hidden} too"
    if counts["finished"] > MOST_DRAWN:
        told += (
            f". The pictures show {MOST_DRAWN} of the finished ones, at even distances of their "
            "ranks"
        )
    return f"{counted(len(listed), 'trial')}: {told}."
