"""Watching a training in Python: a context manager, and an object for notebooks."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from trickrun.api.runs import Columns
from trickrun.errors import TrickrunError
from trickrun.findings.rules import program as rules
from trickrun.watching import EVERY

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim import Optimizer

    from trickrun.api.loss_watch import LossWatch
    from trickrun.findings.evidence.program import Program
    from trickrun.findings.evidence.watched_loss import WatchedLoss
    from trickrun.findings.finding import Finding
    from trickrun.watching.watch import Watch

    LossLike = Callable[..., torch.Tensor]

_now: Watching | None = None
"""What watches now: at most one, as each puts itself in torch's way."""


class Watching:
    """What watches all training in this process, from when it was made until ``stop``.

    As a context manager it ends with the block, and prints what it found. In a notebook its last
    line shows the same as a page. It changes no number of the training.

    Args:
        watch: that has begun.
        losses: what sees the losses that were given.
    """

    def __init__(self, watch: Watch, losses: Sequence[LossWatch] = ()) -> None:
        self.watch, self.loss_watches = watch, losses
        for one in losses:
            one.start()
        self.ended, self.error = "finished", ""

    @property
    def running(self) -> bool:
        """Whether it still watches."""
        return _now is self

    @property
    def program(self) -> Program:
        """What was seen so far, as plain data."""
        if self.running:
            self.watch.take_stock()
        return self.watch.program(self.ended, self.error)

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with what was seen so far, best first, each with its line of code.

        Each rule with its bounds and their sources is in trickrun/findings/rules/program/.
        """
        return rules.findings(self.program)

    @property
    def watched_losses(self) -> list[WatchedLoss]:
        """What was seen of the losses that were given, as plain data."""
        return [one.told() for one in self.loss_watches]

    @property
    def losses(self) -> Columns:
        """The values of the losses that were given, as a dict of columns with one row per call.

        ``loss``: its class or name; ``step``: the backward passes before the call; ``value``: its
        mean over the batch; ``trained``: whether it has a gradient, and is no validation. Of many
        calls some are left out, evenly. pandas.DataFrame and polars.DataFrame take it as it is.
        """
        rows = [
            (step, one.name, value, trained)
            for one in self.watched_losses
            for steps, values, trained in (
                (one.steps, one.values, True),
                (one.tested_steps, one.tested, False),
            )
            for step, value in zip(steps, values, strict=True)
        ]
        # A validation comes between two training steps.
        rows.sort(key=lambda row: (row[0], row[3]))
        return {
            "step": [row[0] for row in rows],
            "loss": [row[1] for row in rows],
            "value": [row[2] for row in rows],
            "trained": [row[3] for row in rows],
        }

    def report(self) -> None:
        """Print what was seen so far and what is wrong with it, as ``trickrun watch`` does.

        It goes to stdout and may be called while watching goes on.
        """
        from trickrun.reporting.console import terminal
        from trickrun.reporting.watch import print_watched

        seen = self.program
        print_watched(seen, rules.findings(seen), terminal(), self.watched_losses)

    def stop(self) -> Self:
        """Stop watching; torch is as it was before. It may be called again."""
        global _now
        if self.running:
            _now = None
            for one in self.loss_watches:
                one.stop()
            self.watch.stop()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.ended = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            self.error = f"{type(error).__name__}: {error}"
        self.stop()
        self.report()

    def __repr__(self) -> str:
        state = "watching" if self.running else "watched"
        passes, found = self.watch.passes, len(self.findings)
        return f"<{state}: {passes} backward passes, {found} findings>"

    def _repr_html_(self) -> str:
        """The page, in a frame of its own: its style is not the notebook's."""
        from trickrun.reporting.watch import watch_page

        seen = self.program
        page = html.escape(watch_page(seen, rules.findings(seen), self.watched_losses))
        style = "width: 100%; height: 32em; border: 0"
        return f'<iframe srcdoc="{page}" style="{style}"></iframe>'


def watch(
    model: nn.Module | Sequence[nn.Module] | None = None,
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    loss: LossLike | Sequence[LossLike] | None = None,
    *,
    every: int = EVERY,
) -> Watching:
    """Watch all training in this process from now on; one that still watches is stopped.

    Use it as ``with trickrun.watch(model, optimizer):`` around a training loop; or keep what it
    returns, and ask it for ``findings``, or ``stop`` it.

    Args:
        model: what is going to train, or several. It need not be given: what is called is seen
            anyway. What is given is known even if nothing ever calls it.
        optimizer: the same, of what steps.
        loss: a module or a function that the training calls, or several. The mean of what it
            returns is then kept at each call, also without a gradient, as in a validation; see
            ``Watching.losses``.
        every: look into every Nth backward pass, after the first six.

    Returns:
        What watches, and tells of what it saw.

    Raises:
        TrickrunError: an argument is of another kind.
    """
    global _now
    from torch import nn
    from torch.optim import Optimizer

    from trickrun.api.loss_watch import LossWatch
    from trickrun.watching.places import name_files_from_here
    from trickrun.watching.watch import Watch

    models = several(model, nn.Module, "model", "an nn.Module")
    optimizers = several(optimizer, Optimizer, "optimizer", "an optimizer of torch.optim")
    losses = several(
        loss, Callable, "loss", "a module, such as nn.CrossEntropyLoss(), or a function"
    )
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise TrickrunError(f"this is {every!r}", "every", "give a whole number from 1")
    if _now is not None:
        _now.stop()
    name_files_from_here()
    begun = Watch(", ".join(type(one).__name__ for one in models) or "this program", every)
    begun.start()
    for one in models:
        begun.forward.known(one)
    for one in optimizers:
        begun.known_optimizer(one, None)
    _now = Watching(begun, [LossWatch(one, begun) for one in losses])
    return _now


def several(given: Any, kind: Any, name: str, wanted: str) -> list[Any]:
    """Return what was given as a list: nothing, one thing, or several.

    Raises TrickrunError if one of them is not of ``kind``.
    """
    found = list(given) if isinstance(given, list | tuple) else [given]
    if given is None:
        return []
    for one in found:
        # A class is callable, and is no loss.
        if not isinstance(one, kind) or isinstance(one, type):
            shown = f"the class {one.__name__}" if isinstance(one, type) else type(one).__name__
            raise TrickrunError(f"this is {shown}", name, f"give {wanted}, or a list of them")
    return found
