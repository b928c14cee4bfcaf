"""Why torch cannot load a file, in words of ours."""

from __future__ import annotations

import pickle

from trickrun.errors import TrickrunError


def unreadable(error: Exception) -> str:
    """Return why ``torch.load(weights_only=True)`` refused a file.

    What torch says of a file with other things than tensors is advice to load it all the same,
    which would execute what is in it. That is never repeated.
    """
    if isinstance(error, pickle.UnpicklingError | AttributeError | ImportError):
        return "it is damaged, or holds other things than tensors and plain Python"
    if isinstance(error, TrickrunError):
        return error.message
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return (str(error) or type(error).__name__).splitlines()[0]
