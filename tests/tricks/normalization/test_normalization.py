"""Each normalization layer against the formula of its docstring, for tables, rows and images."""

import pytest
import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.tricks.normalization import Normalization
from trickrun.tricks.normalization.batch import Batch
from trickrun.tricks.normalization.ghost_batch import GhostBatch
from trickrun.tricks.normalization.group import Group
from trickrun.tricks.normalization.instance import Instance
from trickrun.tricks.normalization.layer import Layer
from trickrun.tricks.normalization.none import NoNormalization
from trickrun.tricks.normalization.rms import RMS

EPS = 0.1
SHAPES = {0: (6, 4), 1: (6, 4, 5), 2: (6, 4, 5, 3)}


def standardized(x: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    mean = x.mean(dim=axes, keepdim=True)
    variance = x.var(dim=axes, keepdim=True, correction=0)
    return (x - mean) / (variance + EPS).sqrt()


def by_formula(kind: str, x: torch.Tensor) -> torch.Tensor:
    rest = tuple(range(1, x.ndim))
    positions = tuple(range(2, x.ndim))
    if kind in ("batch", "ghost_batch"):  # one part
        return standardized(x, (0, *positions))
    if kind == "layer":
        return standardized(x, rest)
    if kind == "instance":
        return standardized(x, positions)
    if kind == "rms":
        return x / (x.square().mean(dim=rest, keepdim=True) + EPS).sqrt()
    halves = [standardized(half, rest) for half in x.chunk(2, dim=1)]
    return torch.cat(halves, dim=1)


KINDS = [Batch(eps=EPS), Layer(eps=EPS), Group(groups=2, eps=EPS), RMS(eps=EPS), Instance(eps=EPS)]
KINDS.append(GhostBatch(eps=EPS))


# Instance normalization has no place in a table: see test_instance_on_a_table.
PLACES = [(norm, dims) for norm in KINDS for dims in SHAPES if norm.kind != "instance" or dims]


@pytest.mark.parametrize(("norm", "dims"), PLACES, ids=lambda v: getattr(v, "kind", str(v)))
def test_formula_with_scale_and_shift_by_channel(norm: Normalization, dims: int):
    layer = norm.layer(4, dims)
    x = torch.randn(SHAPES[dims]) * 3 + 1
    parameters = dict(layer.named_parameters())
    assert parameters.keys() == ({"weight"} if norm.kind == "rms" else {"weight", "bias"})
    gamma, beta = torch.arange(1.0, 5), torch.zeros(4)
    with torch.no_grad():
        parameters["weight"].copy_(gamma)
        if norm.kind != "rms":
            beta = torch.arange(4.0)
            parameters["bias"].copy_(beta)
    wide = (4, *[1] * dims)
    expected = gamma.reshape(wide) * by_formula(norm.kind, x) + beta.reshape(wide)
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("norm", KINDS, ids=lambda norm: norm.kind)
def test_without_affine_nothing_is_learned(norm: Normalization, dims: int):
    plain = norm.model_copy(update={"affine": False})
    assert not list(plain.layer(4, dims).parameters())


@pytest.mark.parametrize("dims", [0, 2])
def test_without_affine_tables_learn_nothing_either(dims):
    for norm in (Batch(affine=False), Layer(affine=False), RMS(affine=False)):
        assert not list(norm.layer(4, dims).parameters())


def test_none_has_no_layer():
    assert NoNormalization().layer(4, 0) is None


@pytest.mark.parametrize("norm", KINDS, ids=lambda norm: norm.kind)
def test_subtracts_mean_says_whether_a_channels_bias_is_removed(norm: Normalization):
    layer = norm.layer(4, 2)
    x = torch.randn(6, 4, 5, 3)
    shifted = layer(x + torch.tensor([5.0, -3.0, 0.0, 1.0]).reshape(4, 1, 1))
    assert torch.allclose(shifted, layer(x), atol=1e-4) == norm.subtracts_mean


def test_batch_evaluates_by_running_statistics():
    layer = Batch(momentum=1.0, eps=EPS).layer(4, 0)
    assert isinstance(layer, nn.BatchNorm1d)
    x = torch.randn(50, 4) * 2 + 3
    layer(x)
    layer.eval()
    expected = (x - x.mean(0)) / (x.var(0) + EPS).sqrt()
    torch.testing.assert_close(layer(x), expected)


def test_groups_that_do_not_divide_show_the_arithmetic():
    with pytest.raises(CompileError, match=r"20 channels .* 8 equal groups: 20 = 2 \* 8 \+ 4"):
        Group().layer(20, 2)


def test_groups_of_one_number_are_refused():
    with pytest.raises(CompileError, match="one number each"):
        Group(groups=4).layer(4, 0)
    assert Group(groups=4).layer(4, 2)(torch.randn(2, 4, 3, 3)).std() > 0.5


def test_instance_on_a_table():
    with pytest.raises(CompileError, match="has only one: a number minus its own mean") as caught:
        Instance().layer(4, 0)
    assert caught.value.where == "normalization"
