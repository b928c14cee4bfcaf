"""Mistakes in the data: scales, labels, order, augmentation."""

from __future__ import annotations

from benchmarks.faults.programs import Fault, on, one

INPUTS = (
    Fault(
        "inputs-unscaled",
        ("TR01",),
        one({"data.normalize": {"kind": "none"}}),
        on(
            "clothes-cnn clothes-mlp wine-mlp diabetes-mlp census-mlp digits-own-data "
            "photos-cnn shapes-cnn tumours-mlp circuit-mlp tumours-own-step tumours-own-data"
        ),
    ),
    Fault(
        "inputs-scaled-twice",
        ("TR02", "TR01"),
        one({"data.normalize": {"kind": "fixed", "mean": 0.0, "std": 65025.0}}),
        on("clothes-cnn clothes-mlp digits-own-data digits-bn-cnn shapes-cnn tumours-own-step"),
    ),
    Fault(
        "wrong-statistics",
        ("TR01",),
        one({"data.normalize": {"kind": "fixed", "mean": 1000.0, "std": 10.0}}),
        on("clothes-mlp moons-mlp circles-mlp friedman-mlp iris-mlp"),
    ),
    Fault(
        "only-training-scaled",
        ("TR03",),
        one({"data.target": "own_data:only_train_scaled"}),
        on("wine-own-data"),
    ),
    Fault(
        "parts-not-scaled",
        ("TR03",),
        {
            "val": {"data.args.forgotten": ["val", "test"]},
            "train": {"data.args.forgotten": ["train"]},
        },
        on("iris-own-data"),
    ),
    Fault(
        "augmentation-destroys",
        ("TR18",),
        one({"augmentation": [{"kind": "noise", "std": 8.0}]}),
        on(
            "digits-resnet digits-mlp spiral-mlp wine-mlp "
            "shapes-lstm photos-cnn circles-mlp tumours-mlp friedman-mlp"
        ),
    ),
    Fault(
        "shifted-out-of-view",
        ("TR18",),
        one({"augmentation": [{"kind": "shift", "pixels": 7}]}),
        on("clothes-mlp digits-bn-cnn"),
    ),
)

LABELS = (
    Fault(
        "labels-shuffled",
        ("TR10",),
        one({"data.target": "own_data:shuffled_labels"}),
        on("digits-own-data wine-parted"),
    ),
    Fault(
        "labels-off-by-one-row",
        ("TR10",),
        one({"data.target": "own_data:rolled_labels"}),
        on("digits-own-data wine-parted"),
    ),
    Fault(
        "labels-mispaired",
        ("TR10",),
        one({"data.target": "more_data:mispaired"}),
        on("flowers-parted tumours-own-data"),
    ),
    Fault(
        "labels-corrupted",
        ("TR11", "TR10"),
        {
            "mild": {"data.target": "own_data:corrupted_labels", "data.args.share": 0.35},
            "strong": {"data.target": "own_data:corrupted_labels", "data.args.share": 0.7},
        },
        on("digits-own-data wine-parted"),
    ),
    Fault(
        "labels-corrupted",
        ("TR11", "TR10"),
        {
            "mild": {"data.target": "more_data:misread", "data.args.share": 0.35},
            "strong": {"data.target": "more_data:misread", "data.args.share": 0.6},
        },
        on("flowers-parted tumours-own-data"),
    ),
    Fault(
        "not-shuffled",
        ("TR17",),
        one({"data.target": "own_data:sorted_by_label", "data.shuffle": False}),
        on("digits-own-data wine-parted"),
    ),
    Fault(
        "not-shuffled",
        ("TR17",),
        one({"data.target": "more_data:class_by_class", "data.shuffle": False}),
        on("flowers-parted tumours-own-data"),
    ),
    Fault(
        "rare-class-unweighted",
        ("TR07",),
        one({"loss.class_weights": None}),
        on("rare-mlp unequal-mlp"),
    ),
    Fault(
        "targets-unscaled",
        ("TR06",),
        {
            "far": {"data.args.scale": 100.0, "data.args.shift": 2000.0},
            "large": {"data.args.scale": 3000.0},
        },
        on("parabola-mlp diabetes-mlp friedman-mlp circuit-mlp sheet-own-loss"),
    ),
)
