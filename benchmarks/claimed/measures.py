"""What claims measure: functions from a freshly compiled job to one number."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable

import torch

from trickrun.nn.layers import weight_layers, weights
from trickrun.nn.norms import recalibrate
from trickrun.training.evaluation import evaluate, predict
from trickrun.training.events import Evaluation, NonFinite, TrainedSteps
from trickrun.training.introspection.layer_pass import Seen, watch
from trickrun.training.introspection.look import before_first_step
from trickrun.training.introspection.statistics import SATURATED, by_unit
from trickrun.training.job import Job
from trickrun.training.loop import take_step, train

Measure = Callable[[Job], float]


def run(job: Job) -> list[dict[str, float]]:
    """Train ``job`` to its end and return its evaluations; a run that diverges ends early."""
    try:
        return [record.values for record in train(job) if isinstance(record, Evaluation)]
    except NonFinite:
        return []


def final(name: str) -> Measure:
    """Return the measure "value ``name`` of the last evaluation"; inf if the run diverged."""

    def measure(job: Job) -> float:
        history = run(job)
        return history[-1][name] if history else math.inf

    return measure


def best(name: str) -> Measure:
    """Return the measure "lowest value ``name`` of all evaluations"; inf if the run diverged."""

    def measure(job: Job) -> float:
        history = run(job)
        return min((values[name] for values in history), default=math.inf)

    return measure


def test(name: str) -> Measure:
    """Return the measure "test score ``name`` of the weights that the run keeps"; -inf if the run
    diverged."""

    def measure(job: Job) -> float:
        assert job.data.test is not None
        history = run(job)
        return evaluate(job, job.data.test, job.targets["test"])[name] if history else -math.inf

    return measure


def step_losses(job: Job) -> list[float]:
    """Train ``job`` and return each step's data loss, as far as it gets."""
    losses: list[float] = []
    try:
        for record in train(job):
            if isinstance(record, TrainedSteps):
                losses += record.losses
    except NonFinite:
        losses.append(math.inf)
    return losses


def steps_to(share: float) -> Measure:
    """Return the measure "training steps until the mean loss of ten steps is ``share`` of the
    first one's"; the whole length and one if it never is."""

    def measure(job: Job) -> float:
        losses = step_losses(job)
        goal = share * losses[0]
        means = (sum(losses[i : i + 10]) / 10 for i in range(len(losses) - 9))
        reached = (float(i + 10) for i, mean in enumerate(means) if mean <= goal)
        return next(reached, len(losses) + 1.0)

    return measure


@torch.no_grad()
def layers_at_init(job: Job, samples: int = 512) -> list[Seen]:
    """Return the layers of the untrained network for some training samples."""
    before_first_step(job.model)
    job.start_streams(0)
    indices = job.order(0)[:samples]
    return watch(job.model, job.inputs(job.data.train.x.index_select(0, indices)))


def saturated_at_init(job: Job) -> float:
    """Return the share of saturated units in the last hidden layer before training."""
    layer = layers_at_init(job)[-2]
    low, high = layer.range or (0.0, 0.0)
    off = ((by_unit(layer.post, layer.unit_axis) - low) * (2 / (high - low)) - 1).abs().mean(0)
    return float((off > SATURATED).double().mean())


def spread_at_init(job: Job) -> float:
    """Return the standard deviation of the last hidden layer's activations before training."""
    return float(layers_at_init(job)[-2].post.std())


def variance_kept(job: Job) -> float:
    """Return by which factor each hidden layer multiplies the mean square of the signal before
    training: the geometric mean over the layers after the first."""
    squares = [float(layer.pre.square().mean()) for layer in layers_at_init(job)[:-1]]
    return (squares[-1] / squares[0]) ** (1 / (len(squares) - 1))


def first_gradient_ratio(job: Job) -> float:
    """Return log10 of the first layer's root mean square gradient over the last one's, before
    training."""
    sizes = gradient_sizes(job)
    return math.log10(max(sizes[0] / sizes[-1], 1e-30))


def first_gradient_size(job: Job) -> float:
    """Return log10 of the first layer's root mean square gradient before training."""
    return math.log10(max(gradient_sizes(job)[0], 1e-30))


def gradient_sizes(job: Job) -> list[float]:
    """Return the root mean square gradient of each layer's weights before training."""
    job.model.train()
    job.start_streams(0)
    x, y = job.training_batch(next(job.batches(0)), 0)
    job.loss(job.model(x), y).backward()
    grads = [next(weights(layer))[1].grad for _, layer in weight_layers(job.model)]
    return [float(grad.square().mean().sqrt()) for grad in grads]


def near_zero(job: Job) -> float:
    """Return the share of all weights whose size is below 1e-3 after training."""
    run(job)
    return float((all_weights(job).abs() < 1e-3).double().mean())


def weight_norm(job: Job) -> float:
    """Return the 2-norm of all weights after training."""
    run(job)
    return float(all_weights(job).norm())


