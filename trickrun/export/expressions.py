"""Nested calls as text: laid out as people do, and what recurs made a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

WIDTH = 92
"""Signs in a line of what we write."""


@dataclass(frozen=True)
class Call:
    """A call, such as ``nn.Linear(64, 10)``.

    Args:
        name: what is called.
        arguments: each with its keyword, empty for one that goes by its place, and the name of the
            parameter that it is.
        comment: what is to be said beside it.
    """

    name: str
    arguments: tuple[Argument, ...] = ()
    comment: str = ""

    def children(self) -> Iterator[Call]:
        """Yield the calls among its arguments."""
        for argument in self.arguments:
            if isinstance(argument.value, Call):
                yield argument.value

    def walk(self) -> Iterator[Call]:
        """Yield it and all calls within it."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(frozen=True)
class Argument:
    """An argument of a call.

    Args:
        parameter: the name of what it is given for.
        value: a call, or a number, text or whatever has a ``repr``.
        keyword: whether it goes by its name.
    """

    parameter: str
    value: object
    keyword: bool = False


@dataclass(frozen=True)
class Name:
    """A variable as a value."""

    name: str

    def __repr__(self) -> str:
        return self.name


def laid_out(call: object, indent: int = 0, before: int = 0, after: int = 0) -> str:
    """Return a call as text, in one line if there is room, else an argument a line.

    Args:
        indent: blanks before each further line.
        before, after: signs that stand in its first line before it, and after its end.
    """
    if not isinstance(call, Call):
        return as_text(call)
    line = in_line(call)
    comments = any(each.comment for each in call.walk() if each is not call)
    if not comments and before + len(line) + after <= WIDTH:
        return line
    inner = " " * (indent + 4)
    within = line.removeprefix(f"{call.name}(")[:-1]
    if not any(call.children()) and len(inner) + len(within) <= WIDTH:
        return f"{call.name}(\n{inner}{within}\n{' ' * indent})"
    lines = []
    for each in call.arguments:
        word = f"{each.parameter}=" if each.keyword else ""
        text = laid_out(each.value, indent + 4, indent + 4 + len(word), 1)
        comment = each.value.comment if isinstance(each.value, Call) else ""
        lines.append(f"{inner}{word}{text}," + (f"  # {comment}" if comment else ""))
    return "\n".join([f"{call.name}(", *lines, " " * indent + ")"])


def in_line(call: object) -> str:
    """Return a call as one line of text, without comments."""
    if not isinstance(call, Call):
        return as_text(call)
    given = (
        (f"{each.parameter}=" if each.keyword else "") + in_line(each.value)
        for each in call.arguments
    )
    return f"{call.name}({', '.join(given)})"


def as_text(value: object) -> str:
    """Return a value as people write it: text in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


Leaf = tuple[str, object]
"""A number in a call: the parameter that it is given for, and itself."""


def shape_of(call: Call) -> object:
    """Return what two calls have in common that differ in nothing but numbers."""
    return (
        call.name,
        call.comment,
        tuple(
            (
                each.parameter,
                each.keyword,
                shape_of(each.value)
                if isinstance(each.value, Call)
                else "number"
                if is_number(each.value)
                else as_text(each.value),
            )
            for each in call.arguments
        ),
    )


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers_in(call: Call) -> list[Leaf]:
    """Return the numbers in a call, in the order in which they stand."""
    found: list[Leaf] = []
    for each in call.arguments:
        if isinstance(each.value, Call):
            found += numbers_in(each.value)
        elif is_number(each.value):
            found.append((each.parameter, each.value))
    return found


@dataclass(frozen=True)
class Function:
    """A call that recurs, as a function of the numbers that differ."""

    name: str
    parameters: tuple[str, ...]
    body: Call

    @property
    def text(self) -> str:
        head = f"def {self.name}({', '.join(self.parameters)}):"
        return f"{head}\n    return {laid_out(self.body, 4, 11)}"


@dataclass
class Factoring:
    """Makes functions of calls that recur.

    Args:
        named: the function's name, for a call.
    """

    named: Callable[[Call], str | None]
    functions: list[Function] = field(default_factory=list)

    def of(self, calls: Sequence[Call]) -> list[Call]:
        """Return the calls with those within them that recur as calls of ``functions``."""
        groups: dict[object, list[Call]] = {}
        for call in calls:
            for each in self.outermost(call):
                groups.setdefault(shape_of(each), []).append(each)
        made = {shape: self.function(found) for shape, found in groups.items() if len(found) > 1}
        return [self.replaced(call, made) for call in calls]

    def outermost(self, call: Call) -> Iterator[Call]:
        """Yield the calls that may become functions and stand within no other such."""
        if self.named(call) is not None:
            yield call
        else:
            for child in call.children():
                yield from self.outermost(child)

    def function(self, calls: Sequence[Call]) -> tuple[Function, Mapping[str, int]]:
        """Return the function of calls of one shape, and the place of each parameter among their
        numbers."""
        each = [[value for _, value in numbers_in(call)] for call in calls]
        columns = list(zip(*each, strict=True))
        names = [parameter for parameter, _ in numbers_in(calls[0])]
        parameters: dict[tuple[object, ...], str] = {}
        places: dict[str, int] = {}
        for place, column in enumerate(columns):
            if len(set(column)) > 1 and column not in parameters:
                name = unused(names[place], places)
                parameters[column], places[name] = name, place
        variables = [
            Name(parameters[column]) if column in parameters else column[0] for column in columns
        ]
        wanted = self.named(calls[0])
        assert wanted is not None
        name = unused(wanted, [function.name for function in self.functions])
        body = with_numbers(calls[0], iter(variables))
        function = Function(name, tuple(places), body)
        self.functions.append(function)
        return function, places

    def replaced(
        self, call: Call, made: Mapping[object, tuple[Function, Mapping[str, int]]]
    ) -> Call:
        """Return ``call`` with what is a function by now as a call of it."""
        if (found := made.get(shape_of(call))) is not None:
            function, places = found
            values = numbers_in(call)
            return Call(
                function.name,
                tuple(Argument(name, values[place][1]) for name, place in places.items()),
                call.comment,
            )
        arguments = tuple(
            Argument(each.parameter, self.replaced(each.value, made), each.keyword)
            if isinstance(each.value, Call)
            else each
            for each in call.arguments
        )
        return Call(call.name, arguments, call.comment)


def with_numbers(call: Call, numbers: Iterator[object]) -> Call:
    """Return a call with other numbers, in the order in which they stand."""
    arguments = []
    for each in call.arguments:
        value = each.value
        if isinstance(value, Call):
            value = with_numbers(value, numbers)
        elif is_number(value):
            value = next(numbers)
        arguments.append(Argument(each.parameter, value, each.keyword))
    return Call(call.name, tuple(arguments), call.comment)


def unused(name: str, taken: Mapping[str, object] | Sequence[str]) -> str:
    """Return ``name``, or with the first number that makes it a new one."""
    if name not in taken:
        return name
    return next(each for n in count(2) if (each := f"{name}_{n}") not in taken)
