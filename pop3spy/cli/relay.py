"""The proxy that the settings ask for, in whichever process it runs."""

from collections.abc import Iterator
from dataclasses import replace

from pop3spy.cli.arriving import Front
from pop3spy.config.verbs import ProxySettings, limits_of
from pop3spy.gate.acts import Gate
from pop3spy.net.capacity import SessionPlaces
from pop3spy.net.introduction import Introductions
from pop3spy.net.original import Original
from pop3spy.net.proxy import Proxy
from pop3spy.net.upstream import Servers
from pop3spy.protocol.url import Url
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock


def relay_of(  # noqa: PLR0913, PLR0917 - what it is made of
    settings: ProxySettings,
    upstream: Url | Original | None,
    bus: Bus,
    clock: Clock,
    gate: Gate,
    front: Front,
    *,
    names: Pseudonyms | None,
    numbers: Iterator[int] | None = None,
    capacity: SessionPlaces | None = None,
) -> Proxy:
    """Return a proxy for *upstream*; one of several has its own *numbers* and *capacity*.

    Without an upstream, routes name the server of every client.  *names* gives what stands for
    names that nobody may learn.
    """
    where: Servers | Original
    if isinstance(upstream, Original):
        where = upstream
    else:
        others = dict.fromkeys(front.places, upstream) if upstream else {}
        where = others | front.servers
    return Proxy(
        where,
        bus,
        clock,
        replace(limits_of(settings), connect_timeout=settings.connect_timeout),
        answer_when_down=settings.answer_when_down,
        names=names,
        gate=gate,
        legs=front.legs,
        introductions=Introductions(settings.accept_proxy_protocol, settings.send_proxy_protocol),
        numbers=numbers,
        capacity=capacity,
    )
