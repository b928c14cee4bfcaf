from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.models._model import Blocks, BuiltinModel, check_image, too_small
from trickrun.params import Count, Counts

if TYPE_CHECKING:
    from torch import nn


class CNN(BuiltinModel):
    """Convolutions with max pooling, then fully connected layers.

    Formula: h = pool(activation(conv(h))) for each of ``channels``, then an mlp on all of h.
    When: images, as the first network that knows about neighbouring pixels.
    Defaults: 3 by 3 kernels that keep the size and pooling by 2, as in VGG, two layers of it.
    Interactions: each pooling divides the image's size, so small images bear few layers.
    Source: LeCun et al. 1998, Gradient-based learning applied to document recognition; Simonyan &
        Zisserman 2014, arXiv:1409.1556.
    """

    channels_last: ClassVar[bool] = True
    units_parameter: ClassVar[str | None] = "hidden"

    kind: Literal["cnn"] = "cnn"
    channels: Annotated[Counts, Field(min_length=1)] = Field(
        default=(32, 64), description="output channels of each convolution"
    )
    kernel: Count | Counts = Field(
        default=3, description="width and height of the kernels; a list gives one per convolution"
    )
    padding: Literal["same", "valid"] = Field(
        default="same", description="same: zeros around keep the size (odd kernels); valid: none"
    )
    pool: Count = Field(
        default=2, description="max pooling after each convolution shrinks by this; 1 is none"
    )
    hidden: Counts = Field(
        default=(128,), description="units of the fully connected layers before the head; may be []"
    )

    @property
    def kernels(self) -> tuple[int, ...]:
        """The kernel size of each convolution."""
        return (self.kernel,) * len(self.channels) if isinstance(self.kernel, int) else self.kernel

    @model_validator(mode="after")
    def _kernels_fit(self) -> CNN:
        if len(self.kernels) != len(self.channels):
            raise ValueError(
                f"kernel has {len(self.kernels)} sizes for {len(self.channels)} convolutions"
            )
        if self.padding == "same" and any(size % 2 == 0 for size in self.kernels):
            raise ValueError(
                "an even kernel cannot keep the size: use an odd one, or padding valid"
            )
        return self

    @property
    def hidden_layers(self) -> int:
        return len(self.channels) + len(self.hidden)

    @property
    def hidden_units(self) -> tuple[int, ...]:
        return self.hidden

    @property
    def hidden_channels(self) -> tuple[int, ...]:
        return self.channels

    def fan_ins(self, inputs: tuple[int, ...] | None) -> tuple[int, ...]:
        """Return the inputs of a unit of each layer; the first fully connected one is left out, as
        its inputs depend on the image's size."""
        known = self.channels[:-1] if inputs is None else (inputs[0], *self.channels[:-1])
        kernels = self.kernels[-len(known) :] if known else ()
        convolutions = (n * k**2 for n, k in zip(known, kernels, strict=True))
        return (*convolutions, *self.hidden)

    def build(self, blocks: Blocks, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        from torch import nn

        height, width = self.final_size(inputs)
        layers: OrderedDict[str, nn.Module] = OrderedDict(blocks.before())
        channels = inputs[0]
        depth = len(self.channels) + len(self.hidden)
        for index, (out, kernel) in enumerate(zip(self.channels, self.kernels, strict=True), 1):
            padding = kernel // 2 if self.padding == "same" else 0
            layers[f"conv{index}"] = nn.Conv2d(
                channels, out, kernel, padding=padding, bias=blocks.hidden_bias
            )
            layers.update(blocks.after(index, out, dims=2))
            if self.pool > 1:
                layers[f"pool{index}"] = nn.MaxPool2d(self.pool)
            layers.update(blocks.dropped(index, depth=index / depth))
            channels = out
        layers["flatten"] = nn.Flatten()
        features = channels * height * width
        for index, units in enumerate(self.hidden, len(self.channels) + 1):
            layers[f"linear{index}"] = nn.Linear(features, units, bias=blocks.hidden_bias)
            layers.update(blocks.after(index, units, dims=0))
            layers.update(blocks.dropped(index, depth=index / depth))
            features = units
        layers.update(blocks.head(nn.Linear(features, outputs)))
        return nn.Sequential(layers)

    def final_size(self, inputs: tuple[int, ...]) -> tuple[int, int]:
        """Return height and width after the last convolution and its pooling.

        Raises CompileError if ``inputs`` is no image, or if nothing of it is left at some layer.
        """
        check_image(self.kind, inputs)
        height, width = inputs[1:]
        way = f"{height}x{width}"
        for index, kernel in enumerate(self.kernels, 1):
            lost = 0 if self.padding == "same" else kernel - 1
            height, width = height - lost, width - lost
            way += f" - conv{index} -> {height}x{width}"
            if min(height, width) < 1:
                raise too_small(inputs, way, f"a kernel of {kernel}", index)
            pooled = (height // self.pool, width // self.pool)
            if min(pooled) < 1:
                raise too_small(inputs, way, f"pooling by {self.pool}", index)
            height, width = pooled
            if self.pool > 1:
                way += f" - pool{index} -> {height}x{width}"
        return height, width
