"""What two arms' trainings say of each other: differences with intervals, and an answer."""

from __future__ import annotations

import statistics as plain
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from trickrun.checks.checklist.contest import loss_of
from trickrun.checks.comparison.arms import Arm, Over, own_name
from trickrun.checks.comparison.statistics import (
    LEVEL,
    MOST_SEEDS,
    Estimate,
    difference,
    equal,
    holm,
    mean_of,
    odd_ones,
    seeds_needed,
)
from trickrun.findings.words import counted
from trickrun.search.trial import TrialResult
from trickrun.tricks.monitor import Monitor, higher_is_better

Answer = Literal["better", "worse", "same", "cannot tell"]
"""Of the second of two arms. same: every value of every pair is equal but for rounding."""

COVERS: dict[Over, str] = {
    "seeds": (
        "the luck of the seed (initial weights, order of samples, dropout, augmentation) on this "
        "one split of these data; not which samples were drawn"
    ),
    "splits": (
        "the luck of the seed and of which samples of these data train, validate and test; not "
        "that of gathering other data"
    ),
}
"""What of the luck an interval stands for."""


@dataclass(frozen=True)
class Trained:
    """An arm with the results of its rounds.

    Args:
        results: by round; a round that did not finish has no values.
        over: what differs between the rounds.
    """

    arm: Arm
    results: Mapping[int, TrialResult]
    over: Over = "seeds"

    @property
    def name(self) -> str:
        """The arm's name."""
        return self.arm.name

    @property
    def finished(self) -> dict[int, TrialResult]:
        """The rounds that came to their end, in order."""
        return {n: r for n, r in sorted(self.results.items()) if r.status == "finished"}

    @property
    def metrics(self) -> list[str]:
        """The names of the values that all finished rounds have."""
        each = [values_of(result) for result in self.finished.values()]
        return [name for name in (each[0] if each else ()) if all(name in one for one in each)]

    def values(self, metric: str) -> dict[int, float]:
        """Return a metric by round."""
        each = {number: values_of(result) for number, result in self.finished.items()}
        return {number: values[metric] for number, values in each.items() if metric in values}


def values_of(result: TrialResult) -> dict[str, float]:
    """Return the metrics of a result: those of its best evaluation, and on the test part."""
    found = {
        name: value
        for name, value in result.values.items()
        if name.startswith(("val_", "train_loss")) and value is not None
    }
    if result.details is not None and result.details.part == "test":
        scores = result.details.scores
        found |= {f"test_{name}": value for name, value in scores.items() if value is not None}
    return found


def direction(metric: str, rank: Monitor) -> bool | None:
    """Return whether higher values of a metric are better, as its class says; None: nobody knows.

    Args:
        rank: what is judged by, whose mode the recipe may say.
    """
    if metric == rank.monitor:
        return rank.maximizes
    return higher_is_better(own_name(metric))


def part_of(metric: str) -> str:
    """Return the name of the part that a metric is about."""
    return metric.split("_", 1)[0]


def test_share(trained: Trained, metric: str) -> float:
    """Return how many samples a metric is about for each one trained on, where each round has a
    split of its own; else 0."""
    sizes = [r.details.sizes for r in trained.finished.values() if r.details is not None]
    if trained.over == "seeds" or not sizes or sizes[0][0] == 0:
        return 0.0
    place = {"train": 0, "val": 1, "test": 2}[part_of(metric)]
    return sizes[0][place] / sizes[0][0]


def estimate(first: Trained, second: Trained, metric: str) -> Estimate:
    """Return how much larger a metric of ``second`` is, over the rounds that both have; if they
    share fewer than two, over all that each has."""
    a, b = first.values(metric), second.values(metric)
    both = [number for number in a if number in b]
    if len(both) >= 2 or (a.keys() == b.keys() and both):
        pairs = [a[n] for n in both], [b[n] for n in both]
        return difference(*pairs, paired=True, test_share=test_share(first, metric))
    return difference([*a.values()], [*b.values()], paired=False)


def odd_pairs(first: Trained, second: Trained, metric: str) -> list[int]:
    """Return the rounds whose difference lies apart from the others'. An interval may be too short
    where there are any: Student's takes differences to be spread alike on both sides."""
    a, b = first.values(metric), second.values(metric)
    both = [number for number in a if number in b]
    return [both[place] for place in odd_ones([b[n] - a[n] for n in both])]


