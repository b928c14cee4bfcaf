"""Units that say nothing are named only where the curves say that a run did not learn."""

import pytest

from trickrun.findings.evidence.run import LayerLook, Look
from trickrun.findings.finding import Finding
from trickrun.findings.rules.curves.while_training import first_steps, silent_layers

PLATEAU = [Finding("TR61", "Plateau", "error", 0.9, "train", {}, "")]
HEALTHY = [Finding("TR65", "Healthy curves", "info", 0.8, "train", {}, "")]


def looks(*shares, dead=True):
    """Return looks at two hidden layers and a head, of which the first has these shares."""
    return [
        Look(
            200 * index,
            tuple(
                LayerLook(name, 1.0, s if dead else 0.0, 0.0 if dead else s, 0.1, 1e-3)
                for name, s in (("first", share), ("second", 0.1), ("head", 1.0))
            ),
        )
        for index, share in enumerate(shares)
    ]


@pytest.mark.parametrize(("dead", "code"), [(True, "TR43"), (False, "TR42")])
def test_most_units_of_a_layer_say_nothing(dead, code):
    (found,) = silent_layers(looks(0.0, 0.6, 0.9, dead=dead), PLATEAU)
    assert (found.code, found.where, found.evidence) == (code, "first", {"first": 0.9})
    assert "90% of first" in found.why


@pytest.mark.parametrize(
    ("shares", "curves"),
    [
        ((0.6, 0.9), HEALTHY),  # it learned all the same
        ((0.9, 0.4), PLATEAU),  # they woke
        ((0.4, 0.9), PLATEAU),  # one look is no trend
        ((0.9,), PLATEAU),
        ((), PLATEAU),
    ],
)
def test_they_are_no_fault_of_their_own(shares, curves):
    assert silent_layers(looks(*shares), curves) == []


def early(*ratios: float, dead: float = 0.0, gradient: float = 1.0) -> list[Look]:
    """Return looks at the first steps, each of a hidden layer and a head."""
    return [
        Look(step, (LayerLook("linear1", 1.0, dead, 0.0, gradient, ratio),
                    LayerLook("head", 1.0, 0.0, 0.0, 1.0, 0.001)))
        for step, ratio in enumerate(ratios)
    ]  # fmt: skip


def test_first_steps_that_throw_the_weights_about_are_named() -> None:
    found = first_steps([2.0, 500.0, 1e5], early(5.0, 80.0, 3.0), 1.0, own_init=False)
    assert found is not None
    assert (found.code, found.severity) == ("TR35", "error")
    assert found.edit == {"optimizer.lr": 0.01}
    assert "Step 2 changed the weights of linear1 by 80 times their size" in found.why


def test_first_steps_that_are_merely_long_are_not_named() -> None:
    # A head that begins near 0 is many times its size after a step, and no worse for it.
    assert first_steps([2.0, 1.9, 1.8], early(80.0, 1.0, 0.5), 1.0, own_init=False) is None
    # sgd at 0.1 on diabetes comes back from this.
    assert first_steps([1.4, 4.1, 12.3], early(0.4, 0.6, 1.5), 0.1, own_init=False) is None
    # A likelihood of the user's own may be below 0.
    assert first_steps([-2.0, 9.0, 9e3], early(80.0, 80.0, 80.0), 1.0, own_init=False) is None


def test_a_network_that_gets_no_gradient_is_named() -> None:
    still = early(0.0, 0.0, 0.0, dead=1.0, gradient=0.0)
    found = first_steps([2.3, 2.3, 2.3], still, 0.1, own_init=True)
    assert found is not None
    assert (found.code, found.where, found.edit) == ("TR43", "linear1", {"init": {"kind": "auto"}})
    beside_a_residual = early(0.1, 0.1, 0.1, dead=1.0)
    assert first_steps([2.3, 2.2, 2.1], beside_a_residual, 0.1, own_init=True) is None
    assert first_steps([2.3, 2.3], still[:2], 0.1, own_init=True) is None
