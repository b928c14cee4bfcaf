"""A callback of transformers' Trainer that watches it; imported only where it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trickrun.api.watching import Watching, watch
from trickrun.errors import TrickrunError
from trickrun.watching import EVERY

if TYPE_CHECKING:
    from transformers import TrainerCallback
else:
    try:
        from transformers import TrainerCallback
    except ImportError as error:
        hint = "pip install transformers"
        raise TrickrunError("transformers is not installed", "TransformersWatch", hint) from error


class TransformersWatch(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Watches ``trainer.train`` and prints at its end what is wrong, as ``trickrun watch`` does.

    ``Trainer(…, callbacks=[trickrun.TransformersWatch()])``; what it found stays in ``watching``.
    If the training raises an exception, ``watching.stop()`` and ``watching.report()`` tell.

    Args:
        every: look into every Nth backward pass, after the first six.

    Raises:
        TrickrunError: transformers is not installed (at the import), or ``every`` is no whole
            number from 1 (when the training begins).
    """

    def __init__(self, every: int = EVERY) -> None:
        self.every = every
        self.watching: Watching | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Begin with the training."""
        # The Trainer may give its optimizer wrapped.
        optimizer = getattr(given.get("optimizer"), "optimizer", given.get("optimizer"))
        self.watching = watch(given.get("model"), optimizer, every=self.every)

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """End with it."""
        if self.watching is not None and self.watching.running:
            self.watching.stop().report()
