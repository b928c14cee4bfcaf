"""What every model shares, and the layers that a recipe's tricks put into the built-in ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.findings.evidence.data import channels_at_the_end
from trickrun.nn.activations import ActivationName, activation
from trickrun.nn.rng import LayerStreams
from trickrun.params import KindFolder, Params
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.normalization import AnyNormalization

if TYPE_CHECKING:
    import torch
    from torch import nn

    from trickrun.tricks.regularizers import Regularizers
    from trickrun.tricks.regularizers.dropout import Dropout
    from trickrun.tricks.regularizers.spatial_dropout import SpatialDropout


InitFrom = Annotated[
    str | None,
    Field(
        description="a run whose weights training begins with: its folder or id; tokens go by "
        "their names, and a head for other classes is new"
    ),
]


@dataclass(frozen=True)
class NetworkSpec:
    """What a recipe and its data say about the network, whatever the kind of its model.

    Args:
        folder: the recipe's.
        seed: the recipe's.
        inputs: shape of a sample.
        outputs: number of outputs that the loss needs.
        normalization, regularizers: the recipe's; those that are layers are placed by the model.
        streams: what layers that draw in training draw from.
        tokens: what the inputs are if they are token ids; None for numbers.
        columns: what the inputs are if they are the columns of a table [features]; else None.
    """

    folder: Path
    seed: int
    inputs: tuple[int, ...]
    outputs: int
    normalization: AnyNormalization
    regularizers: Regularizers
    streams: LayerStreams
    tokens: Tokens | None = None
    columns: TableColumns | None = None


class Model(Params):
    """The root of every model kind.

    A kind whose training may begin with another run's weights has a field ``init_from: InitFrom``.
    """

    takes_tokens: ClassVar[bool] = False
    """Whether inputs may be token ids [T], which only an embedding makes numbers of."""

    takes_categories: ClassVar[bool] = False
    """Whether columns of a table may hold the numbers of categories, which only an embedding makes
    numbers of."""

    usual_normalization: ClassVar[Literal["batch", "layer"]] = "batch"
    """The kind of normalization layers to add where nothing else is asked for."""

    usual_activation: ClassVar[ActivationName] = "relu"
    """The hidden activation to take where nothing else is asked for."""

    units_parameter: ClassVar[str | None] = None
    """The parameter that lists ``hidden_units``; None: there is none."""

    starter: ClassVar[tuple[str, ...]] = ()
    """Lines of a first recipe without which a model of this kind does not train well."""

    starter_data: ClassVar[tuple[str, ...]] = ()
    """Lines of its data section, where the inputs are numbers."""

    needs_normalization: ClassVar[bool] = False
    """Whether it hardly trains without normalization layers."""

    learned: ClassVar[bool | None] = False
    """Whether its weights have learned something before the run; None if nobody knows."""

    fixes_input_scale: ClassVar[bool] = False
    """Whether what it has learned needs inputs of the scale that it learned from."""

    has_own_normalization: ClassVar[bool] = False
    """Whether it brings its normalization layers, so that there is no place for the recipe's."""

    channels_last: ClassVar[bool] = False
    """Whether its images may have their channels as the last dimension in memory: then none of its
    layers uses ``view``, which such activations do not allow."""

    def network(self, spec: NetworkSpec) -> nn.Module:
        """Return the network from [N, *inputs] to [N, outputs]; its layers are initialized later.

        For next-token data it is one from [N, T] to [N, T, outputs]; see ``spec.tokens``. The
        recipe's normalization is placed by its ``place``.

        Raises CompileError if it cannot take inputs of that shape.
        """
        raise NotImplementedError

    def ledger_entries(self, model: nn.Module) -> list[LedgerEntry]:
        """Return the ledger's lines of what this kind did to ``model``, which ``network`` made."""
        return []

    @property
    def continues_from(self) -> str | None:
        """The run whose weights training begins with; None if it begins with its own."""
        return getattr(self, "init_from", None)

    @property
    def caches_frozen(self) -> bool:
        """Whether the outputs of frozen first stages may be computed once."""
        return True

    @property
    def output_activation(self) -> ActivationName | None:
        """The activation after the last layer; None if it is not known."""
        return None

    @property
    def hidden_layers(self) -> int | None:
        """The number of layers with a hidden activation; None if it is not known."""
        return None

    @property
    def hidden_units(self) -> tuple[int, ...] | None:
        """The units of each fully connected hidden layer; None if it is not known."""
        return None

    @property
    def hidden_channels(self) -> tuple[int, ...]:
        """The channels of its convolutions, or of each stage of them; none: it has none."""
        return ()

    def fan_ins(self, inputs: tuple[int, ...] | None) -> tuple[int, ...]:
        """Return the inputs of a unit of each layer, as far as they are known.

        Args:
            inputs: the shape of a sample; None if it is not known.
        """
        return ()


