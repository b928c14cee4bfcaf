"""The single checks in Python: of a recipe, or of a module with its data, loss and optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from trickrun.api.asked import Objects, asked, unhurried
from trickrun.api.recipes import RecipeLike, command_line
from trickrun.api.runs import Folder, root_of
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded
from trickrun.reporting.telling import tell_report

if TYPE_CHECKING:
    from trickrun.checks.module_subject import ModuleSubject
    from trickrun.checks.objects.subject import LossLike, ModelLike, OptimizerLike, TrainLike
    from trickrun.reporting.commands.checks import Pictures, Show
    from trickrun.run.folder import RunFolder
    from trickrun.run.pace import Pace


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
