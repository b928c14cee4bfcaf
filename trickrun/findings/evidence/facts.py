"""What can be known of a training before it starts, as named facts: all that static rules read.

A recipe is one source of them (``recipe/facts.py``); a rule sees neither its text nor its tree.
Every fact may be None, which means unknown: a rule that rests on it then says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from trickrun.findings.evidence.data import DataEvidence

Task = Literal["classification", "regression", "multilabel"]


@dataclass(frozen=True)
class OptimizerFacts:
    """The optimizer.

    Args:
        kind: its name.
        lr: the learning rate that a schedule starts from.
        default_lr: the one that the kind has if none is given.
        high_lr, least_travel, adaptive, steps_proportional_to_lr: see the class attributes of
            tricks.optimizers.Optimizer.
        eps: what alone keeps an entry with hardly any gradient from a whole step.
        momentum: 0 for none.
        momentum_gain: how many times longer momentum makes steps in the end; 1 if it is a mean.
        betas: the shares that the running means of the gradient and of its square keep.
        weight_decay: 0 for none.
        decay_decoupled: whether that is a share of the weights times lr, apart from the gradient.
        clip_norm: largest norm of the whole gradient; infinity if it is not bounded.
    """

    kind: str | None = None
    lr: float | None = None
    default_lr: float | None = None
    high_lr: float | None = None
    least_travel: float | None = None
    adaptive: bool | None = None
    steps_proportional_to_lr: bool | None = None
    eps: float | None = None
    momentum: float | None = None
    momentum_gain: float | None = None
    betas: tuple[float, float] | None = None
    weight_decay: float | None = None
    decay_decoupled: bool | None = None
    clip_norm: float | None = None

    @property
    def rate(self) -> float | None:
        """The learning rate as momentum makes it in the end."""
        if self.lr is None or self.momentum_gain is None:
            return None
        return self.lr * self.momentum_gain

    @property
    def usual_rate(self) -> float | None:
        """The learning rate to begin with, for this momentum."""
        # A dampening of 1 leaves no step at all, and no rate makes up for that.
        if self.default_lr is None or not self.momentum_gain:
            return None
        return float(f"{self.default_lr / self.momentum_gain:.2g}")


@dataclass(frozen=True)
class ScheduleFacts:
    """The learning rate over the run.

    Args:
        kind: its name.
        warmup: below 1 a share of the run's steps, else a number of steps; 0 for none.
        ends_low: whether the rate is near 0 at the end.
        travel: the learning rate summed over all steps.
        late: the share of that in the second half of the run.
        peak: the highest learning rate; None of a schedule whose rates are its own.
        peak_at: the share of the run after which that is reached.
        mean: the mean learning rate over the highest one.
    """

    kind: str | None = None
    warmup: float | None = None
    ends_low: bool | None = None
    travel: float | None = None
    late: float | None = None
    peak: float | None = None
    peak_at: float | None = None
    mean: float | None = None


@dataclass(frozen=True)
class RunFacts:
    """How long the run is, and what happens on the way.

    Args:
        steps: optimizer steps of the whole run.
        given_steps: the same, if the length is given in steps.
        given_epochs: passes over the training split, if the length is given so.
        evaluations: how often it is evaluated.
        unfreezes: whether layers wait for their turn to be trained.
        unfrozen: how many layers, from the head, have had their turn at the end.
        unreachable: expectations of shares that no share meets: path and condition.
        metrics: names of what is measured beside the loss, where the recipe lists them.
    """

    steps: int | None = None
    given_steps: int | None = None
    given_epochs: int | None = None
    evaluations: int | None = None
    unfreezes: bool | None = None
    unfrozen: int | None = None
    unreachable: tuple[tuple[str, str], ...] | None = None
    metrics: tuple[str, ...] | None = None


@dataclass(frozen=True)
class MonitorFacts:
    """A part of the recipe that acts on how the evaluations go, played on made-up ones.

    Args:
        path: where in the recipe it stands.
        kind: what it is called.
        monitor: the value that it watches.
        mode: what it takes for better: max or min.
        higher_is_better: what is better.
        ends_run: whether it ends the run when it acts; else it lowers the learning rate. None of
            a search, which acts on trials.
        keeps_best: whether the run ends with the weights of the best evaluation.
        patience: evaluations without progress that it lets pass.
        min_delta: what an improvement must exceed to count.
        range: the largest possible difference of two values.
        blind: whether it acts although the value improves at each evaluation.
        acts_after: number of evaluations after which it acts if the value never changes; infinity
            if it never does.
    """

    path: str | None = None
    kind: str | None = None
    monitor: str | None = None
    mode: Literal["max", "min"] | None = None
    higher_is_better: bool | None = None
    ends_run: bool | None = None
    keeps_best: bool | None = None
    patience: int | None = None
    min_delta: float | None = None
    range: float | None = None
    blind: bool | None = None
    acts_after: float | None = None


@dataclass(frozen=True)
class LossFacts:
    """The loss; where the task chooses it, the chosen one.

    Args:
        kind: its name.
        automatic: whether the task chooses it.
        reduction: of a batch's losses.
        task: what it is made for.
        takes: what the network's outputs must be.
        one_output: whether the network has a single output, for two classes.
        grows_with_error: whether its gradient grows with the error.
        class_weights: whether it weighs classes.
        given_weights: the weight of each class; None if they are computed, or there are none.
        can_weigh_classes: whether it could.
    """

    kind: str | None = None
    automatic: bool | None = None
    reduction: Literal["mean", "sum"] | None = None
    task: Task | None = None
    takes: Literal["logits", "scores", "log_probabilities", "values"] | None = None
    one_output: bool | None = None
    grows_with_error: bool | None = None
    class_weights: bool | None = None
    given_weights: tuple[float, ...] | None = None
    can_weigh_classes: bool | None = None


@dataclass(frozen=True)
class NetworkFacts:
    """The network.

    Args:
        name: of its kind, or of what it learned before.
        own: whether it is a user's own module, whose layers are not known.
        activation: after each hidden layer.
        head_activation: after the last layer.
        hidden_layers: number of layers with a hidden activation.
        units: of each fully connected hidden layer.
        channels: of its convolutions, or of each stage of them; empty if it has none.
        fan_ins: inputs of a unit of each layer, as far as they are known.
        pooled: whether pooling stands between the hidden layers.
        hidden_bias: whether hidden layers have a bias whatever follows them.
        learned: whether the weights have learned something before.
        fixes_input_scale: whether they need inputs of the scale that they learned from.
        needs_normalization: whether it hardly trains without normalization layers.
    """

    name: str | None = None
    own: bool | None = None
    activation: str | None = None
    head_activation: str | None = None
    hidden_layers: int | None = None
    units: tuple[int, ...] | None = None
    channels: tuple[int, ...] | None = None
    fan_ins: tuple[int, ...] | None = None
    pooled: bool | None = None
    hidden_bias: bool | None = None
    learned: bool | None = None
    fixes_input_scale: bool | None = None
    needs_normalization: bool | None = None


@dataclass(frozen=True)
class InitFacts:
    """What the weights start at.

    Args:
        kind: the scheme's name.
        equal: whether all hidden weights are one number.
        one_sided: whether no hidden weight is negative.
        variance: of weights whose size does not follow the layer's width.
        head_bias: of the last layer: a number, or prior for the best constant answer.
    """

    kind: str | None = None
    equal: bool | None = None
    one_sided: bool | None = None
    variance: float | None = None
    head_bias: float | Literal["prior"] | None = None


@dataclass(frozen=True)
class NormalizationFacts:
    """The normalization layers.

    Args:
        kind: their name; none if there are none.
        over_samples: whether statistics are taken over the samples of a batch.
        keeps_scale: whether the size of what comes in does not matter.
        least_units: units of a layer up to which nothing but a sign is left.
        before_activation: whether they stand right before the activation.
    """

    kind: str | None = None
    over_samples: bool | None = None
    keeps_scale: bool | None = None
    least_units: int | None = None
    before_activation: bool | None = None


@dataclass(frozen=True)
class RegularizerFacts:
    """Strengths of regularizers, 0 for what is not there.

    Args:
        dropout, input_dropout: probabilities that a hidden unit, or an input, is zeroed.
        dropout_everywhere: whether dropout follows every hidden layer.
        l2, l1, elastic_net: strengths of the penalties.
        label_smoothing: share of each target that is spread over all classes.
        averages_last_weights: whether the mean of the last weights is evaluated.
        averaged: how many sets of weights go into that, counted up to 2.
    """

    dropout: float | None = None
    input_dropout: float | None = None
    dropout_everywhere: bool | None = None
    l2: float | None = None
    l1: float | None = None
    elastic_net: float | None = None
    label_smoothing: float | None = None
    averages_last_weights: bool | None = None
    averaged: int | None = None


@dataclass(frozen=True)
class AugmentationFacts:
    """One augmentation.

    Args:
        mirrors: whether it shows images as in a mirror.
        degrees: the largest angle that it turns images by.
        degrees_parameter: the parameter that says so.
        noise: deviation of the noise that it adds to normalized inputs.
        noise_parameter: the parameter that says so.
        written: the kind and its parameters, for an edit that keeps it; nothing is judged by it.
    """

    mirrors: bool | None = None
    degrees: float | None = None
    degrees_parameter: str | None = None
    noise: float | None = None
    noise_parameter: str | None = None
    written: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InputFacts:
    """What is declared of the data: how they are read, split and batched.

    Args:
        batch_size: samples a step; for a full batch the size of the training split.
        first_batch: samples of the first step's batch, if it grows from there.
        full_batch: whether each step sees all samples.
        normalize: the kind of normalization of the inputs.
        scale_targets: how values to predict are scaled.
        shuffled: whether each epoch has an order of its own.
        balanced: whether every class is shown equally often.
        zeroed: whether the inputs are switched off.
        tokens: whether inputs are token ids.
        characters: whether they are pictures of signs that people read.
        from_user: whether the user brings them, and may have scaled them before.
        dropped: the columns of a table that are left out; None if it is no table whose columns
            can be left out one by one.
        listed: the columns of a table that the recipe lists as inputs; empty if it lists none.
        weighted: whether each sample has a weight of its own.
        task_can_be_set: whether it can be said if targets are classes or values.
        channels: the axis of an image's channels as declared: auto, first or last; None where it
            cannot be declared.
        stratified: whether splits keep the classes' shares.
        folded: whether folds of the samples validate in turn.
        split_by: what decides which samples validate and test, where the recipe makes the split.
        duplicates_together: whether equal samples stay in one part then.
        training_share: share of all samples that a split leaves to train on.
        validated: whether there is a validation split.
    """

    batch_size: int | None = None
    first_batch: int | None = None
    full_batch: bool | None = None
    normalize: str | None = None
    scale_targets: str | None = None
    shuffled: bool | None = None
    balanced: bool | None = None
    zeroed: bool | None = None
    tokens: bool | None = None
    characters: bool | None = None
    from_user: bool | None = None
    dropped: tuple[str, ...] | None = None
    listed: tuple[str, ...] | None = None
    task_can_be_set: bool | None = None
    weighted: bool | None = None
    channels: str | None = None
    stratified: bool | None = None
    folded: bool | None = None
    split_by: Literal["chance", "group", "time"] | None = None
    duplicates_together: bool | None = None
    training_share: float | None = None
    validated: bool | None = None


@dataclass(frozen=True)
class Facts:
    """All that is known of a training before it starts.

    Args:
        task: what is to be predicted.
        data: what the splits are like; None if they were not looked at.
        augmentations: in their order; None if they are not known.
        monitors: what watches the evaluations; None if that is not known.
    """

    task: Task | None = None
    inputs: InputFacts = InputFacts()
    data: DataEvidence | None = None
    network: NetworkFacts = NetworkFacts()
    init: InitFacts = InitFacts()
    normalization: NormalizationFacts = NormalizationFacts()
    loss: LossFacts = LossFacts()
    optimizer: OptimizerFacts = OptimizerFacts()
    schedule: ScheduleFacts = ScheduleFacts()
    regularizers: RegularizerFacts = RegularizerFacts()
    augmentations: tuple[AugmentationFacts, ...] | None = None
    monitors: tuple[MonitorFacts, ...] | None = None
    run: RunFacts = RunFacts()
