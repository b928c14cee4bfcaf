"""Are a script's numbers the same to the bit with and without `trickrun watch`?

    python -m benchmarks.scripts.equal

Development scripts print every loss with all its digits, run alone and watched, in processes of
their own, and every line is compared.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.results import machine, write_section
from benchmarks.scripts.collection import scripts
from benchmarks.scripts.forked import Ran, preload, run_all
from benchmarks.scripts.hurts import train
from benchmarks.scripts.programs import Script
from benchmarks.scripts.run import watch

NAMES = (
    "hand_loop_mlp",
    "lbfgs_closure",
    "trainer_cnn",
    "autocast_cnn",
    "char_lstm",
    "dict_gru",
    "tiny_gpt",
    "vae_sum",
    "ratings_mf",
    "compiled_config",
    "checkpoint_ema",
    "encoder_classifier",
    "hand_loop_mlp+gradients-kept",
    "siamese_pairs+sqrt-of-zero",
)

BACKWARD = re.compile(r"^( *)(\S+)\.backward\(\)", re.MULTILINE)


def printing(script: Script) -> Script:
    """Return a script that prints every loss that it goes backward from."""
    text, times = BACKWARD.subn(r"\g<0>\n\1print('loss', float(\2.detach()).hex())", script.text)
    if not times:
        raise ValueError(f"no backward pass in {script.name}")
    return dataclasses.replace(script, text=text)


def numbers(text: str) -> list[str]:
    """Return the lines of a script's output that are its losses and its score."""
    return [line for line in text.splitlines() if line.startswith(("loss ", "score "))]


def row(name: str, plain: Ran, watched: Ran) -> str:
    """Return the row of the table of one script; what it prints watched goes to stderr."""
    alone, beside = numbers(plain.out), numbers(watched.err)
    differing = sum(a != b for a, b in zip(alone, beside, strict=False))
    differing += abs(len(alone) - len(beside))
    return f"| {name} | {len(alone)} | {'yes' if alone and not differing else f'NO: {differing}'} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    named = {one.name: one for one in scripts("development")}
    preload()
    with tempfile.TemporaryDirectory() as alone, tempfile.TemporaryDirectory() as beside:
        jobs = []
        for name in NAMES:
            script = printing(named[name])
            jobs.append(((name, "plain"), partial(train, script, 0, Path(alone))))
            jobs.append(((name, "watched"), partial(watch, script, Path(beside))))
        ran = dict(run_all(jobs, options.jobs))
    rows = [row(name, ran[name, "plain"], ran[name, "watched"]) for name in NAMES]
    body = (
        "`python -m benchmarks.scripts.equal`: development scripts, every loss printed with all "
        f"its digits, alone and under `trickrun watch`. {machine('torch')}, 1 thread.\n\n"
        "| script | losses and score | equal to the bit |\n| --- | --- | --- |\n" + "\n".join(rows)
    )
    print(body)
    write_section("Watching changes no number", body)


if __name__ == "__main__":
    main()
