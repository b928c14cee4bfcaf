"""A new file is a new kind: it acts in training, or compiling says that it acts on nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import trickrun

FILES = {
    "tricks/regularizers/idle.py": '''
        from trickrun.tricks.regularizers import Regularizer

        class Idle(Regularizer):
            """Does nothing."""

            kind: ClassVar[Literal["idle"]] = "idle"
            strength: float = 1.0

            @property
            def off(self) -> bool:
                return self.strength == 0
    ''',
    "tricks/regularizers/doubled.py": '''
        from trickrun.tricks.regularizers import GradientChange

        class Doubled(GradientChange):
            """Doubles each gradient."""

            kind: ClassVar[Literal["doubled"]] = "doubled"
            off: ClassVar[bool] = False

            def add(self, parameters, step, generator):
                for parameter in parameters:
                    parameter.grad.mul_(2)
    ''',
    "tricks/regularizers/held.py": '''
        from trickrun.tricks.regularizers import Constraint

        class Held(Constraint):
            """Sets the head's weights to 1 after each step."""

            kind: ClassVar[Literal["held"]] = "held"
            off: ClassVar[bool] = False

            def constrained(self, model):
                return [model.head.weight]

            def constrain(self, weights):
                for weight in weights:
                    weight.data.fill_(1.0)
    ''',
    "tricks/regularizers/still.py": '''
        from contextlib import nullcontext

        from trickrun.tricks.regularizers import Climb

        class Still(Climb):
            """Climbs nowhere: the second gradient is added to the first."""

            kind: ClassVar[Literal["still"]] = "still"
            off: ClassVar[bool] = False

            def climbed(self, parameters):
                return nullcontext()
    ''',
    "tricks/regularizers/halved.py": '''
        from trickrun.tricks.regularizers import Regularizer

        class Halved(Regularizer):
            """A layer after the head that halves what it puts out."""

            kind: ClassVar[Literal["halved"]] = "halved"
            off: ClassVar[bool] = False

            def insert(self, model, streams):
                model.add_module("times", self.layer_class()(0.5))

            def layer_class(self):
                from trickrun.tricks.regularizers._torch_halved import Times

                return Times
    ''',
    "tricks/regularizers/_torch_halved.py": """
        from torch import nn

        class Times(nn.Module):
            def __init__(self, factor):
                super().__init__()
                self.factor = factor

            def forward(self, x):
                return self.factor * x
    """,
    "tricks/normalization/largest.py": '''
        from trickrun.tricks.normalization._normalization import NormalizationLayer

        class Largest(NormalizationLayer):
            """Divides each sample by its largest number."""

            kind: Literal["largest"] = "largest"
            recalibrate: bool = False

            @property
            def recalibrates(self) -> bool:
                return self.recalibrate

            def layer(self, features, dims):
                from torch import nn

                class LargestIsOne(nn.Module):
                    def forward(self, x):
                        return x / x.abs().amax(dim=1, keepdim=True).clamp(min=1e-6)

                return LargestIsOne()
    ''',
    "models/plain.py": '''
        from trickrun.models import InitFrom, Model, NetworkSpec

        class Plain(Model):
            """A hidden layer that is no subclass of what the other models share."""

            channels_last: ClassVar[bool] = True
            kind: Literal["plain"] = "plain"
            units: int = 5
            init_from: InitFrom = None

            def network(self, spec: NetworkSpec):
                from collections import OrderedDict

                from torch import nn

                layers = OrderedDict(linear=nn.Linear(spec.inputs[0], self.units))
                norm = spec.normalization.place(self.units, 0)
                if norm is not None:
                    layers["norm"] = norm
                layers["relu"] = nn.ReLU()
                layers["head"] = nn.Linear(self.units, spec.outputs)
                return nn.Sequential(layers)
    ''',
    "models/borrowed.py": '''
        from trickrun.models import Model

        class Borrowed(Model):
            """Brings its normalization, so that the recipe's is refused."""

            has_own_normalization: ClassVar[bool] = True
            kind: Literal["borrowed"] = "borrowed"
    ''',
}

PLAIN: dict[str, Any] = {"model": {"kind": "plain"}}
RECIPES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "idle": {"regularizers": {"idle": {}}},
    "idle, off": {"regularizers": {"idle": {"strength": 0.0}}},
    "doubled": {"regularizers": {"doubled": {}}},
    "held": {"regularizers": {"held": {}}},
    "still": {"regularizers": {"still": {}}},
    "still and sam": {"regularizers": {"still": {}, "sam": {}}},
    "halved": {"regularizers": {"halved": {}}},
    "halved, user's model": {
        "model": {"kind": "python", "target": "net:net"},
        "regularizers": {"halved": {}},
    },
    "largest": {"normalization": {"kind": "largest"}},
    "largest, recalibrated": {"normalization": {"kind": "largest", "recalibrate": True}},
    "plain": PLAIN,
    "plain, batch norm": {**PLAIN, "normalization": {"kind": "batch"}},
    "plain, weight norm": {**PLAIN, "normalization": {"kind": "weight"}},
    "plain, dropout": {**PLAIN, "regularizers": {"dropout": {}}},
    "plain, head bias": {**PLAIN, "init": {"kind": "auto", "head_bias": {"value": 0.25}}},
    "plain, lsuv": {"model": {"kind": "plain", "init_from": "gone"}, "init": {"kind": "lsuv"}},
    "plain, run": {"model": {"kind": "plain", "init_from": "gone"}},
    "own normalization": {"model": {"kind": "borrowed"}, "normalization": {"kind": "batch"}},
}

PROGRAM = """
    import json, sys
    from pathlib import Path

    from trickrun.data.splits.prepare import prepare
    from trickrun.params import parts
    from trickrun.recipe.schema import Recipe
    from trickrun.training.compile import compile_recipe
    from trickrun.training.device import channels_last
    from trickrun.training.loop import take_step

    BASE = {
        "data": {"kind": "synthetic", "family": "moons"},
        "model": {"kind": "mlp", "hidden": [4]},
        "optimizer": {"kind": "sgd", "lr": 0.1},
        "train": {"epochs": 1},
    }

    def outcome(tree):
        recipe = Recipe.model_validate({**BASE, **tree})
        job = compile_recipe(recipe, Path("."))
        before = job.model.head.weight.detach().clone()
        take_step(job, next(job.batches(0)), 0, [], False)
        return {
            "ledger": [[e.section, e.trick, e.what] for e in job.ledger],
            "layers": [name for name, _ in job.model.named_children()],
            "moved": (job.model.head.weight - before).tolist(),
            "weights": job.model.head.weight.tolist(),
            "alone": [str(p.kind_name) for _, p in parts(recipe) if p.trains_alone],
            "recalibrate": job.settings.recalibrate,
            "channels_last": channels_last(recipe, job.device),
            "bias": job.model.head.bias.tolist(),
        }

    found = {}
    for name, tree in json.loads(Path("recipes.json").read_text()).items():
        try:
            found[name] = outcome(tree)
        except Exception as error:
            found[name] = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of each recipe in a copy of the package that has the files more."""
    folder = tmp_path_factory.mktemp("copy")
    package = folder / "trickrun"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(trickrun.__file__).parent, package, ignore=ignored)
    head = "from __future__ import annotations\n\nfrom typing import ClassVar, Literal\n\n"
    for name, text in FILES.items():
        (package / name).write_text(head + textwrap.dedent(text))
    (folder / "net.py").write_text(
        "from torch import nn\ndef net(outputs): return nn.Sequential(nn.Linear(2, outputs))\n"
    )
    (folder / "recipes.json").write_text(json.dumps(RECIPES))
    (folder / "program.py").write_text(textwrap.dedent(PROGRAM))
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def lines(outcome: dict[str, Any]) -> list[tuple[str, str]]:
    """Return trick and what it acts on, of all but the init."""
    return [(trick, what) for section, trick, what in outcome["ledger"] if section != "init"]


def test_a_regularizer_that_acts_on_nothing_is_an_error(outcomes):
    assert "but it acts on nothing in this job: regularizers: idle" in outcomes["idle"]["error"]
    assert lines(outcomes["idle, off"]) == [("idle", "off")]


def test_a_new_change_of_the_gradient_acts(outcomes):
    assert lines(outcomes["doubled"]) == [("doubled", "4 gradients")]
    for row, plain in zip(outcomes["doubled"]["moved"], outcomes["nothing"]["moved"], strict=True):
        assert row == pytest.approx([2 * value for value in plain], rel=1e-4)


def test_a_new_bound_on_the_weights_acts(outcomes):
    assert lines(outcomes["held"]) == [("held", "the weights of 1 layer")]
    assert outcomes["held"]["weights"] == [[1.0] * 4] * 2


def test_a_new_climb_acts_and_is_the_only_one(outcomes):
    assert lines(outcomes["still"]) == [("still", "4 parameters")]
    for row, plain in zip(outcomes["still"]["moved"], outcomes["nothing"]["moved"], strict=True):
        assert row == pytest.approx([2 * value for value in plain], rel=1e-4)
    assert "give one of them" in outcomes["still and sam"]["error"]


def test_new_layers_are_inserted_and_counted_except_in_a_users_model(outcomes):
    assert lines(outcomes["halved"]) == [("halved", "1 layer")]
    assert outcomes["halved"]["layers"][-2:] == ["head", "times"]
    message = "but it acts on nothing in this job: regularizers: halved"
    assert message in outcomes["halved, user's model"]["error"]


def test_a_new_regularizer_is_not_stacked_unless_it_says_so(outcomes):
    for kind in ("doubled", "held", "still", "halved"):
        assert outcomes[kind]["alone"] == [kind]


def test_a_new_normalization_is_counted_where_it_was_placed(outcomes):
    assert lines(outcomes["largest"]) == [("largest", "1 layer")]
    assert not outcomes["largest"]["recalibrate"]
    assert outcomes["largest, recalibrated"]["recalibrate"]


def test_a_model_need_not_be_one_of_trickruns_layers(outcomes):
    assert outcomes["plain"]["layers"] == ["linear", "relu", "head"]
    assert outcomes["plain"]["channels_last"]
    assert not outcomes["nothing"]["channels_last"]
    assert outcomes["plain, head bias"]["bias"] != outcomes["plain"]["bias"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("plain, batch norm", ("batch", "1 layer")),
        ("plain, weight norm", ("weight", "the weights of 2 layers")),
    ],
)
def test_such_a_model_has_the_recipes_normalization(outcomes, name, line):
    assert lines(outcomes[name]) == [line]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("plain, dropout", "but it acts on nothing in this job: regularizers: dropout"),
        ("plain, run", "model.init_from: there is no run 'gone' with weights"),
        ("plain, lsuv", "init: lsuv would rescale weights that were learned before"),
        ("own normalization", "a borrowed network has its own normalization"),
    ],
)
def test_what_such_a_model_has_no_place_for_is_refused(outcomes, name, message):
    assert message in outcomes[name]["error"]
