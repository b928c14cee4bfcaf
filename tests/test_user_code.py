"""User code that a recipe names: found beside the recipe first, and blamed with the user's line."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trickrun import user_code
from trickrun.errors import CompileError, DataError, without_python


@pytest.fixture(autouse=True)
def _clean_imports() -> Iterator[None]:
    """Leave sys.path and sys.modules as they were: resolve() changes both on purpose."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def failure(target: str, folder: Path) -> CompileError:
    with pytest.raises(CompileError) as caught:
        user_code.resolve(target, folder)
    return caught.value


def test_finds_a_module_beside_the_recipe(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "def make():\n    return 7\n")
    assert user_code.resolve("mine:make", tmp_path)() == 7


def test_finds_a_nested_name_in_a_package_beside_the_recipe(tmp_path: Path) -> None:
    write(tmp_path, "pack/__init__.py", "")
    write(tmp_path, "pack/mod.py", "class A:\n    @staticmethod\n    def b(): return 3\n")
    assert user_code.resolve("pack.mod:A.b", tmp_path)() == 3


def test_a_package_needs_no_init_file(tmp_path: Path) -> None:
    write(tmp_path, "loose/mod.py", "def f(): return 4\n")
    assert user_code.resolve("loose.mod:f", tmp_path)() == 4


def test_finds_a_module_of_the_environment(tmp_path: Path) -> None:
    import json

    assert user_code.resolve("json:dumps", tmp_path) is json.dumps
    assert str(tmp_path) not in sys.path


def test_a_module_beside_the_recipe_imports_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, "neighbour.py", "VALUE = 11\n")
    write(tmp_path, "mine.py", "def make():\n    import neighbour\n    return neighbour.VALUE\n")
    assert user_code.resolve("mine:make", tmp_path)() == 11


def test_two_folders_may_each_bring_a_module_of_one_name(tmp_path: Path) -> None:
    found = []
    for value in (1, 2):
        folder = tmp_path / str(value)
        write(folder, "helper.py", f"VALUE = {value}\n")
        write(folder, "mine.py", "import helper\ndef make(): return helper.VALUE\n")
        found.append(user_code.resolve("mine:make", folder)())
    assert found == [1, 2]


def test_missing_module_says_where_to_put_it(tmp_path: Path) -> None:
    error = failure("no_such_pkg.mod:f", tmp_path)
    assert "no module 'no_such_pkg.mod'" in error.message
    assert "no_such_pkg/mod.py" in error.hint
    assert str(tmp_path) in error.hint


def test_missing_name_suggests_a_near_one(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "def make_data(): ...\n")
    error = failure("mine:make_dta", tmp_path)
    assert "'make_dta'" in error.message
    assert "make_data" in error.hint


def test_value_that_cannot_be_called(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "make = 3\n")
    assert "of type int, which cannot be called" in failure("mine:make", tmp_path).message


def test_failing_import_names_the_users_line(tmp_path: Path) -> None:
    file = write(tmp_path, "mine.py", "import json\n\njson.loads('{')\n")
    error = failure("mine:make", tmp_path)
    assert "JSONDecodeError" in error.message
    assert error.hint == f"in {file}, line 3: json.loads('{{')"


def test_module_missing_inside_user_code_names_the_users_line(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "import not_installed_here\n")
    error = failure("mine:make", tmp_path)
    assert "not_installed_here" in error.message
    assert "line 1: import not_installed_here" in error.hint


def test_syntax_error_names_the_users_line(tmp_path: Path) -> None:
    file = write(tmp_path, "mine.py", "x = 1\ndef f(:\n")
    error = failure("mine:f", tmp_path)
    assert "SyntaxError" in error.message
    assert error.hint == f"in {file}, line 2"


def test_module_that_exits_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "import sys\nsys.exit(1)\n")
    error = failure("mine:f", tmp_path)
    assert "SystemExit" in error.message
    assert "line 2" in error.hint


def test_module_hidden_by_an_imported_one(tmp_path: Path) -> None:
    write(tmp_path, "json.py", "def make(): ...\n")
    error = failure("json:make", tmp_path)
    assert "hidden by another module" in error.message
    assert error.hint == "rename it"


def test_call_passes_values_and_arguments() -> None:
    assert user_code.call(lambda a, b: a - b, "m:f", 5, args={"b": 2}) == 3


def test_call_with_wrong_arguments_shows_the_signature() -> None:
    def make(size: int = 1) -> int:
        return size

    with pytest.raises(CompileError, match=r"unexpected keyword argument 'sise'") as caught:
        user_code.call(make, "m:make", args={"sise": 3})
    assert "size" in caught.value.message


def test_error_inside_a_call_names_the_users_line(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "def make(n):\n    return 1 / n\n")
    function = user_code.resolve("mine:make", tmp_path)
    with pytest.raises(CompileError, match="ZeroDivisionError") as caught:
        user_code.call(function, "mine:make", args={"n": 0})
    assert "line 2: return 1 / n" in caught.value.hint


def test_a_call_that_exits_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "import sys\ndef make():\n    sys.exit(3)\n")
    function = user_code.resolve("mine:make", tmp_path)
    with pytest.raises(CompileError, match="SystemExit: 3") as caught:
        user_code.call(function, "mine:make", args={})
    assert "line 3: sys.exit(3)" in caught.value.hint


def test_an_interrupt_goes_through_a_call() -> None:
    def make() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        user_code.call(make, "m:make", args={})


def test_own_errors_go_through_a_call() -> None:
    def make() -> None:
        raise DataError("broken", "file.csv")

    with pytest.raises(DataError, match="broken"):
        user_code.call(make, "m:make", args={})


def test_nothing_is_imported_where_user_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "refused_here.py").write_text("raise AssertionError('it was imported')\n")
    with without_python(), pytest.raises(CompileError, match="which --no-python"):
        user_code.resolve("refused_here:thing", tmp_path)
    with pytest.raises(CompileError, match="it was imported"):
        user_code.resolve("refused_here:thing", tmp_path)
