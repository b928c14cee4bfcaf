"""A user's step, network and loss, each right and with every mistake that is looked for."""

import pytest

from trickrun.checks.diagnosis.network_look import look_at_network
from trickrun.checks.diagnosis.user_code_look import look_at_loss, look_at_step
from trickrun.findings.rules.user_code.loss import loss_findings
from trickrun.findings.rules.user_code.network import network_findings
from trickrun.findings.rules.user_code.step import step_findings
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import take_step


def job_of(make, *changes: str) -> Job:
    loaded = make(*changes)
    return compile_recipe(loaded.recipe, loaded.folder)


def codes(found) -> list[str]:
    return [f.code for f in found if f.severity == "error"]


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        ("", []),
        ("not cleared", ["TR46"]),
        ("eval mode", ["TR47"]),
        ("shuffled", ["TR10"]),
        ("no inputs", ["TR14"]),
        ("ascends", ["TR33"]),
        ("no update", ["TR45"]),
        ("a copy", ["TR45"]),
        ("own update climbs", ["TR33"]),
        ("climbs after the step", ["TR33"]),
        ("head only", ["TR45"]),
        ("scaled up", ["TR74"]),
        ("scaled down", ["TR74"]),
    ],
)
def test_steps(make, mistake, expected):
    own = f"train.step={{target: 'mine:step', args: {{mistake: '{mistake}'}}}}"
    sgd = "optimizer={kind: sgd, lr: 0.01}"
    found = step_findings(look_at_step(job_of(make, own, "normalization=batch", sgd)))
    assert codes(found) == expected
    assert {f.where for f in found} <= {"mine:step"}


@pytest.mark.parametrize(
    "kind", ["accumulates 8", "mixup", "sharpness aware", "clips", "noise", "penalty"]
)
def test_right_steps(make, kind):
    own = f"train.step={{target: 'mine:right_step', args: {{kind: '{kind}'}}}}"
    for optimizer in ("sgd", "{kind: sgd, lr: 0.05, momentum: 0.9}", "adam"):
        assert step_findings(look_at_step(job_of(make, own, f"optimizer={optimizer}"))) == []


def test_a_warm_up_from_zero_is_no_mistake_of_the_step(make):
    changes = "train.step={target: 'mine:step'}", "optimizer.schedule={kind: cosine, warmup: 20}"
    assert step_findings(look_at_step(job_of(make, *changes))) == []


def test_a_schedule_of_the_steps_own_has_no_effect(make):
    own = "train.step={target: 'mine:step', args: {mistake: own schedule}}"
    (found,) = step_findings(look_at_step(job_of(make, own)))
    assert (found.code, found.severity) == ("TR74", "warning")


@pytest.mark.parametrize(("mistake", "expected"), [("", []), ("drops", ["TR47"])])
def test_networks(make, mistake, expected):
    own = f"model={{kind: python, target: 'mine:Net', args: {{mistake: '{mistake}'}}}}"
    assert codes(network_findings(look_at_network(job_of(make, own)))) == expected


def test_a_network_that_ignores_its_inputs_answers_all_alike(make):
    own = "model={kind: python, target: 'mine:Net', args: {mistake: blind}}"
    found = network_findings(look_at_network(job_of(make, own)))
    assert [f.code for f in found] == ["TR14"]


def test_a_softmax_inside_and_frozen_layers_are_seen(make):
    for mistake, code in (("softmax inside", "TR53"), ("frozen", "TR45")):
        own = f"model={{kind: python, target: 'mine:Net', args: {{mistake: '{mistake}'}}}}"
        found = network_findings(look_at_network(job_of(make, own)))
        assert [(f.code, f.severity) for f in found] == [(code, "warning")]


def test_what_is_frozen_is_told_by_module(make):
    own = "model={kind: python, target: 'mine:Net', args: {mistake: bias trains}}"
    look = look_at_network(job_of(make, own))
    assert look.frozen == pytest.approx(128 / 131)
    expected = {"layer": 80 / 131, "head.weight": 48 / 131}
    assert look.frozen_modules == pytest.approx(expected)


def test_a_built_in_network_has_another_normalization_for_tiny_batches(make):
    job = job_of(make, "normalization=batch", "data.batch_size=4")
    assert look_at_network(job).without_batch == {"kind": "layer"}
    own = "model={kind: python, target: 'mine:Net'}"
    assert look_at_network(job_of(make, own)).without_batch is None


def test_a_look_leaves_batch_norm_alone(make):
    """What the step itself does to running statistics is the only change."""
    with_look = job_of(make, "normalization=batch", "train.step={target: 'mine:step'}")
    look_at_step(with_look)
    without = job_of(make, "normalization=batch", "train.step={target: 'mine:step'}")
    batches = without.batches(0)
    for step in range(4):
        take_step(without, next(batches), step, [], logged=False)
    states = with_look.model.state_dict(), without.model.state_dict()
    pairs = zip(states[0].values(), states[1].values(), strict=True)
    assert all(a.equal(b) for a, b in pairs)


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        ("", []),
        ("flipped", ["TR33"]),
        ("softmax", ["TR26"]),
        ("constant", ["TR96"]),
        ("no target", ["TR96"]),
        ("mispaired", ["TR96"]),
        ("log of zero", ["TR96"]),
    ],
)
def test_losses(make, mistake, expected):
    own = f"loss={{kind: python, target: 'mine:loss', args: {{mistake: '{mistake}'}}}}"
    assert codes(loss_findings(look_at_loss(job_of(make, own)))) == expected


@pytest.mark.parametrize(
    "kind",
    ["focal", "smoothed", "with penalties", "weighted", "robust", "hinge", "binary", "squared",
     "of probabilities"],
)  # fmt: skip
def test_right_losses_of_classes(make, kind):
    own = f"loss={{kind: python, target: 'mine:right_loss', args: {{kind: {kind}}}}}"
    assert loss_findings(look_at_loss(job_of(make, own))) == []


SINE = "data: {kind: synthetic, family: sine, n: 100}\nmodel: {kind: mlp, hidden: [8]}\n"


def of_values(make, target: str):
    loaded = make(f"loss={{kind: python, target: {target}}}", text=SINE)
    return loss_findings(look_at_loss(compile_recipe(loaded.recipe, loaded.folder)))


@pytest.mark.parametrize("kind", ["squared", "absolute", "huber", "log cosh", "quantile"])
def test_right_losses_of_values(make, kind):
    assert of_values(make, f"'mine:right_value_loss', args: {{kind: {kind}}}") == []


@pytest.mark.parametrize("name", ["root_of_zero", "of_logarithms"])
def test_a_loss_of_values_that_may_be_meant_is_worth_a_word(make, name):
    found = of_values(make, f"'mine:{name}'")
    assert [(f.code, f.severity) for f in found] == [("TR96", "warning")]
