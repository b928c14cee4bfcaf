"""What is wrong with the inputs, before any network sees them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from trickrun.findings.evidence.data import Drift, channels_at_the_end
from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding, Severity

LARGE, HUGE = 5.0, 50.0
"""Size of the largest feature from which on inputs are unscaled, and badly so. TheDeepChecker asks
for [0, 1], [-1, 1] or mean 0 and deviation 1; 5 leaves room for heavy tails and for features of
deviation 1 about a mean of a few. Own."""

UNLIKE = 100.0
"""Ratio of the largest to the smallest feature's size from which on the small ones count nothing
where no feature is large. Own; rare 0/1 features differ by less."""

FAINT, DARK, GONE = 0.05, 0.5, 0.005
"""Deviation of all inputs together below which they are too small, largest value below which that
is no sparse code, and deviation below which hardly anything is left: pixels divided by 255 twice
have 0.0014. Own."""

SHIFTED, SHRUNK = 0.25, 2.0
"""Distance of a split's means from the training split's, in its deviations, beyond what chance can
do; and the ratio of the deviations. Own; the catalogue's 0.25 deviations."""

CHANCE = 4.0
"""Standard errors of a mean that chance may bring. Features that depend on each other move
together, so their mean square varies as much as a single one's."""

UNCOMPARABLE = 5.0
"""Factor beyond the bounds at which another unit, not another population, is the explanation."""

STANDARD = {"data.normalize": {"kind": "standard"}}


ALIKE = 1.2
"""Ratio of the largest to the smallest size below which one figure tells both."""


def unscaled(e: Facts) -> list[Finding]:
    """TR01: inputs that were not scaled; trap: standardized ones, which leave [-1, 1], images in
    [0, 1], and a batch norm that rescales what it gets."""
    if e.data is None or e.data.tokens or e.data.train.non_finite:
        return []
    small, middle, large = e.data.train.sizes
    kind, keeps_scale = e.inputs.normalize, e.normalization.keeps_scale
    apart = kind == "none" and small > 0 and large > UNLIKE * small and large > 1
    if (large <= LARGE and not apart) or kind in (None, "standard", "minmax"):
        return []
    grave = large >= HUGE and keeps_scale is False
    severity: Severity = "error" if grave else "warning"
    confidence = 0.85 if grave else 0.5 if keeps_scale else 0.7
    sizes = f"sizes from {small:.3g} to {large:.3g} per feature"
    if large < ALIKE * small:
        sizes = f"a size of about {large:.3g}"
    why = (
        f"Inputs enter the network with {sizes}; about 1 is right. Their values run from "
        f"{e.data.train.low:.4g} to {e.data.train.high:.4g}. Large inputs make every step of the "
        f"first layer too long{' and hide the small inputs' if large > UNLIKE * small else ''}."
    )
    numbers = {"smallest": small, "median": middle, "largest": large}
    edit = None if e.network.fixes_input_scale else dict(STANDARD)
    return [Finding("TR01", "Unscaled inputs", severity, confidence, "data.normalize", numbers,
                    why, edit)]  # fmt: skip


def faint(e: Facts) -> list[Finding]:
    """TR02: inputs scaled down twice, or TR01: tiny ones that nobody scaled; trap: sparse codes,
    whose few ones are large."""
    if e.data is None or e.data.tokens or e.data.constant >= e.data.features:
        return []
    inputs = e.data.train
    if inputs.std >= FAINT or max(abs(inputs.low), abs(inputs.high)) >= DARK:
        return []
    grave = inputs.std < GONE and e.normalization.keeps_scale is False
    given = e.inputs.normalize
    if given is None:
        return []
    # A data set that comes with trickrun and is not normalized has been scaled by nobody twice.
    raw = given == "none" and e.inputs.from_user is False
    code, name = ("TR01", "Unscaled inputs") if raw else ("TR02", "Inputs scaled twice")
    why = (
        f"The inputs lie between {inputs.low:.3g} and {inputs.high:.3g}, with a standard deviation "
        f"of {inputs.std:.2g}"
    )
    why += ". " if raw else ". That looks as if they had been scaled twice. "
    why += "They hardly affect the network's outputs."
    able = given != "standard" and not e.network.fixes_input_scale
    edit = dict(STANDARD) if able else None
    numbers = {"std": inputs.std, "low": inputs.low, "high": inputs.high}
    severity: Severity = "error" if grave else "warning"
    confidence = 0.85 if grave else 0.6
    return [Finding(code, name, severity, confidence, "data.normalize", numbers, why, edit)]


def drifted(e: Facts) -> list[Finding]:
    """TR03: a split whose inputs are in another unit; trap: small splits, whose means scatter, and
    splits by time, whose parts differ by what changes with it."""
    moved = [
        (name, drift)
        for name, drift in (e.data.drift if e.data and not e.data.tokens else ())
        if beyond_chance(drift) > SHIFTED or not 1 / SHRUNK <= drift.scale <= SHRUNK
    ]
    later = [pair for pair in moved if e.data and pair[0] in e.data.drawn]
    if e.inputs.split_by == "time" and later:
        return [parts_of_time(later), *(unlike(*pair) for pair in moved if pair not in later)]
    return [unlike(name, drift) for name, drift in moved]


