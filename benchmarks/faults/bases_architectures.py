"""Recurrent networks, transformers and residual networks: right recipes that came later, frozen
by a hash of their own."""

from __future__ import annotations

from benchmarks.faults.sections import Tree, adam, data, length, own, sgd

DIGITS: Tree = data({"kind": "digits"}, 64)
SHAPES: Tree = data(own("more_data:classes", name="drawn_shapes"), 50)

DEVELOPMENT_ARCHITECTURES = {
    "digits-gru": {
        "data": DIGITS,
        "model": {"kind": "gru", "hidden": 32},
        "optimizer": adam(1e-2, clip={"norm": 1.0}),
        "train": length(12),
    },
    "digits-transformer": {
        "data": DIGITS,
        "model": {"kind": "transformer", "width": 32, "layers": 2, "heads": 4, "patch": 2},
        "normalization": {"kind": "layer"},
        "optimizer": adam(3e-3, schedule={"kind": "cosine", "warmup": 0.1}),
        "train": length(12),
    },
    "digits-resnet": {
        "data": DIGITS,
        "model": {"kind": "resnet", "depth": 20, "width": 8},
        "normalization": {"kind": "batch"},
        "optimizer": sgd(0.05, 0.9),
        "train": length(5),
    },
}

HELD_BACK_ARCHITECTURES = {
    "shapes-lstm": {
        "data": SHAPES,
        "model": {"kind": "lstm", "hidden": 48, "bidirectional": True},
        "optimizer": {"kind": "adamw", "lr": 5e-3, "clip": {"norm": 1.0}},
        "train": length(15),
    },
    "shapes-transformer": {
        "data": SHAPES,
        "model": {"kind": "transformer", "width": 32, "layers": 2, "heads": 2, "patch": 2},
        "normalization": {"kind": "rms"},
        "optimizer": {
            "kind": "adamw",
            "lr": 3e-3,
            "schedule": {"kind": "cosine", "warmup": 0.1},
        },
        "train": length(15),
    },
    "shapes-resnet": {
        "data": SHAPES,
        "model": {"kind": "resnet", "depth": 20, "width": 8},
        "normalization": {"kind": "batch"},
        "optimizer": adam(2e-3),
        "train": length(4),
    },
}
