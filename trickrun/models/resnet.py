from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from trickrun.models._model import Blocks, BuiltinModel, check_image
from trickrun.params import Count

if TYPE_CHECKING:
    from torch import nn

FOUR_STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
"""Blocks a stage of the networks for large photos, by depth."""

BOTTLENECKS = (50,)
"""Depths whose blocks are 1×1, 3×3, 1×1 convolutions, the last of EXPANSION times the channels."""

EXPANSION = 4
LARGE_IMAGE = 64
"""Height and width from which on stem auto shrinks the image to a quarter at once."""

Layers = Iterator[tuple[str, "nn.Module"]]


def known_depth(depth: int) -> int:
    """Return ``depth``; ValueError for one that no ResNet has."""
    if depth in FOUR_STAGES or (depth >= 8 and depth % 6 == 2):
        return depth
    raise ValueError(
        f"no ResNet has depth {depth}: it is 18, 34 or 50, or 6n + 2 (8, 14, 20, 26, 32, …)"
    )


class ResNet(BuiltinModel):
    """Convolutions in residual blocks: each block adds to its input.

    Formula: h = activation(shortcut(h) + branch(h)), branch = conv, norm, activation, conv, norm;
        then the mean over all places and a linear layer.
    When: images, and networks deeper than about ten layers.
    Defaults: depth 20, the smallest of the CIFAR networks (three stages of 6n + 2 layers in all,
        16, 32 and 64 channels). 18 and 34 have four stages from 64 channels, 50 has bottlenecks
        too. Where the shape changes, the shortcut is a 1 by 1 convolution (the paper's option B).
    Interactions: it needs ``normalization: batch`` to train well at depth. ``residual: false`` is
        the plain twin: the same layers, under the same names, without the shortcuts. Dropout acts
        between a block's convolutions and before the head.
    Source: He et al. 2016, Deep Residual Learning, arXiv:1512.03385.
    """

    channels_last: ClassVar[bool] = True

    kind: Literal["resnet"] = "resnet"
    depth: Annotated[int, Field(le=1202), AfterValidator(known_depth)] = Field(
        default=20, description="layers with weights: 18, 34, 50, or 6n + 2 for small images"
    )
    width: Count | None = Field(
        default=None, description="channels of the first stage; null: 64 for 18, 34, 50, else 16"
    )
    residual: bool = Field(default=True, description="false: the plain network, without shortcuts")
    stem: Literal["auto", "small", "large"] = Field(
        default="auto",
        description="small: a 3x3 convolution; large: 7x7 and pooling, to a quarter of the size; "
        "auto: large for 18, 34, 50 on images of 64 pixels or more",
    )

    @property
    def hidden_layers(self) -> int:
        return self.depth - 1

    @property
    def hidden_channels(self) -> tuple[int, ...]:
        return self.channels

    @property
    def stages(self) -> tuple[int, ...]:
        """The number of blocks in each stage."""
        return FOUR_STAGES.get(self.depth, ((self.depth - 2) // 6,) * 3)

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels of each stage's 3 by 3 convolutions."""
        first = self.width or (64 if self.depth in FOUR_STAGES else 16)
        return tuple(first * 2**stage for stage in range(len(self.stages)))

    def build(self, blocks: Blocks, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        from torch import nn

        check_image(self.kind, inputs)
        layers: OrderedDict[str, nn.Module] = OrderedDict(blocks.before())
        layers.update(self.stem_layers(blocks, inputs))
        block = Block(blocks, self.depth in BOTTLENECKS, self.residual)
        features, built = self.channels[0], 0
        for index, (count, channels) in enumerate(zip(self.stages, self.channels, strict=True), 1):
            stage: OrderedDict[str, nn.Module] = OrderedDict()
            for place in range(1, count + 1):
                stride = 2 if index > 1 and place == 1 else 1
                built += 1
                depth = built / (sum(self.stages) + 1)
                stage[f"block{place}"] = block.build(features, channels, stride, depth)
                features = block.width(channels)
            layers[f"stage{index}"] = nn.Sequential(stage)
        layers["pool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers.update(blocks.dropped(1, depth=1))
        layers.update(blocks.head(nn.Linear(features, outputs)))
        return nn.Sequential(layers)

    def stem_layers(self, blocks: Blocks, inputs: tuple[int, ...]) -> Layers:
        """Yield the layers before the first stage."""
        from torch import nn

        photo = self.depth in FOUR_STAGES and min(inputs[1:]) >= LARGE_IMAGE
        large = self.stem == "large" or (self.stem == "auto" and photo)
        kernel, stride = (7, 2) if large else (3, 1)
        yield (
            "conv1",
            nn.Conv2d(
                inputs[0], self.channels[0], kernel, stride, kernel // 2, bias=blocks.hidden_bias
            ),
        )
        yield from blocks.after(1, self.channels[0], dims=2)
        if large:
            yield "pool1", nn.MaxPool2d(3, stride=2, padding=1)


@dataclass(frozen=True)
class Block:
    """How the blocks of one network are made.

    Args:
        blocks: what the recipe says stands around each convolution.
        bottleneck: three convolutions with EXPANSION times the channels at the end, instead of two.
        residual: whether a shortcut leads around them.
    """

    blocks: Blocks
    bottleneck: bool
    residual: bool

    def width(self, channels: int) -> int:
        """Return the channels that a block of ``channels`` puts out."""
        return EXPANSION * channels if self.bottleneck else channels

    def build(self, entering: int, channels: int, stride: int, depth: float) -> nn.Module:
        """Return the block from [N, entering, H, W] to [N, width(channels), H/stride, W/stride].

        Args:
            depth: how deep it is in the network, between 0 and 1.
        """
        from torch import nn

        from trickrun.nn.layers import Residual

        branch = nn.Sequential(OrderedDict(self.branch(entering, channels, stride, depth)))
        after = next((module for _, module in self.blocks.activated("")), None)
        if not self.residual:
            return nn.Sequential(OrderedDict(branch=branch, after=after or nn.Identity()))
        shortcut = None
        if stride > 1 or entering != self.width(channels):
            shortcut = nn.Sequential(OrderedDict(self.projection(entering, channels, stride)))
        return Residual(branch, shortcut, after)

    def branch(self, entering: int, channels: int, stride: int, depth: float) -> Layers:
        """Yield the convolutions with what follows each; the last has no activation."""
        from torch import nn

        sizes = [(channels, 3, stride), (channels, 3, 1)]
        if self.bottleneck:
            sizes = [(channels, 1, 1), (channels, 3, stride), (self.width(channels), 1, 1)]
        for index, (leaving, kernel, step) in enumerate(sizes, 1):
            last = index == len(sizes)
            bias = self.blocks.bias_before(True) if last else self.blocks.hidden_bias
            yield (
                f"conv{index}",
                nn.Conv2d(entering, leaving, kernel, step, padding=kernel // 2, bias=bias),
            )
            if last:
                yield from self.blocks.normed(str(index), leaving, dims=2)
            else:
                yield from self.blocks.after(index, leaving, dims=2)
                yield from self.blocks.dropped(index, depth)
            entering = leaving

    def projection(self, entering: int, channels: int, stride: int) -> Layers:
        """Yield the shortcut where the shape changes."""
        from torch import nn

        from trickrun.nn.subsampled import NARROW, SubsampledConv2d

        leaving, bias = self.width(channels), self.blocks.bias_before(True)
        if stride > 1 and entering < NARROW:
            yield "conv", SubsampledConv2d(entering, leaving, stride, bias=bias)
        else:
            yield "conv", nn.Conv2d(entering, leaving, 1, stride, bias=bias)
        yield from self.blocks.normed("", leaving, dims=2)
