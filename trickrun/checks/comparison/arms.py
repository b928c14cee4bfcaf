"""The arms of a comparison, and the trainings that it needs of them: the same rounds for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from trickrun.checks.checklist.contest import loss_of
from trickrun.errors import DataError, TrickrunError
from trickrun.recipe.grid import Grid
from trickrun.recipe.load import Loaded, derive
from trickrun.run import files
from trickrun.run.folder import RunFolder
from trickrun.run.pace import Pace
from trickrun.search.journal import journal, known_results
from trickrun.search.plan import LAYOUT
from trickrun.search.run_trials import search
from trickrun.search.trial import Trial, TrialResult, identity_on, make_trial
from trickrun.tricks.monitor import Monitor, higher_is_better

Over = Literal["seeds", "splits"]
"""What differs between rounds: the seed alone; or the seed and the seed of the split."""

OnResult = Callable[[TrialResult, str, int, int], None]
"""Told of each result with its arm's name, the number of trainings done and in all."""


@dataclass(frozen=True)
class Arm:
    """One of the things that are compared.

    Args:
        name: what people call it.
        loaded: its recipe, with the seed of round 0.
        edits: of the recipe that it was made from; empty: none.
        done: results that are there already, by their round.
        runs: of these the run folders, by their round.
    """

    name: str
    loaded: Loaded
    edits: Mapping[str, Any] = field(default_factory=dict)
    done: Mapping[int, TrialResult] = field(default_factory=dict)
    runs: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rounds:
    """Which rounds every arm is trained in.

    Args:
        first: the number of the first one; fresh rounds begin where others ended.
        count: how many there are.
        over: what differs between them.
    """

    count: int
    over: Over = "seeds"
    first: int = 0

    @property
    def numbers(self) -> range:
        """The rounds' numbers."""
        return range(self.first, self.first + self.count)

    def changes(self, loaded: Loaded, number: int) -> dict[str, Any]:
        """Return the changes of a recipe for round ``number``.

        Raises TrickrunError if its split cannot be drawn anew.
        """
        changed: dict[str, Any] = {"seed": loaded.recipe.seed + number}
        if self.over == "splits":
            split = loaded.recipe.data.split
            if split.time is not None:
                raise TrickrunError(
                    "a split by time is always the same", "data.split.time", "leave out --splits"
                )
            changed["data.split.seed"] = split.seed + number
        return changed


