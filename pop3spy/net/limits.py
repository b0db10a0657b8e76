"""What bounds a server that pop3spy runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds; 0 sessions, or an idle time of 0, mean that there is no bound."""

    connect_timeout: float = 10.0
    idle_timeout: float = 0.0
    max_sessions: int = 0
    grace: float = 5.0
    introduction: float = 5.0
