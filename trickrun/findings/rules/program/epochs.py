"""What goes wrong at the borders of epochs, and in the workers that make the samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import fmean, median

from trickrun.findings.evidence.program import Program, as_location
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.program.courses import FELL, searches
from trickrun.findings.rules.program.steps import place_or

EPOCHS = 2
"""Epochs whose last gradients must be lost; own."""

MUCH = 0.1
"""Share of an epoch from which on lost gradients are a warning, not a remark; own."""

AGAIN = 3
"""Models of one line, each trained for one epoch, from which on that is no chance; own."""

NEARLY = 0.1
"""How much the steps of two epochs may differ; own."""


def last_part_dropped(program: Program) -> Iterator[Finding]:
    """TR116: accumulated gradients that an epoch ends with, and that the next one clears; traps:
    gradients that the next epoch goes on with, and epochs that end with a step."""
    per_step = max((site.per_step for site in program.backwards), default=1.0)
    for loader in program.loaders:
        if len(loader.dropped) < EPOCHS or not loader.trains or per_step < 2:
            continue
        left = fmean(loader.dropped)
        batches = program.passes / max(1, loader.epochs)
        share = left / max(batches, 1.0)
        grave: Severity = "warning" if share >= MUCH else "info"
        why = (
            f"Each epoch ends with about {left:.0f} of {batches:.0f} backward passes whose "
            "gradients are cleared at the beginning of the next one, before a step has used them."
        )
        advice = "step after the last batch of an epoch too, or drop these batches on purpose"
        place = program.main.place if program.main else loader.place
        yield Finding("TR116", "Last part of each epoch dropped", grave, 0.8,
                      place_or(place, "batches"), {"passes": left, "of": batches}, why,
                      location=as_location(place, advice))  # fmt: skip


def made_again(program: Program) -> Iterator[Finding]:
    """TR45: a model and its optimizer that are made again for each epoch, so that what was learned
    is lost; traps: a search, members of an ensemble or folds, which are trained for several epochs
    or have loaders of their own, and a loss that begins lower each time."""
    loaders = [one for one in program.loaders if one.trains]
    if len(loaders) != 1 or searches(program) or program.loaded or program.main is None:
        return
    lines = Counter(one.place for one in program.optimizers if one.steps and not one.again)
    for place, times in lines.items():
        if place is None or times < AGAIN or times != loaders[0].epochs:
            continue
        found = [one for one in program.optimizers if one.place == place]
        steps = [one.steps for one in found]
        if min(steps) < (1 - NEARLY) * max(steps):
            continue
        first = [
            loss
            for one in found
            for at, loss in zip(program.main.steps, program.main.losses, strict=True)
            if at == one.lr_steps[0] - 1
        ]
        if len(first) < AGAIN or median(first[1:]) < (1 - FELL) * first[0]:
            continue
        why = (
            f"{times} optimizers were made at this line, each for new weights, and each stepped "
            f"for one of {times} epochs. The loss begins at {median(first):.4g} in each of them: "
            "what an epoch has learned is lost in the next."
        )
        yield Finding("TR45", "Model made again", "warning", 0.75, str(place),
                      {"times": times}, why,
                      location=as_location(place, "make the model and its optimizer once, before "
                                           "the loop over the epochs"))  # fmt: skip


def same_in_each_worker(program: Program) -> Iterator[Finding]:
    """TR18: workers of a loader that draw the same random numbers, each and in each epoch; traps:
    generators that no sample is drawn with, and seeds that depend on the worker."""
    for loader in program.loaders:
        if not loader.alike or not loader.trains:
            continue
        if loader.alike == "generator":
            what = "a random generator of the data set, which is copied to each worker"
            advice = "use torch's, numpy's or random's own functions, which torch seeds for each "
            advice += "worker, or make the generator in worker_init_fn from torch.initial_seed()"
        else:
            what = "a seed that worker_init_fn sets to the same number in each worker"
            advice = "leave worker_init_fn out, or seed with torch.initial_seed() % 2**32 in it"
        why = (
            f"The samples are drawn with {what}: samples of different workers have the same random "
            "part, and each epoch repeats that of the last one, as its workers start again."
        )
        yield Finding("TR18", "The same augmentation in each worker", "warning", 0.8,
                      place_or(loader.place, "loader"), {"why": loader.alike}, why,
                      location=as_location(loader.place, advice))  # fmt: skip


RULES = (last_part_dropped, made_again, same_in_each_worker)
