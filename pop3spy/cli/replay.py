"""``pop3spy replay``: a recorded session again, as its server or as its client."""

import asyncio
import json
from dataclasses import asdict, dataclass
from functools import partial

import click

from pop3spy.cli.arriving import arriving
from pop3spy.cli.environment import run
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.gating import hosting
from pop3spy.cli.legs import host_legs, trust_of
from pop3spy.cli.options import FILE_NAME, ValueType, collected, with_setting, with_settings
from pop3spy.cli.outputs import outputs
from pop3spy.cli.playing import play
from pop3spy.cli.recorded_sessions import maildrop_in, script_in
from pop3spy.cli.secret import (
    COMMANDS_FOR,
    asked_for,
    computable,
    password_source,
    secret_from,
    tell_if_open,
    token_source,
)
from pop3spy.cli.verb import Verb, VerbGroup
from pop3spy.config.kinds import AUTH, PATH, URL
from pop3spy.config.verbs import (
    ClientLoginSettings,
    PlaySettings,
    ReplayServerSettings,
    TrustSettings,
)
from pop3spy.config.yamlfile import load_yaml
from pop3spy.connect.login_details import SecretSource
from pop3spy.console.escapes import wire
from pop3spy.errors import ConfigError
from pop3spy.net.connection import Connection
from pop3spy.postoffice import accounts_from
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import Url
from pop3spy.redaction.given_away import looks_like_token
from pop3spy.replay.chosen_login import WAYS, needed_for
from pop3spy.replay.credentials import Credentials
from pop3spy.replay.numbers import By
from pop3spy.replay.pace import AT_ONCE, Pace
from pop3spy.replay.play_options import Played, PlayOptions
from pop3spy.replay.player import ClientPlayer
from pop3spy.replay.report import told
from pop3spy.replay.script import Script
from pop3spy.replay.stand_in import StandIn
from pop3spy.replay.tls_sides import is_unread_inside
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock


@dataclass(frozen=True, kw_only=True)
class ReplayClientSettings(PlaySettings, ClientLoginSettings, TrustSettings):
    """What is played, against which server, and how."""

    file: str
    url: Url
    auth: tuple[str, ...] | None
    by: str
    timed: bool
    allow_delete: bool
    as_json: bool


@click.group(
    cls=VerbGroup,
    epilog="\b\nExamples:\n"
    "  pop3spy replay server session.yaml --listen :1110\n"
    "  pop3spy replay client session.yaml --to mail.example.org",
)
def replay() -> None:
    """Play a recorded session again: be its server, or be its client."""


@replay.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy replay server session.yaml --listen :1110\n"
    "  pop3spy replay server session.yaml --listen :1110 --speed 1 --cuts\n"
    "  pop3spy replay server session.yaml --user bob --password-env PASS\n"
    "\n\b\n"
    "Any user and password pass, unless --user or --users names those that do.\n"
    "The password of --user is asked for unless a file or the environment has it.",
)
@click.argument("file", type=FILE_NAME)
@with_settings("replay server", ReplayServerSettings)
def server(settings: ReplayServerSettings, file: str) -> int:
    """Be the recorded server of FILE for any number of clients."""
    stand_in = StandIn(
        *maildrop_in(file, settings),
        strict=settings.strict,
        users=_users(settings) or None,
        pace=_pace(settings.speed),
        cuts=settings.cuts,
    )
    clock = Clock()
    legs_at = partial(host_legs, settings)
    with arriving(settings, legs_at) as front, outputs(settings, clock, hosts=True) as bus:
        return run(hosting(stand_in.session, front, settings, bus, clock), settings.loop)


