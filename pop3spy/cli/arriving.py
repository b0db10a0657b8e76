"""Where clients arrive: what takes root is done first, because root may be given up then.

Ports are had and keys are read before; a log, a recording and whatever comes behind them are made
after, and belong to the user that ``--run-as`` names.
"""

import asyncio
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address

import click
from click.core import ParameterSource

from pop3spy.cli.loading import load_all_for
from pop3spy.cli.privileges import account_of, become, is_root
from pop3spy.config.route import Route
from pop3spy.config.verbs import ListenSettings
from pop3spy.errors import ConfigError
from pop3spy.net.leg import Legs
from pop3spy.net.listen import listen, twins
from pop3spy.net.original import take_foreign, takes_foreign
from pop3spy.net.systemd import inherited
from pop3spy.net.trust import key_log
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted


@dataclass(frozen=True, slots=True)
class Front:
    """What clients meet: the sockets that listen, and how TLS is used there.

    ``shares`` are the sockets of each worker, those of the first being the ``places``.
    ``servers`` are those of the places that a route names.
    """

    places: dict[Url, socket.socket]
    legs: Legs
    shares: list[dict[Url, socket.socket]]
    servers: dict[Url, Url]


@contextmanager
def arriving(  # noqa: PLR0913 - whatever can be asked of it
    settings: ListenSettings,
    legs_at: Callable[[Collection[Url]], Legs],
    *,
    transparent: bool = False,
    workers: int = 1,
    routes: Sequence[Route] = (),
    routed: bool = False,
) -> Iterator[Front]:
    """Listen where the *settings* say, and be the user that they name; close at the end.

    Sockets that systemd gives take the place of the default of ``--listen``; *legs_at* is asked how
    TLS is used at all of them.  A *transparent* proxy takes what was on its way to others.  There
    are sockets for so many *workers*.  What *routes* name is listened on as well, and nothing else
    if all clients are *routed*.  Raise ListenError or ConfigError if any of that cannot be.
    """
    account = account_of(settings.run_as) if settings.run_as else None
    with ExitStack() as closing:
        given = inherited()
        for sock in given.values():
            closing.callback(sock.close)
        own: dict[Url, socket.socket] = {}
        servers: dict[Url, Url] = {}
        if not routed and (not given or named("listen")):
            own = _listening(settings.listen, closing)
        for route in routes:
            if route.listen in given:
                servers[route.listen] = route.upstream
            else:
                listening = _listening((route.listen,), closing)
                servers |= dict.fromkeys(listening, route.upstream)
                own |= listening
        if routed and (lost := given.keys() - servers.keys()):
            url = min(map(str, lost))
            raise ConfigError(
                f"systemd gave a socket for {url}, whose clients have no server; name it:"
                f" --route {url}=mail.example.org"
            )
        # systemd keeps those that it gives: beside twins, nobody would take clients from its copy
        # once the worker is gone that has it, so all workers share them.
        each = twins(own, workers) if workers > 1 else [own]
        shares = [given | share for share in each]
        sockets = shares[0]
        for sock in (sock for share in shares[1:] for sock in share.values()):
            closing.callback(sock.close)
        if transparent:
            for sock in sockets.values():
                with suppress(PermissionError):  # advise tells
                    take_foreign(sock)
        front = Front(sockets, legs_at(sockets.keys()), shares, servers)
        if account is not None:
            load_all_for(settings)
            key_log(account.uid)
            become(account)
            key_log()  # who goes on with it may be kept from its folder
        yield front


def _listening(urls: Sequence[Url], closing: ExitStack) -> dict[Url, socket.socket]:
    """Listen on *urls* until *closing* does."""
    in_use = asyncio.run(listen(urls))
    for sock in in_use.values():
        closing.callback(sock.close)
    return in_use


def advise(front: Front, bus: Bus, clock: Clock, *, transparent: bool = False) -> None:
    """Tell on *bus* if the program is still root while other machines can speak to it.

    If it is *transparent*, tell also if TPROXY can send it nothing.
    """
    if transparent and not all(map(takes_foreign, front.places.values())):
        bus.publish(Noted("tproxy_denied", clock.now()))
    if is_root() and any(not _is_loopback(sock) for sock in front.places.values()):
        bus.publish(Noted("running_as_root", clock.now()))


def _is_loopback(sock: socket.socket) -> bool:
    return ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def named(setting: str) -> bool:
    """Return whether somebody gave *setting*, on the command line or in a file."""
    source = click.get_current_context().get_parameter_source(setting)
    return source is not ParameterSource.DEFAULT
