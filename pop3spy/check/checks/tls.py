"""STLS and the port for TLS: whether they work, and how they end."""

from typing import Final

from pop3spy.check.audit import Audit, UnfinishedError
from pop3spy.check.discovery import all_capabilities, capabilities_of, stls_of
from pop3spy.check.doors import Door
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    missing,
    non_strict,
    passed,
)
from pop3spy.check.reply import quoted
from pop3spy.net.tried import client_hello

_STLS: Final = "RFC 2595, section 4"
_CLOSES, _SOON = 15.0, 60.0
_LATE: Final = 190.0
"""Three minutes, and what it takes servers until they begin to count."""


@check("tls/1", Level.SHOULD, f"{_STLS}; RFC 8314, section 3", needs=(Need.CLEAR,))
async def stls_works(audit: Audit) -> Judgement:
    """STLS is offered, and starts TLS.

    Where a listed STLS fails, clients that take TLS "if available" go on in clear text without a
    word.

    Done: CAPA, STLS, a handshake that believes anybody.  Non-strict if it works and is not listed;
    fails if it is listed and does not work.
    """
    seen = await stls_of(audit)
    works = seen.tls is not None and seen.tls.ok
    if seen.listed and not works:
        why = seen.tls.error if seen.tls is not None else seen.reply
        return failed(f"expected TLS behind the STLS that CAPA lists, got {why}")
    if not seen.listed and not seen.reply.ok:
        return missing(f"STLS is not listed, and refused: {seen.reply}")
    if not works:
        return failed(f"expected TLS behind the +OK to STLS, got {seen.tls and seen.tls.error}")
    return passed() if seen.listed else non_strict("expected CAPA to list the STLS that works")


@check("tls/2", Level.SHOULD, "RFC 8314, section 3.1")
async def implicit_tls(audit: Audit) -> Judgement:
    """There is TLS at once on a port of its own.

    New clients try that first, and it cannot be stripped.

    Done: connect, handshake, greeting.  Fails if the port is open without that.
    """
    door = audit.target.doors.get(Door.POP3S)
    if door is None:
        return missing("no port for TLS is known; --pop3s-port names one")
    audit.transcript.add(door.lines)
    if door.is_open:
        return passed()
    if door.tls is None:
        return missing(f"nothing answers there: {door.error}")
    return failed(f"expected TLS and a greeting on port {door.port}, got {door.error}")


@check("tls/3", Level.MUST, _STLS, needs=(Need.TLS,))
async def capa_inside(audit: Audit) -> Judgement:
    """CAPA works inside TLS, and does not list STLS there.

    A client that trusts the list asks for STLS again, and gives up when it is refused.

    Done: CAPA on each door with TLS.  Non-strict if STLS is listed and a second one accepted; fails
    if it is listed and refused, or without CAPA.
    """
    lists = await all_capabilities(audit)
    judgement = passed()
    for door in audit.target.tls_doors:
        seen = lists[door]
        if seen.lines is None:
            clear = lists.get(Door.CLEAR)
            if clear is None or clear.lines is None:
                return missing(f"there is no CAPA: {seen.reply}")
            return failed(f"expected CAPA inside TLS ({door.value}), got {seen.reply}")
        if "STLS" in seen.tags:
            async with audit.connected(door) as talk:
                again = await talk.ask("STLS")
            if not again.ok:
                return failed(f"expected no STLS inside TLS ({door.value}): listed, and {again}")
            judgement = non_strict(f"expected no STLS inside TLS ({door.value}), got it again")
    return judgement


@check("tls/16", Level.PRACTICE, "RFC 8314, section 3.2", needs=(Need.STLS, Need.POP3S))
async def the_same_behind_both(audit: Audit) -> Judgement:
    """STLS and the port for TLS show the same certificate and capabilities.

    Of two settings one gets renewed, and the other is forgotten.

    Done: compare both.  Non-strict if they differ.
    """
    doors = audit.target.doors
    audit.transcript.add([*doors[Door.STLS].lines, *doors[Door.POP3S].lines])
    chains = [doors[door].tls for door in (Door.STLS, Door.POP3S)]
    if len({tried.chain[:1] for tried in chains if tried is not None}) > 1:
        return non_strict("expected the same certificate behind both doors, got two")
    lists = [await capabilities_of(audit, door) for door in (Door.STLS, Door.POP3S)]
    first, second = (set(seen.lines or ()) for seen in lists)
    if first != second:
        odd = b" ".join(line.strip() for line in sorted(first ^ second))
        return non_strict(f"expected the same capabilities, behind one door only: {quoted(odd)}")
    return passed()


