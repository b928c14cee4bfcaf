"""``compare`` and ``seeds``: from what is asked for to a recorded verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trickrun.checks.comparison.arms import (
    Arm,
    ArmPlan,
    OnResult,
    Over,
    Rounds,
    alike,
    judged_by,
    own_name,
    plan_arms,
    train_arms,
    trained_for,
)
from trickrun.checks.comparison.differences import (
    COVERS,
    Trained,
    answered,
    arm_as_json,
    compare_two,
    curves_of,
)
from trickrun.checks.comparison.of_runs import result_of_run, trainings_in
from trickrun.checks.comparison.recipes import named_apart, recipe_difference
from trickrun.checks.comparison.samples import per_class, per_sample
from trickrun.checks.comparison.statistics import LEVEL
from trickrun.checks.diagnosis.gather import recipe_of
from trickrun.errors import OutOfTime, TrickrunError
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.recipe.load import Loaded
from trickrun.run.check_folder import conclude
from trickrun.run.folder import RunFolder
from trickrun.run.pace import MORE, UNHURRIED, Pace
from trickrun.search.journal import PLAN, ended, json_in, new_search, open_search
from trickrun.search.trial import TrialResult
from trickrun.tricks.monitor import Monitor

USUAL = 5
"""Seeds of each recipe where nobody says how many. Own: four degrees of freedom tell a difference
of about 1.7 deviations with a chance of 80 %."""

Target = Loaded | RunFolder
"""What can be compared: a recipe, or a run."""

Draw = Callable[[Verdict], Mapping[str, str]]
"""Returns the pictures of a verdict by file name."""


def undrawn(verdict: Verdict) -> Mapping[str, str]:
    """Draw nothing."""
    return {}


@dataclass(frozen=True)
class Asked:
    """What of the command line holds for all arms.

    Args:
        seeds: how many rounds; None: what runs have, USUAL for recipes.
        over: what differs between rounds.
        metric: what is judged by; None: see ``judged_by``.
    """

    seeds: int | None = None
    over: Over = "seeds"
    metric: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a check's folder goes, and whom it tells.

    Args:
        root: where run folders are.
        command: the command line, for the record.
        told: told of each training as it ends.
        draw: draws the pictures.
        pace: trainings that it has no time for are left out.
    """

    root: Path
    command: list[str]
    told: OnResult
    draw: Draw = undrawn
    pace: Pace = UNHURRIED


def compare(targets: Sequence[Target], asked: Asked, place: Place) -> tuple[Verdict, RunFolder]:
    """Compare recipes and runs with the first of them, and record what comes of it.

    Runs whose recipes differ in their seeds only are one arm.

    Raises:
        TrickrunError: fewer than two arms, or one that cannot be trained as asked.
        OutOfTime: there was no time for any training.
    """
    arms, missing = arms_of(targets, asked.over)
    if len(arms) < 2:
        alone = len(targets) < 2
        raise TrickrunError(
            "there is nothing to compare with"
            if alone
            else "these are runs of one recipe, which differ in their seeds only",
            "",
            "compare with another recipe or run; `trickrun seeds RECIPE` tells of one",
        )
    rank = judged_by(arms, asked.metric)
    rounds = Rounds(rounds_of(arms, targets, asked.seeds), asked.over)
    plans = plan_arms(arms, rounds, trained_for(rank), "compare") if rounds.count else []
    with opened(plans, arms, rank, place) as folder:
        results = train_arms(plans, folder, place.root, names_of(arms), place.told, place.pace)
        trained = [together(arm, results, asked.over) for arm in arms]
        check_some(trained, plans, results)
        verdict = judge_arms(trained, rank, missing)
        verdict = with_left_out(verdict, plans, results)
        conclude(folder, verdict, place.draw(verdict))
    return verdict, folder


def seeds(loaded: Loaded, asked: Asked, place: Place) -> tuple[Verdict, RunFolder]:
    """Train a recipe with several seeds and record its means, their intervals, and the odd ones.

    Raises TrickrunError as ``compare`` does.
    """
    arm = Arm(loaded.recipe.name, loaded)
    rank = judged_by([arm], asked.metric)
    rounds = Rounds(asked.seeds or USUAL, asked.over)
    plans = plan_arms([arm], rounds, trained_for(rank), "seeds")
    with opened(plans, [arm], rank, place) as folder:
        results = train_arms(plans, folder, place.root, [arm.name], place.told, place.pace)
        trained = together(arm, results, asked.over)
        check_some([trained], plans, results)
        verdict = with_left_out(judge_seeds(trained, rank), plans, results)
        conclude(folder, verdict, place.draw(verdict))
    return verdict, folder


