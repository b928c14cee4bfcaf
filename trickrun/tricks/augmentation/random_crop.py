from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.params import Margin, Repeats
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._warp import BORDER, Outside

if TYPE_CHECKING:
    import torch

PAD_MODES = {"zeros": "constant", "border": "replicate", "reflection": "reflect"}


class RandomCrop(Augmentation):
    """Pad each image and cut a window of its old size out of it, at a place of its own.

    Formula: pad(x)[i + dy, j + dx] with dy and dx drawn from 0..2 pad, all equally likely.
    When: small photos; with flip it is the usual pair for CIFAR.
    Defaults: a border of 4 zeros as in He et al. for 32 by 32 pixels, one crop per image.
    Interactions: with crops above 1 each image is in the batch that many times, with a new crop
        each time: a step costs as much as with a larger batch.
    Source: He et al. 2016, Deep Residual Learning, arXiv:1512.03385; several crops: Hoffer et al.
        2019, Augment your batch, arXiv:1901.09335.
    """

    main: ClassVar[str | None] = "pad"

    kind: Literal["random_crop"] = "random_crop"
    pad: Margin = Field(default=4, description="pixels added on each side before cropping")
    outside: Outside = Field(default="zeros", description=BORDER)
    crops: Repeats = Field(default=1, description="crops of each image in a row in the batch")

    @property
    def trains_alone(self) -> bool:
        """Trials of one stack have batches of one size."""
        return self.crops > 1

    @property
    def off(self) -> bool:
        return self.pad == 0 and self.crops == 1

    def check(self, shape: tuple[int, ...], where: str) -> None:
        super().check(shape, where)
        if self.outside == "reflection" and self.pad >= min(shape[1:]):
            raise CompileError(
                f"{self.pad} pixels cannot be mirrored at the edge of {shape[1]}x{shape[2]}",
                where,
                f"set pad to {min(shape[1:]) - 1} or less, or outside to border",
            )

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = repeated(x, y, self.crops)
        return cropped(x, self.pad, self.outside, generator), y


def repeated(x: torch.Tensor, y: torch.Tensor, times: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a batch in which each sample stands ``times`` times in a row."""
    if times == 1:
        return x, y
    return x.repeat_interleave(times, dim=0), y.repeat_interleave(times, dim=0)


def cropped(
    x: torch.Tensor, pad: int, outside: Outside, generator: torch.Generator
) -> torch.Tensor:
    """Return windows of images ``x`` [N, C, H, W], moved by up to ``pad`` pixels each way."""
    import torch

    size = (2, len(x))
    places = torch.randint(2 * pad + 1, size, generator=generator, device=x.device)
    return windows(x, pad, outside, places)


def windows(x: torch.Tensor, pad: int, outside: Outside, places: torch.Tensor) -> torch.Tensor:
    """Return the windows of padded images ``x`` [N, C, H, W] at rows and columns ``places``
    [2, N], counted from the padded image's corner."""
    import torch
    from torch.nn import functional

    height, width = x.shape[2:]
    padded = functional.pad(x, (pad,) * 4, mode=PAD_MODES[outside])
    # A view [N, C, ends, ends, H, W] of every window; each sample copies one of its own.
    every = padded.unfold(2, height, 1).unfold(3, width, 1)
    return every[torch.arange(len(x), device=x.device), :, places[0], places[1]]
