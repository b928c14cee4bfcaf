"""The unusual parts of a recipe, each with the usual one in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trickrun.checks.interventions.parts import Replacement
from trickrun.checks.interventions.rates import USUAL_LR, rate
from trickrun.data.splits.source import Task
from trickrun.models import BuiltinModel
from trickrun.models.python import PythonModel
from trickrun.recipe.schema import Recipe
from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.losses.python import PythonLoss
from trickrun.tricks.optimizers.adam import Adam

HEALTHY_ACTIVATIONS = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish")
SATURATING = ("tanh", "sigmoid", "hard_sigmoid")
ENOUGH_UNITS = 64
"""Hidden layers of this width are not what keeps a network from telling a batch of 32 apart."""
DEEP = 8
"""Fully connected layers beyond which fewer are tried. Own: with a matched init and ReLU such a
stack still trains, and deeper ones are hardly ever chosen for what they add."""
SINKING = -1.0
"""A bias from which down ReLU units hardly see a sample above zero: inputs of size 1 and a matched
init give sums of size 1."""
BOUNDED = "An activation bounds the output"
"""Of one on values to predict: whether they lie beyond its reach, a finding about them says."""
SLOW_LOSS = "Loss fails on one batch"
"""Of a loss that suits the task, but is not the usual one."""
HALF = {
    "bf16": "With 8 bits of precision, small updates are rounded to nothing.",
    "fp16": "Small gradients vanish, and numbers above 65504 overflow.",
}
"""What each half precision may do to training."""


def replacements(recipe: Recipe, task: Task) -> list[Replacement]:
    """Return the recipe's unusual parts with their usual replacements, likeliest cause first."""
    return [
        *head(recipe, task),
        *loss(recipe, task),
        *init(recipe),
        *activation(recipe),
        *(() if task.vocabulary else inputs(recipe)),
        *(targets(recipe) if task.kind == "regression" else ()),
        *step(recipe),
        *optimizer(recipe),
        *normalization(recipe),
        *depth(recipe),
        *switched_off(recipe),
        *capacity(recipe),
    ]


def head(recipe: Recipe, task: Task) -> Iterator[Replacement]:
    """Yield an activation after the last layer that does not suit the loss."""
    model, kind = recipe.model, recipe.loss.chosen(task)
    one_output = kind.one_output and task.kind != "multilabel"
    if not isinstance(model, BuiltinModel):
        return
    given = model.head_activation
    wanted = "log_softmax" if kind.takes == "log_probabilities" else "linear"
    # The softmax in a loss from logits leaves log-probabilities as they are.
    harmless = given == "log_softmax" and kind.takes == "logits" and not kind.one_output
    if given == wanted or harmless:
        return
    code, name = "TR29", "An activation after the last layer"
    why = f"{given} after the last layer bounds what the network can output."
    if wanted == "log_softmax":
        code, name = "TR25", "No log-softmax before nll"
        why = f"{kind.kind_name} takes log-probabilities, which only a log_softmax head outputs."
    elif given == "softmax" and one_output:
        code, name = "TR27", "Softmax on one output"
        why = "A softmax over one output is always 1."
    elif task.kind == "regression":
        name = BOUNDED
    elif given in ("softmax", "sigmoid", "hard_sigmoid"):
        code, name = "TR26", "Probabilities into a loss that takes logits"
        why = f"The loss squashes the {given} again, so no answer can be certain."
    path = "model.head_activation"
    yield Replacement(path, {path: wanted}, code, name, why)


