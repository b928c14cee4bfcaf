"""The tricks that a recipe switches on, and what taking each one away means.

A trick is a part that the recipe could do without: what stays is a recipe of the same network, loss
and optimizer. ``LEFT_OUT``, ``SET_BACK`` and the functions below them are the whole list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trickrun.recipe.load import Loaded
from trickrun.recipe.schema import Recipe


@dataclass(frozen=True)
class Trick:
    """A trick that a recipe switches on.

    Args:
        name: what people call it: its recipe path, with its kind where it has one.
        without: the edits that take it away.
        means: what is there in its place.
    """

    name: str
    without: Mapping[str, Any]
    means: str


LEFT_OUT: Mapping[str, str] = {
    "optimizer.clip": "gradients are not clipped",
    "optimizer.lookahead": "no slow weights",
    "optimizer.layer_decay": "one learning rate for all layers",
    "optimizer.lr_scale": "one learning rate for all parameters",
    "loss.class_weights": "all classes count alike",
    "early_stopping": "the full length is trained; the best epoch is still the one that is kept",
    "train.batch_ramp": "the whole batch size from the start",
    "train.gradual_unfreezing": "all layers from the start",
}
"""Parts that null deletes, where they are not null or empty."""

SET_BACK: Mapping[str, tuple[Any, str]] = {
    "optimizer.weight_decay": (0.0, "no weight decay"),
    "optimizer.nesterov": (False, "plain momentum"),
    "optimizer.amsgrad": (False, "the plain second moment"),
    "optimizer.centered": (False, "the plain second moment"),
    "data.sampling": ("uniform", "samples are drawn as they come"),
    "model.residual": (False, "the plain network, without shortcuts"),
}
"""Parts that are set to a value, where they have another one."""


def tricks_of(loaded: Loaded) -> list[Trick]:
    """Return the tricks that a recipe switches on, in the order of its sections. A strength of 0 is
    off. Parts at a default that does something count too: adamw's weight decay is one."""
    return [trick for rule in RULES for trick in rule(loaded.recipe)]


def regularizers(recipe: Recipe) -> Iterator[Trick]:
    """Each regularizer, left out."""
    for name in type(recipe.regularizers).model_fields:
        declared = getattr(recipe.regularizers, name)
        if declared is not None and not declared.off:
            path = f"regularizers.{name}"
            yield Trick(path, {path: None}, "left out")


def augmentations(recipe: Recipe) -> Iterator[Trick]:
    """Each entry of the augmentation, left out; the others keep their order."""
    for index, entry in enumerate(recipe.augmentation):
        if not entry.off:
            path = f"augmentation.{index}"
            yield Trick(f"{path} ({entry.kind_name})", {path: None}, "left out")


def normalizations(recipe: Recipe) -> Iterator[Trick]:
    """The normalization of hidden activations and that of inputs, none instead; the encoding of a
    table's numbers, plain instead."""
    if recipe.normalization.kind_name != "none":
        name = f"normalization ({recipe.normalization.kind_name})"
        yield Trick(name, {"normalization": None}, "no normalization of hidden activations")
    if recipe.data.normalize.kind_name != "none" and not recipe.data.token_ids:
        name = f"data.normalize ({recipe.data.normalize.kind_name})"
        yield Trick(name, {"data.normalize": "none"}, "inputs as they come")
    numeric = getattr(recipe.model, "numeric", None)
    if numeric is not None and not numeric.off:
        name = f"model.numeric ({numeric.kind_name})"
        yield Trick(name, {"model.numeric": "plain"}, "numbers as they are")


def beginnings(recipe: Recipe) -> Iterator[Trick]:
    """An init other than the default, the default instead."""
    if recipe.init.kind_name != "auto":
        name = f"init ({recipe.init.kind_name})"
        yield Trick(name, {"init": None}, "the default init of the activation")


def schedules(recipe: Recipe) -> Iterator[Trick]:
    """A schedule, the constant rate instead; a warm-up, none instead."""
    schedule = recipe.optimizer.schedule
    if schedule.kind_name == "constant" or not schedule.uses_lr:
        return
    name = f"optimizer.schedule ({schedule.kind_name})"
    yield Trick(name, {"optimizer.schedule": "constant"}, "a constant learning rate")
    if getattr(schedule, "warmup", 0):
        path = "optimizer.schedule.warmup"
        yield Trick(path, {path: 0}, "the whole learning rate from the first step")


def momentum(recipe: Recipe) -> Iterator[Trick]:
    """Momentum, none instead; where it makes steps longer, the rate makes up for that."""
    share = getattr(recipe.optimizer, "momentum", 0.0)
    if not share:
        return
    path = "optimizer.momentum"
    edits: dict[str, Any] = {path: 0.0}
    means = "no momentum"
    if getattr(recipe.optimizer, "nesterov", False):
        edits["optimizer.nesterov"] = False
    if recipe.optimizer.momentum_multiplies_lr:
        edits["optimizer.lr"] = float(f"{recipe.optimizer.lr / (1 - share):.6g}")
        means = "no momentum, and lr / (1 - momentum), so that steps stay as long"
    yield Trick(path, edits, means)


def left_out(recipe: Recipe) -> Iterator[Trick]:
    """The parts of LEFT_OUT."""
    for path, means in LEFT_OUT.items():
        if value_at(recipe, path):
            yield Trick(path, {path: None}, means)


def set_back(recipe: Recipe) -> Iterator[Trick]:
    """The parts of SET_BACK."""
    for path, (value, means) in SET_BACK.items():
        found = value_at(recipe, path)
        if found is not None and found != value:
            yield Trick(path, {path: value}, means)


def value_at(recipe: Recipe, path: str) -> Any:
    """Return what a recipe has at a path of attributes; None where its kinds have no such part."""
    found: Any = recipe
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


RULES: tuple[Callable[[Recipe], Iterator[Trick]], ...] = (
    regularizers,
    augmentations,
    normalizations,
    beginnings,
    schedules,
    momentum,
    left_out,
    set_back,
)
