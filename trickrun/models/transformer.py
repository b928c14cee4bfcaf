from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.errors import CompileError
from trickrun.models._model import Blocks, BuiltinModel
from trickrun.models._sequences import (
    Layers,
    answered,
    check_sequence,
    normed,
    padding,
    refuse_seeing_ahead,
)
from trickrun.params import Count, LayerCount

if TYPE_CHECKING:
    from torch import nn

    from trickrun.nn.layers import Residual


class Transformer(BuiltinModel):
    """Self-attention over tokens, over the steps of a sequence, or over the patches of an image.

    Formula: h = h + attention(norm(h)); h = h + W2 activation(W1 norm(h)) in each block (norm:
        pre), or h = norm(h + …) (norm: post).
    When: text, and sequences whose far places matter to each other; much data.
    Defaults: two blocks of width 64 with 4 heads, an mlp of 4 times the width, learned positions.
        The head sees the mean over all places. Next-token data makes it causal, with the head at
        each place.
    Interactions: it needs ``normalization: layer`` (or rms), which ``norm`` places; post-norm needs
        a warm-up of the learning rate. Dropout acts on the attention weights and on what each
        branch adds.
    Source: Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762; Xiong et al. 2020,
        arXiv:2002.04745, on norm pre and post; Dosovitskiy et al. 2020, arXiv:2010.11929, on
        patches.
    """

    takes_tokens: ClassVar[bool] = True
    usual_normalization: ClassVar[Literal["batch", "layer"]] = "layer"
    needs_normalization: ClassVar[bool] = True

    kind: Literal["transformer"] = "transformer"
    starter: ClassVar[tuple[str, ...]] = ("normalization: layer",)
    width: Count = Field(default=64, description="features of each place")
    layers: LayerCount = Field(default=2, description="blocks")
    heads: Count = Field(default=4, description="of the attention; they divide the width")
    hidden: Count | None = Field(
        default=None, description="units of each block's mlp; null: 4 times the width"
    )
    norm: Literal["pre", "post"] = Field(
        default="pre", description="where the normalization stands: in the branch, or after the sum"
    )
    positions: Literal["learned", "sinusoidal", "none"] = Field(
        default="learned", description="how positions are encoded"
    )
    causal: Literal["auto"] | bool = Field(
        default="auto", description="see only earlier places; auto: for next-token data"
    )
    pool: Literal["mean", "last"] = Field(default="mean", description="what the head sees")
    patch: Count = Field(default=4, description="height and width of an image's patches")

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Transformer:
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a width of {self.width}")
        return self

    @property
    def hidden_layers(self) -> int:
        return self.layers

    def build(self, blocks: Blocks, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        from trickrun.nn.attention import TransformerBlock
        from trickrun.nn.sequences import SequenceNetwork

        check_sequence(self.kind, blocks, inputs)
        if self.causal is False:
            refuse_seeing_ahead(blocks, "attention to all places", "model.causal")
        if not blocks.normalization.before_activation:
            raise CompileError(
                "in a transformer model.norm says where the normalization stands",
                "normalization.placement",
                "leave it out, and set model.norm: pre or post",
            )
        layers: OrderedDict[str, nn.Module] = OrderedDict(self.before(blocks, inputs))
        for index in range(1, self.layers + 1):
            layers[f"block{index}"] = TransformerBlock(
                self.branch(OrderedDict(self.attention(blocks, index)), blocks),
                self.branch(OrderedDict(self.feedforward(blocks, index)), blocks),
            )
        if self.norm == "pre":
            layers.update(normed(blocks, "", self.width))
        layers.update(answered(blocks, self.pool, False, self.width, outputs))
        return SequenceNetwork(layers, padding(blocks))

    def before(self, blocks: Blocks, inputs: tuple[int, ...]) -> Layers:
        """Yield what makes a sequence of vectors of the inputs, and tells their places apart."""
        from torch import nn

        from trickrun.nn.attention import LearnedPositions, Patches, SinusoidalPositions

        steps = inputs[0]
        if blocks.tokens is not None:
            yield "embedding", nn.Embedding(blocks.tokens.count, self.width, padding(blocks))
            yield from blocks.dropped_channels("_embedding", axis=2)
        elif len(inputs) == 3:
            steps = self.patch_count(inputs)
            yield "embedding", Patches(inputs[0], self.width, self.patch)
        else:
            yield "embedding", nn.Linear(inputs[1], self.width)
        if self.positions == "learned":
            yield "positions", LearnedPositions(steps, self.width)
        elif self.positions == "sinusoidal":
            yield "positions", SinusoidalPositions(steps, self.width)
        yield from blocks.before()

    def patch_count(self, inputs: tuple[int, ...]) -> int:
        """Return how many patches an image has. Raises CompileError if they do not fill it."""
        _, height, width = inputs
        if height % self.patch or width % self.patch:
            raise CompileError(
                f"patches of {self.patch} by {self.patch} do not fill images of "
                f"{height} by {width}",
                "model.patch",
                "choose a size that divides both",
            )
        return (height // self.patch) * (width // self.patch)

    def branch(self, layers: OrderedDict[str, nn.Module], blocks: Blocks) -> Residual:
        """Return a residual branch of ``layers`` with its normalization inside or after it."""
        from trickrun.nn.layers import Residual
        from trickrun.nn.sequences import Chain

        norm = OrderedDict(normed(blocks, "", self.width))
        if self.norm == "pre":
            return Residual(Chain(OrderedDict({**norm, **layers})))
        return Residual(Chain(layers), after=next(iter(norm.values()), None))

    def attention(self, blocks: Blocks, index: int) -> Layers:
        """Yield the layers of block ``index``'s first branch."""
        from trickrun.nn.attention import Attention

        next_token = blocks.tokens is not None and blocks.tokens.next_token
        causal = next_token if self.causal == "auto" else self.causal
        depth = index / self.layers
        dropout = next((layer for _, layer in blocks.dropped(index, depth)), None)
        bias = blocks.bias_before(False)
        yield "attention", Attention(self.width, self.heads, causal, bias, dropout)
        yield from blocks.dropped(index, depth)

    def feedforward(self, blocks: Blocks, index: int) -> Layers:
        """Yield the layers of block ``index``'s second branch."""
        from torch import nn

        hidden, bias = self.hidden or 4 * self.width, blocks.bias_before(False)
        yield "linear1", nn.Linear(self.width, hidden, bias=bias)
        yield from blocks.activated("")
        yield "linear2", nn.Linear(hidden, self.width, bias=bias)
        yield from blocks.dropped(index, depth=index / self.layers)
