"""Mistakes in the network, its loss and its regularizers."""

from __future__ import annotations

from benchmarks.faults.programs import Fault, on, one

SIGMOIDS = ("TR42", "TR40", "TR44@model.activation", "TR53@model.activation")

HEAD_AND_LOSS = (
    Fault(
        "nll-without-log-softmax",
        ("TR25",),
        one({"loss": {"kind": "nll"}}),
        on("clothes-cnn digits-mlp wine-mlp spiral-mlp photos-cnn iris-mlp clusters-ln-mlp"),
    ),
    Fault(
        "nll-of-softmax",
        ("TR25", "TR26"),
        one({"loss": {"kind": "nll"}, "model.head_activation": "softmax"}),
        on("clothes-cnn clothes-mlp shapes-cnn clusters-deep-bn"),
    ),
    Fault(
        "softmax-twice",
        ("TR26",),
        one({"model.head_activation": "softmax"}),
        on(
            "digits-resnet digits-transformer clothes-cnn clothes-mlp digits-bn-cnn wine-mlp "
            "shapes-lstm shapes-cnn iris-mlp clusters-ln-mlp"
        ),
    ),
    Fault(
        "log-softmax-of-sigmoid",
        ("TR26", "TR29"),
        one({"model.head_activation": "sigmoid"}),
        on("clothes-cnn clothes-mlp digits-bn-cnn shapes-cnn iris-mlp"),
    ),
    Fault(
        "one-output-softmax",
        ("TR27",),
        one({"model.head_activation": "softmax"}),
        on("census-mlp tumours-mlp unequal-mlp"),
    ),
    Fault(
        "relu-on-logits",
        ("TR29",),
        one({"model.head_activation": "relu"}),
        on("clothes-cnn clothes-mlp digits-bn-cnn census-mlp shapes-cnn iris-mlp tumours-mlp"),
    ),
    Fault(
        "head-out-of-range",
        ("TR28", "TR29"),
        {
            "sigmoid": {"model.head_activation": "sigmoid"},
            "relu": {"model.head_activation": "relu"},
        },
        on("parabola-mlp diabetes-mlp sine-mlp friedman-mlp circuit-mlp line-mlp"),
    ),
    Fault(
        "head-too-narrow",
        ("TR28", "TR29"),
        one({"model.head_activation": "tanh"}),
        on("parabola-mlp friedman-mlp line-mlp"),
    ),
    Fault(
        "softmax-on-regression",
        ("TR27", "TR28"),
        one({"model.head_activation": "softmax"}),
        on("sine-mlp sheet-own-loss circuit-mlp"),
    ),
    Fault(
        "mse-on-classes",
        ("TR30",),
        one({"loss": {"kind": "mse"}}),
        on("clothes-cnn clothes-mlp spiral-mlp blobs-mlp shapes-cnn clusters-ln-mlp"),
    ),
    Fault(
        "mae-on-classes",
        ("TR30",),
        one({"loss": {"kind": "mae"}}),
        on("clothes-mlp digits-mlp wine-mlp shapes-cnn iris-mlp clusters-ln-mlp"),
    ),
    Fault(
        "sum-for-mean",
        ("TR21", "TR35"),
        one({"loss.reduction": "sum"}),
        on("clothes-cnn clothes-mlp digits-bn-cnn xor-mlp shapes-cnn circles-mlp clusters-ln-mlp"),
    ),
)

