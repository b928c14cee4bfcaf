"""What `watch` saw, in the terminal and as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from trickrun.findings.evidence.program import Program
from trickrun.findings.evidence.watched_loss import WatchedLoss
from trickrun.findings.finding import Finding
from trickrun.findings.stories import stories
from trickrun.reporting.console import Text, duration, number, say
from trickrun.reporting.line_plot import draw
from trickrun.reporting.page import page, shown_pictures
from trickrun.reporting.panels import Line, Panel
from trickrun.reporting.verdict import story_lines

ENDS = {
    "failed": "The script ended with an exception.",
    "interrupted": "The script was interrupted.",
    "lost": "The script was stopped, because its loss was NaN or infinite.",
    "exited": "The script exited by itself.",
}


FAILED = (
    "Watching ended after {} backward passes, through a bug in trickrun. The script itself went on "
    "untouched."
)


def print_watched(
    program: Program,
    findings: Sequence[Finding],
    console: Console,
    losses: Sequence[WatchedLoss] = (),
) -> None:
    """Print what was watched and what is wrong, best first.

    Args:
        losses: those that the program was said to use.
    """
    say(console, Text(f"watched: {seen(program)}", "dim"))
    for one in losses:
        say(console, Text(told_loss(one), "dim"))
    if program.ended in ENDS:
        say(console, Text(ENDS[program.ended], "yellow"))
    for story in stories(findings):
        for text, style in story_lines(story):
            say(console, Text(text, style))
    if last := last_line(program, findings):
        say(console, Text(last))


def last_line(program: Program, findings: Sequence[Finding]) -> str:
    """Return what is said where watching failed or nothing was found; else nothing."""
    if program.failure:
        return FAILED.format(program.passes)
    if findings:
        return ""
    if not program.passes and program.ended != "finished":
        return "It had not made a backward pass, so there is nothing to judge."
    if not program.passes:
        return (
            "No backward pass was seen, so there is nothing to judge. Does the script train with "
            "PyTorch, in this process?"
        )
    return "Nothing wrong was seen."


def seen(program: Program) -> str:
    """Return in a line what was watched."""
    parts = [counted(program.passes, "backward pass", "backward passes")]
    parts += [
        f"{one.name} ({counted(one.parameters, 'tensor', 'tensors')})"
        for one in program.models
        if one.trained
    ]
    used = Counter(
        f"{one.kind} at lr={number(one.lrs[-1])}" for one in program.optimizers if one.lrs
    )
    parts += [told if count == 1 else f"{count} times {told}" for told, count in used.items()]
    if program.main is not None and program.main.losses:
        losses = program.main.losses
        parts.append(f"loss {number(losses[0])} to {number(losses[-1])}")
    parts.append(duration(program.seconds))
    if program.compiled:
        parts.append("compiled, so models were not looked into")
    return ", ".join(parts)


def told_loss(loss: WatchedLoss) -> str:
    """Return in a line what was seen of a loss."""
    where = f" ({loss.place})" if loss.place is not None else ""
    if not loss.calls:
        return (
            f"loss {loss.name}{where}: none of its calls was seen. A function is seen where it is "
            "called by the name that it was defined by"
        )
    parts = [f"called at {loss.called_at}"] if loss.called_at is not None else []
    if loss.values:
        parts.append(f"{number(loss.values[0])} to {number(loss.values[-1])} in training")
    if loss.tested:
        parts.append(f"{number(loss.tested[0])} to {number(loss.tested[-1])} without a gradient")
    if loss.first_non_finite is not None:
        times = counted(loss.non_finite, "call", "calls")
        parts.append(f"NaN or infinite in {times}, first after {loss.first_non_finite} passes")
    return f"loss {loss.name}{where}: {', '.join(parts)}"


def counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def watch_page(
    program: Program, findings: Sequence[Finding], losses: Sequence[WatchedLoss] = ()
) -> str:
    """Return the page: findings with their lines, losses and learning rates; see print_watched."""
    rows = [
        {
            **story.cause.as_json(),
            "lines": [text.strip() for text, _ in story_lines(story)][1:],
            "severity": story.severity,
        }
        for story in stories(findings)
    ]
    return page(
        "watch.html.j2",
        {
            "name": program.name,
            "run": "watched while it ran",
            "seen": ". ".join([seen(program), *map(told_loss, losses)]),
            "ended": ENDS.get(program.ended, ""),
            "nothing": last_line(program, findings),
            "findings": rows,
            "pictures": shown_pictures({one.title: draw([one]) for one in panels(program, losses)}),
        },
    )


def panels(program: Program, watched: Sequence[WatchedLoss] = ()) -> list[Panel]:
    """Return a panel of the losses, one of those that were said to be used, and one of the learning
    rates."""
    losses = [
        Line(str(one.place or "loss"), one.steps, one.losses)
        for one in program.backwards
        if len(one.losses) > 1
    ]
    rates = [
        Line(one.kind, one.lr_steps, one.lrs) for one in program.optimizers if len(one.lrs) > 1
    ]
    found = []
    if losses:
        found.append(Panel("Loss given to backward", "backward pass", "loss", losses))
    for loss in watched:
        parts = (
            ("training", loss.steps, loss.values),
            ("no gradient", loss.tested_steps, loss.tested),
        )
        lines = [Line(name, steps, values) for name, steps, values in parts if len(values) > 1]
        if lines:
            found.append(Panel(f"Values of {loss.name}", "backward pass", "loss", lines))
    if rates:
        found.append(Panel("Learning rate", "backward pass", "learning rate", rates))
    return found
