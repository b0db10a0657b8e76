"""What a session told of its maildrop is what the server said, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import recut
from dialogue import Said, said
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.frames import CommandLine, Side, StatusLine
from pop3spy.session.body import LONGEST
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.listing import MOST, MOST_MALFORMED
from pop3spy.session.maildrop import SeenMaildrop
from pop3spy.session.model import Peer, Session
from pop3spy.session.reading import Reading
from session.changed import changed

LOGIN = """\
S: +OK ready
C: USER bob
S: +OK
C: PASS tanstaaf
S: +OK
"""
LISTED = """\
C: LIST
S: +OK
S: 1 120
S: 2 200
S: 4 44
S: .
"""
NAMED = """\
C: UIDL
S: +OK
S: 1 a
S: 2 b
S: .
"""


def told(talk: str, login: str = LOGIN) -> SeenMaildrop:
    """Return what is known of the maildrop behind *talk*, which follows a login."""
    return behind([*said(login), *said(talk)])


def behind(talk: list[Said]) -> SeenMaildrop:
    """Return what is known when all of *talk* was said and the session is over."""
    reading = read(talk)
    reading.end(float(len(talk)), Ending(How.CLIENT_CLOSED))
    return reading.session.maildrop


def read(talk: list[Said]) -> Reading:
    """Let *talk* be heard, each piece in a second of its own."""
    reading = Reading(1, Peer("c", 1), Peer("s", 110), 0.0, lambda _: None)
    for at, (side, data) in enumerate(talk):
        if data is not None:
            reading.hear(Chunk(side, data, float(at)))
    return reading


def dele(number: int, reply: str = "+OK") -> str:
    return f"C: DELE {number}\nS: {reply}\n"


# -- how much there is ------------------------------------------------------------------------


def test_nothing_is_known_of_a_session_that_asked_nothing() -> None:
    maildrop = told("")
    assert (maildrop.count, maildrop.octets, maildrop.highest) == (None, None, None)
    assert (maildrop.stats, maildrop.last_list, maildrop.last_uidl) == ([], None, None)
    assert (maildrop.size_of(1), maildrop.id_of(1)) == (None, None)


def test_a_session_that_only_logs_in_has_nothing_to_remember() -> None:
    assert read(said(LOGIN)).session._maildrop is None


def test_the_first_stat_and_the_last_are_kept() -> None:
    stats = "".join(f"C: STAT\nS: +OK {n} {n}00\n" for n in (2, 3, 4))
    assert [(s.exchange, s.count, s.octets) for s in told(stats).stats] == [
        (3, 2, 200),
        (5, 4, 400),
    ]


@pytest.mark.parametrize("reply", ["+OK", "+OK two 300", "+OK 2", "-ERR 2 300", "OK 2 300"])
def test_a_stat_that_gives_no_two_numbers_tells_nothing(reply: str) -> None:
    maildrop = told(f"C: STAT\nS: {reply}")
    assert (maildrop.stats, maildrop.count, maildrop.highest) == ([], None, None)


def test_whoever_counted_last_says_how_much_there_is() -> None:
    stat = "C: STAT\nS: +OK 9 900\n"
    assert (told(stat + LISTED).count, told(stat + LISTED).octets) == (3, 364)
    assert (told(LISTED + stat).count, told(LISTED + stat).octets) == (9, 900)


def test_unique_ids_count_the_messages_if_nothing_else_does() -> None:
    assert (told(NAMED).count, told(NAMED).octets) == (2, None)


# -- listings ---------------------------------------------------------------------------------


def test_a_listing_says_size_or_unique_id_by_number() -> None:
    maildrop = told(LISTED + NAMED)
    assert maildrop.last_list is not None
    assert maildrop.last_uidl is not None
    assert maildrop.last_list.numbers == [1, 2, 4]
    assert maildrop.last_list.sizes == {1: 120, 2: 200, 4: 44}
    assert maildrop.last_uidl.ids == {1: b"a", 2: b"b"}
    assert maildrop.last_list.complete
    assert (maildrop.size_of(4), maildrop.size_of(3)) == (44, None)
    assert (maildrop.id_of(2), maildrop.id_of(4)) == (b"b", None)


def test_the_first_listing_stays_beside_the_last() -> None:
    talk = LISTED + dele(1) + "C: LIST\nS: +OK\nS: 2 200\nS: ." + "\nC: LIST\nS: +OK\nS: ."
    maildrop = told(talk)
    assert maildrop.first_list is not None
    assert maildrop.last_list is not None
    assert (maildrop.first_list.exchange, maildrop.last_list.exchange) == (3, 6)
    assert (maildrop.first_list.changes, maildrop.last_list.changes) == (0, 1)
    assert maildrop.last_list.numbers == []
    assert maildrop.size_of(1) == 120


@pytest.mark.parametrize("end", ["", "C: NOOP\nS: -ERR", "S< 2 20"])
def test_a_listing_that_broke_off_is_none(end: str) -> None:
    assert told(f"C: LIST\nS: +OK\nS: 1 120\n{end}").last_list is None


@pytest.mark.parametrize("reply", ["-ERR no", "+OK 3 messages\nS: .", "OK"])
def test_what_is_no_listing_lists_nothing(reply: str) -> None:
    maildrop = told(f"C: LIST\nS: {reply}")
    assert maildrop.last_list is None or maildrop.last_list.numbers == []


@pytest.mark.parametrize("end", [r"\r\n", r"\n", r"\r\r\n"])
@pytest.mark.parametrize(
    ("verb", "line", "says"),
    [
        ("LIST", "2 200", "200"),
        ("LIST", "2  200", "200"),
        ("LIST", r"2\t200 ", "200"),
        ("LIST", "0002 0200", "200"),
        ("LIST", "2 200 bob@example.org", "200 and more"),
        ("LIST", "2", "nothing"),
        ("LIST", "", "nothing"),
        ("LIST", "two 200", "nothing"),
        ("LIST", "2 200octets", "nothing"),
        ("LIST", "2 -1", "nothing"),
        ("LIST", f"2 {'9' * 21}", "nothing"),
        ("UIDL", "2 200", "200"),
        ("UIDL", r"2 \xe9", "\xe9"),
        ("UIDL", "2 200 120", "200 and more"),
        ("UIDL", "2 ", "nothing"),
        ("UIDL", "00001a14", "nothing"),
    ],
)
def test_each_line_tells_of_a_message_or_is_malformed(
    verb: str, line: str, says: str, end: str
) -> None:
    maildrop = told(f"C: {verb}\nS< +OK{end}1 120{end}{line}{end}4 44{end}.{end}")
    listing = maildrop.last_list if verb == "LIST" else maildrop.last_uidl
    assert listing is not None
    known: dict[int, str] = {number: str(size) for number, size in listing.sizes.items()}
    known |= {number: octets.decode("latin-1") for number, octets in listing.ids.items()}
    expected = {1: "120", 2: says.removesuffix(" and more"), 4: "44"}
    assert known == {number: text for number, text in expected.items() if text != "nothing"}
    assert listing.numbers == list(known)
    assert [place for place, _ in listing.malformed] == [2] * (says == "nothing")
    assert listing.trailing == [2] * says.endswith("more")
    assert listing.duplicates == []
    assert listing.complete


def test_a_number_that_is_listed_twice_is_told_once() -> None:
    listing = told("C: LIST\nS: +OK\nS: 1 1\nS: 2 2\nS: 1 3\nS: 1 4\nS: .").last_list
    assert listing is not None
    assert listing.duplicates == [1]
    assert listing.numbers == [1, 2, 1, 1]


def test_a_listing_of_nothing_but_malformed_lines_takes_no_more_room() -> None:
    listing = told("C: LIST\nS: +OK\n" + "S: no\n" * 1000 + "S: .").last_list
    assert listing is not None
    assert listing.malformed[-1] == (MOST_MALFORMED, b"no")
    assert listing.lines == 1000


def test_of_an_endless_listing_the_beginning_is_known_and_nothing_concluded() -> None:
    line = b"1 " + b"x" * 70 + b"\r\n"
    body = line * (LONGEST // len(line) + 2)
    cut = behind([*said(LOGIN), *said("C: UIDL\nS: +OK"), (Side.SERVER, body + b".\r\n")])
    assert cut.last_uidl is not None
    assert (cut.last_uidl.cut, cut.last_uidl.complete) == (True, False)
    assert len(cut.last_uidl.numbers) == LONGEST // len(line)
    assert cut.last_uidl.malformed == []
    assert (cut.count, cut.highest) == (None, None)


@pytest.mark.parametrize("last", [b"", b"no\r\n"], ids=["plain", "malformed"])
def test_no_more_messages_are_remembered_than_a_bound(last: bytes) -> None:
    body = last + b"".join(b"%d 1\r\n" % n for n in range(1, MOST + 10))
    listing = behind([*said(LOGIN), *said("C: LIST\nS: +OK"), (Side.SERVER, body + b".\r\n")])
    assert listing.last_list is not None
    assert listing.last_list.cut
    assert len(listing.last_list.numbers) == MOST - bool(last)


def test_a_unique_id_in_which_a_recording_hides_something_is_none() -> None:
    reading = read([*said(LOGIN), *said("C: UIDL\nS: +OK\nS: 1 a")])
    reading.hear(Chunk(Side.SERVER, b"2 x********\r\n", 9.0), ((3, 11),))
    reading.hear(Chunk(Side.SERVER, b".\r\n", 9.0))
    listing = reading.session.maildrop.last_uidl
    assert listing is not None
    assert listing.ids == {1: b"a"}
    assert (listing.hidden, listing.complete, listing.malformed) == (True, False, [])


# -- one message ------------------------------------------------------------------------------


def test_whoever_lists_several_messages_where_one_was_asked_for_tells_their_sizes() -> None:
    maildrop = told("C: LIST 2\nS: +OK\nS: 1 120\nS: 2 200\nS: .")
    assert (maildrop.size_of(1), maildrop.size_of(2)) == (120, 200)
    assert (maildrop.numbers, maildrop.last_list, maildrop.count) == ({1, 2}, None, None)


def test_one_message_can_be_asked_about() -> None:
    maildrop = told("C: LIST 2\nS: +OK 2 200\nC: UIDL 3\nS: +OK 3 c\nC: UIDL 4\nS: -ERR")
    assert (maildrop.size_of(2), maildrop.id_of(3)) == (200, b"c")
    assert maildrop.asked == {"LIST": 1, "UIDL": 2}
    assert maildrop.count is None


@pytest.mark.parametrize("reply", ["+OK 3 200", "+OK 200", "+OK", "-ERR 2 200"])
def test_a_reply_about_another_message_says_nothing_of_this(reply: str) -> None:
    assert told(f"C: LIST 2\nS: {reply}").size_of(2) is None


def test_how_a_message_was_retrieved_is_counted() -> None:
    whole, refused, broken = (
        "C: RETR 1\nS: +OK\nS: hi\nS: .\n",
        "C: RETR 2\nS: -ERR\n",
        "C: RETR 3\nS: +OK\nS: hi",
    )
    maildrop = told(whole * 2 + "C: TOP 5 0\nS: +OK\nS: .\n" + refused + broken)
    assert maildrop.retrieved == {1: 2}
    assert maildrop.refused == {2: 1}
    assert maildrop.incomplete == {3: 1}
    assert maildrop.previewed == {5: 1}
    assert [n for n in range(9) if maildrop.has_shown(n)] == [1, 3, 5]


# -- what is marked ---------------------------------------------------------------------------


def test_a_message_is_deleted_when_the_server_says_so() -> None:
    maildrop = told(dele(1) + dele(2, "-ERR") + dele(3, "OK") + "C: DELE 4")
    assert maildrop.deleted == {1: 3}
    assert (maildrop.pending, maildrop.changes) == (1, 4)


def test_reset_takes_all_marks_back() -> None:
    maildrop = told(dele(1) + dele(2) + "C: RSET\nS: +OK\n" + dele(2) + dele(2))
    assert maildrop.deleted == {2: 6}
    assert (maildrop.undone, maildrop.pending) == ({1, 2}, 1)


def test_a_reset_that_is_refused_takes_nothing_back() -> None:
    assert told(dele(1) + "C: RSET\nS: -ERR").deleted == {1: 3}


def test_changes_count_in_the_order_in_which_commands_were_said() -> None:
    maildrop = told("""
        C: LIST
        C| DELE 1
        C| LIST
        S: +OK
        S| 1 120
        S| .
        S| +OK
        S| +OK
        S| .
    """)
    assert maildrop.first_list is not None
    assert maildrop.last_list is not None
    assert (maildrop.first_list.changes, maildrop.last_list.changes) == (0, 1)


def test_another_maildrop_is_another_maildrop() -> None:
    maildrop = told(LISTED + dele(1) + "C: XTND BBOARDS misc\nS: +OK\nS: .\n" + NAMED)
    assert (maildrop.last_list, maildrop.deleted, maildrop.highest) == (None, {}, None)
    assert maildrop.last_uidl is not None
    assert maildrop.last_uidl.changes == 2


def test_no_more_marks_are_remembered_than_a_bound_but_all_are_counted() -> None:
    maildrop = SeenMaildrop()
    status = StatusLine(Side.SERVER, b"+OK\r\n", ok=True)
    for number in range(1, MOST + 3):
        raw = b"DELE %d\r\n" % number
        line = CommandLine(Side.CLIENT, raw, number, command=parse_command(raw))
        maildrop.learn(line, status, None, 0.0)
    assert (len(maildrop.deleted), maildrop.pending) == (MOST, MOST + 2)


# -- the highest number -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("talk", "highest"),
    [
        ("C: STAT\nS: +OK 2 22", 2),
        ("C: STAT\nS: +OK 0 0", 0),
        (LISTED, 4),
        (NAMED, 2),
        (NAMED + LISTED, 4),
        (dele(1) + "C: STAT\nS: +OK 2 22", None),
        (dele(5) + LISTED, 5),
        (dele(5, "OK") + LISTED, 5),
        (dele(5, "-ERR") + LISTED, 4),
        ("C: STAT\nS: +OK 2 22\n" + dele(1) + "C: STAT\nS: +OK 2 22", 3),
        (NAMED + "C: LIST 7\nS: +OK 7 1", 7),
        ("C: LIST 7\nS: +OK 7 1", None),
        ("C: LIST\nS: +OK\nS: no\nS: .", None),
    ],
)
def test_the_highest_number_is_known_once_all_messages_were_told_of(
    talk: str, highest: int | None
) -> None:
    assert told(talk).highest == highest


def test_without_the_login_no_number_is_known_to_be_the_highest() -> None:
    assert told(LISTED, "").highest is None


def test_what_is_asked_before_the_login_hides_no_login() -> None:
    early = LOGIN.replace("C: USER", "C: STAT\nS: -ERR log in\nC: USER")
    assert told(LISTED, early).highest == 4


# -- who said it ------------------------------------------------------------------------------


def test_what_a_gate_kept_was_never_said_and_what_it_changed_is_what_the_server_heard() -> None:
    sessions: list[Session] = []

    def subscriber(session: Session) -> None:
        sessions.append(session)

    changed(subscriber)
    maildrop = sessions[0].maildrop
    assert maildrop.stats == []
    assert maildrop.deleted == {}
    assert maildrop.asked == {"LIST": 2}
    assert (maildrop.size_of(1), maildrop.size_of(2)) == (426, 788)
    assert maildrop.id_of(2) == b"0002cd"
    assert maildrop.retrieved == {2: 1}
    assert maildrop.previewed == {4: 1}
    assert maildrop.changes == 0


@given(st.data())
def test_however_it_is_cut_it_tells_the_same(data: st.DataObject) -> None:
    talk = said(LOGIN + LISTED + NAMED + dele(1) + "C: RETR 2\nS: +OK\nS: hi\nS: .\n" + LISTED)
    whole, cut = behind(talk), behind(data.draw(recut(talk)))
    for maildrop in (whole, cut):
        assert maildrop.first_list is not None
        assert maildrop.last_list is not None
        assert maildrop.last_list.sizes == {1: 120, 2: 200, 4: 44}
        assert (maildrop.first_list.changes, maildrop.last_list.changes) == (0, 1)
        assert (maildrop.deleted, maildrop.retrieved) == ({1: 5}, {2: 1})
        assert maildrop.id_of(2) == b"b"
