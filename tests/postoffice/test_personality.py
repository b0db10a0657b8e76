"""The post office in other words: what a personality changes, and what none can."""

import base64
import hashlib
import io
import json
import re
import string
from contextlib import suppress
from poplib import POP3, error_proto
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.errors import ConfigError
from pop3spy.plainyaml import load_located_yaml
from pop3spy.postoffice import StoredMessage
from pop3spy.postoffice.personality import PLACEHOLDER, Personality
from pop3spy.postoffice.personality_file import personality_from
from pop3spy.postoffice.phrases import BY_KEY, Phrase
from pop3spy.protocol.capabilities import parse_capabilities
from pop3spy.protocol.commands import parse_command
from pop3spy.session.responder import Responder
from postoffice.speaking import FIRST, SECOND, Client, office, wire


def personality(text: str) -> Personality:
    return personality_from(load_located_yaml(text, deepest=32), "mine.yaml")


def client_of(text: str, *messages: bytes) -> Client:
    return Client(office(*(messages or (FIRST, SECOND)), personality=personality(text)).session())


def token(message: bytes) -> bytes:
    return base64.b64encode(message)


# How each phrase comes to be said: what is said before, and what is answered with it.
REACHED: dict[Phrase, list[bytes]] = {
    Phrase.USER: [b"USER demo"],
    Phrase.PASS: [b"USER demo", b"PASS demo"],
    Phrase.AUTH: [b"AUTH PLAIN " + token(b"\0demo\0demo")],
    Phrase.MECHANISMS: [b"AUTH"],
    Phrase.CAPA: [b"CAPA"],
    Phrase.STAT: [b"(login)", b"STAT"],
    Phrase.LIST: [b"(login)", b"LIST"],
    Phrase.LIST_ONE: [b"(login)", b"LIST 1"],
    Phrase.UIDL: [b"(login)", b"UIDL"],
    Phrase.UIDL_ONE: [b"(login)", b"UIDL 1"],
    Phrase.RETR: [b"(login)", b"RETR 1"],
    Phrase.TOP: [b"(login)", b"TOP 1 0"],
    Phrase.DELE: [b"(login)", b"DELE 1"],
    Phrase.RSET: [b"(login)", b"RSET"],
    Phrase.NOOP: [b"(login)", b"NOOP"],
    Phrase.QUIT: [b"(login)", b"QUIT"],
    Phrase.QUIT_EARLY: [b"QUIT"],
    Phrase.UNKNOWN_COMMAND: [b"XYZZY"],
    Phrase.NOT_AVAILABLE: [b"(login)", b"LAST"],
    Phrase.NOT_AVAILABLE_EARLY: [b"LAST"],
    Phrase.TLS_ACTIVE: [b"(tls)", b"STLS"],
    Phrase.LOGGED_IN: [b"(login)", b"USER demo"],
    Phrase.USER_FIRST: [b"PASS demo"],
    Phrase.BEFORE_PASS: [b"USER demo", b"AUTH"],
    Phrase.LOGIN_FIRST: [b"STAT"],
    Phrase.OVER: [b"(login)", b"QUIT", b"STAT"],
    Phrase.TOO_LONG: [b"x" * 200],
    Phrase.TOO_FEW: [b"USER"],
    Phrase.TOO_MANY: [b"USER a b"],
    Phrase.NO_NUMBER: [b"(login)", b"RETR x"],
    Phrase.NO_LINES: [b"(login)", b"TOP 1 x"],
    Phrase.NO_MESSAGE: [b"(login)", b"RETR 9"],
    Phrase.DELETED: [b"(login)", b"DELE 1", b"RETR 1"],
    Phrase.REFUSED: [b"USER demo", b"PASS wrong"],
    Phrase.TOKEN_REFUSED: [b"AUTH XOAUTH2 " + token(b"user=demo\1auth=Bearer no\1\1")],
    Phrase.LAST_REFUSED: [b"USER demo", b"PASS wrong"] * 5,
    Phrase.OTHER_IDENTITY: [b"AUTH PLAIN " + token(b"root\0demo\0demo")],
    Phrase.NO_MECHANISM: [b"AUTH NTLM"],
    Phrase.NO_BASE64: [b"AUTH PLAIN ?"],
    Phrase.NO_RESPONSE: [b"AUTH XOAUTH2 " + token(b"demo")],
    Phrase.CANCELLED: [b"AUTH PLAIN", b"*"],
    Phrase.IN_USE: [b"(somebody)", b"USER demo", b"PASS demo"],
}
ELSEWHERE = {
    Phrase.GREETING: "test_the_greeting_offers_apop_where_it_has_a_timestamp",
    Phrase.APOP: "test_the_greeting_offers_apop_where_it_has_a_timestamp",
    Phrase.STLS: "tests/cli/test_personality.py",
    Phrase.UNREADABLE: "test_what_fails_in_a_maildrop_is_told_in_the_words_of_the_personality",
    Phrase.NOT_OPENED: "test_what_fails_in_a_maildrop_is_told_in_the_words_of_the_personality",
    Phrase.NOT_REMOVED: "test_what_fails_in_a_maildrop_is_told_in_the_words_of_the_personality",
    Phrase.NO_AUTH: "only a host that asks without a challenge hears it",
    Phrase.NOT_OPEN: "only a state without a maildrop hears it",
}
OFFERS = "capabilities: {AUTHORIZATION: [USER, SASL PLAIN XOAUTH2]}\nlongest-command: 150\n"


