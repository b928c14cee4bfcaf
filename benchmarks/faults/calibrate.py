"""Is the confidence of a first cause the share of the time that it is right?

    python -m benchmarks.faults.calibrate fit [--confirm]  # a correction, by the calibration set
    python -m benchmarks.faults.calibrate judge [--confirm]  # reliability on held-back

Both replay stored diagnoses (replay.py) that tried edits; without --confirm the trainings are left
out. A case is a diagnosis whose first finding is an error; it is right if that names an accepted
cause. A first error in a healthy program is wrong.

The weights were fitted on the development halves. Rules are tuned there, so that a first cause may
be right more often than elsewhere. ``fit`` tells whether that has to be made up for, on programs
that no rule was tuned on (outside/calibration.py): by Platt's correction, a slope and a shift of
the log odds that the present weights give. The correction is worth having if it foretells programs
that were left out of it better than the present weights do.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from statistics import fmean

import torch

from benchmarks.faults.programs import SplitData
from benchmarks.faults.replay import BENCHMARKS, Case, calibration, replayed, untried
from benchmarks.faults.scoring import names_cause, shown, wilson
from benchmarks.results import machine, write_section
from trickrun.checks.diagnosis.conclude import best_first, standpoint_of
from trickrun.findings.confidence import TRIED, UNTRIED, Standpoint, confidence

BINS = 5
RESAMPLED = 2000

EXPLAINED = """`python -m benchmarks.faults.calibrate judge`: first causes in the held-back halves
of both fault benchmarks, a false alarm counted as wrong. The weights were fitted on the
development halves; programs that no rule was tuned on (`benchmarks/faults/outside/calibration.py`)
gave no reason to correct them. Within: Wilson's interval has the confidence."""


def all_cases(stack: ExitStack, part: SplitData, confirm: bool) -> list[Case]:
    """Return a half's cases of both benchmarks, which stay there until ``stack`` is closed."""
    found: list[Case] = []
    for benchmark in BENCHMARKS.values():
        found += stack.enter_context(benchmark(part, True))
    if confirm:
        return found
    return [untried(case) for case in found]


def judged(cases: Sequence[Case]) -> Iterator[tuple[Standpoint, float, bool]]:
    """Yield of each first error what speaks for it, its confidence, and whether it is right."""
    for case in cases:
        found = replayed(case.path, case.stored)
        ordered = best_first(found.proxy, found.evidence, found.tried)
        if ordered and ordered[0].severity == "error":
            view = standpoint_of(ordered[0], found.proxy, found.evidence, found.tried)
            sure = confidence(view, UNTRIED if found.tried is None else TRIED)
            yield view, sure, names_cause(ordered[0].as_json(), case.causes)


def platt(seen: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Return the slope and the shift of the log odds of ``seen`` (confidence, right) that make the
    answers likeliest (Platt 1999, with its targets: (n + 1) / (n + 2) and 1 / (n + 2) for n right
    or wrong ones, so that few answers promise no certainty)."""
    from sklearn.linear_model import LogisticRegression

    odds = [[math.log(sure / (1 - sure))] for sure, _ in seen]
    right = sum(hit for _, hit in seen)
    wrong = len(seen) - right
    targets = [(right + 1) / (right + 2) if hit else 1 / (wrong + 2) for _, hit in seen]
    # A target between 0 and 1 is an answer that is both, each with its weight.
    model = LogisticRegression(C=math.inf, max_iter=1000)
    both = [True] * len(seen) + [False] * len(seen)
    model.fit(odds * 2, both, sample_weight=[*targets, *(1 - target for target in targets)])
    return float(model.coef_[0][0]), float(model.intercept_[0])


def log_loss(seen: Sequence[tuple[float, bool]]) -> float:
    """Return the mean of minus the log of the probability of what came."""
    return -fmean(math.log(sure if right else 1 - sure) for sure, right in seen)


def corrected(sure: float, slope: float, shift: float) -> float:
    """Return a confidence with Platt's correction."""
    return 1 / (1 + math.exp(-(slope * math.log(sure / (1 - sure)) + shift)))


def left_out(seen: Sequence[tuple[float, bool]]) -> list[tuple[float, bool]]:
    """Return each answer with the confidence that a correction on the others gives it."""
    found = []
    for place, (sure, right) in enumerate(seen):
        others = [*seen[:place], *seen[place + 1 :]]
        found.append((corrected(sure, *platt(others)), right))
    return found


def fit(cases: Sequence[Case], weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights with Platt's correction, which is linear in them."""
    seen = [(sure, right) for _, sure, right in judged(cases)]
    slope, shift = platt(seen)
    right = sum(hit for _, hit in seen)
    print(f"{len(seen)} first errors, {len(seen) - right} wrong: {shown(right, len(seen))} right")
    print(f"stated on average {fmean(sure for sure, _ in seen):.3f}")
    print(f"slope {slope:.2f}, shift {shift:.2f}")
    before, after = log_loss(seen), log_loss(left_out(seen))
    print(f"log loss {before:.3f}; corrected, each left out {after:.3f}")
    scaled = {name: slope * weight for name, weight in weights.items()}
    return {name: round(w + shift * (name == "one"), 2) for name, w in scaled.items()}


def reliability(seen: Sequence[tuple[float, bool]]) -> str:
    """Return the table of BINS bins of equal counts, with two intervals of the hit rate, and the
    expected calibration error. The bootstrap's has no width where all answers of a bin are right;
    Wilson's does, and decides."""
    draw = random.Random(0)
    # Equal confidences must not be sorted by what came of them.
    ordered = sorted(draw.sample(seen, len(seen)), key=lambda pair: pair[0])
    bins = [ordered[len(ordered) * b // BINS : len(ordered) * (b + 1) // BINS] for b in range(BINS)]
    lines = [
        "| first causes | mean confidence | right | 95 %, bootstrap | 95 %, Wilson | within |",
        "|---|---|---|---|---|---|",
    ]
    error = 0.0
    for found in bins:
        stated, right = fmean(c for c, _ in found), fmean(r for _, r in found)
        error += len(found) / len(ordered) * abs(stated - right)
        rates = sorted(
            fmean(draw.choices([r for _, r in found], k=len(found))) for _ in range(RESAMPLED)
        )
        low, high = rates[RESAMPLED // 40], rates[-RESAMPLED // 40]
        least, most = wilson(sum(r for _, r in found), len(found))
        cells = [
            f"{len(found)}",
            f"{stated:.2f}",
            f"{right:.2f}",
            f"{low:.2f} to {high:.2f}",
            f"{least:.2f} to {most:.2f}",
            "yes" if least <= stated <= most else "no",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"Expected calibration error {error:.3f}."])


def main() -> None:
    """Print weights, or the reliability table, which goes into RESULTS.md too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fit", "judge"))
    parser.add_argument("--confirm", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with ExitStack() as stack:
        if asked.what == "fit":
            cases = stack.enter_context(calibration())
            if not asked.confirm:
                cases = [untried(case) for case in cases]
            print(fit(cases, TRIED if asked.confirm else UNTRIED))
            return
        cases = all_cases(stack, "held-back", asked.confirm)
        found = reliability([(sure, right) for _, sure, right in judged(cases)])
    print(found)
    title = "Faults: the stated confidence and the hit rate" + (", --confirm" * asked.confirm)
    write_section(title, f"{EXPLAINED}\n{machine('torch')}\n\n{found}")


if __name__ == "__main__":
    main()
