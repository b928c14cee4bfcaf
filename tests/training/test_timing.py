"""Seconds a step: what is left out, when it ends, and that steps are really taken."""

import pytest
import torch
from torch import nn

from trickrun.data.splits.source import SplitData
from trickrun.training import timing
from trickrun.training.assemble import assemble
from trickrun.training.timing import processor_clock, seconds_a_step, seconds_of

CPU = torch.device("cpu")


@pytest.fixture
def clock(monkeypatch):
    """Return a function that makes time pass, for ``timing`` alone."""
    now = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


def test_the_first_call_is_left_out_and_the_median_counts(clock):
    lengths = [0.5, 0.03, 0.01, 0.09, 0.02, 0.02]
    seen = []

    def step(number):
        seen.append(number)
        clock(lengths[number])

    assert seconds_of(step, CPU) == pytest.approx(0.02)
    assert seen == [0, 1, 2, 3, 4, 5]


def test_of_slow_steps_two_are_enough(clock):
    seen = []

    def step(number):
        seen.append(number)
        clock(10.0 if number == 0 else 4.0)

    assert seconds_of(step, CPU) == pytest.approx(4.0)
    assert seen == [0, 1]


def test_a_clock_of_its_own_counts(clock):
    """What else a machine does makes other time pass."""
    own = [0.0]

    def step(number):
        clock(50.0)
        own[0] += 0.01

    assert seconds_of(step, CPU, lambda: own[0]) == pytest.approx(0.01)
    assert processor_clock(CPU) is timing.time.process_time
    assert processor_clock(torch.device("cuda", 0)) is None


def test_a_gpu_is_waited_for(clock, monkeypatch):
    """Its operations have only been started when a step returns."""
    waited = []

    def synchronize(device):
        waited.append(device)
        clock(0.2)

    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    gpu = torch.device("cuda", 0)
    assert seconds_of(lambda number: clock(0.01), gpu) == pytest.approx(0.21)
    assert set(waited) == {gpu}


def test_steps_of_a_job_are_taken():
    model = nn.Linear(2, 2)
    before = model.weight.detach().clone()
    part = SplitData(torch.randn(8, 2), torch.arange(8) % 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    job = assemble(model, part, nn.CrossEntropyLoss(), optimizer, steps=10, batch_size=4)
    assert seconds_a_step(job) > 0
    assert not torch.equal(model.weight, before)
