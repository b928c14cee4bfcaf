"""What the batches of a program are like."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, median

from trickrun.findings.evidence.program import Answers, Program, WatchedModel, as_location
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.data.class_weights import AGAINST, grows_with_class
from trickrun.findings.rules.data.inputs import DARK, FAINT, GONE, HUGE, LARGE
from trickrun.findings.rules.program.courses import FELL
from trickrun.findings.rules.program.parts import last_of_padding
from trickrun.findings.rules.program.rates import SETTLED, too_low
from trickrun.findings.rules.program.steps import competing, cut_off, place_or

MIXED = 0.6
"""Share of the commonest class in all batches together below which batches of few classes are no
property of the data; own."""

APART = 0.5
"""Share of the targets' variance between batches from which on they are sorted: the bound of TR17
for recipes."""

COMB = 0.8
"""Difference of values at the distance of the channels over that of neighbours below which images
were cut the wrong way; own: in images it is above 1, in noise 1."""

RECURRING = 0.3
"""Share of batches that occurred before from which on their order is kept; own."""

OTHER_MEAN, OTHER_SCALE = 3.0, 5.0
"""Distance of evaluation's inputs from training's, in deviations, and ratio of the deviations, from
which on they are in another unit; the ratio is the recipe rule's, the distance own, since a
program's batches may be of one kind."""

BIG, SMALL, FAR = 10.0, 0.1, 50.0
"""Sizes of targets that are unscaled, and badly so: the bounds of TR06 for recipes."""

LEARNED = 0.3
"""Share of a constant's error below which targets of any size count as learned; own."""

FEWEST = 20
"""Batches from which on answers are judged; own."""

LONG = 300
"""Backward passes from which on a network that predicts values must beat their mean; own: targets
that are mostly noise, as of diffusion, take long."""

HARDLY, MANY = 0.8, 300
"""Share of a constant's error above which a network may have learned what it knows by heart, and
samples from which on learners that find nothing are evidence for that; own."""

PAIRS, GAIN = 100, 0.03
"""Samples that simple learners need, and the share of the variance by which they must beat random
pairs to have found something; own. Of four random orders the best one has about 0.01."""

BATCHES, SAMPLES = 4, 8
"""Batches, and samples in each, from which on an order of classes can be told from chance."""


def sorted_by_class(program: Program) -> Iterator[Finding]:
    """TR17: batches of one class each, one class after the other; traps: data of one class mostly,
    and batches too small to tell."""
    counts = [one for one in program.target_counts if sum(one) >= SAMPLES]
    if len(counts) < BATCHES:
        return
    classes = max(len(one) for one in counts)
    totals = [sum(one[k] for one in counts if k < len(one)) for k in range(classes)]
    purity = fmean(max(one) / sum(one) for one in counts)
    apart = 1 - fmean(map(impurity, counts)) / max(impurity(totals), 1e-12)
    if apart < APART or max(totals) > MIXED * sum(totals):
        return
    loader = next((one for one in program.loaders if one.trains and not one.shuffled), None)
    place = loader.place if loader else program.main.place if program.main else None
    why = (
        f"In the first {len(counts)} batches {purity:.0%} of the samples are of the batch's "
        "commonest class, and that changes from batch to batch. Each batch makes the network "
        "forget the others."
    )
    advice = "pass shuffle=True" if loader else "shuffle the samples before each epoch"
    yield Finding("TR17", "Not shuffled", "error", 0.9, place_or(place, "batches"),
                  {"purity": purity, "between": apart, "batches": len(counts)}, why,
                  location=as_location(place, advice))  # fmt: skip


def impurity(counts: Sequence[int]) -> float:
    """Return the chance that two draws from these counts are of two classes."""
    return 1 - sum(one * one for one in counts) / sum(counts) ** 2


def first_batch_only(program: Program) -> Iterator[Finding]:
    """TR17: a loader that is begun anew for each step and does not shuffle, so that each step has
    its first batch; traps: a single batch an epoch, and a loader that shuffles."""
    for loader in program.loaders:
        samples, size = loader.samples or 0, loader.batch_size or 0
        if loader.shuffled or not loader.trains or loader.steps < FEWEST or not size:
            continue
        if samples <= size or loader.epochs < loader.steps:
            continue
        why = (
            f"The loader was begun {loader.epochs} times for {loader.steps} steps and does not "
            f"shuffle: each step has the same first {size} of {samples} samples."
        )
        advice = "iterate over the loader: for batch in loader; and pass shuffle=True"
        yield Finding("TR17", "Only the first batch is seen", "error", 0.95,
                      place_or(loader.place, "batches"),
                      {"begun": loader.epochs, "steps": loader.steps}, why,
                      location=as_location(loader.place, advice))  # fmt: skip


