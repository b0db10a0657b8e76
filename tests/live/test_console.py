"""Every command of the live console, on a real proxy."""

from pathlib import Path

import pytest

from live.steering import steering
from net.wires import Wire
from net.witness import Witness
from pop3spy.live.commands import LIVE_COMMANDS
from pop3spy.live.terminal_ui import LiveCompleter
from pop3spy.session.bus import Reader
from pop3spy.session.events import Heard, Intervened, Noted, Opened
from pop3spy.session.how import How
from pop3spy.session.model import Session
from pop3spy.wrapping import columns

pytestmark = pytest.mark.usefixtures("either_way")

PASSWORD = "tanstaaf-Hunter2"


async def spoken(client: Wire, server: Wire, line: bytes, reply: bytes) -> None:
    await client.send(line)
    await server.expect(line)
    await server.send(reply)
    await client.expect(reply)


HELD = [
    pytest.param(":go", [], b"DELE 1\r\n", b"", id="let go"),
    pytest.param(":go 1", [], b"DELE 1\r\n", b"", id="one let go"),
    pytest.param(":hold off", [], b"DELE 1\r\n", b"", id="hold off"),
    pytest.param(":drop 1", [], b"", b"", id="dropped"),
    pytest.param(":answer 1 -ERR no", [], b"", b"-ERR no\r\n", id="answered"),
    pytest.param(":edit 1", ["STAT"], b"STAT\r\n", b"", id="edited"),
    pytest.param(":edit 1", [r"DELE\t\\r\x00\n"], b"DELE\t\\r\0\n", b"", id="edited with escapes"),
    pytest.param(r":answer 1 -ERR\tno\x07", [], b"", b"-ERR\tno\x07\r\n", id="with escapes"),
    pytest.param(":edit 1", ["LIST", "y"], b"LIST\r\n", b"", id="edited into another shape"),
]


@pytest.mark.parametrize(("line", "answers", "server_hears", "client_hears"), HELD)
async def test_what_is_held_goes_on_as_it_was_decided(
    line: str, answers: list[str], server_hears: bytes, client_hears: bytes
) -> None:
    async with steering() as steered:
        client, server = await steered.held()
        assert "1 held" in steered.console.prompt
        await steered.do(line, *answers)
        await client.send(b"NOOP\r\n")
        await server.expect(server_hears + b"NOOP\r\n")
        await client.expect(client_hears)
        assert not steered.holds.tickets


REFUSED = [
    (":edit 1", ["DELE 1\r\nDELE 2"], "line end"),
    (":edit 1", ["DELE 1\nDELE 2"], "line end"),
    (":edit 1", ["DELE\0"], "NUL"),
    (":edit 1", [""], "nothing to send"),
    (":edit 1", [r"DELE 1\r\nDELE 2"], "one command is one line"),
    (":edit 1", [r"DELE \1"], "a backslash begins"),
    (r":answer 1 +OK\n+OK", [], "one command is one line"),
    (":edit 1", [], "given up"),
    (":edit 1", ["LIST", "n"], "still held"),
    (":edit 1", ["LIST", ""], "framed in another way"),
    (":edit 2", [], "nothing is held by that number"),
    (":edit", [], "which held command?"),
    (":edit 1 PASS secret", [], "which held command?"),
    (":answer 1 ", [], "what is the answer?"),
    (":answer 1 +OK\r\n-ERR", [], "line end"),
    (":answer x -ERR", [], "which held command?"),
    (":drop 9", [], "nothing is held by that number"),
    (":hold latency > 1s", [], "column 1: latency is known only once"),
    (":hold verb = RETR and", [], "column 16"),
]


@pytest.mark.parametrize(("line", "answers", "told"), REFUSED)
async def test_what_is_refused_leaves_it_held(line: str, answers: list[str], told: str) -> None:
    async with steering() as steered:
        await steered.held()
        shown = await steered.do(line, *answers)
        assert told in shown
        assert "secret" not in shown
        assert list(steered.holds.tickets) == [1]
        assert not steered.remembered