def unlike(name: str, drift: Drift) -> Finding:
    """Return the finding about a split whose inputs are unlike those of training."""
    grave = beyond_chance(drift) > UNCOMPARABLE * SHIFTED or not 0.2 <= drift.scale <= 5
    why = (
        f"On average, the features of {name} are {drift.mean:.2g} standard deviations away from "
        f"those of the training split. Their spread is {drift.scale:.2g} times as large"
    )
    why += ". Were they scaled alike?" if grave else ". Is it another population?"
    severity: Severity = "error" if grave else "warning"
    numbers = {"split": name, "mean": drift.mean, "scale": drift.scale, "samples": drift.samples}
    title = "Splits scaled differently" if grave else "Splits differ"
    confidence = 0.85 if grave else 0.6
    return Finding("TR03", title, severity, confidence, f"data ({name})", numbers, why)


def parts_of_time(moved: Sequence[tuple[str, Drift]]) -> Finding:
    """Return the remark about the parts of a split by time, which differ by design."""
    names = " and ".join(name for name, _ in moved)
    far = " and ".join(f"{drift.mean:.2g}" for _, drift in moved)
    why = (
        f"The split is by time, so the inputs of {names} come later than those of the training "
        f"split. On average they are {far} standard deviations away. New samples will differ in "
        "the same way: the split is not at fault."
    )
    numbers = {name: drift.mean for name, drift in moved}
    return Finding("TR03", "Parts differ in time", "info", 0.5, "data.split.time", numbers, why)


def beyond_chance(drift: Drift) -> float:
    """Return the distance of the means that a random split of this size does not explain."""
    return drift.mean - CHANCE / math.sqrt(max(drift.samples, 1))


PART = re.compile(r"=|\.\w+_(sin|cos)$")
"""What names of features have that are made of a part of a column."""


def constant_features(e: Facts) -> list[Finding]:
    """TR04: features that never vary; trap: the borders of images, and places of padding."""
    data = e.data
    if data is None or data.constant == 0 or e.inputs.zeroed:
        return []
    numbers = {"constant": data.constant, "features": data.features}
    if data.constant == data.features:
        why = "Every training sample has the same input, so the network cannot tell them apart."
        return [Finding("TR04", "All inputs alike", "error", 0.95, "data", numbers, why)]
    if data.is_image or data.tokens:
        return []
    named = ", ".join(data.constant_names)
    why = (
        f"{data.constant} of {data.features} features never vary in training ({named}). Drop them."
    )
    edit: dict[str, Any] | None = None
    if e.inputs.dropped is not None:
        # A category of a text column is a feature, but no column, and so is a part of a date.
        named_all = data.constant == len(data.constant_names)
        if named_all and not any(PART.search(name) for name in data.constant_names):
            edit = {"data.drop": [*e.inputs.dropped, *data.constant_names]}
    severity: Severity = "warning" if data.constant > data.features / 2 else "info"
    return [Finding("TR04", "Constant features", severity, 0.9, "data", numbers, why, edit)]


def non_finite(e: Facts) -> list[Finding]:
    """TR05: NaN or infinity among the inputs; trap: none, any is wrong."""
    if e.data is None:
        return []
    counts = {"train": e.data.train.non_finite}
    counts |= {name: inputs.non_finite for name, inputs in e.data.splits}
    bad = {name: count for name, count in counts.items() if count}
    if not bad:
        return []
    told = ", ".join(f"{count} in {name}" for name, count in bad.items())
    why = f"After normalization some values are NaN or infinite ({told}). Every loss is NaN then."
    name = "NaN or infinity in the inputs"
    return [Finding("TR05", name, "error", 0.95, "data", dict(bad), why)]


def channels_last(e: Facts) -> list[Finding]:
    """TR103: pictures whose channels are on the last axis, in a network that convolves over it;
    trap: recordings and feature maps that are long or small, and channels that the recipe states.

    A square is a picture's usual form, so that it is surer.
    """
    if e.data is None or e.inputs.channels != "auto" or not e.network.channels:
        return []
    if not channels_at_the_end(e.data.shape):
        return []
    rows, columns, last = e.data.shape
    square = rows == columns
    why = (
        f"The inputs are [N, {rows}, {columns}, {last}]. That looks like [N, height, width, "
        "channels], but images are read as [N, channels, height, width]. So the network sees "
        f"{rows} channels of {columns} x {last} pixels. data.channels: last corrects that, as "
        "x.transpose(0, 3, 1, 2) does in numpy."
    )
    severity: Severity = "error" if square else "warning"
    confidence = 0.8 if square else 0.6
    numbers = {"shape": list(e.data.shape)}
    edit = {"data.channels": "last"}
    name = "Channels on the last axis"
    return [Finding("TR103", name, severity, confidence, "data.channels", numbers, why, edit)]


RULES = (unscaled, faint, drifted, constant_features, non_finite, channels_last)
