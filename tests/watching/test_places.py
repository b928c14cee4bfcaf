"""How a line of a notebook is named; tests/extras/test_notebook.py asks a real kernel."""

from __future__ import annotations

import linecache
import sys
from types import SimpleNamespace

import pytest

from trickrun.findings.evidence.program import Place
from trickrun.watching.places import place_in_frame, place_of

FILE = "/tmp/ipykernel_7/123.py"


@pytest.fixture
def number(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The number of each cell by the name of its code, as a stand-in for IPython knows it."""
    known = {FILE: 3}

    def format_code_name(name: str) -> tuple[str, str] | None:
        return ("Cell", f"In[{known[name]}]") if name in known else None

    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=format_code_name))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(linecache.cache, FILE, (0, None, ["a = 1\n", "b()\n"], FILE))
    return known


def test_a_line_of_a_cell_is_named_by_the_cell(number: dict[str, int]) -> None:
    place = place_of(FILE, 2)
    assert place == Place("cell [3]", 2, "b()")
    assert str(place) == "cell [3], line 2"


def test_a_cell_that_is_run_again_has_its_new_number(number: dict[str, int]) -> None:
    frame = f'  File "{FILE}", line 1, in <module>'
    assert str(place_in_frame(frame)) == "cell [3], line 1"
    number[FILE] = 5
    assert str(place_in_frame(frame)) == "cell [5], line 1"


def test_a_file_that_a_notebook_imports_is_no_cell(number: dict[str, int]) -> None:
    assert str(place_of("/elsewhere/net.py", 2)) == "/elsewhere/net.py:2"


def test_a_cell_is_known_by_its_older_name_without_ipython() -> None:
    assert str(place_of("<ipython-input-12-ab34>", 1)) == "cell [12], line 1"


def test_a_timed_cell_begins_with_the_line_that_times_it() -> None:
    assert str(place_of("<timed exec>", 1)) == "cell [%%time], line 2"
