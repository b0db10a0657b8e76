"""How much stands in a report, so that it can be mailed; whatever is left out is told there."""

from typing import Final

from pop3spy.logs.shown_lines import SHOWN

LINES: Final = SHOWN
"""Lines of a listing or of a message."""
CHARACTERS: Final = 200
"""Characters of a line."""
EXCHANGES_OF_SESSION: Final = 60
"""Exchanges of a session from which on the middle of its transcript is folded."""
FIRST: Final = 20
LAST: Final = 10
AROUND: Final = 2
SLOWEST: Final = 10
"""Of a folded transcript there stay the first, the last, those around what is not plain, and those
that took the longest."""
EXCHANGES: Final = 600
"""Exchanges of all sessions that stand in a report; folded ones beyond are only counted."""
REMARKABLE: Final = 1200
"""The same of those that are not plain; there may be as many as a server refused commands."""
LADDER: Final = 40
"""Exchanges, and lines beside them, in a ladder; those that are alike are told once before."""
LADDERS: Final = 12
"""Sessions that have a ladder."""
VERDICTS: Final = 8
"""Sessions from which on only those with an error or a warning are told of at the top."""
SESSIONS: Final = 200
"""Sessions that stand in a report, those with the worst findings before all others."""
INNER: Final = 40
"""Lines inside an exchange, such as those of AUTH, and things that a gate did in it."""
NOTED: Final = 100
"""Sessions that a note of a person is written into, those that began last."""
FINDINGS: Final = 500
"""Findings that stand in the table."""
FINDING_PLACES: Final = 4
"""Sessions that a row of it leads to."""
TICKET: Final = 50_000
"""Characters of a ticket that dialogues may bring it to; most sites take 65,000."""
TICKET_FIRST: Final = 150
TICKET_LAST: Final = 50
"""Lines of a session's dialogue in a ticket, from its beginning and from its end."""
LISTED: Final = 12
"""Of what is listed in a line or two, sessions for example, so many are named."""
CAPABILITIES: Final = 100
"""Lines of CAPA that stand in the table."""
