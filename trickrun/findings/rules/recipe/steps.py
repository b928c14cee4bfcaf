"""Steps that are too large, too small, too few, or wrongly scaled, as far as facts tell."""

from __future__ import annotations

from typing import Any

from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.words import counted

FAR = 10.0
"""Factor above the optimizer's ``high_lr`` at which a warning becomes an error."""

USUAL_BATCH = 256
"""Samples of the steps that the bound of an optimizer whose steps follow the gradient is for; in
proportion larger ones bear larger steps (Goyal et al. 2017, arXiv:1706.02677)."""

LARGE_EPS = 1e-3
"""Epsilon from which on adaptive steps are shorter than lr by an unknown factor, as Inception's 1
makes them: gradients of single weights are mostly smaller. Own."""

TINY_EPS = 1e-10
"""Adam's epsilon below which units that get hardly any gradient take whole steps on rounding noise:
the paper has 1e-8, TensorFlow's documentation recommends larger ones, none smaller."""

SPENT = 0.01
"""Share of the learning rate's sum below which half a run is wasted. A rate divided by ten after a
third and two thirds of the run leaves 5 %, a cosine 18 %. Own."""

WASTED = 0.1
"""Mean learning rate over the highest one below which a schedule leaves a run little: a cosine has
0.5, three stages of a tenth each 0.37. Measured on digits, 800 steps of sgd at 0.05: 0.98 of the
validation samples are right with a cosine, 0.89 at 0.06 (gamma 0.6 an epoch) and 0.82 at 0.03."""

RISES = 2.0
"""Factor by which a schedule may raise lr. Own: none that is in use raises it above lr at all."""

LATE = 0.6
"""Share of the run after which the rate should have reached its peak: a triangle has it at half.
Own."""

FEW_STEPS = 100
"""Steps below which hardly any network is done, whatever its learning rate. Own."""

ENOUGH_STEPS = 1000
"""Steps that an edit makes of too few. Own."""

REACH = 0.3
"""Farthest way of all weights together that clipped plain steps allow, from which on they are held
back: initial weights of two layers have norms of 5 and more. Own."""

USUAL_CLIP = 1.0
"""The usual bound on the gradient's norm. With it, short steps are the learning rate's."""


def rate_too_high(e: Facts) -> list[Finding]:
    """TR35: a learning rate outside of what its optimizer bears; trap: sgd at 0.1, adadelta at 1,
    large rates for large batches, and a large epsilon, which makes adaptive steps shorter."""
    optimizer, rate, limit = e.optimizer, e.optimizer.rate, e.optimizer.high_lr
    if rate is None or limit is None or (optimizer.eps or 0.0) >= LARGE_EPS:
        return []
    if optimizer.adaptive is False:
        limit *= max(1.0, (e.inputs.batch_size or USUAL_BATCH) / USUAL_BATCH)
    if rate < limit:
        return []
    severity: Severity = "error" if rate >= FAR * limit else "warning"
    what = "lr" if optimizer.momentum_gain == 1 else "lr over 1 - momentum"
    why = (
        f"{optimizer.kind} runs with {what} of {rate:g}. Above {limit:g} hardly any network trains."
    )
    edit = {"optimizer.lr": optimizer.usual_rate} if optimizer.usual_rate is not None else None
    numbers = {"rate": rate, "limit": limit}
    name, where = "Learning rate too high", "optimizer.lr"
    return [Finding("TR35", name, severity, 0.75, where, numbers, why, edit)]


def rate_too_low(e: Facts) -> list[Finding]:
    """TR36: a whole run that cannot move the weights far; trap: fine-tuning, long runs, and
    optimizers with a decay or a unit of their own, where the sum of the rate says nothing."""
    optimizer, way, least = e.optimizer, distance(e), e.optimizer.least_travel
    if way is None or least is None or not optimizer.steps_proportional_to_lr:
        return []
    if way >= least or e.run.steps is None or e.network.learned:
        return []
    why = (
        f"All {e.run.steps} steps of {optimizer.kind} together move the weights by at most "
        f"{way:.2g}. That is too short a way from where they start."
    )
    wanted = optimizer.usual_rate
    raises = wanted is not None and optimizer.lr is not None and wanted > optimizer.lr
    edit = {"optimizer.lr": wanted} if raises else None
    numbers = {"way": way, "least": least, "steps": e.run.steps}
    name, where = "Learning rate too low", "optimizer.lr"
    return [Finding("TR36", name, "warning", 0.65, where, numbers, why, edit)]


def distance(e: Facts) -> float | None:
    """Return how far the run's steps go together, by their learning rate alone."""
    if e.schedule.travel is None or e.optimizer.momentum_gain is None:
        return None
    return e.schedule.travel * e.optimizer.momentum_gain


