"""The file with a network of one's own that ``trickrun new --model python`` begins."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from trickrun.errors import TrickrunError

Inputs = Literal["any", "images", "tokens"]
"""What the network takes: numbers of any shape, images [C, H, W], or token ids [T]."""

HEAD = '''\
"""The network of {recipe}."""

import math

import torch
from torch import nn


class Net(nn.Module):
    """From a batch of inputs [N, *inputs] to scores [N, outputs].

    trickrun calls it with the shape of one input and the number of outputs; what else it takes
    stands in the recipe's model.args.
    """

    def __init__(self, inputs: tuple[int, ...], outputs: int, width: int = {width}) -> None:
        super().__init__()
'''

BODIES: dict[Inputs, str] = {
    "any": """\
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(math.prod(inputs), width),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(width, outputs),  # no softmax: the loss takes plain scores
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)
""",
    "images": """\
        channels = inputs[0]
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width // 4, 3, padding=1),
            nn.BatchNorm2d(width // 4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width // 4, width // 2, 3, padding=1),
            nn.BatchNorm2d(width // 2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(width // 2 * math.prod(size // 4 for size in inputs[1:]), width),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(width, outputs),  # no softmax: the loss takes plain scores
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)
""",
    "tokens": """\
        # data.vocabulary keeps at most 10,000 tokens; two more are padding and unknown ones.
        self.embedding = nn.Embedding(10_002, 32)
        self.reader = nn.GRU(32, width, batch_first=True)
        self.head = nn.Linear(width, outputs)  # no softmax: the loss takes plain scores

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps, _ = self.reader(self.embedding(x))
        return self.head(steps.mean(1))
""",
}


def stub_for(recipe: Path) -> Path:
    """Return the file that holds the network of a recipe's file."""
    name = re.sub(r"\W", "_", recipe.stem)
    return recipe.with_name(f"{'_' if name[:1].isdigit() else ''}{name}_model.py")


def write_stub(recipe: Path, inputs: Inputs) -> Path:
    """Write the file with a network that works, and return its path.

    Raises TrickrunError if it exists already or cannot be written.
    """
    path = stub_for(recipe)
    text = HEAD.format(recipe=recipe.name, width=128 if inputs != "tokens" else 64) + BODIES[inputs]
    if "math." not in text:
        text = text.replace("import math\n\n", "")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        hint = "rename it, choose another name, or name your network: model.target=FILE:CLASS"
        raise TrickrunError("this file exists already", str(path), hint) from None
    except OSError as error:
        raise TrickrunError(error.strerror or "cannot be written", str(path)) from None
    return path
