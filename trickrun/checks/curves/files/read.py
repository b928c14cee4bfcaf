"""Step 6 of another tool's log: its evaluations as curves, and what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby, pairwise
from math import inf
from pathlib import Path
from statistics import fmean

from trickrun.checks.curves.curves_check import sentence, smooth
from trickrun.checks.curves.files.events import is_event_log, read_events
from trickrun.checks.curves.files.logged import Column, Logged, is_finite, read_logged
from trickrun.checks.curves.files.naming import Names, name_columns
from trickrun.errors import DataError
from trickrun.findings.evidence.curves import Curves, Setting, floor_seen
from trickrun.findings.finding import Finding
from trickrun.findings.rank import gravest
from trickrun.findings.rules.curves.shapes import SHAPES, judge
from trickrun.findings.verdict import Verdict

MOST = 1000
"""Evaluations that are judged one by one; of more, the means of neighbors are."""

UNKNOWN = Setting(lr=1.0, schedule="", length=1, length_path="", keeps_best=False, known=False)
"""What is known of a recipe where there is none."""

CONSTANT = (1.0,)
"""The learning rate of an evaluation where it was not logged: only its course matters."""

ADVICE = {
    "TR60": "Lower the learning rate, to a tenth to begin with, or clip the gradients.",
    "TR61": "Check the learning rate, the init and that the loss reaches all weights.",
    "TR36": "Raise the learning rate, tenfold to begin with.",
    "TR57": "Lower the learning rate to a third, or let a schedule bring it down.",
    "TR51": "Regularize (dropout, weight decay, augmentation), or end there.",
    "TR56": "Regularize more (dropout, weight decay, augmentation), or end there.",
    "TR55": "Train about twice as long.",
    "TR66": "Train longer, or log more often.",
}
"""What to change, in words: there is no recipe to edit."""

PLACES = {
    "optimizer.lr": "learning rate",
    "optimizer.schedule": "learning rate",
    "regularizers": "regularization",
    "model": "network",
    "data.split": "validation data",
    "train": "training",
    "": "length",
}
"""What a finding is about, for people without a recipe."""


@dataclass(frozen=True)
class Row:
    """One evaluation, from one or more rows of a log."""

    epoch: float
    step: float
    train: float | None
    val: float | None
    accuracy: float | None
    lr: float | None


def read_files(files: Sequence[Path], given: Mapping[str, str]) -> Verdict:
    """Judge the curves of logs, each by itself.

    Args:
        given: the columns that are said, by role.

    Raises DataError if one cannot be read, or has no loss.
    """
    found = [one_file(file, given) for file in files]
    curves = [one for one, _, _ in found]
    each = [[in_words(finding) for finding in judge(one)] for one in curves]
    names = [file.name for file in files] if len(files) > 1 else [""]
    told = [
        replace(finding, where=f"{finding.where} of {name}") if name else finding
        for name, findings in zip(names, each, strict=True)
        for finding in findings
    ]
    runs = [
        {
            "run": str(file),
            "name": name,
            "path": str(file),
            "shape": SHAPES[findings[0].code],
            "shapes": [SHAPES[finding.code] for finding in findings],
            "best_epoch": one.best_epoch,
            "columns": {role: column for role, column in asdict(roles).items() if column},
            "notes": notes,
        }
        for file, name, findings, (one, roles, notes) in zip(files, names, each, found, strict=True)
    ]
    worst = gravest(told)
    return Verdict(
        "fail" if worst == "error" else "warn" if worst == "warning" else "pass",
        {"runs": runs},
        tuple(told),
        sentence(curves, names, each),
        {
            "curves": [
                asdict(one) | {"name": name, "smoothed": smooth(one)}
                for one, name in zip(curves, names, strict=True)
            ],
            "steps": [steps_of(one, roles) for one, roles, _ in found],
        },
    )


def one_file(path: Path, given: Mapping[str, str]) -> tuple[Curves, Names, list[str]]:
    """Return the curves of a log, the columns that they are, and what people should know.

    Raises DataError.
    """
    logged = read_events(path) if is_event_log(path) else read_logged(path)
    names = name_columns(logged, given)
    check_order(logged, names)
    notes = list(logged.notes)
    rows = evaluations(logged, names)
    if len(rows) > MOST:
        notes.append(f"{len(rows)} evaluations are judged as the means of {MOST} neighborhoods")
        rows = merged_rows(rows)
    if not names.epoch:
        notes.append("it tells no epochs: an epoch here is an evaluation")
    curves, left_out = curves_of(path, rows, names)
    return curves, names, [*notes, *left_out]


def check_order(logged: Logged, names: Names) -> None:
    """Raise DataError if epochs or steps go back, as where two runs are in one log."""
    for name in (names.epoch, names.step):
        known = [
            (place, value)
            for place, value in zip(logged.places, logged.columns.get(name, ()), strict=False)
            if value is not None
        ]
        for place, value in known:
            if not is_finite(value):
                raise DataError(f"{place}: {name} is {value}", str(logged.path))
        for (_, before), (place, value) in pairwise(known):
            if value < before:
                raise DataError(
                    f"{place}: {name} goes back from {before:g} to {value:g}",
                    str(logged.path),
                    "if these are two runs, give each a file of its own",
                )


def evaluations(logged: Logged, names: Names) -> list[Row]:
    """Return a log's evaluations.

    One is an epoch, if each is evaluated once; else a row with a validation loss, with the mean of
    the training losses since the one before. Without a validation loss it is an epoch, or a row.
    """
    columns = {role: logged.columns.get(name, []) for role, name in asdict(names).items() if name}
    count = len(logged.places)
    groups = list(grouped(columns, count))
    rows = []
    for number, group in enumerate(groups, 1):
        last = {
            role: next((column[i] for i in reversed(group) if column[i] is not None), None)
            for role, column in columns.items()
        }
        train = [
            value for i in group if (value := columns.get("train", [None] * count)[i]) is not None
        ]
        rows.append(
            Row(
                epoch=float(number) if last.get("epoch") is None else float(last["epoch"] or 0.0),
                step=float(number) if last.get("step") is None else float(last["step"] or 0.0),
                train=fmean(train) if train else None,
                val=last.get("val"),
                accuracy=last.get("accuracy"),
                lr=last.get("lr"),
            )
        )
    return rows


def grouped(columns: Mapping[str, Column], count: int) -> Iterator[list[int]]:
    """Yield the rows of each evaluation; see ``evaluations``."""
    val, epoch = columns.get("val", []), columns.get("epoch", [])
    judged = [i for i in range(count) if val and val[i] is not None]
    if epoch and all(value is not None and value.is_integer() for value in epoch):
        epochs = {i: epoch[i] for i in range(count)}
        if len({epochs[i] for i in judged}) == len(judged):
            for _, group in groupby(range(count), epochs.__getitem__):
                found = list(group)
                if not val or any(val[i] is not None for i in found):
                    yield found
            return
    if not judged:
        train = columns["train"]
        yield from ([i] for i in range(count) if train[i] is not None)
        return
    begun = 0
    for i in judged:
        yield list(range(begun, i + 1))
        begun = i + 1


def merged_rows(rows: Sequence[Row]) -> list[Row]:
    """Return the means of neighboring evaluations, MOST at most; each stands at its last."""
    size = -(-len(rows) // MOST)
    found = []
    for first in range(0, len(rows), size):
        some = rows[first : first + size]
        means = {
            role: fmean(known)
            if (known := [v for r in some if (v := getattr(r, role)) is not None])
            else None
            for role in ("train", "val", "accuracy", "lr")
        }
        found.append(Row(some[-1].epoch, some[-1].step, **means))
    return found


def curves_of(path: Path, rows: Sequence[Row], names: Names) -> tuple[Curves, list[str]]:
    """Return evaluations as curves, and which of them are left out. Raises DataError."""
    judged = [name for name in ("train", "val") if getattr(names, name)]
    # A log of validation alone is judged by it, as one without validation is by training.
    main = "train" if names.train else "val"
    whole = [row for row in rows if all(getattr(row, name) is not None for name in judged)]
    if not whole:
        raise DataError(f"no evaluation has {' and '.join(judged)} losses", str(path))
    notes = []
    if len(whole) < len(rows):
        missing = len(rows) - len(whole)
        notes.append(f"{missing} of {len(rows)} evaluations lack a loss, and are left out")
    finite = [row for row in whole if all(is_finite(getattr(row, name)) for name in judged)]
    if len(finite) < len(whole):
        bad = [f"{row.epoch:g}" for row in whole if row not in finite]
        told = ", ".join(bad[:5]) + (f" and {len(bad) - 5} others" if len(bad) > 5 else "")
        notes.append(f"the loss is no finite number in epoch {told}")
    train = [float(getattr(row, main)) for row in finite]
    val = [row.val for row in finite if row.val is not None] if names.val else []
    values = [row.accuracy for row in finite if is_finite(row.accuracy)]
    shares = [float(value) for value in values if value is not None]
    if len(shares) < len(finite):
        shares = []
    if shares and 1.0 < max(shares) <= 100.0:
        shares = [value / 100 for value in shares]
        notes.append(f"{names.accuracy} is taken for percents")
    lrs = [row.lr for row in finite if row.lr is not None and is_finite(row.lr) and row.lr >= 0]
    judging = list(val) or train
    best = min(range(len(finite)), key=judging.__getitem__) if finite else None
    curves = Curves(
        run=path.name,
        recipe=str(path),
        epochs=tuple(row.epoch for row in finite),
        steps=tuple(row.step for row in finite),
        lrs=tuple(lrs) if len(lrs) == len(finite) and sum(lrs) > 0 else CONSTANT * len(finite),
        train_loss=tuple(train),
        val_loss=tuple(val) if names.train else (),
        metric="accuracy" if shares else "",
        values=tuple(shares),
        maximizes=True,
        metric_is_share=bool(shares) and min(shares) >= 0 and max(shares) <= 1,
        best_epoch=None if best is None else finite[best].epoch,
        stopped_by="epochs",
        # A gap in the middle is told; what the log ends with is what came of the training.
        non_finite=not finite or whole[-1] is not finite[-1],
        baseline=train[0] if finite else inf,
        baseline_known=False,
        floor=floor_seen(0.0, (*train, *val)),
        val_samples=None,
        setting=UNKNOWN,
    )
    return curves, notes


def steps_of(curves: Curves, names: Names) -> dict[str, list[float]]:
    """Return what is drawn of the steps: the learning rate, if it was logged."""
    known = names.lr and curves.lrs != CONSTANT * len(curves.lrs)
    lrs = list(curves.lrs) if known else []
    empty: list[float] = []
    return {
        "step": list(curves.steps) if lrs else empty,
        "loss": lrs,
        "lr": lrs,
        "gradient_norm": [None] * len(lrs),  # type: ignore[list-item]
    }


def in_words(finding: Finding) -> Finding:
    """Return a finding with what to change in words, as there is no recipe to edit."""
    advice = ADVICE.get(finding.code, "")
    where = PLACES.get(finding.where, finding.where)
    evidence = {name: value for name, value in finding.evidence.items() if name != "lr"}
    why = f"{finding.why} {advice}".strip()
    return replace(finding, edit=None, where=where, evidence=evidence, why=why)
