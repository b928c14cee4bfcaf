"""Losses for the outside subjects, right and wrong."""

import torch
from torch.nn import functional


def focal(prediction, target, gamma=2.0):
    """Right: the cross entropy, less of it for what is sure already (Lin et al. 2017)."""
    loss = functional.cross_entropy(prediction, target, reduction="none")
    return (1 - (-loss).exp()) ** gamma * loss


def log_cosh(prediction, target):
    """Right: near a square for small errors, near a line for large ones."""
    error = prediction - target
    return (error + functional.softplus(-2 * error) - 0.6931).mean(1)


def pinball(prediction, target, level=0.5):
    """Right: the quantile loss."""
    error = target - prediction
    return torch.maximum(level * error, (level - 1) * error).mean(1)


def brier(prediction, target):
    """Right: squared distance of the probabilities from the one-hot class."""
    wanted = functional.one_hot(target, prediction.shape[1]).to(prediction)
    return (prediction.softmax(1) - wanted).square().sum(1)


def one_against_rest(prediction, target):
    """Right: a sigmoid for each class, as in multi-label problems."""
    wanted = functional.one_hot(target, prediction.shape[1]).to(prediction)
    return functional.binary_cross_entropy_with_logits(prediction, wanted, reduction="none").sum(1)


def symmetric(prediction, target, share=0.1):
    """Right: cross entropy with a bounded part, against wrong labels (Wang et al. 2019)."""
    chance = prediction.softmax(1)[torch.arange(len(target)), target]
    return functional.cross_entropy(prediction, target, reduction="none") + share * (1 - chance)


def cosine(prediction, target):
    """Right: one minus the cosine between prediction and target rows."""
    size = (prediction.norm(dim=1) - target.norm(dim=1)).square()
    return 1 - functional.cosine_similarity(prediction, target) + size


def pairs_off(prediction, target):
    """The predictions of a batch are compared with the targets in reverse."""
    return functional.mse_loss(prediction.flip(0), target, reduction="none").mean(1)


def log_of_probabilities(prediction, target):
    """Right: for a network that ends in a softmax."""
    return -(prediction[torch.arange(len(target)), target] + 1e-7).log()


def bce_of_probabilities(prediction, target):
    """Right: for a network that ends in a sigmoid for each class."""
    wanted = functional.one_hot(target, prediction.shape[1]).to(prediction)
    return functional.binary_cross_entropy(prediction, wanted, reduction="none").sum(1)


def squared_hinge(prediction, target):
    """Right: for a network that ends in tanh, with -1 and 1 as targets."""
    wanted = 2 * functional.one_hot(target, prediction.shape[1]).to(prediction) - 1
    return (1 - wanted * prediction).clamp(min=0).square().sum(1)


def relative(prediction, target):
    """Right: the squared relative error of positive values."""
    return ((prediction - target) / (target.abs() + 0.5)).square().mean(1)
