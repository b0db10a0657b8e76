"""What is found out before anything is judged: open doors, capabilities, how STLS goes."""

from dataclasses import dataclass

from pop3spy.check.audit import LOOKING, Audit, UnfinishedError
from pop3spy.check.doors import Door, OpenDoor
from pop3spy.check.reply import Reply
from pop3spy.errors import ConnectError
from pop3spy.net.dial import addresses_of, reason_of
from pop3spy.net.tried import TriedTls
from pop3spy.protocol.capabilities import Capability, parse_capabilities
from pop3spy.protocol.url import Url


@dataclass(frozen=True, slots=True)
class SeenCapabilities:
    """The reply to CAPA, and the lines of the listing behind it, if there was a whole one."""

    reply: Reply
    lines: tuple[bytes, ...] | None

    @property
    def read(self) -> tuple[Capability, ...]:
        """What the lines say."""
        return parse_capabilities(self.lines or ())

    @property
    def tags(self) -> dict[str, tuple[str, ...]]:
        """Each tag with its parameters."""
        return {each.tag: each.params for each in self.read}

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms, in upper case."""
        return tuple(word.upper() for word in self.tags.get("SASL", ()))


@dataclass(frozen=True, slots=True)
class SeenStls:
    """Whether the clear port lists STLS, what it says to it, and how the handshake went."""

    listed: bool
    reply: Reply
    tls: TriedTls | None


async def discover(audit: Audit) -> None:
    """Find out which doors are open; raise ConnectError if none gives a greeting."""
    target = audit.target
    try:
        found = await addresses_of(Url("pop3", target.host, target.clear_port or target.tls_port))
    except OSError as error:
        raise ConnectError(f"{target.host}: {reason_of(error)}") from None
    addresses = tuple(dict.fromkeys(str(address[0]) for _, address in found))
    target.addresses = addresses
    errors: list[str] = []
    for address in [target.address] if target.address else addresses:
        for door in (Door.CLEAR, Door.POP3S):
            if target.port(door):
                audit.transcript.begin()
                target.doors[door] = seen = await _look(audit, door, address)
                seen.lines = list(audit.transcript.lines)
                errors += [f"port {seen.port}: {seen.error}"] * bool(seen.error)
        if any(door.is_open for door in target.doors.values()):
            target.address = address
            break
    else:
        raise ConnectError(f"{target.host}: {'; '.join(errors) or 'no port to connect to'}")
    if target.is_open(Door.CLEAR):
        audit.transcript.begin()
        target.doors[Door.STLS] = seen = _door_of(await stls_of(audit), target.clear_port)
        seen.lines = list(audit.transcript.lines)


def _door_of(stls: SeenStls, port: int) -> OpenDoor:
    if stls.tls is None:
        return OpenDoor(port, error=str(stls.reply))
    return OpenDoor(port, stls.tls.ok, stls.tls.error, stls.tls)


async def _look(audit: Audit, door: Door, address: str) -> OpenDoor:
    seen = OpenDoor(audit.target.port(door))
    try:
        async with audit.dialled(seen.port, address) as talk:
            if door is Door.POP3S:
                seen.tls = await talk.secure(LOOKING, audit.target.host)
                if not seen.tls.ok:
                    seen.error = seen.tls.error
                    return seen
            greeting = await talk.greeted()
            audit.greeting_seconds = audit.greeting_seconds or greeting.seconds
            seen.greeting, seen.is_open = greeting.raw, greeting.ok
            seen.error = "" if greeting.ok else f"no greeting but {greeting}"
    except ConnectError as error:
        seen.error = str(error).rpartition(": ")[2]
    return seen


async def capabilities_of(audit: Audit, door: Door) -> SeenCapabilities:
    """Return what CAPA says behind *door* before the login."""

    async def find() -> SeenCapabilities:
        async with audit.connected(door) as talk:
            reply, lines = await talk.listing("CAPA")
        return SeenCapabilities(reply, None if lines is None else tuple(lines))

    return await audit.once(f"capabilities {door.value}", find)


async def stls_of(audit: Audit) -> SeenStls:
    """Return whether STLS works on the clear port; it is tried even if nobody lists it."""

    async def find() -> SeenStls:
        seen = await capabilities_of(audit, Door.CLEAR)
        async with audit.connected(Door.CLEAR) as talk:
            reply = await talk.ask("STLS")
            tls = await talk.secure(LOOKING, audit.target.host) if reply.ok else None
        return SeenStls("STLS" in seen.tags, reply, tls)

    return await audit.once("stls", find)


async def all_capabilities(audit: Audit) -> dict[Door, SeenCapabilities]:
    """Return what CAPA says behind each open door before the login."""
    doors = [door for door in Door if audit.target.is_open(door)]
    return {door: await capabilities_of(audit, door) for door in doors}


async def safe_door(audit: Audit) -> Door | None:
    """Return through which door a password may go: verified TLS, else clear text if it may be."""

    async def find() -> Door | None:
        for door in (Door.POP3S, Door.STLS):
            if audit.target.is_open(door):
                try:
                    async with audit.connected(door, audit.options.trust):
                        return door
                except UnfinishedError:
                    continue
        clear = audit.target.is_open(Door.CLEAR)
        return Door.CLEAR if clear and (audit.is_local or audit.options.clear_login) else None

    return await audit.once("safe door", find, retold=False)
