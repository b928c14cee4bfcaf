"""lr-find on real jobs: what it suggests, refuses and says of the recipe's own lr."""

import math
from contextlib import contextmanager

import pytest

from trickrun.checks.lr_find import lr_find_check
from trickrun.checks.lr_find.lr_find_check import Range, applies_to, lr_find, measure_stack
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.errors import OutOfTime, TrickrunError
from trickrun.recipe.load import load
from trickrun.run.pace import Pace
from trickrun.training.events import TrainedSteps
from trickrun.training.loop import train
from trickrun.tricks.schedules.constant import Constant
from trickrun.tricks.schedules.cosine import Cosine
from trickrun.tricks.schedules.lr_range import LRRange
from trickrun.tricks.schedules.one_cycle import OneCycle
from trickrun.tricks.schedules.plateau import Plateau
from trickrun.tricks.schedules.step import Step
from trickrun.tricks.schedules.triangular import Triangular

IRIS = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [16]}
optimizer: {kind: adam, lr: 0.01}
early_stopping: {monitor: val_loss, patience: 1}
train: {epochs: 40, device: cpu}
expect: {test.accuracy: ">= 0.9"}
"""
QUICK = Range(steps=100, seeds=1)


@pytest.fixture
def flowers(tmp_path):
    path = tmp_path / "flowers.yaml"
    path.write_text(IRIS)

    def loaded(*overrides):
        return RecipeSubject(load(path, overrides))

    return loaded


def losses_of(subject):
    job = subject.job()
    return [
        loss for record in train(job) if isinstance(record, TrainedSteps) for loss in record.losses
    ]


def test_a_suggestion_with_its_band_and_its_curve(flowers):
    verdict, _ = lr_find(flowers())
    result = verdict.result
    assert (verdict.verdict, verdict.findings) == ("pass", ())
    assert 1e-3 < result["low"] <= result["suggestion"] <= result["high"] < 0.3
    assert result["steepest"] < result["suggestion"] < result["bottom"] < result["edge"]
    assert result["refused"] is None
    assert result["curve"][0]["lr"] == 1e-7
    assert result["curve"][0].keys() == {"lr", "loss", "smoothed"}
    assert [one["seed"] for one in verdict.series["per_seed"]] == [0, 1, 2]
    assert f"use lr {result['suggestion']:g} for the whole run" in verdict.summary


def test_training_the_derived_recipe_repeats_the_first_seed(flowers):
    verdict, derived = lr_find(flowers(), Range(high=0.1, seeds=2))
    assert derived.recipe.early_stopping is None
    assert derived.recipe.expect == {}
    repeated = losses_of(derived)
    measured = verdict.series["per_seed"][0]["losses"]
    assert repeated[: len(measured)] == measured
    assert len(repeated) == 200


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("normalization=batch", "regularizers.dropout=0.2", "data.batch_size=16"),
        ("optimizer={kind: sgd, lr: 0.1}", "loss=mse"),  # its loss overflows
    ],
    ids=["plain", "draws of its own", "diverges"],
)
def test_seeds_after_the_first_are_one_stack_and_read_as_alone(flowers, monkeypatch, overrides):
    stacks = []

    def as_stack(jobs, *how):
        stacks.append(len(jobs))
        return measure_stack(jobs, *how)

    monkeypatch.setattr(lr_find_check, "measure_stack", as_stack)
    subject = flowers("train.precision=float64", *overrides)
    together, _ = lr_find(subject)
    assert stacks == [2]
    monkeypatch.setattr(lr_find_check, "is_stack", lambda jobs: False)
    alone, _ = lr_find(subject)
    assert stacks == [2]
    one, other = together.series["per_seed"], alone.series["per_seed"]
    assert one[0] == other[0], "the first seed is the same to the last bit"
    for stacked, expected in zip(one[1:], other[1:], strict=True):
        assert len(stacked["losses"]) == len(expected["losses"])
        assert stacked["losses"] == pytest.approx(expected["losses"], rel=1e-6)
        assert stacked["suggestion"] == expected["suggestion"]
    assert together.result["suggestion"] == alone.result["suggestion"]
    assert together.verdict == alone.verdict


def test_no_later_training_feels_it(flowers):
    before = losses_of(flowers())
    subject = flowers()
    lr_find(subject, QUICK)
    assert losses_of(subject) == before


def test_the_test_stops_soon_after_the_loss_rises(flowers):
    told = []

    @contextmanager
    def phases(what, total=None):
        assert (what, total) == ("range test", 800)
        yield told.append

    verdict, _ = lr_find(
        flowers("optimizer={kind: sgd, momentum: 0.9}"),
        Range(high=1e4, steps=400, seeds=2),
        Pace(phases=phases),
    )
    assert len(verdict.result["curve"]) < 350
    assert told[-1] == 800
    assert sorted(told) == told


def test_seeds_without_time_are_left_out(flowers):
    """The time is up while the second seed trains; without a whole one there is no test."""
    subject = flowers("optimizer={kind: sgd, momentum: 0.9}")
    one = lr_find(subject, Range(high=1e4, steps=200, seeds=1))[0].result
    told = []

    @contextmanager
    def phases(what, total=None):
        yield told.append

    def clock():
        return float(len(told))

    whole = lr_find(subject, Range(high=1e4, steps=200, seeds=1), Pace(phases=phases))[0]
    assert "left_out" not in whole.result
    first = len(told)
    told.clear()
    short = Pace(first + 0.5, phases, clock=clock)
    cut = lr_find(subject, Range(high=1e4, steps=200, seeds=3), short)[0].result
    assert (cut["seeds"], cut["left_out"]) == (1, ["2 of 3 seeds"])
    assert cut["curve"] == one["curve"]
    with pytest.raises(OutOfTime):
        lr_find(subject, Range(seeds=3), Pace(0.0))


def test_a_network_that_cannot_learn_is_refused(flowers):
    verdict, _ = lr_find(flowers("init=zeros"), Range(seeds=2))
    assert verdict.verdict == "fail"
    assert verdict.result["suggestion"] is None
    assert "does not fall" in verdict.result["refused"]
    assert verdict.summary.startswith("no learning rate can be suggested: ")
    assert [finding.code for finding in verdict.findings] == ["TR112"]


def test_a_range_that_ends_too_early_is_refused(flowers):
    verdict, _ = lr_find(flowers("optimizer=sgd"), Range(high=0.05, seeds=1))
    assert "still falling at the last lr, 0.05. Raise --high" in verdict.result["refused"]


def test_a_range_that_begins_too_high_is_refused(flowers):
    verdict, _ = lr_find(flowers("optimizer=sgd"), Range(low=30, high=1e5, seeds=1))
    assert verdict.result["suggestion"] is None


def test_an_infinite_loss_from_the_start_is_refused(flowers):
    verdict, _ = lr_find(flowers("init={kind: normal, std: 1e30}"), QUICK)
    assert "NaN or infinite at step 1" in verdict.result["refused"]
    assert verdict.result["curve"] == []


def test_the_recipe_lr_far_too_low(flowers):
    verdict, _ = lr_find(flowers("optimizer.lr=1e-6"))
    (finding,) = verdict.findings
    assert (verdict.verdict, finding.code) == ("warn", "TR36")
    assert finding.edit == {"optimizer.lr": verdict.result["suggestion"]}
    assert finding.evidence["travel"] == pytest.approx(1e-6 * 160)


def test_the_recipe_lr_far_too_high(flowers):
    verdict, _ = lr_find(flowers("optimizer.lr=8"))
    assert [finding.code for finding in verdict.findings] == ["TR35"]


def test_a_summed_loss_wants_a_batch_times_lower_lr(flowers):
    mean, _ = lr_find(flowers("optimizer=sgd"))
    summed, _ = lr_find(flowers("optimizer=sgd", "loss={kind: cross_entropy, reduction: sum}"))
    ratio = mean.result["suggestion"] / summed.result["suggestion"]
    assert ratio == pytest.approx(32, rel=0.5)


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta"])
@pytest.mark.parametrize("schedule", ["one_cycle", "{kind: cosine, warmup: 0.1}", "plateau"])
def test_any_optimizer_and_schedule(flowers, kind, schedule):
    verdict, _ = lr_find(
        flowers(f"optimizer={{kind: {kind}, schedule: {schedule}}}"), Range(high=1e3, seeds=1)
    )
    assert verdict.result["suggestion"] is not None


def test_the_recipe_itself_must_be_fit_to_train(flowers):
    with pytest.raises(TrickrunError, match="larger than the training split"):
        lr_find(flowers("data.batch_size=500"))


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (1.0, 0.1)])
def test_a_range_must_rise(flowers, low, high):
    with pytest.raises(TrickrunError, match="the range must rise"):
        lr_find(flowers(), Range(low=low, high=high))


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Constant(), "the whole run"),
        (Constant(warmup=10), "the whole run, after the warm-up"),
        (Cosine(warmup=0.1), "the start of schedule cosine, after the warm-up"),
        (Step(), "the start of schedule step"),
        (Plateau(), "the start of schedule plateau"),
        (OneCycle(), "the peak of the cycle"),
        (Triangular(), "the upper bound of the triangles"),
        (LRRange(), "nothing: schedule lr_range has its own low and high"),
    ],
)
def test_what_the_suggestion_is_for(schedule, said):
    assert applies_to(schedule) == said


def test_nothing_is_said_of_an_lr_that_is_not_used(flowers):
    verdict, _ = lr_find(flowers("optimizer={kind: adam, lr: 1e-6, schedule: lr_range}"), QUICK)
    assert verdict.findings == ()


def test_a_single_seed_has_a_band_of_one(flowers):
    verdict, _ = lr_find(flowers(), Range(seeds=1))
    assert verdict.result["low"] == verdict.result["high"]
    assert math.isclose(verdict.result["low"], verdict.result["suggestion"], rel_tol=0.05)
