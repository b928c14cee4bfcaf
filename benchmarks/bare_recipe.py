"""What makes recipes/fashion-mnist.yaml a plain training, with nothing that other loops lack."""

from __future__ import annotations

from pathlib import Path

RECIPE = Path(__file__).parent.parent / "recipes" / "fashion-mnist.yaml"

BARE = (
    "data.batch_size=128",
    "normalization=none",
    "regularizers=null",
    "augmentation=null",
    "early_stopping=null",
    "optimizer={kind: adam, lr: 1e-3, schedule: constant}",
    "expect=null",
)
