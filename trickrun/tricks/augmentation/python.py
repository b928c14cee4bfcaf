from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.params import PythonTarget
from trickrun.tricks.augmentation._augmentation import Augment, Augmentation, Stage, Takes
from trickrun.user_code import call, resolve

if TYPE_CHECKING:
    import torch


class PythonAugmentation(PythonTarget, Augmentation):
    """Your own augmentation: ``f(x, y, generator, **args)`` returns ``x, y``.

    Formula: yours. x is a float batch [N, ...], y the targets as the loss compares them.
    When: an augmentation that trickrun does not have.
    Defaults: it sees the raw inputs, before data.normalize.
    Interactions: draw from ``generator`` alone, which is on the batch's device: then a run can be
        repeated and resumed exactly.
    Source: yours.
    """

    takes: ClassVar[Takes] = "numbers"

    example: ClassVar[str] = """\
def noisy(x, y, generator, std=0.1):
    noise = torch.randn(x.shape, generator=generator, device=x.device)
    return x + std * noise, y
"""

    kind: Literal["python"] = "python"
    stage_: Stage = Field(
        default="raw", alias="stage", description="before or after data.normalize"
    )

    def check_tokens(self, where: str) -> None:
        """Leave it to the user's code."""

    @property
    def stage(self) -> Stage:
        return self.stage_

    @property
    def off(self) -> bool:
        return False

    def build(self, folder: Path) -> Augment:
        function = resolve(self.target, folder, self.taught)

        def augment(
            x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
        ) -> tuple[torch.Tensor, torch.Tensor]:
            changed = call(
                function, self.target, x, y, generator, args=self.args, teach=self.taught
            )
            return checked_batch(changed, x, self.target)

        return augment


def checked_batch(
    changed: object, x: torch.Tensor, target: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what user code made of the batch ``x``; CompileError if it is no such batch."""
    import torch

    match changed:
        case (torch.Tensor() as inputs, torch.Tensor() as targets):
            if inputs.shape == x.shape and len(targets) == len(x):
                return inputs.to(x), targets
            returned = f"shapes {list(inputs.shape)} and {list(targets.shape)}"
        case _:
            returned = type(changed).__name__
    raise CompileError(
        f"for a batch of shape {list(x.shape)} it returned {returned}",
        target,
        PythonAugmentation.taught("return x, y: tensors of as many samples, x of the shape it had"),
    )
