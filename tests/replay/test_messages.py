"""Which message of one session is which of another, and what becomes of them."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.replay.compare import compare, paired
from pop3spy.replay.difference import Difference
from pop3spy.replay.messages import PairBy
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.verdict import Place, Verdict, first_difference, verdict_of
from replay.tapes import LOGGED_IN, outcomes

Mailbox = Mapping[str, str]
"""Texts by unique-id; a text is a line or more."""

MAIL: Mailbox = {f"id{number}": f"text {number}\n" for number in range(1, 43)}


def session(mail: Mailbox, *, retrieved: bool = True, more: int = 0) -> str:
    """Return what is said where everything is asked about *mail*; LIST counts *more* octets."""
    sizes = [len(text) + text.count("\n") for text in mail.values()]
    lines = [f"C: STAT\nS: +OK {len(mail)} {sum(sizes)}", "C: LIST\nS: +OK"]
    lines += [f"S| {number} {size + more}" for number, size in enumerate(sizes, 1)]
    lines += [
        "S| .",
        "C: UIDL\nS: +OK",
        *(f"S| {n} {uid}" for n, uid in enumerate(mail, 1)),
        "S| .",
    ]
    for number, text in enumerate(mail.values(), 1):
        if retrieved:
            lines += [f"C: RETR {number}\nS: +OK", *(f"S| {line}" for line in text.splitlines())]
            lines.append("S| .")
        lines.append(f"C: DELE {number}\nS: +OK")
    return "\n".join(lines)


def of(mail: Mailbox, **how: bool | int) -> tuple[Outcome, ...]:
    login = "\n".join(line.strip() for line in LOGGED_IN.strip().splitlines())
    return outcomes(f"{login}\n{session(mail, **how)}")  # type: ignore[arg-type]


def between(
    before: Mailbox, now: Mailbox, by: PairBy | None = None, **how: bool | int
) -> tuple[Verdict, list[Difference]]:
    one, other = of(before, **how), of(now, **how)
    pairing = paired(one, other, by)
    assert pairing
    return verdict_of(pairing), compare(one, other, pairing)


def without(*ids: str) -> Mailbox:
    return {uid: text for uid, text in MAIL.items() if uid not in ids}


@pytest.mark.parametrize("gone", ["id1", "id7", "id42"])
@pytest.mark.parametrize("retrieved", [True, False])
def test_a_message_that_is_gone_is_one_difference(gone: str, *, retrieved: bool) -> None:
    verdict, found = between(MAIL, without(gone), retrieved=retrieved)
    assert [each.what for each in found] == [f"message {gone.removeprefix('id')}"]
    assert (verdict.both, len(verdict.missing), verdict.new) == (41, 1, ())
    verdict, found = between(without(gone), MAIL, retrieved=retrieved)
    assert [each.what for each in found] == [f"message {gone.removeprefix('id')} (new)"]


def test_ids_that_changed_are_counted() -> None:
    now = {f"new-{uid}": text for uid, text in MAIL.items()}
    verdict, found = between(MAIL, now)
    assert verdict.found_by == "content"
    assert (verdict.both, len(verdict.ids), verdict.of_ids) == (42, 42, 42)
    assert len(found) == 42
    lines = list(verdict.lines({}))
    assert "unique-ids changed for 42 of 42 messages: clients will fetch these again" in lines[1]


def test_what_was_moved_about_is_found_by_its_id() -> None:
    verdict, found = between(MAIL, dict(reversed(list(MAIL.items()))))
    assert (verdict.found_by, verdict.both, found) == ("unique-id", 42, [])


def test_a_changed_message_is_told_as_such() -> None:
    verdict, found = between(MAIL, {**MAIL, "id3": "text three\n"})
    assert (verdict.changed, verdict.missing, verdict.new) == ((3,), (), ())
    assert {each.command for each in found} <= {"STAT", "LIST", "RETR 3"}
    (line,) = [each for each in verdict.lines({3: Place(6, 1)}) if "another" in each]
    assert line == "message 3 has another content: octet 6 is the first that differs, in line 1"


def test_a_line_end_at_the_end_is_no_other_content() -> None:
    verdict, _ = between(MAIL, {**MAIL, "id3": "text 3\n\n"})
    assert (verdict.changed, verdict.ends) == ((), (3,))
    pairing = paired(of(MAIL), of(MAIL, more=2))
    assert pairing
    assert len(verdict_of(pairing).ends) == 42


@pytest.mark.parametrize("by", list(PairBy))
def test_one_may_say_how_messages_are_found(by: PairBy) -> None:
    verdict, found = between(MAIL, without("id1"), by)
    assert verdict.both == 41
    assert (len(found) == 1) is (by is not PairBy.POSITION)


def test_without_anything_in_common_positions_are_what_is_left() -> None:
    now = {f"new-{uid}": f"other {text}" for uid, text in MAIL.items()}
    assert between(MAIL, now)[0].found_by == "position"


def test_copies_of_a_message_are_told_apart_by_their_order() -> None:
    mail = {"a": "same\n", "b": "same\n", "c": "other\n"}
    verdict, found = between(mail, {"x": "same\n", "y": "same\n", "z": "other\n"})
    assert (verdict.both, len(verdict.ids), len(found)) == (3, 3, 3)


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_the_first_difference_is_where_two_texts_part(same: bytes, a: bytes, b: bytes) -> None:
    one, other = same + a, same + b
    if one == other:
        return
    found = first_difference(one, other)
    pairs = enumerate(zip(one, other, strict=False))
    known = next((at for at, (x, y) in pairs if x != y), min(len(one), len(other)))
    assert found == Place(known + 1, one[:known].count(b"\n") + 1)


@given(st.permutations(list(MAIL)[:12]), st.sets(st.sampled_from(list(MAIL)[:12])))
def test_whatever_is_gone_and_wherever_it_moved_nothing_else_differs(
    order: list[str], gone: set[str]
) -> None:
    before = {uid: MAIL[uid] for uid in list(MAIL)[:12]}
    now = {uid: MAIL[uid] for uid in order if uid not in gone}
    if not now:
        return
    verdict, found = between(before, now, PairBy.UID)
    assert len(found) == len(verdict.missing) == len(gone)


OTHER_IDS: Mailbox = {f"x{number}": text for number, text in enumerate(MAIL.values())}
HALF: Mailbox = {**dict(list(MAIL.items())[:20]), **dict(list(OTHER_IDS.items())[20:])}
HOW = [
    (MAIL, PairBy.UID, "unique-id"),
    (OTHER_IDS, PairBy.UID, "content"),
    (HALF, PairBy.UID, "unique-id and content"),
    (HALF, PairBy.CONTENT, "content"),
    (OTHER_IDS, PairBy.POSITION, "position"),
    ({"y": "something else\n"}, PairBy.UID, "unique-id"),
]


@pytest.mark.parametrize(("now", "by", "called"), HOW, ids=[called for *_, called in HOW])
def test_it_is_said_by_what_messages_were_found_not_by_what_they_were_to_be(
    now: Mailbox, by: PairBy, called: str
) -> None:
    assert between(MAIL, now, by)[0].found_by == called
