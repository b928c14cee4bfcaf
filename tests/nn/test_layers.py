"""Which layers carry weights."""

import torch
from torch import nn

from trickrun.nn.layers import biases, stacked, weight_layers, weights


def test_weight_layers_in_order_without_norms():
    model = nn.Sequential(
        nn.Conv1d(1, 1, 1),
        nn.BatchNorm1d(1),
        nn.Sequential(nn.Linear(1, 1), nn.LayerNorm(1)),
        nn.LSTM(1, 1),
        nn.Embedding(2, 1),
        nn.MultiheadAttention(1, 1),
    )
    found = [name for name, _ in weight_layers(model)]
    assert found == ["0", "2.0", "3", "4", "5", "5.out_proj"]


def test_weights_and_biases_of_a_recurrent_layer():
    layer = nn.GRU(2, 3)
    assert [name for name, _ in weights(layer)] == ["weight_ih_l0", "weight_hh_l0"]
    assert [name for name, _ in biases(layer)] == ["bias_ih_l0", "bias_hh_l0"]


def test_a_projection_is_one_matrix():
    layer = nn.LSTM(2, 8, proj_size=4)
    assert len(stacked(layer, layer.weight_hh_l0)) == 4
    assert len(stacked(layer, layer.weight_hr_l0)) == 1


def test_stacked_parts_are_views():
    weight = torch.zeros(12, 5)
    for number, part in enumerate(stacked(nn.LSTM(5, 3), weight)):
        part.fill_(number)
    assert weight[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
