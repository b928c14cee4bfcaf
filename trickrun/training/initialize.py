"""Fill a model's weights and biases by an init scheme, each from a random stream of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trickrun.findings.words import counted
from trickrun.nn.activations import is_activation
from trickrun.nn.rng import generator
from trickrun.tricks.init._init import Init
from trickrun.tricks.init.torch_default import fill_bias
from trickrun.tricks.ledger import LedgerEntry

if TYPE_CHECKING:
    import torch
    from torch import nn


def initialize(model: nn.Module, init: Init, seed: int, leave_as_built: bool) -> list[LedgerEntry]:
    """Fill the weight layers of ``model`` in place; normalization layers are left alone.

    Every parameter draws from (seed, "init", its name), so it starts the same whatever else of the
    recipe changes. The head is the last weight layer that was registered.

    Args:
        model: the network, as its constructor left it.
        init: the scheme, with its own words for biases and head.
        seed: the recipe's seed.
        leave_as_built: the model is a user's, so that init ``auto`` changes only what it says
            explicitly: a bias, a head.

    Returns:
        The ledger's lines: one for the scheme, and one for each other scheme in it.
    """
    from trickrun.nn.layers import weight_layers

    layers = weight_layers(model)
    as_built = leave_as_built and init.kind_name == "auto"
    following = activations_after(model)
    done: set[torch.Tensor] = set()
    recurrent = fill_recurrent(layers, following, init, seed, done)

    def fill(part: list[tuple[str, nn.Module]], scheme: Init, as_built: bool) -> tuple[int, int]:
        weights = biases = 0
        for name, layer in part:
            if not as_built:
                gain = scheme.gain_before(following[name])
                weights += fill_weights(name, layer, scheme, gain, seed, done)
            if not (as_built and scheme.bias == "auto"):
                biases += fill_biases(name, layer, scheme, seed)
        return weights, biases

    head = init.head
    if head is None:
        entries = [entry_of(init, *fill(layers, init, as_built))]
    else:
        entries = [
            entry_of(init, *fill(layers[:-1], init, as_built)),
            entry_of(head, *fill(layers[-1:], head, False), "head: "),
        ]
    entries += recurrent
    if init.forget_bias is not None:
        entries.append(init.forget_bias.apply(model))
    if init.residual is not None:
        entries.append(init.residual.apply(model))
    return entries


def fill_recurrent(
    layers: list[tuple[str, nn.Module]],
    following: dict[str, nn.Module | None],
    init: Init,
    seed: int,
    done: set[torch.Tensor],
) -> list[LedgerEntry]:
    """Fill the weights from recurrent layers to themselves by ``init.recurrent``, if it is given.

    They are added to ``done``, so that no other scheme fills them again.
    """
    from torch import nn

    scheme = init.recurrent
    if scheme is None:
        return []
    count = 0
    for name, layer in layers:
        if isinstance(layer, nn.RNNBase):
            gain = scheme.gain_before(following[name])
            count += fill_weights(name, layer, scheme, gain, seed, done, "weight_hh")
    what = "recurrent: " + counted(count, "weight")
    return [LedgerEntry("init", scheme.kind_name, what, count)]


def activations_after(model: nn.Module) -> dict[str, nn.Module | None]:
    """Return, for each weight layer, the first activation before the next weight layer."""
    from trickrun.nn.layers import WEIGHT_LAYERS

    found: dict[str, nn.Module | None] = {}
    layer: str | None = None
    for name, module in model.named_modules():
        if isinstance(module, WEIGHT_LAYERS):
            layer = name
            found[name] = None
        elif layer is not None and found[layer] is None and is_activation(module):
            found[layer] = module
    return found


def fill_weights(
    prefix: str,
    layer: nn.Module,
    init: Init,
    gain: float,
    seed: int,
    done: set[torch.Tensor],
    start: str = "",
) -> int:
    """Fill the layer's weights whose name begins with ``start`` and that are not in ``done`` (tied
    ones are); return how many."""
    import torch

    from trickrun.nn.layers import weights

    count = 0
    for name, parameter in weights(layer):
        if parameter in done or not name.startswith(start):
            continue
        done.add(parameter)
        # Drawn on the CPU, so that the start is the same on every device.
        values = torch.empty(parameter.shape, dtype=parameter.dtype)
        init.fill_layer(layer, values, gain, generator(seed, "init", joined(prefix, name)))
        if isinstance(layer, torch.nn.Embedding | torch.nn.EmbeddingBag):
            padding = layer.padding_idx
            if padding is not None:
                values[padding] = 0
        with torch.no_grad():
            parameter.copy_(values)
        count += 1
    return count


def fill_biases(prefix: str, layer: nn.Module, init: Init, seed: int) -> int:
    """Fill the layer's biases and return how many there are."""
    import torch

    from trickrun.nn.layers import biases

    bias = init.default_bias if init.bias == "auto" else init.bias
    count = 0
    for name, parameter in biases(layer):
        values = torch.empty(parameter.shape, dtype=parameter.dtype)
        fill_bias(layer, values, bias, generator(seed, "init", joined(prefix, name)))
        with torch.no_grad():
            parameter.copy_(values)
        count += 1
    return count


def joined(prefix: str, name: str) -> str:
    """Return the parameter's name in the model, whose root has no name."""
    return f"{prefix}.{name}" if prefix else name


def entry_of(init: Init, weights: int, biases: int, where: str = "") -> LedgerEntry:
    """Return the ledger's line for what ``init`` filled; only auto may find nothing to fill."""
    count = weights + biases
    filled = [counted(n, noun) for n, noun in ((weights, "weight"), (biases, "bias")) if n]
    what = where + (", ".join(filled) or "everything stays as it was built")
    return LedgerEntry(
        "init", init.kind_name, what, count, off=init.kind_name == "auto" and not count
    )
