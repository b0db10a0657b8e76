"""AUTH: mechanisms, challenges, and logging in by them."""

import base64
import binascii
from typing import Final

from pop3spy.check.audit import Audit, MissingError
from pop3spy.check.discovery import all_capabilities, capabilities_of, safe_door
from pop3spy.check.doors import Door
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    missing,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, ReplyKind
from pop3spy.protocol.commands import line_of

_SASL: Final = "RFC 5034, section 4"
_NEED_MORE: Final = ("EXTERNAL", "GSSAPI")
_MOST_STEPS: Final = 6
_LONG: Final = 4000


async def leg_of(audit: Audit) -> Door:
    """Return the door for passwords, or the front one where no password goes anyway."""
    return await safe_door(audit) or audit.front


async def mechanisms_of(audit: Audit) -> tuple[str, ...]:
    """Return the mechanisms that are listed on that leg; raise MissingError if there is none."""
    seen = await capabilities_of(audit, await leg_of(audit))
    if not seen.mechanisms:
        raise MissingError("no SASL mechanism is listed")
    return seen.mechanisms


async def doors_of_mechanisms(audit: Audit) -> dict[str, Door]:
    """Return where each mechanism is listed, that leg first; raise MissingError if none is."""
    first = await leg_of(audit)
    lists = await all_capabilities(audit)
    found: dict[str, Door] = {}
    for door in (first, *(door for door in lists if door is not first)):
        for mechanism in lists[door].mechanisms:
            found.setdefault(mechanism, door)
    if not found:
        raise MissingError("no SASL mechanism is listed")
    return found


def _is_special(mechanism: str) -> bool:
    """Return whether it needs a certificate, a ticket or a binding that we have not."""
    return mechanism in _NEED_MORE or mechanism.endswith("-PLUS")


@check("auth/6", Level.PRACTICE, "experience")
async def bare_auth(audit: Audit) -> Judgement:
    """AUTH alone lists the mechanisms of CAPA, or is refused.

    Outlook asks this way, and takes what it is told.

    Done: AUTH.  Non-strict if the lists differ; fails with +OK and no listing.
    """
    door = await leg_of(audit)
    async with audit.connected(door) as talk:
        reply, lines = await talk.listing("AUTH")
    if reply.err:
        return passed()
    if not reply.ok or lines is None:
        got = reply if not reply.ok else "+OK and no lone dot"
        return failed(f"expected a listing or -ERR to AUTH, got {got}")
    listed = {line_of(line).decode("latin-1").strip().upper() for line in lines} - {""}
    known = set((await capabilities_of(audit, door)).mechanisms)
    if listed == known:
        return passed()
    return non_strict(
        f"expected the mechanisms of CAPA, {', '.join(sorted(listed ^ known))} only in one list"
    )


@check("auth/7", Level.MUST, f"{_SASL}; RFC 1939, section 3")
async def unknown_mechanism(audit: Audit) -> Judgement:
    """An unknown mechanism is refused.

    Clients try their own list from the top.

    Done: AUTH X-POP3SPY-NONE, then QUIT.  Passes with -ERR and +OK.
    """
    async with audit.connected(await leg_of(audit)) as talk:
        reply = await talk.ask("AUTH X-POP3SPY-NONE")
        if not reply.err:
            return failed(f"expected -ERR to an unknown mechanism, got {reply}")
        behind = await talk.ask("QUIT")
    return passed() if behind.ok else failed(f"expected +OK to QUIT behind it, got {behind}")


async def _started(audit: Audit, mechanism: str) -> list[Reply]:
    """Return the replies to AUTH, to a cancel, to AUTH again and to another cancel."""

    async def find() -> list[Reply]:
        async with audit.connected((await doors_of_mechanisms(audit))[mechanism]) as talk:
            said: list[Reply] = []
            for _ in range(2):
                said.append(await talk.ask(f"AUTH {mechanism}"))
                if said[-1].kind is not ReplyKind.CHALLENGE:
                    break
                said.append(await talk.ask("*"))
                if not said[-1].err:
                    break
            return said

    return await audit.once(f"started {mechanism}", find)


