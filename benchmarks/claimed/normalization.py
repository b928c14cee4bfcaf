"""Claims about normalization, of inputs and of layers."""

from __future__ import annotations

from benchmarks.claimed.claim import Claim, alike, each, higher, lower, near
from benchmarks.claimed.measures import (
    batch_noise,
    best,
    bias_gradient,
    final,
    milliseconds_a_step,
    perturbed,
    test,
)

CLAIMS = (
    Claim(
        "batch-norm-high-lr",
        "Batch norm allows much higher learning rates.",
        "Ioffe & Szegedy 2015, Batch Normalization, arXiv:1502.03167",
        {"none": (), "batch": ("normalization=batch",)},
        final("train_loss"),
        "training loss of the last epoch at a learning rate of 1 (inf: diverged)",
        lower("batch", "none"),
    ),
    Claim(
        "batch-norm-tiny-batch",
        "At a batch size of 2, group norm is better than batch norm.",
        "Wu & He 2018, Group Normalization, arXiv:1803.08494",
        {"batch": ("normalization=batch",), "group": ("normalization={kind: group, groups: 4}",)},
        best("val_loss"),
        "best validation loss",
        lower("group", "batch"),
        limits="A fully connected network on 400 digits.",
    ),
    Claim(
        "batch-norm-bias",
        "A bias right before batch norm is useless: it gets no gradient.",
        "Ioffe & Szegedy 2015, section 3.2",
        {"batch": ("normalization=batch",), "none": ()},
        bias_gradient,
        "largest gradient of a hidden bias over the largest of its weights, ten steps",
        each(near("batch", 0.0, 1e-5), higher("none", "batch")),
    ),
    Claim(
        "batch-norm-noise",
        "Batch norm's noise grows as the batch shrinks.",
        "Luo et al. 2019, Towards Understanding Regularization in Batch Normalization",
        {str(size): (f"data.batch_size={size}",) for size in (4, 16, 64)},
        batch_noise,
        "deviation of one sample's output over batches, over that of all outputs",
        each(lower("16", "4"), lower("64", "16")),
    ),
    Claim(
        "batch-norm-placement",
        "Batch norm works before the activation and after it, with little between them.",
        "Mishkin et al. 2017, Systematic evaluation of CNN advances, arXiv:1606.02228",
        {
            "before": ("normalization.placement=before_activation",),
            "after": ("normalization.placement=after_activation",),
        },
        test("accuracy"),
        "test accuracy",
        alike("before", "after", 0.02),
    ),
    Claim(
        "rms-norm",
        "RMSNorm is as good as LayerNorm, without subtracting the mean.",
        "Zhang & Sennrich 2019, Root Mean Square Layer Normalization, arXiv:1910.07467",
        {"layer": ("normalization=layer",), "rms": ("normalization=rms",)},
        test("accuracy"),
        "test accuracy",
        alike("layer", "rms", 0.02),
    ),
    Claim(
        "rms-norm-time",
        "RMSNorm takes less time than LayerNorm.",
        "Zhang & Sennrich 2019, arXiv:1910.07467 (7 to 64 % of the whole training time)",
        {"layer": ("normalization=layer",), "rms": ("normalization=rms",)},
        milliseconds_a_step,
        "milliseconds a training step, median of 200",
        lower("rms", "layer"),
        limits="On a CPU, whose LayerNorm is one fused operation.",
    ),
    Claim(
        "normalize-inputs",
        "Inputs of mean 0 and deviation 1 train far better than raw ones of unlike scales.",
        "LeCun et al. 1998, Efficient BackProp, section 4.3",
        {"raw": ("data.normalize=none",), "standard": ()},
        test("accuracy"),
        "test accuracy",
        higher("standard", "raw"),
    ),
    Claim(
        "flat-minimum",
        "With normalization, the loss of a trained network depends less on small changes of its "
        "weights.",
        "Santurkar et al. 2018, How Does Batch Normalization Help Optimization?, arXiv:1805.11604",
        {"none": (), "batch": ("normalization=batch",)},
        perturbed,
        "log10 of the factor by which the training loss grows",
        lower("batch", "none"),
        limits="Gaussian changes of half of each layer's size; statistics are computed again.",
    ),
)
