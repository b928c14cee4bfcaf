"""What the batches of a program are like."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, median

from trickrun.findings.evidence.program import Program, WatchedModel, as_location
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.data.inputs import HUGE, LARGE
from trickrun.findings.rules.program.steps import place_or

PURE, MIXED = 0.9, 0.6
"""Share of the commonest class in a batch from which on it is sorted, and in all batches together
below which that is no property of the data; own."""

BATCHES, SAMPLES = 4, 8
"""Batches, and samples in each, from which on an order of classes can be told from chance."""


def sorted_by_class(program: Program) -> Iterator[Finding]:
    """TR17: batches of one class each, one class after the other; traps: data of one class mostly,
    and batches too small to tell."""
    counts = [one for one in program.target_counts if sum(one) >= SAMPLES]
    if len(counts) < BATCHES:
        return
    classes = max(len(one) for one in counts)
    totals = [sum(one[k] for one in counts if k < len(one)) for k in range(classes)]
    purity = fmean(max(one) / sum(one) for one in counts)
    if purity < PURE or max(totals) > MIXED * sum(totals):
        return
    loader = next((one for one in program.loaders if one.trains and not one.shuffled), None)
    place = loader.place if loader else program.main.place if program.main else None
    why = (
        f"In the first {len(counts)} batches {purity:.0%} of the samples are of one class, and the "
        "class changes from batch to batch. Each batch makes the network forget the others."
    )
    advice = "pass shuffle=True" if loader else "shuffle the samples before each epoch"
    yield Finding("TR17", "Not shuffled", "error", 0.9, place_or(place, "batches"),
                  {"purity": purity, "batches": len(counts)}, why,
                  location=as_location(place, advice))  # fmt: skip


def trained(program: Program) -> list[WatchedModel]:
    """Return the models that were trained and whose inputs were seen."""
    return [model for model in program.models if model.trained and model.inputs]


def non_finite(program: Program) -> Iterator[Finding]:
    """TR05: inputs that are no numbers."""
    for model in trained(program):
        bad = [look for look in model.inputs if look.non_finite]
        if bad:
            why = (
                f"The inputs of {model.name} hold {bad[0].non_finite} values that are NaN or "
                "infinite. They make every weight behind them NaN in one step."
            )
            yield Finding("TR05", "NaN or infinity in the inputs", "error", 0.98, model.name,
                          {"values": bad[0].non_finite}, why,
                          location=as_location(model.place, "replace or drop them where the data "
                                               "are loaded"))  # fmt: skip


def unscaled(program: Program) -> Iterator[Finding]:
    """TR01: inputs far from size 1; trap: a network that normalizes them itself."""
    for model in trained(program):
        if model.normalizes_input or any(look.non_finite for look in model.inputs):
            continue
        size = median(math.hypot(look.mean, look.std) for look in model.inputs)
        if not size > LARGE:
            continue
        grave: Severity = "error" if size > HUGE and not model.batch_norms else "warning"
        low = min(look.low for look in model.inputs)
        high = max(look.high for look in model.inputs)
        why = (
            f"The inputs of {model.name} have a size of about {size:.3g} (from {low:.4g} to "
            f"{high:.4g}); about 1 is right. Large inputs make every step too long for the first "
            "layer."
        )
        advice = (
            "subtract the training data's mean and divide by its standard deviation before "
            "this call"
        )
        yield Finding("TR01", "Unscaled inputs", grave, 0.8 if grave == "error" else 0.6,
                      model.name, {"size": size, "low": low, "high": high}, why,
                      location=as_location(model.place, advice))  # fmt: skip


def constant(program: Program) -> Iterator[Finding]:
    """TR04: batches whose samples are all alike."""
    for model in trained(program):
        several = [look for look in model.inputs if look.shape and look.shape[0] > 1]
        if len(several) < 2 or any(look.constant < 1.0 for look in several):
            continue
        why = (
            f"All samples of a batch that enters {model.name} are equal, in each of "
            f"{len(several)} batches: the network cannot tell them apart."
        )
        location = as_location(model.place, "look at how the batches are made")
        yield Finding("TR04", "Constant features", "error", 0.9, model.name,
                      {"batches": len(several)}, why, location=location)  # fmt: skip


RULES = (non_finite, unscaled, constant, sorted_by_class)
