"""Captures that people write, and captures that nobody should."""

import io
import re
from pathlib import Path

import pytest
import yaml

from capture.plainly import octets
from pop3spy.capture.header import VERSION
from pop3spy.capture.reader import CaptureReader
from pop3spy.errors import CaptureError
from pop3spy.session.events import Answered, Event, Heard
from pop3spy.session.how import How
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Began, Changed, Closed, Item, Knew, Missed, Over, Spoke

PAGE = Path(__file__).parents[2] / "docs" / "captures.md"
YAML = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
EXAMPLES = [example for example in YAML if not example.startswith("- ")]
RECORDS = "".join(example for example in YAML if example.startswith("- "))
HEAD = "pop3spy: 1\nrecords:\n"


def spoken(text: str) -> list[tuple[str, bytes]]:
    items = CaptureReader(io.StringIO(text), "hand.yaml")
    return [(i.chunk.side.value, i.chunk.data) for i in items if isinstance(i, Spoke)]


def events(text: str) -> list[Event]:
    told: list[Event] = []
    play_back(CaptureReader(io.StringIO(text), "hand.yaml"), lambda _: told.append)
    return told


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_in_the_docs_are_whole_sessions(example: str) -> None:
    answered = [event.exchange for event in events(example) if isinstance(event, Answered)]

    assert [exchange.command.verb for exchange in answered][-1] == "QUIT"
    assert all(exchange.ok and exchange.complete for exchange in answered)
    assert yaml.safe_load(example)["pop3spy"] == VERSION


def test_the_records_in_the_docs_have_the_octets_that_a_plain_reader_finds() -> None:
    plainly = [octets(record[3]) for record in yaml.safe_load(RECORDS)]

    assert [data for _, data in spoken(HEAD + RECORDS)] == plainly
    assert plainly[:2] == ["Schöne Grüße\r\n".encode(), "€ kostet das: 7 €\r\n".encode()[1:]]
    assert plainly[3].decode("shift-jis") == "Subject: 日本語\r\n.\r\n"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        pytest.param("- C: yes", b"yes\r\n", id="words are never typed"),
        pytest.param("- C: 007", b"007\r\n", id="nor numbers"),
        pytest.param("- C: USER bob # x", b"USER bob # x\r\n", id="a hash is text"),
        pytest.param("- C: a: b", b"a: b\r\n", id="a colon too"),
        pytest.param("- C: [x", b"[x\r\n", id="and a bracket"),
        pytest.param("- C:", b"\r\n", id="an empty line"),
        pytest.param("- C: ", b"\r\n", id="with a blank behind the colon"),
        pytest.param('- C: "a\\tb"', b"a\tb\r\n", id="double quotes have escapes"),
        pytest.param("- C: 'it''s'", b"it's\r\n", id="single quotes have none"),
        pytest.param("- C: é", b"\xc3\xa9\r\n", id="sent as UTF-8"),
        pytest.param("- S: |\n    a\n    .", b"a\r\n.\r\n", id="a block is wire text"),
        pytest.param('- [0.5, 1, "C", "a\\u00e9\\r\\n"]', b"a\xe9\r\n", id="a record has octets"),
        pytest.param("- [0.5, 1, C, 'x']", b"x", id="a record as YAML has it"),
        pytest.param("- [0.5, 1,\n   C, 'x']", b"x", id="over two lines"),
        pytest.param("- [0.5, 1, C, {utf8: é}]", b"\xc3\xa9", id="UTF-8 in a record"),
        pytest.param("- [0.5, 1, C, {base64: 6Q==}]", b"\xe9", id="base64"),
        pytest.param('- [0, 1, C,\n   {base64: "6e\n   nA"}]', b"\xe9\xe9\xc0", id="in lines"),
        pytest.param("- [0, 1, S, [a, {base64: 6Q==}, b]]", b"a\xe9b", id="parts"),
        pytest.param("- C: {base64: 6Q==}", b"{base64: 6Q==}\r\n", id="text in short form"),
    ],
)
def test_a_record_says_what_is_sent(record: str, said: bytes) -> None:
    assert [data for _, data in spoken(f"{HEAD}{record}\n")] == [said]


def test_a_mask_is_filler_that_is_known_as_such() -> None:
    told = events(HEAD + "- S: +OK\n- C: PASS ████████\n")
    line = next(e.frame for e in told if isinstance(e, Heard) and e.frame.number == 1)

    assert line.raw == b"PASS ********\r\n"
    assert line.masks == ((5, 13),)


def test_stars_that_a_person_wrote_are_stars() -> None:
    told = events(HEAD + "- S: +OK\n- [0, 1, open, {}]\n- C: USER ********\n")
    line = next(e.frame for e in told if isinstance(e, Heard) and e.frame.number == 1)

    assert line.masks == ()


def test_a_session_needs_no_opening_and_no_end() -> None:
    items = list(CaptureReader(io.StringIO(HEAD + "- S: +OK\n"), "hand.yaml"))

    assert isinstance(items[0], Began)
    assert isinstance(items[-1], Over)
    assert items[-1].ending.how is How.CUT