@check("auth/8", Level.MUST, "RFC 5034, sections 3 and 4", connections=8)
async def each_starts(audit: Audit) -> Judgement:
    """Each mechanism that is listed starts, and * cancels it.

    Where one is listed and refused, clients fail in place of taking another.

    Done: AUTH with each mechanism, a cancel, and both again.  Non-strict if the cancel ends the
    connection, or if one that needs a certificate or a ticket is refused.
    """
    lax = ""
    for mechanism in await doors_of_mechanisms(audit):
        first, *rest = await _started(audit, mechanism)
        if first.kind is not ReplyKind.CHALLENGE:
            told = f"expected a challenge to AUTH {mechanism}, got {first}"
            if not _is_special(mechanism):
                return failed(told)
            lax = lax or told
            continue
        cancelled, *again = rest
        if cancelled.closed:
            lax = lax or f"expected -ERR to the cancel of {mechanism}, got {cancelled}"
        elif not cancelled.err:
            return failed(f"expected -ERR to the cancel of {mechanism}, got {cancelled}")
        elif again and again[0].closed:
            lax = lax or f"expected {mechanism} to start again, got {again[0]}"
        elif again and again[0].kind is not ReplyKind.CHALLENGE:
            return failed(f"expected {mechanism} to start again, got {again[0]}")
    return non_strict(lax) if lax else passed()


@check("auth/9", Level.MUST, _SASL)
async def challenges_are_base64(audit: Audit) -> Judgement:
    """Challenges are a plus, a blank and base64.

    Strict decoders break off the login at anything else.

    Done: the first challenge of each mechanism.  Non-strict with the plus alone.
    """
    judgement = missing("no mechanism has given a challenge")
    for mechanism in await doors_of_mechanisms(audit):
        first = (await _started(audit, mechanism))[0]
        if first.kind is not ReplyKind.CHALLENGE:
            continue
        line = line_of(first.raw)
        if line == b"+":
            return non_strict(f"expected a blank behind the plus of {mechanism}, got {first}")
        if decoded(line[2:]) is None:
            return failed(f"expected base64 in the challenge of {mechanism}, got {first}")
        judgement = passed()
    return judgement


def decoded(text: bytes) -> bytes | None:
    """Return what base64 *text* says, or None if it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@check("auth/10", Level.MUST, _SASL)
async def no_base64_is_refused(audit: Audit) -> Judgement:
    """A response that is not base64 is refused.

    A lenient decoder is a way round filters.

    Done: the first mechanism that starts, then !!!.  It names no account, but may be counted as a
    failed login; so it is once only.
    """
    for mechanism, door in (await doors_of_mechanisms(audit)).items():
        async with audit.connected(door) as talk:
            if (await talk.ask(f"AUTH {mechanism}")).kind is not ReplyKind.CHALLENGE:
                continue
            reply = await talk.ask("!!!", audit.timing.login)
        if reply.err:
            return passed()
        return failed(f"expected -ERR to what is no base64, got {reply}")
    return missing("no mechanism starts")


async def _challenge_response(audit: Audit) -> dict[str, Door]:
    doors = await doors_of_mechanisms(audit)
    names = {name: door for name, door in doors.items() if name.startswith("CRAM-")}
    if not names:
        raise MissingError("no CRAM mechanism is listed")
    return names


@check("auth/11", Level.MUST, f"{_SASL}; RFC 4422, section 5", connections=2)
async def no_initial_response(audit: Audit) -> Judgement:
    """A mechanism in which the server speaks first refuses an initial response.

    Else what the client said is thrown away without a word, or taken for an answer.

    Done: AUTH AAAA with each CRAM mechanism; DIGEST-MD5 may have one.
    """
    for mechanism, door in (await _challenge_response(audit)).items():
        async with audit.connected(door) as talk:
            reply = await talk.ask(f"AUTH {mechanism} AAAA")
            if reply.kind is ReplyKind.CHALLENGE:
                await talk.ask("*")
        if not reply.err:
            return failed(f"expected -ERR to AUTH {mechanism} with a response, got {reply}")
    return passed()


@check(
    "auth/12",
    Level.MUST,
    "RFC 2195, section 2; RFC 2831, section 2.1.1; RFC 5802, section 5.1",
    connections=4,
)
async def challenges_differ(audit: Audit) -> Judgement:
    """Challenges are never the same.

    Whoever has seen one login can say it again.

    Done: two challenges of each CRAM mechanism and of DIGEST-MD5, on a connection each.
    """
    doors = await doors_of_mechanisms(audit)
    names = [name for name in doors if name.startswith(("CRAM-", "DIGEST-MD5"))]
    if not names:
        raise MissingError("no mechanism with a challenge of its own is listed")
    for mechanism in names:
        seen = []
        for _ in range(2):
            async with audit.connected(doors[mechanism]) as talk:
                seen.append(await talk.ask(f"AUTH {mechanism}"))
                await talk.ask("*")
        if seen[0].kind is ReplyKind.CHALLENGE and seen[0].raw == seen[1].raw:
            return failed(f"expected another challenge of {mechanism} each time, got {seen[0]}")
    return passed()
