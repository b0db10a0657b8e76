"""What a check may need before it can be run, and what people are told if it is not there."""

from enum import Enum


class Need(Enum):
    """One condition; the value is why a check without it was skipped."""

    CLEAR = "the clear port is not open"
    STLS = "the server does not offer STLS"
    GRANT = "the server does not grant STLS"
    TLS = "there is no TLS, neither by STLS nor on a port of its own"
    POP3S = "the port for TLS is not open"
    NAME = "there is no --user"
    LOGIN = "nobody has logged in: give --user"
    RETRIEVAL = "the server deletes what is retrieved (EXPIRE 0); --retr retrieves all the same"
    WRONG_LOGIN = "it logs in wrongly, which --wrong-login allows"
    DELE = "it marks a message as deleted, which --allow-dele allows"
    DROP = "it drops a connection with a marked message, which --allow-dele=drop allows"
    ALL_MECHANISMS = "it logs in by each mechanism, which --auth all allows"
    PROBE_USER = "it needs --probe-user, an account whose password may be given wrongly"
    LOGIN_DELAY = "it logs in too soon on purpose, which --probe-login-delay allows"
    TOKEN = "there is no --token-command"  # noqa: S105 - what people are told
    STRESS = "it may trouble a weak server; --stress allows it"
    SLOW = "it takes minutes, which --slow allows"
    DNS = "it asks the DNS, which --dns allows"
    DOMAIN = "there is no --domain, whose mail this server is for"