def test_every_phrase_is_tried() -> None:
    assert {*REACHED, *ELSEWHERE} == {*Phrase}


def spoken(phrase: Phrase, text: str) -> bytes:
    """Return the status line in which *phrase* is said, by a personality whose YAML is *text*."""
    post_office = office(FIRST, SECOND, personality=personality(text))
    client = Client(post_office.session())
    said = b""
    for line in REACHED[phrase]:
        match line:
            case b"(login)":
                client.login()
            case b"(tls)":
                client.responder.secured()
            case b"(somebody)":
                Client(post_office.session()).login()
            case _ if client.closed:
                said = wire(client.responder.answer(parse_command(line)))
            case _:
                said = client.send(line)
    return said.partition(b"\r\n")[0]


@pytest.mark.parametrize("phrase", REACHED, ids=lambda phrase: phrase.key)
def test_every_reply_can_have_other_words(phrase: Phrase) -> None:
    row = phrase.value
    words = " ".join([row.begins, "[SYS/PERM] other words:", *(f"{{{f}}}" for f in row.facts)])
    own = spoken(phrase, OFFERS)
    other = spoken(phrase, OFFERS + f"replies: {{{phrase.key}: '{words.strip()}'}}")

    assert own.startswith(b"+OK" if row.ok else b"-ERR")
    assert other.split()[0] == own.split()[0]
    assert b"[SYS/PERM] other words:" in other
    assert not PLACEHOLDER.search(other.decode())
    if not row.begins:
        assert spoken(phrase, OFFERS + f"replies: {{{phrase.key}: }}") == own.split()[0]


def test_texts_name_facts() -> None:
    client = client_of(
        "replies:\n"
        "  pass: '{count} of {octets}, {messages}, {size}'\n"
        "  dele: '{number} {octets} {uid}'\n"
        "  no-message: '{number}? {count}'\n"
        "  too-few: '{command}; {usage}'\n"
        "  quit: '{left} of {messages}'\n"
    )
    client.send(b"USER demo")
    assert client.send(b"PASS demo") == b"+OK 2 of 153, 2 messages, 153 octets\r\n"
    assert client.send(b"DELE 2") == b"+OK 2 118 id-2\r\n"
    assert client.send(b"RETR 7") == b"-ERR 7? 2\r\n"
    assert client.send(b"TOP 1") == b"-ERR TOP; TOP message lines\r\n"
    assert client.send(b"QUIT") == b"+OK 1 message left of 1 message\r\n"


def test_braces_that_name_nothing_stand_for_themselves() -> None:
    assert client_of("replies: {user: '{} { } {\"a\":1}'}").send(b"USER x") == (
        b'+OK {} { } {"a":1}\r\n'
    )


def test_the_greeting_offers_apop_where_it_has_a_timestamp() -> None:
    text = "replies: {{greeting: '{}', apop: 'hello, {{messages}}'}}"
    client = client_of(text.format("{host} {session} {timestamp} hello"))
    assert client.greeting == b"+OK post.example 7.1000 <7.1000@post.example> hello\r\n"
    digest = hashlib.md5(b"<7.1000@post.example>demo").hexdigest().encode()
    assert client.send(b"APOP demo " + digest) == b"+OK hello, 2 messages\r\n"
    client.vanish()

    client = client_of(text.format("hello"))
    assert client.greeting == b"+OK hello\r\n"
    assert client.send(b"APOP demo " + digest) == b"-ERR APOP is not available here\r\n"


