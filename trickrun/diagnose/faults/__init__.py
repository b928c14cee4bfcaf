"""The catalogue of faults: what each code means, once for findings, tests and pages."""

from __future__ import annotations

from trickrun.diagnose.faults import curves, data, loss, network, steps
from trickrun.diagnose.faults.fault import Fault

FAMILIES: dict[str, tuple[Fault, ...]] = {
    "Data": data.FAULTS,
    "Loss and gradient": loss.FAULTS,
    "Network": network.FAULTS,
    "Steps and regularization": steps.FAULTS,
    "Curves and the whole": curves.FAULTS,
}

CATALOGUE: dict[str, Fault] = {
    fault.code: fault
    for fault in sorted(
        (fault for faults in FAMILIES.values() for fault in faults), key=lambda fault: fault.code
    )
}
"""All faults by code."""

__all__ = ["CATALOGUE", "FAMILIES", "Fault"]
