"""Units that say nothing are named only where the curves say that a run did not learn."""

import pytest

from trickrun.findings.evidence.run import LayerLook, Look
from trickrun.findings.finding import Finding
from trickrun.findings.rules.curves.while_training import silent_layers

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
