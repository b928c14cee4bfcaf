"""Do the field's claims hold here? With and without, over seeds; writes docs/claims.md.

    python -m benchmarks.claims                 # all claims
    python -m benchmarks.claims dropout rms-norm
    python -m benchmarks.claims --pictures      # the pictures alone
    python -m benchmarks.claims --page          # the page again, from the figures that are there

Every claim has a recipe under recipes/claims/ that ``trickrun train`` takes too. The figures are
kept in benchmarks/claims.json, so that a part can be measured again without the rest.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shlex
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.claimed import (
    init,
    normalization,
    optimization,
    regularization,
    sequences,
    tables,
    transfer,
)
from benchmarks.claimed.claim import Claim
from benchmarks.claimed.pictures import PICTURES, Picture, draw
from benchmarks.results import machine
from trickrun.recipe.load import load
from trickrun.search.winners import interval

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "recipes" / "claims"
FIGURES = ROOT / "benchmarks" / "claims.json"
PAGE = ROOT / "docs" / "claims.md"
DRAWN = ROOT / "docs" / "pictures" / "claims"

CLAIMS = {
    claim.name: claim
    for part in (init, normalization, regularization, optimization, sequences, tables, transfer)
    for claim in part.CLAIMS
}


def measured(name: str, arm: str, seed: int) -> tuple[float, float]:
    """Return the figure of one arm of a claim with one seed, and the seconds that it took."""
    import torch

    from trickrun.training.compile import compile_recipe

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    claim = CLAIMS[name]
    changes = [*claim.arms[arm], f"seed={seed}", f"data.split.seed={seed}", "train.device=cpu"]
    loaded = load(RECIPES / f"{name}.yaml", changes)
    started = time.monotonic()
    figure = claim.measure(compile_recipe(loaded.recipe, loaded.folder))
    return figure, time.monotonic() - started


def figures_of(claim: Claim, pool: ProcessPoolExecutor, seeds: int) -> dict[str, Any]:
    """Measure a claim; return its figures, its verdict and its seconds as plain data."""
    waiting = {
        arm: [pool.submit(measured, claim.name, arm, seed) for seed in range(seeds)]
        for arm in claim.arms
    }
    done = {arm: [job.result() for job in jobs] for arm, jobs in waiting.items()}
    figures = {arm: [figure for figure, _ in rows] for arm, rows in done.items()}
    held, words = claim.judge(figures)
    seconds = sum(second for rows in done.values() for _, second in rows)
    return {"figures": figures, "held": held, "words": words, "seconds": round(seconds, 1)}


def draw_all() -> None:
    """Train the arms of every picture with seed 0 and draw it."""
    from trickrun.training.compile import compile_recipe

    DRAWN.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        jobs = {}
        for arm, changes in picture.arms.items():
            loaded = load(RECIPES / f"{picture.name}.yaml", [*changes, "train.device=cpu"])
            jobs[arm] = compile_recipe(loaded.recipe, loaded.folder)
        (DRAWN / f"{picture.name}.svg").write_text(draw(picture, jobs), encoding="utf-8")


def page(found: dict[str, Any]) -> str:
    """Return docs/claims.md."""
    known = [claim for claim in CLAIMS.values() if claim.name in found["claims"]]
    held = sum(found["claims"][claim.name]["held"] for claim in known)
    head = (
        "# Claims of the field, tested\n\n"
        "Each claim has a recipe and arms that differ in what is claimed. An arm trains with "
        "several seeds, each of which also makes its own split. *Held* means that the 95 % "
        "confidence interval of the mean paired difference excludes 0 on the claimed side (or, for "
        '"alike", lies whole within the stated bound); everything else *did not hold here*, which '
        "says as much about the size of the test as about the claim.\n\n"
        f"{held} of {len(known)} held. Measured on {found['machine']}; written by "
        "`python -m benchmarks.claims`.\n"
    )
    sections = [section(claim, found["claims"][claim.name]) for claim in known]
    return head + "".join(sections) + "\n# Pictures\n" + "".join(map(shown, PICTURES))


def section(claim: Claim, result: dict[str, Any]) -> str:
    """Return a claim's part of the page."""
    verdict = "held" if result["held"] else "did not hold here"
    rows = "".join(
        f"| {arm} | {summary(values)} | {overrides(claim.arms[arm])} |\n"
        for arm, values in result["figures"].items()
    )
    count = len(next(iter(result["figures"].values())))
    limits = f"\nLimits: {claim.limits}\n" if claim.limits else ""
    return (
        f"\n## {claim.name}: {verdict}\n\n{claim.statement}\n\n"
        f"Source: {claim.source}. Recipe: [recipes/claims/{claim.name}.yaml]"
        f"(../recipes/claims/{claim.name}.yaml), {count} seeds, {result['seconds']:.0f} s of "
        "computing.\n\n"
        f"| arm | {claim.figure} | overrides |\n| --- | --- | --- |\n{rows}\n"
        f"{result['words']}.\n{limits}"
    )


def shown(picture: Picture) -> str:
    """Return a picture's part of the page."""
    arms = "; ".join(f"{arm}: {overrides(changes)}" for arm, changes in picture.arms.items())
    return (
        f"\n## {picture.name}\n\n{picture.statement}\n\n"
        f"![{picture.name}](pictures/claims/{picture.name}.svg)\n\n"
        f"Source: {picture.source}. Recipe: [recipes/claims/{picture.name}.yaml]"
        f"(../recipes/claims/{picture.name}.yaml), seed 0; {arms}.\n"
    )


def summary(values: list[float]) -> str:
    """Return the mean and its 95 % interval, or how many runs diverged."""
    bad = sum(abs(value) == float("inf") for value in values)
    if bad:
        return f"{bad} of {len(values)} diverged"
    low, high = interval(values)
    return f"{statistics.fmean(values):.4g} ({low:.4g} to {high:.4g})"


def overrides(changes: Sequence[str]) -> str:
    """Return an arm's overrides as they are typed."""
    words = " ".join(shlex.quote(change) for change in changes)
    return f"`{words}`" if words else "as it is"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help="all if none is named")
    parser.add_argument("--page", action="store_true", help="write the page, measure nothing")
    parser.add_argument("--pictures", action="store_true", help="draw them, measure nothing")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    options = parser.parse_args()
    unknown = set(options.claims) - set(CLAIMS)
    if unknown:
        parser.error(f"no such claim: {', '.join(sorted(unknown))}; there are {', '.join(CLAIMS)}")
    found = json.loads(FIGURES.read_text()) if FIGURES.exists() else {"claims": {}}
    if options.pictures or not (options.claims or options.page):
        draw_all()
    if not (options.page or options.pictures):
        found["machine"] = machine("torch")
        context = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
            for name in options.claims or CLAIMS:
                result = figures_of(CLAIMS[name], pool, CLAIMS[name].seeds)
                found["claims"][name] = result
                print(
                    f"{name}: {'held' if result['held'] else 'DID NOT HOLD'} ({result['words']}) "
                    f"{result['seconds']} s",
                    flush=True,
                )
                FIGURES.write_text(json.dumps(found, indent=1) + "\n")
    if found["claims"]:
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
