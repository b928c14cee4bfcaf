"""Data from user code: what it may return, and what is said if it returns something else."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.data.python import PythonData
from trickrun.data.splits.source import Source
from trickrun.errors import CompileError, DataError

HEAD = """
import numpy as np, torch
X, Y = torch.arange(12.).reshape(6, 2), torch.tensor([0, 1, 2, 0, 1, 2])
class Pairs(torch.utils.data.Dataset):
    def __init__(self, n=6, fail=None): self.n, self.fail = n, fail
    def __len__(self): return self.n
    def __getitem__(self, i):
        if i == self.fail: raise ValueError("lost")
        return X[i], int(Y[i])
class Stream(torch.utils.data.IterableDataset):
    def __iter__(self): return iter(Pairs())
"""


@pytest.fixture(autouse=True)
def _own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def load(folder: Path, result: str, **args: Any) -> Source:
    (folder / "mine.py").write_text(f"{HEAD}\ndef make(n=3):\n    return {result}\n")
    return PythonData(target="mine:make", args=args).load(folder)


@pytest.mark.parametrize("part", ["(X, Y)", "[X.numpy(), Y.tolist()]", "Pairs()"])
def test_parts_that_are_taken(tmp_path: Path, part: str) -> None:
    source = load(tmp_path, f'{{"train": {part}}}')
    x, y = source.parts["train"]
    assert torch.equal(x, torch.arange(12.0).reshape(6, 2))
    assert y.tolist() == [0, 1, 2, 0, 1, 2]
    assert source.task.kind == "classification"
    assert source.task.classes == 3


def test_own_parts_task_and_labels(tmp_path: Path) -> None:
    source = load(
        tmp_path,
        '{"train": (X, Y.double()), "val": (X, Y), "test": Pairs(2), "task": "classification",'
        ' "labels": ["a", "b", "c"]}',
    )
    assert [len(source.parts[name][0]) for name in ("train", "val", "test")] == [6, 6, 2]
    assert source.task.labels == ("a", "b", "c")


def test_task_regression(tmp_path: Path) -> None:
    source = load(tmp_path, '{"train": (X, Y), "task": "regression"}')
    assert source.task.kind == "regression"
    assert source.parts["train"][1].shape == (6, 1)


def test_arguments_reach_the_function(tmp_path: Path) -> None:
    assert len(load(tmp_path, '{"train": Pairs(n)}', n=4).parts["train"][0]) == 4


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("(X, Y)", "returned a tuple, not a mapping"),
        ('{"trian": (X, Y)}', "unknown key, 'trian'\n  did you mean 'train'?"),
        ('{"test": (X, Y)}', 'returned no "train"'),
        ('{"train": (X, Y, Y)}', "train: it has 3 elements"),
        ('{"train": X[0, 0].item()}', "a float is not a pair and has no length"),
        ('{"train": Stream()}', "a Stream is not a pair and has no length"),
        ('{"train": (X, Y), "task": "classify"}', "\"task\" is 'classify'"),
        ('{"train": {0: X[0], 1: X[1]}}', "sample 0 is not a pair"),
        ('{"train": Pairs(0)}', "there are no samples"),
        ('{"train": (X, Y), "labels": ["a"]}', "the classes are 0 to 0"),
        ('{"train": (X, Y - 1)}', "labels count from 0"),
        ('{"train": ([[1], [1, 2]], Y)}', "does not make an array"),
    ],
)
def test_results_that_are_refused(tmp_path: Path, result: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        load(tmp_path, result)
    assert message in str(caught.value)
    assert "mine:make" in caught.value.where


def test_samples_of_different_shape(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "class Ragged:\n"
        "    def __len__(self): return 2\n"
        "    def __getitem__(self, i): return [0.0] * (i + 1), i\n"
        "def make(): return {'train': Ragged()}\n"
    )
    with pytest.raises(DataError, match="samples differ in shape"):
        PythonData(target="mine:make").load(tmp_path)


def test_failing_dataset_names_the_users_line(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="ValueError: lost") as caught:
        load(tmp_path, '{"train": Pairs(6, fail=4)}')
    assert 'raise ValueError("lost")' in caught.value.hint


def test_fingerprint_follows_the_source(tmp_path: Path) -> None:
    data = PythonData(target="mine:make")
    load(tmp_path, '{"train": (X, Y)}')
    first = data.fingerprint(tmp_path)
    load(tmp_path, '{"train": (X, Y + 0)}')
    assert data.fingerprint(tmp_path) != first


def test_channels_last(tmp_path: Path) -> None:
    text = "import numpy as np\ndef f(): return {'train': (np.zeros((6, 5, 4, 3)), [0, 1] * 3)}\n"
    (tmp_path / "pictures.py").write_text(text)
    source = PythonData(target="pictures:f", channels="last").load(tmp_path)
    assert source.parts["train"][0].shape == (6, 3, 5, 4)
