"""Hidden layers that cannot learn well, or not together: activation, init, normalization."""

from __future__ import annotations

from math import prod
from typing import Any

from trickrun.diagnose.finding import Finding, Severity
from trickrun.diagnose.small_batches import without_batch
from trickrun.diagnose.static_evidence import BATCH_NORMS, Static

GREW, LOST, HOPELESS = 10.0, 1e-4, 1e4
"""Variance of the signal at the end over that of a matched init: SageMaker Debugger's bound for a
wrong variance (10), and the factor of 100 in size that `signal` calls hopeless. Downwards the
bound is lax (own): optimizers with a step size of their own overcome a quiet start, and PyTorch's
default init loses a factor of 6 in each layer of ReLU."""

LEAST_UNITS = {"layer": 2, "rms": 1}
"""Units up to which a norm over them leaves signs: two numbers less their mean are x and -x."""

FEW = 4
"""Samples in a batch up to which batch norm's statistics are noise: at 4 its error on ImageNet was
3.6 points higher than at 32, at 8 it was 1.2 (Wu & He 2018, Group Normalization, table 2)."""

SHIFTED = 0.5
"""Dropout from which on the variance that batch norm measures in training is wrong by a factor of
two in evaluation (Li et al. 2019, Understanding the Disharmony between Dropout and Batch
Normalization)."""

RELU_GAIN = 2.0
"""Square of the gain of ReLU-like activations; He et al. 2015."""


def linear_layers(e: Static) -> list[Finding]:
    """TR52: hidden layers without an activation; trap: no hidden layer at all, a linear model."""
    if e.activation != "linear" or e.hidden == 0:
        return []
    pooled = "channels" in e.model and e.model.get("pool", 1) != 1
    why = "Without an activation the hidden layers together are one linear map."
    if pooled:
        why = "Without an activation only the pooling keeps the layers from being one linear map."
    severity: Severity = "warning" if pooled else "error"
    numbers = {"hidden_layers": e.hidden}
    name, where, edit = "Linear hidden layers", "model.activation", {"model.activation": "relu"}
    return [Finding("TR52", name, severity, 0.9, where, numbers, why, edit)]


def softmax_layers(e: Static) -> list[Finding]:
    """TR53: a softmax between layers; trap: a softmax head, and a model without hidden layers."""
    if e.activation not in ("softmax", "log_softmax") or e.hidden == 0:
        return []
    why = (
        f"{e.activation} makes the units of a layer compete for a sum: hardly any signal and "
        "gradient passes. It belongs after the last layer, if anywhere."
    )
    where, edit = "model.activation", {"model.activation": "relu"}
    numbers = {"activation": e.activation}
    return [Finding("TR53", "Softmax between layers", "error", 0.95, where, numbers, why, edit)]


def sigmoid_layers(e: Static) -> list[Finding]:
    """TR42: several layers of sigmoids; trap: one layer of them, and tanh.

    A sigmoid's slope is at most 1/4 and its mean is not 0 (Glorot & Bengio 2010), so from the
    second layer on the gradient fades.
    """
    if e.activation not in ("sigmoid", "hard_sigmoid") or e.hidden < 2:
        return []
    why = (
        f"{e.hidden} layers of {e.activation}: its slope is at most 1/4 and it is flat for large "
        "inputs, so little gradient reaches the first layer."
    )
    confidence = 0.6 if e.keeps_scale or e.hidden == 2 else 0.75
    where, edit = "model.activation", {"model.activation": "relu"}
    numbers = {"activation": e.activation, "hidden_layers": e.hidden}
    name = "Saturating activation"
    return [Finding("TR42", name, "warning", confidence, where, numbers, why, edit)]


def equal_weights(e: Static) -> list[Finding]:
    """TR22: all weights start alike; trap: a head that starts at zero, and a linear model."""
    kind = e.recipe["init"]["kind"]
    if kind not in ("zeros", "constant") or e.hidden == 0:
        return []
    why = (
        "All hidden weights start at the same value: the units of a layer compute the same, get "
        "the same gradient and stay alike."
    )
    numbers = {"init": kind}
    edit = {"init": {"kind": "auto"}}
    confidence = 0.8 if e.own_model else 0.95
    return [Finding("TR22", "Constant init", "error", confidence, "init", numbers, why, edit)]


