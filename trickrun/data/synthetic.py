from __future__ import annotations

from math import pi
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from trickrun.data.arrays import source_from_arrays
from trickrun.data.base import Data, Source
from trickrun.params import NonNegative, Seed
from trickrun.streams import generator

if TYPE_CHECKING:
    import torch

SIZES = {"features": {"blobs": 2, "xor": 2, "linear": 10}, "classes": {"blobs": 3, "spiral": 3}}
"""The families that take a number of features or classes, with its default."""


class Synthetic(Data):
    """Samples drawn from a formula: as many as wanted, as noisy as wanted.

    Formula: blobs: classes around the points of a circle. moons: two half circles that interlock.
        circles: one circle inside the other. spiral: arms of a spiral, one a class. xor: the
        class says whether the first two of uniform features differ in sign. sine: y = sin(2 pi x)
        for x in -1..1. linear: y = w x + 1 with normal x and w.
    When: to know what a network should find, and to try a recipe in a second.
    Defaults: noise is the standard deviation of what is added to each coordinate (sine and
        linear: to y); points lie within about 1 of the origin.
    Source: blobs, moons, circles follow sklearn.datasets; spiral follows CS231n's case study.
    """

    kind: Literal["synthetic"] = "synthetic"
    family: Literal["blobs", "moons", "circles", "spiral", "xor", "linear", "sine"] = Field(
        description="the formula: linear and sine are regression, the others classes"
    )
    n: Annotated[int, Field(ge=10)] = Field(default=1000, description="number of samples")
    noise: NonNegative = Field(default=0.1, description="standard deviation of what is added")
    seed: Seed = Field(default=0, description="of the samples, apart from the recipe's seed")
    features: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="inputs of blobs (2), xor (2) or linear (10)"
    )
    classes: Annotated[int, Field(ge=2)] | None = Field(
        default=None, description="classes of blobs (3) or spiral (3)"
    )

    @model_validator(mode="after")
    def _sizes_fit_the_family(self) -> Synthetic:
        for name, families in SIZES.items():
            if getattr(self, name) is not None and self.family not in families:
                raise ValueError(f"{self.family} takes no {name}; {', '.join(families)} do")
        if self.features == 1 and self.family != "linear":
            raise ValueError(f"{self.family} needs at least 2 features")
        return self

    def load(self, folder: Path) -> Source:
        import torch

        draw = generator(self.seed, "synthetic", self.family)
        x, y = self.sample(draw)
        noise = torch.randn(y.shape if y.is_floating_point() else x.shape, generator=draw)
        if y.is_floating_point():
            y = y + self.noise * noise
            return source_from_arrays({"train": (x, y)}, "regression", "data", ("y",))
        return source_from_arrays({"train": (x + self.noise * noise, y)}, "classification", "data")

    def sample(self, draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs [n, features] and targets [n] before noise: int64 for classes."""
        import torch

        index = torch.arange(self.n)
        match self.family:
            case "blobs":
                return self.blobs(index % self.size("classes"))
            case "moons":
                return moons(torch.rand(self.n, generator=draw), index % 2)
            case "circles":
                angle = 2 * pi * torch.rand(self.n, generator=draw)
                return on_circle(angle, 1.0 - 0.5 * (index % 2)), index % 2
            case "spiral":
                classes = self.size("classes")
                return spiral(torch.rand(self.n, generator=draw), index % classes, classes)
            case "xor":
                x = 2 * torch.rand(self.n, self.size("features"), generator=draw) - 1
                return x, (x[:, 0] * x[:, 1] < 0).long()
            case "sine":
                x = 2 * torch.rand(self.n, 1, generator=draw) - 1
                return x, torch.sin(2 * pi * x[:, 0])
            case "linear":
                weight = torch.randn(self.size("features"), generator=draw)
                x = torch.randn(self.n, len(weight), generator=draw)
                return x, x @ weight + 1

    def size(self, name: Literal["features", "classes"]) -> int:
        """Return the number of features or classes, the family's own if the recipe has none."""
        given: int | None = getattr(self, name)
        return SIZES[name][self.family] if given is None else given

    def blobs(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return each sample's center: on a circle in the first two features, 0 in the others."""
        import torch

        x = torch.zeros(self.n, self.size("features"))
        x[:, :2] = on_circle(2 * pi * y / self.size("classes"), torch.ones(self.n))
        return x, y


def on_circle(angle: torch.Tensor, radius: torch.Tensor) -> torch.Tensor:
    """Return points [N, 2] for angles [N] in radians and radii [N]."""
    import torch

    return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)


def moons(place: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points at ``place`` [N] in 0..1 along the upper (0) or the lower (1) half circle."""
    import torch

    upper = on_circle(pi * place, torch.ones_like(place))
    lower = torch.stack([1 - upper[:, 0], 0.5 - upper[:, 1]], dim=1)
    return torch.where(y[:, None] == 0, upper, lower) - torch.tensor([0.5, 0.25]), y


def spiral(place: torch.Tensor, y: torch.Tensor, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points at ``place`` [N] in 0..1 from the center along arm ``y``: 4 radians an arm."""
    return on_circle(4 * place + 2 * pi * y / classes, place), y
