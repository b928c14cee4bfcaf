"""What every parameter class of the recipe is made from: the base model and the number types.

Nothing here imports torch: a recipe is checked without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


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
    )

    main: ClassVar[str | None] = None
    """The parameter (its recipe name) that a bare number or string value stands for."""

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


class PythonTarget(Params):
    """A user's object: ``target: package.module:Name``, called with ``args``."""

    main: ClassVar[str | None] = "target"

    target: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")] = Field(
        description="where the object is: package.module:Name, resolved beside the recipe first"
    )
    args: dict[str, Any] = Field(default={}, description="keyword arguments it is called with")

    @property
    def trains_alone(self) -> bool:
        """Nobody knows what a user's code holds or draws."""
        return True


Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
DropProbability = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Beta = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Betas = Annotated[tuple[Beta, Beta], Field(strict=False)]
Counts = Annotated[tuple[Count, ...], Field(strict=False)]
