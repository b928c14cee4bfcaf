"""TR35 and TR36: what a range test says about the recipe's own learning rate."""

from dataclasses import replace

from trickrun.findings.rules.curves.learning_rate import LearningRate, misplaced

FINE = LearningRate(
    lr=1e-3,
    steps=800,
    travel=0.8,
    suggestion=0.01,
    bottom=0.03,
    bottom_travel=0.3,
    edge=0.2,
)


def test_an_lr_between_the_bounds_is_fine():
    assert misplaced(FINE) is None


def test_an_lr_at_the_edge_is_too_high():
    found = misplaced(replace(FINE, lr=0.2, travel=160.0))
    assert found is not None
    assert (found.code, found.severity, found.where) == ("TR35", "error", "optimizer.lr")
    assert found.edit == {"optimizer.lr": 0.01}
    assert found.evidence == {"lr": 0.2, "edge": 0.2}
    assert misplaced(replace(FINE, lr=0.19)) is None


def test_a_test_that_never_broke_down_knows_no_upper_bound():
    assert misplaced(replace(FINE, lr=100.0, edge=None)) is None


def test_an_lr_that_gets_nowhere_in_the_whole_run_is_too_low():
    found = misplaced(replace(FINE, lr=1.75e-4, travel=0.14))
    assert found is not None
    assert (found.code, found.severity) == ("TR36", "warning")
    assert "In all of its 800 steps" in found.why
    assert "0.47 times as far" in found.why
    assert found.edit == {"optimizer.lr": 0.01}


def test_a_long_run_may_use_a_low_lr():
    assert misplaced(replace(FINE, lr=1e-5, travel=0.16, steps=16000)) is None
