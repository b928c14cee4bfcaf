"""Each layer that a network of ours may have, as the plain call that makes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import _SpectralNorm

from trickrun.export.expressions import Argument, Call
from trickrun.export.sources import CannotExport
from trickrun.nn.attention import (
    Attention,
    LearnedPositions,
    Patches,
    SinusoidalPositions,
    TransformerBlock,
)
from trickrun.nn.columns import ColumnEncoder, FeatureLinear, Periodic, PiecewiseLinear
from trickrun.nn.dropout import (
    DropConnectLinear,
    KeyedChannelDropout,
    KeyedDropout,
    KeyedPathDropout,
)
from trickrun.nn.layers import Residual
from trickrun.nn.norms import ChannelRMSNorm, GhostBatchNorm1d, GhostBatchNorm2d, LengthAndDirection
from trickrun.nn.sequences import Chain, Pool, Recurrent, Rows
from trickrun.nn.staged import FitImages
from trickrun.nn.subsampled import SubsampledConv2d

USE_IT = "it can be used with trickrun: trickrun.Run.named(RUN).model()"
"""The hint about what has no plain form."""

Given = dict[str, Any]
"""The arguments of a layer's constructor by name: modules, or plain values."""


@dataclass(frozen=True)
class Form:
    """How a layer of ours is written.

    Args:
        given: returns the arguments of its constructor, for a layer; None: they are its attributes.
        name: what is called in its place; None: its own class, whose source is written out.
        comment: returns what is said beside it.
    """

    given: Callable[[Any], Given] | None = None
    name: str | None = None
    comment: Callable[[Any], str] = lambda layer: ""


def training_only(name: str) -> Callable[[Any], str]:
    """Return what is said of a layer that does nothing but in training."""
    return lambda layer: f"{name} (p={layer.p:g}) in training only"


FORMS: Mapping[type[nn.Module], Form] = {
    # Regularizers: the identity in evaluation, or plain dropout.
    KeyedDropout: Form(lambda layer: {"p": layer.p}, "nn.Dropout"),
    KeyedChannelDropout: Form(
        lambda layer: {}, "nn.Identity", training_only("dropout of whole channels")
    ),
    KeyedPathDropout: Form(lambda layer: {}, "nn.Identity", training_only("stochastic depth")),
    DropConnectLinear: Form(lambda layer: linear(layer), "nn.Linear", training_only("dropconnect")),
    # Normalization.
    GhostBatchNorm1d: Form(
        lambda layer: batch_norm(layer),
        "nn.BatchNorm1d",
        lambda layer: f"in training over parts of {layer.part} samples",
    ),
    GhostBatchNorm2d: Form(
        lambda layer: batch_norm(layer),
        "nn.BatchNorm2d",
        lambda layer: f"in training over parts of {layer.part} samples",
    ),
    ChannelRMSNorm: Form(
        lambda layer: {
            "channels": layer.weight.numel() if layer.weight is not None else 1,
            "eps": layer.eps,
            "affine": layer.weight is not None,
        }
    ),
    # Networks.
    Residual: Form(),
    SubsampledConv2d: Form(
        lambda layer: {
            "entering": layer.in_channels,
            "leaving": layer.out_channels,
            "stride": layer.stride[0],
            "bias": layer.bias is not None,
        }
    ),
    Chain: Form(),
    Rows: Form(),
    Recurrent: Form(),
    Pool: Form(),
    Attention: Form(
        lambda layer: {
            "width": layer.qkv.in_features,
            "heads": layer.heads,
            "causal": layer.causal,
            "bias": layer.qkv.bias is not None,
            "dropout": layer.dropout,
        }
    ),
    TransformerBlock: Form(),
    Patches: Form(
        lambda layer: {
            "channels": layer.conv.in_channels,
            "width": layer.conv.out_channels,
            "patch": layer.conv.kernel_size[0],
        }
    ),
    LearnedPositions: Form(
        lambda layer: {
            "steps": layer.embedding.num_embeddings,
            "width": layer.embedding.embedding_dim,
        }
    ),
    SinusoidalPositions: Form(
        lambda layer: dict(zip(("steps", "width"), layer.table.shape, strict=True))
    ),
    FitImages: Form(),
    # Columns of tables.
    ColumnEncoder: Form(lambda layer: columns(layer)),
    PiecewiseLinear: Form(lambda layer: {"edges": [Edges(bins) for bins in bins_of(layer)]}),
    Periodic: Form(lambda layer: {"frequencies": Zeros(tuple(layer.frequencies.shape))}),
    FeatureLinear: Form(
        lambda layer: {
            "features": layer.groups,
            "inputs": layer.in_channels // layer.groups,
            "outputs": layer.out_channels // layer.groups,
        }
    ),
}
"""Every layer of ours that a trained network may have."""


