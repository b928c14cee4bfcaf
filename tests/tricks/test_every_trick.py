"""What holds for every kind of every section, whatever it does.

A new kind is in this table as soon as the recipe's schema has it. One that needs more than its
defaults, or other data than the digits, gets a line in MINIMAL or NEEDS.
"""

import io
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from trickrun.data._data import Data
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.params import PythonTarget
from trickrun.recipe.catalogue import Place, paragraphs, walk
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import Free, members, needed
from trickrun.training.checkpoint import restore
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Checkpoint, Evaluation
from trickrun.training.loop import train

PLACES = [place for place in walk() if place.kind is not None]
# Data kinds are loaded in tests/data; here their words alone are checked.
TRICKS = [place for place in PLACES if place.path.split(".")[0] != "data"]

LISTS = ("metrics", "augmentation")
LEDGER = ("init", "normalization", "regularizers", "augmentation")

# What a kind cannot do without, beside what must be given (its field's examples).
MINIMAL: dict[str, dict[str, Any]] = {
    "optimizer.clip": {"norm": 1.0},
    "normalization.group": {"groups": 4},
    "model.pretrained": {"size": 32},
}

REVIEWS = Path(__file__).parents[2] / "recipes" / "data" / "reviews.csv"

# What else the recipe must say for a kind to have something to act on.
COLOR = {"data": {"kind": "python", "target": "own_parts:color_images"}}
LABELS = {"data": {"kind": "python", "target": "own_parts:labels"}}
RESNET = {"kind": "resnet", "depth": 8, "width": 4}
MLP = {"kind": "mlp", "hidden": [12]}
REGRESSION = {"data": {"kind": "diabetes"}}
NEEDS: dict[str, dict[str, Any]] = {
    "loss.bce": {"data": {"kind": "breast_cancer"}},
    "loss.nll": {"model": {"kind": "mlp", "hidden": [12], "head_activation": "log_softmax"}},
    "loss.mse": REGRESSION,
    "loss.mae": REGRESSION,
    "loss.huber": REGRESSION,
    "metrics.mae": REGRESSION,
    "metrics.rmse": REGRESSION,
    "metrics.r2": REGRESSION,
    "metrics.f1_micro": LABELS,
    "metrics.subset_accuracy": LABELS,
    "augmentation.saturation": COLOR,
    "augmentation.token_dropout": {
        "data": {"kind": "text", "path": str(REVIEWS), "target": "opinion", "length": 8},
        "model": {"kind": "gru", "hidden": 6, "embedding": 4},
    },
    "model.numeric.piecewise": {"data": {"kind": "iris"}, "model": MLP},
    "model.numeric.periodic": {"data": {"kind": "iris"}, "model": MLP},
    "init.residual.zero_gamma": {"model": RESNET, "normalization": {"kind": "batch"}},
    "init.residual.fixup": {"model": RESNET},
    "init.residual.depth_scaled": {"model": RESNET},
    "init.forget_bias": {"model": {"kind": "lstm", "hidden": 6}},
    "normalization.instance": {"model": {"kind": "cnn", "channels": [4], "hidden": []}},
    "regularizers.spatial_dropout": {"model": {"kind": "cnn", "channels": [4], "hidden": []}},
    "regularizers.stochastic_depth": {"model": {"kind": "resnet", "depth": 8, "width": 4}},
    "regularizers.swa": {"normalization": {"kind": "batch"}},
}

# Parameters whose names say it all.
OBVIOUS = {"family", "mean", "std", "per"}

OWN_PARTS = """
    import torch
    from torch import nn
    from torch.nn import functional

    def color_images():
        drawn = torch.Generator().manual_seed(0)
        x, y = torch.rand(120, 3, 4, 4, generator=drawn), torch.arange(120) % 3
        return {"train": (x, y), "task": "classification"}

    def labels():
        x = torch.randn(120, 64, generator=torch.Generator().manual_seed(0))
        return {"train": (x, (x[:, :3] > 0).float()), "task": "multilabel"}

    def model(outputs):
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, outputs))

    def loss(prediction, target):
        return functional.cross_entropy(prediction, target, reduction="none")

    def metrics(prediction, target):
        return (prediction.argmax(dim=1) == target).float()

    def optimizer(params, lr):
        return torch.optim.SGD(params, lr)

    def augmentation(x, y, generator):
        return x + torch.rand(x.shape, generator=generator), y
"""


def address(place: Place) -> str:
    return f"{place.path}.{place.kind}".lstrip(".")


def name_of(value: object) -> str | None:
    return address(value) if isinstance(value, Place) else None


def minimal(place: Place) -> dict[str, Any]:
    """Return the least that a recipe must say to choose this kind."""
    chosen = {"kind": place.kind} if "kind" in place.params.model_fields else {}
    target = {"target": f"own_parts:{place.path}"} if place.kind == "python" else {}
    return chosen | needed(place.params) | target | MINIMAL.get(address(place), {})


