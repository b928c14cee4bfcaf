"""Learners that are fitted in a command's worker say what they say here."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.checks.diagnosis import label_noise as labels
from trickrun.checks.diagnosis import reference
from trickrun.data.splits.prepare import prepare
from trickrun.recipe.load import load
from trickrun.search.executors.workers import JUDGING, WORKERS, Workers


def test_learners_say_the_same_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("data: wine\nmodel: mlp\n")
    loaded = load(path)
    data = prepare(loaded.recipe.data, loaded.folder)
    WORKERS.warm_up()

    scores = reference.reference_scores(data, "accuracy")
    noise = labels.label_noise(data)
    assert JUDGING in WORKERS.beside

    for module in (reference, labels):
        monkeypatch.setattr(module, "WORKERS", Workers())
    assert set(scores) == {"linear", "trees"}
    assert noise is not None
    assert reference.reference_scores(data, "accuracy") == scores
    assert labels.label_noise(data) == noise
