"""What the server of workers imports once, before any is forked."""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import numpy  # noqa: F401
import torch  # noqa: F401

import trickrun.cli
import trickrun.recipe.load  # noqa: F401
