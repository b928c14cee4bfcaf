"""How likely a part is the cause, before anything was tried."""

from __future__ import annotations

import pytest

from trickrun.checks.diagnosis.likelihood import of_init, of_regularizer


@pytest.mark.parametrize("init", ["normal", "uniform", "truncated_normal"])
def test_weights_of_one_scale_for_every_width_are_likelier_the_cause(make, init):
    assert of_init(make(f"init={init}").recipe) == 0.75
    assert of_init(make("init=lecun_normal").recipe) == 0.2
    assert of_init(make("init={kind: lecun_normal, bias: 0.1}").recipe) == 0.4


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("dropout", "0.9", 0.9),
        ("dropout", "{p: 0.1, input: 0.6}", 0.6),
        ("dropout", "0.3", 0.15),
        ("label_smoothing", "0.6", 0.9),
        ("label_smoothing", "0.1", 0.15),
        ("l2", "0.05", 0.85),
        ("l1", "0.005", 0.4),
        ("elastic_net", "0.001", 0.15),
        ("ema", "{}", 0.15),
        ("mixup", "{}", 0.15),
    ],
)
def test_a_strong_regularizer_is_likelier_the_cause(make, name, value, expected):
    recipe = make(f"regularizers.{name}={value}").recipe
    assert of_regularizer(f"regularizers.{name}", recipe) == expected
