"""All commands of ``pop3spy connect``: importing their modules puts them into the table."""

from pop3spy.console import logins, mail, speaking, steering
from pop3spy.console.console import METAS

__all__ = ["METAS", "logins", "mail", "speaking", "steering"]
