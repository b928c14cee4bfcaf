"""When a run that still goes on is lost, and when it only looks like it."""

import pytest

from trickrun.findings.evidence.run import LayerLook, Look
from trickrun.findings.rules.curves.while_training import lost


def look(step, *dead):
    return Look(step, tuple(LayerLook(f"l{i}", 1.0, d, 0.0, 0.1, 1e-3) for i, d in enumerate(dead)))


DEAD = [look(0, 1.0, 0.2, 0.0), look(200, 1.0, 0.3, 0.0)]


def test_a_loss_that_rises_and_rises_has_diverged():
    found = lost([2.3] * 5 + [10.0] * 100 + [40.0] * 100, [], 0.5)
    assert (found.code, found.edit) == ("TR41", {"optimizer.lr": 0.05})
    assert found.evidence["now"] == pytest.approx(40.0)


def test_a_layer_that_is_dead_look_after_look_is_lost():
    found = lost([2.3] * 300, DEAD, 0.1)
    assert (found.code, found.where) == ("TR43", "l0")


@pytest.mark.parametrize(
    ("losses", "looks"),
    [
        ([2.3] * 5 + [10.0] * 100 + [6.0] * 100, []),  # a bump, on its way back
        ([2.3] * 5 + [4.0] * 200, []),  # a warm-up's plateau
        ([2.3] * 5 + [40.0] * 50, []),  # too early to tell
        ([2.3] * 100 + [2.2] * 100, DEAD),  # a dead branch beside a residual connection
        ([2.3] * 300, [look(0, 1.0, 0.2, 0.0), look(200, 0.9, 0.3, 0.0)]),  # units wake
        ([2.3] * 300, [look(0, 0.9, 0.9, 1.0), look(200, 0.9, 0.9, 1.0)]),  # zero outputs
        ([0.0] * 300, [look(0, 0.5, 0.0), look(200, 0.5, 0.0)]),  # fitted
    ],
)
def test_what_may_still_come_to_something_is_not_lost(losses, looks):
    assert lost(losses, looks, 0.1) is None
