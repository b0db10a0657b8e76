"""How facts are called in OpenTelemetry.

Rule: what has a name in OpenTelemetry's conventions is called so, and all else ``pop3.`` and its
name in the JSON log; ``docs/opentelemetry.md`` is made from both tables.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pop3spy.session.model import Session

Value = str | int | float | bool | list[str]

CONVENTIONAL: Final[dict[str, tuple[str, Callable[[Session], Value | None]]]] = {
    "network.protocol.name": ("always `pop3`", lambda _: "pop3"),
    "network.transport": ("always `tcp`", lambda _: "tcp"),
    "pop3.session": ("the session's number, as in logs", lambda session: session.id),
    "client.address": ("the client's address", lambda session: session.client.host or None),
    "client.port": ("its port", lambda session: session.client.port or None),
    "server.address": ("the server's name or address", lambda session: session.server.host or None),
    "server.port": ("its port", lambda session: session.server.port or None),
}
"""What a span has from its beginning: what it says, and where it is from."""

AT_THE_END: Final = {
    "user.name": ("who was logged in last", "user"),
    "error.type": ("how it ended, if that is an error", "how"),
}
"""What a span has at its end beside all fields of ``session_ended``: what it says, its field."""

ERRORS: Final = ("client_reset", "server_reset", "timeout", "unreachable", "tls", "refused")
"""Ends of sessions that are errors of the span."""


def conventional(session: Session) -> dict[str, Value]:
    """Return the attributes that a span has from its beginning."""
    found = {name: value_of(session) for name, (_, value_of) in CONVENTIONAL.items()}
    return {name: value for name, value in found.items() if value is not None}


def attributes_of(facts: Mapping[str, Any]) -> dict[str, Value]:
    """Return *facts* as they are called here; what is not known is left out.

    An object is a name for each of its members; of a list of objects there are the ids.
    """
    return dict(_named("pop3", facts))


def _named(before: str, facts: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    for name, value in facts.items():
        called = f"{before}.{name}"
        match value:
            case None:
                pass
            case dict():
                yield from _named(called, value)
            case list():
                yield called, [str(one["id"] if isinstance(one, dict) else one) for one in value]
            case _:
                yield called, value
