"""Networks and data as people have them are taken, and mean what a loop of its own computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import trickrun as tr
from trickrun.checks.objects.subject import subject_of

DRAW = torch.Generator().manual_seed(0)
X = torch.randn(96, 4, generator=DRAW)
Y = (X[:, 0] > 0).long()
IDS = torch.randint(1, 9, (96, 5), generator=DRAW)
TAGS = (IDS > 4).long()
CE = nn.CrossEntropyLoss()


def network(first: Callable[[nn.Module], nn.Module] = lambda layer: layer) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(first(nn.Linear(4, 16)), nn.ReLU(), nn.Linear(16, 2))


class Returns(nn.Module):
    """Answers with more than the predictions."""

    def __init__(self, answer: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.net, self.answer = network(), answer

    def forward(self, x: torch.Tensor) -> Any:
        return self.answer(self.net(x))


class Tagger(nn.Module):
    """Scores [N, places, classes] or [N, classes, places] of token ids."""

    def __init__(self, second: bool = False) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.tokens, self.head, self.second = nn.Embedding(10, 8), nn.Linear(8, 2), second

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        scores = self.head(self.tokens(ids))
        return scores.transpose(1, 2) if self.second else scores


class Mean(nn.Module):
    """Scores of padded token ids, which may come nested."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.tokens, self.head = nn.Embedding(10, 8, padding_idx=0), nn.Linear(8, 2)

    def forward(self, inputs: Any) -> torch.Tensor:
        ids = inputs["ids"] if isinstance(inputs, dict) else inputs
        scores: torch.Tensor = self.head(self.tokens(ids).sum(1))
        return scores


class Lazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.LazyLinear(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.head(x)
        return scores


class Counting(nn.Module):
    """Has buffers, and keeps a tensor that autograd made."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()
        self.register_buffer("calls", torch.zeros(1))
        self.register_buffer("nothing", None)
        self.kept = self.net(X[:1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        scores: torch.Tensor = self.net(x)
        return scores


class Stream(IterableDataset[Any]):
    """Samples without a number."""

    def __iter__(self) -> Any:
        return iter(zip(X, Y, strict=True))


RAGGED = [(IDS[n, :1].repeat(1 + n // 16), int(Y[n])) for n in range(96)]


def padded(samples: list[Any]) -> tuple[torch.Tensor, torch.Tensor]:
    rows = [ids for ids, _ in samples]
    classes = torch.tensor([y for _, y in samples])
    return nn.utils.rnn.pad_sequence(rows, batch_first=True), classes


def token_loss(scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(scores.transpose(1, 2), y)


PARTLY = torch.where(torch.arange(96) % 3 == 0, -100, Y)
PARTLY_TAGS = TAGS.masked_fill((torch.arange(5) > 2) & (torch.arange(96)[:, None] % 2 == 0), -100)
NAMED = [{"image": x, "label": y} for x, y in zip(X, Y, strict=True)]
NESTED = [
    {"inputs": {"ids": ids, "more": [ids]}, "labels": y} for ids, y in zip(IDS, Y, strict=True)
]

FORMS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "tuple": lambda: (Returns(lambda z: (z, z.sum())), (X, Y), CE),
    "logits": lambda: (Returns(lambda z: {"logits": z}), (X, Y), CE),
    "own collate_fn": lambda: (Mean(), DataLoader(RAGGED, 16, collate_fn=padded), CE),
    "nested": lambda: (Mean(), DataLoader(NESTED, 16), CE),
    "one named input": lambda: (network(), DataLoader(NAMED, 16), CE),
    "list": lambda: (network(), list(zip(X, Y, strict=True)), CE),
    "classes second": lambda: (Tagger(True), (IDS, TAGS), CE),
    "classes last": lambda: (Tagger(), (IDS, TAGS), token_loss),
    "ignored": lambda: (network(), (X, PARTLY), CE),
    "ignored places": lambda: (Tagger(), (IDS, PARTLY_TAGS), token_loss),
    "stream": lambda: (network(), DataLoader(Stream(), 16), CE),
    "stream without a loader": lambda: (network(), Stream(), CE),
    "workers": lambda: (
        network(),
        DataLoader(TensorDataset(X, Y), 16, num_workers=2, persistent_workers=True),
        CE,
    ),
    "bytes": lambda: (nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (X.mul(20).byte(), Y), CE),
    "float64": lambda: (network().double(), (X.double(), Y), CE),
    "float64 model": lambda: (network().double(), (X, Y), CE),
    "float64 data": lambda: (network(), (X.double(), Y), CE),
    "bfloat16": lambda: (network().bfloat16(), (X, Y), CE),
    "int32 classes": lambda: (network(), (X.numpy(), Y.int().numpy()), CE),
    "lazy": lambda: (Lazy(), (X, Y), CE),
    "a function of a lazy one": lambda: (Lazy, (X, Y), CE),
    "weight norm": lambda: (network(nn.utils.parametrizations.weight_norm), (X, Y), CE),
    "spectral norm": lambda: (network(nn.utils.parametrizations.spectral_norm), (X, Y), CE),
    "compiled": lambda: (torch.compile(network()), (X, Y), CE),
    "parallel": lambda: (nn.DataParallel(network()), (X, Y), CE),
    "buffers, kept tensors": lambda: (Counting(), (X, Y), CE),
    "a loss each": lambda: (network(), (X, Y), nn.CrossEntropyLoss(reduction="none")),
    "a loss with defaults": lambda: (network(), (X, Y), F.cross_entropy),
    "a class of optimizers": lambda: (network(), (X, Y), CE, torch.optim.SGD),
}

CHECKS: dict[str, Callable[..., tr.Verdict]] = {
    "initial_loss": lambda *given: tr.initial_loss(*given, seeds=1),
    "overfit_batch": lambda *given: tr.overfit_batch(*given, size=4, steps=20),
    "lr_find": lambda *given: tr.lr_find(*given, steps=50, seeds=1),
    "grad_check": tr.grad_check,
    "signal": lambda *given: tr.signal(*given, steps=3),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit")  # torch.compile uses it itself
@pytest.mark.parametrize("form", FORMS)
def test_each_check_takes_it(form: str, capsys: Any) -> None:
    for name, check in CHECKS.items():
        found = check(*FORMS[form]())
        assert found.verdict in ("pass", "warn", "fail"), name
        if name == "grad_check":
            assert found.verdict == "pass", found.summary


SAME_LOSS: dict[str, Callable[[], float]] = {
    "tuple": lambda: CE(network()(X), Y).item(),
    "own collate_fn": lambda: CE(Mean()(padded(RAGGED)[0]), Y).item(),
    "nested": lambda: CE(Mean()(IDS), Y).item(),
    "one named input": lambda: CE(network()(X), Y).item(),
    "classes second": lambda: CE(Tagger(True)(IDS), TAGS).item(),
    "classes last": lambda: token_loss(Tagger()(IDS), TAGS).item(),
    "ignored": lambda: CE(network()(X), PARTLY).item(),
}


@pytest.mark.parametrize("form", SAME_LOSS)
def test_its_first_loss_is_that_of_a_loop(form: str, capsys: Any) -> None:
    found = tr.initial_loss(*FORMS[form](), seeds=1, batch_size=96)
    assert found.result["loss"] == pytest.approx(SAME_LOSS[form](), rel=1e-5)


def test_samples_of_different_lengths_are_padded_by_the_loaders_own_function() -> None:
    subject = subject_of(Mean(), DataLoader(RAGGED, 16, collate_fn=padded), CE)
    assert subject.x.shape == (96, 6)
    assert torch.equal(subject.x, padded(RAGGED)[0])


def test_ignored_samples_are_left_out_and_ignored_places_are_not_classes() -> None:
    assert len(subject_of(network(), (X, PARTLY), CE).x) == int((PARTLY >= 0).sum())
    task = subject_of(Tagger(), (IDS, PARTLY_TAGS), token_loss).job().data.task
    shares = torch.bincount(PARTLY_TAGS[PARTLY_TAGS >= 0]).double()
    assert task.priors == pytest.approx((shares / shares.sum()).tolist())


def test_tokens_are_no_unscaled_inputs(capsys: Any) -> None:
    for form in ("nested", "classes second"):
        codes = {one.code for one in tr.diagnose(*FORMS[form](), torch.optim.Adam).findings}
        assert "TR01" not in codes


def test_a_lazy_module_stays_lazy(capsys: Any) -> None:
    model = Lazy()
    tr.signal(model, (X, Y), CE, steps=2)
    assert isinstance(model.head.weight, nn.UninitializedParameter)


def test_no_worker_is_left_and_none_is_started() -> None:
    loader = DataLoader(TensorDataset(X, Y), 16, num_workers=2, persistent_workers=True)
    subject_of(network(), loader, CE)
    assert loader._iterator is None
