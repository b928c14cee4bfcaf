"""Layers over sequences: padding changes nothing, and no place sees what it must not."""

import math
from collections import OrderedDict

import pytest
import torch
from torch import nn

from trickrun.nn.attention import Attention, LearnedPositions, Patches, SinusoidalPositions
from trickrun.nn.dropout import KeyedDropout
from trickrun.nn.rng import StepStream
from trickrun.nn.sequences import Chain, Pool, Recurrent, Rows, SequenceNetwork, reverse

LENGTHS = torch.tensor([3, 5, 1])


def sequences() -> torch.Tensor:
    return torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))


def both_ways() -> Recurrent:
    torch.manual_seed(0)
    return Recurrent(nn.GRU(4, 6, batch_first=True), nn.GRU(4, 6, batch_first=True))


def attention(**changes) -> Attention:
    torch.manual_seed(0)
    return Attention(**{"width": 4, "heads": 2, "causal": False, "bias": True, **changes})


def test_reverse_turns_the_real_places_and_undoes_itself():
    x = sequences()
    turned = reverse(x, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        assert torch.equal(turned[row, :length], x[row, :length].flip(0))
    assert torch.equal(reverse(turned, LENGTHS), x)
    assert torch.equal(reverse(x, None), x.flip(1))


@pytest.mark.parametrize("how", ["last", "mean"])
def test_padding_changes_nothing_in_a_recurrent_layer_and_its_pool(how):
    layer, pool, x = both_ways(), Pool(how, both_ways=True), sequences()
    padded = pool(layer(x, LENGTHS), LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = x[row : row + 1, :length]
        torch.testing.assert_close(padded[row : row + 1], pool(layer(alone)))


def test_both_ways_is_what_pytorch_computes():
    layer, x = both_ways(), sequences()
    own = nn.GRU(4, 6, batch_first=True, bidirectional=True)
    for name, value in layer.forwards.named_parameters():
        own.get_parameter(name).data.copy_(value)
    for name, value in layer.backwards.named_parameters():
        own.get_parameter(f"{name}_reverse").data.copy_(value)
    torch.testing.assert_close(layer(x), own(x)[0])
    _, state = own(x)
    torch.testing.assert_close(Pool("last", both_ways=True)(layer(x)), torch.cat([*state], dim=1))


def test_padding_changes_nothing_in_attention():
    layer, x = attention(), sequences()
    padded = layer(x, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = layer(x[row : row + 1, :length])
        torch.testing.assert_close(padded[row : row + 1, :length], alone)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_step_by_step_is_the_fused_one(lengths, causal):
    stream = StepStream(0, "dropout")
    fused = attention(causal=causal)
    by_steps = attention(causal=causal, dropout=KeyedDropout(0.5, stream)).eval()
    torch.testing.assert_close(by_steps(sequences(), lengths), fused(sequences(), lengths))


def test_attention_is_that_of_pytorch():
    layer, x = attention(), sequences()
    own = nn.MultiheadAttention(4, 2, batch_first=True)
    own.in_proj_weight.data.copy_(layer.qkv.weight)
    own.in_proj_bias.data.copy_(layer.qkv.bias)
    own.out_proj.load_state_dict(layer.out.state_dict())
    torch.testing.assert_close(layer(x), own(x, x, x)[0])


def test_causal_attention_sees_nothing_that_comes_later():
    layer, x = attention(causal=True), sequences()
    changed = x.clone()
    changed[:, 3:] += 1
    torch.testing.assert_close(layer(changed)[:, :3], layer(x)[:, :3])
    assert not torch.allclose(layer(changed)[:, 3:], layer(x)[:, 3:])


def test_attention_dropout_draws_from_its_stream():
    stream = StepStream(0, "dropout")
    layer, x = attention(dropout=KeyedDropout(0.5, stream)), sequences()
    stream.at(1)
    first = layer(x)
    stream.at(1)
    assert torch.equal(layer(x), first)
    stream.at(2)
    assert not torch.equal(layer(x), first)


def test_a_network_counts_the_real_tokens():
    network = SequenceNetwork(
        OrderedDict(embedding=nn.Embedding(7, 4, padding_idx=0), pool=Pool("mean")), padding=0
    )
    short, long = torch.tensor([[3, 2]]), torch.tensor([[3, 2, 0, 0, 0]])
    torch.testing.assert_close(network(long), network(short))
    assert torch.equal(network(torch.zeros(1, 4, dtype=torch.int64)), torch.zeros(1, 4))


def test_a_chain_tells_lengths_to_those_that_take_them():
    chain = Chain(OrderedDict(linear=nn.Identity(), pool=Pool("last")))
    x = sequences()
    assert torch.equal(chain(x, LENGTHS), x[torch.arange(3), LENGTHS - 1])


def test_rows_and_patches_of_an_image():
    image = torch.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6).float()
    rows = Rows()(image)
    assert rows.shape == (2, 4, 18)
    assert torch.equal(rows[1, 2], image[1, :, 2].flatten())
    patches = Patches(3, 5, 2)
    assert patches(image).shape == (2, 6, 5)
    torch.testing.assert_close(patches(image)[:, 4], patches(image[:, :, 2:4, 2:4])[:, 0])


def test_positions():
    x = torch.zeros(2, 3, 4)
    learned = LearnedPositions(5, 4)
    assert torch.equal(learned(x)[1], learned.embedding.weight[:3])
    waves = SinusoidalPositions(5, 4)(x)[0]
    assert torch.equal(waves[0], torch.tensor([0.0, 1.0, 0.0, 1.0]))
    slow = 2 / 100  # the second pair turns 10000 ** (2 / 4) times more slowly
    torch.testing.assert_close(waves[2, 2:], torch.tensor([math.sin(slow), math.cos(slow)]))
