"""Regularization and augmentation that take more than they give, as far as the text tells."""

from __future__ import annotations

from trickrun.diagnose.finding import Finding, Severity
from trickrun.diagnose.static_evidence import Static

MUCH, HARDLY_ANY_LEFT = 0.5, 0.9
"""Dropout above which UMLAUT warns (Schoop et al. 2021), and from which on a tenth of the units is
left to learn with. Own, for the second."""

STRONG = {"l2": 0.03, "l1": 0.01, "elastic_net": 0.03}
"""Penalties from which on their gradient rivals the data's: 2*lambda*w for l2, with weights of
about 0.1 and gradients by one weight of about 0.01. trickrun's own recipes go up to 1e-2. Own."""

COUPLED, DECOUPLED = 0.06, 3.0
"""The same for weight_decay: twice lambda where it is added to the gradient; adamw multiplies it by
the learning rate, and values up to 1 are in use (Loshchilov & Hutter 2019)."""

SMOOTHED = 0.3
"""Label smoothing in use is 0.05 to 0.2 (Szegedy et al. 2016; Müller et al. 2019)."""

NOISY = 1.0
"""Noise as large as standardized inputs themselves."""


def much_dropout(e: Static) -> list[Finding]:
    """TR49: dropout above one half; trap: one half, and what is off."""
    found = []
    for parameter in ("p", "input"):
        path, p = f"regularizers.dropout.{parameter}", e.regularizer("dropout", parameter)
        if p <= MUCH:
            continue
        severity: Severity = "error" if p >= HARDLY_ANY_LEFT else "warning"
        what = "hidden units" if parameter == "p" else "inputs"
        why = f"Dropout leaves {1 - p:.0%} of the {what}; 20 to 50 % are usually dropped."
        edit = {path: 0.3 if parameter == "p" else 0.1}
        numbers = {"dropout": p}
        name = "Dropout too high"
        confidence = 0.85 if severity == "error" else 0.65
        found.append(Finding("TR49", name, severity, confidence, path, numbers, why, edit))
    return found


def strong_penalty(e: Static) -> list[Finding]:
    """TR50: a penalty that outweighs the data; trap: adamw's decay, which lr makes small."""
    found = []
    for name, limit in STRONG.items():
        strength = e.regularizer(name, "lambda")
        if strength >= limit:
            found.append(too_strong(f"regularizers.{name}.lambda", strength, limit, 1e-4))
    decay = float(e.optimizer.get("weight_decay", 0.0))
    limit = DECOUPLED if e.optimizer["kind"] == "adamw" else COUPLED
    if decay >= limit:
        usual = 1e-2 if e.optimizer["kind"] == "adamw" else 1e-4
        found.append(too_strong("optimizer.weight_decay", decay, limit, usual))
    return found


def too_strong(path: str, strength: float, limit: float, usual: float) -> Finding:
    """Return TR50 for one penalty."""
    why = (
        f"A strength of {strength:g} pulls weights to 0 about as hard as the data pulls them "
        f"elsewhere; from {limit:g} on it is likely to win."
    )
    numbers = {"strength": strength, "limit": limit}
    name = "Regularized too strongly"
    return Finding("TR50", name, "warning", 0.7, path, numbers, why, {path: usual})


def smoothed_away(e: Static) -> list[Finding]:
    """TR80: label smoothing that leaves little of the label; trap: 0.1."""
    epsilon = e.regularizer("label_smoothing", "epsilon")
    if epsilon <= SMOOTHED:
        return []
    why = f"{epsilon:.0%} of each target is spread over all classes; 5 to 20 % is usual."
    path = "regularizers.label_smoothing.epsilon"
    numbers = {"epsilon": epsilon}
    name = "Labels smoothed away"
    return [Finding("TR80", name, "warning", 0.7, path, numbers, why, {path: 0.1})]


def loud_noise(e: Static) -> list[Finding]:
    """TR18: noise as loud as the inputs; trap: a tenth of it."""
    found = []
    for index, each in enumerate(e.recipe["augmentation"]):
        std = each.get("std") if each["kind"] == "noise" else None
        if std is None or std < NOISY or e.recipe["data"]["normalize"]["kind"] != "standard":
            continue
        where = f"augmentation.{index}"
        why = f"Inputs have size 1 after normalization, and noise of size {std:g} is added to them."
        numbers = {"std": std}
        edit = {f"{where}.std": 0.1}
        name = "Destructive augmentation"
        found.append(Finding("TR18", name, "warning", 0.8, where, numbers, why, edit))
    return found


def zeroed_inputs(e: Static) -> list[Finding]:
    """TR14: the inputs are switched off; trap: the check that does so on purpose reads another
    recipe than the user's."""
    if not e.recipe["data"]["zero_inputs"]:
        return []
    why = "data.zero_inputs is a baseline for checks: the network sees nothing but zeros."
    where, edit = "data.zero_inputs", {"data.zero_inputs": False}
    return [Finding("TR14", "Inputs switched off", "error", 0.95, where, {}, why, edit)]


RULES = (
    much_dropout,
    strong_penalty,
    smoothed_away,
    loud_noise,
    zeroed_inputs,
)
