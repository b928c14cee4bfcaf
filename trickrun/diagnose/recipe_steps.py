"""Steps that are too large, too small, too few, or wrongly scaled, as far as the text tells."""

from __future__ import annotations

from typing import Any

from trickrun.diagnose.finding import Finding, Severity
from trickrun.diagnose.static_evidence import Static

ADAPTIVE = ("adam", "adamw", "rmsprop")
"""Optimizers whose step has about the size of the learning rate, whatever the gradient's."""

HIGH = {"adam": 0.1, "adamw": 0.1, "rmsprop": 0.1, "adagrad": 1.0, "adadelta": 30.0, "sgd": 3.0}
"""Learning rates from which on few networks train. A hundred times the default of Adam's paper
(1e-3), of Adagrad in PyTorch (1e-2), thirty times Adadelta's (1). For sgd the rate over
1 - momentum, at 256 samples a step: three times what trains ResNets (0.1 with momentum 0.9, Goyal
et al. 2017). trickrun's own recipes go up to a third of these."""

FAR = 10.0
"""Factor above ``HIGH`` at which a warning becomes an error."""

USUAL = {"adam": 1e-3, "adamw": 1e-3, "rmsprop": 1e-3, "adagrad": 1e-2, "adadelta": 1.0}

SHORT = {"adam": 0.03, "adamw": 0.03, "rmsprop": 0.03, "sgd": 1.0}
"""Learning rate summed over the run below which the weights cannot have moved far. A weight moves
at most about this with adam, where usual inits have deviations of 0.05 to 0.3; with sgd it is to be
multiplied by gradients of about 1 in all. Own."""

TINY_EPS = 1e-10
"""Adam's epsilon below which units that get hardly any gradient take whole steps on rounding noise:
the paper has 1e-8, TensorFlow's documentation recommends larger ones, none smaller."""

SPENT = 0.01
"""Share of the learning rate's sum below which half a run is wasted. A rate divided by ten after a
third and two thirds of the run leaves 5 %, a cosine 18 %. Own."""

FEW_STEPS = 100
"""Steps below which hardly any network is done, whatever its learning rate. Own."""

REACH = 0.3
"""Farthest way of all weights together that clipped plain steps allow, from which on they are held
back: initial weights of two layers have norms of 5 and more. Own."""


def rate_too_high(e: Static) -> list[Finding]:
    """TR35: a learning rate outside of what its optimizer bears; trap: sgd at 0.1, adadelta at 1,
    and large rates for large batches."""
    kind = e.optimizer["kind"]
    if kind not in HIGH:
        return []
    rate, limit = effective_rate(e), HIGH[kind]
    if kind == "sgd":
        limit *= max(1.0, (e.batch or 256) / 256)
    if rate < limit:
        return []
    severity: Severity = "error" if rate >= FAR * limit else "warning"
    what = "lr over 1 - momentum" if e.optimizer.get("momentum") else "lr"
    why = f"{kind} with {what} of {rate:g}: above {limit:g} hardly any network trains."
    lower = USUAL.get(kind, 0.1 * (1 - float(e.optimizer.get("momentum", 0.0))))
    edit = {"optimizer.lr": float(f"{lower:.2g}")}
    numbers = {"rate": rate, "limit": limit}
    name, where = "Learning rate too high", "optimizer.lr"
    return [Finding("TR35", name, severity, 0.75, where, numbers, why, edit)]


def effective_rate(e: Static) -> float:
    """Return the learning rate, for sgd as long as momentum makes its steps in the end."""
    momentum = float(e.optimizer.get("momentum", 0.0)) if e.optimizer["kind"] == "sgd" else 0.0
    return e.lr / (1 - momentum)


def rate_too_low(e: Static) -> list[Finding]:
    """TR36: a whole run that cannot move the weights far; trap: fine-tuning, and long runs."""
    kind = e.optimizer["kind"]
    if kind not in SHORT or e.travel is None or e.steps is None or e.pretrained:
        return []
    way = e.travel * effective_rate(e) / e.lr
    if way >= SHORT[kind]:
        return []
    why = (
        f"All {e.steps} steps of {kind} together are {way:.2g} long: too short a way from where "
        "the weights start."
    )
    wanted = USUAL.get(kind, 0.1 * (1 - float(e.optimizer.get("momentum", 0.0))))
    edit = {"optimizer.lr": float(f"{wanted:.2g}")} if wanted > e.lr else None
    numbers = {"way": way, "least": SHORT[kind], "steps": e.steps}
    name, where = "Learning rate too low", "optimizer.lr"
    return [Finding("TR36", name, "warning", 0.65, where, numbers, why, edit)]


def rate_gone(e: Static) -> list[Finding]:
    """TR36: a schedule that leaves the second half of the run next to no learning rate; trap:
    cosine, linear and step schedules, which keep 5 to 25 % of their sum for it."""
    if e.late is None or e.late >= SPENT or e.steps is None or e.steps < FEW_STEPS:
        return []
    kind = e.optimizer["schedule"]["kind"]
    why = (
        f"The {kind} schedule leaves {e.late:.2g} of the learning rate's sum to the second half of "
        f"the run: those {e.steps // 2} steps change nothing."
    )
    edit = {"optimizer.schedule": {"kind": "cosine"}}
    where, numbers = "optimizer.schedule", {"late_share": e.late, "steps": e.steps}
    name = "Learning rate falls too soon"
    return [Finding("TR36", name, "warning", 0.8, where, numbers, why, edit)]


