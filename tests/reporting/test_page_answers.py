"""The sections about a run's answers, from answers.json alone."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from trickrun.data.splits.source import Task
from trickrun.reporting.page_answers import (
    MOST_CLASSES,
    answer_sections,
    class_scores,
    confusion_matrix,
    worst_confusions,
)
from trickrun.reporting.page_parts import Gallery, Matrix, Prose, Table


def cells_of(truth, guess):
    pairs, counts = np.unique(np.stack([truth, guess]), axis=1, return_counts=True)
    return [[int(a), int(p), int(n)] for a, p, n in zip(*pairs, counts, strict=True)]


def told(task, **more):
    facts = {"part": "test", "samples": 5, "weighted": False, "parameters": 1, "wrong": []}
    return list(answer_sections({**facts, "probabilities": True, **more}, task))


def wrong(shown, **more):
    return {"sample": 3, "answer": "a", "truth": "b", "score": 0.9, "truth_score": 0.05,
            "input": shown, **more}  # fmt: skip


def test_scores_of_classes_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 5, 300), rng.integers(0, 4, 300)
    found = class_scores(cells_of(truth, guess), list("abcde"))
    rows = precision_recall_fscore_support(truth, guess, labels=range(5), zero_division=0.0)
    for index, score in enumerate(found):
        mine = (score.precision, score.recall, score.f1, score.support)
        assert mine == pytest.approx([row[index] for row in rows])


def test_a_matrix_has_rows_of_actual_classes():
    matrix = confusion_matrix([[0, 0, 3], [0, 1, 1], [1, 0, 2]], ["a", "b"])
    assert [[cell.text for cell in row] for row in matrix.rows] == [["3", "1"], ["2", ""]]
    assert [cell.share for cell in matrix.rows[0]] == [0.75, 0.25]
    assert [[cell.right for cell in row] for row in matrix.rows] == [[True, False], [False, True]]


def test_of_many_classes_the_worst_are_listed_and_the_rest_is_counted():
    labels = [f"class {i}" for i in range(1000)]
    truth = np.arange(5000) % 1000
    guess = np.where(truth < 40, (truth + 1) % 1000, truth)
    answers, _ = told(Task("classification", classes=1000, labels=tuple(labels)),
                      cells=cells_of(truth, guess))  # fmt: skip
    assert not [part for part in answers.parts if isinstance(part, Matrix)]
    confusions, classes = [part for part in answers.parts if isinstance(part, Table)]
    assert "10 rarer pairs are left out" in confusions.note
    assert len(classes.rows) == MOST_CLASSES
    assert f"The {MOST_CLASSES} lowest by F1 of 1000 classes" in classes.note
    assert {row[0] for row in classes.rows[:40]} == set(labels[:40])


def test_confusions_are_listed_by_how_often_they_are():
    table = worst_confusions([[0, 1, 2], [1, 1, 9], [1, 0, 5]], ["a", "b"])
    assert list(table.rows) == [["b", "a", "5"], ["a", "b", "2"]]


def test_wrong_answers_about_images_are_pictures():
    shown = {"image": "AAAA", "size": [8, 9]}
    task = Task("classification", labels=("a", "b"), classes=2)
    _, section = told(task, wrong=[wrong(shown)])
    (gallery,) = [part for part in section.parts if isinstance(part, Gallery)]
    assert gallery.samples[0].lines == ["answer: a, 90.0%", "truth: b, 5.0%"]
    assert gallery.samples[0].alt == "test sample 3, 8 by 9 pixels, taken for a"


def test_wrong_answers_about_rows_and_texts_are_tables():
    task = Task("classification", labels=("a", "b"), classes=2)
    row = {"cells": [["x", 1.0], ["city", "Rome"]], "left_out": 7}
    _, section = told(task, wrong=[wrong(row)])
    (table,) = [part for part in section.parts if isinstance(part, Table)]
    assert list(table.rows) == [["3", "a", "0.9000", "b", "0.0500", "1", "Rome"]]
    assert "7 further numbers" in table.note
    _, section = told(task, wrong=[wrong({"text": "so bad"}, answer=" ")])
    (table,) = [part for part in section.parts if isinstance(part, Table)]
    assert list(table.rows) == [["3", "' '", "0.9000", "b", "0.0500", "so bad"]]


def test_scores_that_are_no_probabilities_are_not_called_so():
    task = Task("classification", labels=("a", "b"), classes=2)
    _, section = told(task, wrong=[wrong({"text": "x"}, score=7.5)], probabilities=False)
    (table,) = [part for part in section.parts if isinstance(part, Table)]
    assert "score" in table.heads
    assert "probability" not in " ".join(table.heads)


def test_values_have_their_error():
    task = Task("regression", targets=1, labels=("price",))
    row = {"sample": 1, "target": "price", "answer": 12.0, "truth": 10.0,
           "input": {"cells": [["x", None]]}}  # fmt: skip
    _, section = told(task, wrong=[row], probabilities=False)
    (table,) = [part for part in section.parts if isinstance(part, Table)]
    assert list(table.rows) == [["1", "12.00", "10.00", "2.0000", "-"]]


def test_no_mistake_is_said():
    _, section = told(Task("classification", labels=("a", "b"), classes=2))
    assert section.parts == [Prose(["No answer was wrong."])]
