"""The page of a training: how it ended, how its layers fared, and what it answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trickrun.checks.curves.evidence import looks_of
from trickrun.data.splits.source import DATA_FILE
from trickrun.errors import RunFolderError
from trickrun.findings.evidence.run import Look
from trickrun.findings.verdict import Verdict
from trickrun.reporting import layer_pictures
from trickrun.reporting.console import number, seconds
from trickrun.reporting.page import shown_pictures
from trickrun.reporting.page_answers import answer_sections
from trickrun.reporting.page_parts import Part, Pictures, Prose, Section, Table
from trickrun.reporting.panels import evenly
from trickrun.run.answers import ANSWERS
from trickrun.run.folder import RunFolder
from trickrun.run.listing import summary
from trickrun.run.trained import constant_scores, task_of

MOST_LAYERS = 40
"""Rows of the table of layers."""

LEFT_OUT = ("step", "lr", "kind", "best", "epoch", "train_loss")


def sections(folder: RunFolder, verdict: Verdict) -> Iterator[Section]:
    """Yield a training's result, its layers and its answers."""
    yield Section("Result", [*result(folder)])
    looks = looks_of(folder)
    if looks:
        yield Section("Gradients and updates", [*layers(looks)])
    yield from answered(folder, verdict)


def layers(looks: Sequence[Look]) -> Iterator[Part]:
    """Yield what the looks at the layers saw: their course, and the last one in numbers."""
    yield Prose([layer_pictures.MEANING])
    drawn = layer_pictures.pictures(looks)
    if drawn:
        yield Pictures(shown_pictures(drawn), "layers")
    last = looks[-1]
    shown = evenly(last.layers, MOST_LAYERS)
    rows = [
        [
            layer.name,
            number(layer.gradient_norm),
            number(layer.update_ratio),
            f"{layer.dead_fraction:.0%}",
            f"{layer.saturated_fraction:.0%}",
        ]
        for layer in shown
    ]
    heads = ("layer", "gradient norm", "update over weights", "dead units", "saturated units")
    left_out = len(last.layers) - len(shown)
    note = f"{left_out} layers between them are left out." if left_out else ""
    yield Table(f"The look at step {last.step}", heads, rows, note=note)


def answered(folder: RunFolder, verdict: Verdict) -> Iterator[Section]:
    """Yield the sections about a run's answers, or why there are none."""
    answers = verdict.series.get("answers")
    if answers is None and (folder.path / ANSWERS).exists():
        answers = folder.read_json(ANSWERS)
    if answers is None:
        reason = verdict.series.get("no_answers") or NO_ANSWERS
        yield Section("Answers", [Prose([reason])])
        return
    yield from answer_sections(answers, task_of(folder, folder.read_json(DATA_FILE)))


NO_ANSWERS = (
    "What the run answered is not known here, as no test split has been scored. `trickrun report` "
    "scores the test or validation split of a finished run."
)


def result(folder: RunFolder) -> Iterator[Part]:
    """Yield how a run ended, and its scores."""
    told, end = summary(folder), folder.last_record
    timing = end.get("timing") or {}
    facts = [
        ("stopped by", str(end.get("stopped_by", told.status)).replace("_", " ")),
        ("epochs", f"{end['epochs']:.4g}" if "epochs" in end else ""),
        ("steps", str(end.get("steps", ""))),
        ("best epoch", f"{told.best['epoch']:.4g}" if told.best and "epoch" in told.best else ""),
        ("time in training steps", seconds(timing["seconds"]) if "seconds" in timing else ""),
        ("samples per second", f"{timing['samples_per_second']:,.0f}" if timing else ""),
        ("reason", told.reason or ""),
        ("tags", ", ".join(told.tags)),
        ("note", told.note),
    ]
    rows = [[name, value] for name, value in facts if value]
    yield Table("How it ended", ("fact", "value"), rows)
    yield from scores(folder, told.best or {}, told.test or {})


def scores(folder: RunFolder, best: Mapping[str, Any], test: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the scores of the kept weights, beside what always giving one answer scores."""
    of_val = {name.removeprefix("val_"): v for name, v in best.items() if name not in LEFT_OUT}
    names = list(dict.fromkeys([*of_val, *test]))
    if not names:
        return
    constant = constant_of(folder, "test" if test else "val")
    heads = ["score", "validation", "test", "always the same answer"]
    rows = [
        [name, *(number(part.get(name)) for part in (of_val, test, constant))] for name in names
    ]
    note = (
        f"Training loss at the best epoch: {number(best['train_loss'])}."
        if best.get("train_loss") is not None
        else ""
    )
    kept = [0, *(i for i in (1, 2, 3) if any(row[i] != "-" for row in rows))]
    yield Table(
        "Scores of the weights that were kept",
        [heads[i] for i in kept],
        [[row[i] for i in kept] for row in rows],
        note=note,
    )


def constant_of(folder: RunFolder, part: str) -> dict[str, float | None]:
    """Return what the training split's best constant answer scores on a part; empty if that is
    not known."""
    try:
        found = constant_scores(folder.read_json(DATA_FILE), part)
    except RunFolderError:
        return {}
    return {} if found is None else {"loss": found.loss, "accuracy": found.accuracy}
