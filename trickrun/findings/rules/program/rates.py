"""Are the steps of a size that learns, and does the loss fall?"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from statistics import fmean, median

from trickrun.findings.evidence.program import (
    Backward,
    ClippedGradients,
    GradientLook,
    LossTerm,
    Program,
    StepLook,
    SteppedOptimizer,
    as_location,
)
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.curves.while_training import JUMP, THROWN
from trickrun.findings.rules.program.courses import (
    FELL,
    JUDGED,
    Course,
    course_by_hand,
    course_of,
    learns,
    losses_of,
    main_optimizer,
    searches,
    site_of,
)
from trickrun.findings.rules.program.steps import FEW, MOSTLY, named, place_or
from trickrun.findings.rules.signal.steps import HIGH, IDEAL, LOW, WARM

ROSE = 3.0
"""The end over the beginning from which on a loss has diverged: the bound of TR60."""

SETTLED = 100
"""Backward passes from which on a loss at chance is no mere beginning; own."""

TRAINED = 0.9
"""First loss over that of a constant answer below which weights have been trained before; own."""

POOR = 0.5
"""Loss over that of the first batch above which little was learned; own."""

LITTLE = 0.8
"""Loss over that of the beginning above which a long run has hardly begun to learn; own."""

UNMOVED = 0.2
"""Share of their size that all steps together may have changed weights that hardly moved; own."""

AS_BEFORE = 0.05
"""The same for a loss that stays: weights that moved less cannot have learned anything; own."""

MOST_DROPPED = 0.85
"""Share that dropout leaves out from which on it is too much: the bound of TR49 is 0.8; own."""

FAR_BELOW = 30.0
"""Rate of the fastest part over that of another from which on they are worlds apart; own."""

REACHED = 0.5
"""Share of its highest from which on a rate counts as high; own."""

BEGINNING = 6
"""Looks, one a step, at the beginning of a program."""

REPLACED = 1.0
"""Update over weights from which on a step replaces the weights: by meaning."""

BINDS, TIGHT = 0.95, 10.0
"""Share of the steps that are clipped, and norm over the bound, from which on the bound sets the
step instead of stopping the rare large one; own."""

AT_BOUND = 0.5
"""Root mean square of a clipped gradient over the bound above which most entries are at it; own."""

OUTWEIGHED = 2.0
"""Gradient of the decay over that of the data: the bound of TheDeepChecker."""

FORGOTTEN = 0.01
"""Share of the weights that decays in a step from which on a hundred steps forget them; own: usual
settings take ten thousand steps."""

SHRANK = 0.7
"""Size of the weights over their first from which on they have shrunk; own."""

SMALL = 1e-4
"""Loss below which nothing is left to learn; own."""

ADAPTIVE = ("Ada", "NAdam", "RAdam", "SparseAdam", "RMSprop", "Rprop", "Lion")
"""Beginnings of the names of optimizers whose steps do not grow with the gradient."""

MOVED = 2.0
"""Size of the last targets over the first from which on they move; own."""


def matrices_of(look: StepLook, optimizer: SteppedOptimizer) -> list[GradientLook]:
    """Return the matrices and kernels of a look at an optimizer's step; biases and norms begin at 0
    or 1, and say nothing by their ratio."""
    return [
        one
        for one in look.gradients
        if one.optimizer == optimizer.number
        and one.dimensions >= 2
        and one.update_ratio is not None
        and math.isfinite(one.update_ratio)
    ]


def matrices(program: Program, optimizer: SteppedOptimizer) -> list[list[GradientLook]]:
    """Return the matrices of all looks at an optimizer's steps."""
    looks = (matrices_of(look, optimizer) for look in program.looks)
    return [look for look in looks if look]


def middle(look: list[GradientLook]) -> float:
    """Return the median update ratio of a look."""
    return median(one.update_ratio or 0.0 for one in look)


