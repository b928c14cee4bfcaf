"""What goes wrong in the watcher is told, and never reaches the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import optimizer

from tests.watching.scripts import HEALTHY, changed, watched
from trickrun.watching import graph, models, optimizers
from trickrun.watching.answers import AnswerWatch
from trickrun.watching.harmless import Harmless

PARTS = {
    "a look at the graph": (graph, "read"),
    "a call of a model": (models.ForwardWatch, "ended"),
    "a step": (optimizers.OptimizerRecord, "step_ended"),
    "the end": (AnswerWatch, "told"),
}


def fails(*given: Any, **named: Any) -> None:
    raise RuntimeError("sizes of tensors must match")


@pytest.mark.parametrize("part", PARTS)
def test_the_program_goes_on_to_its_end(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = HEALTHY + "print('last loss', loss.item())\n"
    watched(tmp_path, text)
    healthy = capsys.readouterr().out
    owner, name = PARTS[part]
    monkeypatch.setattr(owner, name, fails)
    program, ended = watched(tmp_path, text)
    assert (ended.how, ended.code) == ("finished", 0)
    assert capsys.readouterr().out == healthy
    assert program.failure == "RuntimeError: sizes of tensors must match"
    assert not torch.is_anomaly_enabled()
    assert not nn.modules.module._global_forward_hooks
    assert not nn.modules.module._global_forward_pre_hooks
    assert not optimizer._global_optimizer_post_hooks


def test_nothing_more_is_done_after_the_first_exception() -> None:
    gone: list[str] = []
    harmless = Harmless(lambda: gone.append("gave up"))
    first: Callable[[], None] = harmless(fails)
    first()
    harmless(lambda: gone.append("went on"))()
    first()
    assert gone == ["gave up"]
    assert isinstance(harmless.failure, RuntimeError)


def test_a_request_to_stop_is_let_through() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    harmless = Harmless(lambda: None)
    with pytest.raises(KeyboardInterrupt):
        harmless(stop)()
    assert harmless.failure is None


def test_a_model_that_raises_an_exception_is_watched_on(tmp_path: Path) -> None:
    tried = (
        "        optimizer.zero_grad()\n"
        "        try:\n            model(inputs[:, :3])\n        except RuntimeError:\n"
        "            pass\n"
    )
    text = changed(HEALTHY, ("        optimizer.zero_grad()\n", tried))
    program, ended = watched(tmp_path, text)
    assert (ended.how, program.failure) == ("finished", "")
    assert program.models[0].trained
