"""``train``, ``eval`` and ``predict`` on labels and on weighted samples, from the command line."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk

LABELS = """\
name: labels
data: {kind: csv, path: t.csv, target: [wet, hot], task: multilabel, drop: [w], batch_size: 16}
model: {kind: mlp, hidden: [8]}
metrics: [accuracy, subset_accuracy, f1_micro, f1_macro, auroc]
optimizer: {kind: adam, lr: 0.03}
train: {epochs: 6, device: cpu}
"""
WEIGHTED = """\
name: weighted
data: {kind: csv, path: t.csv, target: wet, weight: w, drop: [hot], batch_size: 16}
model: {kind: mlp, hidden: [8]}
metrics: [accuracy, f1_macro, auroc]
optimizer: {kind: adam, lr: 0.03}
train: {epochs: 6, device: cpu}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, run) -> Path:
    """A folder with a run of each recipe."""
    place = tmp_path_factory.mktemp("samples")
    draw = random.Random(4)
    lines = ["a,b,wet,hot,w"]
    for _ in range(160):
        a, b = draw.gauss(0, 1), draw.gauss(0, 1)
        wet, hot = int(a + draw.gauss(0, 0.7) > 0), str(b + draw.gauss(0, 0.3) > 0.5).lower()
        lines.append(f"{a:.4f},{b:.4f},{wet},{hot},{draw.choice([0, 0.25, 2])}")
    (place / "t.csv").write_text("\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.delenv("TRICKRUN_RUNS", raising=False)
        for name, text in (("labels", LABELS), ("weighted", WEIGHTED)):
            (place / f"{name}.yaml").write_text(text)
            done = run("train", f"{name}.yaml")
            assert done.code == 0, done.err
    return place


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_labels_are_scored_as_their_predictions_are(folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    found = run("eval", "labels", "--data", "t.csv", "--json").json["result"]
    said = rows(run("predict", "labels", "t.csv", "--keep", "wet,hot").out)
    truth = np.array([[row["wet"] == "1", row["hot"] == "true"] for row in said]).astype(int)
    guess = np.array([[row["predicted_wet"], row["predicted_hot"]] for row in said]).astype(int)
    p = np.array([[row["p_wet"], row["p_hot"]] for row in said]).astype(float)
    assert (guess == (p > 0.5)).all()
    scores = found["scores"]
    assert scores["accuracy"] == pytest.approx(1 - sk.hamming_loss(truth, guess))
    assert scores["subset_accuracy"] == pytest.approx(sk.accuracy_score(truth, guess))
    for average in ("micro", "macro"):
        expected = sk.f1_score(truth, guess, average=average)
        assert scores[f"f1_{average}"] == pytest.approx(expected)
    assert scores["auroc"] == pytest.approx(sk.roc_auc_score(truth, p))
    entropies = [sk.log_loss(truth[:, i], p[:, i]) for i in range(2)]
    assert scores["loss"] == pytest.approx(np.mean(entropies), rel=1e-5)
    wet, hot = found["per_label"]
    assert (wet["label"], hot["label"]) == ("wet", "hot")
    assert hot["precision"] == pytest.approx(sk.precision_score(truth[:, 1], guess[:, 1]))
    assert hot["recall"] == pytest.approx(sk.recall_score(truth[:, 1], guess[:, 1]))
    assert hot["auroc"] == pytest.approx(sk.roc_auc_score(truth[:, 1], p[:, 1]))
    assert hot["support"] == truth[:, 1].sum()


def test_labels_in_the_terminal(folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    shown = run("eval", "labels").out
    assert "label  accuracy  precision  recall      f1   auroc  support" in shown
    assert shown.count("\nwet ") == 1
    assert "weighted" not in shown


def test_weighted_scores(folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    ran = run("eval", "weighted", "--data", "t.csv", "--json")
    found = ran.json["result"]
    assert found["weighted"] is True
    said = rows(run("predict", "weighted", "t.csv", "--keep", "wet,w").out)
    truth, guess = ([int(row[name]) for row in said] for name in ("wet", "prediction"))
    w, p = ([float(row[name]) for row in said] for name in ("w", "p_1"))
    scores = found["scores"]
    assert scores["accuracy"] == pytest.approx(sk.accuracy_score(truth, guess, sample_weight=w))
    expected = sk.f1_score(truth, guess, average="macro", sample_weight=w)
    assert scores["f1_macro"] == pytest.approx(expected)
    assert scores["auroc"] == pytest.approx(sk.roc_auc_score(truth, p, sample_weight=w), rel=1e-6)
    assert scores["loss"] == pytest.approx(sk.log_loss(truth, p, sample_weight=w), rel=1e-5)
    matrix = sk.confusion_matrix(truth, guess, sample_weight=w)
    assert np.allclose(found["confusion"]["matrix"], matrix)


def test_the_runs_own_part_is_scored_with_its_weights(folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    log = next((folder / "runs" / "weighted").glob("*/metrics.jsonl"))
    end = json.loads(log.read_text().splitlines()[-1])
    shown = run("eval", "weighted", "--json")
    assert shown.json["result"]["scores"] == pytest.approx(end["test"])
    assert shown.json["result"]["weighted"] is True
    assert "all scores are weighted by data.weight" in run("eval", "weighted").out


def test_a_file_without_the_column_is_scored_unweighted_and_says_so(folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    lines = (folder / "t.csv").read_text().splitlines()
    (folder / "plain.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n")
    ran = run("eval", "weighted", "--data", "plain.csv", "--json")
    assert "plain.csv has no column 'w': its scores are unweighted" in ran.err
    found = ran.json["result"]
    assert found["weighted"] is False
    said = rows(run("predict", "weighted", "plain.csv", "--keep", "wet").out)
    right = np.mean([row["wet"] == row["prediction"] for row in said])
    assert found["scores"]["accuracy"] == pytest.approx(right)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("loss=mse", "mse does not compare 0/1 labels, and data.task is multilabel"),
        ("loss=cross_entropy", "cross_entropy does not compare 0/1 labels"),
        ("loss={kind: bce, class_weights: balanced}", "class weights are for classes"),
        ("metrics=[mae]", "mae is for regression, and data.task is multilabel"),
        ("data.sampling=balanced", "only samples that have one class each"),
        ("data.scale_targets=standard", "labels have no scale"),
    ],
)
def test_validate_refuses_what_does_not_go_with_labels(folder, run, monkeypatch, change, told):
    monkeypatch.chdir(folder)
    ran = run("validate", "labels.yaml", change)
    assert ran.code == 2
    assert told in ran.err


def test_validate_refuses_what_does_not_go_with_weights(folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    ran = run("validate", "weighted.yaml", "data.sampling=balanced")
    assert ran.code == 2
    assert "samples with weights (data.weight) cannot be drawn equally often" in ran.err