def arms_of(targets: Sequence[Target], over: Over) -> tuple[list[Arm], dict[str, str]]:
    """Return the arms that targets stand for, runs of one recipe together, and of runs whose
    answers cannot be read the reason, by their ids."""
    recipes: list[tuple[Loaded, list[RunFolder]]] = []
    known: dict[str, int] = {}
    for target in targets:
        if isinstance(target, Loaded):
            recipes.append((target, []))
            continue
        if is_seeds(target):
            recipes.append((recipe_of(target), []))
            continue
        for run in trainings_in(target):
            loaded = recipe_of(run)
            which = alike(loaded)
            if which in known:
                recipes[known[which]][1].append(run)
            else:
                known[which] = len(recipes)
                recipes.append((loaded, [run]))
    missing: dict[str, str] = {}
    names = named_apart([loaded for loaded, _ in recipes])
    return [
        arm_of(name, loaded, runs, over, missing)
        for name, (loaded, runs) in zip(names, recipes, strict=True)
    ], missing


def arm_of(
    name: str, loaded: Loaded, runs: Sequence[RunFolder], over: Over, missing: dict[str, str]
) -> Arm:
    """Return the arm of a recipe and its runs: the one with the lowest seed is round 0.

    Args:
        missing: gets the reasons why answers of runs cannot be read.
    """
    placed = sorted(((recipe_of(run), run) for run in runs), key=lambda p: p[0].recipe.seed)
    if not placed:
        return Arm(name, loaded)
    first = placed[0][0]
    done: dict[int, TrialResult] = {}
    folders: dict[int, str] = {}
    for own, run in placed:
        number = own.recipe.seed - first.recipe.seed
        if over == "splits" and number > 0:
            continue  # its split is that of round 0
        result, why_not = result_of_run(run, own)
        done[number], folders[number] = result, str(run.path)
        if why_not:
            missing[run.id] = why_not
    return Arm(name, first, done=done, runs=folders)


def rounds_of(arms: Sequence[Arm], targets: Sequence[Target], seeds: int | None) -> int:
    """Return how many rounds are trained; 0: what is there is all."""
    if seeds is not None:
        return seeds
    known = [rounds_in(one) for one in targets if isinstance(one, RunFolder) and is_seeds(one)]
    if known:
        return max(known)
    return USUAL if any(not arm.done for arm in arms) else 0


def is_seeds(folder: RunFolder) -> bool:
    """Whether a folder is that of ``seeds``."""
    return folder.command == "seeds"


def rounds_in(folder: RunFolder) -> int:
    """Return how many rounds a folder of ``seeds`` has; USUAL if it does not tell."""
    told = json_in(folder, PLAN).get("all")
    return len(told) if isinstance(told, list) and told else USUAL


def names_of(arms: Sequence[Arm]) -> list[str]:
    """Return the names of the arms' recipes, each once."""
    return list(dict.fromkeys(arm.loaded.recipe.name for arm in arms))


@contextmanager
def opened(
    plans: Sequence[ArmPlan], arms: Sequence[Arm], rank: Monitor, place: Place
) -> Iterator[RunFolder]:
    """Lock the folder of the same check that was cut off, or else of a new one."""
    told = {
        "all": [[*key, trial] for plan in plans for key, trial in plan.of.items()],
        "runs": [[arm.name, number, run] for arm in arms for number, run in arm.runs.items()],
        "mode": rank.mode,
    }
    stage = plans[0].stage if plans else "compare"
    whole = ArmPlan(arms[0].loaded, (), rank.monitor, stage, {}, told=told)
    cut_off = open_search(place.root, whole)
    if cut_off is not None:
        with cut_off.locked_if_free() as mine:
            # Another process may have taken it since, and even ended it.
            if mine and not ended(cut_off):
                yield cut_off
                return
    with new_search(whole, arms[0].loaded, place.root, place.command) as new:
        yield new


def together(arm: Arm, results: Mapping[tuple[str, int], TrialResult], over: Over) -> Trained:
    """Return an arm with all its results."""
    own = {number: result for (name, number), result in results.items() if name == arm.name}
    return Trained(arm, {**own, **arm.done}, over)


def check_some(
    trained: Sequence[Trained],
    plans: Sequence[ArmPlan],
    results: Mapping[tuple[str, int], TrialResult],
) -> None:
    """Raise OutOfTime if there was time for no training."""
    wanted = any(plan.of for plan in plans)
    if wanted and not results and not any(one.arm.done for one in trained):
        raise OutOfTime("no training ended in time", plans[0].stage, MORE)


