"""What is told of a command that the standard does not allow where it was said."""

from pop3spy.session.model import Exchange


def misplaced_text(exchange: Exchange) -> str:
    """Return which command it was, and in which state."""
    return f"{exchange.said.command.verb} is not allowed in {exchange.state_before.value}"
