"""What a browser saves of a session is what the console writes of it."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.program import run_here, running
from pop3spy.console.record import MOST
from pop3spy.export import EXPORTERS, FolderFormat
from pop3spy.live.commands import LIVE_COMMANDS
from pop3spy.web.acts import ACTS
from web.browsing import Browser
from web.inspecting import Inspected, inspecting
from web.test_api import a_session, document

CAPTURES = Path(__file__).parents[2] / "captures"
TWO = """\
pop3spy: 2
started: "2026-11-23T10:00:00.000000Z"
records:
- [0.1, 1, "open", {"client": "192.0.2.1:1", "server": "mail.example.org:110"}]
- [0.2, 2, "open", {"client": "192.0.2.2:2", "server": "mail.example.org:110"}]
- [0.3, 1, "S", "+OK\\r\\n"]
- [0.4, 2, "S", "+OK\\r\\n"]
- [0.5, 1, "C", "USER ann\\r\\n"]
- [0.6, 2, "C", "USER bob\\r\\n"]
- [0.7, 1, "S", "+OK\\r\\n"]
- [0.8, 2, "S", "+OK\\r\\n"]
- [0.9, 2, "close", {"how": "client_closed", "why": ""}]
- [1.0, 0, "note", {"text": "look here"}]
- [1.1, 1, "close", {"how": "client_closed", "why": ""}]
"""
"""A recording of two sessions, and a note of when one of them was over."""

pytestmark = pytest.mark.usefixtures("either_way")
SUFFIXES = {
    "dialogue": ".txt",
    "jsonl": ".jsonl",
    "eml": "-eml.zip",
    "mbox": ".mbox",
    "pcapng": ".pcapng",
    "rows": ".jsonl",
    "parquet": "-parquet.zip",
}


def files_in(path: Path) -> dict[str, bytes]:
    """Return the octets of a file, or of those in a folder, by name."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    files = (each for each in path.rglob("*") if each.is_file())
    return {str(each.relative_to(path)): each.read_bytes() for each in files}


async def export(browser: Browser, form: str) -> Any:
    return await browser.get(f"/api/sessions/1/export/{form}")


@pytest.mark.parametrize("form", EXPORTERS)
async def test_an_export_is_what_the_console_writes(form: str, tmp_path: Path) -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        await a_session(inspected.steered.relayed)
        await inspected.act(browser, "note", text="look here")
        answer = await export(browser, form)
        assert answer.status == 200
        name = f"pop3spy-s1{SUFFIXES[form]}"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        out = tmp_path / "out"
        assert "error" not in await inspected.steered.do(f":export 1 {form} {out}")
    written = files_in(out)
    if isinstance(EXPORTERS[form], FolderFormat):
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == written
            assert written
    else:
        assert written == {"out": answer.body}
    assert b"tanstaaf" not in answer.body


async def test_every_form_of_the_console_is_offered_and_described() -> None:
    async with inspecting() as inspected:
        browser = await inspected.browser()
        offered = (await browser.get("/api/snapshot")).json["exports"]
        assert [each["form"] for each in offered] == list(EXPORTERS)
    path = document()["paths"]["/api/sessions/{session}/export/{form}"]
    [form] = [each for each in path["get"]["parameters"] if each["name"] == "form"]
    assert form["schema"]["enum"] == list(EXPORTERS)


LOOKS = {
    "sessions": "/api/sessions",
    "show": "/api/sessions/1",
    "follow": "/api/sessions/1",
    "filter": "/api/sessions/1?filter=err",
    "stats": "/api/statistics",
    "findings": "/api/findings",
    "explain": "/api/explain?about=IN-USE",
    "export": "/api/sessions/1/export/dialogue",
}
"""What a command of the console tells, and where a page asks for it."""
OF_THE_CONSOLE_ALONE = {"web", "help"}  # a link to a page, and the console's own commands


async def test_whatever_the_console_does_a_page_can_ask_for_or_do() -> None:
    acts = {act.command for act in ACTS.values()}
    assert {row.name for row in LIVE_COMMANDS} == acts | LOOKS.keys() | OF_THE_CONSOLE_ALONE
    async with inspecting() as inspected:
        browser = await inspected.browser()
        await inspected.steered.relayed.greeted()
        assert {(await browser.get(path)).status for path in LOOKS.values()} == {200}