class Broken:
    """A maildrop that can do nothing but what it is told."""

    def __init__(self, fails: str) -> None:
        self.fails = fails

    def lock(self) -> None:
        if self.fails == "lock":
            raise PermissionError(13, "no")

    def unlock(self) -> None:
        pass

    def messages(self) -> list[Any]:
        def stored() -> Any:
            raise TimeoutError(110, "no")

        return [StoredMessage(b"id", 3, stored)]

    def remove(self, _: Any) -> None:
        raise TimeoutError(110, "no")


def test_what_fails_in_a_maildrop_is_told_in_the_words_of_the_personality() -> None:
    words = personality(
        "replies: {not-opened: 'A {code}', not-removed: 'B {code}', unreadable: 'C {number}'}"
    )

    def client(fails: str) -> Client:
        return Client(office(maildrops={"demo": Broken(fails)}, personality=words).session())

    refused = client("lock")
    refused.send(b"USER demo")
    assert refused.send(b"PASS demo") == b"-ERR A SYS/PERM\r\n"

    broken = client("later").login()
    assert broken.send(b"RETR 1") == b"-ERR C 1\r\n"
    broken.send(b"DELE 1")
    assert broken.send(b"QUIT") == b"-ERR B SYS/TEMP\r\n"
    assert broken.closed


LISTS = """
capabilities:
  AUTHORIZATION: [x-first, SASL PLAIN, EXPIRE 0, STLS, USER]
  TLS: [USER, SASL PLAIN XOAUTH2]
  TRANSACTION: [X-LAST]
"""


def listed(client: Client) -> list[str]:
    return [str(each) for each in parse_capabilities(client.body(b"CAPA").splitlines())]


def test_capabilities_are_listed_in_their_order_by_state_and_inside_tls() -> None:
    client = client_of(LISTS)
    before = ["X-FIRST", "SASL PLAIN", "EXPIRE 0", "STLS", "USER"]
    assert listed(client) == before
    assert client.body(b"AUTH") == b"PLAIN\r\n"

    client.responder.secured()
    assert listed(client) == ["USER", "SASL PLAIN XOAUTH2"]
    assert client.body(b"AUTH") == b"PLAIN\r\nXOAUTH2\r\n"
    assert listed(client.login()) == ["X-LAST"]


def test_where_there_is_no_tls_nothing_promises_it() -> None:
    chosen = personality(LISTS).without_stls
    client = Client(office(FIRST, personality=chosen).session())
    assert listed(client) == ["X-FIRST", "SASL PLAIN", "EXPIRE 0", "USER"]


def test_a_list_that_is_left_out_is_the_first_one_without_stls() -> None:
    client = client_of("capabilities: {AUTHORIZATION: [STLS, TOP, USER]}")
    assert listed(client) == ["STLS", "TOP", "USER"]
    odd = personality("capabilities: {AUTHORIZATION: [stls now, TOP]}")
    assert odd.lists_stls
    assert [each.tag for each in (*odd.tls, *odd.logged_in)] == ["TOP", "TOP"]
    assert not odd.without_stls.lists_stls
    client.responder.secured()
    assert listed(client) == ["TOP", "USER"]
    assert listed(client.login()) == ["TOP", "USER"]


@pytest.mark.parametrize("name", ["TOP", "UIDL", "APOP", "AUTH", "CAPA", "NOOP", "USER"])
def test_a_missing_command_is_refused_and_not_listed(name: str) -> None:
    client = client_of(f"missing: [{name}]")
    refused = f"-ERR {name} is not available here\r\n".encode()
    assert client.send(name.encode()) == refused
    if name != "CAPA":
        assert {name, "SASL PLAIN" if name == "AUTH" else name} & {*listed(client)} == set()
    assert name not in personality("").missing


def test_a_reply_can_close_the_connection() -> None:
    client = client_of("closes: [refused, stat]")
    client.send(b"USER demo")
    assert client.send(b"PASS wrong").startswith(b"-ERR [AUTH]")
    assert client.closed

    client = client_of("closes: [refused, stat]").login()
    assert client.send(b"STAT") == b"+OK 2 153\r\n"
    assert client.closed