def loss(recipe: Recipe, task: Task) -> Iterator[Replacement]:
    """Yield a loss that does not suit the task, weighs classes or sums over the batch."""
    kind = recipe.loss
    usual = AutoLoss().chosen(task).kind_name
    change: dict[str, Any] = {"loss": {"kind": usual}}
    if isinstance(kind, PythonLoss):
        why = f"The batch is fitted with {usual}. Check {kind.target}."
        yield Replacement("loss", change, "TR30", "Your loss", why)
    elif kind.takes == "values" and task.kind == "classification":
        why = f"With one-hot classes, {kind.kind_name} has flat regions that {usual} does not have."
        yield Replacement("loss", change, "TR30", "Loss does not suit the task", why)
    elif kind.takes == "scores" or (
        task.kind == "regression" and kind.chosen(task).kind_name != usual
    ):
        why = f"{kind.kind_name} with its settings does not fit the batch, but {usual} does."
        if kind.takes == "scores" and isinstance(recipe.model, BuiltinModel):
            change["model.head_activation"] = "linear"
        yield Replacement("loss", change, "TR30", SLOW_LOSS, why)
    elif kind.reduction == "sum":
        why = "A sum over the batch multiplies every gradient by the batch size."
        edit = {"loss.reduction": "mean"}
        yield Replacement("loss.reduction", edit, "TR21", "Sum over the batch instead of mean", why)


def init(recipe: Recipe) -> Iterator[Replacement]:
    """Yield any init but the plain ones; of a user's model also the one that it was built with."""
    scheme = recipe.init
    plain = scheme.head is None and scheme.bias in ("auto", "zeros")
    plain = plain and getattr(scheme, "gain", "auto") == "auto"
    if plain and scheme.usual and not recipe.model.is_user_code:
        return
    code, name = "TR23", "Wrong init scale"
    why = "The initial weights do not pass the signal on."
    if scheme.equal:
        code, name = "TR22", "Constant init"
        why = "Weights that start equal keep units equal, and zeros pass no gradient."
    elif isinstance(scheme.bias, float) and scheme.bias <= SINKING:
        code, name = "TR43", "Units dead from the start"
        why = f"A bias of {scheme.bias:g} keeps units below zero, where no gradient passes."
    # A patch keeps gain and bias where the kind stays the same; auto is kaiming_normal too.
    again = scheme.kind_name == "kaiming_normal"
    change = {"init": {"kind": "auto" if again else "kaiming_normal"}}
    yield Replacement("init", change, code, name, why)


def activation(recipe: Recipe) -> Iterator[Replacement]:
    """Yield a hidden activation that is linear, a softmax, or flat for large inputs."""
    model = recipe.model
    if not isinstance(model, BuiltinModel):
        return
    given, usual = model.activation, model.usual_activation
    if given in HEALTHY_ACTIVATIONS or given == usual:
        return
    code, name, why = (
        "TR53",
        "Unusual hidden activation",
        (f"{given} lets little of the signal pass."),
    )
    if given == "linear":
        code, name = "TR52", "Linear hidden layers"
        why = "Without an activation all layers together are a single linear map."
    elif given in SATURATING:
        code, name = "TR42", "Saturating activation"
        why = f"{given} is flat for large inputs, and its slopes multiply through the layers."
    yield Replacement("model.activation", {"model.activation": usual}, code, name, why)


def inputs(recipe: Recipe) -> Iterator[Replacement]:
    """Yield any normalization of the inputs but the standard one."""
    if recipe.data.normalize.kind_name != "standard":
        why = f"Inputs normalized by {recipe.data.normalize.kind_name} do not have size 1."
        change = {"data.normalize": {"kind": "standard"}}
        yield Replacement("data.normalize", change, "TR01", "Unscaled inputs", why)


def targets(recipe: Recipe) -> Iterator[Replacement]:
    """Yield targets in the data's own unit."""
    if recipe.data.scale_targets == "none":
        why = "Targets in the data's own unit do not have size 1."
        change = {"data.scale_targets": "standard"}
        yield Replacement("data.scale_targets", change, "TR06", "Unscaled targets", why)


def step(recipe: Recipe) -> Iterator[Replacement]:
    """Yield the user's own training step, clipping, and half precision."""
    change: dict[str, Any]
    if recipe.train.step is not None:
        why = f"The batch is fitted with trickrun's own step. Check {recipe.train.step.target}."
        change = {"train.step": None}
        yield Replacement("train.step", change, "TR74", "Your training step", why)
    if recipe.optimizer.clip is not None:
        why = "The bound on the gradient makes the steps too short."
        change = {"optimizer.clip": None}
        yield Replacement("optimizer.clip", change, "TR71", "Clipping too tight", why)
    if recipe.train.precision in HALF:
        why = HALF[recipe.train.precision]
        change = {"train.precision": "float32"}
        yield Replacement("train.precision", change, "TR75", "Precision too low", why)


