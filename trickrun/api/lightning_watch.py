"""A callback of Lightning that watches a fit; imported only where it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trickrun.api.watching import Watching, watch
from trickrun.errors import TrickrunError
from trickrun.watching import EVERY

if TYPE_CHECKING:
    from lightning.pytorch import Callback
else:
    try:
        from lightning.pytorch import Callback
    except ImportError as error:
        hint = "pip install lightning"
        raise TrickrunError("lightning is not installed", "LightningWatch", hint) from error


class LightningWatch(Callback):  # type: ignore[misc, unused-ignore]
    """Watches ``trainer.fit`` and prints at its end what is wrong, as ``trickrun watch`` does.

    ``Trainer(callbacks=[trickrun.LightningWatch()])``; what it found stays in ``watching``.

    Args:
        every: look into every Nth backward pass, after the first six.

    Raises:
        TrickrunError: lightning is not installed (at the import), or ``every`` is no whole number
            from 1 (when the training begins).
    """

    def __init__(self, every: int = EVERY) -> None:
        super().__init__()
        self.every = every
        self.watching: Watching | None = None

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin before the optimizers are made."""
        if stage == "fit":
            self.watching = watch(pl_module, every=self.every)
            # The fit gives torch's anomaly mode back as it finds it: it must be off until then.
            self.watching.watch.close_look()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Look into the first steps."""
        if self.watching is not None and self.watching.running:
            self.watching.watch.open_look()

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """End with the fit."""
        if self.watching is not None and self.watching.running:
            self.watching.stop().report()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End with an exception."""
        if self.watching is not None and self.watching.running:
            self.watching.__exit__(type(exception), exception, exception.__traceback__)
