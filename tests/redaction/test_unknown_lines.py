"""What is shown of commands that nobody knows: in a proxy, and where a person types them."""

import base64
import io
import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.logs import Transcript
from pop3spy.protocol.frames import Side
from pop3spy.redaction.typist import Typist
from pop3spy.session.playback import play_back
from security.sinks import Sinks, heard, talk
from security.ways import OF_WORDS, SECRETS, WAYS, WORD_WAYS, Way

SECRET = b"Zq7#vKx2!Wm"
LOGGED_IN = [b"C: USER carol", b"S: +OK", b"C: PASS " + SECRET, b"S: +OK"]

DUE = {
    "behind USER": [b"C: USER carol", b"S: +OK"],
    "behind a USER that was not answered yet": [b"C: USER carol"],
    "behind USER and CAPA": [b"C: USER carol", b"S: +OK", b"C: CAPA", b"S: -ERR"],
    "behind a USER that was refused": [b"C: USER carol", b"S: -ERR no such user"],
    "behind USER alone": [b"C: USER", b"S: -ERR whom?"],
    "behind a PASS that was refused": [*LOGGED_IN[:3], b"S: -ERR [AUTH] no"],
    "behind PASS alone": [b"C: PASS", b"S: -ERR no password"],
    "behind PASS alone that was not answered yet": [b"C: PASS"],
    "behind APOP": [b"C: APOP carol c4c9334bac560ecc979e58001b3e22fb", b"S: -ERR"],
    "behind an AUTH that was refused": [b"C: AUTH PLAIN", b"S: -ERR no"],
    "behind an AUTH that was cancelled": [b"C: AUTH LOGIN", b"S: + ", b"C: *", b"S: -ERR"],
    "behind an AUTH alone that was refused": [b"C: AUTH", b"S: -ERR"],
    "inside AUTH": [b"C: AUTH LOGIN", b"S: + VXNlcm5hbWU6"],
    "behind an odd line, inside AUTH": [b"C: AUTH LOGIN", b"S: Password:"],
    "behind a line that was hidden": [b"C: USER carol", b"S: +OK", b"C: oops", b"S: -ERR"],
    "behind a prompt": [b"C: XHELLO", b"S: Kennwort?"],
    "behind a prompt before the greeting is answered": [b"C: NOOP", b"S: password:"],
    "behind a prompt without its end": [b"C: XHELLO", b"S: -ERR", b"S< Geheimnis: "],
    "behind a status that asks": [b"C: XHELLO", b"S: +OK enter your password"],
    "behind a refusal that asks": [b"C: XHELLO", b"S: -ERR Password required"],
    "logged in, behind a second PASS": [*LOGGED_IN, b"C: PASS x", b"S: -ERR"],
}

NOT_DUE = {
    "at first": [],
    "behind CAPA": [b"C: CAPA", b"S: +OK", b"S: USER", b"S: ."],
    "behind a refused PASS and a command": [*LOGGED_IN[:3], b"S: -ERR", b"C: CAPA", b"S: -ERR"],
    "behind a list of mechanisms": [b"C: AUTH", b"S: +OK", b"S: PLAIN", b"S: ."],
    "behind a refusal that names PASS": [b"C: XHELLO", b"S: -ERR say USER and PASS first"],
    "logged in": LOGGED_IN,
    "logged in and on": [*LOGGED_IN, b"C: STAT", b"S: +OK 0 0"],
    "logged in with AUTH": [b"C: AUTH PLAIN AGNhcm9sAGh1bnRlcjI=", b"S: +OK"],
    "behind QUIT": [*LOGGED_IN, b"C: QUIT", b"S: +OK"],
}

SAID = [b"%b", b"XFOO %b", b"EHLO %b", b"a1 LOGIN %b", b"GET %b HTTP/1.1", b"MAIL FROM: %b"]

WIRE = st.characters(exclude_characters="\r\n*", exclude_categories=["Cs"])


def typed(*lines: bytes) -> Sinks:
    """Return what is told of a session whose lines a person types."""
    return heard(*lines, typist=Typist)


