"""compare, seeds, ablate: do the intervals hold, is the answer right, what does stacking save?

``python benchmarks/compare.py`` writes its section of RESULTS.md. Simulated pairs know their true
difference; for real ones that of 200 seeds stands for it. Times are processor time of this process
and its workers, as the machine may be shared.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from results import machine, write_section

from trickrun.checks.comparison.ablation import ablate
from trickrun.checks.comparison.arms import Arm, Rounds, plan_arms
from trickrun.checks.comparison.check import Asked, Place, compare
from trickrun.checks.comparison.statistics import HAMPEL, TO_DEVIATION, difference, odd_ones
from trickrun.recipe.load import Loaded, load
from trickrun.search.executors.choose import one_thread
from trickrun.search.executors.work import run_trial
from trickrun.search.executors.workers import WORKERS

Array = np.ndarray
Draw = Callable[[np.random.Generator, int], tuple[Array, Array]]

ROOT = Path(__file__).parent.parent
REPETITIONS = 4000
SIZES = (3, 5, 10, 20)
TRUTH = 0.5
"""The true difference of simulated pairs, in deviations of one value."""


def correlated(noise: Callable[[np.random.Generator, int], Array]) -> Draw:
    """Return pairs that share half of their variance: a seed that is bad for one is for both."""

    def draw(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        common = noise(rng, n)
        return common + noise(rng, n), common + noise(rng, n) + TRUTH

    return draw


def rare_failure(rng: np.random.Generator, n: int) -> Array:
    """Return normal noise in which one training in ten goes badly."""
    return rng.standard_normal(n) + 5.0 * (rng.random(n) < 0.1)


def one_sided(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Return pairs of which only the first arm has rare failures."""
    first = rare_failure(rng, n)
    return first, rng.standard_normal(n) + 5.0 * 0.1 + TRUTH


