"""Networks in stages: what is frozen stays, and its output may take the input's place."""

from collections import OrderedDict

import pytest
import torch
from tiny_stages import tiny_body
from torch import nn

from trickrun.nn.dropout import KeyedDropout
from trickrun.nn.rng import StepStream
from trickrun.nn.staged import FitImages, Staged


def network(**before):
    stages = OrderedDict(before, fit=FitImages((6, 6)), **dict(tiny_body().named_children()))
    return Staged(OrderedDict(stages, head=nn.Linear(4, 2)), (1, 5, 5))


def names_in(model, *stages):
    return [n for n, _ in model.named_parameters() if n.split(".")[0] in stages]


def images(samples=8):
    return torch.rand(samples, 1, 5, 5, generator=torch.Generator().manual_seed(0))


def test_grey_images_are_shown_on_three_channels_in_the_right_size():
    fitted = FitImages((10, 8))(images())
    assert fitted.shape == (8, 3, 10, 8)
    assert torch.equal(fitted[:, 0], fitted[:, 2])


def test_images_of_the_right_size_stay_as_they_are():
    x = torch.rand(2, 3, 6, 6)
    assert torch.equal(FitImages((6, 6))(x), x)


def test_larger_images_are_averaged():
    x = torch.tensor([0.0, 1.0]).repeat(4).expand(1, 3, 8, 8)
    small = FitImages((4, 4))(x)
    torch.testing.assert_close(small[..., 1:3], torch.full((1, 3, 4, 2), 0.5))


@pytest.mark.parametrize(
    ("stages", "count", "shape"),
    [
        ((), 0, None),
        (("stem",), 2, (4, 6, 6)),
        (("stem", "block1"), 3, (4, 6, 6)),
        (("stem", "block1", "top"), 4, (4,)),
        # A frozen stage behind one that is trained is no part of the prefix.
        (("block1",), 0, None),
    ],
)
def test_the_prefix_ends_before_what_is_trained(stages, count, shape):
    model = network()
    model.freeze(names_in(model, *stages))
    assert (model.frozen_stages, model.frozen_shape) == (count, shape)


def test_the_output_of_the_prefix_may_take_the_input_s_place():
    model = network()
    model.freeze(names_in(model, "stem", "block1"))
    x = images()
    assert torch.equal(model(model.prefix(x)), model(x))


def test_nothing_that_draws_is_in_the_prefix():
    model = network(dropout_input=KeyedDropout(0.5, StepStream(0, "dropout")))
    model.freeze(names_in(model, "stem"))
    assert (model.frozen_stages, model.frozen_shape) == (0, None)


def test_training_leaves_what_is_frozen_as_it_was():
    model = network()
    frozen = names_in(model, "stem", "block1")
    model.freeze(frozen)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    model(images()).square().sum().backward()
    optimizer.step()
    changed = {n for n, v in model.state_dict().items() if not torch.equal(v, before[n])}
    assert changed == {"top.0.weight", "top.0.bias", "head.weight", "head.bias"}


def test_a_batch_norm_that_is_trained_goes_on_counting():
    model = network()
    model.freeze(["stem.0.weight", "stem.0.bias"])
    model.train()
    model(images())
    assert int(model.get_buffer("stem.1.num_batches_tracked")) == 1
    assert model.get_submodule("block1.1").training
    model.eval()
    assert not any(module.training for module in model.modules())
