"""The same scripts, given to torch-audit and torchmortem.

    python -m benchmarks.scripts.peers development [--jobs 2]
    python -m benchmarks.scripts.peers held-back
    python -m benchmarks.scripts.peers fresh

in an environment that has both packages beside this project. Each takes one model and its
optimizer: the first outermost module that is called for training, with the optimizer that has its
parameters, or else the latest. A script without modules cannot be taken. neural-net-checklist takes
the parts of a program by hand (a model, a loss, batches), not a program: it is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.journal import Journal
from benchmarks.faults.scoring import shown
from benchmarks.results import machine, write_section
from benchmarks.scripts.forked import Ran, preload, run_all
from benchmarks.scripts.hurts import NOT_MEASURED, RESULTS, train
from benchmarks.scripts.programs import PARTS, Script
from benchmarks.scripts.run import counted, key
from benchmarks.scripts.table import HEADINGS, Watched

PEERS = ("torch-audit", "torchmortem")

EVERY = 100
"""Steps between two audits; torch-audit's default of 1000 would see most scripts once."""

SEVERITIES = {"FATAL": "error", "ERROR": "error", "CRITICAL": "error",
              "WARN": "warning", "WARNING": "warning", "INFO": "info"}  # fmt: skip

MEANS: dict[str, tuple[str, ...]] = {
    "TA100": ("TR05", "TR41", "TR121"),
    "TA102": ("TR35", "TR41"),
    "TA103": ("TR43",),
    "TA104": ("TR45", "TR114", "TR116"),
    "TA105": ("TR42", "TR43"),
    "TA301": ("TR01",),
    "TA302": ("TR04",),
    "TA304": ("TR48",),
    "TA305": ("TR05",),
    "TA402": ("TR50",),
    "TA405": ("TR43",),
    "TA500": ("TR45",),
    "gradient_flow": ("TR40", "TR41"),
    "dead_units": ("TR43",),
    "saturation": ("TR42",),
    "update_ratio": ("TR35", "TR36"),
    "loss_dynamics": ("TR60", "TR61"),
}
"""What the peers' findings mean in our codes, in their favour where it is open."""


class Attached:
    """Attaches a peer to the first model that a script trains.

    Args:
        peer: its name.
    """

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.optimizers: list[Any] = []
        self.optimizer: Any = None
        self.subject: Any = None
        self.depth = 0
        self.loss = 0.0

    def watch(self) -> None:
        """Wait for a model."""
        import torch
        from torch.nn.modules import module
        from torch.optim import optimizer

        make, backward = optimizer.Optimizer.__init__, torch.Tensor.backward

        def made(this: Any, *args: Any, **named: Any) -> None:
            make(this, *args, **named)
            self.optimizers.append(this)

        def going_backward(this: Any, *args: Any, **named: Any) -> Any:
            self.loss = float(this.detach()) if this.numel() == 1 else self.loss
            return backward(this, *args, **named)

        optimizer.Optimizer.__init__ = made  # type: ignore[method-assign]
        torch.Tensor.backward = going_backward  # type: ignore[method-assign]
        module.register_module_forward_pre_hook(self.called)
        module.register_module_forward_hook(self.returned, always_call=True)
        optimizer.register_optimizer_step_post_hook(self.stepped)

    def called(self, module: Any, inputs: Any) -> None:
        import torch

        self.depth += 1
        parameters = {id(one) for one in module.parameters()}
        ready = self.depth == 1 and self.subject is None and self.optimizers and parameters
        if ready and torch.is_grad_enabled():
            having = [
                one
                for one in self.optimizers
                if any(id(p) in parameters for group in one.param_groups for p in group["params"])
            ]
            self.attach(module, (having or self.optimizers)[-1])

    def returned(self, module: Any, inputs: Any, result: Any) -> None:
        self.depth -= 1

    def attach(self, model: Any, optimizer: Any) -> None:
        self.optimizer = optimizer
        if self.peer == "torch-audit":
            from torch_audit import autopatch

            self.subject = autopatch(
                model, optimizer=optimizer, every_n_steps=EVERY, suppress_internal_errors=True
            )
        else:
            from torchmortem import Autopsy

            self.subject = Autopsy(model, optimizer=optimizer)
            self.subject.attach()

    def stepped(self, optimizer: Any, args: Any, named: Any) -> None:
        if self.peer == "torchmortem" and optimizer is self.optimizer:
            self.subject.step(loss=self.loss)

    def findings(self) -> list[dict[str, str]]:
        """Return what the peer says at the end, the gravest first."""
        if self.subject is None:
            return []
        if self.peer == "torch-audit":
            said = [
                (one.rule_id, one.severity) for one in self.subject.finish(report=False).findings
            ]
        else:
            self.subject.detach()
            report = self.subject.get_report()
            said = [(one.detector, one.severity) for one in report.findings] if report else []
        found = [{"code": code, "severity": SEVERITIES[severity.name]} for code, severity in said]
        return sorted(found, key=lambda one: ("error", "warning", "info").index(one["severity"]))


