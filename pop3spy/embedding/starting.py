"""What a program can start: a post office, a proxy, a stand-in for a recorded server."""

import os
import time
from collections.abc import Iterable, Mapping
from email.message import Message
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pop3spy.capture.opening import opened_recording
from pop3spy.config.kinds import FAULT, REWRITE, URL, ValueKind, wrong
from pop3spy.config.personality import read_personality
from pop3spy.embedding.server import AsyncServer, Server
from pop3spy.embedding.server_block import LIMITS, BlockOptions, ServerBlock, Tls
from pop3spy.errors import CaptureError, ConfigError
from pop3spy.gate.acts import Gate
from pop3spy.gate.order import keepers_of
from pop3spy.net.gated_host import gated_host
from pop3spy.net.host import Host
from pop3spy.net.identity import Identity
from pop3spy.net.leg import Legs
from pop3spy.net.proxy import Proxy
from pop3spy.net.trust import Trust
from pop3spy.postoffice import DEMO_ACCOUNTS, PostOffice, accounts_from, maildrops_for
from pop3spy.postoffice.maildrop import Maildrop
from pop3spy.postoffice.memory import MemoryMaildrop
from pop3spy.postoffice.personality import Personality
from pop3spy.postoffice.phrases import Phrase
from pop3spy.protocol.url import Url
from pop3spy.redaction.typed import without_logins
from pop3spy.replay.assemble import read_script
from pop3spy.replay.pace import Pace
from pop3spy.replay.recording import NothingAskedError
from pop3spy.replay.script import Script
from pop3spy.replay.stand_in import StandIn
from pop3spy.replay.user_sessions import read_user_sessions
from pop3spy.session.bus import Bus, Subscriber
from pop3spy.session.chunk import Clock

Texts = str | Iterable[str]
"""One text, or several."""


def serve(  # noqa: PLR0913 - what can be asked of it
    mailbox: str | PathLike[str] | None = None,
    *,
    messages: Iterable[bytes | str | Message] | None = None,
    users: Mapping[str, str] | None = None,
    personality: str | None = None,
    login_delay: float = 0.0,
    faults: Texts = (),
    rewrites: Texts = (),
    tls: Tls = "",
    port: int = 0,
    record: str | PathLike[str] | None = None,
    readers: Iterable[Subscriber] = (),
) -> ServerBlock:
    """Return a post office that serves a *mailbox*, or *messages*, or built-in ones, in a block.

    *users* are passwords by name; without them it is ``demo`` with the password ``demo``, and each
    has *messages* of their own.  *personality*, *faults* and *rewrites* are written as for
    ``pop3spy serve``.  A second failed login is answered after *login_delay* seconds.  Raise
    ConfigError or MaildropError if something of that cannot be.
    """
    if mailbox is not None and messages is not None:
        raise ConfigError("serve: a mailbox has its own messages; leave out one of the two")
    accounts = DEMO_ACCOUNTS if users is None else accounts_from(dict(users), "users")
    maildrops: Mapping[str, Maildrop]
    if messages is None:
        maildrops = maildrops_for(accounts, None if mailbox is None else Path(mailbox))
    else:
        stored = [
            (b"message-%d" % number, _octets(each)) for number, each in enumerate(messages, 1)
        ]
        maildrops = {account.name: MemoryMaildrop(stored) for account in accounts}
    manner = read_personality(personality, "personality") if personality else Personality()
    office = PostOffice(
        accounts,
        maildrops,
        hostname="localhost",
        pid=os.getpid(),
        clock=time.time_ns,
        login_delay=login_delay,
        personality=manner if tls == "stls" else manner.without_stls,
    )
    gate = _gate(faults, rewrites)
    grant = manner.answer(Phrase.STLS).line + b"\r\n"

    def make(bus: Bus, clock: Clock, identity: Identity | None) -> Host | Proxy:
        legs = Legs(
            identity=identity,
            inspect=identity is not None,
            grant=grant,
            lists_stls=manner.lists_stls,
        )
        return gated_host(office.session, bus, clock, LIMITS, gate=gate, legs=legs)

    return ServerBlock(make, BlockOptions(port, tls, record, readers))


