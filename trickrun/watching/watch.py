"""Watches a training program: what happens in each step is counted, some steps are looked into.

Watching changes no number of the program: no random number is drawn, no module is altered, and what
is wrapped calls what was there. A look reads the graph that autograd has built behind the loss, the
gradients when the optimizer steps, and what the step changes.
"""

from __future__ import annotations

import math
import time
import weakref
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import Optimizer
from torch.utils.data import DataLoader

from trickrun.findings.evidence.program import (
    Answers,
    GradientLook,
    LossTerm,
    NonFinite,
    Operation,
    Place,
    Program,
    StepLook,
)
from trickrun.watching import EVERY, rewards, strength
from trickrun.watching import graph as graphs
from trickrun.watching.answers import AnswerWatch
from trickrun.watching.by_hand import tensors_of
from trickrun.watching.checkpoints import Checkpoints
from trickrun.watching.counting import Counting, is_computing
from trickrun.watching.cuts import Cuts
from trickrun.watching.entering import lost_in
from trickrun.watching.harmless import Harmless
from trickrun.watching.hooks import listening
from trickrun.watching.kept import Beginnings, LastStep, is_constant, length, rows_alike, slope
from trickrun.watching.likelihoods import likelihoods
from trickrun.watching.linear import straight
from trickrun.watching.loaders import LoaderRecord, Loaders
from trickrun.watching.models import (
    ForwardWatch,
    Modes,
    is_as_made,
    rows_of_samples,
    spread_of,
)
from trickrun.watching.optimizers import Bare, OptimizerRecord, has_values
from trickrun.watching.own_scale import OwnScales
from trickrun.watching.padded import Padded
from trickrun.watching.places import Key, OperationLines, caller_key, calling
from trickrun.watching.probe import Probe
from trickrun.watching.schedules import SchedulerRecord, new_record, parts_of
from trickrun.watching.sites import Clipping, Site
from trickrun.watching.stock import Stock, names_of, owners_of
from trickrun.watching.unregistered import Unregistered

EARLY = 6
"""Backward passes at the beginning that are all looked into: programs with several losses or
optimizers have called each of them then."""

AGAIN, MOST_AGAIN = 4, 24
"""Looks at the first steps of an optimizer that comes later, and such looks in all."""

RARER = 5
"""Looks after which they come half as often, after twice as many a third as often, and so on."""

PHASES = 4
"""Further looks come one pass later each time, up to so many: else they would always see the same
one of several losses."""

FIRST_TARGETS = 200
"""Backward passes at the beginning whose targets are counted, to tell whether they are shuffled."""

SMALL = 4096
"""Entries of targets that are counted at the end only."""

ATTENTIVE, BEFORE, AFTER = 200, 4, 2
"""Backward passes at the beginning that are attended to; then so many before a look and so many
after it are, and until each optimizer has stepped a few times. All others are only counted."""

STEPS_EACH = 3
"""Steps for each optimizer after which attention may end."""

FIRST_VALUES, MOST_ENTRIES = 12, 200_000
"""Tensors, and entries of each, that are compared with their first values."""

MOST_COPIED = 50_000_000
"""Entries of the weights that are copied for one look: 200 MB in float32."""

MOST_TERMS = 32

TESTS = 3
"""Calls of a model without gradients that are looked at before the next training step."""


class TrainingLost(KeyboardInterrupt):
    """The training can no longer succeed, and the user asked to stop then.

    A KeyboardInterrupt, because programs that catch every Exception must not go on.
    """


