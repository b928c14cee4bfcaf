"""Step 2: every shipped recipe fits its batch, and what keeps a network from it is named."""

import math
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shipped import shipped

from trickrun.checks.interventions.parts import Replacement
from trickrun.checks.interventions.rates import rate
from trickrun.checks.overfit_batch.check import one_batch, overfit_batch
from trickrun.checks.overfit_batch.search import one_rate
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.checks.verdict import Verdict, derive
from trickrun.errors import CompileError
from trickrun.recipe.load import Loaded, load

ROOT = Path(__file__).parents[3]
# Fashion-MNIST's files do not ship: benchmarks/overfit_batch.py has all recipes.
RECIPES = shipped("digits-untuned", "fashion-mnist")

Make = Callable[[str], Loaded]


@pytest.fixture
def recipe(tmp_path: Path) -> Make:
    def make(text: str) -> Loaded:
        path = tmp_path / "recipe.yaml"
        path.write_text(textwrap.dedent(text))
        return load(path)

    return make


@pytest.fixture
def digits(recipe: Make) -> Loaded:
    return recipe("""
        data: digits
        model: {kind: mlp, hidden: [64, 64]}
        optimizer: {kind: adam, lr: 3e-3}
    """)


def judged(loaded: Loaded, changes: dict[str, Any] | None = None, steps: int = 500) -> Verdict:
    return overfit_batch(RecipeSubject(derive(loaded, changes or {})), steps=steps)[0]


@pytest.mark.parametrize("path", RECIPES)
def test_every_shipped_recipe_passes(path: Path) -> None:
    found = judged(load(path))
    assert found.verdict == "pass", found.summary
    assert found.result["fitted"]
    assert found.result["final_loss"] <= found.result["threshold"]
    # Where equal contexts go on in several ways, no network can be always right.
    assert found.result["final_accuracy"] in (1.0, None) or found.result["floor"] > 0
    assert found.result["blocked_by"] == []


def test_a_learning_rate_far_too_low_is_the_blocker_of_the_untuned_recipe() -> None:
    found = judged(load(ROOT / "recipes" / "digits-untuned.yaml"), {"model.hidden": [64, 32]})
    assert found.verdict == "fail"
    assert found.result["blocked_by"][0] == "optimizer.lr"
    assert found.findings[0].code == "TR36"


BLOCKED = [
    ({"model.head_activation": "softmax"}, "model.head_activation", "TR26", "linear"),
    ({"model.head_activation": "relu"}, "model.head_activation", "TR29", "linear"),
    ({"loss": "nll"}, "model.head_activation", "TR25", "log_softmax"),
    ({"init": "zeros"}, "init", "TR22", {"kind": "kaiming_normal"}),
    ({"optimizer.lr": 1e-6}, "optimizer.lr", "TR36", 1e-3),
    (
        {"optimizer": {"kind": "sgd", "lr": 0.1, "clip": {"norm": 1e-4}}},
        "optimizer.clip",
        "TR71",
        None,
    ),
    ({"model.hidden": [1]}, "model.hidden", "TR54", [64]),
]


@pytest.mark.parametrize(("fault", "path", "code", "value"), BLOCKED)
def test_the_part_whose_replacement_lets_the_batch_be_fitted_is_named(
    digits: Loaded, fault: dict[str, Any], path: str, code: str, value: Any
) -> None:
    found = judged(digits, fault, steps=200)
    assert (found.verdict, found.result["fitted"]) == ("fail", False)
    assert found.result["blocked_by"][0] == path
    first = found.findings[0]
    assert (first.code, first.where, first.edit) == (code, path, {path: value})
    assert first.confirmed is not None
    assert judged(derive(digits, fault), {path: value}).verdict == "pass"


def test_two_faults_at_once_are_found_together(digits: Loaded) -> None:
    found = judged(
        digits, {"init": "zeros", "optimizer.lr": 1e-6, "model.activation": "tanh"}, steps=300
    )
    assert found.result["blocked_by"] == ["init", "optimizer.lr"]
    (finding,) = found.findings
    assert finding.edit == {"init": {"kind": "kaiming_normal"}, "optimizer.lr": 1e-3}
    assert finding.confirmed is not None
    assert finding.confirmed["after"] < 0.12