def compare_two(first: Trained, second: Trained, rank: Monitor) -> dict[str, Any]:
    """Return the differences of all metrics that both have; the answers come later, with all
    comparisons."""
    losses_differ = loss_of(first.arm.loaded.recipe) != loss_of(second.arm.loaded.recipe)
    rows: dict[str, Any] = {}
    not_compared: dict[str, str] = {}
    for metric in [name for name in first.metrics if name in second.metrics]:
        if losses_differ and own_name(metric) == "loss":
            not_compared[metric] = "the recipes minimize different losses"
            continue
        rows[metric] = {
            **estimate(first, second, metric).as_json(),
            "odd": odd_pairs(first, second, metric),
            "higher_is_better": direction(metric, rank),
            "first": summary(first.values(metric)),
            "second": summary(second.values(metric)),
        }
    return {
        "first": first.name,
        "second": second.name,
        "differences": rows,
        "not_compared": not_compared,
        "unfinished": [unfinished(first), unfinished(second)],
    }


def summary(values: Mapping[int, float]) -> dict[str, Any]:
    """Return the mean of a metric, and its values by round."""
    return {
        "mean": plain.fmean(values.values()) if values else None,
        "values": {str(number): value for number, value in values.items()},
    }


def unfinished(trained: Trained) -> list[dict[str, Any]]:
    """Return the rounds that did not finish, and why."""
    return [
        {"round": number, "status": result.status, "reason": result.reason}
        for number, result in sorted(trained.results.items())
        if result.status != "finished"
    ]


def answered(comparisons: Sequence[dict[str, Any]], rank: Monitor) -> list[dict[str, Any]]:
    """Return the comparisons with their p values adjusted by Holm's method, metric by metric, and
    with an answer each."""
    metrics = dict.fromkeys(m for one in comparisons for m in one["differences"])
    for metric in metrics:
        rows = [one["differences"].get(metric) for one in comparisons]
        adjusted = holm([None if row is None else row["p"] for row in rows])
        for row, p in zip(rows, adjusted, strict=True):
            if row is not None:
                row["p_holm"] = p
    return [{**one, **answer_of(one, rank, len(comparisons))} for one in comparisons]


def answer_of(one: Mapping[str, Any], rank: Monitor, comparisons: int) -> dict[str, Any]:
    """Return the answer of a comparison, how many seeds would tell, and a sentence."""
    row = one["differences"].get(rank.monitor)
    needed: int | None = None
    answer: Answer = "cannot tell"
    if row is None:
        answer, reason = without_values(one, rank)
    elif is_same(one["differences"]):
        answer, reason = "same", "every value is equal in every pair, but for rounding"
    elif row["p_holm"] is None:
        reason = row["why_not"]
    elif row["p_holm"] < 1 - LEVEL:
        gains = row["mean"] > 0 if rank.maximizes else row["mean"] < 0
        answer, reason = "better" if gains else "worse", ""
    else:
        # An odd row of unpaired values has no deviation of pairs, but one that stands for it.
        needed = seeds_needed(row["mean"], row["deviation"] or 0.0, comparisons)
        reason = ""
    against = [*contrary(one["differences"], answer)]
    told = {"answer": answer, "needed": needed, "reason": reason, "against": against}
    return {**told, "sentence": sentence(one, row, told, rank)}


