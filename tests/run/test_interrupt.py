"""Ctrl-C and SIGTERM: the first asks for a checkpoint and an end, the second ends at once."""

import os
import signal
import threading

import pytest
from exactness import ending, go_on, same, the_run, train

from trickrun.errors import Interrupted
from trickrun.recipe.load import load
from trickrun.run import execute, listing
from trickrun.run.interrupt import stop_on_interrupt
from trickrun.training.events import Checkpoint, Evaluation, TrainedSteps

RECIPE = """\
name: stopped
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
regularizers: {dropout: 0.3}
augmentation: [{kind: noise, std: 0.3}]
optimizer: {kind: sgd, lr: 0.1, momentum: 0.9, schedule: {kind: plateau, patience: 0}}
early_stopping: {patience: 3, min_delta: 100}
train: {epochs: 12, eval_every: 6, device: cpu, log_every: 1, checkpoint: 3 steps}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("stopped") / "stopped.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def reference(recipe, tmp_path_factory):
    root = tmp_path_factory.mktemp("reference")
    assert train(recipe, root).result["stopped_by"] == "early_stopping"
    return ending(the_run(root))


def signals(kind, count, *numbers):
    """Return a sink that sends these signals at the ``count``-th record of ``kind``."""
    seen = []

    def sink(record):
        if isinstance(record, kind):
            seen.append(record)
            if len(seen) == count:
                for number in numbers:
                    os.kill(os.getpid(), number)

    return sink


@pytest.mark.usefixtures("_signals_are_heeded")
@pytest.mark.parametrize(
    ("number", "kind", "count"),
    [
        (signal.SIGINT, TrainedSteps, 1),
        (signal.SIGTERM, TrainedSteps, 5),
        (signal.SIGHUP, TrainedSteps, 2),
        (signal.SIGINT, Evaluation, 1),
        (signal.SIGTERM, Evaluation, 2),
        (signal.SIGINT, Checkpoint, 1),
        (signal.SIGINT, Checkpoint, 4),
    ],
)
def test_the_resumed_run_ends_bitwise_equal(number, kind, count, recipe, reference, tmp_path):
    outcome = train(recipe, tmp_path, [signals(kind, count, number)])
    assert outcome.interrupted
    run = the_run(tmp_path)
    assert run.status == "interrupted"
    assert outcome.result["steps"] == run.load("last")["progress"]["step"]
    go_on(tmp_path)
    assert same(ending(run), reference)


@pytest.mark.parametrize("why", [KeyboardInterrupt(), BrokenPipeError()])
def test_a_run_interrupted_before_its_first_step_is_no_killed_one(why, recipe, reference, tmp_path):
    loaded = load(recipe)
    with (
        pytest.raises(type(why)),
        execute.start(loaded, tmp_path, ["trickrun", "train"], loaded.folder),
    ):
        raise why
    run = the_run(tmp_path)
    assert run.status == listing.summary(run).status == "interrupted"
    go_on(tmp_path)
    assert same(ending(run), reference)


def test_interrupted_again_and_again(recipe, reference, tmp_path):
    """Each time it goes on for one step more, through the step that ends it early."""
    interrupted = train(recipe, tmp_path, [signals(TrainedSteps, 1, signal.SIGINT)]).interrupted
    rounds = 1
    while interrupted:
        interrupted = go_on(tmp_path, [signals(TrainedSteps, 1, signal.SIGINT)]).interrupted
        rounds += 1
    assert rounds > 5
    assert same(ending(the_run(tmp_path)), reference)


def test_the_second_ctrl_c_ends_at_once(recipe, reference, tmp_path):
    with pytest.raises(Interrupted) as caught:
        train(recipe, tmp_path, [signals(Checkpoint, 2, signal.SIGINT, signal.SIGINT)])
    run = the_run(tmp_path)
    assert caught.value.exit_code == 130
    assert (
        caught.value.hint == f"go on from the last checkpoint: trickrun train --resume {run.path}"
    )
    assert run.status == "killed"
    go_on(tmp_path)
    assert same(ending(run), reference)


def test_ctrl_c_after_sigterm_ends_at_once(recipe, tmp_path):
    with pytest.raises(Interrupted):
        train(recipe, tmp_path, [signals(Checkpoint, 1, signal.SIGTERM, signal.SIGINT)])


def test_people_are_told_at_once(recipe, tmp_path, capfd):
    train(recipe, tmp_path, [signals(TrainedSteps, 1, signal.SIGINT)])
    assert (
        "stopping after this step, with a checkpoint; once more ends at once"
        in capfd.readouterr().err
    )


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_on_interrupt() as interrupted:
        assert not interrupted()
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupted()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_trains_without_handlers():
    answers = []

    def work():
        with stop_on_interrupt() as interrupted:
            answers.append(interrupted())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert answers == [False]
