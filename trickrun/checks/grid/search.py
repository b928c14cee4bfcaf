"""Steps 4 and 5: a coarse search over the recipe's space, and a fine one around its best trials.

A search lives in a run folder with a journal, ``trials.jsonl``, that gets a line as each trial
ends. A search that is begun again after a crash goes on in its folder, and a trial that any search
of this recipe name has finished is not trained again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from trickrun import files
from trickrun.checks.grid.analysis import best_first, importances
from trickrun.checks.grid.space import Space, edges, narrowed, sample
from trickrun.checks.verdict import Verdict, derive
from trickrun.diagnose.finding import Finding
from trickrun.engines.choose import Layout, lay_out, run_layout
from trickrun.engines.trial import Trial, TrialResult, make_trial
from trickrun.errors import RunFolderError, TrickrunError
from trickrun.recipe.grid import Grid, Range, Search
from trickrun.recipe.load import Loaded
from trickrun.run.folder import RunFolder, every
from trickrun.tricks.monitor import Monitor

Stage = Literal["coarse", "fine"]
Watch = Callable[[TrialResult, int, int], None]
"""Told of each result with the number of trials done and in all."""

JOURNAL = "trials.jsonl"
LAYOUT = "layout.json"
"""What is trained where: chosen by timing once, then kept."""
MATTERS = 0.1
"""Share of the explained variation from which on a best value at an edge is worth a finding."""
TOP_SHARE = 0.25
"""The share of coarse trials that the fine space is drawn around (at least three)."""


@dataclass(frozen=True)
class Plan:
    """A search before it runs.

    Args:
        loaded: the recipe with the search's epochs, which each trial changes further.
        space: recipe path to its range.
        trials: the points, with equal ones left out.
        rank: turns an evaluation's values into a number, lower is better.
    """

    stage: Stage
    loaded: Loaded
    space: Space
    search: Search
    metric: str
    rank: Monitor
    trials: tuple[Trial, ...]


def plan(loaded: Loaded, stage: Stage, coarse: RunFolder | None = None) -> Plan:
    """Return the search that the recipe asks for.

    Args:
        coarse: for fine: the finished coarse search that its space is derived from, unless the
            recipe gives one.

    Raises TrickrunError if a point of the space is no valid recipe.
    """
    grid = loaded.recipe.grid or Grid()
    search = grid.coarse if stage == "coarse" else grid.fine
    space = search.space or default_space(loaded, coarse)
    if not space:
        raise TrickrunError("the search has no space", f"grid.{stage}.space")
    length = {"train.epochs": search.epochs, "train.steps": None, "grid": None, "expect": None}
    if search.halving:
        length["train.eval_every"] = None  # each rung needs an evaluation, and it is after an epoch
    base = derive(loaded, length)
    trials = {}
    for point in sample(space, search):
        trial = make_trial(derive(base, point).tree, point, loaded.folder)
        trials[trial.id] = trial
    rank = Monitor(monitor=grid.metric, mode=grid.mode)
    return Plan(stage, base, space, search, grid.metric, rank, tuple(trials.values()))


def default_space(loaded: Loaded, coarse: RunFolder | None) -> Space:
    """Return the space of a search whose recipe gives none.

    Fine: around the coarse search's best trials. Coarse: the learning rate three decades wide
    around the recipe's, and the strength of each penalty and dropout that the recipe declares.
    """
    if coarse is not None:
        evidence = coarse.read_json("evidence.json")
        return {path: Range.model_validate(v) for path, v in evidence["next_space"].items()}
    recipe = loaded.recipe
    lr = recipe.optimizer.lr
    space = {"optimizer.lr": Range(log=(float(f"{lr / 30:.2g}"), float(f"{lr * 30:.2g}")))}
    if recipe.regularizers.dropout is not None:
        space["regularizers.dropout.p"] = Range(uniform=(0.0, 0.6))
    if recipe.regularizers.l2 is not None:
        space["regularizers.l2.lambda"] = Range(log=(1e-6, 1e-2))
    return space


def search(planned: Plan, folder: RunFolder, known: dict[str, TrialResult], watch: Watch) -> None:
    """Run the trials of ``planned`` that the journal in ``folder`` lacks, and journal them.

    Args:
        known: finished results of earlier searches by trial id, which are copied.
    """
    drop_cut_line(folder)
    results = {result.id: result for result in journal(folder) if result.status != "crashed"}
    reused = [known[t.id] for t in planned.trials if t.id in known and t.id not in results]
    left = [t for t in planned.trials if t.id not in results and t.id not in known]
    done = len(planned.trials) - len(left) - len(reused)
    layout = recorded_layout(folder, planned, left)
    new = run_layout(layout, planned.loaded.folder, planned.metric, {trial.id for trial in left})
    for result in chain(reused, new):
        files.append(folder.path / JOURNAL, (files.to_json(result.as_json()) + "\n").encode())
        done += 1
        watch(result, done, len(planned.trials))


def recorded_layout(folder: RunFolder, planned: Plan, left: Sequence[Trial]) -> Layout:
    """Return where the trials in ``left`` are trained: as chosen before the search was cut off, or
    chosen now and written down."""
    path = folder.path / LAYOUT
    layout = Layout.from_json(folder.read_json(LAYOUT) if path.exists() else {}, planned.trials)
    new = [trial for trial in left if trial.id not in layout.ids]
    if new:
        chosen = lay_out(new, planned.loaded.folder)
        layout = Layout(layout.here + chosen.here, layout.workers + chosen.workers)
        folder.write_json(LAYOUT, layout.as_json())
    return layout


def drop_cut_line(folder: RunFolder) -> None:
    """Cut the journal after its last whole line, so that the next one begins a line of its own."""
    path = folder.path / JOURNAL
    if path.exists():
        files.truncate(path, path.read_bytes().rfind(b"\n") + 1)


def journal(folder: RunFolder) -> list[TrialResult]:
    """Return the results in a search's journal; a line cut short by a crash is left out."""
    path = folder.path / JOURNAL
    if not path.exists():
        return []
    return list(parsed(path.read_bytes().split(b"\n")))


