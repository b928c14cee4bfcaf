"""The evidence record: everything that the checks can tell about a recipe in little time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from trickrun.checks.curves.evidence import read_curves
from trickrun.checks.data_look import measure
from trickrun.checks.diagnosis.alignment import pairings
from trickrun.checks.diagnosis.label_noise import in_the_file, label_noise, with_network
from trickrun.checks.diagnosis.optimizer_look import look_at_optimizer
from trickrun.checks.diagnosis.probe import Probe, probe, skill_unfrozen
from trickrun.checks.diagnosis.proxy_run import RANGE, ProxyRun
from trickrun.checks.diagnosis.reference import reference
from trickrun.checks.diagnosis.skill import standard_error
from trickrun.checks.diagnosis.user_code_look import look_at_loss, look_at_step
from trickrun.checks.grad_check.gradient_check import grad_check
from trickrun.checks.initial_loss.initial_loss_check import initial_loss
from trickrun.checks.lr_find.lr_find_check import lr_find
from trickrun.checks.overfit_batch.findings import unexplained
from trickrun.checks.overfit_batch.overfit_batch_check import one_batch, overfit_batch
from trickrun.checks.overfit_batch.search import Search
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.data.splits.prepare import prepare
from trickrun.errors import OutOfTime, TrickrunError
from trickrun.findings import static
from trickrun.findings.faults import CATALOGUE
from trickrun.findings.finding import Finding
from trickrun.findings.rules.curves import shapes
from trickrun.findings.rules.curves.shapes import judge
from trickrun.findings.rules.data.alignment import POOR, misplaced_targets, sorted_alone
from trickrun.findings.rules.data.label_noise import corrupted_labels
from trickrun.findings.rules.signal import signal
from trickrun.findings.rules.user_code.loss import loss_findings
from trickrun.findings.rules.user_code.network import (
    HELD_BACK,
    MOSTLY,
    EvaluationBehaviour,
    network_findings,
)
from trickrun.findings.rules.user_code.optimizer import optimizer_findings
from trickrun.findings.rules.user_code.step import step_findings
from trickrun.findings.verdict import Verdict
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import Loaded, load
from trickrun.run.folder import RunFolder
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.training.compile import compile_to_measure


def recipe_of(run: RunFolder) -> Loaded:
    """Return the recipe of a run, placed where its relative paths start.

    Raises TrickrunError if the run's files cannot be read.
    """
    loaded = load(run.path / "resolved.yaml")
    return replace(loaded, path=Path(run.facts()["recipe_folder"]) / "recipe.yaml")


def add_run(evidence: Evidence, run: RunFolder, proxy: ProxyRun) -> None:
    """Add a run's curves and its best score, which tell more than a short training does.

    Raises RunFolderError if its files cannot be read, or it has trained nothing yet.
    """
    curves = read_curves(run)
    evidence.parts["run"] = asdict(curves)
    evidence.findings += judge(curves)
    best = [record for record in run.metrics() if record["kind"] == "epoch" and record["best"]]
    if best and not curves.non_finite:
        value = best[-1].get(f"val_{proxy.metric}")
        evidence.trained = proxy.skill(value) if value is not None else None


VERSION = 1
"""Of the evidence record's form; a part that is left out does not change it."""

SEEDS, BATCH, BATCH_STEPS = 2, 32, 500
"""The steps' sizes here: a fraction of what their own commands spend, but for the batch, which is
fitted long before or not at all: fewer steps would call a slow recipe a faulty one."""

TRIED_ON_BATCH = 10
"""How many times the first such training the search for what blocks it takes, about."""

LOOK_STEPS = 40
"""Steps that the looks at a user's own code take the time of, about."""

WORDS = {
    "static": "the recipe and its data",
    "reference": "learners without a training loop",
    "labels": "the labels",
    "training": "a short training",
    "pairing": "whether inputs and targets fit together",
    "user_step": "your training step",
    "user_loss": "your loss",
    "user_optimizer": "your optimizer",
    "grad_check": "the gradients",
    "initial_loss": "the loss before training",
    "overfit_batch": "whether one batch can be fitted",
    "lr_find": "the learning rate",
}
"""What each part looks at."""


