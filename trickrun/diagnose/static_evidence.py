"""What can be known of a recipe before it trains: its text, and its data if they were looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trickrun.diagnose.data_evidence import DataEvidence

CLASS_LOSSES = ("cross_entropy", "nll", "bce", "hinge")
VALUE_LOSSES = ("mse", "mae", "huber")
BATCH_NORMS = ("batch", "ghost_batch")
SCALE_KEEPERS = (*BATCH_NORMS, "layer", "group", "instance", "rms")
"""Normalizations after which the size of what came in does not matter."""


@dataclass(frozen=True)
class Static:
    """A recipe and its data, as plain data.

    Args:
        recipe: the resolved recipe, every default written out.
        task: classification or regression; empty where only the data could tell.
        steps: optimizer steps of the whole run; None where only the data could tell.
        travel: the learning rate summed over them.
        late: the share of that in the second half of the run; None where the rate is 0 or only the
            data could tell.
        data: what its splits are like; None if they were not looked at.
    """

    recipe: Mapping[str, Any]
    task: str = ""
    steps: int | None = None
    travel: float | None = None
    late: float | None = None
    data: DataEvidence | None = None

    @property
    def model(self) -> Mapping[str, Any]:
        model: Mapping[str, Any] = self.recipe["model"]
        return model

    @property
    def optimizer(self) -> Mapping[str, Any]:
        optimizer: Mapping[str, Any] = self.recipe["optimizer"]
        return optimizer

    @property
    def lr(self) -> float:
        return float(self.optimizer["lr"])

    @property
    def own_model(self) -> bool:
        """Whether the network is the user's own, so that the recipe knows none of its layers."""
        return bool(self.model["kind"] == "python")

    @property
    def activation(self) -> str:
        """The hidden layers' activation; empty if it is not known."""
        return str(self.model.get("activation", ""))

    @property
    def head(self) -> str:
        """The activation after the last layer; empty if it is not known."""
        return str(self.model.get("head_activation", ""))

    @property
    def hidden(self) -> int:
        """The number of hidden layers; a kind that neither lists nor counts them has many."""
        given = [self.model.get(name) for name in ("channels", "hidden")]
        listed = [widths for widths in given if isinstance(widths, list)]
        if listed:
            return sum(len(widths) for widths in listed)
        return int(self.model.get("layers", 10))

    @property
    def loss(self) -> str:
        """The loss's kind; auto only where its task is not known."""
        kind = str(self.recipe["loss"]["kind"])
        if kind != "auto" or not self.task:
            return kind
        return "cross_entropy" if self.task == "classification" else "mse"

    @property
    def normalization(self) -> str:
        return str(self.recipe["normalization"]["kind"])

    @property
    def keeps_scale(self) -> bool:
        """Whether hidden layers are normalized, so that sizes before them matter little."""
        return self.normalization in SCALE_KEEPERS

    @property
    def pretrained(self) -> bool:
        """Whether the weights come from an earlier training."""
        return self.model["kind"] == "pretrained" or bool(self.model.get("init_from"))

    @property
    def batch(self) -> int | None:
        """Samples a step; None for a full batch of unknown size."""
        size = self.recipe["data"]["batch_size"]
        if size == "full":
            return self.data.train.samples if self.data else None
        return int(size)

    def regularizer(self, name: str, parameter: str) -> float:
        """Return the strength of a regularizer; 0 if the recipe has none."""
        found = self.recipe["regularizers"].get(name)
        return float(found[parameter]) if found else 0.0