def test_a_regularizer_that_prevents_fitting_is_named_and_weakened(digits: Loaded) -> None:
    found = judged(digits, {"regularizers": {"dropout": 0.9, "l2": 1e-5}})
    assert (found.verdict, found.result["fitted"]) == ("fail", True)
    assert found.result["disabled"] == ["regularizers.dropout", "regularizers.l2"]
    assert found.result["blocked_by"] == ["regularizers.dropout"]
    (finding,) = found.findings
    assert (finding.code, finding.edit) == ("TR49", {"regularizers.dropout.p": 0.3})
    assert judged(digits, {"regularizers": {"dropout": 0.3, "l2": 1e-5}}).verdict == "pass"


def test_an_augmentation_that_destroys_the_digits_is_taken_out(digits: Loaded) -> None:
    harmless = {"kind": "noise", "std": 0.05}
    found = judged(digits, {"augmentation": [harmless, {"kind": "noise", "std": 8.0}]})
    assert found.result["blocked_by"] == ["augmentation.1"]
    assert [(f.code, f.edit) for f in found.findings] == [("TR18", {"augmentation.1": None})]


def test_what_is_switched_off_is_listed(digits: Loaded) -> None:
    found = judged(
        digits,
        {
            "regularizers": {"label_smoothing": 0.1, "dropout": 0.0},
            "augmentation": [{"kind": "noise", "std": 0.1}],
            "optimizer": {"kind": "adam", "lr": 1e-3, "weight_decay": 1e-5, "schedule": "cosine"},
            "early_stopping": {"patience": 2},
        },
    )
    assert found.verdict == "pass"
    assert found.result["disabled"] == [
        "regularizers.label_smoothing",
        "augmentation.0",
        "optimizer.weight_decay",
        "optimizer.schedule",
        "early_stopping",
    ]
    tried = {arm["name"] for arm in found.result["tried"]}
    assert tried == {*found.result["disabled"][:3], "all regularizers"}


def test_conflicting_samples_raise_the_floor_and_are_told(recipe: Make, tmp_path: Path) -> None:
    (tmp_path / "twice.py").write_text(
        "import torch\n"
        "def data():\n"
        "    x = torch.arange(16.0).repeat(2)[:, None] + torch.arange(6.0)\n"
        "    y = torch.arange(16).repeat(2) % 2\n"
        "    y[:4] = 1 - y[:4]\n"
        "    return {'train': (torch.cos(5 * x), y)}\n"
    )
    found = judged(
        recipe("""
            data: {kind: python, target: 'twice:data', batch_size: full, split: {val: 0, test: 0}}
            model: {kind: mlp, hidden: [64, 64]}
            optimizer: {kind: adam, lr: 1e-2}
        """)
    )
    assert found.verdict == "warn"
    assert found.result["attainable_accuracy"] == found.result["final_accuracy"] == 28 / 32
    assert found.result["floor"] == pytest.approx(8 / 32 * math.log(2))
    assert found.result["floor"] <= found.result["final_loss"] <= found.result["threshold"]
    assert [finding.code for finding in found.findings] == ["TR15"]


def test_a_batch_in_which_all_inputs_are_alike_is_refused_at_once(digits: Loaded) -> None:
    found = judged(digits, {"data.zero_inputs": True})
    assert (found.verdict, found.result["steps"]) == ("fail", 0)
    assert [finding.code for finding in found.findings] == ["TR04"]


def test_a_network_of_the_users_that_cannot_learn_is_named(recipe: Make, tmp_path: Path) -> None:
    (tmp_path / "stuck.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self, outputs):\n"
        "        super().__init__()\n"
        "        self.head = torch.nn.Linear(1, outputs)\n"
        "    def forward(self, x):\n"
        "        return self.head(torch.ones(len(x), 1))\n"
        "def net(outputs):\n"
        "    return Net(outputs)\n"
    )
    found = judged(recipe("{data: iris, model: {kind: python, target: 'stuck:net'}}"), steps=200)
    assert found.result["blocked_by"] == ["model"]
    assert found.findings[0].code == "TR76"


