"""The learning rates that torch-lr-finder and Lightning pick for a trickrun job.

Both with their defaults, but for torch-lr-finder's first lr: it starts where the optimizer is, and
its README says 1e-7. Both are given the job's own model, optimizer, loss and batches.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings

import torch
from torch.utils.data import DataLoader, TensorDataset

from trickrun.training.job import Job


def batches(job: Job) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Return the training split, normalized, in shuffled batches."""
    x = job.inputs(job.data.train.x)
    return DataLoader(
        TensorDataset(x, job.targets["train"]),
        batch_size=job.batch_size,
        shuffle=True,
        drop_last=True,
        generator=torch.Generator().manual_seed(job.recipe.seed),
    )


def torch_lr_finder(job: Job) -> float | None:
    """Return what torch-lr-finder's plot suggests: the steepest descent."""
    import matplotlib as mpl
    from torch_lr_finder import LRFinder

    mpl.use("agg")
    from matplotlib.figure import Figure

    optimizer = job.recipe.optimizer.model_copy(update={"lr": 1e-7})
    built = optimizer.build([{"params": list(job.model.parameters())}], job.folder)
    finder = LRFinder(job.model, built, job.loss, device="cpu")
    with silence():
        finder.range_test(batches(job), end_lr=10, num_iter=100)
        try:
            _, suggestion = finder.plot(ax=Figure().subplots(), suggest_lr=True)
        except RuntimeError:  # it diverged before there were enough points
            return None
    return float(suggestion)


def lightning(job: Job) -> float | None:
    """Return what Lightning's Tuner.lr_find suggests."""
    import lightning as pl
    from lightning.pytorch.tuner import Tuner

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.lr = 1e-3
            self.net = job.model

        def training_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
            return job.loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            optimizer = job.recipe.optimizer.model_copy(update={"lr": self.lr})
            return optimizer.build([{"params": list(self.net.parameters())}], job.folder)

    with silence(), tempfile.TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder,
            max_epochs=1000,
        )
        found = Tuner(trainer).lr_find(Module(), train_dataloaders=batches(job), update_attr=False)
        suggestion = None if found is None else found.suggestion()
    return None if suggestion is None else float(suggestion)


@contextlib.contextmanager
def silence():
    """Keep what the tools print and warn about to themselves."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
