"""The documentation as a site: it is built without a warning, and has all that it should have."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import trickrun

ROOT = Path(__file__).parents[2]

LOADED = re.compile(r"<(?:script|img|iframe|link)[^>]*(?:src|href)=\"(?:https?:)?//[^>]*>")
"""What a page loads from another host; a link that people follow is none of it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. A proxy that nobody listens at would make any download fail."""
    folder = tmp_path_factory.mktemp("site")
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_of_docs_is_there(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert (
            site / re.sub(r"(README)?\.md$", lambda m: "index.html" if m[1] else ".html", name)
        ).is_file()


def test_every_page_but_those_of_findings_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/.-]+\.md$", text, re.MULTILINE))
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages - named if not page.startswith("findings/TR")} == set()
    assert yaml.safe_load(text)["site_name"] == "trickrun"


def test_the_reference_has_every_public_name_with_its_arguments(site: Path) -> None:
    page = (site / "api.html").read_text(encoding="utf-8")
    for name in trickrun.__all__:
        assert f'id="trickrun.{name}"' in page
    assert "stop_when" in page


def test_links_out_of_docs_lead_to_pages_of_the_site(site: Path) -> None:
    page = (site / "claims.html").read_text(encoding="utf-8")
    assert 'href="recipes/claims/dropout.yaml"' in page
    assert (site / "recipes" / "claims" / "dropout.yaml").is_file()
    assert 'href="CONTRIBUTING.html"' in (site / "index.html").read_text(encoding="utf-8")


def test_search_finds_what_pages_say(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = {doc["location"].split("#")[0] for doc in index["docs"] if "TR46" in doc["text"]}
    assert "watch.html" in found
    assert any(doc["location"] == "api.html#trickrun.lr_find" for doc in index["docs"])


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 100
    found = {match for page in pages for match in LOADED.findall(page.read_text(encoding="utf-8"))}
    assert found == set()
