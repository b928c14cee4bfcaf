"""Is the confidence of a first cause the share of the time that it is right?

    python -m benchmarks.faults.calibrate fit [--confirm]    # weights, from development
    python -m benchmarks.faults.calibrate judge [--confirm]  # reliability on held-back

Both replay stored diagnoses (replay.py) of both benchmarks that tried edits; without --confirm the
trainings are left out. A case is a diagnosis whose first
finding is an error; it is right if that names an accepted cause. A first error in a healthy program
is wrong.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from statistics import fmean

import torch

from benchmarks.faults.programs import SplitData
from benchmarks.faults.replay import BENCHMARKS, Case, replayed, untried
from benchmarks.faults.scoring import names_cause
from benchmarks.results import machine, write_section
from trickrun.checks.diagnosis.conclude import best_first, standpoint_of
from trickrun.findings.confidence import TRIED, UNTRIED, Standpoint, confidence

BINS = 5
RESAMPLED = 2000

EXPLAINED = """`python -m benchmarks.faults.calibrate judge`: first causes in the held-back halves
of both fault benchmarks, a false alarm counted as wrong. Weights were fitted on the development
halves."""


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


def fit(cases: Sequence[Case], names: Sequence[str]) -> dict[str, float]:
    """Return the weights of a ridge-penalized logistic regression."""
    from sklearn.linear_model import LogisticRegression

    seen = list(judged(cases))
    inputs = [[view.numbers[name] for name in names] for view, _, _ in seen]
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=1000)
    model.fit(inputs, [right for _, _, right in seen])
    print(f"{len(seen)} first errors, {fmean(right for _, _, right in seen):.1%} right")
    return {name: round(float(w), 2) for name, w in zip(names, model.coef_[0], strict=True)}


def reliability(seen: Sequence[tuple[float, bool]]) -> str:
    """Return the table of BINS bins of equal counts, with bootstrap intervals of the hit rate, and
    the expected calibration error."""
    draw = random.Random(0)
    # Equal confidences must not be sorted by what came of them.
    ordered = sorted(draw.sample(seen, len(seen)), key=lambda pair: pair[0])
    bins = [ordered[len(ordered) * b // BINS : len(ordered) * (b + 1) // BINS] for b in range(BINS)]
    lines = ["| first causes | mean confidence | right | 95 % |", "|---|---|---|---|"]
    error = 0.0
    for found in bins:
        stated, right = fmean(c for c, _ in found), fmean(r for _, r in found)
        error += len(found) / len(ordered) * abs(stated - right)
        rates = sorted(
            fmean(draw.choices([r for _, r in found], k=len(found))) for _ in range(RESAMPLED)
        )
        low, high = rates[RESAMPLED // 40], rates[-RESAMPLED // 40]
        lines.append(f"| {len(found)} | {stated:.2f} | {right:.2f} | {low:.2f} to {high:.2f} |")
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
            cases = all_cases(stack, "development", asked.confirm)
            print(fit(cases, list(TRIED if asked.confirm else UNTRIED)))
            return
        cases = all_cases(stack, "held-back", asked.confirm)
        found = reliability([(sure, right) for _, sure, right in judged(cases)])
    print(found)
    title = "Faults: the stated confidence and the hit rate" + (", --confirm" * asked.confirm)
    write_section(title, f"{EXPLAINED}\n{machine('torch')}\n\n{found}")


if __name__ == "__main__":
    main()