async def test_a_mistake_in_a_filter_is_pointed_at() -> None:
    async with steering() as steered:
        shown = await steered.do(":hold verb = RETR and latency > 1s")
    assert shown.splitlines()[-2:] == ["   verb = RETR and latency > 1s", " " * 19 + "^"]


async def test_an_edit_begins_with_what_is_held() -> None:
    async with steering() as steered:
        await steered.held(b"DELE 1\r\n")
        await steered.do(":edit 1", "NOOP")
        assert steered.person.asked == [("in place of DELE 1", False, "DELE 1")]


@pytest.mark.parametrize(
    ("line", "question"),
    [
        (f"PASS {PASSWORD}\r\n".encode(), "in place of PASS ████████"),
        (b"DELE \x1b[31m\r\n", r"in place of DELE ████████"),
        (f"{PASSWORD}\r\n".encode(), "in place of ████████"),
    ],
)
async def test_the_edit_of_a_secret_begins_empty_and_is_hidden(line: bytes, question: str) -> None:
    async with steering() as steered:
        client, server = await steered.held(line)
        await steered.do(":edit 1", f"PASS not-{PASSWORD}", "y")
        assert steered.person.asked[0] == (question, True, "")
        await server.expect(f"PASS not-{PASSWORD}\r\n".encode())
        assert client
        assert PASSWORD not in steered.text
        shown = repr(steered.relayed.witness.of(Intervened)[-1])
        assert PASSWORD not in shown


@pytest.mark.parametrize("said", ["USER carol", "USER carol@mail.example", "XCLIENT NAME=carol"])
async def test_the_edit_of_a_name_that_is_replaced_begins_empty(said: str) -> None:
    async with steering(strict=True) as steered:
        _, server = await steered.held(f"{said}\r\n".encode())
        await steered.do(":edit 1", "NOOP")
        question, _, begun = steered.person.asked[0]
        assert "carol" not in question
        assert not begun
        await server.expect(b"NOOP\r\n")


async def test_what_an_edit_begins_with_stands_for_what_is_held() -> None:
    async with steering() as steered:
        _, server = await steered.held(b"USER a\\b\r\n")
        await steered.do(":edit 1", r"USER a\\b")
        assert steered.person.asked[0][2] == r"USER a\\b"
        await server.expect(b"USER a\\b\r\n")


async def test_what_is_injected_is_answered_on_the_console_and_to_nobody_else() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await steered.do(":send 1 CAPA")
        await server.expect(b"CAPA\r\n")
        await server.send(b"+OK\r\n..dot\r\nUIDL \x1b[31m\r\n.\r\n")
        await steered.shows("s1 S| UIDL")
        await spoken(client, server, b"NOOP\r\n", b"+OK nothing\r\n")
        assert "s1 C» CAPA\ns1 S: +OK\ns1 S| .dot\ns1 S| UIDL \\x1b[31m\n" in steered.text
        assert steered.text.count("CAPA") == 1, "the transcript leaves it out"


async def test_each_injected_command_is_shown_with_its_own_reply() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await steered.do(":send 1 USER bob")
        await server.expect(b"USER bob\r\n")
        await server.send(b"debug\r\n+OK one\r\n")
        await steered.shows("s1 S: +OK one")
        await steered.do(":send 1 CAPA")
        await server.expect(b"CAPA\r\n")
        await server.send(b"-ERR two\r\n")
        await steered.shows("s1 S: -ERR two")
        await spoken(client, server, b"NOOP\r\n", b"+OK three\r\n")
        await steered.shows("S: +OK three")
    shown = [row for row in steered.text.splitlines() if row.startswith("s1 ")]
    assert [row for row in shown if not row.startswith("s1  ?")] == [
        "s1 C» USER bob",
        "s1 S: debug",
        "s1 S: +OK one",
        "s1 C» CAPA",
        "s1 S: -ERR two",
    ]


async def test_a_line_without_a_status_is_in_what_was_said_in_a_session() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await spoken(client, server, b"USER bob\r\n", b"fine\r\n")
        await spoken(client, server, b"CAPA\r\n", b"-ERR\r\n")
        await steered.shows("S: -ERR")
        assert "C: USER bob\nS: fine\nC: CAPA\nS: -ERR" in await steered.do(":show 1")