def few_steps(e: Static) -> list[Finding]:
    """TR55: hardly any steps; trap: runs from trained weights."""
    if e.steps is None or e.steps >= FEW_STEPS or e.pretrained:
        return []
    by_steps = e.recipe["train"].get("steps") is not None
    where = "train.steps" if by_steps else "train.epochs"
    length = e.steps if by_steps else e.recipe["train"]["epochs"]
    why = f"The run has {e.steps} steps; networks need hundreds to thousands."
    edit = {where: int(length * -(-1000 // max(e.steps, 1)))}
    numbers = {"steps": e.steps}
    return [Finding("TR55", "Too few steps", "info", 0.5, where, numbers, why, edit)]


def summed_loss(e: Static) -> list[Finding]:
    """TR21: the loss is a sum over the batch; trap: optimizers that divide the gradient by its own
    size, and a learning rate that makes up for it."""
    if e.recipe["loss"]["reduction"] != "sum":
        return []
    batch = e.batch or 1
    sgd = e.optimizer["kind"] == "sgd"
    rate = effective_rate(e) * batch
    severity: Severity = "error" if sgd and rate > HIGH["sgd"] else "warning"
    if not sgd or rate <= 1:
        severity = "info"
    why = f"The loss is summed over the batch, so its gradient is {batch} times a sample's"
    why += f": like a mean with lr {rate:g}." if sgd else "; penalties and clipping count less."
    edit = {"loss.reduction": "mean"}
    numbers = {"batch_size": batch, "rate": rate}
    name = "Sum over the batch instead of mean"
    return [Finding("TR21", name, severity, 0.85, "loss.reduction", numbers, why, edit)]


def tiny_epsilon(e: Static) -> list[Finding]:
    """TR39: an epsilon that divides by next to nothing; trap: large ones, as Inception's 1."""
    eps = e.optimizer.get("eps")
    if e.optimizer["kind"] not in ADAPTIVE or eps is None or eps >= TINY_EPS:
        return []
    why = f"An eps of {eps:g} lets rounding noise take whole steps where the gradient is nearly 0."
    edit = {"optimizer.eps": 1e-8}
    numbers = {"eps": eps}
    return [Finding("TR39", "Tiny epsilon", "warning", 0.7, "optimizer.eps", numbers, why, edit)]


def betas_cross(e: Static) -> list[Finding]:
    """TR81: Adam forgets the gradient's size sooner than its direction; trap: betas of 0.9, 0.95.

    Adam's proof needs beta1² < sqrt(beta2) (Kingma & Ba 2015); with beta1 above sqrt(beta2) a step
    is not even bounded by about lr.
    """
    betas = e.optimizer.get("betas")
    if not betas or betas[0] < betas[1] ** 0.5:
        return []
    why = (
        f"With betas {betas[0]:g} and {betas[1]:g} the mean of the gradient remembers longer than "
        "its size: after a large gradient the steps are far larger than lr."
    )
    edit = {"optimizer.betas": [0.9, 0.999]}
    where, numbers = "optimizer.betas", {"betas": list(betas)}
    return [Finding("TR81", "Betas out of balance", "warning", 0.7, where, numbers, why, edit)]


def clipped_to_death(e: Static) -> list[Finding]:
    """TR71: clipping that keeps plain steps tiny; trap: adam, which divides the bound out again,
    and the usual norm of 1."""
    clip = e.optimizer.get("clip")
    if not clip or clip.get("norm") is None or e.optimizer["kind"] != "sgd" or e.travel is None:
        return []
    way = e.travel * effective_rate(e) / e.lr * clip["norm"]
    if way >= REACH:
        return []
    why = (
        f"Clipped to a norm of {clip['norm']:g}, all steps together move all weights by "
        f"{way:.2g} at most."
    )
    numbers = {"way": way, "norm": clip["norm"]}
    where, edit = "optimizer.clip", {"optimizer.clip": {"norm": 1.0}}
    return [Finding("TR71", "Clipping too tight", "warning", 0.7, where, numbers, why, edit)]


def endless_warmup(e: Static) -> list[Finding]:
    """TR82: the warm-up lasts longer than the run; trap: a share of the run, below 1."""
    schedule: dict[str, Any] = e.optimizer["schedule"]
    warmup = schedule.get("warmup", 0)
    if e.steps is None or warmup < 1 or warmup < e.steps:
        return []
    why = f"A warm-up of {warmup:g} steps in a run of {e.steps} never ends: lr is never reached."
    edit = {"optimizer.schedule.warmup": 0.05}
    where, numbers = "optimizer.schedule.warmup", {"warmup": warmup, "steps": e.steps}
    name = "Warm-up as long as the run"
    return [Finding("TR82", name, "warning", 0.9, where, numbers, why, edit)]


RULES = (
    rate_too_high,
    rate_too_low,
    rate_gone,
    few_steps,
    summed_loss,
    tiny_epsilon,
    betas_cross,
    clipped_to_death,
    endless_warmup,
)
