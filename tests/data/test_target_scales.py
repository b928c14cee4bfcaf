"""Values to predict, scaled by logarithm or quantile: against numpy, scipy and scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.stats import norm, rankdata
from sklearn.preprocessing import QuantileTransformer

from trickrun.data.normalizers._targets import (
    KNOTS,
    LogScaler,
    QuantileScaler,
    fit_targets,
    read_curves,
    told,
)
from trickrun.errors import DataError

DRAWS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "normal": lambda draw: draw.normal(5, 2, 300),
    "prices": lambda draw: draw.lognormal(10, 1.5, 300),
    "counts": lambda draw: draw.poisson(1.2, 300).astype(float),
    "far from zero": lambda draw: 1e9 + draw.exponential(1.0, 300),
    "negative": lambda draw: -draw.lognormal(0, 2, 300),
    "many": lambda draw: draw.lognormal(0, 1, 5000),
}


def values(name: str, targets: int = 1) -> torch.Tensor:
    draw = np.random.default_rng(0)
    return torch.from_numpy(np.stack([DRAWS[name](draw) for _ in range(targets)], 1))


def cases(*scales: str) -> list[tuple[str, str]]:
    """Return pairs of draws and scales; logarithms are of values above 0 only."""
    positive = {name for name in DRAWS if bool((values(name, targets=2) > 0).all())}
    return [
        (name, scale) for name in DRAWS for scale in scales if scale != "log" or name in positive
    ]


@pytest.mark.parametrize(("name", "scale"), cases("standard", "log", "quantile"))
def test_scaled_targets_have_mean_0_and_deviation_1(name: str, scale: str) -> None:
    y = values(name, targets=2)
    scaled = fit_targets(scale, y)(y)  # type: ignore[arg-type]
    few = 2e-3 if len(y) > KNOTS else 1e-6
    torch.testing.assert_close(scaled.mean(0), torch.zeros(2).double(), atol=few, rtol=0)
    torch.testing.assert_close(
        scaled.std(0, correction=0), torch.ones(2).double(), atol=few, rtol=0
    )


@pytest.mark.parametrize(("name", "scale"), cases("none", "standard", "log", "quantile"))
def test_values_come_back_also_from_beyond_the_training_range(name: str, scale: str) -> None:
    y = values(name)
    scaler = fit_targets(scale, y)  # type: ignore[arg-type]
    low, high = float(y.min()), float(y.max())
    beyond = torch.tensor([[low - (high - low)], [high + 3 * (high - low)], [(low + high) / 2]])
    beyond = beyond.double() if scale != "log" else beyond.double().abs() + 1e-3
    for part in (y, beyond):
        torch.testing.assert_close(scaler.back(scaler(part)), part, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scale", ["standard", "log", "quantile"])
def test_a_larger_value_has_a_larger_score(scale: str) -> None:
    y = values("prices")
    scaler = fit_targets(scale, y)  # type: ignore[arg-type]
    line = torch.linspace(float(y.min()) / 2, float(y.max()) * 2, 4001).double()[:, None]
    assert bool((scaler(line).diff(dim=0) > 0).all())
    scores = torch.linspace(-6, 6, 4001).double()[:, None]
    assert bool((scaler.back(scores).diff(dim=0) > 0).all())


def test_the_logarithm_is_numpys() -> None:
    y = values("prices", targets=2)
    logs = np.log(y.numpy())
    wanted = (logs - logs.mean(0)) / logs.std(0)
    np.testing.assert_allclose(fit_targets("log", y)(y).numpy(), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["normal", "prices", "counts", "negative"])
def test_quantiles_are_scipys_ranks(name: str) -> None:
    y = values(name)
    scores = norm.ppf((rankdata(y.numpy()[:, 0]) - 0.5) / len(y))
    wanted = (scores - scores.mean()) / scores.std()
    found = fit_targets("quantile", y)(y).numpy()[:, 0]
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["normal", "prices", "many"])
def test_quantiles_are_those_of_scikit_learn(name: str) -> None:
    y = values(name)
    theirs = QuantileTransformer(n_quantiles=min(KNOTS, len(y))).fit(y.numpy())
    scores = fit_targets("quantile", y)(y)
    # Scikit-learn gives the smallest of n values the share 0, not 1/2n, and the largest 1.
    shares = norm.cdf(scores.numpy() * float(raw_deviation(len(y))))
    np.testing.assert_allclose(shares, theirs.transform(y.numpy()), atol=1.5 / min(KNOTS, len(y)))


def raw_deviation(count: int) -> float:
    """The deviation of the scores of so many different values before they are scaled to 1."""
    return float(norm.ppf((np.arange(count) + 0.5) / count).std())


def test_beyond_the_ends_a_score_is_worth_a_deviation() -> None:
    y = values("prices")
    scaler = fit_targets("quantile", y)
    top = scaler(y.max()[None, None])
    spread = float(y.std(correction=0))
    beyond = scaler.back(top + 1.5)
    torch.testing.assert_close(beyond, (y.max() + 1.5 * spread)[None, None])


@pytest.mark.parametrize("scale", ["standard", "log", "quantile"])
def test_a_target_that_never_varies_has_score_0(scale: str) -> None:
    y = torch.full((20, 1), 7.0).double()
    scaler = fit_targets(scale, y)  # type: ignore[arg-type]
    assert scaler(y).abs().max() < 1e-12
    torch.testing.assert_close(scaler.back(scaler(y + 2)), y + 2)


def test_values_without_a_logarithm_are_refused() -> None:
    y = torch.tensor([[1.0], [0.0], [-3.0]]).double()
    with pytest.raises(DataError, match="2 of 3 targets have no logarithm, such as 0") as caught:
        fit_targets("log", y)
    assert caught.value.where == "data.scale_targets"
    later = fit_targets("log", y[:1])
    with pytest.raises(DataError, match="such as -3"):
        later(y[2:])


def test_values_that_float64_cannot_scale_are_refused() -> None:
    with pytest.raises(DataError, match="too wide or too narrow"):
        fit_targets("quantile", torch.tensor([[-1e308], [1e308]]).double())


@pytest.mark.parametrize("scale", ["quantile", "log"])
def test_what_is_told_reads_back_as_the_same(scale: str) -> None:
    y = values("prices", targets=2)
    scaler = fit_targets(scale, y)  # type: ignore[arg-type]
    facts = json.loads(json.dumps(told(scaler)))
    assert facts["target_form"] == scale
    if isinstance(scaler, QuantileScaler):
        again = read_curves(facts["target_curves"], 2)
        assert torch.equal(again(y), scaler(y))
        assert torch.equal(again.back(y), scaler.back(y))
    else:
        assert isinstance(scaler, LogScaler)
        assert facts["target_scale"] == scaler.scaler.scale.tolist()  # type: ignore[union-attr]


CURVE = {"values": [1.0, 2.0, 4.0], "scores": [-1.0, 0.0, 1.0], "spread": 1.0}


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        [CURVE, CURVE],
        [{"values": [1.0, 2.0]}],
        [{**CURVE, "values": [1.0, 1.0, 4.0]}],
        [{**CURVE, "scores": [0.0, -1.0, 1.0]}],
        [{**CURVE, "values": [1.0, 2.0]}],
        [{**CURVE, "values": [1.0, 2.0, float("inf")]}],
        [{**CURVE, "values": [1.0, "b", 4.0]}],
        [{**CURVE, "spread": 0}],
        [{**CURVE, "spread": None}],
        [{**CURVE, "more": 1}],
    ],
)
def test_what_no_run_writes_is_refused(broken: object) -> None:
    with pytest.raises(ValueError, match=r"target curve|targets"):
        read_curves(broken, 1)
    assert len(read_curves([CURVE], 1).curves) == 1
