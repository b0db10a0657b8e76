"""Replies in which charsets and UTF-8 matter."""

import re
from typing import Final

from pop3spy.findings.charsets import reading_of
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked, cut, quoted
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import StatusLine
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity

_HIGH: Final = re.compile(rb"[\x80-\xff]")
_TIMESTAMP: Final = re.compile(rb"<[^>]*>")  # of APOP, which has a rule of its own


@rule(
    "eight-bit-status",
    Severity.INFO,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 3; RFC 6856, section 3.2",
    on=On.ODD_STATUS,
    raises=(
        "S: +OK Willkommen f\\xfcr alle",
        """
        C: NOOP
        S: -ERR \\xb5\\xc7\\xc2\\xbc\\xca\\xa7\\xb0\\xdc
        """,
    ),
    silent=(
        """
        C: LANG de
        S: +OK de gr\\xc3\\xbc\\xc3\\x9fe
        C: CAPA
        S: +OK gr\\xc3\\xbc\\xc3\\x9fe / USER / .
        """,
    ),
)
def eight_bit_status(seen: Observed, event: Heard) -> Claims:
    """The server says something that is not ASCII, and nobody agreed to that.

    Its messages have to be ASCII until the client chose a language with LANG, or UTF8.  Clients
    show them as rubbish, so nobody can read why something was refused.

    To do: set the server to English, or to UTF-8.
    """
    frame, exchange = event.frame, event.exchange
    if not isinstance(frame, StatusLine) or seen.accepted:
        return
    if not _HIGH.search(frame.raw if exchange is not None else _TIMESTAMP.sub(b"", frame.raw)):
        return
    if exchange is not None and exchange.command.verb in ("LANG", "UTF8") and frame.ok:
        return
    reading = None if frame.masks else reading_of(line_of(frame.raw))
    said = f": {quoted(frame)}"
    if reading is not None:
        said = f"; read as {reading[0]} it says '{cut(escape(reading[1]))}'"
    yield Claim(
        f"The server's message is not ASCII, so clients may show it as rubbish{said}.",
        evidence={"charset": reading[0]} if reading is not None else {},
    )


@rule(
    "utf8-in-transaction",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 6856, section 2",
    on=On.ANSWERED,
    verbs=("UTF8",),
    raises="""
        -- login
        C: UTF8
        S: -ERR
    """,
    silent="""
        C: UTF8
        S: +OK
        -- login
    """,
)
def utf8_in_transaction(_: Observed, event: Answered) -> Claims:
    """The client asks for UTF8 after its login.

    UTF8 belongs before the login, so most servers refuse it here.

    To do: let the client send UTF8 before it logs in.
    """
    if event.exchange.state_before is State.TRANSACTION:
        yield Claim("The client sent UTF8 after its login, and it must be sent before.")


@rule(
    "utf8-message-refused",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 6856, section 5",
    on=On.ANSWERED,
    verbs=("RETR", "TOP", "LIST"),
    beats=("retr-refused",),
    raises="""
        -- login
        C: LIST
        S: +OK / 3 900 / .
        C: RETR 3
        S: -ERR [UTF8] needs UTF-8
    """,
    silent="""
        -- login
        C: RETR 3
        S: -ERR no such message
    """,
)
def utf8_message_refused(_: Observed, event: Answered) -> Claims:
    """The server holds a message that it gives in UTF8 mode alone.

    Its header has letters beyond ASCII that cannot be written in another way.  The client did not
    ask for UTF8, so it cannot have the message.

    To do: use a client that knows UTF8, or read the message by other means, such as webmail.
    """
    status = event.exchange.status
    if status is not None and not status.ok and status.code == "UTF8":
        yield Claim(
            f"The server refuses {asked(event.exchange)} without UTF8: this client cannot fetch"
            " that message."
        )
