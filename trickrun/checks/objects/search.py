"""Steps 4 and 5 of a module: short random searches over what its optimizer has.

Each trial trains a copy from the same weights on the same batches in the same order, so that two
of them differ in nothing but their parameters. They are ranked by the lowest validation loss.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from trickrun.checks.module_subject import DECAY, ModuleSubject
from trickrun.findings.verdict import Verdict
from trickrun.recipe.grid import Range, Search
from trickrun.run.pace import Pace
from trickrun.search.judge import best_first, edge_finding, top
from trickrun.search.space import Space, edges, narrowed, sample
from trickrun.search.trial import TrialResult
from trickrun.training.events import Evaluation, NonFinite
from trickrun.training.loop import train
from trickrun.tricks.monitor import Monitor

LR, METRIC = "optimizer.lr", "val_loss"

COARSE, FINE = Search(trials=8), Search(trials=6, seed=1)

SHARES = {"coarse": 1 / 8, "fine": 1 / 4}
"""The length of a trial, as a share of the subject's own: both searches and the contest take about
as many steps as three and a half trainings."""

EVALUATIONS = 5
"""Of a trial."""

AROUND = 30.0
"""The coarse range reaches so many times below and above the value at hand, as the command's."""

USUAL_DECAY = (1e-6, 1e-2)
"""The range of a weight decay that is 0 at hand, as the command's for l2."""

SEEDS = 3
"""Seeds with which the best of the fine search is set against what was at hand."""

Stage = Literal["coarse", "fine"]


def grid_coarse(
    subject: ModuleSubject, before: Mapping[str, Verdict], pace: Pace
) -> tuple[Verdict, ModuleSubject]:
    """Search widely around the subject's learning rate and weight decay."""
    return searched(subject, "coarse", COARSE, coarse_space(subject), pace)


def grid_fine(
    subject: ModuleSubject, before: Mapping[str, Verdict], pace: Pace
) -> tuple[Verdict, ModuleSubject]:
    """Search around the best of the coarse search, and set the best against what was at hand.

    Args:
        before: the verdicts of the steps before, by name, "grid coarse" among them.
    """
    space = {
        path: Range.model_validate(values)
        for path, values in before["grid coarse"].result["next_space"].items()
    }
    verdict, subject = searched(subject, "fine", FINE, space, pace)
    if verdict.result["best"] is None:
        return verdict, subject
    rows = contest(subject, verdict.result["best"]["params"], pace)
    better = all(row["best"] < row["at_hand"] for row in rows)
    edits = verdict.result["best"]["params"] if better else {}
    won = sum(row["best"] < row["at_hand"] for row in rows)
    told = "it is kept" if better else "so nothing is changed"
    said = f"{verdict.summary}. With {SEEDS} seeds it is better {won} times: {told}"
    result = {**verdict.result, "confirmed": rows, "edits": edits}
    # An edge matters only of what is kept.
    findings = verdict.findings if better else ()
    return Verdict("warn" if findings else "pass", result, findings, said), subject


def coarse_space(subject: ModuleSubject) -> Space:
    """Return the ranges of the learning rate, and of the weight decay, if the optimizer has one
    for all of its parameters."""
    space = {LR: around(subject.lr)}
    decays = {group.get("weight_decay") for group in subject.read_optimizer.param_groups}
    decay = decays.pop() if len(decays) == 1 else None
    if decay is not None:
        space[DECAY] = around(float(decay)) if decay else Range(log=USUAL_DECAY)
    return space


def around(value: float) -> Range:
    """Return the range around a value."""
    return Range(log=(float(f"{value / AROUND:.2g}"), float(f"{value * AROUND:.2g}")))


def searched(
    subject: ModuleSubject, stage: Stage, search: Search, space: Space, pace: Pace
) -> tuple[Verdict, ModuleSubject]:
    """Train the trials of a search, and judge them.

    Raises TrickrunError if the subject cannot become a job.
    """
    short = shortened(subject, stage)
    points = sample(space, search)
    results = []
    with pace.phase(f"grid {stage}", len(points)) as moved:
        for number, point in enumerate(points):
            results.append(trial(short, f"{stage}-{number}", point))
            moved(number + 1)
    return judged(stage, space, results), subject


def shortened(subject: ModuleSubject, stage: Stage) -> ModuleSubject:
    """Return the subject with the length of a trial."""
    steps = max(1, round(subject.run_steps * SHARES[stage]))
    every = max(1, steps // EVALUATIONS)
    return subject.changed({"train.steps": steps, "train.eval_every": every})


def trial(subject: ModuleSubject, name: str, point: Mapping[str, Any]) -> TrialResult:
    """Train a copy with the values of a point; its metric is the lowest validation loss, or the
    lowest training loss where there are no validation samples."""
    started = time.monotonic()
    best: dict[str, float] = {}
    status: Literal["finished", "diverged"] = "finished"
    try:
        for event in train(subject.changed(dict(point)).job()):
            if isinstance(event, Evaluation) and event.improved:
                best = dict(event.values)
    except NonFinite:
        status, best = "diverged", {}
    seconds = time.monotonic() - started
    reason = "" if best else "its loss became NaN or infinite"
    return TrialResult(
        name, dict(point), status if best else "diverged",
        best.get(METRIC, best.get("train_loss")), best, seconds,
        "objects", reason,
    )  # fmt: skip


def judged(stage: Stage, space: Space, results: list[TrialResult]) -> Verdict:
    """Return what was best and where to look next, in the form of the command's result."""
    ranked = best_first(results, Monitor(monitor=METRIC), METRIC)
    compared = [one for one in ranked if one.metric is not None]
    result: dict[str, Any] = {
        "engine": "objects",
        "stage": stage,
        "metric": METRIC,
        "space": {path: values.model_dump(exclude_none=True) for path, values in space.items()},
        "trials": [one.as_json() for one in ranked],
        "best": None,
        "edges": [],
        "next_space": {},
        "importance": {},
    }
    if not compared:
        said = f"no trial of {len(ranked)} finished: the loss of each became NaN or infinite"
        return Verdict("fail", result, (), said)
    best = compared[0]
    further = narrowed(space, [one.params for one in top(compared)])
    at_edge = edges(space, best.params)
    result |= {
        "best": {"id": best.id, "params": best.params, "metric": best.metric},
        "edges": at_edge,
        "next_space": {p: values.model_dump(exclude_none=True) for p, values in further.items()},
    }
    # The weight decay may hardly matter, and then its best value lies anywhere.
    last = [edge for edge in at_edge if stage == "fine" and edge["path"] == LR]
    told = "Go on there by hand: give the optimizer this rate, and search again."
    findings = [edge_finding(edge, space[LR], told) for edge in last]
    said = (
        f"best {METRIC} {best.metric:.4g} of {len(compared)} finished trials "
        f"({len(ranked) - len(compared)} did not finish)"
    )
    return Verdict("warn" if findings else "pass", result, tuple(findings), said)


def contest(subject: ModuleSubject, point: Mapping[str, Any], pace: Pace) -> list[dict[str, Any]]:
    """Return the lowest validation losses at a point and as it was at hand, for each seed; one that
    diverged counts as infinite."""
    short = shortened(subject, "fine")
    rows = []
    with pace.phase("the best again", SEEDS) as moved:
        for seed in range(1, SEEDS + 1):
            seeded = short.changed({"seed": seed})
            found = [trial(seeded, "", values).metric for values in (point, {})]
            best, at_hand = (float("inf") if one is None else one for one in found)
            rows.append({"seed": seed, "best": best, "at_hand": at_hand})
            moved(seed)
    return rows
