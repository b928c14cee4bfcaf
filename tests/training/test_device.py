"""Half precision with a scaled loss, and compiled networks."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._dynamo.exc import TorchDynamoException

from trickrun.errors import CompileError
from trickrun.recipe.load import derive, from_tree, load
from trickrun.recipe.patch import canonical
from trickrun.training.checkpoint import restore
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Checkpoint, Evaluation, TrainedSteps
from trickrun.training.job import Job
from trickrun.training.loop import take_step, train

HERE = Path(__file__).parent


def job(train: dict[str, Any], **sections: Any) -> Job:
    tree = {
        "data": {"kind": "iris", "batch_size": 32},
        "model": {"kind": "mlp", "hidden": [8]},
        "train": {"steps": 8, "device": "cpu", "log_every": 1, **train},
        **sections,
    }
    return compile_recipe(from_tree(canonical(tree)), HERE)


def steps_of(made: Job) -> TrainedSteps:
    """Return the record of the first block of steps."""
    return next(record for record in train(made) if isinstance(record, TrainedSteps))


def test_fp16_trains_as_float32_but_for_rounding():
    half, full = steps_of(job({"precision": "fp16"})), steps_of(job({}))
    assert half.losses == pytest.approx(full.losses, rel=5e-3)
    assert half.losses != full.losses
    norms = half.gradient_norms
    assert len(norms) > 1
    assert norms == pytest.approx(full.gradient_norms, rel=5e-2)


def test_fp16_computes_in_half_precision():
    seen = []
    made = job({"precision": "fp16"})
    made.model.get_submodule("linear1").register_forward_hook(lambda *a: seen.append(a[2].dtype))
    take_step(made, next(made.batches(0)), 0, [], False)
    assert seen == [torch.float16]


def test_a_step_that_overflows_is_left_out_and_the_scale_halved():
    made = job({"precision": "fp16"})
    made.scaler.load_state_dict({**made.scaler.state_dict(), "scale": 2.0**60})
    before = deepcopy(made.model.state_dict())
    take_step(made, next(made.batches(0)), 0, [], False)
    after = made.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert made.scaler.get_scale() == 2.0**59


@pytest.mark.parametrize("clip", [{}, {"clip": {"norm": 0.1}}])
def test_fp16_resumes_with_its_scale(clip):
    told = {"precision": "fp16", "checkpoint": "3 steps"}
    optimizer = {"kind": "adam", **clip}
    whole = job(told, optimizer=optimizer)
    states = [deepcopy(r.state) for r in train(whole) if isinstance(r, Checkpoint)]
    assert states[0]["scaler"]["_growth_tracker"] == 3
    resumed = job(told, optimizer=optimizer)
    for _ in train(resumed, restore(resumed, deepcopy(states[0]))):
        pass
    assert resumed.scaler.state_dict() == whole.scaler.state_dict()
    ends = zip(whole.model.parameters(), resumed.model.parameters(), strict=True)
    assert all(torch.equal(*pair) for pair in ends)


def test_other_precisions_have_no_scale():
    made = job({"precision": "bf16"})
    assert not made.scaler.is_enabled()
    assert made.scaler.state_dict() == {}


@pytest.mark.parametrize(
    ("told", "sections", "message"),
    [
        ({"precision": "fp16"}, {"regularizers": {"sam": 0.05}}, "sam climbs along the gradient"),
        ({"compile": True, "batch_ramp": 0.25}, {}, "with batch_ramp the program"),
        ({"compile": True, "gradual_unfreezing": 1}, {}, "with gradual_unfreezing the program"),
        *[
            ({**change, "step": "steps:of_mine"}, {}, f"nothing applies: {name}")
            for change, name in (
                ({"precision": "fp16"}, "fp16"),
                ({"precision": "bf16"}, "bf16"),
                ({"compile": True}, "compile"),
            )
        ],
    ],
)
def test_what_does_not_go_together(told, sections, message):
    with pytest.raises(CompileError, match=message):
        job(told, **sections)


def test_training_steps_call_the_compiled_network_and_evaluations_the_model(monkeypatch):
    shapes, modes = [], []

    def fake(model, dynamic, mode):
        assert dynamic is False
        modes.append(mode)

        def program(x):
            shapes.append(tuple(x.shape))
            return model(x)

        return program

    monkeypatch.setattr(torch, "compile", fake)
    plain = [r.values for r in train(job({})) if isinstance(r, Evaluation)]
    assert shapes == []
    for wanted in (True, "reduce-overhead"):
        compiled = [r.values for r in train(job({"compile": wanted})) if isinstance(r, Evaluation)]
        assert compiled == plain
    assert len(shapes) == 16
    assert modes == [None, "reduce-overhead"]


def test_a_network_that_cannot_be_compiled_is_told(monkeypatch):
    def broken(model, dynamic, mode):
        def program(x):
            raise TorchDynamoException("no C++ compiler\nmany lines")

        return program

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.raises(CompileError, match=r"train\.compile: torch.compile cannot: no C\+\+ comp"):
        steps_of(job({"compile": True}))


def test_they_train_alone():
    assert job({"precision": "fp16"}).recipe.train.trains_alone
    assert not job({"precision": "bf16"}).recipe.train.trains_alone


def test_checks_do_not_compile(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("data: iris\nmodel: mlp\ntrain: {compile: true}\n")
    assert load(path).recipe.train.compile
    assert not derive(load(path), {"train.steps": 3}).recipe.train.compile