async def test_nothing_is_said_behind_a_quit_that_was_answered() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await spoken(client, server, b"QUIT\r\n", b"+OK bye\r\n")
        await steered.shows("+OK bye")
        assert "nothing behind it ever is" in await steered.do(":send 1 NOOP")


ONE_LINE = [
    (r":send 1 STAT\r\n", b"STAT\r\n"),
    (r":send 1 STAT\n", b"STAT\n"),
    (r":send 1 NOOP\t\x00", b"NOOP\t\0\r\n"),
]


@pytest.mark.parametrize(("line", "heard"), ONE_LINE)
async def test_an_injected_line_is_exactly_what_was_asked_for(line: str, heard: bytes) -> None:
    async with steering() as steered:
        _, server = await steered.relayed.greeted()
        await steered.do(line)
        await server.expect(heard)


NOT_SENT = [
    (r":send 1 STAT\r\nDELE 1", "one command is one line"),
    (r":send 1 STAT\rDELE 1", "one command is one line"),
    (r":send 1 \r\n", "there is nothing to send"),
    (":send 1 AUTH PLAIN", "AUTH is more than one line"),
    (":send 1 STLS", "STLS is more than one line"),
    (":send 1", "what is to be said?"),
    (":send 7 STAT", "there is no such session"),
    (":send STAT", "which session?"),
    (":send 1 PASS", "given up"),
    (":kill 7", "there is no such session"),
    ("STAT", "commands begin with a colon; :send N COMMAND says one"),
    ("sessions", "commands begin with a colon; did you mean :sessions?"),
    (":sessions 3", ":sessions stands alone; nothing was done"),
    (":quit now", ":quit stands alone; nothing was done"),
    (":sned 1 STAT", "did you mean :send?"),
    (":nothing", "there is no such command"),
    (":follow", "which session?"),
    (":export 1 nothing x", "write :export 1 dialogue FILE"),
    (":note", "what is to be noted?"),
    (":filter", "which ones?"),
    (":show 7", "there is no such session"),
]


@pytest.mark.parametrize(("line", "told"), NOT_SENT)
async def test_a_mistake_is_told_and_nothing_is_sent(line: str, told: str) -> None:
    """Promise 16: what is typed becomes one line of the wire, or none."""
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        assert told in await steered.do(line)
        assert not steered.remembered
        await spoken(client, server, b"NOOP\r\n", b"+OK\r\n")


async def test_a_command_that_could_not_be_said_any_more_is_told() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await client.send(b"QUIT\r\n")
        await server.expect(b"QUIT\r\n")
        await steered.do(":send 1 NOOP")
        await server.send(b"+OK bye\r\n")
        await client.expect(b"+OK bye\r\n")
        server.close()
        assert await client.rest() == b""
        client.close()
        await steered.shows("s1 ended before what waited could be said there")


async def test_a_password_that_is_sent_is_asked_for_and_shown_nowhere() -> None:
    async with steering() as steered:
        _, server = await steered.relayed.greeted()
        await steered.do(":send 1 PASS", rf"{PASSWORD}\n")  # a password is what it looks like
        await server.expect(rf"PASS {PASSWORD}\n".encode() + b"\r\n")
        assert steered.person.asked == [("Password", True, "")]
        await server.send(rf"-ERR no {PASSWORD}\n".encode() + b"\r\n")
        await steered.shows("-ERR no")
        await steered.do(f":send 1 PASS {PASSWORD}")
        await server.expect(f"PASS {PASSWORD}\r\n".encode())
        assert not steered.remembered
        assert PASSWORD not in steered.text


