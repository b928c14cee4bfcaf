"""What every parameter class of the recipe is made from, and how a kind is found by its file.

Nothing here imports torch: a recipe is checked without it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError, core_schema

from trickrun.errors import PluginError, python_refused

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@dataclass(frozen=True)
class Stackable:
    """Marks a parameter, or a whole section, that may differ between trials of one stack.

    Trials with different values of a parameter without this mark go to different groups.

    Args:
        off_at_zero: zero takes the trick out of the job, so such trials are a group of their own.
    """

    off_at_zero: bool = False


class Params(BaseModel):
    """Parameters of one kind or section: unknown keys are errors, values are never coerced.

    A subclass's docstring is its catalogue entry. Its first line is the summary; then come
    paragraphs that start with ``Formula:``, ``When:``, ``Defaults:``, ``Interactions:`` (if there
    are any) and ``Source:``.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        validate_default=False,
        serialize_by_alias=True,
        # A validator is built when it is first needed: most classes of a section never are.
        defer_build=True,
    )

    main: ClassVar[str | None] = None
    """The parameter (its recipe name) that a bare number or string value stands for."""

    is_user_code: ClassVar[bool] = False
    """Whether the user's own code does the work, so that nothing is known of it."""

    spellings: ClassVar[tuple[str, ...]] = ()
    """Keys that :meth:`expand` knows beside the parameters' names."""

    alternatives: ClassVar[tuple[str, ...]] = ()
    """Parameters that exclude each other: a patch that sets one takes the others away."""

    revision: ClassVar[int] = 1
    """Raised by 1 whenever a default of this kind, or what it means, changes: results of the kind
    that are journalled then count for another recipe. A new parameter whose default does what the
    kind did before needs no other revision."""

    @classmethod
    def expand(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Rewrite spellings of a mapping that mean the same (``keep: 0.7`` is ``p: 0.3``)."""
        return value

    @property
    def stands_for(self) -> tuple[type[Params], ...]:
        """The kinds that this one may choose (auto does), whose revisions are then its own."""
        return ()

    @property
    def kind_name(self) -> str:
        """The kind's name in the recipe, for code that has only a section's base class."""
        return str(getattr(self, "kind", type(self).__name__.lower()))

    @property
    def trains_alone(self) -> bool:
        """Whether the stacked engine cannot do this: a trial that has it trains by itself."""
        return False

    @property
    def taken(self) -> list[str]:
        """The recipe names of the alternatives that were given."""
        fields = {info.alias or name: name for name, info in type(self).model_fields.items()}
        return [
            name
            for name in self.alternatives
            if fields[name] in self.model_fields_set and getattr(self, fields[name]) is not None
        ]


def parts(value: Any, path: str = "") -> Iterator[tuple[str, Params]]:
    """Yield all parameter objects that ``value`` is made of, itself included, each with its path
    in the recipe; ``path`` is that of ``value``."""
    if isinstance(value, Params):
        yield path, value
        for name, info in type(value).model_fields.items():
            inner = info.alias or name
            yield from parts(getattr(value, name), f"{path}.{inner}" if path else inner)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from parts(item, f"{path}.{index}")


def is_foreign(part: Params) -> bool:
    """Return whether the class of ``part`` is defined outside trickrun, as an installed package's
    kinds are."""
    return type(part).__module__.partition(".")[0] != "trickrun"


class PythonTarget(Params):
    """A user's object: ``target: package.module:Name``, called with ``args``.

    The first line of a subclass's docstring says, after a colon, how it is called and what it
    returns: errors about a user's object quote it.
    """

    main: ClassVar[str | None] = "target"
    is_user_code: ClassVar[bool] = True

    example: ClassVar[str] = ""
    """A short object that serves, as Python; ``torch``, ``nn`` and ``math`` are imported."""

    target: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")] = Field(
        description="where the object is: package.module:Name, resolved beside the recipe first"
    )
    args: dict[str, Any] = Field(default={}, description="keyword arguments it is called with")

    @property
    def trains_alone(self) -> bool:
        """Nobody knows what a user's code holds or draws."""
        return True

    @classmethod
    def taught(cls, advice: str) -> str:
        """Return what to do about an object that does not serve: ``advice``, how the object is
        called, and an example."""
        first = (cls.__doc__ or "").partition("\n")[0]
        called = first.partition(": ")[2].replace("``", "").rstrip(".")
        lines = "\n".join(f"    {line}" for line in cls.example.splitlines())
        return f"{advice}\n  {called}, for example:\n{lines}"


Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
DropProbability = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Beta = Annotated[float, Field(ge=0, lt=1)]

MOST = 10**9
"""No count is above it: steps of so many would take years, and a size of so many exceeds any
memory. What is made or done one after another has a lower limit of its own."""

Count = Annotated[int, Field(ge=1, le=MOST)]
CountOrZero = Annotated[int, Field(ge=0, le=MOST)]
TwoOrMore = Annotated[int, Field(ge=2, le=MOST)]
LayerCount = Annotated[int, Field(ge=1, le=1000)]
Repeats = Annotated[int, Field(ge=1, le=1000)]
"""How often something is done within one step, or one sample is repeated in it."""
RepeatsOrZero = Annotated[int, Field(ge=0, le=1000)]
Epochs = Annotated[int, Field(ge=1, le=1_000_000)]
Trials = Annotated[int, Field(ge=1, le=10_000)]
Side = Annotated[int, Field(ge=1, le=10_000)]
"""Height and width in pixels of the images that a network gets."""
Margin = Annotated[int, Field(ge=0, le=1000)]
"""Pixels around an image."""
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Betas = Annotated[tuple[Beta, Beta], Field(strict=False)]
Counts = Annotated[tuple[Count, ...], Field(strict=False)]
LayerCounts = Annotated[tuple[LayerCount, ...], Field(strict=False)]


KIND = re.compile(r"[a-z][a-z0-9_]*")
"""What the name of a kind looks like; files with other names (``_loss.py``) hold no kind."""

UNDELIVERED = "undelivered_kind"
"""The type of pydantic's error about a kind that an installed package cannot deliver."""


class KindFolder:
    """The kinds of one section of the recipe: each is a file of one folder.

    Kind ``adamw`` is the class in ``adamw.py`` whose ``kind`` is ``adamw``. A name is looked up in
    the folder's listing before anything is imported, and only that file is. An installed package
    adds kinds by entry points ``trickrun.<section>``, read only for a name that no file has.

    As the metadata of a type, ``Annotated[Optimizer, OPTIMIZERS]``, a folder is what pydantic
    checks a mapping with a ``kind`` by.

    Args:
        package: the folder, as an import names it.
        base: the class that all kinds share, as ``_file.Class`` within the folder.
    """

    def __init__(self, package: str, base: str) -> None:
        self.package = package
        self.base_name = base
        self.name = package.rpartition(".")[2]
        self.classes: dict[str, type[Params]] = {}

    @cached_property
    def base(self) -> type[Params]:
        """What all kinds share: its parameters are known whatever the kind is."""
        module, _, name = self.base_name.rpartition(".")
        found: type[Params] = getattr(importlib.import_module(f"{self.package}.{module}"), name)
        return found

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The names of trickrun's own kinds, sorted."""
        path = sys.modules[self.package].__path__
        found = (m.name for m in pkgutil.iter_modules(path) if not m.ispkg)
        return tuple(sorted(name for name in found if KIND.fullmatch(name)))

    def __contains__(self, kind: object) -> bool:
        return kind in self.files or self.plugin(kind) is not None

    def __getitem__(self, kind: str) -> type[Params]:
        """Return the class of ``kind``.

        Raises:
            KeyError: there is no such kind.
            PluginError: an installed package announces it and cannot deliver.
        """
        if kind in self.files:
            return self.class_in(kind)
        entry = self.plugin(kind)
        if entry is None:
            raise KeyError(kind)
        return loaded_plugin(entry, self.name, self.base)

    def get(self, kind: str) -> type[Params] | None:
        """Return the class of ``kind``; None if there is none, or it cannot be delivered."""
        try:
            return self[kind]
        except (KeyError, PluginError):
            return None

    def class_in(self, kind: str) -> type[Params]:
        """Return the class of one of trickrun's own files."""
        if kind not in self.classes:
            self.classes[kind] = self.search_file(kind)
        return self.classes[kind]

    def search_file(self, kind: str) -> type[Params]:
        """Import the file of ``kind`` and return its class."""
        module = importlib.import_module(f"{self.package}.{kind}")
        for found in vars(module).values():
            if isinstance(found, type) and issubclass(found, self.base) and kind_of(found) == kind:
                return found
        raise TypeError(f"{module.__file__} holds no {self.base.__name__} whose kind is {kind!r}")

    @cached_property
    def plugins(self) -> dict[str, EntryPoint]:
        """The kinds that installed packages announce, by name; trickrun's own names win."""
        return {
            entry.name: entry
            for entry in installed_entries(f"trickrun.{self.name}")
            if KIND.fullmatch(entry.name) and entry.name not in self.files
        }

    def plugin(self, kind: object) -> EntryPoint | None:
        """Return the entry point of a kind that an installed package adds."""
        return None if python_refused() else self.plugins.get(str(kind))

    def names(self) -> list[str]:
        """Return the names of all kinds, those of installed packages last."""
        return [*self.files, *(() if python_refused() else sorted(self.plugins))]

    def all(self) -> dict[str, type[Params]]:
        """Return all kinds with their classes, in the order of ``names``.

        A kind that an installed package announces and cannot deliver is left out: it is an error
        for those who name it, and for nobody else.
        """
        found = {name: self.get(name) for name in self.names()}
        return {name: params for name, params in found.items() if params is not None}

    def validated(self, value: object) -> Params:
        """Return the checked parameters of a mapping with a ``kind``, or of a made object."""
        if isinstance(value, Params):
            kind = kind_of(type(value))
            if kind in self and isinstance(value, self[str(kind)]):
                return value
        if not isinstance(value, dict):
            raise PydanticKnownError("dict_type")
        kind = value.get("kind")
        if isinstance(kind, str) and kind in self:
            return self.delivered(kind).model_validate(value)
        ctx = {"discriminator": "'kind'", "tag": str(kind), "expected_tags": ", ".join(self.files)}
        wrong = "union_tag_invalid" if "kind" in value else "union_tag_not_found"
        error = InitErrorDetails(type=wrong, input=value, ctx=ctx)
        raise ValidationError.from_exception_data(self.name, [error, *self.wrong_in_shared(value)])

    def delivered(self, kind: str) -> type[Params]:
        """Return the class of ``kind``; what keeps a package from delivering it is an error of
        the recipe's place that names it."""
        try:
            return self[kind]
        except PluginError as error:
            told = {"text": f"{error.where}: {error.message}", "hint": error.hint}
            raise PydanticCustomError(UNDELIVERED, "{text}", told) from error

    def wrong_in_shared(self, value: dict[str, Any]) -> list[InitErrorDetails]:
        """Return what is wrong with the parameters that all kinds take, if the kind is unknown."""
        shared = {info.alias or name for name, info in self.base.model_fields.items()}
        try:
            self.base.model_validate({key: v for key, v in value.items() if key in shared})
        except ValidationError as error:
            return [
                InitErrorDetails(
                    type=PydanticCustomError(e["type"], "{text}", {"text": e["msg"]})
                    if e["type"] == "value_error"
                    else e["type"],
                    loc=e["loc"],
                    input=e["input"],
                    ctx=e.get("ctx", {}),
                )
                for e in error.errors(include_url=False)
            ]
        return []

    def __get_pydantic_core_schema__(
        self, source: object, handler: object
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validated)

    def one(self, kind: str) -> Any:
        """Return the type of a parameter whose key is ``kind``: the parameters of that file."""
        return Annotated[Params, KindFile(self, kind)]

    def default(self, kind: str) -> DefaultKind:
        """Return what makes a field's default: ``kind`` with its own defaults."""
        return DefaultKind(self, kind)


@dataclass(frozen=True)
class KindFile:
    """One kind of a folder, as the metadata of a type; its file is imported when it is needed."""

    folder: KindFolder
    kind: str

    @property
    def params(self) -> type[Params]:
        """The class in the file."""
        return self.folder[self.kind]

    def validated(self, value: object) -> Params:
        """Return the checked parameters of a mapping, or of a made object."""
        return self.params.model_validate(value)

    def __get_pydantic_core_schema__(
        self, source: object, handler: object
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validated)


@dataclass(frozen=True)
class DefaultKind:
    """A field's default that is a kind, imported only where a recipe leaves the field out."""

    folder: KindFolder
    kind: str

    def __call__(self) -> Any:
        return self.folder[self.kind]()


def kind_of(params: type[Params]) -> str | None:
    """Return the kind that a class stands for; None for a base class or a section without kinds.

    It is a field, ``kind: Literal["adamw"]``, or for a trick with a key of its own (``l2``) a
    class attribute.
    """
    field = params.model_fields.get("kind")
    if field is None:
        kind = getattr(params, "kind", None)
        return kind if isinstance(kind, str) else None
    if get_origin(field.annotation) is not Literal:
        return None
    (kind,) = get_args(field.annotation)
    return str(kind)


def installed_entries(group: str) -> list[EntryPoint]:
    """Return the entry points of ``group`` that installed packages have.

    Only the interpreter's site-packages count: metadata that lies in the working folder, beside a
    recipe or on PYTHONPATH was put there by whoever sent the files.
    """
    import importlib.metadata
    import site

    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if enabled_user() else ())]
    found: dict[str, EntryPoint] = {}
    for distribution in importlib.metadata.distributions(path=folders):
        for entry in distribution.entry_points:
            if entry.group == group:
                found.setdefault(entry.name, entry)
    return list(found.values())


