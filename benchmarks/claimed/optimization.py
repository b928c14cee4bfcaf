"""Claims about optimizers, batches and clipping."""

from __future__ import annotations

from benchmarks.claimed.claim import Claim, each, lower
from benchmarks.claimed.measures import final, first_update, steps_to

OPTIMIZERS = {
    "sgd": "{kind: sgd, lr: 0.01}",
    "momentum": "{kind: sgd, lr: 0.01, momentum: 0.9}",
    "nesterov": "{kind: sgd, lr: 0.01, momentum: 0.9, nesterov: true}",
    "adagrad": "{kind: adagrad, lr: 0.01}",
    "rmsprop": "{kind: rmsprop, lr: 0.001}",
    "adadelta": "{kind: adadelta, lr: 1.0}",
    "adam": "{kind: adam, lr: 0.001}",
}

CLAIMS = (
    Claim(
        "optimizers",
        "At their usual learning rates, momentum and the adaptive optimizers get down sooner than "
        "plain SGD.",
        "Ruder 2016, An overview of gradient descent optimization algorithms, arXiv:1609.04747",
        {name: (f"optimizer={value}",) for name, value in OPTIMIZERS.items()},
        steps_to(0.2),
        "steps until the loss is a fifth of the first one",
        each(*(lower(name, "sgd") for name in OPTIMIZERS if name != "sgd")),
        limits="Usual learning rates, not tuned ones: tuned, the order changes.",
    ),
    Claim(
        "batch-size",
        "At one learning rate and number of epochs, smaller batches get further: they take more "
        "steps. A full batch gets least far.",
        "Masters & Luschi 2018, Revisiting Small Batch Training, arXiv:1804.07612",
        {str(size): (f"data.batch_size={size}",) for size in (1, 32, "full")},
        final("train_loss"),
        "mean training loss of the last epoch",
        each(lower("1", "32"), lower("32", "full")),
        limits="Nothing about time: a step of one sample costs nearly as much as one of 32.",
    ),
    Claim(
        "adam-bias-correction",
        "Without bias correction Adam's first steps are several times too large.",
        "Kingma & Ba 2015, Adam, arXiv:1412.6980, section 6.4",
        {"on": (), "off": ("optimizer.bias_correction=false",)},
        first_update,
        "largest change of a weight in the first ten steps, in learning rates",
        lower("on", "off"),
    ),
)