def contrary(rows: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    """Yield the metrics on the validation and the test part that say the opposite of an answer,
    with as much certainty."""
    if answer not in ("better", "worse"):
        return
    for metric, row in rows.items():
        higher, p = row["higher_is_better"], row["p_holm"]
        if part_of(metric) == "train" or higher is None or p is None or p >= 1 - LEVEL:
            continue
        gains = row["mean"] > 0 if higher else row["mean"] < 0
        if gains != (answer == "better"):
            yield metric


def but(one: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Return what speaks against an answer, as the end of a sentence; empty: nothing does."""
    other = "worse" if told["answer"] == "better" else "better"
    said = (f"{m} is {other}: {signed(one['differences'][m]['mean'])}" for m in told["against"])
    return "".join(f"; but {each}" for each in said)


def is_same(rows: Mapping[str, Any]) -> bool:
    """Whether no value of any metric differs in any pair by more than rounding."""
    pairs = [(row["first"]["values"], row["second"]["values"]) for row in rows.values()]
    return all(a.keys() == b.keys() and equal([*a.values()], [*b.values()]) for a, b in pairs)


def without_values(one: Mapping[str, Any], rank: Monitor) -> tuple[Answer, str]:
    """Return the answer where nothing can be compared, and why."""
    if rank.monitor in one["not_compared"]:
        return "cannot tell", one["not_compared"][rank.monitor]
    first, second = one["unfinished"]
    if second and not first and len(second) > 1:
        return "worse", f"none of its {len(second)} trainings finished: {second[0]['reason']}"
    if first and not second and len(first) > 1:
        return "better", f"no training of {one['first']} finished: {first[0]['reason']}"
    reason = next((row["reason"] for row in [*second, *first]), f"they share no {rank.monitor}")
    return "cannot tell", reason


def sentence(
    one: Mapping[str, Any], row: Mapping[str, Any] | None, told: Mapping[str, Any], rank: Monitor
) -> str:
    """Return what a comparison says in one sentence, with its numbers."""
    second, first = one["second"], one["first"]
    if told["answer"] == "same":
        return f"{second} is the same as {first}: {told['reason']}"
    head = {
        "better": f"{second} is better than {first}",
        "worse": f"{second} is worse than {first}",
        "cannot tell": f"cannot tell whether {second} is better than {first}",
    }[told["answer"]]
    if row is None or row["low"] is None:
        mean = (
            "" if row is None or row["mean"] is None else f": {rank.monitor} {signed(row['mean'])}"
        )
        return f"{head}{mean}; {told['reason']}" if told["reason"] else f"{head}{mean}"
    n, unit = row["n"], "seed" if row["method"] != "Welch t" else "unpaired seed"
    said = (
        f"{head}: {rank.monitor} {signed(row['mean'])} "
        f"[{signed(row['low'])}, {signed(row['high'])}] over {counted(n, unit)}"
    )
    if told["answer"] != "cannot tell":
        return said + but(one, told)
    if told["needed"] is None:
        return f"{said}; more than {MOST_SEEDS} seeds would be needed for so small a difference"
    return f"{said}; about {told['needed']} would, if the difference is what it seems"


def signed(value: float) -> str:
    """Return a difference with its sign and three digits."""
    return f"{value:+.3g}"


def arm_as_json(trained: Trained, rank: Monitor) -> dict[str, Any]:
    """Return what is told of one arm: its metrics with intervals, its odd seeds, its cost."""
    finished = trained.finished
    details = [r.details for r in finished.values() if r.details is not None]
    metrics = {metric: metric_as_json(trained, metric, rank) for metric in trained.metrics}
    return {
        "name": trained.name,
        "recipe": str(trained.arm.loaded.path),
        "edits": dict(trained.arm.edits),
        "runs": {str(number): run for number, run in trained.arm.runs.items()},
        "seeds": {str(n): r.params.get("seed") for n, r in sorted(trained.results.items())},
        "finished": len(finished),
        "unfinished": unfinished(trained),
        "metrics": metrics,
        "cost": {
            "seconds": mean_or_none([r.seconds for r in finished.values()]),
            "parameters": details[0].parameters if details else None,
            "steps": mean_or_none([d.steps for d in details]),
            "samples": mean_or_none([d.trained for d in details]),
            "engines": sorted({r.engine for r in finished.values()}),
        },
    }


def metric_as_json(trained: Trained, metric: str, rank: Monitor) -> dict[str, Any]:
    """Return the mean of a metric over an arm's rounds, its interval, and the odd rounds."""
    values = trained.values(metric)
    numbers = list(values)
    told = mean_of([*values.values()], test_share=test_share(trained, metric))
    if told.p is not None:
        told = replace(told, p=None)  # of a mean of 0, which nobody asks about
    return {
        **told.as_json(),
        "higher_is_better": direction(metric, rank),
        "values": {str(number): value for number, value in values.items()},
        "odd": [numbers[place] for place in odd_ones([*values.values()])],
    }


def mean_or_none(values: Sequence[float]) -> float | None:
    """Return the mean; None of no value."""
    return plain.fmean(values) if values else None


def curves_of(trained: Trained) -> dict[str, Any]:
    """Return an arm's evaluations: each round's, and by evaluation the mean, the lowest and the
    highest value of the rounds that came so far, as long as all of them did."""
    each = {n: r.details.evaluations for n, r in trained.finished.items() if r.details is not None}
    # A journal that somebody changed may lack columns.
    each = {number: columns for number, columns in each.items() if "epoch" in columns}
    first = next(iter(each.values()), {})
    names = [n for n in first if n != "epoch" and all(n in columns for columns in each.values())]
    return {
        "rounds": {str(number): columns for number, columns in each.items()},
        "metrics": {name: dict(band([*each.values()], name)) for name in names},
    }


def band(
    each: Sequence[Mapping[str, Sequence[float | None]]], name: str
) -> Iterator[tuple[str, list[float | None]]]:
    """Yield the columns epoch, mean, low and high of a value over several trainings."""
    length = min(len(columns[key]) for columns in each for key in (name, "epoch"))
    rows = [[columns[name][place] for columns in each] for place in range(length)]
    known = [[value for value in row if value is not None] for row in rows]
    yield "epoch", list(each[0]["epoch"][:length])
    yield "mean", [plain.fmean(row) if row else None for row in known]
    yield "low", [min(row, default=None) for row in known]
    yield "high", [max(row, default=None) for row in known]
