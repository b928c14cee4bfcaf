"""What a diagnosis measures in the time that it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from trickrun.checks.diagnosis.gather import WORDS, gather
from trickrun.checks.diagnosis.proxy_run import FEWEST, FEWEST_SLOW, shorten
from trickrun.run.pace import Moved, budget


def test_what_takes_too_long_is_left_out_and_named(make):
    proxy = replace(shorten(make()), step_seconds=1.0)
    told: list[str] = []

    @contextmanager
    def phases(what: str, total: float | None = None) -> Iterator[Moved]:
        told.append(what)
        yield lambda done: None

    found = gather(proxy, thorough=False, pace=budget(30, phases=phases))
    assert set(found.failed) == {"training", "overfit_batch", "lr_find"}
    assert found.failed["lr_find"] == "it takes about 105 s; allow more time with --budget"
    assert {"data", "initial_loss"} <= found.parts.keys()
    assert found.probe is None
    assert found.left_out == ["training", "overfit_batch", "lr_find"]
    assert told[0] == "evidence"
    assert {WORDS["training"], WORDS["lr_find"], "loss before training"} <= set(told)


def test_slow_steps_are_few(make, monkeypatch):
    module = "trickrun.checks.diagnosis.proxy_run"
    monkeypatch.setattr(f"{module}.cores", lambda: 2)
    loaded = make("train.epochs=100")
    for seconds, steps in ((1e-4, 300), (0.1, FEWEST), (0.5, 30), (60.0, FEWEST_SLOW)):
        monkeypatch.setattr(f"{module}.timed", lambda recipe, data, seconds=seconds: seconds)
        assert shorten(loaded).steps == steps
