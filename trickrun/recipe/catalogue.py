"""The catalogue of tricks, read from the recipe's parameter classes and their docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from trickrun.params import Params
from trickrun.recipe.describe import of_field
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import (
    Free,
    Items,
    Kinds,
    Member,
    Section,
    Shape,
    default_of,
    members,
)

LABELS = ("Formula", "When", "Defaults", "Interactions", "Source")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a trick.

    Args:
        name: its name in a recipe.
        type: the values that it takes, in words.
        default: its default as a recipe would write it, plain data.
        required: whether it has no default.
        description: what it means; may be empty.
    """

    name: str
    type: str
    default: Any
    required: bool
    description: str

    @property
    def default_text(self) -> str:
        """Its default as YAML in one line, or ``required``."""
        return "required" if self.required else flow(self.default)


@dataclass(frozen=True)
class Entry:
    """One trick; a paragraph that its docstring lacks is empty.

    Args:
        name: its kind.
        section: the recipe path where it is chosen, for example ``optimizer.schedule``.
        example: the least that a recipe says to choose it; ``…`` stands for what must be given.
    """

    name: str
    section: str
    example: str
    summary: str
    formula: str
    when: str
    defaults: str
    interactions: str
    source: str
    parameters: tuple[Parameter, ...]

    @property
    def path(self) -> str:
        """Its full address, for example ``optimizer.schedule.cosine``."""
        return f"{self.section}.{self.name}"

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Place:
    """A parameter class and where the recipe has it.

    Args:
        path: the recipe path at which it is written or chosen; empty for the whole recipe.
        params: the class.
        kind: the kind that selects it; None for a section without kinds.
        listed: whether it stands in a list.
    """

    path: str
    params: type[Params]
    kind: str | None
    listed: bool = False


def catalogue() -> list[Entry]:
    """Return all tricks, in the order of the recipe's sections."""
    places = list(walk())
    sections = {place.params: place.path for place in places}
    return [entry(place, sections) for place in places if place.kind is not None]


def walk() -> Iterator[Place]:
    """Yield every parameter class of the recipe once, where it comes first."""
    seen: set[type[Params]] = {Recipe}
    yield Place("", Recipe, None)
    yield from below("", Recipe, seen)


def below(path: str, params: type[Params], seen: set[type[Params]]) -> Iterator[Place]:
    """Yield the classes that the parameters of ``params``, at ``path``, are made of."""
    for name, member in members(params).items():
        inner = f"{path}.{name}".lstrip(".")
        new = [place for place in places_at(inner, member.shape) if place.params not in seen]
        seen.update(place.params for place in new)
        # All kinds of a section before what is inside them: an init's head is an init again.
        yield from new
        for place in dict.fromkeys(place.params for place in new):
            yield from below(inner, place, seen)


def places_at(path: str, shape: Shape) -> list[Place]:
    """Return the classes that a value of ``shape`` at ``path`` can have."""
    match shape:
        case Items(inner):
            return [replace(place, listed=True) for place in places_at(path, inner)]
        case Free(inner):
            return places_at(path, inner)
        case Kinds(kinds):
            return [Place(path, params, kind) for kind, params in kinds.all().items()]
        case Section(params):
            kind = getattr(params, "kind", None)
            # A trick with a key of its own (l2, clip) belongs to the section that has the key.
            above = path.rpartition(".")[0] if kind else ""
            return [Place(above or path, params, kind)]
        case _:
            return []


def entry(place: Place, sections: dict[type[Params], str]) -> Entry:
    """Return the catalogue entry of a kind."""
    assert place.kind is not None
    told = paragraphs(place.params)
    return Entry(
        name=place.kind,
        section=place.path,
        example=example(place),
        summary=told["Summary"],
        formula=told["Formula"],
        when=told["When"],
        defaults=told["Defaults"],
        interactions=told["Interactions"],
        source=told["Source"],
        parameters=parameters(place.params, sections),
    )


def example(place: Place) -> str:
    """Return the least that a recipe says to choose a kind, as YAML in one line."""
    params = place.params
    given = {name: "…" for name, member in members(params).items() if member.field.is_required()}
    has_key = "kind" not in params.model_fields
    chosen: Any = given
    if not has_key:
        chosen = {"kind": place.kind, **given} if given else place.kind
    elif params.main is not None:
        default = written(default_of(members(params)[params.main].field))
        chosen = {params.main: "…"} if default is None else default
    path = place.path.split(".")
    if has_key and place.path != place.kind:
        path.append(str(place.kind))
    value = [chosen] if place.listed else chosen
    for name in reversed(path[1:]):
        value = {name: value}
    return f"{path[0]}: {flow(value)}"


def paragraphs(params: type[Params]) -> dict[str, str]:
    """Return the parts of a docstring by their label; the first one is the Summary."""
    found = dict.fromkeys(("Summary", *LABELS), "")
    label = "Summary"
    for line in inspect.cleandoc(params.__doc__ or "").splitlines():
        head, colon, rest = line.partition(":")
        if colon and head in LABELS:
            label, line = head, rest
        found[label] = f"{found[label]} {line.strip()}".strip()
    return {label: text.replace("``", "`") for label, text in found.items()}


def parameters(params: type[Params], sections: dict[type[Params], str]) -> tuple[Parameter, ...]:
    """Return the parameters of a class, its own before those that its section shares."""
    own = inspect.get_annotations(params)
    found = members(params).items()
    return tuple(
        Parameter(
            name,
            type_in_words(member, sections),
            None if member.field.is_required() else written(default_of(member.field)),
            member.field.is_required(),
            member.field.description or "",
        )
        for name, member in sorted(found, key=lambda item: item[0] not in own)
        if name != "kind"
    )


def type_in_words(member: Member, sections: dict[type[Params], str]) -> str:
    """Return in words what values a parameter takes."""
    match member.shape:
        case Kinds(kinds):
            words = f"a kind of {sections[kinds[kinds.files[0]]]}"
        case Items(Kinds(kinds)):
            words = f"a list (each a kind of {sections[kinds[kinds.files[0]]]})"
        case Section(params):
            words = f"a mapping of {', '.join(members(params))}"
        case _:
            words = of_field(member.field)
    return f"{words} or null" if member.nullable else words


def written(value: Any) -> Any:
    """Return a default as a recipe would write it: plain data, what is default in it left out."""
    match value:
        case Params():
            given = {
                name: written(getattr(value, field))
                for field, info in type(value).model_fields.items()
                if (name := info.alias or field) != "kind"
                and getattr(value, field) != default_of(info)
            }
            if "kind" not in type(value).model_fields:
                return given
            return {"kind": value.kind_name, **given} if given else value.kind_name
        case tuple() | list():
            return [written(item) for item in value]
        case _:
            return value


def flow(value: Any) -> str:
    """Return plain data as YAML in one line."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.12g}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)


def address(entry: Entry, entries: Iterable[Entry]) -> str:
    """Return the shortest name that means this trick alone: ``cosine``, but ``init.auto``."""
    twins = [other for other in entries if other.name == entry.name and other != entry]
    if not twins:
        return entry.name
    return f"{entry.section.rpartition('.')[2]}.{entry.name}"
