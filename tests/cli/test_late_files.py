"""Nothing of the program is read once root is given up: it may be in a folder of root's."""

import asyncio
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from poplib import error_proto
from socket import create_connection
from urllib.parse import quote
from urllib.request import urlopen

import jinja2
import pytest
import uvicorn

import pop3spy
from cli.conftest import USER
from cli.late import Late
from cli.program import PATIENCE, Program, client, running, session
from cli.window import Window
from pop3spy.export import EXPORTERS
from pop3spy.web.files import files
from web.browsing import Browser

EXPRESSION = 'text ~ "a.c"'
ASKED = [
    "/",
    *(f"/page/{name}" for name in files()),
    "/api/openapi.yaml",
    "/api/snapshot",
    f"/api/sessions?filter={quote(EXPRESSION)}",
    "/api/sessions/{session}",
    "/api/sessions/{session}/report",
    *(f"/api/sessions/{{session}}/export/{form}" for form in EXPORTERS),
    "/api/findings",
    "/api/explain?about=IN-USE",
    "/api/statistics",
    "/api/control",
]
"""What a page asks for of a session."""
ACTS = [{"act": "hold", "text": EXPRESSION}, {"act": "release"}, {"act": "note", "text": "hello"}]
WATCHED = ("--web", "0", "--web-control", "--metrics", "127.0.0.1:0", "--run-as", USER)

pytestmark = pytest.mark.usefixtures("root")


@pytest.mark.parametrize("form", ["text", "json", "parquet"])
@pytest.mark.parametrize("verb", ["serve", "proxy"])
def test_nothing_is_looked_for_while_sessions_are_told_of(
    verb: str, form: str, folder: Path, late: Late, upstream: str
) -> None:
    options = ["--listen", ":0", "--log", str(folder / "log"), "--log-format", form]
    options += ["--upstream", upstream] if verb == "proxy" else ["--quiet"]
    with running(verb, *options, "--run-as", USER, env=late.environment) as program:
        session(program.port())
        program.send(signal.SIGTERM)
        ended = program.ended()
    assert ended.status == 0, ended.err
    assert late.found() == []


def test_nothing_is_looked_for_to_read_the_words_of_a_server(folder: Path, late: Late) -> None:
    refusal = "用户名或密码错误".encode("gb18030").decode("latin-1")
    mail = folder / "mail"
    mail.mkdir()
    (mail / "1.eml").write_bytes(b"Subject: =?gb2312?B?1tDOxA==?=\n\nHello\n")
    rewrite = f"server s/^\\+OK.*$/-ERR {refusal}/ when verb = STAT"
    with running("serve", str(mail), "--listen", ":0", "--quiet", "--rewrite", rewrite) as server:
        upstream = f"127.0.0.1:{server.port()}"
        options = ("--upstream", upstream, "--listen", ":0", "--findings", "all")
        with running("proxy", *options, "--run-as", USER, env=late.environment) as program:
            reader = client(program.port())
            reader.user("demo")
            reader.pass_("demo")
            with pytest.raises(error_proto):
                reader.stat()
            reader.retr(1)
            reader.quit()
            ended = program.stopped()
    assert ended.status == 0
    assert "GB 18030" in ended.out
    assert "中文" in ended.out  # the subject
    assert late.found() == []


def test_nothing_is_looked_for_to_look_up_a_name(late: Late) -> None:
    options = ("--upstream", "bücher.invalid", "--listen", ":0", "--run-as", USER)
    with running("proxy", *options, env=late.environment) as program:
        with create_connection(("127.0.0.1", program.port()), PATIENCE) as refused:
            assert refused.recv(1) == b""
        ended = program.stopped()
    assert "bücher.invalid: " in ended.out
    assert late.found() == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nothing_is_looked_for_while_people_ask_for_everything(
    workers: str, late: Late, upstream: str
) -> None:
    options = ("--upstream", upstream, "--listen", ":0", "--workers", workers)
    with running("proxy", *options, *WATCHED, env=late.environment) as program:
        answers_everything(program)
        assert program.stopped().status == 0
    assert late.found() == []


def test_a_program_that_only_root_may_read_answers_everything(
    tmp_path: Path, upstream: str
) -> None:
    """A part of a package is looked for where the package is."""
    for package in (pop3spy, uvicorn, jinja2):
        found = Path(package.__file__ or "").parent
        shutil.copytree(found, tmp_path / found.name)
    path = ":".join([str(tmp_path), *sys.path])
    there = ["env", "--chdir", str(tmp_path)]
    options = ("--upstream", upstream, "--listen", ":0", *WATCHED)
    with running("proxy", *options, env={"PYTHONPATH": path}, before=there) as program:
        answers_everything(program)
        ended = program.stopped()
    assert (ended.status, "failed" in ended.err) == (0, False)


def answers_everything(program: Program) -> None:
    """Fail unless the inspector answers all that can be asked, and the metrics can be scraped."""
    link = program.says(r"inspector at (\S+)")[1]
    metrics = program.says(r"metrics at (\S+)")[1]
    session(program.port())
    told = asyncio.run(statuses(link))
    assert [asked for asked, status in told.items() if status != 200] == []
    with urlopen(metrics, timeout=PATIENCE) as answer:
        assert b"pop3spy_sessions_total" in answer.read()


async def statuses(link: str) -> dict[str, int]:
    """Return what was asked by whom *link* lets in, and how each was answered."""
    browser = Browser(int(re.findall(r":(\d+)/", link)[0]))
    assert (await browser.login(link)).status == 204
    async with asyncio.timeout(PATIENCE):  # a worker tells of its sessions in a moment
        while not (sessions := (await browser.get("/api/sessions")).json["sessions"]):
            pass
    paths = [path.format(session=sessions[0]["session"]) for path in ASKED]
    told = {path: (await browser.get(path)).status for path in paths}
    return told | {str(act): (await browser.post("/api/acts", act)).status for act in ACTS}


@contextmanager
def window(folder: Path, *args: str, **changes: str) -> Iterator[Window]:
    opened = Window(folder / "tmux", *args, size=(100, 60), **changes)
    try:
        yield opened
    finally:
        opened.close()


def test_nothing_is_looked_for_while_a_person_types(
    folder: Path, late: Late, tmp_path: Path, upstream: str
) -> None:
    options = ("--upstream", upstream, "--listen", ":0", "--run-as", USER)
    with window(tmp_path, "proxy", *options, **late.environment) as prompt:
        session(int(prompt.shows(r"listening on pop3://127\.0\.0\.1:(\d+)")[1]))
        prompt.shows("ended by QUIT")
        prompt.enter(f":filter {EXPRESSION}")
        prompt.shows("open, filtered>")
        prompt.enter(":explain IN-USE")
        prompt.shows("another session has the maildrop open")
        prompt.enter(f":export 1 parquet {folder / 'rows'}")
        prompt.shows("1 session, 4 exchanges")
        prompt.type(":exp")
        prompt.press("Tab")
        prompt.shows(":export +writes")
        prompt.press("C-c")
        prompt.enter(":quit")
        prompt.shows("exit status 0")
    assert late.found() == []
