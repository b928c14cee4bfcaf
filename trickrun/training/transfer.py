"""Starting from what was learned before: another run's weights, and a frozen prefix kept."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import nn

from trickrun.data.formats.paths import read_bytes
from trickrun.data.formats.tokens import RESERVED
from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.splits.source import DATA_FILE, Categories, SplitData, Task, task_in
from trickrun.errors import CompileError, DataError, RunFolderError
from trickrun.findings.words import counted
from trickrun.models._pretrained_stages import read_weights, some
from trickrun.nn.staged import Staged
from trickrun.recipe.schema import Recipe
from trickrun.training.checkpoint_file import check_file
from trickrun.training.device import pass_size
from trickrun.training.job import Job
from trickrun.tricks.ledger import LedgerEntry

CACHED_BYTES = 2**30
"""Features that are kept at most; the same on every machine, since it decides the last bits."""

EMBEDDING = "embedding.weight"
"""The tokens' vectors in a model that takes tokens, a row for each."""

CATEGORIES = "columns.embeddings.{}.weight"
"""The categories' vectors of the n-th column of categories, a row for each; the first is that of
the unknown one."""

HEAD = "head."
"""How the names of a model's last layer begin: the one that may be another in the new run."""


def learned_before(recipe: Recipe, model: nn.Module, folder: Path, task: Task) -> list[LedgerEntry]:
    """Load the weights of the run that the recipe continues from, if it names one; return the
    ledger's lines, of what a pretrained model keeps frozen too."""
    run = recipe.model.continues_from
    entries = [] if run is None else [continue_from(model, run, folder, task)]
    return entries + recipe.model.ledger_entries(model)


def can_stand_for(value: torch.Tensor, own: torch.Tensor) -> bool:
    """Whether a file's tensor has the shape of one of the network's, and numbers to be copied: one
    on the device ``meta`` has none."""
    return value.shape == own.shape and value.layout == own.layout and not value.is_meta


def continue_from(model: nn.Module, run: str, folder: Path, task: Task) -> LedgerEntry:
    """Load the weights of another run into ``model``, in place; return the ledger's line.

    Everything but the head must be there and fit. The head is taken over where it answers the same
    question. What belongs to a token goes with it, whatever its number was in the other run.

    Args:
        run: a run's folder, from the recipe's ``folder`` or the working folder, or its id.
        task: what the new run is to predict.

    Raises CompileError if there is no such run, or its network is another.
    """
    path = checkpoint(run, folder)
    own = model.state_dict()
    found = for_task(read_state(path), own, task_of(path.parent.parent), task)
    fits = {n: v for n, v in found.items() if n in own and can_stand_for(v, own[n])}
    wrong = [name for name in own if name not in fits and not name.startswith(HEAD)]
    if wrong or not fits:
        raise CompileError(
            f"the network of {path.parent.parent} is different: {some(wrong or own)} missing there "
            "or of another form",
            "model.init_from",
            "only the head may differ: take over the model section of that run's resolved.yaml",
        )
    model.load_state_dict({**own, **fits})
    new = [name for name in own if name not in fits]
    what = f"{counted(len(fits), 'tensor')} of {path.parent.parent.name}"
    return LedgerEntry(
        "model", "init_from", what + (f"; new: {some(new)}" if new else ""), len(fits)
    )


def task_of(run: Path) -> Task | None:
    """Return what a run predicts; None if its folder does not tell."""
    try:
        facts = json.loads(read_bytes(run / DATA_FILE))
        return task_in(facts) if isinstance(facts, dict) else None
    except (DataError, ValueError, RecursionError):
        return None


def for_task(
    found: dict[str, torch.Tensor], own: dict[str, torch.Tensor], before: Task | None, task: Task
) -> dict[str, torch.Tensor]:
    """Return the weights ``found`` in a run for the task ``before`` as those for ``task``.

    Args:
        own: the new network's weights, which tokens keep that the run did not know.

    Raises CompileError if the runs have no token in common.
    """
    if before is None:
        return found
    heads = {name for name in found if name.startswith(HEAD)}
    by_token = {EMBEDDING}
    if before.next_token and task.next_token:
        by_token |= heads  # each row is a token's score
    elif before.labels != task.labels:
        found = {name: value for name, value in found.items() if name not in heads}
    found = found | categories_for(found, own, before, task)
    if before.vocabulary == task.vocabulary or not (before.vocabulary and task.vocabulary):
        return found
    rows = shared_rows(before.vocabulary, task.vocabulary)
    renumbered = by_token & found.keys() & own.keys()
    return found | {name: with_rows(own[name], found[name], rows) for name in renumbered}


