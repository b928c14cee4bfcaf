"""Is each step made of one batch's gradient, of all that trains, and of nothing else?"""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.findings.evidence.program import (
    Place,
    Program,
    SteppedOptimizer,
    Unreached,
    WatchedModel,
    as_location,
)
from trickrun.findings.finding import Finding, Severity

FEW = 3
"""Steps from which on a habit of the program can be told from its beginning."""

MOSTLY = 0.9
"""Share of the steps from which on something counts as a habit; own."""

NO_STEPS = 5
"""Backward passes without any step of an optimizer from which on it is missing; own."""

NAMED = 4
"""Parameters that are named in a sentence."""


def named(names: tuple[str, ...] | list[str]) -> str:
    """Return the first few names, and how many more there are."""
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"


def place_or(place: Place | None, other: str) -> str:
    return str(place) if place is not None else other


def place_of_model(program: Program, parameter: str) -> Place | None:
    """Return where the class of a parameter's model is written, if that is known."""
    return next(
        (m.place for m in program.models if m.place and parameter.startswith(f"{m.name}.")), None
    )


def competing(program: Program) -> bool:
    """Whether several losses are trained in turn, as those of networks that compete."""
    most = max((one.times for one in program.backwards), default=0)
    return sum(one.times >= MOSTLY * most for one in program.backwards) > 1


def not_cleared(program: Program) -> Iterator[Finding]:
    """TR46: steps with gradients that still hold those of the steps before; trap: several backward
    passes before one step, and gradients that are cleared later than usual."""
    for optimizer in program.optimizers:
        if optimizer.judged < FEW or optimizer.uncleared < MOSTLY * optimizer.judged:
            continue
        place = program.main.place if program.main else None
        why = (
            f"The gradients of {optimizer.kind} were not cleared before {optimizer.uncleared} of "
            f"{optimizer.judged} steps. Each step adds its gradient to those of all earlier steps."
        )
        numbers = {"steps": optimizer.judged, "uncleared": optimizer.uncleared}
        advice = "call optimizer.zero_grad() before this line, once in each step"
        yield Finding("TR46", "Gradients not cleared", "error", 0.95,
                      place_or(place, optimizer.kind), numbers, why,
                      location=as_location(place, advice))  # fmt: skip


def not_cleared_by_hand(program: Program) -> Iterator[Finding]:
    """TR46: the same in a program that updates its tensors itself."""
    judged, uncleared = program.bare_judged, program.bare_uncleared
    if judged < FEW or uncleared < MOSTLY * judged or program.main is None:
        return
    place = program.main.place
    why = (
        f"The tensors are updated by hand, and in {uncleared} of {judged} looks their gradients "
        "had not been cleared since the update. Each update adds all gradients before it."
    )
    numbers = {"looks": judged, "uncleared": uncleared}
    advice = "set each gradient to None after the update, before this line"
    yield Finding("TR46", "Gradients not cleared", "error", 0.9, place_or(place, "backward"),
                  numbers, why, location=as_location(place, advice))  # fmt: skip


def without_gradient(program: Program) -> Iterator[Finding]:
    """TR116: steps that have nothing to step along; trap: a first step before the first pass."""
    for optimizer in program.optimizers:
        empty = optimizer.steps >= FEW and optimizer.empty >= MOSTLY * optimizer.steps
        zero = optimizer.looked >= FEW and optimizer.zero >= MOSTLY * optimizer.looked
        if not (empty or zero) or not program.passes or not reaches(program, optimizer):
            continue
        what = "no gradient" if empty else "only gradients of 0"
        why = (
            f"{optimizer.kind} found {what} when it stepped. They were cleared between the "
            "backward pass and the step, so the weights do not change."
        )
        numbers = {"steps": optimizer.steps, "empty": optimizer.empty, "zero": optimizer.zero}
        place = optimizer.stepped_at or optimizer.place
        advice = "clear the gradients before the backward pass, not between it and this step"
        yield Finding("TR116", "Steps without gradients", "error", 0.9,
                      place_or(place, optimizer.kind), numbers, why,
                      location=as_location(place, advice))  # fmt: skip


