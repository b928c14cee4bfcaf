"""Errors about a user's object show how it is called, with an example that serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trickrun.data.python import PythonData
from trickrun.errors import CompileError, DataError
from trickrun.models.python import PythonModel
from trickrun.params import PythonTarget
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.recipe.schema import OwnStep
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Evaluation
from trickrun.training.loop import train
from trickrun.tricks.augmentation.python import PythonAugmentation
from trickrun.tricks.losses.python import PythonLoss
from trickrun.tricks.metrics.python import PythonMetric
from trickrun.tricks.optimizers.python import PythonOptimizer

SECTIONS: dict[str, tuple[type[PythonTarget], str]] = {
    "data": (PythonData, "f(**args) returns a mapping of parts"),
    "model": (PythonModel, "f(**args) returns the nn.Module"),
    "loss": (PythonLoss, "f(prediction, target, **args) returns losses [N] or their mean"),
    "metrics.0": (PythonMetric, "f(prediction, target, **args) returns values [N] or a number"),
    "optimizer": (PythonOptimizer, "f(params, lr, **args) returns a torch.optim.Optimizer"),
    "augmentation.0": (PythonAugmentation, "f(x, y, generator, **args) returns x, y"),
    "train.step": (OwnStep, "f(model, batch, loss, optimizer, **args) returns the loss"),
}
"""Every place of a recipe that names a user's object."""

WRONG = {
    "not callable": "thing = 3",
    "another signature": "def thing(this, takes, more, things, than, anybody, gives): ...",
    "another type": "def thing(*values, **args): return {'another'}",
}


@pytest.fixture(autouse=True)
def fresh_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    import sys

    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("theirs", None)


def trained(folder: Path, section: str, code: str, name: str) -> list[object]:
    """Train a recipe with a user's object in one section; return the records."""
    (folder / "theirs.py").write_text(f"import math\nimport torch\nfrom torch import nn\n{code}\n")
    tree = canonical(
        {
            "data": {"kind": "iris", "batch_size": 32, "split": {"val": 0.3, "test": 0.2}},
            "model": {"kind": "mlp", "hidden": [4]},
            "metrics": ["accuracy"],
            "augmentation": ["noise"],
            "train": {"epochs": 1, "device": "cpu"},
        }
    )
    own: Any = {"target": f"theirs:{name}"}
    if section != "train.step":
        own["kind"] = "python"
    recipe = from_tree(patch_paths(tree, {section: own}))
    return list(train(compile_recipe(recipe, folder)))


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_serves(section: str, tmp_path: Path) -> None:
    kind, _ = SECTIONS[section]
    name = kind.example.removeprefix("def ").partition("(")[0]
    records = trained(tmp_path, section, kind.example, name)
    assert any(isinstance(record, Evaluation) for record in records)
    assert len(kind.example.splitlines()) <= 4


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("section", SECTIONS)
def test_what_is_wrong_is_taught(section: str, wrong: str, tmp_path: Path) -> None:
    kind, called = SECTIONS[section]
    with pytest.raises((CompileError, DataError)) as caught:
        trained(tmp_path, section, WRONG[wrong], "thing")
    assert caught.value.where.startswith("theirs:thing")
    assert f"\n  {called}, for example:\n    def " in caught.value.hint
    for line in kind.example.splitlines():
        assert f"    {line}" in caught.value.hint


def test_every_python_kind_is_here() -> None:
    known = {kind for kind, _ in SECTIONS.values()}
    assert set(PythonTarget.__subclasses__()) == known
    assert all(kind.example for kind in known)