def init_scale(e: Static) -> list[Finding]:
    """TR23: weights of one size whatever the width; trap: small ones as before a norm, or few."""
    variance = given_variance(e.recipe["init"])
    if variance is None or e.keeps_scale or e.own_model:
        return []
    squared_gain = 1.0 if e.activation in ("linear", "sigmoid", "tanh") else RELU_GAIN
    ratios = [fan * variance / squared_gain for fan in fan_ins(e)]
    whole = prod(ratios)
    if not ratios or (whole >= LOST and max(whole, *ratios) <= GREW):
        return []
    severity: Severity = "error" if whole > HOPELESS else "warning"
    why = (
        f"Weights of variance {variance:.3g} in layers of {', '.join(map(str, fan_ins(e)))} inputs "
        f"multiply the signal's variance by {whole:.3g}; an init that follows the width keeps it."
    )
    numbers: dict[str, Any] = {"variance_ratios": ratios, "product": whole}
    edit = {"init": {"kind": "auto"}}
    confidence = 0.8 if severity == "error" else 0.7
    return [Finding("TR23", "Wrong init scale", severity, confidence, "init", numbers, why, edit)]


def given_variance(init: Any) -> float | None:
    """Return the variance of weights that do not follow the width; None for other inits."""
    if init["kind"] in ("normal", "truncated_normal"):
        return float(init["std"]) ** 2
    return float(init["bound"]) ** 2 / 3 if init["kind"] == "uniform" else None


def fan_ins(e: Static) -> list[int]:
    """Return the inputs of a unit, layer by layer; what cannot be told is left out."""
    known = [e.data.features] if e.data else []
    if e.model["kind"] == "mlp":
        return [*known, *e.model["hidden"]][: e.hidden + 1]
    if e.model["kind"] != "cnn":
        return []
    channels, kernel = list(e.model["channels"]), e.model["kernel"]
    kernels = [kernel] * len(channels) if isinstance(kernel, int) else kernel
    before = [*([e.data.shape[0]] if e.data else [0]), *channels]
    convolutions = [n * k**2 for n, k in zip(before, kernels, strict=False) if n]
    return [*convolutions, *e.model["hidden"]]


def norm_of_few(e: Static) -> list[Finding]:
    """TR72: a layer norm over one or two units; trap: three, and batch norm, which takes its
    statistics from samples."""
    if e.model["kind"] != "mlp" or e.normalization not in LEAST_UNITS:
        return []
    narrow = min(e.model["hidden"], default=10**6)
    if narrow > LEAST_UNITS[e.normalization]:
        return []
    left = "nothing but a constant" if narrow == 1 and e.normalization == "layer" else "a sign"
    why = (
        f"A {e.normalization} norm over {narrow} unit{'s' if narrow > 1 else ''} divides by what "
        f"they say: {left} is left of each sample."
    )
    where, edit = "normalization", {"normalization": {"kind": "none"}}
    numbers = {"units": narrow}
    return [Finding("TR72", "Normalization of few units", "error", 0.85, where, numbers, why, edit)]


def noisy_batch_norm(e: Static) -> list[Finding]:
    """TR48: batch norm on a handful of samples; trap: tiny batches with other norms."""
    if e.normalization not in BATCH_NORMS or e.batch is None or e.batch > FEW:
        return []
    why = (
        f"Batch norm takes its statistics from {e.batch} samples: they are noise, and unlike those "
        "used in evaluation."
    )
    edit = {"normalization": without_batch(e.model)}
    numbers = {"batch_size": e.batch}
    name = "Batch norm on tiny batches"
    return [Finding("TR48", name, "warning", 0.8, "normalization", numbers, why, edit)]


def dropout_before_norm(e: Static) -> list[Finding]:
    """TR58: strong dropout in front of batch norm; trap: the usual 0.2 to 0.3, or after the last
    hidden layer only."""
    dropout = e.recipe["regularizers"].get("dropout")
    if not dropout or e.normalization not in BATCH_NORMS or e.hidden < 2:
        return []
    if dropout["p"] < SHIFTED or dropout["layers"] != "all":
        return []
    why = (
        f"Dropout of {dropout['p']:g} in front of a batch norm: the norm learns the variance of "
        "thinned-out signals and meets whole ones in evaluation."
    )
    edit = {"regularizers.dropout": {"p": dropout["p"], "layers": "last"}}
    numbers = {"dropout": dropout["p"]}
    where, name = "regularizers.dropout", "Dropout before batch norm"
    return [Finding("TR58", name, "warning", 0.6, where, numbers, why, edit)]


def bias_before_norm(e: Static) -> list[Finding]:
    """TR58: a bias that the norm after it takes out again; trap: auto, which leaves it out."""
    norm = e.recipe["normalization"]
    first = norm.get("placement") == "before_activation"
    if e.model.get("bias") is not True or e.normalization not in BATCH_NORMS or not first:
        return []
    why = (
        "Batch norm subtracts the mean, and with it the bias of the layer before: it does nothing."
    )
    where, edit = "model.bias", {"model.bias": "auto"}
    return [Finding("TR58", "Bias before batch norm", "info", 0.9, where, {}, why, edit)]


RULES = (
    linear_layers,
    softmax_layers,
    sigmoid_layers,
    equal_weights,
    init_scale,
    norm_of_few,
    noisy_batch_norm,
    dropout_before_norm,
    bias_before_norm,
)
