"""What a recipe's text shows: each fault, its cure, and the false alarm known for such rules."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from trickrun.data.synthetic import Synthetic
from trickrun.findings.finding import Finding
from trickrun.findings.static import findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import Loaded, load
from trickrun.recipe.patch import patch_paths

RECIPES = Path(__file__).parents[2] / "recipes"

STEPS = "train={steps: 2000}"
LINEAR = "model.hidden=[]"
DEEP = "model.hidden=[64, 64, 64]"
CNN = "model={kind: cnn, channels: [8, 8], hidden: [16], pool: 1}"
SGD = "optimizer={kind: sgd, lr: 0.1}"


def recipe(*overrides: str, name: str = "digits") -> Loaded:
    """Return a healthy classifier of two hidden layers, changed."""
    plain = ["normalization=none", "regularizers.dropout=null"] if name == "digits" else []
    return load(RECIPES / f"{name}.yaml", [*plain, *overrides])


def found(*overrides: str, name: str = "digits") -> list[Finding]:
    return findings(facts_of(recipe(*overrides, name=name).recipe))


def codes(*overrides: str, name: str = "digits") -> list[str]:
    return [finding.code for finding in found(*overrides, name=name)]


FAULTS = [
    # Loss and head
    (("loss=nll",), "TR25", "error"),
    (("loss=nll", "model.head_activation=softmax"), "TR25", "error"),
    (("model.head_activation=softmax",), "TR26", "error"),
    (("model.head_activation=sigmoid",), "TR26", "error"),
    (("loss=bce", "model.head_activation=sigmoid"), "TR26", "error"),
    (("loss=bce", "model.head_activation=softmax"), "TR27", "error"),
    (("model.head_activation=relu",), "TR29", "error"),
    (("model.head_activation=tanh",), "TR29", "error"),
    (("model.head_activation=leaky_relu",), "TR29", "warning"),
    (("loss=hinge", "model.head_activation=softmax"), "TR29", "error"),
    (("loss=mse",), "TR30", "warning"),
    (("loss=huber", "model.head_activation=sigmoid"), "TR30", "warning"),
    # Network
    (("model.activation=linear",), "TR52", "error"),
    (("model={kind: cnn, channels: [8], hidden: [], activation: linear}",), "TR52", "warning"),
    (("model.activation=softmax",), "TR53", "error"),
    (("model.activation=sigmoid",), "TR42", "warning"),
    (("model.activation=hard_sigmoid", "normalization=batch"), "TR42", "warning"),
    (("init=zeros",), "TR22", "error"),
    (("init={kind: constant, value: 0.01}", "normalization=batch"), "TR22", "error"),
    (("init={kind: normal, std: 0.2}",), "TR23", "warning"),
    (("init={kind: normal, std: 1.0}", DEEP), "TR23", "error"),
    (("init={kind: uniform, bound: 0.01}", DEEP), "TR23", "warning"),
    (("init={kind: normal, std: 0.5}", CNN), "TR23", "warning"),
    (("normalization=batch", "data.batch_size=4"), "TR48", "warning"),
    (("normalization=layer", "model.hidden=[64, 2]"), "TR72", "error"),
    (("normalization=rms", "model.hidden=[1]"), "TR72", "error"),
    (("normalization=batch", "regularizers.dropout=0.5"), "TR58", "warning"),
    (("normalization=batch", "model.bias=true"), "TR58", "info"),
    # Steps
    (("optimizer.lr=0.3",), "TR35", "warning"),
    (("optimizer.lr=1.0",), "TR35", "error"),
    (("optimizer={kind: sgd, lr: 5.0}",), "TR35", "warning"),
    (("optimizer={kind: sgd, lr: 1.0, momentum: 0.9}",), "TR35", "warning"),
    (("optimizer={kind: sgd, lr: 50.0}",), "TR35", "error"),
    (("optimizer={kind: adam, lr: 1e-5}", STEPS), "TR36", "warning"),
    (("optimizer={kind: sgd, lr: 1e-4}", STEPS), "TR36", "warning"),
    (("train={steps: 50}",), "TR55", "info"),
    (("loss.reduction=sum", SGD), "TR21", "error"),
    (("loss.reduction=sum", "optimizer={kind: sgd, lr: 0.03}"), "TR21", "warning"),
    (("optimizer.eps=1e-14",), "TR39", "warning"),
    (("optimizer.betas=[0.999, 0.9]",), "TR81", "warning"),
    ((SGD, "optimizer.clip=1e-4", STEPS), "TR71", "warning"),
    (("optimizer.schedule.warmup=5000", STEPS), "TR82", "warning"),
    (("optimizer.schedule={kind: polynomial, power: 10}", STEPS), "TR36", "warning"),
    # Regularization
    (("regularizers.dropout=0.7",), "TR49", "warning"),
    (("regularizers.dropout=0.95",), "TR49", "error"),
    (("regularizers.dropout={p: 0.2, input: 0.8}",), "TR49", "warning"),
    (("regularizers.l2=0.1",), "TR50", "warning"),
    (("regularizers.l1=0.1",), "TR50", "warning"),
    (("regularizers.l2=null", "optimizer.weight_decay=0.2"), "TR50", "warning"),
    (("regularizers.label_smoothing=0.6",), "TR80", "warning"),
    (("augmentation=[{kind: noise, std: 2.0}]",), "TR18", "warning"),
    (("augmentation=[{kind: noise, std: 0.1}, {kind: flip}]",), "TR18", "warning"),
    (("data.zero_inputs=true",), "TR14", "error"),
    # Each optimizer by its own rates
    (("optimizer={kind: nadam, lr: 5.0}",), "TR35", "error"),
    (("optimizer={kind: radam, lr: 0.3}",), "TR35", "warning"),
    (("optimizer={kind: adamax, lr: 0.5}",), "TR35", "warning"),
    (("optimizer={kind: lion, lr: 0.03}",), "TR35", "warning"),
    (("optimizer={kind: lion, lr: 5.0}",), "TR35", "error"),
    (("optimizer={kind: muon, lr: 5.0}",), "TR35", "error"),
    (("optimizer={kind: adafactor, lr: 2.0}",), "TR35", "warning"),
    (("optimizer={kind: adadelta, lr: 50.0}",), "TR35", "warning"),
    (("optimizer={kind: rmsprop, lr: 0.05, momentum: 0.9}",), "TR35", "warning"),
    (("optimizer={kind: nadam, lr: 1e-5}", STEPS), "TR36", "warning"),
    (("optimizer={kind: lion, lr: 1e-6}", STEPS), "TR36", "warning"),
    (("optimizer={kind: muon, eps: 1e-14}",), "TR39", "warning"),
    (("regularizers.l2=null", "optimizer={kind: muon, weight_decay: 5.0}"), "TR50", "warning"),
    (("regularizers.l2=null", "optimizer={kind: lion, weight_decay: 50.0}"), "TR50", "warning"),
    # Loss and task, whatever kind the data are
    (("data=mnist", "loss=mse"), "TR30", "warning"),
    (("data=cifar10", "loss=mse"), "TR30", "warning"),
    # Probably not meant
    (("normalization=batch", "data.batch_size=7"), "TR48", "warning"),
    (("init=positive_uniform",), "TR22", "warning"),
    (("regularizers.l2=1e-3", "optimizer.weight_decay=1e-4"), "TR85", "warning"),
    (
        ("data.sampling=balanced", "loss={kind: cross_entropy, class_weights: balanced}"),
        "TR86",
        "warning",
    ),
    (("model=pretrained",), "TR87", "warning"),
    (("model=pretrained", "data.normalize=none"), "TR87", "warning"),
    (("train.gradual_unfreezing=1",), "TR88", "warning"),
    (("regularizers.swa=0.5", "optimizer.schedule=cosine"), "TR89", "warning"),
    (("optimizer.schedule.warmup=100", "train={steps: 100}"), "TR82", "warning"),
    (("early_stopping=20", "train.epochs=20"), "TR91", "warning"),
    (("early_stopping=3", "optimizer.schedule=plateau", "train.epochs=5"), "TR91", "warning"),
    (("early_stopping=8", "train={steps: 90, eval_every: 50}"), "TR91", "warning"),
    (("early_stopping=8", "train.epochs=1"), "TR91", "warning"),
    (("model=transformer",), "TR92", "warning"),
    # What only the whole run shows
    (("early_stopping={mode: max, patience: 3}",), "TR93", "error"),
    (("early_stopping={monitor: train_loss, mode: max}",), "TR93", "error"),
    (("early_stopping={monitor: val_accuracy, mode: min}",), "TR93", "error"),
    (("early_stopping={mode: max, patience: 5, restore_best: false}",), "TR93", "error"),
    (("early_stopping={mode: max, patience: 90}",), "TR93", "error"),
    (("early_stopping={mode: max, patience: 90, restore_best: false}",), "TR93", "warning"),
    (("optimizer.schedule={kind: plateau, mode: max}",), "TR93", "error"),
    (("optimizer.schedule={kind: plateau, monitor: val_accuracy, mode: min}",), "TR93", "error"),
    (("grid={metric: val_accuracy, mode: min}",), "TR93", "warning"),
    (("early_stopping={monitor: val_accuracy, min_delta: 1}",), "TR106", "error"),
    (("early_stopping={monitor: val_accuracy, min_delta: 0.2}",), "TR106", "warning"),
    (("optimizer.schedule={kind: plateau, monitor: val_accuracy, min_delta: 5}",), "TR106",
     "error"),
    (("early_stopping={monitor: train_loss}",), "TR107", "warning"),
    (("optimizer.schedule={kind: step, every: 1}",), "TR36", "warning"),
    (("optimizer.schedule={kind: exponential, gamma: 0.5}",), "TR36", "warning"),
    (("optimizer.schedule={kind: polynomial, power: 60}", STEPS), "TR36", "error"),
    (("optimizer.schedule={kind: exponential, gamma: 1.05}",), "TR35", "warning"),
    (("optimizer.schedule={kind: step, gamma: 10}",), "TR35", "warning"),
    (("optimizer.schedule={kind: step, gamma: 100}", "optimizer.lr=0.01"), "TR35", "error"),
    (("optimizer.schedule={kind: exponential, gamma: 1e300}",), "TR35", "error"),
    (("optimizer.schedule={kind: constant, warmup: 0.9}",), "TR82", "warning"),
    (("optimizer.schedule={kind: constant, warmup: 1500}", STEPS), "TR82", "warning"),
    (("optimizer.schedule={kind: one_cycle, pct_start: 0.95}",), "TR82", "warning"),
    (("optimizer.schedule=constant", "regularizers.swa=0.99"), "TR89", "warning"),
    (("optimizer.schedule=constant", "regularizers.swa=0.75", "early_stopping=null",
      "train.epochs=3"), "TR89", "warning"),
    (("model={kind: mlp, init_from: ab12}", "train.gradual_unfreezing=40"), "TR88", "warning"),
    (("model={kind: mlp, init_from: ab12}", "train={epochs: 1, gradual_unfreezing: 1}",
      "early_stopping=null"), "TR88", "warning"),
    (("normalization=batch", "train.batch_ramp=0.05"), "TR48", "warning"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "code", "severity"), FAULTS)
def test_a_fault_is_found_first_and_its_edit_takes_it_away(
    overrides: tuple[str, ...], code: str, severity: str
) -> None:
    loaded = recipe(*overrides)
    first = findings(facts_of(loaded.recipe))[0]
    assert (first.code, first.severity) == (code, severity)
    assert first.edit is not None
    changed = load(loaded.path, list(overrides_after(loaded, first.edit)))
    left = [f.code for f in findings(facts_of(changed.recipe))]
    assert code not in left


@pytest.mark.parametrize("model", ["lstm", "transformer", "{kind: gru, layers: 2}"])
def test_a_model_whose_hidden_is_a_number_has_layers_all_the_same(model: str) -> None:
    assert "TR22" in codes(f"model={model}", "init=zeros", "normalization=layer")


def overrides_after(loaded: Loaded, edit: dict[str, object]) -> list[str]:
    """Return overrides that make the recipe with the edit of a finding."""
    import yaml

    tree = patch_paths(loaded.tree, edit)
    deleted = dict.fromkeys(loaded.tree.keys() - tree.keys())
    return [
        f"{key}={yaml.safe_dump(value, default_flow_style=True)}"
        for key, value in {**tree, **deleted}.items()
    ]


HEALTHY = [
    # Losses that hold their softmax want a linear head; a log_softmax changes nothing there.
    (),
    ("model.head_activation=log_softmax",),
    ("loss=nll", "model.head_activation=log_softmax"),
    ("loss=bce", "model.head_activation=linear"),
    ("loss=hinge",),
    # A linear model has no hidden layers to be linear, equal or too large.
    (LINEAR, "model.activation=linear"),
    (LINEAR, "model.activation=softmax"),
    (LINEAR, "init=zeros"),
    ("init={kind: kaiming_normal, head: {kind: zeros}}",),
    # Saturating activations in a shallow network, and tanh.
    ("model.hidden=[64]", "model.activation=sigmoid"),
    (DEEP, "model.activation=tanh"),
    # Usual inits, PyTorch's quiet one in a deep network, and any size before a norm.
    ("init=torch_default", DEEP),
    ("init=xavier_uniform", DEEP),
    ("init={kind: normal, std: 0.05}", DEEP),
    ("init={kind: normal, std: 1.0}", DEEP, "normalization=layer"),
    # Tiny batches and large ones.
    ("normalization=group", "data.batch_size=2"),
    ("normalization=batch", "data.batch_size=16"),
    ("data.batch_size=full",),
    ("normalization=layer", "model.hidden=[64, 3]"),
    ("optimizer.schedule={kind: polynomial, power: 2}", STEPS),
    ("optimizer.schedule=cosine", STEPS),
    # Dropout: one half, and where no batch norm follows it.
    ("regularizers.dropout=0.5",),
    ("normalization=batch", "regularizers.dropout={p: 0.5, layers: last}"),
    ("normalization=batch", "regularizers.dropout=0.3"),
    # Learning rates that look large.
    (SGD,),
    ("optimizer={kind: sgd, lr: 1.0}",),
    ("optimizer={kind: sgd, lr: 0.1, momentum: 0.9, nesterov: true}",),
    ("optimizer={kind: sgd, lr: 1.0, momentum: 0.9}", "data.batch_size=1024"),
    ("optimizer={kind: adadelta, lr: 1.0}",),
    ("optimizer={kind: adagrad, lr: 0.1}",),
    # Small ones with time enough, or where the text does not tell how long.
    ("optimizer={kind: adam, lr: 1e-4}", STEPS),
    ("optimizer={kind: adam, lr: 1e-5}",),
    ("optimizer={kind: sgd, lr: 0.01}", STEPS),
    # Inception's epsilon, transformers' betas, the usual clip.
    ("optimizer.eps=1.0",),
    ("optimizer.betas=[0.9, 0.95]",),
    (SGD, "optimizer.clip=1.0", STEPS),
    ("optimizer.clip=1e-4", STEPS),
    ("optimizer.schedule.warmup=100", STEPS),
    # Regularizers in use.
    ("optimizer={kind: adamw, weight_decay: 0.3}",),
    ("regularizers.l2=0.01",),
    ("regularizers.label_smoothing=0.1",),
    ("augmentation=[{kind: noise, std: 0.3}, {kind: shift, pixels: 1}]",),
    # Each optimizer with its own default, and with what its papers use.
    ("optimizer=muon",),
    ("optimizer={kind: lion, lr: 3e-4, weight_decay: 1.0}",),
    ("optimizer={kind: nadam, weight_decay: 0.5, decoupled: true}",),
    ("optimizer={kind: adafactor, lr: 0.1}",),
    ("optimizer={kind: rmsprop, lr: 0.045, momentum: 0.9, eps: 1.0}",),
    ("optimizer={kind: sgd, lr: 1.0, momentum: 0.9, dampening: 0.9}",),
    ("optimizer={kind: adagrad, lr: 1e-4}", STEPS),
    # What may be meant.
    ("normalization=batch", "data.batch_size=8"),
    ("normalization=batch", "data.batch_size=full"),
    ("normalization=layer", "data.batch_size=7"),
    ("regularizers.l2=1e-3", "optimizer={kind: adamw, weight_decay: 1e-4}"),
    ("regularizers.l2=1e-3", "optimizer={kind: radam, weight_decay: 1e-4, decoupled: true}"),
    ("regularizers.l2=0", "optimizer.weight_decay=1e-4"),
    ("data.sampling=balanced", "loss=cross_entropy"),
    ("model=pretrained", "data.normalize={kind: fixed, mean: 127, std: 128}"),
    ("model={kind: mlp, init_from: ab12}", "train.gradual_unfreezing=1"),
    ("model={kind: python, target: 'm:f'}", "train.gradual_unfreezing=1"),
    ("regularizers.swa=0.5", "optimizer.schedule=step"),
    ("regularizers.swa=0.5", "optimizer.schedule={kind: cosine, floor: 0.5}"),
    ("optimizer.schedule={kind: cosine, warmup: 0.5}", STEPS),
    ("early_stopping=20", "train={steps: 2000}"),
    ("early_stopping=20", "train.epochs=20", "train.eval_every=5"),
    ("model=transformer", "normalization=rms"),
    # What watches the right side, told or not, at any patience that the run has evaluations for.
    ("early_stopping={monitor: val_loss, mode: min, patience: 3}", "train.epochs=10"),
    ("early_stopping={monitor: val_accuracy, mode: max, min_delta: 0.001}",),
    ("early_stopping={monitor: val_accuracy, min_delta: 0.05}",),
    ("early_stopping={min_delta: 0.5}",),
    ("grid={metric: val_loss, mode: min}",),
    ("grid={metric: val_accuracy}",),
    ("early_stopping={monitor: train_loss}", "data.split.val=0"),
    ("early_stopping=1",),
    # What has its turn: two sets of weights, a second layer, batches of eight.
    ("regularizers.swa=0.95", "optimizer.schedule=null"),
    ("regularizers.swa={start: 0.99, every: 1}", "optimizer.schedule=null"),
    ("regularizers.swa=0.99", "optimizer.schedule=null", STEPS),
    ("regularizers.ema=0.9999",),
    ("model={kind: mlp, init_from: ab12}", "train.gradual_unfreezing=39"),
    (LINEAR, "model.init_from=ab12", "train.gradual_unfreezing=40"),
    ("normalization=batch", "train.batch_ramp=0.125"),
    ("normalization=layer", "train.batch_ramp=0.05"),
    # Schedules in use, of runs whose length the text tells or does not.
    ("optimizer.schedule={kind: cosine, warmup: 0.1}",),
    ("optimizer.schedule={kind: linear, warmup: 0.1}", STEPS),
    ("optimizer.schedule=one_cycle",),
    ("optimizer.schedule=one_cycle", STEPS),
    ("optimizer.schedule={kind: triangular, cycles: 1}",),
    ("optimizer.schedule={kind: triangular, halve: true}",),
    ("optimizer.schedule=cosine_restarts",),
    ("optimizer.schedule=wsd",),
    ("optimizer.schedule={kind: wsd, warmup: 100}", STEPS),
    ("optimizer.schedule=step",),
    ("optimizer.schedule={kind: step, every: 15}",),
    ("optimizer.schedule=exponential",),
    ("optimizer.schedule={kind: exponential, gamma: 0.5}", STEPS),  # the epochs are not known
    ("optimizer.schedule={kind: inverse_sqrt, timescale: 10}",),
    ("optimizer.schedule={kind: constant, warmup: 1500}",),
    ("optimizer.schedule={kind: lr_range, high: 1.0}",),
    ("optimizer.schedule=plateau",),
    ("early_stopping=19", "train.epochs=20"),
    ("early_stopping=9", "optimizer.schedule={kind: plateau, mode: min}"),
    ("optimizer.schedule={kind: plateau, monitor: val_accuracy, mode: max, cooldown: 9}",),
    ("early_stopping=1000000000", "train={steps: 2000}"),
    (
        "metrics=[accuracy, {kind: python, target: 'm:mine'}]",
        "early_stopping={monitor: val_mine, mode: min}",
    ),
]


@pytest.mark.parametrize("overrides", HEALTHY)
def test_what_other_checkers_cry_wolf_at_is_left_in_peace(overrides: tuple[str, ...]) -> None:
    assert codes(*overrides) == []


def test_a_sum_over_the_batch_that_the_optimizer_evens_out_is_a_remark() -> None:
    (adam,) = found("loss.reduction=sum")
    (slow,) = found("loss.reduction=sum", "optimizer={kind: sgd, lr: 1e-3}")
    assert [adam.severity, slow.severity] == ["info", "info"]


def test_values_want_a_loss_and_a_head_for_values() -> None:
    assert codes(name="diabetes") == []
    assert codes("model.head_activation=sigmoid", name="diabetes") == ["TR28"]
    (finding,) = found("loss=cross_entropy", name="diabetes")
    assert (finding.code, finding.severity) == ("TR30", "error")
    assert finding.edit == {"loss": {"kind": "mse"}}
    assert codes("loss=huber", "model.activation=tanh", name="diabetes") == []


@pytest.mark.parametrize("family", get_args(Synthetic.model_fields["family"].annotation))
def test_the_task_of_each_synthetic_family_is_known(family: str) -> None:
    given = recipe(f"data={{kind: synthetic, family: {family}}}").recipe
    assert facts_of(given).task == given.data.load(Path()).task.kind


def test_a_velocity_that_takes_no_gradient_goes_nowhere() -> None:
    (stuck,) = found("optimizer={kind: sgd, lr: 0.1, momentum: 0.9, dampening: 1.0}", STEPS)
    assert (stuck.code, stuck.evidence["way"], stuck.edit) == ("TR36", 0.0, None)


def test_a_users_own_parts_are_left_to_the_checks_that_run_them() -> None:
    own = "model={kind: python, target: 'nets:Net'}"
    assert codes(own, "loss={kind: python, target: 'nets:loss'}") == []
    assert codes(own, "loss=nll") == []
    assert codes(own, "init=zeros") == ["TR22"]
    assert codes("optimizer={kind: python, target: 'nets:opt', lr: 9.0}") == []


def test_what_depends_on_unknown_data_is_not_said() -> None:
    unknown = "data={kind: npz, path: x.npz}"
    assert codes(unknown, "loss=mse") == []
    assert codes(unknown, "model.head_activation=softmax", "loss=auto") == []
    assert codes(unknown, "model.head_activation=softmax") == ["TR26"]


def test_errors_come_before_warnings_and_causes_before_symptoms() -> None:
    found_codes = codes("optimizer.lr=0.3", "model.activation=softmax", "regularizers.dropout=0.7")
    assert found_codes == ["TR53", "TR49", "TR35"]


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_shipped_recipe_has_an_error(path: Path) -> None:
    found_here = findings(facts_of(load(path).recipe))
    assert not [f for f in found_here if f.severity == "error"]
    # It is there to be found fault with.
    assert not found_here or path.stem == "digits-untuned"


@pytest.mark.parametrize("condition", [">= 96", "> 1", "< 0", "== 95"])
def test_a_gate_that_no_share_passes(condition: str) -> None:
    (finding,) = found(f"expect={{test.accuracy: '{condition}'}}")
    assert (finding.code, finding.severity, finding.edit) == ("TR108", "warning", None)
    assert finding.where == "expect.test.accuracy"


@pytest.mark.parametrize(
    "gate", ["test.accuracy: '== 0.5'", "best.val_accuracy: '>= 1'", "test.loss: '<= 2'"]
)
def test_a_gate_that_a_run_can_pass(gate: str) -> None:
    assert codes(f"expect={{{gate}}}") == []
