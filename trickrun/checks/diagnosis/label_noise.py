"""Whether labels were changed: what learners of two kinds say of labels that they have not seen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from trickrun.checks.diagnosis.out_of_fold import FOLDS, out_of_fold
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.checks.diagnosis.reference import arrays, has_features
from trickrun.checks.diagnosis.skill import skill
from trickrun.data.splits.division import divided
from trickrun.data.splits.prepare import Prepared, subset
from trickrun.data.splits.source import SplitData
from trickrun.findings.rules.data.label_noise import FEWEST, LEARNED, Doubt, LabelNoise
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.search.executors.workers import JUDGING, WORKERS
from trickrun.training.compile import compile_to_measure
from trickrun.training.evaluation import predict
from trickrun.training.loop import train

JUDGED = 1200
"""Training samples whose labels are judged."""

LEAST = 2 * FOLDS
"""Samples of a class below which it is left out, since a fold may lack it."""

SUREST, ENOUGH = 0.25, 60
"""Share of the samples that counts as the surest, and how many there must be at least."""

Array = np.ndarray[Any, Any]


def label_noise(data: Prepared) -> LabelNoise | None:
    """Return what a linear model and trees say of training labels that they have not seen.

    The surest samples are those with the largest margins, in the order of both. What is doubted,
    and how many labels that makes, follows confident learning (Northcutt, Jiang & Chuang 2021,
    arXiv:1911.00068): a learner is confident of a class where its score is at least the mean that
    samples of the class have. Here all learners must be, of the same class.

    None for values, for inputs that ``reference`` leaves out, and for fewer than two classes that
    are large enough. Rows of doubts are those of the training split.
    """
    if data.task.kind != "classification" or not has_features(data):
        return None
    rows, x, y = judged(data)
    names, y = np.unique(y, return_inverse=True)
    if len(names) < 2 or not np.isfinite(x).all():
        return None
    scores = WORKERS.aside(JUDGING, partial(out_of_fold, x, y, len(names)))()
    answers = np.stack([each.argmax(1) for each in scores])
    agreed, best = (answers == answers[0]).all(0), answers[0]
    wrong = agreed & (best != y)
    ranks = np.sum([margins(each).argsort().argsort() for each in scores], 0)
    surest = np.zeros(len(y), dtype=bool)
    surest[np.argsort(-ranks)[: max(ENOUGH, int(SUREST * len(y)))]] = True
    surest &= agreed
    confident = agreed & np.all([is_confident(each, y) for each in scores], 0)
    doubted = np.flatnonzero(confident & wrong)
    doubted = doubted[np.argsort(-ranks[doubted], kind="stable")]
    right = float((answers == y).mean(1).max())
    labels = [data.task.labels[name] if data.task.labels else str(name) for name in names]
    return LabelNoise(
        classes=len(names),
        samples=len(y),
        surest=int(surest.sum()),
        surest_contradicted=share(wrong, surest),
        contradicted=share(wrong, agreed),
        second=second_best(scores, y, doubted),
        one_sided=one_sided(y[doubted], best[doubted], len(names)),
        known=float(recognized(answers, y, len(names))[y[doubted]].mean()) if len(doubted) else 0.0,
        noise=share(wrong, confident),
        skill=skill(right, "accuracy", data.task),
        doubts=tuple(Doubt(int(rows[i]), labels[y[i]], labels[best[i]]) for i in doubted),
    )


def judged(data: Prepared) -> tuple[Array, Array, Array]:
    """Return at most JUDGED training samples: rows [n], inputs [n, features], classes [n]."""
    count = len(data.train)
    rows = np.sort(np.random.default_rng(0).permutation(count)[:JUDGED])
    x, y = arrays(SplitData(data.train.x[rows], data.train.y[rows]), JUDGED)
    kept = np.isin(y, np.flatnonzero(np.bincount(y) >= LEAST))
    return rows[kept], x[kept], y[kept]


def margins(scores: Array) -> Array:
    """Return by how much the best class [n] is ahead of the second."""
    ordered = np.sort(scores, 1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def is_confident(scores: Array, y: Array) -> Array:
    """Return whether a learner is confident [n] of the class that it answers."""
    needed = np.array([scores[y == c, c].mean() for c in range(scores.shape[1])])
    best = scores.argmax(1)
    return np.asarray(scores.max(1) >= needed[best])


def second_best(scores: list[Array], y: Array, doubted: Array) -> float:
    """Return the share of doubted samples whose label is the second best answer, by all scores."""
    if len(doubted) == 0:
        return 1.0
    both = np.sum([each / max(float(each.std()), 1e-9) for each in scores], 0)[doubted]
    return float((both.argsort(1)[:, -2] == y[doubted]).mean())


def one_sided(given: Array, agreed: Array, classes: int) -> float:
    """Return by how much doubts go from one class to another and not back, corrected for chance.

    Of a pair of classes with a and b doubts, (a - b)² - (a + b) is 0 on average where both
    directions are as likely, and (a + b)² - (a + b) where there is one direction alone.
    """
    counts = np.zeros((classes, classes))
    np.add.at(counts, (given, agreed), 1)
    total = counts + counts.T
    possible = float((total**2 - total).sum())
    return float(((counts - counts.T) ** 2 - total).sum()) / possible if possible else 0.0


def recognized(answers: Array, y: Array, classes: int) -> Array:
    """Return of which classes [classes] some learner answers a fair share rightly."""
    recall = [[(each[y == c] == c).mean() for c in range(classes)] for each in answers]
    return np.asarray(np.max(recall, 0) >= LEARNED)


def share(mask: Array, among: Array) -> float:
    return float(mask[among].mean()) if among.any() else 0.0


def with_network(proxy: ProxyRun, noise: LabelNoise, pace: Pace = UNHURRIED) -> LabelNoise:
    """Return ``noise`` with what the recipe's own network says of the doubted samples: it is
    trained on one half of the samples, and asked about the other."""
    data = proxy.data
    count = len(data.train)
    rows = np.random.default_rng(1).permutation(count)
    seen, asked = (np.sort(each) for each in (rows[: count // 2], rows[count // 2 :]))
    half, other = (SplitData(data.train.x[each], data.train.y[each]) for each in (seen, asked))
    try:
        job = compile_to_measure(
            proxy.recipe.recipe, proxy.recipe.folder, replace(data, train=half, val=other)
        )
        for _ in train(job, over=pace.over):
            pace.ask("label noise")
        answers = predict(job, other.x).argmax(1).cpu().numpy()
    except Exception:  # a network that cannot be trained, or a user's code that fails, says nothing
        return noise
    given = other.y.cpu().numpy()
    doubted = np.isin(asked, [doubt.row for doubt in noise.doubts])
    right = answers == given
    if skill(float(right.mean()), "accuracy", data.task) < LEARNED or doubted.sum() < FEWEST:
        return noise
    return replace(noise, network=share(right, doubted))


def in_the_file(proxy: ProxyRun, noise: LabelNoise) -> LabelNoise:
    """Return ``noise`` with rows of the file, or of the data's own training part."""
    recipe = proxy.recipe.recipe
    source = recipe.data.load(proxy.recipe.folder)
    places = subset(recipe.data, source, divided(recipe.data.split, source)["train"])
    doubts = tuple(replace(doubt, row=int(places[doubt.row])) for doubt in noise.doubts)
    return replace(noise, doubts=doubts)
