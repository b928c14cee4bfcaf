"""The page of ``ablate``."""

from trickrun.reporting.pages.compare import sections as sections
