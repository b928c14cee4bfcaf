"""The frame of every HTML page: one file, pictures inside, nothing from outside.

Its policy lets the browser run no script but the one that sorts tables, which it knows by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from trickrun import __version__
from trickrun.findings.finding import Finding
from trickrun.findings.stories import stories
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.console import number
from trickrun.reporting.visible import visible
from trickrun.training.spans import timed

PHONE = 300.0
"""Points (of 72 an inch) that a picture may be wide to be shown whole on a phone."""


@timed("drawing")
def page(template: str, content: Mapping[str, Any], sortable: bool = False) -> str:
    """Return a page as HTML.

    Args:
        template: the name of a file in ``templates``, which extends the frame.
        content: its variables. All text in them is escaped.
        sortable: whether it has tables that a click on a column's name sorts.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("trickrun.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    script = sorter() if sortable else ""
    return environment.get_template(template).render(
        version=__version__, script=script, script_hash=hash_of(script), **content
    )


def sorter() -> str:
    """Return the script that sorts tables."""
    return (files("trickrun.reporting") / "templates" / "sort.js").read_text(encoding="utf-8")


def hash_of(script: str) -> str:
    """Return what a policy calls a script; empty for none."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"sha256-{digest}" if script else ""


def shown(value: Any) -> Any:
    """Return a value for the page: no character of a name changes the direction of writing.

    What a macro gave is markup already, and its own values have been here.
    """
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Args:
        name: what it shows, for those who do not see it.
        address: the SVG document as a data address, so that each picture keeps its own styles.
        wide: whether it is wider than a phone, where it would be too small to read.
    """

    name: str
    address: str
    wide: bool


def shown_pictures(drawn: Mapping[str, str]) -> list[Picture]:
    """Return pictures as a page shows them.

    Args:
        drawn: SVG documents by their file names.
    """
    return [
        Picture(
            title_of(svg) or name.removesuffix(".svg").replace("-", " ").replace("_", " "),
            "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(),
            width_of(svg) > PHONE,
        )
        for name, svg in drawn.items()
    ]


def title_of(svg: str) -> str:
    """Return what an SVG document says that it shows; empty if it does not."""
    found = re.search(r"<title>(.*?)</title>", svg)
    return html.unescape(found[1]) if found else ""


def width_of(svg: str) -> float:
    """Return the width that an SVG document asks for, in points; 0 if it does not."""
    found = re.search(r'<svg[^>]*\swidth="([\d.]+)pt"', svg)
    return float(found[1]) if found else 0.0


def told_in_page(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as the stories that a page tells: each cause with its edit and what it
    explains."""
    return [
        {
            "severity": story.severity,
            "cause": story.cause,
            "edit": typed(story.edit or {}),
            "tried": [number(story.cause.confirmed[when]) for when in ("before", "after")]
            if story.cause.confirmed is not None
            else [],
            "symptoms": story.symptoms,
        }
        for story in stories(findings)
    ]


def line_kind(line: str) -> str:
    """Return the class of a unified diff's line."""
    if line.startswith(("---", "+++", "@@")):
        return "head"
    return {"+": "added", "-": "removed"}.get(line[:1], "same")
