"""What `initial-loss` measured, in the terminal."""

from __future__ import annotations

from trickrun.findings.verdict import Verdict
from trickrun.reporting.numbers import number
from trickrun.reporting.verdict import print_rows


def print_initial_loss(verdict: Verdict) -> None:
    """Print the measured losses beside the expected ones."""
    result = verdict.result
    losses = [seed["loss"] for seed in result["per_seed"]]
    spread = f"median of {len(losses)} seeds, {number(min(losses))} to {number(max(losses))}"
    rows = [
        ("loss before training", number(result["loss"]), spread),
        ("expected", number(result["expected"]), result["formula"]),
        ("normal up to", number(result["expected"] + result["tolerance"]), ""),
        ("a fault above", number(result["limit"]), ""),
        ("with all inputs zero", number(result["zero_input_loss"]), ""),
    ]
    if result["best_constant_loss"] is not None:
        best = number(result["best_constant_loss"])
        rows.append(("best constant answer", best, "what ignoring the input can reach"))
    if result["penalty"]:
        rows.append(("penalty", number(result["penalty"]), "of regularizers, not in the loss"))
    print_rows(rows)
