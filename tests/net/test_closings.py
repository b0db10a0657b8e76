"""Each FIN and RST of each side is told when it happens, in order with what was said."""

import pytest

from net.serving import hosting, relaying
from net.shop import Shop
from net.test_connection import talking
from net.test_gate import Passing
from net.test_host import House, greeted
from net.test_legs_ends import finish, on_any_leg, session
from net.witness import Witness
from pop3spy.gate.acts import Acts, Beginning, Hold, Moment
from pop3spy.net.limits import Limits
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Ended, Opened, SideClosed
from pop3spy.session.how import How

CLOSED = {Side.CLIENT: How.CLIENT_CLOSED, Side.SERVER: How.SERVER_CLOSED}
WORDS = {Side.CLIENT: b"NOOP\r\n", Side.SERVER: b"+OK heard\r\n"}
RESET = {Side.CLIENT: How.CLIENT_RESET, Side.SERVER: How.SERVER_RESET}
from_each_side = pytest.mark.parametrize("side", Side)
gated_and_not = pytest.mark.parametrize("gated", [False, True], ids=["passing", "gated"])


def is_told_at_the_first_close(witness: Witness) -> None:
    """Assert that the ending has the time of the first close, and the end its own."""
    first, (ended,) = witness.of(SideClosed)[0], witness.of(Ended)
    assert ended.ending.at == first.at
    assert witness.of(Opened)[0].at < first.at < ended.at


@gated_and_not
@from_each_side
async def test_a_half_close_is_told_before_what_the_other_side_says_then(
    side: Side, *, gated: bool
) -> None:
    async with relaying(keepers=[Passing()] if gated else []) as relayed:
        pair = await relayed.greeted()
        one, other = pair if side is Side.CLIENT else pair[::-1]
        await one.send(WORDS[side])
        await other.expect(WORDS[side])
        one.finish()
        assert await other.rest() == b""
        await relayed.witness.closed(f"{side.value} fin")
        await other.send(WORDS[side.other])
        await one.expect(WORDS[side.other])
        other.finish()
        assert (await relayed.witness.ending()).how is CLOSED[side]
        said = {each.value: f"{each.value}: {WORDS[each].decode().rstrip()}" for each in Side}
        a, b = side.value, side.other.value
        assert relayed.witness.order()[-4:] == [said[a], f"{a} fin", said[b], f"{b} fin"]
        is_told_at_the_first_close(relayed.witness)


@from_each_side
async def test_a_reset_is_told(side: Side) -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        (client if side is Side.CLIENT else server).reset()
        assert (await relayed.witness.ending()).how is RESET[side]
        assert relayed.witness.closings() == [f"{side.value} rst"]
        is_told_at_the_first_close(relayed.witness)


async def test_a_reset_behind_a_fin_is_told_too() -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        client.finish()
        assert await server.rest() == b""
        await relayed.witness.closed("C fin")
        client.reset()
        await server.until_nobody_takes(b"* anybody there?\r\n")  # who only listens learns nothing
        assert (await relayed.witness.ending()).how is How.CLIENT_CLOSED
        assert relayed.witness.closings() == ["C fin", "C rst"]


async def test_half_a_line_is_told_before_the_close_behind_it() -> None:
    """It is only counted: it might be half a secret."""
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        await client.send(b"NOO")
        client.finish()
        assert await server.rest() == b"NOO"
        await relayed.witness.closed("C fin")
        assert relayed.witness.order()[-2:] == ["C: ", "C fin"]


class Holding:
    """Holds every command until it is let go."""

    sides = frozenset({Side.CLIENT})

    def __init__(self) -> None:
        self.held: list[object] = []

    def judge(self, _: Moment, acts: Acts) -> Acts:
        return [Hold(self.held.append), *acts]

    def may_act_on(self, _: Beginning) -> bool:
        return True


