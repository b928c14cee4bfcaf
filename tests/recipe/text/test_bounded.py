"""What a small file can ask for is bounded, and so is what is told about a large one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trickrun.recipe import messages
from trickrun.recipe.load import load
from trickrun.recipe.text.nodes import MAX_VALUES, Mapping, Reader, TooLarge
from trickrun.recipe.text.problems import MAX_PROBLEMS, RecipeError, Source
from trickrun.recipe.text.sources import MAX_BYTES
from trickrun.recipe.text.yaml12 import parse

USUAL = "data: digits\nmodel: mlp\n"


def refused(folder: Path, text: str, *overrides: str) -> RecipeError:
    path = folder / "r.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load(path, overrides)
    return caught.value


class Counted(Reader):
    """A reader that counts the mappings that it goes through."""

    def __init__(self) -> None:
        super().__init__()
        self.mappings = 0

    def _mapping(self, node: Mapping) -> dict[str, object]:
        self.mappings += 1
        return super()._mapping(node)


@pytest.mark.parametrize("first", ["{}", "{k: 1}"])
@pytest.mark.parametrize("merge", ["<<: [{0}, {0}, {0}, {0}]", "<<: [{0}, {0}], b: {0}"])
def test_merge_keys_cannot_take_for_ever(first: str, merge: str) -> None:
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{n}: &a{n} {{{merge.format(f'*a{n - 1}')}}}" for n in range(1, 14)]
    document = parse("\n".join(lines))
    assert document.root is not None
    assert not document.faults
    reader = Counted()
    with pytest.raises(TooLarge):
        reader.value(document.root)
    assert reader.mappings <= MAX_VALUES


def test_what_merge_keys_bring_in_counts() -> None:
    """Each of 1000 mappings is small, and stands for 1000 entries."""
    base = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\n"
    document = parse(base + "".join(f"m{n}: {{<<: *a}}\n" for n in range(1000)))
    assert document.root is not None
    with pytest.raises(TooLarge):
        Reader().value(document.root)


def test_merge_keys_of_a_usual_size_are_read() -> None:
    base = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(20)) + "}\n"
    document = parse(base + "".join(f"m{n}: {{<<: *a, own: 2}}\n" for n in range(100)))
    assert document.root is not None
    assert len(Reader().value(document.root)["m99"]) == 21


def test_a_text_of_too_many_values_is_not_read_to_its_end() -> None:
    text = "a: [" + "1," * (MAX_VALUES + 1000) + "1]"
    (fault,) = parse(text).faults
    assert f"more than {MAX_VALUES} values" in fault.message
    assert fault.start < 2 * MAX_VALUES + 10


def test_many_unknown_keys_are_counted_and_the_first_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    meant = messages.did_you_mean
    monkeypatch.setattr(
        messages, "did_you_mean", lambda word, known: looked.append(word) or meant(word, known)
    )
    error = refused(tmp_path, USUAL + "".join(f"key{n}: 1\n" for n in range(4000)))
    assert error.count == 4000
    assert [problem.path for problem in error.problems] == [f"key{n}" for n in range(20)]
    assert error.left_out == 3980
    assert len(looked) <= MAX_PROBLEMS
    assert str(error).startswith("4000 problems in the recipe\n")
    assert str(error).endswith("… and 3980 more")
    assert len(str(error)) < 10_000
    body = error.as_json()
    assert (len(body["problems"]), body["more_problems"]) == (20, 3980)


def test_twenty_problems_are_all_told(tmp_path: Path) -> None:
    error = refused(tmp_path, USUAL + "".join(f"key{n}: 1\n" for n in range(20)))
    assert (error.count, error.left_out) == (20, 0)
    assert "more" not in str(error).splitlines()[-1]
    assert "more_problems" not in error.as_json()


def test_problems_of_every_source_are_counted(tmp_path: Path) -> None:
    text = USUAL + "a: 1\na: 2\n" + "".join(f"key{n}: 1\n" for n in range(30))
    error = refused(tmp_path, text, "train.epochs=0")
    assert error.count == 33  # a twice, a unknown, 30 keys, the override


def test_many_faults_on_one_long_line_share_it(tmp_path: Path) -> None:
    text = USUAL + "x: {" + "k: 1, " * 20_000 + "}\n"
    error = refused(tmp_path, text)
    assert error.count == 20_000  # 19,999 duplicates, and x
    assert len(str(error)) < 10_000


def test_a_place_is_the_one_that_counting_finds() -> None:
    text = "one\r\ntwo\n\nfour"
    source = Source("r.yaml", text)
    for start in range(len(text) + 1):
        place = source.at(start, start + 1)
        before = text[:start].split("\n")
        assert (place.line, place.column) == (len(before), len(before[-1]) + 1)
        assert place.text == text.split("\n")[place.line - 1].rstrip("\r")
        assert place.width == 1


def test_a_file_too_large_for_a_recipe_is_not_read(tmp_path: Path) -> None:
    error = refused(tmp_path, USUAL + "#" + "x" * MAX_BYTES)
    assert f"at most {MAX_BYTES} bytes" in error.message
    load_at_limit = USUAL + "#" + "x" * (MAX_BYTES - len(USUAL) - 1)
    (tmp_path / "r.yaml").write_text(load_at_limit)
    assert load(tmp_path / "r.yaml").recipe.data.kind_name == "digits"


def validated(path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "trickrun", "validate", str(path)]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("child", [False, True])
def test_a_pipe_is_no_recipe(tmp_path: Path, child: bool) -> None:
    """Nobody writes into it, so that to read it would wait for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "child.yaml").write_text("extends: pipe.yaml\n")
    ran = validated(Path("child.yaml" if child else "pipe.yaml"), tmp_path)
    assert ran.returncode == 2
    assert "this is a pipe or a device, not a file" in ran.stderr


def test_a_device_is_no_recipe() -> None:
    with pytest.raises(RecipeError, match="this is a pipe or a device"):
        load(Path("/dev/zero"))


@pytest.mark.parametrize(("text", "code"), [('"a\\0b"', "U+0000"), ('"\\ud800"', "U+D800")])
def test_text_that_no_file_can_hold(tmp_path: Path, text: str, code: str) -> None:
    for recipe, overrides in (
        (f"data: {{kind: csv, path: {text}, target: x}}\nmodel: mlp\n", ()),
        (USUAL + f"name: {text}\n", ()),
        (USUAL, (f"expect.test.accuracy={text}",)),
    ):
        error = refused(tmp_path, recipe, *overrides)
        assert f"text cannot hold the character {code}" in error.message
        assert error.count == 1
        str(error).encode()


@pytest.mark.parametrize("digits", [400, 4000, 5000])
@pytest.mark.parametrize("path", ["train.epochs", "optimizer.lr", "seed", "model.hidden"])
def test_numbers_of_thousands_of_digits(tmp_path: Path, path: str, digits: int) -> None:
    error = refused(tmp_path, USUAL, f"{path}={'9' * digits}")
    assert "this number has too many digits" in error.message
    assert error.count == 1
    assert len(str(error)) < 1000


def test_an_index_of_thousands_of_digits(tmp_path: Path) -> None:
    error = refused(tmp_path, USUAL, f"augmentation.{'9' * 5000}=noise")
    assert error.exit_code == 2


def test_a_recipe_whose_path_is_not_utf8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff"))
    folder.mkdir()
    error = refused(folder, USUAL)
    assert "this path is not UTF-8" in error.message
