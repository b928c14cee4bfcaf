"""Do the weights stay where the steps put them, go downhill, differ; are they what is evaluated?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from trickrun.findings.evidence.program import Program, SteppedOptimizer, as_location
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.program.courses import (
    JUDGED,
    course_of,
    learns,
    main_optimizer,
    site_of,
)
from trickrun.findings.rules.program.steps import FEW, MOSTLY, named, place_of_model, place_or

STEPS = 5
"""Steps after which weights that began alike differ, if anything reaches them; own."""

UPHILL = 0.05
"""Cosine between gradient and change from which on a step goes uphill: the bound of TR33."""

EVALUATIONS = 4
"""Evaluations from which on the first is an unlikely best one; own."""

FALLEN = 0.85
"""Training loss over that at the weights that are put back, from which on it fell by far; own."""

SMALLEST_GAIN, LARGEST_GAIN = 0.03, 6.0
"""What a matrix makes of a signal of size 1, below and above which it hardly passes; own: the usual
inits have 0.6 to 1.4."""

WELL = 0.7
"""Share by which a loss must fall for random features to be good enough; own."""

HALF = 0.5
"""Share by which a loss must fall for any init to be good enough; own."""

LAYERS = ("Linear", "Conv1d", "Conv2d", "Conv3d", "RNN", "GRU", "LSTM")
"""Layers whose units are told apart by their weights."""

BEHIND, RARELY = 0.6, 5
"""Share of the trained model's way that an average has come where it is behind, and steps for each
of its updates from which on it is updated rarely; own."""

AT_REST = 0.25
"""Way of an average over that of the trained weights below which it hardly moved; own."""

MOVED = 0.01
"""Share of their size by which trained weights must have moved to be compared; own."""


def alike(program: Program) -> Iterator[Finding]:
    """TR22: matrices whose rows are all equal, and stay so; traps: a head or a branch that begins
    at 0, which differ after one step, and parts that nothing reaches."""
    for optimizer in program.optimizers:
        looks = [
            [one for one in look.gradients if one.optimizer == optimizer.number]
            for look in program.looks
        ]
        looks = [look for look in looks if look]
        if optimizer.steps < STEPS or not looks or not max(optimizer.lrs, default=0.0):
            continue
        # A step that computes its gradients itself takes many at once.
        by_itself = all(one.norm is None for one in looks[-1])
        if len(looks) < FEW and not by_itself:
            continue
        lost = {one.name for one in optimizer.unreached}
        same = [
            name
            for one in looks[-1]
            if (name := one.name) and one.alike and name not in lost
            and all(other.alike for look in looks for other in look if other.name == name)
        ]  # fmt: skip
        if not same:
            continue
        verb = "has" if len(same) == 1 else "have"
        why = (
            f"{named(same)} {verb} equal rows after {optimizer.steps} steps: units that start "
            "alike get the same gradient and stay alike."
        )
        place = place_of_model(program, same[0])
        advice = "start from random weights, as the layers do by default"
        yield Finding("TR22", "Constant init", "error", 0.95, same[0], {"tensors": same}, why,
                      location=as_location(place, advice))  # fmt: skip


def constant(program: Program) -> Iterator[Finding]:
    """TR22: layers whose matrices begin as one number: what tells their units apart are at most the
    biases, or the layers around them; trap: zeros, which heads and branches begin with."""
    for optimizer in program.optimizers:
        looks = (
            [one for one in look.gradients if one.optimizer == optimizer.number]
            for look in program.looks
        )
        first = next((look for look in looks if look), [])
        same = [one.name for one in first if one.constant and one.layer in LAYERS]
        if not same or any(True for _ in alike(program)):
            continue
        verb = "begins" if len(same) == 1 else "begin"
        why = (
            f"{named(same)} {verb} as one number over and over: all units of such a layer start "
            "alike, and hardly become different."
        )
        place = place_of_model(program, same[0])
        advice = "start from random weights, as the layers do by default"
        yield Finding("TR22", "Constant init", "error", 0.9, same[0], {"tensors": same}, why,
                      location=as_location(place, advice))  # fmt: skip


def init_scale(program: Program) -> Iterator[Finding]:
    """TR23: matrices that begin far too large or small for a signal to pass them, in a network that
    does not learn; traps: normalization after each layer, which makes up for it, and layers that
    look up."""
    optimizer = main_optimizer(program)
    known = course_of(program, optimizer)
    stuck = any(one.late > one.late_constant for one in program.answers if one.alone)
    if optimizer is None or known is None or (known.fell > HALF and not stuck):
        return
    looks = ([one for one in look.gradients if one.optimizer == optimizer.number and one.gain > 0
              and one.layer in LAYERS] for look in program.looks)  # fmt: skip
    first = next((look for look in looks if look), [])
    # A last layer may begin near 0.
    if len(first) < 2 or any(True for _ in constant(program)):
        return
    gain = median(one.gain for one in first)
    if SMALLEST_GAIN < gain < LARGEST_GAIN:
        return
    worst = max(first, key=lambda one: abs(math.log(one.gain)))
    what = "large" if gain >= LARGEST_GAIN else "small"
    why = (
        f"The weights begin too {what}: the median matrix makes {gain:.2g} of a signal of size 1; "
        "about 1 is usual."
    )
    place = place_of_model(program, worst.name)
    advice = "use the init that the layers have by default, or nn.init.kaiming_normal_"
    yield Finding("TR23", "Wrong init scale", "error", 0.85, worst.name, {"gain": gain}, why,
                  location=as_location(place, advice))  # fmt: skip


def always_zero(program: Program) -> Iterator[Finding]:
    """TR45: matrices whose gradient is exactly 0 in each look; traps: a part whose loss has the
    weight 0, and all gradients of an optimizer, which are told otherwise."""
    if any(look.flat for look in program.looks):
        return  # layers.flat names the operation
    for optimizer in program.optimizers:
        looks = [
            {one.name: one for one in look.gradients
             if one.optimizer == optimizer.number and one.dimensions >= 2 and one.norm is not None}
            for look in program.looks
        ]  # fmt: skip
        looks = [look for look in looks if look]
        names = [name for name in looks[-1] if name] if looks else []
        zero = [
            name for name in names if all(look[name].norm == 0 for look in looks if name in look)
        ]
        if len(looks) < FEW or not zero or len(zero) == len(names):
            continue
        # An operation without slope cuts off all that comes before it.
        grave: Severity = "error" if names[0] in zero else "warning"
        why = (
            f"The gradient of {named(zero)} is exactly 0 in each of {len(looks)} looks. What comes "
            "after it has no slope: dead units, a comparison, or a factor of 0."
        )
        place = place_of_model(program, zero[0])
        advice = "use a straight-through or a smooth form of the operation after this layer"
        yield Finding("TR45", "Frozen layers", grave, 0.8, zero[0], {"tensors": zero}, why,
                      location=as_location(place, advice))  # fmt: skip


def frozen_at_random(program: Program) -> Iterator[Finding]:
    """TR45: frozen layers with the values of their init, before layers that are trained; traps:
    weights that were trained before, and one layer of random features, which is meant so: a note
    where the layers after it do well with it."""
    known = course_of(program, main_optimizer(program))
    well = known is not None and known.fell > WELL
    for model in program.models:
        if not model.trained or not model.random_frozen:
            continue
        why = (
            f"{named(model.random_frozen)} of {model.name} are frozen, and their values are spread "
            "as the random init leaves them: the layers after them learn from random features."
        )
        grave: Severity = "info" if well and len(model.random_frozen) == 1 else "warning"
        advice = "load the trained weights before freezing, or do not freeze"
        yield Finding("TR45", "Frozen layers", grave, 0.75,
                      f"{model.name}.{model.random_frozen[0]}",
                      {"tensors": list(model.random_frozen)}, why,
                      location=as_location(model.place, advice))  # fmt: skip


def undone(program: Program) -> Iterator[Finding]:
    """TR45: steps of which nothing is left at the next backward pass; traps: averages that are put
    back for good after an evaluation, and searches that start again a few times."""
    for optimizer in program.optimizers:
        if optimizer.kept < FEW or optimizer.undone < MOSTLY * optimizer.kept:
            continue
        place = optimizer.stepped_at or optimizer.place
        why = (
            f"{optimizer.kind} changes the weights, and before the next backward pass they are "
            f"again what they were, in {optimizer.undone} of {optimizer.kept} looks. Something "
            "writes other values over them."
        )
        advice = "look for load_state_dict, copy_ or .data = … after this step"
        yield Finding("TR45", "Steps are undone", "error", 0.9, place_or(place, optimizer.kind),
                      {"looks": optimizer.kept, "undone": optimizer.undone}, why,
                      location=as_location(place, advice))  # fmt: skip


def uphill(program: Program) -> Iterator[Finding]:
    """TR33: steps along the gradient instead of against it, or a loss with the wrong sign; traps:
    rewards that are maximized, a weight decay that is stronger than the gradient, and one loss of
    several that is made worse on purpose."""
    for optimizer in program.optimizers:
        site = site_of(program, optimizer)
        if site is None or not site.terms or learns(program) or len(program.backwards) > 1:
            continue
        if not of_models(optimizer):
            continue
        slopes = [step for step in slopes_of(program, optimizer) if step is not None]
        if len(slopes) < FEW or sum(one > UPHILL for one in slopes) < MOSTLY * len(slopes):
            continue
        why = (
            f"The steps of {optimizer.kind} go along the gradient (cosine {median(slopes):.2f}), "
            "so each makes the loss larger."
        )
        advice = "turn the sign: maximize=False, or the minus in the step"
        yield Finding("TR33", "Flipped gradient", "error", 0.9,
                      place_or(optimizer.place, optimizer.kind), {"cosine": median(slopes)}, why,
                      location=as_location(optimizer.place, advice))  # fmt: skip


def of_models(optimizer: SteppedOptimizer) -> bool:
    """Whether an optimizer trains a model, not inputs that are to fool one."""
    return optimizer.parameters > 0 and optimizer.foreign == 0


def slopes_of(program: Program, optimizer: SteppedOptimizer) -> list[float | None]:
    """Return the median cosine between gradient and change of each look."""
    found: list[float | None] = []
    for look in program.looks:
        known = [
            one.slope
            for one in look.gradients
            if one.optimizer == optimizer.number and one.slope is not None
        ]
        found.append(median(known) if known else None)
    return found


def uphill_by_hand(program: Program) -> Iterator[Finding]:
    """TR33: the same in a program that updates its tensors itself."""
    slopes, site = program.bare_slopes, program.main
    if len(slopes) < FEW or site is None or not site.terms or learns(program):
        return
    if sum(one > UPHILL for one in slopes) < MOSTLY * len(slopes):
        return
    why = (
        f"The tensors are updated by hand, along the gradient (cosine {median(slopes):.2f}) "
        "instead of against it: each update makes the loss larger."
    )
    yield Finding("TR33", "Flipped gradient", "error", 0.9, place_or(site.place, "update"),
                  {"cosine": median(slopes)}, why,
                  location=as_location(site.place, "subtract the gradient in the update after this "
                                       "line"))  # fmt: skip


def wrong_sign(program: Program) -> Iterator[Finding]:
    """TR33: a loss with a minus before it, as a whole; traps: networks that compete, and one loss
    of several."""
    site = program.main
    if site is None or len(program.backwards) > 1 or site.negated < FEW or not site.losses:
        return
    if site.negated < MOSTLY * len(program.looks) or len(program.optimizers) > 1:
        return
    if not all(map(of_models, program.optimizers)):
        return
    if site.losses[-1] >= site.losses[0]:
        return
    why = (
        f"backward() is called on minus a loss, so the loss itself is made larger: it went from "
        f"{-site.losses[0]:.4g} to {-site.losses[-1]:.4g}."
    )
    yield Finding("TR33", "Flipped gradient", "error", 0.9, place_or(site.place, "loss"),
                  {"first": -site.losses[0], "last": -site.losses[-1]}, why,
                  location=as_location(site.place, "leave out the minus"))  # fmt: skip


def evaluated_copy(program: Program) -> Iterator[Finding]:
    """TR115, TR89: a model is trained and another one evaluated, whose weights stay where the
    trained ones began; traps: an average that follows, and a comparison of both."""
    if any(model.trained and model.tested for model in program.models):
        return
    for copy in program.copies:
        if copy.trained < MOVED or copy.moved > AT_REST * copy.trained:
            continue
        if copy.moved == 0:
            why = (
                f"{copy.name} is evaluated, and its weights are those that the trained model began "
                "with: it is a copy that no step reaches."
            )
            advice = "evaluate the model that is trained, or copy its weights first"
            code, name = "TR115", "Optimizer of another model"
        else:
            why = (
                f"{copy.name} is evaluated. Its weights moved {copy.moved / copy.trained:.0%} as "
                "far as those of the trained model: the average is too slow for this run."
            )
            advice = "lower the decay of the average: it should span a tenth of the steps"
            code, name = "TR89", "Averaged weights hardly differ"
        grave: Severity = "error" if copy.moved <= AT_REST / 2 * copy.trained else "warning"
        yield Finding(code, name, grave, 0.85, place_or(copy.place, copy.name),
                      {"moved": copy.moved, "trained": copy.trained}, why,
                      location=as_location(copy.place, advice))  # fmt: skip


def average_without_updates(program: Program) -> Iterator[Finding]:
    """TR89: an evaluated average that is updated rarely and has come half of the way, or whose
    statistics stay where they began; traps: an average of whole epochs that is near, and statistics
    that are measured anew before it is evaluated."""
    if any(model.trained and model.tested for model in program.models):
        return
    steps = max((one.steps for one in program.optimizers), default=0)
    for copy in program.copies:
        if copy.trained < MOVED or copy.moved <= AT_REST * copy.trained:
            continue
        if copy.still:
            why = (
                f"{copy.name} is evaluated. Its weights follow those of the trained model, but the "
                "running means and variances of its batch norms are still 0 and 1."
            )
            advice = "copy the buffers of the trained model too where the average is updated"
        elif 0 < copy.updates * RARELY <= steps and copy.moved <= BEHIND * copy.trained:
            why = (
                f"{copy.name} is evaluated. Its weights changed {copy.updates} times in {steps} "
                f"steps, and came {copy.moved / copy.trained:.0%} as far as those of the trained "
                "model: they are an average of old weights."
            )
            advice = "update the average after each step of the optimizer"
        else:
            continue
        yield Finding("TR89", "Averaged weights are behind", "error" if copy.still else "warning",
                      0.85, place_or(copy.place, copy.name),
                      {"updates": copy.updates, "steps": steps}, why,
                      location=as_location(copy.place, advice))  # fmt: skip


def helper_at_rest(program: Program) -> Iterator[Finding]:
    """TR89: a copy of the trained model that makes its targets, and that stays where both began;
    traps: a reference that was trained before, which is meant to stay, and random networks."""
    for copy in program.helpers:
        if copy.calls < FEW or copy.loaded or copy.trained < MOVED:
            continue
        if copy.moved > AT_REST * copy.trained:
            continue
        if copy.moved == 0:
            how = "Its weights are those that the trained model began with: no step updates it."
            advice = "copy the weights of the trained model into it, every so many steps"
        else:
            how = (
                f"Its weights moved {copy.moved / copy.trained:.1%} as far as those of the trained "
                "model: it follows too slowly for this run."
            )
            advice = "let it follow faster, by 0.5 % to 5 % of the way in each step"
        why = f"A copy of {copy.name} is called in the training steps. {how}"
        grave: Severity = "error" if 0 < copy.moved <= AT_REST / 2 * copy.trained else "warning"
        yield Finding("TR89", "Target network at rest", grave, 0.85 if grave == "error" else 0.7,
                      place_or(copy.place, copy.name),
                      {"moved": copy.moved, "trained": copy.trained}, why,
                      location=as_location(copy.place, advice))  # fmt: skip


def untrained(program: Program) -> Iterator[Finding]:
    """TR115: after the training a model is evaluated that init made, and no step and no file has
    changed; traps: members of an ensemble, which are trained later, and averages."""
    for one in program.untrained:
        if one.passes < program.passes or not any(model.trained for model in program.models):
            continue
        why = (
            f"{one.name} is evaluated after the training with weights as the random init made them."
        )
        if one.loaded:
            why += (
                " Weights were loaded into it, but none of their names fits, which strict=False "
                "does not tell."
            )
            advice = "load with strict=True, and see how the names differ (such as 'module.')"
        else:
            why += " It is not the model that was trained."
            advice = "evaluate the model that was trained, or load its weights first"
        yield Finding("TR115", "Untrained model evaluated", "error", 0.9,
                      place_or(one.place, one.name), {}, why,
                      location=as_location(one.place, advice))  # fmt: skip


def put_back(program: Program) -> Iterator[Finding]:
    """TR93, TR106: weights that are put back after the training, which are not copies, or those of
    the first evaluation though the loss has fallen by far since; trap: a network that overfits from
    its first epoch on, so that this is a warning."""
    one = program.restored
    if one is None or one.passes < program.passes or program.main is None:
        return
    since = [loss for at, loss in zip(program.main.steps, program.main.losses, strict=True)
             if at >= one.at]  # fmt: skip
    if one.itself:
        code, name = "TR106", "Best weights not kept"
        why = (
            "The weights that are loaded are the model's own tensors: state_dict() refers to them, "
            "and they went on changing. What was kept as the best are the last weights."
        )
        advice = "copy them when you keep them: copy.deepcopy(model.state_dict())"
    elif one.number == 0 and one.evaluations >= EVALUATIONS and len(since) >= JUDGED:
        part = len(since) // 5
        then, now = median(since[:part]), median(since[-part:])
        if not 0 < now < FALLEN * then:
            return
        code, name = "TR93", "Monitor with the wrong mode"
        why = (
            f"After the training the weights of the first of {one.evaluations} evaluations are put "
            f"back. Since then the training loss fell from {then:.4g} to {now:.4g}."
        )
        advice = "see whether lower or higher counts as better where weights are kept"
    else:
        return
    yield Finding(code, name, "warning", 0.75, place_or(one.place, one.name),
                  {"evaluations": one.evaluations}, why,
                  location=as_location(one.place, advice))  # fmt: skip


RULES = (
    alike,
    constant,
    init_scale,
    always_zero,
    frozen_at_random,
    undone,
    uphill,
    uphill_by_hand,
    wrong_sign,
    evaluated_copy,
    average_without_updates,
    helper_at_rest,
    untrained,
    put_back,
)
