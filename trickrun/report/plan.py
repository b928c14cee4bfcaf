"""``train --dry-run``: what would be trained, without training it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from trickrun.job import Job


def plan(job: Job) -> dict[str, Any]:
    """Return shapes and parameters of each layer, estimated memory in bytes, and the ledger."""
    layers = layer_table(job)
    weights = sum(p.numel() * p.element_size() for p in job.model.parameters())
    data = sum(
        part.x.numel() * part.x.element_size()
        for part in (job.data.train, job.data.val, job.data.test)
        if part is not None
    )
    return {
        "device": str(job.device),
        "inputs": list(job.data.shape),
        "batch_size": job.batch_size,
        "steps": job.span.steps,
        "steps_per_epoch": job.span.per_epoch,
        "parameters": sum(p.numel() for p in job.model.parameters()),
        "layers": layers,
        "memory_bytes": {
            "data": data,
            "parameters": weights,
            "gradients": weights,
            "activations": sum(layer["elements"] for layer in layers)
            * job.batch_size
            * torch.empty((), dtype=job.dtype).element_size(),
        },
        "ledger": [vars(touch) for touch in job.ledger],
    }


def layer_table(job: Job) -> list[dict[str, Any]]:
    """Return name, kind, output shape, output elements a sample and parameters of each layer."""
    rows: list[dict[str, Any]] = []

    def look(name: str) -> Any:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, torch.Tensor):
                rows.append(
                    {
                        "name": name,
                        "kind": type(module).__name__,
                        "output": list(output.shape[1:]),
                        "elements": output[0].numel(),
                        "parameters": sum(p.numel() for p in module.parameters()),
                    }
                )

        return hook

    leaves = [(name, m) for name, m in job.model.named_modules() if not list(m.children())]
    hooks = [module.register_forward_hook(look(name)) for name, module in leaves]
    job.model.eval()
    with torch.no_grad():
        job.model(job.inputs(job.data.train.x[:2]))
    for handle in hooks:
        handle.remove()
    return rows


def print_plan(found: dict[str, Any]) -> None:
    """Print a plan for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table("layer", "kind", "output", "parameters", box=None, header_style="bold")
    table.add_row("(input)", "", str(found["inputs"]), "")
    for row in found["layers"]:
        count = f"{row['parameters']:,}" if row["parameters"] else ""
        table.add_row(row["name"], row["kind"], str(row["output"]), count)
    console.print(table)
    memory = "  ".join(f"{k} {v / 2**20:.1f} MiB" for k, v in found["memory_bytes"].items())
    console.print(
        f"{found['parameters']:,} parameters; {found['steps']} steps of {found['batch_size']} "
        f"samples ({found['steps_per_epoch']} an epoch) on {found['device']}"
    )
    console.print(f"memory: {memory}")
    console.print("what each trick acts on:", style="bold")
    for touch in found["ledger"]:
        console.print(f"  {touch['section']}: {touch['trick']}: {touch['what']}")
