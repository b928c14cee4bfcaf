"""One training with each of the libraries that train_speed.py compares with."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Case:
    """What to train: a classifier, its normalized data, and for how long."""

    model: nn.Module
    x: torch.Tensor
    y: torch.Tensor
    val_x: torch.Tensor
    val_y: torch.Tensor
    batch_size: int
    epochs: int
    lr: float


def loaders(case: Case) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """Return the usual loaders of tensors, without workers: those only cost with data in memory."""
    train = DataLoader(TensorDataset(case.x, case.y), case.batch_size, shuffle=True)
    return train, DataLoader(TensorDataset(case.val_x, case.val_y), 1024)


def with_lightning(case: Case) -> None:
    fit_with_lightning(case, bare=True)


def with_lightning_as_it_comes(case: Case) -> None:
    """Lightning with its logger, checkpoints, progress bar and summary."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        fit_with_lightning(case, bare=False)


def fit_with_lightning(case: Case, bare: bool) -> None:
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = case.model
            self.loss = nn.CrossEntropyLoss()

        def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
            loss: torch.Tensor = self.loss(self.model(batch[0]), batch[1])
            return loss

        def validation_step(self, batch: list[torch.Tensor], index: int) -> None:
            self.log("val_loss", self.loss(self.model(batch[0]), batch[1]))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.model.parameters(), lr=case.lr)

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_epochs=case.epochs,
            accelerator="cuda" if case.x.is_cuda else "cpu",
            devices=1,
            logger=not bare,
            enable_checkpointing=not bare,
            enable_progress_bar=not bare,
            enable_model_summary=not bare,
            num_sanity_val_steps=0,
            default_root_dir=folder,
        )
        trainer.fit(Module(), *loaders(case))


def with_skorch(case: Case) -> None:
    from skorch import NeuralNet
    from skorch.helper import predefined_split

    net = NeuralNet(
        case.model,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=case.lr,
        max_epochs=case.epochs,
        batch_size=case.batch_size,
        iterator_train__shuffle=True,
        iterator_valid__batch_size=1024,
        train_split=predefined_split(TensorDataset(case.val_x, case.val_y)),
        callbacks__print_log=None,
        device=case.x.device,
    )
    net.fit(case.x, case.y)


def with_fastai(case: Case) -> None:
    import fastai.callback.progress  # noqa: F401 (adds no_bar to the learner)
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import OptimWrapper

    def adam(parameters: Any, lr: float) -> Any:
        return OptimWrapper(parameters, torch.optim.Adam, lr=lr)

    data = DataLoaders(*loaders(case), device=case.x.device)
    learner = Learner(data, case.model, nn.CrossEntropyLoss(), opt_func=adam, lr=case.lr)
    with learner.no_bar(), learner.no_logging():
        learner.fit(case.epochs)


def with_keras(case: Case) -> None:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    inputs = keras.Input(tuple(case.x.shape[1:]))
    outputs = (None, *case.model(case.x[:1]).shape[1:])
    layer = keras.layers.TorchModuleWrapper(case.model, output_shape=outputs)
    network = keras.Model(inputs, layer(inputs))
    network.compile(
        optimizer=keras.optimizers.Adam(case.lr),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    network.fit(
        case.x, case.y, batch_size=case.batch_size, epochs=case.epochs, verbose=0,
        validation_data=(case.val_x, case.val_y), validation_batch_size=1024,
    )  # fmt: skip


PEERS: dict[str, tuple[str, Callable[[Case], None]]] = {
    "lightning": ("lightning", with_lightning),
    "lightning, as it comes": ("lightning", with_lightning_as_it_comes),
    "skorch": ("skorch", with_skorch),
    "fastai": ("fastai", with_fastai),
    "keras": ("keras", with_keras),
}
"""Each with the package that it needs."""
