"""What the page is made of: as it was published, under its licence, and nothing from elsewhere."""

import re
from hashlib import sha256
from importlib.resources import files as of_package
from pathlib import Path

import pytest

from pop3spy.report.assets import asset
from pop3spy.web.files import files

WEB = of_package("pop3spy.web")
VENDOR = WEB / "vendor"
PAGE = Path(str(WEB / "page"))


def test_what_others_wrote_is_as_they_published_it() -> None:
    sums = (VENDOR / "SHA256SUMS").read_text().split()
    assert dict(zip(sums[1::2], sums[::2], strict=True)) == {
        "htm-preact.js": sha256((VENDOR / "htm-preact.js").read_bytes()).hexdigest()
    }
    assert "Apache License" in (VENDOR / "LICENSE-htm.txt").read_text()
    assert "MIT License" in (VENDOR / "LICENSE-preact.txt").read_text()


def test_a_page_loads_what_is_there_and_from_nowhere_else() -> None:
    asked = set(re.findall(r'/page/([\w.-]+)"', (PAGE / "index.html").read_text()))
    for module in PAGE.glob("*.js"):
        asked |= set(re.findall(r'from "\./([\w.-]+)"', module.read_text()))
    assert asked == set(files()) - {"index.html"}
    assert "://" not in "".join(
        file.read_text().replace("http://www.w3.org/2000/svg", "")
        for file in PAGE.iterdir()
        if file.suffix in {".html", ".css", ".js", ".svg"}
    )


@pytest.mark.parametrize(
    "word", ["innerHTML", "outerHTML", "eval(", "document.write", "style=", "Function("]
)
def test_nothing_makes_markup_or_code_of_text(word: str) -> None:
    assert [each.name for each in PAGE.iterdir() if word in each.read_text()] == []


def test_every_colour_has_its_name() -> None:
    given = set(re.findall(r"(--[a-z0-9-]+):", asset("tokens.css")))
    for sheet in PAGE.glob("*.css"):
        text = sheet.read_text()
        assert set(re.findall(r"var\((--[a-z0-9-]+)\)", text)) <= given
        if sheet.name != "tokens.css":
            assert not re.findall(r"#[0-9a-f]{3}(?![0-9a-f])|#[0-9a-f]{6}\b|rgb", text)


def test_files_are_short_enough_to_read() -> None:
    long = {
        each.name: lines
        for each in PAGE.iterdir()
        if (lines := len(each.read_text().splitlines())) > 250
    }
    assert long == {}