@replay.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy replay client session.yaml --to mail.example.org\n"
    "  pop3spy replay client session.yaml --to :1110 --password-env PASS --json\n"
    "  pop3spy replay client session.yaml --to pop3s://mail.example.org \\\n"
    "      --user bob --auth XOAUTH2 --token-command 'my-oauth-tool bob'\n"
    "\n\b\n"
    "The password or token is asked for unless a file, the environment or a\n"
    "command has it.\n"
    "The exit status is 1 if the server's answers differ.",
)
@click.argument("file", type=FILE_NAME)
@click.option(
    "--to",
    "url",
    required=True,
    type=ValueType(URL, "--to"),
    metavar="URL",
    help="The server to play it against.",
)
@with_setting("session")
@with_setting("port")
@with_setting("speed")
@click.option("--user", metavar="NAME", help="Log in as this user.  [default: the recorded one]")
@click.option(
    "--password-file",
    type=ValueType(PATH, "--password-file"),
    metavar="FILE",
    help="Take the password, or token, from the first line of this file.",
)
@click.option(
    "--password-env",
    metavar="NAME",
    help="Take the password, or token, from this environment variable.",
)
@with_setting("password-command")
@with_setting("token-command")
@click.option(
    "--auth",
    type=ValueType(AUTH, "--auth"),
    metavar="MECH[,MECH]",
    help="Log in with the first of these mechanisms that the server offers; APOP and USER count"
    " as such.  [default: as recorded]",
)
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    default=By.NUMBER.value,
    metavar="|".join(by.value for by in By),
    help="How messages find their numbers now.  [default: number]",
)
@click.option(
    "--timed", is_flag=True, help="Say each command when it was said, without waiting for replies."
)
@click.option(
    "--allow-delete", is_flag=True, help="Say DELE as well; without, it is left out and told."
)
@with_setting("insecure")
@with_setting("upstream-ca")
@with_setting("client-cert")
@with_setting("tls-min")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@collected(ReplayClientSettings)
def client(settings: ReplayClientSettings) -> int:
    """Be the recorded client of FILE, and tell what differs this time."""
    auth = computable(settings.auth, WAYS)
    script = script_in(settings.file, settings)
    pace = _pace(settings.speed or (1.0 if settings.timed else None))
    play_options = PlayOptions(
        By(settings.by),
        settings.allow_delete,
        pace,
        settings.timed,
        auth=auth,
        host=settings.url.host,
        tls=settings.url.scheme != "pop3",
    )
    player = ClientPlayer(script, _credentials(script, settings), play_options)
    played: list[Played] = []
    trust = trust_of(settings)

    async def connect_and_play() -> Played:
        connection = await Connection.open(settings.url, Bus(lambda *_: None), Clock(), trust=trust)
        async with connection:
            return await play(player, connection)

    async def work(stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(stop.wait())
            playing = group.create_task(connect_and_play())
            await asyncio.wait((stopping, playing), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if playing.done():
                played.append(playing.result())
            playing.cancel()

    status = run(work, "auto")
    if not played:
        return status
    text = json.dumps(asdict(played[0]), indent=2) + "\n" if settings.as_json else told(played[0])
    click.echo(text, nl=False)
    if played[0].differences:
        return ExitStatus.FOUND
    return ExitStatus.FAILED if is_unread_inside(script.outcomes) else ExitStatus.DONE


def _users(settings: ReplayServerSettings) -> dict[bytes, bytes]:
    """Return who may log in, with their passwords; nobody: anybody may."""
    file, user = settings.users, settings.user
    accounts = accounts_from(load_yaml(file), escape(str(file))) if file else ()
    if file is not None:
        tell_if_open(file)
    users = {each.name.encode(): each.password.encode() for each in accounts}
    secret = secret_from(settings.password_file, settings.password_env)
    if user:
        users[wire(user)] = asked_for("password") if secret is None else secret
    elif secret is not None:
        raise ConfigError("there is a password and nobody to have it; name the user with --user")
    return users


def _pace(speed: float | None) -> Pace:
    return AT_ONCE if speed is None else Pace(speed)


def _credentials(script: Script, settings: ReplayClientSettings) -> Credentials:
    """Return who logs in; the secret comes from a file, the environment, a command or a person.

    Raise ConfigError if it cannot be had.
    """
    user = wire(settings.user) if settings.user else None
    needed = needed_for(script, settings.auth or (), user)
    by_password, by_token = password_source(settings), token_source(settings)
    token = _given_by(by_token or by_password, "token") if "token" in needed else None
    password = _given_by(by_password, "password") if "password" in needed else None
    if not settings.auth and password is not None and looks_like_token(password):
        raise ConfigError(
            "this looks like an OAuth token, which is never sent as a password; say --auth XOAUTH2"
        )
    return Credentials(user, password=password, token=token)


def _given_by(source: SecretSource | None, what: str) -> bytes:
    if source is None:
        return asked_for(what, *COMMANDS_FOR[what])
    return asyncio.run(_awaited(source))


async def _awaited(source: SecretSource) -> bytes:
    return await source()
