"""The JSON log's events and their fields, as one table.

Rule: an event has all of its fields in every line, in this order; one of which nothing is known is
null.  ``docs/logs.md`` is made from this table, and the tests hold the log to it.
"""

from dataclasses import dataclass
from typing import Final

from pop3spy.session.how import How
from pop3spy.tables.columns import ENDED, EXCHANGE


@dataclass(frozen=True, slots=True)
class Described:
    """One event: when it is written, and what each of its fields says."""

    summary: str
    fields: dict[str, str]


_EVERY = {
    "time": "when it happened, in UTC: `2026-11-23T10:00:00.000000Z`",
    "event": "what happened",
    "level": "`info`, `warning` or `error`",
}
_PEERS = {
    "session": "the session's number, counted from 1",
    "client": "the client's address and port",
    "server": "the server's address and port",
}
_EXCHANGE = {column.name: column.meaning for column in EXCHANGE}
_ENDED = {column.name: column.meaning for column in ENDED} | {
    "how": ", ".join(f"`{how.value}`" for how in How),
    "capabilities": "what CAPA listed last, by state",
}

_TLS = {
    "version": "the version of TLS",
    "cipher": "the cipher suite",
    "verified": "whether the server's certificate was verified; if not, what it says is a claim",
    "subject": "whose certificate it is",
    "issuer": "who issued it",
    "since": "its first moment",
    "until": "its last moment",
    "names": "the names that it is for; on the client's leg, those that the client was shown",
    "sha256": "its fingerprint in hexadecimal",
    "side": "`client` or `server`: the peer with whom it was agreed",
    "chain": "the subjects of all certificates that the server sent, its own first",
    "asked": "the name that the server was asked for",
}
"""Each fact of ``session.tls.Tls`` has a row here, in its order."""

_GLIMPSE = {
    "side": "`client` or `server`: who said it",
    "kind": "`hello`, `alert`, or `misplaced`: the other side speaks clear text",
    "version": "the version of TLS that the server chose, or those that the client can do",
    "name": "the name that the client asks for",
    "protocol": "what is to be spoken inside TLS (ALPN)",
    "cipher": "the cipher suite",
    "subject": "whose certificate the server has",
    "issuer": "who issued it",
    "since": "its first moment",
    "until": "its last moment",
    "names": "the names that it is for",
    "asks": "whether the server wants a certificate of the client's",
    "alert": "the alert's name in the standard",
}
"""Each fact of ``session.glimpse.Glimpse`` has a row here, in its order."""

EVENTS: Final = {
    "session_opened": Described("A client connected.", {**_EVERY, **_PEERS}),
    "command_answered": Described(
        "The reply to a command ended, or broke off in its body, or was no status line.",
        {**_EVERY, **_PEERS, **_EXCHANGE},
    ),
    "command_unanswered": Described(
        "It is certain that a command gets no reply.", {**_EVERY, **_PEERS, **_EXCHANGE}
    ),
    "state_inferred": Described(
        "The state changed without a reply that led to it: a later reply proves it, or the client "
        "went on as if there had been one.",
        {**_EVERY, **_PEERS, "state": "the state from here on"},
    ),
    "session_secured": Described(
        "TLS began on the connection, and what is said inside it can be read; "
        "a text that is not known is empty.",
        {**_EVERY, **_PEERS, **_TLS},
    ),
    "tls_glimpsed": Described(
        "Something could be seen of TLS that passes unread, which nobody has verified; "
        "a text that is not known is empty.",
        {**_EVERY, **_PEERS, **_GLIMPSE},
    ),
    "line_unpaired": Described(
        "The server sent a line that is no reply.",
        {
            **_EVERY,
            **_PEERS,
            "side": "`server`",
            "why": "`banner`, `unasked`, `no_status` (a reply was due, and this is none) or "
            "`behind_stls`",
            "number": "the exchange whose reply was due, 0 for none and for the greeting",
            "line": "the line",
        },
    ),
    "stretch_unread": Described(
        "Octets that one side sent in a row were not read; written when they end, with the time of "
        "the first.",
        {
            **_EVERY,
            **_PEERS,
            "side": "`client` or `server`",
            "why": "`tls`, `sasl_layer`, `telnet`, `proxy`, `too_long`, `unfinished`, "
            "`behind_stls`, `out_of_step`, `banner`, `unasked`, `no_status` or `tls_header`",
            "octets": "how many, null where that could tell something of a secret",
            "duration": "seconds from the first to the last of them",
            "line": "the first of them, where they are harmless and known",
        },
    ),
    "finding_raised": Described(
        "Something was found: what is wrong, or worth an explanation (docs/findings.md); each kind "
        "once a session. `level` is its severity.",
        {
            **_EVERY,
            **_PEERS,
            "id": "which finding it is",
            "severity": "`info`, `warning` or `error`",
            "fault": "a list of who has to change something: `client`, `server`, `network`, "
            "`config`",
            "exchange": "the number of the exchange where it was seen, null for the connection",
            "text": "one sentence for people",
            "remedy": "what to do",
            "evidence": "an object with the numbers, times and words that it rests on",
        },
    ),
    "gate_intervened": Described(
        "A fault, a rewrite or a person did something about what one side said.",
        {
            **_EVERY,
            **_PEERS,
            "number": "the exchange that it was part of, 0 for none",
            "side": "`client` or `server`: who had said it",
            "by": "who did something",
            "did": "what was done, in words",
            "sent": "the line that went on in its place, empty if none did, "
            "octets for a piece of a message, null if it went on as it was",
            "answer": "what its sender was told in the peer's place, else null",
        },
    ),
    "session_blinded": Described(
        "Reading failed; the bytes go on, but nothing more is read of this session.",
        {**_EVERY, **_PEERS, "why": "the error and where it was"},
    ),
    "side_closed": Described(
        "A side sent a FIN, ended TLS, or reset the connection; of each once at most.",
        {
            **_EVERY,
            **_PEERS,
            "side": "`client` or `server`: who did it",
            "reset": "whether it was a reset; if not, the side may still listen",
            "close_notify": "whether it ended TLS first, null without TLS and for a reset",
        },
    ),
    "session_ended": Described(
        "Both sides are gone.",
        {
            **_EVERY,
            **_PEERS,
            **_ENDED,
            "findings": "a list of what was found: `id`, `severity`, `count`, and in "
            "`explained_by` the finding that tells what it really was, else null",
            "verdict": "what became of the session in one paragraph, null if nothing was found",
        },
    ),
}
"""What the log tells of sessions; a note has the fields of every event and its own facts."""
