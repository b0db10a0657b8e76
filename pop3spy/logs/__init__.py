"""What happened, written down: a transcript for people, JSON for machines, notes on stderr.

Each is a subscriber of the bus; what it sees has no secrets in it.  Structlog is used here only.
"""

from pop3spy.logs.jsonlog import JsonLog
from pop3spy.logs.logfile import LogFile, Stream, open_log
from pop3spy.logs.notes import Notes, reader_failed
from pop3spy.logs.transcript import Transcript

__all__ = ["JsonLog", "LogFile", "Notes", "Stream", "Transcript", "open_log", "reader_failed"]
