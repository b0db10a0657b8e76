"""The console in a real terminal, against a real server, as a person uses it."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.window import Window
from lab.loopback import until
from lab.mailserver import PASSWORD, USER, MailServer
from lab.servers import dovecot

__all__ = ["dovecot"]

pytestmark = pytest.mark.lab

Opening = Callable[..., Window]
PROMPT = r"localhost \w+> ?$"


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """Open windows; what the program writes to the last one is in the file ``stream``."""
    windows: list[Window] = []

    def begin(*args: str, size: tuple[int, int] = (100, 60)) -> Window:
        socket = tmp_path / f"tmux-{len(windows)}"
        window = Window(socket, "connect", *args, size=size, XDG_STATE_HOME=str(tmp_path / "state"))
        window.keep_stream(tmp_path / "stream")
        windows.append(window)
        return window

    yield begin
    for window in windows:
        window.close()


def history(tmp_path: Path) -> list[str]:
    return (tmp_path / "state/pop3spy/history").read_text().splitlines()


@contextmanager
def greeted(opening: Opening) -> Iterator[tuple[Window, socket.SocketIO]]:
    """Give a window behind the greeting of a server, and what that server says and hears."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        window = opening(f"127.0.0.1:{door.getsockname()[1]}")
        peer, _ = door.accept()
        with peer, peer.makefile("rwb", 0) as stream:
            stream.write(b"+OK ready\r\n")
            window.shows(r"AUTHORIZATION> *$")
            yield window, stream


def log_in(window: Window) -> None:
    window.shows(r"AUTHORIZATION> *$")
    window.enter(f"USER {USER}")
    window.shows(r"USER_GIVEN> *$")
    window.type(f"PASS {PASSWORD}")
    window.shows(r"USER_GIVEN> PASS █{8} *$")
    window.press("Enter")
    window.shows(r"TRANSACTION> *$")


def test_a_whole_session_by_hand(dovecot: MailServer, opening: Opening, tmp_path: Path) -> None:
    capture = tmp_path / "session.yaml"
    assert dovecot.pop3s
    ca = ["--upstream-ca", str(dovecot.certificate), "--record", str(capture)]
    window = opening(f"pop3s://localhost:{dovecot.pop3s.port}", *ca)
    window.shows(r"TLSv1\.3, .*certificate of localhost")
    log_in_tls(window)
    window.enter("STAT")
    window.shows(r"localhost TLS TRANSACTION 28 messages, 1,099,243 octets>")
    window.enter(":headers 8")
    window.shows(r"S\| Subject: Grüße, 日本語")
    window.enter("TOP 2 2")
    window.shows(r"S\| \.\.\n")  # of three dots on the wire one is stuffing
    window.enter("RETR 99")
    window.shows(r"\? there is no message 99; LIST tells the numbers")
    window.enter(":help UIDL")
    window.shows(r"allowed in TRANSACTION; RFC 1939, section 7")
    window.enter("QUIT")
    window.shows(r"the session has ended")
    window.shows(r"CLOSED.*> *$")
    window.enter("STAT")
    window.shows(r"\? there is no connection any more; :reconnect makes one")
    window.enter(":reconnect")
    window.shows(r"(?s):reconnect.*connected to.*localhost TLS AUTHORIZATION> *$")
    window.press("C-d")
    window.shows("exit status 0")
    everything = capture.read_text() + (tmp_path / "stream").read_text(errors="replace")
    assert PASSWORD not in everything + "\n".join(history(tmp_path))
    assert history(tmp_path)[:3] == [":login", "STAT", ":headers 8"]
    assert "Traceback" not in everything


def log_in_tls(window: Window) -> None:
    window.shows(r"localhost TLS AUTHORIZATION> *$")
    window.enter(":login")
    window.shows(r"User: *$")
    window.enter(USER)
    window.shows(r"Password: *$")
    window.type(PASSWORD)
    window.shows(r"Password: █{8} *$")
    window.press("Enter")
    window.shows(r"localhost TLS TRANSACTION> *$")


