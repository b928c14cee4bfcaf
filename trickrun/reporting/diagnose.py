"""A diagnosis in the terminal: causes first, symptoms under them, what was tried, a conclusion."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import shorten
from typing import Any

from rich.console import Console
from rich.table import Table

from trickrun.findings.finding import changes_loss
from trickrun.findings.stories import Story, stories
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.console import Text, number, print_table, say, terminal
from trickrun.reporting.verdict import STYLES, headline
from trickrun.reporting.visible import in_line
from trickrun.run.pace import MORE

SHOWN = 6
"""Numbers of a finding's evidence that are shown; the JSON has all."""

WIDEST = 70
"""Characters of an edit in the table."""


def print_diagnosis(verdict: Verdict, target: str) -> None:
    """Print the findings with symptoms under their causes, the trainings, and the conclusion.

    Args:
        target: the recipe or run that was diagnosed, as the user named it.
    """
    console = terminal()
    told = stories(verdict.findings)
    # Without trainings of its own a diagnosis has what a check tried, and its loss.
    measure = "skill" if verdict.result["tried"] is not None else "loss"
    for place, story in enumerate(told, 1):
        print_cause(console, place, story, measure)
        for symptom in story.symptoms:
            text = f"     explains {symptom.code} {symptom.name} ({in_line(symptom.where)})"
            say(console, Text(text, "dim"))
    if verdict.result["tried"] is not None:
        print_trainings(console, verdict.result["tried"])
    if verdict.result["left_out"]:
        told_left = f"no time for: {', '.join(verdict.result['left_out'])}; {MORE}"
        say(console, Text(told_left, "yellow"))
    for part, why in verdict.result["failed"].items():
        if MORE in why:
            continue  # told above
        say(console, Text(f"not measured: {part}: {why}", "yellow"))
    said = Text.assemble((verdict.verdict.upper(), STYLES[verdict.verdict]), " ", verdict.summary)
    say(console, said)
    doubt = verdict.result["undecided"]
    if doubt is not None:
        command = next_run(target, doubt["edit"], verdict.result["tried"] is not None)
        console.print(Text(f"this run would decide: {command}", "cyan"), soft_wrap=True)


def next_run(target: str, edit: dict[str, Any], tried: bool) -> str:
    """Return the command that tells two causes apart: edits are tried, or, where they were, the
    recipe with one of them is diagnosed; what is still found then is the other. A run, which cannot
    be changed, is given more time."""
    if not tried:
        return f"trickrun diagnose {target} --confirm"
    if not target.endswith((".yaml", ".yml")):
        return f"trickrun diagnose {target} --confirm --budget 5m"
    return f"trickrun diagnose {target} {typed(edit)} --confirm"


def print_cause(console: Console, place: int, story: Story, measure: str) -> None:
    """Print one cause with its evidence, its edit and what the edit did.

    Args:
        measure: what the numbers before and after the edit are.
    """
    finding = story.cause
    say(console, Text(f"{place}. {headline(finding)}", "bold"))
    say(console, Text(f"   {in_line(finding.why)}"))
    numbers = told(finding.evidence)
    if numbers:
        say(console, Text(f"   measured: {numbers}", "dim"))
    if story.edit:
        console.print(Text(f"   edit: {typed(story.edit)}", "cyan"), soft_wrap=True)
    compared = measure == "skill" or not changes_loss(finding.edit)
    if finding.confirmed is not None and compared:
        before, after = (number(finding.confirmed[when]) for when in ("before", "after"))
        console.print(Text(f"   tried: {measure} {before} → {after}", "green"), soft_wrap=True)


def told(evidence: dict[str, Any]) -> str:
    """Return the plain numbers of a finding's evidence in words."""
    plain = [
        f"{name.replace('_', ' ')} {value if isinstance(value, int) else number(value)}"
        for name, value in evidence.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return ", ".join(plain[:SHOWN])


def print_trainings(console: Console, tried: dict[str, Any]) -> None:
    """Print the edits that went to the proof, and how many did not get that far."""
    if tried["proven"]:
        print_table(console, trainings(tried["proven"]), ("needed", "skill"))
    elif tried["screened"]:
        count = len(tried["screened"])
        console.print(Text(f" {counted(count, 'edit')} tried once; none looked better", "dim"))


def trainings(proven: dict[str, dict[str, Any]]) -> Table:
    """Return the table of the edits that went to the proof."""
    table = Table("edit tried", "skill", "with it", "needed", "", box=None, header_style="bold")
    for label, effect in by_gain(proven.items()):
        mark = Text("✓ helps", "green") if effect["helps"] else Text("✗", "red")
        if effect["helps"] and effect["raises"]:
            mark = Text(f"helps, but raises {', '.join(effect['raises'])}", "yellow")
        before, after = number(effect["before"]), number(effect["after"])
        table.add_row(
            Text(shorten(label, WIDEST, placeholder=" …")),
            before,
            after,
            f"+{number(effect['needed'])}",
            mark,
        )
    return table


def by_gain(
    effects: Iterable[tuple[str, dict[str, Any]]],
) -> list[tuple[str, dict[str, Any]]]:
    """Return the effects, largest gain first."""
    return sorted(effects, key=lambda item: item[1]["before"] - item[1]["after"])
