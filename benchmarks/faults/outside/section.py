"""What was measured on the subjects from elsewhere, as a section of RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from benchmarks.faults.journal import Journal
from benchmarks.faults.outside.hurts import METRICS, counted, write_dropped
from benchmarks.faults.outside.run import Pass, diagnosed
from benchmarks.faults.outside.subjects import FOLDERS, HERE, Subject, half
from benchmarks.faults.outside.table import row, table
from benchmarks.faults.scoring import shown
from benchmarks.faults.table import Diagnosed

TITLE = "Faults that others described: detected, named, mended"
PUBLISHED = HERE / "published.yaml"

Results = Sequence[tuple[Subject, Diagnosed]]


def results(confirm: bool) -> dict[str, Results]:
    """Return what is known of each half that has been run."""
    journal = Journal(METRICS)
    halves = {
        part: list(diagnosed(counted(half(part), journal), Pass.of(part, confirm)))
        for part in FOLDERS
    }
    return {part: found for part, found in halves.items() if found}


def lines() -> list[str]:
    """Return the section, as far as it has been measured."""
    found = {confirm: results(confirm) for confirm in (False, True)}
    rows = [
        row(f"{part}{', --confirm' if confirm else ''}", found[confirm][part])
        for part in FOLDERS
        for confirm in (False, True)
        if part in found[confirm]
    ]
    return [
        "`python -m benchmarks.faults.outside.run`: programs from questions and published",
        "collections, written anew (`benchmarks/faults/outside/README.md`).",
        f"{write_dropped()} (`benchmarks/faults/results/outside-dropped.md` has the others).",
        "",
        table(rows),
        "",
        "What other tools were reported to find in the same collections, and what `diagnose` finds",
        "in those of their programs that are here: written anew, with smaller data, so that the",
        "figures stand beside each other and are no race. Named: at least one of the accepted",
        "faults, anywhere in the answer (of `diagnose`: among the first three findings, and both",
        "halves together, of which one was for development).",
        "",
        "| collection | tool | programs | detected | named | source |",
        "|---|---|---|---|---|---|",
        *published_rows(found),
    ]


def published_rows(found: dict[bool, dict[str, Results]]) -> Iterator[str]:
    """Yield a line for each tool and collection, trickrun's own after the others'."""
    for entry in yaml.safe_load(PUBLISHED.read_text(encoding="utf-8")):
        for tool in entry["tools"]:
            yield published_row(entry, tool)
        for confirm, halves in found.items():
            own = [
                result
                for results in halves.values()
                for subject, result in results
                if subject.faulty and entry["dataset"] in subject.source.datasets
            ]
            if own:
                yield own_row(entry["dataset"], own, confirm)


def published_row(entry: dict[str, Any], tool: dict[str, Any]) -> str:
    """Return the line of another tool."""
    of = entry["of"]
    shares = f"{shown(tool['detected'], of)} | {shown(tool['named'], of)}"
    source = f"[{entry['source']}]({entry['url']})"
    return f"| {entry['dataset']} | {tool['tool']} | {of} | {shares} | {source} |"


def own_row(dataset: str, own: Sequence[Diagnosed], confirm: bool) -> str:
    """Return the line of ``diagnose`` for a collection, both halves together."""
    detected = sum(result.has("error", "warning") for result in own)
    named = sum(result.rank is not None and result.rank <= 3 for result in own)
    shares = f"{shown(detected, len(own))} | {shown(named, len(own))}"
    tool = f"trickrun diagnose{' --confirm' if confirm else ''}"
    return f"| {dataset} | {tool} | {len(own)} | {shares} | measured here |"
