"""``trickrun new``: a first recipe for somebody's data and model, and what is asked for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from trickrun.data._data import Data
from trickrun.data.formats.paths import locate
from trickrun.data.survey.facts import ArrayFacts, DataFacts, TableFacts, TextFacts
from trickrun.data.survey.look import AskTarget, facts_at
from trickrun.errors import TrickrunError
from trickrun.models import Model
from trickrun.params import Params, PythonTarget
from trickrun.recipe.dump import plain
from trickrun.recipe.from_data.write import recipe_text
from trickrun.recipe.load import load, name_of
from trickrun.recipe.model_stub import Inputs, stub_for, write_stub
from trickrun.recipe.patch import ROOT
from trickrun.recipe.shape import Kinds, Member, default_of, members, needed
from trickrun.recipe.text.edit import edit_text
from trickrun.recipe.text.emit import flow, scalar
from trickrun.recipe.text.problems import Problem, RecipeError, did_you_mean
from trickrun.recipe.text.sources import read_override

COMMENT_COLUMN = 36

SECTIONS = ("data", "model", "loss", "optimizer")
"""The sections that a starter recipe has."""

DEFAULTS = {"loss": "auto", "optimizer": "adam"}
"""The kinds of sections that nobody said anything about."""

SHOWN = {"data": ("batch_size",), "optimizer": ("lr",)}
"""Parameters that a starter recipe shows beside those that a kind alone has."""

HEAD = """\
# {name}
#   trickrun validate {file}    check what is written here
#   trickrun show {file}        the same with every default
#   trickrun train {file}       train it
recipe_version: 1
name: {name}
seed: 0
"""

TOGETHER = "  split: {group_duplicates: true}   # equal samples stay in one part"
"""A split of new recipes: copies of training samples would make every score too good."""

TAIL = """\
early_stopping: {patience: 8}       # evaluations without a better val_loss
train: {epochs: 20}                 # or steps: 2000

# What to try next, one at a time (`trickrun tricks` lists all, `trickrun tricks NAME` tells more):
# normalization: batch
# regularizers: {dropout: 0.3, l2: 1e-4}
# augmentation: [{kind: noise, std: 0.05}]
# optimizer: {schedule: {kind: cosine, warmup: 0.05}, clip: 1.0}
# expect: {test.loss: "< 0.5"}      # a gate: train exits 1 if it is missed
"""


def starter(
    name: str, file: str, kinds: dict[str, str], divided: Literal["group", "time"] | None = None
) -> str:
    """Return the text of a recipe.

    Args:
        name: the recipe's name.
        file: its file, for the commands in its comments.
        kinds: section to kind; ``data`` and ``model`` must be there.
        divided: what a column divides the parts by; None: nothing.

    Raises RecipeError for a kind that does not exist.
    """
    chosen = {**DEFAULTS, **kinds}
    parts = {section: [*_section(section, chosen[section])] for section in SECTIONS}
    model, data = _params("model", chosen["model"]), _params("data", chosen["data"])
    assert issubclass(model, Model)
    assert issubclass(data, Data)
    # Equal rows of several groups would make these one, and a split by time takes no groups.
    parts["data"] += [TOGETHER] if divided is None else []
    if not data.token_ids:
        parts["data"] += [f"  {line}" for line in model.starter_data]
    parts["model"] += model.starter
    lines = [line for section in SECTIONS for line in parts[section]]
    return HEAD.format(name=name, file=file) + "".join(f"{line}\n" for line in lines) + TAIL


def known_kinds(section: str) -> tuple[str, ...]:
    """Return the kinds of a section."""
    return _kinds(section).kinds.files


def required(section: str, kind: str) -> dict[str, Any]:
    """Return the parameters that a kind must be given, each with an example of a value.

    Raises RecipeError for a kind that does not exist.
    """
    params = _params(section, kind)
    if issubclass(params, PythonTarget):
        return {"target": f"my_{section}:{'Net' if section == 'model' else 'function'}"}
    return needed(params)


def _kinds(section: str) -> Kinds:
    shape = members(ROOT.params)[section].shape
    assert isinstance(shape, Kinds)
    return shape


def _params(section: str, kind: str) -> type[Params]:
    known = _kinds(section).kinds
    if kind not in known:
        raise RecipeError(
            [Problem(f"unknown kind {kind!r}", section, hint=did_you_mean(kind, known.names()))]
        )
    return known[kind]


def _section(section: str, kind: str) -> Iterator[str]:
    """Yield the lines of a section: what must be given, and what is worth knowing at once."""
    params = _params(section, kind)
    needed = required(section, kind)
    shown = {**needed, **_worth_knowing(section, params)}
    if not shown:
        yield f"{section}: {kind}"
        return
    yield f"{section}:"
    yield f"  kind: {kind}"
    fields = members(params)
    for name, value in shown.items():
        yield _line(name, value, fields[name])


def _worth_knowing(section: str, params: type[Params]) -> dict[str, Any]:
    """Return the defaults that a starter shows: a few by name, and what is a model's own."""
    inherited = members(params.__bases__[0])
    return {
        name: plain(default_of(member.field))
        for name, member in members(params).items()
        if name in SHOWN.get(section, ())
        or (section == "model" and name not in inherited and not member.field.is_required())
        if name != "kind"
    }


