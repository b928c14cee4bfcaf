"""What `trickrun.watch` saw of a loss that it was given, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from trickrun.findings.evidence.program import Place


@dataclass(frozen=True)
class WatchedLoss:
    """A loss that the program was said to use, and the values of its calls.

    Args:
        name: its class, or the function's name.
        place: where it is written; None if that is not the user's code.
        called_at: the line that called it first; None if none did, or none of the user's.
        calls: how often it was called.
        steps, values: of the kept calls whose value can be learned from: the backward passes before
            them, and their values.
        tested_steps, tested: the same of the kept calls without a gradient, as in validation.
        non_finite: calls whose value was no number.
        first_non_finite: the backward passes before the first of them; None if there was none.
    """

    name: str
    place: Place | None
    called_at: Place | None
    calls: int
    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    tested_steps: tuple[int, ...] = ()
    tested: tuple[float, ...] = ()
    non_finite: int = 0
    first_non_finite: int | None = None