def among_inputs(program: Program) -> Iterator[Finding]:
    """TR97: a target that is one of the inputs, as a label that was left in a table, or a window
    that ends with what is to be predicted; traps: inputs that are to be restored, and tasks made up
    of one input, of which the others tell nothing."""
    for answers in program.answers:
        if answers.copied is None or answers.opposed or answers.rewarded or program.assisted:
            continue
        why = (
            f"Number {answers.copied + 1} of each sample's inputs, counted from 1, is its target, "
            "or a multiple of it, in all samples that were looked at. The network has only to copy "
            "it. New samples may not have it."
        )
        advice = "leave the target out of the inputs, or predict one step further ahead"
        yield Finding("TR97", "Target among the inputs", "warning", 0.8,
                      place_or(answers.place, "targets"), {"input": answers.copied}, why,
                      location=as_location(answers.place, advice))  # fmt: skip


def weights_upside_down(program: Program) -> Iterator[Finding]:
    """TR94: weights of classes that grow with the classes, as where shares were written in the
    place of their inverse; trap: weights that make up for rare classes, or nearly equal ones."""
    for answers in program.answers:
        present = [(count, weight) for count, weight in answers.weighted if count]
        if len(present) < 2 or not grows_with_class(present):
            continue
        (most, heavy), (least, light) = max(present), min(present)
        factor = heavy / max(light, 1e-12)
        if factor < AGAINST:
            continue
        why = (
            f"The loss weighs the commonest class {factor:.3g} times as much as the rarest, which "
            f"has {least / most:.2g} as many samples. The network may ignore the rare one."
        )
        advice = "weigh each class by the inverse of its share: total / (classes * counts)"
        yield Finding("TR94", "Class weights upside down", "error", 0.9,
                      place_or(answers.place, "loss"),
                      {"weights": [one for _, one in present]}, why,
                      location=as_location(answers.place, advice))  # fmt: skip


def sorted_by_value(program: Program) -> Iterator[Finding]:
    """TR17: batches of similar values to predict, in the same order each epoch; traps: batches that
    are tasks or recordings of their own, and a few batches."""
    for answers in program.answers:
        if answers.kind != "values" or not answers.alone or len(answers.errors) < 2 * BATCHES:
            continue
        if not answers.between > APART or answers.chosen or program.assisted:
            continue
        loader = next((one for one in program.loaders if one.trains and not one.shuffled), None)
        if loader is None and answers.recurring < RECURRING:
            continue
        place = loader.place if loader else answers.place
        why = (
            f"{answers.between:.0%} of the targets' variance lies between the batches: the values "
            "within a batch are alike. Each batch pulls the network towards its own mean."
        )
        advice = "pass shuffle=True" if loader else "shuffle the samples before each epoch"
        yield Finding("TR17", "Not shuffled", "error" if loader else "warning", 0.8,
                      place_or(place, "batches"), {"between": answers.between}, why,
                      location=as_location(place, advice))  # fmt: skip


def trained(program: Program) -> list[WatchedModel]:
    """Return the models that were trained and whose inputs were seen."""
    return [model for model in program.models if model.trained and model.inputs]


def non_finite(program: Program) -> Iterator[Finding]:
    """TR05: inputs that are no numbers."""
    for model in trained(program):
        bad = [look for look in model.inputs if look.non_finite]
        if bad:
            why = (
                f"The inputs of {model.name} hold {bad[0].non_finite} values that are NaN or "
                "infinite. They make every weight behind them NaN in one step."
            )
            yield Finding("TR05", "NaN or infinity in the inputs", "error", 0.98, model.name,
                          {"values": bad[0].non_finite}, why,
                          location=as_location(model.line, "replace or drop them where the data "
                                               "are loaded"))  # fmt: skip


def entered(program: Program) -> Iterator[Finding]:
    """TR05: data that made the first loss NaN, wherever they entered it: a second input, or the
    targets; trap: an operation that makes NaN of numbers, which is TR121."""
    lost = program.non_finite
    if lost is None or lost.cause not in ("input", "targets"):
        return
    if any(look.non_finite for model in trained(program) for look in model.inputs):
        return  # said already
    known = lost.operation.place if lost.operation is not None else None
    place = known or (program.main.place if program.main else None)
    which = "targets" if lost.cause == "targets" else "inputs"
    why = (
        f"The loss of backward pass {lost.step + 1} is the first that is {lost.value}: its {which} "
        "hold NaN, while the weights and all that was computed of them were numbers. One such "
        "value makes every weight NaN in one step."
    )
    advice = f"drop or replace samples whose {which} are NaN where the data are made"
    yield Finding("TR05", f"NaN or infinity in the {which}", "error", 0.95, place_or(place, which),
                  {"step": lost.step}, why, location=as_location(place, advice))  # fmt: skip