def all_weights(job: Job) -> torch.Tensor:
    """Return every weight of the network, flattened."""
    layers = (layer for _, layer in weight_layers(job.model))
    return torch.cat([w.detach().flatten() for layer in layers for _, w in weights(layer)])


def first_weights(job: Job) -> torch.Tensor:
    """Return the first layer's weights [units, ...]."""
    return next(weights(weight_layers(job.model)[0][1]))[1].detach()


def irrelevant_columns(job: Job) -> float:
    """Return the mean size of the first layer's weights from the last 30 of 40 inputs over that
    from the first 10, after training."""
    run(job)
    columns = first_weights(job).abs().mean(0)
    return float(columns[10:].mean() / columns[:10].mean())


def units_apart(job: Job) -> float:
    """Return the largest distance between two units of the first layer after training, over their
    mean norm."""
    run(job)
    units = first_weights(job).flatten(1).double()
    return float(torch.cdist(units, units).max() / units.norm(dim=1).mean())


def calibration_error(job: Job) -> float:
    """Return the expected calibration error on the test split after training, 15 bins of equal
    width (Guo et al. 2017, On Calibration of Modern Neural Networks)."""
    run(job)
    assert job.data.test is not None
    outputs = predict(job, job.data.test.x)
    sure, answer = outputs.softmax(1).max(1)
    right = (answer == job.data.test.y).double()
    bins = (sure * 15).long().clamp(max=14)
    gaps = [abs(float((right - sure)[bins == number].sum())) for number in range(15)]
    return sum(gaps) / len(right)


def bias_gradient(job: Job) -> float:
    """Return the largest gradient of a hidden layer's bias over that of its weights: ten steps."""
    batches, worst = job.batches(0), 0.0
    for step in range(10):
        take_step(job, next(batches), step, [], logged=False)
        for _, layer in weight_layers(job.model)[:-1]:
            if layer.bias is not None and layer.bias.grad is not None:
                ratio = layer.bias.grad.abs().max() / layer.weight.grad.abs().max()
                worst = max(worst, float(ratio))
    return worst


def first_update(job: Job) -> float:
    """Return the largest change of any weight in one of the first ten steps, over the learning
    rate."""
    batches, largest = job.batches(0), 0.0
    for step in range(10):
        before = all_weights(job).clone()
        lr = take_step(job, next(batches), step, [], logged=False).lr
        largest = max(largest, float((all_weights(job) - before).abs().max()) / lr)
    return largest


def masks_gain(job: Job) -> float:
    """Return the test accuracy of 50 dropout masks' mean probabilities, less that of the network
    as it is evaluated, after training."""
    run(job)
    assert job.data.test is not None
    x, y = job.inputs(job.data.test.x), job.data.test.y
    with torch.no_grad():
        job.model.eval()
        scaled = job.model(x).argmax(1)
        job.model.train()
        total = torch.zeros(())
        for mask in range(50):
            job.dropout_stream.at(10**6 + mask)
            total = total + job.model(x).softmax(1)
    return float((total.argmax(1) == y).double().mean() - (scaled == y).double().mean())


def milliseconds_a_step(job: Job) -> float:
    """Return the median time of 200 training steps."""
    batches, seconds = job.batches(0), []
    for step in range(200):
        started = time.perf_counter()
        take_step(job, next(batches), step, [], logged=False)
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds)


def overfit_after_best(job: Job) -> float:
    """Return by how much the last evaluation's loss is above the best one's."""
    history = run(job)
    losses = [values["val_loss"] for values in history]
    return losses[-1] - min(losses)


def perturbed(job: Job) -> float:
    """Return log10 of the factor by which the training loss of the trained network grows when each
    weight moves by a normal draw of half the size of its layer's."""
    run(job)
    job.model.eval()
    x, y = job.inputs(job.data.train.x), job.targets["train"]
    draws = torch.Generator().manual_seed(job.recipe.seed)
    with torch.no_grad():
        before = float(job.loss(job.model(x), y))
        for _, layer in weight_layers(job.model):
            for _, weight in weights(layer):
                noise = torch.randn(weight.shape, generator=draws)
                weight.add_(noise, alpha=0.5 * float(weight.square().mean().sqrt()))
        recalibrate(job.model, [x])
        return math.log10(float(job.loss(job.model(x), y)) / before)


@torch.no_grad()
def batch_noise(job: Job) -> float:
    """Return how much a sample's output depends on the rest of its batch: its standard deviation
    over 50 batches, over that of all outputs."""
    job.model.train()
    x = job.inputs(job.data.train.x)
    draws = torch.Generator().manual_seed(job.recipe.seed)
    size = job.batch_size
    rows = [torch.randperm(len(x) - 1, generator=draws)[: size - 1] + 1 for _ in range(50)]
    outputs = torch.stack([job.model(torch.cat([x[:1], x[row]]))[0] for row in rows])
    whole = job.model(x)
    return float(outputs.std(0).mean() / whole.std(0).mean())
