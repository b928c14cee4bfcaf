"""Claims about networks that have learned another data set."""

from __future__ import annotations

from benchmarks.claimed.claim import Claim, Judge, higher
from benchmarks.claimed.measures import test

SCRATCH = ("model={kind: cnn, channels: [16, 32], hidden: [64]}", "data.normalize=standard")


def transfer(images: int, judge: Judge, limits: str = "") -> Claim:
    """Return the claim for so many images of clothes."""
    return Claim(
        f"transfer-{images}",
        f"With {images} images, a classifier on frozen ImageNet features beats a network that is "
        "trained from scratch.",
        "Yosinski et al. 2014, How transferable are features?, arXiv:1411.1792; CS231n, transfer",
        {"from scratch": SCRATCH, "frozen": ()},
        test("accuracy"),
        "test accuracy",
        judge,
        limits=f"EfficientNet-Lite0 at 64 pixels beside a small convolutional network. {limits}",
        seeds=3,
    )


LARGER = Claim(
    "transfer-10000",
    "With 10,000 images, a network whose last pretrained stage learns too beats a classifier on "
    "frozen features and a network that is trained from scratch.",
    "Yosinski et al. 2014, How transferable are features?, arXiv:1411.1792; CS231n, transfer",
    {"from scratch": SCRATCH, "frozen": ("model.freeze=all",), "last stage learns": ()},
    test("accuracy"),
    "test accuracy",
    higher("last stage learns", "from scratch"),
    limits="EfficientNet-Lite0 at 64 pixels beside a small convolutional network, 8 epochs; to "
    "train all of its stages would take ten times as long.",
    seeds=3,
)

CLAIMS = (
    transfer(200, higher("frozen", "from scratch")),
    transfer(2000, higher("frozen", "from scratch")),
    LARGER,
)