def test_a_password_is_never_on_the_screen_however_it_is_typed(
    dovecot: MailServer, opening: Opening, tmp_path: Path
) -> None:
    """Every octet that was ever written to the terminal is looked at, not the last picture."""
    capture = tmp_path / "session.yaml"
    window = opening(f"localhost:{dovecot.address.port}", "--record", str(capture))
    window.shows(r"AUTHORIZATION> *$")
    window.enter(f"PAS {PASSWORD}")
    window.shows(r"Unknown command|-ERR")
    window.enter(f"USER {USER}")
    window.shows(r"USER_GIVEN> *$")
    window.enter("PASS")
    window.shows(r"Password: *$")
    window.enter(f"not-{PASSWORD}")
    window.shows(r"-ERR \[AUTH\]")
    window.shows(r" AUTHORIZATION> *$")
    window.enter("AUTH LOGIN")
    window.shows(r"it asks “Username:”")
    window.enter("YWxpY2U=")
    window.shows(r"it asks “Password:”")
    window.type("d29uZGVybGFuZA==")
    window.shows(r"SASL> █{8} *$")
    window.press("Enter")
    window.shows(r"TRANSACTION> *$")
    window.enter(f":send PASS {PASSWORD}\\r\\n")
    window.shows(r"(?s)-ERR Unknown command: PASS.*TRANSACTION> *$")
    say_in_pieces(window)
    window.press("C-c")
    window.shows(r"TRANSACTION> *$")
    window.press("Up")
    window.shows(r"TRANSACTION> NOOP")
    window.press("Up")
    window.shows(r"TRANSACTION> AUTH LOGIN")
    window.press("Up")
    window.shows(r"TRANSACTION> USER alice")
    window.press("Up")
    window.shows(r"TRANSACTION> USER alice")
    window.press("C-c")
    window.enter(":quit")
    window.shows("exit status 0")
    stream = (tmp_path / "stream").read_text(errors="replace")
    for place in (stream, capture.read_text(), "\n".join(history(tmp_path))):
        assert PASSWORD not in place
        assert "d29uZGVybGFuZA" not in place
    assert f"USER {USER}" in history(tmp_path)


def say_in_pieces(window: Window) -> None:
    """Type a password behind half a line, and one before which the verb is taken away."""
    window.enter(":send PASS ")
    window.shows("the line has no end yet")
    window.type(PASSWORD)
    window.shows(r"TRANSACTION> █{8} *$")
    window.press("Enter")
    window.shows(r"(?s)-ERR.*-ERR Unknown command: PASS.*TRANSACTION> *$")
    window.enter("NOOP")
    window.shows(r"(?s)C: NOOP.*S: \+OK.*TRANSACTION> *$")
    window.type(f"PASX {PASSWORD}")
    window.shows(r"TRANSACTION> █{8} *$")
    window.press("Home")
    for _ in "PASX ":
        window.press("DC")
    window.type("x ")
    window.shows(r"TRANSACTION> x ?█{8} *$")


def test_tab_offers_messages_with_what_is_known_of_them(
    dovecot: MailServer, opening: Opening
) -> None:
    window = opening(f"localhost:{dovecot.address.port}")
    log_in(window)
    window.enter("LIST 8")
    window.enter("TOP 8 0")
    window.shows(r"Message-ID")
    window.type("RETR ")
    window.press("Tab")
    window.shows(r"RETR 8 *$|8 +Sender <sender@example\.org>, Grüße, 日本語, 360 octets")
    window.press("C-c")
    window.type(":he")
    window.press("Tab")
    window.shows(r":headers +shows the headers of a message")


def test_ctrl_c_clears_a_line_and_stops_waiting_and_nothing_is_lost(
    dovecot: MailServer, opening: Opening
) -> None:
    window = opening(f"localhost:{dovecot.address.port}")
    log_in(window)
    window.type("DELE 1")
    window.shows("DELE 1$")
    window.press("C-c")
    window.shows(r"TRANSACTION> *$")
    window.enter(":wait 3600")
    window.shows(r"· :wait 3600")  # what is typed stands behind a prompt
    window.press("C-c")
    window.shows(r"(?s):wait 3600.*TRANSACTION> *$")
    window.enter("STAT")
    window.shows(r"S: \+OK 28 1099243")
    window.press("C-d")
    window.shows("exit status 0")
    assert "DELE" not in "\n".join(window.rows())


