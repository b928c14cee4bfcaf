"""Does the signal reach the last layer, and the gradient the first; and where was a number lost?"""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.findings.evidence.program import Activity, NonFinite, Program, StepLook, as_location
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.program.courses import learns, main_optimizer
from trickrun.findings.rules.program.rates import too_high
from trickrun.findings.rules.program.steps import named, place_of_model, place_or
from trickrun.findings.rules.signal.signal import EXPLODED, VANISHED
from trickrun.findings.rules.signal.units import MOST

SAMPLES = 32
"""Rows of a batch from which on a unit that is 0 in all of them counts as dead; own."""

DEAD = 0.9
"""Share of a layer's units from which on dead ones are an error; own."""

SEEN = 3
"""Looked-at passes in which a state must have been detached; own."""

LOOKS, BOTH = 4, 0.1
"""Looks from which on units count as always saturated, and the share of their values that must lie
at the end where fewer lie; own."""

LOOK_UP = ("Embedding", "EmbeddingBag", "LayerNorm", "BatchNorm1d", "BatchNorm2d", "GroupNorm")
"""Layers whose gradient is of another size than a matrix's by nature."""

ADVICE = {
    "Log": "use log_softmax or logsigmoid, or clamp(min=1e-8) before the logarithm",
    "Log2": "clamp(min=1e-8) before the logarithm",
    "Log10": "clamp(min=1e-8) before the logarithm",
    "Div": "add a small number to the divisor",
    "Sqrt": "add a small number before the root: at 0 its gradient is infinite",
    "Pow": "add a small number before the power: at 0 the gradient of a root is infinite",
    "Acos": "clamp(-1 + 1e-6, 1 - 1e-6) before it: at 1 its gradient is infinite",
    "Softmax": "see that the mask leaves something in each row: is it the right way round?",
    "Mean": "leave out batches in which nothing is selected",
    "NllLoss": "leave out batches without targets, and see that the ignored index is meant",
    "Std": "use var(correction=0), or add a small number",
    "Exp": "subtract the maximum first, or use logsumexp or softmax",
}
"""What helps against an operation that makes something that is no number."""


def undefined(program: Program) -> Iterator[Finding]:
    """TR121: an operation that made NaN or infinity of finite numbers; trap: steps that were too
    large, after which the loss was thrown about first."""
    found = program.non_finite
    if found is None or found.cause not in ("operation", "gradient") or found.operation is None:
        return
    kind, place = found.operation.kind, found.operation.place
    sure = found.cause == "operation" or found.detail == "sure"
    if found.cause == "operation":
        why = (
            f"The loss of backward pass {found.step + 1} was {found.value}. It arose in "
            f"{kind.lower()}: {found.detail}."
        )
    elif sure:
        why = (
            f"The loss of backward pass {found.step + 1} was a number, and its gradient was not. "
            f"It arose in {kind.lower()}, which got a value at which its gradient is infinite."
        )
    else:
        why = (
            f"Before backward pass {found.step + 1} the weights became NaN in one step, while the "
            f"loss was as usual. The gradient of {kind.lower()} is infinite where a root gets 0 "
            "or an arc cosine 1, and it is not kept from that."
        )
    advice = ADVICE.get(kind, "keep what enters this operation in its domain")
    yield Finding("TR121", "Operation outside its domain", "error", 0.9 if sure else 0.75,
                  place_or(place, kind.lower()), {"step": found.step, "value": found.value}, why,
                  location=as_location(place, advice))  # fmt: skip


def attends_to_nothing(program: Program) -> Iterator[Finding]:
    """TR121: attention whose mask hides all of a sample; trap: a batch that is filled up with empty
    samples, which is why it is a warning."""
    if program.attended < 2 or program.attended_nothing < 0.5 * program.attended:
        return
    why = (
        f"In {program.attended_nothing} of {program.attended} looked-at calls of attention the "
        "mask of padding hides all of a sample. What is left is NaN, or 0. In key_padding_mask "
        "True means padding: the mask may be the wrong way round."
    )
    model = next((one for one in program.models if one.trained), None)
    place = model.place if model else None
    advice = "invert the mask: key_padding_mask=(ids == pad)"
    yield Finding("TR121", "Attention to nothing", "warning", 0.75, place_or(place, "attention"),
                  {"calls": program.attended, "nothing": program.attended_nothing}, why,
                  location=as_location(place, advice))  # fmt: skip


def exploded(program: Program) -> Iterator[Finding]:
    """TR41: a loss that is no number."""
    found = program.non_finite
    if found is None:
        return
    place = program.main.place if program.main else None
    what = "gradient" if found.cause == "gradient" and found.detail == "sure" else "loss"
    why = f"The {what} of backward pass {found.step + 1} was {found.value}.{cause(found)}"
    advice = "lower the learning rate or clip the gradients, if no other cause is told"
    yield Finding("TR41", "Training explodes", "error", 0.9, place_or(place, "loss"),
                  {"step": found.step, "value": found.value}, why,
                  location=as_location(place, advice))  # fmt: skip


