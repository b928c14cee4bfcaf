from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from trickrun.errors import CompileError
from trickrun.params import PythonTarget
from trickrun.tricks.optimizers._optimizer import Optimizer
from trickrun.user_code import call, resolve

if TYPE_CHECKING:
    import torch


class PythonOptimizer(PythonTarget, Optimizer):
    """Your own optimizer: ``f(params, lr, **args)`` returns a torch.optim.Optimizer.

    Formula: yours.
    When: an optimizer that trickrun does not have.
    Defaults: lr 1e-3.
    Interactions: the schedule scales the lr of each parameter group, those that your code makes
        included.
    Source: yours.
    """

    example: ClassVar[str] = """\
def optimizer(params, lr, momentum=0.9):
    # params: the network's parameters, or groups of them
    return torch.optim.SGD(params, lr=lr, momentum=momentum)
"""

    kind: Literal["python"] = "python"

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        # Groups that set nothing apart become the plain list that most code expects.
        plain = all(group.keys() == {"params"} for group in groups)
        params = [p for group in groups for p in group["params"]] if plain else groups
        optimizer = call(
            resolve(self.target, folder, self.taught),
            self.target,
            params,
            self.lr,
            args=self.args,
            teach=self.taught,
        )
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise CompileError(
                f"it returned a {type(optimizer).__name__}, not a torch.optim.Optimizer",
                self.target,
                self.taught("return an instance of torch.optim.Optimizer or of a subclass"),
            )
        return optimizer
