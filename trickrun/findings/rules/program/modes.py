"""Training and evaluation mode, and layers that look at the batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trickrun.findings.evidence.program import Program, WatchedLoader, WatchedModel, as_location
from trickrun.findings.finding import Finding
from trickrun.findings.rules.program.steps import competing, named, place_or

CALLS = 2
"""Calls from which on a mode is a habit."""

STEPS, SHARE = 5, 0.2
"""Steps in evaluation mode, and their share of all, from which on it was forgotten; own."""

HALF = 0.5
"""Share of the way from their start that running statistics must have come; own."""

TINY = 4
"""Values per channel up to which batch statistics are mostly noise: the issue is Wu & He's (2018),
whose error on ImageNet is 3.6 points up at 4."""


def layers(model: WatchedModel) -> tuple[str, ...]:
    """Return the layers that act otherwise in the two modes."""
    return model.random_layers + model.batch_norms


def trains_in_eval(program: Program) -> Iterator[Finding]:
    """TR47: a model that is trained in evaluation mode; trap: single layers that are kept there."""
    for model in program.models:
        if model.trained < CALLS or model.trained_in_eval < model.trained or not layers(model):
            continue
        why = (
            f"{model.name} is trained in evaluation mode. There dropout does nothing, and batch "
            f"norm uses its averages of earlier batches. It has {named(layers(model))}."
        )
        advice = "call model.train() before the batches of each epoch"
        place = program.main.place if program.main else model.place
        yield Finding("TR47", "Evaluation mode missing", "error", 0.85,
                      place_or(place, model.name), {"calls": model.trained, "training": False}, why,
                      location=as_location(place, advice))  # fmt: skip


def stays_in_eval(program: Program) -> Iterator[Finding]:
    """TR47: training that goes on in evaluation mode after the first evaluation; traps: evaluation
    mode from the beginning, and networks that compete."""
    last, whole = program.last_in_eval, program.steps_in_train + program.steps_in_eval
    once = program.steps_in_train and last == program.steps_in_eval
    if not once or last < STEPS or last < SHARE * whole or competing(program):
        return
    model = next((one for one in program.models if one.trained and layers(one)), None)
    if model is None:
        return
    why = (
        f"After {program.steps_in_train} steps {model.name} was put into evaluation mode, and the "
        f"{last} steps since then are trained in it. There dropout does nothing, and batch norm "
        f"uses its averages of earlier batches. It has {named(layers(model))}."
    )
    place = program.main.place if program.main else model.place
    advice = "call model.train() before the batches of each epoch, after the evaluation"
    yield Finding("TR47", "Training mode missing", "error", 0.85, place_or(place, model.name),
                  {"steps": last, "of": whole}, why,
                  location=as_location(place, advice))  # fmt: skip


def always_drops(program: Program) -> Iterator[Finding]:
    """TR47: dropout that is called as a function, and acts in evaluation too; trap: answers that
    are sampled with it on purpose."""
    evaluated = {
        model.name
        for model in program.models
        if model.tested > model.tested_in_train or model.evaluated
    }
    for leak in program.leaks:
        if leak.kind != "dropout" or leak.model not in evaluated:
            continue
        why = (
            f"Dropout acts in {leak.model} in evaluation mode too: it is called as a function "
            "without the mode, so model.eval() does not reach it. The evaluation is random."
        )
        advice = "write F.dropout(x, p, training=self.training), or use nn.Dropout"
        yield Finding("TR47", "Dropout in evaluation", "error", 0.9,
                      place_or(leak.place, leak.model), {}, why,
                      location=as_location(leak.place, advice))  # fmt: skip


def statistics_behind(program: Program) -> Iterator[Finding]:
    """TR48: batch norms whose running statistics are still nearer to those that they are made with
    than to those of the batches; traps: weights that were loaded, with their statistics, and models
    that are never evaluated."""
    if program.loaded:
        return
    for model in program.models:
        in_eval = model.tested > model.tested_in_train or model.evaluated
        if not model.trained or not in_eval or model.remembered >= HALF:
            continue
        if model.trained_in_eval >= model.trained or model.random_frozen:
            continue
        why = (
            f"The running statistics of batch norm in {model.name} came only "
            f"{model.remembered:.0%} of the way from 0 and 1 to those of the batches: the momentum "
            "is too small for so few steps. In evaluation mode the network gets other numbers than "
            "in training."
        )
        advice = "leave the momentum of batch norm at 0.1, or train for more steps"
        yield Finding("TR48", "Batch norm remembers its start", "warning", 0.8,
                      place_or(model.line, model.name), {"share": model.remembered}, why,
                      location=as_location(model.line, advice))  # fmt: skip


def tested_in_train(program: Program) -> Iterator[Finding]:
    """TR47: a model that is evaluated in training mode; traps: networks without layers that care,
    calls without gradients in each step, and recalibration of batch norms."""
    for model in program.models:
        if not model.tested or model.tested_in_train < model.tested or not layers(model):
            continue
        why = (
            f"{model.name} is called without gradients in training mode, in which "
            f"{named(layers(model))} {'acts' if len(layers(model)) == 1 else 'act'} as in "
            "training. What is measured is not what the network will do."
        )
        if model.batch_norms:
            why += " Batch norm also learns from the samples it is measured on."
        advice = "call model.eval() before this, and model.train() after it"
        # Networks that compete are mostly sampled from in training mode.
        sure = model.tested >= CALLS and not competing(program)
        yield Finding("TR47", "Evaluation mode missing", "error" if sure else "warning", 0.8 if sure
                      else 0.7,
                      place_or(model.tested_at, model.name), {"calls": model.tested}, why,
                      location=as_location(model.tested_at, advice))  # fmt: skip


def steps_in_evaluation(program: Program) -> Iterator[Finding]:
    """TR08: optimizer steps on another loader's batches in evaluation mode; traps: a model that is
    trained in evaluation mode on all of them, and gradients in evaluation without steps."""
    loaders = by_line(program)
    usual = [one for one in loaders if one.steps and not one.in_eval]
    for loader in loaders:
        if not usual or not loader.steps or loader.in_eval < loader.steps:
            continue
        why = (
            f"The optimizer took {loader.steps} steps on the batches of this loader, with the "
            f"model in evaluation mode, and {sum(one.steps for one in usual)} on those of another "
            "loader in training mode. The evaluation trains on the samples it measures."
        )
        advice = "evaluate under torch.no_grad(), without backward() and optimizer.step()"
        yield Finding("TR08", "Evaluation trains", "error", 0.85, place_or(loader.place, "loader"),
                      {"steps": loader.steps}, why,
                      location=as_location(loader.place, advice))  # fmt: skip


def by_line(program: Program) -> list[WatchedLoader]:
    """Return the loaders with those as one that are made anew at one line, in each epoch."""
    found: dict[str, WatchedLoader] = {}
    for number, one in enumerate(program.loaders):
        key = str(one.place or number)
        known = found.get(key)
        steps, in_eval = (known.steps, known.in_eval) if known else (0, 0)
        found[key] = replace(one, steps=steps + one.steps, in_eval=in_eval + one.in_eval)
    return list(found.values())


def tiny_batches(program: Program) -> Iterator[Finding]:
    """TR48: batch norm over a handful of values."""
    for model in program.models:
        fewest = model.norm_values
        if fewest is None or fewest > TINY or not model.trained:
            continue
        why = (
            f"Batch norm in {model.name} ({named(model.batch_norms)}) takes its mean and standard "
            f"deviation from {fewest} values per channel. They are mostly noise and differ from "
            "those used in evaluation."
        )
        advice = "use larger batches, or group or layer normalization"
        yield Finding("TR48", "Batch norm on tiny batches", "error", 0.8, model.name,
                      {"values": fewest}, why,
                      location=as_location(model.place, advice))  # fmt: skip


RULES = (
    trains_in_eval,
    stays_in_eval,
    tested_in_train,
    statistics_behind,
    always_drops,
    steps_in_evaluation,
    tiny_batches,
)