@dataclass(frozen=True)
class ArmPlan:
    """The trainings of arms whose recipes lie in one folder; see ``search.plan.Trainings``.

    Args:
        of: each trial's arm and round, by its id; arms with equal recipes share trials.
        told: what makes two of the checks the same, but for the trials.
    """

    loaded: Loaded
    trials: tuple[Trial, ...]
    metric: str
    stage: str
    of: Mapping[tuple[str, int], str]
    layout_file: str = LAYOUT
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What makes two of them the same, as JSON has it."""
        arms = [[name, number, trial] for (name, number), trial in self.of.items()]
        facts = {"command": self.stage, "arms": arms, "metric": self.metric, **self.told}
        known: dict[str, Any] = json.loads(files.to_json(facts))
        return known

    @property
    def fingerprint(self) -> Any:
        """What changes when the data of the first arm does, as JSON has it; None if they are gone:
        runs can be compared without."""
        try:
            data = self.loaded.recipe.data.fingerprint(self.loaded.folder)
        except DataError:
            return None
        return json.loads(files.to_json(data))

    def only(self, rounds: Iterable[int]) -> ArmPlan:
        """Return the plan of some of the rounds, laid out by themselves."""
        wanted = set(rounds)
        of = {place: trial for place, trial in self.of.items() if place[1] in wanted}
        ids = set(of.values())
        named = "-".join(map(str, sorted(wanted)))
        own = self.layout_file.replace(".json", f"-{named}.json")
        trials = tuple(trial for trial in self.trials if trial.id in ids)
        return replace(self, of=of, trials=trials, layout_file=own)


def plan_arms(
    arms: Sequence[Arm],
    rounds: Rounds,
    metric: str,
    stage: str,
    layout_file: str = LAYOUT,
    told: Mapping[str, Any] | None = None,
) -> list[ArmPlan]:
    """Return the trainings that arms lack of the rounds, a plan for each folder of recipes.

    Raises TrickrunError if a recipe cannot be changed so, or its data are not there.
    """
    plans: list[ArmPlan] = []
    for folder in dict.fromkeys(arm.loaded.folder for arm in arms):
        here = [arm for arm in arms if arm.loaded.folder == folder]
        trials: dict[str, Trial] = {}
        of: dict[tuple[str, int], str] = {}
        for number in rounds.numbers:
            for arm in here:
                if number in arm.done:
                    continue
                trial = trial_of(arm, rounds, number)
                trials[trial.id] = trial
                of[arm.name, number] = trial.id
        own = layout_file if not plans else layout_file.replace(".json", f"-at-{len(plans)}.json")
        plans.append(
            ArmPlan(here[0].loaded, (*trials.values(),), metric, stage, of, own, told or {})
        )
    return plans


def trial_of(arm: Arm, rounds: Rounds, number: int) -> Trial:
    """Return the trial of an arm in a round. Raises TrickrunError."""
    common = {"grid": None, "expect": None}
    derived = derive(arm.loaded, {**common, **rounds.changes(arm.loaded, number)})
    params = {"arm": arm.name, "seed": derived.recipe.seed}
    if rounds.over == "splits":
        params["data.split.seed"] = derived.recipe.data.split.seed
    return replace(make_trial(derived.tree, params, derived.folder), detailed=True)


def train_arms(
    plans: Sequence[ArmPlan],
    folder: RunFolder,
    root: Path,
    names: Sequence[str],
    told: OnResult,
    pace: Pace,
) -> dict[tuple[str, int], TrialResult]:
    """Train what plans ask for and no run knows yet, and journal it in ``folder``; return the
    results by arm and round.

    Where time is limited one round follows the other, so that those that are whole count.

    Args:
        root: where run folders are; what their trials gave is not computed again.
        names: of the recipes whose folders are looked into.
    """
    total, before = sum(len(plan.trials) for plan in plans), 0
    for plan in plans:
        known: dict[str, TrialResult] = {}
        for name in names:
            named = replace(
                plan.loaded, recipe=plan.loaded.recipe.model_copy(update={"name": name})
            )
            known |= known_results(root, replace(plan, loaded=named)) | known
        numbers = sorted({number for _, number in plan.of})
        parts = [plan.only([number]) for number in numbers] if pace.limited else [plan]
        for part in parts:
            done = before

            def each(result: TrialResult, count: int, _: int, done: int = done) -> None:
                told(result, str(result.params.get("arm", "")), done + count, total)

            search(part, folder, known, each, pace)
            before += len(part.trials)
    return results_in(folder, plans)


def results_in(folder: RunFolder, plans: Sequence[ArmPlan]) -> dict[tuple[str, int], TrialResult]:
    """Return what a journal knows of the trials of plans, by arm and round."""
    latest = {result.id: result for result in journal(folder)}
    found = {}
    for plan in plans:
        params = {trial.id: trial.params for trial in plan.trials}
        for place, trial in plan.of.items():
            if trial in latest:
                # A journal that was changed may tell of other parameters.
                told = {**params[trial], "arm": place[0]}
                found[place] = replace(latest[trial], params=told)
    return found


PARTS = ("val_", "train_", "test_")
"""How the names of values begin, by the part that they are about."""


def own_name(metric: str) -> str:
    """Return a metric's name without the part's."""
    return next((metric.removeprefix(p) for p in PARTS if metric.startswith(p)), metric)


def judged_by(arms: Sequence[Arm], metric: str | None) -> Monitor:
    """Return what arms are judged by: ``metric``; None: what the first recipe's search ranks by,
    unless that is the loss and the arms have different ones.

    Raises TrickrunError if the trainings have no such value, or nobody knows which are better.
    """
    grid = arms[0].loaded.recipe.grid or Grid()
    if metric is not None:
        check_name(metric, arms[0].loaded)
        rank = with_direction(metric, grid.mode if metric == grid.metric else "auto")
    else:
        rank = Monitor(monitor=grid.metric, mode=grid.mode)
        if rank.name == "loss" and not one_loss(arms):
            rank = next(iter(other_metrics(arms[0].loaded)), rank)
    if rank.undecided:
        raise TrickrunError(
            f"nothing says whether a higher {rank.monitor} is better",
            "--metric",
            "name another one, or set grid.metric and grid.mode in the recipe",
        )
    return rank


def with_direction(metric: str, mode: Literal["auto", "min", "max"]) -> Monitor:
    """Return what is judged by, with what its class says of which values are better."""
    known = higher_is_better(own_name(metric))
    if mode != "auto" or known is None:
        return Monitor(monitor=metric, mode=mode)
    return Monitor(monitor=metric, mode="max" if known else "min")


def trained_for(rank: Monitor) -> str:
    """Return the value that a training must come to: what is judged by, unless that is about the
    test part, which no evaluation on the way sees."""
    return "train_loss" if rank.monitor.startswith("test_") else rank.monitor


def check_name(metric: str, loaded: Loaded) -> None:
    """Raise TrickrunError if no training of the recipe has a value ``metric``."""
    from trickrun.training.compile import pick_metrics

    task = loaded.recipe.data.load(loaded.folder).task
    names = ["loss", *(each.name for each in pick_metrics(loaded.recipe, task))]
    known = ["train_loss", *(f"{part}_{name}" for part in ("val", "test") for name in names)]
    if metric in known:
        return
    close = get_close_matches(metric, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    raise TrickrunError(f"no training has a value {metric}", "--metric", hint)


def other_metrics(loaded: Loaded) -> Iterable[Monitor]:
    """Yield the metrics of a recipe, the loss aside, of which it is known what is better."""
    from trickrun.training.compile import pick_metrics

    task = loaded.recipe.data.load(loaded.folder).task
    for metric in pick_metrics(loaded.recipe, task):
        found = Monitor(monitor=f"val_{metric.name}")
        if not found.undecided:
            yield found


def one_loss(arms: Sequence[Arm]) -> bool:
    """Whether the losses of all arms are the same number of the same answers."""
    return len({loss_of(arm.loaded.recipe) for arm in arms}) == 1


def alike(loaded: Loaded) -> str:
    """Return what runs of one recipe have in common, whatever their seeds.

    Raises TrickrunError if the recipe's data or code are not there.
    """
    plain = derive(loaded, {"seed": 0, "grid": None, "expect": None}).recipe
    return identity_on(plain, loaded.folder, None)
