"""Does the loss get what it is made for?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from trickrun.findings.evidence.program import (
    Exchanged,
    Leak,
    LossTerm,
    Operation,
    Place,
    Program,
    Targets,
    as_location,
)
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.program.courses import main_optimizer, searches, site_of
from trickrun.findings.rules.program.data import is_stuck, judged
from trickrun.findings.rules.program.rates import too_high
from trickrun.findings.rules.program.steps import FEW, competing, place_or

PROBABILITIES = {"Softmax": "softmax", "Sigmoid": "sigmoid"}

RECTIFIED = {"Relu": "ReLU", "Threshold": "a threshold"}

RATES = {"Exp": "exp", "Softplus": "softplus", **RECTIFIED}
"""What makes numbers that are never below 0, such as rates."""

BOUNDS = {"Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0), "Relu": (0.0, float("inf")),
          "Softmax": (0.0, 1.0)}  # fmt: skip
"""What an activation can put out."""

NAMES = {
    "NllLoss": "cross-entropy",
    "NllLoss2D": "cross-entropy",
    "Picked": "log-softmax",
    "SoftNll": "cross-entropy",
    "BinaryCrossEntropyWithLogits": "binary cross-entropy with logits",
}

BATCH_SECOND = ("TransformerEncoderLayer", "TransformerDecoderLayer", "MultiheadAttention", "LSTM",
                "GRU", "RNN")  # fmt: skip
"""Layers that take the samples on the second axis unless they are told otherwise."""

LOGARITHMIC = ("softmax", "sigmoid", "counts")
"""Likelihoods that are logarithms, whoever wrote them."""

LOGARITHMS = ("LogSoftmax", "Log", "LogSigmoid", "Logsumexp", "Sub", "SoftNll")
"""What makes log-probabilities."""

PLAIN = ("SGD", "ASGD")
"""Optimizers whose steps are as long as the gradient is."""

BINARY = ("BinaryCrossEntropy", "BinaryCrossEntropyWithLogits")

WON = 0.15
"""Loss of a game's side below which it has won; own: undecided it is 0.69."""

FEWEST = 8
"""Samples from which on it matters whether a loss is their sum; own."""

BEYOND = 0.01
"""Share of the targets' range by which they must leave that of the head."""


def each_once(program: Program) -> Iterator[tuple[LossTerm, Place | None]]:
    """Yield one looked-at loss a line, the latest, and its line."""
    found: dict[str, tuple[LossTerm, Place | None]] = {}
    for site in program.backwards:
        for term in site.terms:
            place = term.operation.place or site.place
            found[f"{term.operation.kind} {place}"] = term, place
    yield from found.values()


def before_logits(term: LossTerm) -> Operation | None:
    """Return what makes the logits of a loss that has its own softmax or sigmoid; None where the
    loss has none, or it is not known."""
    kind = term.operation.kind
    if kind in ("NllLoss", "NllLoss2D", "Picked", "SoftNll"):
        own = len(term.behind) > 1 and term.behind[0].kind == "LogSoftmax"
        return term.behind[1] if own else None
    if kind == "BinaryCrossEntropyWithLogits" and term.behind:
        return term.behind[0]
    return None


def probabilities(program: Program) -> Iterator[Finding]:
    """TR26, TR29: a softmax, sigmoid or ReLU before a loss from logits; trap: log_softmax twice,
    which changes nothing."""
    for term, place in each_once(program):
        made = before_logits(term)
        if made is None:
            continue
        loss = NAMES[term.operation.kind]
        where = made.place or place
        if made.kind in PROBABILITIES:
            name = PROBABILITIES[made.kind]
            why = (
                f"The {loss} gets the output of a {name}, and applies its own. Between 0 and 1 "
                "logits can hardly differ, so the loss stays high and the gradient small."
            )
            advice = f"return the values before this {name}; apply it only where you predict"
            yield Finding("TR26", "Probabilities into a loss that takes logits", "error", 0.95,
                          place_or(where, "loss"), {"activation": name}, why,
                          location=as_location(where, advice))  # fmt: skip
        elif made.kind in RECTIFIED or made.kind == "Tanh":
            name = RECTIFIED.get(made.kind, "tanh")
            why = (
                f"The {loss} takes any number as a logit, and {name} cuts off a part of them. A "
                "class whose logit it has cut off gets no gradient."
            )
            advice = f"return the values before this {name}"
            yield Finding("TR29", "An activation after the logits", "error", 0.85,
                          place_or(where, "loss"), {"activation": name}, why,
                          location=as_location(where, advice))  # fmt: skip


