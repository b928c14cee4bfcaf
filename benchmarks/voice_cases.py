"""Recipes of every kind, healthy and faulty, small enough to train in a second or two each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Case:
    """A recipe to hear every command about.

    Args:
        recipe: as a mapping.
        cause: the code of what is wrong with it; empty if nothing is.
    """

    name: str
    recipe: Mapping[str, Any]
    cause: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write the recipe, and what it needs, into ``folder``; return the recipe's path."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (folder / name).write_text(text)
        path = folder / f"{self.name}.yaml"
        path.write_text(yaml.safe_dump({"name": self.name, **self.recipe}, sort_keys=False))
        return path


DIGITS = {"kind": "digits", "batch_size": 64}
IRIS = {"kind": "iris", "batch_size": 16}
WINE = {"kind": "wine", "batch_size": 16}
DIABETES = {"kind": "diabetes", "batch_size": 32}
SCALED = {**DIABETES, "scale_targets": "standard"}
MLP = {"kind": "mlp", "hidden": [32]}
DEEP = {"kind": "mlp", "hidden": [32] * 10}


def sgd(lr: float, **more: Any) -> dict[str, Any]:
    return {"kind": "sgd", "lr": lr, **more}


def adam(lr: float, **more: Any) -> dict[str, Any]:
    return {"kind": "adam", "lr": lr, **more}


def of(data: Mapping[str, Any], epochs: int, **more: Any) -> dict[str, Any]:
    """Return a recipe on ``data`` with a small network, where ``more`` names no other."""
    sections = {"data": dict(data), "model": MLP, "optimizer": adam(3e-3), **more}
    return {**sections, "train": {"epochs": epochs, **sections.get("train", {})}}


STEPS = """\
def accumulating(model, batch, loss, optimizer):
    x, y = batch
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value.detach()


def without_update(model, batch, loss, optimizer):
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    return value.detach()


def wrong_pairs(model, batch, loss, optimizer):
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y.roll(1, 0))
    value.backward()
    optimizer.step()
    return value.detach()
"""

DATA = """\
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris


def draw(seed):
    return torch.Generator().manual_seed(seed)


def noisy(share=0.4):
    x, y = (torch.as_tensor(a) for a in load_digits(return_X_y=True))
    wrong = torch.rand(len(y), generator=draw(0)) < share
    y = torch.where(wrong, torch.randint(10, y.shape, generator=draw(1)), y)
    return {"train": (x.float(), y), "task": "classification"}


def unrelated():
    x, y = (torch.as_tensor(a) for a in load_iris(return_X_y=True))
    return {"train": (x.float(), y[torch.randperm(len(y), generator=draw(0))]),
            "task": "classification"}


def uneven():
    x, y = (torch.as_tensor(a) for a in load_breast_cancer(return_X_y=True))
    kept = torch.cat([(y == 1).nonzero().flatten(), (y == 0).nonzero().flatten()[:16]])
    return {"train": (x[kept].float(), y[kept]), "task": "classification"}


def copied():
    x, y = (torch.as_tensor(a) for a in load_iris(return_X_y=True))
    return {"train": (x.float().repeat(4, 1), y.repeat(4)), "task": "classification"}
