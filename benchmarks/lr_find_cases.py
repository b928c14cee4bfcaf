"""The networks, optimizers and data sets that lr-find is measured on."""

from __future__ import annotations

DATA = {
    "digits": "{kind: digits}",
    "iris": "{kind: iris, batch_size: 32}",
    "wine": "{kind: wine, batch_size: 32}",
    "breast_cancer": "{kind: breast_cancer}",
    "diabetes": "{kind: diabetes}",
    "fashion": "{kind: fashion_mnist, subset: 2000, size: 14}",
    "fashion 7x7": "{kind: fashion_mnist, subset: 2000, size: 7}",
    "spiral": "{kind: synthetic, family: spiral}",
    "sine": "{kind: synthetic, family: sine}",
    "moons": "{kind: synthetic, family: moons}",
    "xor": "{kind: synthetic, family: xor}",
    "linear": "{kind: synthetic, family: linear}",
}
MODEL = {
    "mlp": "{kind: mlp, hidden: [64, 64]}",
    "tanh mlp": "{kind: mlp, hidden: [64, 64], activation: tanh}",
    "deep mlp": "{kind: mlp, hidden: [32, 32, 32, 32, 32, 32]}",
    "linear": "{kind: mlp, hidden: []}",
    "cnn": "{kind: cnn, channels: [8, 16], hidden: [32]}",
}
OPTIMIZER = {
    "sgd": "{kind: sgd}",
    "momentum": "{kind: sgd, momentum: 0.9}",
    "adam": "{kind: adam}",
    "adamw": "{kind: adamw}",
    "rmsprop": "{kind: rmsprop}",
    "adagrad": "{kind: adagrad}",
}
EXTRA = {
    "bn": "normalization: batch",
    "dropout": "regularizers: {dropout: 0.3}",
}

DEVELOPED = """
mlp, adam, digits
mlp, rmsprop, digits, dropout
mlp, sgd, digits, bn
cnn, momentum, digits
cnn, adamw, fashion 7x7, bn
mlp, momentum, fashion
mlp, adam, iris
mlp, sgd, wine
mlp, adagrad, breast_cancer
mlp, adam, diabetes
mlp, rmsprop, spiral
mlp, adam, sine
"""
"""The rule's constants were chosen while looking at these and at seven more like them."""

HELD_OUT = """
mlp, adamw, fashion
cnn, rmsprop, fashion 7x7
cnn, sgd, fashion 7x7, bn
deep mlp, adam, digits
deep mlp, adagrad, fashion 7x7, bn
linear, adam, breast_cancer
linear, sgd, linear
tanh mlp, momentum, moons
mlp, momentum, diabetes, bn
mlp, rmsprop, xor
mlp, adamw, breast_cancer, dropout
cnn, adagrad, digits
tanh mlp, momentum, wine
"""
"""First run when the two-thirds rule stood. While the smoothing, the search for the steepest point
and the refusals were changed afterwards, the first nine were looked at again; the last three were
run when all was final."""


def cases(listed: str) -> list[str]:
    """Return the names of a list's cases."""
    return [line for line in listed.splitlines() if line]


def recipe_text(case: str, steps: int) -> str:
    """Return the recipe of ``case``: model, optimizer, data and what else it has."""
    model, optimizer, data, *extras = case.split(", ")
    lines = [
        "name: lr-find",
        f"data: {DATA[data]}",
        f"model: {MODEL[model]}",
        f"optimizer: {OPTIMIZER[optimizer]}",
        f"train: {{steps: {steps}, device: cpu}}",
        *(EXTRA[extra] for extra in extras),
    ]
    return "\n".join(lines) + "\n"