def no_logarithm(program: Program) -> Iterator[Finding]:
    """TR25: nll_loss of what is no logarithm of a probability; trap: log of a softmax."""
    every = [one for look in program.looks for one in look.likelihoods]
    unlogged = [one for one in every if one.kind == "unlogged" and not one.raised]
    if unlogged and len(unlogged) == len(every):
        place = unlogged[-1].place
        yield Finding("TR25", "No log-softmax before nll", "error", 0.9, place_or(place, "loss"),
                      {"behind": "Softmax"}, LOG_WANTED["Picked"],
                      location=as_location(place, "apply log_softmax, not softmax"))  # fmt: skip
    written = any(one.kind in LOGARITHMIC for one in every)
    for term, place in each_once(program):
        kind = term.operation.kind
        if kind not in LOG_WANTED or not term.behind or term.swapped:
            continue
        if kind == "Picked" and written:
            continue
        made = term.behind[0].kind
        if made in LOGARITHMS or (kind in ("KlDiv", "Picked") and made != "Softmax"):
            continue
        why = LOG_WANTED[kind].format(made=made)
        advice = "use cross_entropy, or apply log_softmax(dim=1) first"
        if kind.endswith("CtcLoss"):
            advice = "apply log_softmax(dim=-1) first"
        yield Finding("TR25", "No log-softmax before nll", "error", 0.95, place_or(place, "loss"),
                      {"behind": term.behind[0].kind}, why,
                      location=as_location(place, advice))  # fmt: skip


NLL = (
    "nll_loss takes log-probabilities, but gets the output of {made}. It can then fall without "
    "end, even below 0."
)

CTC = (
    "ctc_loss takes log-probabilities, but gets the output of {made}. It then adds up what are no "
    "probabilities."
)

LOG_WANTED = {
    "NllLoss": NLL,
    "NllLoss2D": NLL,
    "CtcLoss": CTC,
    "CudnnCtcLoss": CTC,
    "KlDiv": "kl_div takes log-probabilities first, but gets the output of {made}. What it then "
    "measures is no divergence, and is smallest elsewhere.",
    "Picked": "The loss is the mean of the probabilities of the right classes. Without a logarithm "
    "a confident mistake gets hardly any gradient.",
}
"""What is wrong without a logarithm."""


def swapped(program: Program) -> Iterator[Finding]:
    """TR30: a binary cross-entropy whose two arguments were exchanged; traps: losses that are the
    same either way, and a divergence of what is trained from something else."""
    for term, place in each_once(program):
        if not term.swapped or not term.operation.kind.startswith("BinaryCrossEntropy"):
            continue
        why = (
            "The binary cross-entropy gets the targets first and what is trained second. It takes "
            "the targets for predictions, and its gradient is another one."
        )
        advice = "exchange the two: loss(prediction, target)"
        yield Finding("TR30", "Predictions in the place of targets", "error", 0.9,
                      place_or(place, "loss"), {"loss": term.operation.kind}, why,
                      location=as_location(place, advice))  # fmt: skip


def one_output(program: Program) -> Iterator[Finding]:
    """TR27: a softmax over one class, which is always 1."""
    for term, place in each_once(program):
        for made in term.behind:
            if made.dim is None or not made.shape or made.shape[made.dim] != 1:
                continue
            where = made.place or place
            why = "A softmax over a single output is always 1, so no gradient comes through it."
            advice = "use two outputs, or one with binary_cross_entropy_with_logits"
            yield Finding("TR27", "Softmax on one output", "error", 0.98, place_or(where, "loss"),
                          {"shape": list(made.shape)}, why,
                          location=as_location(where, advice))  # fmt: skip
            break