def recipe_with(place: Place) -> Recipe:
    """Return a small recipe that trains four steps with this kind."""
    tree: dict[str, Any] = {
        "data": {"kind": "digits"},
        "model": {"kind": "mlp", "hidden": [12]},
        "init": {"kind": "auto"},
        "optimizer": {"kind": "adam"},
        "train": {"steps": 4, "eval_every": 2, "checkpoint": {"every": "2 steps"}, "device": "cpu"},
        **NEEDS.get(address(place), {}),
    }
    tree["data"] = {**tree["data"], "batch_size": 16, "subset": {"n": 64}}
    # A kind chosen by a key of its own (l2, clip, early_stopping) stands under that key.
    has_key = "kind" not in place.params.model_fields and place.path != place.kind
    path = address(place) if has_key else place.path
    *above, last = path.split(".")
    section = tree
    for key in above:
        section = section.setdefault(key, {})
    section[last] = [minimal(place)] if path in LISTS else minimal(place)
    return Recipe.model_validate(tree)


def prepared(data: Data, folder: Path) -> Prepared:
    """Return the data set; one that is no user's is loaded once for all kinds that train on it."""
    return prepare(data, folder) if isinstance(data, PythonTarget) else bundled(data)


@cache
def bundled(data: Data) -> Prepared:
    return prepare(data, Path())


def reloaded(state: dict[str, Any]) -> dict[str, Any]:
    """Return ``state`` as it comes back from a checkpoint file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recipe folder with a part of a user's own for each section."""
    path = tmp_path_factory.mktemp("recipe")
    (path / "own_parts.py").write_text(textwrap.dedent(OWN_PARTS))
    return path


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_docstring_is_a_catalogue_entry(place: Place):
    told = paragraphs(place.params)
    labels = ["Summary", "When", "Source"]
    if place in TRICKS:
        labels += ["Formula", "Defaults"]
    assert [label for label in labels if not told[label]] == []
    assert told["Summary"].endswith(".")


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_every_parameter_is_described(place: Place):
    silent = {name for name, m in members(place.params).items() if not m.field.description}
    assert silent - OBVIOUS - {"kind"} == set()


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_least_words_are_enough_and_an_unknown_one_is_refused(place: Place):
    place.params.model_validate(minimal(place))
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        place.params.model_validate(minimal(place) | {"no_such_parameter": 1})


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_a_value_of_the_wrong_type_is_refused(place: Place):
    for name, member in members(place.params).items():
        wrong = 3 if isinstance(member.shape, Free) else {"no": "such value"}
        with pytest.raises(ValidationError):
            place.params.model_validate(minimal(place) | {name: wrong})


@pytest.mark.parametrize("place", TRICKS, ids=name_of)
def test_it_becomes_a_job_acts_and_trains(place: Place, folder: Path):
    recipe = recipe_with(place)
    job = compile_recipe(recipe, folder, prepared(recipe.data, folder))
    section = address(place).split(".")[0]
    if section in LEDGER and place.kind != "none":
        acted = {entry.trick: entry for entry in job.ledger if entry.section == section}
        assert acted[str(place.kind)].count > 0
        assert not acted[str(place.kind)].off
    before = reloaded(job.model.state_dict())
    values = [record.values for record in train(job) if isinstance(record, Evaluation)]
    assert len(values) == 2
    if section == "metrics":
        (name,) = job.metrics
        assert torch.tensor(values[-1][f"val_{name}"]).isfinite()
    after = job.model.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("place", TRICKS, ids=name_of)
def test_a_resumed_run_ends_bitwise_equal(place: Place, folder: Path):
    recipe = recipe_with(place)
    whole = compile_recipe(recipe, folder, prepared(recipe.data, folder))
    # Each state is saved when it is given out: later steps change the tensors in it.
    states = [
        (reloaded(record.state), record.best)
        for record in train(whole)
        if isinstance(record, Checkpoint)
    ]
    (halfway, best), _ = states
    resumed = compile_recipe(recipe, folder, prepared(recipe.data, folder))
    progress = restore(resumed, halfway)
    assert progress.step == 2
    ends = [r.state for r in train(resumed, progress, best) if isinstance(r, Checkpoint)]
    assert_same(states[-1][0]["progress"], ends[-1]["progress"])
    assert_same(states[-1][0]["optimizer"], reloaded(ends[-1])["optimizer"])
    assert_same(states[-1][0]["average"], reloaded(ends[-1])["average"])
    assert_same(whole.model.state_dict(), resumed.model.state_dict())


def assert_same(first: Any, second: Any) -> None:
    """Assert that two states are equal to the bit, the time that they took left out."""
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second)
    elif isinstance(first, dict):
        assert first.keys() == second.keys()
        for name in first.keys() - {"seconds"}:
            assert_same(first[name], second[name])
    elif isinstance(first, list):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    else:
        assert first == second
