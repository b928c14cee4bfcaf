from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative
from trickrun.tricks.regularizers._climb import Climb

if TYPE_CHECKING:
    import torch


class SAM(Climb):
    """Sharpness-aware minimisation: step by the gradient at the worst point nearby.

    Formula: g(w + rho * g(w) / ||g(w)||) in place of g(w), the norm over all parameters together.
    When: the last point or two of accuracy, where twice the time per step is acceptable.
    Defaults: rho 0.05, the paper's.
    Interactions: two forward and backward passes per step, with the same dropout masks; batch
        norm's running statistics see the first one only. Penalties count at w, and not in the
        climb. The logged loss is that at w.
    Source: Foret et al. 2021, Sharpness-Aware Minimization, arXiv:2010.01412.
    """

    ledger_order: ClassVar[int] = 50

    main: ClassVar[str | None] = "rho"

    kind: ClassVar[Literal["sam"]] = "sam"
    rho: NonNegative = Field(default=0.05, description="length of the climb; 0 is off")

    @property
    def off(self) -> bool:
        return self.rho == 0

    @contextmanager
    def climbed(self, parameters: Sequence[torch.Tensor]) -> Iterator[None]:
        """Move ``parameters`` by rho along their gradients, which are taken away; at the end put
        them back to the bit."""
        import torch

        moved = [p for p in parameters if p.grad is not None]
        gradients = [p.grad for p in moved if p.grad is not None]
        before = [p.detach().clone() for p in moved]
        with torch.no_grad():
            scale = self.rho / (torch.nn.utils.get_total_norm(gradients) + 1e-12)
            for parameter, gradient in zip(moved, gradients, strict=True):
                parameter.add_(gradient * scale)
                parameter.grad = None
        yield
        with torch.no_grad():
            for parameter, value in zip(moved, before, strict=True):
                parameter.copy_(value)
