"""Apple's GPUs (MPS): when they are taken, and what is never asked of them. None is here: whether
there is one is pretended, and nothing is computed on it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.data.normalizers._normalizer import Scaler
from trickrun.errors import CompileError
from trickrun.nn import precision
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.schema import Recipe
from trickrun.run import machine
from trickrun.training.compile import compile_recipe
from trickrun.training.device import measured_on, pass_size, pick_device, set_determinism
from trickrun.training.events import Evaluation
from trickrun.training.loop import train

HERE = Path(__file__).parent


def pretend(monkeypatch: pytest.MonkeyPatch, cuda: bool = False, mps: bool = True) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)


def recipe(**train: Any) -> Recipe:
    tree = {"data": "diabetes", "model": {"kind": "mlp", "hidden": [4]}, "train": train}
    return from_tree(canonical(tree))


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted", "taken"),
    [
        (False, False, "auto", "cpu"),
        (False, True, "auto", "mps"),
        (True, True, "auto", "cuda"),
        (True, True, "mps", "mps"),
        (False, True, "cpu", "cpu"),
    ],
)
def test_which_device_is_taken(
    cuda: bool, mps: bool, wanted: str, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, cuda, mps)
    assert pick_device(wanted).type == taken


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, mps=False)
    with pytest.raises(CompileError, match=f"there is no {name.upper()} device here") as caught:
        compile_recipe(recipe(device=name), HERE)
    assert (caught.value.where, caught.value.hint) == ("train.device", "set it to auto or cpu")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("float64", "no float64"), ("bf16", "no bfloat16"), ("fp16", "untested")],
)
def test_only_float32_trains_there(kind: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    with pytest.raises(CompileError, match=reason) as caught:
        compile_recipe(recipe(device="mps", precision=kind), HERE)
    assert caught.value.where == "train.precision"
    assert pick_device("auto", kind).type == "cpu"


def test_what_is_measured_in_float64_is_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    for device in ("auto", "mps"):
        assert measured_on(recipe(device=device)).train.device == "cpu"
    pretend(monkeypatch, cuda=True)
    assert measured_on(recipe()).train.device == "auto"


def test_doctor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    found = machine.device()
    assert (found["auto"], found["mps"], found["gpus"]) == ("mps", True, [])


def test_settings_of_cuda_are_left_alone() -> None:
    device = torch.device("mps")
    set_determinism(recipe(deterministic=True), device)
    assert not torch.are_deterministic_algorithms_enabled()
    assert pass_size(device) == pass_size(torch.device("cuda"))


def test_a_scaler_moves_there_in_float32() -> None:
    one = torch.ones(2, dtype=torch.float64)
    moved: list[torch.dtype] = []

    class Recorded(torch.Tensor):
        def to(self, *args: Any, **more: Any) -> torch.Tensor:
            moved.append(self.dtype)
            return torch.Tensor(self)

    Scaler(one.as_subclass(Recorded), one.as_subclass(Recorded)).to(torch.device("mps"))
    assert moved == [torch.float32, torch.float32]


def test_training_asks_for_no_float64_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a device without float64, tensors are made wide only after they are on the CPU. The
    CPU stands in for it: what comes from ``widened`` may be float64, nothing else."""
    before = widened_calls(monkeypatch)
    monkeypatch.setattr(torch.Tensor, "double", refused)
    job = compile_recipe(recipe(device="cpu", steps=3, look_every=1, eval_every=1), HERE)
    records = list(train(dataclasses.replace(job)))
    assert any(isinstance(record, Evaluation) for record in records)
    assert len(before) > 5


def widened_calls(monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """Return a list that grows with each call of ``widened``, which needs ``Tensor.double`` no
    more."""
    seen: list[torch.Size] = []

    def widened(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.shape)
        return x.to(torch.float64)

    for module in (
        "trickrun.nn.precision",
        "trickrun.training.evaluation",
        "trickrun.training.step_buffer",
        "trickrun.training.introspection.watcher",
    ):
        monkeypatch.setattr(f"{module}.widened", widened)
    return seen


DOUBLE = torch.Tensor.double


def refused(x: torch.Tensor) -> torch.Tensor:
    """Stand in for ``Tensor.double``: data are prepared and read with it, training is not."""
    import sys

    caller = sys._getframe(1).f_code.co_filename
    places = ("/training/loop.py", "/training/job.py", "/training/evaluation.py", "/training/step_")
    assert not any(place in caller for place in places), f"double() in {caller}"
    assert "/introspection/" not in caller, f"double() in {caller}"
    return DOUBLE(x)


def test_widened_is_on_the_cpu_where_there_is_no_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.ones(3)
    assert precision.widened(x).dtype == torch.float64
    monkeypatch.setattr(precision, "has_float64", lambda device: False)
    assert precision.widened(x).dtype == torch.float64
    assert precision.has_float64(torch.device("mps")) is False
