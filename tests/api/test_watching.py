"""Watching in Python: a context manager, and an object for notebooks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import trickrun as tr
from trickrun.watching.hooks import wrappers
from trickrun.watching.watch import Watch

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


def parts() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    return model, torch.optim.SGD(model.parameters(), 0.1)


def steps(
    model: nn.Module, optimizer: torch.optim.Optimizer, count: int = 12, clear: bool = True
) -> list[float]:
    losses = []
    for step in range(count):
        batch = slice(step % 4 * 16, step % 4 * 16 + 16)
        if clear:
            optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(X[batch]), Y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def codes(watching: tr.Watching) -> set[str]:
    return {finding.code for finding in watching.findings}


def test_a_block_is_watched_and_told_of(capsys: Any) -> None:
    model, optimizer = parts()
    with tr.watch(model, optimizer) as watching:
        steps(model, optimizer, clear=False)
    assert "TR46" in codes(watching)
    (finding,) = [one for one in watching.findings if one.code == "TR46"]
    assert finding.location is not None
    assert finding.location["file"].endswith("test_watching.py")
    printed = capsys.readouterr().out
    assert "12 backward passes" in printed
    assert "TR46" in printed


def test_a_healthy_block_has_no_findings(capsys: Any) -> None:
    model, optimizer = parts()
    with tr.watch(model, optimizer) as watching:
        steps(model, optimizer)
    assert not [one for one in watching.findings if one.severity != "info"]


def test_an_object_tells_while_it_watches(capsys: Any) -> None:
    model, optimizer = parts()
    watching = tr.watch(model, optimizer)
    try:
        assert watching.running
        steps(model, optimizer, 6, clear=False)
        assert "TR46" in codes(watching)
        seen = watching.program
        assert (seen.passes, seen.name) == (6, "Sequential")
        assert seen.seconds > 0
        steps(model, optimizer, 6, clear=False)
        assert watching.program.passes == 12
        watching.report()
        assert "TR46" in capsys.readouterr().out
    finally:
        watching.stop()
    assert not watching.running
    steps(model, optimizer, 3)
    assert watching.program.passes == 12
    assert watching.stop() is watching


def test_it_shows_itself_in_a_notebook() -> None:
    model, optimizer = parts()
    watching = tr.watch()
    steps(model, optimizer, clear=False)
    watching.stop()
    shown = watching._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "TR46" in shown
    assert "<script" not in shown
    assert repr(watching).startswith("<watched: 12 backward passes")


def test_what_is_given_is_known_even_if_nothing_uses_it() -> None:
    model, optimizer = parts()
    with tr.watch(model, optimizer) as watching:
        for _ in range(8):
            nn.functional.cross_entropy(model(X), Y).backward()
    assert [one.kind for one in watching.program.optimizers] == ["SGD"]
    assert watching.program.optimizers[0].steps == 0


def test_a_new_watch_ends_the_one_before_and_torch_is_as_it_was() -> None:
    watch = Watch("x")
    every = list(wrappers(watch, watch.counting))
    before = {(id(owner), name): owner.__dict__[name] for owner, name, _ in every}
    model, optimizer = parts()
    first = tr.watch(model, optimizer)
    steps(model, optimizer, 4)
    second = tr.watch(model, optimizer)
    steps(model, optimizer, 2)
    assert not first.running
    assert second.running
    second.stop()
    assert (first.program.passes, second.program.passes) == (4, 2)
    after = {(id(owner), name): owner.__dict__[name] for owner, name, _ in every}
    assert before == after
    assert not nn.modules.module._global_forward_hooks
    assert not torch.is_anomaly_enabled()


def test_an_exception_goes_on_and_is_noted(capsys: Any) -> None:
    model, optimizer = parts()
    watching = tr.watch(model, optimizer)

    def train() -> None:
        with watching:
            steps(model, optimizer, 2)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        train()
    assert (watching.program.ended, watching.program.error) == ("failed", "ValueError: mine")
    assert not watching.running


def test_the_numbers_are_the_same_to_the_bit(capsys: Any) -> None:
    plain = steps(*parts())
    state = torch.get_rng_state()
    model, optimizer = parts()
    with tr.watch(model, optimizer, every=2):
        watched = steps(model, optimizer)
    assert watched == plain
    assert torch.equal(state, torch.get_rng_state())
