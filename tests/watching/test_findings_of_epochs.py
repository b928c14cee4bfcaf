"""Mistakes at the borders of epochs and in the workers of loaders, and healthy relatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import HEALTHY, changed, comes_first, found

ACCUMULATED = changed(
    HEALTHY,
    ("        optimizer.zero_grad()\n", ""),
    ("    model.train()\n", "    model.train()\n    optimizer.zero_grad()\n"),
    ("for inputs, targets in loader", "for number, (inputs, targets) in enumerate(loader)"),
    ("targets)\n        loss.b", "targets) / 5\n        loss.b"),
    ("        optimizer.step()\n", "        if number % 5 == 4:\n            optimizer.step()\n"
     "            optimizer.zero_grad()\n"),
)  # fmt: skip

AGAIN = changed(
    HEALTHY,
    ("model = Net()\noptimizer = torch.optim.Adam(model.parameters(), lr=0.01)\n", ""),
    ("    model.train()\n", "    model = Net()\n"
     "    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)\n    model.train()\n"),
)  # fmt: skip

NOISY = changed(
    HEALTHY,
    (
        "TensorDataset(x, y), batch_size=32, shuffle=True)",
        "Noisy(), batch_size=32, shuffle=True, num_workers=2{more})",
    ),
    ("range(4)", "range(1)"),
    (
        "model = Net()",
        "class Noisy(torch.utils.data.Dataset):\n"
        "    def __init__(self):\n        self.rng = np.random.default_rng(0)\n"
        "    def __len__(self):\n        return 256\n"
        "    def __getitem__(self, i):\n"
        "        return x[i] + 0.1 * torch.from_numpy({noise}).float(), y[i]\n\nmodel = Net()",
    ),
    ("import torch\n", "import numpy as np\nimport torch\n"),
)
GLOBAL = "np.random.randn(10)"


def test_the_last_part_of_an_epoch_is_dropped(tmp_path: Path) -> None:
    comes_first(tmp_path, ACCUMULATED, "TR116", "loss.backward")


@pytest.mark.parametrize(
    "change",
    [
        ("    model.train()\n    optimizer.zero_grad()\n", "    model.train()\n"),
        ("if number % 5 == 4:", "if number % 5 == 4 or number == 7:"),
        ("% 5 == 4", "% 4 == 3"),
    ],
    ids=["goes on", "steps at the end", "ends with a step"],
)
def test_accumulation_that_drops_nothing(tmp_path: Path, change: tuple[str, str]) -> None:
    text = changed(ACCUMULATED, change)
    assert "TR116" not in {one.code for one in found(tmp_path, text)}


def test_a_model_made_again_in_each_epoch(tmp_path: Path) -> None:
    comes_first(tmp_path, AGAIN, "TR45", "optimizer = ")


@pytest.mark.parametrize(
    "change",
    [
        ("Net()\n    optimizer", "Net() if epoch == 0 else model\n    optimizer"),
        (
            "    model = Net()\n",
            "    model = Net()\n    loader = DataLoader(TensorDataset(x, y), 32, True)\n",
        ),
        (
            "    for inputs, targets in loader",
            "    for inputs, targets in (b for _ in range(2) for b in loader)",
        ),
    ],
    ids=["only the optimizer", "folds", "an ensemble"],
)
def test_models_that_are_meant_to_be_several(tmp_path: Path, change: tuple[str, str]) -> None:
    text = changed(AGAIN, change)
    assert "Model made again" not in {one.name for one in found(tmp_path, text)}


@pytest.mark.parametrize(
    ("noise", "more"),
    [
        ("self.rng.standard_normal(10)", ""),
        (GLOBAL, ", worker_init_fn=lambda worker: np.random.seed(0)"),
    ],
)
def test_workers_that_draw_the_same(tmp_path: Path, noise: str, more: str) -> None:
    comes_first(tmp_path, NOISY.format(noise=noise, more=more), "TR18", "loader = ")


@pytest.mark.parametrize(
    ("noise", "more"),
    [
        (GLOBAL, ""),
        (GLOBAL, ", worker_init_fn=lambda worker: np.random.seed(worker)"),
        (GLOBAL, ", worker_init_fn=lambda _: np.random.seed(torch.initial_seed() % 2**32)"),
        ("torch.randn(10).numpy()", ", worker_init_fn=lambda worker: np.random.seed(0)"),
    ],
    ids=["torch seeds numpy", "by the number", "by torch's seed", "nothing is drawn"],
)
def test_workers_that_draw_differently(tmp_path: Path, noise: str, more: str) -> None:
    text = NOISY.format(noise=noise, more=more)
    assert "TR18" not in {one.code for one in found(tmp_path, text)}
