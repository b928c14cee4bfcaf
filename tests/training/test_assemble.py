"""A job without a recipe: a plain module is trained by the one visible loop."""

import pytest
import torch
from exactness import same
from torch import nn

from trickrun.data.splits.source import SplitData
from trickrun.errors import CompileError
from trickrun.training.assemble import GivenLoss, assemble, task_of
from trickrun.training.checkpoint import Progress, restore
from trickrun.training.events import Checkpoint, End, Evaluation, TrainedSteps
from trickrun.training.loop import train
from trickrun.training.settings import TrainingSettings
from trickrun.tricks.metrics.accuracy import Accuracy
from trickrun.tricks.schedules.cosine import Cosine
from trickrun.tricks.updates.clip import Clip

SIGN = torch.Generator().manual_seed(0)
X = torch.randn(40, 2, generator=SIGN)
Y = (X.sum(1) > 0).long()
TRAIN, VAL = SplitData(X[:30], Y[:30]), SplitData(X[30:], Y[30:])


def plain(steps=30, loss=None, **more):
    """Return a job of a two-layer network with dropout of torch's own."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    loss = loss or nn.CrossEntropyLoss()
    return assemble(model, TRAIN, loss, optimizer, steps, batch_size=8, **more)


def losses(records):
    return [
        loss for record in records if isinstance(record, TrainedSteps) for loss in record.losses
    ]


def test_a_plain_module_learns():
    metrics = {"accuracy": Accuracy().build(task_of(Y), None)}
    job = plain(val=VAL, metrics=metrics)
    records = list(train(job))
    assert sum(losses(records)[-5:]) < 0.3 * sum(losses(records)[:5])
    evaluations = [r.values for r in records if isinstance(r, Evaluation)]
    assert len(evaluations) == 8  # 4 steps an epoch, and one at the end
    assert evaluations[-1]["val_accuracy"] >= 0.9
    assert isinstance(records[-1], End)
    assert records[-1].stopped_by == "steps"


def test_its_steps_are_those_of_a_loop_by_hand():
    job = plain(steps=6, settings=TrainingSettings(shuffle=False, seeds_torch=False))
    by_hand = plain()
    found = []
    torch.manual_seed(9)
    for step in range(6):
        by_hand.model.train()
        batch = slice(step % 4 * 8, step % 4 * 8 + 8)
        by_hand.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(by_hand.model(TRAIN.x[batch]), TRAIN.y[batch])
        loss.backward()
        by_hand.optimizer.step()
        found.append(loss.item())
    torch.manual_seed(9)
    # A scalar loss of 6 samples is divided up among them and added again.
    assert losses(train(job)) == pytest.approx(found, rel=1e-5)
    torch.testing.assert_close(job.model.state_dict(), by_hand.model.state_dict())


def test_the_settings_act():
    settings = TrainingSettings(schedule=Cosine(), clip=Clip(norm=0.01), batches_a_step=2)
    job = plain(steps=4, settings=settings)
    assert (job.span.per_epoch, job.step_size) == (2, 16)
    before = [p.detach().clone() for p in job.model.parameters()]
    steps = [record for record in train(job) if isinstance(record, TrainedSteps)]
    lrs = [lr for record in steps for lr in record.lrs]
    assert lrs == sorted(lrs, reverse=True)
    assert lrs[-1] < lrs[0]
    moved = [(p - b).abs().max() for p, b in zip(job.model.parameters(), before, strict=True)]
    assert 0 < max(moved) < 0.1  # no step is longer than lr / (1 - momentum) times the clipped norm


def test_it_goes_on_exactly_from_a_checkpoint():
    """Dropout of torch's own draws from the global generator: each step seeds it."""
    whole, cut, resumed = plain(), plain(), plain()
    expected = losses(train(whole))
    progress = Progress()
    records = list(train(cut, progress, interrupted=lambda: progress.step == 13))
    (kept,) = [record for record in records if isinstance(record, Checkpoint)]
    rest = losses(train(resumed, restore(resumed, kept.state)))
    assert losses(records) + rest == expected
    assert same(resumed.model.state_dict(), whole.model.state_dict())


def test_values_and_losses_of_ones_own():
    def absolute(prediction, target):
        return (prediction - target).abs().mean(1)

    model = nn.Linear(2, 1)
    part = SplitData(X, X.sum(1, keepdim=True))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    job = assemble(model, part, absolute, optimizer, steps=20, batch_size=100)
    assert (job.batch_size, job.data.task.kind, job.data.task.targets) == (40, "regression", 1)
    found = losses(train(job))
    assert found[-1] < found[0]


def test_a_loss_that_gives_no_number_a_sample_is_told():
    with pytest.raises(CompileError, match=r"returned \[3\] for a batch of 8 samples"):
        list(train(plain(loss=lambda prediction, target: torch.zeros(3))))


def test_what_is_to_be_predicted():
    assert task_of(torch.tensor([0, 2, 1])).classes == 3
    assert task_of(torch.rand(5, 4)).targets == 4
    assert task_of(torch.rand(5)).targets == 1
    assert GivenLoss(function=nn.MSELoss()).kind_name == "given"