def unscaled(program: Program) -> Iterator[Finding]:
    """TR01: inputs far from size 1; trap: a network that normalizes them itself, or, unless they
    are huge, what its first layer makes of them."""
    for model in trained(program):
        if model.normalizes_input or any(look.non_finite for look in model.inputs):
            continue
        # Trained in two phases, a network may get other inputs in the second one.
        half = -(-len(model.inputs) // 2)
        phases = (model.inputs[:half], model.inputs[half:] or model.inputs[:half])
        size = max(median(math.hypot(one.mean, one.std) for one in phase) for phase in phases)
        if not size > LARGE or (model.normalizes_first and size <= HUGE):
            continue
        grave: Severity = "error" if size > HUGE and not model.batch_norms else "warning"
        low = min(look.low for look in model.inputs)
        high = max(look.high for look in model.inputs)
        why = (
            f"The inputs of {model.name} have a size of about {size:.3g} (from {low:.4g} to "
            f"{high:.4g}); about 1 is right. Large inputs make every step too long for the first "
            "layer."
        )
        advice = (
            "subtract the training data's mean and divide by its standard deviation before "
            "this call"
        )
        yield Finding("TR01", "Unscaled inputs", grave, 0.8 if grave == "error" else 0.6,
                      model.name, {"size": size, "low": low, "high": high}, why,
                      location=as_location(model.line, advice))  # fmt: skip


def channels_side_by_side(program: Program) -> Iterator[Finding]:
    """TR103: images [N, C, H, W] whose rows have the channels of each pixel side by side, as where
    [N, H, W, C] was reshaped; traps: noise, and patterns that repeat at that distance."""
    for model in trained(program):
        looks = [look for look in model.inputs if len(look.shape) == 4]
        if len(looks) < 2 or any(look.comb > COMB for look in looks):
            continue
        shape = looks[-1].shape
        why = (
            f"The inputs of {model.name} have the shape {list(shape)}, but along a row each value "
            f"is more like that {shape[1]} places further than like its neighbour: the channels of "
            "a pixel lie side by side. A reshape does not move an axis."
        )
        advice = "move the channels with permute(0, 3, 1, 2), not with view or reshape"
        yield Finding("TR103", "Channels on the last axis", "error", 0.85, model.name,
                      {"comb": median(look.comb for look in looks)}, why,
                      location=as_location(model.place, advice))  # fmt: skip


def constant(program: Program) -> Iterator[Finding]:
    """TR04: batches whose samples are all alike."""
    for model in trained(program):
        several = [look for look in model.inputs if look.shape and look.shape[0] > 1]
        if len(several) < 2 or any(look.constant < 1.0 for look in several):
            continue
        why = (
            f"All samples of a batch that enters {model.name} are equal, in each of "
            f"{len(several)} batches: the network cannot tell them apart."
        )
        location = as_location(model.line, "look at how the batches are made")
        yield Finding("TR04", "Constant features", "error", 0.9, model.name,
                      {"batches": len(several)}, why, location=location)  # fmt: skip


def faint(program: Program) -> Iterator[Finding]:
    """TR02: inputs that were scaled down twice; traps: a network that normalizes them itself, and
    sparse codes, whose few ones are large."""
    for model in trained(program):
        looks = [look for look in model.inputs if not look.non_finite]
        if model.normalizes_input or not looks or all(look.constant == 1 for look in looks):
            continue
        spread = median(math.hypot(look.mean, look.std) for look in looks)
        low, high = min(look.low for look in looks), max(look.high for look in looks)
        if spread >= FAINT or max(abs(low), abs(high)) >= DARK:
            continue
        grave: Severity = "error" if spread < GONE and not model.batch_norms else "warning"
        why = (
            f"The inputs of {model.name} lie between {low:.3g} and {high:.3g}, with a size of "
            f"about {spread:.2g}; about 1 is right. That looks as if they had been scaled twice. "
            "They hardly affect the network's outputs."
        )
        advice = (
            "look where the inputs are divided, as by 255: once is enough. Or divide them by "
            "the training data's standard deviation"
        )
        yield Finding("TR02", "Inputs scaled twice", grave, 0.85 if grave == "error" else 0.6,
                      model.name, {"size": spread, "low": low, "high": high}, why,
                      location=as_location(model.line, advice))  # fmt: skip


def unlike(program: Program) -> Iterator[Finding]:
    """TR03: inputs of another unit in evaluation than in training; traps: single samples, a network
    that samples from noise, and one that is trained on inputs of several scales."""
    for model in trained(program):
        train = [one for one in model.inputs if not one.non_finite and one.std > 0]
        test = [
            one
            for one in model.test_inputs
            if not one.non_finite and len(one.shape) > 1 and one.shape[0] >= SAMPLES
        ]
        if not train or not test or competing(program):
            continue
        spread = median(one.std for one in train)
        wide = max(one.std for one in train) / min(one.std for one in train)
        far = [abs(one.mean - median(t.mean for t in train)) / spread for one in test]
        scale = [one.std / spread for one in test]
        moved = min(far) > OTHER_MEAN or min(scale) > OTHER_SCALE or max(scale) < 1 / OTHER_SCALE
        if not moved or wide > OTHER_SCALE:
            continue
        why = (
            f"In evaluation the inputs of {model.name} have a spread of {median(scale):.3g} times "
            f"that in training, and their mean is {median(far):.3g} deviations away. They were "
            "not scaled in the same way."
        )
        advice = "scale these inputs with the training data's mean and deviation"
        yield Finding("TR03", "Splits scaled differently", "error", 0.85,
                      place_or(model.tested_at, model.name),
                      {"scale": median(scale), "mean": median(far)}, why,
                      location=as_location(model.tested_at, advice))  # fmt: skip


def scaled_by_themselves(program: Program) -> Iterator[Finding]:
    """TR03: an evaluation whose inputs were scaled by their own statistics; traps: samples of the
    training, and batches or windows that are all scaled by themselves."""
    for one in program.own_scales:
        said = "means of exactly 0 and deviations of 1" if one.how == "standard" else (
            "values from exactly 0 to 1 in each column")  # fmt: skip
        why = (
            f"The {one.samples} samples that are evaluated here have {said}, and none of the "
            "training is among them: they were scaled by their own statistics, not by those of the "
            "training. The same sample is then another number than in training."
        )
        advice = "fit the scaling on the training data, and only transform (not fit) all others"
        yield Finding("TR03", "Splits scaled differently", "warning", 0.8,
                      place_or(one.place, "inputs"), {"samples": one.samples, "how": one.how}, why,
                      location=as_location(one.place, advice))  # fmt: skip


def unscaled_targets(program: Program) -> Iterator[Finding]:
    """TR06: values to predict that are far from size 1, in a network that has not learned them;
    trap: networks that learn them all the same."""
    for answers in judged(program):
        if (
            answers.kind != "values"
            or not answers.size > 0
            or answers.late < LEARNED * (answers.constant)
        ):
            continue
        if SMALL <= answers.size <= BIG:
            continue
        lost = answers.size > FAR and not answers.late < (1 - FELL) * answers.late_constant
        why = (
            f"The targets have a size of about {answers.size:.3g}; about 1 is right. The mean "
            f"squared error is still {answers.late:.3g}, and always answering with their mean has "
            f"{answers.constant:.3g}."
        )
        advice = (
            "subtract the training targets' mean and divide by their standard deviation; "
            "undo it where you predict"
        )
        yield Finding("TR06", "Unscaled targets", "error" if lost else "warning", 0.8 if lost else
                      0.65, place_or(answers.place, "targets"), {"size": answers.size}, why,
                      location=as_location(answers.place, advice))  # fmt: skip


def judged(program: Program) -> Iterator[Answers]:
    """Yield the answers whose errors can be compared with a constant's; traps: another network's
    answers as targets, values of chosen actions, returns, whose noise is that of the choices, and
    networks that compete, in turn or through a reversed gradient."""
    if program.passes < SETTLED or competing(program):
        return
    for answers in program.answers:
        if (program.assisted or answers.rewarded) and answers.kind == "values":
            continue
        if answers.opposed:
            continue
        if not answers.alone and others_learned(program, answers):
            continue
        enough = len(answers.errors) >= FEWEST and answers.steps[-1] >= SETTLED // 2
        if enough and not answers.chosen and answers.constant > 0:
            yield answers


def others_learned(program: Program, answers: Answers) -> bool:
    """Whether the same is learned from another part of the loss, as where samples are mixed."""
    return any(
        other is not answers and other.kind == answers.kind and other.late < 0.9 * other.constant
        for other in program.answers
    )


def is_stuck(answers: Answers) -> bool:
    """Whether the last answers are no better than a constant."""
    return answers.late >= (1 - FELL) * answers.late_constant


def no_better(program: Program) -> Iterator[Finding]:
    """TR112: answers that end no better than a constant; traps: short runs, of which the errors of
    values are still large, and a loss that is one of several."""
    for answers in judged(program):
        if not is_stuck(answers):
            continue
        long = answers.kind != "values" or program.passes >= LONG
        grave: Severity = "error" if answers.alone and long else "warning"
        what = "mean squared error" if answers.kind == "values" else "cross-entropy"
        why = (
            f"After {program.passes} backward passes the {what} is {answers.late:.4g}. Always "
            f"answering the same costs {answers.late_constant:.4g}: nothing was learned."
        )
        numbers = {"loss": answers.late, "constant": answers.constant, "skill": answers.skill}
        advice = "see the causes; else check that inputs and targets belong to the same samples"
        if answers.skill is not None and answers.skill > answers.chance + GAIN:
            why += (
                f" A simple learner explains {answers.skill:.0%} of the same targets' variance "
                "from the same inputs: the fault is in the network or its training."
            )
            advice = "see the causes; else try other learning rates, and overfit one batch"
        place = answers.called if answers.alone else answers.place
        yield Finding("TR112", "No better than a constant answer", grave, 0.75 if grave == "error"
                      else 0.55, place_or(place, "loss"), numbers, why,
                      location=as_location(place, advice))  # fmt: skip


def unrelated(program: Program) -> Iterator[Finding]:
    """TR10: targets that neither the network nor simple learners can tell from the inputs; traps:
    few samples, targets that the network learns and the learners do not, and a network that could
    not learn anything, as its steps are too small or a part of it is cut off from the loss."""
    lost = [*cut_off(program), *last_of_padding(program)]
    if any(True for _ in too_low(program)) or any(one.severity == "error" for one in lost):
        return
    for answers in judged(program):
        if answers.skill is None or answers.samples < PAIRS:
            continue
        if answers.skill > answers.chance + GAIN:
            continue
        new = in_first_epoch(program, answers)
        share = answers.late / answers.late_constant
        if is_stuck(answers) or (share >= HARDLY and answers.samples >= MANY):
            seen = "the network is hardly better than a constant answer"
        elif (
            len(new) >= FEWEST // 2
            and fmean(new) >= (1 - FELL) * answers.constant
            and not is_quick(program, answers)
        ):
            seen = (
                "in the first epoch, in which each sample was new, the network was no better than "
                "a constant answer; what it learns later it memorizes"
            )
        else:
            continue
        why = (
            f"The targets do not seem to depend on the inputs: {seen}, and neither nearest "
            f"neighbours nor a linear model predict them on {answers.samples} samples."
        )
        advice = (
            "check where inputs and targets are put together: one of them may be shuffled, "
            "sorted, moved or reshaped without the other"
        )
        yield Finding("TR10", "Targets unrelated to inputs", "warning", 0.7,
                      place_or(answers.place, "targets"),
                      {"skill": answers.skill, "chance": answers.chance}, why,
                      location=as_location(answers.place, advice))  # fmt: skip


def is_quick(program: Program, answers: Answers) -> bool:
    """Whether the network is clearly better than a constant when it has seen each sample only three
    times: it cannot have learned so many by heart."""
    errors = in_epochs(program, answers, 2, 3)
    return bool(errors) and fmean(errors) < HARDLY * answers.constant


def in_first_epoch(program: Program, answers: Answers) -> list[float]:
    """Return the errors of the second half of the first epoch; [] where its length is unknown."""
    return in_epochs(program, answers, 0.5, 1)


def in_epochs(program: Program, answers: Answers, begin: float, end: float) -> list[float]:
    """Return the errors from one moment to another, in epochs; [] where their length is unknown."""
    loader = max((one for one in program.loaders if one.trains), key=lambda one: one.epochs,
                 default=None)  # fmt: skip
    if loader is None or not loader.samples or not loader.batch_size:
        return []
    batches = loader.samples // loader.batch_size
    return [
        error
        for step, error in zip(answers.steps, answers.errors, strict=True)
        if int(begin * batches) <= step < end * batches
    ]


RULES = (
    non_finite,
    entered,
    unscaled,
    faint,
    unlike,
    scaled_by_themselves,
    channels_side_by_side,
    constant,
    sorted_by_class,
    sorted_by_value,
    first_batch_only,
    weights_upside_down,
    among_inputs,
    unscaled_targets,
    unrelated,
    no_better,
)
