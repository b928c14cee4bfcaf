"""The data sections of the recipes that ship with trickrun: each prepares, with what it says."""

from pathlib import Path

import pytest

from trickrun.data.splits.prepare import prepare
from trickrun.recipe.load import load

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize(
    ("name", "sizes", "features", "outputs"),
    [
        ("iris", (106, 22, 22), 4, 3),
        ("wine", (124, 27, 27), 13, 3),
        ("breast-cancer", (399, 85, 85), 30, 2),
        ("diabetes", (310, 66, 66), 10, 0),
        ("moons", (700, 150, 150), 2, 2),
        ("spiral", (840, 180, 180), 2, 3),
        ("fruit", (168, 36, 36), 8, 4),
    ],
)
def test_recipe(name: str, sizes: tuple[int, int, int], features: int, outputs: int) -> None:
    loaded = load(RECIPES / f"{name}.yaml")
    assert loaded.recipe.name == name
    assert loaded.recipe.expect
    data = prepare(loaded.recipe.data, loaded.folder)
    assert data.val is not None
    assert data.test is not None
    assert (len(data.train), len(data.val), len(data.test)) == sizes
    assert data.shape == (features,)
    assert data.task.classes == outputs