def rate_rises(e: Facts) -> list[Finding]:
    """TR35: a schedule that raises the rate far above lr, which is what people look at; trap: warm
    up to lr, and cycles below it."""
    lr, peak = e.optimizer.lr, e.schedule.peak
    if lr is None or peak is None or peak < RISES * lr:
        return []
    why = (
        f"The {e.schedule.kind} schedule raises the learning rate from {lr:g} to {peak:.3g}. A "
        "factor above 1 raises it, one below 1 lowers it."
    )
    where, edit = "optimizer.schedule", {"optimizer.schedule": usual_schedule(e)}
    limit = e.optimizer.high_lr
    gain = e.optimizer.momentum_gain
    grave = limit is not None and gain is not None and peak * gain >= FAR * limit
    severity: Severity = "error" if grave else "warning"
    numbers = {"lr": lr, "peak": peak, "limit": limit}
    return [Finding("TR35", "Learning rate rises", severity, 0.8, where, numbers, why, edit)]


def usual_schedule(e: Facts) -> dict[str, Any]:
    """Return the schedule to use, as in a recipe: for an average of the last weights one that keeps
    a rate to the end."""
    return {"kind": "constant" if e.regularizers.averages_last_weights else "cosine"}


def rate_gone(e: Facts) -> list[Finding]:
    """TR36: a schedule that leaves the second half of the run next to no learning rate; trap:
    cosine, linear and step schedules, which keep 5 to 25 % of their sum for it.

    It is an error where the whole run comes to fewer steps at the highest rate than train anything.
    """
    late, mean, steps = e.schedule.late, e.schedule.mean, e.run.steps
    if late is None or late >= SPENT or (steps is not None and steps < FEW_STEPS):
        return []
    why = (
        f"The {e.schedule.kind} schedule leaves {late:.2g} of the learning rate's sum to the "
        "second half of the run. The steps there change nothing."
    )
    grave = False
    if mean is not None and steps is not None:
        grave = mean < WASTED and mean * steps < FEW_STEPS
        why += f" All {steps} steps together equal {mean * steps:.3g} at the highest rate."
    severity: Severity = "error" if grave else "warning"
    edit = {"optimizer.schedule": usual_schedule(e)}
    where, numbers = "optimizer.schedule", {"late_share": late, "mean": mean, "steps": steps}
    name = "Learning rate falls too soon"
    return [Finding("TR36", name, severity, 0.8, where, numbers, why, edit)]


