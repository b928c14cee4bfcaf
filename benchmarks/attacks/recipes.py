"""Attacks on the recipe's text, on overrides, and on edits of a recipe's file."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.attacks.case import RECIPE, Attack, Case, Command
from benchmarks.attacks.mutate import changed_bytes, changed_tree

HERE = Path(__file__).parents[2] / "recipes"

WRITTEN = (
    """\
base: &base {kind: mlp, hidden: [8]}
data: &d
  kind: iris
  batch_size: &b 16
model: *base
train: {epochs: 1}
""",
    """\
data: {kind: iris, batch_size: &size 16}
model:
  <<: {kind: mlp}
  hidden: [*size, *size]   # twice
optimizer: {kind: adam, lr: 1e-3, betas: [0.9, 0.99]}
regularizers:
  <<: [{dropout: 0.1}, {l2: 1e-4}]
  dropout: 0.3
augmentation: [{kind: noise, std: 0.05}]
""",
    "data: digits\nmodel: mlp\n",
    """\
recipe_version: 1
name: "quoted \\u00e9"
data:
  kind: csv
  path: t.csv
  target: 'y'
  split: {val: 0.2, test: 0.1, seed: 3}
model: {kind: cnn, channels: [4, 8]}
grid:
  metric: val_loss
  coarse:
    trials: 4
    space:
      optimizer.lr: {log: [1e-4, 1e-1]}
      optimizer: {choice: [{kind: sgd, lr: 0.1}, {kind: adam}]}
expect: {test.accuracy: ">= 0.96"}
text: |
  many
  lines
""",
    "extends: parent.yaml\noptimizer: {lr: 0.01}\nregularizers: {dropout: null}\n",
)
"""Recipes with what those in recipes/ lack."""

WORDS = (
    "1e999", "-1e999", ".inf", "-.inf", ".nan", "0", "-0.0", "1e-400", "010", "0x1F", "0o17",
    "1_000", "9" * 30, "9" * 5000, "1" * 200_000, "1:30", "2026-01-01", "off", "~", "null",
    "!!int x", "!!python/object:os.system x", "!!binary abc", "&a", "*a", "*nope", "&a [*a]",
    "<<: *a", "? x", "|", ">-", "%YAML 1.1", "---", "...", "\t", "{", "}", "[", "]", "[[]]", "{}",
    "''", '"', "'", '"\\0"', '"\\ud800"', '"\\U00110000"', "\0", "\x85", "\u2028", "\ufeff",
    "\ud7ff",
    "é", "\u202e", "# x", ": ", "- ", ",", "@", "`", "x: y: z", "kind: x", "a" * 70_000,
    "../../etc/passwd", "/dev/zero", "~root", "~nobody-there/x", "\r", "\r\n",
)  # fmt: skip
"""What may stand where a word stood."""

PATHS = (
    "optimizer.lr", "optimizer", "optimizer.kind", "seed", "data", "data.batch_size", "data.path",
    "data.split.val", "model.hidden", "model.hidden.0", "model", "regularizers.dropout",
    "regularizers", "augmentation", "augmentation.0", "augmentation.0.p", "augmentation.99",
    "augmentation.-1", "train.epochs", "train", "grid.coarse.space", "expect", "metrics.0", "loss",
    "init", "name", "extends", "recipe_version", "", ".", "a..b", "optimizer.", "\0", "é", "<<",
    "grid.coarse.space.optimizer.lr", "early_stopping", "normalization.kind",
)  # fmt: skip

LONG = 20_000
"""Characters of a recipe that is not taken apart."""

EDITS: dict[str, tuple[Any, ...]] = {
    "optimizer.lr": (0.1, 1e-300, None),
    "optimizer": ({"kind": "sgd", "lr": 0.1}, None, "adam"),
    "regularizers.dropout": (0.3, None, {"p": 0.1}),
    "regularizers": (None, {}),
    "model.hidden": ([4], [4, 5, 6]),
    "data.batch_size": (8, "full"),
    "augmentation": ([], [{"kind": "noise", "std": 0.1}]),
    "train.epochs": (3,),
    "name": ("a: b", "é\u2028", "''", "- x"),
    "normalization": ("batch", None),
    "early_stopping": ({"patience": 3}, None),
}


@cache
def corpus() -> tuple[str, ...]:
    """Return the texts that are changed: all of recipes/, and those of this file."""
    files = sorted(HERE.rglob("*.yaml"))
    return (*(path.read_text(encoding="utf-8") for path in files), *WRITTEN)


def arrange(rng: random.Random, home: Path, folder: Path) -> Case:
    """Write a recipe and say what is done with it."""
    text = rng.choice(corpus())
    told = []
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 6])):
        text, what = changed(rng, text)
        told.append(what)
    content = text.encode("utf-8", errors="surrogatepass")
    if rng.random() < 0.15:
        content = changed_bytes(rng, content)
        told.append("bytes")
    (folder / RECIPE).write_bytes(content)
    (folder / "parent.yaml").write_text(rng.choice(corpus()), encoding="utf-8")
    return Case("; ".join(told), (command(rng),))


def command(rng: random.Random) -> Command:
    """Return what is done with a recipe."""
    if rng.random() < 0.2:
        path = rng.choice([*EDITS])
        return "edit", RECIPE, path, yaml.safe_dump(rng.choice(EDITS[path]))
    name = rng.choice(["validate", "validate", "validate", "show"])
    json = ["--json"] if rng.random() < 0.3 else []
    many = rng.choice([0, 0, 1, 1, 2])
    return name, RECIPE, *(override(rng) for _ in range(many)), *json


def override(rng: random.Random) -> str:
    """Return an override as it may be typed, which cannot hold a NUL."""
    value = rng.choice(WORDS) if rng.random() < 0.6 else rng.choice(["1", "0.5", "[1, 2]", "adam"])
    path = rng.choice(PATHS)
    if rng.random() < 0.2:
        path = f"{path}.{rng.choice(PATHS)}"
    text = f"{path}{rng.choice(['=', '=', '=', '==', ''])}{value[:100_000]}"
    return text.replace("\0", "\\0").lstrip("-") or "="


def changed(rng: random.Random, text: str) -> tuple[str, str]:
    """Return a recipe's text with one change, and which."""
    way = rng.choice(WAYS)
    return way(rng, text), way.__name__


