"""Connecting, and being disconnected."""

import time
from typing import Final

from pop3spy.check.audit import LOOKING, Audit, UnfinishedError
from pop3spy.check.conversation import lines_of
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, ReplyKind, kind_of, quoted
from pop3spy.errors import ConnectError
from pop3spy.net.tried import client_hello

_SOON, _LATE = 5.0, 30.0
_TRIES: Final = 3
_MANY: Final = 10
_LINGERS: Final = 15.0


async def _greeting_at(audit: Audit, port: int, address: str = "") -> Reply | str:
    """Return the greeting of a fresh connection, or why there is none."""
    try:
        async with audit.dialled(port, address) as talk:
            if port != audit.target.clear_port:
                tried = await talk.secure(LOOKING, audit.target.host)
                if not tried.ok:
                    return tried.error
            return await talk.greeted()
    except ConnectError as error:
        return str(error)


def _port(audit: Audit) -> int:
    return audit.target.port(audit.front)


@check("net/1", Level.PRACTICE, "RFC 6186, section 3.3; RFC 8305", connections=4)
async def every_address(audit: Audit) -> Judgement:
    """Every address of the host answers.

    A dead address is why mail works in one network and hangs in another.

    Done: the name is resolved, and each address is greeted by in turn.  Passes if all greet;
    non-strict if one does; a URL with an address in it has nothing to compare.
    """
    addresses = audit.target.addresses
    if audit.target.host in addresses:
        return info("the URL names an address, so there is nothing to compare")
    silent = {}
    for address in addresses:
        greeting = await _greeting_at(audit, _port(audit), address)
        if isinstance(greeting, str) or not greeting.ok:
            silent[address] = str(greeting)
    if not silent:
        return passed(f"{len(addresses)} addresses greet", addresses=len(addresses))
    told = "; ".join(f"{address}: {why}" for address, why in silent.items())
    judge = failed if len(silent) == len(addresses) else non_strict
    return judge(f"expected a greeting at each address, got {told}")


@check("net/2", Level.MUST, "RFC 1939, section 4")
async def speaks_first(audit: Audit) -> Judgement:
    """The server speaks first, and soon.

    Mail programs give up after 10 to 60 seconds; a slow greeting is nearly always a reverse look-up
    that times out.

    Done: connect and say nothing.  Passes if a line comes within 5 s; non-strict within 30; fails
    without one in 60.
    """
    try:
        async with audit.connected() as talk:
            took = talk.greeting.seconds
    except UnfinishedError as why:
        return failed(f"expected a greeting, got none: {why}")
    if took <= audit.timing.of(_SOON):
        return passed(f"after {took:.3f} s", seconds=round(took, 3))
    judge = non_strict if took <= audit.timing.of(_LATE) else failed
    return judge(f"expected the greeting within 5 s, it took {took:.1f} s", seconds=round(took, 3))


@check("net/3", Level.MUST, "RFC 1939, sections 3 and 4")
async def nothing_behind_greeting(audit: Audit) -> Judgement:
    """Nothing follows the greeting unasked.

    A client takes a second line for the answer to its first command, and is one answer behind from
    then on.

    Done: hear the greeting, then say nothing for 2 s.  Fails if more octets come, or a close.
    """
    async with audit.connected() as talk:
        talk.judged_alone = True
        said = await talk.silence(2.0)
        if said:
            return failed(f"expected silence behind the greeting, got {quoted(said)}")
        if talk.closed:
            return failed("expected silence behind the greeting, got a close")
    return passed()


