"""What a gate did: its words, and that a recording tells the same again."""

import json

import pytest

from pop3spy.session.deeds import Deed, Done, done_from, in_words

DONE = [
    (Done(Deed.HELD, ticket=1), "held as 1"),
    (Done(Deed.RELEASED, waited=2.1), "let go after 2.1 s"),
    (Done(Deed.EDITED, waited=0.04), "edited after 0.0 s"),
    (Done(Deed.DROPPED, waited=61.25), "dropped after 61.2 s"),
    (Done(Deed.DROPPED), "dropped"),
    (Done(Deed.ANSWERED, waited=3.0), "answered after 3.0 s"),
    (Done(Deed.ANSWERED_COMMAND), "answered, and the server heard nothing"),
    (Done(Deed.ANSWERED_REPLY), "answered in place of the server"),
    (Done(Deed.INJECTED), "sent a command"),
    (Done(Deed.CHANGED), "changed it"),
    (Done(Deed.CHANGED_COMMAND), "changed the command"),
    (Done(Deed.CHANGED_SHAPE), "changed the command, whose reply has another shape"),
    (Done(Deed.CHANGED_STATUS), "changed the status line"),
    (Done(Deed.CHANGED_SIZES, octets=1000), "added +1,000 to a size"),
    (Done(Deed.CHANGED_SIZES, octets=-7), "added -7 to a size"),
    (Done(Deed.CHANGED_UIDS), "changed unique-ids"),
    (Done(Deed.CHANGED_CAPA), "changed the capabilities"),
    (Done(Deed.UNSTUFFED), "took a stuffed dot away"),
    (Done(Deed.UNTERMINATED), "left out the lone dot"),
    (Done(Deed.BARE_LF), "made LF of CR LF"),
    (Done(Deed.EXTRA_REPLY), "said a line that nobody asked for"),
    (Done(Deed.GARBAGE, octets=1024), "put 1,024 random octets in"),
    (Done(Deed.DELAYED, seconds=1.0), "waited 1 s"),
    (Done(Deed.DELAYED, seconds=0.123456), "waited 0.123 s"),
    (Done(Deed.SLOWED, octets=1024), "slowed to 1,024 octets a second"),
    (Done(Deed.SLICED, octets=1024), "cut into pieces of 1024"),
    (Done(Deed.STALLED, after=3), "stalled after 3 octets"),
    (Done(Deed.CLOSED, after=1000), "closed after 1,000 octets"),
    (Done(Deed.RESET, after=0), "reset after 0 octets"),
    (Done(Deed.HALF_CLOSED, after=1), "half-closed after 1 octets"),
    (Done(Deed.DRY_CLOSED), "closed: what cannot be read may be a DELE"),
    (Done(Deed.DRY_REFUSED), "refused a DELE of nothing"),
    (Done(Deed.DRY_REFUSED_AGAIN), "refused to delete again"),
    (Done(Deed.DRY_REFUSED_STLS), "refused STLS: a DELE in TLS could not be seen"),
    (
        Done(Deed.DRY_REFUSED_XMIT),
        "refused XTND XMIT: a DELE could be taken for a line of a message",
    ),
    (Done(Deed.DRY_ASKED), "asked the server for the size instead"),
    (Done(Deed.DRY_DELETED), "told the client that the message is deleted"),
    (Done(Deed.DRY_ANSWERED), "answered for a message that is marked"),
    (Done(Deed.DRY_LEFT_OUT), "left the marked messages out"),
    (Done(Deed.STLS_GRANTED), "granted it"),
    (Done(Deed.STLS_FIRST), "asked for it first"),
    (Done(Deed.STLS_FAILED), "told the client that there is no TLS"),
    (Done(Deed.STLS_CUT_OFF), "kept clear text out of TLS"),
    (Done(Deed.STLS_CLOSED), "closed: what cannot be read may be a secret"),
    (Done(Deed.STLS_LISTED), "answered for a server that does not know CAPA"),
    (Done(Deed.WITHHELD), "kept back what came without its end, or too late to be judged"),
    (in_words("did {it} \x1b"), "did {it} \x1b"),
]


@pytest.mark.parametrize(("done", "words"), DONE, ids=[words for _, words in DONE])
def test_what_was_done_has_words_and_a_recording_keeps_both(done: Done, words: str) -> None:
    assert str(done) == words
    facts = json.loads(json.dumps(done.facts()))
    assert facts["did"] == words
    assert done_from(facts) == done


def test_all_that_can_be_done_is_in_the_table_above() -> None:
    assert {done.deed for done, _ in DONE} == set(Deed)


@pytest.mark.parametrize("words", ["held as 1", "dropped after 2.1 s", "cut it", ""])
def test_a_recording_of_an_earlier_version_has_words_alone(words: str) -> None:
    done = done_from({"did": words})
    assert (done, str(done)) == (in_words(words), words)
    assert done.facts() == {"did": words}


@pytest.mark.parametrize(
    "facts",
    [
        {"deed": "held"},
        {"deed": "held", "ticket": "1"},
        {"deed": "held", "ticket": True},
        {"deed": "held", "ticket": 10**400},
        {"deed": "delayed", "seconds": float("nan")},
        {"deed": "delayed", "seconds": float("inf")},
        {"deed": "other", "text": "something else"},
        {"deed": "bewitched"},
        {"deed": ["held"]},
        {"deed": None},
    ],
    ids=repr,
)
def test_what_a_recording_does_not_tell_whole_is_told_in_its_words(
    facts: dict[str, object],
) -> None:
    assert done_from({"did": "as it says", **facts}) == in_words("as it says")


def test_an_amount_that_is_none_is_left_out() -> None:
    assert done_from({"deed": "dropped", "waited": "long"}) == Done(Deed.DROPPED)
