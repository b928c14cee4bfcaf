"""A linear model that answers for each sample without having seen it, for any targets at once."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def standardized(x: Array) -> Array:
    """Return inputs [n, features] with mean 0 and deviation 1; gaps become 0, constants too."""
    known = np.isfinite(x)
    counts = np.maximum(known.sum(0), 1)
    x = np.where(known, x, 0.0)
    x = np.where(known, x - x.sum(0) / counts, 0.0)
    std = np.sqrt((x**2).sum(0) / counts)
    return x / np.where(std > 0, std, 1.0)


def ridge(products: Array, penalty: float) -> Array:
    """Return the matrix [n, n] that makes of targets a ridge regression's answers.

    Args:
        products: of the centred inputs with each other [n, n].
    """
    count = len(products)
    # K (K + penalty)^-1 = 1 - penalty (K + penalty)^-1, and 1/n for the mean.
    inverse = np.linalg.inv(products + penalty * np.eye(count))
    return np.asarray(np.eye(count) - penalty * inverse + 1 / count)


def left_out(hat: Array, y: Array) -> Array:
    """Return the answers [n, k] to targets [n, k], each sample's own left out.

    Args:
        hat: of ``ridge``.
    """
    seen = hat.diagonal()[:, None]
    return np.asarray((hat @ y - seen * y) / np.maximum(1 - seen, 1e-9))
