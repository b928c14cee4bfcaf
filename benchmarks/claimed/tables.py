"""Claims about the columns of tables."""

from __future__ import annotations

from benchmarks.claimed.claim import Claim, each, higher
from benchmarks.claimed.measures import test

CLAIMS = (
    Claim(
        "periodic-numbers",
        "Numbers as periodic or piecewise linear encodings let an mlp learn a function that turns "
        "often, which plain numbers do not within the same steps.",
        "Gorishniy et al. 2022, On Embeddings for Numerical Features in Tabular Deep Learning, "
        "arXiv:2203.05556",
        {
            "plain": (),
            "piecewise": ("model.numeric=piecewise",),
            "periodic": ("model.numeric={kind: periodic, sigma: 1.0}",),
        },
        test("r2"),
        "test R²",
        each(higher("piecewise", "plain"), higher("periodic", "plain")),
        limits="One number and a wave of 16 turns, made for this claim.",
    ),
)
