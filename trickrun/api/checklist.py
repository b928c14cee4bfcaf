"""The checklist in Python: of a recipe, or of a module with its data, loss and optimizer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from trickrun.api.asked import WITH_VAL, Objects, asked, unhurried
from trickrun.api.recipes import RecipeLike, command_line
from trickrun.api.runs import Folder, root_of
from trickrun.errors import TrickrunError
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded

if TYPE_CHECKING:
    from trickrun.checks.objects.subject import LossLike, ModelLike, OptimizerLike, TrainLike


@overload
def checklist(
    recipe: RecipeLike,
    /,
    *overrides: str,
    keep_going: bool = False,
    budget: float | None = None,
    runs_dir: Folder = None,
) -> Verdict: ...
@overload
def checklist(
    model: ModelLike,
    /,
    train: TrainLike,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    val: TrainLike | None = None,
    *,
    keep_going: bool = False,
    steps: int | None = None,
    batch_size: int | None = None,
) -> Verdict: ...
def checklist(
    what: Any,
    /,
    *given: Any,
    train: TrainLike | None = None,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    val: TrainLike | None = None,
    keep_going: bool = False,
    budget: float | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Take the steps of the checklist in order, each gated on the one before.

    Of a recipe they end with a tuned recipe and one report. Of a module the searches, steps 4 and
    5, vary its learning rate, and its weight decay if its optimizer has one; they need ``val``.

    The recipe or the model is given as to ``initial_loss``.

    Args:
        val: validation samples, in the form of ``train``.
        keep_going: go on after a step that fails.
        budget: seconds that a recipe's checklist may take; None: as long as it takes.
        steps: length of a module's whole training, in optimizer steps; None: 1000.

    Returns:
        The verdict; ``result["steps"]`` has each step's, ``result["edits"]`` what a module's
        checklist learned.

    Raises:
        TrickrunError: recipe, module or data are at fault.
    """
    whole = asked(what, given, Objects(train, loss, optimizer, batch_size, val, steps), WITH_VAL)
    if not isinstance(whole, Loaded):
        if budget is not None:
            raise TrickrunError("this is for recipes", "budget", "leave it out")
        from trickrun.reporting.commands.objects import checklist_of_objects

        return checklist_of_objects(whole, keep_going, unhurried())
    from trickrun.reporting.commands.checklist import take_checklist

    line = command_line("checklist", whole, {"keep-going": keep_going, "budget": budget})
    pace = unhurried(budget)
    verdict, folder = take_checklist(whole, root_of(runs_dir), line, keep_going, pace)
    return replace(verdict, run=str(folder.path))