REPEATS = [
    (":answer 1 -ERR bad password {}", []),
    (":answer 1 +OK {}", []),
    (":edit 1", ["PASS {}2"]),
    (":edit 1", ["USER {}"]),
    (":edit 1 PASS {}2", []),
    (":edit 1 {}", []),
    (":edit {}", []),
    (":answer {} -ERR", []),
    (":send 1 USER {}", []),
    (":send 1 {}", []),
    (":send 1 NOOP {}", []),
    (":sned 1 USER {}", []),
    ("{}", []),
    (":{}", []),
    (':hold text = "PASS {}"', []),
    (':hold text = "PASS {}" nonsense', []),
    (":hold verb = PASS {}", []),
    (":filter text = 'PASS {}", []),
    (":fault extra-reply line='-ERR PASS {}'", []),
    (":fault extra-reply line='PASS {}' chance=PASS", []),
    (":fault nonsense PASS {}", []),
    (":note it said PASS {}", []),
    (":export 1 dialogue /nowhere/PASS {}", []),
    (":help PASS {}", []),
]


@pytest.mark.parametrize(("line", "answers"), REPEATS)
async def test_what_is_typed_of_a_held_secret_is_told_nowhere(
    line: str, answers: list[str]
) -> None:
    async with steering() as steered:
        _, server = await steered.held(f"PASS {PASSWORD}\r\n".encode())
        shown = steered.console.hides(line.format(PASSWORD))
        assert PASSWORD not in line.format(PASSWORD)[:shown]
        await steered.do(line.format(PASSWORD), *(each.format(PASSWORD) for each in answers))
        assert not (steered.remembered and PASSWORD in line.format(PASSWORD))
        await steered.do(":hold")
        await steered.do(":hold off")
        await steered.do(":fault")
        await steered.do(":note the end")
        await server.send(f"+OK {PASSWORD} it is\r\n".encode())
        witness = steered.relayed.witness
        await witness.until(lambda: any(e.facts.get("text") == "the end" for e in notes(witness)))
        assert PASSWORD not in steered.text
        told = [event for event in witness.events if not isinstance(event, Opened)]
        assert PASSWORD not in repr(told)


async def test_the_name_of_an_exported_file_is_told_without_a_login(tmp_path: Path) -> None:
    async with steering() as steered:
        await steered.relayed.greeted()
        told = await steered.do(f":export 1 dialogue {tmp_path}/PASS {PASSWORD}")
        assert "session" in told
        assert PASSWORD not in steered.text
        assert not steered.remembered


def notes(witness: Witness) -> list[Noted]:
    return witness.of(Noted)


async def test_an_edit_beside_a_held_secret_shows_the_verb_alone() -> None:
    async with steering() as steered:
        await steered.held(f"PASS {PASSWORD}\r\n".encode())
        client, _ = await steered.relayed.greeted()
        await client.send(b"LIST 1\r\n")
        await steered.relayed.witness.until(lambda: len(steered.holds.tickets) == 2)
        await steered.do(":edit 2", "NOOP")
        assert steered.person.asked[-1][1:] == (False, "LIST 1")
        hides = steered.person.hides
        assert hides is not None
        assert hides(f"LIST {PASSWORD}") == len("LIST ")


async def test_a_session_is_listed_shown_followed_and_killed() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await spoken(client, server, b"USER bob\r\n", b"+OK\r\n")
        await steered.shows("+OK")
        other, its_server = await steered.relayed.greeted()
        listed = await steered.do(":sessions")
        assert "s1" in listed
        assert "USER_GIVEN  1 command, " in listed
        assert "C: USER bob\nS: +OK" in await steered.do(":show 1")
        await steered.do(":follow 2")
        assert "follows 2" in steered.console.prompt
        before = len(steered.text)
        await spoken(client, server, b"STAT\r\n", b"+OK 1 2\r\n")
        await spoken(other, its_server, b"CAPA\r\n", b"-ERR\r\n")
        await steered.shows("C: CAPA")
        assert "STAT" not in steered.text[before:]
        await steered.do(":kill 1")
        assert (await steered.relayed.witness.ending()).how is How.GATE
        assert "gate" in await steered.do(":show 1")
        assert "is over" in await steered.do(":send 1 STAT")
        await spoken(other, its_server, b"NOOP\r\n", b"+OK\r\n")


