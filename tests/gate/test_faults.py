"""What each fault makes of a session, however its octets were cut; and how faults combine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.talking import MESSAGE, TALK, C, S, Said, Talk, keeper, octet_by_octet
from pop3spy.gate.acts import End, Send, Wait
from pop3spy.gate.faults import FAULTS
from pop3spy.protocol.frames import Side

SAID = {side: b"".join(data for each, data in TALK if each is side) for side in Side}
RETR = b"+OK 120 octets\r\n" + MESSAGE + b".\r\n"


def changed(old: bytes, new: bytes) -> bytes:
    """Return what the server said with *old* in other words."""
    assert SAID[S].count(old) == 1
    return SAID[S].replace(old, new)


CONTENT = [
    ("drop when verb = STAT", changed(b"+OK 2 320\r\n", b"")),
    ("drop when verb = RETR", changed(RETR, b"")),
    (
        "answer side=server when verb = RETR",
        changed(RETR, b"-ERR [IN-USE] maildrop is locked by another session\r\n"),
    ),
    (
        'answer side=server line="+OK 0 0" when verb = STAT',
        changed(b"+OK 2 320\r\n", b"+OK 0 0\r\n"),
    ),
    ("unterminated when verb = RETR", changed(b"last\r\n.\r\n", b"last\r\n")),
    ("unterminated when verb = STAT", SAID[S]),
    ("extra-reply when verb = STAT", changed(b"+OK 2 320\r\n", b"+OK 2 320\r\n+OK\r\n")),
    ("extra-reply line='-ERR so' when verb = RETR", changed(RETR, RETR + b"-ERR so\r\n")),
    ("unstuffed", changed(b"..one\r\n...\r\n", b".one\r\n..\r\n")),
    ("wrong-size when verb = STAT", changed(b"+OK 2 320\r\n", b"+OK 2 420\r\n")),
    ("wrong-size by=-150 when verb = LIST", changed(b"1 120\r\n2 200\r\n", b"1 0\r\n2 50\r\n")),
    ("wrong-size by=1 when verb = RETR", changed(b"+OK 120 octets", b"+OK 121 octets")),
    ("changed-uid when arg = 1", changed(b"+OK 1 one\r\n", b"+OK 1 one-changed\r\n")),
    (
        "changed-uid suffix=X when not arg = 1",
        changed(b"1 one\r\n2 two\r\n", b"1 oneX\r\n2 twoX\r\n"),
    ),
    ("changed-capa", changed(b"TOP\r\nUIDL\r\nUSER\r\n", b"USER\r\n")),
    (
        "changed-capa remove= add='X-SPY 1,STLS'",
        changed(b"USER\r\n.\r\n", b"USER\r\nX-SPY 1\r\nSTLS\r\n.\r\n"),
    ),
    ("bare-lf when verb = RETR", changed(RETR, RETR.replace(b"\r\n", b"\n"))),
    ("bare-lf", SAID[S].replace(b"\r\n", b"\n")),
]
KEPT = ["delay", "bandwidth", "slice", "stall time=1s", "delay jitter=2s", "slice size=7 gap=0"]
BROKEN = [
    ("cut after=20 when verb = RETR", b"+OK 120 octets\r\nSubj", End.CLOSE),
    ("cut after=62 when verb = RETR", RETR[:62], None),
    ("cut after=1000 when verb = RETR", RETR, None),
    ("reset when verb = RETR", b"", End.RESET),
    ("half-close after=5 when verb = RETR", b"+OK 1", End.FINISH),
]


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "octet by octet"])
@pytest.mark.parametrize(("text", "heard"), CONTENT, ids=[text for text, _ in CONTENT])
def test_what_the_client_hears_of_a_fault(text: str, heard: bytes, *, cut: bool) -> None:
    talk = Talk([keeper(text)]).say(octet_by_octet(TALK) if cut else TALK)
    assert talk.heard == {C: heard, S: SAID[C]}
    assert bool(talk.notes) == (heard != SAID[S])


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("text", KEPT)
def test_faults_of_time_change_no_octet(text: str, side: str) -> None:
    talk = Talk([keeper(f"{text} side={side}")]).say(TALK)
    assert talk.heard == {C: SAID[S], S: SAID[C]}
    assert any(isinstance(act, Wait) for act in talk.acts)


@pytest.mark.parametrize(("text", "heard", "end"), BROKEN, ids=[text for text, _, _ in BROKEN])
def test_where_a_reply_breaks_off(text: str, heard: bytes, end: End | None) -> None:
    before = SAID[S].removesuffix(RETR + b"+OK bye\r\n")
    talk = Talk([keeper(text)]).say(octet_by_octet(TALK))
    end = End.CLOSE if len(heard) == 62 else end
    assert talk.ended is end
    assert talk.heard[C] == before + heard + (b"" if end else b"+OK bye\r\n")


def test_the_server_never_hears_a_command_that_is_answered() -> None:
    talk = Talk([keeper("answer line='-ERR no' when verb = PASS")]).say([*TALK[:6]])
    assert talk.heard == {C: SAID[S][:41] + b"-ERR no\r\n", S: b"CAPA\r\nUSER bob\r\n"}
    assert ("answer", "answered, and the server heard nothing") in talk.notes


def test_the_server_never_hears_a_command_that_is_dropped() -> None:
    talk = Talk([keeper("drop side=client when verb = USER")]).say(TALK[:4])
    assert talk.heard[S] == b"CAPA\r\n"


def test_garbage_is_the_same_for_the_same_seed() -> None:
    heard = [
        Talk([keeper("garbage octets=9 after=4 when verb = STAT", seed)]).say(TALK).heard[C]
        for seed in (1, 1, 2)
    ]
    at = SAID[S].index(b"+OK 2 320") + 4
    assert heard[0] == heard[1] != heard[2]
    assert heard[0][:at] + heard[0][at + 9 :] == SAID[S]


def test_a_fault_without_a_filter_is_about_the_greeting_too() -> None:
    assert Talk([keeper("drop")]).say(TALK[:1]).heard[C] == b""
    assert Talk([keeper("drop when not verb = NOOP")]).say(TALK[:1]).heard[C] == b"+OK ready\r\n"


def test_slices_are_as_small_as_was_asked_for() -> None:
    talk = Talk([keeper("slice size=3 when verb = STAT")]).say(TALK)
    sent = [act.data for act in talk.acts if isinstance(act, Send)]
    assert sent == [b"+OK", b" 2 ", b"320", b"\r\n"]


def test_a_large_body_goes_in_larger_slices_and_takes_as_long() -> None:
    talk = Talk([keeper("slice when verb = RETR")]).say(TALK[:-4])
    talk.say([(C, b"RETR 2\r\n"), (S, b"+OK\r\n")])
    talk.acts.clear()
    talk.say([(S, b"x" * 250_000)])
    assert sum(isinstance(act, Send) for act in talk.acts) == 1000
    waited = sum(act.seconds for act in talk.acts if isinstance(act, Wait))
    assert waited == pytest.approx(250.0)


def test_a_line_slow_enough_takes_its_time() -> None:
    talk = Talk([keeper("bandwidth rate=100 when verb = RETR")]).say(TALK)
    waited = sum(act.seconds for act in talk.acts if isinstance(act, Wait))
    assert len(RETR) / 100 <= waited < len(RETR) / 100 + 0.2


def test_faults_combine_in_the_order_in_which_they_were_asked_for() -> None:
    extra, bare = "extra-reply when verb = STAT", "bare-lf when verb = STAT"
    for texts, heard in (
        ([extra, bare], b"+OK 2 320\n+OK\n"),
        ([bare, extra], b"+OK 2 320\n+OK\r\n"),
        (["slice when verb = STAT", bare], b"+OK 2 320\n"),
        ([bare, "cut after=6 when verb = STAT"], b"+OK 2 "),
        (["drop when verb = STAT", extra], b"+OK\r\n"),
    ):
        talk = Talk([keeper(text) for text in texts]).say(TALK[:9])
        assert talk.heard[C] == SAID[S][: SAID[S].index(b"+OK 2 320")] + heard


def test_one_note_tells_of_one_fault() -> None:
    talk = Talk([keeper("bare-lf when verb = RETR")]).say(octet_by_octet(TALK))
    assert talk.notes == [("bare-lf", "made LF of CR LF")]


cuts = st.lists(st.integers(1, 9), min_size=1, max_size=30)


def recut(said: list[Said], sizes: list[int]) -> list[Said]:
    out: list[Said] = []
    for side, data in said:
        at = 0
        while at < len(data):
            size = sizes[len(out) % len(sizes)]
            out.append((side, data[at : at + size]))
            at += size
    return out


faults = st.sampled_from([text for text, _ in CONTENT] + [text for text, _, _ in BROKEN] + KEPT)


@given(st.lists(faults, min_size=1, max_size=3), cuts)
def test_how_the_octets_were_cut_changes_nothing(texts: list[str], sizes: list[int]) -> None:
    whole = Talk([keeper(text) for text in texts]).say(octet_by_octet(TALK))
    cut = Talk([keeper(text) for text in texts]).say(recut(TALK, sizes))
    assert (cut.heard, cut.ended) == (whole.heard, whole.ended)


@given(st.lists(st.sampled_from(sorted(FAULTS)), min_size=1), st.integers(0, 9))
def test_no_chance_is_no_fault(names: list[str], seed: int) -> None:
    talk = Talk([keeper(f"{name} chance=0", seed) for name in names]).say(TALK)
    assert talk.heard == {C: SAID[S], S: SAID[C]}
    assert not talk.acts
    assert not talk.notes


@given(st.integers(0, 99), st.integers(1, 9))
def test_the_same_seed_makes_the_same_run(seed: int, number: int) -> None:
    runs = [Talk([keeper("drop chance=50%", seed)], number).say(TALK).heard for _ in range(2)]
    assert runs[0] == runs[1]


def test_chance_is_about_as_probable_as_it_says() -> None:
    hit = sum(
        bool(Talk([keeper("drop chance=25% when verb = STAT")], n).say(TALK).notes)
        for n in range(200)
    )
    assert 30 <= hit <= 70


def test_a_keeper_remembers_nothing_of_a_session_but_in_its_memory() -> None:
    drop = keeper("drop")
    before = {name: repr(value) for name, value in vars(drop).items()}
    Talk([drop]).say(TALK)
    assert {name: repr(value) for name, value in vars(drop).items()} == before


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_no_fault_keeps_more_of_a_body_than_a_line(name: str) -> None:
    text = f"{name} after=1G" if any(k.name == "after" for k in FAULTS[name].params) else name
    talk = Talk([keeper(f"{text} side=server" if name == "answer" else text)])
    talk.say([*TALK[:-4], (C, b"RETR 2\r\n"), (S, b"+OK\r\n")])
    before = len(talk.heard[C])
    if name in ("drop", "answer"):
        return
    for _ in range(50):
        talk.say([(S, b"x" * 999 + b"\r\n" + b"y" * 999)])
        talk.acts.clear()
    assert len(talk.heard[C]) - before > 50 * 2000 - 20_000
