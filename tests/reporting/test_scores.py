from __future__ import annotations

from trickrun.reporting.scores import MOST_CLASSES, MOST_ROWS, print_scores, worst_confusions
from trickrun.reporting.verdict import print_rows


def cells_of(matrix: list[list[int]]) -> list[list[int]]:
    return [[i, j, n] for i, row in enumerate(matrix) for j, n in enumerate(row) if n]


def result(labels: list[str], matrix: list[list[int]]) -> dict:
    rows = [
        {"label": label, "precision": 0.5, "recall": 1.0, "f1": 0.25, "support": 3}
        for label in labels
    ]
    return {
        "split": "test",
        "data": None,
        "samples": 6,
        "weighted": False,
        "scores": {"loss": 0.5},
        "confusion": {"labels": labels, "matrix": matrix, "cells": cells_of(matrix)},
        "per_class": rows,
    }


def test_a_small_confusion_matrix(capsys):
    print_scores(result(["[b]cat", "dog"], [[3, 0], [12, 1]]))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["test: 6 samples", "loss 0.5000"]
    assert lines[4].split() == ["[b]cat", "0.5000", "1.0000", "0.2500", "3"]
    assert lines[-3].split() == ["[b]cat", "dog"]
    assert lines[-2].split() == ["[b]cat", "3", "·"]
    assert lines[-1].split() == ["dog", "12", "1"]


def test_of_many_classes_the_worst_confusions(capsys):
    count = MOST_CLASSES + 1
    labels = [f"c{i}" for i in range(count)]
    matrix = [[0] * count for _ in range(count)]
    matrix[2][3], matrix[4][4], matrix[5][0] = 2, 9, 7
    print_scores(result(labels, matrix))
    out = capsys.readouterr().out
    assert "  7 × c5 taken for c0\n  2 × c2 taken for c3\n" in out
    assert "c4 taken" not in out


def test_at_most_ten_confusions_are_worst():
    count = 5
    matrix = [[r * count + c for c in range(count)] for r in range(count)]
    worst = worst_confusions(list("abcde"), cells_of(matrix))
    assert len(worst) == 10
    assert worst[0] == (23, "e", "d")


def test_of_very_many_classes_the_worst(capsys):
    labels = [f"c{i}" for i in range(2000)]
    told = result(labels, [[0]])
    told["confusion"] = {"labels": labels, "matrix": None, "cells": [[3, 3, 4], [3, 7, 2]]}
    for place, row in enumerate(told["per_class"]):
        row["f1"] = place / 2000
    told["per_class"][0]["support"] = 0
    print_scores(told)
    lines = capsys.readouterr().out.splitlines()
    assert lines[3] == (
        "2000 classes, 1 of them without a sample here: f1 0.2500 at the lower quarter, "
        "median 0.5000; the 10 lowest (--json has all):"
    )
    assert [line.split()[0] for line in lines[5:15]] == labels[1:11]
    assert lines[-2:] == ["the most frequent confusions:", "  2 × c3 taken for c7"]
    assert len(lines) == 18


def test_as_many_classes_as_have_a_line_each(capsys):
    labels = [f"c{i}" for i in range(MOST_ROWS)]
    print_scores(result(labels, [[0]]))
    out = capsys.readouterr().out
    assert all(f"\n{label} " in out for label in labels)


def test_rows_mean_what_they_say(capsys):
    print_rows([("name [b]", "1"), ("x", "2", "a remark")])
    assert capsys.readouterr().out == "name [b]  1\nx         2  a remark\n"
