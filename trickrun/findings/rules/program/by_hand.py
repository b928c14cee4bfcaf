"""What is wrong with tensors that a program trains without modules and optimizers."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from trickrun.findings.evidence.program import GradientLook, Program, as_location
from trickrun.findings.finding import Finding
from trickrun.findings.rules.program.courses import course_by_hand
from trickrun.findings.rules.program.steps import FEW, named, place_or
from trickrun.findings.rules.program.weights import HALF, LARGEST_GAIN, SMALLEST_GAIN, STEPS


def matrices(program: Program) -> list[list[GradientLook]]:
    """Return the matrices of all looks of a program without optimizers."""
    if any(one.steps for one in program.optimizers):
        return []
    looks = ([one for one in look.gradients if one.dimensions == 2] for look in program.looks)
    return [look for look in looks if look]


def alike(program: Program) -> Iterator[Finding]:
    """TR22: matrices whose units are all equal, and stay so; traps: a last layer or a single one
    that begins at 0, which differ after one step."""
    looks = matrices(program)
    if len(looks) < FEW or program.passes < STEPS:
        return
    same = [
        one.name
        for one in looks[-1]
        if all(other.alike for look in looks for other in look if other.name == one.name)
    ]
    if not same:
        return
    why = (
        f"{named(same)} of the tensors that are trained by hand have equal units in each of "
        f"{len(looks)} looks: units that start alike get the same gradient and stay alike."
    )
    place = program.main.place if program.main else None
    yield Finding("TR22", "Constant init", "error", 0.95, same[0], {"tensors": same}, why,
                  location=as_location(place, "start from random weights: "
                                       "torch.randn(n_in, n_out) / n_in ** 0.5"))  # fmt: skip


def init_scale(program: Program) -> Iterator[Finding]:
    """TR23: matrices that begin far too large or small for a signal to pass them, and a loss that
    does not fall by half; trap: a last layer that begins near 0."""
    looks, known = matrices(program), course_by_hand(program)
    if not looks or len(looks[0]) < 2 or known is None or any(True for _ in alike(program)):
        return
    gain = median(one.gain for one in looks[0])
    # Below 0 a loss is none that could fall by half.
    if known.fell > HALF or known.first <= 0 or SMALLEST_GAIN < gain < LARGEST_GAIN or not gain:
        return
    what = "large" if gain >= LARGEST_GAIN else "small"
    why = (
        f"The tensors that are trained by hand begin too {what}: the median matrix makes about "
        f"{gain:.2g} of a signal of size 1; about 1 is usual. The loss went from {known.first:.4g} "
        f"to {known.last:.4g}."
    )
    place = program.main.place if program.main else None
    yield Finding("TR23", "Wrong init scale", "error", 0.85, place_or(place, "tensors"),
                  {"gain": gain}, why,
                  location=as_location(place, "divide random weights by the root of their inputs: "
                                       "torch.randn(n_in, n_out) / n_in ** 0.5"))  # fmt: skip


RULES = (alike, init_scale)
