from __future__ import annotations

from math import fsum, nan
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class AUROC(Metric):
    """Probability that a sample of a class gets a higher score for it than one of another class.

    Formula: area under the curve of true against false positive rate; for more than two classes
        each against the rest, averaged with equal weight; of labels the mean over labels.
    When: ranking matters more than the decision at 1/2, above all with classes of different size.
    Defaults: a class that the split lacks is left out of the mean; a split of one class gives NaN,
        because nothing can be ranked. So is a label left out that all samples of the split have, or
        none.
    Source: sklearn.metrics.roc_auc_score; Provost & Domingos 2000 for one against the rest.
    """

    kind: Literal["auroc"] = "auroc"
    higher_is_better: ClassVar[bool | None] = True
    is_share: ClassVar[bool] = True
    takes_labels: ClassVar[bool] = True

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        from sklearn.metrics import roc_auc_score

        scores = scores.double().cpu()
        target = target.cpu()
        counted = None if weight is None else weight.cpu()
        if counted is not None:
            # A sample of weight 0 cannot make a class present.
            scores, target, counted = (t[counted > 0] for t in (scores, target, counted))
        if task.kind == "multilabel":
            return label_auroc(scores, target, counted)
        present = target.unique().tolist()
        if len(present) < 2 or not scores.isfinite().all():
            return nan
        if task.classes == 2:
            # Scores need not be probabilities (hinge), so both say something.
            return float(roc_auc_score(target, scores[:, 1] - scores[:, 0], sample_weight=counted))
        areas = [
            float(roc_auc_score(target == label, scores[:, label], sample_weight=counted))
            for label in present
        ]
        return fsum(areas) / len(areas)


def label_auroc(scores: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None) -> float:
    """Return the mean over labels of probabilities [N, labels] of their area under the curve; NaN
    if no label differs between samples.

    Args:
        target: labels [N, labels], 0 or 1.
        weight: of each sample [N], above 0; None: all count alike.
    """
    from sklearn.metrics import roc_auc_score

    varying = (target != target[:1]).any(0)
    if not varying.any() or not scores.isfinite().all():
        return nan
    columns = zip(scores.t()[varying], target.t()[varying], strict=True)
    areas = [float(roc_auc_score(truth, guess, sample_weight=weight)) for guess, truth in columns]
    return fsum(areas) / len(areas)
