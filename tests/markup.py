"""What every page of trickrun must be: well-formed, with anchors that lead somewhere, and readable
for those who do not see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "link", "input"}


@dataclass
class Page(HTMLParser):
    """A page as its elements are read."""

    text: str
    open: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    labelled_by: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        self.labelled_by += [given["aria-labelledby"] or ""] if "aria-labelledby" in given else []
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag == "img" and not given.get("alt"):
            self.faults.append("an image has no alternative text")
        if tag == "img" and not (given.get("src") or "").startswith("data:image/"):
            self.faults.append("an image is loaded from elsewhere")
        if tag == "th" and given.get("scope") not in ("row", "col"):
            self.faults.append("a table's header says not what it heads")
        if "wide" in (given.get("class") or "").split() and given.get("tabindex") != "0":
            self.faults.append("what scrolls cannot be reached by keyboard")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes another element")


def faults_of(text: str) -> list[str]:
    """Return what is wrong with a page."""
    page = Page(text)
    found = list(page.faults)
    found += [f"<{tag}> is not closed" for tag in page.open]
    found += [f"the id {one} is there twice" for one in page.ids if page.ids.count(one) > 1]
    found += [f"{one} leads nowhere" for one in page.links if one.removeprefix("#") not in page.ids]
    found += [f"no {one} labels anything" for one in page.labelled_by if one not in page.ids]
    if page.headings.count(1) != 1 or page.headings[0] != 1:
        found.append(f"headings are {page.headings}")
    found += [
        f"h{below} follows h{above}"
        for above, below in zip(page.headings, page.headings[1:], strict=False)
        if below > above + 1
    ]
    return found
