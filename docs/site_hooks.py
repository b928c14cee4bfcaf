"""What mkdocs.yml cannot say: the site also has files that are outside docs/.

The pages are written to be read in the repository. Their links name files as they lie there; here
they are turned into links of the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.slugs import slugify

ROOT = Path(__file__).parents[1]

MOVED = {"README.md": "index.md", "LICENSE": "LICENSE.md"}
"""Files of the repository that are another page of the site; others keep their paths."""

OUTSIDE = (
    "*.md",
    "LICENSE",
    "benchmarks/RESULTS.md",
    "benchmarks/faults/README.md",
    "benchmarks/faults/outside/README.md",
    "benchmarks/scripts/README.md",
    "recipes/*.yaml",
    "recipes/*/*.yaml",
)
"""What the site has from outside docs/."""

LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
"""The path of a Markdown link."""

REPOSITORY_ONLY = re.compile(r"^> In the repository .*\n(?:> .*\n)+", re.MULTILINE)
"""What the reference says to those who read it without the site."""

FENCE = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the anchors of headings as the viewers of repositories make them."""
    config.mdx_configs.setdefault("toc", {})["slugify"] = slugify(case="lower")
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files from outside docs/."""
    for pattern in OUTSIDE:
        for path in sorted(ROOT.glob(pattern)):
            uri = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, MOVED.get(uri, uri), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn the page's links between files of the repository into links of the site."""
    uri = page.file.src_uri
    if uri == "index.md":
        page.meta["hide"] = ["navigation"]
    if uri == "api.md":
        markdown = REPOSITORY_ONLY.sub("", markdown)
    if uri == "LICENSE.md":
        return f"# License\n\n{markdown}"
    here = posixpath.dirname(uri)
    inside = page.file.generated_by is None
    folder = posixpath.join("docs", here) if inside else here

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[1]))
        return posixpath.relpath(MOVED.get(target, target.removeprefix("docs/")), here)

    parts = FENCE.split(markdown)
    parts[::2] = [LINK.sub(moved, part) for part in parts[::2]]
    return "".join(parts)
