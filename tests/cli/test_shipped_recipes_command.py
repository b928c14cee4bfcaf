"""``recipes`` lists what trickrun brings along, and copies what a recipe is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trickrun.errors import TrickrunError
from trickrun.recipe import shipped
from trickrun.recipe.load import load
from trickrun.recipe.shipped import copy, first_sentence, named, recipes_folder, shipped_recipes

Trickrun = Callable[..., Any]

ROOT = Path(__file__).parents[2]
RECIPES = shipped_recipes(recipes_folder())


def test_the_list_has_the_recipes_of_the_repository(trickrun: Trickrun) -> None:
    paths = [*ROOT.glob("recipes/*.yaml"), *ROOT.glob("recipes/broken/*.yaml")]
    expected = {path.relative_to(ROOT / "recipes").with_suffix("").as_posix() for path in paths}
    result = trickrun("recipes", "--json").json["result"]
    assert {recipe["name"] for recipe in result["recipes"]} == expected
    assert all(recipe["about"] for recipe in result["recipes"])


def test_the_list_says_what_a_recipe_is_and_needs(trickrun: Trickrun) -> None:
    lines = {line.split()[0]: line for line in trickrun("recipes").out.splitlines()}
    assert lines["iris"].endswith("Iris: 150 flowers of three species by four lengths.")
    assert "Needs the files of fashion_mnist (see" in lines["fashion-mnist"]
    assert "and pip install 'trickrun[pretrained]'." in lines["transfer"]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_copy_has_all_that_it_is_made_of(recipe: Any, tmp_path: Path) -> None:
    source = recipes_folder()
    written = copy(recipe, source, tmp_path / "new")
    assert [path.relative_to(tmp_path / "new") for path in written] == [*recipe.files]
    copied, original = load(written[0]), load(source / recipe.files[0])
    assert copied.recipe == original.recipe
    data = copied.recipe.data
    assert getattr(data, "path", None) is None or (written[0].parent / data.path).is_file()
    if not recipe.needs:
        assert data.fingerprint(copied.folder) == original.recipe.data.fingerprint(original.folder)


def test_a_copy_trains(trickrun: Trickrun, tmp_path: Path) -> None:
    ran = trickrun("recipes", "copy", "fruit", "mine")
    assert ran.out == "wrote mine/fruit.yaml\nwrote mine/data/fruit.csv\n"
    assert ran.err == "next: trickrun train mine/fruit.yaml\n"
    assert trickrun("train", "mine/fruit.yaml", "train.epochs=1", "expect=null").code == 0


def test_without_a_folder_it_is_copied_here(trickrun: Trickrun, tmp_path: Path) -> None:
    result = trickrun("recipes", "copy", "forum-post", "--json").json["result"]
    assert result == {
        "path": "broken/forum-post.yaml",
        "written": ["broken/forum-post.yaml"],
        "needs": [],
    }
    assert (tmp_path / "broken" / "forum-post.yaml").is_file()


def test_nothing_is_written_over(trickrun: Trickrun, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fruit.csv").write_text("mine")
    ran = trickrun("recipes", "copy", "fruit")
    assert ran.code == 2
    assert ran.err.startswith("error: data/fruit.csv: this file exists already\n")
    assert not (tmp_path / "fruit.yaml").exists()
    assert (tmp_path / "data" / "fruit.csv").read_text() == "mine"


def test_a_second_copy_changes_nothing(trickrun: Trickrun, tmp_path: Path) -> None:
    trickrun("recipes", "copy", "fruit")
    (tmp_path / "data" / "fruit.csv").unlink()
    assert trickrun("recipes", "copy", "fruit").out == "wrote data/fruit.csv\n"
    assert trickrun("recipes", "copy", "fruit").out == "fruit.yaml is there already, unchanged\n"


def test_no_link_is_followed(trickrun: Trickrun, tmp_path: Path) -> None:
    (tmp_path / "iris.yaml").symlink_to(tmp_path / "elsewhere")
    assert trickrun("recipes", "copy", "iris").code == 2
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_an_error(trickrun: Trickrun, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = trickrun("recipes", "copy", "iris", "file/sub")
    assert ran.code == 2
    assert ran.err.startswith("error: file/sub/iris.yaml: ")


@pytest.mark.parametrize("name", ["iris", "recipes/iris.yaml", "iris.yaml"])
def test_a_recipe_is_named_as_in_the_documentation(name: str) -> None:
    assert named(name, RECIPES).name == "iris"


def test_what_is_not_there_has_a_hint(trickrun: Trickrun) -> None:
    ran = trickrun("recipes", "copy", "irsi")
    assert ran.code == 2
    assert ran.err == "error: irsi: there is no such recipe\n  did you mean iris?\n"


def test_options_come_after_the_subcommand(trickrun: Trickrun) -> None:
    ran = trickrun("recipes", "--json", "copy", "iris")
    assert ran.code == 2
    assert "options come after copy" in ran.json["error"]["message"]


def test_a_recipe_brings_its_parent_its_data_and_its_code(tmp_path: Path) -> None:
    folder = tmp_path / "recipes"
    (folder / "broken").mkdir(parents=True)
    (folder / "base.yaml").write_text("data: {kind: csv, path: t.csv, target: y}\nmodel: mlp\n")
    (folder / "t.csv").write_text("x,y\n1,2\n")
    (folder / "broken" / "net.py").write_text("")
    (folder / "broken" / "t.csv").write_text("x,y\n1,2\n")
    child = "# Mine.\nextends: ../base.yaml\nmodel: {kind: python, target: 'net:Net'}\n"
    (folder / "broken" / "mine.yaml").write_text(child)
    recipe = named("mine", shipped_recipes(folder))
    assert {file.as_posix() for file in recipe.files} == {
        "broken/mine.yaml",
        "base.yaml",
        "broken/t.csv",
        "broken/net.py",
    }


def test_an_installation_without_recipes_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrickrunError, match="there are no recipes"):
        shipped_recipes(tmp_path)


def test_a_wheel_has_its_recipes_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "trickrun")
    assert recipes_folder() == tmp_path / "recipes"
    (tmp_path / "trickrun" / "_recipes").mkdir(parents=True)
    assert recipes_folder() == tmp_path / "trickrun" / "_recipes"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# One. Two.\ndata: iris\n", "One."),
        ("# One of\n# two lines: 0.5, a.csv.\n# More.\nx: 1\n", "One of two lines: 0.5, a.csv."),
        ('# He said: "Yes. No?"\n', 'He said: "Yes. No?"'),
        ("# No end\ndata: iris\n", "No end"),
        ("data: iris\n", ""),
    ],
)
def test_the_first_sentence_says_what_it_is(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence
