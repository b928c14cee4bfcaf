"""A command tells where its time goes when it is asked to, and otherwise measures nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from trickrun.training import spans

KINDS = ("imports", "data", "compiling", "choosing", "training", "waiting for workers", "judging",
         "drawing", "writing")  # fmt: skip


def test_every_process_of_a_search_tells_its_spans(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "recipe_version: 1\ndata: iris\nmodel: {kind: mlp, hidden: [4]}\n"
        "grid: {coarse: {trials: 2, epochs: 1, space: {optimizer.lr: {log: [1e-3, 1e-2]}}}}\n"
    )
    told = tmp_path / "timings.jsonl"
    command = [sys.executable, "-m", "trickrun", "grid", "coarse", str(recipe)]
    env = {**os.environ, "TRICKRUN_TIMINGS": str(told)}

    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True)

    assert done.returncode <= 1, done.stderr
    found = [json.loads(line) for line in told.read_text().splitlines()]
    of = {name: {s["process"] for s in found if s["span"] == name} for name in KINDS}
    assert all(of.values())
    assert {s["span"] for s in found} == set(KINDS)
    (own,) = of["choosing"]
    assert of["waiting for workers"] == {own}
    assert own in of["judging"] & of["writing"] & of["imports"]
    # Wherever the trials train, what they are compared with and the pictures are others' work.
    assert of["judging"] - {own}
    assert of["drawing"] - {own}
    assert all(s["begun"] <= s["end"] and s["processor"] >= 0 for s in found)


def test_without_the_variable_nothing_is_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(spans, "FILE", "")
    monkeypatch.setattr(spans, "tell", None)

    @spans.timed("writing")
    def doubled(value: int) -> int:
        return 2 * value

    def numbers():
        yield 1

    imports = __import__
    spans.time_imports()

    assert doubled(2) == 4
    assert spans.iterated("training")(numbers) is numbers
    assert __builtins__["__import__"] is imports
