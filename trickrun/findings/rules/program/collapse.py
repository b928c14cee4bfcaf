"""Do the answers still depend on the samples, and is there anything left to learn?"""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.findings.evidence.program import Program, as_location
from trickrun.findings.finding import Finding
from trickrun.findings.rules.program.courses import JUDGED
from trickrun.findings.rules.program.data import LONG, is_stuck, judged
from trickrun.findings.rules.program.rates import SETTLED, too_low
from trickrun.findings.rules.program.steps import competing, place_or

POINT = 0.02
"""Spread of the answers over their size below which they are one point; own."""

EARLY, ZERO = 0.2, 0.8
"""Beginning of a run in which a loss of exactly 0 comes too soon, and the share of the losses that
must be 0 there and in all; own."""


def restored_without_input(program: Program) -> Iterator[Finding]:
    """TR14: an autoencoder that answers the same to each sample, while another part of its loss is
    trained; traps: a short run, a rate that is too low, and an autoencoder whose loss is the error
    alone, of which TR112 tells more."""
    if program.passes < LONG or list(too_low(program)):
        return
    for answers in judged(program):
        if not answers.restores or answers.alone or not is_stuck(answers):
            continue
        why = (
            f"The network is to restore its inputs, and its error ({answers.late:.4g}) is that of "
            f"always answering their mean ({answers.late_constant:.4g}): what lies between ignores "
            "the input. Another part of the loss outweighs the error, or the error's gradient does "
            "not reach the first half of the network."
        )
        advice = (
            "take the sum over a sample's numbers in each part of the loss, or make the other part "
            "smaller; draw from a distribution with rsample(), not sample()"
        )
        yield Finding("TR14", "Input ignored", "error", 0.8, place_or(answers.place, "loss"),
                      {"error": answers.late, "constant": answers.late_constant}, why,
                      location=as_location(answers.place, advice))  # fmt: skip


def one_point(program: Program) -> Iterator[Finding]:
    """TR14: embeddings that have become one point; traps: answers to known targets, whose error
    tells more, networks that compete, and points that were near each other from the beginning."""
    looks = [look for look in program.looks if look.spread == look.spread]
    if program.passes < SETTLED or program.answers or len(looks) < 4 or competing(program):
        return
    if len(looks) < len(program.looks) / 2 or looks[0].spread < 5 * POINT:
        return
    last = [look.spread for look in looks[-2:]]
    if max(last) >= POINT:
        return
    model = next((one for one in program.models if one.trained), None)
    place = program.main.place if program.main else None
    why = (
        f"The answers of {model.name if model else 'the network'} to different samples are the "
        f"same, up to {last[-1]:.1g} of their size; in the first step it was "
        f"{looks[0].spread:.1g}. The embeddings have collapsed to one point, where a loss of "
        "distances has next to no gradient."
    )
    advice = "lower the learning rate; begin with easier pairs, then take the hardest"
    yield Finding("TR14", "Embeddings collapsed", "error", 0.8, place_or(place, "loss"),
                  {"spread": last[-1], "first": looks[0].spread}, why,
                  location=as_location(place, advice))  # fmt: skip


def nothing_left(program: Program) -> Iterator[Finding]:
    """TR116: a loss that is exactly 0 for most batches, from the beginning on; trap: one that gets
    there by learning, in the course of a run."""
    site = program.main
    if site is None or len(site.losses) < max(JUDGED, SETTLED):
        return
    early = site.losses[: int(EARLY * len(site.losses))]
    if min(zeros(early), zeros(site.losses)) < ZERO:
        return
    why = (
        f"The loss of {zeros(site.losses):.0%} of the batches is exactly 0, and was so for "
        f"{zeros(early):.0%} of the first fifth: these steps have no gradient. What the loss asks "
        "for is met without learning, as by pairs or triplets that are too easy."
    )
    advice = "choose harder pairs or a larger margin, and see that none of its terms is cut to 0"
    yield Finding("TR116", "Steps without gradients", "warning", 0.8, place_or(site.place, "loss"),
                  {"zeros": zeros(site.losses), "early": zeros(early)}, why,
                  location=as_location(site.place, advice))  # fmt: skip


def zeros(losses: tuple[float, ...]) -> float:
    """Return the share of losses that are exactly 0."""
    return sum(one == 0 for one in losses) / max(1, len(losses))


RULES = (restored_without_input, one_point, nothing_left)