def optimizer(recipe: Recipe) -> Iterator[Replacement]:
    """Yield any optimizer but plain adam, and of that another learning rate than the usual."""
    given = recipe.optimizer
    if isinstance(given, Adam) and given == Adam(lr=given.lr, schedule=given.schedule):
        if given.lr != USUAL_LR:
            yield rate(given.lr, USUAL_LR)
        return
    why = (
        f"{given.kind_name} with its settings does not fit the batch, but adam with lr "
        f"{USUAL_LR:g} does."
    )
    change: dict[str, Any] = {"optimizer": {"kind": "adam", "lr": USUAL_LR}}
    if isinstance(given, Adam):
        # A patch keeps the other parameters of an adam: they are deleted one by one.
        set_here = sorted(given.model_fields_set - {"kind", "lr", "schedule"})
        change = {"optimizer.lr": USUAL_LR, **{f"optimizer.{name}": None for name in set_here}}
    yield Replacement("optimizer", change, "TR70", "Optimizer fails on one batch", why)


def normalization(recipe: Recipe) -> Iterator[Replacement]:
    """Yield the lack of normalization layers, or those that are there."""
    if not isinstance(recipe.model, BuiltinModel):
        return
    if recipe.normalization.kind_name == "none":
        why = "Without normalization the signal is lost in the layers."
        change: dict[str, Any] = {"normalization": {"kind": recipe.model.usual_normalization}}
        yield Replacement("normalization", change, "TR44", "Activations lose their scale", why)
    else:
        kind = recipe.normalization.kind_name
        why = f"The {kind} normalization removes what the answer depends on."
        change = {"normalization": {"kind": "none"}}
        yield Replacement("normalization", change, "TR72", "Normalization removes information", why)


def depth(recipe: Recipe) -> Iterator[Replacement]:
    """Yield two layers in the place of many that nothing but their init keeps trainable."""
    model = recipe.model
    hidden = list(model.hidden_units or ())
    if model.units_parameter and len(hidden) > DEEP:
        path = f"model.{model.units_parameter}"
        why = f"Little of the signal and of the gradient is left after {len(hidden)} plain layers."
        yield Replacement(path, {path: hidden[:2]}, "TR105", "Too many layers", why)


def switched_off(recipe: Recipe) -> Iterator[Replacement]:
    """Yield what every network of the kind has, unless it is switched off."""
    model = recipe.model
    if getattr(model, "bias", None) is False:
        why = "Without biases, every unit's boundary passes through the origin."
        yield Replacement("model.bias", {"model.bias": "auto"}, "TR104", "No biases", why)
    if getattr(model, "positions", None) == "none":
        why = "Without positions the network cannot tell the order of its inputs."
        edit = {"model.positions": "learned"}
        yield Replacement("model.positions", edit, "TR104", "No positions", why)


def capacity(recipe: Recipe) -> Iterator[Replacement]:
    """Yield the model itself: too narrow, or a user's own."""
    model = recipe.model
    if isinstance(model, PythonModel):
        why = f"A plain mlp fits the batch. Check {model.target}."
        yield Replacement("model", {"model": {"kind": "mlp"}}, "TR76", "Your model", why)
    elif model.units_parameter and min(model.hidden_units or (), default=0) < ENOUGH_UNITS:
        hidden = [max(units, ENOUGH_UNITS) for units in model.hidden_units or ()]
        hidden, path = hidden or [ENOUGH_UNITS], f"model.{model.units_parameter}"
        why = f"The batch is fitted with hidden layers of {hidden} units."
        yield Replacement(path, {path: hidden}, "TR54", "Too few units", why)
