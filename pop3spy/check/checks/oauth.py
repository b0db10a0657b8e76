"""Logging in with a token."""

import base64
import json
from typing import Final

from pop3spy.check.audit import Audit, MissingError
from pop3spy.check.checks.auth_sasl import decoded, leg_of
from pop3spy.check.discovery import all_capabilities, capabilities_of
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
from pop3spy.check.reply import Reply, ReplyKind
from pop3spy.replay.credentials import Credentials
from pop3spy.replay.sasl_client import SaslClient

_OAUTH: Final = ("XOAUTH2", "OAUTHBEARER")
_DUMMY: Final = {"XOAUTH2": b"", "OAUTHBEARER": b"AQ=="}


async def _listed(audit: Audit) -> list[str]:
    """Return the mechanisms with a token that are listed anywhere; raise MissingError if none."""
    lists = (await all_capabilities(audit)).values()
    found = [name for name in _OAUTH if any(name in seen.mechanisms for seen in lists)]
    if not found:
        raise MissingError("neither XOAUTH2 nor OAUTHBEARER is listed")
    return found


@check("oauth/1", Level.PRACTICE, "RFC 7628; RFC 5034, section 3")
async def is_listed(audit: Audit) -> Judgement:
    """Mechanisms with a token are listed.

    The largest providers take nothing else.

    Done: CAPA on each door; for information.
    """
    return info(f"listed: {', '.join(await _listed(audit))}")


@check("oauth/2", Level.MUST, "RFC 7628, section 3", needs=(Need.CLEAR,), connections=2)
async def not_in_clear(audit: Audit) -> Judgement:
    """A token is not asked for without TLS.

    It is as good as a password to whoever listens.

    Done: CAPA in clear text; AUTH and a cancel with what is listed there.  Fails with a challenge;
    on this machine itself there is no judgement.
    """
    await _listed(audit)
    seen = await capabilities_of(audit, Door.CLEAR)
    shown = [name for name in _OAUTH if name in seen.mechanisms]
    if audit.is_local:
        return info("on this machine servers trust clear text, so there is no judgement")
    for mechanism in shown:
        async with audit.connected(Door.CLEAR) as talk:
            reply = await talk.ask(f"AUTH {mechanism}")
            if reply.kind is ReplyKind.CHALLENGE:
                await talk.ask("*")
                return failed(f"expected -ERR to AUTH {mechanism} in clear, got {reply}")
    return passed()


@check(
    "oauth/3",
    Level.MUST,
    "RFC 7628, sections 3.2.2 and 3.2.3",
    needs=(Need.WRONG_LOGIN,),
    logins=2,
    connections=2,
)
async def invalid_token(audit: Audit) -> Judgement:
    """An invalid token gets an error in JSON, then -ERR.

    A client reads from it which scope or issuer it needs.

    Done: with --wrong-login, a login by each mechanism with an invented name and the token
    "invalid".  Non-strict with -ERR at once, or without a status in the JSON; fails with +OK, with
    what is no JSON, or without an answer behind it.
    """
    listed = await _listed(audit)
    door = await leg_of(audit)
    judgement = missing("no mechanism with a token is listed where a password may go")
    for mechanism in listed:
        if mechanism not in (await capabilities_of(audit, door)).mechanisms:
            continue
        client = SaslClient(mechanism, audit.invented.encode(), Credentials(None, b"", b"invalid"))
        async with audit.logins.through(door) as talk:
            await audit.logins.turn(wrong=True)
            line = b"AUTH " + mechanism.encode() + b" " + client.message(b"")
            reply = await talk.ask(line, audit.timing.login)
            if reply.kind is not ReplyKind.CHALLENGE:
                if reply.ok or not reply.err:
                    return failed(f"expected a challenge with JSON, got {reply}")
                judgement = non_strict(f"expected JSON before -ERR ({mechanism}), got {reply}")
                continue
            error = _json_in(reply)
            last = await talk.ask(_DUMMY[mechanism], audit.timing.login)
        if error is None:
            return failed(f"expected JSON in the challenge of {mechanism}, got {reply}")
        if not last.err:
            return failed(f"expected -ERR behind the JSON of {mechanism}, got {last}")
        if "status" not in error:
            return non_strict(f"expected a status in the JSON of {mechanism}, got {reply}")
        if judgement.outcome.value == "missing":
            judgement = passed()
    return judgement


def _json_in(reply: Reply) -> dict[str, object] | None:
    try:
        read = json.loads(decoded(reply.text.strip()) or b"")
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


@check(
    "oauth/4",
    Level.MUST,
    "RFC 7628, section 3; RFC 5034, section 4",
    needs=(Need.NAME, Need.TOKEN),
    logins=2,
    connections=2,
)
async def good_token(audit: Audit) -> Judgement:
    """A good token logs in, in one step and in two.

    Some servers take one of the ways only, and clients that go the other one fail.

    Done: with --token-command, AUTH with an initial response, and again behind a challenge.
    Non-strict if only the second works.  A token never goes over clear text.
    """
    mechanism = (await _listed(audit))[0]
    assert audit.options.token is not None
    ways = {}
    for at_once in (True, False):
        door = await audit.logins.door()
        if door is Door.CLEAR and not audit.is_local:
            raise MissingError("there is no TLS for a token")
        token = await audit.options.token()
        audit.typist.learn(token)
        audit.hide(token, base64.b64encode(token))
        name = audit.options.user.encode("utf-8", "surrogateescape")
        client = SaslClient(mechanism, name, Credentials(None, b"", token))
        async with audit.logins.through(door) as talk:
            await audit.logins.turn()
            line = b"AUTH " + mechanism.encode()
            if at_once:
                reply = await talk.ask(line + b" " + client.message(b""), audit.timing.login)
            else:
                reply = await talk.ask(line)
                if reply.kind is ReplyKind.CHALLENGE:
                    reply = await talk.ask(client.message(b""), audit.timing.login)
            if reply.kind is ReplyKind.CHALLENGE:
                reply = await talk.ask(_DUMMY[mechanism])
            if reply.ok:
                await talk.ask("QUIT")
            ways[at_once] = reply
    if ways[True].ok and ways[False].ok:
        return passed()
    if ways[False].ok:
        return non_strict(f"expected +OK to an initial response, got {ways[True]}")
    return failed(f"expected {mechanism} to log in, got {ways[False]}")
