"""A recording has the facts of what it hides, and tells what was told live."""

import io
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture.test_round_trip import live, read
from capture.test_short_form import by_hand
from cuts import recut, wild_talk
from dialogue import Said, said
from pop3spy.capture.reader import CaptureReader
from pop3spy.protocol.facts import NO_FACTS
from pop3spy.protocol.frames import BodyPart, Side
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.secret_facts import FACTS, accepted
from pop3spy.session.events import Event, Heard
from pop3spy.session.playback import play_back
from redaction.facts_told import b64, jwt, plain, xoauth2

ERROR = b64('{"status":"400","scope":"https://mail.google.com/","schemes":"Bearer"}')
SCRAM = b64("n,,n=bob,r=ab"), b64("r=abc,i=5"), b64("c=biws,r=abc,p=x")
TOKEN = jwt({"exp": 1, "iss": "https://sts.windows.net/", "scp": "SMTP.Send", "upn": "bob"})
BROKEN = plain("bob", "x\r")
CRAM = f"C: AUTH CRAM-MD5\nS: + {b64('<1@h>')}\nC: {b64('bob 01')}\nS: -ERR\n"
TALKS = [
    f"S: +OK\nC: AUTH XOAUTH2\nS: + \nC: {xoauth2(TOKEN)}\nS: + {ERROR}\nC: \nS: -ERR",
    "S: +OK\nC: AUTH SCRAM-SHA-1 {}\nS: + {}\nC: {}\nS: +OK\nC: STAT\nS: +OK".format(*SCRAM),
    "S: +OK\nC: USER bob\nS: +OK\nC: PASS sesame123\nS: -ERR sesame123\nC: PASS sesame123\nS: +OK",
    f"S: +OK\nC: AUTH PLAIN\nC: CAPA\nS: + \nS: -ERR\nC: AUTH PLAIN {BROKEN}\nS: +OK",
    "S: +OK\nC: PAS sesame123\nS: -ERR SESAME123\nS: sesame123\nC: APOP bob x\nS: -ERR\nC< RETR",
    f"S: +OK <1.2@h>\n{CRAM}{CRAM}",
    f"S: +OK\nC: AUTH OAUTHBEARER {'x' * 20_000}\nS: -ERR",
    f"S: +OK\nC: AUTH GSSAPI {b64('x' * 300)}\nS: -ERR",
    "S: +OK\nC: EHLO client.example.org\nS: -ERR client.example.org\nC: USER b\\xe9 x\nS: -ERR",
    f"S: +OK\nC: PASS {'x' * 41}\\x00\nS: -ERR",
    "S: +OK\nC: AUTH NTLM\nS: +OK\nC: TlRMTVNTUAABAAAA\nS: + !\nC: *\nS: -ERR",
]


def told(events: list[Event]) -> list[tuple[str, Any]]:
    """Return the facts of the frames that have any, side by side."""
    found = [
        (event.frame.side.value, dict(event.frame.facts))
        for event in events
        if isinstance(event, Heard) and event.frame.facts is not NO_FACTS
    ]
    return sorted(found, key=lambda fact: fact[0])


@pytest.mark.parametrize("script", TALKS)
def test_a_recording_tells_the_facts_that_were_told_live(script: str) -> None:
    events, capture = live(said(script))
    assert told(events)
    assert told(read(capture)) == told(events)
    assert told(read(by_hand(capture))) == told(events)


@given(st.sampled_from(TALKS).map(said).flatmap(recut))
def test_so_it_does_however_the_octets_were_cut(talk: list[Said]) -> None:
    events, capture = live(talk)
    assert told(read(capture)) == told(events)


FILLER_LIKE = b"+OK\r\n+OK\r\nxxxxxxxxxxxxxxxxxxxxxxxx+OK\r\n"


@given(wild_talk.flatmap(recut))
@example([(Side.CLIENT, b"STLS\r\nUSER bob\r\n"), (Side.SERVER, FILLER_LIKE)])
def test_so_it_does_whatever_is_said(talk: list[Said]) -> None:
    events, capture = live(talk)
    assert told(read(capture)) == told(events), capture
    assert told(read(by_hand(capture))) == told(events), by_hand(capture)


@pytest.mark.parametrize("script", TALKS)
def test_every_fact_is_of_the_table(script: str) -> None:
    for _, facts in told(live(said(script))[0]):
        assert accepted(facts) == facts


def test_the_talks_here_have_nearly_every_fact() -> None:
    facts = [facts for script in TALKS for _, facts in told(live(said(script))[0])]
    assert FACTS.keys() - {name for each in facts for name in each} == {"token_time"}


def of_records(*records: str) -> list[tuple[str, Any]]:
    head = 'pop3spy: 2\nrecords:\n- [0, 1, "S", "+OK\\r\\n"]\n- [0, 1, "C", "USER bob\\r\\n"]\n'
    tail = '- [0, 1, "C", "PASS ████████\\r\\n"]\n- [0, 1, "S", "+OK\\r\\n"]\n'
    return told(read("".join([head, *(f"- {record}\n" for record in records), tail])))


def test_a_hidden_line_without_facts_has_none() -> None:
    assert of_records() == []


def test_facts_belong_to_the_next_line_of_their_side() -> None:
    record = '[0, 1, "facts", {"side": "%s", "%s": true}]'
    facts = [record % ("S", "secret_echoed"), record % ("C", "carries_secret")]
    assert of_records(*facts) == [("C", {"carries_secret": True}), ("S", {"secret_echoed": True})]


@pytest.mark.parametrize(
    "wrong",
    [
        '"carries_secret": "hunter2"',
        '"carries_secret": 1',
        '"password": "hunter2"',
        '"same_secret": "deadbeef"',
        '"same_secret": "1:2 hunter2"',
        '"words": 4',
        '"words": true',
        '"token_scopes": "Secret.Project"',
        '"token_time": "expired 1441 min"',
        '"oauth_scope": "\\u001b[31m"',
        '"masked_length": 7',
        '"base64": ["ok"]',
        '"octets": -1',
    ],
)
def test_what_is_no_fact_is_not_believed(wrong: str) -> None:
    assert of_records(f'[0, 1, "facts", {{"side": "C", {wrong}}}]') == []
    told = of_records(f'[0, 1, "facts", {{"side": "C", {wrong}, "nul": false}}]')
    assert told == [("C", {"nul": False})]


@given(
    st.dictionaries(st.sampled_from(list(FACTS)) | st.text(max_size=4), st.text() | st.integers())
)
def test_whatever_is_recorded_only_facts_are_taken(said: dict[str, object]) -> None:  # fmt: skip
    for name, value in accepted(said).items():
        assert FACTS[name].values.allow(value)


def test_a_copy_without_names_tells_no_words_of_the_server() -> None:
    capture = live(said(TALKS[0]))[1]
    assert "oauth_scope" in capture
    events: list[Event] = []
    reader = CaptureReader(io.StringIO(capture), "test")
    play_back(reader, lambda _: events.append, names=Pseudonyms())
    facts = {name: value for _, each in told(events) for name, value in each.items()}
    assert facts["oauth_status"] == "400"
    assert facts["token_user"] == "other"
    assert "oauth_scope" not in facts


def test_facts_of_a_body_are_none() -> None:
    events, _ = live(said("S: +OK\nC: RETR 1\nS: +OK\nS: A: b\nS: .\n"))
    parts = [event.frame for event in events if isinstance(event, Heard)]
    assert all(part.facts is NO_FACTS for part in parts if isinstance(part, BodyPart))
