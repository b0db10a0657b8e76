"""What happened, written down: a transcript for people, JSON for machines, notes on stderr.

Each is a subscriber of the bus; what it sees has no secrets in it.  Structlog is used here only.
"""

from pop3spy.logs.jsonlog import JsonLog, SessionLog, entries_lost
from pop3spy.logs.logfile import LogFile, open_log
from pop3spy.logs.notes import Notes, name_of, reader_failed
from pop3spy.logs.transcript import Transcript, lines_lost
from pop3spy.logs.wait_lines import WaitLines

__all__ = [
    "JsonLog",
    "LogFile",
    "Notes",
    "SessionLog",
    "Transcript",
    "WaitLines",
    "entries_lost",
    "lines_lost",
    "name_of",
    "open_log",
    "reader_failed",
]
