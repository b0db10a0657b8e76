"""A debugging proxy and traffic inspector for POP3.

What other programs use is exported here, and described in ``docs/python.md``.  It is loaded when it
is asked for: the program itself needs the version alone.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pop3spy.embedding.recordings import Recording, play_recording, read_recording
    from pop3spy.embedding.server import AsyncServer, NotHeardError, Server
    from pop3spy.embedding.server_block import ServerBlock
    from pop3spy.embedding.starting import proxy, serve, stand_in
    from pop3spy.errors import CaptureError, ConfigError, ListenError, MaildropError, Pop3SpyError
    from pop3spy.findings.verdict import verdict_of
    from pop3spy.session.bus import Reader, Subscriber
    from pop3spy.session.events import Event
    from pop3spy.session.finding import Finding, Severity
    from pop3spy.session.model import Exchange, Session

_HOMES = {
    "pop3spy.embedding.recordings": ("Recording", "play_recording", "read_recording"),
    "pop3spy.embedding.server": ("AsyncServer", "NotHeardError", "Server"),
    "pop3spy.embedding.server_block": ("ServerBlock",),
    "pop3spy.embedding.starting": ("proxy", "serve", "stand_in"),
    "pop3spy.errors": (
        *("CaptureError", "ConfigError", "ListenError", "MaildropError", "Pop3SpyError"),
    ),
    "pop3spy.findings.verdict": ("verdict_of",),
    "pop3spy.session.bus": ("Reader", "Subscriber"),
    "pop3spy.session.events": ("Event",),
    "pop3spy.session.finding": ("Finding", "Severity"),
    "pop3spy.session.model": ("Exchange", "Session"),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AsyncServer",
    "CaptureError",
    "ConfigError",
    "Event",
    "Exchange",
    "Finding",
    "ListenError",
    "MaildropError",
    "NotHeardError",
    "Pop3SpyError",
    "Reader",
    "Recording",
    "Server",
    "ServerBlock",
    "Session",
    "Severity",
    "Subscriber",
    "play_recording",
    "proxy",
    "read_recording",
    "serve",
    "stand_in",
    "verdict_of",
]


def __getattr__(name: str) -> object:
    """Return what has that *name*, and load it first."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the program itself does without

    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """Return what is exported, loaded or not."""
    return sorted({*globals(), *__all__})
