"""What a network does wrong in evaluation mode, and what a user's own one freezes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trickrun.findings.finding import Finding

RANDOM = 0.05
"""Relative difference below which two evaluations are the same."""

SWITCHED = 0.5
"""TheDeepChecker's bound for the loss's shift between the modes, as a share of a constant
answer's."""

MOSTLY = 0.5
"""Share of frozen parameters from which on it is worth a word. Own."""

HELD_BACK = 0.15
"""Skill that a network must gain when all of it trains for its frozen part to be at fault. Own: as
much as learners differ by that are tuned for nothing."""

SMALL_BATCH = 8
"""Batches up to this size have statistics that are too rough for batch norm (Wu & He 2018)."""


@dataclass(frozen=True)
class EvaluationBehaviour:
    """What a network does in evaluation mode after a short training.

    Args:
        target: the object, package.module:Name, or ``model`` for a built-in one.
        random: largest difference of two evaluations of the same inputs, over the outputs' size.
        spread: standard deviation of the outputs over samples, over their size.
        loss, batch_loss: mean loss on training samples in evaluation mode, and with the batches'
            own statistics.
        baseline: loss of the best constant answer; None if that is not known.
        batch_size: samples a training batch.
        batch_norm: whether it has batch norm.
        frozen: share of its parameters that ask for no gradient; of a built-in network 0, because
            there the recipe says so.
        frozen_modules: the share of each module that is frozen as a whole, or of each parameter.
        skill, skill_unfrozen: of the short training as it is, and with all parameters trained; None
            if that was not tried.
        softmax: units of a layer of the user's network that ends in a softmax over them.
        softmax_of_one: whether the user's network takes a softmax over a single output.
        without_batch: the normalization that could replace its batch norm; None if the recipe does
            not set that.
    """

    target: str
    random: float
    spread: float
    loss: float
    batch_loss: float
    baseline: float | None
    batch_size: int
    batch_norm: bool
    frozen: float = 0.0
    frozen_modules: Mapping[str, float] = field(default_factory=dict)
    skill: float | None = None
    skill_unfrozen: float | None = None
    softmax: int | None = None
    softmax_of_one: bool = False
    without_batch: dict[str, Any] | None = None


def network_findings(e: EvaluationBehaviour) -> list[Finding]:
    """Return what is wrong with a network's evaluation mode."""
    return [
        *softmax_of_one(e),
        *random_answers(e),
        *no_input(e),
        *modes_differ(e),
        *frozen(e),
        *competing(e),
    ]


def softmax_of_one(e: EvaluationBehaviour) -> list[Finding]:
    """Return TR27 if the user's network takes a softmax over a single output."""
    if not e.softmax_of_one:
        return []
    why = (
        f"{e.target} takes a softmax over one output, which is always 1. It can give no other "
        "answer."
    )
    return [Finding("TR27", "Softmax on one output", "error", 0.95, e.target, {}, why)]


def competing(e: EvaluationBehaviour) -> list[Finding]:
    """Return TR53 if a softmax stands between the layers of the user's network; a gate over
    experts is meant to be one."""
    if e.softmax is None:
        return []
    why = (
        f"{e.target} takes a softmax over the {e.softmax} units of a hidden layer. They compete "
        "for a sum of 1, and hardly any signal or gradient passes."
    )
    numbers = {"units": e.softmax}
    return [Finding("TR53", "Softmax between layers", "warning", 0.7, e.target, numbers, why)]