def _line(name: str, value: Any, member: Member) -> str:
    entry = f"  {name}: {flow(value)}"
    about = member.field.description
    return f"{entry:<{COMMENT_COLUMN - 1}} # {about}" if about else entry


Prompt = Callable[[str, str], str]
"""From a question and its default to the answer."""

FIRST = {"data": "digits", "model": "mlp"}
"""What is proposed where nothing is given."""


def ask(kinds: dict[str, str], overrides: Sequence[str], prompt: Prompt) -> list[str]:
    """Ask for the kinds that ``kinds`` lacks, add them, and return further overrides.

    Args:
        overrides: what is given already, each ``path=value``.
    """
    for section, first in FIRST.items():
        while kinds.get(section) not in known_kinds(section):
            kinds[section] = prompt(f"{section} ({', '.join(known_kinds(section))})", first)
    given = {override.partition("=")[0] for override in overrides}
    return [
        f"{section}.{name}={scalar(prompt(f'{section}.{name}', str(example)))}"
        for section in FIRST
        for name, example in required(section, kinds[section]).items()
        if f"{section}.{name}" not in given and (section, kinds[section]) != ("model", "python")
    ]


@dataclass(frozen=True)
class Made:
    """A recipe that was written.

    Args:
        path: its file.
        stub: the file of a network of one's own, if one was written.
        facts: of the data that it was written for, if it was.
    """

    path: Path
    stub: Path | None = None
    facts: DataFacts | None = None


def new_recipe(name: str, kinds: Mapping[str, str], overrides: Sequence[str]) -> Made:
    """Write a starter recipe; for a model of one's own, also its first file.

    Args:
        name: the recipe's name, which is also the file's, or a path that ends in .yaml.
        kinds: section to kind.
        overrides: what is changed of the starter, each ``path=value``.

    Raises:
        RecipeError: a kind or a changed value is wrong.
        TrickrunError: the file exists, its folder does not, or data or model is not given.
    """
    path = path_for(name)
    for section in FIRST:
        if section not in kinds:
            known = ", ".join(known_kinds(section))
            raise TrickrunError(f"which {section}?", hint=f"give --{section}: {known}")
    values = read_overrides(overrides)
    stub = begins_a_network(path, kinds, values)
    text = edit_text(starter(name_of(path), str(path), {**kinds}, divided_by(values)), values)
    return written(path, text, stub_inputs(kinds["data"]) if stub else None)


def divided_by(values: Mapping[str, Any]) -> Literal["group", "time"] | None:
    """Return what changed values divide the parts by."""
    said = values.get("data.split")
    split = said if isinstance(said, dict) else {}
    ways: tuple[Literal["group", "time"], ...] = ("group", "time")
    for way in ways:
        if values.get(f"data.split.{way}", split.get(way)) is not None:
            return way
    return None


def stub_inputs(data: str) -> Inputs:
    """Return what a network for a kind of data takes."""
    params = _params("data", data)
    assert issubclass(params, Data)
    return "tokens" if params.token_ids else "any"


