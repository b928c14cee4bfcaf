"""Files, parents and overrides to a checked recipe, and every problem located."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.recipe.load import from_tree, load, name_of
from trickrun.recipe.text.problems import Problem, RecipeError

MINIMAL = "data: digits\nmodel: mlp\n"


def write(folder: Path, text: str, name: str = "r.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def problems(path: Path, *overrides: str) -> tuple[Problem, ...]:
    with pytest.raises(RecipeError) as caught:
        load(path, overrides)
    return caught.value.problems


def places(path: Path, *overrides: str) -> list[tuple[str, str]]:
    """Recipe path and the text under the carets, of each problem."""
    found = []
    for problem in problems(path, *overrides):
        place = problem.place
        assert place is not None
        marked = place.text[place.column - 1 : place.column - 1 + place.width]
        found.append((problem.path, marked))
    return found


def test_only_data_and_model_are_required(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, MINIMAL))
    assert loaded.recipe.optimizer.kind == "adam"
    assert loaded.tree == {"data": {"kind": "digits"}, "model": {"kind": "mlp"}, "name": "r"}
    assert loaded.folder == tmp_path
    assert loaded.text == MINIMAL
    assert [p.path for p in problems(write(tmp_path, "seed: 1"))] == ["data", "model"]


def test_a_file_name_becomes_a_recipe_name() -> None:
    assert name_of(Path("my recipe (2).yaml")) == "my-recipe-2"
    assert name_of(Path("...")) == "recipe"


TWELVE = """\
sed: 3
data: {kind: digts}
model: {kind: mlp, hidden: [32, 0]}
loss: {kind: cross_entropy, class_weights: balancd}
metrics: accuracy
init: {kind: constant}
regularizers: {l2: "1e-4"}
optimizer:
  lr: -1
  betas: [0.9]
  nesterov: yes
