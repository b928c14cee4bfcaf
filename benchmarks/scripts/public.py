"""Public training scripts that nobody here wrote, watched: as they are, and with planted mistakes.

    git clone https://github.com/pytorch/examples
    python -m benchmarks.scripts.public EXAMPLES [--commit HASH]

EXAMPLES is a checkout of PyTorch's examples; none of its code is part of this project. Their data
are made anew in their format: sine waves as their own generator makes them, and a text of a small
grammar in place of Wikitext-2. The mistakes, and the codes that name them, were chosen before the
first of the scripts was watched. Each script runs with and without its mistake, so that it shows
whether the mistake hurts.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.results import machine, write_section

TITLE = "Public scripts, watched"


@dataclass(frozen=True)
class Mistake:
    """A planted mistake.

    Args:
        name: what it is.
        file: that it is made in.
        pattern, replacement: a regular expression, which must be found once, and its replacement.
        code: of the finding that names it.
    """

    name: str
    file: str
    pattern: str
    replacement: str
    code: str


@dataclass(frozen=True)
class Public:
    """A public script.

    Args:
        folder: in the examples.
        script, arguments: what is run; the arguments as on a command line.
        data: writes its data into a folder.
        score: a regular expression for a score that the script prints; the last one counts, and
            lower is better.
        mistakes: that are planted in it, one at a time.
    """

    folder: str
    script: str
    arguments: str
    data: Callable[[Path], None]
    score: str
    mistakes: tuple[Mistake, ...] = ()


def sentences(folder: Path) -> None:
    """Write train.txt, valid.txt and test.txt of sentences of a small grammar."""
    draw = random.Random(0)
    names, verbs, things, places = (
        [f"{kind}{k}" for k in range(count)]
        for kind, count in (("name", 40), ("verb", 30), ("thing", 60), ("place", 20))
    )

    def sentence() -> str:
        # Which things a verb takes, and where they are, depends on the verb.
        verb = draw.randrange(len(verbs))
        thing = things[(2 * verb + draw.randrange(3)) % len(things)]
        place = places[(verb + draw.randrange(2)) % len(places)]
        return f"{draw.choice(names)} {verbs[verb]} the {thing} in {place} ."

    for part, count in (("train", 6000), ("valid", 600), ("test", 600)):
        text = "\n".join(sentence() for _ in range(count))
        (folder / f"{part}.txt").write_text(text + "\n", encoding="utf-8")


def waves(folder: Path) -> None:
    """Write traindata.pt: 40 sine waves of 200 points with shifted beginnings."""
    draw = np.random.default_rng(2)
    period, length, count = 20, 200, 40
    at = np.arange(length) + draw.integers(-4 * period, 4 * period, count)[:, None]
    torch.save(np.sin(at / period), folder / "traindata.pt")


VALID_LOSS = r"valid loss\s+(\S+)"

SCRIPTS = (
    Public(
        "word_language_model",
        "main.py",
        "--data . --emsize 64 --nhid 64 --epochs 3 --lr 20",
        sentences,
        VALID_LOSS,
        (
            Mistake("gradients kept", "main.py", r"\bmodel\.zero_grad\(\)", "pass", "TR46"),
            Mistake(
                "softmax for log_softmax",
                "model.py",
                r"\blog_softmax(?=\(decoded)",
                "softmax",
                "TR25",
            ),
        ),
    ),
    Public(
        "word_language_model",
        "main.py",
        "--data . --model Transformer --emsize 64 --nhid 64 --epochs 3 --lr 5",
        sentences,
        VALID_LOSS,
    ),
    Public(
        "word_language_model",
        "main.py",
        "--data . --model GRU --tied --emsize 64 --nhid 64 --epochs 3 --use-optimizer --lr 0.001",
        sentences,
        VALID_LOSS,
    ),
    Public(
        "time_sequence_prediction",
        "train.py",
        "--steps 4",
        waves,
        r"test loss: (\S+)",
        (
            Mistake("gradients kept", "train.py", r"\boptimizer\.zero_grad\(\)", "pass", "TR46"),
            Mistake(
                "first layer detached",
                "train.py",
                r"(?s)(for input_t in .*?self\.lstm2\(h_t)(?=,)",
                r"\1.detach()",
                "TR45",
            ),
        ),
    ),
)


def prepared(examples: Path, public: Public, mistake: Mistake | None, folder: Path) -> None:
    """Copy a script and its data into a folder, and plant a mistake."""
    for file in sorted((examples / public.folder).glob("*.py")):
        shutil.copy(file, folder)
    public.data(folder)
    if mistake is not None:
        file = folder / mistake.file
        text, found = re.subn(mistake.pattern, mistake.replacement, file.read_text("utf-8"))
        if found != 1:
            sys.exit(f"{mistake.name}: {file.name} has {found} places for it, not one")
        file.write_text(text, encoding="utf-8")


def watched(public: Public, folder: Path) -> dict[str, Any]:
    """Return the answer of ``trickrun watch --json`` on a script, with the score it printed."""
    command = [sys.executable, "-m", "trickrun", "watch", "--json", public.script]
    # One of the scripts loads an array, which torch.load refuses by itself since 2.6.
    environment = os.environ | {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    done = subprocess.run(
        [*command, *public.arguments.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment,
    )
    if not done.stdout.startswith("{"):
        sys.exit(f"{public.script} was not watched: {done.stderr[-1000:]}")
    said: dict[str, Any] = json.loads(done.stdout)
    scores = re.findall(public.score, done.stderr)
    return {**said, "exit": done.returncode, "score": scores[-1] if scores else "none"}


def row(public: Public, mistake: Mistake | None, said: dict[str, Any]) -> str:
    """Return a line of the table."""
    found = [f"{one['code']} ({one['severity']})" for one in said["findings"]]
    if mistake is None:
        named = "no error" if not any("(error)" in one for one in found) else "**false alarm**"
    else:
        named = "first" if found and found[0].startswith(mistake.code) else "**not first**"
    planted = f"{mistake.name} ({mistake.code})" if mistake else "none"
    place = said["findings"][0]["location"] if said["findings"] else None
    line = f"{place['file']}:{place['line']}" if place else ""
    options = public.arguments
    cells = (
        f"{public.folder}/{public.script} {options}",
        planted,
        said["score"],
        ", ".join(found) or "nothing",
        line,
        named,
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=Path)
    parser.add_argument("--commit", default="not recorded", help="commit of the examples")
    parser.add_argument("--write", action="store_true", help="write the section in RESULTS.md")
    options = parser.parse_args()
    rows = []
    for public in SCRIPTS:
        for mistake in (None, *public.mistakes):
            with tempfile.TemporaryDirectory() as folder:
                prepared(options.examples, public, mistake, Path(folder))
                rows.append(row(public, mistake, watched(public, Path(folder))))
                print(rows[-1], flush=True)
    head = (
        "`python -m benchmarks.scripts.public`: scripts of PyTorch's examples (commit "
        f"{options.commit}), which nobody here wrote. The score is the loss that the script prints "
        f"last; lower is better. {machine('torch')}.\n\n"
        "| script | planted mistake (its code) | score | found | line of the first | |\n"
        "|---|---|---|---|---|---|\n"
    )
    if options.write:
        write_section(TITLE, head + "\n".join(rows))


if __name__ == "__main__":
    main()
