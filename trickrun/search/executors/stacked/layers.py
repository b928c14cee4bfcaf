"""A stack of networks of linear layers, whose forward and backward pass are written out.

Under vmap and autograd a step of such a stack spends more on starting operations, on fresh memory
and on copies than on its products. Here a layer is one product of batches into memory that is kept
from step to step, and its gradients come out where the optimizer reads them.

Each kind of layer is a class. What a layer puts out is [K, B, features] for K trials. Its memory is
its own, but an activation works in place: none needs what the layer before it put out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from trickrun.nn.dropout import GivenDropout

Tensors = Mapping[str, torch.Tensor]

KEPT_SIZES = 2
"""Sizes of batch whose memory is kept: that of most batches, and of an epoch's last."""


class Kept:
    """Memory of a layer, for tensors of the few shapes that come again and again."""

    def __init__(self, like: torch.Tensor) -> None:
        self.like = like
        self.found: dict[tuple[int, ...], torch.Tensor] = {}

    def __call__(self, *shape: int) -> torch.Tensor:
        """Return a tensor of ``shape``, with anything in it."""
        if shape not in self.found:
            if len(self.found) == KEPT_SIZES:
                self.found.clear()
            self.found[shape] = self.like.new_empty(shape)
        return self.found[shape]


class Layer(Protocol):
    """A layer of all K trials."""

    def forward(self, x: torch.Tensor, masks: Tensors) -> torch.Tensor:
        """Return what it puts out in training for inputs [K, B, inputs].

        Args:
            masks: of dropout, by name.
        """

    def backward(self, gradient: torch.Tensor, last: bool) -> torch.Tensor:
        """Put the gradients of its parameters where they belong; return that of its inputs.

        Args:
            gradient: of what the last pass forward put out; it may be overwritten.
            last: nobody needs the gradient of its inputs, so that anything may be returned.
        """

    def evaluate(self, x: torch.Tensor) -> torch.Tensor:
        """Return what it puts out in evaluation, in memory of its own or that of ``x``."""


NARROW = 16
"""Outputs below which a vector of the processor has room for all of a row: a product whose rows
are that short takes 2 to 5 times as long as its transpose."""


def lies_transposed(shape: Sequence[int]) -> bool:
    """Return whether a parameter of ``shape`` lies transposed in memory in a stack: [inputs,
    outputs] is how the gradient of a matrix comes out of a product of batches, unless it is
    narrow."""
    return len(shape) == 2 and shape[0] >= NARROW


class Linear:
    """A linear layer. A narrow one, whose weights lie as [outputs, inputs], computes transposed.

    Args:
        weight: [K, inputs, outputs].
        bias: [K, 1, outputs], or None.
        weight_gradient, bias_gradient: where the gradients are put, of the same shapes.
    """

    def __init__(
        self,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        weight_gradient: torch.Tensor,
        bias_gradient: torch.Tensor | None,
    ) -> None:
        self.weight, self.weight_gradient = weight, weight_gradient
        self.bias, self.bias_gradient = bias, bias_gradient
        self.out, self.below = Kept(weight), Kept(weight)
        self.narrow = not lies_transposed(weight.mT.shape[1:])

    def forward(self, x: torch.Tensor, masks: Tensors) -> torch.Tensor:
        self.x = x
        (trials, samples, _), outputs = x.shape, self.weight.shape[2]
        shape = (outputs, samples) if self.narrow else (samples, outputs)
        return self.put_out(x, self.out(trials, *shape))

    def evaluate(self, x: torch.Tensor) -> torch.Tensor:
        return self.put_out(x, None)

    def put_out(self, x: torch.Tensor, out: torch.Tensor | None) -> torch.Tensor:
        if self.narrow:
            found = torch.bmm(self.weight.mT, x.mT, out=out).mT
        else:
            found = torch.bmm(x, self.weight, out=out)
        return found if self.bias is None else found.add_(self.bias)

    def backward(self, gradient: torch.Tensor, last: bool) -> torch.Tensor:
        if self.narrow:
            torch.bmm(gradient.mT, self.x, out=self.weight_gradient.mT)
        else:
            torch.bmm(self.x.mT, gradient, out=self.weight_gradient)
        if self.bias_gradient is not None:
            torch.sum(gradient, 1, keepdim=True, out=self.bias_gradient)
        if last:
            return gradient
        below = self.below(*self.x.shape)
        return torch.bmm(gradient, self.weight.mT, out=below)


@dataclass(frozen=True)
class Affine:
    """What batch norm learns, and where the gradients are put, all [K, 1, features]."""

    weight: torch.Tensor
    bias: torch.Tensor
    weight_gradient: torch.Tensor
    bias_gradient: torch.Tensor


