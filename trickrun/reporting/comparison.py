"""Comparisons, seeds and ablations for people: in the terminal, as Markdown, as LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.table import Table as RichTable

from trickrun.checks.comparison.samples import OTHER_SAMPLES
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.recipe.text.command_line import typed
from trickrun.recipe.text.emit import flow
from trickrun.reporting.console import Text, number, print_table, say, seconds, terminal
from trickrun.reporting.verdict import print_verdict
from trickrun.reporting.visible import in_line
from trickrun.search.trial import TrialResult

Form = Literal["terminal", "markdown", "latex"]

ARROWS = {True: "higher is better", False: "lower is better", None: "nobody knows which is better"}

MOST_SAMPLES = 5
"""Samples that are named each way; --json has more."""


@dataclass(frozen=True)
class Table:
    """A table as plain text.

    Args:
        title: what it is about; empty: nothing is said.
        notes: sentences below it.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def told_trial(result: TrialResult, arm: str, done: int, total: int) -> None:
    """Print a line for a training that has ended, in a pipe; a terminal shows how far all are."""
    if not terminal().is_terminal:
        how = f"{result.metric:.4f}" if result.metric is not None else result.status
        print(
            in_line(f"{done}/{total}  {how}  {arm}, seed {result.params.get('seed')}"), flush=True
        )


def nobody(result: TrialResult, arm: str, done: int, total: int) -> None:
    """Print nothing of a training that has ended."""


def print_comparison(command: str, verdict: Verdict) -> None:
    """Print what ``compare``, ``seeds`` or ``ablate`` found."""
    console = terminal()
    for place, table in enumerate(tables(command, verdict.result)):
        if place:
            console.print()
        if table.title:
            say(console, Text(table.title, "bold"))
        shown = RichTable(*table.heads, box=None, header_style="bold", pad_edge=False)
        for row in table.rows:
            shown.add_row(*map(Text, row))
        print_table(console, shown)
        for note in table.notes:
            say(console, note)
    console.print()
    for left in verdict.result["left_out"]:
        say(console, f"no time for: {left}; the same command trains them")
    say(console, f"An interval covers {verdict.result['covers']}.")
    print_verdict(verdict)


def written(command: str, verdict: Verdict, form: Literal["markdown", "latex"]) -> str:
    """Return what a command found as Markdown, or as LaTeX for a document with booktabs."""
    write = as_markdown if form == "markdown" else as_latex
    escape = markdown_cell if form == "markdown" else latex_cell
    parts = [write(table) for table in tables(command, verdict.result)]
    parts += [escape(line) for line in verdict.summary.splitlines()]
    parts.append(escape(f"An interval covers {verdict.result['covers']}."))
    return "\n\n".join(parts) + "\n"


def tables(command: str, result: Mapping[str, Any]) -> list[Table]:
    """Return the tables of a command's result."""
    of: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Table]]] = {
        "compare": of_comparison,
        "seeds": of_seeds,
        "ablate": of_ablation,
    }
    return [table for table in of[command](result) if table.rows]


