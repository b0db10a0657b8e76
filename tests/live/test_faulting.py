"""Faults that a person sets and takes away while sessions last."""

import pytest

from gate.talking import keeper
from live.steering import Steered, steering
from net.wires import Wire
from pop3spy.gate.acts import Gate
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faultset import Faults
from pop3spy.gate.faulttext import read_fault
from pop3spy.gate.holds import Holds
from pop3spy.live.terminal_ui import LiveCompleter
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Intervened, Noted

pytestmark = pytest.mark.usefixtures("either_way")


async def noop(client: Wire, server: Wire, heard: bytes = b"+OK nothing\r\n") -> None:
    await client.send(b"NOOP\r\n")
    await server.expect(b"NOOP\r\n")
    await server.send(b"+OK nothing\r\n")
    await client.expect(heard)


async def noted(steered: Steered) -> list[tuple[str, dict[str, object]]]:
    return [(event.what, dict(event.facts)) for event in steered.relayed.witness.of(Noted)[1:]]


async def test_a_fault_is_set_listed_and_taken_away_while_a_session_lasts() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        assert "no fault is set" in await steered.do(":fault")
        await steered.do(":fault bare-lf when verb = NOOP")
        assert steered.remembered
        await noop(client, server, b"+OK nothing\n")
        await steered.do(":fault extra-reply line=+OK")
        await noop(client, server, b"+OK nothing\n+OK\r\n")
        shown = await steered.do(":fault")
        assert "   1 bare-lf when verb = NOOP\n   2 extra-reply line=+OK\n" in shown
        await steered.do(":fault off 1")
        await noop(client, server, b"+OK nothing\r\n+OK\r\n")
        await steered.do(":fault slice")
        assert "   2 extra-reply line=+OK\n   3 slice\n" in await steered.do(":fault")
        await steered.do(":fault off")
        assert "no fault is set" in await steered.do(":fault")
        await noop(client, server)
        await noop(client, server)
        told = await noted(steered)
    assert [what for what, _ in told] == ["fault_set"] * 2 + ["fault_taken"] + ["fault_set"] + [
        "fault_taken"
    ] * 2
    assert told[2][1] == {"fault": "bare-lf when verb = NOOP"}


async def test_a_fault_that_is_taken_away_ends_with_the_message_that_it_began() -> None:
    async with steering() as steered:
        client, server = await steered.relayed.greeted()
        await steered.do(":fault bare-lf")
        await client.send(b"RETR 1\r\n")
        await server.expect(b"RETR 1\r\n")
        await server.send(b"+OK\r\none\r\ntwo\r")
        await client.expect(b"+OK\none\ntwo")
        await steered.do(":fault off 1")
        await server.send(b"\n.\r\n")
        await client.expect(b"\n.\n")
        await noop(client, server)
        assert {event.by for event in steered.relayed.witness.of(Intervened)} == {"bare-lf"}


async def test_a_seed_that_was_drawn_is_told() -> None:
    async with steering() as steered:
        await steered.do(":fault drop chance=50%")
        ((_, facts),) = await noted(steered)
        assert facts["fault"] == "drop chance=50%"
        assert f"drop chance=50%  seed {facts['seed']}" in await steered.do(":fault")


REFUSED = [
    (":fault dro", "drop?", 0),
    (":fault nothing", "there is no such fault", 0),
    (":fault cut after=x", "column 11", 10),
    (":fault cut aftre=1", "did you mean after?", 4),
    (":fault cut side=client when latency > 1s", "column 22: latency is known", 21),
    (":fault drop 1", "a setting is key=value", 5),
    (":fault off 1", "no such fault is set", None),
    (":fault off x", "which fault?", None),
    (":fault off", "no such fault is set", None),
]


@pytest.mark.parametrize(("line", "told", "column"), REFUSED)
async def test_a_mistake_is_pointed_at_and_sets_nothing(
    line: str, told: str, column: int | None
) -> None:
    async with steering() as steered:
        shown = await steered.do(line)
        assert told in shown
        assert not steered.faults.set
        assert not steered.remembered
        if column is not None:
            text, pointer = shown.splitlines()[-2:]
            assert text.strip() == line.removeprefix(":fault ")
            assert pointer.index("^") == text.index(text.strip()) + column


async def test_tab_offers_faults_their_settings_and_those_that_are_set() -> None:
    async with steering() as steered:
        await steered.do(":fault cut after=7 when verb = RETR")
        choices = LiveCompleter(steered.console)

        def offered(line: str) -> list[str]:
            return [word for word, _ in choices.choices(line.split())]

        assert {"cut", "stall", "off"} <= set(offered(":fault"))
        assert offered(":fault cut") == ["after=", "side=", "chance=", "seed=", "when"]
        assert offered(":fault cut after=7 seed=1") == ["side=", "chance=", "when"]
        assert offered(":fault cut when verb") == []
        assert offered(":fault nothing") == []
        assert list(choices.choices([":fault", "off"])) == [("1", "cut after=7 when verb = RETR")]
        assert offered(":fault off 1") == []


def test_new_faults_stand_before_the_person_and_behind_those_of_the_settings() -> None:
    holds, first = Holds(Clock()), keeper("slice")
    gate = Gate([first, holds, DryRun()])
    faults = Faults(gate, holds)
    second = faults.add(read_fault("drop side=client seed=4"))
    third = faults.add(read_fault("drop chance=50%"))
    assert gate.keepers[:4] == [first, second, third, holds]
    assert (faults.set, second.seed, second.sides) == (
        {1: first, 2: second, 3: third},
        4,
        frozenset({Side.CLIENT}),
    )
    faults.remove(2)
    assert gate.keepers[:3] == [first, third, holds]
    assert list(faults.set) == [1, 3]