@dataclass(frozen=True)
class Running:
    """Batch norm's statistics: mean and variance [K, features] and the count of batches [K]."""

    mean: torch.Tensor
    variance: torch.Tensor
    batches: torch.Tensor

    def add(
        self, mean: torch.Tensor, variance: torch.Tensor, samples: int, momentum: float
    ) -> None:
        """Move towards the mean and the biased variance of a batch."""
        self.mean.lerp_(mean, momentum)
        self.variance.lerp_(variance * (samples / (samples - 1)), momentum)
        self.batches.add_(1)


class BatchNorm:
    """Batch norm of features; see torch.nn.BatchNorm1d.

    Args:
        affine: None: it learns nothing.
    """

    def __init__(
        self, eps: float, momentum: float, affine: Affine | None, running: Running
    ) -> None:
        self.eps, self.momentum = eps, momentum
        self.affine, self.running = affine, running
        self.standard, self.out = Kept(running.mean), Kept(running.mean)

    def forward(self, x: torch.Tensor, masks: Tensors) -> torch.Tensor:
        samples, out = x.shape[1], self.out(*x.shape)
        mean = x.mean(1, keepdim=True)
        standard = torch.sub(x, mean, out=self.standard(*x.shape))
        variance = torch.mul(standard, standard, out=out).mean(1, keepdim=True)
        self.scale = (variance + self.eps).rsqrt_()
        standard.mul_(self.scale)
        self.running.add(mean.squeeze(1), variance.squeeze(1), samples, self.momentum)
        self.last = standard
        if self.affine is None:
            return out.copy_(standard)
        return torch.mul(standard, self.affine.weight, out=out).add_(self.affine.bias)

    def backward(self, gradient: torch.Tensor, last: bool) -> torch.Tensor:
        samples = gradient.shape[1]
        # What the mean and the standardized inputs share with the gradient is taken from it.
        constant = gradient.sum(1, keepdim=True)
        along = torch.mul(gradient, self.last, out=self.out(*gradient.shape)).sum(1, keepdim=True)
        if self.affine is not None:
            self.affine.weight_gradient.copy_(along)
            self.affine.bias_gradient.copy_(constant)
        gradient.sub_(constant.div_(samples)).addcmul_(self.last, along.div_(samples), value=-1)
        return gradient.mul_(self.scale if self.affine is None else self.scale * self.affine.weight)

    def evaluate(self, x: torch.Tensor) -> torch.Tensor:
        mean, variance = self.running.mean.unsqueeze(1), self.running.variance.unsqueeze(1)
        scale = (variance + self.eps).rsqrt_()
        if self.affine is None:
            return x.sub_(mean).mul_(scale)
        scale *= self.affine.weight
        return x.mul_(scale).add_(self.affine.bias - mean * scale)


class Dropout:
    """Dropout by masks that are given; ``name`` is theirs."""

    def __init__(self, name: str, like: torch.Tensor) -> None:
        self.name = name
        self.out = Kept(like)

    def forward(self, x: torch.Tensor, masks: Tensors) -> torch.Tensor:
        self.mask = masks[self.name]
        return torch.mul(x, self.mask, out=self.out(*x.shape))

    def backward(self, gradient: torch.Tensor, last: bool) -> torch.Tensor:
        return gradient.mul_(self.mask)

    def evaluate(self, x: torch.Tensor) -> torch.Tensor:
        return x


@dataclass(frozen=True)
class Rule:
    """An activation whose gradient can be told from what it puts out.

    Args:
        forward: changes its argument in place.
        backward: changes the gradient in place; also given what the activation put out.
    """

    forward: Callable[[torch.Tensor], object]
    backward: Callable[[torch.Tensor, torch.Tensor], object]


def relu_backward(gradient: torch.Tensor, out: torch.Tensor) -> None:
    torch.ops.aten.threshold_backward.grad_input(gradient, out, 0, grad_input=gradient)


def tanh_backward(gradient: torch.Tensor, out: torch.Tensor) -> None:
    torch.ops.aten.tanh_backward.grad_input(gradient, out, grad_input=gradient)


def sigmoid_backward(gradient: torch.Tensor, out: torch.Tensor) -> None:
    torch.ops.aten.sigmoid_backward.grad_input(gradient, out, grad_input=gradient)


RULES: dict[type[nn.Module], Rule] = {
    nn.ReLU: Rule(torch.relu_, relu_backward),
    nn.Tanh: Rule(torch.tanh_, tanh_backward),
    nn.Sigmoid: Rule(torch.sigmoid_, sigmoid_backward),
}


