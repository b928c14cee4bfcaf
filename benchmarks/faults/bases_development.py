"""The right recipes of the half that rules may be tuned on."""

from __future__ import annotations

from benchmarks.faults.sections import adam, cnn, data, length, mlp, own, sgd, synthetic

CLOTHES = {
    "kind": "fashion_mnist",
    "size": 14,
    "subset": {"n": 3000},
    "split": {"val": 0.02},
}

DEVELOPMENT = {
    "clothes-cnn": {
        "data": data(CLOTHES, 64),
        "model": cnn([12, 24], [64], kernel=[5, 3]),
        "init": {"kind": "kaiming_normal"},
        "optimizer": sgd(0.05),
        "train": length(5),
    },
    "clothes-mlp": {
        "data": data(CLOTHES, 64),
        "model": mlp([64, 32]),
        "optimizer": sgd(0.1),
        "train": length(10),
    },
    "few-clothes-mlp": {
        "data": data({**CLOTHES, "subset": {"n": 300}}, 32),
        "model": mlp([128, 64]),
        "regularizers": {"dropout": {"p": 0.5}, "l2": {"lambda": 1e-3}},
        "optimizer": adam(1e-3),
        "train": length(40),
    },
    "digits-mlp": {
        "data": data({"kind": "digits"}, 64),
        "model": mlp([128, 64]),
        "init": {"kind": "kaiming_normal"},
        "optimizer": adam(1e-3),
        "train": length(15),
    },
    "digits-bn-cnn": {
        "data": data({"kind": "digits"}, 64),
        "model": cnn([8, 16], [32]),
        "normalization": {"kind": "batch"},
        "regularizers": {"dropout": {"p": 0.2}},
        "optimizer": sgd(0.02, 0.9),
        "train": length(8),
    },
    "digits-deep-bn": {
        "data": data({"kind": "digits"}, 64),
        "model": mlp([48, 48, 48, 48, 48, 48], "sigmoid"),
        "normalization": {"kind": "batch"},
        "optimizer": adam(5e-3),
        "train": length(15),
    },
    "digits-own-net": {
        "data": data({"kind": "digits"}, 64),
        "model": own("own_nets:Net"),
        "optimizer": adam(1e-3),
        "train": length(15),
    },
    "digits-own-step": {
        "data": data({"kind": "digits"}, 64),
        "model": mlp([64, 32]),
        "normalization": {"kind": "batch"},
        "regularizers": {"dropout": {"p": 0.2}},
        "optimizer": sgd(0.05, 0.9),
        "train": {**length(10), "step": {"target": "own_steps:plain"}},
    },
    "digits-own-data": {
        "data": data(own("own_data:in_random_order", name="digits"), 64),
        "model": mlp([64, 32]),
        "optimizer": sgd(0.1),
        "train": length(12),
    },
    "wine-mlp": {
        "data": data({"kind": "wine"}, 16),
        "model": mlp([16]),
        "regularizers": {"l2": {"lambda": 1e-3}},
        "optimizer": adam(1e-2),
        "train": length(40),
    },
    "wine-parted": {
        "data": data(own("own_data:in_random_order", name="wine"), 16),
        "model": mlp([16]),
        "optimizer": adam(5e-3),
        "train": length(40),
    },
    "wine-own-data": {
        "data": data(own("own_data:all_scaled", name="wine"), 16, normalize={"kind": "none"}),
        "model": mlp([24, 12]),
        "optimizer": sgd(0.1),
        "train": length(40),
    },
    "moons-mlp": {
        "data": data(synthetic("moons", 800, 0.15), 32),
        "model": mlp([32, 32]),
        "optimizer": adam(1e-2),
        "train": length(20),
    },
    "spiral-mlp": {
        "data": data(synthetic("spiral", 900, 0.03), 32),
        "model": mlp([64, 64]),
        "init": {"kind": "kaiming_normal"},
        "optimizer": adam(1e-2),
        "train": length(40),
    },
    "xor-mlp": {
        "data": data(synthetic("xor", 500, 0.05), 16),
        "model": mlp([16, 8], "tanh"),
        "optimizer": sgd(0.1, 0.9),
        "train": length(30),
    },
    "blobs-mlp": {
        "data": data(synthetic("blobs", 1000, 0.25, features=16, classes=5), 32),
        "model": mlp([32, 16]),
        "optimizer": adam(3e-3),
        "train": length(15),
    },
    "census-mlp": {
        "data": data(own("own_data:census"), 64),
        "model": mlp([32, 16]),
        "loss": {"kind": "bce"},
        "optimizer": adam(3e-3),
        "train": length(15),
    },
    "rare-mlp": {
        "data": data(own("own_data:rare"), 64),
        "model": mlp([16]),
        "loss": {"kind": "cross_entropy", "class_weights": "balanced"},
        "metrics": [{"kind": "f1_macro"}],
        "optimizer": adam(3e-3),
        "train": length(15),
    },
    "parabola-mlp": {
        "data": data(own("own_data:parabola"), 32),
        "model": mlp([50, 30]),
        "optimizer": adam(5e-3),
        "train": length(50),
    },
    "sine-mlp": {
        "data": data(synthetic("sine", 600, 0.1), 32),
        "model": mlp([48, 48], "tanh"),
        "optimizer": adam(1e-2),
        "train": length(40),
    },
    "diabetes-mlp": {
        "data": data(own("own_data:progression"), 32),
        "model": mlp([64, 64]),
        "loss": {"kind": "mse"},
        "regularizers": {"l2": {"lambda": 1e-2}},
        "optimizer": adam(1e-3),
        "train": length(15),
    },
}
