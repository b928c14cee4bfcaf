"""What optimizers claim about their steps: only one that does may train in a stack."""

from __future__ import annotations

from typing import ClassVar

from trickrun.tricks.optimizers import OPTIMIZERS, Optimizer
from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.optimizers.sgd import SGD

ENTRYWISE = {
    "adadelta", "adagrad", "adam", "adamax", "adamw", "lion", "nadam", "radam", "rmsprop", "sgd",
}  # fmt: skip


class Silent(Optimizer):
    pass


class Entrywise(Optimizer):
    entrywise: ClassVar[bool] = True


class OwnAdam(Adam):
    pass


class OwnSGD(SGD):
    entrywise = True
    direction_ignores_lr = True


def test_which_optimizers_train_in_stacks():
    made = {name: OPTIMIZERS[name] for name in OPTIMIZERS.files if name != "python"}
    assert {name for name, kind in made.items() if not kind().trains_alone} == ENTRYWISE
    assert {name for name, kind in made.items() if kind().steps_in_one_direction} == ENTRYWISE


def test_one_that_claims_nothing_trains_alone():
    assert Silent().trains_alone
    assert not Silent().steps_in_one_direction


def test_one_that_claims_it_trains_in_stacks():
    assert not Entrywise().trains_alone
    assert Entrywise(lr_scale={"*": 0.5}).trains_alone
    assert not Entrywise().steps_in_one_direction


def test_the_claims_of_a_base_class_do_not_count():
    assert OwnAdam().trains_alone
    assert not OwnAdam().steps_in_one_direction


def test_the_classical_velocity_has_the_rates_of_the_past_in_it():
    assert SGD(momentum=0.9).steps_in_one_direction
    assert not SGD(momentum=0.9, form="classical").steps_in_one_direction
    assert not SGD(momentum=0.9, form="classical").trains_alone


def test_a_subclass_may_claim_it_again():
    assert not OwnSGD().trains_alone
    assert OwnSGD().steps_in_one_direction
    assert not OwnSGD(form="classical").steps_in_one_direction
