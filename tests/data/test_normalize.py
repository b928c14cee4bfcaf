"""Normalization: fitted statistics, constant features, memory, and each way's formula."""

import pytest
import torch
from sklearn.datasets import load_digits

from trickrun.data.normalizers._normalizer import Normalize, Scaler
from trickrun.data.normalizers.fixed import Fixed
from trickrun.data.normalizers.minmax import MinMax
from trickrun.data.normalizers.none import NoNormalize
from trickrun.data.normalizers.standard import Standard
from trickrun.errors import DataError


def table(rows: int = 40, columns: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    scale = torch.tensor([1e-3, 1.0, 1e4])[:columns]
    return torch.randn(rows, columns, generator=generator) * scale + 5 * scale


def images(rows: int = 6, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (rows, channels, 4, 5), generator=generator, dtype=torch.uint8)


def test_standard_gives_each_feature_mean_0_and_deviation_1() -> None:
    x = table()
    z = Standard().fit(x)(x)
    torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.ones(3), atol=1e-5, rtol=0)


def test_standard_takes_images_by_channel() -> None:
    x = images()
    scaler = Standard().fit(x)
    assert scaler.shift is not None
    assert scaler.shift.shape == (3, 1, 1)
    torch.testing.assert_close(scaler.shift.flatten(), x.double().mean((0, 2, 3)))


def test_standard_by_feature_on_images_has_one_statistic_a_pixel() -> None:
    scaler = Standard(per="feature").fit(images())
    assert scaler.scale is not None
    assert scaler.scale.shape == (3, 4, 5)


def test_chunks_give_the_statistics_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    x = table(rows=101)
    monkeypatch.setattr("trickrun.data.normalizers._normalizer.CHUNK", 7)
    scaler = Standard().fit(x)
    assert scaler.shift is not None
    assert scaler.scale is not None
    torch.testing.assert_close(scaler.shift, x.double().mean(0))
    torch.testing.assert_close(scaler.scale, x.double().std(0, correction=0))


def test_standard_keeps_its_digits_far_from_zero() -> None:
    x = torch.tensor([[1e6], [1e6 + 1], [1e6 + 2]])
    scaler = Standard().fit(x)
    torch.testing.assert_close(scaler(x).flatten(), torch.tensor([-(1.5**0.5), 0.0, 1.5**0.5]))


@pytest.mark.parametrize("way", [Standard(), MinMax()], ids=lambda way: way.kind)
@pytest.mark.parametrize("value", [0.0, 0.1, -3e7, 1e-20])
def test_constant_feature_gets_scale_1_and_is_listed(way: Normalize, value: float) -> None:
    x = torch.cat([table(), torch.full((40, 1), value)], dim=1)
    scaler = way.fit(x)
    assert scaler.constant == (3,)
    assert scaler.scale is not None
    assert scaler.scale[3] == 1
    assert (scaler(x)[:, 3] == 0).all()


def test_small_variation_is_not_constant() -> None:
    x = torch.tensor([[1e-12], [3e-12]])
    assert Standard().fit(x).constant == ()


def test_no_feature_blows_up_on_50_splits_of_digits() -> None:
    """Some border pixels are 0 in every training image and not in every other one.

    A pixel that varies at all has a training deviation of at least sqrt(n - 1) / n (one image, by
    one grey level), so that 16 levels are at most 16 sqrt(n + 1) deviations; without the rule for
    constant features such a value would be about 1e7 or infinite.
    """
    x = torch.tensor(load_digits().data, dtype=torch.float32)
    unseen = 0
    for seed in range(50):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
        train, rest = x[order[:1258]], x[order[1258:]]
        scaler = Standard(per="feature").fit(train)
        z = scaler(rest)
        assert torch.isfinite(z).all()
        assert z.abs().max() <= 16 * (len(train) + 1) ** 0.5
        constant = list(scaler.constant)
        assert z[:, constant].abs().max() <= 16
        unseen += int((rest[:, constant] != 0).any())
    assert unseen > 0, "no split had a pixel that varies outside training only: nothing was tested"


def test_minmax_maps_training_to_0_1() -> None:
    x = table()
    z = MinMax().fit(x)(x)
    torch.testing.assert_close(z.amin(0), torch.zeros(3))
    torch.testing.assert_close(z.amax(0), torch.ones(3))


def test_minmax_of_uint8_images() -> None:
    x = images()
    z = MinMax().fit(x)(x.float())
    assert (z.min(), z.max()) == (0, 1)


def test_fixed_uses_the_values_given() -> None:
    x = images().float()
    z = Fixed(mean=(1.0, 2.0, 3.0), std=4.0).fit(x)(x)
    torch.testing.assert_close(z[:, 2], (x[:, 2] - 3) / 4)


def test_fixed_takes_one_value_for_all_features() -> None:
    x = table()
    torch.testing.assert_close(Fixed(mean=1.0, std=2.0).fit(x)(x), (x - 1) / 2)


def test_fixed_with_a_wrong_number_of_values() -> None:
    with pytest.raises(DataError, match="2 values for 3 channels or features") as caught:
        Fixed(mean=0.0, std=(1.0, 2.0)).fit(images())
    assert caught.value.where == "data.normalize.std"


def test_none_leaves_inputs_as_they_are() -> None:
    x = table()
    scaler = NoNormalize().fit(x)
    assert scaler(x) is x
    assert scaler.to(torch.device("cpu")) is scaler


def test_scaler_moves_with_what_it_lists() -> None:
    scaler = Scaler(torch.zeros(2), torch.ones(2), constant=(1,)).to(torch.device("meta"))
    assert scaler.shift is not None
    assert scaler.shift.is_meta
    assert scaler.constant == (1,)
