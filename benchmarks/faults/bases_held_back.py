"""The right recipes of the half that no rule may be tuned on: see README.md."""

from __future__ import annotations

from benchmarks.faults.sections import adam, cnn, data, length, mlp, own, sgd, synthetic

HELD_BACK = {
    "photos-cnn": {
        "data": data(own("more_data:classes", name="photo_patches"), 32),
        "model": cnn([8, 16], [32], "elu"),
        "normalization": {"kind": "batch"},
        "optimizer": adam(2e-3),
        "train": length(6),
    },
    "shapes-cnn": {
        "data": data(own("more_data:classes", name="drawn_shapes"), 50),
        "model": cnn([8, 16], [48], "leaky_relu"),
        "init": {"kind": "kaiming_uniform"},
        "optimizer": sgd(0.03, 0.9, nesterov=True),
        "train": length(10),
    },
    "shapes-own-net": {
        "data": data(own("more_data:classes", name="drawn_shapes"), 50),
        "model": own("own_nets:ConvNet"),
        "optimizer": adam(2e-3),
        "train": length(8),
    },
    "few-clusters-mlp": {
        "data": data(own("more_data:classes", name="clusters"), 20, subset={"n": 100}),
        "model": mlp([96, 96]),
        "regularizers": {"dropout": {"p": 0.5}},
        "optimizer": {"kind": "adamw", "lr": 2e-3, "weight_decay": 0.1},
        "train": length(40),
    },
    "clusters-ln-mlp": {
        "data": data(own("more_data:classes", name="clusters"), 40),
        "model": mlp([64, 64], "gelu"),
        "normalization": {"kind": "layer"},
        "optimizer": sgd(0.05, 0.9),
        "train": length(15),
    },
    "clusters-deep-bn": {
        "data": data(own("more_data:classes", name="clusters"), 40),
        "model": mlp([40, 40, 40, 40, 40], "tanh"),
        "normalization": {"kind": "batch"},
        "optimizer": adam(3e-3),
        "train": length(12),
    },
    "iris-mlp": {
        "data": data({"kind": "iris"}, 10),
        "model": mlp([12, 8], "tanh"),
        "init": {"kind": "xavier_normal"},
        "optimizer": {"kind": "rmsprop", "lr": 3e-3},
        "train": length(40),
    },
    "iris-own-data": {
        "data": data(own("more_data:scaled_parts", name="flowers"), 10, normalize={"kind": "none"}),
        "model": mlp([16]),
        "optimizer": adam(1e-2),
        "train": length(40),
    },
    "flowers-parted": {
        "data": data(own("more_data:parted", name="flowers"), 10),
        "model": mlp([12, 12]),
        "optimizer": adam(5e-3),
        "train": length(40),
    },
    "tumours-mlp": {
        "data": data({"kind": "breast_cancer"}, 32),
        "model": mlp([24, 12], "silu"),
        "loss": {"kind": "bce"},
        "optimizer": {"kind": "adamw", "lr": 3e-3},
        "train": length(25),
    },
    "tumours-own-step": {
        "data": data({"kind": "breast_cancer"}, 32),
        "model": mlp([32]),
        "optimizer": sgd(0.1),
        "train": {**length(25), "step": {"target": "own_steps:plain"}},
    },
    "tumours-own-data": {
        "data": data(own("more_data:parted", name="tumours"), 32),
        "model": mlp([32, 16]),
        "optimizer": adam(3e-3),
        "train": length(25),
    },
    "circles-mlp": {
        "data": data(synthetic("circles", 800, 0.08), 40),
        "model": mlp([24, 24], "leaky_relu"),
        "optimizer": sgd(0.1, 0.9),
        "train": length(25),
    },
    "board-mlp": {
        "data": data(own("more_data:classes", name="chessboard"), 40),
        "model": mlp([48, 48], "gelu"),
        "optimizer": {"kind": "adamw", "lr": 1e-2},
        "train": length(40),
    },
    "unequal-mlp": {
        "data": data(
            own("more_data:classes", name="clusters", classes=2, weights=[0.94, 0.06], features=15),
            50,
        ),
        "model": mlp([24]),
        "loss": {"kind": "bce", "class_weights": "balanced"},
        "metrics": [{"kind": "f1_macro"}],
        "optimizer": adam(5e-3),
        "train": length(15),
    },
    "friedman-mlp": {
        "data": data(own("more_data:values", name="friedman1"), 32),
        "model": mlp([64, 32], "gelu"),
        "optimizer": adam(3e-3),
        "train": length(30),
    },
    "circuit-mlp": {
        "data": data(own("more_data:values", name="friedman2"), 32),
        "model": mlp([40, 40], "elu"),
        "loss": {"kind": "huber"},
        "optimizer": adam(5e-3),
        "train": length(25),
    },
    "sheet-own-loss": {
        "data": data(own("more_data:values", name="curve"), 30),
        "model": mlp([40, 40], "tanh"),
        "loss": own("own_losses:squared"),
        "optimizer": adam(5e-3),
        "train": length(30),
    },
    "line-mlp": {
        "data": data(synthetic("linear", 500, 0.5, features=6), 25),
        "model": mlp([32]),
        "loss": {"kind": "mae"},
        "optimizer": adam(1e-2),
        "train": length(50),
    },
}
