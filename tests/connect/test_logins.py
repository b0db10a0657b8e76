"""Logging in: what is chosen, what is said, and what is refused."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence

import pytest

from connect.by_hand import PASSWORD, Shown, to_responder
from net.responders import Scripted, body
from pop3spy.connect import clear_text
from pop3spy.protocol.commands import Command
from pop3spy.protocol.url import is_loopback
from pop3spy.session.responder import Answer

OK = Answer(b"+OK")
GREETING = b"+OK ready <7.1@post.example>"


def ask(text: bytes) -> Answer:
    return Answer(b"+ " + base64.b64encode(text), asks=True)


class Judge(Scripted):
    """A server with these capabilities that plays a SASL exchange, and remembers what it heard."""

    def __init__(
        self, *capabilities: str, asks: Sequence[Answer] = (), greeting: bytes = GREETING
    ) -> None:
        lines = [f"{line}\r\n".encode() for line in capabilities]
        super().__init__({"CAPA": body(lines), "USER": OK, "PASS": OK, "APOP": OK}, greeting)
        self._script = list(asks)
        self._asks: Iterator[Answer] = iter(())
        self.messages: list[bytes] = []

    def answer(self, command: Command) -> Answer:
        if command.verb == "AUTH":
            self.asked.append(b" ".join((b"AUTH", *command.args)))
            self._asks = iter(self._script)
            self.messages = [base64.b64decode(word) for word in command.args[1:]]
            return next(self._asks, Answer(b"+OK logged in"))
        return super().answer(command)

    def answer_sasl(self, line: bytes) -> Answer:
        self.asked.append(line)
        if line == b"*":
            return Answer(b"-ERR cancelled")
        self.messages.append(base64.b64decode(line))
        return next(self._asks, Answer(b"+OK logged in"))


async def login(judge: Judge, *lines: str) -> Shown:
    return await to_responder(lambda: judge, *lines)


CHOICES = [
    (["SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256", "USER"], GREETING, "SCRAM-SHA-256"),
    (["SASL PLAIN LOGIN CRAM-MD5", "USER"], GREETING, "CRAM-MD5"),
    (["SASL PLAIN LOGIN", "USER"], GREETING, "APOP"),
    (["SASL PLAIN LOGIN", "USER"], b"+OK", "PLAIN"),
    (["SASL LOGIN", "USER"], b"+OK", "LOGIN"),
    (["USER"], b"+OK", "USER and PASS"),
    ([], b"+OK", "USER and PASS"),
    (["SASL XOAUTH2 GSSAPI"], b"+OK", "XOAUTH2"),
]


@pytest.mark.parametrize(("capabilities", "greeting", "way"), CHOICES)
async def test_the_best_way_that_is_offered_is_chosen(
    capabilities: list[str], greeting: bytes, way: str
) -> None:
    shown = await login(Judge(*capabilities, greeting=greeting), ":login bob", "secret-word")
    assert f" · logging in with {way}" in shown.rows


async def test_what_is_not_offered_is_told_with_what_to_do() -> None:
    shown = await login(Judge("SASL GSSAPI", "STLS", greeting=b"+OK"), ":login bob")
    assert (
        " ? the server offers no login that pop3spy can compute; it offers STLS: say :stls first"
        in shown.rows
    )


def proof(challenge: bytes) -> bytes:
    return hmac.digest(PASSWORD.encode(), challenge, "md5").hex().encode()


MECHANISMS = [
    pytest.param("PLAIN", [ask(b"")], [b"\0bob\0" + PASSWORD.encode()], id="PLAIN"),
    pytest.param("LOGIN", [ask(b"User:"), ask(b"Pass:")], [b"bob", PASSWORD.encode()], id="LOGIN"),
    pytest.param("CRAM-MD5", [ask(b"<1@x>")], [b"bob " + proof(b"<1@x>")], id="CRAM-MD5"),
    pytest.param(
        "XOAUTH2",
        [ask(b"")],
        [b"user=bob\1auth=Bearer " + PASSWORD.encode() + b"\1\1"],
        id="XOAUTH2",
    ),
    pytest.param(
        "OAUTHBEARER",
        [ask(b"")],
        [b"n,a=bob,\1auth=Bearer " + PASSWORD.encode() + b"\1\1"],
        id="OAUTHBEARER",
    ),
]


@pytest.mark.parametrize(("mechanism", "asks", "messages"), MECHANISMS)
async def test_a_mechanism_says_what_its_standard_says(
    mechanism: str, asks: list[Answer], messages: list[bytes]
) -> None:
    """Without a word from CAPA there is no initial response (RFC 5034, section 4)."""
    judge = Judge(asks=asks)
    shown = await login(judge, f":auth {mechanism.lower()} bob", PASSWORD)
    assert judge.asked[0] == f"AUTH {mechanism}".encode()
    assert judge.messages == messages
    assert "S: +OK logged in" in shown.rows
    assert PASSWORD not in shown.text
    assert base64.b64encode(messages[-1]).decode() not in shown.text
    assert shown.remembered == [] or PASSWORD not in shown.remembered[0]


async def test_an_announced_mechanism_is_given_its_first_message_at_once() -> None:
    judge = Judge("SASL PLAIN")
    await login(judge, "CAPA", ":auth PLAIN bob", PASSWORD)
    assert judge.asked[-1] == b"AUTH PLAIN " + base64.b64encode(b"\0bob\0" + PASSWORD.encode())


async def test_a_first_message_that_would_make_the_line_too_long_waits_to_be_asked_for() -> None:
    judge = Judge("SASL PLAIN", asks=[ask(b"")])
    await login(judge, "CAPA", ":auth PLAIN bob", "x" * 300)
    assert b"AUTH PLAIN" in judge.asked
    assert judge.messages == [b"\0bob\0" + b"x" * 300]


async def test_a_refused_token_is_acknowledged_so_that_the_server_can_say_no() -> None:
    """RFC 7628, section 3.2.3: the error comes as a challenge."""
    judge = Judge(asks=[ask(b""), ask(b'{"status":"401"}'), Answer(b"-ERR [AUTH] no")])
    shown = await login(judge, ":auth OAUTHBEARER bob", PASSWORD)
    assert judge.messages[1:] == [b"\1"]
    assert "S: -ERR [AUTH] no" in shown.rows


async def test_a_server_that_never_stops_asking_is_cancelled() -> None:
    judge = Judge(asks=[ask(b"more")] * 50)
    await login(judge, ":auth PLAIN bob", PASSWORD)
    assert judge.asked[-1] == b"*"
    assert len(judge.asked) < 10


class Scram(Judge):
    """A server that knows a password, or only pretends to."""

    def __init__(self, password: str, *, silent: bool = False) -> None:
        super().__init__("SASL SCRAM-SHA-256")
        self._salted = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 4096)
        self._silent = silent
        self._said: list[bytes] = []

    def answer(self, command: Command) -> Answer:
        reply = super().answer(command)
        if command.verb == "AUTH":
            self._said = [self.messages[0].removeprefix(b"n,,")]
            nonce = self._said[0].partition(b"r=")[2]
            self._said.append(b"r=%sxyz,s=%s,i=4096" % (nonce, base64.b64encode(b"salt")))
            return ask(self._said[1])
        return reply

    def answer_sasl(self, line: bytes) -> Answer:
        if line in (b"*", b""):
            self.asked.append(line)
            return Answer(b"-ERR cancelled" if line else b"+OK logged in")
        self._said.append(base64.b64decode(line).partition(b",p=")[0])
        if self._silent:
            return Answer(b"+OK logged in")
        key = hmac.digest(self._salted, b"Server Key", "sha256")
        signature = hmac.digest(key, b",".join(self._said), "sha256")
        return ask(b"v=" + base64.b64encode(signature))


async def test_scram_proves_both_sides_to_each_other() -> None:
    judge = Scram(PASSWORD)
    shown = await login(judge, "CAPA", ":auth SCRAM-SHA-256 bob", PASSWORD)
    assert " · the server has proven that it knows the password, too" in shown.rows
    assert judge.asked[-1] == b""
    assert PASSWORD not in shown.text


async def test_an_impostor_in_scram_is_found_out_and_left() -> None:
    judge = Scram("another")
    shown = await login(judge, "CAPA", ":auth SCRAM-SHA-256 bob", PASSWORD)
    assert judge.asked[-1] == b"*"
    assert [row for row in shown.rows if "so it is an impostor" in row]
    assert "S: +OK logged in" not in shown.rows


async def test_a_scram_server_that_proves_nothing_is_told_of() -> None:
    shown = await login(Scram(PASSWORD, silent=True), "CAPA", ":auth SCRAM-SHA-256 bob", PASSWORD)
    assert " ? logged in, but the server has not proven who it is (RFC 5802)" in shown.rows


@pytest.mark.parametrize("way", ["login", "auth PLAIN", "auth LOGIN", "auth XOAUTH2"])
async def test_a_password_goes_in_clear_to_another_machine_only_if_asked_for_twice(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clear_text, "is_loopback", lambda _: False)
    judge = Judge("SASL PLAIN", greeting=b"+OK")
    shown = await login(judge, f":{way} bob", f":{way} bob", PASSWORD)
    refusals = [row for row in shown.rows if "would go over the network in clear text" in row]
    assert len(refusals) == 1
    assert [line for line in judge.asked if line.startswith((b"AUTH", b"USER"))]


WARNING = " ? this goes over the network in clear text; :stls begins TLS"


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        (["USER bob", f"PASS {PASSWORD}", f"PASS {PASSWORD}"], "C: PASS ████████"),
        (["USER bob", "PASS", PASSWORD], "C: PASS ████████"),
        (["pass x"], "C: pass ████████"),
        (["auth plain AGJvYgB4"], "C: auth plain ████████"),
        ([":pipeline", "PASS x", ":go"], " · 1 waiting for :go"),
        (["USER bob", "AUTH CRAM-MD5 x", "AUTH", "APOP bob 0123456789abcdef"], None),
    ],
)
async def test_who_types_a_secret_in_clear_to_another_machine_is_warned_once_before_it_goes(
    lines: list[str], warned: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await login(Judge(), *lines)
    assert WARNING not in here.rows
    monkeypatch.setattr(clear_text, "is_loopback", lambda _: False)
    shown = await login(Judge(), *lines)
    assert shown.rows.count(WARNING) == (warned is not None)
    if warned:
        assert shown.behind(WARNING)[0] == warned
    again = await to_responder(Judge, *lines, ":reconnect", *lines)
    assert again.rows.count(WARNING) == 2 * (warned is not None)


async def test_what_shows_no_password_goes_to_another_machine_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clear_text, "is_loopback", lambda _: False)
    judge = Judge("SASL CRAM-MD5", asks=[ask(b"<1@x>")])
    await login(judge, ":login bob", PASSWORD)
    assert judge.messages


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("", False),
        ("fe80::1%lo", False),
    ],
)
def test_this_machine_is_told_by_its_address(address: str, here: bool) -> None:  # noqa: FBT001 - a table
    assert is_loopback(address) is here


@pytest.mark.parametrize("secret", ["a\rDELE 1", "a\nDELE 1", "a\0b"])
@pytest.mark.parametrize("way", ["login", "auth PLAIN", "apop"])
async def test_a_line_end_in_a_name_or_password_is_never_sent(secret: str, way: str) -> None:
    judge = Judge(greeting=GREETING if way == "apop" else b"+OK")
    user = secret if way == "apop" else "bob"
    shown = await login(judge, f":{way}", user, secret)
    assert " ? a name or password with a line end or NUL in it is not sent" in shown.rows
    assert not [line for line in judge.asked if b"DELE" in line or line.startswith(b"APOP")]


async def test_apop_needs_a_timestamp_and_says_so() -> None:
    shown = await login(Judge(greeting=b"+OK"), ":apop bob", PASSWORD)
    assert (
        " ? the greeting has no timestamp, so there is no APOP (RFC 1939, section 7)" in shown.rows
    )


async def test_apop_says_the_digest_of_the_standard() -> None:
    judge = Judge(greeting=b"+OK <1896.697170952@dbc.mtview.ca.us>")
    await login(judge, ":apop mrose", "tanstaaf")
    assert judge.asked == [b"APOP mrose c4c9334bac560ecc979e58001b3e22fb"]


async def test_a_login_is_refused_where_there_was_one() -> None:
    shown = await login(Judge("USER"), "USER bob", "PASS x", ":login bob")
    assert " ? a login is for AUTHORIZATION, and the session is behind that" in shown.rows


async def test_a_login_that_worked_may_be_remembered_and_one_that_did_not_may_not() -> None:
    shown = await login(Judge("SASL PLAIN", greeting=b"+OK"), ":login bob", PASSWORD)
    assert shown.remembered == [":login bob"]
    judge = Judge("SASL PLAIN", greeting=b"+OK", asks=[Answer(b"-ERR no")])
    shown = await login(judge, f":login {PASSWORD}", "x", f":login bob {PASSWORD}")
    assert shown.remembered == []
    assert f":login {PASSWORD}" not in shown.text
