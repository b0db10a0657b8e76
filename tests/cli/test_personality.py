"""``pop3spy serve --personality``: as which server it speaks, on every kind of port."""

import base64
import json
import socket
import ssl
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from poplib import error_proto
from typing import BinaryIO

import pytest

from cli.program import client, in_tls, run, running, serving
from net.shop import Shop, opened
from pop3spy.cli.main import main
from pop3spy.config.shipped import shipped

ROOT = Path(__file__).parent.parent.parent
SHIPPED = [*shipped()]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return opened(tmp_path_factory.mktemp("personality"))


def test_the_big_three_come_with_pop3spy() -> None:
    """What is in the package is in the wheel: it packs the folder with all that is in it."""
    assert SHIPPED == ["dovecot", "exchange", "gmail"]
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert built["targets"]["wheel"]["packages"] == ["pop3spy"]
    assert (ROOT / "pop3spy/config/personalities/gmail.yaml").exists()


WELCOMES = {
    "dovecot": (b"+OK Dovecot (Debian) ready.", b"-ERR [AUTH] Authentication failed."),
    "exchange": (
        b"+OK The Microsoft Exchange POP3 service is ready.",
        b"-ERR Logon failure: unknown user name or bad password.",
    ),
    "gmail": (
        b"+OK Gpop ready for requests from 127.0.0.1",
        b"-ERR [AUTH] Username and password not accepted.",
    ),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_client_meets_a_providers_server_on_localhost(name: str) -> None:
    greeting, refused = WELCOMES[name]
    with serving("--personality", name) as port:
        pop = client(port)
        assert pop.getwelcome().startswith(greeting)
        pop.user("demo")
        with pytest.raises(error_proto) as raised:
            pop.pass_("wrong")
        assert raised.value.args == (refused,)
        pop.user("demo")
        pop.pass_("demo")
        count, octets = pop.stat()
        assert len(pop.list()[1]) == len(pop.uidl()[1]) == count == 5
        assert sum(len(b"\r\n".join(pop.retr(n + 1)[1])) + 2 for n in range(count)) == octets
        assert len(pop.top(1, 0)[1]) < len(pop.retr(1)[1])
        pop.dele(1)
        pop.rset()
        pop.noop()
        pop.quit()


def welcome(*args: str) -> bytes:
    """Return the greeting of ``pop3spy serve`` with these options."""
    with serving(*args) as port:
        pop = client(port)
        pop.quit()
        return pop.getwelcome()


def test_without_one_it_is_pop3spy() -> None:
    assert welcome().startswith(b"+OK pop3spy post office ready <")


Talk = Callable[[str], list[str]]


@contextmanager
def talking(connection: socket.socket) -> Iterator[Talk]:
    """Give what says a line and returns its reply, line by line; CAPA has a listing."""
    with connection.makefile("rb") as lines:
        assert heard(lines).startswith("+OK")

        def say(line: str) -> list[str]:
            connection.sendall(line.encode() + b"\r\n")
            reply = [heard(lines)]
            while line == "CAPA" and reply[-1] != ".":
                reply.append(heard(lines))
            return reply

        yield say


def heard(lines: BinaryIO) -> str:
    return lines.readline().decode().rstrip("\r\n")


EXCHANGE = ["+OK", "TOP", "UIDL", "SASL PLAIN XOAUTH2", "USER", "."]
DOVECOT = ["CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING", "AUTH-RESP-CODE"]


def test_inside_tls_other_capabilities_are_listed_and_stls_has_its_place(shop: Shop) -> None:
    pair = shop.kinds["proxy"]
    files = ("--cert", pair.chain, "--key", pair.key)
    listen = ("--listen", "pop3://:0", "--listen", "pop3s://:0", "--quiet")
    for name, grant, in_clear, inside in (
        (
            "exchange",
            "+OK Begin TLS negotiation.",
            ["+OK", *["TOP", "UIDL"], "SASL PLAIN", "USER", "STLS", "."],
            EXCHANGE,
        ),
        (
            "dovecot",
            "+OK Begin TLS negotiation now.",
            ["+OK", *DOVECOT, "STLS", "USER", "SASL PLAIN", "."],
            ["+OK", *DOVECOT, "USER", "SASL PLAIN", "."],
        ),
    ):
        with running("serve", *listen, *files, "--personality", name) as program:
            port = program.port()
            at_once = program.port("pop3s")
            with socket.create_connection(("127.0.0.1", port), 20) as plain:
                with talking(plain) as say:
                    assert say("CAPA") == in_clear
                    assert say("STLS") == [grant]
                context = ssl.create_default_context(cafile=shop.ca)
                with context.wrap_socket(plain, server_hostname="proxy.example") as tls:
                    tls.sendall(b"CAPA\r\n")
                    with tls.makefile("rb") as lines:
                        assert [heard(lines) for _ in inside] == inside
            with in_tls(at_once, shop.ca, "proxy.example") as tls, talking(tls) as say:
                assert say("CAPA") == inside


def test_where_the_personality_lists_no_stls_whoever_grants_it_does(shop: Shop) -> None:
    pair = shop.kinds["proxy"]
    files = ("--cert", pair.chain, "--key", pair.key)
    with (
        serving("--personality", "gmail", *files) as port,
        socket.create_connection(("127.0.0.1", port), 20) as plain,
        talking(plain) as say,
    ):
        assert say("CAPA")[-2:] == ["STLS", "."]


def test_a_token_in_one_line_ends_a_connection_to_exchange(shop: Shop) -> None:
    pair = shop.kinds["proxy"]
    listen = ("--listen", "pop3s://:0", "--cert", pair.chain, "--key", pair.key, "--quiet")
    long = base64.b64encode(b"user=demo\1auth=Bearer " + b"x" * 900 + b"\1\1").decode()
    right = base64.b64encode(b"user=demo\1auth=Bearer demo\1\1").decode()
    with running("serve", *listen, "--personality", "exchange") as program:
        port = program.port("pop3s")
        with in_tls(port, shop.ca, "proxy.example") as tls, talking(tls) as say:
            assert say(f"AUTH XOAUTH2 {long}") == ["-ERR Protocol error. Connection is closed. 10"]
            assert tls.recv(1) == b""
        with in_tls(port, shop.ca, "proxy.example") as tls, talking(tls) as say:
            assert say("AUTH XOAUTH2") == ["+ "]
            assert say(long) == ["-ERR Authentication failure: unknown user name or bad password."]
            assert say("AUTH XOAUTH2") == ["+ "]
            assert say(right) == ["+OK User successfully authenticated."]


def test_gmail_refuses_a_token_in_two_steps_and_nothing_shows_it(tmp_path: Path) -> None:
    users = tmp_path / "users.yaml"
    users.write_text("bob: ya29.Sesame\n")
    users.chmod(0o600)
    wrong = base64.b64encode(b"user=bob\1auth=Bearer ya29.Wrong\1\1").decode()
    right = base64.b64encode(b"user=bob\1auth=Bearer ya29.Sesame\1\1").decode()
    options = ("--personality", "gmail", "--users", users, "--log-format", "json")
    record = ("--record", tmp_path / "session.yaml")
    with running(
        "serve", "--listen", ":0", *options, "--log", tmp_path / "log", *record
    ) as program:
        address = ("127.0.0.1", program.port())
        with socket.create_connection(address, 20) as plain, talking(plain) as say:
            asked = say(f"AUTH XOAUTH2 {wrong}")[0]
            said = json.loads(base64.b64decode(asked.removeprefix("+ ")))
            assert said["status"] == "400"
            assert say("") == ["-ERR [AUTH] Invalid credentials."]
            assert say(f"AUTH XOAUTH2 {right}") == ["+OK Welcome."]
            assert say("QUIT") == ["+OK Farewell."]
        ended = program.stopped()
    kept = (tmp_path / "log").read_text() + (tmp_path / "session.yaml").read_text()
    told = ended.out + ended.err + kept
    assert "Farewell" in told
    for secret in ("ya29", wrong, right):
        assert secret not in told


def test_connect_can_be_tried_at_a_personality(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("CAPA\nQUIT\n")
    with serving("--personality", "gmail") as port:
        told = run("connect", f"pop3://127.0.0.1:{port}", "--script", str(script))
    assert told.status == 0
    assert "Capability list follows" in told.out
    assert "Farewell." in told.out


def test_a_personality_of_ones_own_is_found_from_the_folder_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "mine.yaml").write_text("replies: {greeting: mine}\n")
    (folder / "pop3spy.yaml").write_text("personality: mine.yaml\n")
    (folder / "gmail.yaml").write_text("personality: gmail\n")
    monkeypatch.chdir(tmp_path)
    assert welcome("--config", "etc/pop3spy.yaml") == b"+OK mine"
    assert welcome("--config", "etc/gmail.yaml").startswith(b"+OK Gpop")
    assert welcome("--personality", "etc/mine.yaml") == b"+OK mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gmial", "'gmial' is no file, nor dovecot, exchange or gmail; did you mean gmail?"),
        ("notes", "'notes' is no file, nor dovecot, exchange or gmail\n"),
    ],
)
def test_a_name_that_is_none_is_told_with_those_there_are(
    name: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--personality", name]) == 2
    err = capfd.readouterr().err
    assert err.startswith(f"pop3spy: --personality: {said}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("replies:\n  user: 'x'\n  usr: y\n", ":3: there is no reply 'usr'; did you mean user?\n"),
        (
            'replies:\n  user: "a\\r\\n+OK b"\n',
            ":2: user: this must be one line of printable ASCII\n",
        ),
        (
            "capabilities:\n  TLS: [TOP,\n    SASL NTLM]\n",
            ":3: TLS: NTLM cannot be served; there is",
        ),
        ("a: 1\na: 2\n", ":2: this key has stood before\n"),
        ("replies: {user: *x}\n", ":1: what begins with * must stand in quotes\n"),
        ("replies: {user: [\n", ":2: "),
    ],
)
def test_a_wrong_file_is_told_in_one_line_that_names_its_line(
    text: str, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert main(["serve", "--personality", str(file)]) == 2
    err = capfd.readouterr().err
    assert err.startswith(f"pop3spy: {file}{said}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pop3spy serve --personality ", ["plain,dovecot", "plain,exchange", "plain,gmail"]),
        ("pop3spy serve --personality g", ["plain,gmail"]),
        ("pop3spy serve --personality ./g", ["file,./g"]),
    ],
)
def test_a_shell_completes_names_and_files(typed: str, offered: list[str]) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    status, out, _ = run(_POP3SPY_COMPLETE="bash_complete", **words)
    assert (status, out.splitlines()) == (0, offered)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_recorded_client_plays_against_it_with_no_difference(name: str, tmp_path: Path) -> None:
    record = tmp_path / "session.yaml"
    options = ("--personality", name, "--record", record, "--quiet")
    with running("serve", "--listen", ":0", *options) as program:
        pop = client(program.port())
        pop.capa()
        pop.user("demo")
        pop.pass_("demo")
        pop.stat()
        pop.list()
        pop.uidl()
        pop.retr(1)
        pop.top(2, 0)
        with pytest.raises(error_proto):
            pop.retr(99)
        pop.noop()
        pop.quit()
        assert program.stopped().status == 0
    with serving("--personality", name) as port:
        to = ("--to", f"pop3://127.0.0.1:{port}", "--password-env", "PASSWORD_OF_DEMO")
        played = run("replay", "client", str(record), *to, PASSWORD_OF_DEMO="demo")
    assert played.status == 0, played.out + played.err
