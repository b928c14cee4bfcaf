"""Findings of `signal` from plain numbers: found, not found, and the known false alarms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trickrun.findings.evidence.signal import Histogram, LayerSignal, Moment, SignalEvidence, Update
from trickrun.findings.finding import Finding
from trickrun.findings.rank import CONFIDENT
from trickrun.findings.rules.signal.signal import findings

STEPS = 100
AT = (0, 25, 50, 75, 100)


def moment(step: int, **changes: float) -> Moment:
    usual = Moment(
        step,
        0.0,
        1.0,
        0.4,
        0.6,
        0.0,
        0.0,
        0.1,
        0.1,
        1e-2,
        Histogram(0, 1, (1,)),
        Histogram(0, 1, (1,)),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def layer(name: str, ratio: float | None = 1e-3, **changes: object) -> LayerSignal:
    """Return a healthy layer whose moments and updates are all alike."""
    usual = LayerSignal(
        name=name,
        kind="Linear",
        activation="" if name == "head" else "ReLU",
        units=64,
        trainable=True,
        weight_std=0.1,
        head=name == "head",
        moments=tuple(moment(step) for step in AT),
        updates=tuple(Update(step, 1e-3, ratio, 1e-2) for step in range(0, STEPS, 10)),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def network(*layers: LayerSignal, **changes: object) -> SignalEvidence:
    usual = SignalEvidence(
        layers=layers or (layer("one"), layer("two"), layer("head")),
        samples=1000,
        steps=STEPS,
        losses=tuple(2.3 - 0.01 * i for i in range(STEPS)),
        lrs=(0.1,) * STEPS,
        non_finite_step=None,
        input_std=1.0,
        lr=0.1,
        optimizer="sgd",
        init="kaiming_normal",
        normalization="none",
        activation="relu",
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def moments(**changes: float) -> tuple[Moment, ...]:
    return tuple(moment(step, **changes) for step in AT)


def codes(evidence: SignalEvidence) -> list[str]:
    return [finding.code for finding in findings(evidence)]


def only(evidence: SignalEvidence) -> Finding:
    (finding,) = findings(evidence)
    return finding


def test_a_healthy_network_has_no_findings() -> None:
    assert findings(network()) == []
    assert findings(network(layer("head"))) == []


# TR22


def test_equal_weights_are_found() -> None:
    finding = only(network(layer("one", weight_std=1e-9), layer("head"), init="constant"))
    assert (finding.code, finding.edit) == ("TR22", {"init": {"kind": "auto"}})


def test_a_zero_head_or_a_single_unit_is_no_constant_init() -> None:
    assert codes(network(layer("one"), layer("head", weight_std=0.0))) == []
    assert codes(network(layer("one", weight_std=0.0, units=1), layer("head"))) == []


def test_zeros_that_get_a_gradient_are_no_constant_init() -> None:
    first = (Update(0, 0.1, None, 0.1), Update(1, 0.1, 0.9, 0.1))
    branch = layer("branch", weight_std=0.0, updates=first)
    assert "TR22" not in codes(network(layer("one"), branch, layer("head")))
    stuck = replace(branch, moments=moments(gradient_norm=0.0))
    assert "TR22" in codes(network(layer("one"), stuck, layer("head")))


def test_a_constant_init_explains_what_follows_from_it() -> None:
    dead = layer("one", weight_std=0.0, moments=moments(dead_fraction=1.0, gradient_rms=0.0))
    still = layer("two", updates=(Update(0, 0.0, None, None),))
    assert codes(network(dead, still, layer("head"))) == ["TR22"]


# TR23, TR44


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((1.0, 1.0, 1.0), []),
        ((0.6, 0.26, 0.2), ["TR44"]),
        ((1.0, 0.9, 0.3), ["TR23"]),
        ((1.0, 1.2, 4.0), ["TR23"]),
        ((1.0, 0.1, 0.005), ["TR23"]),
        ((11.0, 10.0, 9.0), ["TR44"]),
        ((0.05, 0.06, 0.05), ["TR44"]),
    ],
)
def test_the_scale_is_compared_between_layers(
    sizes: tuple[float, ...], expected: list[str]
) -> None:
    hidden = [layer(f"l{i}", moments=moments(pre_std=size)) for i, size in enumerate(sizes)]
    evidence = network(*hidden, layer("head"), init="normal", usual_init=False)
    assert codes(evidence) == expected
    # Weights that were learned have the size that learning gave them.
    assert codes(replace(evidence, learned=True)) == []


def test_a_lost_signal_is_an_error_and_a_slope_a_warning() -> None:
    def severity(last: float) -> str:
        ends = layer("one"), layer("two", moments=moments(pre_std=last)), layer("head")
        return only(network(*ends, init="normal", usual_init=False)).severity

    assert severity(0.2) == "warning"
    assert severity(0.005) == "error"


def test_a_lost_signal_explains_the_steps() -> None:
    ends = layer("one", 0.5), layer("two", 0.5, moments=moments(pre_std=1e-4)), layer("head", 0.5)
    finding = only(network(*ends, init="normal", usual_init=False))
    assert (finding.code, finding.edit) == ("TR23", {"init": {"kind": "auto"}})


def test_a_look_up_of_small_vectors_is_no_growing_signal():
    layers = (
        layer("embedding", kind="Embedding", moments=moments(pre_std=0.1)),
        *(layer(name, moments=moments(pre_std=1.0)) for name in ("one", "two", "head")),
    )
    assert codes(network(*layers)) == []
    assert codes(network(replace(layers[0], kind="Linear"), *layers[1:])) == ["TR23"]


def test_unscaled_inputs_are_the_first_suspect() -> None:
    large = layer("one", moments=moments(pre_std=12.0))
    finding = only(network(large, layer("head"), input_std=6.0))
    assert (finding.code, finding.severity) == ("TR44", "warning")
    assert finding.edit == {"data.normalize": {"kind": "standard"}}
    assert only(network(large, layer("head"))).edit == {"normalization": {"kind": "batch"}}
    assert only(network(large, layer("head"), activation="")).edit is None


# TR42, TR43


def test_saturated_units() -> None:
    full = layer("one", activation="Tanh", moments=moments(saturated_fraction=0.6, pre_std=1.9))
    finding = only(network(full, layer("head"), activation="tanh", init="normal", usual_init=False))
    assert (finding.code, finding.where) == ("TR42", "one")
    assert finding.edit == {"init": {"kind": "auto"}}
    half = replace(full, moments=moments(saturated_fraction=0.5))
    assert codes(network(half, layer("head"))) == []


def test_units_that_saturate_later_want_smaller_steps() -> None:
    later = (*moments()[:-1], moment(100, saturated_fraction=0.9, pre_std=9.0))
    finding = only(network(layer("one", activation="Tanh", moments=later), layer("head")))
    assert finding.edit == {"optimizer.lr": 0.01}
    assert "deviation of 9" in finding.why


def test_dead_units_before_and_after() -> None:
    born = layer("one", moments=moments(dead_fraction=0.9))
    assert only(network(born, layer("head"))).edit == {"init": {"kind": "auto"}}
    died = layer("one", moments=(*moments()[:-1], moment(100, dead_fraction=0.7)))
    finding = only(network(died, layer("head")))
    assert (finding.code, finding.edit) == ("TR43", {"optimizer.lr": 0.01})
    assert finding.evidence == {"layers": {"one": 0.7}, "before_training": 0.0}


def test_dead_units_that_are_frozen_with_all_before_them_are_no_cause() -> None:
    born = layer("two", moments=moments(dead_fraction=0.9))
    frozen = layer("one", trainable=False), replace(born, trainable=False)
    finding = only(network(*frozen, layer("head")))
    assert (finding.code, finding.severity, finding.edit) == ("TR43", "warning", None)
    assert finding.confidence < CONFIDENT
    assert only(network(layer("one"), replace(born, trainable=False))).severity == "error"


def test_some_dead_units_and_a_head_that_is_zero_are_no_fault() -> None:
    some = layer("one", moments=moments(dead_fraction=0.4))
    assert codes(network(some, layer("head", moments=moments(dead_fraction=1.0)))) == []


# TR40, TR41


def graded(*sizes: float) -> list[LayerSignal]:
    """Return layers with such gradients; the last one is the head."""
    names = [f"l{i}" for i in range(len(sizes) - 1)] + ["head"]
    return [
        layer(name, moments=moments(gradient_rms=size))
        for name, size in zip(names, sizes, strict=True)
    ]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((1e-2, 1e-2, 1e-2), []),
        ((2e-5, 1e-3, 1e-2), []),
        ((9e-6, 1e-3, 1e-2), ["TR40"]),
        ((1e-8, 2e-8, 1e-5), ["TR40"]),
        ((2e-8, 2e-8, 4e-8), ["TR40"]),
        ((0.6, 0.1, 1e-2), []),
        ((0.8, 0.1, 1e-2), ["TR41"]),
    ],
)
def test_gradients_are_compared_from_first_to_last(
    sizes: tuple[float, ...], expected: list[str]
) -> None:
    assert codes(network(*graded(*sizes))) == expected


def test_tiny_gradients_of_a_fitted_network_are_normal() -> None:
    fitted = tuple(2.3 * 0.9**i for i in range(STEPS))
    assert codes(network(*graded(1e-8, 1e-8, 1e-5), losses=fitted)) == []


def test_a_head_that_starts_at_zero_lets_the_gradient_through_later() -> None:
    hidden = layer("one", moments=(moment(0, gradient_rms=0.0), *moments()[1:]))
    assert codes(network(hidden, layer("head"))) == []


def test_frozen_layers_do_not_count_as_first() -> None:
    first, *rest = graded(1e-9, 1e-2, 1e-2)
    frozen = replace(first, trainable=False, updates=(Update(0, 0.0, 0.0, None),))
    assert codes(network(frozen, *rest)) == []


def test_the_edit_for_a_vanishing_gradient_follows_its_cause() -> None:
    lost = graded(9e-6, 1e-3, 1e-2)
    assert only(network(*lost, activation="sigmoid")).edit == {"model.activation": "relu"}
    assert only(network(*lost, init="normal", usual_init=False)).edit == {"init": {"kind": "auto"}}
    assert only(network(*lost)).edit == {"normalization": {"kind": "batch"}}
    assert only(network(*lost, normalization="batch")).edit is None
    along = network(*lost, usual_normalization="layer")
    assert only(along).edit == {"normalization": {"kind": "layer"}}


def test_a_training_that_ends_in_nan_explodes() -> None:
    finding = only(network(non_finite_step=8))
    assert (finding.code, finding.edit) == ("TR41", {"optimizer.lr": 0.01})


def test_steps_that_replace_the_weights_explain_the_explosion() -> None:
    finding = only(network(layer("one", 50.0), layer("head", 900.0), non_finite_step=8))
    assert (finding.code, finding.edit) == ("TR35", {"optimizer.lr": 0.01})


# TR35, TR36, TR45


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ((1e-3, 1e-3, 1e-3), []),
        ((1e-3, 1e-3, 0.5), []),
        ((0.2, 0.2, 1e-3), ["TR35"]),
        ((1e-5, 1e-5, 9e-5), ["TR36"]),
        ((1e-5, 1e-5, 2e-4), []),
        ((None, None, None), []),
        ((None, 1e-3, 1e-3), []),
    ],
)
def test_steps_are_judged_against_the_weights(
    ratios: tuple[float | None, ...], expected: list[str]
) -> None:
    names = "one", "two", "head"
    layers = [layer(name, ratio) for name, ratio in zip(names, ratios, strict=True)]
    assert codes(network(*layers)) == expected


SLOW = layer("one", 1e-5), layer("head", 1e-5)


def test_the_edit_brings_steps_to_a_thousandth() -> None:
    assert only(network(*SLOW)).edit == {"optimizer.lr": 10.0}


def test_small_steps_in_a_warm_up_or_of_a_fitted_network_are_normal() -> None:
    assert codes(network(*SLOW, lrs=(0.02,) * STEPS)) == []
    assert codes(network(*SLOW, losses=(2.3, *(0.1,) * 99))) == []


def test_an_optimizer_that_shrinks_its_own_steps_is_named() -> None:
    shrinking = tuple(Update(s, 1e-3, 1e-5, 0.9 / (1 + s)) for s in range(0, STEPS, 10))
    layers = [replace(each, updates=shrinking) for each in SLOW]
    finding = only(network(*layers, optimizer="adagrad"))
    assert "scaling of adagrad has made its steps 91 times smaller" in finding.why
    assert "itself" not in only(network(*SLOW)).why


def test_large_steps_right_at_the_start_are_warm_up_of_a_small_head() -> None:
    first = tuple(Update(s, 1e-3, 0.5 if s < 40 else 1e-3, 1e-2) for s in range(0, STEPS, 10))
    assert codes(network(layer("one", updates=first), layer("head", updates=first))) == []


def test_weights_that_do_not_move_are_frozen() -> None:
    still = tuple(Update(step, 0.0, 0.0, None) for step in range(0, STEPS, 10))
    finding = only(network(layer("one", updates=still), layer("two"), layer("head")))
    assert (finding.code, finding.where) == ("TR45", "one")
    on_purpose = layer("one", updates=still, trainable=False)
    assert codes(network(on_purpose, layer("two"), layer("head"))) == []
    asleep = layer("one", updates=still), layer("head", updates=still)
    assert codes(network(*asleep, lrs=(0.0,) * STEPS)) == []
    lost = only(network(*asleep, lrs=(1e-9,) * STEPS))
    assert (lost.code, lost.where, lost.severity) == ("TR36", "optimizer.lr", "error")


def exploding(**changes: object) -> Finding:
    """Return the finding of a gradient that grows a hundredfold on its way back."""
    large, usual = moments(gradient_rms=1.0), moments(gradient_rms=0.01)
    layers = (
        layer("one", moments=large),
        layer("two", moments=large),
        layer("head", moments=usual),
    )
    found = findings(network(*layers, normalization="batch", **changes))
    return next(finding for finding in found if finding.code == "TR41")


def test_a_clip_is_not_recommended_where_there_is_one() -> None:
    assert exploding().edit == {"optimizer.clip": {"norm": 1.0}}
    assert exploding(clipped=True).edit is None


def test_inputs_that_are_standardized_are_not_to_be_standardized() -> None:
    """With many constant features they are small all the same."""
    assert exploding(input_std=0.3).edit == {"data.normalize": {"kind": "standard"}}
    small = exploding(input_std=0.3, normalize="standard").edit
    assert small == {"optimizer.clip": {"norm": 1.0}}
