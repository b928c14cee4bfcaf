"""What a page shows of a run's answers: the confusion matrix, the scores of each class, and the
samples that it was most surely wrong about. Made of answers.json alone (see ``run.answers``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trickrun.data.splits.source import Task
from trickrun.findings.words import counted
from trickrun.reporting.console import number
from trickrun.reporting.page import shown_pictures
from trickrun.reporting.page_parts import (
    Cell,
    Gallery,
    Matrix,
    Part,
    Pictures,
    Prose,
    Sample,
    Section,
    Table,
    Value,
)
from trickrun.reporting.panels import Line, Panel
from trickrun.reporting.scores import INNER_FIRST, tally

MOST_IN_MATRIX = 20
"""Classes; of more the most frequent confusions are listed."""

MOST_CLASSES = 100
"""Classes that have a row each; of more the lowest."""

MOST_CONFUSIONS = 30

MOST_TARGETS = 4
"""Values to predict that have a picture each."""

LONGEST = 400
"""Characters of a text that are shown."""


@dataclass(frozen=True)
class ClassScore:
    """How well one class is told from the others.

    Args:
        support: its samples, or their weight.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: float


def answer_sections(answers: Mapping[str, Any], task: Task) -> Iterator[Section]:
    """Yield the sections about a run's answers.

    Args:
        answers: what answers.json holds.
        task: with the names of classes.
    """
    part, samples = answers["part"], answers["samples"]
    title = f"Answers on the {PARTS.get(part, part)} split"
    told = f"{counted(samples, 'sample')} of the run's {part} split"
    if answers["weighted"]:
        told += "; counts are sums of the samples' weights"
    parts: list[Part] = [Prose([f"{told}."])]
    if answers.get("cells") is not None:
        parts += of_classes(answers["cells"], task.labels)
    if answers.get("labels"):
        parts.append(of_labels(answers["labels"]))
    if answers.get("targets"):
        parts += of_values(answers["targets"], answers["points"])
    yield Section(title, parts)
    yield Section("Where it was most surely wrong", [*surely_wrong(answers, task)])


PARTS = {"test": "test", "val": "validation", "train": "training"}


def of_classes(cells: Sequence[Sequence[Any]], labels: Sequence[str]) -> Iterator[Part]:
    """Yield the confusion matrix and the scores of each class."""
    if len(labels) <= MOST_IN_MATRIX:
        yield confusion_matrix(cells, labels)
    else:
        yield worst_confusions(cells, labels)
    yield per_class(class_scores(cells, labels))


def confusion_matrix(cells: Sequence[Sequence[Any]], labels: Sequence[str]) -> Matrix:
    """Return the matrix: actual classes down, predicted ones across."""
    counts = {(int(actual), int(predicted)): count for actual, predicted, count in cells}
    rows = []
    for actual in range(len(labels)):
        row = [counts.get((actual, predicted), 0) for predicted in range(len(labels))]
        whole = sum(row)
        rows.append(
            [
                Cell(
                    tally(count) if count else "", count / whole if whole else 0.0, actual == place
                )
                for place, count in enumerate(row)
            ]
        )
    return Matrix("Actual class down, predicted class across", labels, rows)


def worst_confusions(cells: Sequence[Sequence[Any]], labels: Sequence[str]) -> Table:
    """Return the most frequent confusions."""
    wrong = sorted((c for c in cells if c[0] != c[1]), key=lambda cell: -cell[2])
    rows = [
        [shown_answer(labels[int(a)]), shown_answer(labels[int(p)]), tally(n)]
        for a, p, n in wrong[:MOST_CONFUSIONS]
    ]
    note = f"{counted(len(labels), 'class')}: a matrix of so many would not be read."
    if len(wrong) > MOST_CONFUSIONS:
        note += f" {len(wrong) - MOST_CONFUSIONS} rarer pairs are left out."
    return Table(
        "The most frequent confusions", ("actual", "predicted", "samples"), rows, note=note
    )


