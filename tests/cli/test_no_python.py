"""``--no-python`` and TRICKRUN_NO_PYTHON: no command imports user code, wherever it is named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.conftest import Ran
from trickrun.cli.app import application
from trickrun.errors import NO_PYTHON
from trickrun.recipe.catalogue import Place, walk
from trickrun.recipe.text.emit import flow

Trickrun = Callable[..., Ran]

CODE = """\
from pathlib import Path

Path(__file__).with_name("MARK").touch()


def thing(model, batch, loss, optimizer):
    x, y = batch
    value = loss(model(x), y)
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value
"""
"""A module that leaves a mark when it is imported; what is in it is a training step."""

USUAL: dict[str, Any] = {
    "data": {"kind": "synthetic", "family": "moons", "n": 60, "batch_size": 16},
    "model": {"kind": "mlp", "hidden": [4]},
    "train": {"epochs": 1, "device": "cpu"},
    "grid": {"metric": "val_accuracy"},
}

PLACES = {place.path: place for place in walk() if place.params.is_user_code}
"""Every place of a recipe that takes a python target, as the schema has it."""

TARGET = "mine:thing"


def said(place: Place) -> Any:
    """What a recipe says at a place to name user code."""
    value: Any = TARGET if place.kind is None else {"kind": place.kind, "target": TARGET}
    return [value] if place.listed else value


def nested(path: str, value: Any) -> dict[str, Any]:
    """The recipe's tree that has ``value`` at ``path``."""
    for word in reversed(path.split(".")):
        value = {word: value}
    return value  # type: ignore[no-any-return]


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    both = {key: value for key, value in change.items() if isinstance(value, dict) and key in base}
    kept = {key: merged(base[key], v) if "kind" not in v else v for key, v in both.items()}
    return {**base, **change, **kept}


def searched(path: str, *choices: Any) -> dict[str, Any]:
    """A recipe whose grid may choose at ``path``."""
    return merged(USUAL, {"grid": {"coarse": {"space": {path: {"choice": list(choices)}}}}})


def recipes(place: Place) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """Yield how a recipe may come to name code at a place: what way, its tree, and overrides."""
    named = nested(place.path, said(place))
    yield "said", merged(USUAL, named), []
    yield "override", USUAL, [f"{place.path}={flow(said(place))}"]
    yield "extends", {"extends": "parent.yaml"}, []
    yield "searched", searched(place.path, said(place)), []
    if place.kind is not None and not place.listed:
        yield "kind searched", searched(f"{place.path}.kind", "python"), []
    if place.listed:
        yield "element searched", searched(f"{place.path}.0", said(place)[0]), []
    if "." in place.path:
        above, _, last = place.path.rpartition(".")
        yield "section searched", searched(above, {last: said(place)}), []
        yield "target searched", searched(f"{place.path}.target", TARGET), []