@check(
    "tls/17",
    Level.SHOULD,
    "RFC 8314, section 4.1; RFC 2595, section 2.3; RFC 5034, section 4",
    needs=(Need.CLEAR,),
)
async def no_clear_login(audit: Audit) -> Judgement:
    """No login in clear text is offered before TLS.

    Passwords are read by whoever listens, and stripping STLS pays for whoever is in between.

    Done: CAPA, then USER with an invented name.  Non-strict if it is listed and refused; fails if
    USER is +OK.  On this machine itself there is no judgement.
    """
    seen = await capabilities_of(audit, Door.CLEAR)
    shown = {"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"} & set(seen.mechanisms)
    async with audit.connected(Door.CLEAR) as talk:
        reply = await talk.ask(f"USER {audit.invented}")
    if audit.is_local:
        return info("on this machine servers trust clear text, so there is no judgement")
    if reply.ok:
        return failed(f"expected -ERR to USER before TLS, got {reply}")
    if shown or "USER" in seen.tags:
        listed = ", ".join(sorted(shown | ({"USER"} & set(seen.tags))))
        return non_strict(f"expected no login in clear text to be listed, got {listed}")
    return passed()


@check(
    "tls/18",
    Level.SHOULD,
    "RFC 8314, section 3.4; RFC 8446, section 6.1",
    needs=(Need.TLS,),
    connections=2,
)
async def close_notify(audit: Audit) -> Judgement:
    """TLS is ended with close_notify.

    Without it a connection that was cut off looks like one that ended; OpenSSL 3 reports an error.

    Done: QUIT inside TLS, on each door.  Non-strict with a FIN alone; fails with a RST, or if it is
    open after 15 s.
    """
    judgement = passed()
    for door in audit.target.tls_doors:
        async with audit.connected(door) as talk:
            await talk.ask("QUIT")
            end = await talk.rest(audit.timing.of(_CLOSES))
        if not end.closed or end.reset:
            return failed(f"expected close_notify behind QUIT ({door.value}), but {end}")
        if end.abrupt:
            judgement = non_strict(f"expected close_notify behind QUIT ({door.value}), got a FIN")
    return judgement


@check("tls/21", Level.PRACTICE, _STLS, needs=(Need.GRANT,))
async def stls_with_argument(audit: Audit) -> Judgement:
    """STLS with an argument is refused, and clear text goes on.

    TLS that has begun for one side only wedges the connection.

    Done: STLS x, then CAPA.  Non-strict with +OK; fails if the connection is dead behind -ERR.
    """
    async with audit.connected(Door.CLEAR) as talk:
        reply = await talk.ask("STLS x")
        if reply.ok:
            return non_strict(f"expected -ERR to STLS x, got {reply}")
        if not reply.err:
            return failed(f"expected -ERR to STLS x, got {reply}")
        behind, _ = await talk.listing("CAPA")
    if behind.ok or behind.err:
        return passed()
    return failed(f"expected clear text to go on behind -ERR, got {behind}")


@check(
    "tls/22",
    Level.PRACTICE,
    "RFC 8446, section 6",
    needs=(Need.SLOW, Need.TLS),
    connections=2,
)
async def half_handshake(audit: Audit) -> Judgement:
    """A handshake that stops half-way ends.

    Each one holds a process of a server that forks; a few hundred of them stop it.

    Done: with --slow, 20 octets of a ClientHello on each door, then silence.  Passes if it is
    closed within 60 s; non-strict within 3 minutes.
    """
    judgement = passed()
    for door in audit.target.tls_doors:
        async with audit.dialled(audit.target.port(door)) as talk:
            talk.judged_alone = True
            if door is Door.STLS:
                await talk.greeted()
                granted = await talk.ask("STLS")
                if not granted.ok:
                    raise UnfinishedError(f"the server did not grant STLS: {granted}")
            await talk.send(client_hello()[:20])
            end = await talk.rest(audit.timing.trying(_LATE))
        if not end.closed:
            return failed(f"expected a close within 3 minutes ({door.value}), but {end}")
        if end.seconds > audit.timing.trying(_SOON):
            judgement = non_strict(f"expected a close within 60 s ({door.value}), but {end}")
    return judgement
