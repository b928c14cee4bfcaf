"""The scores of a run in the terminal: metrics, confusion matrix, residuals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from trickrun.findings.words import counted
from trickrun.reporting.console import Text, natural_width, number, print_table, say, terminal
from trickrun.reporting.visible import in_line

MOST_CLASSES = 20
"""A larger confusion matrix is left to --json; its worst confusions are listed."""

INNER_FIRST = ("25%", "75%", "5%", "95%", "min", "max")
"""Quantiles of the residuals in the order in which they are left out; the median stays."""

MOST_ROWS = 100
"""Classes that have a line each; of more, the worst have one, and --json has all."""

WORST = 10
"""Classes or confusions that are listed where there are too many."""


def print_scores(result: dict[str, Any]) -> None:
    """Print what ``scoring.full_scores`` found on a split or a file."""
    console = terminal()
    part = in_line(result["data"] or result["split"])
    console.print(f"{part}: {counted(result['samples'], 'sample')}")
    scores = "  ".join(f"{name} {number(v)}" for name, v in result["scores"].items())
    say(console, scores)
    if result.get("constant") is not None:
        kept = ((name, result["constant"][name]) for name in ("loss", "accuracy"))
        told = "  ".join(f"{name} {number(v)}" for name, v in kept if v is not None)
        say(console, f"always the same answer: {told}")
    if result.get("reference") is not None:
        told = result["reference"]
        linear, trees = number(told["linear"]), number(told["trees"])
        console.print(f"a linear model: {told['metric']} {linear}; trees: {trees}")
    if result["weighted"]:
        console.print("all scores are weighted by data.weight")
    for line in ways(result):
        say(console, line)
    if "confusion" in result:
        print_classes(console, result["per_class"])
        print_confusion(console, **result["confusion"])
    elif "per_label" in result:
        print_labels(console, result["per_label"])
    else:
        print_residuals(console, result["per_target"])


def ways(result: dict[str, Any]) -> Iterator[str]:
    """Yield what to say of predictions that were not made in the usual way."""
    if "folded" in result:
        told = result["folded"]
        names, moved = ", ".join(told["layers"]), number(told["largest_difference"])
        yield f"batch norms folded: {names}; outputs differ by {moved} at most"
    if "mc_dropout" in result:
        told = result["mc_dropout"]
        without = "  ".join(f"{name} {number(v)}" for name, v in told["without"].items())
        yield f"mean of {told['masks']} dropout masks; without dropout: {without}"
        spread = f"spread over masks {number(told['spread'])}"
        if "spread_right" in told:
            right, wrong = number(told["spread_right"]), number(told["spread_wrong"])
            spread += f": right answers {right}, wrong ones {wrong}"
        yield spread


def print_classes(console: Console, rows: list[dict[str, Any]]) -> None:
    """Print a line a class: precision, recall, F1 and how many samples it has."""
    console.print()
    if len(rows) > MOST_ROWS:
        scored = [row for row in rows if row["support"] > 0]
        console.print(f"{told_of_f1(scored, len(rows))}; the {WORST} lowest (--json has all):")
        rows = sorted(scored, key=lambda row: row["f1"])[:WORST]
    table = Table(box=None, header_style="bold", pad_edge=False, title_justify="left")
    table.add_column("class")
    for name in ("precision", "recall", "f1", "support"):
        table.add_column(name, justify="right")
    for row in rows:
        values = [number(row[name]) for name in ("precision", "recall", "f1")]
        table.add_row(in_line(row["label"]), *values, tally(row["support"]))
    print_table(console, table)


def told_of_f1(scored: list[dict[str, Any]], classes: int) -> str:
    """Return how F1 is spread over many classes.

    Args:
        scored: the rows of those that have samples.
        classes: how many there are.
    """
    each = sorted(row["f1"] for row in scored)
    quarter, half = (number(each[len(each) * part // 4]) for part in (1, 2))
    without = classes - len(scored)
    missing = f", {without} of them without a sample here" if without else ""
    return f"{classes} classes{missing}: f1 {quarter} at the lower quarter, median {half}"


def print_labels(console: Console, rows: list[dict[str, Any]]) -> None:
    """Print a line a label: accuracy, precision, recall, F1, AUROC, how many samples have it."""
    table = Table(box=None, header_style="bold", pad_edge=False, title_justify="left")
    table.add_column("label")
    names = ("accuracy", "precision", "recall", "f1", "auroc")
    for name in (*names, "support"):
        table.add_column(name, justify="right")
    for row in rows:
        values = ["-" if row[name] is None else number(row[name]) for name in names]
        table.add_row(in_line(row["label"]), *values, tally(row["support"]))
    console.print()
    print_table(console, table, ("accuracy", "support", "auroc"))
    if any(row["auroc"] is None for row in rows):
        console.print("auroc -: every sample has the label, or none has it")


def print_confusion(
    console: Console, labels: list[str], matrix: list[list[float]] | None, cells: list[list[Any]]
) -> None:
    """Print the confusion matrix, actual classes down, predicted ones across.

    Args:
        matrix, cells: see ``scoring.confusion``.
    """
    console.print()
    if matrix is None or len(labels) > MOST_CLASSES:
        print_worst(console, labels, cells)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("")
    for label in labels:
        table.add_column(in_line(label), justify="right")
    for index, (label, row) in enumerate(zip(labels, matrix, strict=True)):
        marks = [mark(count, index == column) for column, count in enumerate(row)]
        table.add_row(Text(in_line(label), "bold"), *marks)
    if console.is_terminal and natural_width(console, table) > console.width:
        console.print("no room for the confusion matrix (--json has it)")
        print_worst(console, labels, cells)
        return
    console.print("confusion matrix: actual class down, predicted class across")
    print_table(console, table)


def print_worst(console: Console, labels: list[str], cells: list[list[Any]]) -> None:
    """Print the most frequent confusions."""
    console.print("the most frequent confusions:")
    for count, actual, predicted in worst_confusions(labels, cells):
        say(console, f"  {tally(count)} × {actual} taken for {predicted}")


def mark(count: float, right: bool) -> Text:
    """Return a cell of the confusion matrix: right ones green, wrong ones red, none a dot."""
    if count == 0:
        return Text("·")
    return Text(tally(count), "green" if right else "red")


def tally(count: float) -> str:
    """Return a number of samples, or a sum of their weights."""
    return str(count) if isinstance(count, int) else number(count)


def worst_confusions(labels: list[str], cells: list[list[Any]]) -> list[tuple[float, str, str]]:
    """Return count, actual and predicted class of the most frequent wrong predictions."""
    wrong = [cell for cell in cells if cell[0] != cell[1]]
    worst = sorted(wrong, key=lambda cell: -cell[2])[:WORST]
    return [
        (n, in_line(labels[actual]), in_line(labels[predicted])) for actual, predicted, n in worst
    ]


def print_residuals(console: Console, rows: list[dict[str, Any]]) -> None:
    """Print the errors of each target, and how prediction - target is spread."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("target")
    for name in ("mae", "rmse", "r2", *rows[0]["residuals"]):
        table.add_column(name, justify="right")
    for row in rows:
        values = [row["mae"], row["rmse"], row["r2"], *row["residuals"].values()]
        table.add_row(in_line(row["target"]), *map(number, values))
    console.print()
    print_table(console, table, INNER_FIRST)
    console.print("min to max: quantiles of prediction - target")
