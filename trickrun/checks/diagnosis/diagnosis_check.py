"""`diagnose`: what is wrong with a recipe, and the edit that mends it, proved by trying it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trickrun.checks.diagnosis.candidates import candidates
from trickrun.checks.diagnosis.conclude import conclude, standing_of, verdict_of
from trickrun.checks.diagnosis.confirm import try_edits
from trickrun.checks.diagnosis.elsewhere import learned_elsewhere
from trickrun.checks.diagnosis.gather import Evidence, add_run, gather
from trickrun.checks.diagnosis.proxy_run import TRAININGS, ProxyRun, shorten
from trickrun.checks.diagnosis.trainings import Trainings, Tried
from trickrun.errors import NoGradient, NothingToTrain
from trickrun.findings.finding import Finding
from trickrun.findings.rules.user_code.loss import no_gradient
from trickrun.findings.rules.user_code.network import nothing_to_train
from trickrun.findings.stories import merged
from trickrun.findings.verdict import Verdict
from trickrun.models import Model
from trickrun.models.python import PythonModel
from trickrun.recipe.load import Loaded
from trickrun.run.folder import RunFolder
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.search.executors.choose import one_thread

SMALL, SLOW = 60.0, 150.0
"""Seconds for a recipe whose TRAININGS short trainings take less than the first, and for others."""


LOOKING = 0.5
"""Share of the time that the evidence may take where edits are tried too."""


def diagnose(
    loaded: Loaded,
    confirm: bool = False,
    pace: Pace = UNHURRIED,
    run: RunFolder | None = None,
    runs: Path | None = None,
) -> tuple[Verdict, Loaded]:
    """Find out why a recipe trains badly, if it does.

    Args:
        confirm: train briefly with each suggested edit, and keep what helps.
        pace: of the whole diagnosis; one without a limit gets that which suits the recipe.
        run: an earlier training of the recipe, whose curves and score count as well.
        runs: where earlier runs are: what one has learned from the same data can be learned.

    Returns:
        The verdict, and the short recipe that all trainings start from.

    Raises:
        TrickrunError: the recipe cannot become a job.
        OutOfTime: there is no time for any part of the evidence.
    """
    if pace.over():
        raise pace.too_short()
    started = pace.clock()
    with one_thread():
        try:
            with pace.phase("reading the data"):
                proxy = shorten(loaded)
        except (NothingToTrain, NoGradient) as error:
            found = [cannot_train(error, loaded.recipe.model)]
            return verdict_of(found, Evidence(), None, {}), loaded
        if not pace.limited:
            pace = pace.until(started + usual_budget(proxy))
        evidence = gather(proxy, not confirm, pace.share(LOOKING if confirm else 1.0))
        if evidence.unknown:
            raise pace.too_short()
        if run is not None:
            add_run(evidence, run, proxy)
    tried: Tried | None = None
    trainings: Trainings | None = None
    if confirm:
        trainings = Trainings(proxy, pace)
        with pace.phase("trying edits"):
            tried = edits_tried(proxy, evidence, trainings)
    if runs is not None and standing_of(proxy, evidence, tried).hopeless:
        with pace.phase("what other runs learned"):
            evidence.elsewhere = learned_elsewhere(proxy, runs)
    series: dict[str, Any] = {"evidence": evidence.as_json()}
    if trainings is not None:
        series["trainings"] = trainings.as_json()
    findings = merged(conclude(proxy, evidence, tried), evidence.known, in_order=True)
    return verdict_of(findings, evidence, tried, series), proxy.recipe


def cannot_train(error: NothingToTrain | NoGradient, model: Model) -> Finding:
    """Return the finding for a network or a loss that allows no step at all."""
    if isinstance(error, NoGradient):
        return no_gradient(error.where, error.message, error.hint)
    where = model.target if isinstance(model, PythonModel) else error.where
    return nothing_to_train(where, error.message, error.hint)


def usual_budget(proxy: ProxyRun) -> float:
    """Return the seconds that a diagnosis may take if nobody says."""
    return SLOW if proxy.step_seconds * proxy.steps * TRAININGS > SMALL / 2 else SMALL


def edits_tried(proxy: ProxyRun, evidence: Evidence, trainings: Trainings) -> Tried:
    """Return what training with edits shows."""
    probe = evidence.probe
    input_std = probe.signal.input_std if probe and probe.signal else 1.0
    gap = probe.train - probe.val if probe else 0.0
    found = candidates(proxy, evidence.weighed, input_std, gap)
    reachable = max(evidence.reference.values(), default=0.0)
    return try_edits(trainings, found, reachable, evidence.weighed)
