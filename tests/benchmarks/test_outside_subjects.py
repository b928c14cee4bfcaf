"""The subjects from elsewhere: their files, their halves, and the half that stays unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.faults.outside.hurts import Trained, key, truly
from benchmarks.faults.outside.subjects import (
    FOLDERS,
    FROZEN,
    HERE,
    TARGETS,
    SubjectError,
    digest,
    everything,
    frozen_hash,
    half_of,
    read,
    subject_of,
)
from benchmarks.faults.programs import targets
from trickrun.recipe.load import from_tree

FAULTY: dict[str, Any] = {
    "source": {"dataset": "DeepFD", "id": "1", "url": "https://example.org", "says": "It stays."},
    "metric": "val_accuracy",
    "recipe": {"data": "iris", "model": "mlp", "optimizer": {"kind": "sgd", "lr": 9.0}},
    "repairs": [
        {
            "says": "a smaller step",
            "causes": ["TR35", "@optimizer.lr"],
            "edit": {"optimizer.lr": 0.1},
        }
    ],
}
HEALTHY = {**{k: v for k, v in FAULTY.items() if k != "repairs"}, "at_least": 0.8}
SUBJECTS = everything()


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_every_file_is_a_recipe_and_so_is_each_repair(subject) -> None:
    from_tree(subject.tree())
    for repair in subject.repairs:
        from_tree(subject.repaired(repair))
    for target in targets(subject.recipe):
        assert (TARGETS / f"{target.partition(':')[0]}.py").exists()


def test_each_name_is_there_once_and_each_source_is_told() -> None:
    names = [subject.name for subject in SUBJECTS]
    assert len(set(names)) == len(names)
    assert all(subject.source.says and subject.source.datasets for subject in SUBJECTS)


def test_the_half_follows_from_the_name() -> None:
    # First bytes of the hashes: so-31880720 is even, so-48221692 odd.
    assert half_of("so-31880720", faulty=True) == "development"
    assert half_of("so-48221692", faulty=True) == "held-back"
    halves = [half_of(f"healthy-{n}", faulty=False) for n in range(400)]
    assert 60 < halves.count("development") < 140


def test_a_file_in_the_wrong_half_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "so-48221692.yaml"
    path.write_text(yaml.safe_dump(FAULTY))
    assert read(path, "held-back", True).faulty
    with pytest.raises(SubjectError, match="other half"):
        read(path, "development", True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"metric": "val_loss"}, "val_loss"),
        ({"recipe": "iris"}, "recipe"),
        ({"notes": "more"}, "notes"),
        ({"repairs": []}, "repairs"),
        ({"repairs": [{"says": "x", "causes": ["lr"], "edit": {"optimizer.lr": 1}}]}, "lr"),
        ({"repairs": [{"says": "x", "causes": [], "edit": {"optimizer.lr": 1}}]}, "causes"),
        ({"repairs": [{"says": "x", "causes": ["TR35"], "edit": {}}]}, "edit"),
        ({"source": {"id": "1"}}, "source"),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_place(change, says) -> None:
    with pytest.raises(SubjectError, match=says):
        subject_of("so-1", "development", {**FAULTY, **change}, True)


def test_a_healthy_file_has_a_bound_and_no_repairs() -> None:
    subject = subject_of("fine", "development", HEALTHY, False)
    assert not subject.faulty
    assert truly(subject, Trained([0.9, 0.9], [], 1.0))
    assert not truly(subject, Trained([0.7, 0.7], [], 1.0))
    with pytest.raises(SubjectError, match="at_least"):
        subject_of("fine", "development", {**HEALTHY, "at_least": 80}, False)


def test_causes_by_code_leave_the_recipe_paths_out() -> None:
    subject = subject_of("so-1", "development", FAULTY, True)
    assert subject.causes == ("TR35", "@optimizer.lr")
    assert subject.codes == ("TR35",)


def test_the_hash_and_the_journal_key_change_with_what_is_judged() -> None:
    subject = subject_of("so-1", "development", FAULTY, True)
    other = subject_of("so-1", "development", {**FAULTY, "recipe": {"data": "wine"}}, True)
    assert digest([subject]) != digest([other])
    assert key("so-1", subject.tree()) != key("so-1", subject.repaired(subject.repairs[0]))


def test_the_held_back_half_is_as_it_was_frozen() -> None:
    assert frozen_hash() == FROZEN.read_text(encoding="utf-8").strip()


def test_no_file_lies_elsewhere() -> None:
    folders = [*FOLDERS.values(), *(f"healthy/{folder}" for folder in FOLDERS.values())]
    known = {path for folder in folders for path in (HERE / folder).glob("*.yaml")}
    assert set(HERE.rglob("*.yaml")) - known <= {HERE / "published.yaml"}
