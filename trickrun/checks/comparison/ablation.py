"""``ablate``: what each trick of a recipe is worth, and whether it is as good without the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trickrun.checks.comparison.arms import (
    Arm,
    ArmPlan,
    Rounds,
    judged_by,
    plan_arms,
    train_arms,
    trained_for,
)
from trickrun.checks.comparison.check import (
    USUAL,
    Asked,
    Place,
    asked_in,
    check_some,
    opened,
    together,
    with_left_out,
)
from trickrun.checks.comparison.differences import (
    Trained,
    answered,
    arm_as_json,
    but,
    compare_two,
    curves_of,
    signed,
)
from trickrun.checks.comparison.recipes import recipe_difference
from trickrun.checks.comparison.tricks import Trick, tricks_of
from trickrun.errors import TrickrunError
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.recipe.load import Loaded, derive, load
from trickrun.recipe.text.problems import RecipeError
from trickrun.run.check_folder import conclude
from trickrun.run.folder import RunFolder
from trickrun.search.trial import TrialResult
from trickrun.tricks.monitor import Monitor

WHOLE, LEAN = "the recipe", "the lean recipe"
"""Names of arms: with all tricks, and without those that were not shown to help."""

LEAN_LAYOUT = "layout-lean.json"

FIRST_SHARE = 0.7
"""Of the time left: what the arms may take, so that some is left for the lean recipe."""


def ablate(
    loaded: Loaded, added: Sequence[str], asked: Asked, place: Place
) -> tuple[Verdict, RunFolder]:
    """Take each trick of a recipe away alone, put each candidate in alone, and train without those
    that were not shown to help; record what comes of it.

    The lean recipe is trained beside the whole one with seeds that neither has had: those that
    chose it would flatter it.

    Args:
        added: candidates, each ``path=value``.

    Raises:
        TrickrunError: there is nothing to take away or to put in, or a candidate is no valid edit.
        OutOfTime: there was no time for any training.
    """
    whole = Arm(WHOLE, loaded)
    arms, invalid = removals(loaded)
    arms += [candidate(loaded, text) for text in added]
    if not arms and not invalid:
        raise TrickrunError(
            "the recipe switches on no trick",
            str(loaded.path),
            "put some in with --add, for example --add regularizers.dropout=0.2",
        )
    rank = judged_by([whole, *arms], asked.metric)
    count = asked.seeds or USUAL
    told = {"added": list(added)}
    plans = plan_arms(
        [whole, *arms], Rounds(count, asked.over), trained_for(rank), "ablate", told=told
    )
    with opened(plans, [whole, *arms], rank, place) as folder:
        names = [loaded.recipe.name]
        first = place.pace.share(FIRST_SHARE)
        results = train_arms(plans, folder, place.root, names, place.told, first)
        trained = [together(arm, results, asked.over) for arm in [whole, *arms]]
        check_some(trained, plans, results)
        rows = contributions(trained, rank)
        lean = lean_arm(loaded, rows) if trained[0].finished else None
        later: list[ArmPlan] = []
        if lean is not None:
            fresh = Rounds(count, asked.over, first=count)
            later = plan_arms([whole, lean], fresh, trained_for(rank), "ablate", LEAN_LAYOUT)
            results |= train_arms(later, folder, place.root, names, place.told, place.pace)
        verdict = judge_ablation(trained, rows, invalid, rank)
        if lean is not None:
            both = [fresh_results(arm, results, count, asked.over) for arm in (whole, lean)]
            verdict = with_lean(verdict, both, rank)
        verdict = with_left_out(verdict, [*plans, *later], results)
        conclude(folder, verdict, place.draw(verdict))
    return verdict, folder


def removals(loaded: Loaded) -> tuple[list[Arm], list[dict[str, Any]]]:
    """Return the recipe without each of its tricks, and of those that leave no valid recipe what is
    wrong then."""
    arms, invalid = [], []
    for trick in tricks_of(loaded):
        try:
            arms.append(Arm(f"- {trick.name}", derive(loaded, trick.without), trick.without))
        except RecipeError as error:
            invalid.append(told_invalid(trick, error))
    return arms, invalid


def told_invalid(trick: Trick, error: TrickrunError) -> dict[str, Any]:
    """Return what is told of a trick that cannot be taken away alone."""
    return {"name": trick.name, "edits": dict(trick.without), "reason": str(error).splitlines()[0]}


def candidate(loaded: Loaded, text: str) -> Arm:
    """Return the recipe with a candidate. Raises RecipeError, with the place in its text."""
    changed = load(loaded.path, [*loaded.overrides, text])
    path, _, value = text.partition("=")
    return Arm(f"+ {text}", changed, {path: value})


def contributions(trained: Sequence[Trained], rank: Monitor) -> list[dict[str, Any]]:
    """Return a row for each arm but the first: what its trick contributes to what is judged by, the
    most first; those whose trainings all failed before them."""
    whole, *others = trained
    comparisons = answered([compare_two(whole, other, rank) for other in others], rank)
    rows = []
    for one, other in zip(comparisons, others, strict=True):
        row = one["differences"].get(rank.monitor)
        is_removal = other.name.startswith("- ")
        rows.append(
            {
                "name": other.name[2:],
                "change": "removed" if is_removal else "added",
                "edits": dict(other.arm.edits),
                "means": meaning_of(other, whole) if is_removal else "put in",
                "contribution": contribution(row, rank, is_removal),
                "verdict": verdict_on(one["answer"], is_removal),
                "recipe": recipe_difference(whole.arm.loaded.recipe, other.arm.loaded.recipe),
                "cost": arm_as_json(other, rank)["cost"],
                "comparison": one,
            }
        )
    return sorted(rows, key=weight)


def weight(row: Mapping[str, Any]) -> tuple[bool, float]:
    """Return what rows are sorted by."""
    mean = row["contribution"]["mean"]
    return (mean is not None, 0.0 if mean is None else -mean)


def meaning_of(trained: Trained, whole: Trained) -> str:
    """Return what stands in the place of the trick that an arm lacks."""
    tricks = tricks_of(whole.arm.loaded)
    return next(trick.means for trick in tricks if trick.without == trained.arm.edits)


def contribution(
    row: Mapping[str, Any] | None, rank: Monitor, is_removal: bool
) -> dict[str, float | None]:
    """Return what a trick adds to the recipe, with its interval: positive is good.

    Args:
        row: the difference of the arm from the recipe; None: there is none.
    """
    if row is None:
        return {"mean": None, "low": None, "high": None, "p": None}
    good = 1 if rank.maximizes else -1
    sign = -good if is_removal else good
    ends = [None if row[end] is None else sign * row[end] for end in ("low", "high")]
    low, high = ends if sign > 0 else ends[::-1]
    mean = None if row["mean"] is None else sign * row["mean"]
    return {"mean": mean, "low": low, "high": high, "p": row["p_holm"]}


def verdict_on(answer: str, is_removal: bool) -> str:
    """Return what a comparison with the recipe says of the trick: helps, harms, does nothing or
    cannot tell."""
    helps = {"worse": "helps", "better": "harms"} if is_removal else {
        "better": "helps", "worse": "harms"
    }  # fmt: skip
    return {**helps, "same": "does nothing"}.get(answer, "cannot tell")


def lean_arm(loaded: Loaded, rows: Sequence[Mapping[str, Any]]) -> Arm | None:
    """Return the recipe without all tricks that were not shown to help; None if there is none, or
    no training told."""
    edits: dict[str, Any] = {}
    for row in rows:
        if row["change"] == "removed" and row["verdict"] != "helps":
            edits |= row["edits"]
    if not edits:
        return None
    for path in [path for path in edits if inside_another(path, edits)]:
        del edits[path]
    try:
        return Arm(LEAN, derive(loaded, edits), edits)
    except RecipeError as error:
        raise TrickrunError(
            f"the recipe without all tricks that do not help is not valid: {error}",
            str(loaded.path),
            "this should be told as a result; please report it",
        ) from error


def inside_another(path: str, edits: Mapping[str, Any]) -> bool:
    """Whether a path lies in a section that is replaced."""
    return any(path.startswith(f"{other}.") for other in edits)


def fresh_results(
    arm: Arm, results: Mapping[tuple[str, int], TrialResult], count: int, over: Any
) -> Trained:
    """Return an arm with the rounds that came after the first ``count``."""
    own = together(arm, results, over)
    return replace(own, results={n: r for n, r in own.results.items() if n >= count})


def judge_ablation(
    trained: Sequence[Trained],
    rows: Sequence[dict[str, Any]],
    invalid: Sequence[dict[str, Any]],
    rank: Monitor,
) -> Verdict:
    """Return what the arms say of the tricks."""
    whole = trained[0]
    result = {
        **asked_in(trained, rank),
        "correction": f"Holm over {len(rows)} comparisons" if len(rows) > 1 else None,
        "recipe": arm_as_json(whole, rank),
        "tricks": list(rows),
        "invalid": list(invalid),
        "lean": None,
        "evaluations": {one.name: curves_of(one) for one in trained},
    }
    if not whole.finished:
        reasons = sorted({r.reason for r in whole.results.values()})
        told = f"no training of the recipe finished: {'; '.join(reasons[:3])}"
        return Verdict("fail", result, (), told)
    lines = [f"{counted(len(rows), 'trick')}, judged by {rank.monitor}"]
    for word in ("helps", "harms", "does nothing", "cannot tell"):
        named = [row["name"] for row in rows if row["verdict"] == word]
        if named:
            lines.append(f"{word}: {', '.join(named)}")
    harms = any(row["verdict"] == "harms" and row["change"] == "removed" for row in rows)
    return Verdict("warn" if harms else "pass", result, (), "\n".join(lines))


def with_lean(verdict: Verdict, both: Sequence[Trained], rank: Monitor) -> Verdict:
    """Return the verdict with how good the recipe is without the tricks not shown to help.

    Args:
        both: the whole and the lean recipe, in fresh rounds.
    """
    whole, lean = both
    (one,) = answered([compare_two(whole, lean, rank)], rank)
    row = one["differences"].get(rank.monitor)
    loses = contribution(row, rank, is_removal=True)
    spread = arm_as_json(whole, rank)["metrics"].get(rank.monitor, {}).get("deviation")
    at_most = loses["high"]
    as_good = one["answer"] in ("better", "same") or (
        at_most is not None and spread is not None and at_most <= spread
    )
    told = {
        "edits": dict(lean.arm.edits),
        "as_good": as_good,
        "loses": loses,
        "spread": spread,
        "arm": arm_as_json(lean, rank),
        "comparison": one,
    }
    return replace(
        verdict,
        result={**verdict.result, "lean": told},
        summary=f"{verdict.summary}\n{lean_sentence(one, told, rank)}",
    )


def lean_sentence(one: Mapping[str, Any], told: Mapping[str, Any], rank: Monitor) -> str:
    """Return whether the lean recipe is as good, with the figures."""
    count = counted(len(told["edits"]), "edit")
    head = f"without all that was not shown to help ({count}), with fresh seeds"
    loses = told["loses"]
    if loses["low"] is None:
        return f"{head}: {one['sentence']}"
    interval = f"{rank.monitor} {signed(one['differences'][rank.monitor]['mean'])}"
    most = f"it loses at most {max(0.0, loses['high']):.3g} (95 %)"
    spread = f"one seed's deviation is {told['spread']:.3g}" if told["spread"] else ""
    if one["answer"] == "worse":
        return f"{head} it is worse: {interval}, {most}; together they do help{but(one, one)}"
    if one["answer"] == "better":
        return f"{head} it is better: {interval}{but(one, one)}"
    word = "it is as good" if told["as_good"] else "cannot tell whether it is as good"
    return f"{head} {word}: {interval}, {most}; {spread}"
