"""A model card: Markdown with the metadata block that the Hugging Face Hub reads.

What a run's folder does not tell is not invented: it stands there as a placeholder that says who
must fill it in.

Source: Mitchell et al., Model Cards for Model Reporting, 2019; the metadata's keys are those of the
Hub's documentation, "Model Cards" and its specification of ``model-index``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from trickrun.data.splits.source import DATA_FILE, Task
from trickrun.errors import RunFolderError
from trickrun.recipe.dump import DEFAULT_MARK
from trickrun.recipe.load import load
from trickrun.recipe.schema import Recipe
from trickrun.reporting.console import number
from trickrun.reporting.page_answers import PARTS, class_scores
from trickrun.reporting.page_asked import ENVIRONMENT, NAMES, commands, set_lines, told
from trickrun.reporting.pages.train import constant_of
from trickrun.reporting.visible import in_line
from trickrun.run.folder import RunFolder
from trickrun.run.kept_split import read_split
from trickrun.run.listing import Summary, summary
from trickrun.run.recall import findings_in
from trickrun.run.trained import task_of

TO_DO = "**[To be filled in by the author]**"
"""What marks a placeholder."""

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$])")

LOWEST = 5
"""Classes that are named as the ones with the lowest F1."""

TASKS = {"classification": "classification", "regression": "regression",
         "multilabel": "multi-label classification"}  # fmt: skip


def model_card(folder: RunFolder, answers: Mapping[str, Any]) -> str:
    """Return the card of a finished training.

    Args:
        answers: see ``run.answers``; empty where they are not known.

    Raises RunFolderError if it is a check, or has not ended.
    """
    end = folder.last_record
    if not folder.metrics_file.exists():
        raise RunFolderError(
            "a model card is about a trained model, and this is a check", str(folder.path)
        )
    if folder.ended_as is None or not (end.get("best") or end.get("test")):
        raise RunFolderError(
            "this training has no scored model yet",
            str(folder.path),
            f"continue it: trickrun train --resume {folder.path}",
        )
    recipe = load(folder.path / "resolved.yaml").recipe
    task = task_of(folder, folder.read_json(DATA_FILE))
    text = "\n".join(body(folder, recipe, task, answers))
    return f"---\n{metadata(folder, recipe, task)}---\n\n{text}\n"


def metadata(folder: RunFolder, recipe: Recipe, task: Task) -> str:
    """Return the metadata block as YAML, without its two lines of dashes.

    What is left to the author has no key there, and a comment says so.
    """
    import yaml

    scores = measured(summary(folder))
    pipeline = pipeline_of(folder, task)
    found: dict[str, Any] = {
        "library_name": "pytorch",
        "tags": ["trickrun", recipe.model.kind_name],
        "datasets": [recipe.data.kind_name],
        "metrics": [name for name in scores[1] if name != "loss"],
    }
    comments = ["# license: to be chosen by the author, as an identifier of the Hub"]
    if getattr(recipe.data, "path", None):
        # A file of one's own is no data set of the Hub.
        del found["datasets"]
        comments.append("# datasets: to be given by the author, if the data are on the Hub")
    if pipeline:
        found["pipeline_tag"] = pipeline
    if scores[1]:
        found["model-index"] = [
            {"name": in_line(folder.name), "results": [result(folder, recipe, pipeline, *scores)]}
        ]
    written = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=1000)
    return "\n".join([*comments, written])


def result(
    folder: RunFolder, recipe: Recipe, pipeline: str, part: str, scores: Mapping[str, float]
) -> dict[str, Any]:
    """Return the entry of ``model-index`` about the part that was scored."""
    return {
        "task": {"type": pipeline or "other"},
        "dataset": {
            "type": recipe.data.kind_name,
            "name": in_line(data_name(recipe)),
            "split": PARTS[part],
        },
        "metrics": [{"type": name, "name": name, "value": value} for name, value in scores.items()],
    }


def pipeline_of(folder: RunFolder, task: Task) -> str:
    """Return the Hub's name of the task; empty where it has none for it."""
    shape = folder.read_json(DATA_FILE)["shape"]
    if task.next_token:
        return "text-generation"
    if task.vocabulary:
        return "text-classification" if task.kind != "regression" else ""
    if len(shape) == 3:
        return "image-classification" if task.kind != "regression" else ""
    if len(shape) == 1:
        return "tabular-regression" if task.kind == "regression" else "tabular-classification"
    return ""


def measured(found: Summary) -> tuple[str, dict[str, float]]:
    """Return the part that a run was scored on last, test or else val, and its finite scores."""
    test = {name: value for name, value in (found.test or {}).items() if value is not None}
    if test:
        return "test", test
    best = {
        name.removeprefix("val_"): value
        for name, value in (found.best or {}).items()
        if name.startswith("val_") and value is not None
    }
    return "val", best


def data_name(recipe: Recipe) -> str:
    """Return what the data are called: their file's name, or their kind."""
    path = getattr(recipe.data, "path", None)
    return f"{str(path).rstrip('/').rpartition('/')[2]}" if path else recipe.data.kind_name


