"""A recorded client over the network, against servers that changed and one that did not."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from net.certificates import Authority
from net.serving import hosting, nothing_in_the_log
from net.wires import Door, door
from net.witness import Witness
from pop3spy.cli.playing import play
from pop3spy.net.connection import Connection
from pop3spy.net.trust import Trust
from pop3spy.postoffice import DEMO_ACCOUNTS, PostOffice
from pop3spy.postoffice.demo_mail import DEMO_MESSAGES
from pop3spy.postoffice.memory import MemoryMaildrop
from pop3spy.protocol.url import Url
from pop3spy.replay.assemble import read_script
from pop3spy.replay.credentials import Credentials
from pop3spy.replay.numbers import By
from pop3spy.replay.pace import AS_RECORDED, Pace
from pop3spy.replay.play_options import Played, PlayOptions
from pop3spy.replay.player import ClientPlayer
from pop3spy.replay.script import Script
from pop3spy.replay.stand_in import StandIn
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.how import Ending, How
from replay.tapes import Recorder, script

DEMO = Credentials(b"demo", b"demo")
SAYS = b"""CAPA
USER demo
PASS demo
STAT
LIST
UIDL
UIDL 2
TOP 1 0
RETR 1
RETR 3
RETR 99
DELE 1
RETR 1
LIST
RSET
XYZZY
QUIT
"""

Messages = tuple[tuple[bytes, bytes], ...]


def office(messages: Messages = DEMO_MESSAGES, hostname: str = "post.example") -> PostOffice:
    return PostOffice(
        DEMO_ACCOUNTS,
        {"demo": MemoryMaildrop(messages)},
        hostname=hostname,
        pid=7,
        clock=iter(range(1, 100)).__next__,
    )


async def recorded(says: bytes = SAYS) -> Script:
    recorder = Recorder()
    async with hosting(office().session) as hosted:
        hosted.bus.subscribe(recorder)
        client = await hosted.client()
        await client.send(says.replace(b"\n", b"\r\n"))
        await client.rest()
        client.finish()
        await hosted.witness.ending()
    return read_script(iter(recorder.items))


def complain(_: object, error: Exception) -> None:
    raise error


async def played(
    url: Url, read: Script, options: PlayOptions | None = None, given: Credentials = DEMO
) -> tuple[Played, Witness]:
    witness, bus = Witness(), Bus(complain)
    witness.attach_to(bus)
    player = ClientPlayer(read, given, options)
    with nothing_in_the_log():
        async with await Connection.open(url, bus, Clock()) as connection:
            result = await play(player, connection)
    return result, witness


def told(result: Played) -> list[tuple[str, str, object, object]]:
    return [(each.command, each.what, each.expected, each.got) for each in result.differences]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(PlayOptions(), id="in step"),
        pytest.param(PlayOptions(allow_delete=True), id="deleting"),
        pytest.param(PlayOptions(by=By.UID), id="by unique-id"),
        pytest.param(PlayOptions(by=By.POSITION), id="by position"),
        pytest.param(PlayOptions(pace=Pace(100)), id="a hundred times as fast"),
        pytest.param(PlayOptions(pace=AS_RECORDED, timed=True), id="in recorded time"),
        pytest.param(PlayOptions(timed=True), id="all at once"),
    ],
)
async def test_the_same_server_shows_no_differences(options: PlayOptions) -> None:
    read = await recorded()
    async with hosting(office(hostname="elsewhere").session) as hosted:
        result, witness = await played(hosted.urls[0], read, options)
        assert told(result) == []
        assert await witness.ending() == Ending(How.QUIT)
    left_out = {each.command for each in result.left_out}
    assert left_out - {"DELE 1"} == {"████████"}
    assert ("DELE 1" in left_out) is not options.allow_delete


async def test_a_changed_server_shows_what_changed() -> None:
    read = await recorded()
    (first, text), second, third, *rest = DEMO_MESSAGES
    changed = ((first, text + b"PS: more\n"), (b"new-id", second[1]), third, *rest[:-1])
    async with hosting(office(changed).session) as hosted:
        result, _ = await played(hosted.urls[0], read)
    stat = next(step.outcome for step in read.steps if step.command.verb == "STAT")
    assert told(result) == [
        ("STAT", "messages", 5, 4),
        ("STAT", "size", int(stat.words[1]), int(stat.words[1]) + 10 - _size_of_last()),
        ("LIST", "size of 1", _size(text), _size(text) + 10),
        ("LIST", "size of 5", _size_of_last(), None),
        ("UIDL", "unique-id of 2", "demo-picture", "new-id"),
        ("UIDL", "unique-id of 5", "demo-tea", None),
        ("UIDL 2", "unique-id", "demo-picture", "new-id"),
        ("RETR 1", "size", _size(text), _size(text) + 10),
        ("RETR 1", "lines", text.count(b"\n"), text.count(b"\n") + 1),
        ("LIST", "size of 5", _size_of_last(), None),
    ]


def _size(text: bytes) -> int:
    return len(text.replace(b"\n", b"\r\n"))


def _size_of_last() -> int:
    return _size(DEMO_MESSAGES[-1][1])


async def test_messages_that_moved_are_found_again() -> None:
    read = await recorded(b"USER demo\nPASS demo\nUIDL\nRETR 1\nRETR 3\nQUIT\n")
    async with hosting(office(tuple(reversed(DEMO_MESSAGES))).session) as hosted:
        result, _ = await played(hosted.urls[0], read, PlayOptions(by=By.UID))
        assert told(result) == []
        result, _ = await played(hosted.urls[0], read)
        assert ("UIDL", "unique-id of 1", "demo-welcome", "demo-tea") in told(result)


async def test_a_wrong_password_ends_it() -> None:
    read = await recorded()
    async with hosting(office().session) as hosted:
        result, witness = await played(hosted.urls[0], read, given=Credentials(b"demo", b"nope"))
        assert [each[1:] for each in told(result)] == [
            ("status", "+OK", "-ERR"),
            ("response code", None, "AUTH"),
        ]
        assert "nope" not in repr((result, witness.events))


APOP = hashlib.md5(b"<7.1@post.example>demo", usedforsecurity=False).hexdigest().encode()


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(b"APOP demo %s\n" % APOP, id="APOP"),
        pytest.param(b"AUTH PLAIN\nAGRlbW8AZGVtbw==\n", id="PLAIN"),
        pytest.param(b"AUTH PLAIN AGRlbW8AZGVtbw==\n", id="PLAIN at once"),
    ],
)
async def test_logins_are_computed_for_the_live_server(says: bytes) -> None:
    read = await recorded(says + b"STAT\nQUIT\n")
    assert read.steps[-2].outcome.ok
    async with hosting(office(hostname="other.example").session) as hosted:
        result, _ = await played(hosted.urls[0], read)
        assert (told(result), result.left_out, result.exchanges) == ([], (), 4)


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(b"USER demo\nPASS wrong\n", id="USER"),
        pytest.param(b"APOP demo 0123456789abcdef0123456789abcdef\n", id="APOP"),
        pytest.param(b"AUTH PLAIN\nAGRlbW8Ab3RoZXI=\n", id="PLAIN"),
        pytest.param(b"AUTH PLAIN AGRlbW8Ab3RoZXI=\n", id="PLAIN at once"),
    ],
)
async def test_a_refused_login_is_refused_again(says: bytes) -> None:
    """The password at hand is right, so it must not be that one which is tried."""
    read = await recorded(says + b"QUIT\n")
    async with hosting(office().session) as hosted:
        result, _ = await played(hosted.urls[0], read)
        assert (told(result), result.left_out) == ([], ())


async def test_client_and_stand_in_play_together() -> None:
    read = await recorded()
    async with hosting(StandIn(read, users={b"demo": b"demo"}).session) as hosted:
        result, _ = await played(hosted.urls[0], read, PlayOptions(allow_delete=True))
        assert told(result) == []


HIDDEN = r"\xe2\x96\x88" * 8
SCRAM = f"""
    S: +OK
    C: AUTH SCRAM-SHA-256 {HIDDEN}
    S: + {HIDDEN}
    C: {HIDDEN}
    S: + {HIDDEN}
    C:
    S: +OK
    C: QUIT
    S: +OK
