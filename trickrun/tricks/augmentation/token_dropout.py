from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.data.formats.tokens import PADDING, UNKNOWN
from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation, Takes

if TYPE_CHECKING:
    import torch


class TokenDropout(Augmentation):
    """Replace tokens of a text by the unknown one, each with probability p.

    Formula: x_t = <unknown> with probability p; padding stays.
    When: texts; it keeps a network from relying on single words, and trains what ``<unknown>``
        means, which the training split itself never has.
    Defaults: p = 0.1; 0.3 is usual for bags of words.
    Source: Iyyer et al. 2015, Deep Unordered Composition Rivals Syntactic Methods for Text
        Classification; Bowman et al. 2016, arXiv:1511.06349.
    """

    main: ClassVar[str | None] = "p"
    takes: ClassVar[Takes] = "tokens"

    kind: Literal["token_dropout"] = "token_dropout"
    p: Probability = Field(default=0.1, description="probability that a token is replaced")

    @property
    def off(self) -> bool:
        return self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        draws = torch.rand(x.shape, generator=generator, device=x.device)
        return torch.where((draws < self.p) & (x != PADDING), UNKNOWN, x), y
