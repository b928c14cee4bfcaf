"""Why a test may be skipped: a library or a program that is no part of trickrun is not there.

Any other skip fails the test: what is skipped everywhere tests nothing. ``.ci/extras`` runs what is
skipped here for lack of an optional library, and allows no skip at all.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest

ALLOWED = (
    r"could not import '(lightning\.pytorch|transformers|accelerate)'",
    r"there is no Chromium to open the page with",
    r"data\.path: the IDX files are not in ",
)
"""Patterns of reasons, matched at their beginnings."""


def is_allowed(reason: str) -> bool:
    """Whether a test may be skipped for this reason."""
    return any(re.match(pattern, reason) for pattern in ALLOWED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a failure of a skip for a reason that is not listed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        told: Any = report.longrepr
        reason = str(told[2]).removeprefix("Skipped: ")
        if not is_allowed(reason):
            report.outcome = "failed"
            report.longrepr = f"skipped for a reason that tests/skips.py does not list: {reason}"
    return report