ARCHITECTURE = (
    Fault(
        "linear-hidden",
        ("TR52",),
        one({"model.activation": "linear"}),
        on(
            "moons-mlp spiral-mlp xor-mlp parabola-mlp sine-mlp "
            "circles-mlp board-mlp friedman-mlp sheet-own-loss"
        ),
    ),
    Fault(
        "softmax-hidden",
        ("TR53",),
        one({"model.activation": "softmax"}),
        on(
            "clothes-cnn clothes-mlp digits-mlp spiral-mlp "
            "shapes-cnn circles-mlp board-mlp clusters-ln-mlp"
        ),
    ),
    Fault(
        "log-softmax-hidden",
        ("TR53",),
        one({"model.activation": "log_softmax"}),
        on("clothes-cnn wine-mlp sheet-own-loss shapes-cnn"),
    ),
    Fault(
        "deep-sigmoid",
        SIGMOIDS,
        {
            "sigmoid": {"normalization": {"kind": "none"}, "model.activation": "sigmoid"},
            "hard": {"normalization": {"kind": "none"}, "model.activation": "hard_sigmoid"},
        },
        on("digits-deep-bn digits-bn-cnn photos-cnn clusters-deep-bn"),
    ),
    Fault(
        "deep-sigmoid-stack",
        SIGMOIDS,
        one({"model.hidden": [32] * 8, "model.activation": "sigmoid"}),
        on("clothes-mlp spiral-mlp sine-mlp board-mlp circles-mlp tumours-own-step"),
    ),
    Fault(
        "too-narrow",
        ("TR54", "TR62@model"),
        {"one": {"model.hidden": [1]}, "two": {"model.hidden": [2, 2]}},
        on("clothes-mlp digits-mlp spiral-mlp blobs-mlp sine-mlp clusters-ln-mlp board-mlp"),
    ),
    Fault(
        "norm-on-two-features",
        ("TR72",),
        one({"normalization": {"kind": "layer"}, "model.hidden": [2, 2]}),
        on("moons-mlp board-mlp"),
    ),
)

REGULARIZERS = (
    Fault(
        "l2-too-strong",
        ("TR50",),
        {
            "mild": {"regularizers.l2": {"lambda": 0.3}},
            "strong": {"regularizers.l2": {"lambda": 10.0}},
        },
        on(
            "digits-gru shapes-resnet clothes-cnn digits-mlp spiral-mlp sine-mlp "
            "shapes-cnn circles-mlp friedman-mlp clusters-ln-mlp"
        ),
    ),
    Fault(
        "l1-too-strong",
        ("TR50",),
        one({"regularizers.l1": {"lambda": 0.1}}),
        on("clothes-mlp wine-mlp parabola-mlp photos-cnn iris-mlp board-mlp"),
    ),
    Fault(
        "weight-decay-too-strong",
        ("TR50",),
        one({"optimizer.weight_decay": 1.0}),
        on("digits-mlp xor-mlp blobs-mlp shapes-cnn circles-mlp iris-mlp"),
    ),
    Fault(
        "dropout-too-high",
        ("TR49",),
        one({"regularizers.dropout": {"p": 0.97}}),
        on(
            "clothes-mlp digits-bn-cnn spiral-mlp blobs-mlp "
            "photos-cnn shapes-cnn board-mlp friedman-mlp"
        ),
    ),
    Fault(
        "input-dropout-too-high",
        ("TR49",),
        one({"regularizers.dropout": {"p": 0.1, "input": 0.95}}),
        on("clothes-mlp wine-mlp iris-mlp tumours-mlp"),
    ),
    Fault(
        "smoothed-away",
        ("TR50",),
        one({"regularizers.label_smoothing": {"epsilon": 0.99}}),
        on("clothes-mlp spiral-mlp shapes-cnn iris-mlp"),
    ),
    Fault(
        "nothing-against-overfitting",
        ("TR51", "TR56", "TR16"),
        one({"regularizers": {"dropout": None, "l2": None}, "train.epochs": 80}),
        on("few-clothes-mlp few-clusters-mlp"),
    ),
    Fault(
        "overfits-noise",
        ("TR51", "TR56", "TR16"),
        one(
            {
                "regularizers.l2": None,
                "data.subset": {"n": 80},
                "model.hidden": [256, 128],
                "train.epochs": 200,
            }
        ),
        on("diabetes-mlp friedman-mlp circuit-mlp"),
    ),
)