def one_number(program: Program) -> Iterator[Finding]:
    """TR27: the same where the loss is not known: all gradients are 0; trap: attention to a single
    thing, which other paths pass by."""
    looks = [look for look in program.looks if any(one.norm is not None for one in look.gradients)]
    if len(looks) < FEW or any(True for _ in one_output(program)):
        return
    still = all(not one.norm for look in looks for one in look.gradients)
    if not still or not all(look.single for look in looks):
        return
    made = looks[-1].single[0]
    why = (
        "A softmax over a single number is always 1. It lies between the loss and all weights, "
        "whose gradients are 0."
    )
    advice = "use two outputs, or one with binary_cross_entropy_with_logits"
    yield Finding("TR27", "Softmax on one output", "error", 0.95, place_or(made.place, "softmax"),
                  {"shape": list(made.shape)}, why,
                  location=as_location(made.place, advice))  # fmt: skip


def broadcast(program: Program) -> Iterator[Finding]:
    """TR32: predictions [N, 1] against targets [N], which makes N x N differences; traps: losses of
    pairs, and predictions that are compared with one number."""
    for term, place in each_once(program):
        one, other = term.prediction, term.compared
        square = len(other) == 2 and other[0] == other[1] >= 2
        crossed = square and one in ((other[0], 1), (1, other[0]), (other[0],))
        if not crossed and not term.crossed:
            continue
        why = (
            f"Predictions of shape {list(one)} and targets of another shape are broadcast to "
            f"{list(other)}: each prediction is compared with the targets of all samples, and "
            "their mean is learned."
        )
        advice = "give both the same shape: prediction.squeeze(1), or target.unsqueeze(1)"
        if one == other:
            why = (
                f"The predictions have shape {list(one)}: each sample was combined with all others "
                "before the loss, where [N] met [N, 1], and is compared with the targets of all."
            )
            advice = "look for [N] + [N, 1] in the model: squeeze(1) what has the shape [N, 1]"
        yield Finding("TR32", "Samples mixed", "error", 0.95, place_or(place, "loss"),
                      {"prediction": list(one), "compared": list(other)}, why,
                      location=as_location(place, advice))  # fmt: skip


