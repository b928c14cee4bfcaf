"""``README.md`` of an export: what it is, how it is run, and how it was compared."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version

import torch

from trickrun import __version__
from trickrun.export.check import STEPS, Tried
from trickrun.models.pretrained import Pretrained
from trickrun.run.folder import RunFolder
from trickrun.training.job import RecipeJob

ABOUT = {
    "model.safetensors": "weights and buffers",
    "model.py": "the network; `load()` returns it with its weights",
    "preprocessing.json": "normalization, vocabulary, categories, names of classes",
    "predict.py": "from a file of samples to a csv of predictions",
    "train.py": "the training as one script",
    "initial.safetensors": "the weights that training began with",
    "split.json": "which samples train, validate and test",
    "data.npz": "the samples, where they come with trickrun or scikit-learn",
    "model.pt2": "the network as torch.export has it",
    "model.onnx": "the network in ONNX",
}


def readme(
    job: RecipeJob,
    folder: RunFolder,
    files: Sequence[str],
    part: str,
    tried: Tried,
    notes: Sequence[str],
) -> str:
    """Return the text."""
    lines = [
        f"# {job.recipe.name}",
        "",
        f"Run `{folder.id}` of trickrun {__version__}, written out as plain PyTorch: nothing here "
        "imports trickrun.",
        "",
        "```console",
        f"$ pip install {' '.join(packages(job, files))}",
        "$ python predict.py FILE --out predictions.csv",
        *(["$ python train.py DATA"] if "train.py" in files else []),
        "```",
        "",
        "| File | Holds |",
        "| --- | --- |",
        *(f"| {name} | {ABOUT.get(name, 'code of yours')} |" for name in files),
        "",
        "## How it was checked",
        "",
        "The export was run in a process that cannot import trickrun, and its outputs were "
        "compared with those of the run.",
        "",
        "| Form | Samples | Part | Largest difference | Of the largest output |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {each.form} | {each.samples} | {part} | {each.absolute:.2g} | {each.relative:.2g} |"
            for each in tried.compared
        ),
        "",
    ]
    if tried.predicted:
        lines += [f"`predict.py` wrote the same predictions: {tried.predicted}.", ""]
    if tried.trained is not None:
        lines += [
            f"The losses of the first {STEPS} steps of `train.py` differ from those of the run by "
            f"{tried.trained:.2g} of themselves at most.",
            "",
        ]
    if notes:
        lines += [*(f"- {note}" for note in notes), ""]
    made = f"Python {platform.python_version()}, torch {torch.__version__}"
    lines += ["## Made with", "", f"{made}, numpy {version('numpy')}.", ""]
    return "\n".join(lines)


def packages(job: RecipeJob, files: Sequence[str]) -> list[str]:
    """Return what must be installed to run it."""
    found = ["torch", "numpy", "safetensors"]
    if "read_images" in predict_text(job):
        found.append("pillow")
    if isinstance(job.recipe.model, Pretrained):
        lite = job.recipe.model.name.startswith("efficientnet_lite")
        found.append("efficientnet-lite-pytorch" if lite else "timm")
    if "model.onnx" in files:
        found.append("onnxruntime")
    return found


def predict_text(job: RecipeJob) -> str:
    """Return what reads the samples, by name."""
    from trickrun.export.program import reader_of

    return reader_of(job)[0].__name__
