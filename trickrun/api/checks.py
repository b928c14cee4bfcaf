"""The checks in Python: of a recipe, or of a module with its data, loss and optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from trickrun.api.recipes import RecipeLike, command_line, load
from trickrun.api.runs import Folder, Run, root_of
from trickrun.errors import TrickrunError
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded
from trickrun.reporting.telling import tell_report

if TYPE_CHECKING:
    from trickrun.checks.module_subject import ModuleSubject
    from trickrun.checks.objects.subject import LossLike, ModelLike, OptimizerLike, TrainLike
    from trickrun.reporting.commands.checks import Pictures, Show
    from trickrun.run.folder import RunFolder
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


def taken(
    command: str,
    options: Mapping[str, object],
    what: Loaded | ModuleSubject,
    check: Callable[[Any, Pace], tuple[Verdict, Any]],
    show: Show,
    pictures: Pictures | None,
    runs_dir: Folder,
) -> Verdict:
    """Take a check and print what it says; that of a recipe is recorded in a run folder.

    Args:
        options: of the command that does the same.
    """
    if not isinstance(what, Loaded):
        from trickrun.reporting.commands.objects import check_objects

        return check_objects(what, unhurried(), check, show, pictures)
    from trickrun.reporting.commands.checks import check_recipe
    from trickrun.reporting.notebook import show_pictures

    def at_the_end(folder: RunFolder, drawn: dict[str, str]) -> None:
        if command == "lr-find":
            tell_report(folder, drawn)
        show_pictures(drawn)

    root, line = root_of(runs_dir), command_line(command, what, options)
    done = check_recipe(what, root, line, unhurried(), check, show, pictures, at_the_end)
    return replace(done.verdict, run=str(done.folder.path))


@overload
def initial_loss(
    recipe: RecipeLike, /, *overrides: str, seeds: int = 5, runs_dir: Folder = None
) -> Verdict: ...
@overload
def initial_loss(
    model: ModelLike,
    /,
    train: TrainLike,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    *,
    seeds: int = 5,
    batch_size: int | None = None,
) -> Verdict: ...
def initial_loss(
    what: Any,
    /,
    *given: Any,
    train: TrainLike | None = None,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    seeds: int = 5,
    batch_size: int | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Step 1: compare the loss before training with what the loss and the data make expect.

    Args:
        seeds: draws of the weights.
    """
    whole = asked(what, given, Objects(train, loss, optimizer, batch_size))
    from trickrun.checks.initial_loss.initial_loss_check import initial_loss as check
    from trickrun.reporting.steps import print_initial_loss

    return taken(
        "initial-loss",
        {"seeds": seeds},
        whole,
        lambda subject, pace: check(subject, seeds, pace),
        print_initial_loss,
        None,
        runs_dir,
    )


