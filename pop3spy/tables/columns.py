"""The schema, as one table: which tables there are, and what each column says.

Rule: a row has all columns of its table; one of which nothing is known is null.  ``docs/schema.md``
and the JSON Schema are made from this, and tests hold the rows to it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from pop3spy.session.finding import Severity
from pop3spy.session.how import How

VERSION: Final = 1
"""Grows when a column changes what it says, or goes; one more column changes nothing."""

LARGEST: Final = (1 << 63) - 1
"""What an integer may be, since engines have 64 bits for it."""


class ColumnKind(Enum):
    """What a column holds; the value is how the docs call it."""

    TEXT = "text"
    INTEGER = "integer"
    SECONDS = "seconds"
    TRUTH = "truth"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds and what that says.

    It is null in some rows if it is ``optional``; ``words`` are all that it may say, if few.
    """

    name: str
    kind: ColumnKind
    meaning: str
    optional: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: when it gets a row, and its columns in order."""

    summary: str
    columns: tuple[Column, ...]


_TEXT, _INTEGER, _SECONDS, _TRUTH, _TIME = ColumnKind

# fmt: off
_EVERY: Final = (
    Column("schema", _INTEGER, f"the version of this schema: {VERSION}"),
    Column("run", _TEXT, "which run of pop3spy, or which recording, it was: the time at which that began, in UTC; for a run, eight more characters"),
    Column("time", _TIME, "when the row came to be"),
)
_PEERS: Final = (
    Column("session", _INTEGER, "the session's number, counted from 1 in each run"),
    Column("client_address", _TEXT, "the client's address"),
    Column("client_port", _INTEGER, "its port; null where none is known", optional=True),
    Column("server_address", _TEXT, "the server's address, or name"),
    Column("server_port", _INTEGER, "its port; null where none is known", optional=True),
)
EXCHANGE: Final = (
    Column("number", _INTEGER, "the command's place in the session, counted from 1"),
    Column("verb", _TEXT, "the name of the command in `line`, null if nobody knows it", optional=True),
    Column("line", _TEXT, "what the client said, or where it said nothing, what the server heard"),
    Column("sent", _TEXT, "the line that the server heard in its place, empty if it heard none, null if it heard what was said", optional=True),
    Column("injected", _TRUTH, "whether pop3spy or a person at its console said the command, not the client"),
    Column("state_before", _TEXT, "the state in which it was answered"),
    Column("state_after", _TEXT, "the state that the reply led to"),
    Column("ok", _TRUTH, "true for `+OK`, false for `-ERR`, null without a reply", optional=True),
    Column("code", _TEXT, "the reply's response code, `IN-USE` for example, null without one", optional=True),
    Column("text", _TEXT, "what stands behind `+OK` or `-ERR`, the response code included", optional=True),
    Column("odd", _TEXT, "the line that came in place of a status line, and that the client took for the reply", optional=True),
    Column("latency", _SECONDS, "seconds from the command to the first octet of its reply", optional=True),
    Column("duration", _SECONDS, "seconds from the command to the last octet of its reply", optional=True),
    Column("octets", _INTEGER, "octets of a multi-line reply on the wire, without the lone dot", optional=True),
    Column("size", _INTEGER, "octets of its content: the same without stuffed dots", optional=True),
    Column("lines", _INTEGER, "lines of a multi-line reply that is no message", optional=True),
    Column("wrong_shape", _TRUTH, "whether a listing answered a command that is answered in one line"),
    Column("error_inside", _TEXT, "the `-ERR` line behind which a multi-line reply stopped, for good or until the client went on, else null", optional=True),
    Column("complete", _TRUTH, "whether the whole reply was seen"),
    Column("pipelined", _TRUTH, "whether the command began before the reply before it had ended"),
    Column("misplaced", _TRUTH, "whether the standard does not allow the command in `state_before`"),
    Column("steps", _INTEGER, "how many lines the client answered inside AUTH"),
    Column("user", _TEXT, "the user whom a login named", optional=True),
)
"""Each member that ``session.facts.facts_of`` makes has a row here, in its order."""
ENDED: Final = (
    Column("how", _TEXT, "how it ended", words=tuple(how.value for how in How)),
    Column("why", _TEXT, "in words, where there is more to say, else null", optional=True),
    Column("duration", _SECONDS, "seconds since the client connected"),
    Column("closed", _SECONDS, "seconds from there to the first close of a side, null if the session did not end by that", optional=True),
    Column("state", _TEXT, "the state before the end"),
    Column("user", _TEXT, "who was logged in last", optional=True),
    Column("login", _TEXT, "how: `PASS`, `APOP`, `RPOP`, or `AUTH` with its mechanism", optional=True),
    Column("greeting", _TEXT, "the text of the greeting", optional=True),
    Column("capabilities", _TEXT, "what CAPA listed last in each state: `AUTHORIZATION: TOP, STLS; TRANSACTION: TOP`", optional=True),
    Column("parting", _TEXT, "the server's last line, if it answered no command", optional=True),
    Column("commands", _INTEGER, "how many there were"),
    Column("refused", _INTEGER, "how many of them were answered with `-ERR`"),
    Column("unanswered", _INTEGER, "how many of them got no reply"),
    Column("retrieved", _INTEGER, "messages that RETR gave whole"),
    Column("deleted", _INTEGER, "messages marked as deleted; without a QUIT they stay"),
    Column("client_octets", _INTEGER, "octets that the client sent"),
    Column("server_octets", _INTEGER, "octets that the server sent"),
    Column("blind", _TRUTH, "whether reading failed"),
)
"""Each fact that ``session.facts.facts_of_ending`` returns has a row here, in its order."""
_SEVERITIES: Final = tuple(severity.word for severity in Severity)

TABLES: Final = {
    "sessions": TableSpec("A session is over: both sides are gone. One that a recording does not hold to its end has a row as well.", (
        *_EVERY,
        *_PEERS,
        Column("opened_at", _TIME, "when the client connected"),
        *ENDED,
        Column("client_tls", _TEXT, "the version of TLS with the client, null where what was said came in clear or passed unread", optional=True),
        Column("server_tls", _TEXT, "the version of TLS with the server, in the same way", optional=True),
        Column("messages", _INTEGER, "how many messages the maildrop has, by the last STAT or LIST, or else by the last UIDL", optional=True),
        Column("maildrop_octets", _INTEGER, "how many octets they have, by the last STAT or LIST", optional=True),
        Column("findings", _INTEGER, "how many rows it has in `findings`"),
        Column("worst", _TEXT, "the worst severity of those that no other explains, null without any", optional=True, words=_SEVERITIES),
        Column("verdict", _TEXT, "what became of the session in one paragraph, null if nothing was found", optional=True),
    )),
    "exchanges": TableSpec("A command got its reply, or it is certain that it gets none.", (
        *_EVERY,
        *_PEERS,
        Column("asked_at", _TIME, "when the command was whole"),
        *EXCHANGE,
    )),
    "findings": TableSpec("Something was found (docs/findings.md): each kind once a session, when the session is over and it is known how often, and what explains it.", (
        *_EVERY,
        *_PEERS,
        Column("id", _TEXT, "which finding it is"),
        Column("severity", _TEXT, "how bad it is", words=_SEVERITIES),
        Column("fault", _TEXT, "who has to change something: `client`, `server`, `network`, `config`, or several: `client or server`"),
        Column("exchange", _INTEGER, "the number of the exchange where it was seen first, null for the connection", optional=True),
        Column("raised_at", _TIME, "when it was seen first"),
        Column("count", _INTEGER, "how often it was seen in the session"),
        Column("explained_by", _TEXT, "the finding that tells what it really was, else null", optional=True),
        Column("text", _TEXT, "one sentence for people"),
        Column("remedy", _TEXT, "what to do"),
        Column("evidence", _TEXT, "the numbers, times and words that it rests on, as a JSON object"),
        Column("user", _TEXT, "who was logged in last", optional=True),
    )),
    "gaps": TableSpec("Rows are missing: what the other tables do not have is told here.", (
        *_EVERY,
        Column("why", _TEXT, "`rate`: they came faster than they could be written; `failed`: they could not be written, to a full disk for example; `killed`: the run did not end in order, which a later one noticed", words=("rate", "failed", "killed")),
        Column("rows", _INTEGER, "how many are missing, null where nobody knows", optional=True),
    )),
}
"""The tables by their names."""
# fmt: on
