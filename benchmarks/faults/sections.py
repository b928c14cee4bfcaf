"""Short ways to write the sections of the benchmark's recipes."""

from __future__ import annotations

from typing import Any

Tree = dict[str, Any]


def mlp(hidden: list[int], activation: str = "relu", **more: Any) -> Tree:
    return {"kind": "mlp", "hidden": hidden, "activation": activation, **more}


def cnn(channels: list[int], hidden: list[int], activation: str = "relu", **more: Any) -> Tree:
    sizes = {"channels": channels, "hidden": hidden}
    return {"kind": "cnn", **sizes, "activation": activation, **more}


def own(target: str, **args: Any) -> Tree:
    """Return the section of the user's own code."""
    return {"kind": "python", "target": target, "args": args}


def data(section: Tree, batch_size: int, **more: Any) -> Tree:
    return {**section, "batch_size": batch_size, "normalize": {"kind": "standard"}, **more}


def length(epochs: int) -> Tree:
    return {"epochs": epochs}


def adam(lr: float, **more: Any) -> Tree:
    return {"kind": "adam", "lr": lr, **more}


def sgd(lr: float, momentum: float = 0.0, **more: Any) -> Tree:
    return {"kind": "sgd", "lr": lr, "momentum": momentum, **more}


def synthetic(family: str, n: int, noise: float, **more: Any) -> Tree:
    return {"kind": "synthetic", "family": family, "n": n, "noise": noise, **more}
