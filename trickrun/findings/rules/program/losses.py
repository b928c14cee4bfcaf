"""Does the loss get what it is made for?"""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.findings.evidence.program import LossTerm, Operation, Place, Program, as_location
from trickrun.findings.finding import Finding
from trickrun.findings.rules.program.steps import place_or

PROBABILITIES = {"Softmax": "softmax", "Sigmoid": "sigmoid"}

RECTIFIED = {"Relu": "ReLU", "Threshold": "a threshold"}

BOUNDS = {"Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0), "Relu": (0.0, float("inf")),
          "Softmax": (0.0, 1.0)}  # fmt: skip
"""What an activation can put out."""

NAMES = {
    "NllLoss": "cross-entropy",
    "NllLoss2D": "cross-entropy",
    "BinaryCrossEntropyWithLogits": "binary cross-entropy with logits",
}

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
    if kind in ("NllLoss", "NllLoss2D"):
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
    for term, place in each_once(program):
        if term.operation.kind not in ("NllLoss", "NllLoss2D") or not term.behind:
            continue
        if term.behind[0].kind in ("LogSoftmax", "Log", "LogSigmoid", "Logsumexp", "Sub"):
            continue
        why = (
            f"nll_loss takes log-probabilities, but gets the output of {term.behind[0].kind}. It "
            "can then fall without end, even below 0."
        )
        advice = "use cross_entropy, or apply log_softmax(dim=1) first"
        yield Finding("TR25", "No log-softmax before nll", "error", 0.95, place_or(place, "loss"),
                      {"behind": term.behind[0].kind}, why,
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


def broadcast(program: Program) -> Iterator[Finding]:
    """TR32: predictions [N, 1] against targets [N], which makes N x N differences; traps: losses of
    pairs, and predictions that are compared with one number."""
    for term, place in each_once(program):
        one, other = term.prediction, term.compared
        if len(other) != 2 or other[0] != other[1] or other[0] < 2:
            continue
        if one not in ((other[0], 1), (1, other[0]), (other[0],)):
            continue
        why = (
            f"Predictions of shape {list(one)} and targets of another shape are broadcast to "
            f"{list(other)}: each prediction is compared with the targets of all samples, and "
            "their mean is learned."
        )
        advice = "give both the same shape: prediction.squeeze(1), or target.unsqueeze(1)"
        yield Finding("TR32", "Samples mixed", "error", 0.95, place_or(place, "loss"),
                      {"prediction": list(one), "compared": list(other)}, why,
                      location=as_location(place, advice))  # fmt: skip


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


def out_of_reach(program: Program) -> Iterator[Finding]:
    """TR28: targets that the last activation cannot put out."""
    for term, place in each_once(program):
        targets, behind = term.targets, term.behind
        if targets is None:
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


RULES = (probabilities, no_logarithm, one_output, broadcast, mixing, out_of_reach)
