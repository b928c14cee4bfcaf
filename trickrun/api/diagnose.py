"""The diagnosis in Python: of a recipe, a run, or a module with its data, loss and optimizer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from trickrun.api.asked import WITH_VAL, Objects, asked, unhurried
from trickrun.api.recipes import RecipeLike, command_line
from trickrun.api.runs import Folder, Run, root_of
from trickrun.errors import TrickrunError
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded

if TYPE_CHECKING:
    from trickrun.checks.objects.subject import LossLike, ModelLike, OptimizerLike, TrainLike
    from trickrun.run.folder import RunFolder


@overload
def diagnose(
    recipe: RecipeLike | Run,
    /,
    *overrides: str,
    confirm: bool = False,
    budget: float | None = None,
    runs_dir: Folder = None,
) -> Verdict: ...
@overload
def diagnose(
    model: ModelLike,
    /,
    train: TrainLike,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    val: TrainLike | None = None,
    *,
    confirm: bool = False,
    budget: float | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
) -> Verdict: ...
def diagnose(
    what: Any,
    /,
    *given: Any,
    train: TrainLike | None = None,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    val: TrainLike | None = None,
    confirm: bool = False,
    budget: float | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Say why a recipe, a run or a module trains badly: causes first, with evidence and edit.

    The recipe or the model is given as to ``initial_loss``; a run is a ``Run``.

    Args:
        val: validation samples, in the form of ``train``; None: edits are judged by the training
            loss.
        confirm: train briefly with each edit, and keep what helps. Of a module these are edits of
            its optimizer, its initial weights, its dropout, the batch size and the inputs' scale.
        budget: seconds that it may take; None: 60, or 150 for a slow recipe; of a module as long
            as it takes.
        steps: length of a module's whole training, in optimizer steps; None: 1000.

    Returns:
        The findings, causes first. Of a module, ``result["confirmed"]`` tells of the edits that
        were tried.

    Raises:
        TrickrunError: recipe, run, module or data are at fault.
    """
    if isinstance(what, Run):
        if given:
            raise TrickrunError("a run cannot be changed", str(given[0]))
        return diagnosed(str(what.path), what.folder, ["trickrun", "diagnose", str(what.path)],
                         confirm, budget, runs_dir)  # fmt: skip
    whole = asked(what, given, Objects(train, loss, optimizer, batch_size, val, steps), WITH_VAL)
    if isinstance(whole, Loaded):
        line = command_line("diagnose", whole, {"confirm": confirm, "budget": budget})
        return diagnosed(str(whole.path), whole, line, confirm, budget, runs_dir)
    from trickrun.reporting.commands.objects import diagnose_objects

    return diagnose_objects(whole, confirm, unhurried(budget))


def diagnosed(
    target: str,
    of: Loaded | RunFolder,
    line: list[str],
    confirm: bool,
    budget: float | None,
    runs_dir: Folder,
) -> Verdict:
    """Diagnose a recipe or a run; see ``diagnose_and_tell``."""
    from trickrun.reporting.commands.diagnosis import diagnose_and_tell

    root = root_of(runs_dir)
    verdict, folder = diagnose_and_tell(target, of, root, line, confirm, unhurried(budget))
    return replace(verdict, run=str(folder.path))
