"""Logging in by each mechanism."""

from typing import Final

from pop3spy.check.audit import Audit, MissingError, SkipError
from pop3spy.check.checks.auth_sasl import mechanisms_of
from pop3spy.check.conversation import Conversation
from pop3spy.check.discovery import capabilities_of
from pop3spy.check.doors import Door
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    EACH_MECHANISM,
    Judgement,
    Level,
    check,
    failed,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, ReplyKind
from pop3spy.replay.credentials import COMPUTED, Credentials
from pop3spy.replay.login_methods import CLEAR
from pop3spy.replay.sasl_client import SaslClient, SaslError

_SASL: Final = "RFC 5034, section 4"
_MOST_STEPS: Final = 6


async def _log_in(
    audit: Audit, talk: Conversation, mechanism: str, *, at_once: bool = False
) -> tuple[Reply, SaslClient]:
    """Log in by *mechanism*, in two steps or with an initial response."""
    options = audit.options
    password = options.password
    given = Credentials(None, password, password)
    name = options.user.encode("utf-8", "surrogateescape")
    client = SaslClient(mechanism, name, given, audit.target.host)
    line = f"AUTH {mechanism}".encode()
    if at_once:
        line += b" " + _hidden(audit, client.message(b""))
    reply = await talk.ask(line, audit.timing.login)
    for _ in range(_MOST_STEPS):
        if reply.kind is not ReplyKind.CHALLENGE:
            break
        said = _hidden(audit, client.message(reply.text.strip()))
        reply = await talk.ask(said, audit.timing.login)
    return reply, client


def _hidden(audit: Audit, message: bytes) -> bytes:
    """Return *message*, which will not stand in what is told."""
    audit.hide(message)
    return message


async def _mechanism_logins(audit: Audit) -> dict[str, tuple[Reply | str, bool]]:
    """Return for each mechanism that can be computed how its login went.

    Each has its reply, or why it broke off, and whether the server should have proven itself and
    has not.
    """

    async def find() -> dict[str, tuple[Reply | str, bool]]:
        found: dict[str, tuple[Reply | str, bool]] = {}
        door = await audit.logins.door()
        for mechanism in (await capabilities_of(audit, door)).mechanisms:
            secret_in_clear = door is Door.CLEAR and mechanism in CLEAR
            allowed = audit.is_local or audit.options.clear_login
            if mechanism not in COMPUTED or mechanism in ("XOAUTH2", "OAUTHBEARER"):
                continue
            if secret_in_clear and not allowed:
                continue
            async with audit.logins.through(door) as talk:
                await audit.logins.turn()
                try:
                    reply, client = await _log_in(audit, talk, mechanism)
                    found[mechanism] = reply, client.unproven
                except SaslError as error:
                    found[mechanism] = str(error), True
                    continue
                if reply.ok:
                    await talk.ask("QUIT")
        return found

    return await audit.once("mechanism logins", find)


@check(
    "auth/13",
    Level.PRACTICE,
    "RFC 5034, sections 3 and 4",
    needs=(Need.LOGIN, Need.ALL_MECHANISMS),
    logins=EACH_MECHANISM,
    connections=8,
)
async def each_logs_in(audit: Audit) -> Judgement:
    """Each mechanism that is listed logs in.

    "Secure password authentication" then works in one client and not in another.

    Done: with --auth all, one login in two steps by each of PLAIN, LOGIN, CRAM, DIGEST-MD5 and
    SCRAM.  Fails if one is refused, though USER and PASS work.
    """
    await mechanisms_of(audit)
    logins = await _mechanism_logins(audit)
    if not logins:
        raise MissingError("no mechanism is listed by which pop3spy can log in")
    for mechanism, (reply, _) in logins.items():
        if isinstance(reply, str) or not reply.ok:
            if mechanism.startswith("SCRAM-") and isinstance(reply, str):
                continue  # scram's own check says so
            return failed(f"expected {mechanism} to log in, got {reply}")
    return passed(f"{', '.join(logins)}", logins=len(logins))


@check("auth/14", Level.MUST, _SASL, needs=(Need.LOGIN,), logins=1)
async def initial_response(audit: Audit) -> Judgement:
    """AUTH takes an initial response.

    Servers older than RFC 5034 know the two steps only, and clients that send one fail.

    Done: AUTH PLAIN with it in one line; SCRAM-SHA-256 where there is no PLAIN.
    """
    listed = await mechanisms_of(audit)
    mechanism = next((name for name in ("PLAIN", "SCRAM-SHA-256") if name in listed), None)
    if mechanism is None:
        raise MissingError("no mechanism is listed in which the client speaks first")
    async with audit.logins.through() as talk:
        await audit.logins.turn()
        try:
            reply, _ = await _log_in(audit, talk, mechanism, at_once=True)
        except SaslError as error:
            raise SkipError(str(error)) from None
        if reply.ok:
            await talk.ask("QUIT")
            return passed()
    return failed(f"expected +OK to AUTH {mechanism} with an initial response, got {reply}")


@check(
    "auth/15",
    Level.SHOULD,
    "RFC 5802, section 5.1; RFC 7677, section 4",
    needs=(Need.LOGIN, Need.ALL_MECHANISMS),
    logins=EACH_MECHANISM,
)
async def scram_is_sound(audit: Audit) -> Judgement:
    """SCRAM proves the server as well.

    It is the one mechanism by which a client knows whom it talks to; unsound, it protects nobody.

    Done: the SCRAM logins of auth/13: the nonce begins with ours, at least 4096 iterations, and the
    signature is right.
    """
    logins = await _mechanism_logins(audit)
    scram = {name: said for name, said in logins.items() if name.startswith("SCRAM-")}
    if not scram:
        raise MissingError("no SCRAM is listed")
    for name, (reply, unproven) in scram.items():
        if isinstance(reply, str):
            judge = non_strict if "iterations" in reply else failed
            return judge(f"expected a sound {name}, but {reply}")
        if reply.ok and unproven:
            return failed(f"expected {name} to prove the server before +OK, got {reply}")
    return passed()
