"""The mlp and the layers that a recipe puts around its hidden ones."""

import pytest
import torch

from trickrun.models._model import Blocks
from trickrun.models.mlp import MLP
from trickrun.nn.rng import LayerStreams
from trickrun.tricks.normalization.batch import Batch
from trickrun.tricks.normalization.layer import Layer
from trickrun.tricks.normalization.none import NoNormalization
from trickrun.tricks.regularizers.dropout import Dropout


def blocks(**changes) -> Blocks:
    plain = {
        "activation": "relu",
        "head_activation": "linear",
        "bias": "auto",
        "normalization": NoNormalization(),
        "dropout": None,
        "streams": LayerStreams(0),
    }
    return Blocks(**(plain | changes))


def names(model: torch.nn.Module) -> list[str]:
    return [name for name, _ in model.named_children()]


def test_layers_and_shapes():
    model = MLP(hidden=(7, 5)).build(blocks(), (2, 3, 3), 4)
    assert names(model) == ["flatten", "linear1", "relu1", "linear2", "relu2", "head"]
    assert [tuple(model.get_submodule(n).weight.shape) for n in ("linear1", "linear2", "head")] == [
        (7, 18),
        (5, 7),
        (4, 5),
    ]
    assert model(torch.zeros(6, 2, 3, 3)).shape == (6, 4)


def test_it_computes_the_formula():
    model = MLP(hidden=(5,)).build(blocks(activation="tanh"), (3,), 2)
    x = torch.randn(4, 3)
    hidden = torch.tanh(x @ model.linear1.weight.T + model.linear1.bias)
    torch.testing.assert_close(model(x), hidden @ model.head.weight.T + model.head.bias)


def test_no_hidden_layer_is_a_linear_model():
    assert names(MLP(hidden=()).build(blocks(normalization=Batch()), (3,), 2)) == ["head"]


def test_a_linear_activation_adds_no_layer_and_replaces_none():
    model = MLP(hidden=(5, 5)).build(blocks(activation="linear"), (3,), 2)
    assert names(model) == ["linear1", "linear2", "head"]
    assert model(torch.zeros(1, 3)).shape == (1, 2)


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        ("before_activation", ["linear1", "norm1", "relu1", "dropout1", "head"]),
        ("after_activation", ["linear1", "relu1", "norm1", "dropout1", "head"]),
    ],
)
def test_normalization_stands_where_the_recipe_says(placement, expected):
    norm = Batch(placement=placement)
    model = MLP(hidden=(5,)).build(blocks(normalization=norm, dropout=Dropout()), (3,), 2)
    assert names(model) == expected


@pytest.mark.parametrize(
    ("normalization", "bias", "has_bias"),
    [
        (NoNormalization(), "auto", True),
        (Batch(), "auto", False),
        (Batch(), True, True),
        (Batch(placement="after_activation"), "auto", True),
        (Layer(), "auto", True),
        (NoNormalization(), False, False),
    ],
)
def test_a_bias_is_dropped_only_right_before_a_norm_that_removes_it(normalization, bias, has_bias):
    model = MLP(hidden=(5,)).build(blocks(normalization=normalization, bias=bias), (3,), 2)
    assert (model.linear1.bias is not None) == has_bias
    assert model.head.bias is not None


@pytest.mark.parametrize(
    ("dropout", "expected"),
    [
        (Dropout(p=0.5), ["dropout1", "dropout2"]),
        (Dropout(p=0.5, layers="last"), ["dropout2"]),
        (Dropout(p=0.0, input=0.2), ["dropout_input"]),
        (Dropout(p=0.0), []),
    ],
)
def test_dropout_stands_where_the_recipe_says(dropout, expected):
    model = MLP(hidden=(5, 5)).build(blocks(dropout=dropout), (3,), 2)
    assert [name for name in names(model) if "dropout" in name] == expected


def test_input_dropout_has_its_own_rate():
    model = MLP(hidden=(5,)).build(blocks(dropout=Dropout(p=0.5, input=0.2)), (3,), 2)
    assert (model.dropout_input.p, model.dropout1.p) == (0.2, 0.5)


def test_head_activation():
    model = MLP(hidden=()).build(blocks(head_activation="softmax"), (3,), 4)
    torch.testing.assert_close(model(torch.randn(5, 3)).sum(dim=1), torch.ones(5))