def typed_each(sessions: Iterable[list[bytes]]) -> Sinks:
    """Return what is told of *sessions*, in each of which another person types."""
    sinks = Sinks(typist=Typist)
    for lines in sessions:
        sinks.heard(*lines)
    return sinks


def client_lines(sinks: Sinks) -> list[bytes]:
    return [raw.rstrip(b"\r\n") for raw in sinks.shown(Side.CLIENT)]


# -- a proxy ------------------------------------------------------------------------------------

FOREIGN = [
    (b"EHLO client.example", b"EHLO ********"),
    (b"helo client.example", b"helo ********"),
    (b"EHLO", b"EHLO"),
    (b"MAIL FROM:<dave@example.org>", b"MAIL ********"),
    (b"GET /index HTTP/1.1", b"GET ********"),
    (b"a1 LOGIN dave letmein", b"a1 LOGIN ********"),
    (b"A001 CAPABILITY", b"A001 CAPABILITY"),
    (b"AUTHINFO PASS letmein", b"AUTHINFO ********"),
    (b"MODE READER", b"MODE ********"),
    (b"XFOO bar", b"********"),
    (b"EHLOX bar", b"********"),
    (b"get lost", b"********"),
]


@pytest.mark.parametrize("when", NOT_DUE)
@pytest.mark.parametrize(("said", "shown"), FOREIGN, ids=repr)
def test_a_verb_of_another_protocol_is_shown_alone(when: str, said: bytes, shown: bytes) -> None:
    verb = shown.replace(b"********", b"").strip()
    sinks = heard(*NOT_DUE[when], b"C: " + said, b"S: -ERR unknown " + said)
    assert client_lines(sinks)[-1] == shown
    if verb:
        assert sinks.shown(Side.SERVER)[-1].startswith(b"-ERR unknown " + verb)
        assert read_again(sinks) == sinks.transcript
        assert shown.decode().replace("*" * 8, "█" * 8) in sinks.capture


@pytest.mark.parametrize("when", DUE)
@pytest.mark.parametrize("said", [said for said, _ in FOREIGN], ids=repr)
def test_where_a_password_is_due_nothing_of_it_is_shown(when: str, said: bytes) -> None:
    sinks = heard(*DUE[when], b"C: " + said, b"S: -ERR unknown " + said)
    assert client_lines(sinks)[-1] == b"********"
    assert read_again(sinks) == sinks.transcript


def test_a_verb_that_was_a_secret_is_none() -> None:
    sinks = heard(*LOGGED_IN[:2], b"C: PASS EHLO", b"S: +OK", b"C: EHLO x", b"S: -ERR no EHLO")
    assert sinks.holding(b"EHLO") == []


# -- a person -----------------------------------------------------------------------------------


@pytest.mark.parametrize("when", NOT_DUE)
def test_what_a_person_typed_as_a_command_is_shown_and_its_reply(when: str) -> None:
    sinks = typed(*NOT_DUE[when], b"C: XFOO bar 7", b"S: -ERR unknown command XFOO bar 7")
    assert client_lines(sinks)[-1] == b"XFOO bar 7"
    texts = sinks.texts()
    for sink in ("transcript", "json", "capture", "by hand", "console", "raw"):
        assert "XFOO bar 7" in texts[sink], sink
        assert "-ERR unknown command XFOO bar 7" in texts[sink] or sink == "json", sink
    assert '"text": "unknown command XFOO bar 7"' in texts["json"]
    assert read_again(sinks) == sinks.transcript


def test_so_is_a_reply_of_many_lines() -> None:
    sinks = typed(*LOGGED_IN, b"C: XTAGS bar", b"S: +OK bar", b"S: bar 1", b"S: .")
    assert b"bar 1\r\n" in sinks.shown(Side.SERVER)
    assert read_again(sinks) == sinks.transcript


@given(
    word=st.text(WIRE, min_size=5).map(str.encode).filter(bytes.strip),
    when=st.sampled_from(sorted(DUE)),
    said=st.sampled_from(SAID),
)
def test_a_word_where_a_password_is_due_is_nowhere(word: bytes, when: str, said: bytes) -> None:
    line = b"C: " + said.replace(b"%b", word)
    for told in (heard, typed):
        sinks = told(*DUE[when], line, b"S: -ERR unknown: " + word)
        assert client_lines(sinks)[-1] in (b"********", b"")
        assert read_again(sinks) == sinks.transcript


