"""The training loop's own decisions: blocks, times, the end."""

import copy
import time

import pytest
import torch

from trickrun.recipe.load import load
from trickrun.training import loop
from trickrun.training.checkpoint import Progress, restore
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Checkpoint, End, Evaluation, TrainedSteps
from trickrun.training.loop import train
from trickrun.tricks.schedules.plateau import Plateau

RECIPE = """\
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.05}
train: {epochs: 4, device: cpu, log_every: 2}
"""


@pytest.fixture
def job_of(tmp_path):
    (tmp_path / "r.yaml").write_text(RECIPE)
    return lambda *changes: compile_recipe(load(tmp_path / "r.yaml", changes).recipe, tmp_path)


def test_every_step_is_told_once_in_order(job_of, monkeypatch):
    monkeypatch.setattr(loop, "BUFFERED_STEPS", 3)
    blocks = [r for r in train(job_of("train.eval_every=5")) if isinstance(r, TrainedSteps)]
    numbers = [block.first + i for block in blocks for i in range(len(block.losses))]
    assert numbers == list(range(1, 29))
    assert max(len(block.losses) for block in blocks) == 3
    assert sorted(step for b in blocks for step in b.gradient_norms) == list(range(2, 29, 2))


def test_blocks_change_no_bit(job_of, monkeypatch):
    def weights(size):
        monkeypatch.setattr(loop, "BUFFERED_STEPS", size)
        job = job_of()
        losses = [x for r in train(job) if isinstance(r, TrainedSteps) for x in r.losses]
        return losses, job.model.state_dict()

    (losses, one), (others, other) = weights(1), weights(50)
    assert losses == others
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_time_of_evaluations_and_sinks_is_no_training_time(job_of, monkeypatch):
    validate = loop.validate

    def slow(job, progress):
        time.sleep(0.3)
        return validate(job, progress)

    monkeypatch.setattr(loop, "validate", slow)
    progress = Progress()
    for record in train(job_of("train.checkpoint=1 epoch"), progress):
        if isinstance(record, Checkpoint):
            time.sleep(0.3)
    assert progress.seconds < 0.3
    assert progress.samples == 4 * 106


def test_the_end_restores_the_best(job_of):
    job = job_of("early_stopping={monitor: val_accuracy, mode: min}")
    best = {}
    for record in train(job):
        if isinstance(record, Evaluation) and record.improved:
            best = copy.deepcopy(job.model.state_dict())
            values = record.values
    assert record == End("epochs", values)
    assert values["epoch"] < 4
    assert all(torch.equal(best[name], value) for name, value in job.model.state_dict().items())


def test_a_run_that_early_stopping_ended_takes_no_step_more(job_of):
    """Killed after its last checkpoint, it has its end still to write."""
    changes = ["early_stopping={patience: 1, min_delta: 10}"]
    *_, last, end = train(job_of(*changes))
    assert isinstance(last, Checkpoint)
    again = job_of(*changes)
    progress = restore(again, last.state)
    assert 0 < progress.step < again.span.steps
    assert [type(record) for record in train(again, progress)] == [End]
    assert end.stopped_by == "early_stopping"


def test_the_order_of_an_epoch_is_taken_up_in_its_middle(job_of):
    job = job_of()
    whole = [next_ for next_, _ in zip(job.batches(0), range(21), strict=False)]
    for step in (1, 6, 7, 13):
        rest = job.batches(step)
        assert all(torch.equal(next(rest), whole[later]) for later in range(step, 21))
    assert sorted(torch.cat(whole[:7]).tolist()) == list(range(106))


def test_a_batch_left_out_is_left_out_in_every_epoch(job_of):
    job = job_of("data.drop_last=true")
    batches = job.batches(0)
    assert {len(next(batches)) for _ in range(3 * job.span.per_epoch)} == {16}


def test_plateau_goes_through_the_history_once_an_evaluation(job_of, monkeypatch):
    asked: list[int] = []
    scale = Plateau.scale

    def counted(self, base, history):
        asked.append(len(history))
        return scale(self, base, history)

    monkeypatch.setattr(Plateau, "scale", counted)
    list(train(job_of("optimizer.schedule=plateau", "train.epochs=3", "train.eval_every=null")))
    assert asked == [0, 1, 2]


FIRST_IS_BEST = "early_stopping={monitor: train_loss, mode: max}"
STOPPING = "early_stopping={monitor: train_loss, mode: max, patience: 1}"


@pytest.mark.parametrize("changes", [(), ("regularizers.ema={}", "optimizer.schedule=cosine")])
@pytest.mark.parametrize("stop", [5, 14])  # within the first epoch, and at the end of the second
def test_a_planned_stop_goes_on_as_if_it_had_not_been(job_of, changes, stop):
    def losses(records):
        return [x for r in records if isinstance(r, TrainedSteps) for x in r.losses]

    whole, first, second = (job_of(*changes) for _ in range(3))
    expected = list(train(whole))
    paused = list(train(first, stop_at=stop))
    assert paused[-1].stopped_by == "stop_at"
    assert len(losses(paused)) == stop
    kept = copy.deepcopy([record for record in paused if isinstance(record, Checkpoint)][-1])
    rest = list(train(second, restore(second, kept.state), kept.best))
    assert losses(paused) + losses(rest) == losses(expected)
    assert rest[-1] == expected[-1]
    one, other = whole.model.state_dict(), second.model.state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_planned_stop_keeps_the_weights_of_its_step(job_of):
    """The best ones take their place only at the end of the run."""
    job = job_of(FIRST_IS_BEST)
    *_, checkpoint, end = train(job, stop_at=14)
    assert end.stopped_by == "stop_at"
    assert end.best["step"] == 7.0
    kept = checkpoint.state["model"]
    assert all(torch.equal(kept[name], value) for name, value in job.model.state_dict().items())


@pytest.mark.parametrize(
    ("stop", "changes", "expected"),
    [
        (28, (), "epochs"),
        (100, (), "epochs"),
        (28, ("train.epochs=null", "train.steps=28"), "steps"),
        (21, (STOPPING,), "early_stopping"),
        (14, (STOPPING,), "early_stopping"),
    ],
)
def test_a_run_that_ends_by_itself_says_so(job_of, stop, changes, expected):
    *_, end = train(job_of(*changes), stop_at=stop)
    assert end.stopped_by == expected


def test_ctrl_c_at_the_planned_stop_is_told(job_of):
    *_, end = train(job_of(), interrupted=lambda: True, stop_at=1)
    assert end.stopped_by == "interrupt"


def test_training_leaves_the_callers_job_as_it_is(job_of):
    job = job_of()
    before = vars(job).copy()
    list(train(job))
    assert all(vars(job)[name] is value for name, value in before.items())


def test_a_run_whose_time_is_up_is_evaluated_and_ends_there(job_of):
    steps: list[int] = []

    def over() -> bool:
        steps.append(len(steps))
        return len(steps) == 10

    job = job_of()
    *_, last_evaluation, checkpoint, end = train(job, over=over)
    assert (end.stopped_by, last_evaluation.values["step"]) == ("budget", 10)
    assert end.best in [last_evaluation.values, *job_history(checkpoint)]


def job_history(checkpoint):
    return checkpoint.state["progress"]["history"]


def test_a_run_that_reaches_its_end_is_not_cut_off(job_of):
    steps: list[int] = []

    def over() -> bool:
        steps.append(len(steps))
        return False

    *_, end = train(job_of(), over=over)
    assert (end.stopped_by, len(steps)) == ("epochs", 27)
