"""Every metric, as one table.

Rules: 1. a metric has one row; what is told to Prometheus and ``docs/metrics.md`` are made from it;
2. a label has one of the values of its row, or ``other``: nothing that a peer says becomes one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product
from math import prod
from typing import Final

from pop3spy import __version__
from pop3spy.logs.notes import NOTES
from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.frames import Side
from pop3spy.protocol.sasl import MECHANISMS
from pop3spy.session.deeds import Deed
from pop3spy.session.finding import Severity
from pop3spy.session.how import How

OTHER: Final = "other"
"""The value of a label where none of its row fits."""
_FEW: Final = 24
"""Series that a metric may have to be told of before anything was counted."""


class MetricKind(Enum):
    """What a metric is, in the words of Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Label:
    """One row: a label, what it says, and the ``values`` that it has.

    Without any it has those that the program gives it, which are as few.
    """

    name: str
    says: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """One row: a metric with its labels; a histogram has the upper ends of its buckets."""

    name: str
    kind: MetricKind
    says: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def from_the_beginning(self) -> Iterator[tuple[str, ...]]:
        """The series that are there before anything was counted: all, if they are few."""
        values = [label.values for label in self.labels]
        return iter(product(*values) if prod(map(len, values)) <= _FEW else ())


def _label(name: str, says: str, *values: str) -> Label:
    return Label(name, says, values)


# fmt: off
_HOW = _label("how", "how it ended, as in the [JSON log](logs.md)", *(how.value for how in How))
_VERB = _label("verb", "the command, as the client said it; `other`: none of [these](commands.md)", *COMMANDS, OTHER)
_STATUS = _label("status", "what the reply was; `none`: there was none with a status", "ok", "err", "none")
_SIDE = _label("side", "who said it", *(side.name.lower() for side in Side))
_WAY = _label("method", "by what it was: `PASS`, `APOP`, `AUTH PLAIN`", "PASS", "APOP", "RPOP", *(f"AUTH {name}" for name in MECHANISMS), OTHER)
_TLS = _label("tls", "whether the client was inside TLS", "yes", "no")
_LEG = _label("leg", "with whom TLS was agreed; `unread`: between both, who pass it through", "client", "server", "unread")
_VERSION = _label("version", "the version that was agreed", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", OTHER)
_FINDING = Label("id", "the [finding](findings.md), or one of your own rules")
_SEVERITY = _label("severity", "how bad it is", *(severity.word for severity in Severity))
_DEED = _label("deed", "what was done, as in a [recording](captures.md)", *(deed.code for deed in Deed))
_NOTE = _label("note", "what was told on stderr", *NOTES, OTHER)
_READER = Label("reader", "what failed: `JsonLog`, `Captures`, `Transcript`, or a reader of your own")
_PROGRAM = _label("version", "the version of pop3spy", __version__)

_LATENCIES: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LASTING: Final = (0.1, 1, 5, 15, 60, 300, 900, 3600, 14400)
_LAGS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

FAMILIES: Final = {row.name: row for row in (
    Family("pop3spy_sessions_total", MetricKind.COUNTER, "Sessions that have begun."),
    Family("pop3spy_sessions_open", MetricKind.GAUGE, "Sessions that are open."),
    Family("pop3spy_sessions_ended_total", MetricKind.COUNTER, "Sessions that have ended; `refused` are those that were sent away.", (_HOW,)),
    Family("pop3spy_session_duration_seconds", MetricKind.HISTOGRAM, "How long sessions lasted.", buckets=_LASTING),
    Family("pop3spy_exchanges_total", MetricKind.COUNTER, "Commands whose reply has come, or never will.", (_VERB, _STATUS)),
    Family("pop3spy_exchange_latency_seconds", MetricKind.HISTOGRAM, "From a command to the first octet of its reply.", (_VERB,), _LATENCIES),
    Family("pop3spy_exchange_duration_seconds", MetricKind.HISTOGRAM, "From a command to the last octet of its reply, if that came whole.", (_VERB,), _LATENCIES),
    Family("pop3spy_said_bytes_total", MetricKind.COUNTER, "Octets that were said, inside TLS where it is read; of a masked secret, those that are shown.", (_SIDE,)),
    Family("pop3spy_logins_total", MetricKind.COUNTER, "Logins that were answered.", (_WAY, _STATUS, _TLS)),
    Family("pop3spy_tls_handshakes_total", MetricKind.COUNTER, "Handshakes of TLS that came to something.", (_LEG, _VERSION)),
    Family("pop3spy_findings_total", MetricKind.COUNTER, "Findings that were raised, once a session each; none with `--findings off`.", (_FINDING, _SEVERITY)),
    Family("pop3spy_interventions_total", MetricKind.COUNTER, "What faults, rewrites, holds, the dry run and STLS did about what was said.", (_DEED,)),
    Family("pop3spy_sessions_blind_total", MetricKind.COUNTER, "Sessions in which reading failed, while their octets went on."),
    Family("pop3spy_accept_failures_total", MetricKind.COUNTER, "Clients that were turned away or had to wait because no more files may be open."),
    Family("pop3spy_loop_errors_total", MetricKind.COUNTER, "Other errors that belong to no session."),
    Family("pop3spy_unread_bytes", MetricKind.GAUGE, "Octets that have gone on and wait to be read."),
    Family("pop3spy_loop_lag_seconds", MetricKind.HISTOGRAM, "How late the event loop does what is due, measured twice a second.", buckets=_LAGS),
    Family("pop3spy_reader_failures_total", MetricKind.COUNTER, "How often a log, a recording or another reader of events failed, while traffic went on.", (_READER,)),
    Family("pop3spy_entries_lost_total", MetricKind.COUNTER, "Entries of logs, transcripts and recordings that came faster than they could be written."),
    Family("pop3spy_notes_total", MetricKind.COUNTER, "What pop3spy told of itself, such as `ledger_failed` or `worker_lost`.", (_NOTE,)),
    Family("pop3spy_workers", MetricKind.GAUGE, "Processes that relay."),
    Family("pop3spy_workers_answering", MetricKind.GAUGE, "Of them, those that told their numbers for this scrape; of the others, the last that they told are counted."),
    Family("pop3spy_build_info", MetricKind.GAUGE, "Always 1.", (_PROGRAM,)),
)}
# fmt: on