def ask(peer: str, script: Script, folder: Path) -> None:
    """Run a script with a peer attached, and print what it says as JSON."""
    attached = Attached(peer)
    with contextlib.redirect_stdout(sys.stderr):
        attached.watch()
        train(script, 0, folder)
        found = attached.findings()
    print(json.dumps({"findings": found, "taken": attached.subject is not None}))


def entry_of(ran: Ran) -> dict[str, Any]:
    """Return what a peer said, or why it said nothing."""
    try:
        return json.loads(ran.out)
    except json.JSONDecodeError:
        return {"findings": [], "taken": False, "failed": ran.err.strip()[-300:]}


def in_our_codes(script: Script, said: dict[str, Any]) -> Watched:
    """Return a peer's answer; its findings that name the cause have an accepted code."""
    findings = []
    for one in said["findings"]:
        means = MEANS.get(one["code"], ())
        code = next((code for code in means if code in script.accepted), one["code"])
        findings.append({"code": code, "severity": one["severity"]})
    return Watched(script, {"findings": findings})


def row(peer: str, scripts: list[Script], journal: Journal) -> str:
    """Return a peer's row of the table."""
    entries = [(one, journal[f"{peer} {key(one)}"]) for one in scripts]
    results = [in_our_codes(one, said) for one, said in entries]
    faulty = [one for one in results if one.script.faulty]
    healthy = [one for one in results if not one.script.faulty]
    taken = sum(said["taken"] for _, said in entries)
    return (
        f"| {peer} | {taken} of {len(entries)} "
        f"| {shown(sum(one.detected for one in faulty), len(faulty))} "
        f"| {shown(sum(one.first for one in faulty), len(faulty))} "
        f"| {shown(sum(one.alarmed for one in healthy), len(healthy))} "
        f"| {shown(sum(bool(one.codes) for one in healthy), len(healthy))} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    scripts, dropped = counted(options.part)
    if NOT_MEASURED in dropped.values():
        sys.exit("first: python -m benchmarks.scripts.hurts")
    journal = Journal(RESULTS / f"peers-{options.part}.jsonl")
    todo = [(p, one) for p in PEERS for one in scripts if f"{p} {key(one)}" not in journal]
    preload()
    with tempfile.TemporaryDirectory() as folder:
        jobs = [(f"{peer} {key(one)}", partial(ask, peer, one, Path(folder))) for peer, one in todo]
        for name, ran in run_all(jobs, options.jobs):
            journal.add(name, entry_of(ran))
    body = (
        f"`python -m benchmarks.scripts.peers {options.part}`. {machine('torch', *PEERS)}.\n"
        "A peer's finding counts as the cause if it means one of the accepted codes (MEANS in the "
        "code, in the peer's favour where it is open).\n\n"
        "| peer | taken | detected | right cause first | healthy with an error | healthy with an "
        "error or a warning |\n| --- | --- | --- | --- | --- | --- |\n"
        + "\n".join(row(peer, scripts, journal) for peer in PEERS)
    )
    print(body)
    write_section(HEADINGS[options.part].replace("scripts,", "scripts, peers,"), body)


if __name__ == "__main__":
    main()
