"""``train --dry-run``: what would be trained, without training it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from trickrun.reporting.console import print_table, say, size, terminal
from trickrun.run.memory import PROBE, footprint
from trickrun.training.job import Job


def plan(job: Job) -> dict[str, Any]:
    """Return shapes and parameters of each layer, memory in bytes, and the ledger.

    One training step on two samples is taken to see what the optimizer and backward keep, so the
    job is used up.
    """
    layers = layer_table(job)
    return {
        "device": str(job.device),
        "inputs": list(job.data.shape),
        "samples": {
            name: len(part) if part is not None else 0
            for name, part in (
                ("train", job.data.train),
                ("val", job.data.val),
                ("test", job.data.test),
            )
        },
        "notes": list(job.data.notes),
        "batch_size": job.batch_size,
        "accumulate": job.settings.batches_a_step,
        "steps": job.span.steps,
        "steps_per_epoch": job.span.per_epoch,
        "parameters": sum(p.numel() for p in job.model.parameters()),
        "constant_features": list(job.data.scaler.constant),
        "layers": layers,
        "memory_bytes": footprint(job),
        "ledger": [vars(entry) for entry in job.ledger],
    }


def layer_table(job: Job) -> list[dict[str, Any]]:
    """Return name, kind, output shape of a sample and parameters of each layer, in forward order.

    A parameter that several layers share is counted with the first; parameters of modules that
    forward does not call come last.
    """
    rows: list[dict[str, Any]] = []
    counted: set[int] = set()

    def own(module: nn.Module) -> int:
        mine = [p for p in module.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, mine))
        return sum(p.numel() for p in mine)

    def row(name: str, module: nn.Module, output: list[int] | None) -> dict[str, Any]:
        kind = type(module).__name__
        return {"name": name, "kind": kind, "output": output, "parameters": own(module)}

    def look(name: str) -> Any:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            rows.append(row(name, module, sample_shape(output)))

        return hook

    shown = [(name, m) for name, m in job.model.named_modules() if is_layer(m)]
    hooks = [module.register_forward_hook(look(name)) for name, module in shown]
    job.model.eval()
    with torch.no_grad():
        job.model(job.inputs(job.data.train.x[:PROBE]))
    for handle in hooks:
        handle.remove()
    seen = {entry["name"] for entry in rows}
    return rows + [row(name, m, None) for name, m in shown if name not in seen and has_own(m)]


def is_layer(module: nn.Module) -> bool:
    """Return whether a module is told of: it has no parts, or parameters beside its parts'."""
    return not list(module.children()) or has_own(module)


def has_own(module: nn.Module) -> bool:
    return any(True for _ in module.parameters(recurse=False))


def sample_shape(output: object) -> list[int] | None:
    """Return the shape of one sample of a layer's output; of several tensors, of the first."""
    first = output[0] if isinstance(output, tuple) and output else output
    return list(first.shape[1:]) if isinstance(first, torch.Tensor) else None


def print_plan(found: dict[str, Any]) -> None:
    """Print a plan for people."""
    from rich.table import Table

    console = terminal()
    table = Table("layer", "kind", "output", box=None, header_style="bold", pad_edge=False)
    table.add_column("parameters", justify="right")
    table.add_row("(input)", "", shape(found["inputs"]), "")
    for row in found["layers"]:
        count = f"{row['parameters']:,}" if row["parameters"] else ""
        table.add_row(row["name"] or "(model)", row["kind"], shape(row["output"]), count)
    print_table(console, table)
    samples = ", ".join(f"{count} {name}" for name, count in found["samples"].items() if count)
    batches = f"{found['accumulate']} times " if found["accumulate"] > 1 else ""
    say(
        console,
        f"{found['parameters']:,} parameters; {found['steps']} steps of {batches}"
        f"{found['batch_size']} samples ({found['steps_per_epoch']} per epoch) on "
        f"{found['device']}",
    )
    console.print(f"samples: {samples}")
    needed = {k.replace("_", " "): size(v) for k, v in found["memory_bytes"].items()}
    say(console, "memory: " + ", ".join(f"{k} {v}" for k, v in needed.items()))
    console.print("what each trick acts on:", style="bold")
    for entry in found["ledger"]:
        line = f"  {entry['section']}: {entry['trick']}: {entry['what']}"
        say(console, line)


def shape(sizes: list[int] | None) -> str:
    """Return a sample's shape as text; a scalar's is a dot."""
    if sizes is None:
        return ""
    return "×".join(map(str, sizes)) or "·"