def body(
    folder: RunFolder, recipe: Recipe, task: Task, answers: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the lines of the card below its metadata."""
    facts = folder.read_json("env.json")
    size = f" with {answers['parameters']:,} parameters" if "parameters" in answers else ""
    yield f"# {safe(folder.name)}"
    yield ""
    version, data = safe(str(facts.get("trickrun", ""))), code(data_name(recipe))
    yield (
        f"A PyTorch network of kind `{recipe.model.kind_name}`{size} for {TASKS[task.kind]}, "
        f"trained with trickrun {version} on the data `{data}`."
    )
    yield from about_use()
    yield from about_data(folder, recipe, task)
    yield from about_training(folder, facts)
    yield from about_scores(folder, recipe, task, answers)
    yield from about_limits(folder, task, answers)
    yield from about_repeating(folder, facts)
    yield from ("", "## License and citation", "", f"- License: {TO_DO}", f"- Citation: {TO_DO}",
                f"- Contact: {TO_DO}")  # fmt: skip


def about_use() -> Iterator[str]:
    """Yield what only the author can say of what the model is for."""
    yield from ("", "## Intended use", "")
    yield f"- What it is for, and who uses it: {TO_DO}"
    yield f"- What it must not be used for: {TO_DO}"


def about_data(folder: RunFolder, recipe: Recipe, task: Task) -> Iterator[str]:
    """Yield what is known of the data."""
    yield from ("", "## Training data", "")
    yield f"- Data: kind `{recipe.data.kind_name}`, `{code(data_name(recipe))}`"
    kept = read_split(folder)
    if kept is None:
        yield "- Samples: not known, as the run keeps no split"
    else:
        counts = ((word, len(kept.members(name))) for name, word in PARTS.items())
        yield "- Samples: " + ", ".join(f"{n:,} {word}" for word, n in counts if n)
    if task.labels and task.kind != "regression" and not task.next_token:
        shares = [f" {p:.1%}" for p in task.priors] or [""] * len(task.labels)
        names = [f"{safe(n)}{p}" for n, p in zip(task.labels, shares, strict=False)][:50]
        more = f", and {len(task.labels) - 50} more" if len(task.labels) > 50 else ""
        what = "Labels" if task.kind == "multilabel" else "Classes"
        yield f"- {what}, with their shares of the training split: {', '.join(names)}{more}"
    yield f"- Where the data come from, and their license: {TO_DO}"
    yield f"- Personal or sensitive content: {TO_DO}"


def about_training(folder: RunFolder, facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the recipe and how the training ended."""
    end = folder.last_record
    resolved = folder.read_text("resolved.yaml")
    what = "The recipe, without what it leaves at its default:"
    lines = set_lines(resolved.splitlines())
    yield from ("", "## Training", "", what if DEFAULT_MARK in resolved else "The recipe:", "")
    yield from fenced([in_line(line) for line in lines], "yaml")
    yield ""
    stopped = safe(str(end.get("stopped_by", "not known")).replace("_", " "))
    yield f"It trained for {end.get('epochs', 0):.4g} epochs and was stopped by: {stopped}."
    yield from ("", "| environment | |", "|---|---|")
    for key in ENVIRONMENT:
        if key in facts and key != "recipe_folder":
            yield f"| {NAMES.get(key, key)} | {safe(told(facts[key]))} |"
    yield ""
    yield "Energy and emissions: not measured."


def about_scores(
    folder: RunFolder, recipe: Recipe, task: Task, answers: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the scores, and those of each class."""
    found = summary(folder)
    part, scores = measured(found)
    constant = constant_of(folder, part)
    yield from ("", "## Evaluation", "")
    if not scores:
        yield "It has not been scored."
        return
    if part == "val":
        yield (
            "These are scores on the validation split, which also chose the best epoch: on new "
            "data they are likely to be worse. The run has no test split."
        )
    else:
        yield "Scores on the test split, which training and the choice of the epoch never saw."
    yield from ("", f"| score | {PARTS[part]} | always the same answer |", "|---|---|---|")
    for name, value in scores.items():
        yield f"| {safe(name)} | {number(value)} | {number(constant.get(name))} |"
    if not answers.get("cells") or len(task.labels) > 50:
        return
    yield from ("", f"Each class, on the {PARTS.get(answers['part'], '')} split:", "")
    yield from ("| class | precision | recall | F1 | samples |", "|---|---|---|---|---|")
    for row in class_scores(answers["cells"], task.labels):
        values = " | ".join(f"{value:.3f}" for value in (row.precision, row.recall, row.f1))
        yield f"| {safe(row.label)} | {values} | {row.support:g} |"


def about_limits(folder: RunFolder, task: Task, answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was measured of the model's weak sides, and what only the author can say."""
    yield from ("", "## Limits and risks", "")
    if answers.get("cells"):
        rows = [row for row in class_scores(answers["cells"], task.labels) if row.support]
        worst = sorted(rows, key=lambda row: row.f1)[:LOWEST]
        names = ", ".join(f"{safe(row.label)} ({row.f1:.2f})" for row in worst)
        yield f"- Measured: the lowest F1 have {names}."
    for finding in findings_in(folder):
        if finding.severity != "info":
            yield f"- Found by trickrun: {safe(finding.name)}. {safe(finding.why)}"
    yield "- One training with one seed: the spread over seeds is not known from this run."
    yield f"- Who may be harmed by wrong answers, and how that is prevented: {TO_DO}"
    yield f"- Data that differ from the training data: {TO_DO}"


def about_repeating(folder: RunFolder, facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield how to use the model and how to train it again."""
    yield from ("", "## How to use it", "")
    yield from fenced([shlex.join(["trickrun", "predict", folder.id, "FILE"])], "sh")
    yield from ("", "## How to train it again", "")
    lines = [line for _, line in commands(folder, facts)]
    # Where a folder was on the author's machine helps nobody else.
    yield from fenced([in_line(line) for line in lines if not line.startswith("cd ")], "sh")


def fenced(lines: Sequence[str], language: str) -> Iterator[str]:
    """Yield lines as a block of code that nothing in them ends."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}"
    yield from lines
    yield fence


def safe(text: str) -> str:
    """Return a name as Markdown and HTML show it: no character in it is markup."""
    return MARKDOWN.sub(r"\\\1", escape(in_line(text), quote=False))


def code(text: str) -> str:
    """Return a name that can stand between back quotes."""
    return in_line(text).replace("`", "'")