class Watch:
    """Watches all training in this process between ``start`` and ``stop``.

    Args:
        name: what the program is called.
        every: backward passes between two looks, at first.
        stop_when_lost: whether to raise TrainingLost at the first loss that is no number.
    """

    def __init__(self, name: str, every: int = EVERY, stop_when_lost: bool = False) -> None:
        self.name = name
        self.every = max(1, every)
        self.stop_when_lost = stop_when_lost
        self.hooks = ExitStack()
        self.began = time.monotonic()
        self.seconds, self.running = 0.0, False
        self.passes = 0
        self.in_backward = self.in_look = False
        self.next_look = self.last_look = 0
        self.counting = Counting(self)
        self.steps_attended = 0
        self.compiled = False
        self.harmless = Harmless(self.give_up)
        self.forward = ForwardWatch(self.harmless)
        self.cuts = Cuts(self.harmless)
        self.answers = AnswerWatch()
        self.probe = Probe()
        self.modes = Modes()
        self.steep: Operation | None = None
        self.sites: dict[Key, Site] = {}
        self.site: Site | None = None
        self.optimizers: dict[int, OptimizerRecord] = {}
        self.records: list[OptimizerRecord] = []
        self.gone: list[OptimizerRecord] = []
        self.schedulers: list[SchedulerRecord] = []
        self.loaders = Loaders()
        self.clips: dict[Key, Clipping] = {}
        self.looks: list[StepLook] = []
        self.stock = Stock()
        self.looked: StepLook | None = None
        self.look_gradients: list[GradientLook] = []
        self.look_done: set[int] = set()
        self.bare = Bare()
        self.before: list[tuple[torch.Tensor, torch.Tensor, float | None]] = []
        self.non_finite: NonFinite | None = None
        self.places: dict[tuple[str, int], Place] = {}
        self.targets: list[torch.Tensor | tuple[int, ...]] = []
        self.stepped_last = False
        self.in_step = self.in_closure = False
        self.scaled: tuple[weakref.ref[torch.Tensor], torch.Tensor] | None = None
        self.still_scaled = self.uses_scaler = False
        self.lines = OperationLines()
        self.switched_off: Counter[Key] = Counter()
        self.first_values: list[tuple[weakref.ref[torch.Tensor], torch.Tensor]] = []
        self.moved = False
        self.unregistered = Unregistered()
        self.early_until = self.looked_again = 0
        self.loaded_at: float = math.inf
        self.last_step = LastStep()
        self.beginnings = Beginnings()
        self.checkpoints = Checkpoints()
        self.own_scales = OwnScales()
        self.left: tuple[LoaderRecord, int] | None = None
        self.padded_sequences = Padded()
        self.forward.on_test = self.model_tested
        self.forward.on_training = self.cuts.open
        self.forward.on_test_input = lambda given: self.own_scales.tested(given, calling())

    # --- beginning and end -----------------------------------------------------------------

    def start(self) -> None:
        """Begin to watch."""
        self.began, self.running = time.monotonic(), True
        self.hooks.enter_context(listening(self, self.counting, self.harmless))
        self.open_look()

    def stop(self) -> None:
        """Stop watching; torch is as it was."""
        self.harmless(self.counting.end)()
        self.harmless(self.end_look)()
        self.harmless(self.take_stock)()
        self.close_look()
        self.hooks.close()
        self.seconds += time.monotonic() - self.began
        self.running = False

    def open_look(self) -> None:
        """Look into the forward pass that comes."""
        if not self.compiled:
            self.forward.see_training()
            self.lines.open()

    def close_look(self) -> None:
        """Look no further into forward passes."""
        self.forward.switch_off()
        self.lines.close()
        self.cuts.close()

    def give_up(self) -> None:
        """Get out of the program's way: something went wrong in here."""
        self.forward.depth = 0
        self.close_look()

    def next_due(self) -> int:
        """Return the next backward pass that is looked into."""
        following = self.passes
        if following < max(EARLY, self.early_until):
            return following
        every = self.every * (1 + following // (RARER * self.every))
        turn = following // every
        while True:
            later = turn % PHASES if every > PHASES else 0
            if turn * every + later >= following:
                return turn * every + later
            turn += 1

    # --- backward passes -------------------------------------------------------------------

    def backward_begins(self, losses: tuple[torch.Tensor, ...]) -> None:
        self.in_backward = True
        key = caller_key()
        site = self.sites.get(key)
        if site is None:
            site = self.sites[key] = Site(key)
            self.counting.learn(site)
        self.judge_gradients(site)
        self.site = site
        site.times += 1
        if self.loaders.current is not None:
            self.loaders.current.passes += 1
        loss = losses[0] if losses else None
        if self.scaled is not None:
            loss = self.unscaled_loss(loss)
        if loss is not None and loss.numel() == 1:
            self.read_loss(loss, site)
        if self.forward.handles:
            self.close_look()
            if loss is not None and self.forward.calls:
                self.probe.ask(self.forward.calls, loss, self.loaders.batch_size)
            self.forward.forget()
            self.padded_sequences.forget()

    def see_what_is_left(self) -> None:
        """An epoch may be over: take note of passes that no step has used yet."""
        left = self.site.since_step if self.site is not None else 0
        if left and self.left is None and self.loaders.current is not None:
            self.left = self.loaders.current, left

    def judge_gradients(self, site: Site) -> None:
        """See what has become of the gradients and of the step before this pass."""
        if self.left is not None:
            loader, left = self.left
            if any(record.threw_away() for record in self.records):
                loader.dropped.append(left)
            self.left = None
        if site.since_step and site is self.site and not self.in_step:
            site.unused += 1
            site.thrown_away += any(record.threw_away() for record in self.records)
        if self.last_step.changed:
            self.judge_last_step()
        for record in self.records:
            record.backward_begins(self.in_closure)

    def read_loss(self, loss: torch.Tensor, site: Site) -> None:
        """Take note of a loss; where a look is due, of the graph behind it."""
        look = self.passes == self.next_look
        if look:
            self.look_at(loss, site)
        elif self.passes >= self.answers.next or self.passes < FIRST_TARGETS:
            self.read_answers(graphs.loss_nodes(loss), site)
        if look or not loss.is_cuda:
            value = loss.item()
            site.losses.add(self.passes, value)
            if not math.isfinite(value) and self.non_finite is None:
                self.became_non_finite(loss, value)

    def backward_ended(self) -> None:
        self.in_backward = False
        self.passes += 1
        self.stepped_last = False
        if self.site is not None:
            self.site.since_step += 1
        for record in self.records:
            record.backward_ended()
        if self.in_look:
            for record in self.records:
                record.see_gradients()
            if not self.records:
                self.look_gradients += tensors_of(self.bare.tensors())
            self.in_look = False
        if self.passes > self.next_look:
            self.last_look, self.next_look = self.next_look, self.next_due()
        if self.passes == self.next_look:
            if not self.records:
                self.bare.look_comes()
            self.open_look()

    def attend(self) -> None:
        """Attend to each pass and step again: what gradients were like before is not known."""
        self.steps_attended = 0
        for site in self.sites.values():
            site.since_step = 0
        for record in self.records:
            record.forget()

    def may_count(self) -> bool:
        """Whether nothing needs attention until the next look: passes are only counted till then,
        so that watching costs a small step little."""
        return (
            self.passes >= ATTENTIVE
            and self.last_look + AFTER <= self.passes < self.next_look - BEFORE
            and self.steps_attended >= STEPS_EACH * len(self.records)
            and not (self.in_closure or self.uses_scaler or self.last_step.changed)
        )

    def unscaled_loss(self, loss: torch.Tensor | None) -> torch.Tensor | None:
        """Return the loss as it was before a gradient scaler."""
        scaled, self.scaled = self.scaled, None
        self.still_scaled = scaled is not None
        return scaled[1] if scaled is not None and scaled[0]() is loss else loss

    def look_at(self, loss: torch.Tensor, site: Site) -> None:
        """Read the graph behind a loss."""
        self.end_look()
        self.in_look = True
        graph = graphs.read(loss)
        self.forward.backward(set(graph.nodes))
        self.own_scales.trained(self.forward.calls)
        if not self.records:
            self.bare.look(graph.leaves)
        self.stock.reached(graph.leaves)
        self.cuts.reach(loss, graph.leaves)
        site.rebuilt += loss.grad_fn is None
        site.negated += graphs.is_negated(loss)
        site.summed.append(graphs.summed(loss))
        self.see_beginnings()
        self.see_whether_moved()
        if not self.first_values:
            small = sorted(graph.leaves, key=torch.Tensor.numel)[:FIRST_VALUES]
            known = [one for one in small if one.numel() <= MOST_ENTRIES] or small[:1]
            self.first_values = [(weakref.ref(one), one.detach().clone()) for one in known]
        nodes = graphs.loss_nodes(loss)
        if len(site.terms) < MOST_TERMS:
            site.terms += graphs.terms(nodes)
        rows = rows_of(site.terms)
        self.unregistered.look(graph, self.forward.calls, rows, self.stock.is_owned)
        self.read_answers(nodes, site)
        targets = [one for node in nodes if (one := graphs.targets_of(node)) is not None]
        if targets:
            mixing = graphs.mixing(graph, {len(one) for one in targets if one.ndim})
        else:
            rows = set(rows_of_samples(self.forward.calls))
            # One number for each row is a weight, as in attention to a set.
            mixing = [one for one in graphs.mixing(graph, rows) if one.shape[1] > 1]
        self.steep = graphs.steep(graph)
        self.looked = StepLook(
            self.passes,
            tuple(graphs.activities(graph)),
            (),
            tuple(mixing),
            graphs.flat(graph),
            rewards.rewarded(loss, nodes),
            likelihoods(loss),
            tuple(graphs.exchanged(graph))[:8],
            tuple(graphs.single(graph))[:8],
            tuple(graphs.outer(loss, self.forward.made()))[:8],
            strength.dropped(graph),
            strength.is_penalized(graph),
            straight(graph, self.forward.models),
            spread_of(self.forward.calls),
            self.padded_sequences.last_places(graph),
        )
        if rewards.is_weighed(graph):
            self.answers.rewarded.add(site.key)
        for number, node in enumerate(graph.nodes):
            kind = graphs.kind_of(node)
            if (kind, number) not in self.places:
                found = graphs.place_of_node(node)
                if found is not None:
                    self.places[kind, number] = found

    def see_whether_moved(self) -> None:
        """See which of the tensors of the first look have changed, and which have not though they
        get gradients."""
        if self.moved and self.records:
            return
        known = [(leaf, before) for one, before in self.first_values if (leaf := one()) is not None]
        still = [leaf for leaf, before in known if torch.equal(leaf.detach(), before)]
        self.moved = self.moved or len(still) < len(known)
        if not self.records and self.moved:
            self.bare.still = [tuple(leaf.shape) for leaf in still if has_values(leaf.grad)]

    def read_answers(self, nodes: list[graphs.LossNode], site: Site) -> None:
        """Read the predictions and targets of a pass; count the classes of its batch."""
        if self.in_look or self.passes >= self.answers.next:
            self.answers.read(nodes, site.key, self.passes, self.forward.calls)
        if self.passes < FIRST_TARGETS:
            targets = (graphs.targets_of(one) for one in nodes)
            first = next((one for one in targets if graphs.are_whole(one)), None)
            if first is not None:
                small = first.numel() <= SMALL
                # Counting a small batch takes longer than copying it.
                kept = first.clone() if small else graphs.class_counts(first)
                self.targets.append(kept)

    def target_counts(self) -> tuple[tuple[int, ...], ...]:
        """Return how often each class occurs in the first batches whose targets are classes."""
        counts = (
            graphs.class_counts(one) if isinstance(one, torch.Tensor) else one
            for one in self.targets
        )
        return tuple(one for one in counts if one)

    def became_non_finite(self, loss: torch.Tensor, value: float) -> None:
        """Find out what made a loss that is no number."""
        graph = graphs.read(loss)
        found = graphs.where_it_arose(graph, self.passes, value)
        entered = lost_in(graph) if math.isnan(value) and found.cause != "weights" else None
        if entered is not None:
            where = graphs.operation(entered[1])
            found = NonFinite(self.passes, str(value), entered[0], where)
        if found.cause == "weights" and math.isnan(value) and self.was_calm():
            # Steps that are too large throw the loss about before it is lost.
            root = graphs.unguarded_root(graph)
            if root is not None:
                found = replace(found, cause="gradient", operation=root)
        inputs = [look for record in self.forward.records for look in record.inputs]
        if not found.cause and any(look.non_finite for look in inputs):
            found = NonFinite(self.passes, str(value), "input")
        self.non_finite = found
        if self.stop_when_lost:
            raise TrainingLost(f"the loss of backward pass {self.passes + 1} is {value}")

    def was_calm(self) -> bool:
        """Whether the last losses before this one were of the usual size."""
        last = self.site.losses.values[-20:-1] if self.site is not None else []
        return (
            bool(last)
            and all(map(math.isfinite, last))
            and abs(last[-1]) <= 10 * max(abs(one) for one in last[: max(1, len(last) // 2)])
        )

    def gradient_is_lost(self) -> None:
        """A looked-at pass with a finite loss has left gradients that are no numbers."""
        if self.non_finite is None and self.looked is not None:
            step = self.looked.step
            self.non_finite = NonFinite(step, "nan", "gradient", self.steep, "sure")

    # --- optimizer steps -------------------------------------------------------------------

    def optimizer_made(self, optimizer: Optimizer) -> None:
        if self.record_of(optimizer) is None:
            self.known_optimizer(optimizer, calling())

    def record_of(self, optimizer: Optimizer) -> OptimizerRecord | None:
        """Return the record of an optimizer; None if it is not known, or another one was here."""
        record = self.optimizers.get(id(optimizer))
        return record if record is not None and record.optimizer() is optimizer else None

    def known_optimizer(self, optimizer: Optimizer, place: Place | None) -> OptimizerRecord:
        """Return the new record of an optimizer; let go of those that are gone."""
        self.gone += [record for record in self.records if record.optimizer() is None]
        self.records = [record for record in self.records if record.optimizer() is not None]
        self.counting.end()
        number = len(self.gone) + len(self.records)
        record = self.optimizers[id(optimizer)] = OptimizerRecord(optimizer, place, number)
        record.made_before([*self.gone[-100:], *self.records])
        self.records.append(record)
        return record

    def step_begins(self, optimizer: Optimizer, closure: bool) -> None:
        self.in_step, self.in_closure = True, closure
        self.cuts.leave()
        record = self.record_of(optimizer) or self.known_optimizer(optimizer, None)
        # A fused optimizer is given the factor.
        scaled = self.still_scaled and getattr(optimizer, "grad_scale", None) is None
        record.step_begins(self.passes, closure, scaled)
        if self.looked is not None and not closure and id(record) not in self.look_done:
            self.look_done.add(id(record))
            record.look()
            self.copy_weights(record)

    @torch.no_grad()
    def copy_weights(self, record: OptimizerRecord) -> None:
        """Keep the weights, and the gradients' norms, for what the step makes of them."""
        room = MOST_COPIED
        self.before = []
        for parameter in record.parameters():
            room -= parameter.numel()
            if room < 0:
                break
            gradient = parameter.grad
            dense = gradient is not None and gradient.layout == torch.strided
            norm = length(gradient) if gradient is not None and dense else None
            if norm is not None and math.isnan(norm):
                self.gradient_is_lost()
            self.before.append((parameter, parameter.detach().clone(), norm))

    def step_ended(self, optimizer: Optimizer) -> None:
        self.in_step = False
        self.cuts.leave()
        record = self.record_of(optimizer)
        if record is None:
            return
        for site in self.sites.values():
            # An optimizer that calls a closure takes as many passes as it needs.
            if site.since_step and not self.in_closure:
                site.between.append(site.since_step)
                del site.between[:-1000]
            site.stepped += bool(site.since_step) and site is self.site
            site.since_step = 0
        self.stepped_last = True
        self.count_mode()
        self.steps_attended += 1
        record.step_ended(self.in_closure)
        if record.steps == 1 and not record.again:
            self.look_again()
        if self.in_closure and self.looked is not None and id(record) not in self.look_done:
            self.look_done.add(id(record))
            record.look()
            self.look_gradients += self.seen_closure(record)
            self.take_stock()
        if self.before:
            self.look_gradients += self.seen_step(record)
            self.last_step = LastStep(record)
            self.last_step.keep((parameter, before) for parameter, before, _ in self.before)
            self.before = []
            self.take_stock()
        if self.may_count():
            self.counting.begin(self.next_look - BEFORE)

    def count_mode(self) -> None:
        """Count the mode in which a step was taken."""
        in_eval = self.forward.last_in_eval()
        self.modes.add(in_eval)
        if self.loaders.current is not None:
            self.loaders.current.steps += 1
            self.loaders.current.in_eval += in_eval

    def look_again(self) -> None:
        """An optimizer has begun: look at its first steps, if those of the program are over."""
        if self.passes < EARLY or self.in_closure or self.looked_again >= MOST_AGAIN:
            return
        self.early_until = self.passes + AGAIN
        self.looked_again += AGAIN
        self.next_look = self.passes
        self.open_look()

    def end_look(self) -> None:
        """Keep the last look, with the steps of all optimizers that came after it."""
        if self.looked is not None:
            self.looks.append(replace(self.looked, gradients=tuple(self.look_gradients)))
        self.looked, self.look_gradients, self.look_done = None, [], set()

    @torch.no_grad()
    def seen_step(self, record: OptimizerRecord) -> list[GradientLook]:
        """Return what a step of an optimizer made of the weights."""
        names, owners, rates = names_of(self.forward), owners_of(self.forward), record.rates()
        gradients = []
        for parameter, before, norm in self.before:
            size = length(before)
            difference = parameter.detach() - before
            change = length(difference)
            owner = owners.get(id(parameter))
            gradients.append(
                GradientLook(
                    names.get(id(parameter), ""),
                    type(owner).__name__ if owner is not None else "",
                    parameter.ndim,
                    norm,
                    norm / math.sqrt(parameter.numel()) if norm is not None else None,
                    change / size if size > 0 else None,
                    size,
                    rows_alike(parameter),
                    slope(parameter.grad, difference, norm, change),
                    record.number,
                    rates.get(id(parameter), 0.0),
                    is_constant(before),
                    size / math.sqrt(len(before)) if parameter.ndim >= 2 else 0.0,
                    owner is not None and is_as_made(owner, parameter, before),
                )
            )
        return gradients

    def seen_closure(self, record: OptimizerRecord) -> list[GradientLook]:
        """Return what the weights are like after a step that computed its gradients itself: it may
        have gone back and forth, so that its change says nothing about one gradient."""
        names = names_of(self.forward)
        return [
            GradientLook(
                names.get(id(parameter), ""),
                "",
                parameter.ndim,
                None,
                None,
                None,
                alike=rows_alike(parameter),
                optimizer=record.number,
            )
            for parameter in record.parameters()
        ]

    # --- everything else -------------------------------------------------------------------

    def scheduler_made(self, scheduler: LRScheduler, optimizer: Optimizer) -> None:
        record = self.record_of(optimizer)
        steps = record.steps if record is not None else 0
        self.schedulers.append(
            new_record(scheduler, optimizer, calling(), steps, self.loaders.epochs)
        )

    def scheduler_combined(self, scheduler: Any) -> None:
        """A scheduler was made of others, which it alone steps."""
        parts = parts_of(scheduler)
        for one in self.schedulers:
            one.inner = one.inner or any(one.scheduler() is part for part in parts)
        self.scheduler_made(scheduler, scheduler.optimizer)

    def metric_given(self, scheduler: Any, metric: Any) -> None:
        """A ReduceLROnPlateau was stepped."""
        rate = float(scheduler.optimizer.param_groups[0]["lr"])
        for one in self.schedulers:
            if one.scheduler() is scheduler:
                one.metric_given(self.passes, metric, rate)

    def loader_made(self, loader: DataLoader[Any]) -> None:
        self.loaders.made(loader)

    def epoch_begins(self, loader: DataLoader[Any]) -> None:
        self.see_what_is_left()
        self.loaders.begins(loader)
        place = self.loaders.current.place if self.loaders.current is not None else None
        self.own_scales.read(id(loader), loader.dataset, place)

    def padded(self, output: Any, batch_first: bool) -> None:
        if self.forward.training and torch.is_grad_enabled():
            self.padded_sequences.add(output, batch_first)

    def clipped(self, bound: float, norm: torch.Tensor | None) -> None:
        key = caller_key()
        clipping = self.clips.setdefault(key, Clipping(key, bound))
        clipping.times += 1
        clipping.after_step += self.stepped_last
        clipping.scaled += self.still_scaled
        if norm is not None and (norm.device.type == "cpu" or self.looked is not None):
            clipping.norms.add(self.passes, float(norm))

    def loss_scaled(self, loss: torch.Tensor, scaled: torch.Tensor) -> None:
        self.scaled, self.uses_scaler = (weakref.ref(scaled), loss), True
        self.counting.end()

    def unscaled(self, optimizer: Optimizer) -> None:
        self.still_scaled = False

    def gradients_switched_off(self) -> None:
        """Perhaps a validation begins: look at the first calls of a model in it.

        What a line does without gradients once in four passes or more is a part of the training:
        targets that another network gives, samples of a generator, or updates by hand.
        """
        self.cuts.leave()
        if self.in_step or self.in_backward or self.compiled or not self.passes:
            return
        if self.counting.on and is_computing():
            return
        line = caller_key()
        self.switched_off[line] += 1
        if self.switched_off[line] <= self.passes // 4:
            self.forward.see_tests(TESTS)
            last = self.forward.last_trained
            if last is not None and (module := last()) is not None:
                self.checkpoints.evaluated(module, self.passes)

    def weights_loaded(self, module: nn.Module, state: Any) -> None:
        self.loaded_at = min(self.loaded_at, self.passes)
        self.beginnings.loaded.add(module)
        self.checkpoints.loads(module, state, self.passes, calling())

    def evaluation_begins(self, module: nn.Module) -> None:
        """A module is put into evaluation mode."""
        record = self.forward.models.get(module)
        if record is not None:
            record.evaluated = True
            if record.trained:
                self.checkpoints.evaluated(module, self.passes)

    def compiles(self) -> None:
        self.close_look()
        self.compiled = True

    # --- what was seen ---------------------------------------------------------------------

    def take_stock(self) -> None:
        """Take note of what can only be asked of objects that still exist: a program may make
        them in a function, and they are gone when it returns."""
        self.see_whether_moved()
        self.stock.take(self.records, self.forward, self.cuts)
        for one in self.schedulers:
            optimizer = one.optimizer()
            stepped = self.record_of(optimizer) if optimizer is not None else None
            if stepped is not None:
                one.number = stepped.number
                one.take_stock(stepped.steps, self.loaders.epochs)

    def see_beginnings(self) -> None:
        """Take note of which optimizers a loss reaches, and of how trained models begin."""
        for record in self.records:
            record.reached = record.reached or any(map(self.stock.is_leaf, record.parameters()))
        for module, model in self.forward.models.items():
            if model.trained:
                self.beginnings.keep(module)
        for module, place in self.forward.helpers.items():
            if (known := self.forward.models.get(module)) is None or not known.trained:
                self.beginnings.helps(module, place)

    def judge_last_step(self) -> None:
        """See whether what the last looked-at step changed is still there."""
        undone, record = self.last_step.is_undone(), self.last_step.record
        if undone is not None and record is not None:
            record.kept += 1
            record.undone += undone

    def model_tested(self, module: nn.Module) -> None:
        """A model that was not trained so far is evaluated."""
        place = calling()
        self.beginnings.evaluated(module, place)
        trained = [one for one, model in self.forward.models.items() if model.trained]
        self.checkpoints.tested(module, trained, self.passes, place)

    def program(self, ended: str = "finished", error: str = "") -> Program:
        """Return what was seen; see Program for how it ``ended``."""
        since = time.monotonic() - self.began if self.running else 0.0
        answers: tuple[Answers, ...] = ()
        with self.harmless.part():
            answers = self.answers.told()
        return Program(
            name=self.name,
            every=self.every,
            passes=self.passes,
            seconds=self.seconds + since,
            backwards=tuple(site.told() for site in self.sites.values()),
            looks=tuple(self.looks),
            optimizers=tuple(record.told() for record in self.gone + self.records),
            schedulers=tuple(record.told() for record in self.schedulers if not record.inner),
            models=tuple(record.told() for record in self.forward.records),
            loaders=self.loaders.told(),
            clips=tuple(clipping.told() for clipping in self.clips.values()),
            non_finite=self.placed(self.non_finite),
            compiled=self.compiled,
            ended=ended,
            error=error,
            failure=self.failure,
            moved=self.moved,
            bare_judged=self.bare.judged,
            bare_uncleared=self.bare.uncleared,
            loaded=self.loaded_at < self.passes,
            bare_slopes=tuple(self.bare.slopes),
            bare_still=tuple(self.bare.still),
            copies=tuple(self.beginnings.found.values()),
            helpers=tuple(self.beginnings.helpers.values()),
            restored=self.checkpoints.restored,
            untrained=tuple(self.checkpoints.untrained.values()),
            loose=tuple(self.stock.loose.values()),
            unregistered=self.unregistered.told(self.stock.is_owned),
            answers=answers,
            leaks=tuple(self.probe.leaks),
            detached_states=self.forward.states.told(),
            samples=self.stock.samples,
            steps_in_train=self.modes.in_train,
            steps_in_eval=self.modes.in_eval,
            last_in_eval=self.modes.last_in_eval,
            attended=self.forward.attended,
            attended_nothing=self.forward.attended_nothing,
            assisted=max(self.switched_off.values(), default=0) > self.passes // 4,
            target_counts=self.target_counts(),
            own_scales=tuple(self.own_scales.found.values()),
        )

    @property
    def failure(self) -> str:
        """What went wrong in the watcher itself; empty if nothing did."""
        error = self.harmless.failure
        return f"{type(error).__name__}: {error}" if error is not None else ""

    def placed(self, found: NonFinite | None) -> NonFinite | None:
        """Return where a number was lost, with the line that earlier looks saw such an operation
        at."""
        if found is None or found.operation is None or found.operation.place is not None:
            return found
        kind = found.operation.kind
        place = next((one for (name, _), one in self.places.items() if name == kind), None)
        operation = Operation(kind, found.operation.shape, place)
        return replace(found, operation=operation)


def rows_of(terms: list[LossTerm]) -> set[int]:
    """Return the sizes of the first axis of what losses compare."""
    targets = [one.targets.shape for one in terms if one.targets is not None]
    shapes = [shape for one in terms for shape in (one.prediction, one.compared)]
    return {shape[0] for shape in (*shapes, *targets) if shape}
