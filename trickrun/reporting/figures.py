"""What the first three steps measured, for the terminal and for the page: rows of a name, a value
and a remark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trickrun.findings.words import counted
from trickrun.reporting.console import number

Rows = list[tuple[str, str, str]]

MEANINGS = {
    "steepest": "where the loss falls fastest",
    "bottom": "where it stops falling",
    "valley": "in the middle of the longest descent",
    "min_over_10": "a tenth of where it is lowest",
}


def initial_loss_rows(result: dict[str, Any]) -> Rows:
    """Return the measured losses beside the expected ones."""
    losses = [seed["loss"] for seed in result["per_seed"]]
    spread = (
        f"median of {counted(len(losses), 'seed')}, {number(min(losses))} to {number(max(losses))}"
    )
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
    return rows


def overfit_batch_rows(result: dict[str, Any]) -> Rows:
    """Return what the batch's loss started from, reached and could reach."""
    rows = [
        ("batch", counted(result["samples"], "sample"), off(result["disabled"])),
        ("loss before training", number(result["initial_loss"]), ""),
        ("loss reached", number(result["final_loss"]), f"after {counted(result['steps'], 'step')}"),
        ("fitted from", number(result["threshold"]), "95 % of what there is to learn"),
        ("best constant answer", number(result["baseline"]), "what ignoring the input can reach"),
        ("lowest possible", number(result["floor"]), ""),
    ]
    if result["final_accuracy"] is not None:
        best = result["attainable_accuracy"]
        possible = f"of {best:.1%} possible" if best is not None else ""
        rows.append(("accuracy", f"{result['final_accuracy']:.1%}", possible))
    return rows


def off(disabled: list[str]) -> str:
    """Return what is switched off, in words."""
    return f"without {', '.join(disabled)}" if disabled else ""


def lr_find_rows(result: dict[str, Any], whose: str = "the recipe's") -> Rows:
    """Return the suggestion and every other pick beside it.

    Args:
        whose: learning rate it is that there is now.
    """
    rows = []
    if result["low"] is not None:
        band = f"the seeds' own: {result['low']:.2g} to {result['high']:.2g}"
        rows.append(("suggestion", short(result["suggestion"]), band))
        rows += [(name, short(result[name]), meaning) for name, meaning in MEANINGS.items()]
    rows.append(("optimizer.lr", f"{result['lr']:g}", f"{whose}: {result['applies_to']}"))
    return rows


def short(lr: float | None) -> str:
    """Return an lr in two digits."""
    return "none" if lr is None else f"{lr:.2g}"


ROWS: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "initial-loss": initial_loss_rows,
    "overfit-batch": overfit_batch_rows,
    "lr-find": lr_find_rows,
}
"""By the commands."""