def frozen(e: EvaluationBehaviour) -> list[Finding]:
    """Return TR45 if the user's network freezes most of itself.

    With pretrained weights it may, and random layers may be enough for a head to learn from. So it
    is an error only where the same short training gets much further with all of it trained.
    """
    if e.frozen <= MOSTLY:
        return []
    numbers: dict[str, Any] = {"frozen": e.frozen, "modules": dict(e.frozen_modules)}
    why = f"{e.target} sets requires_grad to False for {e.frozen:.1%} of its parameters"
    if e.frozen_modules:
        why += f" ({shares(e.frozen_modules)})"
    why += ". They keep their initial values."
    if e.skill is None or e.skill_unfrozen is None:
        why += " That is right only for pretrained weights."
        return [Finding("TR45", "Frozen parameters", "warning", 0.6, e.target, numbers, why)]
    numbers |= {"skill": e.skill, "skill_unfrozen": e.skill_unfrozen}
    if e.skill_unfrozen < e.skill + HELD_BACK:
        why += (
            f" When all of them are trained the skill is {e.skill_unfrozen:.2f} instead of "
            f"{e.skill:.2f}, so the frozen part is not the cause."
        )
        return [Finding("TR45", "Frozen parameters", "warning", 0.4, e.target, numbers, why)]
    why += (
        " When all of them are trained, the same short training reaches a skill of "
        f"{e.skill_unfrozen:.2f} instead of {e.skill:.2f}. Look for requires_grad_(False) or "
        "requires_grad = False where the network is built."
    )
    name = "A network frozen by its own code"
    return [Finding("TR45", name, "error", 0.95, e.target, numbers, why)]


def nothing_to_train(target: str, why: str, hint: str) -> Finding:
    """Return TR45 for a network that cannot train at all: all of it is frozen, or cut off."""
    why = f"{why[0].upper()}{why[1:]}. {hint[0].upper()}{hint[1:]}."
    name = "A network without anything to train"
    return Finding("TR45", name, "error", 0.95, target, {}, why)


def shares(modules: Mapping[str, float]) -> str:
    """Return the largest of the modules with their shares in words."""
    ordered = sorted(modules.items(), key=lambda item: -item[1])
    some = ", ".join(f"{name} {share:.0%}" for name, share in ordered[:4])
    return some if len(ordered) <= 4 else f"{some} and {len(ordered) - 4} more"


def random_answers(e: EvaluationBehaviour) -> list[Finding]:
    """Return TR47 if evaluation mode leaves something random on."""
    if e.random <= RANDOM:
        return []
    why = (
        f"In evaluation mode {e.target} gives different answers to the same inputs (by "
        f"{e.random:.2g} of the outputs' size). Something like dropout stays on. Use the module, "
        "or pass training=self.training."
    )
    numbers = {"random": e.random}
    name = "Random in evaluation mode"
    return [Finding("TR47", name, "error", 0.9, e.target, numbers, why)]


def no_input(e: EvaluationBehaviour) -> list[Finding]:
    """Return TR14 if all samples get the same answer."""
    if e.spread > 1e-5:
        return []
    why = f"{e.target} gives the same answer for every sample. Its inputs do not reach the output."
    name, numbers = "Output does not depend on the input", {"spread": e.spread}
    return [Finding("TR14", name, "error", 0.75, e.target, numbers, why)]


def modes_differ(e: EvaluationBehaviour) -> list[Finding]:
    """Return TR48 or TR47 if batch norm's running statistics do not fit what training sees."""
    if not e.batch_norm or e.baseline is None or e.random > RANDOM:
        return []
    shift = e.loss - e.batch_loss
    if shift < SWITCHED * e.baseline or e.batch_loss > e.baseline:
        return []
    numbers = {"loss": e.loss, "batch_loss": e.batch_loss, "batch_size": e.batch_size}
    tiny = e.batch_size <= SMALL_BATCH
    why = (
        f"On training samples the loss is {e.batch_loss:.3g} with the batches' own statistics and "
        f"{e.loss:.3g} in evaluation mode. The running statistics of batch norm do not fit"
    )
    why += f", because batches of {e.batch_size} are too small." if tiny else "."
    edit = {"normalization": e.without_batch} if tiny and e.without_batch else None
    name = "Batch norm with tiny batches" if tiny else "Stale batch norm statistics"
    code = "TR48" if tiny else "TR47"
    return [Finding(code, name, "error", 0.8, e.target, numbers, why, edit)]