def reaches(program: Program, optimizer: SteppedOptimizer) -> bool:
    """Whether gradients could have come to an optimizer: its tensors belong to models that are
    trained."""
    return optimizer.foreign < optimizer.parameters or not program.models


def no_step(program: Program) -> Iterator[Finding]:
    """TR116: backward passes, and no step of any optimizer; trap: weights that the program changes
    itself."""
    if program.passes < NO_STEPS or program.moved or program.main is None:
        return
    if any(optimizer.steps for optimizer in program.optimizers):
        return
    made = next((one.place for one in program.optimizers if one.place), None)
    place = program.main.place
    why = (
        f"There were {program.passes} backward passes, and no optimizer took a step. The weights "
        "are as they were."
    )
    numbers = {"passes": program.passes, "optimizers": len(program.optimizers)}
    advice = "call optimizer.step() after this line"
    yield Finding("TR116", "Steps without gradients" if made is None else "No optimizer step",
                  "error", 0.95, place_or(place, "optimizer"), numbers, why,
                  location=as_location(place, advice))  # fmt: skip


def other_model(program: Program) -> Iterator[Finding]:
    """TR115: an optimizer whose tensors belong to no model that runs, beside a model that trains
    and is in no optimizer; trap: tensors that are trained without a module."""
    homeless = [model for model in program.models if model.trained and model.homeless]
    for optimizer in program.optimizers:
        lost = [one for one in optimizer.unreached if one.reason == "foreign"]
        if not homeless or not lost or len(lost) < optimizer.parameters:
            continue
        model = homeless[0]
        why = (
            f"None of the {optimizer.parameters} tensors of {optimizer.kind} belongs to a model "
            f"that runs, and no optimizer has those of {model.name}. The optimizer was made before "
            "the model was replaced, copied or moved."
        )
        numbers = {"tensors": optimizer.parameters, "of_the_model": len(model.homeless)}
        advice = "make the optimizer after the model has its final form, from its parameters"
        yield Finding("TR115", "Optimizer of another model", "error", 0.95,
                      place_or(optimizer.place, optimizer.kind), numbers, why,
                      location=as_location(optimizer.place, advice))  # fmt: skip


def in_no_optimizer(program: Program) -> Iterator[Finding]:
    """TR114: parameters that get gradients and are in no optimizer; trap: the first layers of a
    network whose last ones are fine-tuned, which is then only a warning."""
    stepped = [optimizer for optimizer in program.optimizers if optimizer.steps]
    if not stepped or list(other_model(program)):
        return
    for model in program.models:
        if not model.trained or not model.homeless:
            continue
        grave: Severity = "warning" if first_only(model) else "error"
        why = (
            f"{named(model.homeless)} of {model.name} get gradients, but no optimizer has them, so "
            "they keep their initial values."
        )
        if grave == "warning":
            why += " If that is meant, requires_grad_(False) saves their backward pass."
        numbers = {"tensors": len(model.homeless), "of": model.parameters}
        place = stepped[0].place
        advice = f"pass the parameters of all of {model.name} to the optimizer"
        yield Finding("TR114", "Parameters in no optimizer", grave, 0.85 if grave == "error" else
                      0.6, place_or(place, model.homeless[0]), numbers, why,
                      location=as_location(place, advice))  # fmt: skip


def loose_parameters(program: Program) -> Iterator[Finding]:
    """TR114: parameters of no model and no optimizer, as those of layers in a plain list; trap:
    inputs whose gradient is wanted, which are no parameters."""
    stepped = [optimizer for optimizer in program.optimizers if optimizer.steps]
    if not stepped or not program.loose or not program.models:
        return
    shapes = named([str(list(shape)) for shape in program.loose])
    why = (
        f"Parameters of shapes {shapes} get gradients, and neither a model nor an optimizer has "
        "them. Layers in a plain list or dict are not registered in the module."
    )
    place = program.models[0].place or stepped[0].place
    advice = "keep such layers in nn.ModuleList or nn.ModuleDict"
    yield Finding("TR114", "Parameters in no optimizer", "error", 0.85,
                  place_or(place, "parameters"), {"tensors": len(program.loose)}, why,
                  location=as_location(place, advice))  # fmt: skip


