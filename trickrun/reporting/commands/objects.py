"""The checks on a training that is given by its objects: taken, and printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trickrun.checks.module_subject import ModuleSubject
from trickrun.checks.objects.checklist import checklist_of_module
from trickrun.checks.objects.diagnosis import diagnose_module
from trickrun.checks.objects.undisturbed import random_states_kept
from trickrun.findings.verdict import Verdict
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.checklist import tell
from trickrun.reporting.commands.checks import Pictures, Show
from trickrun.reporting.console import Text, number, say, terminal
from trickrun.reporting.diagnose import print_diagnosis
from trickrun.reporting.notebook import in_notebook, show_pictures
from trickrun.reporting.verdict import STYLES, print_verdict
from trickrun.run.pace import Pace


def check_objects(
    subject: ModuleSubject,
    pace: Pace,
    check: Callable[[Any, Pace], tuple[Verdict, Any]],
    show: Show,
    pictures: Pictures | None = None,
) -> Verdict:
    """Take a check and print what it says, as its command does; a notebook shows its pictures."""
    with random_states_kept():
        verdict, _ = check(subject, pace)
    show(verdict)
    print_verdict(verdict)
    if pictures is not None and in_notebook():
        show_pictures(pictures(verdict))
    return verdict


def diagnose_objects(subject: ModuleSubject, confirm: bool, pace: Pace) -> Verdict:
    """Diagnose a module and print what that says."""
    with random_states_kept():
        verdict = diagnose_module(subject, confirm, pace)
    print_diagnosis(verdict, subject.name)
    if verdict.result["confirmed"] is not None:
        print_confirmed(verdict.result["confirmed"])
    return verdict


def print_confirmed(confirmed: dict[str, Any]) -> None:
    """Print what the edits that were tried did, and why others were not."""
    console = terminal()
    metric = confirmed["metric"]
    for one in confirmed["tried"]:
        numbers = f"{metric} {number(one['before'])} → {number(one['after'])}"
        mark = "✓ helps" if one["helps"] else "✗ does not help"
        say(console, Text(f"tried {typed(one['edit'])}: {numbers} {mark}"))
    for edit, why in confirmed["not_tried"].items():
        say(console, Text(f"not tried {edit}: {why}", "dim"))


def checklist_of_objects(subject: ModuleSubject, keep_going: bool, pace: Pace) -> Verdict:
    """Take the steps of the checklist and print each."""
    with random_states_kept():
        verdict = checklist_of_module(subject, tell, keep_going, pace)
    console = terminal()
    console.print()
    head = Text(verdict.verdict.upper(), STYLES[verdict.verdict])
    console.print(head, Text(verdict.summary), soft_wrap=True)
    if verdict.result["left_out"]:
        left = ", ".join(verdict.result["left_out"])
        why = (
            "they rank by the validation loss, and no val is given"
            if subject.val is None
            else ("no trial finished")
        )
        console.print(Text(f"left out: {left} ({why})"), soft_wrap=True)
    return verdict