def cause(found: NonFinite) -> str:
    """Return what is known of its cause, as a sentence."""
    said = {
        "weights": " The weights had become NaN or infinite.",
        "input": " The inputs hold such a value.",
        "targets": " The targets hold such a value.",
    }
    return said.get(found.cause, "")


def silent(program: Program) -> Iterator[Finding]:
    """TR43, TR42: units that are 0 or at the end of their range for all samples, in the last two
    looks; traps: small batches, a sigmoid that is the answer, and zeros for some samples."""
    if len(program.looks) < 2:
        return
    before, now = program.looks[-2:]
    if len(before.activities) != len(now.activities):
        return
    heads = {
        (op.kind, op.place, op.shape)
        for site in program.backwards
        for term in site.terms
        for op in term.behind
    }
    for one, other in zip(before.activities, now.activities, strict=True):
        made = other.operation
        head = (made.kind, made.place, made.shape) in heads
        if min(one.samples, other.samples) < SAMPLES or head:
            continue
        dead = min(one.dead_fraction, other.dead_fraction)
        saturated = min(one.saturated_fraction, other.saturated_fraction)
        # Some dead units hurt no network that learns all the same.
        if dead > (DEAD if learns(program) else MOST):
            yield dead_units(program, other, dead)
        elif saturated > MOST and (not learns(program) or loses(program)):
            if not pushed(program, one):
                yield saturated_units(program, other, saturated, "error")
        elif saturated > MOST and always_at_the_ends(program, other):
            yield saturated_units(program, other, saturated, "warning")


def loses(program: Program) -> bool:
    """Whether the answers end far worse than a constant, though the loss fell."""
    judged = [one for one in program.answers if one.alone and one.constant > 0]
    return bool(judged) and all(one.late > 2 * one.late_constant for one in judged)


def always_at_the_ends(program: Program, activity: Activity) -> bool:
    """Whether units were at both ends of their range from the first look to the last: the layer
    before them was hardly trained, even where the others make up for it; trap: gates that begin
    closed, at one end."""
    made = activity.operation
    same = [
        [one for one in look.activities if (one.operation.kind, one.operation.place) ==
         (made.kind, made.place)]
        for look in program.looks
    ]  # fmt: skip
    return len(same) >= LOOKS and all(
        any(one.saturated_fraction > DEAD and one.rarer_end > BOTH for one in look) for look in same
    )


def pushed(program: Program, activity: Activity) -> bool:
    """Whether units were well at first, and steps that were too large moved them to the end of
    their range."""
    place = activity.operation.place
    first = next((a for a in program.looks[0].activities if a.operation.place == place), None)
    began_well = first is not None and first.saturated_fraction <= MOST
    return began_well and any(True for _ in too_high(program))


def dead_units(program: Program, activity: Activity, share: float) -> Finding:
    """Return TR43 of one activation."""
    place = activity.operation.place
    first = next((a for a in program.looks[0].activities if a.operation.place == place), None)
    early = first is not None and first.dead_fraction > MOST
    why = f"{share:.0%} of {activity.units} units are 0 for every sample of the last looks"
    if early:
        why += ", and were so in the first step: the weights or the inputs begin out of range."
    else:
        why += ". A step was so large that it pushed them below zero for good."
    severity: Severity = "error" if share >= DEAD else "warning"
    advice = (
        "look at the init of the layer before it, and at the scale of the inputs"
        if early
        else "lower the learning rate, or use a leaky ReLU"
    )
    return Finding("TR43", "Dead units", severity, 0.8, place_or(place, "ReLU"),
                   {"dead": share, "units": activity.units}, why,
                   location=as_location(place, advice))  # fmt: skip


def saturated_units(
    program: Program, activity: Activity, share: float, severity: Severity
) -> Finding:
    """Return TR42 of one activation."""
    place, name = activity.operation.place, activity.operation.kind.lower()
    why = (
        f"{share:.0%} of the {activity.units} units of this {name} are at one end of their range "
        "for nearly every sample. The activation is flat there, and little gradient passes."
    )
    advice = "scale the inputs, use a smaller init, or ReLU"
    return Finding("TR42", "Saturated units", severity, 0.8, place_or(place, name),
                   {"saturated": share, "units": activity.units}, why,
                   location=as_location(place, advice))  # fmt: skip


def gradient_sizes(look: StepLook) -> tuple[str, float, float] | None:
    """Return the name of the first matrix, the size of its gradient and that of the last one's."""
    known = [
        one
        for one in look.gradients
        if one.dimensions >= 2 and one.layer and one.layer not in LOOK_UP
    ]
    if len(known) < 3 or any(one.rms is None for one in known):
        return None
    first, last = known[0], known[-1]
    assert first.rms is not None
    assert last.rms is not None
    return first.name, first.rms, last.rms


