"""``trickrun.compare``, ``seeds`` and ``ablate`` return what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

import trickrun as t

IRIS = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 2, device: cpu}
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowers.yaml").write_text(IRIS)
    return "flowers.yaml"


def test_the_record_is_the_commands(recipe, trickrun):
    found = t.compare(recipe, t.load(recipe, "model.hidden=[4]"), seeds=2)
    told = trickrun("compare", recipe, recipe, "model.hidden=[4]", "--seeds", 2, "--json").json
    assert told["result"]["comparisons"] == found.result["comparisons"]
    run = t.Run(Path(found.run))
    assert (run.command, run.status) == ("compare", "check")
    seeds = t.seeds(recipe, seeds=2)
    again = trickrun("seeds", recipe, "--seeds", 2, "--json").json
    assert again["result"]["arms"] == seeds.result["arms"]
    ablated = t.ablate(recipe, "regularizers.dropout=0.2", add=["normalization=batch"], seeds=2)
    told = trickrun(
        "ablate", recipe, "regularizers.dropout=0.2", "--add", "normalization=batch",
        "--seeds", 2, "--json",
    ).json  # fmt: skip
    assert told["result"]["tricks"] == ablated.result["tricks"]


def test_a_run_is_compared_with_a_recipe(recipe):
    run = t.train(recipe)
    found = t.compare(run, t.load(recipe, "optimizer.lr=0.1"), seeds=2)
    assert [*found.result["arms"][0]["runs"].values()] == [str(run.path)]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda recipe: t.compare(), "nothing to compare"),
        (lambda recipe: t.compare(3, recipe), "neither a recipe nor a run"),
        (lambda recipe: t.compare(recipe, recipe, seeds=0), "a whole number from 1"),
        (lambda recipe: t.seeds(recipe, seeds=1), "a whole number from 2"),
        (lambda recipe: t.seeds(recipe, metric=3), "val_accuracy"),
        (lambda recipe: t.compare(recipe), "nothing to compare"),
        (lambda recipe: t.ablate(recipe, add=["optimizer.lr"]), "optimizer.lr"),
    ],
)
def test_what_cannot_be_asked_is_told(recipe, call, said):
    with pytest.raises(t.TrickrunError, match=said):
        call(recipe)


def test_no_finished_training_is_an_error(recipe):
    with pytest.raises(t.TrickrunError, match="no training finished") as raised:
        t.seeds(recipe, "optimizer=sgd", "optimizer.lr=1e30", seeds=2)
    assert raised.value.run
