"""All commands of the live console: importing their modules puts them into the table."""

from pop3spy.live import faulting, finding, holding, inspecting, reaching, watching
from pop3spy.live.console import LIVE_COMMANDS

__all__ = ["LIVE_COMMANDS", "faulting", "finding", "holding", "inspecting", "reaching", "watching"]
