"""The catalogue of faults: what each code means, once for findings, tests and pages."""

from __future__ import annotations

from trickrun.findings.faults import curves, data, loss, network, program, steps
from trickrun.findings.faults.fault import Fault

FAMILIES: dict[str, tuple[Fault, ...]] = {
    "Data": data.FAULTS,
    "Loss and gradient": loss.FAULTS,
    "Network": network.FAULTS,
    "Steps and regularization": steps.FAULTS,
    "Programs": program.FAULTS,
    "Curves and the whole": curves.FAULTS,
}

CATALOGUE: dict[str, Fault] = {
    fault.code: fault
    for fault in sorted(
        (fault for faults in FAMILIES.values() for fault in faults),
        key=lambda fault: int(fault.code.removeprefix("TR")),
    )
}
"""All faults by code."""

NOT_REPORTED = {
    "TR16": "Too little data: the curves show it as TR51 or TR56.",
    "TR19": "Augmented validation data: it cannot happen, only training batches are augmented.",
    "TR31": "[N] broadcast against [N, 1]: it mixes the samples of a batch, which is TR32.",
    "TR38": "Latent instability: where it breaks out it is TR35, TR57 or TR60.",
    "TR59": "An error in a metric: no check covers it.",
}
"""Published faults that no command reports under their own number, and why."""

__all__ = ["CATALOGUE", "FAMILIES", "NOT_REPORTED", "Fault"]