def categories_for(
    found: dict[str, torch.Tensor], own: dict[str, torch.Tensor], before: Task, task: Task
) -> dict[str, torch.Tensor]:
    """Return the vectors of the categories of ``task`` as another run learned them; those that it
    did not know begin as its unknown one.

    Raises CompileError if it had other columns of categories.
    """
    ours, theirs = embedded(task), embedded(before)
    if [each.column for each in ours] != [each.column for each in theirs]:
        names = ", ".join(each.column for each in theirs) or "none"
        raise CompileError(
            f"that run has other columns of categories: {names}",
            "model.init_from",
            "give the data section of that run's resolved.yaml the new path",
        )
    made = {}
    for number, (old, new) in enumerate(zip(theirs, ours, strict=True)):
        name = CATEGORIES.format(number)
        if name in found and name in own:
            rows = {text: row for row, text in enumerate(old.known, start=1)}
            made[name] = found[name][[0, *(rows.get(text, 0) for text in new.known)]]
    return made


def embedded(task: Task) -> list[Categories]:
    """Return the columns of categories that hold their numbers."""
    return [each for each in task.categories if each.column in task.features]


def shared_rows(before: Sequence[str], now: Sequence[str]) -> dict[int, int]:
    """Return the number of each token that both vocabularies have: now, and before.

    Raises CompileError if only the reserved tokens are in both.
    """
    places = {token: place for place, token in enumerate(before)}
    rows = {place: places[token] for place, token in enumerate(now) if token in places}
    if len(rows) <= len(RESERVED):
        raise CompileError(
            "that run knows none of these tokens",
            "model.init_from",
            "cut both texts into the same tokens: data.tokens: char, or word",
        )
    return rows


def with_rows(own: torch.Tensor, found: torch.Tensor, rows: dict[int, int]) -> torch.Tensor:
    """Return ``own`` [tokens, ...] with the rows of ``found`` whose numbers ``rows`` has.

    Where the widths differ it is ``found``, which does not fit and is told of as such.
    """
    if own.shape[1:] != found.shape[1:]:
        return found
    made = own.clone()
    made[list(rows)] = found[list(rows.values())].to(made)
    return made


def checkpoint(run: str, folder: Path) -> Path:
    """Return the file of the best weights of ``run``, or of its last ones if it kept no best."""
    root = Path(os.environ.get("TRICKRUN_RUNS") or "runs")
    places = [folder / run, Path(run), root / run, *(name / run for name in sorted(root.glob("*")))]
    for place in places:
        for name in ("best.pt", "last.pt"):
            if (place / "checkpoints" / name).is_file():
                return place / "checkpoints" / name
    raise CompileError(
        f"there is no run {run!r} with weights",
        "model.init_from",
        f"give a run's folder or id; `trickrun runs` lists those in {root}",
    )


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Return the model's state in a run's checkpoint. Raises CompileError if it is damaged."""
    try:
        check_file(path)
        return read_weights(path)
    except RunFolderError as error:
        raise CompileError(f"{path}: {error.message}", "model.init_from") from error
    except CompileError as error:
        raise CompileError(error.message, "model.init_from") from error


def new_layers(model: nn.Module) -> nn.Module:
    """Return the part of ``model`` that is to be initialized: of a pretrained one the head."""
    return (
        nn.ModuleDict({"head": model.get_submodule("head")}) if isinstance(model, Staged) else model
    )


def begins_learned(recipe: Recipe) -> bool:
    """Return whether training begins with weights that were learned before."""
    return recipe.model.learned is True or recipe.model.continues_from is not None


def check_parts(recipe: Recipe) -> None:
    """Raise CompileError for what would undo, or has no place in, weights that were learned."""
    if begins_learned(recipe) and recipe.init.kind_name == "lsuv":
        raise CompileError(
            "lsuv would rescale weights that were learned before", "init", "use init: auto"
        )
    kind = recipe.model.kind_name
    if recipe.model.has_own_normalization and recipe.normalization.kind_name != "none":
        raise CompileError(
            f"a {kind} network has its own normalization, and no place for another",
            "normalization",
            "set it to none",
        )


def with_cached_prefix(job: Job) -> Job:
    """Return ``job`` with, in place of its samples, what its model's frozen stages make of them.

    Then a step begins where training does. The job is returned as it is if there are no frozen
    stages, if something random precedes them, or if their outputs take too much memory.
    """
    model = job.model
    if not isinstance(model, Staged) or model.frozen_shape is None:
        return job
    if job.augmentations or job.settings.mixing or not job.settings.cache_frozen:
        return job
    parts = {"train": job.data.train, "val": job.data.val}
    samples = sum(len(part) for part in parts.values() if part is not None)
    if samples * prod(model.frozen_shape) * job.dtype.itemsize > CACHED_BYTES:
        return job
    changes: dict[str, Any] = {
        name: SplitData(features(job, model, part.x), part.y, part.w)
        for name, part in parts.items()
        if part is not None
    }
    # Training looks at no test sample, and none may pass for a feature.
    found = replace(job.data, **changes, test=None, scaler=Scaler(), files=None)
    return replace(job, data=found)


def features(job: Job, model: Staged, x: torch.Tensor) -> torch.Tensor:
    """Return what the frozen stages make of a split's inputs ``x`` [N, *shape]."""
    with torch.no_grad(), job.autocast():
        parts = x.split(pass_size(job.device))
        made = [model.prefix(job.inputs(part)).to(job.dtype) for part in parts]
    return torch.cat(made)
