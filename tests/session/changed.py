"""A conversation in which a gate did all that it can do."""

import io

from pop3spy.capture.reader import CaptureReader
from pop3spy.session.bus import Subscriber
from pop3spy.session.playback import play_back

CHANGED = r"""pop3spy: 1
records:
- [0.001, 1, "open", {"client": "127.0.0.1:50312", "server": "mail.example.org:110"}]
- S: +OK ready
- C: USER bob
- S: +OK
- C: PASS ████████
- S: +OK
- C: STAT
- [0.002, 1, "gate", {"side": "C", "by": "rewrite", "did": "changed the command", "sent": "NOOP\r\n"}]
- S: +OK
- C: UIDL
- [0.003, 1, "gate", {"side": "C", "by": "answer", "did": "answered", "sent": "", "answer": "-ERR [IN-USE] no\r\n"}]
- C: LIST 2
- S: +OK 2 788
- C: DELE 1
- [0.004, 1, "gate", {"side": "C", "by": "dry run", "did": "asked", "sent": "LIST 1\r\n"}]
- S: +OK 1 426
- [0.005, 1, "gate", {"side": "S", "by": "dry run", "did": "told", "sent": "+OK deleted\r\n"}]
- [0.006, 1, "gate", {"side": "C", "by": "console", "did": "sent a command", "sent": "UIDL\r\n", "injected": true}]
- S: +OK
- S: |
    1 0001ab
    2 0002cd
    .
- C: NOOP
- [0.007, 1, "gate", {"side": "C", "by": "hold", "did": "held as 1"}]
- [0.008, 1, "gate", {"side": "C", "by": "hold", "did": "edited", "sent": "RETR 2\r\n"}]
- S: +OK 12 octets
- S: |
    Subject: b
    .
- [0.009, 1, "gate", {"side": "S", "by": "bare-lf", "did": "sent it with LF"}]
- C: RETR 1
- [0.010, 1, "gate", {"side": "C", "by": "hold", "did": "dropped", "sent": ""}]
- C: RETR 3
- [0.011, 1, "gate", {"side": "C", "by": "answer", "did": "answered", "sent": "", "answer": "+OK\r\n"}]
- C: RETR 4
- [0.012, 1, "gate", {"side": "C", "by": "rewrite", "did": "changed the command", "sent": "TOP 4 0\r\n"}]
- S: +OK
- S: |
    Subject: d
    .
- C: QUIT
- S: +OK bye
- [0.013, 1, "close", {"how": "quit", "why": ""}]
"""  # noqa: E501 - a record is one line
"""Exchanges 3 to 12: STAT, UIDL, LIST 2, DELE 1, the injected UIDL, NOOP, RETR 1, 3, 4, QUIT."""


def changed(subscriber: Subscriber, text: str = CHANGED) -> None:
    """Tell *subscriber* of it."""
    play_back(CaptureReader(io.StringIO(text), "changed.yaml"), subscriber)
