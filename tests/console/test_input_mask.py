"""What is hidden of a line while it is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import fragment_list_to_text
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import TransformationInput

from pop3spy.connect.commands import CONNECT_COMMANDS
from pop3spy.console.input_mask import (
    InputMask,
    hidden_behind_half_a_line,
    hidden_from,
    hidden_from_live,
)
from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK
from pop3spy.redaction.typist import Typist
from pop3spy.session.reading import Reading
from security.sinks import Sinks, talk

A, U, T = State.AUTHORIZATION, State.USER_GIVEN, State.TRANSACTION

LINES = [
    ("PASS |hunter2", A),
    ("pass |hunter2", U),
    ("PASS |two words", U),
    ("PASS |hunter2", T),
    ("pAsS\t|hunter2", U),
    ("USER bob", A),
    ("USER bob |hunter2", A),
    ("APOP bob |0123456789abcdef", A),
    ("AUTH PLAIN |AGJvYgBodW50ZXIy", A),
    ("AUTH PLA", A),
    ("AUTH |hunter2", A),
    ("RPOP |hunter2", U),
    ("PAS |hunter2", A),
    ("LOGIN |bob hunter2", A),
    ("RETR 3", T),
    ("FOO |bar", T),
    ("CAPA", A),
    ("|hunter2", State.SASL),
    ("|=", State.SASL),
    ("*", State.SASL),
    ("PASS anything", State.XMIT),
    (":send PASS |hunter2\\r\\n", A),
    (":send NOOP\\r\\nPASS |hunter2", T),
    (":send pass\\x20|hunter2", A),
    (":split 3 PASS |hunter2", A),
    (":split 3 PAS |hunter2", A),
    (":s PASS |hunter2", A),
    (":se PASS |hunter2", A),
    (":sen PASS |hunter2", A),
    (":sned PASS |hunter2", A),
    (":s 3 PASS |hunter2", A),
    (":sp 3 PASS |hunter2", A),
    (":spl 3 PASS |hunter2", A),
    (":spli 3 PASS |hunter2", A),
    (":SPLIT 3 PASS |hunter2", A),
    (":slpit 3 PASS |hunter2", A),
    (":split PASS |hunter2", A),
    (":split 3 auth PLAIN |AGJvYgB4", A),
    (r":split 3 PASS\x20|hunter2", A),
    (r"PASS\t|hunter2", A),
    (":PASS |hunter2", A),
    (": PASS |hunter2", A),
    (":he 50 41 53 53| 20 68 75 6e", A),
    (":h 3", T),
    (":save 3 my mail", T),
    (":sa 3 my mail", T),
    (":hex 50 41 53 53| 20 68 75 6e", A),
    (":hex 70617373|2068756e", A),
    (":hex 4e4f4f50", A),
    (":headers 3", T),
    (":help PASS", T),
    ("", A),
]


@pytest.mark.parametrize(("marked", "state"), LINES, ids=str)
def test_what_may_be_a_secret_is_hidden_as_it_is_typed(marked: str, state: State) -> None:
    shown, bar, _ = marked.partition("|")
    assert hidden_from(marked.replace("|", "", 1), state, CONNECT_COMMANDS.wire) == (
        len(shown) if bar else None
    )


NOW = {
    "nothing": [],
    "USER": [b"C: USER bob", b"S: +OK"],
    "AUTH": [b"C: AUTH PLAIN", b"S: + "],
    "login": [b"C: USER bob", b"S: +OK", b"C: PASS hunter2", b"S: +OK"],
}

JUDGED = [
    ("nothing", "XFOO bar"),
    ("nothing", "xfoo"),
    ("nothing", "EHLO client.example"),
    ("nothing", ":send XFOO bar\\r\\n"),
    ("nothing", ":split 3 XFOO bar"),
    ("nothing", ":sned XFOO |bar"),
    ("nothing", "PASS |hunter2"),
    ("nothing", "PAS |hunter2"),
    ("nothing", "|PASShunter2"),
    ("nothing", "|LOGIN bob hunter2"),
    ("nothing", "a1 LOGIN |bob hunter2"),
    ("nothing", ":send PAS |hunter2"),
    ("USER", "|hunter2"),
    ("USER", "|XFOO bar"),
    ("USER", "|ehlo x"),
    ("USER", "PASS |hunter2"),
    ("USER", "PA"),
    ("USER", "pass"),
    ("USER", "CAPA"),
    ("USER", ":send |hunter2"),
    ("USER", ":hex |68756e74657232"),
    ("USER", ":hex 43415041"),
    ("nothing", ":hex 58464f4f 20 626172"),
    ("nothing", ":hex 41504f50 20 626f62 20 |78"),
    ("nothing", ":hex 55534552 20 626f620d |0a 78"),
    ("nothing", r":send USER bob\r|\nhunter2\r\n"),
    ("nothing", r":send NOOP\nUSER bob\n|hunter2"),
    ("nothing", r":send USR bob\n|hunter2"),
    ("nothing", r":send p\x61ss |hunter2"),
    ("nothing", r":send NOOP\r\nXFOO bar\r\nSTAT"),
    ("nothing", r":send XFOO a\\nb\q"),
    ("AUTH", "|hunter2"),
    ("login", "XFOO bar"),
    ("login", "|hunter2"),
    ("login", "XFOO |hunter2 x"),
    ("login", "XFOO ünï |hunter2"),
]


def reading_behind(now: str) -> Reading:
    return Sinks(typist=Typist).play(talk(b"S: +OK ready", *NOW[now])).reading


@pytest.mark.parametrize(("now", "marked"), JUDGED)
def test_where_a_person_types_what_nobody_knows_is_seen_if_it_will_be(
    now: str, marked: str
) -> None:
    reading = reading_behind(now)
    shown, bar, _ = marked.partition("|")
    text, state = marked.replace("|", "", 1), reading.session.state
    found = hidden_from(text, state, CONNECT_COMMANDS.wire, reading.hidden_of)
    assert found == (len(shown) if bar else None)


@pytest.mark.parametrize(
    "marked",
    [
        "|hunter2",
        "|CAPA",
        "",
        ":send| hunter2",
        ":hex| 68",
        ":eol lf",
        ":save 3 my mail",
        ":",
        ":x| y",
    ],
)
def test_what_goes_on_with_half_a_line_is_hidden(marked: str) -> None:
    """Its beginning may be PASS."""
    shown, bar, _ = marked.partition("|")
    found = hidden_behind_half_a_line(marked.replace("|", ""), CONNECT_COMMANDS.wire)
    assert found == (len(shown) if bar else None)


@pytest.mark.parametrize(
    ("typed", "begun"),
    [
        (b"hunt", 0),
        (b"hunter2-and-mor", 0),
        (b"XFOO HUNTER", 5),
        (b"XFOO hunter2-and-more x", None),
        (b"hun", None),
        (b"XFOO unter2", None),
        (b"", None),
    ],
)
def test_the_beginning_of_a_known_secret_is_found(typed: bytes, begun: int | None) -> None:
    typist = Typist()
    typist.learn(b"Hunter2-and-more")
    assert typist.begun(typed) == begun


WORDS = ["XFOO", "hunter2", "bar", "EHLO", "PASS", "a1", "LOGIN", "x", "USER", "PA"]


@given(
    now=st.sampled_from(sorted(NOW)),
    verb=st.sampled_from([word for word in WORDS if word not in COMMANDS]),
    words=st.lists(st.sampled_from(WORDS)),
)
def test_what_is_seen_while_it_is_typed_is_what_is_shown_afterwards(
    now: str, verb: str, words: list[str]
) -> None:
    line = " ".join([verb, *words])
    sinks = Sinks(typist=Typist).play(talk(b"S: +OK ready", *NOW[now]))
    reading = sinks.reading
    begin = hidden_from(line, reading.session.state, judge=reading.hidden_of)
    sinks.play(talk(b"C: " + line.encode()))
    after = sinks.shown(Side.CLIENT)[-1].rstrip(b"\r\n").decode()
    if begin is None:
        begun = any(known.startswith(line.upper()) for known in COMMANDS)
        assert after == line or (begun and after == "********")
    else:
        assert "********" in after
        assert after.startswith(line[:begin]) or after == "********"


def transformed(text: str, state: State, mask: InputMask | None = None) -> str:
    mask = mask or InputMask()
    mask.state = state
    document = Document(text)
    control = BufferControl(Buffer(document=document))
    given_in = TransformationInput(control, document, 0, lambda i: i, [("", text)], 80, 24)
    done = mask.apply_transformation(given_in)
    for at in range(len(text) + 1):
        assert 0 <= done.source_to_display(at) <= len(fragment_list_to_text(done.fragments))
    return fragment_list_to_text(done.fragments)


@given(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1))
def test_a_password_leaves_the_same_picture_whatever_it_is(password: str) -> None:
    assert transformed(f"PASS {password}", U) == f"PASS {MASK}"
    assert transformed(f"USER ünï {password.strip() or 'x'}", A).startswith("USER ünï ")


EDITED = [
    ("PASS hunter2", "PAS hunter2", "PA hunter2", "P hunter2", " hunter2", "hunter2"),
    ("PASS hunter2", "hunter2", "Xhunter2", "XFOO hunter2", "RETR 3 hunter2"),
    ("PASX hunter2", "PAX hunter2", "PA hunter2", "PASS hunter2", "S hunter2"),
    (":send 1 PASS hunter2", ":send 1 hunter2", ": hunter2", "hunter2"),
    ("PASS a hunter2", "PASS hunter2", "hunter2"),
    ("PASS hunter2x", "hunter2x", "hunter2", "hunter2y", "hunter2 yz", "x hunter2 yz"),
]


@pytest.mark.parametrize("texts", EDITED, ids=lambda texts: texts[0])
@pytest.mark.parametrize("now", ["nothing", "login"])
def test_what_was_hidden_stays_so_while_the_words_before_it_are_edited(
    texts: tuple[str, ...], now: str
) -> None:
    reading = reading_behind(now)
    state, wire = reading.session.state, CONNECT_COMMANDS.wire
    mask = InputMask(lambda text: hidden_from(text, state, wire, reading.hidden_of))
    for text in texts:
        assert "hunter2" not in transformed(text, state, mask)
    for text in ("", "XFOO bar", "STAT"):  # another line
        assert transformed(text, state, mask) == text


def test_a_line_without_a_secret_is_shown_as_it_is() -> None:
    assert transformed("RETR 3", T) == "RETR 3"


@pytest.mark.parametrize(
    "marked",
    [
        ":send 1 PASS |hunter2",
        ":send 1 pass |hunter2",
        ":s 1 PASS |hunter2",
        ":se 1 PASS |hunter2",
        ":sen 1 PASS |hunter2",
        ":sned 1 PASS |hunter2",
        " :send 1 PASS |hunter2",
        ":send PASS |hunter2",
        ":answer 1 -ERR [IN-USE] try later",
        ":answer 1 -ERR bad PASS |hunter2",
        ":edit 2 PASS |hunter2",
        ":e 2 PASS |hunter2",
        ":send  12  APOP bob |hunter2",
        r":send 1 PASS\x20|hunter2",
        ":send 1 PSAS |hunter2",
        ":send 9 RETR |x",
        ":send 1 RETR 3",
        ":send 1 STAT",
        ":send 2 RETR 3",
        ":send 2 TOP 3 0",
        ":show 1",
        ":sessions",
        ":hold verb = PASS",
        ":hold verb = PASS and err",
        ":filter not verb = PASS a",
        ":hold verb != RETR,PASS or (err)",
        ":hold (verb = PASS) and err",
        ':hold text = "PASS |hunter2"',
        ":hold verb = PASS |hunter2",
        ":fault extra-reply line='-ERR PASS |hunter2 is wrong' when err",
        r":fault extra-reply line=PASS\x20|hunter2",
        ":note it said PASS |hunter2, which",
        ":note AUTH PLAIN |AGJvYgBodW50ZXIy",
        ":n APOP bob |0123456789abcdef",
        ":note a password, a PASSage, and AUTH PLAIN",
        "PASS |hunter2",
        "hunter |hunter2",
    ],
)
def test_what_is_typed_to_the_live_console_is_hidden(marked: str) -> None:
    commands = dict.fromkeys(
        ["sessions", "show", "stats", "hold", "filter", "fault", "note", "export"], False
    )
    commands |= {"send": True, "edit": True, "answer": True}
    states = {2: State.TRANSACTION}
    before, bar, _ = marked.partition("|")
    found = hidden_from_live(
        marked.replace("|", "", 1), commands, lambda n: states.get(n, State.AUTHORIZATION)
    )
    assert found == (len(before) if bar else None)


WIRE = {"send": True, "edit": True, "answer": True, "note": False, "hold": False}
HELD = [
    ":answer 1 -ERR |bad password hunter2",
    ":answer 1 -ER",
    ":answer 1 +OK |hunter2",
    ":ans 1 -ERR |hunter2",
    ":answer 1 |hunter2",
    ":send 2 USER |hunter2",
    ":send 2 RETR |3",
    ":send 2 STAT",
    ":send 2 sta",
    ":send 2 |hunter2",
    ":send |hunter2",
    ":sned 2 |hunter2",
    ":edit 1 |hunter2",
    ":edit 1 PASS |x2",
    ":edit 1",
    "|hunter2",
    "USER |hunter2",
    ":note a text",
    ":hold verb = PASS",
]


@pytest.mark.parametrize("marked", HELD)
def test_while_a_secret_is_held_only_the_verb_of_what_is_for_the_wire_is_seen(marked: str) -> None:
    before, bar, _ = marked.partition("|")
    found = hidden_from_live(marked.replace("|", "", 1), WIRE, lambda _: T, held=True)
    assert found == (len(before) if bar else None)


WORD = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1)


@given(WORD, WORD, st.sampled_from([":answer 1 -ERR no {}", ":send 2 USER {}", ":edit 1 TOP {}"]))
def test_nobody_learns_a_held_secret_by_trying_what_is_masked(
    secret: str, other: str, form: str
) -> None:
    """Where a mask stands depends on the command alone, and at every key it stands before it."""
    start = form.index("{}")
    for word in (secret, other):
        line = form.format(word)
        for end in range(start + 1, len(line) + 1):
            assert hidden_from_live(line[:end], WIRE, lambda _: T, held=True) in range(start + 1)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("typed", [":h 5320", ":h ", ":", ": \r\n:h 1"])
def test_a_console_command_is_judged_without_a_failure_in_every_state(
    typed: str, state: State
) -> None:
    hidden = hidden_from(typed, state, CONNECT_COMMANDS.wire)
    assert hidden is None or 0 <= hidden <= len(typed)
