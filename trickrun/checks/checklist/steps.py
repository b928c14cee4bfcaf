"""The six steps of the checklist, each from the context to what it found."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from trickrun.checks.checklist.budget import (
    MIN_TRIALS,
    Size,
    cost,
    epoch_seconds,
    fewest_samples,
    fitted,
)
from trickrun.checks.checklist.contest import Contest, Entry, contest
from trickrun.checks.checklist.context import (
    MENDING,
    ChecklistStep,
    Context,
    StepOutcome,
    checked,
    edits_of,
)
from trickrun.checks.curves.curves_check import read_runs
from trickrun.checks.curves.reference import keep
from trickrun.checks.grid_check import run_search
from trickrun.checks.initial_loss.initial_loss_check import initial_loss
from trickrun.checks.lr_find.lr_find_check import lr_find
from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch
from trickrun.checks.standing import reference_aside
from trickrun.errors import OutOfTime
from trickrun.recipe.grid import Grid
from trickrun.recipe.load import derive
from trickrun.recipe.patch import edits_after
from trickrun.recipe.text.command_line import typed
from trickrun.run import execute
from trickrun.run.check_folder import conclude
from trickrun.run.folder import RunFolder
from trickrun.run.pace import MORE, Moved
from trickrun.run.records import SearchEvidence
from trickrun.run.sink import Sink
from trickrun.search.plan import Stage
from trickrun.training.compile import compile_to_measure
from trickrun.training.events import OUT_OF_TIME, Event, TrainedSteps
from trickrun.training.threads import cores

PROOF = 0.5
"""Share of the recipe's own steps below which a contest proves nothing of its whole length. Own: a
rate that is best for half a run is near that for the whole one, one for a twentieth is not."""

ROUNDS = 5
"""Of the contest between the original and the tuned recipe: seeds, each with its own fold."""

SHARES = {"grid coarse": 0.35, "grid fine": 0.45, "curves": 0.7}
"""The share of the time then left that a step is sized for."""

CONTEST = 0.85
"""The share of the last step's time after which no round of the contest is waited for."""


def step_initial_loss(context: Context) -> StepOutcome:
    """Step 1."""
    return checked(
        "initial-loss", lambda subject: initial_loss(subject, pace=context.pace), context
    )


def step_overfit_batch(context: Context) -> StepOutcome:
    """Step 2."""
    return checked(
        "overfit-batch", lambda subject: overfit_batch(subject, pace=context.pace), context
    )


def step_lr_find(context: Context) -> StepOutcome:
    """Step 3: what it suggests is the middle of the coarse search."""
    done = checked("lr-find", lambda subject: lr_find(subject, pace=context.pace), context)
    found = context.folder_of(done).read_json("evidence.json")["suggestion"]
    if found is None:
        # Without a suggestion the search begins at the recipe's own learning rate. That a range
        # test learned nothing is no failure yet: a network that starts late, such as an lstm on the
        # adding problem, learns in a whole run. It is one if no step after it says otherwise.
        return replace(done, verdict="warn")
    return replace(done, edits={**done.edits, "optimizer.lr": found})


def step_grid_coarse(context: Context) -> StepOutcome:
    """Step 4: the recipe's own space, or one around the learning rate that step 3 suggests."""
    grid = context.loaded.recipe.grid or Grid()
    lr = context.working.recipe.optimizer.lr
    changes: dict[str, Any] = {}
    if grid.coarse.space is None and "optimizer.lr" in context.edits:
        space: dict[str, Any] = {"optimizer.lr": {"log": [lr / 10, lr * 10]}}
        regularizers = context.working.recipe.regularizers
        if regularizers.dropout is not None and not regularizers.dropout.off:
            space["regularizers.dropout.p"] = {"uniform": [0.0, 0.5]}
        if regularizers.l2 is not None and not regularizers.l2.off:
            space["regularizers.l2.lambda"] = {"log": [1e-6, 1e-2]}
        changes["grid.coarse.space"] = space
    return searched("grid coarse", "coarse", context, changes, None)


def step_grid_fine(context: Context) -> StepOutcome:
    """Step 5: around the coarse search's best."""
    coarse = next((done for done in context.done if done.name == "grid coarse"), None)
    grid = context.loaded.recipe.grid or Grid()
    if coarse is not None and coarse.verdict == "fail" and grid.fine.space is None:
        told = "the coarse search found no value to search around"
        return StepOutcome("grid fine", "fail", coarse.run, told)
    if coarse is None and grid.fine.space is None:
        raise OutOfTime("the coarse search was left out", "grid fine", MORE)
    source = context.folder_of(coarse) if coarse is not None else None
    return searched("grid fine", "fine", context, {}, source)