@overload
def overfit_batch(
    recipe: RecipeLike,
    /,
    *overrides: str,
    size: int = 32,
    steps: int = 500,
    runs_dir: Folder = None,
) -> Verdict: ...
@overload
def overfit_batch(
    model: ModelLike,
    /,
    train: TrainLike,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    *,
    size: int = 32,
    steps: int = 500,
    batch_size: int | None = None,
) -> Verdict: ...
def overfit_batch(
    what: Any,
    /,
    *given: Any,
    train: TrainLike | None = None,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    size: int = 32,
    steps: int = 500,
    batch_size: int | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Step 2: fit one small batch without regularizers; if that fails, say what blocks.

    Args:
        size: samples of the batch.
        steps: optimizer steps at most.
    """
    whole = asked(what, given, Objects(train, loss, optimizer, batch_size))
    from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch as check
    from trickrun.reporting.steps import print_overfit_batch

    return taken(
        "overfit-batch",
        {"size": size, "steps": steps},
        whole,
        lambda subject, pace: check(subject, size, steps, pace),
        print_overfit_batch,
        None,
        runs_dir,
    )


@overload
def lr_find(
    recipe: RecipeLike,
    /,
    *overrides: str,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 200,
    seeds: int = 3,
    runs_dir: Folder = None,
) -> Verdict: ...
@overload
def lr_find(
    model: ModelLike,
    /,
    train: TrainLike,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    *,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 200,
    seeds: int = 3,
    batch_size: int | None = None,
) -> Verdict: ...
def lr_find(
    what: Any,
    /,
    *given: Any,
    train: TrainLike | None = None,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 200,
    seeds: int = 3,
    batch_size: int | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Step 3: find the learning rate by a range test, or say why none can be suggested.

    Args:
        low: the learning rate of its first step.
        high: the learning rate of its last step.
        steps: training steps of each seed.
        seeds: draws of weights and batches.

    The verdict's ``result["suggestion"]`` is the learning rate, or None.
    """
    whole = asked(what, given, Objects(train, loss, optimizer, batch_size))
    from trickrun.checks.lr_find.lr_find_check import Range
    from trickrun.checks.lr_find.lr_find_check import lr_find as check
    from trickrun.reporting.steps import pictures, print_lr_find

    whose = "the recipe's" if isinstance(whole, Loaded) else "the optimizer's"
    return taken(
        "lr-find",
        {"low": low, "high": high, "steps": steps, "seeds": seeds},
        whole,
        lambda subject, pace: check(subject, Range(low, high, steps, seeds), pace),
        lambda verdict: print_lr_find(verdict, whose),
        pictures,
        runs_dir,
    )


@overload
def grad_check(
    recipe: RecipeLike,
    /,
    *overrides: str,
    samples: int = 3,
    coordinates: int = 10,
    h: float = 1e-5,
    h_sweep: bool = False,
    runs_dir: Folder = None,
) -> Verdict: ...
@overload
def grad_check(
    model: ModelLike,
    /,
    train: TrainLike,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    *,
    samples: int = 3,
    coordinates: int = 10,
    h: float = 1e-5,
    h_sweep: bool = False,
    batch_size: int | None = None,
) -> Verdict: ...
def grad_check(
    what: Any,
    /,
    *given: Any,
    train: TrainLike | None = None,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    samples: int = 3,
    coordinates: int = 10,
    h: float = 1e-5,
    h_sweep: bool = False,
    batch_size: int | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Compare gradients with centred differences in float64; find losses that mix samples.

    Args:
        samples: training samples to look at.
        coordinates: entries of each parameter.
        h: the step of the differences; ``h_sweep``: measure the error over many steps too.
    """
    whole = asked(what, given, Objects(train, loss, optimizer, batch_size))
    from trickrun.checks.grad_check.gradient_check import grad_check as check
    from trickrun.reporting.grad_check import pictures, print_grad_check

    return taken(
        "grad-check",
        {"samples": samples, "coordinates": coordinates, "h": h, "h-sweep": h_sweep},
        whole,
        lambda subject, pace: check(subject, samples, coordinates, h, h_sweep, pace),
        print_grad_check,
        pictures,
        runs_dir,
    )


@overload
def signal(
    recipe: RecipeLike,
    /,
    *overrides: str,
    steps: int | None = None,
    samples: int = 5000,
    runs_dir: Folder = None,
) -> Verdict: ...
@overload
def signal(
    model: ModelLike,
    /,
    train: TrainLike,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    *,
    steps: int | None = None,
    samples: int = 5000,
    batch_size: int | None = None,
) -> Verdict: ...
def signal(
    what: Any,
    /,
    *given: Any,
    train: TrainLike | None = None,
    loss: LossLike | None = None,
    optimizer: OptimizerLike | None = None,
    steps: int | None = None,
    samples: int = 5000,
    batch_size: int | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Look at each layer's activations, gradients and updates, before and while training.

    Args:
        steps: training steps to take; None: a few epochs.
        samples: of each look, at most.
    """
    whole = asked(what, given, Objects(train, loss, optimizer, batch_size))
    from trickrun.checks.signal.signal_check import signal as check
    from trickrun.reporting.signal import print_signal
    from trickrun.reporting.signal_pictures import pictures

    return taken(
        "signal",
        {"steps": steps, "samples": samples},
        whole,
        lambda subject, pace: check(subject, steps, samples, pace),
        print_signal,
        pictures,
        runs_dir,
    )


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