async def test_what_a_person_answers_is_on_a_filtered_screen_and_told_as_theirs() -> None:
    async with steering() as steered:
        client, server = await steered.held(b"DELE 8\r\n")
        await steered.do(":filter verb = DELE")
        await steered.do(":answer 1 -ERR hands off")
        await client.expect(b"-ERR hands off\r\n")
        await steered.do(":hold off")
        await steered.do(":hold verb = STAT")
        await steered.do(":filter verb = DELE,NOOP")
        await client.send(b"STAT\r\n")
        await steered.shows("held as 2")
        await steered.do(":edit 2", "NOOP")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK so be it\r\n")
        await client.expect(b"+OK so be it\r\n")
        await steered.shows("S: +OK so be it")
        assert "C» NOOP" in steered.text
        shown = await steered.do(":show 1")
        assert "C: DELE 8\nS» -ERR hands off" in shown
        assert "C: STAT\nC» NOOP\nS: +OK so be it" in shown


async def test_what_a_session_waits_for_is_told_where_it_is_shown() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        assert "waiting" not in await steered.do(":show 1")
        await client.send(b"RETR 1\r\n")
        await server.expect(b"RETR 1\r\n")
        await steered.shows("C: RETR 1")
        assert "waiting" not in await steered.do(":show 1")
        for said, told in (
            (b"", "the reply to RETR 1"),
            (b"+OK\r\nSubject: hi\r\n", "the rest of RETR 1"),
        ):
            await server.send(said)
            await client.expect(said)
            await steered.shows("+OK" if said else "RETR 1")
            steered.ahead += 12.5
            assert f" ? waiting 12 s for {told}\n" in await steered.do(":show 1")
            assert f"  waiting 12 s for {told}\n" in await steered.do(":sessions")
            steered.ahead -= 12.5
        await server.send(b".\r\n")
        await client.expect(b".\r\n")
        await steered.relayed.witness.until(lambda: not steered.waits)
        steered.ahead += 12.5
        assert "waiting" not in await steered.do(":show 1")


async def test_what_is_held_waits_for_nobody_else() -> None:
    async with steering() as steered:
        await steered.held()
        steered.ahead += 60
        assert "waiting" not in await steered.do(":show 1")


@pytest.mark.parametrize("width", [40, 80, 140])
async def test_reasons_and_remedies_go_on_below_their_text_and_are_never_cut(width: int) -> None:
    """By the width that the terminal has when they are told: it may be another the next time."""
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        refusal = "-ERR [IN-USE] another session has the maildrop open; " * 4 + "end"
        await spoken(client, server, b"STAT\r\n", f"{refusal}\r\n".encode())
        await steered.shows("end")
        await steered.do(":hold verb = DELE")
        await client.send(b"DELE 7\r\n")
        await steered.shows("held as 1")
        begun = len(steered.text)
        steered.columns = width
        for line in (":show 1", ":sessions", ":hold", ":fault", ":edit", ":send 1", ":help send"):
            await steered.do(line)
        await steered.do(":send 1 XTND")
        rows = steered.text[begun:].splitlines()
        assert max(map(columns, rows)) <= width
        told = " ".join(" ".join(rows).split())
        assert refusal in told
        assert "says a command to the server once it owes no reply, which is shown here" in told
        (place,) = [n for n, row in enumerate(rows) if row.startswith("S: -ERR")]
        assert rows[place + 1].startswith("   ") or columns(refusal) + 3 < width
        steered.columns = None
        assert f"S: {refusal}  (" in await steered.do(":show 1")


async def test_a_filter_leaves_out_of_the_screen_and_of_nothing_else() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await steered.do(":filter verb = STAT")
        await spoken(client, server, b"NOOP\r\n", b"+OK\r\n")
        await spoken(client, server, b"STAT\r\n", b"+OK 1 2\r\n")
        await steered.shows("C: STAT")
        assert "C: NOOP" not in steered.text
        await steered.do(":filter off")
        await spoken(client, server, b"NOOP\r\n", b"+OK\r\n")
        await steered.shows("C: NOOP")
        assert len(steered.relayed.witness.of(Heard)) == 7


