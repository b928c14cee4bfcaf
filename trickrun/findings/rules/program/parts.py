"""Does the network have the parts that its task needs?"""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.findings.evidence.program import Program, as_location
from trickrun.findings.finding import Finding
from trickrun.findings.rules.program.rates import too_low
from trickrun.findings.rules.program.steps import place_or

SETTLED = 150
"""Backward passes from which on what is not learned may need the order; own."""

LEARNED = 0.2
"""Error over that of a constant answer below which a network has all that it needs; own."""


def without_positions(program: Program) -> Iterator[Finding]:
    """TR104: attention to tokens whose order it cannot tell; traps: sums of embeddings, positions
    that a convolution or a recurrent layer brings, causal attention of several layers, which can
    count, a task in which the order does not matter, so that it is learned all the same, and a rate
    that is too low to learn any."""
    leak = next((one for one in program.leaks if one.kind == "order"), None)
    if leak is None or program.passes < SETTLED or list(too_low(program)):
        return
    if any(one.late < LEARNED * one.late_constant for one in program.answers if one.alone):
        return
    why = (
        f"The answers of {leak.model} stay the same when two of its tokens are exchanged, and "
        "change with other tokens: its attention cannot tell the order of what it reads. Nothing "
        "adds positions to the embeddings. Where the order means something, that cannot be learned."
    )
    advice = "add an embedding of the position to that of each token, before the attention"
    yield Finding("TR104", "A part is switched off", "warning", 0.8,
                  place_or(leak.place, leak.model), {}, why,
                  location=as_location(leak.place, advice))  # fmt: skip


def last_of_padding(program: Program) -> Iterator[Finding]:
    """TR14: the last place of padded sequences, which of all but the longest is padding; traps:
    sequences of one length, and the states that the layer returns beside them."""
    looks = [look for look in program.looks if look.padding]
    if len(looks) < max(2, len(program.looks) // 2):
        return
    place = looks[-1].padding[0].place
    why = (
        "What goes on from here is the last place of sequences that pad_packed_sequence has "
        "filled up: of each but the longest of a batch it is padding, all zeros, whatever the "
        "sequence was."
    )
    advice = (
        "take the layer's last state, its second output (h_n[-1]), or the place lengths - 1 of "
        "each sequence"
    )
    yield Finding("TR14", "Input ignored", "error", 0.9, place_or(place, "sequences"),
                  {"looks": len(looks)}, why, location=as_location(place, advice))  # fmt: skip


RULES = (without_positions, last_of_padding)