@check("net/4", Level.PRACTICE, "RFC 9293, section 3.6", needs=(Need.CLEAR,), connections=_TRIES)
async def half_close(audit: Audit) -> Judgement:
    """A client that has half-closed still gets its answer.

    Scripts that pipe commands into a socket close their side at once; a server that drops the
    answer looks dead to them.

    Done: CAPA and FIN, three times, the worst counts.  Passes with a whole reply and a close;
    non-strict without an answer, or if it stays open for 15 s; fails with a RST or half a listing.
    """
    judgement = passed()
    for _ in range(_TRIES):
        async with audit.connected() as talk:
            await talk.send(b"CAPA\r\n")
            talk.probe.finish()
            end = await talk.rest(audit.timing.of(_LINGERS))
        whole = end.said.endswith((b"\r\n.\r\n",)) or kind_of(end.said) is ReplyKind.ERR
        if end.reset or (end.said and not whole):
            what = "a reset" if end.reset else f"half a listing: {quoted(end.said)}"
            return failed(f"expected a whole reply to CAPA behind a half-close, got {what}")
        if not end.said:
            judgement = non_strict("expected a reply behind a half-close, got none")
        elif not end.closed:
            judgement = non_strict(f"expected a close behind the reply, but {end}")
    return judgement


@check("net/5", Level.PRACTICE, "RFC 9293, section 3.10.7", connections=2)
async def reset_is_harmless(audit: Audit) -> Judgement:
    """A client that resets does no harm.

    Phones do it all day; a server that stops serving on it fails for everybody.

    Done: connect, hear the greeting, send RST, connect again.  Passes if the second connection is
    greeted within 10 s.
    """
    async with audit.connected() as talk:
        talk.probe.reset()
    began = time.monotonic()
    greeting = await _greeting_at(audit, _port(audit))
    took = time.monotonic() - began
    if isinstance(greeting, str) or not greeting.ok:
        return failed(f"expected a greeting after another client's reset, got {greeting}")
    if took > audit.timing.of(10.0):
        return failed(f"expected a greeting within 10 s of a reset, it took {took:.1f} s")
    return passed()


@check("net/6", Level.PRACTICE, "RFC 8314, section 3", needs=(Need.CLEAR,), connections=2)
async def tls_on_clear_port(audit: Audit) -> Judgement:
    """TLS that is spoken to the clear port is turned away.

    A client that was set to TLS on port 110 does it; obeying a part of it means obeying anything.

    Done: connect, send a ClientHello at once, hear all that comes within 15 s, connect again.
    Passes with -ERR or a close; non-strict if the server waits in silence; fails if anything is
    +OK, or if the fresh connection is not greeted.
    """
    async with audit.dialled(audit.target.clear_port) as talk:
        talk.judged_alone = True
        await talk.send(client_hello())
        end = await talk.rest(audit.timing.of(_LINGERS))
    positive = [line for line in lines_of(end.said)[1:] if kind_of(line) is ReplyKind.OK]
    if positive:
        return failed(f"expected -ERR or a close to a ClientHello, got {quoted(positive[0])}")
    greeting = await _greeting_at(audit, audit.target.clear_port)
    if isinstance(greeting, str) or not greeting.ok:
        return failed(f"expected a fresh connection to be greeted, got {greeting}")
    if not end.closed and b"-ERR" not in end.said:
        return non_strict("expected -ERR or a close to a ClientHello, the server waits in silence")
    return passed()


@check("net/7", Level.PRACTICE, "experience", connections=_MANY)
async def ten_in_a_row(audit: Audit) -> Judgement:
    """Ten connections, one after the other, are all greeted.

    A limit on connections makes a client that fetches for many accounts fail at some of them.

    Done: ten times greeting and QUIT.  Non-strict if a greeting takes more than 5 s; fails if one
    does not come.
    """
    slowest = 0.0
    for number in range(1, _MANY + 1):
        try:
            async with audit.connected() as talk:
                slowest = max(slowest, talk.greeting.seconds)
                await talk.ask("QUIT")
        except UnfinishedError as why:
            return failed(f"expected ten greetings, connection {number} got none: {why}")
    if slowest > audit.timing.of(_SOON):
        return non_strict(f"expected ten greetings within 5 s, the slowest took {slowest:.1f} s")
    return passed(slowest=round(slowest, 3))
