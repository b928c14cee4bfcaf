"""A recipe as the subject of a check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trickrun.checks import recipe_subject
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.recipe.load import Loaded, from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.text.problems import RecipeError


def iris(**more: Any) -> RecipeSubject:
    tree = canonical(
        {"name": "flowers", "data": "iris", "model": {"kind": "mlp", "hidden": [8]}, **more}
    )
    return RecipeSubject(Loaded(from_tree(tree), tree, "", Path("recipe.yaml"), ()))


def test_it_says_what_its_recipe_says() -> None:
    subject = iris(seed=3, optimizer={"kind": "sgd", "lr": 0.2})
    assert (subject.name, subject.seed, subject.lr) == ("flowers", 3, 0.2)
    assert subject.called("optimizer.lr") == "optimizer.lr"


def test_a_change_leaves_it_as_it_is() -> None:
    subject = iris()
    changed = subject.changed({"optimizer.lr": 0.5, "train.steps": 7})
    assert (changed.lr, changed.job().span.steps) == (0.5, 7)
    assert subject.recipe.train.steps is None
    with pytest.raises(RecipeError):
        subject.changed({"optimizer.lr": -1.0})


def test_each_job_is_fresh() -> None:
    subject = iris()
    first, second = subject.job(), subject.job()
    assert first.model is not second.model
    assert first.optimizer is not second.optimizer
    assert first.data.train.x is second.data.train.x


def test_data_are_loaded_once_for_all_that_share_them(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[object] = []
    prepare = recipe_subject.prepare

    def counted(*given: Any) -> Any:
        loads.append(given)
        return prepare(*given)

    monkeypatch.setattr(recipe_subject, "prepare", counted)
    subject = iris()
    same = subject.changed({"seed": 1}).changed({"data.batch_size": 8, "data.drop_last": True})
    assert same.data is subject.data
    assert len(loads) == 1
    other = subject.changed({"data.normalize": "none"})
    assert other.data is not subject.data
    assert other.changed({"seed": 2}).data is other.data
    assert len(loads) == 2


@pytest.mark.parametrize(
    ("subset", "size", "samples"), [(None, 32, 32), (20, 32, 20), (None, 500, 106)]
)
def test_one_batch(subset: int | None, size: int, samples: int) -> None:
    data = {"kind": "iris", "batch_size": 16, "subset": subset}
    batch = iris(data=data).one_batch(size)
    assert len(batch.data.train) == samples
    assert batch.job().batch_size == samples


def test_what_restrains_it_is_listed_and_can_be_switched_off() -> None:
    subject = iris(
        regularizers={"dropout": 0.4, "l2": 0.0},
        optimizer={"kind": "adamw", "lr": 1e-3, "weight_decay": 0.1, "schedule": "cosine"},
        early_stopping={"patience": 3},
    )
    restraints = subject.restraints()
    paths = [regularizer.path for regularizer in restraints.regularizers]
    assert paths == ["regularizers.dropout", "optimizer.weight_decay"]
    assert restraints.others == ["optimizer.schedule", "early_stopping"]
    off = subject.changed(restraints.off).restraints()
    assert (list(off.regularizers), off.others) == ([], [])


def test_the_middle_of_the_usual_rates() -> None:
    found = iris(optimizer={"kind": "adam", "lr": 1.0}).alternatives()
    assert found.usual_lr == pytest.approx(1e-3)
    assert [rate.edit["optimizer.lr"] for rate in found.rates] == [1e-3, 10.0, 0.1, 100.0, 0.01]
    assert "optimizer.lr" in {part.path for part in found.parts}
