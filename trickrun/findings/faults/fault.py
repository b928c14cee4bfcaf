"""What the project says about a fault, whoever finds it."""

from __future__ import annotations

from dataclasses import dataclass

from trickrun.findings.finding import SEVERITIES, Finding, Severity


@dataclass(frozen=True)
class Fault:
    """A row of the catalogue of faults.

    Args:
        code: TRnn: the row in the published catalogue, own additions from 60; never renumbered.
        name: in a few words.
        by: the commands that may report it.
        signal: what is measured, or read.
        threshold: from where on it is reported, and who says so; "own" with its reason otherwise.
        why: how it keeps a network from training well.
        fix: what usually mends it.
        example: a part of a recipe that has it; empty where it lies in data or code.
        weighed: the least grave finding of it that takes part in a diagnosis; None: none does. What
            is left out changed no answer in either half of the fault benchmarks
            (``benchmarks.faults.ablate``): there another finding names the cause.
        explains: codes of the symptoms that it can bring about. Faults of the data come before
            those of the loss, these before the init's, the init's before those of the steps, so
            that there is no circle; what is explained may itself explain further symptoms.
    """

    code: str
    name: str
    by: tuple[str, ...]
    signal: str
    threshold: str
    why: str
    fix: str
    example: str = ""
    weighed: Severity | None = "info"
    explains: tuple[str, ...] = ()

    def takes_part(self, finding: Finding) -> bool:
        """Whether a finding of this fault takes part in a diagnosis."""
        if self.weighed is None:
            return False
        return SEVERITIES.index(finding.severity) <= SEVERITIES.index(self.weighed)
