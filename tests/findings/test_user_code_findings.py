"""What is said of a user's own step, loss and network."""

from dataclasses import replace

import pytest

from trickrun.findings.rules.user_code.loss import UserLossBehaviour, loss_findings
from trickrun.findings.rules.user_code.network import EvaluationBehaviour, network_findings
from trickrun.findings.rules.user_code.optimizer import (
    UserOptimizerBehaviour,
    optimizer_findings,
)
from trickrun.findings.rules.user_code.step import StepLook, UserStepBehaviour, step_findings

RIGHT = StepLook(
    stepped=True,
    changed=True,
    cosine=1.0,
    ratio=1.0,
    mispaired=0.5,
    blind=0.3,
    accumulated=1.2,
    training=True,
)
OPTIMIZER = UserOptimizerBehaviour(
    "mine:make",
    lr=0.1,
    calls=16,
    alignment=0.7,
    alignments={"layer.weight": 0.7, "head.weight": 0.9},
    loss=(2.0, 1.9),
    learned=False,
    used=1.0,
    with_less_gradient=0.1,
    with_less_lr=0.1,
    with_less_scheduled_lr=0.1,
    scheduled=True,
    step=0.2,
    usual_steps=(0.2, 5.0),
    last_step=0.2,
    usual={"optimizer": {"kind": "sgd", "lr": 0.1}},
)
NETWORK = EvaluationBehaviour("net:Net", 0.0, 0.8, 0.5, 0.5, 2.3, 32, True)


def step(look: StepLook, batch_size: int = 32, modes_matter: bool = True) -> UserStepBehaviour:
    first = replace(look, accumulated=None)
    return UserStepBehaviour("mine:step", batch_size, modes_matter, (first, look, look, look))


def codes(found) -> list[str]:
    return [f.code for f in found if f.severity == "error"]


def test_a_right_step_is_left_in_peace():
    assert step_findings(step(RIGHT)) == []


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (replace(RIGHT, accumulated=0.0, cosine=0.8, ratio=2.5), "TR46"),
        (replace(RIGHT, cosine=-1.0), "TR33"),
        (replace(RIGHT, cosine=0.3, mispaired=0.7), "TR10"),
        (replace(RIGHT, cosine=0.3, blind=0.99), "TR14"),
        (replace(RIGHT, cosine=0.3, mispaired=0.2), "TR74"),
        (replace(RIGHT, ratio=32.0), "TR21"),
        (replace(RIGHT, training=False), "TR47"),
        (replace(RIGHT, stepped=False, changed=False, cosine=None, ratio=None), "TR45"),
    ],
)
def test_each_mistake_has_its_code_and_names_the_object(look, code):
    found = step_findings(step(look))
    assert codes(found) == [code]
    assert found[0].where == "mine:step"


def test_clipping_in_the_step_is_no_mistake():
    assert step_findings(step(replace(RIGHT, ratio=0.01))) == []


def test_gradients_that_add_up_between_two_updates_are_meant_to():
    waits = replace(RIGHT, stepped=False, changed=False, cosine=None, ratio=None)
    updates = replace(RIGHT, accumulated=0.0, cosine=0.9)
    accumulating = UserStepBehaviour("mine:step", 32, True, (waits, updates, waits, updates))
    assert step_findings(accumulating) == []


def test_a_step_that_climbs_after_a_right_gradient_is_told_from_an_optimizer_that_does():
    climbs = step(replace(RIGHT, descent=-0.9))
    assert codes(step_findings(climbs)) == ["TR33"]
    assert step_findings(replace(climbs, own_optimizer=True)) == []
    by_itself = step(replace(RIGHT, stepped=False, cosine=None, ratio=None, descent=-0.9))
    assert codes(step_findings(replace(by_itself, own_optimizer=True))) == ["TR33"]


def test_one_step_uphill_may_be_momentum():
    looks = [replace(RIGHT, descent=cosine) for cosine in (0.9, 0.4, -0.3, -0.1)]
    assert step_findings(replace(step(RIGHT), looks=looks)) == []


