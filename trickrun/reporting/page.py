"""The frame of every HTML page: one file, pictures inside, nothing from outside, no scripts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from trickrun import __version__
from trickrun.reporting.visible import visible


def page(template: str, content: Mapping[str, Any]) -> str:
    """Return a page as HTML.

    Args:
        template: the name of a file in ``templates``, which extends the frame.
        content: its variables. All text in them is escaped.
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
    return environment.get_template(template).render(version=__version__, **content)


def shown(value: Any) -> Any:
    """Return a value for the page: no character of a name changes the direction of writing.

    What a macro gave is markup already, and its own values have been here.
    """
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def address(svg: bytes) -> str:
    """Return an SVG document as a data address, so that each picture keeps its own styles."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


def line_kind(line: str) -> str:
    """Return the class of a unified diff's line."""
    if line.startswith(("---", "+++", "@@")):
        return "head"
    return {"+": "added", "-": "removed"}.get(line[:1], "same")
