"""Each init scheme against torch.nn.init with the same generator, or its closed form."""

from math import sqrt

import pytest
import torch
from torch import nn
from torch.nn import init as torch_init

from trickrun.tricks.init._init import Init
from trickrun.tricks.init.auto import Auto
from trickrun.tricks.init.constant import Constant
from trickrun.tricks.init.identity import Identity
from trickrun.tricks.init.kaiming_normal import KaimingNormal
from trickrun.tricks.init.kaiming_uniform import KaimingUniform
from trickrun.tricks.init.lecun_normal import LecunNormal
from trickrun.tricks.init.lecun_uniform import LecunUniform
from trickrun.tricks.init.normal import Normal
from trickrun.tricks.init.orthogonal import Orthogonal
from trickrun.tricks.init.positive_uniform import PositiveUniform
from trickrun.tricks.init.scaled_normal import ScaledNormal
from trickrun.tricks.init.sparse import Sparse
from trickrun.tricks.init.torch_default import TorchDefault
from trickrun.tricks.init.truncated_normal import TruncatedNormal
from trickrun.tricks.init.uniform import Uniform
from trickrun.tricks.init.variance_scaling import VarianceScaling
from trickrun.tricks.init.xavier_normal import XavierNormal
from trickrun.tricks.init.xavier_uniform import XavierUniform
from trickrun.tricks.init.zeros import Zeros

SHAPES = [(7, 5), (6, 3, 5, 5), (4, 2, 3)]
GAIN = 1.7


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def filled(scheme: Init, shape: tuple[int, ...], gain: float = GAIN) -> torch.Tensor:
    weight = torch.full(shape, torch.nan)
    scheme.fill(weight, gain, seeded())
    return weight


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("scheme", "reference"),
    [
        (Zeros(), lambda w: torch_init.zeros_(w)),
        (Constant(value=0.3), lambda w: torch_init.constant_(w, 0.3)),
        (Uniform(bound=0.2), lambda w: torch_init.uniform_(w, -0.2, 0.2, generator=seeded())),
        (Normal(std=0.2), lambda w: torch_init.normal_(w, 0, 0.2, generator=seeded())),
        (PositiveUniform(high=0.2), lambda w: torch_init.uniform_(w, 0, 0.2, generator=seeded())),
        (
            TruncatedNormal(std=0.2, cut=1.5),
            lambda w: torch_init.trunc_normal_(w, 0, 0.2, -0.3, 0.3, generator=seeded()),
        ),
        (XavierNormal(), lambda w: torch_init.xavier_normal_(w, GAIN, generator=seeded())),
        (XavierUniform(), lambda w: torch_init.xavier_uniform_(w, GAIN, generator=seeded())),
        (Orthogonal(), lambda w: torch_init.orthogonal_(w, GAIN, generator=seeded())),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_equals_torch(scheme, reference, shape):
    assert torch.equal(filled(scheme, shape), reference(torch.empty(shape)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
@pytest.mark.parametrize("slope", [0.0, 0.01, 1.0])
def test_kaiming_equals_torch_for_its_gains(mode, slope, shape):
    gain = torch_init.calculate_gain("leaky_relu", slope)
    for scheme, reference in (
        (KaimingNormal(mode=mode), torch_init.kaiming_normal_),
        (KaimingUniform(mode=mode), torch_init.kaiming_uniform_),
    ):
        expected = reference(torch.empty(shape), slope, mode, "leaky_relu", generator=seeded())
        torch.testing.assert_close(filled(scheme, shape, gain), expected)


def test_auto_is_kaiming_normal():
    assert torch.equal(filled(Auto(), (7, 5)), filled(KaimingNormal(), (7, 5)))


@pytest.mark.parametrize("scheme", [LecunNormal(), LecunUniform()])
def test_lecun_has_variance_one_over_fan_in_whatever_the_gain(scheme):
    weight = filled(scheme, (400, 10, 5, 5))
    assert weight.mean().abs() < 0.001
    assert weight.var() == pytest.approx(1 / 250, rel=0.02)
    assert torch.equal(weight, filled(scheme, (400, 10, 5, 5), gain=9.0))


def test_lecun_uniform_is_bounded():
    assert filled(LecunUniform(), (50, 12)).abs().max() <= sqrt(3 / 12)


@pytest.mark.parametrize("distribution", ["normal", "uniform", "truncated_normal"])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 50), ("fan_out", 2000), ("fan_avg", 1025)])
def test_variance_scaling_has_its_variance_whatever_the_distribution(mode, fan, distribution):
    scheme = VarianceScaling(scale=3.0, mode=mode, distribution=distribution)
    weight = filled(scheme, (400, 10, 5))
    assert weight.mean().abs() < 0.01
    assert weight.var() == pytest.approx(3 / fan, rel=0.02)
    bound = {"uniform": 3**0.5, "truncated_normal": 2 / 0.8796}.get(distribution, 9.0)
    assert weight.abs().max() <= 1.001 * bound * sqrt(3 / fan)