@pytest.mark.parametrize("said", SAID, ids=repr)
def test_a_password_where_one_is_due_is_in_no_sink(said: bytes) -> None:
    secret = b"n0t-th3-Same!"
    rest = [b"C: " + said.replace(b"%b", secret), b"S: -ERR no " + secret, b"C: STAT", b"S: -ERR"]
    assert typed_each([*due, *rest] for due in DUE.values()).holding(secret) == []


AS_A_COMMAND = re.compile("bare|(HELP|CAPA|RETR|XTND) before login")
"""A bare word where none is due is a command, a word behind one is its argument."""


@pytest.mark.parametrize(
    "way", [way for way in WAYS + WORD_WAYS if not AS_A_COMMAND.search(str(way.id))]
)
def test_a_secret_that_is_sent_as_one_is_nowhere(way: Way) -> None:
    sinks = Sinks(typist=Typist)
    for secret in SECRETS.values():
        if way in OF_WORDS and secret.translate(None, b' \t\r\v"') != secret:
            continue
        again = [b"C: NOOP", b"S: -ERR", b"C: " + secret, b"S: -ERR " + secret]
        again += [b"C: XFOO " + secret, b"S: -ERR no XFOO " + secret]
        sinks.heard(*way(secret), b"S: -ERR " + secret, *again)
    assert sinks.holding(*SECRETS.values()) == []


# -- words behind a known command ---------------------------------------------------------------

BEFORE_LOGIN = [when for when in NOT_DUE if "logged in" not in when and when != "behind QUIT"]
SURPLUS = [b"CAPA x", b"NOOP x y", b"STAT 1", b"RETR 1 barrel", b"capa  barrel", b"XTND XLST foo"]


@pytest.mark.parametrize("when", NOT_DUE)
@pytest.mark.parametrize("said", SURPLUS, ids=repr)
def test_words_that_a_command_does_not_take_are_shown_with_the_reply(
    when: str, said: bytes
) -> None:
    sinks = typed(*NOT_DUE[when], b"C: " + said, b"S: -ERR what is " + said + b"?")
    assert client_lines(sinks)[-1] == said
    assert sinks.shown(Side.SERVER)[-1] == b"-ERR what is " + said + b"?\r\n"
    assert read_again(sinks) == sinks.transcript
    assert "secret-in-command" not in sinks.transcript


@pytest.mark.parametrize("when", BEFORE_LOGIN)
@pytest.mark.parametrize("said", SURPLUS, ids=repr)
def test_a_proxy_hides_them(when: str, said: bytes) -> None:
    sinks = heard(*NOT_DUE[when], b"C: " + said, b"S: -ERR")
    assert client_lines(sinks)[-1].endswith(b" ********")


INSTEAD = [
    b"CAPA %b",
    b"NOOP %b",
    b"STLS %b",
    b"STAT %b",
    b"QUIT %b",
    b"HELP a %b",
    b"XTND XLST %b",
]


@pytest.mark.parametrize("said", INSTEAD, ids=repr)
def test_a_word_behind_a_command_is_hidden_where_a_password_is_due(said: bytes) -> None:
    secret = b"n0t-th3-Same!"
    rest = [b"C: " + said.replace(b"%b", secret), b"S: -ERR no " + secret, b"C: STAT", b"S: -ERR"]
    before = [due for when, due in DUE.items() if "logged in" not in when]
    assert typed_each([*due, *rest] for due in before).holding(secret) == []