def first_only(model: WatchedModel) -> bool:
    """Whether just the first parameters of a model are in no optimizer, as where a new head is
    trained on a network that was trained before."""
    return model.names[: len(model.homeless)] == model.homeless


REASONS = {
    "unused": "their layers are never called",
    "no grad": "their layers only run while gradients are switched off",
    "cut off": "the output of their layers does not reach the loss through autograd",
}
"""Why a parameter gets no gradient, in words."""

ADVICE = {
    "unused": "call the layer in forward, or take it out of the model",
    "no grad": "call the model outside of torch.no_grad() where it is trained",
    "cut off": "look for detach(), .data, .item(), numpy(), argmax or torch.tensor() on the way "
    "from these layers to the loss",
}


def cut_off(program: Program) -> Iterator[Finding]:
    """TR45: parameters of an optimizer that never get a gradient; traps: frozen ones, and layers
    that a program does not use, which hurt nothing."""
    for optimizer in program.optimizers:
        if optimizer.steps < FEW or optimizer.empty >= optimizer.steps:
            continue
        for reason, words in REASONS.items():
            found = [one for one in optimizer.unreached if one.reason == reason]
            if found:
                yield from cut(program, optimizer, found, reason, words)


def cut(
    program: Program,
    optimizer: SteppedOptimizer,
    found: list[Unreached],
    reason: str,
    words: str,
) -> Iterator[Finding]:
    """Yield the finding of parameters that lack a gradient for one reason."""
    grave: Severity = "warning" if reason == "unused" else "error"
    names = [one.name for one in found]
    place = place_of_model(program, names[0])
    why = f"{named(names)} never got a gradient: {words}."
    numbers = {"tensors": len(found), "of": optimizer.parameters, "reason": reason}
    yield Finding("TR45", "Frozen layers", grave, 0.5 if grave == "warning" else 0.9, names[0],
                  numbers, why, location=as_location(place, ADVICE[reason]))  # fmt: skip


def accumulation(program: Program) -> Iterator[Finding]:
    """TR117: several backward passes a step whose losses are added up, not averaged; traps: losses
    of several lines, which are different losses, and optimizers that ignore the gradient's size."""
    for site in program.backwards:
        if site.per_step < 2 or not site.terms or any(term.weighted for term in site.terms):
            continue
        if any(
            one.kind.startswith(("Adam", "NAdam", "RAdam", "RMS")) for one in program.optimizers
        ):
            continue
        count = round(site.per_step)
        why = (
            f"Each step adds up the gradients of {count} batches, as if the learning rate were "
            f"{count} times as high. The mean over all of them keeps its meaning."
        )
        advice = f"divide the loss by {count} before this line"
        yield Finding("TR117", "Accumulated, not averaged", "warning", 0.7,
                      place_or(site.place, "backward"), {"passes_per_step": site.per_step}, why,
                      location=as_location(site.place, advice))  # fmt: skip


def clipping(program: Program) -> Iterator[Finding]:
    """TR119: gradients that are clipped where it does nothing, or to the wrong size."""
    for clip in program.clips:
        if clip.times < FEW:
            continue
        if clip.after_step >= MOSTLY * clip.times:
            why = (
                "The gradients are clipped after the optimizer has stepped, so the step uses "
                "unclipped gradients."
            )
            advice = "clip between backward() and optimizer.step()"
        elif clip.scaled >= MOSTLY * clip.times:
            why = (
                "The gradients are clipped while they still have the gradient scaler's factor, so "
                f"the bound of {clip.bound:g} is that many times too small."
            )
            advice = "call scaler.unscale_(optimizer) before this line"
        else:
            continue
        numbers = {"times": clip.times, "after_step": clip.after_step, "scaled": clip.scaled}
        yield Finding("TR119", "Clipped at the wrong time", "error", 0.9,
                      place_or(clip.place, "clipping"), numbers, why,
                      location=as_location(clip.place, advice))  # fmt: skip


RULES = (
    not_cleared,
    not_cleared_by_hand,
    loose_parameters,
    without_gradient,
    no_step,
    other_model,
    in_no_optimizer,
    cut_off,
    accumulation,
    clipping,
)
