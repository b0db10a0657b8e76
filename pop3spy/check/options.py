"""What an audit may do, and with which account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pop3spy.net.trust import Trust

TokenSource = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """Who logs in, what is allowed that is not by itself, and the bounds.

    Without a ``user`` nobody logs in.  ``trust`` says whose certificates are believed where a
    password is sent.  ``dele`` is ``no``, ``reset`` or ``drop``; ``dele_message`` the number of the
    message that is marked, 0 the smallest.  ``max_wait`` are the seconds of a LOGIN-DELAY that are
    waited for, ``max_logins`` 0 as many as the plan says.  With ``dns`` the DNS is asked, at
    ``dns_server`` or where the system does; with ``aia`` a certificate that the chain lacks is
    fetched from where the one before it says.
    """

    user: str = ""
    password: bytes = b""
    token: TokenSource | None = None
    trust: Trust = field(default_factory=Trust)
    clear_login: bool = False
    wrong_login: bool = False
    dele: str = "no"
    dele_message: int = 0
    retr: bool = False
    stress: bool = False
    slow: bool = False
    all_mechanisms: bool = False
    probe_user: str = ""
    probe_login_delay: bool = False
    ignore_login_delay: bool = False
    max_wait: float = 30.0
    max_logins: int = 0
    cert_days: int = 14
    domain: str = ""
    dns: bool = False
    dns_server: tuple[str, int] | None = None
    aia: bool = False
    dot_message: int = 0
    sample_all: bool = False
    remote: bool = False