@dataclass
class Evidence:
    """What was measured, as plain data, and what the rules make of it.

    Args:
        parts: by name; a part that failed is missing.
        failed: why parts are missing, by name; ``left_out`` names those that had no time.
        findings: of all parts; ``weighed`` has those that count.
        known: those among them that recipe and data show before any training.
        probe: the short training, if it could be run.
        reference: each learner's skill; see reference.py.
        seconds: what each part took.
        trained: skill of an earlier training of the whole length, if there was one.
        elsewhere: the best skill of other runs on the same data, if they were asked.
    """

    parts: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    known: list[Finding] = field(default_factory=list)
    probe: Probe | None = None
    reference: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    trained: float | None = None
    elsewhere: float | None = None
    left_out: list[str] = field(default_factory=list)

    def take(self, name: str, verdict: Verdict) -> None:
        """Add a check's verdict."""
        self.parts[name] = {"verdict": verdict.verdict, **verdict.result}
        self.findings += verdict.findings

    @property
    def weighed(self) -> list[Finding]:
        """The findings that take part in the diagnosis."""
        return [f for f in self.findings if CATALOGUE[f.code].takes_part(f)]

    @property
    def unknown(self) -> bool:
        """Whether there was no time to measure anything."""
        return bool(self.left_out) and not (self.parts or self.reference or self.probe)

    def as_json(self) -> dict[str, Any]:
        """Return the evidence record as plain data."""
        return {
            "version": VERSION,
            **self.parts,
            "findings": [finding.as_json() for finding in self.findings],
            "known": [[finding.code, finding.where] for finding in self.known],
            "trained": self.trained,
            "elsewhere": self.elsewhere,
            "probe": self.probe.as_json() if self.probe else None,
            "reference": self.reference,
            "failed": self.failed,
            "part_seconds": self.seconds,
        }


@dataclass(frozen=True)
class Part:
    """One part of the evidence.

    Args:
        measure: what measures it.
        steps: training steps that it takes the time of.
        seconds: that it takes besides, as far as that is known.
    """

    measure: Callable[[], None]
    steps: float = 0.0
    seconds: float = 0.0


def gather(proxy: ProxyRun, thorough: bool, pace: Pace) -> Evidence:
    """Measure everything that can be measured; a part that fails stops no other.

    Args:
        thorough: whether to look for what blocks a batch that cannot be fitted. Trainings with
            edits tell more, so that this is for a diagnosis that makes none.
        pace: a part that is not expected to end in time is left out, or cut off, and named among
            those that failed.
    """
    found = Evidence()
    parts = parts_of(found, proxy, thorough, pace)
    with pace.phase("evidence", len(parts)) as moved:
        for done, (name, part) in enumerate(parts.items()):
            moved(done)
            with pace.phase(WORDS[name]):
                take_part(found, name, part, proxy.step_seconds, pace)
    return found


def take_part(found: Evidence, name: str, part: Part, step_seconds: float, pace: Pace) -> None:
    """Measure one part, or note why that failed."""
    started = time.perf_counter()
    try:
        pace.ask("", part.seconds + part.steps * step_seconds)
        part.measure()
    except OutOfTime as error:
        found.left_out.append(name)
        found.failed[name] = f"{error.message}; {error.hint}"
    except TrickrunError as error:
        found.failed[name] = str(error)
    except Exception as error:  # a user's code may raise anything, and the others go on
        found.failed[name] = f"{type(error).__name__}: {error}"
    found.seconds[name] = time.perf_counter() - started


def parts_of(found: Evidence, proxy: ProxyRun, thorough: bool, pace: Pace) -> dict[str, Part]:
    """Return the parts of the evidence by name, in order: what costs much comes late."""
    subject, recipe = RecipeSubject(proxy.recipe), proxy.loaded.recipe
    size = recipe.data.batch_size if isinstance(recipe.data.batch_size, int) else proxy.samples
    batch = BATCH_STEPS * min(1.0, BATCH / size)
    thorough = thorough and TRIED_ON_BATCH * batch * proxy.step_seconds < pace.left
    parts = {
        "static": Part(lambda: look_at_data(found, proxy), seconds=proxy.read_seconds),
        "reference": Part(lambda: found.reference.update(reference(proxy.data, proxy.metric))),
        "labels": Part(lambda: look_at_labels(found, proxy, pace)),
        "training": Part(lambda: look_at_training(found, proxy, pace), proxy.steps),
        "pairing": Part(lambda: look_at_pairing(found, proxy), seconds=proxy.read_seconds),
    }
    if recipe.train.step is not None:
        parts["user_step"] = Part(lambda: look_at_user_step(found, proxy), LOOK_STEPS)
    if recipe.loss.is_user_code:
        parts["user_loss"] = Part(lambda: look_at_user_loss(found, proxy))
    if recipe.optimizer.is_user_code:
        parts["user_optimizer"] = Part(lambda: look_at_user_optimizer(found, proxy), LOOK_STEPS)
    if recipe.model.is_user_code or recipe.loss.is_user_code:
        check = partial(grad_check, subject, pace=pace)
        parts["grad_check"] = Part(lambda: found.take("grad_check", check()[0]), LOOK_STEPS)
    first = partial(initial_loss, subject, SEEDS, pace)
    parts["initial_loss"] = Part(lambda: found.take("initial_loss", first()[0]))
    parts["overfit_batch"] = Part(lambda: look_at_batch(found, proxy, thorough, pace), batch)
    rate = partial(look_at_rate, found, subject, proxy.span.steps, pace)
    parts["lr_find"] = Part(rate, RANGE.steps)
    return parts


def look_at_data(found: Evidence, proxy: ProxyRun) -> None:
    """Judge the user's own recipe and all of its data, before any training."""
    recipe = proxy.loaded.recipe
    data = measure(recipe, prepare(recipe.data, proxy.loaded.folder))
    found.parts["data"] = asdict(data)
    found.known = static.findings(facts_of(recipe, data))
    found.findings += found.known