def class_scores(cells: Sequence[Sequence[Any]], labels: Sequence[str]) -> list[ClassScore]:
    """Return precision, recall, F1 and support of each class; 0 where they are 0 / 0."""
    right, actual, predicted = ([0.0] * len(labels) for _ in range(3))
    for truth, guess, count in ((int(a), int(b), n) for a, b, n in cells):
        actual[truth] += count
        predicted[guess] += count
        right[truth] += count if truth == guess else 0
    return [
        ClassScore(
            label,
            share(right[i], predicted[i]),
            share(right[i], actual[i]),
            share(2 * right[i], predicted[i] + actual[i]),
            actual[i],
        )
        for i, label in enumerate(labels)
    ]


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def per_class(scores: Sequence[ClassScore]) -> Table:
    """Return a row a class; of very many the lowest by F1."""
    note, shown = "", list(scores)
    if len(scores) > MOST_CLASSES:
        having = [score for score in scores if score.support]
        shown = sorted(having, key=lambda score: score.f1)[:MOST_CLASSES]
        note = f"The {len(shown)} lowest by F1 of {len(scores)} classes"
        without = len(scores) - len(having)
        note += f"; {without} have no sample here." if without else "."
    values = [(s.precision, s.recall, s.f1, s.support) for s in shown]
    rows = [
        [
            shown_answer(s.label),
            *(f"{v:.3f}" for v in (s.precision, s.recall, s.f1)),
            whole_or_not(s.support),
        ]
        for s in shown
    ]
    keys: list[list[Value]] = [[s.label, *value] for s, value in zip(shown, values, strict=True)]
    heads = ("class", "precision", "recall", "F1", "count")
    return Table("Scores of each class", heads, rows, keys, note)


def whole_or_not(count: float) -> str:
    return tally(int(count) if count.is_integer() else count)


def of_labels(counts: Sequence[Mapping[str, Any]]) -> Table:
    """Return precision, recall and F1 of each label."""
    rows, keys = [], []
    for row in counts[:MOST_CLASSES]:
        right, alarms, missed = row["right"], row["false_alarms"], row["missed"]
        values = [
            share(right, right + alarms),
            share(right, right + missed),
            share(2 * right, 2 * right + alarms + missed),
        ]
        rows.append([row["label"], *(f"{v:.3f}" for v in values), str(right + missed)])
        keys.append([row["label"], *values, right + missed])
    hidden = len(counts) - MOST_CLASSES
    note = f"{hidden} further labels are left out." if hidden > 0 else ""
    heads = ("label", "precision", "recall", "F1", "have it")
    return Table("Scores of each label", heads, rows, keys, note)


def of_values(
    targets: Sequence[Mapping[str, Any]], points: Sequence[Sequence[Sequence[float]]]
) -> Iterator[Part]:
    """Yield the errors of each target, and its predictions against the truth."""
    shown = targets[:MOST_CLASSES]
    names = [name for name in shown[0]["residuals"] if name not in INNER_FIRST[:2]]
    rows = [
        [row["target"], *(number(row[name]) for name in ("mae", "rmse", "r2")),
         *(number(row["residuals"][name]) for name in names)]
        for row in shown
    ]  # fmt: skip
    note = "min to max: quantiles of prediction - truth."
    if len(targets) > len(shown):
        note += f" {len(targets) - len(shown)} further targets are left out."
    yield Table("Errors", ("target", "MAE", "RMSE", "R²", *names), rows, note=note)
    drawn = {
        f"prediction against truth: {row['target']}": scatter(row["target"], pairs)
        for row, pairs in list(zip(targets, points, strict=True))[:MOST_TARGETS]
    }
    yield Pictures(shown_pictures(drawn), "answers")


def scatter(target: str, pairs: Sequence[Sequence[float]]) -> str:
    """Return the picture of predictions against true values."""
    from trickrun.reporting.line_plot import draw

    truth = [pair[0] for pair in pairs]
    low, high = min(truth), max(truth)
    lines = [
        Line("prediction = truth", [low, high], [low, high], level=True),
        Line("", truth, [pair[1] for pair in pairs], dots=True, color=0),
    ]
    return draw([Panel(target, "truth", "prediction", lines)])


