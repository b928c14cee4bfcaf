"""The callbacks watch a training of the real libraries."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import trickrun as tr

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


def network(last: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2), last)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("last", "wrong"), [(nn.Identity(), False), (nn.Softmax(1), True)])
def test_lightning(last: nn.Module, wrong: bool, tmp_path: Path, capsys: Any) -> None:
    pl = pytest.importorskip("lightning.pytorch")

    class Net(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = network(last)

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            x, y = batch
            return nn.functional.cross_entropy(self.net(x), y)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), 1e-2)

    callback = tr.LightningWatch()
    trainer = pl.Trainer(
        max_epochs=3,
        callbacks=[callback],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(Net(), DataLoader(TensorDataset(X, Y), 16, shuffle=True))
    assert callback.watching is not None
    assert not callback.watching.running
    assert callback.watching.program.passes == 12
    assert [one.kind for one in callback.watching.program.optimizers] == ["Adam"]
    check(callback.watching, wrong, capsys.readouterr().out)


def check(watching: tr.Watching, wrong: bool, printed: str) -> None:
    """A softmax before a cross entropy is found, nothing in a healthy training; torch is as it
    was."""
    assert not torch.is_anomaly_enabled()
    grave = {one.code for one in watching.findings if one.severity != "info"}
    assert grave == ({"TR26"} if wrong else set())
    assert "12 backward passes" in printed
    assert ("TR26" in printed) == wrong


class Samples(Dataset[dict[str, torch.Tensor]]):
    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"x": X[index], "labels": Y[index]}


class OwnLoss(nn.Module):
    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.net = network(last)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = self.net(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("last", "wrong"), [(nn.Identity(), False), (nn.Softmax(1), True)])
def test_transformers(last: nn.Module, wrong: bool, tmp_path: Path, capsys: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers = pytest.importorskip("transformers")
        pytest.importorskip("accelerate")
    callback = tr.TransformersWatch()
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        num_train_epochs=3,
        per_device_train_batch_size=16,
        learning_rate=1e-2,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = transformers.Trainer(
        model=OwnLoss(last), args=arguments, train_dataset=Samples(), callbacks=[callback]
    )
    trainer.train()
    assert callback.watching is not None
    assert not callback.watching.running
    assert callback.watching.program.passes == 12
    check(callback.watching, wrong, capsys.readouterr().out)


def lightning_trainer(pl: Any, callback: Any, folder: Path, **options: Any) -> Any:
    return pl.Trainer(
        callbacks=[callback],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **options,
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("clears", [True, False])
def test_lightning_by_hand_with_two_optimizers(clears: bool, tmp_path: Path, capsys: Any) -> None:
    pl = pytest.importorskip("lightning.pytorch")

    class Net(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.automatic_optimization = False
            torch.manual_seed(0)
            self.one, self.other = nn.Linear(4, 8), nn.Linear(8, 2)

        def training_step(self, batch: Any, index: int) -> None:
            x, y = batch
            optimizers = self.optimizers()
            if clears:
                for one in optimizers:
                    one.zero_grad()
            loss = nn.functional.cross_entropy(self.other(self.one(x).relu()), y)
            self.manual_backward(loss)
            for one in optimizers:
                one.step()

        def configure_optimizers(self) -> Any:
            return (
                torch.optim.Adam(self.one.parameters(), 1e-2),
                torch.optim.SGD(self.other.parameters(), 1e-2),
            )

    callback = tr.LightningWatch()
    trainer = lightning_trainer(pl, callback, tmp_path, max_epochs=5)
    trainer.fit(Net(), DataLoader(TensorDataset(X, Y), 16, shuffle=True))
    watching = callback.watching
    assert watching is not None
    assert sorted(one.kind for one in watching.program.optimizers) == ["Adam", "SGD"]
    assert [one.steps for one in watching.program.optimizers] == [20, 20]
    grave = {one.code for one in watching.findings if one.severity == "error"}
    assert grave == (set() if clears else {"TR46"})


@pytest.mark.filterwarnings("ignore")
def test_lightning_with_accumulation_and_validation(tmp_path: Path, capsys: Any) -> None:
    pl = pytest.importorskip("lightning.pytorch")

    class Net(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = network(nn.Dropout(0.1))

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            x, y = batch
            return nn.functional.cross_entropy(self.net(x), y)

        def validation_step(self, batch: Any, index: int) -> None:
            x, y = batch
            nn.functional.cross_entropy(self.net(x), y)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), 1e-2)

    callback = tr.LightningWatch()
    trainer = lightning_trainer(pl, callback, tmp_path, max_epochs=5, accumulate_grad_batches=2)
    data = DataLoader(TensorDataset(X, Y), 8, shuffle=True)
    trainer.fit(Net(), data, DataLoader(TensorDataset(X, Y), 16))
    watching = callback.watching
    assert watching is not None
    assert watching.program.passes == 40
    assert watching.program.optimizers[0].steps == 20
    assert {one.code for one in watching.findings if one.severity != "info"} == set()


@pytest.mark.filterwarnings("ignore")
def test_transformers_with_accumulation_and_evaluation(tmp_path: Path, capsys: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers = pytest.importorskip("transformers")
        pytest.importorskip("accelerate")
    callback = tr.TransformersWatch()
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        num_train_epochs=4,
        per_device_train_batch_size=8,
        gradient_accumulation_steps=2,
        eval_strategy="epoch",
        learning_rate=1e-2,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = transformers.Trainer(
        model=OwnLoss(nn.Dropout(0.1)),
        args=arguments,
        train_dataset=Samples(),
        eval_dataset=Samples(),
        callbacks=[callback],
    )
    trainer.train()
    watching = callback.watching
    assert watching is not None
    assert watching.program.passes == 32
    assert watching.program.optimizers[0].steps == 16
    assert {one.code for one in watching.findings if one.severity != "info"} == set()
