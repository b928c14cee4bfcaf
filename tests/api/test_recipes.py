"""Recipes and runs in Python do what the commands do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import trickrun as tr

RECIPE = """\
name: moons
data: {kind: synthetic, family: moons, n: 200}
model: {kind: mlp, hidden: [8]}
train: {epochs: 2}
expect: {test.accuracy: ">= 0.999"}
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRICKRUN_RUNS", raising=False)
    path = tmp_path / "moons.yaml"
    path.write_text(RECIPE)
    return path


def test_a_loaded_recipe_keeps_its_changes(recipe: Path) -> None:
    loaded = tr.load(recipe, "optimizer.lr=0.1")
    assert loaded.recipe.optimizer.lr == 0.1
    more = tr.load(loaded, "train.epochs=3")
    assert (more.recipe.optimizer.lr, more.recipe.train.epochs) == (0.1, 3)
    assert tr.load(loaded) is loaded


def test_a_wrong_recipe_is_an_error_with_its_place(recipe: Path) -> None:
    with pytest.raises(tr.TrickrunError, match="did you mean mlp"):
        tr.load(recipe, "model.kind=mpl")
    with pytest.raises(tr.TrickrunError, match="no such file"):
        tr.train("nothing.yaml")


def test_a_training_is_the_commands(recipe: Path, run: Callable[..., Any], capsys: Any) -> None:
    one = tr.train(recipe, "optimizer.lr=0.05")
    printed = capsys.readouterr().out
    assert f"run: {one.path}" in printed
    other = run("train", recipe, "optimizer.lr=0.05", "--json").json["result"]
    assert one.test == other["test"]
    assert one.best["val_loss"] == other["best"]["val_loss"]
    assert one.missed == other["missed"]
    assert len(one.missed) == 1
    assert (one.name, one.command, one.status) == ("moons", "train", "finished")
    assert one.recipe.recipe.optimizer.lr == 0.05


def test_metrics_are_columns_of_one_length(recipe: Path) -> None:
    one = tr.train(recipe, "train.epochs=3", "data.batch_size=8")
    table = one.metrics
    assert table["epoch"] == [1.0, 2.0, 3.0]
    assert {len(column) for column in table.values()} == {3}
    assert {"train_loss", "val_loss", "val_accuracy", "lr", "best"} <= set(table)
    assert one.best["val_loss"] == min(table["val_loss"])
    assert set(one.steps) >= {"step", "loss", "lr"}


def test_a_run_predicts_and_gives_its_model(recipe: Path) -> None:
    one = tr.train(recipe)
    x = torch.randn(5, 2)
    predicted = one.predict(x)
    assert list(predicted) == ["prediction", "p_0", "p_1"]
    assert predicted == one.predict(x.numpy())
    model = one.model()
    assert isinstance(model, nn.Module)
    assert not model.training
    assert one.model() is not model
    with pytest.raises(tr.TrickrunError, match=r"\[N, 2\]"):
        one.predict(torch.randn(5, 3))


def test_runs_are_listed_newest_first_and_found_by_name(recipe: Path) -> None:
    first = tr.train(recipe)
    check = tr.initial_loss(recipe, seeds=1)
    assert [each.command for each in tr.runs()] == ["initial-loss", "train"]
    assert tr.runs("moons")[1] == tr.Run(first.path)
    assert tr.runs("other") == []
    assert tr.Run.named("moons") == tr.Run.named(first.id)
    assert str(tr.runs()[0].path) == check.run
    assert tr.runs()[0].metrics == {}
    with pytest.raises(tr.TrickrunError, match="no run"):
        tr.Run.named("nothing")


CHECKS: dict[str, tuple[Callable[..., tr.Verdict], dict[str, Any], list[str]]] = {
    "initial-loss": (tr.initial_loss, {"seeds": 2}, ["--seeds", "2"]),
    "overfit-batch": (tr.overfit_batch, {"size": 8, "steps": 30}, ["--size", "8", "--steps", "30"]),
    "lr-find": (tr.lr_find, {"steps": 50, "seeds": 1}, ["--steps", "50", "--seeds", "1"]),
    "grad-check": (tr.grad_check, {"samples": 4}, ["--samples", "4"]),
    "signal": (tr.signal, {"steps": 3, "samples": 50}, ["--steps", "3", "--samples", "50"]),
}


@pytest.mark.parametrize("command", CHECKS)
def test_a_check_is_the_commands(
    command: str, recipe: Path, run: Callable[..., Any], capsys: Any
) -> None:
    check, options, flags = CHECKS[command]
    found = check(recipe, "optimizer.lr=0.01", **options)
    printed = capsys.readouterr().out
    told = run(command, recipe, "optimizer.lr=0.01", *flags)
    # Run folders and reports aside, the same lines.
    assert lines(printed) == lines(told.out)
    assert found.run is not None
    assert tr.Run(Path(found.run)).command == command
    assert found.summary in printed


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(("run: ", "report: "))]


def test_a_run_can_be_diagnosed(recipe: Path) -> None:
    one = tr.train(recipe, "optimizer={kind: sgd, lr: 1e-7}", "train.epochs=1")
    found = tr.diagnose(one, budget=40)
    assert found.verdict in ("warn", "fail")
    with pytest.raises(tr.TrickrunError, match="cannot be changed"):
        tr.diagnose(one, "optimizer.lr=0.1")


def test_a_recipe_takes_no_objects(recipe: Path) -> None:
    with pytest.raises(tr.TrickrunError, match="a recipe says this itself"):
        tr.initial_loss(recipe, loss=nn.MSELoss())
    with pytest.raises(tr.TrickrunError, match="path=value"):
        tr.initial_loss(recipe, (torch.zeros(2), torch.zeros(2)))


def test_runs_are_kept_where_it_is_said(recipe: Path, tmp_path: Path) -> None:
    one = tr.train(recipe, runs_dir=tmp_path / "there")
    assert one.path.is_relative_to(tmp_path / "there")
    assert tr.runs() == []
    assert tr.runs(runs_dir=tmp_path / "there") == [one]
