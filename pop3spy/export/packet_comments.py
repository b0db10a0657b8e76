"""Comments on packets: what a reply amounts to, what was found, and what a gate did."""

from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.session.events import Intervened
from pop3spy.session.finding import Finding
from pop3spy.session.intervention_text import intervention_text, substitutes
from pop3spy.session.model import Exchange
from pop3spy.session.reply_problems import reply_problems

_WHO: Final = {Side.CLIENT: "server", Side.SERVER: "client"}
"""Who hears what stands in place of a line of this side."""


def answered_comment(exchange: Exchange) -> str:
    """Return what the reply amounts to; the command itself is in its own packet."""
    notes = [f"exchange {exchange.number}: reply after {_seconds(exchange.latency)}"]
    if exchange.body is not None:
        notes.append(f"ended after {_seconds(exchange.duration)}")
    if exchange.state_after is not exchange.state_before:
        notes.append(f"{exchange.state_before.value} → {exchange.state_after.value}")
    if exchange.status is not None and not exchange.complete:
        notes.append("broke off")
    if exchange.injected:
        notes.append("not heard by the client")
    if exchange.misplaced:
        notes.append(f"not allowed in {exchange.state_before.value}")
    return ", ".join([*notes, *reply_problems(exchange)])


def raised_comment(finding: Finding) -> str:
    """Return what was found, and how bad it is."""
    number = f"exchange {finding.exchange}: " if finding.exchange else ""
    return f"{number}{finding.severity.word} {finding.id}: {finding.text}"


def intervened_comment(event: Intervened) -> str:
    """Return what a gate did, and what the peers heard because of it."""
    frame = event.frame or event.sent
    number = f"exchange {frame.number}: " if frame and frame.number else ""
    heard = [f"; the {_WHO[each.side]} heard: {text}" for each, text in substitutes(event)]
    return f"{number}{intervention_text(event)}{''.join(heard)}"


def _seconds(time: float | None) -> str:
    return "an unknown time" if time is None else f"{time:.6f} s"
