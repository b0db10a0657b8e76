"""``pop3spy proxy``: the proxy, and what it shows."""

import os
import sys
from contextlib import ExitStack
from functools import partial

import click

from pop3spy.cli.arriving import advise, arriving, named
from pop3spy.cli.environment import Work, run
from pop3spy.cli.gating import gate_of, names_for
from pop3spy.cli.legs import proxy_legs
from pop3spy.cli.options import with_settings
from pop3spy.cli.outputs import outputs
from pop3spy.cli.relay import relay_of
from pop3spy.cli.terminal import on_terminal
from pop3spy.cli.verb import Verb
from pop3spy.config.verbs import ProxySettings
from pop3spy.errors import ConfigError
from pop3spy.extras import check_extra
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import Holds
from pop3spy.live.screen import Screen
from pop3spy.net.original import Original
from pop3spy.protocol.url import Url
from pop3spy.session.chunk import Clock
from pop3spy.spool import Lossy


@click.command(
    cls=Verb,
    context_settings={"allow_extra_args": True},  # to tell where they belong
    epilog="\b\nExamples:\n"
    "  pop3spy proxy --upstream mail.example.org\n"
    "  pop3spy proxy --upstream mail.example.org:110 --listen :1110\n"
    "  pop3spy proxy --upstream mail --log sessions.jsonl --log-format json\n"
    "  pop3spy proxy --upstream mail --fault 'cut after=1K when verb = RETR'\n"
    "  pop3spy proxy --upstream pop3s://mail --listen :1110\n"
    "  pop3spy proxy --upstream pop3s://mail --listen pop3s://:1995\n"
    "  pop3spy proxy --route :1110=mail --route pop3s://:1995=pop3s://mail\n"
    "  pop3spy proxy --transparent --listen :1110\n"
    "  pop3spy proxy --upstream mail --listen :1110 --workers 4\n"
    "  pop3spy proxy --upstream mail --listen :1110 --web --web-control\n"
    "  pop3spy proxy --upstream mail --log fleet/ --log-format parquet\n"
    "  pop3spy proxy --upstream mail --metrics --otlp http://127.0.0.1:4318\n"
    "  pop3spy proxy --upstream mail --ledger postgresql://pop3spy@db/pop3spy\n"
    "  pop3spy proxy --config pop3spy.yaml\n"
    "\n\b\n"
    "Then let the mail client connect here instead of to the server.\n"
    "On a terminal, :help tells what can be done to sessions while they last.\n"
    "With an authority (pop3spy ca) it also reads what is said inside TLS.",
)
@with_settings("proxy", ProxySettings)
@click.pass_context
def proxy(context: click.Context, settings: ProxySettings) -> int:
    """Relay clients to a POP3 server and show what both sides say."""
    if context.args:
        given = context.args[0]
        raise ConfigError(f"{given!r} is no option; did you mean --upstream {given}?")
    upstream = _upstream(settings)
    if settings.metrics is not None:
        check_extra("--metrics", "metrics")
    if settings.otlp is not None:
        check_extra("--otlp", "otlp")
    if settings.web is not None:
        check_extra("--web", "web")
    elif settings.web_control:
        raise ConfigError("--web-control is about the inspector; add --web")
    if settings.workers > 1:
        return _workers(settings, upstream)
    clock, transparent = Clock(), settings.transparent
    screen = Screen() if settings.console and on_terminal() else None
    watched = screen is not None or settings.web is not None
    lossy: list[Lossy] = []
    legs_at = partial(proxy_legs, settings)
    with (
        arriving(
            settings,
            legs_at,
            transparent=transparent,
            routes=settings.route,
            routed=upstream is None,
        ) as front,
        outputs(settings, clock, screen, watched=watched, lossy=lossy) as bus,
        ExitStack() as stack,
    ):
        advise(front, bus, clock, transparent=transparent)
        holds = Holds(clock)
        gate = gate_of(settings, bus.publish, clock, stls=settings.stls, holds=holds)
        relay = relay_of(settings, upstream, bus, clock, gate, front, names=names_for(settings))
        work: Work = partial(relay.run, front.places)
        if settings.otlp is not None:
            from pop3spy.cli.telemetry import telemetry  # noqa: PLC0415 - as below

            stack.enter_context(telemetry(settings.otlp, bus, clock))
        if settings.metrics is not None:
            # It takes a while to load, and nobody else should wait for that.
            from pop3spy.cli.counted import Counted  # noqa: PLC0415
            from pop3spy.cli.measuring import measured_alone, scrape_socket  # noqa: PLC0415

            sock = stack.enter_context(scrape_socket(settings.metrics))
            counted = Counted(bus, clock, lossy, relay.unread)
            work = measured_alone(work, sock, bus, clock, counted)
        if not watched:
            return run(work, settings.loop)
        from pop3spy.cli.steering import Steering  # noqa: PLC0415 - it loads the live console

        faults = Faults(gate, holds)
        steered = Steering(settings, relay, holds, faults, bus, clock)
        return steered.run(work, screen, stack)


def _workers(settings: ProxySettings, upstream: Url | Original | None) -> int:
    """Be several processes."""
    if not hasattr(os, "fork"):
        raise ConfigError("--workers needs a system that can fork processes; leave it out")
    # Such a system could not even load what follows.
    from pop3spy.cli.workers import run_workers  # noqa: PLC0415

    return run_workers(settings, upstream)


def _upstream(settings: ProxySettings) -> Url | Original | None:
    """Return the server that clients are for, or what knows of each where it was going.

    None means that routes name the server of every client.
    """
    if settings.transparent:
        if settings.upstream is not None or settings.route:
            option = "--upstream" if settings.upstream else "--route"
            raise ConfigError(f"--transparent relays clients to where they go; leave out {option}")
        if sys.platform != "linux":
            raise ConfigError("--transparent needs Linux; name a server with --upstream")
        return Original()
    listens = [url for url in (route.listen for route in settings.route) if url.port]
    if twice := [url for url in listens if listens.count(url) > 1]:
        raise ConfigError(f"--route: {twice[0]} has two servers; leave one of them out")
    if settings.upstream is None and not settings.route:
        raise ConfigError("no server to relay to; name it: --upstream mail.example.org")
    if settings.upstream is None and named("listen"):
        url = settings.listen[0]
        raise ConfigError(
            f"clients of --listen {url} have no server; name it: --route {url}=mail.example.org"
        )
    return settings.upstream
