"""What a check is asked about: a recipe, or a module with its data, loss and optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.api.recipes import load
from trickrun.errors import TrickrunError
from trickrun.recipe.load import Loaded

if TYPE_CHECKING:
    from trickrun.checks.module_subject import ModuleSubject
    from trickrun.checks.objects.subject import LossLike, OptimizerLike, TrainLike
    from trickrun.run.pace import Pace


NAMES, WITH_VAL = ("train", "loss", "optimizer"), ("train", "loss", "optimizer", "val")


@dataclass(frozen=True)
class Objects:
    """What is given of a training by its objects.

    Args:
        train, loss, optimizer, val: by their names; None: not by name.
        batch_size: None: the loader's, or 64.
        steps: length of the whole training; None: 1000.
    """

    train: TrainLike | None
    loss: LossLike | None
    optimizer: OptimizerLike | None
    batch_size: int | None
    val: TrainLike | None = None
    steps: int | None = None


def asked(
    what: Any, given: tuple[Any, ...], objects: Objects, names: Sequence[str] = NAMES
) -> Loaded | ModuleSubject:
    """Return the recipe, or the module with its data, that a check is asked about.

    Args:
        what: a recipe, a module or what makes one.
        given: a recipe's changes; or objects.
        names: what the objects are called, in their order.

    Raises TrickrunError if it is none of these, or they do not fit together.
    """
    named = [name for name in names if getattr(objects, name) is not None]
    if is_recipe(what):
        lengths = [n for n in ("batch_size", "steps") if getattr(objects, n) is not None]
        if named or lengths:
            first = (named or lengths)[0]
            raise TrickrunError(
                "a recipe says this itself", first, "leave it out, or change the recipe"
            )
        wrong = [one for one in given if not isinstance(one, str)]
        if wrong:
            shown = type(wrong[0]).__name__
            raise TrickrunError(f"a recipe's changes are texts, path=value, and this is {shown}")
        return load(what, *given)
    from trickrun.checks.objects.subject import subject_of

    placed = dict(zip(names, given, strict=False))
    twice = [name for name in named if name in placed]
    if len(given) > len(names) or twice:
        hint = f"the order is: model, {', '.join(names)}"
        raise TrickrunError("too much is given", twice[0] if twice else "", hint)
    whole = replace(objects, **placed)
    for name in ("batch_size", "steps"):
        positive(getattr(whole, name), name)
    subject = subject_of(
        what, whole.train, whole.loss, whole.optimizer, whole.batch_size, whole.val
    )
    return subject if whole.steps is None else replace(subject, steps=whole.steps)


def positive(number: Any, name: str) -> None:
    """Raise TrickrunError for what is neither None nor a whole number from 1."""
    if number is None or (isinstance(number, int) and number >= 1 and number is not True):
        return
    raise TrickrunError(f"this is {number!r}", name, "give a whole number from 1")


def is_recipe(what: Any) -> bool:
    """Whether something is a recipe: its path, or loaded."""
    return isinstance(what, str | Path | Loaded) or hasattr(what, "__fspath__")


def unhurried(seconds: float | None = None) -> Pace:
    """Return the pace of a call that may take ``seconds`` from now; None: as long as it takes."""
    from trickrun.reporting.phases import phase
    from trickrun.run.pace import budget

    return budget(seconds, None, phase)