def of_comparison(result: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables of ``compare``: for each arm beside the first its differences, the recipes'
    and the samples'; then what all of them cost."""
    for one in result["comparisons"]:
        title = f"{one['second']} compared with {one['first']}"
        yield differences(title, one, result)
        yield recipes(one["recipe"])
        yield samples(one)
        yield classes(one)
    yield costs(result["arms"])


def differences(title: str, one: Mapping[str, Any], result: Mapping[str, Any]) -> Table:
    """Return the table of all metrics of a comparison."""
    corrected = result["correction"] is not None
    heads = ["metric", "first", "second", "difference", "95 % interval", "p"]
    heads += ["p (Holm)"] if corrected else []
    rows = []
    for metric, row in one["differences"].items():
        ps = [p_value(row["p"])] + ([p_value(row["p_holm"])] if corrected else [])
        rows.append(
            [
                f"{metric} ({better(row)})",
                number(row["first"]["mean"]),
                number(row["second"]["mean"]),
                signed(row["mean"]),
                interval(row, signed),
                *ps,
            ]
        )
    notes = [*methods(one["differences"])]
    notes += [f"{metric} is not compared: {why}" for metric, why in one["not_compared"].items()]
    notes += [
        f"{name}: round {row['round']} {row['status']}: {in_line(row['reason'])}"
        for name, lost in zip((one["first"], one["second"]), one["unfinished"], strict=True)
        for row in lost
    ]
    notes += [
        f"{metric}: the difference of pair {', '.join(map(str, row['odd']))} lies far from the "
        "others, so its interval may be too short"
        for metric, row in one["differences"].items()
        if row["odd"] and row["low"] is not None
    ]
    if one["per_sample"] is None and result["unread"]:
        reasons = dict.fromkeys(result["unread"].values())
        notes.append(f"not compared sample by sample: {in_line('; '.join(reasons))}")
    elif one["per_sample"] is None and OTHER_SAMPLES in one["no_per_sample"]:
        notes.append(f"! {OTHER_SAMPLES}, so part of the difference may be theirs")
    if corrected:
        notes.append(f"p values are corrected by {result['correction']}; intervals are not")
    return Table(title, heads, rows, notes)


def methods(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield how the intervals of metrics were computed, and why there is none."""
    told: dict[str, list[str]] = {}
    for metric, row in rows.items():
        unit = "trainings each" if row["method"].startswith("Welch") else "pairs"
        how = f"interval by {row['method']} of {row['n']} {unit}"
        told.setdefault(how if row["low"] is not None else row["why_not"], []).append(metric)
    for how, metrics in told.items():
        yield f"{', '.join(metrics)}: {how}"


def better(row: Mapping[str, Any]) -> str:
    """Return which values of a metric are better, in a word."""
    return {True: "higher", False: "lower", None: "?"}[row["higher_is_better"]]


def recipes(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of what two recipes say differently."""
    cells = [[row["path"], in_cell(row["first"]), in_cell(row["second"])] for row in rows]
    return Table("what the recipes say differently", ["path", "first", "second"], cells)


def in_cell(value: Any) -> str:
    """Return a recipe's value in a table."""
    return "-" if value is None else flow(value)


def samples(one: Mapping[str, Any]) -> Table:
    """Return the table of who is right where the other is wrong."""
    found = one["per_sample"]
    heads = ["pair", "both right", "only first", "only second", "both wrong", "p (McNemar, exact)"]
    if found is None:
        return Table("", heads, [])
    counts = ("both", "only_first", "only_second", "neither")
    rows = [
        [str(row["round"]), *(str(row[key]) for key in counts), p_value(row["p"])]
        for row in found["pairs"]
    ]
    notes = [
        f"{who} only, clearest first: "
        + ", ".join(
            f"sample {row['sample']} ({row['pairs']}x)" for row in found[key][:MOST_SAMPLES]
        )
        for who, key in (("first right", "first_right"), ("second right", "second_right"))
        if found[key]
    ]
    title = f"the {found['samples']} samples of the {found['part']} part, pair by pair"
    return Table(title, heads, rows, notes)


def classes(one: Mapping[str, Any]) -> Table:
    """Return the table of the share of each class that is found."""
    rows = [
        [row["label"], str(row["support"]), number(row["first"]), number(row["second"]),
         signed(row["mean"]), interval(row, signed)]
        for row in one["per_class"] or ()
    ]  # fmt: skip
    heads = ["class", "samples", "first", "second", "difference", "95 % interval"]
    return Table("recall of each class", heads, rows)


def costs(arms: Iterable[Mapping[str, Any]]) -> Table:
    """Return the table of what a training of each arm costs."""
    rows = []
    for arm in arms:
        cost = arm["cost"]
        counts = [in_count(cost[name]) for name in ("parameters", "steps", "samples")]
        time = "-" if cost["seconds"] is None else seconds(cost["seconds"])
        rows.append([arm["name"], str(arm["finished"]), *counts, time])
    heads = ["", "trainings", "parameters", "steps", "samples seen", "time each"]
    return Table("cost of a training", heads, rows)


def in_count(value: float | None) -> str:
    """Return a count, or the mean of several, as a whole number."""
    return "-" if value is None else f"{value:.0f}"


def of_seeds(result: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables of ``seeds``: the metrics, and the rounds."""
    (arm,) = result["arms"]
    rows = [
        [f"{metric} ({better(row)})", number(row["mean"]), number(row["deviation"]),
         interval(row, number), number(min(row["values"].values())),
         number(max(row["values"].values()))]
        for metric, row in arm["metrics"].items()
    ]  # fmt: skip
    heads = ["metric", "mean", "deviation", "95 % interval", "lowest", "highest"]
    notes = [f"odd: seed {row['seed']}: {in_line(row['why'])}" for row in result["odd"]]
    count = counted(arm["finished"], "training")
    yield Table(f"{arm['name']}: {count}", heads, rows, notes)
    yield costs(result["arms"])


def of_ablation(result: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables of ``ablate``: the tricks, the most useful first, and the lean recipe."""
    rows = [
        [f"{'+ ' if row['change'] == 'added' else ''}{row['name']}",
         signed(row["contribution"]["mean"]), interval(row["contribution"], signed),
         p_value(row["contribution"]["p"]), row["verdict"], in_cost(row, result), row["means"]]
        for row in result["tricks"]
    ]  # fmt: skip
    heads = ["trick", "contributes", "95 % interval", "p (Holm)", "", "time", "without it"]
    metric = f"{result['metric']} ({ARROWS[result['higher_is_better']]})"
    notes = [f"{row['name']} cannot be taken away alone: {row['reason']}"
             for row in result["invalid"]]  # fmt: skip
    notes.append("a positive contribution is good; + marks what was put in, not taken away")
    yield Table(f"what each trick contributes to {metric}", heads, rows, notes)
    lean = result["lean"]
    if lean is not None:
        edits = typed(lean["edits"])
        yield Table(
            "without all that was not shown to help, with fresh seeds",
            ["metric", "the recipe", "lean", "difference", "95 % interval", "p"],
            [
                [metric, number(row["first"]["mean"]), number(row["second"]["mean"]),
                 signed(row["mean"]), interval(row, signed), p_value(row["p"])]
                for metric, row in lean["comparison"]["differences"].items()
            ],
            [f"lean: {edits}"],
        )  # fmt: skip


def in_cost(row: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return how much of the recipe's time a training takes with the change; nothing where one of
    them trained in a stack and the other alone, as that decides more."""
    own, whole = row["cost"], result["recipe"]["cost"]
    if own["engines"] != whole["engines"] or not own["seconds"] or not whole["seconds"]:
        return "-"
    return f"{own['seconds'] / whole['seconds']:.0%}"


def signed(value: float | None) -> str:
    """Return a difference with its sign."""
    return "-" if value is None else f"{value:+.4g}"


def interval(row: Mapping[str, Any], shown: Callable[[float | None], str]) -> str:
    """Return the interval of a row."""
    return "-" if row["low"] is None else f"[{shown(row['low'])}, {shown(row['high'])}]"


def p_value(p: float | None) -> str:
    """Return a p value with two digits; below 0.0001 only that it is."""
    return "-" if p is None else "<0.0001" if p < 1e-4 else f"{p:.2g}"


def as_markdown(table: Table) -> str:
    """Return a table as Markdown, its title before it and its notes after it."""
    lines = [f"**{markdown_cell(table.title)}**", ""] if table.title else []
    for row in (table.heads, ["---"] * len(table.heads), *table.rows):
        lines.append("| " + " | ".join(map(markdown_cell, row)) + " |")
    lines += [f"\n{markdown_cell(note)}" for note in table.notes]
    return "\n".join(lines)


def markdown_cell(text: str) -> str:
    """Return text that Markdown shows as it is."""
    shown = in_line(text)
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|~" else c for c in shown)


LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip


def latex_cell(text: str) -> str:
    """Return text that LaTeX shows as it is."""
    return "".join(LATEX.get(c, c) for c in in_line(text))


def as_latex(table: Table) -> str:
    """Return a table as LaTeX for a document that uses booktabs."""
    lines = [rf"\begin{{tabular}}{{l{'r' * (len(table.heads) - 1)}}}", r"\toprule"]
    lines.append(" & ".join(map(latex_cell, table.heads)) + r" \\")
    lines.append(r"\midrule")
    lines += [" & ".join(map(latex_cell, row)) + r" \\" for row in table.rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    caption = [rf"\textbf{{{latex_cell(table.title)}}}", ""] if table.title else []
    return "\n".join([*caption, *lines, *(f"\n{latex_cell(note)}" for note in table.notes)])