augmentation: [{kind: noise, std: 1}, {std: 4}]
train: {epochs: 4.5, epochs: 3}
expect: {test.accuracy: 0.9}
"""


def test_twelve_mistakes_give_twelve_located_errors(tmp_path: Path) -> None:
    assert places(write(tmp_path, TWELVE)) == [
        ("sed", "sed"),
        ("data.kind", "digts"),
        ("model.hidden.1", "0"),
        ("loss.class_weights", "balancd"),
        ("metrics", "accuracy"),
        ("regularizers.l2.lambda", '"1e-4"'),
        ("optimizer.lr", "-1"),
        ("optimizer.betas", "[0.9]"),
        ("optimizer.nesterov", "nesterov"),
        ("augmentation.1.kind", "{std: 4}"),
        ("", "epochs"),
        ("expect.test.accuracy", "0.9"),
    ]


def test_problems_are_drawn_under_their_line(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL + "name: \u6a21\u578b\noptimizer: {kind: adm}\n")
    with pytest.raises(RecipeError) as caught:
        load(path)
    assert str(caught.value).splitlines() == [
        "2 problems in the recipe",
        f"{path}:3:7: name: the text '\u6a21\u578b' does not fit the pattern "
        "^[A-Za-z0-9][A-Za-z0-9._-]*$",
        "    3 | name: \u6a21\u578b",
        "      |       ^^^^",
        "        names the run folder; by default the file's name",
        f"{path}:4:19: optimizer.kind: unknown kind 'adm'",
        "    4 | optimizer: {kind: adm}",
        "      |                   ^^^",
        "        did you mean adam?",
    ]


def test_what_all_kinds_take_is_checked_under_an_unknown_kind(tmp_path: Path) -> None:
    text = "data: {kind: digitz, batch_size: -3, split: {val: 2}, own: 1}\nmodel: mlp\n"
    found = places(
        write(tmp_path, text + "optimizer: {kind: adamx, lr: fast, betas: [0.9, 0.9]}\n")
    )
    assert [path for path, _ in found] == [
        "data.kind", "data.batch_size", "data.split.val", "optimizer.kind", "optimizer.lr",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "section",
    [
        "data: {kind: digts, normalize: standard, subset: 100, split: {val: 0.1}}",
        "optimizer: {kind: adamm, schedule: cosine, clip: 1.0, lookahead: 5}",
        "init: {kind: zeross, head: zeros, head_bias: 0.5, residual: fixup}",
        "normalization: {kind: bach}",
    ],
)
def test_shorthand_under_an_unknown_kind_is_no_second_error(tmp_path: Path, section: str) -> None:
    others = "" if section.startswith("data") else "data: digits\n"
    path = write(tmp_path, f"{others}model: mlp\n{section}\n")
    assert [found for found, _ in places(path)] == [f"{section.partition(':')[0]}.kind"]


def test_a_long_line_is_drawn_in_part(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL + f"name: a  #{'-' * 200}\ntrain: {{{' ' * 300}epoch: 3}}\n")
    (problem,) = problems(path)
    assert problem.place is not None
    line, carets = problem.place.drawn()
    assert len(line) < 110
    assert line[carets.index("^") :].startswith("epoch: 3")


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("lr: 3", "unknown key 'lr'", "it is a parameter of optimizer"),
        ("momentum: 3", "unknown key 'momentum'", "it is a parameter of"),
        ("droput: 3", "unknown key 'droput'", "known here: recipe_version"),
        ("optimizr: sgd", "unknown key 'optimizr'", "did you mean optimizer?"),
        ("seed: '1'", "expected a whole number of 0 or more", "drop the quotes: 1"),
        ("seed: 1_000", "expected a whole number of 0 or more", "without separators: 1000"),
        ("seed: 1.0", "expected a whole number of 0 or more, but 1.0 is given", "of init"),
        ("seed: true", "but true is given", "of init"),
        ("seed: null", "but null is given", "of init"),
        ("seed: [1]", "but a list of 1 is given", "of init"),
        ("optimizer: {lr: .inf}", "expected a finite number, but inf is given", "size"),
        ("optimizer: {lr: .nan}", "expected a finite number, but nan is given", "size"),
        ("optimizer: 3", "expected a kind, but 3 is given", "known here: adadelta"),
        ("optimizer: [sgd]", "expected a kind, but a list of 1 is given", "known here: adadelta"),
        ("optimizer: null", "expected a kind, but null is given", "known here: adadelta"),
        ("optimizer: {kind: 3}", "a kind is a word, but 3 is given", "known here: adadelta"),
        ("optimizer: {amsgrad: yes}", "expected true or false, but the text 'yes'", "write true"),
        ("optimizer: {amsgrad: 'off'}", "expected true or false", "write false"),
        ("optimizer: {clip: none}", "expected a number above 0", "write null"),
        ("optimizer: {clip: true}", "expected a mapping, but true is given", "write {}"),
        ("optimizer: {clip: false}", "expected a mapping, but false is given", "write null"),
        ("normalization: null", "expected a kind, but null is given", "write none"),
        ("loss: my.mod:f", "unknown kind 'my.mod:f'", "{kind: python, target: 'my.mod:f'}"),
        ("metrics: accuracy", "expected a list", "write a list: [accuracy]"),
        (
            "train: {compile: reduce_overhead}",
            "expected true, false or reduce-overhead, but the text 'reduce_overhead'",
            "mean reduce-overhead?",
        ),
        ("train: {compile: yes}", "expected true, false or reduce-overhead", "write true"),
        (
            "train: {device: gpu}",
            "expected auto, cpu, cuda or mps, but the text 'gpu'",
            "mean cuda?",
        ),
        ("init: he_normal", "unknown kind 'he_normal'", "did you mean kaiming_normal?"),
        ("optimizer: {learning_rate: 1}", "unknown key 'learning_rate'", "did you mean lr?"),
        ("train: {device: cdua}", "expected auto, cpu, cuda or mps", "did you mean cuda?"),
        ("expect: [1]", "expected a mapping, but a list of 1 is given", "bounds on results"),
        ("optimizer: {betas: [1, 2, 3]}", "expected a list of 2 (each a number", ""),
        ("optimizer: {betas: [0.9, 2]}", "expected a number of 0 or more and below 1", ""),
        ("regularizers: {dropout: {keep: 0.7, p: 0.3}}", "keep is another spelling of p", "keep"),
        ("regularizers: {dropout: {keep: x}}", "expected a number, but the text 'x'", ""),
        ("train: {epochs: 3, steps: 4}", "epochs and steps both say", ""),
    ],
)
def test_messages_say_what_was_given_expected_and_to_do(
    tmp_path: Path, line: str, message: str, hint: str
) -> None:
    (problem,) = problems(write(tmp_path, MINIMAL + line))
    assert message in problem.message
    assert hint in problem.hint
    assert problem.place is not None
    assert problem.place.line == 3


def test_overrides_patch_and_are_located_on_the_command_line(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL + "augmentation: [{kind: noise, std: 0.1}]\n")
    loaded = load(
        path,
        [
            "optimizer.kind=sgd",
            "augmentation.0.std=1e-1",
            "data={batch_size: 8}",
            "expect.test.accuracy=>= 0.9",
            "name=off",
        ],
    )
    assert loaded.recipe.optimizer.kind == "sgd"
    assert loaded.recipe.augmentation[0].model_dump()["std"] == 0.1
    assert loaded.recipe.data.batch_size == 8
    assert loaded.recipe.expect == {"test.accuracy": ">= 0.9"}
    assert loaded.recipe.name == "off"
    assert places(path, "optimizer.lr=-1", "train={epoch: 3}", "regularizers.l3=1") == [
        ("optimizer.lr", "-1"),
        ("train.epoch", "epoch"),
        ("regularizers.l3", "regularizers.l3"),
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.lr", "expected path=value"),
        ("=3", "expected path=value"),
        ("optimizer.lr=", "no value after ="),
        ("optimizer..lr=3", "is not a recipe path"),
        ("augmentation.4=noise", "there is no element 4"),
        ("model.hidden=[1, 2", "not closed"),
        ("model=*x", "has no anchor"),
        ("model.hidden={a: 1, a: 2}", "a second time"),
        ("data=null", "data is required"),
    ],
)
def test_a_wrong_override_is_shown_as_written(tmp_path: Path, override: str, message: str) -> None:
    path = write(tmp_path, MINIMAL)
    first = next(problem for problem in problems(path, override) if message in problem.message)
    assert str(first).startswith(f"command line: {override}: ")
    assert first.as_json()["file"] == "command line"
    assert first.as_json()["line"] is None


def test_extends_patches_the_parent_and_locates_in_each_file(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    write(tmp_path, MINIMAL + "optimizer: {betas: [0.8, 0.9]}\nseed: x\n", "base/a.yaml")
    path = write(tmp_path, "extends: base/a.yaml\noptimizer: sgd\nmodel: {hidden: [-1]}\n")
    found = problems(path)
    assert [(p.as_json()["file"], p.path) for p in found] == [
        (str(tmp_path / "base/a.yaml"), "seed"),
        (str(path), "model.hidden.0"),
    ]
    write(tmp_path, MINIMAL + "optimizer: {betas: [0.8, 0.9]}\n", "base/a.yaml")
    loaded = load(path, ["model.hidden=[4]"])
    assert loaded.tree == {
        "data": {"kind": "digits"},
        "model": {"kind": "mlp", "hidden": [4]},
        "optimizer": {"kind": "sgd"},
        "name": "r",
    }


def test_a_childs_null_deletes_what_the_parent_sets(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL + "early_stopping: 3\ntrain: {epochs: 3}\n", "a.yaml")
    loaded = load(write(tmp_path, "extends: a.yaml\nearly_stopping: null\ntrain: {epochs: null}"))
    assert loaded.recipe.early_stopping is None
    assert loaded.recipe.train.epochs == 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: none.yaml", "none.yaml: no such file"),
        ("extends: .", "is a folder"),
        ("extends: [a.yaml]", "extends names one file"),
        ("extends: b.yaml", "extends goes in a circle: "),
        ("extends: r.yaml", "extends goes in a circle: "),
        ("extends: latin.yaml", "is not UTF-8 text"),
    ],
)
def test_a_wrong_extends_is_located_where_it_stands(
    tmp_path: Path, text: str, message: str
) -> None:
    write(tmp_path, "extends: r.yaml", "b.yaml")
    (tmp_path / "latin.yaml").write_bytes("name: fünf".encode("latin-1"))
    (problem,) = problems(write(tmp_path, "# first\n" + text))
    assert message in problem.message
    assert problem.path == "extends"
    assert problem.place is not None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (b"- a\n- b\n", "a recipe is a mapping"),
        (b"just words", "a recipe is a mapping"),
        (b"name: \xff", "is not UTF-8 text"),
        (b"a: [1", "not closed"),
        (b"a: 1\n---\nb: 1", "second document"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(content)
    assert any(message in problem.message for problem in problems(path))


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL, "digits.yaml")
    (problem,) = problems(tmp_path / "digit.yaml")
    assert "no such file" in problem.message
    assert "digits.yaml" in problem.hint
    (problem,) = problems(tmp_path)
    assert "is a folder" in problem.message


def test_errors_are_located_through_aliases_and_merges(tmp_path: Path) -> None:
    text = (
        "data: {kind: digits, split: &s {seed: -1}}\nmodel: mlp\n"
        "optimizer: {kind: adam, <<: &m {lr: -2}}\n"
        "early_stopping: {<<: *m}\n"
    )
    assert places(write(tmp_path, text)) == [
        ("data.split.seed", "-1"),
        ("early_stopping.lr", "lr"),
        ("optimizer.lr", "-2"),
    ]


def test_other_spellings_are_located_where_they_are_written(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL + "regularizers: {dropout: {keep: 1.5}}")
    assert places(path) == [("regularizers.dropout.p", "1.5")]


def test_a_tree_without_text_gives_problems_without_places() -> None:
    with pytest.raises(RecipeError) as caught:
        from_tree({"data": {"kind": "digits"}, "model": {"kind": "mlp"}, "sed": 1})
    (problem,) = caught.value.problems
    assert str(problem).splitlines()[0] == "sed: unknown key 'sed'"
    assert problem.as_json() == {
        "file": None,
        "line": None,
        "column": None,
        "path": "sed",
        "message": "unknown key 'sed'",
        "hint": "did you mean seed?",
    }
