"""The normalization layers that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.normalization.base import Normalization
from trickrun.tricks.normalization.batch import Batch
from trickrun.tricks.normalization.ghost_batch import GhostBatch
from trickrun.tricks.normalization.group import Group
from trickrun.tricks.normalization.instance import Instance
from trickrun.tricks.normalization.layer import Layer
from trickrun.tricks.normalization.none import NoNormalization
from trickrun.tricks.normalization.rms import RMS
from trickrun.tricks.normalization.spectral import Spectral
from trickrun.tricks.normalization.weight import Weight

AnyNormalization = Annotated[
    NoNormalization | Batch | Layer | Group | RMS | Instance | GhostBatch | Weight | Spectral,
    Field(discriminator="kind"),
]

__all__ = [
    "RMS",
    "AnyNormalization",
    "Batch",
    "GhostBatch",
    "Group",
    "Instance",
    "Layer",
    "NoNormalization",
    "Normalization",
    "Spectral",
    "Weight",
]