def look_at_labels(found: Evidence, proxy: ProxyRun, pace: Pace = UNHURRIED) -> None:
    """Judge the labels that the network trains on; those that it is scored on may be right."""
    noise = label_noise(proxy.data)
    if noise is not None:
        # Labels of the validation split that are right show how much is learned all the same.
        noise = replace(noise, skill=max([noise.skill, *found.reference.values()]))
        if corrupted_labels(noise):
            noise = in_the_file(proxy, with_network(proxy, noise, pace))
        found.parts["labels"] = asdict(noise)
        found.findings += corrupted_labels(noise)


def look_at_training(found: Evidence, proxy: ProxyRun, pace: Pace = UNHURRIED) -> None:
    """Train briefly, and judge layers and loss curve."""
    found.probe = probe(proxy, pace)
    if found.probe.signal is not None:
        found.findings += signal.findings(found.probe.signal)
    if found.probe.network is not None:
        network = with_all_trained(found.probe.network, found.probe.val, proxy, pace)
        found.probe = replace(found.probe, network=network)
        found.findings += network_findings(network)
    if found.probe.curves is not None:
        # A short training cannot tell whether the whole one is too short.
        bad = shapes.judge(found.probe.curves)
        found.findings += [f for f in bad if f.code in ("TR57", "TR60", "TR61")]


def with_all_trained(
    network: EvaluationBehaviour, skill: float, proxy: ProxyRun, pace: Pace
) -> EvaluationBehaviour:
    """Return the evidence with what training the frozen parameters too is worth, where most are
    frozen and the skill leaves room for it."""
    if network.frozen <= MOSTLY or skill > 1 - HELD_BACK:
        return network
    try:
        return replace(network, skill=skill, skill_unfrozen=skill_unfrozen(proxy, pace))
    except Exception:  # a user's code may rely on what it freezes
        return network


def look_at_pairing(found: Evidence, proxy: ProxyRun) -> None:
    """Move the user's targets against their rows, where nobody learns well from them in place."""
    data = proxy.loaded.recipe.data
    reached = [*found.reference.values(), *([found.probe.val] if found.probe else [])]
    # The reference says nothing of inputs that are no numbers, which nobody can compare here.
    if not (data.from_user and found.reference) or max(reached) > POOR:
        return
    looked = pairings(data.load(proxy.loaded.folder))
    found.parts["pairing"] = [asdict(each) for each in looked]
    best = max(reached)
    error = standard_error(best, proxy.data)
    for each in looked:
        moved = misplaced_targets(each, best)
        found.findings += moved or sorted_alone(each, best, error)


def look_at_user_step(found: Evidence, proxy: ProxyRun) -> None:
    """Look at what the user's own training step does with gradients."""
    job = compile_to_measure(proxy.recipe.recipe, proxy.recipe.folder, proxy.data)
    measured = look_at_step(job)
    found.parts["user_step"] = asdict(measured)
    found.findings += step_findings(measured)


def look_at_user_loss(found: Evidence, proxy: ProxyRun) -> None:
    """Look at what the user's own loss wants of predictions."""
    job = compile_to_measure(proxy.recipe.recipe, proxy.recipe.folder, proxy.data)
    measured = look_at_loss(job)
    found.parts["user_loss"] = asdict(measured)
    found.findings += loss_findings(measured)


def look_at_user_optimizer(found: Evidence, proxy: ProxyRun) -> None:
    """Look at what the user's own optimizer does with gradients."""
    job = compile_to_measure(proxy.recipe.recipe, proxy.recipe.folder, proxy.data)
    measured = look_at_optimizer(job)
    if measured is not None:
        found.parts["user_optimizer"] = asdict(measured)
        found.findings += optimizer_findings(measured)


def look_at_batch(found: Evidence, proxy: ProxyRun, thorough: bool, pace: Pace) -> None:
    """Try to fit one batch."""
    subject = RecipeSubject(proxy.loaded)
    if thorough:
        found.take("overfit_batch", overfit_batch(subject, BATCH, BATCH_STEPS, pace)[0])
        return
    search = Search(one_batch(subject, BATCH, BATCH_STEPS), BATCH_STEPS, pace=pace)
    fit = search.begin()
    found.parts["overfit_batch"] = {"fitted": fit.fitted, "steps": fit.steps, "loss": fit.loss}
    # A slow recipe that answers all of the batch right has no fault that keeps it from fitting.
    if not fit.fitted and fit.goal.learnable > 0 and fit.accuracy != 1.0:
        found.findings.append(unexplained(search.fits, search.base.alternatives()))


def look_at_rate(found: Evidence, subject: RecipeSubject, steps: int, pace: Pace) -> None:
    """Look for a learning rate for the length of the user's own run, which is what it is for; a
    test as short as this one proves nothing, and trainings do."""
    whole = subject.changed({"train.steps": steps})
    found.take("lr_find", lr_find(whole, RANGE, pace, proven=False)[0])