def with_left_out(
    verdict: Verdict, plans: Sequence[ArmPlan], results: Mapping[tuple[str, int], TrialResult]
) -> Verdict:
    """Return the verdict with how many trainings there was no time for."""
    wanted = {key for plan in plans for key in plan.of}
    left = len(wanted - results.keys())
    told = [f"{left} of {len(wanted)} trainings"] if left else []
    rows = [row_of(result) for _, result in sorted(results.items())]
    return replace(verdict, result={**verdict.result, "left_out": told, "trials": rows})


def row_of(result: TrialResult) -> dict[str, Any]:
    """Return a training as it is listed, without its details."""
    return replace(result, details=None).as_json()


def judge_arms(
    trained: Sequence[Trained], rank: Monitor, missing: Mapping[str, str] | None = None
) -> Verdict:
    """Return what arms say, each beside the first.

    Args:
        missing: of runs whose answers cannot be read, why, by their ids.
    """
    first, *others = trained
    plain = [compare_two(first, other, rank) for other in others]
    comparisons = [
        {**one, **beside(first, other)}
        for one, other in zip(answered(plain, rank), others, strict=True)
    ]
    result = {
        **asked_in(trained, rank),
        "correction": f"Holm over {len(others)} comparisons" if len(others) > 1 else None,
        "arms": [arm_as_json(one, rank) for one in trained],
        "comparisons": comparisons,
        "evaluations": {one.name: curves_of(one) for one in trained},
        "unread": dict(missing or {}),
    }
    sure = all(one["answer"] != "cannot tell" for one in comparisons)
    summary = "\n".join(one["sentence"] for one in comparisons)
    if not any(one.finished for one in trained):
        reasons = {r.reason for one in trained for r in one.results.values()}
        return Verdict(
            "fail", result, (), f"no training finished: {'; '.join(sorted(reasons)[:3])}"
        )
    return Verdict("pass" if sure else "warn", result, (), summary)


def asked_in(trained: Sequence[Trained], rank: Monitor) -> dict[str, Any]:
    """Return what the figures are about."""
    over = trained[0].over
    return {
        "metric": rank.monitor,
        "higher_is_better": rank.maximizes,
        "level": LEVEL,
        "over": over,
        "covers": COVERS[over],
    }


def beside(first: Trained, second: Trained) -> dict[str, Any]:
    """Return what two arms' recipes, samples and classes say of each other."""
    samples, why_not = per_sample(first, second)
    return {
        "recipe": recipe_difference(first.arm.loaded.recipe, second.arm.loaded.recipe),
        "per_sample": samples,
        "no_per_sample": why_not,
        "per_class": per_class(first, second),
    }


def judge_seeds(trained: Trained, rank: Monitor) -> Verdict:
    """Return what a recipe's rounds say: means, intervals, and the odd ones."""
    told = arm_as_json(trained, rank)
    result = {
        **asked_in([trained], rank),
        "arms": [told],
        "evaluations": {trained.name: curves_of(trained)},
        "odd": odd_rounds(told, rank),
    }
    if not trained.finished:
        reasons = {r.reason for r in trained.results.values()}
        return Verdict(
            "fail", result, (), f"no training finished: {'; '.join(sorted(reasons)[:3])}"
        )
    row = told["metrics"].get(rank.monitor)
    if row is None:
        return Verdict("warn", result, (), f"the trainings have no {rank.monitor}")
    summary = f"{rank.monitor} {row['mean']:.4g}"
    if row["low"] is not None:
        summary += f" [{row['low']:.4g}, {row['high']:.4g}]"
    summary += f" over {counted(row['n'], 'seed')}"
    if row["deviation"] is not None:
        summary += f", standard deviation {row['deviation']:.3g}"
    strange = bool(result["odd"]) or bool(told["unfinished"])
    return Verdict("warn" if strange else "pass", result, (), summary)


def odd_rounds(told: Mapping[str, Any], rank: Monitor) -> list[dict[str, Any]]:
    """Return the rounds that are apart from the others by what is judged by, or did not finish."""
    row = told["metrics"].get(rank.monitor)
    found = []
    for number in row["odd"] if row is not None else ():
        value = row["values"][str(number)]
        others = [v for n, v in row["values"].items() if n != str(number)]
        lies = "above" if value > max(others) else "below" if value < min(others) else "apart from"
        why = f"its {own_name(rank.monitor)} {value:.4g} lies far {lies} the others"
        found.append({"round": number, "seed": told["seeds"][str(number)], "why": why})
    for row in told["unfinished"]:
        seed = told["seeds"][str(row["round"])]
        found.append(
            {"round": row["round"], "seed": seed, "why": f"{row['status']}: {row['reason']}"}
        )
    return found