@dataclass(frozen=True)
class Zeros:
    """Zeros of a shape, which the weights' file fills."""

    shape: tuple[int, ...]

    def __repr__(self) -> str:
        return f"torch.zeros({', '.join(map(str, self.shape))})"


@dataclass(frozen=True)
class Edges:
    """The edges of some bins, which the weights' file says."""

    bins: int

    def __repr__(self) -> str:
        return f"torch.arange({self.bins + 1}.0)"


def bins_of(layer: PiecewiseLinear) -> list[int]:
    """Return how many bins each feature has."""
    found: list[int] = torch.bincount(layer.feature).tolist()
    return found


def linear(layer: nn.Linear) -> Given:
    return {
        "in_features": layer.in_features,
        "out_features": layer.out_features,
        "bias": layer.bias is not None,
    }


def batch_norm(layer: Any) -> Given:
    return {
        "num_features": layer.num_features,
        "eps": layer.eps,
        "momentum": layer.momentum,
        "affine": layer.affine,
    }


def columns(layer: ColumnEncoder) -> Given:
    """Return the arguments of a ColumnEncoder: how many rows each column's embedding has."""
    places = {
        int(place): embedding
        for place, embedding in zip(layer.indices, layer.embeddings, strict=True)
    }
    count = len(layer.passed) + len(layer.encoded) + len(layer.indices)
    return {
        "rows": [places[n].num_embeddings if n in places else 0 for n in range(count)],
        "features": [embedding.embedding_dim for embedding in layer.embeddings],
        "sizes": list(layer.sizes),
        "numeric": layer.numeric,
    }


PLAIN_SEQUENCES = (nn.Sequential, Chain)
"""What holds nothing but layers in a row."""


def call_of(layer: nn.Module, uses: set[type[nn.Module]]) -> Call:
    """Return the call that makes ``layer``, but for its weights.

    Args:
        uses: gets the classes of ours that it needs.

    Raises CannotExport for a layer without a plain form.
    """
    if parametrize.is_parametrized(layer):
        return computed(layer, uses)
    kind = type(layer)
    if kind in PLAIN_SEQUENCES:
        return in_a_row(layer, uses)
    if kind.__module__.startswith("torch.nn."):
        name = f"nn.{kind.__name__}"
        if getattr(nn, kind.__name__, None) is not kind:
            raise cannot(kind)
        return made(name, kind, torch_arguments(layer, kind), uses)
    form = FORMS.get(kind)
    if form is None:
        raise cannot(kind)
    if isinstance(layer, KeyedDropout) and not layer.inverted and form.name == "nn.Dropout":
        uses.add(StandardDropout)
        return Call(StandardDropout.__name__, (Argument("p", layer.p),))
    given = form.given(layer) if form.given is not None else own_arguments(layer, kind)
    if form.name is None:
        uses.add(kind)
        return made(kind.__name__, kind, given, uses)
    plain = getattr(nn, form.name.removeprefix("nn."))
    told = made(form.name, plain, given, uses)
    return Call(told.name, told.arguments, form.comment(layer))


