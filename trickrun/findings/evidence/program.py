"""What `watch` saw of somebody's own training program, as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, order=True)
class Place:
    """A line of the user's own code.

    Args:
        file: as it is shown: relative to the working folder where it lies below it; a cell of a
            notebook as ``cell [3]``.
        line: from 1.
        code: the line itself, without the blanks around it; empty if the file cannot be read.
    """

    file: str
    line: int
    code: str = ""

    def __str__(self) -> str:
        return named_line(self.file, self.line)


def named_line(file: str, line: int) -> str:
    """Return a line as people name it: ``train.py:3``, in a notebook ``cell [2], line 3``."""
    return f"{file}, line {line}" if file.startswith("cell [") else f"{file}:{line}"


@dataclass(frozen=True)
class Operation:
    """An operation in a loss's graph, as autograd recorded it.

    Args:
        kind: autograd's name without "Backward0", such as ``Softmax``.
        shape: of its output.
        place: the line that called it; None if it was not recorded.
        dim: the axis that a softmax normalizes, counted from 0; None for other operations.
    """

    kind: str
    shape: tuple[int, ...]
    place: Place | None = None
    dim: int | None = None


@dataclass(frozen=True)
class Targets:
    """The targets of a loss, in one batch.

    Args:
        dtype: torch's name of it, such as ``int64``.
        shape: of the tensor.
        low, high: the smallest and the largest value.
        counts: how often each class occurs, for whole numbers from 0 to 999; else empty.
    """

    dtype: str
    shape: tuple[int, ...]
    low: float
    high: float
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class LossTerm:
    """One loss operation of a looked-at backward pass.

    Args:
        operation: the loss itself.
        behind: what made its predictions, the last first: activations and what they came from,
            without operations that only change a shape or a type.
        prediction: shape of the predictions, before anything was broadcast.
        compared: shape in which they met the targets; () if autograd does not tell it.
        weighted: whether the loss is multiplied or divided before backward is called on it.
        targets: None if autograd does not keep them.
        reduction: ``mean``, ``sum``, ``none``; empty if it is not known.
        crossed: whether each sample's prediction met the targets of all samples.
        swapped: whether what is trained was given in the place of the targets.
    """

    operation: Operation
    behind: tuple[Operation, ...]
    prediction: tuple[int, ...]
    targets: Targets | None = None
    reduction: str = ""
    compared: tuple[int, ...] = ()
    weighted: bool = False
    crossed: bool = False
    swapped: bool = False


@dataclass(frozen=True)
class Activity:
    """What one activation function put out in one looked-at step.

    Args:
        operation: it and its line.
        samples: rows of its output.
        units: of its output.
        dead_fraction: units that are 0 for every sample (of ReLU and its like).
        saturated_fraction: units whose values lie, on average, near the ends of their range (of
            sigmoid and tanh).
        rarer_end: share of the values that lie at the end of the range where fewer lie.
    """

    operation: Operation
    samples: int
    units: int
    dead_fraction: float
    saturated_fraction: float
    rarer_end: float = 0.0


@dataclass(frozen=True)
class GradientLook:
    """A parameter in one looked-at step.

    Args:
        name: in its model, such as ``Net.fc1.weight``.
        layer: class of the module that it belongs to; empty if it is not known.
        dimensions: of the tensor.
        norm: of its gradient when the optimizer stepped; None without one.
        rms: the same per entry.
        update_ratio: norm of the step's change over the norm of the parameter; None if that is 0.
        size: norm of the parameter before the step.
        alike: whether all rows of a matrix are equal, so that its units cannot differ.
        slope: cosine between the gradient and the step's change: below 0 downhill.
        optimizer: number of the optimizer that took the step.
        rate: learning rate of its group.
        constant: whether the matrix was one number over and over before the step, and not 0.
        gain: norm of a matrix over the root of its rows: what it makes of a signal of size 1.
        as_made: whether it was spread as torch's own init leaves it.
    """

    name: str
    layer: str
    dimensions: int
    norm: float | None
    rms: float | None
    update_ratio: float | None
    size: float = 0.0
    alike: bool = False
    slope: float | None = None
    optimizer: int = 0
    rate: float = 0.0
    constant: bool = False
    gain: float = 0.0
    as_made: bool = False


@dataclass(frozen=True)
class Rewarded:
    """The logarithms of the probabilities of choices, multiplied by a number each, in a loss.

    Args:
        place: the line of the product.
        raised: whether the loss grows with both: choices with large numbers become rarer.
        good: whether the numbers are known to be larger for better choices, by their name and,
            where values are predicted, by these.
    """

    place: Place | None
    raised: bool
    good: bool


@dataclass(frozen=True)
class Exchanged:
    """A reshape to the same axes in another order.

    Args:
        operation: it, with the shape after it.
        before: the shape before it.
    """

    operation: Operation
    before: tuple[int, ...]


@dataclass(frozen=True)
class Likelihood:
    """The logarithm of a probability, or a loss of counts, that a loss is a sum of.

    Args:
        kind: ``softmax``, ``sigmoid`` or ``counts``; ``growing`` for a square, an exponential or
            the like that is subtracted, though it has no upper bound; ``unlogged`` for
            probabilities times the shares that are wanted, without a logarithm.
        place: its line.
        made: the kind of operation that its logits, or the logarithms of its rates, came from.
        raised: whether the loss grows with it: what is seen becomes less likely.
        weighed: whether it is multiplied with numbers that may be below 0, as rewards are.
    """

    kind: str
    place: Place | None
    made: str
    raised: bool
    weighed: bool


@dataclass(frozen=True)
class Straight:
    """Layers whose output goes into other layers with nothing in between that bends.

    Args:
        layers: how many.
        hidden: layers in all, without the last one.
        first: the first of them.
    """

    layers: int
    hidden: int
    first: Operation


@dataclass(frozen=True)
class StepLook:
    """One looked-at step.

    Args:
        step: backward passes before it.
        activities: in the order of the forward pass.
        gradients: of the optimizer's parameters, in their order in the network.
        mixing: operations that normalize over the axis of the samples.
        flat: operations that let no gradient pass.
        rewarded: choices that the loss weighs by what came of them.
        likelihoods: that the loss is a sum of.
        exchanged: reshapes that were to exchange axes.
        single: softmax operations over one number each.
        outer: operations between the models and the loss that made each sample with each.
        dropped: the largest share that dropout leaves out.
        penalized: whether the loss depends on the size of matrices.
        straight: layers that are one with those after them; None without any.
        spread: how unlike the answers of a model to different samples are, over their size, the
            least of several models; NaN if it is not known.
        padding: operations that take the last place of padded sequences.
    """

    step: int
    activities: tuple[Activity, ...] = ()
    gradients: tuple[GradientLook, ...] = ()
    mixing: tuple[Operation, ...] = ()
    flat: tuple[Operation, ...] = ()
    rewarded: tuple[Rewarded, ...] = ()
    likelihoods: tuple[Likelihood, ...] = ()
    exchanged: tuple[Exchanged, ...] = ()
    single: tuple[Operation, ...] = ()
    outer: tuple[Operation, ...] = ()
    dropped: float = 0.0
    penalized: bool = False
    straight: Straight | None = None
    spread: float = math.nan
    padding: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class NonFinite:
    """The first loss that was no number, or the first gradient that was none of a finite loss.

    Args:
        step: backward passes before it.
        value: ``nan``, ``inf`` or ``-inf``.
        cause: ``input``, ``targets``, ``weights``, ``operation``, ``gradient`` (of a finite loss)
            or empty where it is not known.
        operation: the one that made it out of finite numbers, or got it with the data; None if it
            is not known.
        detail: what entered that operation, such as ``the smallest input is 0``; of a gradient
            ``sure`` where it was seen to be NaN.
    """

    step: int
    value: str
    cause: str = ""
    operation: Operation | None = None
    detail: str = ""


@dataclass(frozen=True)
class Backward:
    """All backward passes from one line.

    Args:
        place: of the call; None if it is not in the user's code.
        times: how often it was called.
        steps: number of each kept loss, counted in backward passes of the whole program.
        losses: as they were given to backward, without a gradient scaler's factor.
        terms: of each looked-at pass.
        per_step: backward passes between two optimizer steps, the median.
        rebuilt: looked-at passes of a loss that is a new tensor, which nothing lies behind.
        negated: looked-at passes of a loss whose sign was changed.
        unused: attended passes after which another pass came, not a step; between looks passes are
            only counted.
        thrown_away: of them, passes whose gradients were cleared.
        stepped: steps that came right after a pass of this line.
        summed: samples that a loss is the sum of, without a division, the median; 0 if it is none.
    """

    place: Place | None
    times: int
    steps: tuple[int, ...] = ()
    losses: tuple[float, ...] = ()
    terms: tuple[LossTerm, ...] = ()
    per_step: float = 1.0
    rebuilt: int = 0
    negated: int = 0
    thrown_away: int = 0
    unused: int = 0
    stepped: int = 0
    summed: int = 0


@dataclass(frozen=True)
class Answers:
    """The predictions of one loss beside its targets, in many batches.

    Args:
        place: of the loss.
        called: the line that called backward.
        kind: ``values``, ``classes`` or ``yes or no``.
        steps: backward passes before each batch.
        errors: of each batch: the mean squared error, or the mean cross-entropy, without weights.
        constant: what the best constant answer costs over all kept targets; NaN if they are not
            known.
        constants: what it costs in each batch; NaN where the targets were not kept.
        size: root mean square of the targets around 0; NaN if they are not known.
        low, high: the smallest and the largest of them.
        between: share of the targets' variance that lies between the batches; NaN if unknown.
        crossed: whether each sample's prediction was compared with the targets of all samples.
        recurring: share of the batches whose targets' mean is that of an earlier batch.
        alone: whether the loss of the pass is this one only, and nothing is multiplied to it.
        chosen: whether the predictions were chosen among several, as values of actions are.
        skill: how much better than a constant simple learners predict these targets from the
            inputs of the same batches: 0 not at all, 1 perfectly; None if it was not tried.
        chance: the same with targets in a random order.
        samples: that the learners had.
        opposed: whether the loss is one of several, and is subtracted, or its gradient passes a
            function of the program's own, which may reverse it: a part may be meant to fail at it.
        rewarded: whether the loss of the pass also weighs what was chosen by what came of it, so
            that these values are returns.
        weighted: how often each class occurs and how much the loss weighs it; () without weights.
        copied: which number of a sample is its target, or a multiple of it; None if none is.
        hits: in the last quarter, the answers for each class and those that were right; () if it is
            not known.
    """

    place: Place | None
    called: Place | None
    kind: str
    steps: tuple[int, ...]
    errors: tuple[float, ...]
    constant: float
    constants: tuple[float, ...] = ()
    size: float = math.nan
    low: float = math.nan
    high: float = math.nan
    between: float = math.nan
    recurring: float = 0.0
    crossed: bool = False
    alone: bool = True
    chosen: bool = False
    skill: float | None = None
    chance: float = 0.0
    samples: int = 0
    opposed: bool = False
    rewarded: bool = False
    weighted: tuple[tuple[int, float], ...] = ()
    copied: int | None = None
    hits: tuple[tuple[int, int], ...] = ()
    labels: int = 1
    restores: bool = False

    @property
    def late(self) -> float:
        """The mean error in the last quarter of the run."""
        return late_mean(self.steps, self.errors)

    @property
    def late_constant(self) -> float:
        """What the constant answer costs in the same batches, or in all where that is unknown."""
        late = late_mean(self.steps, self.constants) if self.constants else math.nan
        return late if math.isfinite(late) else self.constant


@dataclass(frozen=True)
class Leak:
    """What the answers of a copy of a model depend on, in evaluation mode, and should not.

    Args:
        kind: ``samples`` (other samples of the batch), ``dropout`` (dropout that evaluation mode
            does not switch off), ``future`` (the token that is to be
            predicted), ``same`` (the targets are the inputs at their own place, which a model
            that only looks back copies) or ``order`` (not on the order of tokens, as it should).
        model, place: the model's class and where it is written.
        part, layer: name and class of the first part of it in which this shows; empty if unknown.
        sure: whether the axis of the samples is known for certain.
    """

    kind: str
    model: str
    place: Place | None = None
    part: str = ""
    layer: str = ""
    sure: bool = True


@dataclass(frozen=True)
class DetachedState:
    """A module that was called step by step, and whose state was detached before each step.

    Args:
        module: its class.
        place: the line of the calls.
        recurrent: whether it is one of torch's recurrent layers or cells.
        passes: looked-at passes in which this was so.
    """

    module: str
    place: Place | None
    recurrent: bool
    passes: int


@dataclass(frozen=True)
class Cut:
    """An operation whose result has no gradient though what it was given needs one.

    Args:
        operation: its name in torch; ``no_grad`` for any without gradients, ``sample`` for draws of
            a distribution.
        place: the line.
        redrawn: for a ``sample``, whether its distribution has an ``rsample``.
        names: the parameters that lie before it, where they are told.
    """

    operation: str
    place: Place | None
    redrawn: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unreached:
    """A parameter that an optimizer has and that never got a gradient.

    Args:
        name: in its model; empty if no model that ran has it.
        reason: ``frozen``, ``unused`` (its layer was never called), ``cut off`` (its layer was
            called, and the loss does not depend on it through autograd), ``no grad`` (its layer
            only ran while gradients were switched off) or ``foreign`` (no model that ran has it).
        cut: what cuts it off from the loss; None if that is not known.
    """

    name: str
    reason: str
    cut: Cut | None = None


@dataclass(frozen=True)
class ClippedGradients:
    """Calls of ``clip_grad_norm_`` or ``clip_grad_value_``.

    Args:
        place: of the call.
        times: how often.
        bound: the largest norm allowed.
        norms: total norms before clipping, of the passes that were kept; empty for values.
        after_step: calls between an optimizer's step and the next backward pass.
        scaled: calls on gradients that a gradient scaler had not unscaled.
    """

    place: Place | None
    times: int
    bound: float
    norms: tuple[float, ...] = ()
    after_step: int = 0
    scaled: int = 0


@dataclass(frozen=True)
class SteppedOptimizer:
    """An optimizer and what it was seen to do.

    Args:
        kind: its class.
        place: where it was made; None if that was before watching began.
        lrs: learning rate of the first group at steps that were kept, with ``lr_steps``.
        steps: calls of ``step``.
        attended: of them, those that were attended to; between looks steps are only counted.
        judged: attended steps before which it is known whether the gradients had been cleared.
        uncleared: of them, steps with gradients that still held those of the step before.
        empty: attended steps at which no parameter had a gradient.
        looked: steps that were looked into.
        zero: of them, steps at which every gradient was 0.
        stepped_at: the line that called ``step`` when it was looked into.
        parameters: how many tensors it has.
        unreached: those that never got a gradient.
        foreign: how many belong to no model that was trained.
        number: of it, in the order of their making.
        weight_decay, momentum, betas: the first group's settings; 0 and () where it has none.
        decoupled: whether the decay is taken from the weights, not added to the gradient.
        still: of the looked-at steps with gradients of 0, those that were so after backward.
        reached: whether a looked-at loss depended on one of its tensors.
        waiting: its tensors that got gradients and that no optimizer that stepped has.
        scaled: attended steps with gradients that still had a gradient scaler's factor.
        kept, undone: looked-at steps of which it is known whether the next pass found the weights
            as they had left them; of them, those of which nothing was left.
        own: attended steps with gradients that the program had put there itself.
        again: optimizers that were made at the same line for the same tensors before.
        shared, shares_with: tensors that it has in common with an earlier optimizer that steps, and
            the number of that.
    """

    kind: str
    place: Place | None
    lr_steps: tuple[int, ...]
    lrs: tuple[float, ...]
    steps: int
    attended: int = 0
    judged: int = 0
    uncleared: int = 0
    empty: int = 0
    looked: int = 0
    zero: int = 0
    stepped_at: Place | None = None
    parameters: int = 0
    unreached: tuple[Unreached, ...] = ()
    foreign: int = 0
    number: int = 0
    weight_decay: float = 0.0
    momentum: float = 0.0
    betas: tuple[float, ...] = ()
    decoupled: bool = False
    still: int = 0
    reached: bool = True
    waiting: int = 0
    scaled: int = 0
    kept: int = 0
    undone: int = 0
    own: int = 0
    again: int = 0
    shared: int = 0
    shares_with: int | None = None


@dataclass(frozen=True)
class WatchedScheduler:
    """A learning rate scheduler.

    Args:
        kind: its class.
        place: where it was made.
        times: how often ``step`` was called after its construction.
        optimizer_steps: of its optimizer since then.
        epochs: of the training loader meanwhile; 0 if there was no loader.
        length: steps that it was built for, such as ``T_max``; None if it has none.
        base: learning rate that it was built for: the first group's, at the top of a cycle.
        optimizer: number of its optimizer; None if that was never seen.
        metrics: what a ReduceLROnPlateau was given, with ``metric_steps``, in backward passes.
        mode: ``min`` or ``max`` of a ReduceLROnPlateau; else empty.
        reductions: how often a ReduceLROnPlateau lowered the rate.
    """

    kind: str
    place: Place | None
    times: int
    optimizer_steps: int
    epochs: int
    length: int | None = None
    base: float = 0.0
    optimizer: int | None = None
    metrics: tuple[float, ...] = ()
    metric_steps: tuple[int, ...] = ()
    mode: str = ""
    reductions: int = 0


@dataclass(frozen=True)
class EvaluatedCopy:
    """A model that is evaluated and not trained, whose weights began as those of one that is.

    Args:
        name: its class.
        place: the line that called it.
        moved: distance of its weights from those at the first look.
        trained: the same of the trained model.
        calls: looked-at training steps in which it was called.
        loaded: whether the trained model's weights were loaded.
        updates: changes in place of one of its weights.
        still: whether its batch norms' statistics are still those that they are made with.
    """

    name: str
    place: Place | None
    moved: float
    trained: float
    calls: int = 0
    loaded: bool = False
    updates: int = 0
    still: bool = False


@dataclass(frozen=True)
class Restored:
    """Weights of a trained model that are loaded again.

    Args:
        name: its class.
        place: the line that loaded them.
        passes: backward passes before that.
        at: backward passes before the evaluation that they are from.
        number, evaluations: of that evaluation, from 0, None if unknown; how many there were.
        itself: whether they are the model's own tensors, which were never copied.
    """

    name: str
    place: Place | None
    passes: int
    at: int
    number: int | None
    evaluations: int
    itself: bool


@dataclass(frozen=True)
class Untrained:
    """A model that is evaluated with the weights that init made, while one of its class is trained.

    Args:
        name: its class.
        place: the line that called it.
        passes: backward passes before that.
        loaded: whether weights were loaded into it, which then did not fit.
    """

    name: str
    place: Place | None
    passes: int
    loaded: bool


@dataclass(frozen=True)
class InputLook:
    """The first floating-point input of a model, in one looked-at call.

    Args:
        shape: of the tensor.
        mean, std, low, high: over all its values; NaN if there is one.
        constant: features that had one value in the whole batch, as a share.
        non_finite: values that are no numbers.
        comb: how unlike values are at the distance of the channels along the last axis of images,
            over how unlike neighbours are; 1 for anything else.
    """

    shape: tuple[int, ...]
    mean: float
    std: float
    low: float
    high: float
    constant: float
    non_finite: int
    comb: float = 1.0


@dataclass(frozen=True)
class WatchedModel:
    """A module that the program called itself.

    Args:
        name: its class.
        place: where its class is written; None if that is not the user's code.
        parameters: how many tensors it has.
        trained: calls that were looked at and whose output was trained on.
        trained_in_eval: of them, those in evaluation mode.
        tested: calls with gradients switched off that were looked at; 0 for a model that is asked
            several times for the same batch, to sample its answers.
        tested_in_train: of them, those in training mode.
        tested_at: a line that made such a call.
        random_layers: its dropout layers that act in training mode.
        batch_norms: its layers that normalize by the batch.
        norm_values: values per channel that such a layer saw in the largest batch.
        batch_sizes: of the looked-at calls while training.
        inputs: the looked-at ones while training.
        homeless: its parameters that get a gradient and are in no optimizer.
        names: of its parameters, in its order.
        normalizes_input: whether its first layer is a normalization.
        random_frozen: matrices that are frozen and spread as torch's init leaves them.
        test_inputs: the looked-at inputs of calls with gradients switched off.
        evaluated: whether it was put into evaluation mode by eval().
        called: the line that first called it.
        remembered: how far the running statistics of its batch norms with a small momentum have
            come from those that they are made with, at the end; 1 without any.
        normalizes_first: whether what its first layer puts out is normalized.
        untied: pairs of its parameters that began equal, value by value, and are two tensors.
    """

    name: str
    place: Place | None
    parameters: int
    trained: int = 0
    trained_in_eval: int = 0
    tested: int = 0
    tested_in_train: int = 0
    tested_at: Place | None = None
    random_layers: tuple[str, ...] = ()
    batch_norms: tuple[str, ...] = ()
    norm_values: int | None = None
    batch_sizes: tuple[int, ...] = ()
    inputs: tuple[InputLook, ...] = ()
    homeless: tuple[str, ...] = ()
    untied: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    normalizes_input: bool = False
    random_frozen: tuple[str, ...] = ()
    test_inputs: tuple[InputLook, ...] = ()
    evaluated: bool = False
    called: Place | None = None
    remembered: float = 1.0
    normalizes_first: bool = False

    @property
    def line(self) -> Place | None:
        """Where its class is written, or, where that is not the user's code, where it is called."""
        return self.place or self.called