def test_pasted_lines_are_entered_one_by_one(
    dovecot: MailServer, opening: Opening, tmp_path: Path
) -> None:
    window = opening(f"localhost:{dovecot.address.port}")
    window.shows(r"AUTHORIZATION> *$")
    window.paste(f"USER {USER}\nPASS {PASSWORD}\nSTAT\nLIST 1\nNOO")
    window.shows(r"octets> NOO *$")
    shown = "\n".join(window.rows())
    assert re.search(r"(?s)C: USER alice.*C: PASS █{8}.*C: STAT.*C: LIST 1\nS: \+OK 1 1059", shown)
    window.enter("P")
    window.shows(r"C: NOOP")
    assert PASSWORD not in (tmp_path / "stream").read_text(errors="replace")
    assert history(tmp_path) == [f"USER {USER}", "STAT", "LIST 1", "NOOP"]


def test_a_long_reply_is_paged_and_the_window_may_change_its_size(
    dovecot: MailServer, opening: Opening
) -> None:
    window = opening(f"localhost:{dovecot.address.port}", size=(80, 12))
    log_in(window)
    window.enter("LIST")
    window.shows(r"-- \d+ more: Enter goes on, a shows all, q no more --")
    assert "S| 28" not in "\n".join(window.rows())
    window.press("Enter")
    window.shows(r"S\| 1[5-9] ")
    window.resize(60, 20)
    window.press("a")
    window.shows(r"S\| 28 1013314")
    window.shows(r"28 messages, 1,099,243 octets> *$")
    window.enter("LIST")
    window.shows(r"-- \d+ more")
    window.press("q")
    window.shows(r"octets> *$")
    window.type("STAT and more than fits into one line of a window of sixty columns")
    window.resize(100, 30)
    window.shows(r"sixty columns")
    window.press("C-c")
    window.enter("NOOP")
    window.shows(r"C: NOOP")


def test_a_stage_asks_for_what_it_needs_and_turns_no_pages(
    dovecot: MailServer, opening: Opening, tmp_path: Path
) -> None:
    where = f"localhost:{dovecot.address.port}"
    window = opening(where, "--quit-after", "list", "--user", USER, size=(80, 12))
    window.shows(r"Password: *$")
    window.type(PASSWORD)
    window.shows(r"Password: █{8} *$")
    window.press("Enter")
    window.shows("exit status 0")
    stream = (tmp_path / "stream").read_text(errors="replace")
    assert "+OK 28 messages:" in stream
    assert "-- " not in stream
    assert PASSWORD not in stream


def test_what_comes_while_a_line_is_typed_stands_above_it(opening: Opening) -> None:
    with greeted(opening) as (window, stream):
        window.type("CAP")
        window.shows(r"> CAP *$")
        stream.write(b"-ERR \x1b[31mDisconnected for inactivity.\r\n")
    window.shows(r"(?s)S: -ERR \\x1b\[31mDisconnected.*closed the connection.*> CAP *$")
    window.press("C-u")
    window.press("C-d")
    window.shows("exit status 0")


def test_a_reply_that_is_not_waited_for_is_shown_when_it_comes(
    opening: Opening, tmp_path: Path
) -> None:
    with greeted(opening) as (window, stream):
        window.enter("CAPA")
        assert stream.readline() == b"CAPA\r\n"
        window.shows(r"C: CAPA *$")  # it is shown before there is a reply
        window.press("C-c")
        window.shows(r"(?s)not waited for any more.*AUTHORIZATION> *$")
        window.enter(":headers 1")
        window.shows(r"\? the server still owes a reply")
        window.enter(f":save 1 {tmp_path / 'mail'}")
        window.shows(r"(?s):save 1 .*\? the server still owes a reply")
        assert not (tmp_path / "mail").exists(), "what is owed is not message 1"
        window.type("NOO")
        window.shows(r"> NOO *$")
        stream.write(b"+OK\r\nTOP\r\n.\r\n")
        window.shows(r"(?s)S: \+OK\nS\| TOP.*> NOO *$")
        window.press("C-c")
        window.enter(f":save 1 {tmp_path / 'mail'}")
        assert stream.readline() == b"RETR 1\r\n"
        stream.write(b"+OK\r\nbegun\r\n")
        until(lambda: "+OK" in "\n".join(window.rows()[-2:]), "the status line")
        window.press("C-c")
        window.shows(r"broken off, what came is saved: \d octets in\s")
        stream.write(b".\r\n")
        window.enter(":quit")
        window.shows("exit status 0")


