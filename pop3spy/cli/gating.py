"""What stands at the gate because the settings say so: rewrites, faults, the dry run."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from pop3spy.cli.arriving import Front, advise
from pop3spy.cli.legs import stls_keepers
from pop3spy.config.verbs import GateSettings, ServerSettings, limits_of
from pop3spy.gate.acts import Gate
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.holds import Holds
from pop3spy.gate.order import keepers_of
from pop3spy.gate.rewrite import Rewrite
from pop3spy.net.gated_host import gated_host
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

    What becomes of STLS, which *stls* says, is decided first.
    """
    asked = keepers_of(settings.rewrite, settings.fault, holds, dry_run=settings.dry_run_delete)
    for keeper in asked:
        match keeper:
            case Rewrite():
                tell(Noted("rewrite_set", clock.now(), {"rewrite": str(keeper)}))
            case FaultKeeper():
                tell(Noted("fault_set", clock.now(), keeper.facts))
            case DryRun():
                tell(Noted("dry_run", clock.now()))
    return Gate([*stls_keepers(stls), *asked])


def hosting(
    responder: Callable[[], Responder],
    front: Front,
    settings: ServerSettings,
    bus: Bus,
    clock: Clock,
) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]]:
    """Return what lets *responder* speak to clients at *front* until an event is set.

    With a gate, or with TLS, a proxy stands in front.
    """
    advise(front, bus, clock)
    gate = gate_of(settings, bus.publish, clock)
    serving = gated_host(
        responder,
        bus,
        clock,
        limits_of(settings),
        gate=gate,
        legs=front.legs,
        names=names_for(settings),
    )
    return lambda stop: serving.run(front.places, stop)


def names_for(settings: ServerSettings, first: int = 1, step: int = 1) -> Pseudonyms | None:
    """Return what stands for names, None if they are shown.

    One of *step* processes that share the work numbers *first*, *first* + *step* and so on.
    """
    return Pseudonyms(first, step) if settings.redact == "strict" else None