@dataclass(frozen=True)
class OwnScale:
    """Inputs of an evaluation whose own statistics are exactly those of scaled data.

    Args:
        place: the line of the call, or where their loader was made.
        how: ``standard`` (means of 0, deviations of 1) or ``range`` (from 0 to 1).
        samples: of them.
    """

    place: Place | None
    how: str
    samples: int


@dataclass(frozen=True)
class WatchedLoader:
    """A DataLoader.

    Args:
        place: where it was made.
        samples, batch_size: of it; None if they are not known.
        shuffled: whether it draws an order of its own.
        epochs: how often it was begun.
        trains: whether a backward pass came while it was read.
        steps: optimizer steps while it was read.
        in_eval: of them, those with the last trained model in evaluation mode.
        alike: why all its workers draw the same random numbers, ``generator`` (one that the data
            set has, and that is copied to them) or ``seed`` (of its ``worker_init_fn``); empty if
            they do not.
        dropped: passes at the ends of its epochs whose gradients were cleared unused, those of an
            epoch each.
    """

    place: Place | None
    samples: int | None
    batch_size: int | None
    shuffled: bool
    epochs: int
    trains: bool
    steps: int = 0
    in_eval: int = 0
    alike: str = ""
    dropped: tuple[int, ...] = ()


@dataclass(frozen=True)
class Program:
    """What was seen of a training program.

    Args:
        name: of the script, or what it is called.
        every: backward passes between two looks.
        passes: backward passes.
        seconds: wall time while it was watched.
        compiled: whether torch.compile was used; then models are not looked into.
        ended: ``finished``, ``exited`` (by itself, with a code), ``failed`` (an exception),
            ``interrupted`` or ``lost`` (stopped because the training was).
        error: the last line of the exception, where it failed.
        failure: what went wrong in the watcher itself, after which it saw no more; empty if nothing
            did.
        moved: whether a trained tensor changed between the first look and the end.
        bare_judged, bare_uncleared: in a program without optimizers, looked-at passes after an
            update by hand, and those of them whose gradients had not been cleared.
        loaded: whether a model's weights were loaded, and trained on after that.
        bare_slopes: cosines between gradient and change of such updates.
        bare_still: shapes of its tensors that get gradients and never change, while others do.
        copies: models that are evaluated in place of the trained one.
        helpers: models that are called in the training steps and not trained, and whose weights
            began as those of one that is: targets come from them.
        restored: the last weights of a trained model that were loaded again.
        untrained: models that are evaluated and have the weights that init made.
        loose: shapes of parameters that get gradients and belong to no model and no optimizer.
        unregistered: names or shapes of plain tensors that get gradients, belong to no optimizer
            and never change; inputs left out.
        answers: predictions beside their targets.
        leaks: what answers depend on that they should not.
        detached_states: modules whose state was detached at each step of a pass.
        samples: draws of distributions through which no gradient passes, though the loss could
            train what they were drawn with.
        steps_in_train, steps_in_eval: optimizer steps with the last trained model in either mode.
        last_in_eval: steps in evaluation mode since the last one in training mode.
        attended, attended_nothing: calls of attention layers that were looked at, and those whose
            mask of padding left nothing of a sample.
        assisted: whether gradients are switched off in a quarter of the steps or more: then the
            targets may be another network's answers.
        target_counts: how often each class occurred in each of the first batches.
        own_scales: inputs of evaluations that were scaled by their own statistics.
    """

    name: str
    every: int
    passes: int
    seconds: float
    backwards: tuple[Backward, ...] = ()
    looks: tuple[StepLook, ...] = ()
    optimizers: tuple[SteppedOptimizer, ...] = ()
    schedulers: tuple[WatchedScheduler, ...] = ()
    models: tuple[WatchedModel, ...] = ()
    loaders: tuple[WatchedLoader, ...] = ()
    clips: tuple[ClippedGradients, ...] = ()
    non_finite: NonFinite | None = None
    compiled: bool = False
    ended: str = "finished"
    error: str = ""
    failure: str = ""
    moved: bool = False
    bare_judged: int = 0
    bare_uncleared: int = 0
    loaded: bool = False
    bare_slopes: tuple[float, ...] = ()
    bare_still: tuple[tuple[int, ...], ...] = ()
    copies: tuple[EvaluatedCopy, ...] = ()
    helpers: tuple[EvaluatedCopy, ...] = ()
    restored: Restored | None = None
    untrained: tuple[Untrained, ...] = ()
    loose: tuple[tuple[int, ...], ...] = ()
    unregistered: tuple[str, ...] = ()
    answers: tuple[Answers, ...] = ()
    assisted: bool = False
    leaks: tuple[Leak, ...] = ()
    detached_states: tuple[DetachedState, ...] = ()
    samples: tuple[Cut, ...] = ()
    steps_in_train: int = 0
    steps_in_eval: int = 0
    last_in_eval: int = 0
    attended: int = 0
    attended_nothing: int = 0
    target_counts: tuple[tuple[int, ...], ...] = field(default=(), repr=False)
    own_scales: tuple[OwnScale, ...] = ()

    @property
    def main(self) -> Backward | None:
        """The backward pass that was called most."""
        return max(self.backwards, key=lambda one: one.times, default=None)


def late_mean(steps: Sequence[int], errors: Sequence[float]) -> float:
    """Return the mean of what was seen in the last quarter of the steps: early ones are kept more
    densely."""
    last = [error for step, error in zip(steps, errors, strict=True) if step >= 0.75 * steps[-1]]
    return sum(last) / len(last)


def as_location(place: Place | None, advice: str) -> dict[str, Any] | None:
    """Return a finding's location: the line and what to change there."""
    if place is None:
        return None
    return {"file": place.file, "line": place.line, "code": place.code, "advice": advice}
