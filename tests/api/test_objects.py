"""The checks take a module with its data, loss and optimizer as people have them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

import trickrun as tr
from trickrun.checks.objects.subject import subject_of

DRAW = torch.Generator().manual_seed(0)
X = torch.randn(120, 4, generator=DRAW)
Y = (X[:, 0] > 0).long()
VALUES = X[:, 0] - X[:, 1]
IDS = torch.randint(1, 9, (120, 5), generator=DRAW)


def network(outputs: int = 2) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, outputs))


def adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, 1e-2)


CE = nn.CrossEntropyLoss()


class Batches(Dataset[dict[str, torch.Tensor]]):
    """Samples of token ids with a mask."""

    def __init__(self, y: torch.Tensor) -> None:
        self.y = y

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        mask = torch.ones(5, dtype=torch.int64)
        return {"input_ids": IDS[index], "attention_mask": mask, "labels": self.y[index]}


class Answer(dict[str, Any]):
    """What a model of the Hugging Face style returns."""

    __getattr__ = dict.get


class OwnLoss(nn.Module):
    """Computes its loss itself, when it is given labels."""

    def __init__(self, outputs: int, loss: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.tokens, self.head, self.loss = nn.Embedding(9, 8), nn.Linear(8, outputs), loss

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        labels: torch.Tensor | None = None,
    ) -> Answer:
        mask = attention_mask.unsqueeze(-1).to(self.head.weight.dtype)
        logits = self.head((self.tokens(input_ids) * mask).sum(1) / mask.sum(1))
        return Answer(logits=logits, loss=None if labels is None else self.loss(logits, labels))


class Two(nn.Module):
    """Takes two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(2, 8), nn.Linear(2, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.head(torch.relu(self.one(a) + self.other(b)))
        return answer


def cnn() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2)
    )


IMAGES = X[:, :, None].expand(-1, -1, 4).reshape(120, 1, 4, 4).contiguous()