CASES = [
    pytest.param(place, tree, overrides, id=f"{place.path}-{way}")
    for place in PLACES.values()
    for way, tree, overrides in recipes(place)
]


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is there once the user's module was imported."""
    (tmp_path / "mine.py").write_text(CODE)
    for name in [n for n in sys.modules if n == "mine"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delenv(NO_PYTHON, raising=False)
    return tmp_path / "MARK"


def write(folder: Path, place: Place, tree: dict[str, Any]) -> None:
    (folder / "r.yaml").write_text(flow(tree))
    (folder / "parent.yaml").write_text(flow(merged(USUAL, nested(place.path, said(place)))))


def test_the_schema_has_the_places_that_are_known() -> None:
    assert set(PLACES) == {
        "augmentation", "data", "loss", "metrics", "model", "optimizer", "train.step",
    }  # fmt: skip


@pytest.mark.parametrize(("place", "tree", "overrides"), CASES)
def test_code_is_refused_wherever_it_is_named(
    trickrun: Trickrun,
    tmp_path: Path,
    mark: Path,
    place: Place,
    tree: dict[str, Any],
    overrides: list[str],
) -> None:
    write(tmp_path, place, tree)
    ran = trickrun("validate", "r.yaml", *overrides, "--no-python", "--data", "--json")
    assert ran.code == 2
    told = [error["message"] for error in ran.json["result"]["errors"]]
    assert "this is Python code, which --no-python (or TRICKRUN_NO_PYTHON) refuses" in told
    assert not mark.exists()


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the commands that read a recipe or a trained run, by their arguments' names."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*words, name))
        return
    names = {parameter.metavar for parameter in command.params if parameter.metavar}
    if any("RECIPE" in name or "RUN" in name for name in names):
        yield words


GROUP = typer.main.get_command(application())
NO_CODE = [("report",), ("runs", "tag"), ("track",)]
"""Commands that read a run and never need its code."""

COMMANDS = dict.fromkeys(words for words in leaves(GROUP) if words not in NO_CODE)
OF_RUNS = {
    ("eval",): ["run"],
    ("predict",): ["run", "samples.npz"],
    ("export",): ["run", "--to", "plain"],
}


def test_the_commands_are_those_that_are_known() -> None:
    assert {" ".join(words) for words in COMMANDS} == {
        "validate", "show", "train", "eval", "predict", "export", "checklist", "initial-loss",
        "overfit-batch", "lr-find", "grid coarse", "grid fine", "curves", "diagnose", "compare",
        "grad-check", "signal", "seeds", "ablate",
    }  # fmt: skip


OF_RECIPES = [words for words in COMMANDS if words not in OF_RUNS]


@pytest.mark.parametrize("words", OF_RECIPES, ids=" ".join)
@pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
def test_every_command_refuses_every_place(
    trickrun: Trickrun, tmp_path: Path, mark: Path, words: tuple[str, ...], place: Place
) -> None:
    write(tmp_path, place, {"extends": "parent.yaml"})
    ran = trickrun(*words, "r.yaml", "--no-python")
    assert ran.code == 2
    assert "this is Python code, which --no-python" in ran.err
    assert not mark.exists()


@pytest.mark.parametrize("words", OF_RECIPES, ids=" ".join)
def test_every_command_heeds_the_environment(
    trickrun: Trickrun,
    tmp_path: Path,
    mark: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    write(tmp_path, PLACES["train.step"], searched("train", {"step": TARGET}))
    monkeypatch.setenv(NO_PYTHON, "1")
    ran = trickrun(*words, "r.yaml")
    assert ran.code == 2
    assert "this is Python code, which --no-python" in ran.err
    assert not mark.exists()


def test_stored_runs_are_refused_too(
    trickrun: Trickrun, tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, PLACES["train.step"], merged(USUAL, {"train": {"step": TARGET}}))
    folder = trickrun("train", "r.yaml", "--json").json["run"]
    assert mark.exists()
    for words in NO_CODE[:2]:  # a tracker needs a library of its own
        mark.unlink(missing_ok=True)
        monkeypatch.delitem(sys.modules, "mine", raising=False)
        assert trickrun(*words, folder).code == 0
        assert not mark.exists()
    for words in (
        ("train", "--resume", folder, "train.epochs=2"),
        ("eval", folder),
        ("predict", folder, "samples.npz"),
        ("curves", folder),
        ("diagnose", folder),
    ):
        mark.unlink(missing_ok=True)
        monkeypatch.delitem(sys.modules, "mine", raising=False)
        ran = trickrun(*words, "--no-python")
        assert ran.code == 2, words
        assert "this is Python code, which --no-python" in ran.err
        assert not mark.exists()


@pytest.mark.parametrize("off", ["", "0", "false", "No", "off"])
def test_the_environment_may_allow_it(
    trickrun: Trickrun, tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch, off: str
) -> None:
    write(tmp_path, PLACES["train.step"], merged(USUAL, {"train": {"step": TARGET}}))
    monkeypatch.setenv(NO_PYTHON, off)
    assert trickrun("train", "r.yaml").code == 0
    assert mark.exists()


def test_a_recipe_without_code_is_not_refused(
    trickrun: Trickrun, tmp_path: Path, mark: Path
) -> None:
    (tmp_path / "r.yaml").write_text(
        flow(searched("optimizer", "adam", {"kind": "sgd", "lr": 0.1}))
    )
    assert trickrun("validate", "r.yaml", "--no-python").code == 0