def flow(program: Program) -> Iterator[Finding]:
    """TR40, TR41: a gradient that shrinks or grows on its way back, in each of the first looks;
    traps: a last layer that begins at 0, and a network that learns all the same."""
    if learns(program):
        return
    known = [sizes for look in program.looks[:6] if (sizes := gradient_sizes(look)) is not None]
    known = [one for one in known if one[2] > 0]
    if len(known) < 2 or main_optimizer(program) is None:
        return
    name = known[0][0]
    shrunk = [first / last for _, first, last in known]
    place = place_of_model(program, name)
    if max(shrunk) < VANISHED:
        why = (
            f"The gradient of {name} is {shrunk[-1]:.2g} of the last layer's. It vanishes on its "
            "way back, and the first layers do not learn."
        )
        advice = "use ReLU instead of sigmoid or tanh, an init that follows the width, or "
        yield Finding("TR40", "Vanishing gradient", "error", 0.85, name, {"ratio": shrunk[-1]}, why,
                      location=as_location(place, advice + "normalization layers"))  # fmt: skip
    elif min(shrunk) > EXPLODED:
        why = (
            f"The gradient of {name} is {shrunk[-1]:.3g} times the last layer's. It grows on its "
            "way back, so a step that suits one end is wrong for the other."
        )
        advice = "use an init that follows the width, normalization layers, or clipping"
        yield Finding("TR41", "Exploding gradient", "error", 0.8, name, {"ratio": shrunk[-1]}, why,
                      location=as_location(place, advice))  # fmt: skip


def copied_weights(program: Program) -> Iterator[Finding]:
    """TR120: two tensors that begin with equal values; trap: constant ones."""
    for model in program.models:
        for one, other in model.untied:
            why = (
                f"{one} and {other} of {model.name} start with equal values but are two tensors. "
                "They were copied, not shared, and differ after the first step."
            )
            advice = f"assign the parameter itself: self.{other} = self.{one}"
            yield Finding("TR120", "Weights copied, not shared", "warning", 0.8,
                          f"{model.name}.{other}", {}, why,
                          location=as_location(model.place, advice))  # fmt: skip


def flat(program: Program) -> Iterator[Finding]:
    """TR45: gradients of exactly 0 behind an operation whose derivative is 0; trap: one that is
    passed by, straight through, and so is in no graph."""
    looks = [look for look in program.looks if look.gradients]
    made = next((op for look in looks for op in look.flat), None)
    if made is None or len(looks) < 3 or any(not look.flat for look in looks):
        return
    zero = [{one.name for one in look.gradients if one.norm == 0 and one.name} for look in looks]
    names = sorted(set.intersection(*zero))
    if not names:
        return
    kind = made.kind.lower()
    why = (
        f"The gradients of {named(names)} are exactly 0 in each look: {kind} has the derivative 0, "
        "so nothing behind it learns."
    )
    advice = f"use a smooth function, or pass the gradient by: x + ({kind}(x) - x).detach()"
    yield Finding("TR45", "Frozen layers", "error", 0.9, place_or(made.place, kind),
                  {"tensors": len(names), "operation": kind}, why,
                  location=as_location(made.place, advice))  # fmt: skip


def detached_states(program: Program) -> Iterator[Finding]:
    """TR45: a recurrent state that is detached at each step of one pass; traps: windows of a long
    sequence, and a step whose own answer is its next input, which some programs detach on purpose:
    a warning where the module is no recurrent one of torch's."""
    for one in program.detached_states:
        if one.passes < SEEN:
            continue
        why = (
            f"{one.module} is called step by step, and its state is detached before each "
            "next step. No gradient passes from one step to those before, so it does not learn "
            "what to remember."
        )
        grave: Severity = "error" if one.recurrent else "warning"
        advice = "hand on the state itself; detach it between backward passes only"
        yield Finding("TR45", "State detached at each step", grave, 0.9 if one.recurrent else 0.6,
                      place_or(one.place, one.module), {"passes": one.passes}, why,
                      location=as_location(one.place, advice))  # fmt: skip


def without_activation(program: Program) -> Iterator[Finding]:
    """TR52: half of the hidden layers or more have nothing that bends after them; traps: a few such
    layers, a narrow layer between wide ones, recurrent layers and attention, residual sums."""
    found = [one for look in program.looks if (one := look.straight) is not None]
    if len(found) < max(SEEN, len(program.looks) // 2):
        return
    last = found[-1]
    if 2 * last.layers < last.hidden:
        return
    place = last.first.place
    why = (
        f"The output of {last.layers} of {last.hidden} hidden layers goes into the next layer "
        "without an activation. Such layers are together one linear map."
    )
    advice = "apply an activation, such as relu, to the output of this layer"
    yield Finding("TR52", "Linear hidden layers", "warning", 0.75, place_or(place, "hidden layers"),
                  {"layers": last.layers, "hidden": last.hidden}, why,
                  location=as_location(place, advice))  # fmt: skip


RULES = (
    without_activation,
    detached_states,
    flat,
    undefined,
    attends_to_nothing,
    exploded,
    silent,
    flow,
    copied_weights,
)
