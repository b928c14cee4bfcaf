"""What a name finds in the catalogue: a trick, a section, a parameter, or a hint."""

import pytest

from trickrun.recipe.catalogue import address, catalogue
from trickrun.recipe.lookup import Found, UnknownTrick, look_up
from trickrun.recipe.other_names import OTHER_NAMES

CATALOGUE = catalogue()


def paths(found: Found) -> list[str]:
    return [entry.path for entry in found.entries]


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.path)
def test_every_trick_is_found_by_its_address_and_its_path(entry):
    assert look_up(CATALOGUE, address(entry, CATALOGUE)) == Found("trick", [entry])
    assert look_up(CATALOGUE, entry.path) == Found("trick", [entry])
    assert entry in look_up(CATALOGUE, entry.name).entries


def test_a_name_of_several_sections_means_all_of_them_unless_one_is_named():
    assert paths(look_up(CATALOGUE, "mae")) == ["loss.mae", "metrics.mae"]
    assert paths(look_up(CATALOGUE, "mae", "metrics")) == ["metrics.mae"]


def test_a_section_means_all_of_its_tricks():
    found = look_up(CATALOGUE, "schedule")
    assert (found.by, {e.section for e in found.entries}) == ("section", {"optimizer.schedule"})
    assert {e.name for e in look_up(CATALOGUE, "normalize").entries} >= {"none", "standard"}


def test_a_section_includes_those_within_it():
    assert paths(look_up(CATALOGUE, "plateau", "optimizer")) == ["optimizer.schedule.plateau"]
    with pytest.raises(UnknownTrick, match="no such section") as caught:
        look_up(CATALOGUE, "mae", "metric")
    assert caught.value.hint == "did you mean metrics?"


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("He normal", "init.kaiming_normal"),
        ("gradient-clipping", "optimizer.clip"),
        ("batchnorm", "normalization.batch"),
        ("SGDR", "optimizer.schedule.cosine_restarts"),
        ("Label Smoothing", "regularizers.label_smoothing"),
        ("AdamW", "optimizer.adamw"),
    ],
)
def test_other_peoples_names_and_spellings_are_understood(wanted, path):
    assert look_up(CATALOGUE, wanted) == Found("trick", look_up(CATALOGUE, path).entries)


def test_a_parameter_finds_the_tricks_that_have_it():
    found = look_up(CATALOGUE, "momentum")
    assert found.by == "parameter"
    assert {"optimizer.sgd", "optimizer.rmsprop", "optimizer.muon"} <= set(paths(found))
    assert paths(look_up(CATALOGUE, "nag")) == paths(look_up(CATALOGUE, "nesterov"))


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
        look_up(CATALOGUE, wanted)
    assert caught.value.hint.startswith(hint)
    assert caught.value.exit_code == 2


VALUES = {"bf16", "cuda", "linear", "silu", "batch_size", "epochs"}
"""Words that stand for no trick or parameter of one."""


@pytest.mark.parametrize("other", sorted(set(OTHER_NAMES.values()) - VALUES))
def test_what_other_names_stand_for_is_there(other):
    assert look_up(CATALOGUE, other).entries
