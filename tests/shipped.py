"""The recipes in recipes/, as parameters of a test."""

from pathlib import Path

import pytest

from trickrun.data.fashion_mnist import FashionMnist
from trickrun.errors import DataError
from trickrun.recipe.load import load

ROOT = Path(__file__).parents[1]


def missing_data(path: Path) -> str:
    """Why the recipe's data set cannot be loaded here; empty if it can."""
    data = load(path).recipe.data
    if isinstance(data, FashionMnist):
        try:
            data.files(path.parent)
        except DataError as error:
            return str(error)
    return ""


def shipped(*left_out: str) -> list[object]:
    """The shipped recipes but those named; one whose data are not on this machine is skipped."""
    paths = [path for path in sorted(ROOT.glob("recipes/*.yaml")) if path.stem not in left_out]
    assert len(paths) > 10
    return [
        pytest.param(path, id=path.stem, marks=pytest.mark.skipif(bool(why), reason=why))
        for path in paths
        for why in [missing_data(path)]
    ]
