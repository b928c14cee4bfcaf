"""Is what `trickrun new --data` writes a good start? Judged on data that it was not tuned on.

    pip install -e ".[bench]"
    python benchmarks/starter.py --part development [--only ames] [--budget 60s]
    python benchmarks/starter.py --part judged --budget 60s --write

Each data set of starter_data.py is written to a file or a folder; `trickrun new` writes the recipe,
which is trained as it is. Beside it: the same recipe after `trickrun checklist --budget` on the
first split, a linear model, and of tables HistGradientBoosting, which train on the training and
validation part of the same splits. Tables of fewer than SMALL rows are split twice
(data.split.seed 0, 1), all others once.

The score is 1 - loss / loss of the constant: of values that is R squared (the constant is the
training part's mean), of classes the same with the log loss (the constant is the training part's
shares). So the constant scores 0. Results are kept in starter.jsonl, and a run that is stopped
goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tables
from results import machine, write_section
from starter_data import DEVELOPMENT, JUDGED, Images, Table

TITLE = "The recipe that trickrun new writes"
JOURNAL = Path(__file__).parent / "starter.jsonl"
SMALL = 1000
"""Rows of a table below which one split's test part is too small."""
SHARE = 0.95
"""Of the tuned recipe's score, that the starter's must reach."""
BAR = 13
"""Data sets of the judged on which it must."""
CHANCE = 0.1
"""Share of the linear model's score below which a network is at chance where that is not."""

MOST_CATEGORIES = 250
"""Texts of a column beyond which neither trees nor the linear model get it: names."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Score:
    """What a method reaches on one split's test part.

    Args:
        score: 1 - loss / loss of the constant.
        plain: accuracy, or R squared.
        constant: the plain score of the constant.
        seconds: of training.
    """

    score: float
    plain: float
    constant: float
    seconds: float


def trickrun(folder: Path, *arguments: str) -> dict[str, Any]:
    """Return what a command answers; a verdict is none of our business here."""
    done = subprocess.run(
        [sys.executable, "-m", "trickrun", *arguments, "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{arguments}: {done.returncode}, {done.stdout} {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write(item: Table | Images, folder: Path) -> list[str]:
    """Write the data, and return what `trickrun new` is told of them."""
    if isinstance(item, Images):
        item.write(folder / "images")
        return ["--data", "images"]
    item.frame().to_csv(folder / "table.csv", index=False)
    return ["--data", "table.csv", "--target", item.target]


@dataclass(frozen=True)
class Split:
    """The parts of a data set as a recipe divides it.

    Args:
        x, y: of the training part (with validation) and the test part: inputs as the recipe makes
            them, and class indices or values in their own unit.
        rows: of a table the rows of both.
        priors: class shares of the training part; empty for values.
        mean: of the training part's values.
    """

    x: tuple[Array, Array]
    y: tuple[Array, Array]
    rows: tuple[Array, Array] | None
    priors: Array
    mean: float


def split_of(folder: Path, recipe: str, seed: int) -> Split:
    """Return the parts of a recipe's data."""
    import torch

    from trickrun.data.splits.prepare import prepare
    from trickrun.recipe.load import load

    loaded = load(folder / recipe, [f"data.split.seed={seed}"])
    data = prepare(loaded.recipe.data, folder)
    assert data.val is not None
    assert data.test is not None
    both = torch.cat([data.train.y, data.val.y]), data.test.y
    y = tuple(data.in_own_unit(part).squeeze(-1).numpy() for part in both)
    x = tuple(
        data.inputs(part, torch.float32).flatten(1).numpy()
        for part in (torch.cat([data.train.x, data.val.x]), data.test.x)
    )
    rows = None
    if data.rows:
        both_rows = torch.cat([data.rows["train"], data.rows["val"]]), data.rows["test"]
        rows = both_rows[0].numpy(), both_rows[1].numpy()
    values = data.in_own_unit(data.train.y).double()
    return Split((x[0], x[1]), (y[0], y[1]), rows, np.array(data.task.priors), float(values.mean()))


def constant_of(split: Split) -> tuple[float, float]:
    """Return the constant's loss in the test part, and its accuracy or R squared."""
    y = split.y[1]
    if len(split.priors):
        loss = -np.log(np.clip(split.priors, 1e-7, 1))[y].mean()
        return float(loss), float((y == split.priors.argmax()).mean())
    return float(((y - split.mean) ** 2).mean()), 0.0


