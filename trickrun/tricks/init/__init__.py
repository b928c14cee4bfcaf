"""The init schemes that a recipe can name."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from trickrun.tricks.init.auto import Auto
from trickrun.tricks.init.base import GainInit, Init
from trickrun.tricks.init.constant import Constant
from trickrun.tricks.init.depth_scaled import DepthScaled
from trickrun.tricks.init.fixup import Fixup
from trickrun.tricks.init.forget_bias import ForgetBias
from trickrun.tricks.init.head_bias import HeadBias
from trickrun.tricks.init.identity import Identity
from trickrun.tricks.init.kaiming_normal import KaimingNormal
from trickrun.tricks.init.kaiming_uniform import KaimingUniform
from trickrun.tricks.init.lecun_normal import LecunNormal
from trickrun.tricks.init.lecun_uniform import LecunUniform
from trickrun.tricks.init.lsuv import LSUV
from trickrun.tricks.init.normal import Normal
from trickrun.tricks.init.orthogonal import Orthogonal
from trickrun.tricks.init.positive_uniform import PositiveUniform
from trickrun.tricks.init.scaled_normal import ScaledNormal
from trickrun.tricks.init.sparse import Sparse
from trickrun.tricks.init.torch_default import TorchDefault
from trickrun.tricks.init.truncated_normal import TruncatedNormal
from trickrun.tricks.init.uniform import Uniform
from trickrun.tricks.init.variance_scaling import VarianceScaling
from trickrun.tricks.init.xavier_normal import XavierNormal
from trickrun.tricks.init.xavier_uniform import XavierUniform
from trickrun.tricks.init.zero_gamma import ZeroGamma
from trickrun.tricks.init.zeros import Zeros

Scheme = (
    Auto
    | KaimingNormal
    | KaimingUniform
    | XavierNormal
    | XavierUniform
    | LecunNormal
    | LecunUniform
    | Orthogonal
    | Normal
    | TruncatedNormal
    | Uniform
    | ScaledNormal
    | VarianceScaling
    | LSUV
    | Sparse
    | Identity
    | TorchDefault
    | PositiveUniform
    | Constant
    | Zeros
)
AnyInit = Annotated[Scheme, Field(discriminator="kind")]

# An init's `head` is again any init, a type that exists only now. The bases Init and GainInit are
# never made themselves: completing them too would take 20 ms of every command's start.
for _scheme in get_args(Scheme):
    _scheme.model_rebuild(_types_namespace={"AnyInit": AnyInit})

__all__ = [
    "LSUV",
    "AnyInit",
    "Auto",
    "Constant",
    "DepthScaled",
    "Fixup",
    "ForgetBias",
    "GainInit",
    "HeadBias",
    "Identity",
    "Init",
    "KaimingNormal",
    "KaimingUniform",
    "LecunNormal",
    "LecunUniform",
    "Normal",
    "Orthogonal",
    "PositiveUniform",
    "ScaledNormal",
    "Sparse",
    "TorchDefault",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "XavierNormal",
    "XavierUniform",
    "ZeroGamma",
    "Zeros",
]
