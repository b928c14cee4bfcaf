"""Which columns of another tool's log are which: guessed by their usual names, or said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from trickrun.checks.curves.files.logged import Logged
from trickrun.errors import DataError, TrickrunError
from trickrun.recipe.text.problems import did_you_mean

VALIDATION = {"val", "valid", "validation", "eval", "dev"}
TRAINING = {"train", "training", "fit"}
STEPS = {"step", "steps", "iteration", "iter", "iterations"}
EPOCHS = {"epoch", "epochs"}
ACCURACY = {"acc", "accuracy"}
NEUTRAL = {"avg", "mean", "total", "global", "trainer", "the", "sparse", "categorical", "binary"}
"""Words that change nothing of what a column is."""


@dataclass(frozen=True)
class Names:
    """The column of each role; empty if there is none."""

    train: str = ""
    val: str = ""
    epoch: str = ""
    step: str = ""
    accuracy: str = ""
    lr: str = ""


ROLES = tuple(field.name for field in fields(Names))


def said(words: Sequence[str]) -> dict[str, str]:
    """Return what ``--columns train=loss,val=test_loss`` says: a column for each role.

    Raises TrickrunError if it says something else.
    """
    found: dict[str, str] = {}
    for word in (part for given in words for part in given.split(",")):
        role, equals, column = word.strip().partition("=")
        if not equals or not column:
            raise TrickrunError(
                f"{word!r} names no column", "--columns", "such as train=loss,val=test_loss"
            )
        if role not in ROLES:
            hint = did_you_mean(role, ROLES) or f"roles: {', '.join(ROLES)}"
            raise TrickrunError(f"{role!r} is no role of a column", "--columns", hint)
        found[role] = column
    return found


def name_columns(logged: Logged, given: Mapping[str, str]) -> Names:
    """Return the column of each role: the one given, else the one whose name says it best.

    Raises DataError if a column that is given is not there, none is a loss, or several are as good.
    """
    known = list(logged.columns)
    for column in given.values():
        if column not in known:
            other = f"{column} holds other things than numbers" if column in logged.others else ""
            guess = did_you_mean(column, known) or f"columns: {', '.join(known)}"
            raise DataError(other or f"there is no column {column!r}", str(logged.path), guess)
    left = [name for name in known if name not in given.values()]
    found = {role: given.get(role) or best(logged, role, left) for role in ROLES}
    if not found["train"] and not found["val"]:
        for name in logged.others:
            if fit("train", name) is not None or fit("val", name) is not None:
                message = f"the column {name} holds other things than numbers"
                raise DataError(message, str(logged.path))
        raise DataError(
            f"no column is called a loss; there are {', '.join(known)}",
            str(logged.path),
            "say it: --columns train=NAME,val=NAME",
        )
    return Names(**found)


def best(logged: Logged, role: str, names: Sequence[str]) -> str:
    """Return the name that fits a role best; empty if none does. Raises DataError for a tie of
    losses."""
    scores = {name: score for name in names if (score := fit(role, name)) is not None}
    lowest = min(scores.values(), default=0)
    tied = [name for name, score in scores.items() if score == lowest]
    if len(tied) > 1 and role in ("train", "val"):
        kind = "training" if role == "train" else "validation"
        raise DataError(
            f"{len(tied)} columns may be the {kind} loss: {', '.join(tied[:5])}",
            str(logged.path),
            f"say which: --columns {role}={tied[0]}",
        )
    return tied[0] if tied else ""


def fit(role: str, name: str) -> int | None:
    """Return how far a column's name is from a role, 0 the nearest; None if it is another's."""
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())) - NEUTRAL
    match role:
        case "epoch":
            return 0 if words and words <= EPOCHS else None
        case "step":
            return 0 if words and words <= STEPS else None
        case "lr":
            return 0 if words & {"lr"} or {"learning", "rate"} <= words else None
        case "accuracy":
            return extra(words, ACCURACY) if words & ACCURACY and words & VALIDATION else None
    if "loss" not in words or bool(words & VALIDATION) != (role == "val"):
        return None
    of_steps = bool(words & (STEPS | {"batch"}))
    unnamed = role == "train" and not words & TRAINING
    return extra(words, {"loss"}) + 2 * of_steps + unnamed


def extra(words: set[str], own: set[str]) -> int:
    """Return four times the number of words that no role explains."""
    return 4 * len(words - own - VALIDATION - TRAINING - EPOCHS - STEPS - {"batch"})
