"""Mistakes in what enters a loss, whatever the loss is: likelihoods written by hand or by torch's
distributions, numbers that are none, sums, reshapes; and their healthy relatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import changed, found
from tests.watching.tasks import (
    BACKWARD_ALSO,
    BEGIN,
    CLASSES,
    LOOKS_BACK,
    LOSS_OF_CLASSES,
    SAID,
    TOKENS,
    VALUES,
    model_of,
    trained,
)

COUNTS = VALUES + "y = torch.poisson((y / 2).exp())\n"
CHOSEN = "-torch.distributions.Categorical({what}).log_prob(y[i]).mean()"
SOFT = CLASSES + "model.append(nn.Softmax(-1))\n"
BY_HAND = "(s.logsumexp(1) - s[torch.arange(32), y[i]]).mean()"
PREFERRED = """
users, items = nn.Embedding(50, 8), nn.Embedding(60, 8)
model = nn.ModuleList([users, items])
likes = torch.rand(50, 60) < 0.2
x = torch.zeros(512, 1)
"""
PAIR = (
    "u = torch.randint(0, 50, (32,))\n"
    "p = torch.multinomial(likes[u].float(), 1)[:, 0]\n"
    "n = torch.multinomial((~likes[u]).float(), 1)[:, 0]\n"
    "ahead = (users(u) * (items(p) - items(n))).sum(1)"
)
SURVIVAL = "-((r - torch.logcumsumexp(r, 0)) * event[i]).sum() / event[i].sum()"
RISK = "i = i[y[i].argsort(descending=True)]\nr = model(x[i])[:, 0]"
EVENTS = VALUES + "event = (torch.rand(512) < 0.7).float()\n"
ENTROPY = "-(torch.distributions.Categorical(logits=s).log_prob(y[i]) * good[i]).mean() - 0.01 * e"
REWARDED = CLASSES + "good = torch.randn(512)\n"

TWO = VALUES + model_of(
    "self.a = nn.Linear(6, 16)\nself.out = nn.Linear(18, 1)",
    "return self.out(torch.cat([F.relu(self.a(x)), more[:len(x)]], 1))",
) + "more = torch.randn(512, 2)\n"  # fmt: skip
RECURRENT = TOKENS + "y = (x == 5).any(1).long()\n" + model_of(
    "self.emb = nn.Embedding(V, 16)\nself.rnn = nn.LSTM(16, 16)\nself.out = nn.Linear(16, 2)",
    "e = self.emb(x).{how}\nreturn self.out(self.rnn(e)[0][-1])",
)  # fmt: skip
SCRAMBLED = "view(x.size(1), x.size(0), -1)"
SHIFTED = VALUES + model_of(
    "self.a = nn.Linear(6, 20)\nself.out = nn.Linear(20, 1)",
    "h = F.pad(self.a(x).relu().view(-1, 4, 5), (1, 0)).reshape(-1, 6, 4)[:, 1:]\n"
    "return self.out(h.reshape(-1, 20))",
)
ADAM = "torch.optim.Adam(model.parameters(), lr=0.003)"
SQUARES = "((model(x[i])[:, 0] - y[i]) ** 2).sum()"


def with_sgd(text: str, options: str) -> str:
    """Return a program with steps as long as the gradient is."""
    return changed(text, (ADAM, f"torch.optim.SGD(model.parameters(), {options})"))


PROMPTED = "F.cross_entropy(model(t[:, :-1])[:, 4:].flatten(0, 1), t[:, {start}].flatten())"
AHEAD = TOKENS + model_of(BACKWARD_ALSO, SAID)
BACK = TOKENS + model_of(LOOKS_BACK, SAID)
VIEWS = CLASSES + model_of(
    "self.a = nn.Linear(12, 32)\nself.out = nn.Linear(32, 8)",
    "return F.normalize(self.out(F.relu(self.a(x))), dim={dim})",
)
ATTRACTED = "F.cross_entropy(a @ b.T / 0.2, torch.arange(32))"
BOTH = "a, b = (model(x[i] + 0.3 * torch.randn(32, 12)) for _ in range(2))"
IN_ORDER = (
    "i = y.argsort()[32 * (step % 16) : 32 * (step % 16) + 32]\n"
    "j = i[torch.randperm(32)]\no = model(0.8 * x[i] + 0.2 * x[j])"
)
MIXED = "0.8 * F.cross_entropy(o, y[i]) + 0.2 * F.cross_entropy(o, y[j])"
MIXING = "j = i[torch.randperm(32)]\no = model(0.8 * x[i] + 0.2 * x[j])"

TAGGED = CLASSES + "y = (x[:, :4] > 1).float()\n"
WEIGHED = "F.binary_cross_entropy_with_logits(model(x[i]), y[{rows}], pos_weight={weight})"
OVERLAP = "1 - 2 * (p * (y[i] > 0).float()).sum() / (p.sum() + (y[i] > 0).sum())"
NODES = CLASSES + "known = torch.arange(0, 512, 2)\n"
OF_KNOWN = "F.cross_entropy(model(x)[known], y[{rows}])"
ONE = VALUES + "model.append(nn.Softmax(1))\n"
YES = "-((y[i] > 0) * p.log() + (y[i] <= 0) * (1 - p + 1e-7).log()).mean()"

SPEECH = """
V, x = 6, torch.zeros(64, 1)
signs = torch.randn(V, 8)
""" + model_of(
    "self.rnn = nn.GRU(8, 32)\nself.out = nn.Linear(32, V)", "return self.out(self.rnn(x)[0])"
)  # fmt: skip
SPOKEN = (
    "y = torch.randint(1, V, (8, 4))\n"
    "heard = signs[y.repeat_interleave(4, 1)].transpose(0, 1)\n"
    "lengths = torch.full((8,), 16), torch.full((8,), 4)"
)
WRITTEN = "F.ctc_loss(model(heard).{normalized}, y, *lengths)"
RARE = CLASSES + "y = (x[:, 0] > 1.2).long()\nshares = torch.bincount(y) / len(y)\n"
BALANCED = "F.cross_entropy(model(x[i])[:, :2], y[i], weight={weight})"
BATCHES = """
x = torch.randn(512, 12)
y = x[:, :4].argmax(1)
model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle={shuffle})
for step in range(60):
    inputs, targets = next(iter(loader))
    loss = F.cross_entropy(model(inputs), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
VARIATIONAL = CLASSES + model_of(
    "self.enc = nn.Linear(12, 8)\nself.dec = nn.Linear(4, 12)",
    "mean, log_var = self.enc(x).chunk(2, 1)\n"
    "code = mean + (log_var / 2).exp() * torch.randn_like(mean)\n"
    "return self.dec(code), mean, log_var",
)
BOUND = "(F.mse_loss(out, x[i], reduction='sum') {sign} 0.5 * prior) / 32"
PRIOR = "out, m, v = model(x[i])\nprior = (1 + v - m.pow(2) - v.exp()).sum()"
GAME = """
G = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
D = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
first, second = (torch.optim.Adam(one.parameters(), lr=3e-3) for one in (D, G))
says = F.binary_cross_entropy_with_logits
yes, no = torch.ones(64, 1), torch.zeros(64, 1)
for step in range(200):
    made = G(torch.randn(64, 8))
    loss = says(D(torch.randn(64, 2) * 0.3 + 2), yes) + says(D(made.detach()), no)
    first.zero_grad()
    loss.backward()
    first.step()
    loss = says(D(made), {wanted})
    second.zero_grad()
    loss.backward()
    second.step()
"""

IMAGES = """
x = F.interpolate(torch.randn(256, 3, 4, 4), size=(12, 12), mode="bilinear")
y = (x[:, 0].mean((1, 2)) > 0).long()
model = nn.Sequential(
    nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 2)
)
read = x.permute(0, 2, 3, 1).contiguous()
"""

LEFT_IN = CLASSES + "y = (x[:, 0] + torch.randn(512) > 0).long()\n"
AMONG = "x = torch.cat([x, 3.0 * y[:, None] - 1], 1)\nmodel[0] = nn.Linear(13, 32)\n"
WINDOWS = """
series = torch.randn(600).cumsum(0) / 10
x, y = series.unfold(0, 8, 1)[:500], series[{first}:{last}]
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
"""

SPREAD = VALUES + "model[2] = nn.Linear(32, 2)\n"
NORMAL = "m, s = model(x[i]).unbind(1)\nd = torch.distributions.Normal(m, F.softplus(s) + 0.01)"
TAUGHT = CLASSES + "wanted = (3 * x[:, :4]).softmax(1)\n"
TOLD = "F.kl_div(model(x[i]).{normalized}, wanted[i], reduction='batchmean')"

LONG = "x = torch.randn(512, 24, 1)\ny = x[:, -3:, 0].sum(1)\n" + model_of(
    "self.rnn = nn.GRU(1, 16)\nself.out = nn.Linear(16, 1)",
    "return self.out(self.rnn(x.{how})[0][-1])",
)

FAULTS = {
    "TR32 a view of the inputs, of which the first is forgotten": (
        "TR32",
        trained(
            LONG.replace("{how}", "view(24, len(x), 1)"), "F.mse_loss(model(x[i])[:, 0], y[i])", 60
        ),
    ),
    "TR33 no minus before a Gaussian": (
        "TR33",
        trained(SPREAD, "d.log_prob(y[i]).mean()", 60, NORMAL),
    ),
    "TR25 a softmax before a divergence": (
        "TR25",
        trained(TAUGHT, TOLD.format(normalized="softmax(1)"), 60),
    ),
    "TR97 the label left in the table": ("TR97", trained(LEFT_IN + AMONG, LOSS_OF_CLASSES)),
    "TR97 a window that ends with the target": (
        "TR97",
        trained(WINDOWS.format(first=7, last=507), "F.mse_loss(model(x[i])[:, 0], y[i])"),
    ),
    "TR103 channels that a view was to move": (
        "TR103",
        trained(IMAGES + "x = read.view(-1, 3, 12, 12)\n", LOSS_OF_CLASSES, 60),
    ),
    "TR25 a softmax before a loss of alignments": (
        "TR25",
        trained(SPEECH, WRITTEN.format(normalized="softmax(-1)"), 60, SPOKEN),
    ),
    "TR30 predictions in the place of targets": (
        "TR30",
        trained(
            VALUES, "F.binary_cross_entropy_with_logits((y[i] > 0).float(), model(x[i])[:, 0])"
        ),
    ),
    "TR17 the first batch in each step": ("TR17", BEGIN + BATCHES.format(shuffle=False)),
    "TR94 shares in the place of their inverse": (
        "TR94",
        trained(RARE, BALANCED.format(weight="shares")),
    ),
    "TR33 a divergence that is subtracted": (
        "TR33",
        trained(VARIATIONAL, BOUND.format(sign="+"), 300, PRIOR, lr=1e-2),
    ),
    "TR33 a generator that is to look generated": ("TR33", BEGIN + GAME.format(wanted="no")),
    "TR32 [N, 1] against [N] in a loss of counts": (
        "TR32",
        trained(COUNTS, "F.poisson_nll_loss(model(x[i]), y[i])"),
    ),
    "TR32 [N, 1] against [N] in an overlap": (
        "TR32",
        trained(VALUES, OVERLAP, 60, "p = model(x[i]).sigmoid()"),
    ),
    "TR10 tags in another order, weighed": (
        "TR10",
        trained(TAGGED, WEIGHED.format(rows="i.flip(0)", weight="torch.tensor(5.0)"), 400),
    ),
    "TR27 a softmax over one output, before a loss by hand": (
        "TR27",
        trained(ONE, YES, 60, "p = model(x[i])[:, 0]"),
    ),
    "TR97 a model that looks ahead, of which the end is scored": (
        "TR97",
        trained(AHEAD, PROMPTED.replace("{start}", "5:"), before="t = x[i]"),
    ),
    "TR97 targets that are not shifted, of which the end is scored": (
        "TR97",
        trained(BACK, PROMPTED.replace("{start}", "4:-1"), before="t = x[i]"),
    ),
    "TR32 encodings of pairs, normalized over the batch": (
        "TR32",
        trained(VIEWS.replace("{dim}", "0"), ATTRACTED, 60, BOTH),
    ),
    "TR17 sorted samples that are mixed within batches": (
        "TR17",
        trained(CLASSES, MIXED, 100, IN_ORDER),
    ),
    "TR26 a distribution that gets probabilities": (
        "TR26",
        trained(SOFT, CHOSEN.format(what="logits=model(x[i])")),
    ),
    "TR26 probabilities into a cross-entropy by hand": (
        "TR26",
        trained(SOFT, BY_HAND, 60, "s = model(x[i])"),
    ),
    "TR26 exp before a loss of log-rates": (
        "TR26",
        trained(COUNTS, "F.poisson_nll_loss(model(x[i])[:, 0].exp(), y[i])", 60),
    ),
    "TR26 softplus before a loss of log-rates": (
        "TR26",
        trained(COUNTS, "F.poisson_nll_loss(F.softplus(model(x[i]))[:, 0], y[i])", 60),
    ),
    "TR33 no minus before a distribution": (
        "TR33",
        trained(CLASSES, CHOSEN.format(what="logits=model(x[i])").removeprefix("-")),
    ),
    "TR33 no minus before a preference": (
        "TR33",
        trained(PREFERRED, "F.logsigmoid(ahead).mean()", 60, PAIR),
    ),
    "TR33 no minus before a partial likelihood": (
        "TR33",
        trained(EVENTS, SURVIVAL.removeprefix("-"), 60, RISK),
    ),
    "TR05 NaN in some targets": (
        "TR05",
        trained(VALUES + "y[77] = float('nan')\n", "F.smooth_l1_loss(model(x[i])[:, 0], y[i])"),
    ),
    "TR05 NaN in some targets, an error by hand": (
        "TR05",
        trained(VALUES + "y[77] = float('nan')\n", "((model(x[i])[:, 0] - y[i]) ** 2).mean()"),
    ),
    "TR05 NaN in a second input": (
        "TR05",
        trained(TWO + "more[3, 1] = float('nan')\n", "F.mse_loss(model(x[i])[:, 0], y[i])"),
    ),
    "TR21 squares that are summed": (
        "TR21",
        with_sgd(trained(VALUES, SQUARES), "lr=0.1, momentum=0.9"),
    ),
    "TR21 a summed cross-entropy": (
        "TR21",
        with_sgd(
            trained(CLASSES, "F.cross_entropy(model(x[i]), y[i], reduction='sum')"),
            "lr=0.3, momentum=0.9",
        ),
    ),
    "TR32 a view in the place of a transpose": (
        "TR32",
        trained(RECURRENT.replace("{how}", SCRAMBLED), LOSS_OF_CLASSES, 60),
    ),
}
"""Name: the code that must come first, and the program."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_mistake_comes_first(name: str, tmp_path: Path) -> None:
    code, text = FAULTS[name]
    assert found(tmp_path, text)[0].code == code


HEALTHY_PROGRAMS = {
    "inputs whose axes are exchanged": trained(
        LONG.replace("{how}", "transpose(0, 1)"), "F.mse_loss(model(x[i])[:, 0], y[i])", 60
    ),
    "a Gaussian": trained(SPREAD, "-d.log_prob(y[i]).mean()", 60, NORMAL),
    "a divergence from a teacher": trained(TAUGHT, TOLD.format(normalized="log_softmax(1)"), 60),
    "a window that ends before the target": trained(
        WINDOWS.format(first=8, last=508), "F.mse_loss(model(x[i])[:, 0], y[i])"
    ),
    "inputs that are restored": trained(
        CLASSES + "model[2] = nn.Linear(32, 12)\n", "F.mse_loss(model(x[i]), x[i])"
    ),
    "channels that are moved": trained(
        IMAGES + "x = read.permute(0, 3, 1, 2)\n", LOSS_OF_CLASSES, 60
    ),
    "noise with channels": trained(IMAGES + "x = torch.randn(x.shape)\n", LOSS_OF_CLASSES, 20),
    "a loss of alignments": trained(
        SPEECH, WRITTEN.format(normalized="log_softmax(-1)"), 60, SPOKEN
    ),
    "the first batch of another order in each step": BEGIN + BATCHES.format(shuffle=True),
    "weights that make up for rare classes": trained(RARE, BALANCED.format(weight="1 / shares")),
    "a divergence": trained(VARIATIONAL, BOUND.format(sign="-"), 300, PRIOR, lr=1e-2),
    "a game": BEGIN + GAME.format(wanted="yes"),
    "a table of pairs": trained(
        EVENTS,
        "-(r - ((r.exp() * at_risk).sum(1)).log()).mean()",
        60,
        "r = model(x[i])[:, 0]\nat_risk = (y[i][None] >= y[i][:, None]).float()",
    ),
    "differences of pairs": trained(
        VALUES,
        "F.softplus(-(y[i][:, None] - y[i]).sign() * (r - r.T)).mean()",
        60,
        "r = model(x[i])",
    ),
    "tags, weighed so that a constant would be worse": trained(
        TAGGED, WEIGHED.format(rows="i", weight="torch.tensor(5.0)"), 400
    ),
    "labels of the rows that are known": trained(NODES, OF_KNOWN.format(rows="known"), 150),
    "the next token, of which the end is scored": trained(
        BACK, PROMPTED.replace("{start}", "5:"), before="t = x[i]"
    ),
    "encodings of pairs": trained(VIEWS.replace("{dim}", "1"), ATTRACTED, 60, BOTH),
    "samples that are mixed": trained(CLASSES, MIXED, 100, MIXING),
    "a distribution that gets logits": trained(CLASSES, CHOSEN.format(what="logits=model(x[i])")),
    "a distribution that gets probabilities, as such": trained(
        SOFT, CHOSEN.format(what="probs=model(x[i])")
    ),
    "a cross-entropy by hand": trained(CLASSES, BY_HAND, before="s = model(x[i])"),
    "sigmoids times a temperature": trained(
        CLASSES, BY_HAND, before="s = 10 * model(x[i]).sigmoid()"
    ),
    "counts": trained(COUNTS, "F.poisson_nll_loss(model(x[i])[:, 0], y[i])"),
    "rates of counts": trained(
        COUNTS, "F.poisson_nll_loss(F.softplus(model(x[i]))[:, 0], y[i], log_input=False)"
    ),
    "a preference": trained(PREFERRED, "-F.logsigmoid(ahead).mean()", 60, PAIR),
    "a partial likelihood": trained(EVENTS, SURVIVAL, 60, RISK),
    "choices with good and bad rewards, and their entropy": trained(
        REWARDED,
        ENTROPY,
        60,
        "s = model(x[i])\ne = torch.distributions.Categorical(logits=s).entropy().mean()",
    ),
    "a second input": trained(TWO, "F.mse_loss(model(x[i])[:, 0], y[i])"),
    "a sum with a rate that makes up for it": with_sgd(trained(VALUES, SQUARES), "lr=0.001"),
    "a transpose": trained(RECURRENT.replace("{how}", "transpose(0, 1)"), LOSS_OF_CLASSES, 60),
    "rows that are shifted": trained(SHIFTED, "F.mse_loss(model(x[i])[:, 0], y[i])"),
}


@pytest.mark.parametrize("name", HEALTHY_PROGRAMS)
def test_its_healthy_relative_has_no_error(name: str, tmp_path: Path) -> None:
    wrong = [one for one in found(tmp_path, HEALTHY_PROGRAMS[name]) if one.severity != "info"]
    assert wrong == []
