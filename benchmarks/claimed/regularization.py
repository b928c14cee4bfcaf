"""Claims about regularizers, augmentation and stopping."""

from __future__ import annotations

from benchmarks.claimed.claim import Claim, each, higher, lower, near
from benchmarks.claimed.measures import (
    best,
    calibration_error,
    irrelevant_columns,
    masks_gain,
    near_zero,
    overfit_after_best,
    test,
    weight_norm,
)

PENALTIES = {
    "none": (),
    "l2": ("regularizers.l2=0.003",),
    "l1": ("regularizers.l1=0.003",),
    "elastic_net": ("regularizers.elastic_net={lambda: 0.003, alpha: 0.5}",),
}

CLAIMS = (
    Claim(
        "dropout",
        "Dropout of 0.2 to 0.5 lowers the validation loss where data is scarce.",
        "Srivastava et al. 2014, Dropout, JMLR 15",
        {"none": (), "0.2": ("regularizers.dropout=0.2",), "0.5": ("regularizers.dropout=0.5",)},
        best("val_loss"),
        "best validation loss",
        each(lower("0.2", "none"), lower("0.5", "none")),
        limits="500 images of clothes.",
    ),
    Claim(
        "l1-sparse",
        "L1 gives sparse weights, L2 does not, the elastic net lies in between.",
        "Tibshirani 1996; Zou & Hastie 2005, Regularization and variable selection",
        PENALTIES,
        near_zero,
        "share of weights below 0.001",
        each(higher("l1", "elastic_net"), higher("elastic_net", "l2")),
    ),
    Claim(
        "l2-small",
        "L2 gives small weights.",
        "Krogh & Hertz 1991, A simple weight decay can improve generalization",
        {arm: PENALTIES[arm] for arm in ("none", "l2")},
        weight_norm,
        "norm of all weights",
        lower("l2", "none"),
    ),
    Claim(
        "augmentation",
        "Augmentation that keeps the class's meaning raises accuracy where data is scarce.",
        "Simard et al. 2003, Best Practices for CNNs; Shorten & Khoshgoftaar 2019",
        {"none": (), "shift and flip": ("augmentation=[{kind: shift, pixels: 2}, flip]",)},
        test("accuracy"),
        "test accuracy",
        higher("shift and flip", "none"),
        limits="500 images of clothes.",
    ),
    Claim(
        "early-stopping",
        "Where a network overfits, the best epoch comes before the last: stopping there helps.",
        "Prechelt 1998, Early Stopping — But When?",
        {"500 images": (), "5,000 images": ("data.subset.n=5000",)},
        overfit_after_best,
        "last validation loss less the best",
        higher("500 images", "5,000 images"),
    ),
    Claim(
        "label-smoothing",
        "Label smoothing makes a network's probabilities better calibrated.",
        "Müller et al. 2019, When Does Label Smoothing Help?, arXiv:1906.02629",
        {"none": (), "0.1": ("regularizers.label_smoothing=0.1",)},
        calibration_error,
        "expected calibration error on the test split",
        lower("0.1", "none"),
        limits="A small overconfident network; the paper's are large.",
    ),
    Claim(
        "adamw",
        "Decoupled weight decay generalizes better than the same decay through Adam's gradient.",
        "Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, arXiv:1711.05101",
        {
            "adam": ("optimizer.kind=adam", "optimizer.lr=3e-3", "optimizer.weight_decay=0.1"),
            "adamw": ("optimizer.kind=adamw", "optimizer.lr=3e-3", "optimizer.weight_decay=0.1"),
        },
        best("val_loss"),
        "best validation loss",
        lower("adamw", "adam"),
        limits="One strength, 0.1, which neither was tuned for.",
    ),
    Claim(
        "l1-columns",
        "L1 brings the weights of inputs that say nothing near zero; L2 only shrinks them all.",
        "Ng 2004, Feature selection, L1 vs. L2 regularization, and rotational invariance",
        {"l2": ("regularizers.l2=0.01",), "l1": ("regularizers.l1=0.01",)},
        irrelevant_columns,
        "size of the 30 irrelevant input columns over that of the 10 others",
        lower("l1", "l2"),
    ),
    Claim(
        "spatial-dropout-text",
        "Dropping whole embedding dimensions lowers a text classifier's validation loss.",
        "Tompson et al. 2015, arXiv:1411.4280; common practice for embeddings",
        {"none": (), "0.3": ("regularizers.spatial_dropout=0.3",)},
        best("val_loss"),
        "best validation loss",
        lower("0.3", "none"),
        limits="A few hundred made-up reviews.",
    ),
    Claim(
        "dropout-averaging",
        "Scaling the weights is as good as averaging the predictions of many dropout masks.",
        "Srivastava et al. 2014, Dropout, JMLR 15, section 7.5",
        {"0.2": (), "0.5": ("regularizers.dropout=0.5",)},
        masks_gain,
        "test accuracy averaged over 50 masks, less that of the scaled weights",
        each(near("0.2", 0.0, 0.01), near("0.5", 0.0, 0.01)),
    ),
)
