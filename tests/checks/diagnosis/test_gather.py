"""What a diagnosis measures in the time that it has."""

import time
from dataclasses import replace

from trickrun.checks.diagnosis.gather import gather
from trickrun.checks.diagnosis.proxy_run import FEWEST, FEWEST_SLOW, shorten


def test_what_takes_too_long_is_left_out_and_named(make):
    proxy = replace(shorten(make()), step_seconds=1.0)
    told: list[str] = []
    found = gather(proxy, thorough=False, until=time.monotonic() + 20, tell=told.append)
    assert set(found.failed) == {"training", "overfit_batch", "lr_find"}
    assert found.failed["lr_find"] == "it takes about 105 s; allow more with --budget"
    assert {"data", "initial_loss"} <= found.parts.keys()
    assert found.probe is None
    assert set(told) >= {"training", "lr_find"}


def test_slow_steps_are_few(make, monkeypatch):
    module = "trickrun.checks.diagnosis.proxy_run"
    monkeypatch.setattr(f"{module}.cores", lambda: 2)
    loaded = make("train.epochs=100")
    for seconds, steps in ((1e-4, 300), (0.1, FEWEST), (0.5, 30), (60.0, FEWEST_SLOW)):
        monkeypatch.setattr(f"{module}.timed", lambda recipe, data, seconds=seconds: seconds)
        assert shorten(loaded).steps == steps
