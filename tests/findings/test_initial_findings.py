"""Findings from the numbers of an initial loss: what fits, what does not, and the known traps."""

from dataclasses import replace
from typing import Any

import pytest

from trickrun.findings.evidence.initial_loss import InitialLoss
from trickrun.findings.rules.loss.initial_loss import causes

CLASSES = InitialLoss(
    task="classification",
    outputs=10,
    loss_kind="cross_entropy",
    reduction="mean",
    batch_size=64,
    head_activation="linear",
    init="kaiming_normal",
    takes="logits",
    loss=2.7,
    expected=2.303,
    tolerance=1.4,
    limit=6.3,
    normal_size=2.0,
    bias_loss=2.303,
    uniform_loss=2.303,
    best_loss=2.302,
    doubling=1.0,
    loss_floor=1.461,
    output_size=1.0,
    output_low=-3.0,
    output_high=3.0,
    row_sum_error=8.0,
    exp_sum_error=30.0,
    input_size=1.0,
    feature_size=1.0,
    feature_spread=1.0,
    best=(0.0,) * 10,
)
"""A healthy network for ten classes."""

VALUES = replace(
    CLASSES,
    task="regression",
    outputs=1,
    loss_kind="mse",
    takes="values",
    loss=2.0,
    expected=1.0,
    tolerance=4.0,
    limit=17.0,
    bias_loss=1.0,
    uniform_loss=1.0,
    best_loss=1.0,
    best=(0.0,),
    loss_floor=0.0,
    target_low=-3.0,
    target_high=3.0,
    target_size=1.0,
)
"""A healthy network for targets of mean 0 and size 1."""

BINARY = replace(
    CLASSES, outputs=1, loss_kind="bce", loss=0.7, expected=0.693, tolerance=0.37, limit=1.75,
    bias_loss=0.693, uniform_loss=0.693, best_loss=0.69, best=(0.05,), loss_floor=0.5,
)  # fmt: skip

NLL = {"loss_kind": "nll", "takes": "log_probabilities"}

PROBABILITIES = {"output_low": 0.02, "output_high": 0.4, "row_sum_error": 1e-7, "loss": 2.31}

CASES: list[tuple[InitialLoss, dict[str, Any], list[str]]] = [
    (CLASSES, {}, []),
    (VALUES, {}, []),
    (BINARY, {}, []),
    (CLASSES, {"loss": 172.8, "doubling": 2.0, "reduction": "sum"}, ["TR21"]),
    (CLASSES, {"head_activation": "softmax", **PROBABILITIES}, ["TR26"]),
    (CLASSES, {"head_activation": None, **PROBABILITIES}, ["TR26"]),
    (CLASSES, {**NLL, "loss": -0.1}, ["TR25"]),
    (CLASSES, {**NLL, "exp_sum_error": 1e-6, "head_activation": "log_softmax"}, []),
    (CLASSES, {"head_activation": "log_softmax"}, []),
    (CLASSES, {"head_activation": "relu", "output_low": 0.0}, ["TR29"]),
    (CLASSES, {"head_activation": None, "output_low": 0.0}, ["TR29"]),
    (CLASSES, {"head_activation": "tanh", "output_low": -1.0, "output_high": 1.0}, ["TR29"]),
    (BINARY, {"head_activation": "sigmoid", "output_low": 0.3, "output_high": 0.7}, ["TR26"]),
    (BINARY, {"head_activation": "softmax", "output_low": 1.0, "output_high": 1.0}, ["TR27"]),
    (BINARY, {"head_activation": None, "output_low": 0.1, "output_high": 0.4}, []),
    (VALUES, {"head_activation": "sigmoid"}, ["TR28"]),
    (VALUES, {"head_activation": "softplus", "target_low": 0.1}, []),
    (CLASSES, {"feature_spread": 0.0, "init": "zeros", "equal_weights": True}, ["TR22"]),
    (CLASSES, {"feature_spread": 0.0}, ["TR14"]),
    (CLASSES, {"feature_spread": 0.0, "zero_inputs": True}, []),
    (BINARY, {"bias_loss": 2.0, "loss": 2.1}, ["TR24"]),
    (BINARY, {"best_loss": 0.2}, ["TR24"]),
    (VALUES, {"bias_loss": 5.0, "uniform_loss": 5.0, "expected": 5.0, "loss": 5.5}, ["TR24"]),
    (VALUES, {"target_size": 77.0}, ["TR06"]),
    (VALUES, {"target_size": 0.05, "normal_size": 0.1, "loss": 1.0, "expected": 0.0025,
              "tolerance": 0.01, "best_loss": 0.0025, "bias_loss": 0.0025,
              "uniform_loss": 0.0025}, ["TR06"]),
    (CLASSES, {"loss": 13.0, "input_size": 7.7, "feature_size": 7.6, "output_size": 7.5}, ["TR01"]),
    (CLASSES, {"loss": 17.0, "output_size": 11.0}, ["TR23"]),
    (CLASSES, {"loss": 300.0, "feature_size": 30.0, "output_size": 170.0}, ["TR23"]),
    (CLASSES, {"loss": 17.0, "output_size": 11.0, "own_head": True}, ["TR20"]),
    (CLASSES, {"loss": 4.5, "output_size": 2.5, "feature_size": 1.6, "own_head": True}, []),
    (CLASSES, {"loss": float("nan"), "input_size": float("nan")}, ["TR05"]),
    (CLASSES, {"loss": float("inf"), "output_size": float("inf")}, ["TR23"]),
    (VALUES, {"loss": float("inf"), "target_size": 3e20}, ["TR06", "TR23"]),
]  # fmt: skip


