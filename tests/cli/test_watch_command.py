"""``trickrun watch`` from the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.watching.scripts import HEALTHY, changed, line_of

Trickrun = Callable[..., Ran]

BROKEN = changed(HEALTHY, ("        optimizer.zero_grad()\n", ""))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "train.py"
    file.write_text(BROKEN, encoding="utf-8")
    return file


def test_it_names_the_line_and_what_to_change(trickrun: Trickrun, script: Path) -> None:
    ran = trickrun("watch", script.name)
    assert ran.code == 1
    line = line_of(BROKEN, "loss.backward()")
    assert f"TR46 Gradients not cleared (train.py:{line})" in ran.err
    assert f"train.py:{line}: call optimizer.zero_grad() before this line" in ran.err


def test_a_healthy_script_ends_with_0(trickrun: Trickrun, script: Path) -> None:
    script.write_text(HEALTHY)
    ran = trickrun("watch", script.name)
    assert ran.code == 0
    assert "Nothing wrong was seen." in ran.err


def test_stdout_and_the_arguments_are_the_scripts(trickrun: Trickrun, script: Path) -> None:
    script.write_text("import sys; print(sys.argv)")
    ran = trickrun("watch", script.name, "--epochs", "3", "--json", "-m")
    assert ran.code == 0
    assert ran.out == "['train.py', '--epochs', '3', '--json', '-m']\n"
    assert "No backward pass was seen" in ran.err


def test_json_is_one_object_and_the_scripts_print_goes_to_stderr(
    trickrun: Trickrun, script: Path
) -> None:
    script.write_text(BROKEN + "\nprint('mine')")
    body = trickrun("watch", "--json", script.name).json
    assert body["command"] == "watch"
    assert body["verdict"] == "fail"
    assert body["findings"][0]["code"] == "TR46"
    assert body["result"]["passes"] == 32
    assert body["result"]["optimizers"][0]["kind"] == "Adam"
    (loss,) = body["result"]["losses"]
    assert len(loss["losses"]) == loss["times"] == 32


def test_a_page_shows_the_line(trickrun: Trickrun, script: Path) -> None:
    ran = trickrun("watch", "--html", "page.html", script.name)
    assert "report: page.html" in ran.err
    page = Path("page.html").read_text()
    assert "Gradients not cleared" in page
    assert "loss.backward()" in page


def test_a_page_is_where_it_was_asked_for(trickrun: Trickrun, script: Path) -> None:
    (script.parent / "in").mkdir()
    script.write_text(f"import os\nos.chdir({str(script.parent / 'in')!r})\n" + BROKEN)
    try:
        ran = trickrun("watch", "--html", "page.html", script.name)
    finally:
        os.chdir(script.parent)
    assert "report: page.html" in ran.err
    assert (script.parent / "page.html").is_file()


@pytest.mark.parametrize(
    "end", ["import sys; sys.exit(2)", "1 / 0", "def f(:", "raise KeyboardInterrupt"]
)
def test_a_script_that_ended_before_it_trained_is_not_asked_whether_it_trains(
    end: str, trickrun: Trickrun, script: Path
) -> None:
    script.write_text(end)
    ran = trickrun("watch", script.name)
    assert "It had not made a backward pass" in ran.err
    assert "Does the script train" not in ran.err


@pytest.mark.parametrize(
    ("end", "code"),
    [("import sys; sys.exit(7)", 7), ("1 / 0", 3), ("raise KeyboardInterrupt", 130)],
)
def test_the_scripts_own_end_is_passed_on(
    end: str, code: int, trickrun: Trickrun, script: Path
) -> None:
    script.write_text(BROKEN + "\n" + end)
    ran = trickrun("watch", script.name)
    assert ran.code == code
    assert "TR46" in ran.err
    if code == 3:
        assert "ZeroDivisionError" in ran.err
        assert trickrun("watch", "--json", script.name).json["findings"][0]["code"] == "TR46"


def test_it_stops_at_the_first_loss_that_is_no_number(trickrun: Trickrun, script: Path) -> None:
    script.write_text(
        changed(
            HEALTHY, ("loss.backward()", "(loss * float('nan')).backward()\n        print('on')")
        )
    )
    ran = trickrun("watch", "--stop-when", "lost", script.name)
    assert ran.code == 3
    assert "on" not in ran.out
    assert "TR41" in ran.err


def test_a_module_runs_as_with_python_m(trickrun: Trickrun, script: Path) -> None:
    package = script.parent / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "go.py").write_text(HEALTHY + "\nimport sys\nprint(__name__, sys.argv[1:])")
    ran = trickrun("watch", "-m", "pack.go", "a")
    assert ran.code == 0
    assert ran.out == "__main__ ['a']\n"


def test_a_package_runs_with_the_arguments_of_its_program(trickrun: Trickrun, script: Path) -> None:
    package = script.parent / "outer"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("import sys\nprint(__name__, sys.argv[1:])")
    (package / "inner" / "go.py").write_text("print(__name__)")
    ran = trickrun("watch", "-m", "outer.inner.go", "a")
    assert ran.code == 0
    assert ran.out == "outer ['a']\n__main__\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shy.go.py", "a file is run without -m, a module without .py: -m shy.go"),
        ("shy.absent", "name it as you would for python -m"),
        ("absent.go", "name it as you would for python -m"),
    ],
)
def test_a_module_that_is_not_there_runs_nothing(
    name: str, said: str, trickrun: Trickrun, script: Path
) -> None:
    package = script.parent / "shy"
    package.mkdir()
    for file in ("__init__.py", "go.py"):
        (package / file).write_text("print('ran')")
    ran = trickrun("watch", "-m", name)
    assert ran.code == 2
    assert f"{name}: there is no such module" in ran.err
    assert said in ran.err
    assert "ran" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.py"], "nothing.py: there is no such script"),
        (["."], ".: this folder cannot be run"),
        (["a.yaml"], "a recipe is examined with: trickrun diagnose a.yaml"),
        (["--stop-when", "x", "train.py"], "--stop-when: unknown: x"),
        (["--every", "0", "train.py"], "'--every'"),
        (["--html", "no/page.html", "train.py"], "no/page.html: its folder does not exist"),
        (["-m", "no.such"], "no.such: there is no such module"),
    ],
)
def test_what_cannot_be_watched_is_said(
    arguments: list[str], said: str, trickrun: Trickrun, script: Path
) -> None:
    ran = trickrun("watch", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_no_python_refuses_it(
    trickrun: Trickrun, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRICKRUN_NO_PYTHON", "1")
    ran = trickrun("watch", script.name)
    assert ran.code == 2
    assert "refuses" in ran.err


def test_a_bug_of_the_watcher_is_told_after_the_scripts_end(
    trickrun: Trickrun, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trickrun.watching import graph

    monkeypatch.setattr(graph, "read", repr)  # where a graph is expected
    script.write_text(HEALTHY + "print('done')\n")
    ran = trickrun("watch", script)
    assert ran.code == 70
    assert "done" in ran.out
    assert "The script itself went on untouched." in ran.err
    assert "bug in trickrun: AttributeError: 'str' object" in ran.err


def test_garbage_is_collected_as_in_any_script(tmp_path: Path) -> None:
    """A command looks for it rarely while it imports; a script's tensors may be in it."""
    (tmp_path / "train.py").write_text("import gc\nprint(gc.get_threshold())")

    def printed(*command: str) -> str:
        line = [sys.executable, *command, "train.py"]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert printed("-m", "trickrun", "watch") == printed()
