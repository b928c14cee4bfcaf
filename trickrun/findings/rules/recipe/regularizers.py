"""Regularization and augmentation that take more than they give, as far as facts tell."""

from __future__ import annotations

from typing import Any

from trickrun.findings.evidence.facts import Facts, OptimizerFacts
from trickrun.findings.finding import Finding, Severity

MUCH, HARDLY_ANY_LEFT = 0.5, 0.9
"""Dropout above which UMLAUT warns (Schoop et al. 2021), and from which on a tenth of the units is
left to learn with. Own, for the second."""

STRONG = {"l2": 0.03, "l1": 0.01, "elastic_net": 0.03}
"""Penalties from which on their gradient rivals the data's: 2*lambda*w for l2, with weights of
about 0.1 and gradients by one weight of about 0.01. trickrun's own recipes go up to 1e-2. Own."""

USUAL_PENALTY = 1e-4
"""A usual strength of these."""

COUPLED, USUAL_COUPLED = 0.06, 1e-4
"""The same for a weight decay that is added to the gradient: twice lambda; and a usual one."""

DECOUPLED, USUAL_DECOUPLED = 3e-3, 1e-5
"""Share of the weights that a decay takes off at each step of the optimizer's usual lr, where it is
apart from the gradient: adamw's 3 at 1e-3, where values up to 1 are in use (Loshchilov & Hutter
2019), and its usual 1e-2. So lion, whose lr is a tenth, bears ten times adamw's."""

ENOUGH_EPOCHS = 8
"""Epochs from which on their last quarter has two ends of epochs to average."""

SMOOTHED = 0.3
"""Label smoothing in use is 0.05 to 0.2 (Szegedy et al. 2016; Müller et al. 2019)."""

NOISY = 1.0
"""Noise as large as standardized inputs themselves."""


def much_dropout(e: Facts) -> list[Finding]:
    """TR49: dropout above one half; trap: one half, and what is off."""
    found = []
    given = {"p": e.regularizers.dropout, "input": e.regularizers.input_dropout}
    for parameter, p in given.items():
        if p is None or p <= MUCH:
            continue
        path = f"regularizers.dropout.{parameter}"
        severity: Severity = "error" if p >= HARDLY_ANY_LEFT else "warning"
        what = "hidden units" if parameter == "p" else "inputs"
        why = f"Dropout leaves only {1 - p:.0%} of the {what}. Dropping 20 to 50 % is usual."
        edit = {path: 0.3 if parameter == "p" else 0.1}
        numbers = {"dropout": p}
        name = "Dropout too high"
        confidence = 0.85 if severity == "error" else 0.65
        found.append(Finding("TR49", name, severity, confidence, path, numbers, why, edit))
    return found


def strong_penalty(e: Facts) -> list[Finding]:
    """TR50: a penalty that outweighs the data; trap: a decay apart from the gradient, which lr
    makes small."""
    given, optimizer = e.regularizers, e.optimizer
    strengths = {"l2": given.l2, "l1": given.l1, "elastic_net": given.elastic_net}
    found = [
        too_strong(f"regularizers.{name}.lambda", strength, STRONG[name], USUAL_PENALTY)
        for name, strength in strengths.items()
        if strength is not None and strength >= STRONG[name]
    ]
    decay, usual = optimizer.weight_decay, usual_decay(optimizer)
    if decay is None or usual is None:
        return found
    limit = COUPLED
    if optimizer.decay_decoupled and optimizer.default_lr is not None:
        limit = float(f"{DECOUPLED / optimizer.default_lr:.2g}")
    if decay >= limit:
        found.append(too_strong("optimizer.weight_decay", decay, limit, usual))
    return found


def usual_decay(optimizer: OptimizerFacts) -> float | None:
    """Return a usual weight decay of an optimizer; None if it is not known."""
    if optimizer.decay_decoupled is None or optimizer.default_lr is None:
        return None
    if optimizer.decay_decoupled:
        return float(f"{USUAL_DECOUPLED / optimizer.default_lr:.2g}")
    return USUAL_COUPLED


def too_strong(path: str, strength: float, limit: float, usual: float) -> Finding:
    """Return TR50 for one penalty."""
    why = (
        f"With a strength of {strength:g}, the penalty pulls the weights towards 0 about as hard "
        f"as the data pulls them elsewhere. From {limit:g} on it is likely to dominate."
    )
    numbers = {"strength": strength, "limit": limit}
    name = "Regularized too strongly"
    return Finding("TR50", name, "warning", 0.7, path, numbers, why, {path: usual})


