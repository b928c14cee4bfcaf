from __future__ import annotations

import json
from dataclasses import replace
from math import pi
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.data._data import Data
from trickrun.data.formats.arrays import source_from_arrays
from trickrun.data.formats.memory import beyond_memory
from trickrun.data.splits.keys import indexed
from trickrun.data.splits.source import Source
from trickrun.errors import DataError
from trickrun.nn.rng import generator
from trickrun.params import MOST, Count, CountOrZero, NonNegative, Seed, TwoOrMore

if TYPE_CHECKING:
    import torch

FLOAT32 = 4
"""Bytes of a value."""

Size = Literal["features", "classes", "steps"]

SIZES: dict[Size, dict[str, int]] = {
    "features": {"blobs": 2, "xor": 2, "linear": 10, "quadratic": 1},
    "classes": {"blobs": 3, "spiral": 3, "recall": 4},
    "steps": {"adding": 20, "recall": 20},
}
"""The families that take a number of features, classes or steps, with its default."""

VALUES = ("linear", "sine", "quadratic", "adding")
"""The families whose targets are values; those of the others are classes."""


class Synthetic(Data):
    """Samples drawn from a formula: as many as wanted, as noisy as wanted.

    Formula: blobs: classes around the points of a circle. moons: two half circles that interlock.
        circles: one circle inside the other. spiral: arms of a spiral, one per class. xor: the
        class says whether the first two of uniform features differ in sign. sine: y = sin(2 pi
        turns x) for x in -1..1. linear: y = w x + 1 with normal x and w. quadratic: y = mean of x²
        for x in -1..1. Sequences: adding: y is the sum of the two numbers in 0..1 that a second
        feature marks, one in each half. recall: the first step shows the class, all others nothing.
    When: to know what a network should find, and to try a recipe in a second.
    Defaults: noise is the standard deviation of what is added to each coordinate (sine and
        linear, quadratic and adding: to y); points lie within about 1 of the origin. A mean as the
        answer has a squared error of 1/6 on adding. ``irrelevant`` features are normal noise
        after the others, which a penalty should find out.
    Source: blobs, moons, circles follow sklearn.datasets; spiral follows CS231n's case study;
        adding and recall follow Hochreiter & Schmidhuber 1997, Long Short-Term Memory.
    """

    table: ClassVar[bool] = True
    own_split: ClassVar[bool | None] = False

    kind: Literal["synthetic"] = "synthetic"
    family: Literal[
        "blobs", "moons", "circles", "spiral", "xor", "linear", "sine", "quadratic", "adding",
        "recall",
    ] = Field(
        description="the formula; linear, sine, quadratic, adding are regression, others classes"
    )  # fmt: skip
    n: Annotated[int, Field(ge=10, le=MOST)] = Field(default=1000, description="number of samples")
    noise: NonNegative = Field(default=0.1, description="standard deviation of the added noise")
    seed: Seed = Field(default=0, description="of the samples, separate from the recipe's seed")
    features: Count | None = Field(
        default=None, description="inputs of blobs (2), xor (2), linear (10) or quadratic (1)"
    )
    classes: TwoOrMore | None = Field(
        default=None, description="classes of blobs (3), spiral (3) or recall (4)"
    )
    steps: TwoOrMore | None = Field(
        default=None, description="length of the sequences of adding (20) or recall (20)"
    )
    turns: Count | None = Field(
        default=None, description="periods of sine in a unit of x (1): many are hard to learn"
    )
    irrelevant: CountOrZero = Field(
        default=0, description="additional features without information; not for sequences"
    )

    @model_validator(mode="after")
    def _sizes_fit_the_family(self) -> Synthetic:
        if self.irrelevant and self.family in SIZES["steps"]:
            raise ValueError(f"{self.family} is a sequence, which takes no irrelevant features")
        for name, families in SIZES.items():
            if getattr(self, name) is not None and self.family not in families:
                raise ValueError(f"{self.family} takes no {name}; {', '.join(families)} do")
        if self.turns is not None and self.family != "sine":
            raise ValueError(f"{self.family} takes no turns; sine does")
        if self.features == 1 and self.family not in ("linear", "quadratic"):
            raise ValueError(f"{self.family} needs at least 2 features")
        return self

    @property
    def task(self) -> Literal["classification", "regression"]:
        """What the family asks for."""
        return "regression" if self.family in VALUES else "classification"

    def load(self, folder: Path) -> Source:
        import torch

        self.check_size()
        draw = generator(self.seed, "synthetic", self.family)
        x, y = self.sample(draw)
        if self.irrelevant:
            # From a stream of their own, so that the other features stay as they are.
            apart = generator(self.seed, "synthetic", "irrelevant")
            x = torch.cat([x, torch.randn(self.n, self.irrelevant, generator=apart)], dim=1)
        noise = torch.randn(y.shape if y.is_floating_point() else x.shape, generator=draw)
        if y.is_floating_point():
            y = y + self.noise * noise
            found = source_from_arrays({"train": (x, y)}, self.task, "data", ("y",))
        else:
            found = source_from_arrays({"train": (x + self.noise * noise, y)}, self.task, "data")
        return replace(found, identify=lambda: indexed({"train": self.n}, self.drawn_as()))

    def check_size(self) -> None:
        """Raise DataError if the samples need more memory than there is: twice their float32, as
        noise of the same shape is added."""
        features = self.size("features") if self.family in SIZES["features"] else 2
        steps = self.size("steps") if self.family in SIZES["steps"] else 1
        needed = 2 * FLOAT32 * self.n * steps * (features + self.irrelevant)
        if told := beyond_memory(needed):
            raise DataError(
                f"{self.n} samples take {told}",
                "data.n",
                "draw fewer samples, or smaller ones",
            )

    def drawn_as(self) -> str:
        """Return what decides which samples are drawn; their last bits may be the processor's."""
        own = self.model_dump(include={"family", "n", "noise", "seed", "irrelevant", *SIZES})
        if self.turns is not None:  # what was drawn before there were any keeps its name
            own["turns"] = self.turns
        return json.dumps({"revision": self.revision, **own}, sort_keys=True)

    def sample(self, draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs [n, features] or [n, steps, features] and targets [n] before noise: int64
        for classes."""
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
                return x, torch.sin(2 * pi * (self.turns or 1) * x[:, 0])
            case "quadratic":
                x = 2 * torch.rand(self.n, self.size("features"), generator=draw) - 1
                return x, x.square().mean(dim=1)
            case "adding":
                return adding(self.n, self.size("steps"), draw)
            case "recall":
                classes = self.size("classes")
                return recall(index % classes, self.size("steps"), classes), index % classes
            case "linear":
                weight = torch.randn(self.size("features"), generator=draw)
                x = torch.randn(self.n, len(weight), generator=draw)
                return x, x @ weight + 1

    def size(self, name: Size) -> int:
        """Return the number of features, classes or steps: the recipe's, or the family's own."""
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


def adding(count: int, steps: int, draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return [count, steps, 2] numbers in 0..1 beside marks, and the sums of the marked [count]."""
    import torch

    numbers = torch.rand(count, steps, generator=draw)
    half = steps // 2
    first = torch.randint(half, (count,), generator=draw)
    second = torch.randint(half, steps, (count,), generator=draw)
    rows = torch.arange(count)
    marks = torch.zeros(count, steps)
    marks[rows, first] = marks[rows, second] = 1
    return torch.stack([numbers, marks], dim=2), (numbers * marks).sum(1)


def recall(y: torch.Tensor, steps: int, classes: int) -> torch.Tensor:
    """Return [N, steps, classes] zeros whose first step shows the class ``y`` [N] by a 1."""
    import torch

    x = torch.zeros(len(y), steps, classes)
    x[torch.arange(len(y)), 0, y] = 1
    return x
