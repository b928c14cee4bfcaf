"""A stack of networks of linear layers, whose forward and backward pass are written out.

Under vmap and autograd a step of such a stack spends as much on starting operations, on fresh
memory and on copies as on its products. Here a layer is one product of batches into memory that is
kept from step to step, and its gradients come out where the optimizer reads them. The products are
those that autograd takes, so the numbers are too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from trickrun.nn.dropout import GivenDropout

Tensors = Mapping[str, torch.Tensor]

KEPT_SIZES = 2
"""Sizes of batch whose memory is kept: that of most batches, and of an epoch's last."""


@dataclass(frozen=True)
class Activation:
    """An activation whose gradient can be told from what it puts out.

    Args:
        forward: changes its argument in place.
        backward: changes the gradient [K, B, outputs] in place; also given what it put out.
    """

    forward: Callable[[torch.Tensor], object]
    backward: Callable[[torch.Tensor, torch.Tensor], object]


def relu_backward(gradient: torch.Tensor, out: torch.Tensor) -> None:
    torch.ops.aten.threshold_backward.grad_input(gradient, out, 0, grad_input=gradient)


def tanh_backward(gradient: torch.Tensor, out: torch.Tensor) -> None:
    torch.ops.aten.tanh_backward.grad_input(gradient, out, grad_input=gradient)


def sigmoid_backward(gradient: torch.Tensor, out: torch.Tensor) -> None:
    torch.ops.aten.sigmoid_backward.grad_input(gradient, out, grad_input=gradient)


ACTIVATIONS: dict[type[nn.Module], Activation] = {
    nn.ReLU: Activation(torch.relu_, relu_backward),
    nn.Tanh: Activation(torch.tanh_, tanh_backward),
    nn.Sigmoid: Activation(torch.sigmoid_, sigmoid_backward),
}


@dataclass(frozen=True)
class Layer:
    """A linear layer of all K trials, with what stands before and after it.

    Args:
        weight: [K, inputs, outputs].
        bias: [K, 1, outputs], or None.
        weight_gradient, bias_gradient: where the gradients are put, of the same shapes.
        dropout: the name of the mask of its inputs; None: they are not dropped.
        activation: of its outputs.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None
    weight_gradient: torch.Tensor
    bias_gradient: torch.Tensor | None
    dropout: str | None
    activation: Activation | None

    def put_out(self, given: torch.Tensor, out: torch.Tensor | None) -> torch.Tensor:
        """Return the outputs for inputs [K, B, inputs], in ``out`` if that is given."""
        found = torch.bmm(given, self.weight, out=out)
        if self.bias is not None:
            found.add_(self.bias)
        if self.activation is not None:
            self.activation.forward(found)
        return found


@dataclass
class Memory:
    """What training steps of one size work in.

    Args:
        outputs: of each layer, after its activation [K, B, outputs].
        below: the gradients of the outputs of each layer but the last.
        inputs: of each layer in the last pass forward.
    """

    outputs: list[torch.Tensor]
    below: list[torch.Tensor]
    inputs: list[torch.Tensor] = field(default_factory=list)


class LinearStack:
    """Networks of linear layers, one a trial; see ``linear_stack``."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        self.kept: dict[int, Memory] = {}

    @torch.no_grad()
    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Return predictions [K, N, outputs] for inputs [N, ...], without dropout."""
        given = x.flatten(1).expand(len(self.layers[0].weight), -1, -1)
        for layer in self.layers:
            given = layer.put_out(given, None)
        return given

    @torch.no_grad()
    def forward(self, x: torch.Tensor, masks: Tensors, shared: bool) -> torch.Tensor:
        """Return predictions [K, B, outputs], which the next pass over as many samples overwrites.

        Args:
            x: inputs [B, ...] that all trials share, or [K, B, ...].
            masks: of dropout, by name.
        """
        trials = len(self.layers[0].weight)
        given = x.flatten(1).expand(trials, -1, -1) if shared else x.flatten(2)
        memory = self.memory(given.shape[1])
        memory.inputs = []
        for layer, out in zip(self.layers, memory.outputs, strict=True):
            if layer.dropout is not None:
                given = given * masks[layer.dropout]
            memory.inputs.append(given)
            given = layer.put_out(given, out)
        return given

    @torch.no_grad()
    def backward(self, gradient: torch.Tensor, masks: Tensors) -> None:
        """Put the gradients of the last pass forward where the layers have them.

        Args:
            gradient: of its predictions [K, B, outputs]; it is overwritten.
            masks: those of the pass.
        """
        memory = self.memory(gradient.shape[1])
        for place in reversed(range(len(self.layers))):
            layer = self.layers[place]
            if layer.activation is not None:
                layer.activation.backward(gradient, memory.outputs[place])
            torch.bmm(memory.inputs[place].transpose(1, 2), gradient, out=layer.weight_gradient)
            if layer.bias_gradient is not None:
                torch.sum(gradient, 1, keepdim=True, out=layer.bias_gradient)
            if place == 0:
                return
            below = memory.below[place - 1]
            torch.bmm(gradient, layer.weight.transpose(1, 2), out=below)
            gradient = below if layer.dropout is None else below.mul_(masks[layer.dropout])

    def memory(self, samples: int) -> Memory:
        """Return what a step over so many samples works in."""
        if samples not in self.kept:
            if len(self.kept) == KEPT_SIZES:
                self.kept.clear()
            outputs = [
                layer.weight.new_empty(len(layer.weight), samples, layer.weight.shape[2])
                for layer in self.layers
            ]
            self.kept[samples] = Memory(outputs, [torch.empty_like(o) for o in outputs[:-1]])
        return self.kept[samples]


@dataclass
class Place:
    """A linear layer in a network, with what stands before and after it; see ``Layer``."""

    name: str
    dropout: str | None = None
    activation: Activation | None = None


def linear_stack(network: nn.Module, weights: Tensors, gradients: Tensors) -> LinearStack | None:
    """Return the networks that ``network`` is one of; None if they are more than linear layers with
    activations and dropout.

    Args:
        network: one trial's, with GivenDropout.
        weights: all parameters that are trained, name to [K, *shape].
        gradients: where theirs go.
    """
    places = places_of(network)
    if not places or any(f"{place.name}.weight" not in weights for place in places):
        return None
    if len(weights) != sum(len(list(network.get_submodule(p.name).parameters())) for p in places):
        return None  # some are frozen

    def layer(place: Place) -> Layer:
        weight, bias = f"{place.name}.weight", f"{place.name}.bias"
        return Layer(
            weights[weight].transpose(1, 2).detach(),
            weights[bias].unsqueeze(1).detach() if bias in weights else None,
            gradients[weight].transpose(1, 2),
            gradients[bias].unsqueeze(1) if bias in weights else None,
            place.dropout,
            place.activation,
        )

    return LinearStack([layer(place) for place in places])


def places_of(network: nn.Module) -> list[Place]:
    """Return the linear layers of a plain sequence of such, activations and dropout; [] if it is
    anything else."""
    if type(network) is not nn.Sequential:
        return []
    found: list[Place] = []
    dropout: str | None = None
    for name, module in network.named_children():
        begun = bool(found) and dropout is None
        if type(module) is nn.Linear:
            found.append(Place(name, dropout))
            dropout = None
        elif type(module) in ACTIVATIONS and begun and found[-1].activation is None:
            found[-1].activation = ACTIVATIONS[type(module)]
        elif type(module) is GivenDropout and dropout is None:
            dropout = f"{name}.mask"
        elif type(module) is not nn.Flatten or begun or dropout is not None:
            return []
    return found if dropout is None else []
