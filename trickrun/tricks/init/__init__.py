"""The init schemes that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.init.auto import Auto
from trickrun.tricks.init.base import Init
from trickrun.tricks.init.kaiming_normal import KaimingNormal

AnyInit = Annotated[Auto | KaimingNormal, Field(discriminator="kind")]

# An init's `head` is again any init, a type that exists only now.
for _scheme in (Init, Auto, KaimingNormal):
    _scheme.model_rebuild(_types_namespace={"AnyInit": AnyInit})

__all__ = ["AnyInit", "Auto", "Init", "KaimingNormal"]
