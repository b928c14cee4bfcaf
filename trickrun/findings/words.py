"""Words that many sentences need."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return "1 weight", "3 weights", "2 biases", "4 branches"."""
    plural = noun + ("es" if noun.endswith(("s", "ch")) else "s")
    return f"{number} {noun if number == 1 else plural}"
