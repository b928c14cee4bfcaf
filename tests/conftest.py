"""What every test shares."""

import os

# Before torch is imported: each worker (and each command that a test starts) has one thread.
os.environ["OMP_NUM_THREADS"] = "1"

from hypothesis import settings  # noqa: E402

# A deadline measures how busy the machine is: the first example also pays for importing torch.
settings.register_profile("trickrun", deadline=None)
settings.load_profile("trickrun")
