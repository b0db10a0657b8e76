"""The site of the docs: whole, with no link that leads nowhere, and nothing from elsewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

ROOT = Path(__file__).parents[2]
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "object": "data"}
FETCHED = ("icon", "stylesheet")
"""Of what a page is linked with, this is loaded with it."""


class Page(HTMLParser):
    """What a page is called by, where its links lead, and what a browser loads for it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in LOADS and LOADS[tag] in values and values.get("rel", "icon") in FETCHED:
            self.loaded.append(values[LOADS[tag]])


def made(folder: Path) -> Path:
    """Return where the site is, made as ``make site`` makes it; nothing in it is complained of."""
    sphinx = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--conf-dir"]
    places = ["docs/site", "--doctree-dir", str(folder / "doctrees"), ".", str(folder / "html")]
    done = subprocess.run([*sphinx, *places], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"


def test_the_site_is_whole_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    site = made(tmp_path)
    pages = {path: Page(path) for path in site.rglob("*.html")}
    assert pages_of_the_docs() <= {str(path.relative_to(site)) for path in pages}
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()
    assert sum(len(page.links) for page in pages.values()) > 1000
    assert list(dead_ends(pages)) == []
    assert unlisted(site, pages) == set()
    assert list(loaded_from_elsewhere(site, pages)) == []
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert '"cap_net_bind_servic"' in index  # words are known by their stems


def pages_of_the_docs() -> set[str]:
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    return {str(path.relative_to(ROOT).with_suffix(".html")) for path in paths}


def dead_ends(pages: dict[Path, Page]) -> Iterator[str]:
    """Yield each link inside the site that leads to no file, or to no place in a page."""
    for path, page in pages.items():
        for link in page.links:
            name, anchor = map(unquote, urldefrag(link))
            target = (path.parent / name).resolve() if name else path
            if re.match(r"[a-z]+:", link):
                continue
            if not target.is_file() or (target in pages and anchor not in pages[target].ids | {""}):
                yield f"{path.name}: {link}"


def unlisted(site: Path, pages: dict[Path, Page]) -> set[Path]:
    """Return the pages that the list beside the first one has not got."""
    links = pages[site / "index.html"].links
    listed = {(site / unquote(urldefrag(link)[0])).resolve() for link in links}
    return set(pages) - listed - {site / "index.html", site / "README.html", site / "search.html"}


def loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        assert page.loaded
        for name in page.loaded:
            if not (path.parent / unquote(name.partition("?")[0])).is_file():
                yield f"{path.name}: {name}"
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        yield from re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)\s]*", text)