@pytest.mark.parametrize("octets", [38, 39, 40, 41, 42])
def test_a_command_can_be_too_long(octets: int) -> None:
    """The limit is that of the line without its end; what answers a challenge may be longer."""
    client = client_of("longest-command: 40\nreplies: {too-long: 'Protocol error. 10'}")
    for begins in (b"USER ", b"x", b"XTND XLST ", b"AUTH PLAIN "):
        line = begins.ljust(octets, b"x")
        assert (client.send(line) == b"-ERR Protocol error. 10\r\n") is (octets > 40)
    assert client.send(b"AUTH PLAIN") == b"+ \r\n"
    assert client.send(token(b"\0demo\0" + b"x" * 99)).startswith(b"-ERR [AUTH]")
    client.login()


BEARER = {
    b"XOAUTH2": b"user=%b\1auth=Bearer %b\1\1",
    b"OAUTHBEARER": b"n,a=%b,\1host=localhost\1auth=Bearer %b\1\1",
}
TOKENS = "capabilities: {AUTHORIZATION: [SASL PLAIN XOAUTH2 OAUTHBEARER]}\n"


@pytest.mark.parametrize("name", BEARER)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_password_is_the_token_that_is_taken(name: bytes, *, at_once: bool) -> None:
    client = client_of(TOKENS)
    right = token(BEARER[name] % (b"demo", b"demo"))
    if not at_once:
        assert client.send(b"AUTH " + name) == b"+ \r\n"
    assert client.send(b"AUTH %b %b" % (name, right) if at_once else right).startswith(b"+OK")
    assert client.send(b"STAT") == b"+OK 2 153\r\n"


@pytest.mark.parametrize("name", BEARER)
@pytest.mark.parametrize("who", [(b"demo", b"no"), (b"nobody", b"demo")])
@pytest.mark.parametrize("answer", [b"", b"AQ==", b"QUIT"])
def test_a_token_is_refused_in_two_steps_where_the_provider_does(
    name: bytes, who: tuple[bytes, bytes], answer: bytes
) -> None:
    client = client_of(TOKENS + 'token-error: \'{"status":"400"}\'')
    wrong = token(BEARER[name] % who)
    asked = client.send(b"AUTH %b %b" % (name, wrong))
    assert asked == b"+ " + token(b'{"status":"400"}') + b"\r\n"
    assert client.send(answer) == b"-ERR [AUTH] user name and token do not match\r\n"
    assert not client.asks
    assert client.send(b"STAT").startswith(b"-ERR")
    client.login()


def test_a_token_is_refused_at_once_without_that() -> None:
    client = client_of(TOKENS)
    wrong = token(BEARER[b"XOAUTH2"] % (b"demo", b"no"))
    assert client.send(b"AUTH XOAUTH2 " + wrong).startswith(b"-ERR [AUTH]")


@pytest.mark.parametrize("name", [b"XOAUTH2", b"LOGIN", b"PLAIN "])
def test_a_mechanism_that_is_not_listed_lets_nobody_in(name: bytes) -> None:
    client = client_of("capabilities: {AUTHORIZATION: [SASL OAUTHBEARER]}")
    refused = b"-ERR that mechanism is not available, only OAUTHBEARER is\r\n"
    assert client.send(b"AUTH " + name.strip()) == refused


