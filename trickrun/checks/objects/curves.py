"""What the loss curves of a module's training show."""

from __future__ import annotations

import math
from dataclasses import asdict

from trickrun.checks.curves.curves_check import sentence
from trickrun.checks.module_subject import ModuleSubject
from trickrun.findings.evidence.curves import Curves, Setting, floor_seen, smoothed
from trickrun.findings.rules.curves.shapes import SHAPES, judge
from trickrun.findings.verdict import Verdict
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.training.constant import answer_of, scores_of
from trickrun.training.events import Evaluation, NonFinite, TrainedSteps
from trickrun.training.job import Job
from trickrun.training.loop import train

EVALUATIONS = 20
"""Of a training that has not so many epochs."""


def curves(subject: ModuleSubject, pace: Pace = UNHURRIED) -> tuple[Verdict, ModuleSubject]:
    """Train a module for the subject's whole length, and judge the curves.

    Raises TrickrunError if it cannot become a job.
    """
    per_epoch = math.ceil(len(subject.data.train) / subject.samples_a_step)
    every = max(1, min(per_epoch, subject.run_steps // EVALUATIONS))
    subject = subject.changed({"train.eval_every": every})
    job = subject.job()
    rows: list[dict[str, float]] = []
    best: float | None = None
    diverged = False
    with pace.phase("the whole training", subject.run_steps) as moved:
        try:
            for event in train(job):
                if isinstance(event, TrainedSteps):
                    moved(event.first + len(event.losses) - 1)
                elif isinstance(event, Evaluation):
                    rows.append(event.values)
                    best = event.values["epoch"] if event.improved else best
        except NonFinite:
            diverged = True
    one = curves_of(subject, job, rows, best, diverged)
    found = judge(one)
    severities = {finding.severity for finding in found}
    result = {
        "shape": SHAPES[found[0].code],
        "shapes": [SHAPES[finding.code] for finding in found],
        "best_epoch": best,
    }
    smooth = {"train_loss": smoothed(one.train_loss), "val_loss": smoothed(one.val_loss)}
    verdict = Verdict(
        "fail" if "error" in severities else "warn" if "warning" in severities else "pass",
        result,
        tuple(found),
        sentence([one], [""], [found]),
        {"curves": [asdict(one) | {"smoothed": smooth}]},
    )
    return verdict, subject


def curves_of(
    subject: ModuleSubject,
    job: Job,
    rows: list[dict[str, float]],
    best: float | None,
    diverged: bool,
) -> Curves:
    """Return the curves as plain data.

    Args:
        rows: the values of each evaluation.
        best: the epoch of the best one.
        diverged: whether a loss or weight that was no number ended it.
    """
    finite = [row for row in rows if all(map(math.isfinite, row.values()))]

    def column(name: str) -> tuple[float, ...]:
        return tuple(float(row[name]) for row in finite if name in row)

    train_loss, val_loss = column("train_loss"), column("val_loss")
    answer = answer_of(job)
    known = {} if answer is None else scores_of(answer, job.data)
    start = max(train_loss[:1], default=math.nan)
    return Curves(
        run=subject.name,
        recipe=subject.name,
        epochs=column("epoch"),
        steps=column("step"),
        lrs=column("lr"),
        train_loss=train_loss,
        val_loss=val_loss,
        metric="",
        values=(),
        maximizes=False,
        metric_is_share=False,
        best_epoch=best,
        stopped_by="failed" if diverged else "steps",
        non_finite=diverged or len(finite) < len(rows),
        baseline=known["train"].loss if "train" in known else start,
        floor=floor_seen(0.0, (*train_loss, *val_loss)),
        val_samples=None if subject.val is None else len(subject.val),
        setting=setting_of(subject),
        constant=known.get("val" if val_loss else "train"),
    )


def setting_of(subject: ModuleSubject) -> Setting:
    """Return what of a module's training explains its curves."""
    facts, off = subject.facts(), subject.restraints()
    penalties = [one.path for one in off.regularizers if one.path == "optimizer.weight_decay"]
    return Setting(
        lr=subject.lr,
        schedule="constant",
        length=subject.run_steps,
        length_path="train.steps",
        usual_lr=facts.optimizer.usual_rate,
        dropout=facts.regularizers.dropout or 0.0,
        penalties=tuple(penalties),
        smoothed_labels=bool(facts.regularizers.label_smoothing),
    )
