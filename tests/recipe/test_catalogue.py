"""The catalogue holds every trick, completely, under a name that finds it."""

import subprocess
import sys
from pathlib import Path

import pytest

from trickrun.params import Params
from trickrun.recipe.catalogue import Entry, catalogue, flow, written
from trickrun.recipe.load import load
from trickrun.recipe.schema import Recipe, Train
from trickrun.tricks.optimizers import OPTIMIZERS
from trickrun.tricks.schedules import SCHEDULES
from trickrun.tricks.schedules.constant import Constant
from trickrun.tricks.schedules.cosine import Cosine

CATALOGUE = catalogue()


def named(name: str) -> list[Entry]:
    return [entry for entry in CATALOGUE if entry.name == name or entry.path == name]


def test_every_trick_file_is_in_the_catalogue():
    package = Path(sys.modules["trickrun.tricks"].__file__).parent
    files = {
        f"{file.parent.name}/{file.stem}"
        for file in package.rglob("*.py")
        if '    kind: Literal["' in file.read_text()
        or "    kind: ClassVar[Literal[" in file.read_text()
    }
    elsewhere = {"data", "data.normalize", "model"}
    listed = [entry for entry in CATALOGUE if entry.section not in elsewhere]
    assert len(listed) == len(files)


def test_the_files_of_a_section_are_its_entries():
    for section, folder in {"optimizer": OPTIMIZERS, "optimizer.schedule": SCHEDULES}.items():
        kinds = list(folder.files)
        names = [entry.name for entry in CATALOGUE if entry.section == section]
        with_keys = ["clip", "layer_decay", "lookahead"] if section == "optimizer" else []
        assert names == [*kinds, *with_keys]


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.path)
def test_every_entry_is_complete(entry):
    assert entry.summary.endswith(".")
    assert entry.when
    assert entry.source
    if entry.section != "data":
        assert entry.formula
        assert entry.defaults
    assert [p.name for p in entry.parameters if not p.description] == []


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.path)
def test_an_example_chooses_the_trick(entry, tmp_path):
    required = [p.name for p in entry.parameters if p.required]
    assert all(f"{name}: …" in entry.example for name in required)
    if "…" in entry.example:
        return
    path, sections, text = tmp_path / "recipe.yaml", entry.section.split("."), entry.example
    # What is a part of the data or the model stands beside its kind.
    text = text.replace("data: {", "data: {kind: digits, ")
    path.write_text(text.replace("model: {numeric", "model: {kind: mlp, numeric"))
    others = {"data": "data.kind=digits", "model": "model.kind=mlp"}
    part = load(path, [other for name, other in others.items() if name != sections[0]]).recipe
    for name in sections:
        part = getattr(part, name)
    part = part[0] if isinstance(part, tuple) else part
    assert part.kind_name == entry.name or getattr(part, entry.name).kind_name == entry.name


def test_paragraphs_and_parameters_come_from_the_class():
    entry = named("inverse_sqrt")[0]
    assert entry.formula == "lr(t) = lr * sqrt(T / (T + t)), t counted from the end of the warm-up."
    assert entry.source.endswith("Vision Transformers, arXiv:2106.04560.")
    timescale = entry.parameters[0]
    assert (timescale.name, timescale.type) == ("timescale", "a whole number of 1 or more")
    assert (timescale.default, timescale.required) == (1000, False)


def test_parameters_have_their_recipe_names_and_say_what_they_take():
    adam = {p.name: p for p in named("adam")[0].parameters}
    assert adam["schedule"].type == "a kind of optimizer.schedule"
    assert adam["clip"].type == "a mapping of norm, value, adaptive or null"
    assert {p.name for p in named("l2")[0].parameters} >= {"lambda"}
    python = {p.name: p for p in named("optimizer.python")[0].parameters}
    assert python["target"].default_text == "required"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Constant(), "constant"),
        (Cosine(floor=0.1), "{kind: cosine, floor: 0.1}"),
        (Train(), "{}"),
        ((0.9, 1e-08), "[0.9, 1e-08]"),
        (None, "null"),
        (True, "true"),
        (1e4, "10000"),
    ],
)
def test_defaults_are_written_as_a_recipe_would(value, text):
    assert flow(written(value)) == text


def test_the_defaults_shown_are_those_of_the_recipe():
    recipe = Recipe.model_validate({"data": {"kind": "digits"}, "model": {"kind": "mlp"}})
    adam = {p.name: p.default for p in named("adam")[0].parameters}
    assert isinstance(recipe.optimizer, Params)
    assert adam["lr"] == recipe.optimizer.lr


def test_the_catalogue_needs_no_torch():
    code = (
        "import sys; from trickrun.recipe.catalogue import catalogue; catalogue(); "
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
