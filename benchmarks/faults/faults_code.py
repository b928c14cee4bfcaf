"""Mistakes in the user's own code, and whole programs from forum posts."""

from __future__ import annotations

from benchmarks.faults.faults_network import SIGMOIDS
from benchmarks.faults.programs import Fault, on, one

BOTH_NETS = "digits-own-net shapes-own-net"

OWN_CODE = (
    Fault(
        "no-zero-grad",
        ("TR46",),
        one({"train.step.target": "own_steps:no_zero_grad"}),
        on("digits-own-step tumours-own-step"),
    ),
    Fault(
        "no-optimizer-step",
        ("TR45",),
        one({"train.step.target": "own_steps:no_optimizer_step"}),
        on("digits-own-step tumours-own-step"),
    ),
    Fault(
        "gradients-cleared-too-late",
        ("TR45",),
        one({"train.step.target": "own_steps:zero_grad_after_backward"}),
        on("digits-own-step tumours-own-step"),
    ),
    Fault(
        "gradient-ascent",
        ("TR33",),
        one({"train.step.target": "own_steps:ascends"}),
        on("digits-own-step tumours-own-step"),
    ),
    Fault(
        "trains-in-eval-mode",
        ("TR47",),
        one({"train.step.target": "own_steps:in_eval_mode"}),
        on("digits-own-step"),
    ),
    Fault(
        "step-mixes-labels",
        ("TR10", "TR59"),
        one({"train.step.target": "own_steps:on_rolled_labels"}),
        on("digits-own-step tumours-own-step"),
    ),
    Fault(
        "step-forgets-inputs",
        ("TR14",),
        one({"train.step.target": "own_steps:inputs_forgotten"}),
        on("digits-own-step tumours-own-step"),
    ),
    *(
        Fault(name, causes, one({"model.args.mistake": mistake}), on(bases))
        for name, mistake, causes, bases in (
            ("zero-layer", "zero layer", ("TR22", "TR14"), BOTH_NETS),
            ("constant-layers", "constant layers", ("TR22",), "digits-own-net"),
            ("huge-layers", "huge layers", ("TR23",), "digits-own-net"),
            ("layers-frozen", "frozen", ("TR45",), "digits-own-net"),
            ("only-norm-learns", "only norm learns", ("TR45",), "shapes-own-net"),
            ("input-ignored", "ignores input", ("TR14",), BOTH_NETS),
            ("graph-cut", "detached", ("TR45",), BOTH_NETS),
            ("batch-axis-mixed", "transposed", ("TR32",), "digits-own-net"),
            (
                "always-dropping",
                "dropout always",
                ("TR47", "TR49"),
                BOTH_NETS,
            ),
            (
                "softmax-over-batch",
                "softmax over batch",
                ("TR32",),
                BOTH_NETS,
            ),
            ("own-softmax-twice", "softmax twice", ("TR26",), BOTH_NETS),
            ("softmax-inside", "softmax inside", ("TR53",), "digits-own-net"),
            ("own-relu-on-logits", "relu at the end", ("TR29",), "digits-own-net"),
            ("saturated-layer", "sigmoid times", ("TR42",), "shapes-own-net"),
            ("dead-layer", "negative relu", ("TR43",), "shapes-own-net"),
        )
    ),
    *(
        Fault(name, causes, one({"loss": {"kind": "python", "target": target}}), on(bases))
        for name, target, causes, bases in (
            (
                "own-loss-negative",
                "own_losses:negative_cross_entropy",
                ("TR33",),
                "digits-mlp clusters-ln-mlp",
            ),
            ("own-loss-softmax", "own_losses:softmax_first", ("TR26",), "clothes-mlp shapes-cnn"),
            (
                "own-loss-axis",
                "own_losses:softmax_over_batch",
                ("TR32",),
                "digits-mlp shapes-cnn iris-mlp",
            ),
            (
                "own-loss-broadcast",
                "own_losses:squared_broadcast",
                ("TR31", "TR32"),
                "diabetes-mlp sine-mlp sheet-own-loss friedman-mlp",
            ),
            (
                "own-loss-gradient",
                "own_losses:bounded_squared",
                ("TR33", "TR34"),
                "parabola-mlp sheet-own-loss circuit-mlp",
            ),
        )
    ),
    Fault(
        "optimizer-of-head-only",
        ("TR45",),
        one({"optimizer": {"kind": "python", "lr": 0.05, "target": "own_losses:sgd_head_only"}}),
        on("spiral-mlp digits-deep-bn board-mlp circles-mlp shapes-cnn"),
    ),
)

FORUM = (
    Fault(  # MNIST, all layers linear, N(0, 1) weights, mse, SGD 3.0
        "forum-linear-normal-mse",
        ("TR52", "TR23", "TR30", "TR35"),
        one(
            {
                "model.hidden": [30],
                "model.activation": "linear",
                "init": {"kind": "normal", "std": 1.0},
                "loss": {"kind": "mse"},
                "optimizer": {"kind": "sgd", "lr": 3.0},
            }
        ),
        on("clothes-mlp"),
    ),
    Fault(  # XOR, 2-2-3-1 sigmoid with a softmax, SGD 1e-3, 20 epochs
        "forum-xor",
        (*SIGMOIDS, "TR26", "TR36", "TR54"),
        one(
            {
                "model": {
                    "kind": "mlp",
                    "hidden": [2, 3],
                    "activation": "sigmoid",
                    "head_activation": "softmax",
                },
                "optimizer": {"kind": "sgd", "lr": 1e-3},
                "train.epochs": 20,
            }
        ),
        on("xor-mlp"),
    ),
    Fault(  # y = 5 x² + noise, SGD 0.1 on unscaled targets
        "forum-parabola",
        ("TR06", "TR35"),
        one({"optimizer": {"kind": "sgd", "lr": 0.1}, "data.args.scale": 20.0}),
        on("parabola-mlp"),
    ),
    Fault(  # two sigmoid layers and five epochs
        "forum-blobs",
        (*SIGMOIDS, "TR36", "TR55"),
        one(
            {
                "model.activation": "sigmoid",
                "optimizer": {"kind": "sgd", "lr": 0.01},
                "train.epochs": 5,
            }
        ),
        on("blobs-mlp"),
    ),
    Fault(  # SGD 0.01 with a batch of 2000 and five epochs
        "forum-large-batch",
        ("TR36", "TR55"),
        one({"optimizer.lr": 0.01, "data.batch_size": 2000, "train.epochs": 5}),
        on("clothes-mlp"),
    ),
    Fault(
        "two-at-once",
        ("TR01", "TR49"),
        one({"data.normalize": {"kind": "none"}, "regularizers.dropout": {"p": 0.9}}),
        on("digits-bn-cnn photos-cnn tumours-mlp wine-mlp"),
    ),
)
