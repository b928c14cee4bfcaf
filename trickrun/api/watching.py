"""Watching a training in Python: a context manager, and an object for notebooks."""

from __future__ import annotations

import html
from types import TracebackType
from typing import TYPE_CHECKING, Self

from trickrun.findings.rules import program as rules
from trickrun.watching import EVERY

if TYPE_CHECKING:
    import torch
    from torch import nn

    from trickrun.findings.evidence.program import Program
    from trickrun.findings.finding import Finding
    from trickrun.watching.watch import Watch

_now: Watching | None = None
"""What watches now: at most one, as each puts itself in torch's way."""


class Watching:
    """What watches all training in this process, from when it was made until ``stop``.

    As a context manager it ends with the block, and prints what it found. In a notebook its last
    line shows the same as a page. It changes no number of the training.

    Args:
        watch: that has begun.
    """

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
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
        """What is wrong with what was seen so far, best first, each with its line of code."""
        return rules.findings(self.program)

    def report(self) -> None:
        """Print what was seen so far and what is wrong with it, as ``trickrun watch`` does."""
        from trickrun.reporting.console import terminal
        from trickrun.reporting.watch import print_watched

        seen = self.program
        print_watched(seen, rules.findings(seen), terminal())

    def stop(self) -> Self:
        """Stop watching; torch is as it was before. It may be called again."""
        global _now
        if self.running:
            _now = None
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
        page = html.escape(watch_page(seen, rules.findings(seen)))
        style = "width: 100%; height: 32em; border: 0"
        return f'<iframe srcdoc="{page}" style="{style}"></iframe>'


def watch(
    model: nn.Module | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    every: int = EVERY,
) -> Watching:
    """Watch all training in this process from now on; one that still watches is stopped.

    Args:
        model: what is going to train. It need not be given: what is called and stepped is seen
            anyway. What is given is known even if nothing ever calls it.
        optimizer: what is going to train it; the same holds for it.
        every: look into every Nth backward pass.

    Use it as ``with trickrun.watch(model, optimizer):`` around a training loop; or keep what it
    returns, and ask it for ``findings``, or ``stop`` it.
    """
    global _now
    from trickrun.watching.watch import Watch

    if _now is not None:
        _now.stop()
    begun = Watch("this program" if model is None else type(model).__name__, every)
    begun.start()
    if model is not None:
        begun.forward.known(model)
    if optimizer is not None:
        begun.known_optimizer(optimizer, None)
    _now = Watching(begun)
    return _now
