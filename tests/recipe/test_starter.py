"""``trickrun new``: a starter recipe for each choice, and what is asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.errors import TrickrunError
from trickrun.findings.static import findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import load
from trickrun.recipe.starter import ask, known_kinds, new_recipe
from trickrun.recipe.text.problems import RecipeError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("model", known_kinds("model"))
@pytest.mark.parametrize("data", known_kinds("data"))
def test_each_choice_of_data_and_model_is_valid(data: str, model: str) -> None:
    path = new_recipe("my-first", {"data": data, "model": model}, []).path
    loaded = load(path)
    assert path == Path("my-first.yaml")
    assert loaded.recipe.name == "my-first"
    assert (loaded.recipe.data.kind, loaded.recipe.model.kind) == (data, model)
    assert loaded.recipe.data.split.group_duplicates
    assert not [f for f in findings(facts_of(loaded.recipe)) if f.severity != "info"]


@pytest.mark.parametrize("section", ["loss", "optimizer"])
def test_each_loss_and_optimizer_is_valid(section: str) -> None:
    for kind in known_kinds(section):
        path = new_recipe(kind, {"data": "digits", "model": "mlp", section: kind}, []).path
        assert getattr(load(path).recipe, section).kind == kind


def test_what_to_try_next_is_valid_too() -> None:
    path = new_recipe("r", {"data": "digits", "model": "mlp"}, []).path
    _, _, advice = path.read_text().partition("# What to try next")
    lines = [line.removeprefix("# ") for line in advice.splitlines()[1:]]
    assert len(lines) > 3
    for line in lines:
        key, _, value = line.partition(": ")
        load(path, [f"{key}={value}"])


def test_values_are_put_into_the_text() -> None:
    kinds = {"data": "csv", "model": "mlp"}
    path = new_recipe("r", kinds, ["data.path=a b.csv", "optimizer.lr=0.01", "train=3"]).path
    text = path.read_text()
    assert "  path: a b.csv    " in text
    assert "  lr: 0.01    " in text
    assert "train: {epochs: 3} " in text


def test_a_name_may_be_a_path(folder: Path) -> None:
    (folder / "sub").mkdir()
    path = new_recipe("sub/a file.yml", {"data": "digits", "model": "mlp"}, []).path
    assert load(path).recipe.name == "a-file"


@pytest.mark.parametrize(
    ("name", "kinds", "overrides", "message"),
    [
        ("there", {"data": "digits", "model": "mlp"}, [], "exists already"),
        ("no/such", {"data": "digits", "model": "mlp"}, [], "No such file"),
        ("r", {"data": "digits"}, [], "which model?"),
        ("r", {"model": "mlp"}, [], "which data?"),
        ("r", {"data": "digts", "model": "mlp"}, [], "unknown kind 'digts'"),
        ("r", {"data": "digits", "model": "mlp"}, ["train.epochs=0"], "expected a whole number"),
        ("r", {"data": "digits", "model": "mlp"}, ["train"], "expected path=value"),
    ],
)
def test_what_cannot_be_is_refused_and_writes_nothing(
    folder: Path, name: str, kinds: dict[str, str], overrides: list[str], message: str
) -> None:
    (folder / "there.yaml").write_text("mine")
    with pytest.raises(TrickrunError, match=message.replace("?", r"\?")):
        new_recipe(name, kinds, overrides)
    assert [file.name for file in folder.iterdir()] == ["there.yaml"]
    assert (folder / "there.yaml").read_text() == "mine"


def test_people_are_asked_until_the_answer_exists() -> None:
    answers = iter(["tabel", "csv", "mlp", "my data.csv", "it's"])
    asked: list[str] = []

    def prompt(question: str, default: str) -> str:
        asked.append(f"{question} [{default}]")
        return next(answers)

    kinds: dict[str, str] = {}
    values = ask(kinds, [], prompt)
    assert kinds == {"data": "csv", "model": "mlp"}
    assert asked[0].startswith("data (")
    assert asked[0].endswith("[digits]")
    assert asked[3:] == ["data.path [data.csv]", "data.target [label]"]
    loaded = load(new_recipe("r", kinds, values).path)
    assert loaded.tree["data"]["path"] == "my data.csv"
    assert loaded.tree["data"]["target"] == "it's"


def test_nothing_given_is_asked_again() -> None:
    def refuse(question: str, default: str) -> str:
        raise AssertionError(question)

    kinds = {"data": "csv", "model": "mlp"}
    assert ask(kinds, ["data.path=x.csv", "data.target=y"], refuse) == []


def test_a_wrong_kind_is_asked_for_again_on_a_terminal() -> None:
    kinds = {"data": "digts", "model": "mlp"}
    ask(kinds, [], lambda question, default: default)
    assert kinds["data"] == "digits"


def test_a_kind_is_told_by_its_neighbours() -> None:
    with pytest.raises(RecipeError) as caught:
        new_recipe("r", {"data": "digts", "model": "mlp"}, [])
    assert caught.value.hint == "did you mean digits?"


@pytest.mark.parametrize(
    ("said", "together"),
    [
        ("data.split.group=patient", False),
        ("data.split.time=day", False),
        ("data.split={group: patient}", False),
        ("data.split.group=null", True),
        ("data.split.val=0.2", True),
    ],
)
def test_equal_rows_are_kept_together_unless_a_column_divides_the_parts(
    said: str, together: bool
) -> None:
    path = new_recipe("r", {"data": "csv", "model": "mlp"}, [said]).path
    assert load(path).recipe.data.split.group_duplicates == together