OPEN = '- [0, 1, "open", {"client": "192.0.2.7:5", "server": "mail:110"}]\n'
KINDS: dict[str, tuple[str, type[Item] | None]] = {
    "C": ('"USER bob\\r\\n"', Spoke),
    "S": ('"+OK\\r\\n"', Spoke),
    "open": ("{}", None),  # there is one already
    "fin": ('{"side": "S"}', Closed),
    "rst": ('{"side": "C"}', Closed),
    "close": ('{"how": "quit", "why": ""}', Over),
    "note": ('{"user": "bob"}', Knew),
    "gate": ('{"side": "C", "by": "hold", "did": "dropped", "sent": ""}', Changed),
    "opaque": ('{"side": "S", "why": "tls", "octets": 7}', Spoke),
    "omitted": ('{"side": "S", "octets": 9, "lines": 2, "stuffed": 1}', Spoke),
    "facts": ('{"side": "C", "nul": true}', None),
    "gap": ('{"why": "too much"}', Missed),
    "blind": ('{"why": "a mistake"}', Missed),
    "weather": ('{"rain": true}', None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_of_each_kind_tells_what_it_is_for(kind: str) -> None:
    data, item = KINDS[kind]
    text = f'{HEAD}{OPEN}- [1, 1, "{kind}", {data}, {{"colour": "blue"}}]\n'
    _, *items, _ = [*CaptureReader(io.StringIO(text), "hand.yaml"), None]

    assert [type(each) for each in items][: item is not None] == ([item] if item else [])
    assert isinstance(items[-1], Over)


def test_the_page_tells_of_every_kind() -> None:
    rows = re.findall(r'(?m)^\| (`"[^|]+) \|', PAGE.read_text(encoding="utf-8"))
    told = [kind for row in rows for kind in re.findall(r'"(\w+)"', row)]

    assert [*told, "weather"] == list(KINDS)


def test_a_gap_of_no_session_is_one_of_every_session() -> None:
    second = OPEN.replace("[0, 1,", "[0, 2,")
    text = f'{HEAD}{OPEN}{second}- [1, 0, "gap", {{"why": "too much"}}]\n'
    items = CaptureReader(io.StringIO(text), "hand.yaml")

    assert [each.session for each in items if isinstance(each, Missed)] == [1, 2]


def test_every_prefix_of_a_capture_reads() -> None:
    text = EXAMPLES[0]
    begin = text.index("records:\n") + len("records:\n")
    whole = spoken(text)

    for end in range(begin, len(text) + 1):
        said = spoken(text[:end])
        assert said == whole[: len(said)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "no pop3spy capture", id="nothing"),
        pytest.param("hello\n", "no pop3spy capture", id="something else"),
        pytest.param("\x1f\x8b\x08\0\n", "x.yaml", id="a gzip"),
        pytest.param("pop3spy: 3\nrecords:\n", "version 3", id="a newer version"),
        pytest.param("pop3spy: yes\nrecords:\n", "no pop3spy capture", id="a version that is none"),
        pytest.param("pop3spy: 1\nbodies: eat\nrecords:\n", "bodies", id="unknown bodies"),
        pytest.param("pop3spy: 1\nstarted: now\nrecords:\n", "started", id="a date that is none"),
        pytest.param(HEAD + "nonsense\n", "x.yaml:3", id="no record"),
        pytest.param(HEAD + "- 7\n", "x.yaml:3", id="a number"),
        pytest.param(HEAD + '- [1, 1, "C"]\n', "x.yaml:3", id="too short"),
        pytest.param(HEAD + '- [1, 1, "C", 5]\n', "x.yaml:3", id="data that is none"),
        pytest.param(HEAD + '- [-1, 1, "C", ""]\n', "x.yaml:3", id="a time before all"),
        pytest.param(HEAD + '- [1e999, 1, "C", ""]\n', "x.yaml:3", id="a time behind all"),
        pytest.param(HEAD + '- [1, "a", "C", ""]\n', "x.yaml:3", id="a session that is none"),
        pytest.param(HEAD + '- [1, 1, "C", "\\u20ac"]\n', "x.yaml:3", id="no octet"),
        pytest.param(
            HEAD + "- C: !!python/name:os.system x\n", "", id="a tag is text in short form"
        ),
        pytest.param(HEAD + "- [0, 1, C, !!binary eA==]\n", "tags", id="a tag in a record"),
        pytest.param(HEAD + "- [&a 0, 1, C, *a]\n", "anchors", id="an alias"),
        pytest.param(HEAD + "- " + "[" * 100_000 + "\n", "x.yaml:3", id="nesting without end"),
        pytest.param(HEAD + "- " + "[" * 40 + "]" * 40 + "\n", "x.yaml:3", id="nesting"),
        pytest.param(
            HEAD + '- [0, 1, "open", {}]\n- [0, 1, "omitted", {"side": "S", "octets": 1e18}]\n',
            "x.yaml:4",
            id="more filler than there are octets",
        ),
        pytest.param(
            HEAD + '- [0, 1, "open", {}]\n'
            '- [0, 1, "omitted", {"side": "S", "octets": 9, "lines": 1e18, "stuffed": 0}]\n',
            "x.yaml:4",
            id="more lines than octets",
        ),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(text: str, message: str) -> None:
    if not message:
        assert spoken(text)
        return
    with pytest.raises(CaptureError, match=re.escape(message)) as error:
        list(CaptureReader(io.StringIO(text), "x.yaml"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("sent", ["", "LIST 3\\r\\n"], ids=["dropped", "changed"])
@pytest.mark.parametrize(("command", "reply"), [("CAPA", "+OK"), ("UIDL", "+OK"), ("HELP", "+OK")])
def test_a_gate_that_acts_behind_the_reply_changes_no_pairing(
    command: str, reply: str, sent: str
) -> None:
    told = events(
        f"{HEAD}- S: +OK\n- C: {command}\n- S: {reply}\n"
        f'- [1, 1, "gate", {{"side": "C", "by": "x", "did": "it", "sent": "{sent}"}}]\n'
        "- S: a line\n- S: .\n- C: NOOP\n- S: +OK\n"
    )
    answered = [event.exchange for event in told if isinstance(event, Answered)]
    assert [exchange.command.verb for exchange in answered] == [command, "NOOP"]
