"""The catalogue holds every trick, completely, under a name that finds it."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from trickrun.catalogue import UnknownTrick, address, catalogue, flow, select, written
from trickrun.params import Params
from trickrun.recipe.schema import Recipe, Train
from trickrun.tricks.optimizers import AnyOptimizer
from trickrun.tricks.schedules import AnySchedule, Constant, Cosine

CATALOGUE = catalogue()


def test_every_trick_file_is_in_the_catalogue():
    package = Path(sys.modules["trickrun.tricks"].__file__).parent
    files = {
        f"{file.parent.name}/{file.stem}"
        for file in package.glob("*/*.py")
        if '    kind: Literal["' in file.read_text()
        or "kind: ClassVar[Literal[" in file.read_text()
    }
    elsewhere = {"data", "data.normalize", "model"}
    listed = [entry for entry in CATALOGUE if entry.section not in elsewhere]
    assert len(listed) == len(files)


def test_the_unions_of_a_section_are_its_entries():
    for section, union in {"optimizer": AnyOptimizer, "optimizer.schedule": AnySchedule}.items():
        kinds = [kind.model_fields["kind"].default for kind in get_args(get_args(union)[0])]
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
def test_every_entry_is_found_by_its_address_and_its_path(entry):
    assert select(CATALOGUE, address(entry, CATALOGUE)) == [entry]
    assert select(CATALOGUE, entry.path) == [entry]


def test_tricks_with_a_key_of_their_own_belong_to_the_section_that_has_it():
    sections = {name: select(CATALOGUE, name)[0].section for name in ("dropout", "l2", "clip")}
    assert sections == {"dropout": "regularizers", "l2": "regularizers", "clip": "optimizer"}
    assert select(CATALOGUE, "early_stopping")[0].section == "early_stopping"


def test_a_section_means_all_of_its_tricks():
    assert {e.section for e in select(CATALOGUE, "schedule")} == {"optimizer.schedule"}
    assert {e.name for e in select(CATALOGUE, "normalize")} >= {"none", "standard"}


def test_a_name_of_several_sections_must_be_told_apart():
    with pytest.raises(UnknownTrick, match="several sections") as caught:
        select(CATALOGUE, "auto")
    assert "init.auto" in caught.value.hint
    assert "loss.auto" in caught.value.hint


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("admw", "did you mean adamw or adam"),
        ("optimiser", "did you mean optimizer"),
        ("int.auto", "did you mean init.auto"),
        ("??", "trickrun tricks lists them all"),
    ],
)
def test_an_unknown_name_gets_a_hint(wanted, hint):
    with pytest.raises(UnknownTrick) as caught:
        select(CATALOGUE, wanted)
    assert caught.value.hint.startswith(hint)
    assert caught.value.exit_code == 2


def test_paragraphs_and_parameters_come_from_the_class():
    entry = select(CATALOGUE, "inverse_sqrt")[0]
    assert entry.formula == "lr(t) = lr * sqrt(T / (T + t)), t counted from the end of the warm-up."
    assert entry.source.endswith("Vision Transformers, arXiv:2106.04560.")
    timescale = entry.parameters[0]
    assert (timescale.name, timescale.type) == ("timescale", "a whole number of 1 or more")
    assert (timescale.default, timescale.required) == (1000, False)


def test_parameters_have_their_recipe_names_and_say_what_they_take():
    adam = {p.name: p for p in select(CATALOGUE, "adam")[0].parameters}
    assert adam["schedule"].type == "a kind of optimizer.schedule"
    assert adam["clip"].type == "a mapping of norm, value, adaptive or null"
    assert {p.name for p in select(CATALOGUE, "l2")[0].parameters} >= {"lambda"}
    python = {p.name: p for p in select(CATALOGUE, "optimizer.python")[0].parameters}
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
    adam = {p.name: p.default for p in select(CATALOGUE, "adam")[0].parameters}
    assert isinstance(recipe.optimizer, Params)
    assert adam["lr"] == recipe.optimizer.lr


def test_the_catalogue_needs_no_torch():
    code = (
        "import sys; from trickrun.catalogue import catalogue; catalogue(); "
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