def enabled_user() -> bool:
    """Return whether this interpreter uses the user's own site-packages."""
    import site

    return bool(site.ENABLE_USER_SITE)


def loaded_plugin(entry: EntryPoint, section: str, base: type[Params]) -> type[Params]:
    """Return the class that an entry point names.

    Raises PluginError if it cannot be imported, or is no kind of that name.
    """
    where = f"entry point {entry.name} = {entry.value} of trickrun.{section}"
    try:
        found = entry.load()
        if isinstance(found, type) and issubclass(found, Params):
            found.model_rebuild()  # its annotations are looked up now, not when they are needed
    except Exception as error:  # whatever the package's code raises
        raise PluginError(
            f"this kind cannot be imported: {type(error).__name__}: {error}",
            where,
            "fix or remove the installed package that adds it",
        ) from error
    if not (isinstance(found, type) and issubclass(found, base) and kind_of(found) == entry.name):
        raise PluginError(
            f"this is not a trickrun kind {entry.name!r}",
            where,
            f'name a subclass of {base.__name__} with kind: Literal["{entry.name}"]',
        )
    file = getattr(sys.modules[found.__module__], "__file__", None)
    PLUGIN_FILES[str(file)] = entry.dist.name if entry.dist is not None else entry.value
    return found


PLUGIN_FILES: dict[str, str] = {}
"""The files of kinds that were loaded from installed packages, and the packages' names."""


def foreign_code(params: Params) -> list[str]:
    """Return, sorted, where the code stands that parameters use and trickrun does not have: the
    python targets and the classes of kinds from other packages, each as ``module:Name``."""
    found = [part for _, part in parts(params)]
    targets = {part.target for part in found if isinstance(part, PythonTarget)}
    classes = {f"{type(p).__module__}:{type(p).__name__}" for p in found if is_foreign(p)}
    return sorted(targets | classes)


def first_problem(error: ValidationError) -> str:
    """Return the first thing that is wrong with data that was read back, and where in it."""
    problem = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(map(str, problem["loc"]))
    reason = problem["msg"].removeprefix("Value error, ")
    if problem["type"] in ("model_type", "dataclass_type", "dict_type"):
        reason = "it must be an object with names"
    reason = reason[:1].lower() + reason[1:]
    if isinstance(problem["input"], str | int | float | None):
        reason += f" (it is {str(problem['input'])[:40]})"
    return f"{place}: {reason}" if place else reason
