"""Programs with nothing wrong: choices that look odd to a rule of thumb and still train well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.faults.programs import Base, Program, SplitData
from trickrun.recipe.load import load

RECIPES = Path(__file__).parent.parent.parent / "recipes"
SHIPPED: Mapping[SplitData, tuple[str, ...]] = {
    "development": (
        "diabetes", "digits", "fashion-mnist", "fruit", "moons", "spiral", "text-classes",
        "text-next-character", "wine",
    ),
    "held-back": ("breast-cancer", "iris"),
}  # fmt: skip
"""The shipped recipes, in the half that their data set is in. They may change with the project, so
the frozen hash does not cover them."""

VARIED: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("sgd-0.1", {"optimizer": {"kind": "sgd", "lr": 0.1}},
     "moons-mlp blobs-mlp census-mlp tumours-mlp unequal-mlp friedman-mlp"),
    ("momentum", {"optimizer": {"kind": "sgd", "lr": 0.03, "momentum": 0.9}},
     "clothes-mlp digits-mlp wine-mlp shapes-cnn iris-mlp tumours-own-data"),
    ("adagrad", {"optimizer": {"kind": "adagrad", "lr": 0.05}},
     "digits-mlp blobs-mlp tumours-mlp clusters-ln-mlp"),
    ("rmsprop", {"optimizer": {"kind": "rmsprop", "lr": 1e-3}},
     "digits-mlp clothes-mlp photos-cnn friedman-mlp"),
    ("low-rate-long", {"optimizer.lr": 3e-4, "train.epochs": 60}, "digits-mlp"),
    ("one-cycle", {"optimizer.schedule": {"kind": "one_cycle"}},
     "digits-bn-cnn spiral-mlp clusters-ln-mlp board-mlp"),
    ("cosine", {"optimizer.schedule": {"kind": "cosine", "warmup": 0.1}},
     "clothes-cnn sine-mlp shapes-cnn circuit-mlp"),
    ("clipped", {"optimizer.clip": {"norm": 1.0}}, "clothes-mlp diabetes-mlp friedman-mlp"),
    ("tiny-batches", {"data.batch_size": 4, "optimizer.lr": 1e-3},
     "wine-mlp moons-mlp iris-mlp tumours-mlp"),
    ("one-batch-an-epoch", {"data.batch_size": "full", "train.epochs": 300},
     "wine-mlp parabola-mlp tumours-mlp line-mlp"),
    ("sigmoid-shallow", {"model.hidden": [32], "model.activation": "sigmoid"},
     "digits-mlp wine-mlp tumours-mlp friedman-mlp"),
    ("tanh", {"model.activation": "tanh"},
     "clothes-mlp digits-mlp moons-mlp circuit-mlp board-mlp"),
    ("gelu", {"model.activation": "gelu"}, "digits-bn-cnn parabola-mlp shapes-cnn iris-mlp"),
    ("softplus", {"model.activation": "softplus"}, "wine-mlp diabetes-mlp tumours-mlp"),
    ("no-hidden-layer", {"model.hidden": []}, "blobs-mlp wine-mlp tumours-mlp iris-mlp"),
    ("wide", {"model.hidden": [512]}, "digits-mlp moons-mlp circles-mlp friedman-mlp"),
    ("deep", {"model.hidden": [32, 32, 32, 32, 32]}, "digits-mlp moons-mlp clusters-ln-mlp"),
    ("minmax", {"data.normalize": {"kind": "minmax"}},
     "clothes-cnn digits-mlp wine-mlp photos-cnn tumours-mlp friedman-mlp"),
    ("unscaled-but-small", {"data.normalize": {"kind": "none"}}, "moons-mlp xor-mlp circles-mlp"),
    ("hinge", {"loss": {"kind": "hinge"}}, "digits-mlp blobs-mlp iris-mlp clusters-ln-mlp"),
    ("nll-right", {"loss": {"kind": "nll"}, "model.head_activation": "log_softmax"},
     "digits-mlp wine-mlp clusters-ln-mlp iris-mlp"),
    ("huber", {"loss": {"kind": "huber"}}, "diabetes-mlp sine-mlp friedman-mlp"),
    ("mae", {"loss": {"kind": "mae"}}, "parabola-mlp circuit-mlp"),
    ("dropout-half", {"regularizers.dropout": {"p": 0.5}, "train.epochs": 25},
     "clothes-mlp digits-mlp clusters-ln-mlp shapes-cnn"),
    ("smoothed", {"regularizers.label_smoothing": {"epsilon": 0.1}},
     "digits-mlp clothes-mlp photos-cnn clusters-ln-mlp"),
    ("l2", {"regularizers.l2": {"lambda": 1e-4}}, "digits-mlp friedman-mlp shapes-cnn"),
    ("decoupled-decay", {"optimizer": {"kind": "adamw", "lr": 2e-3, "weight_decay": 0.1}},
     "digits-mlp clothes-mlp photos-cnn"),
    ("batch-norm", {"normalization": {"kind": "batch"}}, "clothes-cnn spiral-mlp shapes-cnn"),
    ("group-norm", {"normalization": {"kind": "group", "groups": 4}}, "digits-bn-cnn photos-cnn"),
    ("orthogonal", {"init": {"kind": "orthogonal"}}, "digits-mlp clothes-mlp shapes-cnn board-mlp"),
    ("torch-default", {"init": {"kind": "torch_default"}}, "clothes-cnn wine-mlp circles-mlp"),
    ("zero-head", {"init": {"kind": "auto", "head": {"kind": "zeros"}}},
     "digits-mlp clothes-mlp clusters-ln-mlp"),
    ("noise", {"augmentation": [{"kind": "noise", "std": 0.1}]},
     "digits-mlp spiral-mlp photos-cnn friedman-mlp"),
    ("shifts", {"augmentation": [{"kind": "shift", "pixels": 1}]}, "clothes-cnn shapes-cnn"),
    ("flips", {"augmentation": [{"kind": "flip"}]}, "photos-cnn"),
    ("stops-early", {"early_stopping": {"patience": 8}, "train.epochs": 60},
     "digits-mlp tumours-mlp"),
    ("own-step", {"train.step": {"target": "own_steps:plain"}}, "blobs-mlp photos-cnn circles-mlp"),
    ("own-optimizer", {"optimizer": {"kind": "python", "lr": 0.05, "target": "own_losses:sgd"}},
     "digits-mlp board-mlp"),
    ("own-loss", {"loss": {"kind": "python", "target": "own_losses:cross_entropy"}},
     "digits-mlp shapes-cnn"),
)  # fmt: skip


def healthy(bases: Mapping[str, Base]) -> Iterator[Program]:
    """Yield the bases, and the bases varied."""
    for name, base in bases.items():
        yield Program(name, base.part, name, {}, base.metric)
    for variation, edits, names in VARIED:
        for name in names.split():
            base = bases[name]
            yield Program(f"{name}~{variation}", base.part, name, edits, base.metric)


def shipped() -> dict[str, Base]:
    """Return the shipped recipes as bases; each is a healthy program by itself."""
    bases = {}
    for part, names in SHIPPED.items():
        for name in names:
            tree = load(RECIPES / f"{name}.yaml").tree
            metric = "val_r2" if name == "diabetes" else "val_accuracy"
            bases[f"shipped-{name}"] = Base(f"shipped-{name}", part, tree, metric)
    return bases


def is_shipped(program: Program) -> bool:
    """Return whether a program is a recipe that trickrun ships, or is made of one."""
    return program.base.startswith("shipped-")
