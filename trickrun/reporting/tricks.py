"""The catalogue in the terminal: tables for people, one line a trick or parameter in a pipe."""

from __future__ import annotations

from itertools import groupby

from rich.table import Table

from trickrun.recipe.catalogue import Entry, Parameter, address
from trickrun.reporting.console import Text, terminal


def print_table(entries: list[Entry], whole: list[Entry]) -> None:
    """Print ``entries``, each with the name that means it alone in the ``whole`` catalogue."""
    console = terminal()
    if not console.is_terminal:
        for entry in entries:
            print(f"{address(entry, whole):<24} {entry.section:<20} {entry.summary}")
        return
    width = max(len(address(entry, whole)) for entry in entries)
    for section, group in groupby(entries, lambda entry: entry.section):
        console.print(Text(section, "bold"))
        table = Table.grid(padding=(0, 2))
        table.add_column(min_width=width, no_wrap=True, style="cyan")
        table.add_column()
        for entry in group:
            table.add_row(f"  {address(entry, whole)}", Text(entry.summary))
        console.print(table)
    console.print(Text("trickrun tricks NAME shows more about one of them.", "dim"))


def print_takers(entries: list[Entry], whole: list[Entry], wanted: str) -> None:
    """Print the tricks that have the parameter ``wanted``, with what it means there."""
    console = terminal()
    console.print(Text(f"{wanted} is a parameter of {len(entries)} tricks:"))
    table = Table("trick", "default", "takes", box=None, header_style="bold")
    for entry in entries:
        for parameter in entry.parameters:
            if parameter.name != wanted:
                continue
            name, default = address(entry, whole), parameter.default_text
            if console.is_terminal:
                table.add_row(Text(name, "cyan"), Text(default), Text(told(parameter)))
            else:
                print(f"{name:<24} {default:<12} {told(parameter)}")
    if table.row_count:
        console.print(table)


def print_page(entry: Entry) -> None:
    """Print everything about one trick."""
    console = terminal()
    if not console.is_terminal:
        print(f"{entry.name} ({entry.section}): {entry.summary}")
        for label, text in labelled(entry):
            print(f"{label}: {text}")
        for parameter in entry.parameters:
            print(f"  {parameter.name}: {parameter.default_text}  # {told(parameter)}")
        return
    console.print(Text.assemble((entry.name, "bold cyan"), f"  ({entry.section})"))
    console.print(Text(entry.summary))
    paragraphs = Table.grid(padding=(0, 2))
    for label, text in labelled(entry):
        paragraphs.add_row(Text(label, "bold"), Text(text))
    console.print(paragraphs)
    if entry.parameters:
        table = Table("parameter", "default", "takes", box=None, header_style="bold")
        for parameter in entry.parameters:
            name, default = Text(parameter.name, "cyan"), Text(parameter.default_text)
            table.add_row(name, default, Text(told(parameter)))
        console.print(table)


def labelled(entry: Entry) -> list[tuple[str, str]]:
    """Return the paragraphs that the trick has, each with its label."""
    paragraphs = [
        ("Recipe", entry.example),
        ("Formula", entry.formula),
        ("When", entry.when),
        ("Defaults", entry.defaults),
        ("Interactions", entry.interactions),
        ("Source", entry.source),
    ]
    return [(label, text) for label, text in paragraphs if text]


def told(parameter: Parameter) -> str:
    """Return what a parameter takes and means."""
    return ": ".join(part for part in (parameter.type, parameter.description) if part)
