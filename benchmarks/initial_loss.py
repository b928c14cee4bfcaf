"""What `initial-loss` expects and measures, with a fault and without, for pairs of loss and data.

    python benchmarks/initial_loss.py

writes a section of RESULTS.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from trickrun.checks.initial_loss.initial_loss_check import gather, initial_loss
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded, from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.console import number
from trickrun.run.pace import UNHURRIED

HERE = Path(__file__).parent
TITLE = "Initial loss: expected and measured"
INITS = ("kaiming_normal", "xavier_uniform", "orthogonal", "torch_default")
MLP: dict[str, Any] = {"kind": "mlp", "hidden": [64, 32]}
DIABETES = {"kind": "python", "target": "benchmark_data:diabetes", "args": {"scaled": True}}

RARE = {"kind": "python", "target": "benchmark_data:rare", "args": {"share": 0.05}}


@dataclass(frozen=True)
class Case:
    """A healthy recipe, a fault in it, and what the fault should be called first.

    Args:
        recipe: the recipe as plain data.
        fault: recipe path to the faulty value.
        code: the first finding that is right.
    """

    recipe: dict[str, Any]
    fault: dict[str, Any]
    code: str


def case(data: Any, loss: Any, fault: dict[str, Any], code: str, **sections: Any) -> Case:
    """Return the case of an mlp on ``data`` with ``loss``."""
    return Case({"data": data, "model": MLP, "loss": loss, **sections}, fault, code)


def synthetic(family: str) -> dict[str, Any]:
    return {"kind": "synthetic", "family": family}


def head(**init: Any) -> dict[str, Any]:
    return {"init.head": {"kind": "kaiming_normal", **init}}


CASES = [
    case("digits", "cross_entropy", {"data.normalize": "none"}, "TR01"),
    case("wine", "cross_entropy", {"init": {"kind": "normal", "std": 1.0}}, "TR23"),
    case("digits", "cross_entropy", {"init": "zeros"}, "TR22"),
    case("iris", "cross_entropy", {"model.head_activation": "softmax"}, "TR26"),
    case(
        "wine",
        {"kind": "cross_entropy", "class_weights": "balanced"},
        {"loss.reduction": "sum"},
        "TR21",
    ),
    case(
        "digits",
        "cross_entropy",
        head(kind="normal", std=1.0),
        "TR20",
        regularizers={"label_smoothing": 0.1},
    ),
    Case(
        {
            "data": "digits",
            "model": {**MLP, "head_activation": "log_softmax"},
            "loss": "nll",
        },
        {"model.head_activation": "linear"},
        "TR25",
    ),
    case("breast_cancer", "bce", head(bias=5.0), "TR24"),
    case(synthetic("moons"), "bce", {"model.head_activation": "sigmoid"}, "TR26"),
    case(
        RARE,
        "bce",
        {"init.head.bias": 0.0},
        "TR24",
        init={"kind": "kaiming_normal", "head": {"kind": "kaiming_normal", "bias": -2.94}},
    ),
    case("iris", "hinge", head(kind="normal", std=2.0), "TR20"),
    case(DIABETES, "mse", {"data.args.scaled": False}, "TR24"),
    case(synthetic("linear"), "mse", {"init": {"kind": "normal", "std": 1.0}}, "TR23"),
    case(synthetic("sine"), "mse", head(kind="normal", std=1.0), "TR20"),
    case(synthetic("sine"), "mae", {"model.head_activation": "sigmoid"}, "TR28"),
    case(DIABETES, "huber", {"loss.reduction": "sum"}, "TR21"),
]


def loaded(recipe: dict[str, Any]) -> Loaded:
    """Return a checked recipe that stands in this folder."""
    tree = canonical({"name": "benchmark", **recipe})
    return Loaded(from_tree(tree), tree, "", HERE / "benchmark.yaml")


def judged(case: Case) -> tuple[Verdict, Verdict]:
    """Return the verdicts without and with the fault."""
    healthy = loaded(case.recipe)
    subject = RecipeSubject(healthy)
    return initial_loss(subject)[0], initial_loss(subject.changed(case.fault))[0]


def row(case: Case) -> str:
    """Return a case's line of the table."""
    without, faulty = judged(case)
    tree = loaded(case.recipe).tree
    data = tree["data"]
    name = data.get("family") or data.get("target", data["kind"]).split(":")[-1]
    found = faulty.findings
    after = found[0].confirmed["after"] if found and found[0].confirmed else None
    fault = typed(case.fault)
    columns = [
        f"{tree['loss']['kind']}, {name}",
        f"{without.result['formula']} = {number(without.result['expected'])}",
        number(without.result["loss"]),
        number(without.result["expected"] + without.result["tolerance"]),
        without.verdict,
        f"`{fault}`",
        number(faulty.result["loss"]),
        faulty.verdict,
        " ".join(finding.code for finding in found),
        number(after),
    ]
    return "| " + " | ".join(column.replace("|", "\\|") for column in columns) + " |"


def size_row(model: dict[str, Any], data: str, normalization: str) -> str:
    """Return a line with the size of the untrained outputs for each init scheme."""
    layers = len(model.get("hidden", ())) or 3
    cells = [f"{model['kind']} of {layers} hidden layers, {data}, {normalization}"]
    for init in INITS:
        recipe = {"data": data, "model": model, "init": init, "normalization": normalization}
        _, measured = gather(RecipeSubject(loaded(recipe)), 5, UNHURRIED)
        cells.append(f"{median(m.output_size for m in measured):.2f}")
    return "| " + " | ".join(cells) + " |"


def size_table() -> str:
    """Return how large healthy networks' outputs are before training."""
    models = [(MLP, data) for data in ("digits", "iris", "wine", "breast_cancer")]
    models += [({"kind": "mlp", "hidden": [64] * 8}, "digits"), ({"kind": "cnn"}, "digits")]
    rows = [size_row(model, data, norm) for model, data in models for norm in ("none", "batch")]
    heads = ["model, data, normalization", *INITS]
    return "\n".join(["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *rows])


def main() -> None:
    """Run every case and write the tables."""
    import torch
    from results import machine, write_section

    torch.set_num_threads(1)
    heads = [
        "loss, data", "expected", "measured", "normal up to", "verdict",
        "fault", "with the fault", "verdict", "findings", "with the edit",
    ]  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *map(row, CASES)]
    intro = (
        '`python benchmarks/initial_loss.py`: medians of 5 seeds. "With the edit" is the loss '
        "after the first finding's edit, where the loss can judge it.\n"
        f"{machine('torch', 'scikit-learn')}"
    )
    sizes = (
        "Root mean square of the outputs before training, which the tolerance is derived from "
        "(sizes up to 2 pass, above 4 fail): medians of 5 seeds."
    )
    write_section(TITLE, "\n\n".join([intro, "\n".join(lines), sizes, size_table()]))


if __name__ == "__main__":
    main()