def decayed_twice(e: Facts) -> list[Finding]:
    """TR85: an l2 penalty beside a weight decay that is added to the gradient, which are the same;
    trap: a decay apart from the gradient, as adamw's."""
    l2, decay = e.regularizers.l2, e.optimizer.weight_decay
    if not l2 or not decay or e.optimizer.decay_decoupled is not False:
        return []
    why = (
        f"weight_decay and regularizers.l2 both shrink the weights with {e.optimizer.kind}, in the "
        f"same way. l2 {l2:g} equals weight_decay {2 * l2:g}. Keep one."
    )
    where, numbers = "optimizer.weight_decay", {"l2": l2, "weight_decay": decay}
    return [Finding("TR85", "Decayed twice", "warning", 0.8, where, numbers, why, {where: 0.0})]


def balanced_twice(e: Facts) -> list[Finding]:
    """TR86: rare classes that are made up for by drawing them more often and by weighing them;
    trap: either alone."""
    if not e.inputs.balanced or not e.loss.class_weights:
        return []
    why = "data.sampling already shows every class equally often. Keep one of the two."
    where, edit = "loss.class_weights", {"data.sampling": "uniform"}
    return [Finding("TR86", "Classes balanced twice", "warning", 0.8, where, {}, why, edit)]


def averaged_standstill(e: Facts) -> list[Finding]:
    """TR89: an average over the last weights of a run that stands still there; trap: schedules that
    keep a rate to the end."""
    if not e.regularizers.averages_last_weights or not e.schedule.ends_low:
        return []
    why = (
        f"Schedule {e.schedule.kind} ends near 0, so the weights that swa averages hardly differ. "
        "Remove the schedule (constant), or use step."
    )
    where, edit = "regularizers.swa", {"optimizer.schedule": {"kind": "constant"}}
    name = "Averaged weights hardly differ"
    return [Finding("TR89", name, "warning", 0.75, where, {}, why, edit)]


def averaged_alone(e: Facts) -> list[Finding]:
    """TR89: an average that begins so late that there is one set of weights in it; trap: two."""
    if not e.regularizers.averages_last_weights or e.regularizers.averaged != 1:
        return []
    why = (
        "swa starts so late that it averages a single set of weights, the last ones. So there is "
        "no average."
    )
    where, late = "regularizers.swa", (e.run.given_epochs or 0) >= ENOUGH_EPOCHS
    edit: dict[str, Any] = {where: {"start": 0.75}} if late else {where: None}
    name = "Average of one set of weights"
    return [Finding("TR89", name, "warning", 0.8, where, {}, why, edit)]


def smoothed_away(e: Facts) -> list[Finding]:
    """TR80: label smoothing that leaves little of the label; trap: 0.1."""
    epsilon = e.regularizers.label_smoothing
    if epsilon is None or epsilon <= SMOOTHED:
        return []
    why = (
        f"Label smoothing spreads {epsilon:.0%} of each target over all classes; 5 to 20 % is "
        "usual."
    )
    path = "regularizers.label_smoothing.epsilon"
    numbers = {"epsilon": epsilon}
    name = "Label smoothing too strong"
    return [Finding("TR80", name, "warning", 0.7, path, numbers, why, {path: 0.1})]


def loud_noise(e: Facts) -> list[Finding]:
    """TR18: noise as loud as the inputs; trap: a tenth of it."""
    if e.inputs.normalize != "standard":
        return []
    found = []
    for index, each in enumerate(e.augmentations or ()):
        if each.noise is None or each.noise < NOISY:
            continue
        where = f"augmentation.{index}"
        why = (
            f"The inputs have size 1 after normalization, and noise of size {each.noise:g} is "
            "added to them."
        )
        numbers = {"std": each.noise}
        edit = {f"{where}.{each.noise_parameter}": 0.1} if each.noise_parameter else None
        name = "Destructive augmentation"
        found.append(Finding("TR18", name, "warning", 0.8, where, numbers, why, edit))
    return found


def zeroed_inputs(e: Facts) -> list[Finding]:
    """TR14: the inputs are switched off; trap: the check that does so on purpose reads another
    recipe than the user's."""
    if not e.inputs.zeroed:
        return []
    why = "data.zero_inputs is a baseline for checks: the network sees only zeros."
    where, edit = "data.zero_inputs", {"data.zero_inputs": False}
    return [Finding("TR14", "Inputs switched off", "error", 0.95, where, {}, why, edit)]


RULES = (
    much_dropout,
    strong_penalty,
    decayed_twice,
    balanced_twice,
    averaged_standstill,
    averaged_alone,
    smoothed_away,
    loud_noise,
    zeroed_inputs,
)