def new_from_data(
    name: str,
    data: Path,
    kinds: Mapping[str, str],
    overrides: Sequence[str],
    ask_target: AskTarget | None = None,
) -> Made:
    """Write a recipe for a file or folder; for a model of one's own, also its first file.

    Args:
        name: see ``new_recipe``.
        data: the file or folder.
        kinds: section to kind, where somebody chose one.
        overrides: see ``new_recipe``.
        ask_target: asks for a table's column to predict; None: it is guessed.

    Raises:
        RecipeError, TrickrunError: see ``new_recipe``.
        DataError: there are no data, they are damaged, or nothing in them can be predicted.
    """
    path = path_for(name)
    if path.exists():
        raise exists_already(path)
    if not os.path.exists(data):
        close = did_you_mean(str(data), [*known_kinds("data"), *names_beside(data)])
        message = "there is no such file or folder, and no such kind of data"
        raise TrickrunError(message, str(data), close or "kinds: " + ", ".join(known_kinds("data")))
    if "model" in kinds:
        _params("model", kinds["model"])
    values = read_overrides(overrides)
    where = locate(str(data), Path.cwd())
    inside = str(data) if data.is_absolute() else os.path.relpath(where, path.absolute().parent)
    facts = facts_at(where, Path(inside).as_posix(), data_parameters(values), ask_target)
    stub = begins_a_network(path, kinds, values)
    chosen = {section: {"kind": kinds[section]} for section in DEFAULTS if section in kinds}
    text = recipe_text(name_of(path), str(path), facts, kinds.get("model"))
    made = written(path, edit_text(text, {**chosen, **values}), inputs_of(facts) if stub else None)
    return replace(made, facts=facts)


def begins_a_network(path: Path, kinds: Mapping[str, str], values: dict[str, Any]) -> bool:
    """Whether a first file of one's own network is to be written; ``values`` then name it."""
    if kinds.get("model") != "python" or "model.target" in values:
        return False
    values["model.target"] = f"{stub_for(path).stem}:Net"
    return True


def inputs_of(facts: DataFacts) -> Inputs:
    """Return what a network for data takes."""
    match facts:
        case ArrayFacts():
            return "images" if facts.layout == "images" else "any"
        case TableFacts():
            return "any"
        case TextFacts():
            return "tokens"
        case _:
            return "images"


def names_beside(path: Path) -> list[str]:
    """Return the paths of what lies in the folder of a file that is not there."""
    try:
        return [str(path.with_name(each.name)) for each in path.parent.iterdir()]
    except OSError:
        return []


def data_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the data section among changed values; those deeper in it are left
    out, but for columns' types."""
    found: dict[str, Any] = {}
    types = {}
    for where, value in values.items():
        section, _, key = where.partition(".")
        if section == "data" and key.startswith("types."):
            types[key.removeprefix("types.")] = value
        elif section == "data" and key and "." not in key:
            found[key] = value
    types |= found.pop("types", {})
    as_mappings = {k: {"kind": v} if isinstance(v, str) else v for k, v in types.items()}
    return found | ({"types": as_mappings} if types else {})


def path_for(name: str) -> Path:
    """Return the file of a recipe that somebody named so."""
    return Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")


def read_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    """Return what is changed, by its path in the recipe. Raises RecipeError."""
    problems: list[Problem] = []
    read = [found for text in overrides if (found := read_override(text, problems))]
    if problems:
        raise RecipeError(problems)
    return {where: value.value for where, value in read}


def written(path: Path, text: str, stub: Inputs | None = None) -> Made:
    """Write a file that does not exist yet, and leave none if the recipe in it is not valid.

    Args:
        stub: what the network takes of which a first file is written beside it; None: none is.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise exists_already(path) from None
    except OSError as error:
        raise TrickrunError(error.strerror or "cannot be written", str(path)) from None
    try:
        load(path)
        return Made(path, None if stub is None else write_stub(path, stub))
    except TrickrunError:
        path.unlink()
        raise


def exists_already(path: Path) -> TrickrunError:
    return TrickrunError("this file exists already", str(path), "choose another name")
