"""Claims about recurrent networks and transformers. Images are read row by row."""

from __future__ import annotations

from benchmarks.claimed.claim import Claim, lower
from benchmarks.claimed.measures import final

CLAIMS = (
    Claim(
        "rnn-orthogonal",
        "Orthogonal recurrent weights let a plain rnn learn over many steps; a narrow normal "
        "init does not.",
        "Saxe et al. 2014, arXiv:1312.6120; Le et al. 2015, arXiv:1504.00941",
        {
            "normal 0.01": ("init.recurrent={kind: normal, std: 0.01}",),
            "orthogonal": ("init.recurrent=orthogonal",),
        },
        final("train_loss"),
        "mean training loss of the last epoch",
        lower("orthogonal", "normal 0.01"),
        limits="28 steps (the rows of an image), 64 units, 3,000 images.",
    ),
    Claim(
        "rnn-clipping",
        "Clipping the gradient's norm saves a recurrent network that explodes.",
        "Pascanu et al. 2013, On the difficulty of training RNNs, arXiv:1211.5063",
        {"none": (), "norm 1": ("optimizer.clip={norm: 1.0}",)},
        final("train_loss"),
        "mean training loss of the last epoch (inf: diverged)",
        lower("norm 1", "none"),
        limits="A ReLU rnn whose recurrent weights start a fifth above the edge of stability.",
    ),
    Claim(
        "transformer-warmup",
        "A post-norm transformer needs a warm-up under Adam.",
        "Xiong et al. 2020, On Layer Normalization in the Transformer, arXiv:2002.04745",
        {"none": (), "warm-up": ("optimizer.schedule={kind: constant, warmup: 0.2}",)},
        final("train_loss"),
        "mean training loss of the last epoch",
        lower("warm-up", "none"),
        limits="Six blocks of width 32 on patches of digits.",
    ),
)
