"""A debugging proxy and traffic inspector for POP3."""

__version__ = "0.1.0"
