"""Claims that are seen rather than counted: each a recipe, its arms, and a picture."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.claimed.measures import first_weights, run, step_losses
from benchmarks.claimed.optimization import OPTIMIZERS
from trickrun.reporting.svg import STYLE
from trickrun.training.job import Job

SMOOTH = 20
"""Steps whose mean loss is a point of a curve."""


@dataclass(frozen=True)
class Picture:
    """A statement, and what shows it.

    Args:
        name: that of its recipe, ``recipes/claims/NAME.yaml``, and of the picture.
        arms: name to overrides.
        draw: from each arm's freshly compiled job, which it may train, to a figure.
    """

    name: str
    statement: str
    source: str
    arms: Mapping[str, Sequence[str]]
    draw: Callable[[Mapping[str, Job]], Figure]


def svg(figure: Figure) -> str:
    """Return the figure as SVG text, the same for the same figure."""
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    return text.getvalue()


def panels(count: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` axes side by side, each so many inches large."""
    figure = Figure(figsize=(width * count, height))
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def loss_curves(jobs: Mapping[str, Job]) -> Figure:
    """Draw the training loss of every arm over its steps."""
    figure, (axes,) = panels(1, 7, 3.6)
    for name, job in jobs.items():
        losses = torch.tensor(step_losses(job))
        means = losses[: len(losses) // SMOOTH * SMOOTH].view(-1, SMOOTH).mean(1)
        axes.plot([SMOOTH * (i + 1) for i in range(len(means))], means.tolist(), label=name)
    axes.set(yscale="log", xlabel="training step", ylabel=f"mean loss of {SMOOTH} steps")
    axes.legend(ncols=2)
    return figure


@torch.no_grad()
def boundary(axes: Axes, job: Job) -> None:
    """Draw where a trained network of two inputs and two classes changes its mind."""
    x, y = job.data.original(job.data.train.x), job.data.train.y
    low, high = x.min(0).values - 0.5, x.max(0).values + 0.5
    across = torch.linspace(float(low[0]), float(high[0]), 200)
    up = torch.linspace(float(low[1]), float(high[1]), 200)
    points = torch.cartesian_prod(across, up)
    job.model.eval()
    second = job.model(job.inputs(job.data.held(points))).softmax(1)[:, 1].view(200, 200).T
    axes.contourf(across, up, second, levels=[0, 0.1, 0.5, 0.9, 1], cmap="coolwarm", alpha=0.5)
    axes.contour(across, up, second, levels=[0.5], colors="black", linewidths=1)
    axes.scatter(*x.T, c=y, cmap="coolwarm", s=12, edgecolors="white", linewidths=0.3)
    axes.set(xticks=[], yticks=[])


def boundaries(jobs: Mapping[str, Job]) -> Figure:
    """Train each arm and draw its decision boundary."""
    figure, row = panels(len(jobs), 3.2, 2.8)
    for axes, (name, job) in zip(row, jobs.items(), strict=True):
        history = run(job)
        boundary(axes, job)
        axes.set_title(f"{name}: val_accuracy {history[-1]['val_accuracy']:.3f}")
    return figure


def features(jobs: Mapping[str, Job]) -> Figure:
    """Train each arm and draw the first layer's weights of 36 units as images."""
    figure, row = panels(len(jobs), 3.4, 3.4)
    for axes, (name, job) in zip(row, jobs.items(), strict=True):
        run(job)
        height, width = job.data.shape[-2:]
        tiles = first_weights(job)[:36].view(6, 6, height, width)
        tiles = torch.nn.functional.pad(tiles, (0, 1, 0, 1), value=float("nan"))
        image = tiles.permute(0, 2, 1, 3).reshape(6 * (height + 1), 6 * (width + 1))
        size = float(first_weights(job).abs().quantile(0.99))
        axes.imshow(image, cmap="RdBu", vmin=-size, vmax=size, interpolation="nearest")
        axes.set(title=name, xticks=[], yticks=[])
        axes.grid(False)
    return figure


PICTURES = (
    Picture(
        "optimizers",
        "Seven optimizers on one problem, at their usual learning rates.",
        "Ruder 2016, arXiv:1609.04747",
        {name: (f"optimizer={value}",) for name, value in OPTIMIZERS.items()},
        loss_curves,
    ),
    Picture(
        "l2-boundary",
        "L2 makes the decision boundary smooth where a large network would follow the noise.",
        "Goodfellow et al. 2016, Deep Learning, section 7.1; CS231n, neural networks 1",
        {
            "no penalty": (),
            "l2 0.003": ("regularizers.l2=0.003",),
            "l2 0.03": ("regularizers.l2=0.03",),
        },
        boundaries,
    ),
    Picture(
        "dropout-features",
        "With dropout, first-layer units become detectors of their own instead of noise that "
        "only makes sense together.",
        "Srivastava et al. 2014, Dropout, JMLR 15, section 7.1",
        {"no dropout": (), "dropout 0.5": ("regularizers.dropout=0.5",)},
        features,
    ),
)


def draw(picture: Picture, jobs: Mapping[str, Job]) -> str:
    """Return a picture of freshly compiled jobs as SVG text."""
    with mpl.rc_context(STYLE):
        return svg(picture.draw(jobs))
