"""Activations by name, and their gains against torch.nn.init.calculate_gain."""

from typing import get_args

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.init import calculate_gain

from trickrun.nn.activations import ActivationName, activation, gain, is_activation

NAMES = get_args(ActivationName)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("relu", functional.relu),
        ("leaky_relu", functional.leaky_relu),
        ("elu", functional.elu),
        ("selu", functional.selu),
        ("gelu", functional.gelu),
        ("silu", functional.silu),
        ("mish", functional.mish),
        ("tanh", torch.tanh),
        ("sigmoid", torch.sigmoid),
        ("hard_sigmoid", functional.hardsigmoid),
        ("softplus", functional.softplus),
        ("softmax", lambda x: torch.softmax(x, 1)),
        ("log_softmax", lambda x: torch.log_softmax(x, 1)),
        ("linear", lambda x: x),
    ],
)
def test_every_name_is_its_function(name, function):
    x = torch.linspace(-4, 4, 24).reshape(2, 3, 2, 2)
    assert name in NAMES
    assert torch.equal(activation(name)(x), function(x))


@pytest.mark.parametrize(
    ("name", "torch_name"),
    [
        ("relu", "relu"),
        ("tanh", "tanh"),
        ("sigmoid", "sigmoid"),
        ("selu", "selu"),
        ("leaky_relu", "leaky_relu"),
        ("linear", "linear"),
        ("gelu", "relu"),
        ("silu", "relu"),
        ("mish", "relu"),
        ("elu", "relu"),
        ("softplus", "relu"),
        ("softmax", "linear"),
    ],
)
def test_gain_is_torchs(name, torch_name):
    assert gain(activation(name)) == calculate_gain(torch_name)


def test_gain_knows_the_slope_and_no_activation():
    assert gain(nn.LeakyReLU(0.3)) == calculate_gain("leaky_relu", 0.3)
    assert gain(None) == 1.0


@pytest.mark.parametrize("name", [name for name in NAMES if name != "linear"])
def test_activations_are_recognized(name):
    assert is_activation(activation(name))


@pytest.mark.parametrize(
    "module", [nn.Identity(), nn.Linear(1, 1), nn.Dropout(), nn.MultiheadAttention(2, 1)]
)
def test_other_layers_are_no_activations(module):
    assert not is_activation(module)
