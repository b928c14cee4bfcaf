"""What is covered: squares, rectangles and single features."""

import pytest
import torch

from trickrun.tricks.augmentation.cutout import Cutout, rectangle
from trickrun.tricks.augmentation.feature_dropout import FeatureDropout
from trickrun.tricks.augmentation.random_erasing import RandomErasing


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def erased(kind, samples=400, height=16, width=24):
    """Return which pixels [N, H, W] the augmentation changed; no channel differs in that."""
    x = torch.full((samples, 2, height, width), 7.0)
    changed, _ = kind.apply(x, torch.zeros(samples), generator())
    covered = changed != x
    assert torch.equal(covered[:, 0], covered[:, 1])
    return covered[:, 0]


def box(covered):
    """Return rows, columns and area of what is covered in one image [H, W]."""
    rows, columns = covered.any(dim=1).nonzero(), covered.any(dim=0).nonzero()
    if not len(rows):
        return 0, 0, 0
    height = int(rows.max() - rows.min()) + 1
    return height, int(columns.max() - columns.min()) + 1, int(covered.sum())


def test_rectangle_has_the_given_edges():
    x = torch.zeros(2, 1, 4, 5)
    edges = [torch.tensor(v) for v in ([0, 1], [2, 9], [3, -2], [4, 1])]
    found = rectangle(x, *edges)
    assert found[0, 0].nonzero().tolist() == [[0, 3], [1, 3]]
    assert found[1, 0].nonzero().tolist() == [[1, 0], [2, 0], [3, 0]]


def test_cutout_is_a_square_cut_off_at_the_edge():
    covered = erased(Cutout(size=0.25))
    boxes = [box(image) for image in covered]
    assert all(rows <= 4 and columns <= 4 for rows, columns, _ in boxes)
    assert all(rows * columns == area > 0 for rows, columns, area in boxes)
    whole = sum(area == 16 for *_, area in boxes)
    # Centers two or more pixels from the edges: 13 of 16 rows, 21 of 24 columns.
    assert whole / 400 == pytest.approx(13 / 16 * 21 / 24, abs=0.1)
    assert bool(covered.any(dim=0).all())


def test_random_erasing_covers_a_rectangle_inside_of_the_asked_area():
    covered = erased(RandomErasing(p=1.0, area=(0.1, 0.2), ratio=(0.5, 2.0)))
    boxes = [box(image) for image in covered]
    assert all(rows * columns == area for rows, columns, area in boxes)
    shares = [area / (16 * 24) for *_, area in boxes]
    assert 0.08 < min(shares) < 0.12
    assert 0.18 < max(shares) < 0.23
    shapes = [(rows / 16) / (columns / 24) for rows, columns, _ in boxes]
    assert 0.4 < min(shapes) < 0.6
    assert 1.7 < max(shapes) < 2.5


def test_random_erasing_covers_a_share_of_p():
    covered = erased(RandomErasing(p=0.3), samples=2000)
    share = float(covered.flatten(1).any(dim=1).float().mean())
    assert share == pytest.approx(0.3, abs=5 * (0.3 * 0.7 / 2000) ** 0.5)


def test_random_erasing_fills_with_the_mean_or_with_noise():
    x = torch.full((300, 1, 8, 8), 7.0)
    mean, noise = (
        RandomErasing(p=1.0, fill=fill).apply(x, x, generator())[0] for fill in ("mean", "noise")
    )
    covered = mean != 7.0
    assert not mean[covered].any()
    assert torch.equal(noise[~covered], x[~covered])
    assert float(noise[covered].std()) == pytest.approx(1.0, abs=0.1)


def test_bounds_the_wrong_way_round_are_refused():
    with pytest.raises(ValueError, match=r"the first number is the smaller one: \[0.1, 0.5\]"):
        RandomErasing(area=(0.5, 0.1))


def test_feature_dropout_zeroes_a_share_of_p_and_scales_nothing():
    x = torch.full((2000, 5), 3.0)
    changed, _ = FeatureDropout(p=0.2).apply(x, x, generator())
    assert set(changed.unique().tolist()) == {0.0, 3.0}
    share = (changed == 0).float().mean(dim=0)
    assert float((share - 0.2).abs().max()) <= 5 * (0.2 * 0.8 / 2000) ** 0.5


def test_strength_zero_is_off_and_all_act_after_normalization():
    assert Cutout(size=0.0).off
    assert Cutout(p=0.0).off
    assert RandomErasing(p=0.0).off
    assert FeatureDropout(p=0.0).off
    stages = {kind.stage for kind in (Cutout(), RandomErasing(), FeatureDropout())}
    assert stages == {"normalized"}
