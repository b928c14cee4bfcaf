"""Numbers stay float64 until normalization has subtracted the shift, and what that saves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trickrun.data._data import Data, Split
from trickrun.data.normalizers import _normalizer
from trickrun.data.normalizers._normalizer import Normalize, Scaler
from trickrun.data.normalizers.fixed import Fixed
from trickrun.data.normalizers.minmax import MinMax
from trickrun.data.normalizers.none import NoNormalize
from trickrun.data.normalizers.standard import Standard
from trickrun.data.splits.division import equal_pairs
from trickrun.data.splits.hashes import pair_hashes
from trickrun.data.splits.narrow import MOST, Part, collapses, narrowed
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.data.splits.source import Source, Task
from trickrun.errors import DataError

HERE = Path()
DAYS = 20240301 + np.arange(40) % 8
SECONDS = 1_700_000_000 + np.random.default_rng(0).permutation(3600)[:547]
Array = np.ndarray[Any, Any]


class Given(Data):
    """One column, as it is; all of it trains."""

    split: Split = Split(val=0, test=0)
    values: Any = None
    targets: Any = None

    def load(self, folder: Path) -> Source:
        x = torch.from_numpy(self.values.reshape(len(self.values), -1))
        if self.targets is not None:
            y = torch.from_numpy(self.targets).reshape(-1, 1)
            return Source({"train": (x, y)}, Task("regression"))
        y = torch.arange(len(x)) % 2
        return Source({"train": (x, y)}, Task("classification", classes=2, labels=("a", "b")))


def given_values(values: Array, normalize: Normalize | None = None, **others: Any) -> Prepared:
    data = Given(normalize=normalize or Standard(), **others)
    return prepare(data.model_copy(update={"values": values}), HERE)


def given_targets(targets: Array, **others: Any) -> Prepared:
    data = Given(**others)
    changes = {"values": np.arange(float(len(targets))), "targets": targets}
    return prepare(data.model_copy(update=changes), HERE)


@pytest.mark.parametrize("values", [DAYS, SECONDS, DAYS.astype(float), SECONDS / 1000 + 1e9])
@pytest.mark.parametrize("how", [Standard(), MinMax(), Fixed(mean=2e7, std=3.0)])
def test_the_shift_is_subtracted_in_float64(values: Array, how: Normalize) -> None:
    data = given_values(values, how)
    exact = values.astype(np.float64)
    shift, scale = {
        "standard": (exact.mean(), exact.std()),
        "minmax": (exact.min(), np.ptp(exact)),
        "fixed": (2e7, 3.0),
    }[how.kind_name]
    wanted = ((exact - shift) / scale).astype(np.float32)
    np.testing.assert_allclose(data.train.x[:, 0].numpy(), wanted, rtol=2e-6, atol=2e-7)
    assert data.train.x.dtype == torch.float32
    if how.kind_name != "fixed":
        assert len(data.train.x.unique()) == len(np.unique(values))


@given(
    offset=st.floats(-1e10, 1e10),
    size=st.floats(1e-3, 1e6),
    seed=st.integers(0, 99),
)
def test_columns_far_from_zero(offset: float, size: float, seed: int) -> None:
    exact = offset + size * np.random.default_rng(seed).normal(size=64)
    spread = exact.std()
    held = given_values(exact).train.x[:, 0].double().numpy()
    # As far as float64 itself tells the values.
    error = 4 * np.spacing(np.abs(exact).max()) / spread + 1e-6
    np.testing.assert_allclose(held, (exact - exact.mean()) / spread, atol=error)


def test_whole_numbers_beyond_float32_are_exact() -> None:
    values = 2**52 + np.arange(64)
    data = given_values(values)
    steps = data.train.x[:, 0].diff()
    torch.testing.assert_close(steps, steps[:1].expand(63))
    assert data.original(data.train.x)[:, 0].tolist() == values.tolist()


def test_float64_training_keeps_all() -> None:
    values = np.random.default_rng(0).normal(size=50)
    data = Given().model_copy(update={"values": values})
    held = prepare(data, HERE, torch.float64).train.x[:, 0].numpy()
    np.testing.assert_allclose(
        held, (values - values.mean()) / values.std(), rtol=1e-14, atol=1e-15
    )


def test_chunks_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(50, 3, dtype=torch.float64)
    rows = torch.randperm(50)[:31]
    scaler = Standard().fit(x)
    whole = narrowed(Part(x, rows, rows), scaler, torch.float32)
    monkeypatch.setattr(_normalizer, "CHUNK", 10)
    assert torch.equal(narrowed(Part(x, rows, rows), scaler, torch.float32), whole)
    assert torch.equal(whole, scaler(x[rows]).float())
    assert torch.equal(narrowed(Part(x, None, x), scaler, torch.float32), scaler(x).float())


def test_the_given_numbers_are_not_changed_and_do_not_change_the_samples() -> None:
    values = DAYS.astype(float)
    data = given_values(values, NoNormalize())
    assert values.tolist() == DAYS.tolist()
    values[:] = 0
    assert data.train.x.all()


def test_numbers_that_float32_cannot_hold() -> None:
    huge = np.array([1e300, -1e300, 3e300, 2e300])
    with pytest.raises(DataError, match="too large to normalize"):
        given_values(huge)
    large = huge / 1e260
    assert given_values(large).train.x.isfinite().all()
    with pytest.raises(
        DataError, match=r"1e\+40 of feature \[0\] in sample 0 is too large for float32"
    ) as caught:
        given_values(large, NoNormalize())
    assert caught.value.hint == "set data.normalize: standard"


def test_targets_that_float32_cannot_hold() -> None:
    targets = np.array([1.0, 2.0, 3e40, 4.0])
    with pytest.raises(DataError, match=r"target of sample 2, 3e\+40, is too large") as caught:
        given_targets(targets)
    assert "data.scale_targets: standard" in caught.value.hint
    assert given_targets(targets, scale_targets="standard").train.y.float().isfinite().all()


def test_samples_of_a_file_are_held_as_the_run_holds_its_own() -> None:
    data = given_values(SECONDS)
    file = torch.from_numpy(SECONDS.reshape(-1, 1).astype(np.float64))
    assert torch.equal(data.held(file), data.train.x)
    with pytest.raises(DataError, match="too large for float32"):
        data.held(torch.full((1, 1), 1e300, dtype=torch.float64))


def test_a_spread_of_a_second_is_no_rounding() -> None:
    assert given_values(DAYS).scaler.constant == ()
    assert given_values(np.full(9, 0.1) * 3).scaler.constant == (0,)
    assert given_values(np.full(9, 1.7e9)).train.x.tolist() == [[0.0]] * 9


def test_statistics_that_were_fitted_before_are_kept() -> None:
    run = given_values(SECONDS)
    data = Given().model_copy(update={"values": SECONDS[:9]})
    part = prepare(data, HERE, fitted=run)
    assert torch.equal(part.train.x, run.train.x[:9])
    assert part.scaler == run.scaler


def test_a_run_that_normalized_each_batch_still_does() -> None:
    """As runs of arithmetic 2 did: numbers are float32 before the shift is subtracted."""
    shift, scale = torch.tensor([1.7e9]), torch.tensor([1000.0])
    new = given_values(SECONDS)
    old = Prepared(new.train, None, None, new.task, Scaler(shift, scale))
    data = Given().model_copy(update={"values": SECONDS.astype(float)})
    part = prepare(data, HERE, fitted=old)
    raw = torch.from_numpy(SECONDS.astype(np.float32)).unsqueeze(1)
    assert torch.equal(part.train.x, raw)
    assert torch.equal(part.inputs(part.train.x, torch.float32), (raw - shift) / scale)
    file = torch.from_numpy(SECONDS.reshape(-1, 1).astype(np.float64))
    assert torch.equal(part.held(file), raw)


def test_targets_stay_those_of_the_file() -> None:
    plain, scaled = given_targets(SECONDS / 7), given_targets(SECONDS / 7, scale_targets="standard")
    assert plain.in_own_unit(plain.train.y)[:, 0].tolist() == (SECONDS / 7).tolist()
    own = scaled.in_own_unit(scaled.train.y)[:, 0].numpy()
    np.testing.assert_allclose(own, SECONDS / 7, rtol=4e-16)
    assert len(scaled.train.y.float().unique()) == 547


@pytest.mark.parametrize(("how", "left"), [(Standard(), 547), (NoNormalize(), 29)])
def test_values_that_become_one_are_counted(how: Normalize, left: int) -> None:
    assert len(np.unique(SECONDS.astype(np.float32))) == 29
    found = given_values(SECONDS, how).collapsed
    assert [(c.feature, c.values, c.left) for c in found] == ([(0, 547, 29)] if left < 547 else [])


def test_few_of_many_fractions_are_merged() -> None:
    x = torch.randn(200_000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (found,) = collapses(Part(x, None, x), x.float())
    assert found.values == MOST
    assert found.left > 0.999 * found.values


def test_equal_samples_are_those_that_are_equal_in_the_file() -> None:
    x = torch.from_numpy(np.array([20240303.0, 20240304.0, 20240303.0]).reshape(-1, 1))
    y = torch.zeros(3, dtype=torch.int64)
    codes = equal_pairs(x, y)
    assert codes[0] == codes[2] != codes[1]


def test_groups_of_equal_samples_keep_their_order() -> None:
    """The order of the codes decides what is drawn, so that old runs are split as they were."""
    x = torch.randint(0, 9, (200, 2)).double()
    y = torch.randint(0, 2, (200,))
    _, before = torch.unique(pair_hashes(x.float(), y), return_inverse=True)
    assert torch.equal(equal_pairs(x, y), before)
