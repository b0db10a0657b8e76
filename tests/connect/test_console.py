"""Lines in, rows out: what the console makes of what is typed."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from connect.by_hand import LOGIN, PASSWORD, talking, to_office, to_responder
from net.responders import Scripted, body
from net.wires import PATIENCE, Wire, door
from pop3spy.session.responder import Answer, Pause, Verbatim

OK = Answer(b"+OK")


async def test_commands_go_out_with_their_line_ends_and_replies_come_back() -> None:
    shown = await to_office(*LOGIN, "STAT", "LIST", "QUIT")
    assert shown.behind("C: STAT") == [
        "S: +OK 5 2137",
        "C: LIST",
        "S: +OK 5 messages (2137 octets)",
        *(f"S| {number} {size}" for number, size in enumerate((426, 788, 393, 175, 355), 1)),
        " · 35 octets",
        "C: QUIT",
        "S: +OK good bye (5 messages left)",
        " · the session has ended",
    ]
    assert not shown.failed


async def test_a_password_is_masked_wherever_it_is_typed() -> None:
    shown = await to_office(
        "PAS " + PASSWORD,
        PASSWORD,
        "USER demo",
        "PASS " + PASSWORD,
        f":send PASS {PASSWORD}\\r\\n",
        ":split 2 PASS " + PASSWORD,
        f":hex {b'PASS '.hex()}{PASSWORD.encode().hex()}0d0a",
        ":pipeline",
        "PASS " + PASSWORD,
        ":go",
        ":" + PASSWORD,
        ":login bob " + PASSWORD,
        ":PASS " + PASSWORD,
        ":help PASS " + PASSWORD,
        ":save 1 /nowhere/PASS " + PASSWORD,
        ":time PASS " + PASSWORD,
        ":eol PASS " + PASSWORD,
        "QUIT",
    )
    assert PASSWORD not in shown.text
    assert PASSWORD.upper() not in shown.text
    assert not [line for line in shown.remembered if PASSWORD in line]
    assert shown.text.count("████████") >= 6


async def test_pass_alone_asks_for_the_password() -> None:
    shown = await to_office("USER demo", "PASS", "demo", "STAT", "QUIT")
    assert "C: PASS ████████" in shown.rows
    assert "S: +OK 5 2137" in shown.rows
    assert "PASS" not in shown.remembered
    assert "STAT" in shown.remembered


async def test_a_body_is_unstuffed_and_escaped() -> None:
    reply = body([b"..dot\r\n", b"\x1b]52;c;!\x07 \xe2\x80\xaeabc\r\n", b"\xff\r\n"])
    shown = await to_responder(lambda: Scripted({"RETR": reply}), "RETR 1")
    assert shown.behind("C: RETR 1")[1:4] == [
        "S| .dot",
        "S| \\x1b]52;c;!\\x07 \\u202eabc",
        "S| \\xff",
    ]


async def test_a_long_reply_is_cut_and_told() -> None:
    reply = body([b"x\r\n" * 6000])
    shown = await to_responder(lambda: Scripted({"RETR": reply}), "RETR 1")
    assert shown.rows.count("S| x") == 5000
    assert " · 1,000 more lines; :save keeps a message whole" in shown.rows


async def test_headers_are_decoded_and_told_message_by_message() -> None:
    shown = await to_office(*LOGIN, ":headers", ":headers 2")
    overview = shown.behind("S: +OK maildrop has 5 messages (2137 octets)")
    assert overview[1].split()[:4] == ["S|", "2", "Zoë", "André"]
    assert "Grüße aus Köln" in overview[1]
    assert "S| Subject: Grüße aus Köln 🐧 (mit Bild)" in shown.behind("C: TOP 2 0")


async def test_a_message_is_shown_as_people_read_it() -> None:
    shown = await to_office(*LOGIN, ":message 2", ":message 3")
    rows = shown.behind("C: RETR 2")
    assert "S| Grüße vom Rhein!  The picture is a single pixel; it was a foggy day." in rows
    assert " · not shown: image/gif, fog.gif" in rows
    assert not [row for row in rows if "Content-Transfer" in row]


async def test_a_message_is_saved_octet_by_octet_and_nothing_is_overwritten(tmp_path: Path) -> None:
    content = [b"Subject: x\r\n", b"\r\n", b"..dot\r\n", b"...\r\n", b"\xff\0\r\n"]
    path = tmp_path / "mail.eml"
    responder = lambda: Scripted({"RETR": body(content), "NOOP": OK})  # noqa: E731
    shown = await to_responder(responder, f":save 3 {path}", "NOOP")
    assert path.read_bytes() == b"Subject: x\r\n\r\n.dot\r\n..\r\n\xff\0\r\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert f" · saved: 28 octets in {path}" in shown.rows
    again = await to_responder(responder, f":save 3 {path}")
    assert f" ? {path} exists; nothing is overwritten" in again.rows
    assert "C: RETR 3" not in again.rows


async def test_nothing_is_left_of_a_message_that_is_refused(tmp_path: Path) -> None:
    shown = await to_office(*LOGIN, f":save 99 {tmp_path / 'x'}")
    assert " ? nothing was saved" in shown.rows
    assert not await asyncio.to_thread(os.listdir, tmp_path)


BADLY_MADE = [
    pytest.param([b'Content-Type: text/plain; charset="undefined"\r\n'], "S| hello", id="charset"),
    pytest.param([b'Content-Type: text/plain; charset="a\0b"\r\n'], "S| hello", id="NUL"),
    pytest.param(
        [b"Content-Type: text/plain; name*9*=a; name*=b\r\n"],
        " · not shown: the text",
        id="RFC 2231",
    ),
    pytest.param(
        [
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
            for n in range(3000)
        ],
        " · not shown: the text",
        id="depth",
    ),
]


@pytest.mark.parametrize(("head", "row"), BADLY_MADE)
async def test_a_message_that_is_badly_made_costs_no_more_than_its_text(
    head: list[bytes], row: str
) -> None:
    content = [b"Subject: so\r\n", *head, b"\r\n", b"hello\r\n"]
    responder = lambda: Scripted({"RETR": body(content), "NOOP": OK})  # noqa: E731
    shown = await to_responder(responder, ":message 1", "NOOP")
    assert "S| Subject: so" in shown.rows
    assert [each for each in shown.rows if each.startswith(row)]
    assert "C: NOOP" in shown.rows


OCTETS = [
    pytest.param([":send STAT\\r\\nNOOP\\n"], b"STAT\r\nNOOP\n", id="escapes"),
    pytest.param([":send a\\x00\\t\\\\\\r\\n"], b"a\0\t\\\r\n", id="odd octets"),
    pytest.param([":hex 4e 4f4f 50 0d0a"], b"NOOP\r\n", id="hexadecimal"),
    pytest.param([":eol lf", "NOOP"], b"NOOP\n", id="LF"),
    pytest.param([":eol cr", "NOOP", ":eol lf", "x"], b"NOOP\rx\n", id="CR"),
    pytest.param([":eol none", "NO", ":eol crlf", "OP"], b"NOOP\r\n", id="no end"),
    pytest.param([":split 1 NOOP"], b"NOOP\r\n", id="octet by octet"),
    pytest.param([":split 99 NOOP"], b"NOOP\r\n", id="in one piece"),
    pytest.param([":pipeline", "STAT", "LIST 1", ":go"], b"STAT\r\nLIST 1\r\n", id="pipelined"),
    pytest.param(["grüße"], "grüße\r\n".encode(), id="UTF-8"),
    pytest.param(["\udcff"], b"\xff\r\n", id="no UTF-8"),
]


@pytest.mark.parametrize(("lines", "octets"), OCTETS)
async def test_misbehaviour_is_sent_as_it_was_asked_for(lines: list[str], octets: bytes) -> None:
    async with asyncio.TaskGroup() as group:
        with door() as opened:
            talk = group.create_task(talking(opened.url, lines, patience=15))
            server = await opened.accept()
            await server.send(b"+OK ready\r\n")
            await server.expect(octets)
            for _ in octets.splitlines():
                await server.send(b"+OK\r\n")
            await talk
            server.close()


MISTAKES = [
    (":send \\q", r"a backslash begins \r \n \t \0 \e \\ or \x and two digits"),
    (":send", "there is nothing to send"),
    (":hex 4", "octets are pairs of hexadecimal digits: 4e 4f 4f 50 0d 0a"),
    (":split 0 STAT", "write :split SIZE LINE, with a SIZE from 1 up"),
    (":eol tab", "write :eol crlf|lf|cr|none"),
    (":wait x", "write :wait SECONDS, at most 3600"),
    (":go", "nothing waits; begin with :pipeline"),
    (":headers x", "which message?  Write :headers 3"),
    (":save 3", "in which file?  Write :save 3 FILE"),
    (":time maybe", "write :time on or :time off"),
    (":nonsense", "there is no such command"),
    (":sa 3", "in which file?  Write :save 3 FILE"),
    (":sendn", "there is no such command; did you mean :send?"),
    (":", "there is no such command"),
    (":auth FOO", "which mechanism?"),
    (":help FOO", "there is no such command"),
]


@pytest.mark.parametrize(("line", "told"), MISTAKES)
async def test_a_mistake_is_told_in_one_line_and_sends_nothing(line: str, told: str) -> None:
    shown = await to_office(line)
    assert [row for row in shown.rows if row.startswith(" ? ") and told in row]
    assert not [row for row in shown.rows if row.startswith("C:")]
    assert not shown.remembered


async def test_times_are_told_when_asked_for() -> None:
    shown = await to_office(":time", "CAPA", ":time off", "CAPA")
    assert len([row for row in shown.rows if "first octet after" in row]) == 1


async def test_help_knows_every_command_with_its_place_in_the_standards() -> None:
    shown = await to_office(":help", ":help top", ":help IN-USE", ":help :save", ":help split")
    assert (
        "   TOP message lines: retrieves the headers and the first lines of a message" in shown.rows
    )
    assert "   allowed in TRANSACTION; RFC 1939, section 7" in shown.rows
    assert [row for row in shown.rows if row.startswith("   [IN-USE]: the password was right")]
    assert [row for row in shown.rows if row.startswith("   :save message FILE: keeps")]
    assert [row for row in shown.rows if row.startswith("   :split SIZE LINE: sends")]


async def test_reconnecting_begins_a_new_session_that_knows_nothing_of_the_old() -> None:
    shown = await to_office(*LOGIN, "STAT", ":reconnect", "STAT")
    assert shown.rows.count("S: +OK 5 2137") == 1
    wrong = " ? STAT belongs in TRANSACTION: log in first, :login does it (RFC 1939, section 5)"
    assert wrong in shown.rows
    assert not shown.failed


async def test_a_recording_begun_late_has_the_session_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "session.yaml"
    shown = await to_office("USER demo", "PASS demo", "STAT", f":record {path}", "NOOP", "QUIT")
    text = path.read_text()
    assert [line for line in text.splitlines() if '"+OK pop3spy' in line]
    assert '"PASS ████████\\r\\n"' in text
    assert "NOOP" in text
    assert text.splitlines()[-1].endswith('"close", {"how": "quit", "why": ""}]')
    assert f" · recording to {path}" in shown.rows


async def test_a_server_that_hangs_up_before_it_replies_is_a_failure() -> None:
    closing = Verbatim(b"", close=True)
    shown = await to_responder(lambda: Scripted({"NOOP": closing}), "NOOP", "STAT")
    assert shown.failed
    assert " ? the server hung up before it had replied" in shown.rows
    assert "C: STAT" not in shown.rows


async def test_a_server_that_says_nothing_is_given_up() -> None:
    with door() as opened:
        async with asyncio.TaskGroup() as group:
            talk = group.create_task(talking(opened.url, ["NOOP", "STAT"], patience=0.2))
            server: Wire = await opened.accept()
            await server.send(b"+OK ready\r\n")
            await server.expect(b"NOOP\r\n")
            shown = await talk
            server.close()
    assert shown.failed
    assert " ? the server said nothing for 0.2 s" in shown.rows


async def test_a_server_that_takes_nothing_is_given_up() -> None:
    with door() as opened:
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            opened.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            much = "x" * (8 << 20)
            talk = group.create_task(talking(opened.url, [much, "STAT"], patience=0.2))
            server = await opened.accept()
            await server.send(b"+OK ready\r\n")
            shown = await talk
            server.close()
    assert shown.failed
    assert " ? the server took nothing for 0.2 s" in shown.rows


async def test_what_answers_no_command_is_shown_and_explained() -> None:
    with door() as opened:
        async with asyncio.TaskGroup() as group:
            talk = group.create_task(talking(opened.url, [":wait 10"]))
            server = await opened.accept()
            await server.send(b"+OK ready\r\n-ERR Disconnected for inactivity.\r\n")
            server.close()
            shown = await talk
    rows = shown.behind("S: +OK ready")
    assert "S: -ERR Disconnected for inactivity." in rows
    assert " ? a line that answers no command; servers say this before they hang up" in rows
    assert " · the server closed the connection: marked messages stay" in rows


async def test_a_line_without_a_status_gives_a_person_the_prompt_back() -> None:
    """They may take it for the reply, and say what comes next."""
    with door() as opened:
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            talk = group.create_task(talking(opened.url, ["USER bob", "CAPA"], patience=None))
            server = await opened.accept()
            await server.send(b"+OK ready\r\n")
            await server.expect(b"USER bob\r\n")
            await server.send(b"fine\r\n")
            await server.expect(b"CAPA\r\n")
            await server.send(b"+OK\r\n.\r\n")
            shown = await talk
            server.close()
    assert [row for row in shown.behind("C: USER bob") if not row.startswith(" ·")] == [
        "S: fine",
        " ? no reply yet: one begins with +OK or -ERR (RFC 1939, section 3) and may still come",
        " ? the reply to USER bob was no status line",
        "C: CAPA",
        "S: +OK",
    ]


class Late(Scripted):
    """Says a line that is none, and what was due a moment later, as a greeting and to USER."""

    def __init__(self) -> None:
        super().__init__({"CAPA": body([b"USER\r\n"]), "USER": self._late})

    def greet(self) -> Answer:
        return self._late

    @property
    def _late(self) -> Answer:
        return Verbatim(b"+OK", pieces=[b"debug\r\n", Pause(0.05), b"+OK\r\n"])


async def test_a_script_waits_for_what_follows_a_line_without_a_status() -> None:
    shown = await to_responder(Late, "USER bob", "CAPA")
    said = [row for row in shown.rows if row.startswith(("C:", "S:"))]
    assert said == ["S: debug", "S: +OK", "C: USER bob", "S: debug", "S: +OK", "C: CAPA", "S: +OK"]
    assert not shown.failed


async def test_a_server_that_hangs_up_behind_a_line_without_a_status_has_not_replied() -> None:
    rude = Verbatim(b"", pieces=[b"go away\r\n"], close=True)
    shown = await to_responder(lambda: Scripted({"NOOP": rude}), "NOOP")
    assert shown.failed
    assert " ? the server hung up before it had replied" in shown.rows


async def test_an_empty_line_and_a_comment_of_a_script_are_not_sent() -> None:
    shown = await to_office("", "# STAT", "   ", "CAPA")
    assert [row for row in shown.rows if row.startswith("C:")] == ["C: CAPA"]


async def test_inside_auth_every_line_is_for_the_server() -> None:
    """``:help`` and an empty line are answers there like any other."""
    scripted = Scripted({"AUTH": Answer(b"+ VXNlcm5hbWU6", asks=True)})
    says = ("AUTH LOGIN", "", "AUTH LOGIN", ":help", "AUTH LOGIN", "*")
    shown = await to_responder(lambda: scripted, *says)
    assert scripted.asked == [line.encode() for line in says]
    asks = " ? it asks “Username:”: answer in base64, an empty line or * (RFC 5034, section 4)"
    assert asks in shown.rows
