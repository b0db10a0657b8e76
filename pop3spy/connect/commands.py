"""All commands of ``pop3spy connect``: importing their modules puts them into the table."""

from pop3spy.connect import finding, logins, mail, speaking, steering
from pop3spy.connect.console import CONNECT_COMMANDS

__all__ = ["CONNECT_COMMANDS", "finding", "logins", "mail", "speaking", "steering"]
