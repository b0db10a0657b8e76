"""All commands of the live console: importing their modules puts them into the table."""

from pop3spy.console import faulting, holding, reaching, watching
from pop3spy.console.live import LIVE

__all__ = ["LIVE", "faulting", "holding", "reaching", "watching"]
