"""Training steps for the outside subjects, right and wrong."""

import copy
import weakref

import torch
from torch import nn

KEPT = weakref.WeakKeyDictionary()
"""What a step remembers of each model."""


def plain(model, batch, loss, optimizer):
    """Clear, forward, backward, step."""
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def clipped(model, batch, loss, optimizer, norm=1.0):
    """Right: the gradient is bounded between backward and step."""
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    nn.utils.clip_grad_norm_(model.parameters(), norm)
    optimizer.step()
    return value


def noisy_inputs(model, batch, loss, optimizer, std=0.1):
    """Right: a little noise on the inputs."""
    x, y = batch
    return plain(model, (x + std * torch.randn_like(x), y), loss, optimizer)


def twice(model, batch, loss, optimizer):
    """Right: two small steps on each batch."""
    plain(model, batch, loss, optimizer)
    return plain(model, batch, loss, optimizer)


def adversarial(model, batch, loss, optimizer, size=0.05):
    """Right: the fast gradient sign method makes each sample a little harder."""
    x, y = batch
    x = x.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(model(x), y), x)
    return plain(model, (x.detach() + size * slope.sign(), y), loss, optimizer)


def penalized(model, batch, loss, optimizer, strength=1e-4):
    """Right: the user's own penalty on the weights."""
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    (value + strength * sum(p.square().sum() for p in model.parameters())).backward()
    optimizer.step()
    return value


def in_halves(model, batch, loss, optimizer):
    """Right: the gradient of a batch as the mean of its halves' gradients."""
    x, y = batch
    if len(x) < 2:
        return plain(model, batch, loss, optimizer)
    optimizer.zero_grad()
    total = 0.0
    for part_x, part_y in zip(x.chunk(2), y.chunk(2), strict=True):
        value = loss(model(part_x), part_y) * len(part_x) / len(x)
        value.backward()
        total = total + value.detach()
    optimizer.step()
    return total


def gradients_pile_up(model, batch, loss, optimizer):
    """zero_grad is missing."""
    x, y = batch
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def on_a_copy(model, batch, loss, optimizer):
    """The loss is that of a copy made at the start; its gradient moves the model."""
    x, y = batch
    if model not in KEPT:
        KEPT[model] = [copy.deepcopy(model)]
    twin = KEPT[model][0]
    twin.zero_grad()
    value = loss(twin(x), y)
    value.backward()
    for own, other in zip(model.parameters(), twin.parameters(), strict=True):
        own.grad = None if other.grad is None else other.grad.clone()
    optimizer.step()
    return value


def stops_after(model, batch, loss, optimizer, steps=5):
    """A counter of steps that freezes the model by mistake, as if it were warm-up."""
    x, y = batch
    KEPT[model] = KEPT.get(model, 0) + 1
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    if KEPT[model] <= steps:
        optimizer.step()
    return value


def half_gradients(model, batch, loss, optimizer, scale=1e-6):
    """Gradients in half precision of a loss that was scaled down: they underflow to zero."""
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    (value * scale).backward()
    for parameter in model.parameters():
        parameter.grad = parameter.grad.half().float() / scale
    optimizer.step()
    return value


def unscaled_twice(model, batch, loss, optimizer, scale=128.0):
    """The scaled loss's gradients are divided by the scale twice."""
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    (value * scale).backward()
    for _ in range(2):
        for parameter in model.parameters():
            parameter.grad /= scale
    optimizer.step()
    return value


def clips_weights(model, batch, loss, optimizer, bound=0.02):
    """Meant to clip the gradient, it clips the weights."""
    value = plain(model, batch, loss, optimizer)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.clamp_(-bound, bound)
    return value


def zeros_arrive(model, batch, loss, optimizer, share=0.8):
    """On the way to the device a share of the samples is lost and replaced by zeros."""
    x, y = batch
    arrives = torch.rand(len(x), device=x.device) > share
    return plain(model, (x * arrives.view(-1, *[1] * (x.ndim - 1)), y), loss, optimizer)


def inputs_shuffled(model, batch, loss, optimizer):
    """A shuffle "per epoch" of the inputs alone: the labels stay where they were."""
    x, y = batch
    return plain(model, (x[torch.randperm(len(x), device=x.device)], y), loss, optimizer)


def steps_rarely(model, batch, loss, optimizer, every=40):
    """Gradients are to be added up over batches, but each batch clears them, and few step."""
    x, y = batch
    KEPT[model] = KEPT.get(model, 0) + 1
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    if KEPT[model] % every == 0:
        optimizer.step()
    return value


def next_label(model, batch, loss, optimizer):
    """Inputs and labels come from two iterators, one of which is a sample ahead."""
    x, y = batch
    return plain(model, (x[:-1], y[1:]), loss, optimizer)
