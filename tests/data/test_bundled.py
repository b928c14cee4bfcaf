"""The tables of scikit-learn: shapes, names, and equality with what scikit-learn returns."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import datasets

from trickrun.data._data import Data
from trickrun.data.breast_cancer import BreastCancer
from trickrun.data.diabetes import Diabetes
from trickrun.data.digits import Digits
from trickrun.data.formats import bundled
from trickrun.data.iris import Iris
from trickrun.data.wine import Wine
from trickrun.errors import DataError

HERE = Path()
TABLES = [
    (Iris(), datasets.load_iris, ("setosa", "versicolor", "virginica")),
    (Wine(), datasets.load_wine, ("class_0", "class_1", "class_2")),
    (BreastCancer(), datasets.load_breast_cancer, ("malignant", "benign")),
]


@pytest.mark.parametrize(("data", "loader", "labels"), TABLES, ids=lambda v: getattr(v, "kind", ""))
def test_classification_table(data: Data, loader: object, labels: tuple[str, ...]) -> None:
    assert callable(loader)
    bunch = loader()
    source = data.load(HERE)
    x, y = source.parts["train"]
    np.testing.assert_array_equal(x.numpy(), bunch.data, strict=True)
    np.testing.assert_array_equal(y.numpy(), bunch.target)
    assert source.task.labels == labels
    assert source.task.classes == len(labels)
    assert source.task.features == tuple(bunch.feature_names)
    assert list(source.parts) == ["train"]


def test_diabetes_is_in_its_own_units() -> None:
    source = Diabetes().load(HERE)
    x, y = source.parts["train"]
    assert x.shape == (442, 10)
    assert y.shape == (442, 1)
    ages = x[:, source.task.features.index("age")]
    assert (ages.min(), ages.max()) == (19, 79)
    assert (y.min(), y.max()) == (25, 346)
    assert (source.task.kind, source.task.targets) == ("regression", 1)
    assert source.task.labels == ("progression",)
    bunch = datasets.load_diabetes(scaled=False)
    assert source.task.features == tuple(bunch.feature_names)
    np.testing.assert_array_equal(x.numpy(), bunch.data)
    np.testing.assert_array_equal(y.numpy().ravel(), bunch.target)


def test_digits_are_images() -> None:
    source = Digits().load(HERE)
    x, y = source.parts["train"]
    bunch = datasets.load_digits()
    np.testing.assert_array_equal(x.squeeze(1).numpy(), bunch.images)
    np.testing.assert_array_equal(y.numpy(), bunch.target)
    assert source.task.labels == tuple(map(str, bunch.target_names))
    assert (x.is_contiguous(), y.is_contiguous()) == (True, True)
    assert x.shape == (1797, 1, 8, 8)
    assert x.dtype == torch.uint8
    assert x.max() == 16
    assert y.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_each_table_has_a_fingerprint_of_its_own() -> None:
    kinds = (Iris(), Wine(), BreastCancer(), Diabetes(), Digits())
    prints = [str(data.fingerprint(HERE)) for data in kinds]
    assert "None" not in prints
    assert len(set(prints)) == len(kinds)


def test_fingerprint_of_a_file_that_is_elsewhere() -> None:
    assert bundled.bundled_fingerprint("iris.csv", "moved_in_a_later_version.csv") is None


def test_a_file_that_is_elsewhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "bundled_path", lambda name: None)
    with pytest.raises(DataError, match="not where scikit-learn") as caught:
        Iris().load(HERE)
    assert caught.value.where == "sklearn/datasets/data/iris.csv"


def test_no_table_needs_scikit_learn() -> None:
    script = "\n".join(
        [
            "import sys; from pathlib import Path",
            "from trickrun.data.breast_cancer import BreastCancer",
            "from trickrun.data.diabetes import Diabetes",
            "from trickrun.data.digits import Digits",
            "from trickrun.data.iris import Iris",
            "from trickrun.data.wine import Wine",
            "for kind in (Iris, Wine, BreastCancer, Diabetes, Digits): kind().load(Path())",
            "assert 'sklearn' not in sys.modules",
        ]
    )
    subprocess.run([sys.executable, "-c", script], check=True)
