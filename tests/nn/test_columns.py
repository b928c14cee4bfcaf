"""A table's columns on their way into a network, by hand."""

from __future__ import annotations

import torch
from torch import nn

from trickrun.nn.columns import ColumnEncoder, FeatureLinear, encoder_of


def test_numbers_come_before_the_vectors_of_categories() -> None:
    encoder = ColumnEncoder(rows=(3, 0, 2, 0), features=(2, 1))
    first, second = encoder.embeddings
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]]))
        second.weight.copy_(torch.tensor([[7.0], [8.0]]))
    x = torch.tensor([[2.0, -1.0, 1.0, 4.0], [0.0, -2.0, 0.0, 5.0]])
    assert encoder(x).tolist() == [[-1, 4, 2, 2.5, 8], [-2, 5, 0, 0.5, 7]]
    assert encoder.width == 5


def test_encoded_numbers_come_after_those_that_pass() -> None:
    class Twice(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([x, 10 * x], 1)

    encoder = ColumnEncoder(rows=(0, 0, 0), features=(), sizes=(2, 0, 0), numeric=Twice())
    assert encoder(torch.tensor([[1.0, 2.0, 3.0]])).tolist() == [[2, 3, 1, 10]]
    assert encoder.width == 4


def test_only_what_is_learned_or_fitted_is_in_the_state() -> None:
    encoder = ColumnEncoder(rows=(3, 0), features=(2,))
    assert list(encoder.state_dict()) == ["embeddings.0.weight"]


def test_it_is_found_within_a_network() -> None:
    encoder = ColumnEncoder(rows=(3,), features=(2,))
    assert encoder_of(nn.Sequential(encoder, nn.Linear(2, 1))) is encoder


def test_a_layer_for_each_feature_is_a_linear_layer_of_its_part() -> None:
    layer = FeatureLinear(features=2, inputs=3, outputs=4)
    x = torch.randn(5, 6)
    assert layer.bias is not None
    parts = [
        x[:, 3 * i : 3 * i + 3] @ layer.weight[4 * i : 4 * i + 4, :, 0].T
        + layer.bias[4 * i : 4 * i + 4]
        for i in range(2)
    ]
    assert torch.allclose(layer(x), torch.cat(parts, 1), atol=1e-6)