"""


async def test_a_hidden_scram_login_is_computed_on_both_sides() -> None:
    read = replace(script(SCRAM), user="demo")
    for password, exchanges in ((b"demo", 3), (b"wrong", 2)):
        async with hosting(StandIn(read, users={b"demo": b"demo"}).session) as hosted:
            result, _ = await played(hosted.urls[0], read, given=Credentials(None, password))
        assert result.exchanges == exchanges
        assert bool(told(result)) is (password == b"wrong")


ODD = """
    S: POP3 here
    C: CAPA
    S: what?
    C: USER demo
    S: debug
    S: +OK
    C: PASS x
    S: OK
    C: STAT
    S: +OK 1 10
    C: QUIT
    S: bye
"""


@pytest.mark.parametrize("options", [PlayOptions(), PlayOptions(by=By.POSITION)], ids=repr)
async def test_a_server_that_says_odd_things_is_understood_as_it_was(options: PlayOptions) -> None:
    read = script(ODD)
    async with hosting(StandIn(read).session) as hosted:
        result, _ = await played(hosted.urls[0], read, options)
    if options.by is By.NUMBER:
        assert (told(result), result.left_out, result.exchanges) == ([], (), 6)
    else:  # nothing there lists the messages
        assert [each.command for each in result.left_out] == ["STAT"]


async def test_a_server_is_played_to_inside_tls_that_was_asked_for(tmp_path: Path) -> None:
    read = script("S: +OK\nC: CAPA\nS: +OK\nS| TOP\nS| .\nC: QUIT\nS: +OK")
    authority = Authority(tmp_path / "ca")

    async def serve(knocked: Door) -> None:
        server = await knocked.accept()
        await server.send(b"+OK\r\n")
        await server.expect(b"STLS\r\n")
        await server.send(b"+OK\r\n")
        await server.begin_tls(authority.issue("good").context())
        await server.expect(b"CAPA\r\n")
        await server.send(b"+OK\r\nTOP\r\nSASL PLAIN\r\n.\r\n")
        await server.expect(b"QUIT\r\n")
        await server.send(b"+OK\r\n")
        server.close()

    with door() as there:
        url, trust = Url("pop3+stls", "localhost", there.url.port), Trust(ca=authority.certificate)
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(there))
            connection = await Connection.open(url, Bus(complain), Clock(), trust=trust)
            async with connection:
                result = await play(ClientPlayer(read, DEMO), connection)
    assert told(result) == [("CAPA", "SASL", None, "PLAIN")]


async def test_it_is_over_when_the_last_command_was_left_out() -> None:
    text = "S: +OK\nC: USER demo\nS: +OK\nC: PASS x\nS: +OK\nC: DELE 1\nS: +OK"
    async with hosting(office().session) as hosted:
        result, _ = await played(hosted.urls[0], script(text, How.CLIENT_CLOSED))
    assert [each.command for each in result.left_out] == ["DELE 1"]


async def test_a_server_that_hangs_up_is_a_difference() -> None:
    read = await recorded()
    text = "S: +OK <1@x>\nC: CAPA\nS: -ERR no\nC: USER demo\nS: +OK\nC: PASS x\nS: +OK\nC: STAT"
    async with hosting(StandIn(script(text, How.SERVER_CLOSED)).session) as hosted:
        result, _ = await played(hosted.urls[0], read)
    assert told(result)[-2:] == [
        ("STAT", "status", "+OK", "no reply"),
        ("LIST", "connection", "open", "the server closed it"),
    ]


async def test_a_server_that_falls_silent_is_a_difference() -> None:
    read = await recorded()
    with nothing_in_the_log(), door() as silent:
        connection = await Connection.open(silent.url, Bus(complain), Clock(), patience=0.05)
        async with connection:
            result = await play(ClientPlayer(read, DEMO), connection)
        (await silent.accept()).reset()
    ((command, what, expected, got),) = told(result)
    assert (command, what, expected) == ("greeting", "connection", "open")
    assert str(got).endswith("nothing happened for 0.05 s")


async def test_a_client_waits_as_long_as_it_did() -> None:
    read = script("S: +OK\nC(0.2): NOOP\nS: -ERR\nC(0.2): QUIT\nS: +OK")
    async with hosting(StandIn(read).session) as hosted:
        for options in (PlayOptions(pace=AS_RECORDED), PlayOptions(pace=AS_RECORDED, timed=True)):
            begun = asyncio.get_running_loop().time()
            result, _ = await played(hosted.urls[0], read, options)
            assert told(result) == []
            assert asyncio.get_running_loop().time() - begun >= 0.38
