"""What a search writes down as it goes: its plan, its trials, and where each is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from trickrun.errors import RunFolderError
from trickrun.recipe.load import Loaded
from trickrun.run import files, records
from trickrun.run.check_folder import begin
from trickrun.run.find import every
from trickrun.run.folder import RunFolder
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.run.records import adapter
from trickrun.search.executors.choose import Layout, lay_out
from trickrun.search.plan import EVIDENCE, Plan, Trainings, is_coarse
from trickrun.search.trial import Trial, TrialResult

PLAN = "plan.json"
JOURNAL = "trials.jsonl"
FINGERPRINT = "data_fingerprint"
"""In a search's env.json: what changes when the data does."""


def new_search(
    planned: Trainings,
    loaded: Loaded,
    root: Path,
    command: list[str],
    contents: Mapping[str, str] | None = None,
) -> AbstractContextManager[RunFolder]:
    """Make the folder of a search, with what is needed to recognize it later, and lock it.

    Args:
        contents: further files, by name.
    """
    contents = {PLAN: files.to_json(planned.facts, indent=2) + "\n", **(contents or {})}
    facts = {FINGERPRINT: planned.fingerprint}
    return begin(loaded, planned.loaded, root, command, contents, facts)


def on_other_data(coarse: RunFolder, planned: Plan) -> bool:
    """Whether a fine search has other data than the coarse one that it starts from; no where that
    one does not tell, as those of older versions."""
    facts = coarse.facts()
    return FINGERPRINT in facts and facts[FINGERPRINT] != planned.fingerprint


def searches(root: Path, planned: Trainings) -> Iterator[RunFolder]:
    """Yield the folders of the same search, newest first."""
    facts = planned.facts
    for run in every(root, planned.loaded.recipe.name):
        if json_in(run, PLAN) == facts:
            yield run


def open_search(root: Path, planned: Trainings) -> RunFolder | None:
    """Return the newest of the same searches that has not ended and that nobody runs, or None."""
    for run in searches(root, planned):
        if not ended(run) and not run.busy:
            return run
    return None


def ended(run: RunFolder) -> bool:
    """Whether a search has been judged."""
    return (run.path / EVIDENCE).exists()


def newest_coarse(root: Path, loaded: Loaded) -> RunFolder:
    """Return the newest coarse search of this recipe in which a trial finished.

    Raises RunFolderError if there is none.
    """
    for run in every(root, loaded.recipe.name):
        if is_coarse(json_in(run, EVIDENCE)):
            return run
    raise RunFolderError(
        f"no finished coarse search of {loaded.recipe.name}",
        str(root),
        "run `trickrun grid coarse` first, or give grid.fine.space",
    )


def append(folder: RunFolder, result: TrialResult) -> None:
    """Write a trial's result as a line of the journal."""
    files.append(folder.path / JOURNAL, (files.to_json(result.as_json()) + "\n").encode())


def drop_cut_line(folder: RunFolder) -> None:
    """Cut the journal after its last whole line, so that the next one begins a line of its own."""
    path = folder.path / JOURNAL
    if path.exists():
        files.truncate(path, files.content_of(path).rfind(b"\n") + 1)


def journal(folder: RunFolder) -> list[TrialResult]:
    """Return the results in a search's journal; a line cut short by a crash is left out."""
    path = folder.path / JOURNAL
    if not path.exists():
        return []
    return list(parsed(files.content_of(path).split(b"\n")))


def parsed(lines: Sequence[bytes]) -> Iterator[TrialResult]:
    """Yield the result of each whole line."""
    for line in lines:
        try:
            yield adapter(TrialResult).validate_python(records.parse(line))
        except ValueError:
            continue  # it is damaged, or a crash cut it short; its trial is run again


def known_results(root: Path, planned: Trainings) -> dict[str, TrialResult]:
    """Return what searches of this recipe's name, those of checks too, know already of the trials,
    by their ids.

    Those have ended by their own doing. They may have been part of another space, and ranked by
    another metric: here they have the parameters and the metric of ``planned``.
    """
    trials = {trial.id: trial for trial in planned.trials}
    known: dict[str, TrialResult] = {}
    for run in every(root, planned.loaded.recipe.name, nested=True):
        for result in journal(run):
            if result.id in trials and result.id not in known:
                own = as_planned(result, trials[result.id], planned.metric)
                known |= {result.id: own} if own is not None else {}
    return known


def as_planned(result: TrialResult, trial: Trial, metric: str) -> TrialResult | None:
    """Return a result of another search as one of ``trial``, None if it does not say enough."""
    if result.status == "diverged":
        return replace(result, params=trial.params)
    if result.status != "finished" or result.values.get(metric) is None:
        return None
    if trial.detailed and result.details is None:
        return None
    details = result.details if trial.detailed else None
    value = result.values[metric]
    return replace(result, params=trial.params, metric=value, details=details)


def recorded_layout(
    folder: RunFolder, planned: Trainings, left: Sequence[Trial], pace: Pace = UNHURRIED
) -> Layout:
    """Return where the trials in ``left`` are trained: as chosen before the search was cut off, or
    chosen now and written down."""
    layout = known_layout(folder, planned)
    new = [trial for trial in left if trial.id not in layout.ids]
    if new:
        chosen = lay_out(new, planned.loaded.folder, pace)
        layout = Layout(layout.here + chosen.here, layout.workers + chosen.workers)
        folder.write_json(planned.layout_file, layout.as_json())
    return layout


def known_layout(folder: RunFolder, planned: Trainings) -> Layout:
    """Return the layout in a search's folder; one that cannot be read is as good as none: the
    trials that are left are laid out anew."""
    told = json_in(folder, planned.layout_file)
    try:
        records.checked(told, dict[Literal["here", "workers"], list[list[str]]])
        return Layout.from_json(told, planned.trials)
    except (ValueError, KeyError):
        return Layout()


def json_in(folder: RunFolder, name: str) -> dict[str, Any]:
    """Return what is in a file of a run folder; empty if it is not there, cannot be read, or is no
    object."""
    try:
        found = folder.read_json(name) if (folder.path / name).exists() else {}
    except RunFolderError:
        return {}
    return found if isinstance(found, dict) else {}