@pytest.mark.parametrize(
    "said",
    [
        *(b"USER carol %b", b"APOP carol %b", b"AUTH %b", b"AUTH PLAIN %b x", b"PASS %b"),
        *(b"CAPA PASS %b", b"NOOP AUTH PLAIN %b", b"CAPA password=%b", b"NOOP token: %b"),
        *(b"CAPA ya29.%b", b"STAT eyJhbGciOi.%b.c", b"CAPA\rPASS %b", b"QUIT login %b"),
    ],
    ids=repr,
)
def test_what_looks_like_a_login_is_hidden_behind_any_command(said: bytes) -> None:
    secret = b"n0t-th3-Same"
    rest = [b"C: " + said.replace(b"%b", secret), b"S: -ERR no"]
    sinks = typed_each([*NOT_DUE[when], *rest] for when in BEFORE_LOGIN)
    assert sinks.holding(secret) == []


@pytest.mark.parametrize("secret", [b"hunter22", b"abc", b"x", b"stat", b"50%off"], ids=repr)
def test_a_known_secret_is_hidden_behind_any_command(secret: bytes) -> None:
    login = [
        b"C: USER carol",
        b"S: +OK",
        b"C: PASS " + secret,
        b"S: -ERR no",
        b"C: RSET",
        b"S: +OK",
    ]
    sinks = typed(*login, b"C: STAT " + secret + b" 7", b"S: -ERR")
    assert client_lines(sinks)[-1] in (b"STAT ******** 7", b"STAT ********")


KNOWN = [b"hunter22", b"abc", b"x", b"two words", b"\xc3\xa4\xc3\xb6", b"50%off"]


@pytest.mark.parametrize("secret", KNOWN, ids=repr)
@pytest.mark.parametrize("said", [b"%b", b"XFOO %b", b"XFOO %b 7", b"%b %b"], ids=repr)
def test_a_secret_that_is_known_is_hidden_in_a_command(secret: bytes, said: bytes) -> None:
    before = [b"C: USER carol", b"S: +OK", b"C: PASS " + secret, b"S: +OK"]
    line = said.replace(b"%b", secret)
    for each in (line, line.upper()):
        shown = client_lines(typed(*before, b"C: " + each, b"S: -ERR " + each))[-1]
        assert secret not in shown.replace(b"XFOO", b"").lower()
        assert b"********" in shown


def test_it_is_known_in_the_next_session_too() -> None:
    typist = Typist()
    heard(*LOGGED_IN, typist=lambda: typist)
    sinks = heard(b"C: XFOO " + SECRET, b"S: -ERR no " + SECRET, typist=lambda: typist)
    assert sinks.holding(SECRET) == []
    assert client_lines(sinks) == [b"XFOO ********"]


GIVEN_AWAY = [
    *(b"PAS %b", b"PSAS %b", b"PASSW %b", b"PASSWORD %b", b"PASS%b", b"PASS:%b", b" PASS %b"),
    *(b"PADS %b", b"APSS %b", b"LOGIN carol %b", b"LOGN carol %b", b"AUHT PLAIN %b", b"XAUTH %b"),
    *("ÜASS %b".encode(), b"PA SS %b", b"PASWORD %b", b"PWORD %b", b"AUHTENTICATE LOGIN %b"),
    *(b"APO carol %b", b"RPO %b", b"a1 LOGIN carol %b", b"tag LOGIN carol %b", b"x PASS %b"),
    *(
        b"HELO carol %b",
        b"XFOO password=%b",
        b"XFOO pin: %b",
        b"XFOO bar PASS %b",
        b"AUTHINFO PASS %b",
        b"XFOO\0%b",
    ),
]


@pytest.mark.parametrize("said", GIVEN_AWAY, ids=repr)
def test_a_mistyped_login_gives_nothing_away(said: bytes) -> None:
    secret = b"n0t-th3-Same!"
    line = said.replace(b"%b", secret)
    rest = [b"C: " + line, b"S: -ERR unknown " + line]
    assert typed_each([*before, *rest] for before in NOT_DUE.values()).holding(secret) == []


@pytest.mark.parametrize(
    "said", [b"USR carol", b"PAS", b"PASSWORD", b"LOGIN carol", b"a1 AUTHENTICATE LOGIN"], ids=repr
)
def test_behind_a_mistyped_login_a_password_is_due(said: bytes) -> None:
    secret = b"n0t-th3-Same!"
    talk = [b"C: " + said, b"S: -ERR", b"C: " + secret, b"S: -ERR unknown " + secret]
    sinks = typed(*talk)
    assert sinks.holding(secret) == []
    assert read_again(sinks) == sinks.transcript
    assert client_lines(typed(*talk[:2], b"C: CAPA", b"S: -ERR", b"C: XFOO"))[-1] == b"XFOO"


