"""Step 1: is the loss before training that of a network which knows nothing yet?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import chain
from statistics import median
from typing import Literal

import torch

from trickrun.checks.initial_loss.measure import (
    Measured,
    batch_of,
    constants_of,
    measure,
    size_of,
)
from trickrun.checks.subject import AnySubject, Subject
from trickrun.errors import CompileError, DataError
from trickrun.findings.evidence.initial_loss import InitialLoss
from trickrun.findings.finding import Finding
from trickrun.findings.rules.loss.initial_loss import SCALED_TARGETS, causes, large_outputs
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.models import BuiltinModel
from trickrun.nn.rng import generator
from trickrun.recipe.patch import PathError
from trickrun.recipe.text.problems import RecipeError
from trickrun.run.pace import UNHURRIED, Moved, Pace
from trickrun.training.job import Job, recipe_of
from trickrun.tricks.init.auto import Auto
from trickrun.tricks.losses._constant import ConstantLoss

SEEDS = 5

SAMPLES = 1024
"""Training samples that are looked at: enough for a loss to about 3 %."""

NORMAL_SIZE, FAULTY_SIZE = 2.0, 4.0
"""Sizes (root mean square) of the untrained outputs up to which a loss passes, and from which on
it fails. An init that keeps the signal's size gives outputs of size 1. A constant output drawn
at size s changes the loss by `typical_deviation(s)`: for 10 classes by 0.43 at s = 1, 1.5 at 2
and 4.2 at 4, against ln 10 = 2.30.

Measured (medians of 5 seeds; benchmarks/initial_loss.py): mlps on digits, iris, wine and
breast_cancer with kaiming, xavier, orthogonal and torch_default init, with and without batch
norm, have outputs of size 0.1 to 1.2; a cnn, whose max pooling picks the larger values, 1.8.
Faults lie far off: digits without normalization 7 to 10, a head of std 1 12, all weights of std 1
700. So 2 lies above everything healthy, and 4 between that and every fault.

