"""Hidden layers that cannot learn well, or not together: activation, init, normalization."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, prod
from typing import Any

from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding, Severity

MOST_GROUPS = 8
"""The usual number of groups, as far as it divides the widths."""


def without_batch(channels: Sequence[int], units: Sequence[int]) -> dict[str, Any]:
    """Return the normalization that suits a network, as in a recipe, and takes no batch.

    Groups for convolutions, as many as divide every hidden layer; layer norm where none do.

    Args:
        channels: of its convolutions; empty if it has none.
        units: of its fully connected hidden layers.
    """
    if not channels:
        return {"kind": "layer"}
    common = gcd(*channels, *units)
    # A fully connected layer with a group for each unit would put out zeros.
    most = min([MOST_GROUPS, *(width - 1 for width in units)])
    groups = max((n for n in range(1, most + 1) if common % n == 0), default=1)
    return {"kind": "group", "groups": groups} if groups > 1 else {"kind": "layer"}


GREW, LOST, HOPELESS = 10.0, 1e-4, 1e4
"""Variance of the signal at the end over that of a matched init: SageMaker Debugger's bound for a
wrong variance (10), and the factor of 100 in size that `signal` calls hopeless. Downwards the
bound is lax (own): optimizers with a step size of their own overcome a quiet start, and PyTorch's
default init loses a factor of 6 in each layer of ReLU."""

FEW = 8
"""Samples in a batch below which batch norm's statistics are noise: at 4 its error on ImageNet was
3.6 points higher than at 32, at 8 it was 1.2 (Wu & He 2018, Group Normalization, table 2)."""

FEW_UNITS = 2
"""Units of a layer of which layer norm leaves nothing but a sign."""

SHIFTED = 0.5
"""Dropout from which on the variance that batch norm measures in training is wrong by a factor of
two in evaluation (Li et al. 2019, Understanding the Disharmony between Dropout and Batch
Normalization)."""

RELU_GAIN = 2.0
"""Square of the gain of ReLU-like activations; He et al. 2015."""


def linear_layers(e: Facts) -> list[Finding]:
    """TR52: hidden layers without an activation; trap: no hidden layer at all, a linear model."""
    layers = e.network.hidden_layers
    if e.network.activation != "linear" or not layers:
        return []
    why = "Without an activation the hidden layers together are a single linear map."
    if e.network.pooled:
        why = (
            "Without an activation, only the pooling keeps the layers from being a single "
            "linear map."
        )
    severity: Severity = "warning" if e.network.pooled else "error"
    numbers = {"hidden_layers": layers}
    name, where, edit = "Linear hidden layers", "model.activation", {"model.activation": "relu"}
    return [Finding("TR52", name, severity, 0.9, where, numbers, why, edit)]


def softmax_layers(e: Facts) -> list[Finding]:
    """TR53: a softmax between layers; trap: a softmax head, and a model without hidden layers."""
    activation = e.network.activation
    if activation not in ("softmax", "log_softmax") or not e.network.hidden_layers:
        return []
    why = (
        f"{activation} makes the units of a layer compete for a sum of 1: hardly any signal or "
        "gradient passes. It belongs after the last layer, if anywhere."
    )
    where, edit = "model.activation", {"model.activation": "relu"}
    numbers = {"activation": activation}
    return [Finding("TR53", "Softmax between layers", "error", 0.95, where, numbers, why, edit)]


def sigmoid_layers(e: Facts) -> list[Finding]:
    """TR42: several layers of sigmoids; trap: one layer of them, and tanh.

    A sigmoid's slope is at most 1/4 and its mean is not 0 (Glorot & Bengio 2010), so from the
    second layer on the gradient fades.
    """
    activation, layers = e.network.activation, e.network.hidden_layers
    if activation not in ("sigmoid", "hard_sigmoid") or layers is None or layers < 2:
        return []
    why = (
        f"The network has {layers} layers of {activation}. Its slope is at most 1/4, and it is "
        "flat for large inputs, so little gradient reaches the first layer."
    )
    confidence = 0.6 if e.normalization.keeps_scale or layers == 2 else 0.75
    where, edit = "model.activation", {"model.activation": "relu"}
    numbers = {"activation": activation, "hidden_layers": layers}
    name = "Saturating activation"
    return [Finding("TR42", name, "warning", confidence, where, numbers, why, edit)]


def equal_weights(e: Facts) -> list[Finding]:
    """TR22: all weights start alike; trap: a head that starts at zero, and a linear model."""
    if not e.init.equal or e.network.hidden_layers == 0:
        return []
    why = (
        "All hidden weights start at the same value. The units of a layer compute the same, get "
        "the same gradient and stay alike."
    )
    numbers = {"init": e.init.kind}
    edit = {"init": {"kind": "auto"}}
    confidence = 0.8 if e.network.own else 0.95
    return [Finding("TR22", "Constant init", "error", confidence, "init", numbers, why, edit)]


def one_sided_weights(e: Facts) -> list[Finding]:
    """TR22: weights that are all positive; trap: a linear model, and a head alone.

    The mean of n such weights adds up n times, what tells units apart only sqrt(n) times.
    """
    if not e.init.one_sided or e.network.hidden_layers == 0:
        return []
    why = (
        "No hidden weight is negative. The sum of the inputs outweighs the differences between "
        "the units of a layer, so they answer nearly alike."
    )
    numbers = {"init": e.init.kind}
    edit = {"init": {"kind": "auto"}}
    name = "All weights positive"
    return [Finding("TR22", name, "warning", 0.8, "init", numbers, why, edit)]


def init_scale(e: Facts) -> list[Finding]:
    """TR23: weights of one size whatever the width; trap: small ones as before a norm, or few."""
    variance, fans = e.init.variance, e.network.fan_ins
    if variance is None or not fans or e.normalization.keeps_scale is not False:
        return []
    squared_gain = 1.0 if e.network.activation in ("linear", "sigmoid", "tanh") else RELU_GAIN
    ratios = [fan * variance / squared_gain for fan in fans]
    whole = prod(ratios)
    if whole >= LOST and max(whole, *ratios) <= GREW:
        return []
    severity: Severity = "error" if whole > HOPELESS else "warning"
    why = (
        f"Weights of variance {variance:.3g} in these layers ({', '.join(map(str, fans))} inputs) "
        f"multiply the variance of the signal by {whole:.3g}. An init that depends on the width "
        "keeps it."
    )
    numbers: dict[str, Any] = {"variance_ratios": ratios, "product": whole}
    edit = {"init": {"kind": "auto"}}
    confidence = 0.8 if severity == "error" else 0.7
    return [Finding("TR23", "Wrong init scale", severity, confidence, "init", numbers, why, edit)]


def norm_of_few(e: Facts) -> list[Finding]:
    """TR72: a layer norm over one or two units; trap: three, and batch norm, which takes its
    statistics from samples."""
    least, units = e.normalization.least_units, e.network.units
    if least is None or not units or e.network.channels != ():
        return []
    narrow = min(units)
    if narrow > least:
        return []
    left = "a sign" if narrow == least else "nothing but a constant"
    why = (
        f"A {e.normalization.kind} norm over {narrow} unit{'s' if narrow > 1 else ''} removes "
        f"their information: {left} is left of each sample."
    )
    where, edit = "normalization", {"normalization": {"kind": "none"}}
    numbers = {"units": narrow}
    return [Finding("TR72", "Normalization of few units", "error", 0.85, where, numbers, why, edit)]


def noisy_batch_norm(e: Facts) -> list[Finding]:
    """TR48: batch norm on a handful of samples; trap: tiny batches with other norms, and 8."""
    batch, first = e.inputs.batch_size, e.inputs.first_batch
    if not e.normalization.over_samples or batch is None:
        return []
    if batch >= FEW and first is not None and first < FEW:
        return [small_at_first(first, batch)]
    if batch >= FEW:
        return []
    why = (
        f"Batch norm takes its statistics from {batch} samples. They are noisy and differ from "
        "those used in evaluation. Use another norm"
    )
    why += "." if e.inputs.full_batch else ", or a larger data.batch_size."
    channels, units = e.network.channels or (), e.network.units or ()
    edit: dict[str, Any] = {"normalization": without_batch(channels, units)}
    if not channels and min(units, default=FEW_UNITS + 1) <= FEW_UNITS:
        edit = {"normalization": {"kind": "none"}}  # of so few units a layer norm leaves a sign
    numbers = {"batch_size": batch}
    name = "Batch norm on tiny batches"
    return [Finding("TR48", name, "warning", 0.8, "normalization", numbers, why, edit)]


def small_at_first(first: int, batch: int) -> Finding:
    """Return TR48 for batches that grow from ``first`` samples to ``batch``."""
    why = (
        f"Batches grow from {first} samples to {batch}. Batch norm takes its statistics from each "
        f"batch, and those of {first} samples are noisy."
    )
    where, numbers = "train.batch_ramp", {"first": first, "batch_size": batch}
    name = "Batch norm on tiny batches"
    return Finding("TR48", name, "warning", 0.7, where, numbers, why, {where: None})


def no_normalization(e: Facts) -> list[Finding]:
    """TR92: a network whose residual branches count on a norm, without one; trap: any norm."""
    if not e.network.needs_normalization or e.normalization.kind != "none":
        return []
    why = (
        f"A {e.network.name} without normalization layers is hard to train. Add normalization: "
        "layer, or rms."
    )
    edit = {"normalization": {"kind": "layer"}}
    name, where = "Normalization is missing", "model"
    return [Finding("TR92", name, "warning", 0.8, where, {}, why, edit)]


def unlearned_scale(e: Facts) -> list[Finding]:
    """TR87: inputs of another scale than those that pretrained weights learned from; trap: a fixed
    normalization, which somebody chose for them, and texts, which no such network takes."""
    given = e.inputs.normalize
    if not e.network.fixes_input_scale or given in (None, "fixed") or e.inputs.tokens is not False:
        return []
    why = (
        f"{e.network.name} was pretrained on inputs of another scale than {given} gives. For "
        "images from 0 to 255 the right scale is {kind: fixed, mean: 127, std: 128}."
    )
    where = "data.normalize"
    edit = {where: {"kind": "fixed", "mean": 127.0, "std": 128.0}}
    numbers = {"normalize": given}
    name = "Inputs not scaled as in pretraining"
    return [Finding("TR87", name, "warning", 0.75, where, numbers, why, edit)]


def dropout_before_norm(e: Facts) -> list[Finding]:
    """TR58: strong dropout in front of batch norm; trap: the usual 0.2 to 0.3, or after the last
    hidden layer only."""
    p, layers = e.regularizers.dropout, e.network.hidden_layers
    if p is None or p < SHIFTED or not e.regularizers.dropout_everywhere:
        return []
    if not e.normalization.over_samples or layers is None or layers < 2:
        return []
    why = (
        f"The recipe has dropout of {p:g} before a batch norm. The norm learns the variance of "
        "signals with dropout, but evaluates signals without it."
    )
    edit = {"regularizers.dropout": {"p": p, "layers": "last"}}
    numbers = {"dropout": p}
    where, name = "regularizers.dropout", "Dropout before batch norm"
    return [Finding("TR58", name, "warning", 0.6, where, numbers, why, edit)]


def bias_before_norm(e: Facts) -> list[Finding]:
    """TR58: a bias that the norm after it takes out again; trap: auto, which leaves it out."""
    norm = e.normalization
    if not e.network.hidden_bias or not norm.over_samples or not norm.before_activation:
        return []
    why = (
        "Batch norm subtracts the mean, and the bias of the layer before it with it, so that bias "
        "does nothing."
    )
    where, edit = "model.bias", {"model.bias": "auto"}
    return [Finding("TR58", "Bias before batch norm", "info", 0.9, where, {}, why, edit)]


RULES = (
    linear_layers,
    softmax_layers,
    sigmoid_layers,
    equal_weights,
    one_sided_weights,
    init_scale,
    norm_of_few,
    noisy_batch_norm,
    no_normalization,
    unlearned_scale,
    dropout_before_norm,
    bias_before_norm,
)