WRONG = [
    pytest.param("- a", "1: this must be a mapping, with keys such as replies", id="a list"),
    pytest.param("a: b\n", "1: there is no key 'a'; there is capabilities, closes", id="a key"),
    pytest.param("\nreplys: {}\n", "2: there is no key 'replys'; did you mean replies?", id="near"),
    pytest.param("replies: x", "1: this must be a mapping, with keys such as greeting", id="text"),
    pytest.param("replies:\n  usr: x", "2: there is no reply 'usr'; did you mean user?", id="name"),
    pytest.param("replies:\n  user: [x]", "2: user: this must be text", id="a list for a text"),
    pytest.param("replies:\n  user: []", "2: user: this must be text", id="an empty list"),
    pytest.param("replies:\n  user: {}", "2: user: this must be text", id="an empty mapping"),
    pytest.param(
        'replies:\n  user: "a\\r\\n-ERR b"', "2: user: this must be one line of", id="a line end"
    ),
    pytest.param("replies:\n  user: |\n    a\n", "2: user: this must be one line", id="a block"),
    pytest.param(
        "replies:\n  user: grün", "2: user: this must be one line of printable", id="8 bit"
    ),
    pytest.param('replies:\n  user: "a\\0"', "2: user: this must be one line", id="NUL"),
    pytest.param(
        f"replies:\n  user: {'x' * 506}", "2: user: this has 506 octets, and 505", id="long"
    ),
    pytest.param(
        "replies:\n  user: 'x {count}'",
        "2: user: there is no {count} here; there is none",
        id="no fact",
    ),
    pytest.param(
        "replies:\n  dele: '{size}'",
        "2: dele: there is no {size} here; there is {number}, {octets}, {uid}",
        id="another fact",
    ),
    pytest.param(
        "replies:\n  stat: you have {count}",
        "2: stat: it must begin with {count} {octets}",
        id="a STAT that no client reads",
    ),
    pytest.param(
        "replies:\n  greeting: ready <1.2@host>",
        "2: greeting: what APOP needs is written {timestamp}",
        id="a false timestamp",
    ),
    pytest.param(
        "missing: APOP", "1: command: this must be a list, as in [TOP, UIDL]", id="no list"
    ),
    pytest.param("missing:\n- QUIT", "2: there is no command 'QUIT'", id="QUIT"),
    pytest.param("missing:\n- TPO", "2: there is no command 'TPO'; did you mean TOP?", id="TPO"),
    pytest.param(
        "closes: [refusd]", "1: there is no reply 'refusd'; did you mean refused?", id="close"
    ),
    pytest.param("longest-command: x", "1: longest-command: write a number from 40 to", id="limit"),
    pytest.param("longest-command: 39", "1: longest-command: write a number from 40 to", id="low"),
    pytest.param("longest-command: 65536", "1: longest-command: write a number", id="high"),
    pytest.param(f"token-error: {'x' * 381}", "1: token-error: this has 381 octets", id="an error"),
    pytest.param(
        "capabilities: {FIRST: [TOP]}", "1: there is no list of capabilities 'FIRST'", id="list"
    ),
    pytest.param(
        "capabilities:\n  AUTHORIZATION:\n  - TOP\n  - TOP x\n",
        "4: AUTHORIZATION: TOP has stood before",
        id="twice",
    ),
    pytest.param(
        "capabilities:\n  TLS: ['.']", "2: TLS: '.' is no capability; write TOP or UIDL", id="a dot"
    ),
    pytest.param("capabilities:\n  TLS: ['']", "2: TLS: '' is no capability", id="nothing"),
    pytest.param("capabilities: {TLS: [STLS]}", "1: TLS: STLS can only begin in", id="STLS twice"),
]
PROMISES = [
    ("UTF8", "UTF8 promises UTF8, which is not there"),
    ("LANG", "LANG promises LANG, which is not there"),
    ("XCLIENT", "XCLIENT promises XCLIENT, which is not there"),
    ("LAST", "LAST promises LAST, which is not there"),
    ("SASL PLAIN CRAM-MD5", "CRAM-MD5 cannot be served; there is PLAIN, XOAUTH2, OAUTHBEARER"),
    ("SASL plain", "plain cannot be served; there is PLAIN"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_wrong_in_a_file_is_one_line_that_names_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        personality(text)
    line = str(raised.value)
    assert line.startswith(f"mine.yaml:{said}")
    assert "\n" not in line


@pytest.mark.parametrize(("capability", "said"), PROMISES)
@pytest.mark.parametrize("name", ["AUTHORIZATION", "TLS", "TRANSACTION"])
def test_what_cannot_be_served_cannot_be_listed(capability: str, said: str, name: str) -> None:
    with pytest.raises(ConfigError, match=f"^mine.yaml:2: {name}: {re.escape(said)}"):
        personality(f"capabilities:\n  {name}: [TOP, {capability}]")


@pytest.mark.parametrize(
    ("more", "listed", "said"),
    [
        ("missing: [TOP]", "TOP", "TOP promises TOP, which is not there"),
        ("missing: [PASS]", "USER", "USER promises PASS, which is not there"),
        ("missing: [AUTH]", "SASL PLAIN", "SASL promises AUTH, which is not there"),
        (
            "replies: {refused: no}",
            "AUTH-RESP-CODE",
            "AUTH-RESP-CODE promises [AUTH], with which the",
        ),
        ("replies: {last-refused: no}", "AUTH-RESP-CODE", "AUTH-RESP-CODE promises [AUTH], with"),
        ("replies: {token-refused: no}", "AUTH-RESP-CODE", "AUTH-RESP-CODE promises [AUTH], with"),
    ],
)
def test_what_the_rest_of_a_file_denies_cannot_be_listed(more: str, listed: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"mine.yaml:1: TLS: {said}")):
        personality(f"capabilities: {{TLS: [{listed}]}}\n{more}")


def test_without_the_code_it_is_not_promised() -> None:
    client = client_of("replies: {refused: no}")
    assert "AUTH-RESP-CODE" not in listed(client)


@pytest.mark.parametrize("text", ["", "{}", "replies: {}", "# nothing\n"])
def test_a_file_that_says_nothing_is_pop3spys_own_personality(text: str) -> None:
    assert personality(text) == Personality()


# Whatever a personality says, a client knows where its replies end.

CHARACTERS = st.sampled_from(
    [*string.printable, "\0", "\x7f", "ü", "€", ".", "{count}", "{number}"]
)
TEXTS = st.lists(CHARACTERS, max_size=12).map("".join) | st.just("x" * 600)


class Pipe(io.RawIOBase):
    """What poplib reads: replies to what it sent."""

    def __init__(self, responder: Responder) -> None:
        self.client = Client(responder)
        self.said = io.BytesIO(self.client.greeting)

    def readline(self, size: int | None = -1, /) -> bytes:
        return self.said.readline(size)

    def sendall(self, data: bytes) -> None:
        assert not self.said.read(1), "more was said than poplib has read"
        self.said = io.BytesIO(self.client.send(data.removesuffix(b"\r\n")))


class Poplib(POP3):
    def __init__(self, responder: Responder) -> None:
        self._debugging = 0
        pipe = Pipe(responder)
        self.sock = pipe  # type: ignore[assignment]
        self.file = pipe  # type: ignore[assignment]
        self.welcome = self._getresp()  # type: ignore[attr-defined]


@given(st.dictionaries(st.sampled_from(sorted(BY_KEY)), TEXTS, max_size=len(BY_KEY)))
def test_any_text_that_is_taken_leaves_replies_framed(texts: dict[str, str]) -> None:
    taken = {}
    for key, text in texts.items():
        with suppress(ConfigError):
            personality(f"replies: {{{key}: {json.dumps(text)}}}")  # JSON is YAML
            taken[key] = text
    chosen = personality(json.dumps({"replies": taken}))
    pop = Poplib(office(FIRST, SECOND, personality=chosen).session())
    for line in ("XYZZY", "STAT", "USER", "PASS x", "RETR x"):
        with pytest.raises(error_proto):
            pop._shortcmd(line)  # type: ignore[attr-defined]
    pop.user("demo")
    with pytest.raises(error_proto):
        pop.pass_("wrong")
    assert {"UIDL", "TOP"} <= {*pop.capa()}
    pop.user("demo")
    pop.pass_("demo")
    assert pop.stat() == (2, 153)
    assert pop.list()[1] == [b"1 35", b"2 118"]
    assert pop.uidl()[1] == [b"1 id-1", b"2 id-2"]
    assert pop.uidl(2).split()[1:3] == [b"2", b"id-2"]
    assert pop.retr(1)[1] == [b"Subject: one", b"", b".", b"I sing of arms"]
    assert pop.top(1, 0)[1] == [b"Subject: one", b""]
    pop.dele(2)
    with pytest.raises(error_proto):
        pop.retr(2)
    pop.rset()
    pop.noop()
    assert pop._shortcmd("QUIT").startswith(b"+OK")  # type: ignore[attr-defined]


@pytest.mark.parametrize("phrase", Phrase, ids=lambda phrase: phrase.key)
def test_no_reply_is_longer_than_a_line_may_be(phrase: Phrase) -> None:
    facts = dict.fromkeys(phrase.value.facts, "y" * 400)
    longest = "".join(f"{{{fact}}}" for fact in phrase.value.facts) + "x" * 500
    answer = Personality({phrase: longest}).answer(phrase, facts)
    assert len(answer.line) == len(b"-ERR ") + 505 == 510 or len(answer.line) < 510
