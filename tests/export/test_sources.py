"""Definitions as text that stands alone."""

import ast

import pytest

from trickrun.export.expressions import Argument, Call, Factoring, laid_out
from trickrun.export.sources import Written, assembled
from trickrun.nn.rng import generator
from trickrun.nn.sequences import Recurrent


def test_what_is_used_comes_first_and_brings_its_imports():
    written = Written()
    written.add(Recurrent)
    assert [*written.definitions] == ["PaddingAware", "reverse", "Recurrent"]
    assert ("torch", "nn", "") in written.imports
    space: dict = {}
    exec(assembled(written, "Layers.", ""), space)
    assert space["Recurrent"].__doc__.startswith("One recurrent layer")


def test_imports_within_functions_stand_at_the_top():
    written = Written()
    written.add(generator)
    text = assembled(written, "Draws.", "print(generator(0).initial_seed())")
    assert text.count("import torch") == 1
    assert "trickrun" not in text
    space: dict = {}
    exec(text.replace("print(", "found = ("), space)
    assert space["found"] == generator(0).initial_seed()


@pytest.mark.parametrize("name", ['a""" + evil() + """', "a\\", 'a"', "a\nb"])
def test_a_strange_name_stays_in_the_docstring(name):
    (docstring, *rest) = ast.parse(assembled(Written(), f"Run {name}", "x = 1")).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)
    assert len(rest) == 2  # the future import, and x


def layer(inputs, outputs, p):
    linear = Call("Linear", (Argument("inputs", inputs), Argument("outputs", outputs)))
    return Call("Block", (Argument("layer", linear), Argument("p", p, True)))


def test_what_recurs_becomes_a_function_of_the_numbers_that_differ():
    factoring = Factoring(lambda call: "block" if call.name == "Block" else None)
    calls = factoring.of([layer(3, 4, 0.5), layer(4, 4, 0.5), layer(4, 8, 0.5)])
    assert [laid_out(call) for call in calls] == ["block(3, 4)", "block(4, 4)", "block(4, 8)"]
    (function,) = factoring.functions
    assert function.text == (
        "def block(inputs, outputs):\n    return Block(Linear(inputs, outputs), p=0.5)"
    )


def test_a_long_call_has_an_argument_a_line():
    long = Call("f", tuple(Argument(f"argument{n}", layer(n, n, n), True) for n in range(3)))
    text = laid_out(long, 0, 80)
    assert text.splitlines()[1] == "    argument0=Block(Linear(0, 0), p=0),"
    assert text.splitlines()[-1] == ")"