def test_a_step_of_the_users_that_does_not_train_is_named(recipe: Make, tmp_path: Path) -> None:
    (tmp_path / "lazy.py").write_text(
        "def step(model, batch, loss, optimizer):\n"
        "    x, y = batch\n"
        "    value = loss(model(x), y)\n"
        "    value.backward()\n"
        "    return value\n"
    )
    found = judged(
        recipe("""
            data: iris
            model: {kind: mlp, hidden: [64]}
            optimizer: {kind: adam, lr: 1e-2}
            train: {step: 'lazy:step'}
        """),
        steps=200,
    )
    assert found.result["blocked_by"] == ["train.step"]
    assert found.findings[0].code == "TR74"


def test_a_small_data_set_is_the_batch(recipe: Make) -> None:
    loaded = recipe("""
        data: {kind: synthetic, family: blobs, n: 30, batch_size: 8}
        model: {kind: mlp, hidden: [16]}
        optimizer: {kind: adam, lr: 1e-2}
    """)
    found, derived = overfit_batch(RecipeSubject(loaded), size=64)
    assert found.result["samples"] == 22
    assert derived.recipe.data.subset is None
    found, derived = overfit_batch(RecipeSubject(loaded), size=8)
    assert found.result["samples"] == 8
    assert derived.recipe.data.subset is not None


def test_a_recipe_that_is_wrong_anyway_is_an_error(digits: Loaded) -> None:
    with pytest.raises(CompileError):
        judged(digits, {"loss": "bce"})


def test_two_checks_of_one_recipe_give_the_same_numbers(digits: Loaded) -> None:
    first, second = judged(digits), judged(digits)
    assert first.series["losses"] == second.series["losses"]
    assert first.result == second.result


def test_a_batch_has_samples_of_a_rare_class_too(recipe: Make, tmp_path: Path) -> None:
    rows = [f"{i},{i % 100 == 0}" for i in range(1000)]
    (tmp_path / "t.csv").write_text("x,y\n" + "\n".join(rows) + "\n")
    rare = recipe("data: {kind: csv, path: t.csv, target: y}\nmodel: {kind: mlp, hidden: [8]}\n")
    base = one_batch(RecipeSubject(rare), 32, 10)
    data = base.data
    assert len(data.train) > 32
    assert data.train.y.bincount().tolist() == [len(data.train) - 1, 1]
    assert base.recipe.data.subset.n == len(data.train)


def test_of_several_learning_rates_the_most_usual_is_suggested(digits: Loaded) -> None:
    other = Replacement("init", {"init": "auto"}, "TR23", "", "")
    usual_lr = RecipeSubject(digits).alternatives().usual_lr
    rates = [rate(digits.recipe.optimizer.lr, lr) for lr in (1e-1, 3e-3, 1.0, 1e-6)]
    assert one_rate([*rates, other], usual_lr) == [rates[1], other]
    assert one_rate([other], usual_lr) == [other]


@pytest.mark.parametrize(
    ("loss", "verdict"), [("flipped", "warn"), ("shifted", "pass"), ("poisson", "warn")]
)
def test_a_users_own_loss_below_0_does_not_pass_by_itself(
    recipe: Make, tmp_path: Path, loss: str, verdict: str
) -> None:
    (tmp_path / "negative.py").write_text(
        "from torch.nn.functional import poisson_nll_loss\n"
        "def flipped(z, y): return -(z - y).square().mean(1)\n"
        "def shifted(z, y): return (z - y).square().mean(1) - 50\n"
        "def poisson(z, y): return poisson_nll_loss(z, 9 + y, reduction='none').mean(1)\n"
    )
    found = judged(
        recipe(f"""
            data: {{kind: synthetic, family: linear}}
            model: {{kind: mlp, hidden: [64]}}
            optimizer: {{kind: adam, lr: 1e-2}}
            loss: {{kind: python, target: 'negative:{loss}'}}
        """),
        steps=300,
    )
    assert found.verdict == verdict
    told = [(f.code, f.severity, f.where) for f in found.findings]
    assert told == ([] if verdict == "pass" else [("TR73", "info", "loss")])
