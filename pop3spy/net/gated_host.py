"""What lets something that answers like a server speak to clients, through a gate if need be."""

from collections.abc import Callable

from pop3spy.gate.acts import Gate
from pop3spy.net.host import Host
from pop3spy.net.leg import Legs
from pop3spy.net.limits import Limits
from pop3spy.net.proxy import Proxy
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.responder import Responder


def gated_host(  # noqa: PLR0913 - what a host and a proxy are made of
    responder: Callable[[], Responder],
    bus: Bus,
    clock: Clock,
    limits: Limits,
    *,
    gate: Gate,
    legs: Legs,
    names: Pseudonyms | None = None,
) -> Host | Proxy:
    """Return what lets *responder* speak to clients; what both say is published on *bus*.

    Where *gate* has keepers, or *legs* an identity for TLS, a proxy stands in front: then that
    reads, and the host is not heard.
    """
    if not gate.keepers and legs.identity is None:
        return Host(responder, bus, clock, limits, names=names)
    behind = Host(responder, Bus(lambda *_: None), clock, Limits(grace=limits.grace))
    return Proxy(behind, bus, clock, limits, names=names, gate=gate, legs=legs)