async def test_what_is_shown_changes_in_the_sessions_that_are_open() -> None:
    async with steering() as steered:
        first, second = await steered.relayed.greeted(), await steered.relayed.greeted()
        await steered.do(":follow 1")
        await steered.do(":filter verb = LIST,DELE")
        for line in (b"LIST 1\r\n", b"UIDL 1\r\n", b"DELE 1\r\n"):
            await spoken(*first, line, b"-ERR\r\n")
            await spoken(*second, line.replace(b"1", b"2"), b"-ERR\r\n")
        await steered.shows("DELE 1")
        await steered.do(":follow off")
        await steered.do(":filter verb = UIDL")
        for line in (b"LIST 3\r\n", b"UIDL 3\r\n"):
            await spoken(*first, line, b"-ERR\r\n")
            await spoken(*second, line.replace(b"3", b"4"), b"-ERR\r\n")
        await steered.shows("UIDL 4")
    shown = [row.split("C: ")[1] for row in steered.text.splitlines() if "C: " in row]
    assert [row.strip() for row in shown] == ["LIST 1", "DELE 1", "UIDL 3", "UIDL 4"]


async def test_what_is_held_is_told_whatever_is_filtered() -> None:
    async with steering() as steered:
        await steered.do(":filter err")
        await steered.held()
        assert " ◆ s1 DELE 1: held as 1" in steered.text
        assert "s1  DELE 1  since" in await steered.do(":hold")


async def test_a_session_is_exported_while_it_lasts(tmp_path: Path) -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await spoken(client, server, b"USER bob\r\n", b"+OK\r\n")
        await spoken(client, server, f"PASS {PASSWORD}\r\n".encode(), b"+OK\r\n")
        await steered.relayed.witness.until(lambda: steered.text.count("+OK") == 3)
        out = tmp_path / "session.txt"
        assert "1 session to" in await steered.do(f":export 1 dialogue {out}")
        assert "nothing is overwritten" in await steered.do(f":export 1 dialogue {out}")
    written = out.read_text()
    assert "C: USER bob\nS: +OK\nC: PASS ████████" in written


@pytest.mark.parametrize("form", ["dialogue", "jsonl"])
async def test_a_note_is_in_the_export_of_a_session_that_was_open(
    form: str, tmp_path: Path
) -> None:
    async with steering() as steered:
        await steered.do(":note before it began")
        client, server = await steered.relayed.greeted()
        await spoken(client, server, b"NOOP\r\n", b"+OK\r\n")
        await steered.shows("S: +OK")
        await steered.do(":note now PASS tanstaafl")
        await spoken(client, server, b"STAT\r\n", b"+OK 1 2\r\n")
        await steered.shows("+OK 1 2")
        out = tmp_path / "session"
        await steered.do(f":export 1 {form} {out}")
    written = out.read_text()
    assert "before it began" not in written
    assert "tanstaafl" not in written
    place = written.index("now PASS")
    assert written.index("NOOP") < place < written.index("STAT")


async def test_a_note_goes_into_the_log() -> None:
    async with steering() as steered:
        await steered.do(":note here it begins")
        (noted,) = (event for event in steered.relayed.witness.of(Noted) if event.what == "noted")
    assert noted.facts == {"text": "here it begins"}


async def test_commands_are_counted() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await spoken(client, server, b"NOOP\r\n", b"+OK\r\n")
        await steered.shows("C: NOOP")
        assert "NOOP" in await steered.do(":stats")


async def test_help_tells_of_every_command_and_of_one() -> None:
    async with steering() as steered:
        shown = await steered.do(":help")
        assert [row.usage for row in LIVE_COMMANDS if row.usage not in shown] == []
        assert (await steered.do(":help :kill")).count("\n") == 2


async def test_who_leaves_lets_everything_go() -> None:
    async with steering() as steered:
        client, server = await steered.held()
        await steered.do(":quit")
        assert steered.console.leaving
        steered.console.end()
        await server.expect(b"DELE 1\r\n")
        await spoken_after(client, server)


async def spoken_after(client: Wire, server: Wire) -> None:
    await server.send(b"+OK\r\n")
    await client.expect(b"+OK\r\n")


async def test_what_was_held_in_a_session_that_ended_is_forgotten() -> None:
    async with steering() as steered:
        client, _ = await steered.held()
        client.reset()
        await steered.relayed.witness.ending()
        assert "nothing is held by that number" in await steered.do(":go 1")


