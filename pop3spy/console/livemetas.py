"""All commands of the live console: importing their modules puts them into the table."""

from pop3spy.console import holding, reaching, watching
from pop3spy.console.live import LIVE

__all__ = ["LIVE", "holding", "reaching", "watching"]
