"""What makes a trial another one."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from trickrun.params import Count, Params
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.schema import Recipe, Train
from trickrun.search import trial
from trickrun.search.trial import identity, make_trial
from trickrun.tricks.init.kaiming_normal import KaimingNormal
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.schedules.cosine import Cosine


def test_a_change_in_what_user_code_imports_makes_another_trial(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("from helper import make\n")
    tree = canonical({"data": "iris", "model": {"kind": "python", "target": "net:make"}})
    ids = set()
    for size in (4, 4, 8):
        (tmp_path / "helper.py").write_text(f"SIZE = {size}\n")
        ids.add(make_trial(tree, {}, tmp_path).id)
    assert len(ids) == 2


HERE = Path()
PLAIN: dict[str, Any] = {"data": "iris", "model": {"kind": "mlp", "hidden": [8]}}


def of(**sections: Any) -> str:
    """Return the identity of a recipe with ``sections``."""
    return identity(from_tree(canonical({**PLAIN, **sections})), HERE)


@pytest.mark.parametrize(
    "sections",
    [
        {"seed": 0},
        {"optimizer": "adam"},
        {"optimizer": {"kind": "adam", "lr": 1e-3, "schedule": {"kind": "constant", "warmup": 0}}},
        {"optimizer": {"clip": None}},
        {"train": {"epochs": 20, "steps": None, "checkpoint": "10 s"}},
        {"train": {"device": "cpu", "threads": 2}},
        {"data": {"kind": "iris", "batch_size": 64, "split": {"val": 0.15}}},
        {"data": {"kind": "iris", "normalize": "standard", "shuffle": True}},
        {"augmentation": [], "metrics": None, "regularizers": {"dropout": None}},
        {"name": "another", "expect": {"best.val_loss": "< 1"}, "grid": {"metric": "val_loss"}},
    ],
)
def test_what_is_written_out_and_equals_the_default_makes_no_other_trial(sections):
    assert of(**sections) == of()


@pytest.mark.parametrize(
    "sections",
    [
        {"seed": 1},
        {"optimizer": "adamw"},
        {"optimizer": {"kind": "adam", "lr": 2e-3}},
        {"optimizer": {"schedule": "cosine"}},
        {"train": {"epochs": 21}},
        {"train": {"steps": 20}},
        {"data": {"kind": "iris", "split": {"seed": 1}}},
        {"data": "wine"},
        {"model": {"kind": "mlp", "hidden": [8, 8]}},
        {"regularizers": {"dropout": {}}},
        {"augmentation": [{"kind": "noise", "std": 0.1}]},
        {"metrics": ["accuracy"]},
    ],
)
def test_what_differs_makes_another_trial(sections):
    assert of(**sections) != of()


def test_each_order_of_augmentations_is_a_trial_of_its_own():
    one, two = {"kind": "noise", "std": 0.1}, {"kind": "feature_dropout"}
    assert of(augmentation=[one, two]) != of(augmentation=[two, one])


class NewerAdam(Adam):
    """Adam as a later version may have it: with one more parameter."""

    __module__ = Adam.__module__  # a later version of that file, no package's

    damping: float = 0.0


class RevisedAdam(Adam):
    """Adam whose default means something else."""

    __module__ = Adam.__module__  # a later version of that file, no package's

    revision = 2


class NewerTrain(Train):
    """The train section of a later version."""

    __module__ = Train.__module__

    patience: Count = Field(default=3, description="of whatever comes")


class NewerRecipe(Recipe):
    """A recipe with a section that is new, and whose default does what was done before."""

    __module__ = Recipe.__module__

    train: Train = NewerTrain()
    pruning: Params = Params()


def with_optimizer(optimizer: Adam) -> str:
    recipe = from_tree(canonical(PLAIN))
    return identity(recipe.model_copy(update={"optimizer": optimizer}), HERE)


def test_a_new_parameter_at_its_default_makes_no_other_trial():
    assert with_optimizer(NewerAdam(lr=0.01)) == with_optimizer(Adam(lr=0.01))
    assert with_optimizer(NewerAdam(lr=0.01, damping=0.1)) != with_optimizer(Adam(lr=0.01))
    tree = canonical({**PLAIN, "train": {"epochs": 3}})
    newer = NewerRecipe.model_validate({**tree, "train": NewerTrain(epochs=3)})
    assert identity(newer, HERE) == of(train={"epochs": 3})


def test_a_new_revision_makes_another_trial_of_those_that_use_the_kind(monkeypatch):
    assert with_optimizer(RevisedAdam(lr=0.01)) != with_optimizer(Adam(lr=0.01))
    plain, cosine = of(), of(optimizer={"schedule": "cosine"})
    monkeypatch.setattr(Cosine, "revision", 2)
    assert of() == plain
    assert of(optimizer={"schedule": "cosine"}) != cosine


@pytest.mark.parametrize("kind", [CrossEntropy, KaimingNormal])
def test_a_kind_that_auto_may_choose_counts_with_its_revision(monkeypatch, kind):
    before = of()
    monkeypatch.setattr(kind, "revision", 2)
    assert of() != before


def test_a_kind_that_is_a_default_counts_with_its_revision(monkeypatch):
    before = of()
    monkeypatch.setattr(Adam, "revision", 2)
    assert of() != before


def test_identities_are_those_of_the_versions_before():
    """A change here trains every journalled trial again. The data set is made, not read."""
    data = {"kind": "synthetic", "family": "moons"}
    tree = {**PLAIN, "data": data, "optimizer": {"kind": "sgd", "lr": 0.1}, "train": {"epochs": 3}}
    assert make_trial(canonical(tree), {}, HERE).id == "d6d2375c5a9707b9"


@pytest.mark.parametrize(
    "watching",
    [
        {"early_stopping": {"monitor": "train_loss"}},
        {"optimizer": {"schedule": {"kind": "plateau", "monitor": "train_loss"}}},
        {"grid": {"metric": "train_loss"}},
    ],
)
def test_a_new_meaning_of_train_loss_makes_another_trial_of_those_that_watch_it(
    monkeypatch, watching
):
    plain, watched = of(), of(**watching)
    monkeypatch.setattr(trial, "TRAIN_LOSS_REVISION", 3)
    assert of() == plain
    assert of(**watching) != watched
