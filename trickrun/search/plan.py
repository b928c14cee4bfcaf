"""A search before it runs: its space and its trials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from trickrun.errors import RunFolderError, TrickrunError
from trickrun.recipe.grid import Grid, Range, Search
from trickrun.recipe.load import Loaded, derive
from trickrun.run import files
from trickrun.run.folder import RunFolder
from trickrun.search.space import Space, sample
from trickrun.search.trial import Trial, make_trial
from trickrun.tricks.monitor import Monitor

Stage = Literal["coarse", "fine"]
EVIDENCE = "evidence.json"
LAYOUT = "layout.json"
"""What is trained where: chosen by timing once, then kept."""


class Trainings(Protocol):
    """What of a plan its trainings need.

    Attributes:
        loaded: the recipe that lends its folder and its name.
        trials: what is trained.
        metric: the name of the value in an evaluation's record that a trial must come to.
        stage: what is being done, in a word.
        layout_file: where it is written down what is trained where.
        facts: what makes two plans the same, as JSON has it.
        fingerprint: what changes when the recipe's data does.
    """

    @property
    def loaded(self) -> Loaded: ...
    @property
    def trials(self) -> tuple[Trial, ...]: ...
    @property
    def metric(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def layout_file(self) -> str: ...
    @property
    def facts(self) -> dict[str, Any]: ...
    @property
    def fingerprint(self) -> Any: ...


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

    layout_file: ClassVar[str] = LAYOUT

    @property
    def fingerprint(self) -> Any:
        """What changes when the recipe's data does, as JSON has it."""
        data = self.loaded.recipe.data.fingerprint(self.loaded.folder)
        return json.loads(files.to_json(data))

    @property
    def facts(self) -> dict[str, Any]:
        """What makes two searches the same, as JSON has it."""
        facts = {
            "stage": self.stage,
            "space": {p: values.model_dump(exclude_none=True) for p, values in self.space.items()},
            "trials": sorted(trial.id for trial in self.trials),
            "metric": self.metric,
            "mode": self.rank.mode,
            "halving": self.search.halving,
        }
        known: dict[str, Any] = json.loads(files.to_json(facts))
        return known


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
        evidence = coarse.read_json(EVIDENCE) if (coarse.path / EVIDENCE).exists() else {}
        if not is_coarse(evidence):
            raise RunFolderError(
                "this is not a coarse search with a finished trial",
                str(coarse.path),
                "run `trickrun grid coarse` first, or give grid.fine.space",
            )
        with coarse.reading(EVIDENCE):
            return {path: Range.model_validate(v) for path, v in evidence["next_space"].items()}
    recipe = loaded.recipe
    lr = recipe.optimizer.lr
    space = {"optimizer.lr": Range(log=(float(f"{lr / 30:.2g}"), float(f"{lr * 30:.2g}")))}
    if recipe.regularizers.dropout is not None:
        space["regularizers.dropout.p"] = Range(uniform=(0.0, 0.6))
    if recipe.regularizers.l2 is not None:
        space["regularizers.l2.lambda"] = Range(log=(1e-6, 1e-2))
    return space


def is_coarse(evidence: Mapping[str, Any]) -> bool:
    """Whether a run folder's evidence is a coarse search's, with a space for the fine one."""
    return evidence.get("stage") == "coarse" and bool(evidence.get("next_space"))