def test_weights_that_change_after_all_looks_are_not_at_rest():
    waits = step(replace(RIGHT, stepped=False, changed=False, cosine=None, ratio=None))
    assert step_findings(replace(waits, steps=8, changed=True)) == []
    assert codes(step_findings(replace(waits, steps=64, changed=False))) == ["TR45"]


def test_parameters_that_a_step_leaves_out():
    partly = replace(step(RIGHT), untouched=("layer.weight",))
    assert codes(step_findings(replace(partly, learned=False))) == ["TR45"]
    (meant,) = step_findings(replace(partly, learned=True))
    assert meant.severity == "warning"
    assert step_findings(replace(partly, own_optimizer=True)) == []


def test_a_constant_factor_is_told_from_a_clip_and_from_a_sum():
    looks = [replace(RIGHT, ratio=1e-4 * (1 + 1e-5 * i)) for i in range(4)]
    scaled = replace(step(RIGHT), looks=looks, adaptive=False)
    assert codes(step_findings(scaled)) == ["TR74"]
    assert step_findings(replace(scaled, adaptive=True)) == []
    clipped = [replace(RIGHT, ratio=1e-4 * (1 + 0.1 * i)) for i in range(4)]
    assert step_findings(replace(scaled, looks=clipped)) == []
    assert codes(step_findings(step(replace(RIGHT, ratio=1e4)))) == ["TR74"]


def test_evaluation_mode_in_a_network_without_modes_is_a_remark():
    found = step_findings(step(replace(RIGHT, training=False), modes_matter=False))
    assert [f.severity for f in found] == ["info"]


def test_a_right_network_is_left_in_peace():
    assert network_findings(NETWORK) == []


@pytest.mark.parametrize(
    ("network", "code"),
    [
        (replace(NETWORK, random=0.5), "TR47"),
        (replace(NETWORK, spread=0.0), "TR14"),
        (replace(NETWORK, loss=3.0), "TR47"),
        (replace(NETWORK, loss=3.0, batch_size=4), "TR48"),
    ],
)
def test_each_fault_of_evaluation_has_its_code(network, code):
    assert codes(network_findings(network)) == [code]


def test_tiny_batches_of_a_built_in_network_get_another_normalization():
    layer = {"kind": "layer"}
    tiny = replace(NETWORK, target="model", loss=3.0, batch_size=4, without_batch=layer)
    (found,) = network_findings(tiny)
    assert found.edit == {"normalization": layer}
    (own,) = network_findings(replace(tiny, without_batch=None))
    assert own.edit is None


def test_modes_may_differ_in_a_network_that_has_learned_nothing():
    assert network_findings(replace(NETWORK, loss=9.0, batch_loss=4.0)) == []


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (UserLossBehaviour("mine:loss", 0.97, 0.2), []),
        (UserLossBehaviour("mine:loss", None, None), []),
        (UserLossBehaviour("mine:loss", -1.0, 0.0), ["TR33"]),
        (UserLossBehaviour("mine:loss", 0.97, 0.63), ["TR26"]),
        (UserLossBehaviour("mine:loss", 0.97, 0.2, ignores_targets=False, reached=0.9), []),
        (UserLossBehaviour("mine:loss", None, None, constant=True), ["TR96"]),
        (UserLossBehaviour("mine:loss", 0.1, 0.2, ignores_targets=True, reached=0.3), ["TR96"]),
        (UserLossBehaviour("mine:loss", 0.1, 0.9, reached=0.3), ["TR96"]),
        (UserLossBehaviour("mine:loss", 0.97, 0.0, not_finite="right answers"), ["TR96"]),
        (UserLossBehaviour("mine:loss", 0.97, None, reached=0.3, task="regression"), []),
    ],
)
def test_losses(loss, expected):
    assert codes(loss_findings(loss)) == expected


