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
