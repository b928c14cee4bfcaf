"""Mistakes in how the network learns: rates, length, where the weights start."""

from __future__ import annotations

from benchmarks.faults.programs import Fault, Times, on, one

TOO_FAST = ("TR35", "TR38", "TR41@optimizer", "TR57@optimizer", "TR60@optimizer")
TOO_SLOW = ("TR36",)

LEARNING = (
    Fault(
        "lr-too-high",
        TOO_FAST,
        {"mild": {"optimizer.lr": Times(30)}, "strong": {"optimizer.lr": Times(200)}},
        on(
            "digits-gru shapes-lstm shapes-transformer "
            "clothes-cnn clothes-mlp digits-mlp digits-bn-cnn wine-mlp moons-mlp spiral-mlp "
            "sine-mlp diabetes-mlp blobs-mlp "
            "photos-cnn shapes-cnn clusters-ln-mlp iris-mlp tumours-mlp circles-mlp board-mlp "
            "friedman-mlp circuit-mlp line-mlp"
        ),
    ),
    Fault(
        "lr-too-low",
        TOO_SLOW,
        {"mild": {"optimizer.lr": Times(0.02)}, "strong": {"optimizer.lr": Times(0.0005)}},
        on(
            "digits-transformer shapes-resnet "
            "clothes-cnn clothes-mlp digits-mlp digits-bn-cnn wine-mlp spiral-mlp xor-mlp "
            "parabola-mlp diabetes-mlp "
            "photos-cnn shapes-cnn clusters-ln-mlp iris-mlp circles-mlp friedman-mlp circuit-mlp "
            "line-mlp"
        ),
    ),
    Fault(
        "sgd-default-of-another",  # a rate for SGD left in when Adam came
        TOO_FAST,
        one({"optimizer.lr": 0.5}),
        on("digits-mlp wine-mlp blobs-mlp friedman-mlp board-mlp circuit-mlp"),
    ),
    Fault(
        "adam-rate-for-sgd",
        TOO_SLOW,
        one({"optimizer": {"kind": "sgd", "lr": 1e-4}}),
        on("digits-mlp moons-mlp photos-cnn board-mlp"),
    ),
    Fault(
        "momentum-too-high",
        TOO_FAST,
        one({"optimizer.momentum": 0.999}),
        on("digits-bn-cnn xor-mlp shapes-cnn circles-mlp clusters-ln-mlp"),
    ),
    Fault(
        "decays-too-soon",
        TOO_SLOW,
        one({"optimizer.schedule": {"kind": "exponential", "gamma": 0.3}}),
        on("clothes-mlp spiral-mlp sine-mlp board-mlp shapes-cnn line-mlp"),
    ),
    Fault(
        "adam-eps-too-large",
        ("TR36", "TR39", "TR70"),
        one({"optimizer.eps": 10.0}),
        on("digits-mlp spiral-mlp photos-cnn friedman-mlp"),
    ),
    Fault(
        "clip-too-tight",
        ("TR71", "TR36"),
        one({"optimizer.clip": {"norm": 1e-4}}),
        on("clothes-cnn clothes-mlp xor-mlp shapes-cnn circles-mlp clusters-ln-mlp"),
    ),
    Fault(
        "too-few-epochs",
        ("TR55", "TR36"),
        one({"train.epochs": 1}),
        on("spiral-mlp sine-mlp wine-mlp xor-mlp iris-mlp board-mlp line-mlp friedman-mlp"),
    ),
    Fault(
        "huge-batch-few-steps",
        ("TR36", "TR55"),
        one({"data.batch_size": "full"}),
        on("clothes-mlp digits-own-data xor-mlp shapes-cnn circles-mlp clusters-ln-mlp"),
    ),
)

INIT = (
    Fault(
        "init-constant",
        ("TR22",),
        {
            "zero": {"init": {"kind": "zeros"}},
            "small": {"init": {"kind": "constant", "value": 0.01}},
        },
        on(
            "digits-gru shapes-lstm clothes-cnn digits-mlp wine-mlp spiral-mlp "
            "shapes-cnn iris-mlp board-mlp friedman-mlp clusters-ln-mlp"
        ),
    ),
    Fault(
        "init-too-large",
        ("TR23",),
        {
            "mild": {"init": {"kind": "normal", "std": 0.5}},
            "strong": {"init": {"kind": "normal", "std": 3.0}},
        },
        on(
            "clothes-cnn clothes-mlp digits-mlp diabetes-mlp spiral-mlp "
            "shapes-cnn tumours-mlp friedman-mlp circuit-mlp board-mlp"
        ),
    ),
    Fault(
        "init-too-small",
        ("TR23", "TR22"),
        one({"init": {"kind": "normal", "std": 1e-4}}),
        on("clothes-cnn clothes-mlp xor-mlp shapes-cnn circles-mlp iris-mlp"),
    ),
    Fault(
        "units-dead-at-start",
        ("TR43",),
        one({"init": {"kind": "kaiming_normal", "bias": -8.0, "head": {"kind": "kaiming_normal"}}}),
        on("clothes-mlp digits-mlp wine-mlp line-mlp tumours-own-data"),
    ),
    Fault(
        "head-init-too-large",
        ("TR20", "TR23", "TR24@init.head"),
        one({"init": {"kind": "kaiming_normal", "head": {"kind": "normal", "std": 30.0}}}),
        on("clothes-mlp diabetes-mlp blobs-mlp friedman-mlp clusters-ln-mlp"),
    ),
)