async def test_a_fin_behind_what_is_held_is_told_in_its_turn_at_its_own_time() -> None:
    holding = Holding()
    async with relaying(keepers=[holding]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"NOOP\r\nSTAT\r\n")
        client.finish()
        await relayed.witness.until(lambda: holding.held)
        await server.send(b"* hello\r\n")
        await client.expect(b"* hello\r\n")
        assert relayed.witness.closings() == []
        relayed.keep()
        go_on = holding.held[0]
        assert callable(go_on)
        go_on(())
        assert await server.rest() == b"NOOP\r\nSTAT\r\n"
        await relayed.witness.closed("C fin")
        assert relayed.witness.order()[-2:] == ["C: STAT", "C fin"]


async def test_what_pop3spy_ends_itself_is_no_close_of_a_side() -> None:
    async with relaying(Limits(idle_timeout=0.2, grace=2.0)) as relayed:
        await relayed.greeted()
        assert (await relayed.witness.ending()).how is How.TIMEOUT
        await relayed.greeted()
        await relayed.stopped()
        assert (await relayed.witness.ending(2)).how is How.SHUTDOWN
        assert relayed.witness.of(SideClosed) == []
        assert all(event.ending.at is None for event in relayed.witness.of(Ended))


@from_each_side
@on_any_leg
async def test_the_end_of_tls_is_a_close_and_the_fin_behind_it_none_of_its_own(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    async with session(shop, listener, upstream, side) as (relayed, one, other):
        await finish(one)
        assert await other.rest() == b""
        await relayed.witness.closed(f"{side.value} fin")
        one.finish()
        await other.send(b"+OK heard\r\n")
        await one.expect(b"+OK heard\r\n")
        await finish(other)
        assert (await relayed.witness.ending()).how is CLOSED[side]
        assert relayed.witness.closings() == [f"{side.value} fin", f"{side.other.value} fin"]


# -- where pop3spy is one of the sides ----------------------------------------------------------


async def test_a_client_of_a_host_closes() -> None:
    async with hosting(House()) as hosted:
        client = await greeted(hosted)
        await client.send(b"NOOP\r\n")
        client.finish()
        assert await client.rest() == b"+OK\r\n"
        assert (await hosted.witness.ending()).how is How.CLIENT_CLOSED
        assert hosted.witness.closings() == ["C fin"]
        is_told_at_the_first_close(hosted.witness)


async def test_a_host_closes_behind_quit() -> None:
    async with hosting(House()) as hosted:
        client = await greeted(hosted)
        await client.talk(b"QUIT\r\n", b"+OK bye\r\n")
        assert await client.rest() == b""
        assert (await hosted.witness.ending()).how is How.QUIT
        assert hosted.witness.closings() == ["S fin"]


async def test_a_client_that_resets_a_host_is_told_of() -> None:
    async with hosting(House()) as hosted:
        client = await greeted(hosted)
        client.reset()
        assert (await hosted.witness.ending()).how is How.CLIENT_RESET
        assert hosted.witness.closings() == ["C rst"]


async def test_a_host_that_stops_is_no_close_of_a_side() -> None:
    async with hosting(House()) as hosted:
        await greeted(hosted)
        await hosted.stopped()
        assert hosted.witness.closings() == []


async def test_a_server_closes_a_connection_of_ours() -> None:
    async with talking() as talk:
        await talk.hear(b"+OK ready\r\n")
        talk.server.finish()
        assert await talk.connection.hear() is None
        assert talk.witness.closings(7) == ["S fin"]
        await talk.connection.close()
        assert (await talk.witness.ending(7)).how is How.SERVER_CLOSED
        assert talk.witness.closings(7) == ["S fin", "C fin"]
        is_told_at_the_first_close(talk.witness)


async def test_a_connection_of_ours_that_we_close_is_closed_by_the_client() -> None:
    async with talking() as talk:
        await talk.hear(b"+OK ready\r\n")
        await talk.connection.close()
        assert (await talk.witness.ending(7)).how is How.CLIENT_CLOSED
        assert talk.witness.closings(7) == ["C fin"]