"""


def own_step(name: str) -> dict[str, Any]:
    return of(DIGITS, 10, train={"step": {"target": f"steps:{name}"}})


def own_data(name: str, **more: Any) -> dict[str, Any]:
    kept = {k: v for k, v in more.items() if k != "epochs"}
    return of({"kind": "python", "target": f"own:{name}", "batch_size": 32},
              more.get("epochs", 20), **kept)  # fmt: skip


CASES = (
    Case("healthy-digits", of(DIGITS, 12)),
    Case("healthy-iris", of(IRIS, 40, optimizer=adam(1e-2, schedule="cosine"))),
    Case("healthy-diabetes", of(SCALED, 30, regularizers={"l2": 1e-2})),
    Case("sgd-rate-high", of(DIGITS, 12, optimizer=sgd(0.5, momentum=0.9)), "TR35"),
    Case("sgd-rate-high-plain", of(SCALED, 12, model={"kind": "mlp", "hidden": [256, 256]},
                                   optimizer=sgd(0.5)), "TR35"),
    Case("sgd-rate-huge", of(DIGITS, 12, optimizer=sgd(50.0)), "TR35"),
    Case("adam-rate-high", of(DIGITS, 12, optimizer=adam(1.0)), "TR35"),
    Case("adam-rate-high-cosine", of(WINE, 20, optimizer=adam(0.3, schedule="cosine")), "TR35"),
    Case("adam-rate-low", of(DIGITS, 12, optimizer=adam(1e-6)), "TR36"),
    Case("sgd-rate-low", of(DIGITS, 12, optimizer=sgd(1e-4)), "TR36"),
    Case("inputs-unscaled-sgd", of({**WINE, "normalize": "none"}, 20, optimizer=sgd(0.1)), "TR01"),
    Case("inputs-unscaled-adam", of({**WINE, "normalize": "none"}, 20), "TR01"),
    Case("targets-unscaled-sgd", of(DIABETES, 20, optimizer=sgd(0.1)), "TR06"),
    Case("targets-unscaled-adam", of(DIABETES, 20), "TR06"),
    Case("targets-unscaled-slow", of(DIABETES, 20, optimizer=adam(1e-6)), "TR06"),
    Case("init-zeros", of(DIGITS, 12, init="zeros"), "TR22"),
    Case("init-constant", of(DIGITS, 12, init={"kind": "constant", "value": 0.1}), "TR22"),
    Case("init-large", of(DIGITS, 12, model=DEEP, init={"kind": "normal", "std": 1.0}), "TR23"),
    Case("init-small", of(DIGITS, 12, model=DEEP, init={"kind": "normal", "std": 0.01},
                          optimizer=sgd(0.05)), "TR23"),
    Case("dead-relu", of(DIGITS, 12, init={"kind": "kaiming_normal", "bias": -10.0}), "TR43"),
    Case("deep-sigmoid", of(DIGITS, 12, model={**DEEP, "activation": "sigmoid"},
                            optimizer=sgd(0.1)), "TR42"),
    Case("deep-plain", of(DIGITS, 12, model={"kind": "mlp", "hidden": [16] * 30},
                          optimizer=sgd(0.05))),
    Case("softmax-head", of(DIGITS, 12, model={**MLP, "head_activation": "softmax"}), "TR26"),
    Case("nll-of-logits", of(DIGITS, 12, loss="nll"), "TR25"),
    Case("head-range", of(SCALED, 20, model={**MLP, "head_activation": "sigmoid"}), "TR28"),
    Case("squares-on-classes", of(DIGITS, 12, loss="mse"), "TR30"),
    Case("l2-strong", of(DIGITS, 12, regularizers={"l2": 1.0}), "TR50"),
    Case("dropout-strong", of(DIGITS, 12, regularizers={"dropout": 0.95}), "TR49"),
    Case("split-leaks", own_data("copied"), "TR08"),
    Case("labels-noisy", own_data("noisy"), "TR11"),
    Case("labels-unrelated", own_data("unrelated"), "TR10"),
    Case("classes-uneven", own_data("uneven"), "TR07"),
    Case("stops-backwards", of(DIGITS, 20, early_stopping={
        "monitor": "val_loss", "mode": "max", "patience": 3}), "TR93"),
    Case("rate-falls-soon", of(DIGITS, 20, optimizer=sgd(
        0.05, schedule={"kind": "exponential", "gamma": 0.2})), "TR36"),
    Case("warmup-too-long", of(DIGITS, 12, optimizer=adam(
        3e-3, schedule={"kind": "cosine", "warmup": 5000})), "TR82"),
    Case("no-warmup", of(DIGITS, 12, model=DEEP, optimizer=adam(0.05))),
    Case("batch-tiny", of({**IRIS, "batch_size": 2}, 20, normalization="batch"), "TR48"),
    Case("swings-under-cosine", of(WINE, 40, optimizer=sgd(1.5, schedule="cosine")), "TR35"),
    Case("step-accumulates", own_step("accumulating"), "TR46"),
    Case("step-without-update", own_step("without_update"), "TR74"),
    Case("step-wrong-pairs", own_step("wrong_pairs"), "TR10"),
    Case("loss-summed", of(DIGITS, 12, loss={"kind": "cross_entropy", "reduction": "sum"},
                           optimizer=sgd(0.1)), "TR21"),
    Case("too-few-epochs", of(DIGITS, 3, optimizer=sgd(0.05)), "TR55"),
    Case("overfits", of({**DIGITS, "subset": {"n": 100}}, 60, optimizer=adam(1e-2),
                        model={"kind": "mlp", "hidden": [256, 256]}), "TR51"),
    Case("clip-tight", of(DIGITS, 12, optimizer=sgd(0.1, clip={"norm": 1e-4})), "TR71"),
    Case("not-shuffled", of({**IRIS, "shuffle": False}, 20, optimizer=sgd(0.1)), "TR17"),
    Case("linear-layers", of(DIGITS, 12, model={**MLP, "activation": "linear"}), "TR52"),
)  # fmt: skip
"""In the order of the benchmark's table."""