def each_with_each(program: Program) -> Iterator[Finding]:
    """TR32: the same in any loss: a product of predictions [N, 1] with targets [N], or [N] with
    [N, 1], whatever is made of it; traps: losses of pairs, which spread their numbers on purpose or
    have a table of pairs."""
    looks = [look for look in program.looks if look.outer]
    told = any(True for rule in (broadcast, crossed_by_hand) for _ in rule(program))
    if len(looks) < max(2, len(program.looks) // 2) or told:
        return
    made = looks[-1].outer[-1]
    why = (
        f"Predictions and targets of the shapes [N] and [N, 1] make {list(made.shape)}: each "
        "prediction meets the targets of all samples, and their mean is learned."
    )
    advice = "give both the same shape: prediction.squeeze(1), or target.unsqueeze(1)"
    yield Finding("TR32", "Samples mixed", "error", 0.9, place_or(made.place, "loss"),
                  {"shape": list(made.shape)}, why,
                  location=as_location(made.place, advice))  # fmt: skip


def crossed_by_hand(program: Program) -> Iterator[Finding]:
    """TR32: the same in an error that the program wrote itself, where [N] met [N, 1] in the model;
    trap: losses of pairs, whose targets are of pairs too."""
    for answers in program.answers:
        if not answers.crossed:
            continue
        why = (
            "The predictions are a square of all samples with all samples, and each row of it is "
            "compared with the same targets. [N] met [N, 1] in the model."
        )
        advice = "look for [N] + [N, 1] in the model: squeeze(1) what has the shape [N, 1]"
        yield Finding("TR32", "Samples mixed", "error", 0.9, place_or(answers.place, "loss"), {},
                      why, location=as_location(answers.place, advice))  # fmt: skip


def mixing(program: Program) -> Iterator[Finding]:
    """TR32: a softmax over the axis of the samples."""
    looks = [look for look in program.looks if look.mixing]
    if not looks:
        return
    made = looks[-1].mixing[0]
    why = (
        f"A softmax over axis 0 of an output of shape {list(made.shape)} divides the samples of a "
        "batch by each other instead of the classes of a sample."
    )
    yield Finding("TR32", "Samples mixed", "error", 0.95, place_or(made.place, "softmax"),
                  {"shape": list(made.shape), "dim": 0}, why,
                  location=as_location(made.place, "write dim=1 (or -1)"))  # fmt: skip


def by_hand(program: Program, term: LossTerm) -> Targets | None:
    """Return the targets of an error that the program wrote itself, where they are known."""
    known = (one for one in program.answers if one.place == term.operation.place)
    found = next((one for one in known if math.isfinite(one.low)), None)
    if term.operation.kind != "Difference" or found is None or term.operation.place is None:
        return None
    return Targets("float32", term.operation.shape, found.low, found.high)


def out_of_reach(program: Program) -> Iterator[Finding]:
    """TR28: targets that the last activation cannot put out."""
    for term, place in each_once(program):
        targets, behind = term.targets or by_hand(program, term), term.behind
        if targets is None or term.operation.kind in ("Picked", "SoftNll"):
            continue
        if term.operation.kind.startswith("BinaryCrossEntropy"):
            low, high, what = 0.0, 1.0, "this loss"
        elif behind and behind[0].kind in BOUNDS and not term.operation.kind.startswith("Nll"):
            low, high = BOUNDS[behind[0].kind]
            what = f"a network that ends with {behind[0].kind.lower()}"
        else:
            continue
        room = BEYOND * max(targets.high - targets.low, 1.0)
        if targets.low >= low - room and targets.high <= high + room:
            continue
        where = behind[0].place or place if what != "this loss" else place
        why = (
            f"The targets go from {targets.low:.4g} to {targets.high:.4g}. But {what} only reaches "
            f"{low:g} to {high:g}."
        )
        advice = "leave out the last activation, or scale the targets"
        if what == "this loss":
            advice = "make the targets 0 and 1, or use a loss for several classes or for values"
        yield Finding("TR28", "Targets out of the head's reach", "error", 0.9,
                      place_or(where, "loss"), {"low": targets.low, "high": targets.high}, why,
                      location=as_location(where, advice))  # fmt: skip


def leaks(program: Program) -> Iterator[Finding]:
    """TR32, TR97: answers that a copy of the model gives differently where another sample of the
    batch, or a token that is to be predicted, was changed; traps: graphs, sequences whose first
    axis is time, batch norm, which mixes in training only, and networks that compete, which may
    compare samples on purpose."""
    for leak in program.leaks:
        if leak.kind == "samples" and (leak.sure or not competing(program)):
            yield mixed(leak)
        elif leak.kind in ("future", "same"):
            yield reads_ahead(program, leak)


def mixed(leak: Leak) -> Finding:
    """Return TR32 of a model that mixes samples."""
    inside = f" It begins in {leak.part} ({leak.layer})." if leak.part else ""
    why = (
        f"The answers of {leak.model} depend on the other samples of the batch, in evaluation mode "
        f"too: with another first sample the answers to the others change.{inside}"
    )
    advice = "look for a softmax, mean, norm, reshape or attention over the axis of the samples"
    if leak.layer in BATCH_SECOND:
        advice = f"pass batch_first=True to {leak.layer}, or give it [time, samples, features]"
    grave: Severity = "error" if leak.sure else "warning"
    return Finding("TR32", "Samples mixed", grave, 0.9 if leak.sure else 0.6,
                   place_or(leak.place, leak.model), {"part": leak.part}, why,
                   location=as_location(leak.place, advice))  # fmt: skip


def reads_ahead(program: Program, leak: Leak) -> Finding:
    """Return TR97 of a model that reads its targets."""
    if leak.kind == "future":
        name, place = "The model sees the future", leak.place
        why = (
            f"{leak.model} predicts the next token, and its answers change with that token: it "
            "reads what it is to predict. Its loss says nothing of what it can generate."
        )
        advice = "mask the attention to later tokens (is_causal=True), and use no layer that looks "
        advice += "ahead, such as a bidirectional one"
    else:
        name, place = "Targets are not shifted", program.main.place if program.main else None
        why = (
            f"{leak.model} looks back only, and its targets are its input tokens at their own "
            "places. It learns to copy its input, not to predict the next token."
        )
        advice = "shift the targets by one: give tokens[:, :-1] and predict tokens[:, 1:]"
    return Finding("TR97", name, "error", 0.9, place_or(place, leak.model), {}, why,
                   location=as_location(place, advice))  # fmt: skip


def wrong_axis(program: Program) -> Iterator[Finding]:
    """TR32: log-probabilities that were normalized over another axis than that of the classes;
    trap: an axis of the same size."""
    for term, place in each_once(program):
        made = term.behind[0] if term.behind else None
        if made is None or made.dim is None or not term.operation.kind.startswith("NllLoss"):
            continue
        classes = term.compared[1] if len(term.compared) > 1 else None
        if classes is None or len(made.shape) < 2 or made.shape[made.dim] == classes:
            continue
        if made.dim == 0 and len(made.shape) == 2:
            continue  # said already
        where = made.place or place
        why = (
            f"The softmax is taken over axis {made.dim} of an output of shape {list(made.shape)}, "
            f"but the loss has {classes} classes: the numbers that it takes for probabilities of "
            "classes do not add up to 1."
        )
        axis = next((k for k, size in enumerate(made.shape) if size == classes), -1)
        yield Finding("TR32", "Softmax over the wrong axis", "error", 0.9,
                      place_or(where, "softmax"), {"dim": made.dim, "classes": classes}, why,
                      location=as_location(where, f"write dim={axis}"))  # fmt: skip


def twice(program: Program) -> Iterator[Finding]:
    """TR26: a sigmoid of what was a probability already."""
    for term, place in each_once(program):
        kinds = [one.kind for one in term.behind[:2]]
        if term.operation.kind != "BinaryCrossEntropy" or len(kinds) < 2:
            continue
        if kinds[0] != "Sigmoid" or kinds[1] not in ("Sigmoid", "Softmax", "Relu"):
            continue
        where = term.behind[1].place or place
        name = PROBABILITIES.get(kinds[1], "ReLU")
        why = (
            f"A sigmoid gets the output of a {name}, so it lies between "
            f"0.5 and {'1' if name == 'ReLU' else '0.73'} and can never say no."
        )
        yield Finding("TR26" if name != "ReLU" else "TR29", "Probabilities into a sigmoid", "error",
                      0.95, place_or(where, "loss"), {"activation": name}, why,
                      location=as_location(where, f"leave out this {name}"))  # fmt: skip


def rewards_lowered(program: Program) -> Iterator[Finding]:
    """TR33: a policy gradient with the wrong sign; trap: numbers that are to become small."""
    looks = [look.rewarded for look in program.looks if look.rewarded]
    wrong = [one for look in looks for one in look if one.raised and one.good]
    if len(looks) < FEW or len(wrong) < sum(map(len, looks)):
        return
    place = wrong[-1].place
    why = (
        "The loss grows with the logarithm of the probability of what was chosen times what came "
        "of it. So each step makes choices with a large reward less likely."
    )
    yield Finding("TR33", "Flipped gradient", "error", 0.9, place_or(place, "loss"),
                  {"looks": len(looks)}, why,
                  location=as_location(place, "put a minus before this product"))  # fmt: skip


def reshaped(program: Program) -> Iterator[Finding]:
    """TR32: a reshape where axes were to be exchanged; traps: axes of one place, a shape that is
    the same by chance in one batch, and rows that are shifted on purpose."""
    seen: dict[Place | None, list[Exchanged]] = {}
    for look in program.looks:
        for one in {one.operation.place: one for one in look.exchanged}.values():
            seen.setdefault(one.operation.place, []).append(one)
    for place, found in seen.items():
        if len(found) < max(2, len(program.looks) // 2):
            continue
        before, after = list(found[-1].before), list(found[-1].operation.shape)
        why = (
            f"A reshape from {before} to {after} does not exchange the axes: it cuts the same row "
            "of numbers into other pieces, so that values of different samples, places or classes "
            "are mixed."
        )
        advice = "exchange axes with transpose or permute, not with view or reshape"
        yield Finding("TR32", "Axes exchanged by a reshape", "error", 0.9,
                      place_or(place, "reshape"), {"before": before, "after": after}, why,
                      location=as_location(place, advice))  # fmt: skip


def summed(program: Program) -> Iterator[Finding]:
    """TR21: a loss that is summed over the batch, with steps that are as many times as long, and
    nothing learned with them; traps: a rate that makes up for it, and optimizers that divide a
    gradient by its own size."""
    optimizer = main_optimizer(program)
    if optimizer is None or optimizer.kind not in PLAIN or searches(program):
        return
    site, lr = site_of(program, optimizer), max(optimizer.lrs, default=0.0)
    if site is None or site.summed < FEWEST or lr * site.summed <= 1 or competing(program):
        return
    lost = program.non_finite is not None and program.non_finite.cause in ("weights", "")
    stuck = any(map(is_stuck, judged(program)))
    if not lost and not stuck and not any(True for _ in too_high(program)):
        return
    why = (
        f"The loss is the sum over {site.summed} samples, so each step is {site.summed} times as "
        f"long as with their mean: lr={lr:g} acts like {lr * site.summed:.3g}. Nothing is learned."
    )
    advice = 'take the mean (reduction="mean", .mean()), or divide the loss by the batch size'
    yield Finding("TR21", "Sum over the batch instead of mean", "error", 0.9,
                  place_or(site.place, "loss"), {"samples": site.summed, "lr": lr}, why,
                  location=as_location(site.place, advice))  # fmt: skip


def as_logits(program: Program) -> Iterator[Finding]:
    """TR26, TR29: probabilities where a likelihood takes logits, as a distribution does or a loss
    written by hand, and rates where it takes their logarithms; trap: scores times a temperature."""
    if any(True for _ in probabilities(program)):
        return  # said already
    found = {one.place: one for look in program.looks for one in look.likelihoods}
    for one in found.values():
        if one.kind not in LOGARITHMIC:
            continue
        counts = one.kind == "counts"
        name = (RATES if counts else PROBABILITIES | RECTIFIED).get(one.made)
        if name is None:
            continue
        what = "logarithm of the rate" if counts else "logits"
        code = "TR29" if one.made in RECTIFIED else "TR26"
        known = code == "TR26"
        title = (
            "An activation after the logits"
            if not known
            else "Rates into a loss that takes their logarithms"
            if counts
            else "Probabilities into a loss that takes logits"
        )
        why = (
            f"The loss takes the {what}, any number, and gets the output of {name}: the {one.kind} "
            "is applied to what is bounded already. Most answers are then out of reach, and the "
            "gradient is small."
        )
        if counts:
            why = (
                f"The loss takes the {what}, and applies exp itself, but it gets the output of "
                f"{name}. The rates are then those of another model, and grow wildly."
            )
        advice = f"give it the values before this {name}"
        if counts:
            advice += ", or pass log_input=False"
        yield Finding(code, title, "error", 0.9, place_or(one.place, "loss"),
                      {"activation": name}, why,
                      location=as_location(one.place, advice))  # fmt: skip


def without_minus(program: Program) -> Iterator[Finding]:
    """TR33: a likelihood that is made smaller, since the minus before it is missing; traps:
    rewards, which may be below 0, entropies, networks that compete, a loss with other parts."""
    looks = [
        known
        for look in program.looks
        if (known := [one for one in look.likelihoods if one.kind in LOGARITHMIC])
    ]
    every = [one for look in looks for one in look]
    if len(looks) < max(FEW, len(program.looks) // 2) or competing(program):
        return
    if not all(one.raised and not one.weighed for one in every):
        return
    site = program.main
    if site is None or len(site.losses) < FEWEST:
        return
    half = len(site.losses) // 2
    first, last = fmean(site.losses[:half]), fmean(site.losses[half:])
    # With maximize=True a likelihood is made larger, as it should be.
    if last >= first or not one_optimizer_of_a_model(program):
        return
    place = every[-1].place
    why = (
        "The loss grows with the likelihood of what was seen: each step makes it less likely. The "
        f"loss went from {first:.4g} to {last:.4g} (means of both halves), and would fall without "
        "end."
    )
    yield Finding("TR33", "Flipped gradient", "error", 0.9, place_or(place, "loss"),
                  {"first": first, "last": last}, why,
                  location=as_location(place, "put a minus before this likelihood"))  # fmt: skip


def one_optimizer_of_a_model(program: Program) -> bool:
    """Whether a single optimizer trains models only: not, say, an input that is to fool one."""
    return len(program.optimizers) < 2 and not any(one.foreign for one in program.optimizers)


def without_end(program: Program) -> Iterator[Finding]:
    """TR33: a square, an exponential or a loss that is subtracted, with a loss that falls below 0:
    it can fall without end; traps: networks that compete, also through a reversed gradient, and
    inputs that are to fool a network."""
    looks = [
        known
        for look in program.looks
        if (known := [one for one in look.likelihoods if one.kind == "growing"])
    ]
    site = program.main
    if len(looks) < max(FEW, len(program.looks) // 2) or site is None or competing(program):
        return
    if not one_optimizer_of_a_model(program) or len(site.losses) < FEWEST or program.loaded:
        return
    half = len(site.losses) // 2
    first, last = fmean(site.losses[:half]), fmean(site.losses[half:])
    if not last < min(first, 0.0):
        return
    place = looks[-1][0].place
    why = (
        "The loss subtracts something that is never below 0 and can grow without end, such as a "
        f"square or an exponential. It has gone below 0, to {site.losses[-1]:.4g}, and the rest of "
        "the loss counts less and less."
    )
    yield Finding("TR33", "Flipped gradient", "error", 0.85, place_or(place, "loss"),
                  {"first": first, "last": last}, why,
                  location=as_location(place, "look at the sign of this term"))  # fmt: skip


def both_win(program: Program) -> Iterator[Finding]:
    """TR33: two networks that should compete and both end with next to no loss: one of them is
    trained on the other's targets; trap: a game that one side has won, where the other has lost."""
    if len(program.optimizers) < 2 or not competing(program):
        return
    most = max(site.times for site in program.backwards)
    sides = [site for site in program.backwards if site.times >= 0.5 * most]
    if len(sides) != 2 or any(len(site.losses) < FEWEST for site in sides):
        return
    alike = all(
        site.terms and all(one.operation.kind in BINARY for one in site.terms) for site in sides
    )
    constant = any(all(is_constant(one.targets) for one in site.terms) for site in sides)
    late = [fmean(site.losses[-len(site.losses) // 4 :]) for site in sides]
    if not alike or not constant or max(late) > WON:
        return
    fooling = min(sides, key=lambda site: len(site.terms))
    why = (
        f"Both losses end near 0 ({late[0]:.2g} and {late[1]:.2g}), so the two networks do not "
        "compete: what one is trained to say of the other's output is what the other wants too."
    )
    advice = "for the generator use the targets of real samples, not those of generated ones"
    yield Finding("TR33", "Flipped gradient", "error", 0.85, place_or(fooling.place, "loss"),
                  {"losses": late}, why,
                  location=as_location(fooling.place, advice))  # fmt: skip


def is_constant(targets: Targets | None) -> bool:
    """Whether all targets of a batch are one number."""
    return targets is not None and targets.low == targets.high


RULES = (
    rewards_lowered,
    without_end,
    both_win,
    reshaped,
    summed,
    as_logits,
    without_minus,
    probabilities,
    twice,
    no_logarithm,
    swapped,
    one_output,
    one_number,
    broadcast,
    crossed_by_hand,
    each_with_each,
    wrong_axis,
    mixing,
    leaks,
    out_of_reach,
)
