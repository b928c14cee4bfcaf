"""Is each step made of one batch's gradient, of all that trains, and of nothing else?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trickrun.findings.evidence.program import (
    Backward,
    Cut,
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

MANY = 4
"""Backward passes a step from which on unused ones are no second pass of a method such as SAM."""

LAST = 20
"""Losses at the end that are looked at."""

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
    """TR46: steps with gradients that still hold those of the steps before; traps: several backward
    passes before one step, gradients that are cleared later than usual, or set by the program."""
    for optimizer in program.optimizers:
        if optimizer.judged < FEW or optimizer.uncleared < MOSTLY * optimizer.judged:
            continue
        if not optimizer.reached or optimizer.own >= MOSTLY * optimizer.attended:
            continue
        if optimizer.looked and optimizer.zero >= MOSTLY * optimizer.looked:
            continue  # cleared with zeros, between the backward pass and the step
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
    """TR116: steps that have nothing to step along; traps: a first step before the first pass, and
    a loss that depends on nothing, or gradients that are 0 by themselves."""
    for optimizer in program.optimizers:
        if not optimizer.reached or optimizer.still >= MOSTLY * max(optimizer.looked, 1):
            continue
        empty = optimizer.attended >= FEW and optimizer.empty >= MOSTLY * optimizer.attended
        zero = optimizer.looked >= FEW and optimizer.zero >= MOSTLY * optimizer.looked
        if not (empty or zero) or not program.passes or not reaches(program, optimizer):
            continue
        what = "no gradient" if empty else "only gradients of 0"
        why = (
            f"{optimizer.kind} found {what} when it stepped. They were cleared between the "
            "backward pass and the step, so the weights do not change."
        )
        numbers = {"steps": optimizer.attended, "empty": optimizer.empty, "zero": optimizer.zero}
        place = optimizer.stepped_at or optimizer.place
        advice = "clear the gradients before the backward pass, not between it and this step"
        yield Finding("TR116", "Steps without gradients", "error", 0.9,
                      place_or(place, optimizer.kind), numbers, why,
                      location=as_location(place, advice))  # fmt: skip


def rebuilt(program: Program) -> Iterator[Finding]:
    """TR116: backward passes of a new tensor, which no weight lies behind; trap: one of several
    backward passes that is made for the gradient of an input."""
    site = program.main
    if site is None or site.rebuilt < FEW or any(one.reached for one in program.optimizers):
        return
    why = (
        "The loss that backward() is called on is a new tensor, with nothing behind it. It does "
        "not know how it was computed, so no weight gets a gradient."
    )
    advice = (
        "call backward() on the loss itself: no torch.tensor(…), .item(), .detach() or "
        "requires_grad_() on the way"
    )
    yield Finding("TR116", "Steps without gradients", "error", 0.95, place_or(site.place, "loss"),
                  {"looks": site.rebuilt}, why,
                  location=as_location(site.place, advice))  # fmt: skip


def unreached_optimizer(program: Program) -> Iterator[Finding]:
    """TR116: an optimizer that no loss depends on; traps: tensors of another model, and losses of
    new tensors, which are told otherwise."""
    if list(other_model(program)) or list(rebuilt(program)):
        return
    for optimizer in program.optimizers:
        if not is_unreached(optimizer) or optimizer.looked < FEW:
            continue
        others = any(other.reached for other in program.optimizers if other is not optimizer)
        cut_off = [one for one in optimizer.unreached if one.reason == "cut off"]
        if others and len(cut_off) == optimizer.parameters:
            # The loss is trained, and this part of the network ran: it is a part that is cut off.
            yield from cut(program, optimizer, cut_off, "cut off", REASONS["cut off"])
            continue
        if any(one.reason == "frozen" for one in optimizer.unreached):
            why = f"The tensors of {optimizer.kind} are frozen: their requires_grad is off."
            advice = "pass the parameters that are to be trained"
        else:
            why = f"No loss depends on a tensor of {optimizer.kind} through autograd."
            advice = (
                "look for detach(), .data, .item(), numpy(), torch.no_grad() or torch.tensor() "
                "between its tensors and the loss"
            )
        place = optimizer.place
        if (found := last_cut(optimizer.unreached)) is not None:
            place, advice = found.place, advice_on(found)
        yield Finding("TR116", "Steps without gradients", "error", 0.85,
                      place_or(place, optimizer.kind), {"steps": optimizer.steps}, why,
                      location=as_location(place, advice))  # fmt: skip


def is_unreached(optimizer: SteppedOptimizer) -> bool:
    """Whether no loss depends on an optimizer's tensors; trap: gradients that come another way, as
    through reentrant checkpoints or by hand."""
    never = optimizer.empty >= MOSTLY * optimizer.attended
    return not optimizer.reached and optimizer.steps >= FEW and never


def all_zero(program: Program) -> Iterator[Finding]:
    """TR116: gradients that are 0 as backward leaves them; trap: a loss that has become 0."""
    for optimizer in program.optimizers:
        if optimizer.looked < FEW or optimizer.still < MOSTLY * optimizer.looked:
            continue
        if program.main is None or not any(program.main.losses[-LAST:]):
            continue
        place = program.main.place
        why = (
            f"All gradients of {optimizer.kind} are 0 after the backward pass, in "
            f"{optimizer.still} of {optimizer.looked} looks. Something between the weights and the "
            "loss is constant."
        )
        advice = "look for units that are all 0 or saturated, weights of 0, and rounding (argmax, "
        yield Finding("TR116", "Steps without gradients", "error", 0.6,
                      place_or(place, optimizer.kind),
                      {"looked": optimizer.looked, "zero": optimizer.still}, why,
                      location=as_location(place, advice + "round, sign)"))  # fmt: skip


def never_stepped(program: Program) -> Iterator[Finding]:
    """TR116: an optimizer that never steps, though its tensors get gradients and no other has them;
    trap: tensors that another optimizer trains."""
    if program.passes < NO_STEPS or not any(one.steps for one in program.optimizers):
        return
    for optimizer in program.optimizers:
        if optimizer.steps or not optimizer.waiting:
            continue
        why = (
            f"{optimizer.waiting} tensors of {optimizer.kind} get gradients, and no other "
            "optimizer has them, but its step() is never called."
        )
        yield Finding("TR116", "No optimizer step", "error", 0.9,
                      place_or(optimizer.place, optimizer.kind),
                      {"tensors": optimizer.waiting, "passes": program.passes}, why,
                      location=as_location(optimizer.place, "call step() of this optimizer after "
                                           "each backward pass"))  # fmt: skip


def thrown_away(program: Program) -> Iterator[Finding]:
    """TR116: gradients of most batches that are cleared before any step uses them; traps: weights
    that are changed by hand between two passes, and gradients that the program adds up itself."""
    for site in program.backwards:
        if site.per_step < MANY or site.stepped < FEW or not is_thrown_away(site):
            continue
        if any(one.own >= MOSTLY * one.attended > 0 for one in program.optimizers):
            continue
        why = (
            f"Of {site.unused} backward passes without a step after them the gradients of "
            f"{site.thrown_away} are cleared before any optimizer steps. There is one step in "
            f"about {site.per_step:.0f} passes."
        )
        advice = "call optimizer.step() after this line, in the same loop as zero_grad()"
        yield Finding("TR116", "Steps without gradients", "error", 0.9,
                      place_or(site.place, "backward"),
                      {"passes": site.unused, "thrown_away": site.thrown_away}, why,
                      location=as_location(site.place, advice))  # fmt: skip


def is_thrown_away(site: Backward) -> bool:
    """Whether the gradients of most passes without a step after them are cleared unused."""
    return site.unused >= FEW and site.thrown_away >= MOSTLY * site.unused


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
        foreign = bool(homeless and lost) and len(lost) == optimizer.parameters
        # Models that are compiled are not looked into; what the loss reaches is known.
        elsewhere = program.compiled and bool(program.loose) and is_unreached(optimizer)
        if not foreign and not elsewhere:
            continue
        name = homeless[0].name if homeless else "the model that is trained"
        count = len(homeless[0].homeless) if homeless else len(program.loose)
        has = f"the {optimizer.parameters} tensors" if optimizer.parameters else "its tensors"
        why = (
            f"None of {has} of {optimizer.kind} belongs to a model that runs, and no optimizer has "
            f"those of {name}. The optimizer was made before the model was replaced, copied or "
            "moved."
        )
        numbers = {"tensors": optimizer.parameters, "of_the_model": count}
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
        place = max(stepped, key=lambda one: one.lr_steps[-1] if one.lr_steps else 0).place
        advice = f"pass the parameters of all of {model.name} to the optimizer"
        yield Finding("TR114", "Parameters in no optimizer", grave, 0.85 if grave == "error" else
                      0.6, place_or(place, model.homeless[0]), numbers, why,
                      location=as_location(place, advice))  # fmt: skip


def loose_parameters(program: Program) -> Iterator[Finding]:
    """TR114: parameters of no model and no optimizer, as those of layers in a plain list; trap:
    inputs whose gradient is wanted, which are no parameters."""
    stepped = [optimizer for optimizer in program.optimizers if optimizer.steps]
    if not stepped or not program.loose or not program.models or list(other_model(program)):
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


def no_parameters(program: Program) -> Iterator[Finding]:
    """TR114: plain tensors with a gradient that stay as they are; traps: inputs whose gradient is
    wanted, and coordinates at which a solution is differentiated."""
    stepped = [optimizer for optimizer in program.optimizers if optimizer.steps >= FEW]
    if not stepped or not program.unregistered or list(other_model(program)):
        return
    why = (
        f"The tensors {named(program.unregistered)} get gradients, and no optimizer has them, so "
        "they keep their initial values. A plain tensor is no parameter of a module, whatever its "
        "requires_grad."
    )
    model = next((one for one in program.models if one.trained), None)
    place = model.place if model is not None and model.place is not None else stepped[0].place
    advice = "make them nn.Parameter, or pass them to the optimizer"
    yield Finding("TR114", "Parameters in no optimizer", "error", 0.85,
                  place_or(place, program.unregistered[0]),
                  {"tensors": len(program.unregistered)}, why,
                  location=as_location(place, advice))  # fmt: skip


def not_updated_by_hand(program: Program) -> Iterator[Finding]:
    """TR114: tensors that get gradients and are not updated, in a program that updates others by
    hand; trap: a program that does not update any yet."""
    site = program.main
    if not program.bare_still or site is None or site.times < NO_STEPS:
        return
    shapes = named([str(list(shape)) for shape in program.bare_still])
    why = (
        f"The tensors are updated by hand, but those of shapes {shapes} get gradients and keep "
        "their initial values."
    )
    yield Finding("TR114", "Parameters in no optimizer", "error", 0.85,
                  place_or(site.place, "tensors"), {"tensors": len(program.bare_still)}, why,
                  location=as_location(site.place, "update all of them below"))  # fmt: skip


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
        if optimizer.steps < FEW or optimizer.empty >= optimizer.attended:
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
    place, advice = place_of_model(program, names[0]), ADVICE[reason]
    why = f"{named(names)} never got a gradient: {words}."
    if reason != "unused" and (known := last_cut(found)) is not None:
        place, advice = known.place, advice_on(known)
    numbers = {"tensors": len(found), "of": optimizer.parameters, "reason": reason}
    yield Finding("TR45", "Frozen layers", grave, 0.5 if grave == "warning" else 0.9, names[0],
                  numbers, why, location=as_location(place, advice))  # fmt: skip


def last_cut(unreached: Sequence[Unreached]) -> Cut | None:
    """Return what cuts parameters off: of layers one after another, the last one's, which all lie
    behind."""
    known = [one.cut for one in unreached if one.cut is not None and one.cut.place is not None]
    return known[-1] if known else None


def advice_on(cut: Cut) -> str:
    """Return what to do about a line that cuts a gradient."""
    if cut.operation == "no_grad":
        return "gradients are switched off here: compute it outside of torch.no_grad()"
    if cut.operation == "sample":
        return (
            "sample() passes no gradient: draw with rsample()"
            if cut.redrawn
            else "sample() passes no gradient: F.gumbel_softmax does, or use log_prob of the draw"
        )
    return f"the result of {cut.operation} has no gradient: take it out, or use what has one"


def drawn_without_gradient(program: Program) -> Iterator[Finding]:
    """TR45: a draw by ``sample`` in the place of ``rsample``; traps: draws whose probability is
    trained by rewards, and draws that are data for another loss."""
    for one in program.samples:
        why = (
            f"No gradient passes through this draw, since sample() has none. The loss trains "
            f"{named(one.names)} in other ways only."
        )
        yield Finding("TR45", "Frozen layers", "error", 0.8, place_or(one.place, one.names[0]),
                      {"tensors": len(one.names)}, why,
                      location=as_location(one.place, advice_on(one)))  # fmt: skip


def accumulation(program: Program) -> Iterator[Finding]:
    """TR117: several backward passes a step whose losses are added up, not averaged; traps: losses
    of several lines, which are different losses, and optimizers that ignore the gradient's size."""
    for site in program.backwards:
        if site.per_step < 2 or not site.terms or any(term.weighted for term in site.terms):
            continue
        if site.stepped < FEW or is_thrown_away(site):
            continue
        if once_an_epoch(program, site):
            yield stepped_rarely(program, site)
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


