"""Whole commands, from the shell's call to their end, beside plain scripts that do the same.

    python benchmarks/whole_commands.py [--rounds 5] [--only "grid 64-64-32-10, 32" ...]
                                        [--before PYTHON] [--write]

In each round each command runs once, one after another, so that what else the machine does meets
all of them; a round before them fills the caches. A plain script imports torch and scikit-learn,
trains sequentially and evaluates after each epoch; it gets torch's own number of threads. Because
both sides import torch, a second ratio has the time of a bare ``import torch``, measured in the
same round, taken from both. Grids also run in Optuna and in Ray Tune around the script's own
training, where these are installed (``pip install -e '.[bench]'``).

--before names the Python of another version's environment, for example a work tree of an earlier
commit with trickrun installed: it runs the same commands in the same rounds. Processor seconds are
those of the command's own process and the children that it waits for; workers are not among them.
Nothing else may run on the machine. Packages have their bytecode, as pip's have.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from command_times import RECIPES
from results import installed, machine, write_section

ROOT = Path(__file__).parents[1]

HEAD = """
import sys, torch
from torch import nn
torch.manual_seed(0)

def network(sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])

def digits():
    from sklearn.datasets import load_digits
    found = load_digits()
    return torch.tensor(found.data, dtype=torch.float32), torch.tensor(found.target)

def fashion():
    import gzip, numpy
    folder = "/usr/share/datasets/fashion-mnist/train-"
    images = gzip.open(folder + "images-idx3-ubyte.gz").read()
    labels = gzip.open(folder + "labels-idx1-ubyte.gz").read()
    x = numpy.frombuffer(images, numpy.uint8, offset=16).reshape(-1, 784)
    y = numpy.frombuffer(labels, numpy.uint8, offset=8)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.long)

def train(x, y, sizes, epochs, size, lr, decay=0.0):
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    held = len(x) * 15 // 100
    val, train = order[:held], order[2 * held :]
    x = (x - x[train].mean()) / x[train].std()
    model = network(sizes)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, weight_decay=decay)
    for _ in range(epochs):
        model.train()
        for batch in train[torch.randperm(len(train))].split(size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = float(nn.functional.cross_entropy(model(x[val]), y[val]))
    return loss
"""

SEARCH = """
x, y = digits()
results = []
for k in range({trials}):
    lr = 1e-4 * 1000 ** (k / ({trials} - 1))
    results.append((train(x, y, {sizes}, 10, 64, lr, 1e-6), lr))
print(min(results))
"""

OPTUNA = """
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
x, y = digits()
rates = [1e-4 * 1000 ** (k / ({trials} - 1)) for k in range({trials})]

def objective(trial):
    return train(x, y, {sizes}, 10, 64, trial.suggest_categorical("lr", rates), 1e-6)

study = optuna.create_study(sampler=optuna.samplers.GridSampler({{"lr": rates}}))
study.optimize(objective, n_trials={trials})
print(study.best_value, study.best_params)
"""

RAY = """
import logging, os, tempfile
import ray
from ray import tune
x, y = digits()
rates = [1e-4 * 1000 ** (k / ({trials} - 1)) for k in range({trials})]

def trainable(config):
    torch.set_num_threads(1)
    return {{"loss": train(x, y, {sizes}, 10, 64, config["lr"], 1e-6)}}

ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
with tempfile.TemporaryDirectory() as folder:
    results = tune.Tuner(
        tune.with_resources(trainable, {{"cpu": 1}}),
        param_space={{"lr": tune.grid_search(rates)}},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(storage_path=folder, verbose=0),
    ).fit()
    assert not results.errors, results.errors
    print(results.get_best_result("loss", "min").metrics["loss"])
"""

PEERS = {"Optuna": ("optuna", OPTUNA), "Ray Tune": ("ray", RAY)}
"""Other ways to search: the package that each needs, and what follows HEAD in its script."""

FASHION = """recipe_version: 1
name: timed
data: {kind: fashion_mnist, batch_size: 128, split: {val: 0.15, test: 0.15}}
model: {kind: mlp, hidden: [256, 128]}
optimizer: adam
train: {epochs: 5}
"""

DIGITS = """recipe_version: 1
name: timed
data: {kind: digits, batch_size: 64}
model: {kind: mlp, hidden: [256, 128]}
optimizer: adam
train: {epochs: 20}
"""


@dataclass(frozen=True)
class Case:
    """A command and the script beside it.

    Args:
        words: of the command line, after ``trickrun``.
        script: what does the same by hand; None: there is nothing of the kind.
        aim: the largest ratio of seconds to the script's; without one, to those before.
        bare: the same, once a bare ``import torch`` is taken from both.
        peers: scripts that do the same with what others have, by name.
    """

    words: Sequence[str]
    script: str | None = None
    aim: float | None = None
    bare: float | None = None
    peers: Mapping[str, str] = field(default_factory=dict)


def search(recipe: str, sizes: list[int], trials: int, aim: float | None, bare: float) -> Case:
    """Return a grid beside a loop over learning rates."""
    script = HEAD + SEARCH.format(sizes=sizes, trials=trials)
    peers = {
        name: HEAD + rest.format(sizes=sizes, trials=trials)
        for name, (package, rest) in PEERS.items()
        if installed(package) != "missing"
    }
    return Case(("grid", "coarse", recipe), script, aim, bare, peers)


def training(recipe: str, call: str) -> Case:
    """Return ``train`` beside a loop."""
    return Case(("train", recipe, "train.look_every=0"), f"{HEAD}\nprint({call})\n", 0.9)


WIDE, NARROW = [64, 256, 128, 10], [64, 64, 32, 10]
CASES = {
    "grid 64-256-128-10, 32": search("grid-32-wide.yaml", WIDE, 32, 1 / 2.5, 1 / 3.5),
    "grid 64-64-32-10, 32": search("grid-32.yaml", NARROW, 32, None, 1 / 5),
    "grid 64-64-32-10, 64": search("grid-64.yaml", NARROW, 64, None, 1 / 6),
    "grid of 2": Case(("grid", "coarse", "grid-2.yaml")),
    "train digits": training("digits.yaml", f"train(*digits(), {WIDE}, 20, 64, 1e-3)"),
    "train fashion-mnist": training(
        "fashion.yaml", "train(*fashion(), [784, 256, 128, 10], 5, 128, 1e-3)"
    ),
    "lr-find": Case(("lr-find", "digits.yaml")),
    "initial-loss": Case(("initial-loss", "digits.yaml")),
    "checklist": Case(("checklist", str(ROOT / "recipes" / "digits.yaml")), aim=0.5),
    "diagnose": Case(("diagnose", str(ROOT / "recipes" / "digits-untuned.yaml"), "--confirm")),
    "validate": Case(("validate", "digits.yaml"), "import pydantic, yaml, typer, rich", 1.5),
    "runs": Case(("runs",)),
}
FILES = {
    **{f"{name}.yaml": text for name, text in RECIPES.items()},
    "digits.yaml": DIGITS,
    "fashion.yaml": FASHION,
}


@dataclass(frozen=True)
class Spent:
    """Wall time, and processor time of the process and the children it waits for."""

    seconds: float
    processor: float


def spent(command: Sequence[str]) -> Spent:
    """Run a command in a new folder with all recipes."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            Path(folder, name).write_text(text)
        env = {**os.environ, "TRICKRUN_RUNS": str(Path(folder, "runs"))}
        before, begun = os.times(), time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True)
        took, after = time.perf_counter() - begun, os.times()
    # A command's exit status 1 is a verdict; anything else is a mistake of the benchmark.
    if done.returncode > ("trickrun" in command):
        raise SystemExit(f"exit status {done.returncode}: {done.stderr.decode()[-500:]}")
    processor = after.children_user - before.children_user
    return Spent(took, processor + after.children_system - before.children_system)