def surely_wrong(answers: Mapping[str, Any], task: Task) -> Iterator[Part]:
    """Yield the samples that the run was most surely wrong about, as images or rows."""
    wrong = answers["wrong"]
    if not wrong:
        yield Prose(["No answer was wrong."])
        return
    values = "score" not in wrong[0]
    what, order = "wrong answer", f"the highest {score_name(answers)}"
    if values:
        several = ", as a share of its target's RMSE" if task.targets > 1 else ""
        what, order = "answer", f"the largest error{several}"
    yield Prose([f"The {counted(len(wrong), what)} with {order}, the largest first."])
    if "image" in wrong[0]["input"]:
        yield Gallery([*images(answers, wrong)])
        return
    heads = [
        "sample",
        "answer",
        score_name(answers),
        "truth",
        f"{score_name(answers)} of the truth",
    ]
    if values:
        heads = ["sample", "answer", "truth", "error"]
    if values and task.targets > 1:
        heads.insert(1, "target")
    names = columns_of(wrong)
    rows = [[*judged(row, values, task.targets > 1), *cells_of(row, names)] for row in wrong]
    left_out = max(row["input"].get("left_out", 0) for row in wrong)
    note = f"{left_out} further numbers of each sample are left out." if left_out else ""
    about = "The largest errors" if values else "The surest wrong answers"
    yield Table(about, (*heads, *names), rows, note=note)


def score_name(answers: Mapping[str, Any]) -> str:
    return "probability" if answers["probabilities"] else "score"


def images(answers: Mapping[str, Any], wrong: Sequence[Mapping[str, Any]]) -> Iterator[Sample]:
    """Yield wrong answers about images."""
    for row in wrong:
        width, height = row["input"]["size"]
        scores = [told_score(row.get(name), answers) for name in ("score", "truth_score")]
        lines = [
            f"answer: {shown_answer(row['answer'])}{scores[0]}",
            f"truth: {shown_answer(row['truth'])}{scores[1]}",
        ]
        if "target" in row:
            lines.append(str(row["target"]))
        yield Sample(
            f"data:image/png;base64,{row['input']['image']}",
            f"{answers['part']} sample {row['sample']}, {width} by {height} pixels, "
            f"taken for {shown_answer(row['answer'])}",
            lines,
        )


def told_score(score: float | None, answers: Mapping[str, Any]) -> str:
    """Return what stands behind an answer: its probability or score."""
    if score is None:
        return ""
    return f", {score:.1%}" if answers["probabilities"] else f" ({number(score)})"


def judged(row: Mapping[str, Any], values: bool, several: bool) -> list[str]:
    """Return the cells about an answer, before those of its sample."""
    cells = [str(row["sample"])]
    if values:
        error = None
        if row["answer"] is not None and row["truth"] is not None:
            error = row["answer"] - row["truth"]
        target = [str(row["target"])] if several else []
        return [*cells, *target, number(row["answer"]), number(row["truth"]), number(error)]
    scores = [number(row["score"]), number(row["truth_score"])]
    return [*cells, shown_answer(row["answer"]), scores[0], shown_answer(row["truth"]), scores[1]]


def shown_answer(value: Any) -> str:
    """Return a class's name, or a value; what is only white space, as Python writes it."""
    if not isinstance(value, str):
        return number(value)
    return value if value.strip() else repr(value)


def columns_of(wrong: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of what is shown of each sample."""
    if "text" in wrong[0]["input"]:
        return ["text"]
    return list(dict.fromkeys(name for row in wrong for name, _ in row["input"]["cells"]))


def cells_of(row: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Return what is shown of a sample."""
    if "text" in row["input"]:
        text = row["input"]["text"]
        return [text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"]
    cells = dict(row["input"]["cells"])
    return [value_of(cells.get(name, "")) for name in names]


def value_of(value: Any) -> str:
    """Return a value of a sample, without the digits that normalizing it has cost."""
    return str(value) if isinstance(value, str) else "-" if value is None else f"{value + 0.0:.6g}"