def few_steps(e: Facts) -> list[Finding]:
    """TR55: hardly any steps; trap: runs from trained weights."""
    steps, by_steps = e.run.steps, e.run.given_steps is not None
    if steps is None or steps >= FEW_STEPS or e.network.learned:
        return []
    where = "train.steps" if by_steps else "train.epochs"
    length = e.run.given_steps or e.run.given_epochs
    why = f"The run has {steps} steps. Networks need hundreds to thousands."
    edit = {where: int(length * -(-ENOUGH_STEPS // max(steps, 1)))} if length else None
    numbers = {"steps": steps}
    return [Finding("TR55", "Too few steps", "info", 0.5, where, numbers, why, edit)]


def summed_loss(e: Facts) -> list[Finding]:
    """TR21: the loss is a sum over the batch; trap: optimizers that divide the gradient by its own
    size, and a learning rate that makes up for it."""
    if e.loss.reduction != "sum":
        return []
    batch = e.inputs.batch_size or 1
    rate = e.optimizer.rate * batch if e.optimizer.rate is not None else None
    numbers: dict[str, float | None] = {"batch_size": batch, "rate": rate}
    severity: Severity = "info"
    why = f"The loss is summed over the batch, so its gradient is {batch} times that of one sample"
    high = e.optimizer.high_lr
    if e.optimizer.adaptive is False and rate is not None:
        hopeless = high is not None and rate > high
        severity = "error" if hopeless else "warning" if rate > 1 else "info"
        why += f". It acts like a mean with lr {rate:g}."
    else:
        why += ". Penalties and clipping count less."
    edit = {"loss.reduction": "mean"}
    name = "Sum over the batch instead of mean"
    return [Finding("TR21", name, severity, 0.85, "loss.reduction", numbers, why, edit)]


def tiny_epsilon(e: Facts) -> list[Finding]:
    """TR39: an epsilon that divides by next to nothing; trap: large ones, as Inception's 1, and
    adagrad's 1e-10."""
    eps = e.optimizer.eps
    if eps is None or eps >= TINY_EPS:
        return []
    why = f"An eps of {eps:g} lets rounding noise cause full steps where the gradient is nearly 0."
    edit = {"optimizer.eps": 1e-8}
    numbers = {"eps": eps}
    return [Finding("TR39", "Tiny epsilon", "warning", 0.7, "optimizer.eps", numbers, why, edit)]


def betas_cross(e: Facts) -> list[Finding]:
    """TR81: Adam forgets the gradient's size sooner than its direction; trap: betas of 0.9, 0.95.

    Adam's proof needs beta1² < sqrt(beta2) (Kingma & Ba 2015); with beta1 above sqrt(beta2) a step
    is not even bounded by about lr.
    """
    betas = e.optimizer.betas
    if betas is None or betas[0] < betas[1] ** 0.5:
        return []
    why = (
        f"With betas {betas[0]:g} and {betas[1]:g}, the mean of the gradient has a longer memory "
        "than its size. After a large gradient the steps are far larger than lr."
    )
    edit = {"optimizer.betas": [0.9, 0.999]}
    where, numbers = "optimizer.betas", {"betas": list(betas)}
    return [Finding("TR81", "Betas out of balance", "warning", 0.7, where, numbers, why, edit)]


def clipped_to_death(e: Facts) -> list[Finding]:
    """TR71: clipping that keeps plain steps tiny; trap: adam, which divides the bound out again,
    and the usual norm of 1."""
    travel, norm = distance(e), e.optimizer.clip_norm
    if travel is None or norm is None or e.optimizer.adaptive is not False:
        return []
    # All of a bound's steps in one direction; a rate of 0 goes nowhere, whatever the bound.
    way = travel * norm if travel else 0.0
    if way >= REACH or norm >= USUAL_CLIP:
        return []
    why = (
        f"With clipping to a norm of {norm:g}, all steps together move the weights by {way:.2g} at "
        "most."
    )
    numbers = {"way": way, "norm": norm}
    where, edit = "optimizer.clip", {"optimizer.clip": {"norm": USUAL_CLIP}}
    return [Finding("TR71", "Clipping too tight", "warning", 0.7, where, numbers, why, edit)]


def endless_warmup(e: Facts) -> list[Finding]:
    """TR82: the rate rises for most of the run, or longer; trap: a warm-up of half of it, and
    triangles."""
    warmup, steps, at = e.schedule.warmup, e.run.steps, e.schedule.peak_at
    if steps is not None and warmup is not None and 1 <= warmup >= steps:
        why = (
            f"A warm-up of {warmup:g} steps in a run of {counted(steps, 'step')} never ends, so lr "
            "is never reached."
        )
    elif at is not None and at > LATE and not rate_rises(e):
        why = (
            f"The learning rate rises for {at:.0%} of the run. Little of the run is left to "
            "train with it."
        )
    else:
        return []
    where = "optimizer.schedule.warmup" if warmup else "optimizer.schedule"
    edit: dict[str, Any] = {where: 0.05 if warmup else usual_schedule(e)}
    numbers = {"warmup": warmup, "steps": steps, "peak_at": at}
    name = "Warm-up as long as the run"
    return [Finding("TR82", name, "warning", 0.9, where, numbers, why, edit)]


def random_layers_wait(e: Facts) -> list[Finding]:
    """TR88: gradual unfreezing of layers that have learned nothing; trap: a network of the user's
    own, which may have."""
    if not e.run.unfreezes or e.network.learned is not False:
        return []
    why = (
        "The frozen layers are random, because the network starts from scratch. The layers above "
        "them fit noise. Start from learned weights (model: pretrained, or model.init_from)."
    )
    where, edit = "train.gradual_unfreezing", {"train.gradual_unfreezing": None}
    return [Finding("TR88", "Random layers stay frozen", "warning", 0.85, where, {}, why, edit)]


def layers_never_reached(e: Facts) -> list[Finding]:
    """TR88: gradual unfreezing that ends before the second layer's turn; trap: a network of one
    layer, and random layers, for which that is not the worst."""
    if not e.run.unfreezes or e.run.unfrozen != 1 or e.network.hidden_layers == 0:
        return []
    if e.network.learned is not True:
        return []
    why = (
        "The run ends before the layer below the head is unfrozen, so only the head is trained. "
        "If that is intended, set model.freeze."
    )
    where = "train.gradual_unfreezing"
    # With a layer after each epoch, two epochs reach the second one.
    once = (e.run.given_epochs or 0) > 1
    edit: dict[str, Any] = {f"{where}.every": 1} if once else {where: None}
    name = "Layers never unfrozen"
    return [Finding("TR88", name, "warning", 0.8, where, {}, why, edit)]


RULES = (
    rate_too_high,
    rate_too_low,
    rate_rises,
    rate_gone,
    few_steps,
    summed_loss,
    tiny_epsilon,
    betas_cross,
    clipped_to_death,
    endless_warmup,
    random_layers_wait,
    layers_never_reached,
)
