"""rnn, lstm, gru and transformer: their layers, their inputs, and their refusals."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from trickrun.errors import CompileError
from trickrun.models import Tokens
from trickrun.models._model import Blocks
from trickrun.models.gru import GRU
from trickrun.models.lstm import LSTM
from trickrun.models.rnn import RNN
from trickrun.models.transformer import Transformer
from trickrun.nn.layers import residuals
from trickrun.nn.rng import LayerStreams
from trickrun.tricks.normalization.batch import Batch
from trickrun.tricks.normalization.layer import Layer
from trickrun.tricks.normalization.none import NoNormalization
from trickrun.tricks.regularizers.dropout import Dropout
from trickrun.tricks.regularizers.spatial_dropout import SpatialDropout

CLASSES = Tokens(count=9, next_token=False)
NEXT = Tokens(count=9, next_token=True)
SMALL = {RNN: {}, LSTM: {}, GRU: {}, Transformer: {"width": 8, "heads": 2}}


def build(model, inputs, outputs=3, tokens=None, norm=None, dropout=None, spatial=None):
    streams = LayerStreams(0)
    norm = norm or NoNormalization()
    around = Blocks("relu", "linear", "auto", norm, dropout, streams, tokens, spatial)
    torch.manual_seed(0)
    return model.build(around, inputs, outputs)


def names(model: nn.Module) -> list[str]:
    return [name for name, _ in model.named_children()]


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("shape", [(7, 2), (1, 8, 4)])
def test_steps_of_features_and_images_get_one_answer(kind, shape):
    network = build(kind(**SMALL[kind]), shape)
    assert network(torch.randn(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize("kind", SMALL)
def test_tokens_to_classify_are_padded(kind):
    network = build(kind(**SMALL[kind]), (5,), tokens=CLASSES)
    text = torch.tensor([[4, 2, 8, 0, 0]])
    assert torch.equal(network.embedding.weight[0], torch.zeros(network.embedding.weight.shape[1]))
    longer = build(kind(**SMALL[kind]), (5,), tokens=CLASSES)
    torch.testing.assert_close(longer(text[:, :4]), network(text))


@pytest.mark.parametrize("kind", SMALL)
def test_next_token_models_answer_at_each_place_and_see_no_later_one(kind):
    network = build(kind(**SMALL[kind]), (5,), outputs=9, tokens=NEXT)
    text = torch.tensor([[4, 0, 8, 1, 2]])
    other = torch.tensor([[4, 0, 8, 7, 7]])
    assert network(text).shape == (1, 5, 9)
    torch.testing.assert_close(network(text)[:, :3], network(other)[:, :3])
    assert not torch.allclose(network(text)[:, 3:], network(other)[:, 3:])


def test_what_would_see_the_next_token_is_refused():
    with pytest.raises(CompileError, match="a second direction sees the next token"):
        build(LSTM(bidirectional=True), (5,), tokens=NEXT)
    with pytest.raises(CompileError, match="attention to all places sees the next token"):
        build(Transformer(causal=False), (5,), tokens=NEXT)


@pytest.mark.parametrize("kind", SMALL)
def test_dimensions_of_embeddings_are_dropped_for_all_tokens(kind):
    spatial = SpatialDropout(p=0.5)
    network = build(kind(**SMALL[kind]), (5,), tokens=CLASSES, spatial=spatial)
    x = torch.randint(1, 9, (3, 5))
    dropped = network.spatial_dropout_embedding(network.embedding(x))
    off = (dropped == 0).all(1)
    assert 0 < int(off.sum()) < off.numel()
    assert torch.equal((dropped == 0).any(1), off)
    assert network(x).shape == (3, 3)
    assert "spatial_dropout_embedding" not in names(
        build(kind(**SMALL[kind]), (5, 2), spatial=spatial)
    )


def test_layers_of_a_recurrent_model():
    network = build(
        LSTM(layers=2, hidden=6, bidirectional=True),
        (7, 2),
        norm=Layer(),
        dropout=Dropout(input=0.1),
    )
    assert names(network) == [
        *("dropout_input", "recurrent1", "norm1", "dropout1"),
        *("recurrent2", "norm2", "dropout2", "pool", "head"),
    ]
    assert network.recurrent2.backwards.input_size == 12
    assert network.head.in_features == 12


def test_the_rnns_activation_and_bias_reach_torch():
    network = build(RNN(activation="relu"), (7, 2))
    assert network.recurrent1.forwards.nonlinearity == "relu"
    assert network.recurrent1.forwards.bias
    with pytest.raises(ValidationError):
        LSTM(activation="relu")


def test_blocks_of_a_transformer():
    network = build(
        Transformer(width=8, heads=2), (7, 2), norm=Layer(), dropout=Dropout(layers="last")
    )
    assert names(network) == ["embedding", "positions", "block1", "block2", "norm", "pool", "head"]
    assert names(network.block1.attention.branch) == ["norm", "attention"]
    assert names(network.block2.attention.branch) == ["norm", "attention", "dropout2"]
    assert names(network.block1.feedforward.branch) == ["norm", "linear1", "relu", "linear2"]
    assert network.block1.attention.branch.attention.dropout is None
    assert network.block2.attention.branch.attention.dropout is not None
    assert len(residuals(network)) == 4


def test_post_norm_stands_after_each_sum():
    network = build(Transformer(width=8, heads=2, norm="post"), (7, 2), norm=Layer())
    assert names(network) == ["embedding", "positions", "block1", "block2", "pool", "head"]
    assert all(isinstance(block.after, nn.LayerNorm) for _, block in residuals(network))
    assert names(network.block1.attention.branch) == ["attention"]


def test_transformer_parameters_reach_torch():
    network = build(
        Transformer(width=8, heads=2, layers=1, hidden=5, positions="none", patch=2), (1, 4, 6)
    )
    assert names(network) == ["embedding", "block1", "pool", "head"]
    assert network.embedding.conv.kernel_size == (2, 2)
    assert network.block1.feedforward.branch.linear1.out_features == 5


def test_refusals():
    with pytest.raises(ValidationError, match="3 heads do not divide a width of 8"):
        Transformer(width=8, heads=3)
    with pytest.raises(CompileError, match="patches of 4 by 4 do not fill images of 6 by 8"):
        build(Transformer(), (1, 6, 8))
    with pytest.raises(CompileError, match=r"lstm needs sequences .* \[4\]"):
        build(LSTM(), (4,))
    with pytest.raises(CompileError, match="normalization batch does not act along a sequence"):
        build(GRU(), (7, 2), norm=Batch())
    with pytest.raises(CompileError, match=r"model\.norm says where the normalization stands"):
        build(Transformer(), (7, 2), norm=Layer(placement="after_activation"))
