"""What is told of secrets is told by a proxy and a host as well, from one session to the next."""

from net.serving import hosting, relaying
from net.test_connection import talking
from net.test_host import OK, House, greeted
from net.witness import Witness
from pop3spy.session.events import Heard
from pop3spy.session.responder import Answer
from redaction.facts_told import jwt, xoauth2


def told(witness: Witness, name: str) -> list[object]:
    """Return what fact *name* is, each time that it is told."""
    return [event.frame.facts[name] for event in witness.of(Heard) if name in event.frame.facts]


async def test_a_proxy_knows_a_secret_again_in_the_next_session() -> None:
    async with relaying() as relayed:
        for number in (1, 2):
            client, server = await relayed.greeted()
            for line, reply in (
                (b"USER bob\r\n", b"+OK\r\n"),
                (b"PASS sesame\r\n", b"-ERR no\r\n"),
            ):
                await client.send(line)
                await server.expect(line)
                await server.send(reply)
                await client.expect(reply)
            client.finish()
            server.finish()
            await relayed.witness.ending(number)
        assert told(relayed.witness, "same_secret") == ["new", "1:2 refused"]


async def test_a_proxy_knows_when_a_token_was_sent() -> None:
    line = f"AUTH XOAUTH2 {xoauth2(jwt({'exp': 1_700_000_000}))}\r\n".encode()
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        await client.send(line)
        await server.expect(line)
        client.reset()
        await relayed.witness.ending()
        assert told(relayed.witness, "token_time") == ["expired over a day"]


async def test_a_host_knows_a_secret_again() -> None:
    async with hosting(House({"USER": OK, "PASS": Answer(b"-ERR no")})) as hosted:
        for number in (1, 2):
            client = await greeted(hosted)
            await client.talk(b"USER bob\r\n", b"+OK\r\n")
            await client.talk(b"PASS sesame\r\n", b"-ERR no\r\n")
            client.finish()
            await hosted.witness.ending(number)
        assert told(hosted.witness, "same_secret") == ["new", "1:2 refused"]


async def test_a_connection_tells_facts_of_what_it_says() -> None:
    async with talking() as talk:
        await talk.hear(b"+OK\r\n")
        await talk.ask(b"PASS sesame\r\n", b"-ERR no\r\n")
        assert told(talk.witness, "carries_secret") == [True]
