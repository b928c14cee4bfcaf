from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.models._model import Blocks, BuiltinModel, check_image, too_small
from trickrun.params import Count, Counts, LayerCount, LayerCounts

if TYPE_CHECKING:
    from torch import nn


class VGG(BuiltinModel):
    """Blocks of 3 by 3 convolutions with pooling after each block, then fully connected layers.

    Formula: h = pool(activation(conv(… activation(conv(h))))) for each block, then an mlp.
    When: images, as the plain deep network that residual ones are compared with.
    Defaults: three blocks of two convolutions, 32, 64 and 128 channels, for images of 32 pixels;
        VGG-16 has ``channels: [64, 128, 256, 512, 512]``, ``convs: [2, 2, 3, 3, 3]`` and
        ``hidden: [4096, 4096]``.
    Interactions: each block halves the image, so small images bear few blocks.
    Source: Simonyan & Zisserman 2014, Very Deep Convolutional Networks, arXiv:1409.1556.
    """

    channels_last: ClassVar[bool] = True
    units_parameter: ClassVar[str | None] = "hidden"

    kind: Literal["vgg"] = "vgg"
    channels: Annotated[Counts, Field(min_length=1)] = Field(
        default=(32, 64, 128), description="output channels of each block's convolutions"
    )
    convs: LayerCount | LayerCounts = Field(
        default=2, description="convolutions per block; a list gives each block's"
    )
    pool: Count = Field(default=2, description="max pooling after each block; 1 is none")
    hidden: Counts = Field(
        default=(256,), description="units of the fully connected layers before the head; may be []"
    )

    @property
    def depths(self) -> tuple[int, ...]:
        """The number of convolutions in each block."""
        return (self.convs,) * len(self.channels) if isinstance(self.convs, int) else self.convs

    @model_validator(mode="after")
    def _each_block_has_its_convs(self) -> VGG:
        if len(self.depths) != len(self.channels):
            raise ValueError(
                f"convs has {len(self.depths)} numbers for {len(self.channels)} blocks"
            )
        return self

    @property
    def hidden_layers(self) -> int:
        return sum(self.depths) + len(self.hidden)

    @property
    def hidden_units(self) -> tuple[int, ...]:
        return self.hidden

    @property
    def hidden_channels(self) -> tuple[int, ...]:
        return self.channels

    def build(self, blocks: Blocks, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        from torch import nn

        features = self.final_features(inputs)
        layers: OrderedDict[str, nn.Module] = OrderedDict(blocks.before())
        depth = sum(self.depths) + len(self.hidden)
        entering, index = inputs[0], 0
        for block, (channels, convs) in enumerate(zip(self.channels, self.depths, strict=True), 1):
            for _ in range(convs):
                index += 1
                layers[f"conv{index}"] = nn.Conv2d(
                    entering, channels, 3, padding=1, bias=blocks.hidden_bias
                )
                layers.update(blocks.after(index, channels, dims=2))
                layers.update(blocks.dropped(index, depth=index / depth))
                entering = channels
            if self.pool > 1:
                layers[f"pool{block}"] = nn.MaxPool2d(self.pool)
        layers["flatten"] = nn.Flatten()
        for index, units in enumerate(self.hidden, sum(self.depths) + 1):
            layers[f"linear{index}"] = nn.Linear(features, units, bias=blocks.hidden_bias)
            layers.update(blocks.after(index, units, dims=0))
            layers.update(blocks.dropped(index, depth=index / depth))
            features = units
        layers.update(blocks.head(nn.Linear(features, outputs)))
        return nn.Sequential(layers)

    def final_features(self, inputs: tuple[int, ...]) -> int:
        """Return how many values the last block puts out.

        Raises CompileError if ``inputs`` is no image, or if nothing of it is left at some block.
        """
        check_image(self.kind, inputs)
        height, width = inputs[1:]
        way = f"{height}x{width}"
        for index in range(1, len(self.channels) + 1):
            height, width = height // self.pool, width // self.pool
            if min(height, width) < 1:
                raise too_small(inputs, way, f"pooling by {self.pool}", index, "the blocks")
            way += f" - pool{index} -> {height}x{width}"
        return self.channels[-1] * height * width