def test_scaled_normal_is_the_lectures_formula():
    weight, fan_in = torch.empty(7, 5), 5
    drawn = torch_init.normal_(weight, generator=seeded())
    torch.testing.assert_close(filled(ScaledNormal(scale=1.0), (7, 5)), drawn / sqrt(fan_in))
    torch.testing.assert_close(filled(ScaledNormal(), (7, 5)), drawn / sqrt(fan_in / 2))


def test_named_schemes_are_members_of_the_family():
    he = VarianceScaling(scale=2.0, distribution="normal")
    torch.testing.assert_close(filled(he, (7, 5)), filled(KaimingNormal(), (7, 5), sqrt(2)))
    glorot = VarianceScaling(mode="fan_avg", distribution="uniform")
    torch.testing.assert_close(filled(glorot, (7, 5)), filled(XavierUniform(), (7, 5), 1.0))


@pytest.mark.parametrize("shape", [(40, 3), (40, 3, 2, 2)])
def test_sparse_zeroes_an_equal_share_of_each_column(shape):
    weight = filled(Sparse(sparsity=0.72, std=0.2), shape)
    columns = weight.reshape(40, -1)
    assert (columns == 0).sum(0).tolist() == [29] * columns.shape[1]
    assert len({tuple(c.nonzero().flatten().tolist()) for c in columns.T}) == columns.shape[1]
    drawn = torch_init.normal_(torch.empty(shape), 0, 0.2, generator=seeded())
    assert torch.equal(weight, torch.where(weight == 0, 0.0, drawn))
    # Keyed: the places too come from the generator that is given.
    assert torch.equal(weight, filled(Sparse(sparsity=0.72, std=0.2), shape))


def test_identity_hands_the_input_on():
    assert torch.equal(filled(Identity(scale=0.5), (4, 4)), 0.5 * torch.eye(4))
    x = torch.randn(2, 3, 5, 5, generator=seeded())
    kernel = filled(Identity(), (6, 3, 3, 3))
    out = nn.functional.conv2d(x, kernel, padding=1)
    assert torch.equal(out[:, :3], x)
    assert (out[:, 3:] == 0).all()


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 3, 2, 2)])
def test_orthogonal_keeps_lengths(shape):
    matrix = filled(Orthogonal(), shape).flatten(1)
    small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    torch.testing.assert_close(small, GAIN**2 * torch.eye(len(small)), atol=1e-5, rtol=0)


LAYERS = [
    nn.Linear(12, 7),
    nn.Conv1d(3, 8, 5),
    nn.Conv2d(3, 8, 5, groups=1),
    nn.Conv2d(4, 8, 3, groups=2),
    nn.ConvTranspose2d(4, 6, 3),
    nn.RNN(5, 6),
    nn.GRU(5, 6),
    nn.LSTM(5, 6, proj_size=3),
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_torch_default_fills_the_interval_that_torch_fills(layer):
    torch.manual_seed(0)
    for name, parameter in layer.named_parameters():
        if "bias" in name:
            continue
        largest = []
        for seed in range(300):
            values = torch.empty_like(parameter)
            TorchDefault().fill_layer(layer, values, 1.0, torch.Generator().manual_seed(seed))
            largest.append(values.abs().max())
        drawn = []
        for _ in range(300):
            layer.reset_parameters()
            drawn.append(parameter.detach().abs().max())
        assert max(largest) == pytest.approx(float(max(drawn)), rel=1e-2)


def test_torch_default_of_embeddings_and_attention():
    values = torch.empty(200, 50)
    TorchDefault().fill_layer(nn.Embedding(200, 50), values, 1.0, seeded())
    assert torch.equal(values, torch_init.normal_(torch.empty(200, 50), generator=seeded()))
    values = torch.empty(24, 8)
    TorchDefault().fill_layer(nn.MultiheadAttention(8, 2), values, 1.0, seeded())
    expected = torch_init.xavier_uniform_(torch.empty(24, 8), generator=seeded())
    assert torch.equal(values, expected)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (KaimingNormal(), sqrt(2)),
        (KaimingNormal(gain="linear"), 1.0),
        (KaimingNormal(gain="tanh"), 5 / 3),
        (XavierUniform(gain="leaky_relu"), sqrt(2 / (1 + 0.01**2))),
        (Orthogonal(gain=0.5), 0.5),
        (Normal(), sqrt(2)),
    ],
)
def test_gain_is_the_one_named_or_follows_the_activation(scheme, expected):
    assert scheme.gain_before(nn.ReLU()) == pytest.approx(expected)


def test_a_head_within_a_head_is_refused():
    with pytest.raises(ValueError, match="cannot have a head of its own"):
        Normal(head=Normal(head=Zeros()))
