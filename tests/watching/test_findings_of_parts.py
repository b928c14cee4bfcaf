"""Networks that lack a part which their task needs, and those that only seem to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import comes_first, found
from tests.watching.tasks import TOKENS, model_of, trained

FIRST = TOKENS.replace("3 * torch.arange(9)", "torch.randint(0, V, (400, 9))") + "y = x[:, 0]\n"
HEARD = TOKENS.replace("3 * torch.arange(9)", "torch.randint(0, V, (400, 9))") + (
    "y = (x == 5).any(1).long()\n"
)
EMBED = "self.emb = nn.Embedding(V, 16)\nself.out = nn.Linear(16, V)\n"
ENCODE = EMBED + "self.enc = nn.TransformerEncoderLayer(16, 2, 32, 0.0, batch_first=True)\n"
BY_HAND = EMBED + "self.q, self.k = nn.Linear(16, 16), nn.Linear(16, 16)\n"
ATTEND = (
    "a = (self.q(e) @ self.k(e).transpose(1, 2) / 4).softmax(-1)\nreturn self.out((a @ e).mean(1))"
)
POOLED = "return self.out(self.enc({tokens}).mean(1))"
LOSS = "F.cross_entropy(model(x[i]), y[i])"


@pytest.mark.parametrize(
    ("init", "forward"),
    [(ENCODE, POOLED.format(tokens="self.emb(x)")), (BY_HAND, f"e = self.emb(x)\n{ATTEND}")],
)
def test_attention_without_positions(tmp_path: Path, init: str, forward: str) -> None:
    text = trained(FIRST + model_of(init, forward), LOSS, steps=160)
    comes_first(tmp_path, text, "TR104", "def forward")


@pytest.mark.parametrize(
    ("task", "init", "forward"),
    [
        (FIRST, ENCODE + "self.pos = nn.Embedding(9, 16)\n",
         POOLED.format(tokens="self.emb(x) + self.pos(torch.arange(9))")),
        (FIRST, ENCODE + "self.pos = nn.Parameter(torch.zeros(9, 16))\n",
         POOLED.format(tokens="self.emb(x) + self.pos")),
        (FIRST, EMBED, "return self.out(self.emb(x).mean(1))"),
        (FIRST, ENCODE + "self.rnn = nn.GRU(16, 16, batch_first=True)\n",
         POOLED.format(tokens="self.rnn(self.emb(x))[0]")),
    ],
    ids=["positions", "positions that begin at 0", "a bag of words", "a recurrent layer"],
)  # fmt: skip
def test_networks_that_need_no_positions(
    tmp_path: Path, task: str, init: str, forward: str
) -> None:
    text = trained(task + model_of(init, forward), LOSS, steps=160)
    assert "TR104" not in {one.code for one in found(tmp_path, text)}


def test_a_task_without_an_order(tmp_path: Path) -> None:
    model = model_of(ENCODE, POOLED.format(tokens="self.emb(x)"))
    text = trained(HEARD + model, LOSS, steps=250, lr=0.01)
    assert "TR104" not in {one.code for one in found(tmp_path, text)}


PADDED = TOKENS.replace("3 * torch.arange(9)", "torch.randint(0, V, (400, 9))") + (
    "y = x[:, :2].sum(1) % 3\n"
    "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
)
PACKED = (
    "e = pack_padded_sequence(self.emb(x), {lengths}, batch_first=True, enforce_sorted=False)\n"
    "o, h = self.rnn(e)\no, n = pad_packed_sequence(o, batch_first=True)\nreturn self.out({last})"
)
RANDOM, ALL = "torch.randint(2, 10, (len(x),))", "torch.full((len(x),), 9)"


@pytest.mark.parametrize(
    ("lengths", "last", "wrong"),
    [
        (RANDOM, "o[:, -1]", True),
        (RANDOM, "o[:, -1, :]", True),
        (ALL, "o[:, -1]", False),
        (RANDOM, "h[-1]", False),
        (RANDOM, "o[torch.arange(len(x)), n - 1]", False),
        (RANDOM, "o[:, 0]", False),
    ],
)
def test_the_last_place_of_padded_sequences(
    tmp_path: Path, lengths: str, last: str, wrong: bool
) -> None:
    init = EMBED + "self.rnn = nn.GRU(16, 16, batch_first=True)\n"
    model = model_of(init, PACKED.format(lengths=lengths, last=last))
    text = trained(PADDED + model, LOSS, steps=60)
    if wrong:
        comes_first(tmp_path, text, "TR14", "return self.out")
    else:
        assert "TR14" not in {one.code for one in found(tmp_path, text)}
