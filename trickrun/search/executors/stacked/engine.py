"""The vectorised engine: trials of one shape train together as one stacked program.

``train_stack`` is the loop of training/loop.py for many jobs at once. What a step and an evaluation
are is in step.py; when a run is evaluated, stops or has diverged is decided by that loop's own
functions, trial by trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

import torch

from trickrun.search.details import scored_part
from trickrun.search.executors.stacked.step import Stack
from trickrun.search.segment import States
from trickrun.training.checkpoint import Progress
from trickrun.training.evaluation import validate
from trickrun.training.events import End, NonFinite
from trickrun.training.job import RecipeJob
from trickrun.training.loop import is_evaluation, stops
from trickrun.training.spans import iterated
from trickrun.training.step_buffer import BUFFERED_STEPS, StepBuffer


class Member:
    """A trial in a stack.

    Args:
        place: its place among the jobs that the stack began with.
        state: where it goes on; None: at the beginning.
    """

    def __init__(self, place: int, job: RecipeJob, state: States | None) -> None:
        self.place = place
        self.job = job
        self.progress = Progress(**state["progress"]) if state else Progress()
        self.best: dict[str, float] = state["best"] if state else {}
        self.buffer = StepBuffer()
        self.outputs: torch.Tensor | None = None
        """Of the weights to keep, for the part that they are scored on, if anybody wants them."""
        self.kept_at = -1
        """The step at which these weights were evaluated; -1: they have not been."""

    def state(self, in_stack: States) -> States:
        """Return the state from which it goes on; ``in_stack`` is its row of the stack."""
        return {"stack": in_stack, "progress": asdict(self.progress), "best": self.best}

    def end_block(self, finite: bool) -> NonFinite | None:
        """Take over the steps since the last fetch; return the error if one of them diverged.

        Args:
            finite: whether they left only finite weights.
        """
        try:
            steps = self.buffer.fetch(self.job, self.progress)
        except NonFinite as error:
            return error
        self.buffer = StepBuffer()
        return None if finite else NonFinite(self.progress.step, steps.losses[-1])

    def evaluate(self, prediction: torch.Tensor | None) -> End | None:
        """Event an evaluation of outputs [N, outputs] for the validation split, if it is time;
        return how the run ended, if it did."""
        if not is_evaluation(self.job, self.progress.step):
            return None
        evaluation = validate(self.job, self.progress, prediction)
        if evaluation.improved:
            self.best = evaluation.values
        if evaluation.improved or not self.job.stopping.restore_best:
            self.kept_at = self.progress.step
        if stops(self.job, self.progress):
            return End("early_stopping", self.best)
        if self.progress.step == self.job.span.steps:
            return End(self.job.settings.length, self.best)
        return None


@iterated("training")
def train_stack(
    jobs: Sequence[RecipeJob],
    states: Sequence[States] = (),
    stop_at: int | None = None,
    keep: Callable[[int, States], None] = lambda place, state: None,
    over: Callable[[], bool] = lambda: False,
    moved: Callable[[float], None] = lambda done: None,
    kept: Callable[[int, Progress, torch.Tensor], None] | None = None,
) -> Iterator[tuple[int, End | NonFinite]]:
    """Train jobs of one shape and yield each one's place and how it ended, as it ends.

    Trials that end leave the stack, which goes on with the others. One that diverges harms none,
    because no number of a trial enters another's.

    Args:
        states: where the trials go on, all after the same step; none: they begin.
        stop_at: the step after which all that have not ended pause.
        keep: told of each of those, by its place, in which state it stops.
        over: asked after each step; when true, those that have not ended are given up.
        moved: told of the share of the steps that is done.
        kept: told of each trial that comes to its end, by its place: its progress, and the outputs
            of its kept weights for the part that these are scored on.
    """
    stack = Stack(jobs)
    members = [
        Member(place, job, states[place] if states else None)
        for place, job in enumerate(stack.jobs)
    ]
    step = members[0].progress.step
    if states:
        stack.restore([state["stack"] for state in states], step)
    length = stop_at or max(member.job.span.steps for member in members)
    while members and not over():
        results = stack.take_step(step, [m.progress.history for m in members])
        step += 1
        for member, result in zip(members, results, strict=True):
            member.buffer.add(result)
            member.progress.step = step
        due = step == stop_at or any(is_evaluation(m.job, step) for m in members)
        if members[0].buffer.size < BUFFERED_STEPS and not due:
            continue
        moved(step / length)
        ended = end_blocks(stack, members, due, kept is not None)
        for row, end in ended.items():
            outputs = members[row].outputs
            if kept is not None and outputs is not None and isinstance(end, End):
                kept(members[row].place, members[row].progress, outputs)
            yield members[row].place, end
        if ended:
            left = [row for row in range(len(members)) if row not in ended]
            members = [members[row] for row in left]
            stack.keep(left, step)
        if step == stop_at:
            for row, member in enumerate(members):
                keep(member.place, member.state(stack.state_of(row)))
                yield member.place, End("stop_at", member.best)
            return


def end_blocks(
    stack: Stack, members: Sequence[Member], due: bool, keep_outputs: bool = False
) -> dict[int, End | NonFinite]:
    """Fetch what the last steps left on the device, evaluate if ``due``, and return how those
    trials ended that did, by their row.

    Args:
        keep_outputs: whether members keep the outputs of their best weights.
    """
    predictions = stack.validate() if due else None
    ended: dict[int, End | NonFinite] = {}
    for row, (member, finite) in enumerate(zip(members, stack.finite(), strict=True)):
        prediction = None if predictions is None else predictions[row]
        end = member.end_block(finite) or member.evaluate(prediction)
        if end is not None:
            ended[row] = end
    if keep_outputs and due:
        keep_new_outputs(stack, members, predictions)
    return ended


def keep_new_outputs(
    stack: Stack, members: Sequence[Member], predictions: list[torch.Tensor] | None
) -> None:
    """Let the members whose weights are now the ones to keep keep their outputs.

    Args:
        predictions: for their validation parts [N, ...]; None: there is none.
    """
    new = [row for row, member in enumerate(members) if member.kept_at == member.progress.step]
    if not new:
        return
    on_val = scored_part(stack.jobs[0])[0] == "val"
    outputs = predictions if on_val else stack.outputs_for(lambda job: scored_part(job)[1])
    if outputs is None:
        return
    for row in new:
        members[row].outputs = outputs[row].clone()
