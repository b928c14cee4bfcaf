"""What the project says about a fault, whoever finds it."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    code: str
    name: str
    by: tuple[str, ...]
    signal: str
    threshold: str
    why: str
    fix: str
    example: str = ""
