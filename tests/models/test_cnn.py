"""The cnn: its layers, its sizes, and its refusals."""

import pytest
import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.models._model import Blocks
from trickrun.models.cnn import CNN
from trickrun.nn.rng import LayerStreams
from trickrun.tricks.normalization.batch import Batch
from trickrun.tricks.normalization.instance import Instance
from trickrun.tricks.normalization.none import NoNormalization
from trickrun.tricks.regularizers.dropout import Dropout


def build(model: CNN, inputs=(1, 8, 8), outputs=3, normalization=None, dropout=None) -> nn.Module:
    streams = LayerStreams(0)
    norm = normalization or NoNormalization()
    return model.build(Blocks("relu", "linear", "auto", norm, dropout, streams), inputs, outputs)


def names(model: nn.Module) -> list[str]:
    return [name for name, _ in model.named_children()]


def test_layers_stand_in_the_usual_order():
    model = build(CNN(channels=(4,), hidden=(6,)), normalization=Batch(), dropout=Dropout())
    assert names(model) == [
        *("conv1", "norm1", "relu1", "pool1", "dropout1"),
        *("flatten", "linear2", "norm2", "relu2", "dropout2", "head"),
    ]
    assert isinstance(model.norm1, nn.BatchNorm2d)
    assert isinstance(model.norm2, nn.BatchNorm1d)
    assert model.conv1.bias is None
    assert model.linear2.bias is None


@pytest.mark.parametrize("hidden", [(6,), ()])
def test_dropout_after_the_last_hidden_layer_alone(hidden):
    model = build(CNN(channels=(4, 4), hidden=hidden), dropout=Dropout(layers="last"))
    assert [name for name in names(model) if "dropout" in name] == [f"dropout{2 + len(hidden)}"]


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (CNN(), (1, 8, 8)),
        (CNN(channels=(4, 5), kernel=(5, 3), pool=2), (3, 13, 10)),
        (CNN(channels=(4, 5), kernel=4, padding="valid", pool=2), (3, 28, 19)),
        (CNN(channels=(4, 5, 6), pool=1, hidden=()), (2, 3, 1)),
        (CNN(channels=(4,), kernel=1, padding="valid", pool=3), (2, 3, 3)),
    ],
)
def test_the_size_it_computes_is_the_size_that_torch_computes(model, inputs):
    network = build(model, inputs)
    convolutions = network[: names(network).index("flatten")]
    x = torch.zeros(2, *inputs)
    assert tuple(convolutions(x).shape[2:]) == model.final_size(inputs)
    assert network(x).shape == (2, 3)


def test_kernels_and_channels_reach_torch():
    model = build(CNN(channels=(4, 5), kernel=(5, 3)), (3, 16, 16))
    assert model.conv1.weight.shape == (4, 3, 5, 5)
    assert model.conv2.weight.shape == (5, 4, 3, 3)
    assert model.conv1.padding == (2, 2)


def test_an_image_too_small_for_the_pools_says_where_and_shows_the_arithmetic():
    with pytest.raises(CompileError) as caught:
        build(CNN(channels=(2, 2, 2, 2)))
    assert caught.value.message.startswith(
        "the image is too small for pooling by 2 at layer 4: 8x8"
    )
    assert "pool3 -> 1x1" in caught.value.message
    assert caught.value.hint == "use at most 3 of the convolutions, or pool: 1"


def test_an_image_smaller_than_the_kernel():
    with pytest.raises(CompileError, match="too small for a kernel of 9 at layer 1"):
        build(CNN(channels=(2,), kernel=9, padding="valid"))


def test_an_image_whose_channels_are_last_is_told_so():
    with pytest.raises(
        CompileError, match=r"\[28, 28, 1\] look like \[height, width, channels\]"
    ) as e:
        build(CNN(), (28, 28, 1))
    assert "data.channels: last" in e.value.hint


def test_a_small_image_is_told_of_its_size():
    with pytest.raises(CompileError, match="too small for pooling by 2 at layer 2: 4x3"):
        build(CNN(), (4, 4, 3))


def test_a_table_is_refused():
    with pytest.raises(CompileError, match=r"needs images .* inputs are \[30\]"):
        build(CNN(), (30,))


def test_kernel_sizes_must_match_the_convolutions():
    with pytest.raises(ValueError, match="kernel has 2 sizes for 3 convolutions"):
        CNN(channels=(4, 4, 4), kernel=(3, 3))


def test_an_even_kernel_cannot_keep_the_size():
    with pytest.raises(ValueError, match="an even kernel cannot keep the size"):
        CNN(kernel=4)


def test_instance_normalization_works_without_fully_connected_layers():
    model = build(CNN(channels=(4,), hidden=()), normalization=Instance())
    assert isinstance(model.norm1, nn.InstanceNorm2d)
    with pytest.raises(CompileError, match="instance normalization is over the positions"):
        build(CNN(channels=(4,), hidden=(5,)), normalization=Instance())