def searched(
    name: str, stage: Stage, context: Context, changes: Mapping[str, Any], coarse: RunFolder | None
) -> StepOutcome:
    """Take a search, shrunk to the budget; its best trial's values are kept as edits."""
    grid = context.loaded.recipe.grid or Grid()
    search = grid.coarse if stage == "coarse" else grid.fine
    size = affordable(name, Size(search.trials, search.epochs), context)
    changes = {
        **changes,
        f"grid.{stage}.trials": size.trials,
        f"grid.{stage}.epochs": size.epochs,
        **subset(size),
    }
    searching = derive(context.working, changes)
    verdict, folder = run_search(
        searching,
        stage,
        context.root,
        context.command,
        lambda *_: None,
        coarse=coarse,
        into=context.own_runs,
        pace=context.pace.share(2 * SHARES[name]),
    )
    best = verdict.result["best"]
    summary = verdict.summary + (f": {typed(best['params'])}" if best else "")
    findings = [finding.as_json() for finding in verdict.findings]
    # What is no better than a constant answer is not worth going on from.
    edits = best["params"] if best and verdict.verdict != "fail" else {}
    return StepOutcome(
        name,
        verdict.verdict,
        str(folder.path),
        summary,
        edits,
        findings,
        list(size.shrunk),
        cut=verdict.result.get("left_out", []),
    )


def step_curves(context: Context) -> StepOutcome:
    """Step 6: the contest with the original, then one whole run of what won, and its curves."""
    candidates, short, left_out = entrants(context)
    pace, changes = context.pace, short.changes
    pace.ask("curves", context.read_seconds + short.round_seconds)
    outcome = contest(context.loaded, candidates, ROUNDS, changes, pace.share(CONTEST))
    tuned = derive(context.loaded, {**outcome.winner.edits, **changes, "expect": None})
    job = compile_to_measure(tuned.recipe, tuned.folder)
    reference = reference_aside(tuned.recipe, job.data)
    with (
        execute.start(tuned, context.own_runs, context.command, tuned.folder) as folder,
        pace.phase("the whole training", job.span.steps) as moved,
    ):
        sinks: list[Sink] = [partial(tell_steps, moved)]
        ended = execute.execute(folder, job, context.command, sinks, pace)
    keep(folder, reference())
    with folder.locked():
        verdict = read_runs([folder], beside_learners=True)
        series = {**verdict.series, "contest": asdict(outcome), "test": ended.result["test"]}
        conclude(folder, replace(verdict, series=series))
    findings = [finding.as_json() for finding in verdict.findings]
    failed = all(math.isnan(entry.mean) for entry in outcome.entries)
    return StepOutcome(
        name="curves",
        verdict="warn" if failed and verdict.verdict == "pass" else verdict.verdict,
        run=str(folder.path),
        summary="\n".join([verdict.summary, told(outcome), *left_out]),
        edits=outcome.winner.edits,
        findings=findings,
        shrunk=list(short.said),
        cut=cut_off(outcome, ended),
    )


def tell_steps(moved: Moved, event: Event) -> None:
    """Tell how many steps of a training are done."""
    if isinstance(event, TrainedSteps):
        moved(event.first + len(event.losses) - 1)


def cut_off(outcome: Contest, ended: execute.Outcome) -> list[str]:
    """Return what the last step left out."""
    taken = len(outcome.entries[0].values)
    left = [f"{ROUNDS - taken} of {ROUNDS} rounds of the contest"] if taken < ROUNDS else []
    if ended.result["stopped_by"] == OUT_OF_TIME:
        left.append(f"the whole training after {ended.result['epochs']:.4g} epochs")
    return left


def entrants(context: Context) -> tuple[list[Entry], Shortened, list[str]]:
    """Return the contest's candidates, how long each trains, and in words what was left out.

    Where there is no time for half of the recipe's own length, only mends of the first steps take
    part: a learning rate that is best for one epoch is not the best for twenty.
    """
    found = contestants(context)
    short = shortened(context, rounds_of(found))
    if short.share >= PROOF:
        return found, short, []
    mends = edits_of(done for done in context.done if done.name in MENDING)
    kept = [Entry("mended", mends)] if mends else []
    told = (
        f"There is time for {short.share:.2g} of the recipe's length, which is too short to judge "
        "the whole length: no edit of the searches is kept. Allow more time with --budget."
    )
    return kept, shortened(context, rounds_of(kept)), [told] if found else []


def rounds_of(candidates: Sequence[Entry]) -> int:
    """Return how many trainings the contest and the last run take."""
    return ROUNDS * (len(candidates) + 1) + 1


