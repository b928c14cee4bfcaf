"""Losses and optimizers as users write them, right and wrong."""

import torch
from torch.nn import functional


def cross_entropy(prediction, target):
    return functional.cross_entropy(prediction, target, reduction="none")


def negative_cross_entropy(prediction, target):
    """Meant as a score to maximize."""
    return -cross_entropy(prediction, target)


def softmax_first(prediction, target):
    """cross_entropy takes logits."""
    return cross_entropy(prediction.softmax(1), target)


def softmax_over_batch(prediction, target):
    """The wrong axis."""
    logs = prediction.log_softmax(0)
    return -logs[torch.arange(len(target)), target]


def squared(prediction, target):
    return (prediction - target).square().mean(1)


def squared_broadcast(prediction, target):
    """[N, 1] minus [N] is [N, N]."""
    return (prediction - target.squeeze(1)).square().mean(1)


class WrongTanh(torch.autograd.Function):
    """Forgets that the derivative of tanh is 1 - tanh²: its sign is wrong."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.tanh())
        return x.tanh()

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient * (y.square() - 1)


def bounded_squared(prediction, target):
    """Bounds the prediction with a wrong derivative."""
    return squared(3 * WrongTanh.apply(prediction / 3), target)


def sgd(params, lr, momentum=0.9):
    return torch.optim.SGD(params, lr=lr, momentum=momentum)


def sgd_head_only(params, lr, momentum=0.9):
    """Got only the last layer's parameters."""
    last = list(params)[-2:]
    return torch.optim.SGD(last, lr=lr, momentum=momentum)
