"""trickrun: a recipe declares the training tricks, a command runs a step of the checklist.

The same from Python: docs/python.md. Nothing but this file is imported until it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trickrun.api.checklist import checklist as checklist
    from trickrun.api.checks import grad_check as grad_check
    from trickrun.api.checks import initial_loss as initial_loss
    from trickrun.api.checks import lr_find as lr_find
    from trickrun.api.checks import overfit_batch as overfit_batch
    from trickrun.api.checks import signal as signal
    from trickrun.api.comparison import ablate as ablate
    from trickrun.api.comparison import compare as compare
    from trickrun.api.comparison import seeds as seeds
    from trickrun.api.diagnose import diagnose as diagnose
    from trickrun.api.lightning_watch import LightningWatch as LightningWatch
    from trickrun.api.recipes import load as load
    from trickrun.api.recipes import train as train
    from trickrun.api.runs import Run as Run
    from trickrun.api.runs import runs as runs
    from trickrun.api.transformers_watch import TransformersWatch as TransformersWatch
    from trickrun.api.watching import Watching as Watching
    from trickrun.api.watching import watch as watch
    from trickrun.errors import TrickrunError as TrickrunError
    from trickrun.findings.finding import Finding as Finding
    from trickrun.findings.verdict import Verdict as Verdict

__version__ = "0.1.0"

__all__ = [
    "Finding",
    "LightningWatch",
    "Run",
    "TransformersWatch",
    "TrickrunError",
    "Verdict",
    "Watching",
    "ablate",
    "checklist",
    "compare",
    "diagnose",
    "grad_check",
    "initial_loss",
    "load",
    "lr_find",
    "overfit_batch",
    "runs",
    "seeds",
    "signal",
    "train",
    "watch",
]

PLACES = {
    "Finding": "findings.finding",
    "LightningWatch": "api.lightning_watch",
    "Run": "api.runs",
    "TransformersWatch": "api.transformers_watch",
    "TrickrunError": "errors",
    "Verdict": "findings.verdict",
    "Watching": "api.watching",
    "ablate": "api.comparison",
    "checklist": "api.checklist",
    "compare": "api.comparison",
    "diagnose": "api.diagnose",
    "grad_check": "api.checks",
    "initial_loss": "api.checks",
    "load": "api.recipes",
    "lr_find": "api.checks",
    "overfit_batch": "api.checks",
    "runs": "api.runs",
    "seeds": "api.comparison",
    "signal": "api.checks",
    "train": "api.recipes",
    "watch": "api.watching",
}
"""Where each name of the Python API is written."""


if not TYPE_CHECKING:  # a type checker knows all names by the imports above

    def __getattr__(name: str) -> Any:
        if name not in PLACES:
            raise AttributeError(f"module 'trickrun' has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"trickrun.{PLACES[name]}"), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *PLACES})