TDC's bound of 1.0 * ln(classes) would pass outputs of size 2.7 for 10 classes and 5 for 1000, and
fail ones of size 2.1 for two classes."""

AGAINST_TARGETS = 2.0
"""For values, outputs count as of size 1 at this many times the targets' size, if that is less:
outputs of 4 times the targets pass, of 8 times fail. A small network on diabetes, whose outputs
start at 1.4, ended with a validation error 15 to 25 % higher on targets of size 0.5 than of size 1,
50 to 70 % at 0.3, and 4 to 8 times as high at 0.1."""

BY_NUMBER = ("TR01", "TR06", "TR20", "TR21", "TR23", "TR24", "TR25")
"""Findings that the loss itself shows, so that measuring it again can confirm their edit."""

GUESSES = ("TR01", "TR20", "TR23")
"""Findings that rest on attribution alone: dropped if their edit does not halve the distance."""


def initial_loss(
    subject: AnySubject, seeds: int = SEEDS, pace: Pace = UNHURRIED
) -> tuple[Verdict, AnySubject]:
    """Judge the data loss at init over ``seeds`` draws of the weights.

    Returns:
        The verdict, and the subject whose first training step has the first seed's loss.

    Raises:
        TrickrunError: the subject cannot become a job.
        OutOfTime: there is no time to measure it.
    """
    with pace.phase("loss before training", seeds) as moved:
        evidence, measured = gather(subject, seeds, pace, moved)
    with pace.phase("what explains the loss"):
        findings = explain(subject, evidence, seeds, pace)
    verdict = judge(evidence, findings)
    result = {
        "loss": evidence.loss,
        "expected": evidence.expected,
        "tolerance": evidence.tolerance,
        "limit": evidence.limit,
        "formula": formula(evidence),
        "zero_input_loss": median(m.zero_input_loss for m in measured),
        "best_constant_loss": evidence.best_loss,
        "penalty": median(m.penalty for m in measured),
        "per_seed": [asdict(m) for m in measured],
    }
    summary = sentence(evidence, measured)
    return Verdict(verdict, result, findings, summary), subject.changed({"train.steps": 1})


def gather(
    subject: Subject, seeds: int, pace: Pace, moved: Moved = lambda done: None
) -> tuple[InitialLoss, list[Measured]]:
    """Measure ``seeds`` untrained networks of the subject on the same samples.

    Raises OutOfTime if there is no time for that.
    """
    pace.ask("initial loss")
    jobs = (subject.changed({"seed": subject.seed + k}).job() for k in range(seeds))
    job = next(jobs)
    indices = job.order(0)[:SAMPLES]
    # Whole batches, so that constants and networks are judged on the same samples.
    indices = indices[: len(indices) // batch_of(job, indices) * batch_of(job, indices)]
    constants = constants_of(job, indices)
    measured = []
    for each in chain([job], jobs):
        pace.ask("initial loss")
        measured.append(measure(each, indices, constants))
        moved(len(measured))
    return evidence_of(job, indices, constants, measured), measured


def evidence_of(
    job: Job, indices: torch.Tensor, constants: ConstantLoss, measured: list[Measured]
) -> InitialLoss:
    """Return the medians over seeds, and what is normal for the loss and the targets at hand."""

    def middle(of: Callable[[Measured], float]) -> float:
        return median(of(m) for m in measured)

    uniform_loss = constants.of(constants.uniform)
    bias = torch.tensor(measured[0].bias, dtype=torch.float64)
    center = bias if measured[0].bias_loss <= uniform_loss else constants.uniform
    target = job.loss.bare(job.targets["train"].index_select(0, indices)).double().cpu()
    values = job.loss_kind.takes == "values"
    target_size = size_of(target - center) if values else 1.0
    size = min(1.0, AGAINST_TARGETS * target_size)
    expected = middle(lambda m: min(m.bias_loss, uniform_loss))
    recipe, best = recipe_of(job), constants.best
    model = recipe.model if recipe is not None else None
    init = recipe.init if recipe is not None else Auto()
    return InitialLoss(
        task=job.data.task.kind,
        outputs=len(center),
        loss_kind=job.loss_kind.kind_name,
        reduction=job.loss.reduction,
        batch_size=batch_of(job, indices),
        head_activation=model.head_activation if isinstance(model, BuiltinModel) else None,
        init=init.kind_name,
        takes=job.loss_kind.takes,
        equal_weights=init.equal,
        own_head=init.head is not None,
        own_head_bias=init.head is not None and "bias" in init.head.model_fields_set,
        loss=middle(lambda m: m.loss),
        expected=expected,
        tolerance=typical_deviation(constants.of, center, NORMAL_SIZE * size),
        limit=expected + typical_deviation(constants.of, center, FAULTY_SIZE * size),
        normal_size=NORMAL_SIZE * size,
        bias_loss=middle(lambda m: m.bias_loss),
        uniform_loss=uniform_loss,
        best_loss=None if best is None else constants.of(best),
        best=None if best is None else tuple(best.tolist()),
        target_low=float(target.min()),
        target_high=float(target.max()),
        target_size=target_size,
        scaled_targets=not job.data.target_scaler.off,
        zero_inputs=recipe is not None and recipe.data.zero_inputs,
        doubling=middle(lambda m: m.doubling),
        loss_floor=middle(lambda m: m.loss_floor),
        output_size=middle(lambda m: m.output_size),
        output_low=min(m.output_low for m in measured),
        output_high=max(m.output_high for m in measured),
        row_sum_error=max(m.row_sum_error for m in measured),
        exp_sum_error=max(m.exp_sum_error for m in measured),
        input_size=middle(lambda m: m.input_size),
        feature_size=middle(lambda m: m.feature_size),
        feature_spread=max(m.feature_spread for m in measured),
    )


def explain(subject: Subject, evidence: InitialLoss, seeds: int, pace: Pace) -> tuple[Finding, ...]:
    """Return what fits the number, with every edit tried that the loss can confirm."""
    tried = [confirm(subject, evidence, finding, seeds, pace) for finding in causes(evidence)]
    found = tuple(finding for finding in tried if finding is not None)
    if found or not evidence.too_high:
        return found
    if evidence.too_large:
        last = confirm(subject, evidence, large_outputs(evidence), seeds, pace)
        if last is not None:
            return (last,)
    why = "The loss is too high. Neither inputs, init nor head explain it."
    name = "Wrong initial loss, cause unknown"
    numbers = {"loss": evidence.loss, "expected": evidence.expected}
    return (Finding("TR20", name, "warning", 0.3, "model", numbers, why),)


def confirm(
    subject: Subject, before: InitialLoss, finding: Finding, seeds: int, pace: Pace
) -> Finding | None:
    """Return ``finding`` with the loss before and after its edit; None if it was a bad guess.

    An edit that makes no job is taken off.
    """
    if finding.edit is None or finding.edit == SCALED_TARGETS or finding.code not in BY_NUMBER:
        return finding
    try:
        after, _ = gather(subject.changed(finding.edit), seeds, pace)
    except (RecipeError, PathError, DataError, CompileError):
        # What fits the numbers need not fit the recipe: a head without a bias cannot get one.
        return replace(finding, edit=None)
    if distance(after) < distance(before) / 2:
        return replace(finding, confirmed={"before": before.loss, "after": after.loss})
    return None if finding.code in GUESSES else finding


def distance(evidence: InitialLoss) -> float:
    """Return how far the loss is from the best constant's; infinity if it is not a number."""
    best = evidence.expected if evidence.best_loss is None else evidence.best_loss
    return abs(evidence.loss - best) if math.isfinite(evidence.loss) else math.inf


