"""Training the trials of a search, and writing down each as it ends.

A search lives in a run folder with a journal, ``trials.jsonl``, that gets a line as each trial
ends. A search that is begun again after a crash goes on in its folder, and a trial that any search
of this recipe name has finished is not trained again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import chain

from trickrun.run.folder import RunFolder
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.search.executors.choose import run_layout
from trickrun.search.journal import append, drop_cut_line, journal, recorded_layout
from trickrun.search.plan import Trainings
from trickrun.search.trial import TrialResult

OnResult = Callable[[TrialResult, int, int], None]
"""Told of each result with the number of trials done and in all."""


def search(
    planned: Trainings,
    folder: RunFolder,
    known: dict[str, TrialResult],
    on_result: OnResult,
    pace: Pace = UNHURRIED,
) -> None:
    """Run the trials of ``planned`` that the journal in ``folder`` lacks, and journal them.

    Args:
        known: results of earlier searches by trial id, which are copied.
        pace: when it is over the trials that are left are left out; going on trains them.
    """
    drop_cut_line(folder)
    results = {result.id: result for result in journal(folder) if result.status != "crashed"}
    reused = [known[t.id] for t in planned.trials if t.id in known and t.id not in results]
    left = [t for t in planned.trials if t.id not in results and t.id not in known]
    done = len(planned.trials) - len(left) - len(reused)
    layout = recorded_layout(folder, planned, left, pace)
    wanted = {trial.id for trial in left}
    # Closed at once if the journal cannot be written: the workers then stop.
    where, what = planned.loaded.folder, f"{planned.stage} search"
    running = run_layout(layout, where, planned.metric, wanted, what=what, pace=pace)
    with closing(running) as new:
        for result in chain(reused, new):
            append(folder, result)
            done += 1
            on_result(result, done, len(planned.trials))