def test_a_network_that_freezes_itself_is_worth_a_word():
    (found,) = network_findings(replace(NETWORK, frozen=0.9))
    assert (found.code, found.severity) == ("TR45", "warning")
    assert network_findings(replace(NETWORK, frozen=0.3)) == []


def test_a_frozen_network_is_an_error_where_training_all_of_it_gains_much():
    held = replace(NETWORK, frozen=0.9, frozen_modules={"body": 0.8, "norm": 0.1}, skill=0.2)
    (found,) = network_findings(replace(held, skill_unfrozen=0.9))
    assert (found.code, found.severity) == ("TR45", "error")
    assert "body 80%, norm 10%" in found.why
    (no_gain,) = network_findings(replace(held, skill_unfrozen=0.3))
    (untried,) = network_findings(held)
    assert {no_gain.severity, untried.severity} == {"warning"}


def test_a_softmax_over_the_only_output_of_ones_own_network_is_an_error():
    (found,) = network_findings(replace(NETWORK, softmax_of_one=True))
    assert (found.code, found.severity) == ("TR27", "error")
    assert network_findings(NETWORK) == []


def test_a_softmax_between_layers_of_ones_own_is_worth_a_word():
    (found,) = network_findings(replace(NETWORK, softmax=64))
    assert (found.code, found.severity) == ("TR53", "warning")


@pytest.mark.parametrize(
    "optimizer",
    [
        OPTIMIZER,
        UserOptimizerBehaviour("mine:make", 0.1, 16),
        replace(OPTIMIZER, with_less_gradient=1.0, step=5.0),
        replace(OPTIMIZER, alignments={"layer.weight": -0.3}),
        replace(OPTIMIZER, step=1e-6, last_step=1e-5),
        replace(OPTIMIZER, decay=1e-3, stated_decay=0.01),
        replace(OPTIMIZER, decay=-1e-4),
        replace(OPTIMIZER, with_less_lr=0.01, with_less_scheduled_lr=0.5),
        replace(OPTIMIZER, with_less_scheduled_lr=1.0, scheduled=False),
    ],
)
def test_a_right_optimizer_is_left_in_peace(optimizer):
    assert optimizer_findings(optimizer) == []


@pytest.mark.parametrize(
    ("optimizer", "code"),
    [
        (replace(OPTIMIZER, alignment=-0.7, loss=(2.0, 2.1)), "TR33"),
        (replace(OPTIMIZER, alignments={"head.bias": -1.0}), "TR33"),
        (replace(OPTIMIZER, broken="zeros"), "TR95"),
        (replace(OPTIMIZER, used=0.0, alignment=None), "TR95"),
        (replace(OPTIMIZER, with_less_lr=1.0), "TR95"),
        (replace(OPTIMIZER, step=1e-5, last_step=1e-5), "TR95"),
        (replace(OPTIMIZER, step=1e4), "TR95"),
        (replace(OPTIMIZER, decay=-0.01), "TR95"),
        (replace(OPTIMIZER, decay=0.01), "TR50"),
        (replace(OPTIMIZER, untouched=("a", "b"), untouched_share=0.9), "TR45"),
        (replace(OPTIMIZER, untouched=("a", "b"), untouched_share=1.0, unlisted=True), "TR45"),
    ],
)
def test_each_mistake_of_an_optimizer_has_its_code(optimizer, code):
    assert codes(optimizer_findings(optimizer)) == [code]


def test_a_decay_that_is_stated_and_a_head_that_alone_trains_may_be_meant():
    stated = replace(OPTIMIZER, decay=0.01, stated_decay=0.1)
    head = replace(OPTIMIZER, untouched=("a",), untouched_share=0.9, learned=True)
    for optimizer in (stated, head):
        assert [f.severity for f in optimizer_findings(optimizer)] == ["warning"]
    (unknown,) = optimizer_findings(replace(head, learned=None))
    assert unknown.confidence < 0.8
