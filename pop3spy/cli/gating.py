"""What stands at the gate because the settings say so: rewrites, faults, the dry run."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from pop3spy.cli.arriving import Front, advise
from pop3spy.cli.legs import stls_keepers
from pop3spy.config.verbs import GateSettings, ServerSettings, limits_of
from pop3spy.gate.acts import Gate
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faultset import keeper_of
from pop3spy.gate.holds import Holds
from pop3spy.net.host import Host
from pop3spy.net.limits import Limits
from pop3spy.net.proxy import Proxy
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.responder import Responder


def gate_of(
    settings: GateSettings,
    tell: Callable[[Noted], None],
    clock: Clock,
    *,
    stls: str | None = None,
    holds: Holds | None = None,
) -> Gate:
    """Return the gate that the *settings* ask for; *tell* is called with who keeps it.

    What becomes of STLS, which *stls* says, is decided first.  A person, with *holds*, decides
    about what the others would do; the dry run comes last, because it has to see what everybody
    would have a server hear.
    """
    keepers = stls_keepers(stls)
    for rewrite in settings.rewrite:
        keepers.append(rewrite)
        tell(Noted("rewrite_set", clock.now(), {"rewrite": str(rewrite)}))
    for fault in settings.fault:
        keeper = keeper_of(fault)
        keepers.append(keeper)
        tell(Noted("fault_set", clock.now(), keeper.facts))
    if holds:
        keepers.append(holds)
    if settings.dry_run_delete:
        keepers.append(DryRun())
        tell(Noted("dry_run", clock.now()))
    return Gate(keepers)


def hosting(
    responder: Callable[[], Responder],
    front: Front,
    settings: ServerSettings,
    bus: Bus,
    clock: Clock,
) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]]:
    """Return what lets *responder* speak to clients at *front* until an event is set.

    With a gate, or with TLS, a proxy stands in front: then that reads, and the host is not heard.
    """
    advise(front, bus, clock)
    limits, names = limits_of(settings), names_for(settings)
    gate, legs = gate_of(settings, bus.publish, clock), front.legs
    if not gate.keepers and legs.identity is None:
        host = Host(responder, bus, clock, limits, names=names)
        return lambda stop: host.run(front.places, stop)
    behind = Host(responder, Bus(lambda *_: None), clock, Limits(grace=limits.grace))
    proxy = Proxy(behind, bus, clock, limits, names=names, gate=gate, legs=legs)
    return lambda stop: proxy.run(front.places, stop)


def names_for(settings: ServerSettings, first: int = 1, step: int = 1) -> Pseudonyms | None:
    """Return what stands for names, None if they are shown.

    One of *step* processes that share the work numbers *first*, *first* + *step* and so on.
    """
    return Pseudonyms(first, step) if settings.redact == "strict" else None
