"""The machine's facts in the terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from trickrun.reporting.console import Text, print_table, size, terminal


def print_facts(facts: dict[str, Any]) -> None:
    """Print what ``doctor.examine`` found, the problems last."""
    console = terminal()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, told in lines(facts):
        table.add_row(name, Text(told))
    print_table(console, table)
    for problem in facts["problems"]:
        console.print(f"! {problem}", style="yellow", soft_wrap=True)
    if not facts["problems"]:
        console.print("no problems found", style="green")


def lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a name and a sentence for each fact."""
    device, cpu, memory, runs = (facts[k] for k in ("device", "cpu", "memory_bytes", "runs"))
    python = facts["python"]
    packages = ", ".join(f"{name} {v or 'missing'}" for name, v in facts["versions"].items())
    cuda = f"CUDA {device['cuda']}" if device["cuda"] else "torch is built without CUDA"
    if device["mps"]:
        cuda += "; MPS is available"
    free = f", {size(memory['free'])} free" if "free" in memory else ""
    if "limit" in memory:
        free += f"; a limit of {size(memory['limit'])} is set"
    writable = "" if runs["writable"] else "not writable, "
    return [
        ("packages", packages),
        ("python", f"{python['version']} ({python['executable']})"),
        ("platform", facts["platform"]),
        ("device", f"{device['auto']} for train.device: auto; {cuda}"),
        *[
            ("gpu", f"{g['name']}, {size(g['free'])} of {size(g['total'])} free")
            for g in device["gpus"]
        ],
        ("processors", f"{cpu['usable']} of {cpu['cpus']}, torch uses {cpu['threads']} threads"),
        ("memory", f"{size(memory['total'])}{free}"),
        ("runs", f"{runs['path']} ({writable}{size(runs['free_bytes'])} free)"),
        *[
            (name, place or "not found; see trickrun tricks " + name)
            for name, place in facts["data"].items()
        ],
        ("completion", "trickrun --install-completion completes commands in your shell"),
    ]