def once_an_epoch(program: Program, site: Backward) -> bool:
    """Whether there is one step for each time that a loader is read."""
    epochs = sum(loader.epochs for loader in program.loaders if loader.trains)
    steps = site.times / site.per_step
    return site.per_step >= MANY and steps >= FEW and abs(steps - epochs) <= 1


def stepped_rarely(program: Program, site: Backward) -> Finding:
    """Return TR116 of backward passes with a step once an epoch."""
    why = (
        f"There is one step in about {site.per_step:.0f} backward passes, once an epoch. The "
        "gradients of all its batches are added up."
    )
    return Finding("TR116", "Steps without gradients", "error", 0.8,
                   place_or(site.place, "backward"), {"passes_per_step": site.per_step}, why,
                   location=as_location(site.place, "call optimizer.step() and zero_grad() for "
                                        "each batch, in the loop of this line"))  # fmt: skip


def stepped_twice(program: Program) -> Iterator[Finding]:
    """TR117: two optimizers that have the same tensors and both step after the same passes; traps:
    one after the other, and losses in turn."""
    for optimizer in program.optimizers:
        other = next((o for o in program.optimizers if o.number == optimizer.shares_with), None)
        if other is None or optimizer.steps < FEW:
            continue
        both = set(optimizer.lr_steps) & set(other.lr_steps)
        if len(both) < MOSTLY * min(len(optimizer.lr_steps), len(other.lr_steps)):
            continue
        if len(both) < MOSTLY / 2 * max(len(optimizer.lr_steps), len(other.lr_steps)):
            continue
        why = (
            f"{optimizer.kind} has {optimizer.shared} tensors that {other.kind} has too, and both "
            "step after the same backward passes: each gradient is used twice."
        )
        advice = f"step one of them; the other one is made at {place_or(other.place, other.kind)}"
        yield Finding("TR117", "Stepped twice", "error", 0.85,
                      place_or(optimizer.place, optimizer.kind), {"tensors": optimizer.shared}, why,
                      location=as_location(optimizer.place, advice))  # fmt: skip


def still_scaled(program: Program) -> Iterator[Finding]:
    """TR74: steps with gradients that a gradient scaler's factor is still on."""
    for optimizer in program.optimizers:
        if optimizer.scaled < FEW or optimizer.scaled < MOSTLY * optimizer.steps:
            continue
        why = (
            f"{optimizer.kind} steps while the gradients still have the gradient scaler's factor, "
            "so each gradient is thousands of times too large."
        )
        place = optimizer.stepped_at or optimizer.place
        yield Finding("TR74", "Gradients still scaled", "error", 0.9,
                      place_or(place, optimizer.kind), {"steps": optimizer.scaled}, why,
                      location=as_location(place, "call scaler.step(optimizer) and scaler.update() "
                                           "instead of optimizer.step()"))  # fmt: skip


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
    no_parameters,
    not_updated_by_hand,
    rebuilt,
    without_gradient,
    unreached_optimizer,
    all_zero,
    no_step,
    never_stepped,
    thrown_away,
    other_model,
    in_no_optimizer,
    cut_off,
    drawn_without_gradient,
    accumulation,
    stepped_twice,
    still_scaled,
    clipping,
)
