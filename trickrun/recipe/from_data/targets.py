"""The lines about what is to be predicted: the task, how values are scaled, loss and metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trickrun.data.survey.facts import Targets, Values
from trickrun.data.survey.targets import AS_VALUES
from trickrun.recipe.from_data.lines import Line, counted, shares, some
from trickrun.recipe.text.emit import flow

LONG_TAIL = 1.0
"""Skewness from which on values to predict are scaled otherwise: an exponential distribution has
2, a normal one 0. Own."""

SYMMETRIC = 0.5
"""By how much a logarithm must lessen the skewness at least, as a share of it, to be taken."""

UNEVEN = 10.0
"""Times that the largest class has the samples of the smallest from which on classes are weighed,
as TR07 asks for."""

WATCHED = 2.0
"""The same from which on a metric counts rare classes as much as frequent ones. Own."""

FEWEST = 5
"""Samples of a class below which training, validation and test hardly get one each."""

RARE_LABEL = 0.1
"""Share of samples below which a label is rare: a network that begins with one half for each
label first learns that. Own."""


def target_line(targets: Targets) -> Line:
    """Return the line that names the columns to predict."""
    names = targets.names
    return Line(f"  target: {flow(names[0] if len(names) == 1 else [*names])}", targets.why)


def data_lines(targets: Targets) -> Iterator[Line]:
    """Yield the task, and how values are scaled."""
    if targets.classes:
        why = f"{len(targets.classes)} classes: {shares(targets.classes)}"
        why = f"{why}; {AS_VALUES}" if targets.open else why
        yield Line("  task: classification", why)
    elif targets.labels:
        said = some([f"{name} {share:.0%}" for name, share in targets.labels])
        yield Line("  task: multilabel", f"each a label of 0 or 1: {said}")
    else:
        told = [range_of(value) for value in targets.values]
        named = zip(targets.names, told, strict=True)
        why = told[0] if len(told) == 1 else "; ".join(f"{name} {each}" for name, each in named)
        yield Line("  task: regression", f"values from {why}" if len(told) == 1 else why)
        yield scale_line(targets)


def range_of(values: Values) -> str:
    """Return where values lie."""
    return f"{values.low:g} to {values.high:g}, median {values.median:g}"


def scale_line(targets: Targets) -> Line:
    """Return how values to predict are scaled, and why: several ones alike."""
    tails = [each for each in targets.values if abs(each.skew) >= LONG_TAIL]
    if not tails:
        return Line(
            "  scale_targets: standard",
            "the loss sees mean 0 and deviation 1; predictions and metrics keep their unit",
        )
    said = f"skewness {tails[0].skew:.1f}"
    if all(map(log_mends, targets.values)):
        said += f"; of the logarithms {tails[0].log_skew:.1f}"
        why = f"a long tail ({said}); predictions keep their unit"
        return Line("  scale_targets: log", why)
    why = f"a long tail ({said}) that no logarithm removes; predictions keep their unit"
    return Line("  scale_targets: quantile", why)


def log_mends(values: Values) -> bool:
    """Whether the logarithms of values have a shorter tail, or none where the values have none."""
    log = values.log_skew
    if log is None:
        return False
    if abs(values.skew) < LONG_TAIL:
        return abs(log) < LONG_TAIL
    return values.skew > 0 and abs(log) <= SYMMETRIC * values.skew


def init_lines(targets: Targets) -> Iterator[Line]:
    """Yield where the network's answers begin, if labels are rare."""
    rare = [name for name, share in targets.labels if share < RARE_LABEL]
    if rare:
        why = f"begins at each label's share: {some(rare, 3)} are rare"
        yield Line("init: {head_bias: prior}", why if len(rare) > 1 else why.replace(" are", " is"))


def metric_lines(targets: Targets) -> Iterator[Line]:
    """Yield the metrics."""
    if targets.values:
        why = "in the target's own unit; r2: share of variance explained"
        yield Line("metrics: [mae, r2]", why)
    elif targets.labels:
        why = "share of right labels; f1_macro counts each label alike, however rare"
        yield Line("metrics: [accuracy, f1_macro]", why)
    elif uneven(targets.classes) > WATCHED:
        why = "f1_macro counts rare classes as much as frequent ones"
        yield Line("metrics: [accuracy, f1_macro]", why)
    else:
        yield Line("metrics: [accuracy]")


def uneven(classes: Sequence[tuple[str, int]]) -> float:
    """Return how many times the largest class has the samples of the smallest; 0 for none."""
    return classes[0][1] / max(1, classes[-1][1]) if classes else 0.0


def loss_lines(classes: Sequence[tuple[str, int]]) -> Iterator[Line]:
    """Yield the loss where it is not plain."""
    if uneven(classes) > UNEVEN:
        label, count = classes[-1]
        yield Line("loss:")
        yield Line("  kind: cross_entropy")
        why = (
            f"only {counted(count, 'sample')} of {label}: an error on a rare class counts more. "
            "Probabilities are then those of even classes"
        )
        yield Line("  class_weights: balanced", why)


def doubts(targets: Targets) -> list[str]:
    """Return what people should look at, a line each."""
    found = []
    if targets.why.startswith("guessed"):
        found.append(f"{targets.names[0]} is the target: {targets.why}")
    found += [targets.open] if targets.open else []
    if targets.labels:
        fixed = [name for name, share in targets.labels if share in (0.0, 1.0)]
        found += [f"labels that all samples have, or none: {some(fixed)}"] if fixed else []
    return found + rare_classes(targets.classes)


def rare_classes(classes: Sequence[tuple[str, int]]) -> list[str]:
    """Return a line about classes of very few samples, if there are any."""
    rare = [f"{label} {count}" for label, count in classes if count < FEWEST]
    said = f"classes of fewer than {FEWEST} samples can hardly be learned: {some(rare)}"
    return [said] if rare else []
