"""What ``docs/export.md`` shows is what the code does.

``PYTHONPATH=tests python -m export.test_docs`` writes the parts between the markers anew.
"""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from export.packets import read
from export.playing import SOURCE, exported, session, stream_exporter, told_to
from export.test_dialogue import WHOLE_SESSION
from pop3spy.cli.formats import FORMATS
from pop3spy.export import FolderFormat
from session.changed import changed

PAGE = Path(__file__).parents[2] / "docs" / "export.md"
PART = r"(<!-- {}: [^\n]*-->\n).*?(<!-- end -->)"


def shown(text: str) -> str:
    return f"```\n{text}```\n"


def formats() -> str:
    rows = "".join(
        f"| [`{name}`](#{name}) | {form.summary} | "
        + ("a folder" if isinstance(form, FolderFormat) else "a file")
        + " |\n"
        for name, form in FORMATS.items()
    )
    return f"| format | what it is | OUT |\n|---|---|---|\n{rows}"


def dialogue() -> str:
    return shown(exported("dialogue", WHOLE_SESSION).decode())


def gated() -> str:
    exporter, stream = stream_exporter("dialogue")
    changed(exporter)
    exporter.close()
    return shown("".join(stream.getvalue().decode().splitlines(keepends=True)[10:26]))


def jsonl() -> str:
    lines = exported("jsonl", WHOLE_SESSION).decode().splitlines(keepends=True)
    return shown(next(line for line in lines if '"RETR"' in line))


def eml() -> str:
    form = FORMATS["eml"]
    assert isinstance(form, FolderFormat)
    with tempfile.TemporaryDirectory() as folder:
        exporter = form.open(Path(folder), SOURCE)
        session(told_to(exporter), WHOLE_SESSION)
        (file,) = Path(folder).iterdir()
        return shown(f"{file.name}\n")


def mbox() -> str:
    return shown(exported("mbox", WHOLE_SESSION).decode().replace("\r\n", "\n"))


def pcapng() -> str:
    rows = ""
    for packet in read(exported("pcapng", WHOLE_SESSION)):
        side = "S" if packet.source[1] == 110 else "C"
        flags = "|".join(flag.name or "" for flag in type(packet.flags) if flag in packet.flags)
        said = packet.data.decode("ascii", "replace").split("\r\n")[0]
        rows += f"{side}: {flags:<7}  {said[:20]:<20}  {'; '.join(packet.comments)}".rstrip() + "\n"
    return shown(rows)


def rows() -> str:
    lines = exported("rows", WHOLE_SESSION).decode().splitlines(keepends=True)
    return shown(lines[-1])


def parquet() -> str:
    form = FORMATS["parquet"]
    assert isinstance(form, FolderFormat)
    with tempfile.TemporaryDirectory() as folder:
        exporter = form.open(Path(folder), SOURCE)
        session(told_to(exporter), WHOLE_SESSION)
        exporter.close()
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return shown("".join(f"{path.relative_to(folder)}\n" for path in files))


def yaml() -> str:
    return shown(exported("yaml", WHOLE_SESSION).decode())


PARTS: dict[str, Callable[[], str]] = {
    "formats": formats,
    "dialogue": dialogue,
    "changed": gated,
    "jsonl": jsonl,
    "eml": eml,
    "mbox": mbox,
    "pcapng": pcapng,
    "rows": rows,
    "parquet": parquet,
    "yaml": yaml,
}


@pytest.mark.parametrize("name", PARTS)
def test_the_page_is_what_the_code_says(name: str) -> None:
    found = re.search(PART.format(name), PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"docs/export.md has lost its marker {name!r}"
    part = found[0].removeprefix(found[1]).removesuffix(found[2])
    assert part == PARTS[name](), "run: PYTHONPATH=tests .venv/bin/python -m export.test_docs"


def test_every_format_has_its_place_and_its_example() -> None:
    sections = re.findall(r"(?m)^## `(\w+)`$", PAGE.read_text(encoding="utf-8"))
    assert sections == list(FORMATS)
    assert [name for name in FORMATS if name not in PARTS] == []


def write() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, part in PARTS.items():
        new = part().replace("\\", "\\\\")
        text = re.sub(PART.format(name), rf"\g<1>{new}\g<2>", text, flags=re.DOTALL)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
