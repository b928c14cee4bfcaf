"""Step 1 on real recipes: healthy ones pass, each fault is named, and its edit is tried."""

import runpy
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shipped import shipped

from trickrun.checks.initial_loss.initial_loss_check import initial_loss
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded, derive, load

ROOT = Path(__file__).parents[3]
BENCHMARK = runpy.run_path(str(ROOT / "benchmarks" / "initial_loss.py"))

# Fashion-MNIST's files do not ship.
RECIPES = shipped("fashion-mnist")

Make = Callable[[str], Loaded]


@pytest.fixture
def recipe(tmp_path: Path) -> Make:
    def make(text: str) -> Loaded:
        path = tmp_path / "recipe.yaml"
        path.write_text(textwrap.dedent(text))
        return load(path)

    return make


def judged(loaded: Loaded, seeds: int = 3) -> Verdict:
    return initial_loss(RecipeSubject(loaded), seeds)[0]


@pytest.mark.parametrize("case", BENCHMARK["CASES"], ids=lambda c: f"{c.code}-{c.recipe['loss']}")
def test_a_fault_is_named_and_its_edit_helps(case: Any) -> None:
    healthy = BENCHMARK["loaded"](case.recipe)
    assert judged(healthy).verdict == "pass"
    faulty = judged(derive(healthy, case.fault))
    assert faulty.verdict != "pass"
    first = faulty.findings[0]
    assert first.code == case.code
    assert first.edit is not None
    mended = judged(derive(derive(healthy, case.fault), first.edit))
    assert first.code not in [finding.code for finding in mended.findings]
    if first.confirmed is not None:
        assert first.confirmed["after"] == mended.result["loss"]


@pytest.mark.parametrize("path", RECIPES)
def test_no_shipped_recipe_fails_but_the_one_that_shall(path: Path) -> None:
    found = judged(load(path), seeds=2)
    if path.stem == "digits-untuned":
        assert (found.verdict, found.findings[0].code) == ("fail", "TR23")
    else:
        assert found.verdict in ("pass", "warn")


def test_the_result_has_the_keys_of_the_contract(recipe: Make) -> None:
    loaded = recipe("""
        seed: 7
        data: iris
        model: {kind: mlp, hidden: [8]}
        regularizers: {l2: 0.1}
    """)
    result = judged(loaded).result
    assert result["expected"] == pytest.approx(1.0986, abs=1e-4)
    assert result["zero_input_loss"] == pytest.approx(result["expected"])
    assert [seed["seed"] for seed in result["per_seed"]] == [7, 8, 9]
    assert sorted(s["loss"] for s in result["per_seed"])[1] == result["loss"]
    assert result["penalty"] > 0.1
    assert judged(derive(loaded, {"regularizers": None})).result["loss"] == result["loss"]


def test_the_derived_recipe_is_one_step_of_the_users(recipe: Make) -> None:
    loaded = recipe("{data: iris, model: {kind: mlp, hidden: [8]}}")
    _, derived = initial_loss(RecipeSubject(loaded), 1)
    assert derived.recipe.train.steps == 1
    assert derived.recipe.seed == 0


def test_dropout_and_augmentation_do_not_act(recipe: Make) -> None:
    plain = recipe("{data: digits, model: {kind: mlp, hidden: [16]}}")
    noisy = derive(
        plain,
        {"regularizers.dropout": 0.9, "augmentation": [{"kind": "noise", "std": 3.0}]},
    )
    assert judged(noisy).result["loss"] == judged(plain).result["loss"]


def test_batch_norm_uses_the_batch(recipe: Make) -> None:
    """In evaluation mode it would pass raw pixels on, and the loss would be in the hundreds."""
    loaded = recipe("""
        data: {kind: digits, normalize: none}
        model: {kind: mlp, hidden: [32]}
        normalization: batch
    """)
    assert judged(loaded).verdict == "pass"