MESSAGES = [
    base64.b64encode(b"\0carol\0" + SECRET),
    base64.b64encode(b"user=carol\1auth=Bearer " + SECRET + b"\1\1"),
    base64.b64encode(b"carol c4c9334bac560ecc979e58001b3e22fb"),
    b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    b"ya29.a0AfH6SMBx-Zq7vKx2Wm_0",
    b"x9" * 120,
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message[:12].decode())
@pytest.mark.parametrize("said", [b"%b", b"XFOO %b"], ids=repr)
def test_so_does_a_token_or_a_message_that_belongs_inside_auth(message: bytes, said: bytes) -> None:
    sinks = typed(b"C: " + said.replace(b"%b", message), b"S: -ERR " + message)
    assert sinks.holding(message, SECRET) == []


def test_strict_hides_what_a_person_typed_as_ever() -> None:
    said = [b"C: XFOO carol", b"S: -ERR no XFOO carol"]
    sinks = heard(*said, strict=True, typist=Typist)
    assert client_lines(sinks) == [b"********"]
    assert sinks.holding(b"carol") == []


def test_more_secrets_than_can_be_remembered_hide_all_that_nobody_knows() -> None:
    many = [line for n in range(70) for line in (b"C: PASS s3cret%02d" % n, b"S: -ERR")]
    sinks = typed(*many, b"C: CAPA", b"S: -ERR", b"C: XFOO bar", b"S: -ERR")
    assert client_lines(sinks)[-1] == b"********"


# -- recordings ---------------------------------------------------------------------------------

LINES = [
    *(b"C: USER carol", b"C: PASS " + SECRET, b"C: CAPA", b"C: XFOO bar", b"C: " + SECRET),
    *(b"C: EHLO x", b"C: AUTH LOGIN", b"C: XFOO " + SECRET, b"C: *", b"C: STAT", b"C: QUIT"),
    *(b"S: +OK", b"S: -ERR no XFOO bar", b"S: + ", b"S: Password:", b"S: -ERR " + SECRET),
    *(b"C< XFOO a\r\nXBAR b\r\n", b"C< USER x\r\nXFOO y\r\nCAPA\r\nXBAR\r\n", b"S: +OK\r\n+OK"),
]


def read_again(sinks: Sinks) -> str:
    """Return the transcript of what was recorded."""
    header = Header(sinks.clock.started)
    text = header.lines() + sinks.capture
    out = io.StringIO()
    play_back(CaptureReader(io.StringIO(text), "capture"), Transcript(out, sinks.clock))
    return out.getvalue()


@given(lines=st.lists(st.sampled_from(LINES), max_size=12))
def test_a_recording_shows_what_was_shown_live(lines: list[bytes]) -> None:
    sinks = typed(*lines)
    assert "typed" in sinks.capture
    assert read_again(sinks) == sinks.transcript


@pytest.mark.parametrize(
    ("opened", "shown"), [('"typed": true', "XFOO bar"), ('"typed": false', "█" * 8), ("", "█" * 8)]
)
def test_only_a_recording_that_says_so_shows_what_nobody_knows(opened: str, shown: str) -> None:
    records = [f'- [0.0, 1, "open", {{{opened}}}]', '- [0.1, 1, "S", "+OK\\r\\n"]']
    records += ['- [0.2, 1, "C", "XFOO bar\\r\\n"]', '- [0.3, 1, "S", "-ERR\\r\\n"]']
    sinks = Sinks()
    text = Header(sinks.clock.started).lines() + "\n".join(records) + "\n"
    out = io.StringIO()
    play_back(CaptureReader(io.StringIO(text), "capture"), Transcript(out))
    assert f"C: {shown}\n" in out.getvalue()


def test_a_recording_that_a_proxy_made_says_nothing_of_it() -> None:
    assert "typed" not in Sinks().play(talk(b"S: +OK")).end().capture
