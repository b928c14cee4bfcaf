"""Answers that no longer depend on the samples, losses with nothing left, and healthy relatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import changed, comes_first, found
from tests.watching.tasks import CLASSES, VALUES, model_of, trained

CODED = VALUES.replace("y = x[:, 0] - 2 * x[:, 1]", "x = torch.tanh(x @ torch.randn(6, 20))")
VAE = CODED + model_of(
    "self.a = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 8))\n"
    "self.b = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 20))",
    "m, s = self.a(x).chunk(2, 1)\nz = m + torch.randn_like(m) * (s / 2).exp()\n"
    "return self.b(z), m, s",
)
KL = " + (m.square() + s.exp() - s - 1).sum(1).mean() / 2"
SUMMED = "(r - x[i]).square().sum(1).mean()" + KL
OUT = "r, m, s = model(x[i])"

POINTS = CLASSES + "model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 8))\n"
PAIRS = "a, p = model(x[i]), model(x[i] + 0.1 * torch.randn(32, 12))\nn = model(x[i.roll(1)])"
TRIPLETS = "F.relu((a - {near}).norm(dim=1) - (a - {far}).norm(dim=1) + 0.5).mean()"


def test_an_autoencoder_that_ignores_its_input(tmp_path: Path) -> None:
    mean = changed(SUMMED, (".sum(1).mean() +", ".mean() +"))
    text = trained(VAE, mean, 350, OUT)
    comes_first(tmp_path, text, "TR14", "loss = ")


def test_an_autoencoder_that_restores(tmp_path: Path) -> None:
    text = trained(VAE, SUMMED, 350, OUT)
    assert found(tmp_path, text) == []


def test_embeddings_that_collapse(tmp_path: Path) -> None:
    # All are pulled together, and nothing pushes them apart.
    on_a_sphere = POINTS + model_of(
        "self.a = nn.Linear(12, 32)\nself.b = nn.Linear(32, 8)",
        "return F.normalize(self.b(F.relu(self.a(x))), dim=1)",
    )
    text = trained(on_a_sphere, "(a - n).square().sum(1).mean()", 300, PAIRS, lr=0.03)
    comes_first(tmp_path, text, "TR14", "loss.backward")


def test_triplets_that_are_too_easy(tmp_path: Path) -> None:
    easy = TRIPLETS.format(near="a", far="(n + 9)")
    comes_first(tmp_path, trained(POINTS, easy, 150, PAIRS), "TR116", "loss.backward")


@pytest.mark.parametrize("far", ["n", "n.detach()"])
def test_triplets_that_are_learned(tmp_path: Path, far: str) -> None:
    text = trained(POINTS, TRIPLETS.format(near="p", far=far), 200, PAIRS)
    assert not {"TR14", "TR116"} & {one.code for one in found(tmp_path, text)}