FORMS: dict[str, tuple[Any, ...]] = {
    "tensors": (network(), (X, Y), CE),
    "arrays": (network(), (X.double().numpy(), Y.numpy()), CE),
    "data set": (network(), TensorDataset(X, Y), CE),
    "loader": (network(), DataLoader(TensorDataset(X, Y), 16, shuffle=True), CE),
    "function": (network, (X, Y), CE),
    "class": (Two, TensorDataset(X[:, :2], X[:, 2:], Y), CE),
    "cnn": (cnn(), DataLoader(TensorDataset(IMAGES, Y), 16), CE),
    "two inputs": (Two(), DataLoader(TensorDataset(X[:, :2], X[:, 2:], Y), 16), CE),
    "mapping": (OwnLoss(2, F.cross_entropy), DataLoader(Batches(Y), 16), CE),
    "own loss": (OwnLoss(2, F.cross_entropy), Batches(Y)),
    "own loss of values": (
        OwnLoss(1, lambda z, y: F.mse_loss(z.squeeze(-1), y)),
        DataLoader(Batches(VALUES), 16),
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_training_is_taken(form: str, capsys: Any) -> None:
    found = tr.overfit_batch(*FORMS[form], optimizer=adam, size=8, steps=300)
    assert found.verdict == "pass", found.summary
    assert found.run is None
    assert found.summary in capsys.readouterr().out


def test_what_a_check_says_does_not_depend_on_the_form(capsys: Any) -> None:
    forms = ((X, Y), TensorDataset(X, Y), DataLoader(TensorDataset(X, Y), 64))
    losses = {tr.initial_loss(network(), form, CE, seeds=1).result["loss"] for form in forms}
    assert len(losses) == 1


def test_the_loss_that_a_model_computes_is_known_again() -> None:
    subject = subject_of(OwnLoss(2, F.cross_entropy), Batches(Y))
    assert subject.job().loss_kind.kind_name == "cross_entropy"
    values = subject_of(OwnLoss(1, lambda z, y: F.mse_loss(z.squeeze(-1), y)), Batches(VALUES))
    assert values.job().loss_kind.kind_name == "mse"
    with pytest.raises(tr.TrickrunError, match="none that is known"):
        subject_of(OwnLoss(2, lambda z, y: 3 * F.cross_entropy(z, y)), Batches(Y))


def test_answers_and_targets_without_a_column(capsys: Any) -> None:
    flat = nn.Sequential(network(1), nn.Flatten(0))
    known = tr.initial_loss(flat, (X, VALUES), nn.MSELoss(), seeds=1)
    own = tr.initial_loss(flat, (X, VALUES), lambda z, y: ((z - y) ** 2).mean(), seeds=1)
    assert known.result["loss"] == pytest.approx(own.result["loss"])
    direct = F.mse_loss(flat(X[:64]), VALUES[:64]).item()
    assert known.result["loss"] == pytest.approx(direct, rel=0.5)
    with pytest.raises(tr.TrickrunError, match=r"targets are \[N\] and the predictions \[N, 1\]"):
        tr.initial_loss(network(1), (X, VALUES), nn.MSELoss())


def test_a_module_may_know_more_classes_than_there_are(capsys: Any) -> None:
    found = tr.initial_loss(network(5), (X, Y), CE, seeds=1)
    assert found.result["expected"] == pytest.approx(math.log(5), abs=0.2)


def test_a_function_makes_other_weights_for_other_seeds(capsys: Any) -> None:
    class Own(nn.Module):
        """Layers that cannot draw their weights anew."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ self.weight

    found = tr.initial_loss(Own, (X, Y), CE, seeds=3)
    assert len({one["loss"] for one in found.result["per_seed"]}) == 3


def test_an_optimizer_is_taken_with_its_groups_and_its_first_rate() -> None:
    module = network()
    weights = [p for p in module.parameters() if p.ndim > 1]
    biases = [p for p in module.parameters() if p.ndim == 1]
    given = torch.optim.SGD(
        [{"params": weights, "weight_decay": 0.1}, {"params": biases, "lr": 0.3}],
        lr=0.2,
        momentum=0.9,
    )
    torch.optim.lr_scheduler.LambdaLR(given, lambda step: 0.001)
    job = subject_of(module, (X, Y), CE, given).job()
    made = job.optimizer
    assert type(made) is torch.optim.SGD
    assert made is not given
    assert [group["lr"] for group in made.param_groups] == [0.2, 0.3]
    assert [group["weight_decay"] for group in made.param_groups] == [0.1, 0]
    own = {id(p): name for name, p in job.model.named_parameters()}
    named = [[own[id(p)] for p in group["params"]] for group in made.param_groups]
    assert named == [["0.weight", "2.weight"], ["0.bias", "2.bias"]]
    assert given.param_groups[0]["lr"] == pytest.approx(0.0002)


def test_an_optimizer_of_the_users_own_class() -> None:
    class Own(torch.optim.SGD):
        def __init__(self, params: Any, lr: float, twist: float) -> None:
            super().__init__(params, lr)
            self.twist = twist

        def step(self, closure: Any = None) -> Any:
            assert self.twist == 3.0
            return super().step(closure)

    module = network()
    job = subject_of(module, (X, Y), CE, Own(module.parameters(), 0.1, 3.0)).job()
    job.optimizer.step()


class Silent(nn.Linear):
    """Answers with no tensor."""

    def __init__(self) -> None:
        super().__init__(4, 2)

    def forward(self, x: torch.Tensor) -> Any:
        return "yes"


WRONG: dict[str, tuple[tuple[Any, ...], str]] = {
    "model": ((3, (X, Y), CE), "this is int"),
    "maker": ((lambda: 3, (X, Y), CE), "returned int, no nn.Module"),
    "no data": ((network(), None, CE), "no training samples"),
    "data": ((network(), [1, 2], CE), "train: this is list"),
    "only inputs": ((network(), TensorDataset(X), CE), "no inputs and targets"),
    "rows": ((network(), (X, Y[:50]), CE), "not all parts have a row a sample"),
    "text": ((network(), [("a", 1)], CE), r"in a batch, \(0, 0\) is str"),
    "no loss": ((network(), (X, Y)), "no loss is given"),
    "loss": ((network(), (X, Y), "mse"), "loss: this is str"),
    "optimizer": ((network(), (X, Y), CE, 0.1), "optimizer: this is float"),
    "other's": ((network(), (X, Y), CE, adam(network().parameters())), "not the model's"),
    "lbfgs": ((network(), (X, Y), CE, torch.optim.LBFGS), "LBFGS calls a closure"),
    "nothing to train": ((nn.Flatten(), (X, Y), CE), "no parameters to train"),
    "lazy": ((nn.Sequential(nn.LazyConv2d(2, 1)), (X, Y), CE), "lazy layers"),
    "frozen": ((network().requires_grad_(False), (X, Y), CE), "all of its parameters are frozen"),
    "meta": ((network().to("meta"), (X, Y), CE), "meta device"),
    "two targets": ((network(), [(x, (y, y)) for x, y in zip(X, Y, strict=True)], CE), "2 targets"),
    "ragged": ((network(), [(X[0], 1), (X[0, :3], 0)], CE), "its samples make no batch"),
    "whole numbers": ((network(1), (X, Y), nn.BCEWithLogitsLoss()), r"y\.float\(\)"),
    "a class below 0": ((network(), (X, Y - 1), CE), "the smallest target is -1"),
    "all ignored": ((network(), (X, Y * 0 - 100), CE), "all targets are -100"),
    "loss with arguments": ((network(), (X, Y), lambda z, y, gamma: z), "the loss: TypeError"),
    "targets in a column": ((network(), (X, Y[:, None]), CE), r"predictions \[2, 2\] and targets"),
    "shape": ((network(), (X[:, :3], Y), CE), "the module Sequential: RuntimeError"),
    "no tensor": ((Silent(), (X, Y), CE), "answers with str"),
    "too much": ((network(), (X, Y), CE, adam, (X, Y)), "too much is given"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_supported_is_a_clear_error(case: str) -> None:
    given, told = WRONG[case]
    with pytest.raises(tr.TrickrunError, match=told):
        tr.initial_loss(*given)


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_a_scripted_module_is_refused() -> None:
    with pytest.raises(tr.TrickrunError, match="scripted"):
        tr.initial_loss(torch.jit.script(network()), (X, Y), CE)


def test_a_module_that_cannot_be_copied_says_so() -> None:
    class Stuck(nn.Linear):
        def __deepcopy__(self, memo: Any) -> Any:
            raise RuntimeError("mine")

    with pytest.raises(tr.TrickrunError, match="give a function that makes it"):
        tr.initial_loss(Stuck(4, 2), (X, Y), CE)


def test_the_checklist_of_a_module(capsys: Any) -> None:
    part = slice(0, 60)
    found = tr.checklist(network(), (X[part], Y[part]), CE, adam, (X[60:], Y[60:]))
    taken = [step["name"] for step in found.result["steps"]]
    searches = ["grid coarse", "grid fine"]
    assert taken == ["initial-loss", "overfit-batch", "lr-find", *searches, "curves"]
    assert 1e-4 < found.result["edits"]["optimizer.lr"] < 1
    assert found.result["left_out"] == []
    assert found.verdict in ("pass", "warn")
    assert "grid fine ..." in capsys.readouterr().out


def test_without_validation_samples_a_checklist_has_no_searches(capsys: Any) -> None:
    found = tr.checklist(network(), (X, Y), CE, adam)
    taken = [step["name"] for step in found.result["steps"]]
    assert taken == ["initial-loss", "overfit-batch", "lr-find", "curves"]
    assert found.result["left_out"] == ["grid coarse", "grid fine"]
    assert "left out: grid coarse, grid fine (they rank by" in capsys.readouterr().out


def test_a_checklist_ends_with_the_step_that_fails(capsys: Any) -> None:
    class Blind(nn.Module):
        """Does not look at its inputs: no edit but another model mends that."""

        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(1, 2)
            nn.init.zeros_(self.head.weight)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = self.head(torch.ones(len(x), 1))
            return answer

    found = tr.checklist(Blind(), (X, Y), CE, adam)
    assert found.verdict == "fail"
    taken = {step["name"]: step["verdict"] for step in found.result["steps"]}
    assert list(taken)[-1] != "curves"
    assert list(taken.values()).count("fail") == 1
    assert found.result["edits"] == {}


def test_a_diagnosis_names_the_cause(capsys: Any) -> None:
    healthy = tr.diagnose(network(), (X, Y), CE, adam)
    assert healthy.verdict != "fail", healthy.summary
    assert healthy.result["failed"] == {}
    slow = tr.diagnose(network(), (X, Y), CE, lambda p: torch.optim.SGD(p, 1e-6))
    assert slow.verdict == "fail"
    assert slow.findings[0].code == "TR36"
    assert "TR36" in capsys.readouterr().out


def test_only_so_many_samples_are_read() -> None:
    many = torch.zeros(30_000, 1)
    assert len(subject_of(nn.Linear(1, 2), (many, many[:, 0].long()), CE).x) == 20_000


def test_batches_of_other_lengths_must_be_padded() -> None:
    batches = [(torch.zeros(2, 3), torch.zeros(2)), (torch.zeros(2, 4), torch.zeros(2))]

    class Stream(torch.utils.data.IterableDataset[Any]):
        def __iter__(self) -> Any:
            return iter(batches)

    with pytest.raises(tr.TrickrunError, match="pad all samples"):
        subject_of(network(), DataLoader(Stream(), batch_size=None), CE)


def test_arrays_of_numpy_are_not_shared() -> None:
    x = np.zeros((20, 4), np.float32)
    subject = subject_of(network(), (x, np.zeros(20, np.int64)), CE)
    subject.x.add_(1)
    assert not x.any()
