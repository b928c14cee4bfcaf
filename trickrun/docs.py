"""What docs/ has from the code: the recipe's reference, its JSON schema, the pages of findings.

``python -m trickrun.docs`` writes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from trickrun.params import Params
from trickrun.recipe.catalogue import Entry, Parameter, Place, entry, parameters, walk
from trickrun.recipe.json_schema import schema_text
from trickrun.reporting.fault_pages import pages

REFERENCE = Path(__file__).parent.parent / "docs" / "recipe.md"
SCHEMA = REFERENCE.with_name("recipe.schema.json")
FINDINGS = REFERENCE.with_name("findings")

HEAD = """\
# The recipe: reference

<!-- Made by `python -m trickrun.docs` from the parameter classes. Do not edit it here. -->

Only `data` and `model` are required. Everything that can be chosen is a `kind` with parameters of
its own: `optimizer: {kind: adam, lr: 1e-3}`. A kind alone stands for its defaults
(`optimizer: adam`), and a bare number for the one main parameter (`dropout: 0.3`).
`trickrun tricks NAME` shows the same pages in the terminal. How a recipe is read and changed is in
[language.md](language.md).
"""


def reference() -> str:
    """Return the whole page as Markdown."""
    places = list(walk())
    sections = {place.params: place.path for place in places}
    parts = [HEAD]
    for path in dict.fromkeys(place.path for place in places):
        here = [place for place in places if place.path == path]
        parts.append(f"## {path or 'The whole recipe'}\n")
        parts += section(here, sections)
    return "\n".join(parts)


def section(places: list[Place], sections: dict[type[Params], str]) -> Iterator[str]:
    """Yield the blocks of one section: its own parameters, those of all kinds, and each kind."""
    for place in places:
        if place.kind is None:
            yield table(parameters(place.params, sections))
    entries = {place: entry(place, sections) for place in places if place.kind is not None}
    chosen = [e for place, e in entries.items() if "kind" in place.params.model_fields]
    common = shared(chosen)
    if common:
        outside = [e.name for e in chosen if not lists(e, common)]
        but = f" but {', '.join(outside)}" if outside else ""
        yield f"Every kind{but} takes:\n"
        yield table(common)
    for each in entries.values():
        yield page(each, common if each in chosen else [])


def shared(entries: list[Entry]) -> list[Parameter]:
    """Return the parameters of all kinds, python aside, each with its most frequent default."""
    ours = [e for e in entries if e.name != "python"]
    if len(ours) < 2:
        return []
    found = []
    for parameter in ours[0].parameters:
        twins = [twin for e in ours for twin in e.parameters if same(twin, parameter)]
        if len(twins) == len(ours):
            usual, _ = Counter(twin.default_text for twin in twins).most_common(1)[0]
            found.append(next(twin for twin in twins if twin.default_text == usual))
    return found


def same(one: Parameter, other: Parameter) -> bool:
    """Whether two parameters differ in their default at most."""
    return (one.name, one.type, one.description) == (other.name, other.type, other.description)


def lists(entry: Entry, common: list[Parameter]) -> bool:
    """Whether a kind takes all the parameters in ``common``."""
    return {p.name for p in common} <= {p.name for p in entry.parameters}


def page(entry: Entry, common: list[Parameter]) -> str:
    """Return the block of one kind, without the parameters that are in ``common`` as they are."""
    told = [
        ("Recipe", f"`{entry.example}`"),
        ("Formula", formula(entry.formula)),
        ("When", prose(entry.when)),
        ("Defaults", prose(entry.defaults)),
        ("Interactions", prose(entry.interactions)),
        ("Source", prose(entry.source)),
    ]
    lines = [f"- {label}: {text}" for label, text in told if text]
    own = [parameter for parameter in entry.parameters if parameter not in common]
    blocks = [f"### {entry.name}\n", prose(entry.summary) + "\n", "\n".join(lines) + "\n"]
    return "\n".join([*blocks, table(own)] if own else blocks)


def table(rows: Iterable[Parameter]) -> str:
    """Return parameters as a Markdown table."""
    lines = ["| parameter | default | takes | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{row.name}` | {default(row)} | {prose(row.type)} | {prose(row.description)} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def default(parameter: Parameter) -> str:
    """Return a default for a table's cell."""
    return "required" if parameter.required else f"`{parameter.default_text}`"


def formula(text: str) -> str:
    """Return a formula as code, unless it is a sentence with code in it."""
    return f"`{text}`" if text and "`" not in text else prose(text)


def prose(text: str) -> str:
    """Return text that means itself in Markdown; what is between backticks is left alone."""
    parts = text.split("`")
    for index in range(0, len(parts), 2):
        for mark in "*|<":
            parts[index] = parts[index].replace(mark, f"\\{mark}")
    return "`".join(parts)


if __name__ == "__main__":
    made = {REFERENCE: reference(), SCHEMA: schema_text()}
    made |= {FINDINGS / name: text for name, text in pages().items()}
    FINDINGS.mkdir(exist_ok=True)
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path}")
    for path in set(FINDINGS.glob("TR*.md")) - set(made):
        path.unlink()
        print(f"removed: {path}")
