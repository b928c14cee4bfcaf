"""A run's folder is begun whole, or is gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from trickrun.run.folder import RunFolder


@contextmanager
def whole_or_gone(folder: RunFolder) -> Iterator[None]:
    """Remove a new folder if what begins it fails or is interrupted: it is no run yet."""
    try:
        yield
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        with suppress(OSError):  # other runs of the recipe
            folder.path.parent.rmdir()
        raise