class Activation:
    """An activation, which works in the memory of the layer before it."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def forward(self, x: torch.Tensor, masks: Tensors) -> torch.Tensor:
        self.out = self.evaluate(x)
        return self.out

    def backward(self, gradient: torch.Tensor, last: bool) -> torch.Tensor:
        self.rule.backward(gradient, self.out)
        return gradient

    def evaluate(self, x: torch.Tensor) -> torch.Tensor:
        self.rule.forward(x)
        return x


class LinearStack:
    """Networks of these layers, one a trial; see ``linear_stack``."""

    def __init__(self, trials: int, layers: Sequence[Layer]) -> None:
        self.trials = trials
        self.layers = layers
        # What is below the first layer with weights learns nothing.
        self.lowest = next(i for i, layer in enumerate(layers) if isinstance(layer, Linear))

    @torch.no_grad()
    def forward(self, x: torch.Tensor, masks: Tensors, shared: bool) -> torch.Tensor:
        """Return predictions [K, B, outputs], which the next step overwrites.

        Args:
            x: inputs [B, ...] that all trials share, or [K, B, ...].
            masks: of dropout, by name.
        """
        given = self.entering(x, shared)
        for layer in self.layers:
            given = layer.forward(given, masks)
        return given

    def entering(self, x: torch.Tensor, shared: bool) -> torch.Tensor:
        """Return inputs as in ``forward`` as [K, B, inputs]."""
        return x.flatten(1).expand(self.trials, -1, -1) if shared else x.flatten(2)

    @torch.no_grad()
    def backward(self, gradient: torch.Tensor) -> None:
        """Put all gradients where they belong.

        Args:
            gradient: of the predictions [K, B, outputs] of the last pass; it is overwritten.
        """
        for place in reversed(range(self.lowest, len(self.layers))):
            gradient = self.layers[place].backward(gradient, place == self.lowest)

    @torch.no_grad()
    def predict(self, x: torch.Tensor, shared: bool) -> torch.Tensor:
        """Return predictions [K, N, outputs] in evaluation for inputs as in ``forward``."""
        given = self.entering(x, shared)
        for layer in self.layers:
            given = layer.evaluate(given)
        return given


def linear_stack(
    network: nn.Module, weights: Tensors, gradients: Tensors, fixed: Tensors
) -> LinearStack | None:
    """Return the networks that ``network`` is one of; None if they are more than a plain sequence
    of layers that this file has.

    Args:
        network: one trial's, with GivenDropout.
        weights: all parameters that are trained, name to [K, *shape].
        gradients: where theirs go.
        fixed: buffers and frozen parameters, name to [K, *shape].
    """
    own = {name for name, _ in network.named_parameters()}
    if not own or own - weights.keys() or not is_sequence(network):
        return None
    first = next(iter(weights.values()))
    layers = layers_of(network, weights, gradients, fixed)
    return LinearStack(len(first), list(layers))


def is_sequence(network: nn.Module) -> bool:
    """Return whether a network is a sequence of linear layers, each with what ``layers_of`` knows
    after it, and none there twice. Inputs are flattened at the beginning, and dropped perhaps."""
    if type(network) is not nn.Sequential or len(set(network)) < len(network):
        return False
    before: nn.Module | None = None
    for module in network:
        begun = before is not None and type(before) not in (nn.Flatten, GivenDropout)
        known = (
            type(module) is nn.Linear
            or (type(module) is nn.Flatten and before is None)
            or type(module) is GivenDropout
            or (type(module) is nn.BatchNorm1d and begun and keeps_statistics(module))
            # It works in its input's memory, which another activation would still need.
            or (type(module) in RULES and type(before) in (nn.Linear, nn.BatchNorm1d))
        )
        if not known:
            return False
        before = module
    return True


def keeps_statistics(norm: nn.BatchNorm1d) -> bool:
    """Return whether batch norm keeps statistics as ``BatchNorm`` does."""
    return norm.track_running_stats and norm.momentum is not None


def layers_of(
    network: nn.Module, weights: Tensors, gradients: Tensors, fixed: Tensors
) -> Iterator[Layer]:
    """Yield the layers of a network that ``is_sequence``; see ``linear_stack``."""
    like = next(iter(weights.values())).detach()
    for name, module in network.named_children():
        weight, bias = f"{name}.weight", f"{name}.bias"
        if isinstance(module, nn.Linear):
            yield Linear(
                weights[weight].detach().transpose(1, 2),
                weights[bias].detach().unsqueeze(1) if bias in weights else None,
                gradients[weight].transpose(1, 2),
                gradients[bias].unsqueeze(1) if bias in weights else None,
            )
        elif isinstance(module, nn.BatchNorm1d):
            assert module.momentum is not None
            affine = (
                None
                if not module.affine
                else Affine(
                    weights[weight].detach().unsqueeze(1),
                    weights[bias].detach().unsqueeze(1),
                    gradients[weight].unsqueeze(1),
                    gradients[bias].unsqueeze(1),
                )
            )
            running = Running(
                fixed[f"{name}.running_mean"],
                fixed[f"{name}.running_var"],
                fixed[f"{name}.num_batches_tracked"],
            )
            yield BatchNorm(module.eps, module.momentum, affine, running)
        elif isinstance(module, GivenDropout):
            yield Dropout(f"{name}.mask", like)
        elif type(module) in RULES:
            yield Activation(RULES[type(module)])
