"""Synthetic data: each family's formula, its randomness, and parameters that do not apply."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from trickrun.data.splits.source import Task
from trickrun.data.synthetic import Synthetic

CLASSES = ["blobs", "moons", "circles", "spiral", "xor"]
SEQUENCES = ["recall"]
VALUES = ["linear", "sine", "quadratic", "adding"]


def load(**params: Any) -> tuple[torch.Tensor, torch.Tensor, Task]:
    source = Synthetic(**params).load(Path())
    x, y = source.parts["train"]
    return x, y, source.task


@pytest.mark.parametrize("family", CLASSES)
def test_classes_are_points_near_the_origin(family: str) -> None:
    x, y, task = load(family=family, n=300)
    assert x.shape == (300, 2)
    assert x.dtype == torch.float32
    assert x.abs().max() < 2
    assert task.kind == "classification"
    counts = y.bincount()
    assert len(counts) == task.classes
    assert counts.min() > 0.8 * 300 / task.classes


@pytest.mark.parametrize("family", CLASSES + VALUES + SEQUENCES)
def test_seed_decides_the_samples(family: str) -> None:
    torch.manual_seed(1)
    first, again, other = (load(family=family, n=50, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize("family", CLASSES + SEQUENCES)
def test_noise_has_the_deviation_asked_for(family: str) -> None:
    clean, labels, _ = load(family=family, n=4000, noise=0)
    noisy, _, _ = load(family=family, n=4000, noise=0.3)
    assert (noisy - clean).std().item() == pytest.approx(0.3, rel=0.05)
    assert len(labels) == 4000


@pytest.mark.parametrize("family", VALUES)
def test_noise_of_values_is_added_to_the_target(family: str) -> None:
    x, clean, _ = load(family=family, n=4000, noise=0)
    noisy_x, noisy, _ = load(family=family, n=4000, noise=0.3)
    assert torch.equal(x, noisy_x)
    assert (noisy - clean).std().item() == pytest.approx(0.3, rel=0.05)


def test_blobs_stand_on_a_circle_in_the_first_two_features() -> None:
    x, y, task = load(family="blobs", n=40, noise=0, classes=4, features=3)
    assert task.classes == 4
    torch.testing.assert_close(x[y == 1][0], torch.tensor([0.0, 1.0, 0.0]))
    torch.testing.assert_close(x[:, :2].norm(dim=1), torch.ones(40))


def test_circles_have_radius_1_and_one_half() -> None:
    x, y, _ = load(family="circles", n=40, noise=0)
    torch.testing.assert_close(x.norm(dim=1), 1 - 0.5 * y)


def test_moons_are_two_half_circles() -> None:
    x, y, _ = load(family="moons", n=200, noise=0)
    for label, center in ((0, (-0.5, -0.25)), (1, (0.5, 0.25))):
        moon = x[y == label] - torch.tensor(center)
        torch.testing.assert_close(moon.norm(dim=1), torch.ones(100))
        side = moon[:, 1] if label == 0 else -moon[:, 1]
        assert side.min() > -1e-6


def test_spiral_turns_4_radians_from_the_center_to_1() -> None:
    x, y, _ = load(family="spiral", n=300, noise=0)
    radius, angle = x.norm(dim=1), torch.atan2(x[:, 1], x[:, 0])
    wanted = 4 * radius + 2 * torch.pi * y / 3
    torch.testing.assert_close(torch.cos(angle), torch.cos(wanted), atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.sin(angle), torch.sin(wanted), atol=1e-4, rtol=0)


def test_xor_is_whether_the_signs_differ() -> None:
    x, y, _ = load(family="xor", n=100, noise=0, features=5)
    assert x.shape[1] == 5
    assert torch.equal(y, ((x[:, 0] > 0) != (x[:, 1] > 0)).long())


def test_sine() -> None:
    x, y, task = load(family="sine", n=100, noise=0)
    assert task.kind == "regression"
    torch.testing.assert_close(y.float(), torch.sin(2 * torch.pi * x))


def test_sine_of_many_turns() -> None:
    x, y, _ = load(family="sine", n=100, noise=0, turns=8)
    expected = torch.sin(16 * torch.pi * x.double())
    torch.testing.assert_close(y.double(), expected, atol=1e-4, rtol=0)
    with pytest.raises(ValueError, match="moons takes no turns; sine does"):
        load(family="moons", turns=2)


def test_turns_change_no_name_of_samples_drawn_before_there_were_any() -> None:
    assert "turns" not in Synthetic(family="sine").drawn_as()
    names = {Synthetic(family="sine", turns=turns).drawn_as() for turns in (1, 2, None)}
    assert len(names) == 3


def test_linear_is_solved_by_least_squares() -> None:
    x, y, _ = load(family="linear", n=100, noise=0, features=4)
    design = torch.cat([x, torch.ones(100, 1)], dim=1).double()
    solution = torch.linalg.lstsq(design, y).solution
    assert solution[-1].item() == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(design @ solution, y, atol=1e-4, rtol=0)


def test_quadratic() -> None:
    x, y, task = load(family="quadratic", n=100, noise=0, features=3)
    assert task.kind == "regression"
    torch.testing.assert_close(y[:, 0].float(), (x**2).mean(1))


def test_adding_marks_one_number_in_each_half() -> None:
    x, y, task = load(family="adding", n=3000, noise=0, steps=7)
    assert x.shape == (3000, 7, 2)
    assert task.kind == "regression"
    marks = x[:, :, 1]
    assert marks[:, :3].sum(1).unique().tolist() == [1]
    assert marks[:, 3:].sum(1).unique().tolist() == [1]
    assert (marks.mean(0) > 0.2).all()
    torch.testing.assert_close(y[:, 0].float(), (x[:, :, 0] * marks).sum(1))
    assert y.var().item() == pytest.approx(1 / 6, rel=0.1)


def test_recall_shows_the_class_in_the_first_step_alone() -> None:
    x, y, task = load(family="recall", n=30, noise=0, classes=3, steps=5)
    assert x.shape == (30, 5, 3)
    assert task.classes == 3
    assert torch.equal(x[:, 0].argmax(1), y)
    assert x[:, 1:].abs().max() == 0


def test_irrelevant_features_leave_the_others_as_they_are() -> None:
    x, y, _ = load(family="linear", n=2000, features=3)
    more, same, _ = load(family="linear", n=2000, features=3, irrelevant=2)
    assert torch.equal(more[:, :3], x)
    assert torch.equal(same, y)
    correlation = torch.corrcoef(torch.cat([more, y], dim=1).T)[-1]
    assert correlation[3:5].abs().max() < 0.1
    assert more[:, 3:].std(0).sub(1).abs().max() < 0.1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"family": "moons", "features": 3},
            "moons takes no features; blobs, xor, linear, quadratic do",
        ),
        ({"family": "xor", "classes": 3}, "xor takes no classes; blobs, spiral, recall do"),
        ({"family": "moons", "steps": 9}, "moons takes no steps; adding, recall do"),
        ({"family": "adding", "irrelevant": 1}, "takes no irrelevant features"),
        ({"family": "blobs", "features": 1}, "blobs needs at least 2 features"),
        ({"family": "blobs", "classes": 1}, "greater than or equal to 2"),
        ({"family": "moon"}, "'moons'"),
        ({"family": "moons", "n": 5}, "greater than or equal to 10"),
        ({}, "Field required"),
    ],
)
def test_parameters_that_do_not_apply(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Synthetic(**params)
