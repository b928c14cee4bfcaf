"""What the page of each kind of run folder shows, a file a kind.

A page is found by its file: that of a run of ``trickrun compare`` is ``pages/compare.py``. It
holds a function ``sections(folder, verdict)``, which yields the kind's own sections (see
``page_parts``), the most important first. ``run_page`` puts the verdict and the findings above
them, and below them what every run has: what was asked, how to repeat it, the environment. A
command without a file of its own has the page of ``check``.

Args of ``sections``: the run's folder, and its verdict: what evidence.json holds stands in its
``result``. It may raise the errors of a dictionary that holds something else than it should:
``run_page`` turns them into an error message about the folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec

from trickrun.findings.verdict import Verdict
from trickrun.reporting.page_parts import Section
from trickrun.run.folder import RunFolder

Sections = Callable[[RunFolder, Verdict], Iterator[Section]]


def sections_for(command: str) -> Sections:
    """Return what yields the sections of a kind of run folder.

    Args:
        command: what made it, such as ``lr-find`` or ``grid coarse``; of its words the first
            names the kind.
    """
    kind = (command.split() or [""])[0].replace("-", "_")
    usable = kind.isidentifier() and not kind.startswith("_")
    known = usable and find_spec(f"{__name__}.{kind}") is not None
    found: Sections = import_module(f"{__name__}.{kind if known else 'check'}").sections
    return found
