"""What trainings with edits showed, gathered step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.interventions.variants import Variant
from trickrun.findings.intervention import Effect, first_to_last


@dataclass
class Tried:
    """What trainings with edits showed.

    Args:
        base: the recipe as it is.
        candidates: by label, those that went to the proof.
        effects: by label.
        screened: by label, the gain in the first look.
        edits: by label, those of the user's recipe that had a first look.
        at_length: the recipe's skill after a training of its own length, if that was needed.
        reachable: the best skill that anything reached, learners without training loop included.
        trainings: how many there were.
        untried: candidates that there was no time for.
    """

    base: Variant[float]
    candidates: dict[str, Candidate] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    screened: dict[str, float] = field(default_factory=dict)
    edits: dict[str, dict[str, Any]] = field(default_factory=dict)
    at_length: float | None = None
    reachable: float = 0.0
    trainings: int = 0
    untried: int = 0

    @property
    def base_skill(self) -> float:
        """The mean skill of the recipe as it is."""
        return fmean(self.base.results.values())

    @property
    def causes(self) -> list[Candidate]:
        """The candidates that help, likeliest cause first."""
        return [self.candidates[label] for label in first_to_last(self.effects)]

    def as_json(self) -> dict[str, Any]:
        """Return the trainings as plain data."""
        return {
            "base": self.base.results,
            "at_length": self.at_length,
            "reachable": self.reachable,
            "trainings": self.trainings,
            "untried": self.untried,
            "screened": self.screened,
            "proven": {
                label: {
                    "edit": self.candidates[label].edit,
                    "before": effect.before,
                    "after": effect.after,
                    "gains": list(effect.gains),
                    "needed": effect.needed,
                    "helps": effect.helps,
                    "likelihood": effect.likelihood,
                }
                for label, effect in self.effects.items()
            },
        }
