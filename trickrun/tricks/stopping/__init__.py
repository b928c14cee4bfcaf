"""Early stopping."""

from trickrun.tricks.stopping.early_stopping import EarlyStopping

__all__ = ["EarlyStopping"]
