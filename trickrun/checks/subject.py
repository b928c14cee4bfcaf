"""What a check examines: something that makes jobs, and makes them with a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from trickrun.checks.interventions.edits import Changes
from trickrun.checks.interventions.parts import Alternatives, Restraints
from trickrun.data.splits.prepare import Prepared
from trickrun.findings.evidence.facts import Facts

if TYPE_CHECKING:
    from trickrun.training.job import Job


class Subject(Protocol):
    """What a check examines; a recipe is the first kind, a plain module with data another.

    A check asks for fresh jobs, measures and throws them away, so that it can disturb nothing. It
    asks for changes in the words of a recipe (``optimizer.lr``, ``train.steps``, ``seed``). A
    subject that is no recipe knows some of these words, and refuses the others.
    """

    @property
    def name(self) -> str:
        """What it is called in results."""
        ...

    @property
    def seed(self) -> int:
        """What its weights and batches are drawn with; ``changed({"seed": …})`` draws others."""
        ...

    @property
    def lr(self) -> float:
        """The learning rate that its optimizer is given, before any schedule."""
        ...

    @property
    def data(self) -> Prepared:
        """The splits that its jobs train on, before they go to a device. Raises DataError."""
        ...

    def job(self) -> Job:
        """Return a fresh job: new weights, drawn with the subject's seed, and a new optimizer.

        Raises TrickrunError if it cannot become one.
        """
        ...

    def changed(self, changes: Changes) -> Self:
        """Return the subject with ``changes``; this one stays as it is.

        Raises TrickrunError for a change that makes no sense for it.
        """
        ...

    def one_batch(self, size: int) -> Self:
        """Return the subject that trains on ``size`` of its samples as one batch, stratified by
        class; on all, where it has fewer."""
        ...

    def called(self, path: str) -> str:
        """Return what people call the part at ``path``."""
        ...

    def facts(self) -> Facts:
        """Return what is known of it before any training, for the rules; they are silent about what
        is not."""
        ...

    def restraints(self) -> Restraints:
        """Return what holds its training back on purpose."""
        ...

    def alternatives(self) -> Alternatives:
        """Return what may be wrong with it, and what to put in its place to find out."""
        ...


AnySubject = TypeVar("AnySubject", bound=Subject)
"""A check that returns what it derived returns the kind that it was given."""