def proxy(  # noqa: PLR0913 - as above
    upstream: "str | Url | Server | AsyncServer",
    *,
    faults: Texts = (),
    rewrites: Texts = (),
    dry_run_delete: bool = False,
    tls: Tls = "",
    insecure: bool = False,
    upstream_ca: str | PathLike[str] | None = None,
    port: int = 0,
    record: str | PathLike[str] | None = None,
    readers: Iterable[Subscriber] = (),
) -> ServerBlock:
    """Return a proxy that relays its clients to *upstream*, a URL or another server, in a block.

    With *dry_run_delete* no server hears a DELE.  The certificate of a server that speaks TLS is
    verified, by *upstream_ca* if that is given, unless *insecure* says not to.  Raise ConfigError
    if something of that cannot be.
    """
    if isinstance(upstream, Server | AsyncServer):
        upstream_ca = upstream_ca or upstream.ca_file
        upstream = upstream.url
    where: Url = _read(URL, upstream, "upstream")
    trust = Trust(insecure=insecure, ca=Path(upstream_ca) if upstream_ca else None)
    trust.context()
    gate = _gate(faults, rewrites, dry_run=dry_run_delete)

    def make(bus: Bus, clock: Clock, identity: Identity | None) -> Proxy:
        inspect = identity is not None
        legs = Legs(trust, identity, inspect=inspect, stls="inspect" if inspect else "pass")
        return Proxy(where, bus, clock, LIMITS, gate=gate, legs=legs)

    return ServerBlock(make, BlockOptions(port, tls, record, readers, hosts=False))


def stand_in(  # noqa: PLR0913 - as above
    recording: str | PathLike[str],
    *,
    session: int | None = None,
    users: Mapping[str, str] | None = None,
    strict: bool = False,
    cuts: bool = False,
    speed: float | None = None,
    faults: Texts = (),
    rewrites: Texts = (),
    tls: Tls = "",
    port: int = 0,
    record: str | PathLike[str] | None = None,
    readers: Iterable[Subscriber] = (),
) -> ServerBlock:
    """Return what stands in, in a block, for the server in a *recording*.

    All sessions of one user are played as one maildrop, or that *session* alone.  Anybody may log
    in, unless *users* are given.  With *strict* nothing is said that was not recorded, with *cuts*
    replies come in the pieces in which they came, and *speed* 1 is as fast as recorded; without it
    nobody waits.  Raise CaptureError or ConfigError if something of that cannot be.
    """
    accounts = () if users is None else accounts_from(dict(users), "users")
    known = {account.name.encode(): account.password.encode() for account in accounts}
    if speed is not None and not speed > 0:
        raise ConfigError(f"speed: {speed!r} is no factor; write 1, 0.5 or 10")
    played = StandIn(
        *_scripts(fspath(recording), session),
        strict=strict,
        users=known or None,
        pace=Pace(speed),
        cuts=cuts,
    )
    gate = _gate(faults, rewrites)

    def make(bus: Bus, clock: Clock, identity: Identity | None) -> Host | Proxy:
        legs = Legs(identity=identity, inspect=identity is not None)
        return gated_host(played.session, bus, clock, LIMITS, gate=gate, legs=legs)

    return ServerBlock(make, BlockOptions(port, tls, record, readers))


def _scripts(path: str, session: int | None) -> tuple[Script, ...]:
    with opened_recording(path) as opened:
        try:
            if session is not None:
                return (read_script(opened.items, session, contents=opened.bodies_kept),)
            return read_user_sessions(opened.items, contents=opened.bodies_kept).scripts
        except NothingAskedError as error:
            raise CaptureError(f"{opened.name}: {error}") from None


def _gate(faults: Texts, rewrites: Texts, *, dry_run: bool = False) -> Gate:
    return Gate(
        keepers_of(
            [_read(REWRITE, each, "rewrite") for each in _each(rewrites)],
            [_read(FAULT, each, "fault") for each in _each(faults)],
            dry_run=dry_run,
        )
    )


def _each(texts: Texts) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def _read(kind: ValueKind, value: object, what: str) -> Any:
    """Return what *kind* makes of *value*; raise ConfigError with what is wrong with it.

    A URL may hold a password, and is not repeated.
    """
    try:
        return kind.read(value)
    except ValueError as error:
        given = "" if kind is URL else f" {without_logins(str(value))!r}"
        raise wrong(f"{what}{given}", error) from None


def _octets(message: object) -> bytes:
    match message:
        case bytes():
            return message
        case str():
            return message.encode()
        case Message():
            return message.as_bytes()
    kind = type(message).__name__
    raise ConfigError(f"messages: {kind} is none; give octets, text or email.message.Message")