async def test_in_a_dry_run_nobody_lets_a_dele_through() -> None:
    async with steering(dry_run=True) as steered:
        client, server = await steered.held(b"RETR 1\r\n")
        assert "dry run" in await steered.do(":send 1 DELE 1")
        await steered.do(":edit 1", "RETR 2")
        await server.expect(b"RETR 2\r\n")
        await server.send(b"+OK\r\n.\r\n")
        await client.expect(b"+OK\r\n.\r\n")
        await client.send(b"DELE 1\r\n")
        await steered.relayed.witness.until(lambda: steered.holds.tickets)
        await steered.do(":go")
        await server.expect(b"LIST 1\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"+OK message 1 deleted\r\n")


@pytest.mark.parametrize(
    ("line", "answers", "said", "marked"),
    [
        (":drop 1", [], (b"", b"", b""), []),
        (":answer 1 -ERR no", [], (b"", b"", b"-ERR no\r\n"), []),
        (":edit 1", ["NOOP"], (b"NOOP\r\n", b"+OK nothing\r\n", b"+OK nothing\r\n"), []),
        (":edit 1", ["DELE 2"], (b"LIST 2\r\n", b"+OK 2 9\r\n", b"+OK message 2 deleted\r\n"), [2]),
        (":go 1", [], (b"LIST 1\r\n", b"+OK 1 9\r\n", b"+OK message 1 deleted\r\n"), [1]),
    ],
)
async def test_in_a_dry_run_only_what_a_person_let_through_is_marked(
    line: str, answers: list[str], said: tuple[bytes, bytes, bytes], marked: list[int]
) -> None:
    asked, reply, heard = said
    async with steering(dry_run=True) as steered:
        client, server = await steered.held(b"DELE 1\r\n")
        await steered.do(line, *answers)
        await server.expect(asked)
        await server.send(reply)
        await client.expect(heard)
        await steered.do(":hold off")
        for number in (1, 2):
            await client.send(b"RETR %d\r\n" % number)
            if number in marked:
                await client.expect(b"-ERR message %d is deleted\r\n" % number)
            else:
                await server.expect(b"RETR %d\r\n" % number)
                await server.send(b"+OK\r\n.\r\n")
                await client.expect(b"+OK\r\n.\r\n")


@pytest.mark.parametrize(
    ("line", "answers", "heard"),
    [(":drop 1", [], b""), (":answer 1 +OK", [], b""), (":edit 1", ["NOOP"], b"NOOP\r\n")],
)
async def test_nothing_of_an_overlong_line_follows_what_a_person_put_in_its_place(
    line: str, answers: list[str], heard: bytes
) -> None:
    async with steering() as steered:
        client, server = await steered.held(b"DELE " + b"1" * 20_000)
        await steered.do(line, *answers)
        await client.send(b"\r\nNOOP\r\n")
        await server.expect(heard + b"NOOP\r\n")


async def test_a_command_that_fails_harms_nothing_and_repeats_nothing() -> None:
    class Failing:
        def __call__(self, _: Session) -> Reader:
            raise AssertionError("no session begins")

        def table(self) -> str:
            raise ValueError(PASSWORD)

    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        steered.console.stats = Failing()
        assert "that failed, and the traffic goes on" in await steered.do(":stats")
        assert PASSWORD not in steered.text
        await spoken(client, server, b"NOOP\r\n", b"+OK\r\n")


async def test_tab_offers_commands_sessions_and_what_is_held() -> None:
    async with steering() as steered:
        await steered.held(f"PASS {PASSWORD}\r\n".encode())
        choices = LiveCompleter(steered.console)
        assert [word for word, _ in choices.choices([])] == [
            f":{row.name}" for row in LIVE_COMMANDS
        ]
        assert [word for word, _ in choices.choices([":kill"])] == ["1"]
        assert list(choices.choices([":ed"])) == [("1", "PASS ████████")]
        sent = [word for word, _ in choices.choices([":send", "1"])]
        assert "STAT" in sent
        assert "STLS" not in sent
        assert "pcapng" in [word for word, _ in choices.choices([":export", "1"])]
        assert list(choices.choices([":nothing"])) == []