class BuiltinModel(Model):
    """Parameters that every model made of trickrun's own layers takes beside its own."""

    activation: ActivationName = Field(default="relu", description="after each hidden layer")
    head_activation: ActivationName = Field(
        default="linear", description="after the last layer; losses from logits want linear"
    )
    bias: Literal["auto"] | bool = Field(
        default="auto",
        description="of hidden layers; auto: none right before a normalization that removes it",
    )

    init_from: InitFrom = None

    @property
    def output_activation(self) -> ActivationName:
        return self.head_activation

    def network(self, spec: NetworkSpec) -> nn.Module:
        """Return the network; CompileError if it cannot take inputs of that shape, tokens, or
        categories."""
        if spec.columns is not None and any(spec.columns.rows) and not self.takes_categories:
            raise CompileError(
                f"{self.kind_name} takes numbers, but columns of the data hold categories",
                "model",
                "use model: mlp, or set data.categories: one_hot",
            )
        if spec.tokens is not None and not self.takes_tokens:
            raise CompileError(
                f"{self.kind_name} takes numbers, but the data's inputs are tokens",
                "model",
                "use model: lstm, gru, rnn or transformer",
            )
        blocks = Blocks(
            columns=spec.columns,
            activation=self.activation,
            head_activation=self.head_activation,
            bias=self.bias,
            normalization=spec.normalization,
            dropout=spec.regularizers.dropout,
            streams=spec.streams,
            spatial_dropout=spec.regularizers.spatial_dropout,
            tokens=spec.tokens,
        )
        return self.build(blocks, spec.inputs, spec.outputs)

    def build(self, blocks: Blocks, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the network from [N, *inputs] to [N, outputs].

        For next-token data it is one from [N, T] to [N, T, outputs]; see ``blocks.tokens``.

        Raises CompileError if it cannot take inputs of that shape.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Tokens:
    """What a model must know of inputs that are token ids.

    Args:
        count: how many different tokens there are.
        next_token: whether each position asks for the token after it. Otherwise each sample asks
            for its class, and token 0 fills up those that are shorter than others.
    """

    count: int
    next_token: bool


@dataclass(frozen=True)
class TableColumns:
    """What a model must know of inputs that are the columns of a table.

    Args:
        rows: of each column, how many categories it may hold, the unknown one included; 0: it has
            numbers.
        examples: returns the training inputs [N, columns] as the model gets them.
        sizes: of each column of numbers, how many the model made of it in the run that is opened
            again; None: it has not been made yet.
    """

    rows: tuple[int, ...]
    examples: Callable[[], torch.Tensor]
    sizes: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Blocks:
    """What the recipe says stands around each hidden layer of a built-in model."""

    activation: ActivationName
    head_activation: ActivationName
    bias: Literal["auto"] | bool
    normalization: AnyNormalization
    dropout: Dropout | None
    streams: LayerStreams
    tokens: Tokens | None = None
    """What the inputs are if they are token ids; None for numbers."""
    spatial_dropout: SpatialDropout | None = None
    columns: TableColumns | None = None
    """What the inputs are if they are the columns of a table; else None."""

    @property
    def hidden_bias(self) -> bool:
        """Whether a hidden layer has a bias: not right before a norm that subtracts the mean."""
        return self.bias_before(self.normalization.before_activation)

    def bias_before(self, norm: bool) -> bool:
        """Whether a hidden layer has a bias; ``norm``: a normalization follows it right away."""
        if self.bias != "auto":
            return self.bias
        return not (norm and self.normalization.subtracts_mean)

    def before(self) -> Iterator[tuple[str, nn.Module]]:
        """Yield what stands before the first layer: dropout of inputs."""
        if self.dropout is not None and self.dropout.input > 0:
            yield "dropout_input", self.dropout.layer(self.dropout.input, self.streams)

    def after(self, index: int, features: int, dims: int) -> Iterator[tuple[str, nn.Module]]:
        """Yield norm and activation after hidden layer ``index`` (from 1), in the recipe's order,
        and after a convolution the dropout of its channels.

        Args:
            features: features or channels that the layer puts out.
            dims: spatial dimensions of its output.
        """
        normed = self.normed(str(index), features, dims)
        if self.normalization.before_activation:
            yield from normed
            yield from self.activated(str(index))
        else:
            yield from self.activated(str(index))
            yield from normed
        if dims > 0:
            yield from self.dropped_channels(str(index), axis=1)

    def normed(self, place: str, features: int, dims: int) -> Iterator[tuple[str, nn.Module]]:
        """Yield the normalization layer, if the recipe has one; see ``after``."""
        norm = self.normalization.place(features, dims)
        if norm is not None:
            yield f"norm{place}", norm

    def activated(self, place: str) -> Iterator[tuple[str, nn.Module]]:
        """Yield the hidden activation, unless it is linear."""
        if self.activation != "linear":
            yield f"{self.activation}{place}", activation(self.activation)

    def dropped(self, index: int, depth: float) -> Iterator[tuple[str, nn.Module]]:
        """Yield the dropout after hidden layer ``index``.

        Args:
            depth: how deep the layer is, above 0; exactly 1 if no hidden layer follows.
        """
        if self.dropout is not None and self.dropout.acts_at(depth):
            yield f"dropout{index}", self.dropout.layer(self.dropout.p, self.streams)

    def dropped_channels(self, place: str, axis: int) -> Iterator[tuple[str, nn.Module]]:
        """Yield the dropout of whole channels of [N, ...] whose channels are on ``axis``."""
        if self.spatial_dropout is not None and not self.spatial_dropout.off:
            yield f"spatial_dropout{place}", self.spatial_dropout.layer(axis, self.streams)

    def head(self, layer: nn.Module) -> Iterator[tuple[str, nn.Module]]:
        """Yield the last layer and, unless it is linear, its activation."""
        yield "head", layer
        if self.head_activation != "linear":
            yield f"{self.head_activation}_head", activation(self.head_activation)


MODELS = KindFolder("trickrun.models", "_model.Model")

AnyModel = Annotated[Model, MODELS]
"""One of the models, chosen by its kind."""


def check_image(kind: str, inputs: tuple[int, ...]) -> None:
    """Raise CompileError unless ``inputs`` is the shape of an image."""
    if len(inputs) != 3:
        raise CompileError(
            f"{kind} needs images [channels, height, width], the data's inputs are {list(inputs)}",
            "model",
            "use model: mlp",
        )


def too_small(
    inputs: tuple[int, ...], way: str, step: str, index: int, layers: str = "the convolutions"
) -> CompileError:
    """Return the error for an image of which nothing is left at layer ``index`` (from 1).

    Args:
        inputs: the image's shape.
        way: the sizes up to there.
        step: what needs more than is left.
        layers: what the recipe has fewer of if it follows the advice.
    """
    if channels_at_the_end(inputs):
        return channels_last(inputs)
    advice = "use pool: 1 or smaller kernels"
    if index > 1:
        advice = f"use at most {index - 1} of {layers}, or pool: 1"
    return CompileError(
        f"the image is too small for {step} at layer {index}: {way}", "model", advice
    )


def channels_last(inputs: tuple[int, ...]) -> CompileError:
    """Return the error for an image of which nothing is left because its axes are in another
    order."""
    height, width, channels = inputs
    return CompileError(
        f"the inputs {list(inputs)} look like [height, width, channels], but images are [channels, "
        f"height, width]: here {height} channels of {width} x {channels} pixels",
        "model",
        "set data.channels: last (kinds npz and python), or give x.transpose(0, 3, 1, 2)",
    )