def network(folder: Path, recipe: str, seed: int) -> Score:
    """Train a recipe on a split, as `trickrun train` does, in this process."""
    import torch

    from trickrun.recipe.load import load
    from trickrun.run import execute
    from trickrun.training.compile import compile_recipe
    from trickrun.training.evaluation import predict

    split = split_of(folder, recipe, seed)
    start = time.perf_counter()
    loaded = load(folder / recipe, [f"data.split.seed={seed}"])
    job = compile_recipe(loaded.recipe, loaded.folder)
    with execute.start(loaded, folder / "runs", ["train"], loaded.folder) as run:
        found = execute.execute(run, job, ["train"], []).result["test"]
    seconds = time.perf_counter() - start
    loss, plain = constant_of(split)
    if not len(split.priors):
        mse = (1 - found["r2"]) * split.y[1].var()
        return Score(1 - mse / loss, found["r2"], plain, seconds)
    # A loss with class weights is not the log loss.
    assert job.data.test is not None
    outputs = predict(job, job.data.test.x).cpu().float()
    mine = float(torch.nn.functional.cross_entropy(outputs, job.data.test.y.flatten().cpu()))
    return Score(1 - mine / loss, found["accuracy"], plain, seconds)


def baselines(item: Table | Images, split: Split) -> dict[str, Score]:
    """Return what a linear model and, of tables, trees reach on a split."""
    if isinstance(item, Images):
        return {"linear": of_images(split)}
    assert split.rows is not None
    frame = item.frame()
    frame = frame[frame[item.target].notna()].reset_index(drop=True)
    for name in frame.columns:
        if name == item.target or pd.api.types.is_numeric_dtype(frame[name]):
            continue
        times = pd.to_datetime(frame[name], format="ISO8601", errors="coerce")
        known = times.notna().all()
        days = (times - pd.Timestamp(0)) / pd.Timedelta(days=1)
        frame[name] = days if known else frame[name].astype("category")
    many = [n for n in frame.columns if n != item.target and frame[n].dtype == "category"]
    frame = frame.drop(columns=[n for n in many if len(frame[n].cat.categories) > MOST_CATEGORIES])
    described = tables.Table(item.package, item.item, item.target, item.classes)
    train, test = (frame.iloc[rows] for rows in split.rows)
    x, y = train.drop(columns=item.target), train[item.target]
    found = {}
    for name, fit in (("linear", tables.fit_linear), ("trees", tables.fit_trees)):
        start = time.perf_counter()
        model = fit(described, x, y)
        seconds = time.perf_counter() - start
        inputs, actual = test.drop(columns=item.target), test[item.target]
        loss, plain = constant_of(split)
        if item.classes:
            p = model.predict_proba(inputs)
            mine = float(tables.log_loss(p, actual, [str(c) for c in model.classes_]).mean())
            right = float((model.predict(inputs) == actual).mean())
        else:
            mine = float(((model.predict(inputs) - actual) ** 2).mean())
            right = 1 - mine / float(actual.var(ddof=0))
        found[name] = Score(1 - mine / loss, right, plain, seconds)
    return found


def of_images(split: Split) -> Score:
    """Return what a logistic regression of all pixels reaches."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss as mean_log_loss
    from sklearn.preprocessing import StandardScaler

    start = time.perf_counter()
    scale = StandardScaler().fit(split.x[0])
    model = LogisticRegression(C=0.01, max_iter=300).fit(scale.transform(split.x[0]), split.y[0])
    seconds = time.perf_counter() - start
    p = model.predict_proba(scale.transform(split.x[1]))
    loss, plain = constant_of(split)
    mine = mean_log_loss(split.y[1], p, labels=model.classes_)
    right = float((p.argmax(1) == split.y[1]).mean())
    return Score(1 - mine / loss, right, plain, seconds)


def measure(item: Table | Images, budget: str | None, tag: str) -> None:
    """Measure what the journal lacks of a data set, and keep it."""
    done = {(row["item"], row["method"]) for row in known(tag)}
    splits = 2 if isinstance(item, Table) and len(item.frame()) < SMALL else 1
    methods = ("starter", "linear") if isinstance(item, Images) else ("starter", "linear", "trees")
    wanted = [*methods, *(["tuned"] if budget else [])]
    if all((item.item, method) in done for method in wanted):
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trickrun(folder, "new", "starter", *write(item, folder))
        if (item.item, "starter") not in done:
            scores = [network(folder, "starter.yaml", seed) for seed in range(splits)]
            recipe = (folder / "starter.yaml").read_text()
            keep(tag, item, "starter", scores, recipe=recipe)
        if (item.item, "linear") not in done:
            found = [
                baselines(item, split_of(folder, "starter.yaml", seed)) for seed in range(splits)
            ]
            for method in found[0]:
                keep(tag, item, method, [each[method] for each in found])
        if budget and (item.item, "tuned") not in done:
            start = time.perf_counter()
            answer = trickrun(
                folder, "checklist", "starter.yaml", f"--budget={budget}", "--keep-going"
            )
            took = time.perf_counter() - start
            path = answer["result"]["tuned_recipe"] or "starter.yaml"
            (folder / "tuned.yaml").write_text((folder / path).read_text())
            scores = [network(folder, "tuned.yaml", seed) for seed in range(splits)]
            recipe = (folder / "tuned.yaml").read_text()
            keep(tag, item, "tuned", scores, recipe=recipe, checklist=took)


def keep(tag: str, item: Table | Images, method: str, scores: list[Score], **more: Any) -> None:
    """Add a line to the journal."""
    row = {"tag": tag, "item": item.item, "method": method}
    row |= {"scores": [asdict(score) for score in scores], **more}
    with JOURNAL.open("a") as file:
        file.write(json.dumps(row) + "\n")
    told = [f"{s.score:.3f} ({s.plain:.3f}, {s.seconds:.1f} s)" for s in scores]
    print(f"{item.item}, {method}: {', '.join(told)}", flush=True)


def known(tag: str) -> list[dict[str, Any]]:
    """Return what the journal has under a tag."""
    if not JOURNAL.exists():
        return []
    rows = map(json.loads, JOURNAL.read_text().splitlines())
    return [row for row in rows if row["tag"] == tag]


def mean(row: dict[str, Any] | None, key: str = "score") -> float:
    """Return the mean of a method's scores over the splits; NaN if it has not been measured."""
    return float(np.mean([score[key] for score in row["scores"]])) if row else float("nan")


