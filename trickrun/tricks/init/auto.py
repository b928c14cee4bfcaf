from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.params import Params
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class Auto(Init):
    """Choose by the model: kaiming_normal for the built-in ones, python models stay as built.

    Formula: see kaiming_normal; its gain follows each layer's activation.
    When: always, unless you know better; it is the default.
    Defaults: none of its own. In a python model a ``bias`` or ``head`` that is given still acts.
    Source: trickrun's choice; He et al. 2015 for the scheme.
    """

    usual: ClassVar[bool] = True

    kind: Literal["auto"] = "auto"

    @property
    def stands_for(self) -> tuple[type[Params], ...]:
        from trickrun.tricks.init.kaiming_normal import KaimingNormal

        return (KaimingNormal,)

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from trickrun.tricks.init.kaiming_normal import KaimingNormal

        KaimingNormal().fill(weight, gain, generator)
