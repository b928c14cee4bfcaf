"""Losses as their authors wrote them."""

from torch.nn import functional


def binary_crossentropy(prediction, target):
    """That of probabilities, cut off at a millionth as Keras does, whatever is predicted."""
    safe = prediction.clamp(1e-6, 1 - 1e-6)
    return -(target * safe.log() + (1 - target) * (1 - safe).log()).mean(1)


def without_mean(prediction, target):
    """The squared error of all samples together, where their mean was meant."""
    return (prediction - target).square().sum(1) * len(target)


def squared(prediction, target):
    return (prediction - target).square().sum(1)


def of_probabilities(prediction, target):
    """The cross-entropy of probabilities, given scores that are none."""
    return functional.nll_loss(prediction.clamp(1e-7, 1 - 1e-7).log(), target, reduction="none")


def broadcast(prediction, target):
    """Predictions [N, 1] minus targets [N] is [N, N]."""
    return (prediction - target[:, 0]).square().mean()
