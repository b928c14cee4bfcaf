"""resnet, its plain twin, and vgg: their layers, their sizes, and their refusals."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from trickrun.errors import CompileError
from trickrun.models._model import Blocks
from trickrun.models.resnet import ResNet
from trickrun.models.vgg import VGG
from trickrun.nn.layers import residuals
from trickrun.nn.rng import LayerStreams
from trickrun.tricks.normalization.batch import Batch
from trickrun.tricks.normalization.none import NoNormalization
from trickrun.tricks.regularizers.dropout import Dropout


def build(model, inputs=(1, 8, 8), outputs=3, norm=None, dropout=None) -> nn.Module:
    streams = LayerStreams(0)
    around = Blocks("relu", "linear", "auto", norm or Batch(), dropout, streams)
    return model.build(around, inputs, outputs)


def weight_count(model: nn.Module, shortcuts: bool) -> int:
    """Return how many layers with weights a path through all branches has."""
    return sum(
        isinstance(part, nn.Conv2d | nn.Linear) and (shortcuts or "shortcut" not in name)
        for name, part in model.named_modules()
    )


@pytest.mark.parametrize("depth", [8, 20, 44, 18, 34, 50])
def test_depth_counts_the_layers_with_weights(depth: int):
    assert weight_count(build(ResNet(depth=depth, width=2)), shortcuts=False) == depth


@pytest.mark.parametrize("depth", [7, 19, 2, 101])
def test_a_depth_that_no_resnet_has(depth: int):
    with pytest.raises(ValidationError, match=f"no ResNet has depth {depth}"):
        ResNet(depth=depth)


@pytest.mark.parametrize(("depth", "millions"), [(18, 11.69), (34, 21.80), (50, 25.56)])
def test_parameters_are_those_of_the_published_networks(depth: int, millions: float):
    with torch.device("meta"):
        model = build(ResNet(depth=depth), (3, 224, 224), 1000)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)


def test_cifar_network_has_the_papers_size():
    # 0.27 million in the paper, whose shortcuts have no weights; ours add 2 688 with their norms.
    model = build(ResNet(depth=20), (3, 32, 32), 10)
    own = sum(p.numel() for n, p in model.named_parameters() if "shortcut" not in n)
    assert own == 269_722


def test_the_plain_twin_has_the_same_layers_without_shortcuts():
    residual = build(ResNet(depth=8, width=2))
    plain = build(ResNet(depth=8, width=2, residual=False))
    names = [name for name, _ in residual.named_parameters() if "shortcut" not in name]
    assert [name for name, _ in plain.named_parameters()] == names
    assert not residuals(plain)
    assert len(residuals(residual)) == 3


def test_a_block_adds_its_branch_to_its_input():
    _, block = residuals(build(ResNet(depth=8, width=2)))[0]
    with torch.no_grad():
        block.branch[-1].weight.zero_()
    block.eval()
    x = torch.randn(2, 2, 8, 8)
    assert torch.equal(block(x), x.relu())


def test_the_large_stem_shrinks_photos_to_a_quarter():
    photo = build(ResNet(depth=18, width=2), (3, 64, 64))
    small = build(ResNet(depth=18, width=2), (3, 32, 32))
    assert photo.conv1.kernel_size == (7, 7)
    assert small.conv1.kernel_size == (3, 3)
    assert photo[:4](torch.zeros(1, 3, 64, 64)).shape == (1, 2, 16, 16)


def test_biases_and_norms_follow_the_recipe():
    plain = build(ResNet(depth=8, width=2), norm=NoNormalization())
    assert plain.stage1.block1.branch.conv2.bias is not None
    normed = build(ResNet(depth=8, width=2), norm=Batch(placement="after_activation"))
    branch = normed.stage1.block1.branch
    assert [name for name, _ in branch.named_children()] == [
        *("conv1", "relu1", "norm1", "conv2", "norm2")
    ]
    assert branch.conv1.bias is not None
    assert branch.conv2.bias is None


def test_dropout_between_the_convolutions_and_before_the_head():
    names = dict(build(ResNet(depth=8, width=2), dropout=Dropout()).named_modules())
    assert [name for name in names if "dropout" in name] == [
        *(f"stage{i}.block1.branch.dropout1" for i in (1, 2, 3)),
        "dropout1",
    ]
    last = build(ResNet(depth=8, width=2), dropout=Dropout(layers="last"))
    assert [name for name, _ in last.named_modules() if "dropout" in name] == ["dropout1"]


def test_vgg_16_has_the_published_size():
    model = VGG(channels=(64, 128, 256, 512, 512), convs=(2, 2, 3, 3, 3), hidden=(4096, 4096))
    with torch.device("meta"):
        network = build(model, (3, 224, 224), 1000, NoNormalization())
    assert sum(p.numel() for p in network.parameters()) == 138_357_544


def test_vgg_pools_after_each_block():
    model = build(VGG(channels=(2, 4), convs=(1, 2), hidden=(5,)), (1, 9, 8))
    assert [name for name, _ in model.named_children() if "norm" not in name] == [
        *("conv1", "relu1", "pool1", "conv2", "relu2", "conv3", "relu3", "pool2"),
        *("flatten", "linear4", "relu4", "head"),
    ]
    assert model(torch.zeros(2, 1, 9, 8)).shape == (2, 3)


def test_vgg_refusals():
    with pytest.raises(ValidationError, match="convs has 1 numbers for 2 blocks"):
        VGG(channels=(2, 4), convs=(3,))
    with pytest.raises(CompileError, match="too small for pooling by 2 at layer 4") as caught:
        build(VGG(channels=(2, 2, 2, 2)))
    assert caught.value.hint == "use at most 3 of the blocks, or pool: 1"
    with pytest.raises(CompileError, match=r"vgg needs images .* \[4\]"):
        build(VGG(), (4,))
    with pytest.raises(CompileError, match=r"resnet needs images .* \[4\]"):
        build(ResNet(), (4,))