@pytest.mark.parametrize(("healthy", "numbers", "codes"), CASES)
def test_the_cause_fits_the_numbers(
    healthy: InitialLoss, numbers: dict[str, Any], codes: list[str]
) -> None:
    assert [finding.code for finding in causes(replace(healthy, **numbers))] == codes


def test_a_sum_is_judged_by_what_one_sample_costs() -> None:
    summed = replace(CLASSES, loss=64 * 13.0, doubling=2.0, reduction="sum", output_size=8.0)
    assert [finding.code for finding in causes(summed)] == ["TR21", "TR23"]
    assert causes(replace(summed, reduction="mean"))[0].edit is None  # a user's own loss sums


def test_the_edit_of_a_bias_keeps_what_the_head_says() -> None:
    off = replace(VALUES, bias_loss=26.0, uniform_loss=26.0, expected=26.0, loss=26.5, best=(5.0,))
    (finding,) = causes(off)
    assert finding.severity == "error"
    assert finding.edit == {"init.head_bias": "prior"}
    own_head = replace(off, init="zeros", equal_weights=True, own_head=True)
    (finding,) = causes(own_head)
    assert finding.edit == {"init.head_bias": "prior"}
    (finding,) = causes(replace(own_head, own_head_bias=True))
    assert finding.edit == {"init.head_bias": "prior", "init.head.bias": "auto"}


def test_a_bias_that_is_worse_than_none_is_taken_out() -> None:
    (finding,) = causes(replace(BINARY, bias_loss=2.0, loss=2.1))
    assert finding.edit == {"init.head_bias": 0.0}


def test_rare_classes_get_the_bias_of_their_shares() -> None:
    (finding,) = causes(replace(CLASSES, best_loss=0.5))
    assert (finding.code, finding.severity) == ("TR24", "warning")
    assert finding.edit == {"init.head_bias": "prior"}


def test_large_targets_and_drowned_ones_are_to_be_scaled() -> None:
    (large,) = causes(replace(VALUES, target_size=77.0))
    assert (large.severity, large.edit) == ("warning", {"data.scale_targets": "standard"})
    drowned = replace(VALUES, loss=1.0, expected=0.0025, tolerance=0.1, output_size=1.0)
    found = causes(replace(drowned, target_size=0.05))
    (small,) = [finding for finding in found if finding.code == "TR06"]
    assert (small.severity, small.edit) == ("error", {"data.scale_targets": "standard"})
    scaled = causes(replace(drowned, target_size=0.05, scaled_targets=True))
    assert "TR06" not in [finding.code for finding in scaled]
