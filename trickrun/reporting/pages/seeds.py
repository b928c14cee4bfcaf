"""The page of ``seeds``."""

from trickrun.reporting.pages.compare import sections as sections