def parsed(lines: Sequence[bytes]) -> Iterator[TrialResult]:
    """Yield the result of each whole line."""
    for line in lines:
        try:
            yield TrialResult(**json.loads(line))
        except (ValueError, TypeError):
            continue  # a crash cut this line short; its trial is run again


def finished_trials(root: Path, name: str) -> dict[str, TrialResult]:
    """Return the trials that any search of recipe ``name`` has ended by their own doing, by id."""
    runs = (run for run in every(root) if run.name == name)
    return {r.id: r for run in runs for r in journal(run) if r.status in ("finished", "diverged")}


def open_search(root: Path, planned: Plan) -> RunFolder | None:
    """Return the newest search of the same trials that has not ended, or None."""
    ids, halving = sorted(trial.id for trial in planned.trials), planned.search.halving
    for run in every(root):
        if run.name != planned.loaded.recipe.name or (run.path / "evidence.json").exists():
            continue
        if (run.path / "plan.json").exists():
            begun = run.read_json("plan.json")
            if (begun["trials"], begun.get("halving", False)) == (ids, halving):
                return run
    return None


def newest_coarse(root: Path, loaded: Loaded) -> RunFolder:
    """Return the newest finished coarse search of this recipe.

    Raises RunFolderError if there is none.
    """
    for run in every(root):
        if run.name == loaded.recipe.name and (run.path / JOURNAL).exists():
            evidence = run.path / "evidence.json"
            if evidence.exists() and run.read_json("evidence.json")["stage"] == "coarse":
                return run
    raise RunFolderError(
        f"no finished coarse search of {loaded.recipe.name}",
        str(root),
        "run `trickrun grid coarse` first, or give grid.fine.space",
    )


def judge(planned: Plan, results: Sequence[TrialResult]) -> Verdict:
    """Return the verdict of a search: what was best, what mattered, where to look next."""
    ranked = best_first(results, planned.rank, planned.metric)
    finished = [result for result in ranked if result.status == "finished"]
    compared = [result for result in ranked if result.metric is not None]
    result: dict[str, Any] = {
        "engine": "+".join(sorted({r.engine for r in results})),
        "stage": planned.stage,
        "metric": planned.metric,
        "space": {p: r.model_dump(exclude_none=True) for p, r in planned.space.items()},
        "trials": [r.as_json() for r in ranked],
        "best": None,
        "edges": [],
        "next_space": {},
        "importance": {},
    }
    if not finished:
        reasons = "; ".join(sorted({r.reason for r in ranked})[:3])
        return Verdict("fail", result, (), f"no trial of {len(ranked)} finished: {reasons}")
    best = finished[0]
    top = compared[: max(3, round(TOP_SHARE * len(compared)))]
    next_space = narrowed(planned.space, [r.params for r in top])
    at_edge = edges(planned.space, best.params)
    importance = importances(planned.space, compared)
    result |= {
        "best": {"id": best.id, "params": best.params, "metric": best.metric},
        "edges": at_edge,
        "next_space": {p: r.model_dump(exclude_none=True) for p, r in next_space.items()},
        "importance": importance,
    }
    # Where a parameter hardly matters, its best value lies anywhere, also at an edge.
    matter = [edge for edge in at_edge if importance.get(edge["path"], 1.0) >= MATTERS]
    findings = tuple(edge_finding(edge, best, planned) for edge in matter)
    stopped = len(compared) - len(finished)
    summary = (
        f"best {planned.metric} {best.metric:.4g} of {len(finished)} finished trials"
        + (f", {stopped} stopped early" if stopped else "")
        + f" ({len(ranked) - len(compared)} did not finish)"
    )
    return Verdict("warn" if findings else "pass", result, findings, summary)


def edge_finding(edge: dict[str, Any], best: TrialResult, planned: Plan) -> Finding:
    """Return the finding that the best value sits at the end of its range."""
    return Finding(
        code="TR37",
        name=f"best value at the {edge['side']} edge of its range",
        severity="warning",
        confidence=0.7,
        where=edge["path"],
        evidence={**edge, "range": planned.space[edge["path"]].model_dump(exclude_none=True)},
        why=(
            f"The best trial has {edge['path']} = {edge['value']:g}, within a tenth of the range's "
            f"{edge['side']} end, so a better value may lie beyond it. The fine search looks there."
        ),
    )
