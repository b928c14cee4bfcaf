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

    That is the loss of equal chances, such as ln 10 for 10 classes (CS231n). Untrained outputs pass
    up to a size (root mean square) of 2 and fail from 4 on, as benchmarks/initial_loss.py measures.

    Args:
        what: a recipe's path, or what ``load`` returned; or a model: an ``nn.Module``, or what
            makes one, a function or a class.
        given: changes of the recipe, each ``path=value``; or ``train``, ``loss`` and ``optimizer``
            in this order.
        train: a ``DataLoader``, a ``Dataset``, or (x, y) of tensors or arrays: x [N, …], and y [N]
            or [N, …].
        loss: ``f(prediction, target)`` that returns a mean or one value per sample [N]; None: the
            model computes its own.
        optimizer: of the model's parameters, or a function from parameters to one; None: Adam.
        seeds: draws of the weights.
        batch_size: samples of a batch; None: the loader's, or 64. A recipe says it itself.
        runs_dir: where the run folder of a recipe's check is made; None: TRICKRUN_RUNS, or ``runs``
            in the working folder. A check of a model writes nothing.

    Returns:
        The verdict; ``result["loss"]`` is the median over the seeds, ``result["formula"]`` what was
            expected, in words.

    Raises:
        TrickrunError: recipe, model or data are at fault, or do not fit together.
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

    The batch counts as fitted once 5 % are left of what there is to learn: of the way from the best
    constant answer's loss down to the lowest that any network can reach. This bound is trickrun's
    own; trickrun/checks/overfit_batch/goal.py says what it was measured on.

    The recipe or the model is given as to ``initial_loss``.

    Args:
        size: samples of the batch; the whole training split if that has fewer.
        steps: optimizer steps at most, and half as many for each attempt to find what blocks.

    Returns:
        The verdict; ``result["blocked_by"]`` names what kept the network from it.

    Raises:
        TrickrunError: recipe, model or data are at fault, or do not fit together.
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

    The rate rises by the same factor at each step (Smith, Cyclical learning rates, 2017). The
    suggestion lies two thirds of the way, in log lr, from where the loss falls steepest to where it
    stops falling; benchmarks/lr_find.py compares it with exhaustive sweeps.

    The recipe or the model is given as to ``initial_loss``.

    Args:
        low: the learning rate of the first step.
        high: the learning rate of the last step.
        steps: training steps of each seed.
        seeds: draws of weights and batches.

    Returns:
        The verdict; ``result["suggestion"]`` is the learning rate, or None.

    Raises:
        TrickrunError: recipe, model or data are at fault, or the range does not rise.
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

    A relative error |a - n| / max(|a|, |n|) above 1e-2 is a wrong gradient, one above 1e-4 a
    doubtful one (CS231n). A sample's loss mixes with others if its gradient by their inputs is more
    than 1e-8 of that by its own, where rounding stays far below.

    The recipe or the model is given as to ``initial_loss``.

    Args:
        samples: training samples to look at. Few cross few kinks of the loss.
        coordinates: entries of each parameter, beside a direction through all of them.
        h: the step of the differences, in units of the weights.
        h_sweep: measure the error over many steps too.

    Returns:
        The verdict; ``result`` is that of ``trickrun grad-check --json``.

    Raises:
        TrickrunError: recipe, model or data are at fault, or two forward passes differ.
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

    The gradient has vanished where the first layer's is below 1e-3 of the last one's, and exploded
    above 70 (AutoTrainer, 2021). A layer is dead or saturated if half of its units are
    (TheDeepChecker). trickrun/findings/rules/signal/ has all bounds with their sources.

    The recipe or the model is given as to ``initial_loss``.

    Args:
        steps: training steps to take; None: three epochs, but 100 to 500 steps, and never more than
            the whole training.
        samples: training samples of each look, at most.

    Returns:
        The verdict; ``result`` is that of ``trickrun signal --json``.

    Raises:
        TrickrunError: recipe, model or data are at fault, or do not fit together.
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
