"""How Sphinx makes a site of the pages, by ``make site``.

The pages stay where they are, so that links between them are those that a repository shows.
The site loads nothing from elsewhere: its fonts are the reader's, and its search is a file.
"""

import re
import shutil

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

from pop3spy import __version__

project = "pop3spy"
html_title = f"pop3spy {__version__}"
html_theme = "furo"
html_show_sourcelink = False
html_copy_source = False
html_use_index = False
nitpicky = True  # a link that leads nowhere is told of
extensions = ["myst_parser"]
myst_heading_anchors = 4
root_doc = "README"

CHAPTERS = {
    "Begin": ["docs/install", "docs/troubleshooting", "docs/clients", "docs/recipes"],
    "See what is said": [
        "docs/command-line",
        "docs/config",
        "docs/logs",
        "docs/metrics",
        "docs/opentelemetry",
        "docs/filters",
        "docs/findings",
        "docs/inspector",
        "docs/ledger",
        "docs/tls",
        "docs/deploy",
    ],
    "Keep it and show it": [
        "docs/captures",
        "docs/export",
        "docs/report",
        "docs/packet-captures",
        "docs/replay",
        "docs/migration",
        "docs/schema",
        "docs/fleet",
    ],
    "Try clients and servers": [
        "docs/console",
        "docs/faults",
        "docs/serve",
        "docs/personalities",
        "docs/checks",
        "docs/checked-servers",
    ],
    "Use it from programs": [
        "docs/python",
        "examples/mail_fetcher/README",
        "docs/api",
        "docs/mcp",
        "docs/extending",
    ],
    "Know more": [
        "docs/commands",
        "docs/security",
        "docs/performance",
        "docs/architecture",
        "docs/places",
        "CONTRIBUTING",
        "docs/mutation",
        "SECURITY",
        "CHANGELOG",
    ],
}
"""The pages, in the order in which a person reads them."""

include_patterns = ["README.md", *(f"{page}.md" for pages in CHAPTERS.values() for page in pages)]

_LINK = re.compile(r"\[([^\[\]]+)\]\(([^()#:\s]+)\)")
_ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>$', re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Have the pages prepared before they are read, and the first found when all are there."""
    app.add_lexer("nft", TextLexer)
    app.connect("source-read", _prepare)
    app.connect("build-finished", _begin_with_the_readme)


def _prepare(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the chapters behind the README, and let links find the anchors that pages have.

    A folder is no page, so its name is left where a repository would have a link to it.
    """
    folder = (app.srcdir / page).parent

    def without_folders(link: re.Match[str]) -> str:
        return link[1] if (folder / link[2]).is_dir() else link[0]

    if page == root_doc:
        for chapter, pages in CHAPTERS.items():
            tree = "\n".join(pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {chapter}\n\n{tree}\n```\n"
    source[0] = _ANCHOR.sub(r"(\1)=", _LINK.sub(without_folders, source[0]))


def _begin_with_the_readme(app: Sphinx, error: Exception | None) -> None:
    if error is None:
        shutil.copy(app.outdir / "README.html", app.outdir / "index.html")