def commands_of(case: Case, before: str | None) -> dict[str, list[str]]:
    """Return what runs for a case: now, before, the script, and the bare import."""
    words = ["-m", "trickrun", *case.words]
    found = {"now": [sys.executable, *words]}
    if before is not None:
        found["before"] = [before, *words]
    if case.script is not None:
        found["script"] = [sys.executable, "-c", case.script]
    if case.bare is not None:
        found["torch"] = [sys.executable, "-c", "import torch"]
    found |= {name: [sys.executable, "-c", script] for name, script in case.peers.items()}
    return found


def measure(
    names: Sequence[str], before: str | None, rounds: int
) -> dict[str, dict[str, list[Spent]]]:
    """Return what each command took in each round, by case and way."""
    found: dict[str, dict[str, list[Spent]]] = {name: {} for name in names}
    for number in range(rounds + 1):
        for name in names:
            for way, command in commands_of(CASES[name], before).items():
                took = spent(command)
                if number > 0:
                    found[name].setdefault(way, []).append(took)
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    return found


def row(name: str, ways: dict[str, list[Spent]]) -> str:
    """Return a line of the table."""
    case = CASES[name]
    now = [one.seconds for one in ways["now"]]
    cells = [middle(now), f"{statistics.median(s.processor for s in ways['now']):.2f}"]
    aimed_at = "script" if case.script is not None else "before"
    for way in ("before", "script", *PEERS):
        beside = [one.seconds for one in ways.get(way, ())]
        aim = f", aim {case.aim:.2f}" if case.aim is not None and way == aimed_at else ""
        cells += [middle(beside), f"{ratio(now, beside)}{aim}"] if beside else ["", ""]
    bare = [one.seconds for one in ways.get("torch", ())]
    if bare:
        script = [one.seconds for one in ways["script"]]
        less = [[a - b for a, b in zip(of, bare, strict=True)] for of in (now, script)]
        cells.append(f"{ratio(*less)}, aim {case.bare:.2f}")
    else:
        cells.append("")
    return f"| {name} | {' | '.join(cells)} |"


def middle(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def ratio(now: Sequence[float], beside: Sequence[float]) -> str:
    """Return the ratio of the medians, and those of the rounds."""
    each = [a / b for a, b in zip(now, beside, strict=True)]
    whole = statistics.median(now) / statistics.median(beside)
    return f"{whole:.2f} ({min(each):.2f}-{max(each):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--before", help="the Python of an earlier version's environment")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    compileall.compile_dir(ROOT / "trickrun", quiet=1)
    if options.before is not None:
        build = "import trickrun, compileall; compileall.compile_dir(trickrun.__path__[0], quiet=1)"
        subprocess.run([options.before, "-c", build], check=True, cwd="/")
    load = os.getloadavg()[0]
    found = measure(options.only, options.before, options.rounds)
    peers = "".join(f"{name} | of it | " for name in PEERS)
    lines = [
        "| command | seconds | processor | before | of it | script | of it | "
        f"{peers}without torch |",
        f"|---|---|---|---|---|---|---|{'---|---|' * len(PEERS)}---|",
        *(row(name, ways) for name, ways in found.items()),
    ]
    print("\n".join(lines))
    if options.write:
        told = (
            f"`python benchmarks/whole_commands.py`: medians (ranges) of {options.rounds} rounds.\n"
            f"{machine('torch', 'scikit-learn', 'optuna', 'ray')}, load {load:.1f} before and "
            f"{os.getloadavg()[0]:.1f} after\n\n"
        )
        write_section("Whole commands", told + "\n".join(lines))


if __name__ == "__main__":
    main()