def judge(evidence: InitialLoss, findings: tuple[Finding, ...]) -> Literal["pass", "warn", "fail"]:
    """Return fail for a fault or a loss beyond the limit, warn for what deserves a look."""
    severities = {finding.severity for finding in findings}
    # Not "loss > limit": a loss that is not a number is beyond every limit.
    if "error" in severities or not evidence.loss <= evidence.limit:
        return "fail"
    too_low = evidence.loss < evidence.expected - evidence.tolerance
    return "warn" if "warning" in severities or too_low or evidence.too_high else "pass"


def formula(evidence: InitialLoss) -> str:
    """Return what the expected loss is, in words."""
    e = evidence
    blank = e.bias_loss >= e.uniform_loss
    match e.loss_kind:
        case "cross_entropy" | "nll" | "bce":
            # Each label is one of two classes.
            classes = 2 if e.task == "multilabel" else max(e.outputs, 2)
            if blank:
                exact = math.isclose(e.uniform_loss, math.log(classes), rel_tol=1e-6)
                return f"ln {classes}" if exact else f"ln {classes} with its class weights"
            shares = "labels' shares" if e.task == "multilabel" else "class shares"
            return f"{shares} against the head's bias"
        case "hinge":
            return "margin (classes - 1) / classes" if blank else "hinge of the head's bias"
        case "mse":
            return "variance + mean²" if blank else "variance + (mean - bias)²"
        case "mae":
            return "mean |y|" if blank else "mean |y - bias|"
        case "huber":
            return "mean huber(y)" if blank else "mean huber(y - bias)"
        case _:
            return "your loss with a constant answer"


def sentence(evidence: InitialLoss, measured: list[Measured]) -> str:
    """Return the numbers and the threshold in a sentence."""
    e = evidence
    losses = [m.loss for m in measured]
    seeds = f"{counted(len(losses), 'seed')}: {min(losses):.4g} to {max(losses):.4g}"
    return (
        f"loss {e.loss:.4g} before training, where {formula(e)} = {e.expected:.4g} is expected. "
        f"Normal up to {e.expected + e.tolerance:.4g}, a fault above {e.limit:.4g} ({seeds})"
    )


DRAWS = 256


def typical_deviation(
    of: Callable[[torch.Tensor], float], center: torch.Tensor, std: float
) -> float:
    """Return the mean absolute change of a loss when the constant output is drawn at random.

    Args:
        of: a constant output [outputs] to its loss.
        center: the mean [outputs] of the drawn constants; ``std`` is their standard deviation.
    """
    draw = generator(0, "typical_deviation")
    noise = torch.randn((DRAWS, len(center)), generator=draw, dtype=torch.float64)
    base = of(center)
    return sum(abs(of(center + std * row) - base) for row in noise) / DRAWS