def skewed(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Return pairs of which one arm has a long tail and the other none."""
    return rng.lognormal(size=n), rng.standard_normal(n) + np.exp(0.5) + TRUTH


def rounded(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Return accuracies on 200 samples, which only take steps of half a percent."""
    first, second = correlated(np.random.Generator.standard_normal)(rng, n)
    return np.round(first * 0.01 * 200) / 200, np.round(second * 0.01 * 200) / 200


DISTRIBUTIONS: dict[str, tuple[Draw, float]] = {
    "normal": (correlated(np.random.Generator.standard_normal), TRUTH),
    "heavy tails: t, 3 degrees": (correlated(lambda rng, n: rng.standard_t(3, n)), TRUTH),
    "heavy tails: t, 2 degrees": (correlated(lambda rng, n: rng.standard_t(2, n)), TRUTH),
    "Laplace": (correlated(lambda rng, n: rng.laplace(size=n)), TRUTH),
    "uniform": (correlated(lambda rng, n: rng.uniform(-1, 1, n)), TRUTH),
    "skewed: lognormal": (correlated(lambda rng, n: rng.lognormal(size=n)), TRUTH),
    "1 training in 10 fails, either arm": (correlated(rare_failure), TRUTH),
    "accuracy on 200 samples": (rounded, 0.01 * TRUTH),
    "1 training in 10 fails, first arm only": (one_sided, TRUTH),
    "skewed differences: lognormal and normal": (skewed, TRUTH),
}
"""Pairs by name, with their true difference."""


def bootstrap(first: Array, second: Array, rng: np.random.Generator) -> tuple[float, float]:
    """Return the percentile bootstrap's interval, which is not used."""
    gains = second - first
    means = rng.choice(gains, (400, len(gains))).mean(1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


@dataclass(frozen=True)
class Coverage:
    """How often an interval held the truth.

    Args:
        t, percentile: of the interval that is used, and of the bootstrap's.
        none: how often there was no interval.
    """

    t: float
    percentile: float
    none: float


def simulated(draw: Draw, truth: float, n: int) -> Coverage:
    """Return the coverage on simulated pairs."""
    rng = np.random.default_rng(n)
    held, booted, without = 0, 0, 0
    for _ in range(REPETITIONS):
        first, second = draw(rng, n)
        found = difference(first.tolist(), second.tolist(), paired=True)
        low, high = bootstrap(first, second, rng)
        booted += low <= truth <= high
        if found.low is None or found.high is None:
            without += 1
        else:
            held += found.low <= truth <= found.high
    known = REPETITIONS - without
    return Coverage(held / known, booted / REPETITIONS, without / REPETITIONS)


def coverage_table() -> Iterator[str]:
    """Yield the table of simulated pairs."""
    yield f"| differences | {' | '.join(f'{n} pairs' for n in SIZES)} | bootstrap, 5 pairs |"
    yield "|---|" + "---|" * (len(SIZES) + 1)
    for name, (draw, truth) in DISTRIBUTIONS.items():
        found = [simulated(draw, truth, n) for n in SIZES]
        cells = [f"{one.t:.1%}" for one in found]
        yield f"| {name} | {' | '.join(cells)} | {found[SIZES.index(5)].percentile:.1%} |"


def hampel(n: int, rng: np.random.Generator, count: int = 100_000) -> float:
    """Return the limit of the rule for odd seeds again, by simulation."""
    most = []
    for _ in range(10):
        x = rng.standard_normal((count // 10, n))
        away = np.abs(x - np.median(x, 1, keepdims=True))
        most.append(away.max(1) / (TO_DEVIATION * np.median(away, 1)))
    return float(np.quantile(np.concatenate(most), 0.95))


def odd_table() -> Iterator[str]:
    """Yield how often the rule for odd seeds calls one of normal values odd, and one that is."""
    rng = np.random.default_rng(0)
    yield "| seeds | limit | computed again | false alarm | found: 1 seed, 8 deviations off |"
    yield "|---|---|---|---|---|"
    for n in (5, 10, 20, 50):
        normal = [odd_ones(rng.standard_normal(n).tolist()) for _ in range(REPETITIONS)]
        off = []
        for _ in range(REPETITIONS):
            values = rng.standard_normal(n)
            values[0] = 8.0
            off.append(0 in odd_ones(values.tolist()))
        false = statistics.fmean(map(bool, normal))
        yield (
            f"| {n} | {HAMPEL[n]} | {hampel(n, rng):.2f} | {false:.1%} "
            f"| {statistics.fmean(off):.0%} |"
        )


def place(folder: Path) -> Place:
    """Return where a check puts its run, and that it tells nobody."""
    return Place(folder, ["trickrun"], lambda *_: None)


SMALL = ("train.epochs=15", "model.hidden=[8]", "early_stopping=null", "expect=null")

PAIRS = {
    "iris (shipped): lr 0.01 and 0.02": (
        load(ROOT / "recipes/iris.yaml", ["expect=null"]),
        load(ROOT / "recipes/iris.yaml", ["expect=null", "optimizer.lr=0.02"]),
    ),
    "breast-cancer (shipped): with and without batch norm": (
        load(ROOT / "recipes/breast-cancer.yaml", ["expect=null", "normalization=none"]),
        load(ROOT / "recipes/breast-cancer.yaml", ["expect=null", "normalization=batch"]),
    ),
    "wine: dropout 0 and 0.3": (
        load(ROOT / "recipes/wine.yaml", SMALL),
        load(ROOT / "recipes/wine.yaml", [*SMALL, "regularizers.dropout=0.3"]),
    ),
    "wine: lr 0.01 and 0.012": (
        load(ROOT / "recipes/wine.yaml", [*SMALL, "optimizer.lr=0.01"]),
        load(ROOT / "recipes/wine.yaml", [*SMALL, "optimizer.lr=0.012"]),
    ),
    "diabetes: 8 and 32 hidden units": (
        load(ROOT / "recipes/diabetes.yaml", SMALL),
        load(ROOT / "recipes/diabetes.yaml", [*SMALL, "model.hidden=[32]"]),
    ),
}

MANY = 200
"""Seeds whose mean difference stands for the truth."""


def real_values(pair: Sequence[Loaded]) -> dict[str, tuple[list[float], list[float]]]:
    """Return the metrics of MANY seeds of two recipes."""
    with tempfile.TemporaryDirectory() as folder:
        verdict, _ = compare(pair, Asked(MANY), place(Path(folder)))
    rows = verdict.result["comparisons"][0]["differences"]
    return {
        metric: ([*row["first"]["values"].values()], [*row["second"]["values"].values()])
        for metric, row in rows.items()
    }


def real_coverage(first: Sequence[float], second: Sequence[float], n: int) -> tuple[float, float]:
    """Return how often intervals of ``n`` of the pairs hold the mean of all, and how often there is
    none. Without replacement, ``n`` of MANY: the interval is nearly that of a sample of all seeds.
    """
    rng = np.random.default_rng(n)
    truth = statistics.fmean(b - a for a, b in zip(first, second, strict=True))
    held = none = 0
    for _ in range(REPETITIONS):
        chosen = rng.choice(len(first), n, replace=False)
        found = difference([first[i] for i in chosen], [second[i] for i in chosen], paired=True)
        if found.low is None or found.high is None:
            none += 1
        else:
            held += found.low <= truth <= found.high
    return held / max(1, REPETITIONS - none), none / REPETITIONS


def real_table() -> Iterator[str]:
    """Yield the table of real pairs."""
    yield "| pair | metric | true difference | 5 seeds | 10 seeds | no interval at 5 |"
    yield "|---|---|---|---|---|---|"
    for name, pair in PAIRS.items():
        for metric, (first, second) in real_values(pair).items():
            if not metric.startswith(("val_", "test_")):
                continue
            truth = statistics.fmean(b - a for a, b in zip(first, second, strict=True))
            five, none = real_coverage(first, second, 5)
            ten, _ = real_coverage(first, second, 10)
            yield f"| {name} | {metric} | {truth:+.4f} | {five:.1%} | {ten:.1%} | {none:.1%} |"


def against_itself() -> str:
    """Return what is said of a recipe beside itself with other seeds."""
    told = {}
    base = load(ROOT / "recipes/wine.yaml", SMALL)
    for start in range(1000, 3000, 100):
        other = load(ROOT / "recipes/wine.yaml", [*SMALL, f"seed={start}"])
        with tempfile.TemporaryDirectory() as folder:
            verdict, _ = compare([base, other], Asked(5), place(Path(folder)))
        told[start] = verdict.result["comparisons"][0]
    unsure = [one for one in told.values() if one["answer"] == "cannot tell"]
    return (
        f'A recipe beside itself with other seeds, 5 of each, 20 times: "cannot tell" in '
        f'{len(unsure)} of 20 (19 are expected). The first: "{told[1000]["sentence"]}".'
    )


ABLATIONS = {
    "digits (shipped recipe, 12 epochs)": load(
        ROOT / "recipes/digits.yaml", ["train.epochs=12", "expect=null"]
    ),
    "fashion-mnist (2000 samples, mlp, 4 epochs)": load(
        ROOT / "recipes/fashion-mnist.yaml",
        ["train.epochs=4", "data.subset=2000", "model={kind: mlp, hidden: [64]}", "expect=null"],
    ),
    "wine (shipped recipe)": load(ROOT / "recipes/wine.yaml", ["expect=null"]),
}


def processor_seconds() -> float:
    """Return what this process and all that descend from it have computed, by /proc: workers are
    the children of a fork server, so this process's own account of its children lacks them."""
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = path.read_text().partition(" (")
        except OSError:
            continue  # it has ended meanwhile
        fields = rest.rpartition(") ")[2].split()
        # Parent; then its own times, and those of its children that have ended.
        stats[int(pid)] = int(fields[1]), sum(map(int, fields[11:15]))
    own, ours = {os.getpid()}, set()
    while own != ours:
        ours = own
        own = ours | {pid for pid, (parent, _) in stats.items() if parent in ours}
    return sum(stats[pid][1] for pid in ours) / os.sysconf("SC_CLK_TCK")


def spent(work: Callable[[], object]) -> float:
    """Return the processor time of ``work``, with that of the workers that it begins."""
    WORKERS.end()
    before = processor_seconds()
    work()
    return processor_seconds() - before


def one_after_another(loaded: Loaded, tricks: Sequence[dict], lean: dict | None) -> None:
    """Train all arms of an ablation alone, one after another, in this process."""
    arms = [Arm("whole", loaded)]
    arms += [Arm(row["name"], changed(loaded, row["edits"])) for row in tricks]
    todo = [(arms, Rounds(5))]
    if lean is not None:
        todo.append(([arms[0], Arm("lean", changed(loaded, lean["edits"]))], Rounds(5, first=5)))
    for of, rounds in todo:
        for plan in plan_arms(of, rounds, "val_loss", "ablate"):
            for trial in plan.trials:
                with one_thread():
                    run_trial(trial, loaded.folder, "val_loss")


def changed(loaded: Loaded, edits: dict) -> Loaded:
    """Return a recipe with edits."""
    from trickrun.recipe.load import derive

    return derive(loaded, edits)


def ablation_section() -> Iterator[str]:
    """Yield what ablations found, and their time against the arms one after another."""
    for name, loaded in ABLATIONS.items():
        found = {}

        def stacked(loaded: Loaded = loaded, found: dict = found) -> None:
            with tempfile.TemporaryDirectory() as folder:
                verdict, _ = ablate(loaded, [], Asked(5), place(Path(folder)))
            found["verdict"] = verdict

        seconds = spent(stacked)
        verdict = found["verdict"]
        tricks, lean = verdict.result["tricks"], verdict.result["lean"]

        def alone(loaded: Loaded = loaded, tricks: list = tricks, lean: dict | None = lean) -> None:
            one_after_another(loaded, tricks, lean)

        slow = spent(alone)
        count = len(verdict.result["trials"])
        yield (
            f"\n**{name}**: {count} trainings in {seconds:.1f} s of processor time, the start of "
            f"workers and the timing of what is faster included; one after another in one process "
            f"{slow:.1f} s, {slow / seconds:.1f} times as much.\n"
        )
        yield f"| trick | contributes to {verdict.result['metric']} | 95 % interval | |"
        yield "|---|---|---|---|"
        for row in tricks:
            told = row["contribution"]
            mean = "-" if told["mean"] is None else f"{told['mean']:+.4f}"
            ends = "-" if told["low"] is None else f"[{told['low']:+.4f}, {told['high']:+.4f}]"
            yield f"| {row['name']} | {mean} | {ends} | {row['verdict']} |"
        yield f"\n{verdict.summary.splitlines()[-1]}"


def main() -> None:
    """Measure and write the section."""
    parts = [
        f"`python benchmarks/compare.py` on {machine('torch', 'numpy')}.",
        f"How often a 95 % interval holds the true difference, {REPETITIONS} repetitions (standard "
        "error 0.3 points). The paired t interval is what is used; the last column is the "
        "percentile bootstrap, which is not. Heavy tails make the interval a little too long. It "
        "is too short where the differences themselves have one long tail (last row).",
        "\n".join(coverage_table()),
        "Odd seeds by Hampel's rule, of normal values:",
        "\n".join(odd_table()),
        f"Real trainings: intervals from 5 and 10 of {MANY} paired seeds, whose mean difference "
        "stands for the truth. The small wine network is cut off while it still learns, so seeds "
        "that learn slowly make a long tail: there 5 seeds give too short an interval for "
        "val_loss. An accuracy on 22 to 27 samples takes few values; where all differences are "
        "equal no interval is given, and the others cover more than they promise.",
        "\n".join(real_table()),
        against_itself(),
        "Ablations with 5 seeds (lower val_loss is better; positive contributions are good):",
        "\n".join(ablation_section()),
    ]
    write_section("compare, seeds, ablate", "\n\n".join(parts))


if __name__ == "__main__":
    main()