def test_an_answer_inside_auth_is_hidden_whenever_the_server_asks_or_gives_up(
    opening: Opening, tmp_path: Path
) -> None:
    with greeted(opening) as (window, stream):
        window.enter("AUTH PLAIN")
        assert stream.readline() == b"AUTH PLAIN\r\n"
        window.press("C-c")
        window.shows(r"(?s)not waited for any more.*AUTHORIZATION> *$")
        stream.write(b"+ \r\n")
        window.shows(r"SASL> *$")
        window.type("AGJvYgB0YW5z")
        window.shows(r"SASL> █{8} *$")
        stream.write(b"-ERR too slow\r\n")
        window.shows(r"(?s)too slow.*AUTHORIZATION> █{8} *$")
        window.type("dGFhZg==")
        window.press("C-c")
        window.shows(r"AUTHORIZATION> *$")
        window.enter(":quit")
        window.shows("exit status 0")
    shown = until(lambda: (tmp_path / "stream").read_text(errors="replace") or None, "the stream")
    assert "AGJvYgB0YW5z" not in shown
    assert "dGFhZg" not in shown


def test_a_command_that_nobody_knows_is_seen_while_it_is_typed_unless_it_may_be_a_password(
    opening: Opening, tmp_path: Path
) -> None:
    with greeted(opening) as (window, stream):
        window.type("XFOO bar")
        window.shows(r"AUTHORIZATION> XFOO bar *$")
        window.press("Enter")
        assert stream.readline() == b"XFOO bar\r\n"
        stream.write(b"-ERR unknown XFOO bar\r\n")
        window.shows(r"C: XFOO bar\nS: -ERR unknown XFOO bar\n(?s:.*)AUTHORIZATION> *$")
        window.enter("USER bob")
        assert stream.readline() == b"USER bob\r\n"
        stream.write(b"+OK\r\n")
        window.shows(r"USER_GIVEN> *$")
        window.type("vvhunter2")
        window.shows(r"USER_GIVEN> █{8} *$")
        window.press("Enter")
        assert stream.readline() == b"vvhunter2\r\n"
        stream.write(b"-ERR unknown vvhunter2\r\n")
        window.shows(r"C: █{8}\n(?s:.*)S: -ERR unknown █{8}\n(?s:.*)USER_GIVEN> *$")
        window.enter(":quit")
        window.shows("exit status 0")
    shown = until(lambda: (tmp_path / "stream").read_text(errors="replace") or None, "the stream")
    assert "vvh" not in shown


def test_what_is_typed_while_a_reply_is_awaited_is_not_echoed(
    opening: Opening, tmp_path: Path
) -> None:
    with greeted(opening) as (window, stream):
        window.enter("USER bob")
        assert stream.readline() == b"USER bob\r\n"
        window.enter("PASS tanstaaf-Hunter2")
        window.enter(":quit")
        stream.write(b"+OK\r\n")
        assert stream.readline() == b"PASS tanstaaf-Hunter2\r\n"
        stream.write(b"+OK\r\n")
        window.shows("exit status 0")
    shown = until(lambda: (tmp_path / "stream").read_text(errors="replace") or None, "the stream")
    assert "tanstaaf" not in shown


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_the_terminal_is_left_as_it_was(dovecot: MailServer, opening: Opening, loop: str) -> None:
    window = opening(f"localhost:{dovecot.address.port}", "--loop", loop)
    window.shows(r"AUTHORIZATION> *$")
    window.press("C-d")
    window.shows("exit status 0")
    window.type("echoed again")
    window.shows("echoed again")