def test_a_users_loss_is_asked_for_its_value_of_a_constant(recipe: Make, tmp_path: Path) -> None:
    (tmp_path / "mine_il.py").write_text(
        "def summed(z, y): return (z.logsumexp(1) - z.gather(1, y[:, None])[:, 0]).sum()\n"
        "def mean(z, y): return summed(z, y) / len(y)\n"
    )
    text = "{{data: iris, model: {{kind: mlp, hidden: [8]}}, loss: {{kind: python, target: {}}}}}"
    right = judged(recipe(text.format("mine_il:mean")))
    assert right.verdict == "pass"
    assert right.result["expected"] == pytest.approx(1.0986, abs=1e-4)
    wrong = judged(recipe(text.format("mine_il:summed")))
    assert [(f.code, f.edit) for f in wrong.findings] == [("TR21", None)]


def test_a_users_model_with_a_softmax_is_seen_by_its_outputs(recipe: Make, tmp_path: Path) -> None:
    (tmp_path / "mine_net.py").write_text(
        "from torch import nn\n"
        "def net(outputs):\n"
        "    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, outputs),"
        " nn.Softmax(1))\n"
    )
    found = judged(recipe("{data: iris, model: {kind: python, target: 'mine_net:net'}}"))
    assert found.verdict == "fail"
    assert [(f.code, f.where, f.edit) for f in found.findings] == [("TR26", "model", None)]


def test_an_edit_that_does_not_help_is_not_suggested(recipe: Make) -> None:
    """Hidden biases of 40 look like weights that amplify, but a new init keeps them."""
    loaded = recipe("""
        data: {kind: synthetic, family: linear}
        model: {kind: mlp, hidden: [64]}
        init: {kind: kaiming_normal, bias: 40.0, head: {kind: kaiming_normal, bias: 0.0}}
    """)
    found = judged(loaded)
    assert found.verdict == "fail"
    assert all(f.confirmed["after"] < f.confirmed["before"] / 2 for f in found.findings if f.edit)


def test_targets_whose_loss_overflows_are_named(recipe: Make, tmp_path: Path) -> None:
    rows = [f"{i / 50 - 1:.2f},{(i + 1) * 1e19:.3g}" for i in range(100)]
    (tmp_path / "far.csv").write_text("\n".join(["x,y", *rows]))
    found = judged(recipe("{data: {kind: csv, path: far.csv, target: y}, model: mlp}"))
    assert [(f.code, f.severity) for f in found.findings] == [("TR06", "error")]
    assert found.findings[0].edit == {"data.scale_targets": "standard"}


def test_an_edit_that_makes_no_recipe_or_job_is_taken_off_its_finding(
    recipe: Make, tmp_path: Path
) -> None:
    """The head's bias cannot be set behind a sigmoid, nor where a user's head has none."""
    rows = [f"{i % 20 / 10 - 1:.2f},{int(i % 20 == 0)}" for i in range(400)]
    (tmp_path / "rare.csv").write_text("\n".join(["x,y", *rows]))
    squashed = judged(
        recipe("""
            data: {kind: csv, path: rare.csv, target: y}
            model: {kind: mlp, hidden: [8], head_activation: sigmoid}
            loss: bce
        """)
    )
    assert squashed.verdict == "fail"
    found = {finding.code: finding for finding in squashed.findings}
    assert found["TR26"].edit == {"model.head_activation": "linear"}
    assert found["TR24"].edit is None
    (tmp_path / "mine_nobias.py").write_text(
        "from torch import nn\n"
        "def net(outputs):\n"
        "    return nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, outputs, bias=False))\n"
    )
    bare = judged(recipe("{data: diabetes, model: {kind: python, target: 'mine_nobias:net'}}"))
    assert [(f.code, f.edit) for f in bare.findings if f.code == "TR24"] == [("TR24", None)]


def test_with_class_weights_it_is_the_mean_over_weights(recipe: Make) -> None:
    """Zeros go through to the head's bias, whose loss over all samples has a closed form: it is no
    mean over batches, which have other weights each."""
    result = judged(
        recipe("""
            data: {kind: iris, batch_size: 8}
            model: {kind: mlp, hidden: [8], bias: true}
            loss: {kind: cross_entropy, class_weights: [1, 20, 0.1]}
            init: {head_bias: prior}
        """)
    ).result
    assert result["zero_input_loss"] == pytest.approx(result["expected"], rel=1e-5)