@dataclass(frozen=True)
class Shortened:
    """What whole trainings lose to the budget.

    Args:
        changes: of the recipe.
        said: the same in words.
        share: of the recipe's own steps that are left.
        round_seconds: that one round of the contest and the last run take.
    """

    changes: dict[str, Any]
    said: tuple[str, ...] = ()
    share: float = 1.0
    round_seconds: float = 0.0


def shortened(context: Context, runs: int) -> Shortened:
    """Return with what ``runs`` whole trainings fit the step's share of the time."""
    train = context.loaded.recipe.train
    if not context.pace.limited:
        return Shortened({})
    each, samples = epoch_seconds(context.subject)
    share = (context.pace.left - context.read_seconds) * SHARES["curves"]
    if train.steps is None:
        least = fewest_samples(context.loaded.recipe)
        size = fitted(Size(runs, train.epochs), each, samples, share, runs, least)
        one_round = cost(replace(size, trials=runs // ROUNDS + 1), each, samples)
        epochs = {"train.epochs": size.epochs} if size.epochs < train.epochs else {}
        part = 1.0 if size.samples is None else size.samples / samples
        left = part * size.epochs / train.epochs
        return Shortened(subset(size) | epochs, size.shrunk, left, one_round)
    batch = context.working.recipe.data.batch_size
    step = each / max(1, samples // (samples if batch == "full" else batch))
    steps = min(train.steps, max(1, int(share * cores() / (runs * step))))
    if steps == train.steps:
        return Shortened({})
    said = (f"steps {train.steps} -> {steps}",)
    return Shortened({"train.steps": steps}, said, steps / train.steps)


def contestants(context: Context) -> list[Entry]:
    """Return what may replace the original: the mends of the first steps, and the two best trials
    of the last search that found some, each with all edits that it was found with."""
    mends = edits_of(done for done in context.done if not done.name.startswith("grid"))
    found = [Entry("mended", mends)] if mends else []
    for name in ("grid fine", "grid coarse"):
        place = next((i for i, done in enumerate(context.done) if done.name == name), None)
        if place is None or not context.done[place].edits:
            continue
        before = edits_of(context.done[:place])
        folder = context.folder_of(context.done[place])
        rows = folder.read_json("evidence.json", SearchEvidence)["trials"]
        best = [row["params"] for row in rows if row["status"] == "finished"][:2]
        found += [
            Entry(f"{name} {i}", edits_after(before, params)) for i, params in enumerate(best, 1)
        ]
        break
    return found


def told(outcome: Contest) -> str:
    """Return the contest's outcome in a sentence."""
    means = ", ".join(f"{entry.name} {mean_of(entry)}" for entry in outcome.entries)
    taken = len(outcome.entries[0].values)
    folds = "1 fold" if taken == 1 else f"{taken} folds"
    if not outcome.winner.edits:
        return f"Over {folds} nothing beats the original. Mean {outcome.metric}: {means}."
    return (
        f"Over {folds} {outcome.winner.name} is better than the original by {outcome.gain:.4g} (95 "
        f"% interval {outcome.low:.4g} to {outcome.high:.4g}). Mean {outcome.metric}: {means}."
    )


def mean_of(entry: Entry) -> str:
    """Return an entry's mean in words, or why it has none."""
    return f"did not finish: {entry.reason}" if math.isnan(entry.mean) else f"{entry.mean:.4g}"


def affordable(name: str, wanted: Size, context: Context) -> Size:
    """Return ``wanted`` shrunk to the step's share of the time that is left.

    Raises OutOfTime if the least that says anything takes more than all of it.
    """
    if not context.pace.limited:
        return wanted
    each, samples = epoch_seconds(context.subject)
    least = fewest_samples(context.loaded.recipe)
    share = (context.pace.left - context.read_seconds) * SHARES[name]
    size = fitted(wanted, each, samples, share, MIN_TRIALS, least)
    context.pace.ask(name, context.read_seconds + cost(size, each, samples))
    return size


def subset(size: Size) -> dict[str, Any]:
    """Return the change that makes trainings use as few samples as ``size`` says."""
    return {"data.subset.n": size.samples} if size.samples is not None else {}


def timed(step: ChecklistStep) -> ChecklistStep:
    """Return ``step`` with its wall time written into what it returns."""

    def run_timed(context: Context) -> StepOutcome:
        started = time.monotonic()
        return replace(step(context), seconds=round(time.monotonic() - started, 2))

    return run_timed


STEPS: Mapping[str, Callable[[Context], StepOutcome]] = {
    "initial-loss": timed(step_initial_loss),
    "overfit-batch": timed(step_overfit_batch),
    "lr-find": timed(step_lr_find),
    "grid coarse": timed(step_grid_coarse),
    "grid fine": timed(step_grid_fine),
    "curves": timed(step_curves),
}