async def much_said(inspected: Inspected) -> None:
    """Let more be said in a session than is kept of it."""
    client, server = await inspected.steered.relayed.greeted()
    await client.send(b"RETR 1\r\n")
    await server.expect(b"RETR 1\r\n")
    line = b"x" * 998 + b"\r\n"
    said = b"+OK\r\n" + line * (MOST // len(line) + 1) + b".\r\n"
    await server.send(said)
    await client.expect(said)
    await inspected.steered.relayed.caught_up(1)


async def test_of_too_much_there_is_a_report_and_no_export() -> None:
    async with inspecting(reported=True) as inspected:
        browser = await inspected.browser()
        await much_said(inspected)
        answer = await export(browser, "dialogue")
        assert (answer.status, "--record" in answer.json["error"]) == (409, True)
        report = await browser.get("/api/sessions/1/report")
        assert report.status == 200
        assert b"More was said than a running proxy keeps" in report.body
        assert b"RETR 1" in report.body


async def test_a_session_that_goes_on_has_a_report() -> None:
    async with inspecting(judged=True, reported=True) as inspected:
        browser = await inspected.browser()
        await a_session(inspected.steered.relayed)
        report = (await browser.get("/api/sessions/1/report")).body.decode()
    assert "there is no recording to compare this with" in report
    assert "Still open after" in report
    assert "nobody asked" in report
    assert "tanstaaf" not in report
    assert "hello" not in report


@asynccontextmanager
async def shown(recording: Path | str, *, before: Sequence[str] = ()) -> AsyncIterator[Browser]:
    """Give a browser that looks at a recording, as people look at one."""
    with running("show", "--web", recording, before=before) as program:
        link = program.says(r"inspector at (http://[^;\s]+)")[1]
        browser = Browser(int(link.split(":")[2].split("/")[0]))
        assert (await browser.login(link)).status == 204
        yield browser


def by_program(folder: Path, recording: Path, form: str) -> dict[str, bytes]:
    out = folder / form
    told = run_here("export", str(recording), "--to", form, "-o", str(out))
    assert told.status == 0, told.err
    return files_in(out)


def saved(answer: Any) -> dict[str, bytes]:
    if answer.headers["content-type"] != "application/zip":
        return {"": answer.body}
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_a_session_of_a_recording_is_exported_as_the_program_exports_it(
    tmp_path: Path,
) -> None:
    sample = CAPTURES / "dovecot-user.yaml"
    async with shown(sample) as browser:
        offered = (await browser.get("/api/snapshot")).json["exports"]
        assert [each["form"] for each in offered] == list(EXPORTERS)
        for form in EXPORTERS:
            wanted = by_program(tmp_path, sample, form)
            answer = await export(browser, form)
            assert answer.status == 200
            assert sorted(saved(answer).values()) == sorted(wanted.values()), form


async def test_of_several_sessions_one_is_exported_with_what_was_noted_meanwhile(
    tmp_path: Path,
) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(TWO, encoding="utf-8")
    async with shown(file) as browser:
        told = [(await browser.get(f"/api/sessions/{n}/export/dialogue")).body for n in (1, 2)]
        assert [b"USER ann" in each for each in told] == [True, False]
        assert [b"USER bob" in each for each in told] == [False, True]
        assert [each.count(b"look here") for each in told] == [1, 0]
        file.unlink()
        answer = await export(browser, "dialogue")
        assert (answer.status, answer.json["error"]) == (
            409,
            f"{file}: no such file or directory",
        )


async def test_what_came_by_standard_input_is_shown_and_not_exported() -> None:
    from_file = ("sh", "-c", 'exec "$@" < "$0"', str(CAPTURES / "dovecot-user.yaml"))
    async with shown("-", before=from_file) as browser:
        assert (await browser.get("/api/snapshot")).json["exports"] == []
        answer = await export(browser, "jsonl")
        assert (answer.status, "no file" in answer.json["error"]) == (404, True)