class StandardDropout(nn.Module):
    """Dropout as first published: what is kept is not enlarged in training, but all is scaled by
    1 - p in evaluation."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x * (1 - self.p)
        return x * (torch.rand_like(x) < 1 - self.p)


def cannot(kind: type[nn.Module]) -> CannotExport:
    """Return the error about a layer without a plain form."""
    return CannotExport(
        f"cannot be exported: {kind.__name__}, a layer of the network, has no plain form",
        f"{kind.__module__}",
        USE_IT,
    )


def computed(layer: nn.Module, uses: set[type[nn.Module]]) -> Call:
    """Return the call that makes a layer whose weight is computed from others."""
    (only,) = layer.parametrizations["weight"]  # type: ignore[index]
    if list(layer.parametrizations) != ["weight"]:  # type: ignore[arg-type]
        raise cannot(type(layer))
    kind = type(layer).__mro__[1]
    plain = FORMS.get(kind)
    if plain is not None and plain.given is not None:
        given, name = plain.given(layer), plain.name or kind.__name__
        if plain.name is None:
            uses.add(kind)
    else:
        given, name = torch_arguments(layer, kind), f"nn.{kind.__name__}"
    inner = made(name, kind, given, uses)
    if isinstance(only, LengthAndDirection):
        return Call("weight_norm", (Argument("module", inner),))
    if isinstance(only, _SpectralNorm):
        times = Argument("n_power_iterations", only.n_power_iterations, True)
        return Call("spectral_norm", (Argument("module", inner), times))
    raise cannot(type(only))


def in_a_row(layer: nn.Module, uses: set[type[nn.Module]]) -> Call:
    """Return the call that makes a sequence of named layers; identities are left out."""
    kind = type(layer)
    if kind is not nn.Sequential:
        uses.add(kind)
    name = "nn.Sequential" if kind is nn.Sequential else kind.__name__
    calls = [(place, call_of(child, uses)) for place, child in layer.named_children()]
    kept = [(place, call) for place, call in calls if call.name != "nn.Identity" or call.comment]
    if all(place.isdecimal() for place, _ in calls):
        if len(kept) == len(calls):
            return Call(name, tuple(Argument(place, call) for place, call in kept))
        kept = calls
        return Call(name, tuple(Argument(place, call) for place, call in kept))
    named = tuple(Argument(place, call, True) for place, call in kept)
    return Call(name, (Argument("layers", Call("OrderedDict", named)),))


def own_arguments(layer: nn.Module, kind: type[nn.Module]) -> Given:
    """Return the arguments of a layer of ours whose attributes they are."""
    defaults = inspect.signature(kind.__init__).parameters
    names = [name for name, each in defaults.items() if each.kind not in SEVERAL][1:]
    found = {name: getattr(layer, name) for name in names}
    for name, value in found.items():
        if isinstance(value, nn.Identity) and defaults[name].default is None:
            found[name] = None
    return found


SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

SKIPPED = frozenset({"device", "dtype", "inplace"})
"""Arguments that say nothing of what a layer computes."""


def torch_arguments(layer: nn.Module, kind: type[nn.Module]) -> Given:
    """Return the arguments of one of torch's layers. Raises CannotExport if they are not known."""
    if isinstance(layer, nn.RNNBase):
        return recurrent(layer)
    found: Given = {}
    for name, parameter in [*inspect.signature(kind.__init__).parameters.items()][1:]:
        if name in SKIPPED or name.startswith("_") or parameter.kind in SEVERAL:
            continue
        if name == "bias":
            found[name] = layer.bias is not None
        elif name == "kernel_size":
            found[name] = as_one(layer.kernel_size)
        elif name == "stride" and isinstance(layer, nn.MaxPool2d):
            found[name] = None if layer.stride == layer.kernel_size else layer.stride
        elif hasattr(layer, name):
            found[name] = as_one(getattr(layer, name))
        else:
            raise cannot(kind)
    return found


def recurrent(layer: nn.RNNBase) -> Given:
    """Return the arguments of a recurrent layer of one layer and direction."""
    found: Given = {"input_size": layer.input_size, "hidden_size": layer.hidden_size}
    plain = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
             "bidirectional": False, "proj_size": 0}  # fmt: skip
    found |= {name: getattr(layer, name) for name, v in plain.items() if getattr(layer, name) != v}
    if isinstance(layer, nn.RNN) and layer.nonlinearity != "tanh":
        found["nonlinearity"] = layer.nonlinearity
    return found


def as_one(value: Any) -> Any:
    """Return (3, 3) as 3."""
    if isinstance(value, tuple) and value and len(set(value)) == 1:
        return value[0]
    return value


def made(name: str, kind: type[nn.Module], given: Given, uses: set[type[nn.Module]]) -> Call:
    """Return the call of ``name`` with arguments that are not the defaults: required ones by their
    place, others by their names."""
    parameters = inspect.signature(kind.__init__).parameters
    arguments: list[Argument] = []
    for parameter, value in given.items():
        known = parameters.get(parameter)
        required = known is None or known.default is known.empty
        if isinstance(kind, type) and issubclass(kind, nn.RNNBase):
            required = parameter in ("input_size", "hidden_size")
        default = None if known is None else known.default
        if not required and same(value, default):
            continue
        written: object = call_of(value, uses) if isinstance(value, nn.Module) else value
        by_place = (required or parameter == "p") and all(not each.keyword for each in arguments)
        arguments.append(Argument(parameter, written, not by_place))
    return Call(name, tuple(arguments))


def same(value: object, default: object) -> bool:
    """Whether an argument need not be given."""
    if isinstance(value, list) and not value:
        return isinstance(default, tuple) and not default
    return type(value) is type(default) and value == default