def too_high(program: Program) -> Iterator[Finding]:
    """TR35: steps that replace the weights; traps: the first steps of weights that begin near 0,
    and a loss that falls all the same."""
    optimizer = main_optimizer(program)
    if optimizer is None or searches(program):
        return
    said = thrown_about(program, optimizer) or replaced(program, optimizer)
    if said is None and grew(program):
        assert program.non_finite is not None
        said = (
            f"Before backward pass {program.non_finite.step + 1} the weights had become NaN or "
            "infinite, with no such number in the inputs: the steps before were too large."
        )
    if said is None:
        return
    lr = max(optimizer.lrs, default=0.0)
    looks = matrices(program, optimizer)
    numbers = {"lr": lr, "update_ratio": middle(looks[0]) if looks else None}
    why = f"{said} The learning rate is {lr:g}."
    advice = f"lower the learning rate: lr={lr / 10:.2g}"
    yield Finding("TR35", "Learning rate too high", "error", 0.85,
                  place_or(optimizer.place, optimizer.kind), numbers, why,
                  location=as_location(optimizer.place, advice))  # fmt: skip


def replaced(program: Program, optimizer: SteppedOptimizer) -> str | None:
    """Say that steps replace the weights, and nothing is learned; None if that is not so."""
    looks = matrices(program, optimizer)
    known = course_of(program, optimizer)
    learned = known is not None and known.learned and not at_chance(program)
    learned = learned and not only_once_lowered(program, optimizer)
    if len(looks) < FEW or learned or not tells(program, optimizer):
        return None
    first = {one.name: one.size for one in looks[0]}
    late = median(
        median((one.update_ratio or 0.0) * kept(one, first) for one in look)
        for look in looks[len(looks) // 2 :]
    )
    early = max(middle(look) for look in looks[:BEGINNING])
    usual = median(middle(look) for look in looks[:BEGINNING])
    # Weights that were thrown far away change little against their new size.
    begins = known is not None and (early > REPLACED or usual > 10**HIGH)
    if late > 10**HIGH or begins:
        return (
            f"A step changes the weights by {max(late, early):.2g} times their size, in the median "
            f"tensor; 10^{IDEAL:.0f} is usual."
        )
    return None


def only_once_lowered(program: Program, optimizer: SteppedOptimizer) -> bool:
    """Whether a loss did not fall while the rate was high, and did when a schedule had lowered it;
    trap: a loss that falls, stays, and falls again with the rate."""
    known, top = course_of(program, optimizer), max(optimizer.lrs, default=0.0)
    high = [at for at, lr in zip(optimizer.lr_steps, optimizer.lrs, strict=True)
            if lr >= REACHED * top]  # fmt: skip
    if known is None or not high or optimizer.lrs[-1] >= REACHED * top:
        return False
    # A step is counted after its pass.
    losses = [loss for at, loss in losses_of(program, optimizer) if high[0] <= at + 1 <= high[-1]]
    if len(losses) < JUDGED:
        return False
    least, site = min(known.first, known.start), site_of(program, optimizer)
    # Before the first step a network may answer worse than always the same.
    constant = constant_answer(program) if site is not None and is_plain(site) else None
    if constant is not None:
        least = min(least, constant)
    return median(losses[-(len(losses) // 3) :]) >= (1 - FELL) * least > 0


def tells(program: Program, optimizer: SteppedOptimizer) -> bool:
    """Whether a loss that does not fall says that nothing is learned; not so for rewards, critics
    and networks that compete, nor for values that are learned from themselves."""
    site = site_of(program, optimizer)
    losses = [loss for _, loss in losses_of(program, optimizer)]
    if site is None or not site.terms or targets_move(site) or compete(program):
        return False
    return all(loss >= 0 for loss in losses)


def kept(look: GradientLook, first: dict[str, float]) -> float:
    """Return the size of a weight over its first size, at most 1: against what a weight decay has
    left of it, any step is large."""
    before = first.get(look.name, 0.0)
    return min(1.0, look.size / before) if before > 0 else 1.0


def thrown_about(program: Program, optimizer: SteppedOptimizer) -> str | None:
    """Say that one of the first steps made the loss far worse; None if that is not so."""
    losses = [loss for _, loss in losses_of(program, optimizer)[:20]]
    jump = max(losses) / losses[0] if losses and losses[0] > 0 else 0.0
    ratio = max(
        (
            one.update_ratio or 0.0
            for look in matrices(program, optimizer)[:BEGINNING]
            for one in look
        ),
        default=0.0,
    )
    if not (ratio >= THROWN and jump >= JUMP) and not is_replaced_at_once(program, optimizer, jump):
        return None
    return (
        f"One of the first steps changed a tensor by {ratio:.2g} times its size, and the loss rose "
        f"to {jump:.2g} times the first one."
    )


def is_replaced_at_once(program: Program, optimizer: SteppedOptimizer, jump: float) -> bool:
    """Whether the first step replaced most tensors, the loss jumped, and hardly fell since."""
    looks, known = matrices(program, optimizer), course_of(program, optimizer)
    if not looks or known is None or known.start <= 0:
        return False
    poor = known.last > POOR * known.start
    return middle(looks[0]) >= REPLACED and jump >= ROSE and poor


def grew(program: Program) -> bool:
    """Whether weights became no numbers by growing; trap: a gradient that is NaN all at once, after
    steps that were well, as that of a root at 0."""
    found, site = program.non_finite, program.main
    if found is None or found.cause != "weights" or site is None:
        return False
    before = [loss for at, loss in zip(site.steps, site.losses, strict=True) if at < found.step]
    known = [loss for loss in before if math.isfinite(loss)][-10:]
    large = [
        one.update_ratio or 0.0
        for look in program.looks
        if look.step < found.step
        for one in look.gradients
        if one.dimensions >= 2 and one.update_ratio is not None
    ]
    worse = len(known) > 1 and max(known) > ROSE * abs(site.losses[0])
    finite = [one for one in large if math.isfinite(one)]
    return worse or (bool(finite) and median(finite) > 10**HIGH)


def too_low(program: Program) -> Iterator[Finding]:
    """TR36: steps that hardly change the weights, while the loss stays or still falls as slowly as
    at the beginning; traps: a warm-up, the end of a schedule, fine-tuning, and a loss that has
    fallen already."""
    for optimizer in program.optimizers:
        looks = highest(program, optimizer)
        known = course_of(program, optimizer)
        if known is None or len(looks) < FEW or is_small(known) or tuned(program, optimizer, known):
            continue
        typical = median(middle(look) for look in looks)
        largest = median(max(one.update_ratio or 0.0 for one in look) for look in looks)
        if not typical > 0:
            continue
        tiny = largest < 10**LOW and max(middle(look) for look in looks) < 10**LOW
        tiny = tiny and (known.steadily if known.learned else tells(program, optimizer))
        if not tiny and not barely_moved(program, optimizer, known, looks):
            continue
        # All steps together did not change the weights by their size.
        if typical * optimizer.steps < REPLACED:
            yield low(optimizer, known, largest, typical)


def barely_moved(
    program: Program, optimizer: SteppedOptimizer, known: Course, looks: list[list[GradientLook]]
) -> bool:
    """Whether all steps of a long run together can have changed no weight by much, at a size of
    steps well below the usual one, and the loss fell a little, as fast at the end as at the
    beginning, or stayed where the weights are next to what they began with; trap: a short run."""
    steps = [max(one.update_ratio or 0.0 for one in look) for look in looks]
    if known.last <= LITTLE * min(known.first, known.start) or optimizer.steps < SETTLED:
        return False
    if max(steps) >= 10 ** ((LOW + IDEAL) / 2):
        return False
    way = median(steps) * optimizer.steps
    slow = known.learned and known.steadily and way < UNMOVED
    return slow or (way < AS_BEFORE and not compete(program) and known.last >= 0)


def slow_part(program: Program) -> Iterator[Finding]:
    """TR36: layers whose rate is far below that of others, so that they stay as init made them;
    traps: layers that were trained before, whose values are spread otherwise, and small rates that
    move them all the same."""
    if program.loaded or searches(program):
        return
    known: dict[str, list[GradientLook]] = {}
    for look in program.looks:
        for one in look.gradients:
            if one.name and one.dimensions >= 2 and one.update_ratio is not None:
                known.setdefault(one.name, []).append(one)
    steps = {one.number: one.steps for one in program.optimizers}
    top = max((one.rate for looks in known.values() for one in looks), default=0.0)
    slow = [
        looks[0]
        for looks in known.values()
        if len(looks) >= FEW
        and max(one.rate for one in looks) * FAR_BELOW <= top
        and median(one.update_ratio or 0.0 for one in looks) * steps.get(looks[0].optimizer, 0)
        < AS_BEFORE
        and looks[0].update_ratio
    ]
    fresh = [one for one in slow if one.as_made and steps.get(one.optimizer, 0) >= SETTLED]
    optimizer = next(
        (o for o in program.optimizers if fresh and o.number == fresh[0].optimizer), None
    )
    if optimizer is None:
        return
    why = (
        f"{named([one.name for one in slow])} have a learning rate of {fresh[0].rate:g}, other "
        f"layers one of {top:g}. All steps together moved them by less than {AS_BEFORE:.0%} of "
        "their size: they stay as the random init made them."
    )
    yield Finding("TR36", "Learning rate too low", "error", 0.8,
                  place_or(optimizer.place, optimizer.kind), {"lr": fresh[0].rate, "top": top}, why,
                  location=as_location(optimizer.place, "raise the rate of these layers: "
                                       f"lr={top:g}"))  # fmt: skip


def tuned(program: Program, optimizer: SteppedOptimizer, known: Course) -> bool:
    """Whether weights may have been trained before: then small steps are meant to be small."""
    begins = optimizer.lr_steps[0]
    later = any(one.steps and one.lr_steps[-1] < begins for one in program.optimizers)
    constant = constant_answer(program)
    later = later or searches(program)
    return program.loaded or later or (constant is not None and known.start < TRAINED * constant)


def highest(program: Program, optimizer: SteppedOptimizer) -> list[list[GradientLook]]:
    """Return the looks at an optimizer's steps at which its rate was near its highest."""
    top = max(optimizer.lrs, default=0.0)
    found = []
    for look in program.looks:
        # A look is counted before its pass, a step after it.
        after = bisect_right(optimizer.lr_steps, look.step)
        if after < len(optimizer.lrs) and optimizer.lrs[after] >= WARM * top:
            found.append(matrices_of(look, optimizer))
    return [look for look in found if look]


def is_small(known: Course) -> bool:
    """Whether a loss is next to nothing, so that there is nothing left to learn."""
    return abs(known.last) < SMALL


def low(optimizer: SteppedOptimizer, known: Course, largest: float, typical: float) -> Finding:
    """Return TR36 of an optimizer."""
    lr = max(optimizer.lrs)
    better = lr * 10 ** max(1, math.floor(IDEAL - math.log10(typical)))
    course = (
        f"the loss still falls as slowly as at the beginning ({known.first:.4g} to "
        f"{known.last:.4g})"
        if known.learned
        else f"the loss has hardly moved ({known.first:.4g} to {known.last:.4g})"
    )
    why = (
        f"A step changes the weights by {typical:.1g} of their size; 10^{IDEAL:.0f} is usual, and "
        f"{course}. The learning rate is {lr:g}."
    )
    return Finding("TR36", "Learning rate too low", "error", 0.8,
                   place_or(optimizer.place, optimizer.kind),
                   {"lr": lr, "update_ratio": typical, "largest": largest}, why,
                   location=as_location(optimizer.place, f"raise the learning rate: "
                                        f"lr={better:.2g}"))  # fmt: skip


def decay_outweighs(program: Program) -> Iterator[Finding]:
    """TR50: a weight decay that is stronger than what the data ask for; traps: weights whose size
    does not matter before a normalization, and gradients that are small since all is learned."""
    for optimizer in program.optimizers:
        looks = matrices(program, optimizer)
        known = course_of(program, optimizer)
        if optimizer.weight_decay <= 0 or len(looks) < FEW or known is None:
            continue
        lr = max(optimizer.lrs) / max(1 - optimizer.momentum, 1e-3)
        forgets = lr * optimizer.weight_decay
        over = [
            optimizer.weight_decay * one.size / one.norm
            for look in looks[:BEGINNING]
            for one in look
            if one.norm
        ]
        coupled = not optimizer.decoupled
        outweighs = coupled and bool(over) and median(over) >= OUTWEIGHED
        shrank = shrunk(looks)
        if not (outweighs or forgets >= FORGOTTEN) or shrank > SHRANK:
            continue
        grave: Severity = "error" if not known.learned or shrank < 1 - SHRANK else "warning"
        what = (
            f"its gradient is {median(over):.2g} times that of the loss"
            if outweighs
            else f"each step takes {forgets:.1%} of the weights"
        )
        why = (
            f"With weight_decay={optimizer.weight_decay:g} of {optimizer.kind} {what}. The weights "
            f"shrank to {shrank:.0%} of their first size."
        )
        yield Finding("TR50", "Regularized too strongly", grave, 0.85,
                      place_or(optimizer.place, optimizer.kind),
                      {"weight_decay": optimizer.weight_decay, "shrank": shrank}, why,
                      location=as_location(optimizer.place, "lower it to 1e-4"))  # fmt: skip


def penalized(program: Program) -> Iterator[Finding]:
    """TR50: a penalty on the weights that the program adds itself; traps: weights that are
    normalized, which do not shrink, and penalties that leave enough to answer with."""
    for optimizer in program.optimizers:
        looks = matrices(program, optimizer)
        within = [look for look in program.looks if matrices_of(look, optimizer)]
        if len(looks) < FEW or sum(one.penalized for one in within) < MOSTLY * len(within):
            continue
        left = shrunk(looks)
        stuck = any(one.late > (1 - FELL) * one.late_constant for one in program.answers)
        if left > (SHRANK if stuck else 1 - SHRANK):
            continue
        place = program.main.place if program.main is not None else optimizer.place
        why = (
            "The loss has a penalty on the size of the weights, and they shrank to "
            f"{left:.0%} of their first size."
        )
        if stuck:
            why += " The answers are no better than a constant."
        yield Finding("TR50", "Regularized too strongly", "error" if stuck else "warning", 0.85,
                      place_or(place, "loss"), {"shrank": left}, why,
                      location=as_location(place, "make the penalty a hundred times "
                                           "smaller"))  # fmt: skip


def drops_much(program: Program) -> Iterator[Finding]:
    """TR49: dropout that leaves nearly nothing, as where its argument is taken for the share
    that is kept; trap: masks of a program's own, which are not scaled up."""
    share = median(look.dropped for look in program.looks) if program.looks else 0.0
    optimizer = main_optimizer(program)
    known = course_of(program, optimizer)
    if share < MOST_DROPPED or known is None:
        return
    model = next((one for one in program.models if one.trained), None)
    place = model.place if model is not None else None
    why = (
        f"Dropout leaves out {share:.0%} of the values in each step. Little is left to learn from."
    )
    grave: Severity = "error" if known.fell < POOR else "warning"
    yield Finding("TR49", "Dropout too high", grave, 0.85, place_or(place, "dropout"),
                  {"dropped": share}, why,
                  location=as_location(place, "its argument is the share that is left out: use 0.1 "
                                       "to 0.5"))  # fmt: skip


def shrunk(looks: list[list[GradientLook]]) -> float:
    """Return the size of the median matrix at the last look over that at the first one."""
    first = {one.name: one.size for one in looks[0] if one.size > 0}
    shares = [one.size / first[one.name] for one in looks[-1] if one.name in first]
    return median(shares) if shares else 1.0


def betas(program: Program) -> Iterator[Finding]:
    """TR81: Adam's decay rates out of the range in which it can work, and a momentum of 1."""
    for optimizer in program.optimizers:
        if not optimizer.steps:
            continue
        given = optimizer.betas
        if len(given) == 2 and optimizer.kind.startswith(("Adam", "NAdam", "RAdam")):
            first, second = given
            if first < second**0.5 or second == 0:
                continue
            said = f"betas=({first:g}, {second:g}): beta1 is not below the square root of beta2"
            advice = "use the usual ones: betas=(0.9, 0.999)"
        elif optimizer.momentum >= 1:
            said = f"momentum={optimizer.momentum:g}: no earlier gradient is ever forgotten"
            advice = "use momentum=0.9"
        else:
            continue
        why = f"{optimizer.kind} has {said}. Its steps can become far longer than the rate says."
        yield Finding("TR81", "Betas out of balance", "error" if not learns(program) else "warning",
                      0.8, place_or(optimizer.place, optimizer.kind),
                      {"betas": list(given), "momentum": optimizer.momentum}, why,
                      location=as_location(optimizer.place, advice))  # fmt: skip


def bound_sets_the_step(program: Program) -> Iterator[Finding]:
    """TR71: clipping that shortens every step by far; traps: a bound that only stops large ones,
    optimizers that do not care for the gradient's size, and a rate that makes up for it."""
    optimizer = main_optimizer(program)
    if optimizer is None or optimizer.kind.startswith(ADAPTIVE):
        return
    for clip in program.clips:
        if not clip.norms and clip.times >= JUDGED and clip.bound > 0:
            yield from each_at_its_bound(program, optimizer, clip)
        if len(clip.norms) < JUDGED or clip.after_step or clip.scaled or clip.bound <= 0:
            continue
        above = fmean(norm > clip.bound for norm in clip.norms)
        factor = median(clip.norms) / clip.bound
        if above < BINDS or factor < TIGHT or not is_short(program, optimizer):
            continue
        yield tight(clip, above, factor)


def each_at_its_bound(
    program: Program, optimizer: SteppedOptimizer, clip: ClippedGradients
) -> Iterator[Finding]:
    """Yield TR71 of a line that clips each entry, where most entries are at the bound."""
    sizes = [
        median(one.rms for one in look if one.rms is not None) / clip.bound
        for look in matrices(program, optimizer)
        if any(one.rms is not None for one in look)
    ]
    if len(sizes) < FEW or clip.after_step or clip.scaled or not is_short(program, optimizer):
        return
    # The root of the mean square of entries that are all at the bound is the bound.
    if not AT_BOUND <= median(sizes) <= 1 + 1e-3:
        return
    why = (
        f"Nearly all entries of the gradients are clipped to {clip.bound:g}. The bound shortens "
        "every step."
    )
    yield Finding("TR71", "Clipping too tight", "error", 0.7, place_or(clip.place, "clipping"),
                  {"size_over_bound": median(sizes)}, why,
                  location=as_location(clip.place, "raise the bound a hundred times"))  # fmt: skip


def is_short(program: Program, optimizer: SteppedOptimizer) -> bool:
    """Whether steps are too short, and the loss stays or falls as slowly as at the beginning."""
    looks = matrices(program, optimizer)
    known = course_of(program, optimizer)
    if known is None or not looks or (known.learned and not known.steadily):
        return False
    typical = median(middle(look) for look in looks)
    return typical < 10**IDEAL


def tight(clip: ClippedGradients, above: float, factor: float) -> Finding:
    """Return TR71 of a line."""
    why = (
        f"{above:.0%} of the gradients are clipped, and their usual norm is {factor:.3g} times the "
        f"bound of {clip.bound:g}. The bound shortens every step."
    )
    return Finding("TR71", "Clipping too tight", "error", 0.7, place_or(clip.place, "clipping"),
                   {"clipped": above, "norm_over_bound": factor}, why,
                   location=as_location(clip.place, f"raise the bound to about "
                                        f"{median(clip.norms):.2g}"))  # fmt: skip


def curve(program: Program) -> Iterator[Finding]:
    """TR60, TR61: a loss that rises, or stays where it was; traps: networks that compete, losses
    whose sign or targets change as training goes on, and a loss that is small from the beginning.
    """
    optimizer = main_optimizer(program)
    if optimizer is None or program.non_finite is not None or compete(program):
        return
    if searches(program):
        return
    # Where a copy of the network makes the targets, the loss says little.
    follows = any(one.moved > 0 for one in program.helpers)
    site, known = site_of(program, optimizer), course_of(program, optimizer)
    losses = [loss for _, loss in losses_of(program, optimizer)]
    if site is None or known is None or min(losses) < 0 or is_small(known):
        return
    first, last = known.first, known.last
    numbers = {"first": first, "last": last, "losses": known.losses}
    if last > ROSE * min(first, known.start) and last > first:
        sure = bool(site.terms) and not targets_move(site)
        why = f"The loss rose from {first:.4g} to {last:.4g} in {site.times} backward passes."
        location = as_location(site.place, "see the causes; else lower the learning rate")
        yield Finding("TR60", "Diverged", "error" if sure else "warning", 0.9,
                      place_or(site.place, "loss"), numbers, why, location=location)  # fmt: skip
    elif follows or first <= 0 or tuned(program, optimizer, known):
        return
    elif last >= (1 - FELL) * first:
        why = (
            f"The loss of the first batches was {first:.4g}, that of the last ones is {last:.4g}, "
            f"after {site.times} backward passes: nothing was learned."
        )
        yield Finding("TR61", "Plateau", "warning", 0.7, place_or(site.place, "loss"), numbers, why,
                      location=as_location(site.place, "see the causes; else try ten times the "
                                           "learning rate, or a tenth"))  # fmt: skip


def compete(program: Program) -> bool:
    """Whether several losses are trained on in turn, which may depend on each other."""
    main = program.main
    return (
        main is not None and sum(one.times >= MOSTLY * main.times for one in program.backwards) > 1
    )


def targets_move(site: Backward) -> bool:
    """Whether the targets grow as training goes on, as those of values that are learned from
    themselves do."""
    sizes = [max(abs(t.targets.low), abs(t.targets.high)) for t in site.terms if t.targets]
    third = len(sizes) // 3
    return third > 0 and max(sizes[-third:]) > MOVED * max(max(sizes[:third]), 1e-12)


def at_chance(program: Program) -> bool:
    """Whether a cross-entropy ends no better than always answering with the shares of the
    classes; not so where that is not known."""
    optimizer = main_optimizer(program)
    site = site_of(program, optimizer) if optimizer is not None else program.main
    known = course_of(program, optimizer) if optimizer is not None else course_by_hand(program)
    if site is None or known is None or site.times < SETTLED or not is_plain(site):
        return False
    constant = constant_answer(program)
    return constant is not None and not known.last < (1 - FELL) * constant


def constant_answer(program: Program) -> float | None:
    """Return the cross-entropy of always answering with the shares of the classes; None if fewer
    than two were seen."""
    if not program.target_counts:
        return None
    classes = max(len(one) for one in program.target_counts)
    totals = [sum(one[k] for one in program.target_counts if k < len(one)) for k in range(classes)]
    shares = [total / sum(totals) for total in totals if total]
    if len(shares) < 2:
        return None
    return -sum(share * math.log(share) for share in shares)


def is_plain(site: Backward) -> bool:
    """Whether all losses of a line are mean cross-entropies, which a constant's is known of."""
    return bool(site.terms) and all(map(is_plain_cross_entropy, site.terms))


def is_plain_cross_entropy(term: LossTerm) -> bool:
    """Whether a loss is a mean cross-entropy, with nothing multiplied to it."""
    plain = term.operation.kind == "NllLoss" and term.reduction == "mean" and not term.weighted
    return plain and bool(term.behind) and term.behind[0].kind == "LogSoftmax"


RULES = (
    too_high,
    too_low,
    slow_part,
    decay_outweighs,
    penalized,
    drops_much,
    betas,
    bound_sets_the_step,
    curve,
)
