"""Running out of memory, told as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trickrun.errors import TrainingFailed


@contextmanager
def out_of_memory_explained(device: str) -> Iterator[None]:
    """Turn the errors that mean out of memory into TrainingFailed."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingFailed(
            f"out of memory on {device}",
            "training",
            "use a smaller data.batch_size or model; train --dry-run estimates what it takes",
        ) from error


def is_out_of_memory(error: Exception) -> bool:
    """Return whether Python, a GPU's allocator or torch's CPU allocator had no memory left.

    The first two have classes of their own (torch.OutOfMemoryError is a RuntimeError); the CPU's
    has only its words.
    """
    named = type(error).__name__ == "OutOfMemoryError" or isinstance(error, MemoryError)
    return named or "can't allocate memory" in str(error) or "not enough memory" in str(error)