def report(items: tuple[Table | Images, ...], tag: str, budget: str | None, note: str = "") -> str:
    """Return the table of results, and what it says."""
    rows = {(row["item"], row["method"]): row for row in known(tag)}
    head = ["data", "starter", "tuned", "of it", "linear", "trees", "plain: constant", "starter",
            "tuned", "linear", "trees", "seconds: starter", "checklist"]  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    reached, chance, judged = 0, [], 0
    for item in items:
        found = {m: rows.get((item.item, m)) for m in ("starter", "tuned", "linear", "trees")}
        if found["starter"] is None:
            continue
        start, tuned = mean(found["starter"]), mean(found["tuned"])
        share = start / tuned if tuned > 0 else float("inf")
        judged += found["tuned"] is not None
        reached += found["tuned"] is not None and share >= SHARE
        if start < CHANCE * mean(found["linear"]):
            chance.append(item.item)
        row = found["tuned"]
        cells = [item.item, f"{start:.3f}", *number(tuned), f"{share:.1%}" if row else "-"]
        cells += [*number(mean(found["linear"])), *number(mean(found["trees"]))]
        cells += [f"{mean(found['starter'], 'constant'):.3f}"]
        for method in ("starter", "tuned", "linear", "trees"):
            cells += number(mean(found[method], "plain"))
        cells += [
            f"{mean(found['starter'], 'seconds'):.1f}",
            f"{row['checklist']:.0f}" if row else "-",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    said = [
        f"The starter reaches {SHARE:.0%} of the tuned recipe's score on {reached} of the {judged} "
        f"data sets that were tuned (the bar: {BAR} of {len(JUDGED)}).",
        "At chance where the linear model is not: " + (", ".join(chance) or "none") + ".",
    ]
    for method, told in (("starter", "Not measured yet"), ("tuned", "Not tuned yet")):
        if budget and (missing := [i.item for i in items if (i.item, method) not in rows]):
            said.append(f"{told}: {', '.join(missing)}; the same command goes on.")
    below = [
        f"{item.item} ({mean(rows[item.item, 'linear']):.2f})"
        for item in items
        if (item.item, "linear") in rows
        and mean(rows[item.item, "starter"]) < mean(rows[item.item, "linear"])
    ]
    said.append("Below the linear model: " + (", ".join(below) or "none") + ".")
    head_lines = [
        f"`python benchmarks/starter.py --part judged --budget {budget}`.",
        machine("torch", "scikit-learn"),
        *([note, ""] if note else []),
        "Score: 1 - loss / loss of the constant (R squared of values, the same with the log loss "
        "of classes); plain: accuracy or R squared. Tables of fewer than "
        f"{SMALL} rows: the mean of two splits.",
        "",
    ]
    return "\n".join([*head_lines, *lines, "", *(f"- {each}" for each in said)])


def number(value: float) -> list[str]:
    """Return the cell of a score."""
    return ["-" if np.isnan(value) else f"{value:.3f}"]


def main() -> None:
    """Measure what the journal lacks, and print the table; --write puts it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("development", "judged"), required=True)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--budget", help="of the checklist; without one nothing is tuned")
    parser.add_argument("--tag", help="what the journal keeps the results under")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--note", default="", help="what RESULTS.md says of this run")
    parser.add_argument("--report", action="store_true", help="measure nothing more")
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    items = DEVELOPMENT if asked.part == "development" else JUDGED
    chosen = tuple(item for item in items if asked.only is None or item.item in asked.only)
    tag = asked.tag or asked.part
    for item in chosen if not asked.report else ():
        measure(item, asked.budget, tag)
    print(report(chosen, tag, asked.budget))
    if asked.write:
        write_section(TITLE, report(items, tag, asked.budget, asked.note))


if __name__ == "__main__":
    main()