def a_word(rng: random.Random, text: str) -> str:
    words = [*re.finditer(r"[^\s\[\]{},:#]+", text)]
    if not words:
        return text + rng.choice(WORDS)
    word = rng.choice(words)
    return text[: word.start()] + rng.choice(WORDS) + text[word.end() :]


def another_word(rng: random.Random, text: str) -> str:
    words = [*re.finditer(r"[^\s\[\]{},:#]+", text)]
    if not words:
        return text
    word, other = rng.choice(words), rng.choice(words)
    return text[: word.start()] + other[0] + text[word.end() :]


def put_in(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + rng.choice(WORDS) + text[place:]


def cut_out(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text) + 1)
    return text[:start] + text[start + rng.choice([1, 1, 3, 20, 10_000]) :]


def a_line(rng: random.Random, text: str) -> str:
    """Move, repeat, drop or indent a line."""
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            lines.insert(other, lines[one])
        case 1:
            del lines[one]
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines[one] = rng.choice([" ", "  ", "\t", "- ", "? "]) + lines[one]
        case _:
            lines[one] = lines[one].lstrip()
    return "".join(lines)


def another_recipe(rng: random.Random, text: str) -> str:
    lines, others = text.splitlines(keepends=True), rng.choice(corpus()).splitlines(keepends=True)
    here, there = rng.randrange(len(lines) + 1), rng.randrange(len(others) + 1)
    return "".join([*lines[:here], *others[there:], *lines[here:]])


def a_tree(rng: random.Random, text: str) -> str:
    """Change a value of any place, and write all anew."""
    if len(text) > LONG or "*l" in text or "*m" in text:
        return text  # PyYAML would take long
    try:
        tree = yaml.safe_load(text)
        for _ in range(rng.choice([1, 1, 2])):
            tree, _ = changed_tree(rng, tree)
        return str(
            yaml.safe_dump(tree, default_flow_style=rng.choice([None, True, False]), width=10**6)
        )
    except (yaml.YAMLError, RecursionError, ValueError):
        return text


def deep(rng: random.Random, text: str) -> str:
    """Put many levels somewhere."""
    many = rng.choice([20, 300, 2000, 50_000])
    kind = rng.randrange(4)
    inner = (
        "[" * many + "]" * many,
        "{a: " * many + "}" * many,
        "- " * many + "x",
        "[" * many,
    )[kind]
    word = rng.choice([*re.finditer(r": *", text)] or [None])
    return text + inner if word is None else text[: word.end()] + inner + text[word.end() :]


def laughs(rng: random.Random, text: str) -> str:
    """Repeat aliases of aliases."""
    many, size = rng.choice([5, 12, 30]), rng.choice([2, 9])
    lines = ["l0: &l0 [x, y]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * size)}]" for n in range(1, many)]
    merged = ["m0: &m0 {a: 1}"]
    merged += [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * size)}]}}" for n in range(1, many)]
    return "\n".join(rng.choice([lines, merged])) + "\n" + text


def itself(rng: random.Random, text: str) -> str:
    """Let an anchor hold itself."""
    return text + rng.choice(
        ["x: &x [*x]\n", "y: &y {<<: *y}\n", "z: &z {a: *z}\n", "optimizer: &o {kind: *o}\n"]
    )


WAYS = (
    a_word, a_word, a_word, another_word, put_in, put_in, cut_out, a_line, a_line, another_recipe,
    a_tree, a_tree, a_tree, deep, laughs, itself,
)  # fmt: skip


def prepare(home: Path) -> None:
    """Nothing is needed beforehand."""


RECIPES = Attack(prepare, arrange)
