"""Every setting, as one table.

Rule: a setting has one row; the command line, the configuration file and ``docs/config.md`` are
made from it.  Its value is a field in the dataclass of each of its verbs (``verbs.py``).
"""

from dataclasses import dataclass
from typing import Any, Final

from pop3spy.capture.header import BODIES, REDACTIONS
from pop3spy.config.address import INSPECTOR, SCRAPED
from pop3spy.config.kinds import (
    ACCOUNT,
    AUTH,
    COLLECTOR,
    COMMAND,
    COUNT,
    FACTOR,
    FAULT,
    FILTER,
    FLAG,
    LEDGER,
    LISTEN,
    MESSAGE,
    NETWORK,
    OWN_PORT,
    PATH,
    PATIENCE,
    PATTERN,
    PERSONALITY,
    PLACE,
    PORT,
    PROBED,
    REWRITE,
    ROUTE,
    SCRAPES,
    SECONDS,
    SIZE,
    THRESHOLD,
    URL,
    WORD,
    WORKERS,
    ValueKind,
    one_of,
)
from pop3spy.net.trust import VERSIONS
from pop3spy.protocol.proxyheader import PROXY_VERSIONS
from pop3spy.protocol.url import parse_url


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: an option of the command line and a key of the configuration file.

    ``verbs`` are the commands that have it; ``many`` says that it may be given several times.
    ``alone`` is what an option means without a value, if that means anything.
    """

    name: str
    kind: ValueKind
    verbs: tuple[str, ...]
    help: str
    default: Any = None
    many: bool = False
    alone: Any = None

    @property
    def field(self) -> str:
        """The name of its value in code."""
        return self.name.replace("-", "_")

    def value(self, given: Any) -> Any:
        """Return what *given* means; raise ValueError if it means nothing."""
        if not self.many:
            return self.kind.read(given)
        items = given if isinstance(given, list | tuple) else [given]
        if not items:
            raise ValueError("the list is empty")
        return tuple(self.kind.read(item) for item in items)


_PROXY, _SERVE, _DEMO = "proxy", "serve", "demo"
_REPLAY = "replay server"
_CONNECT = "connect"
_CHECK = "check"
_CA = ("ca show", "ca trust", "ca export")
_ALL = (_PROXY, _SERVE, _REPLAY, _DEMO, _CONNECT, _CHECK)
_SERVERS = (_PROXY, _SERVE, _REPLAY)

# fmt: off
SETTINGS: Final = {row.name: row for row in (
    Setting("upstream", URL, (_PROXY,), "The server that clients are relayed to."),
    Setting("listen", LISTEN, _SERVERS, "Where clients connect to; :1110 is a port of this machine only, port 0 takes a free one.", (parse_url("127.0.0.1:110"),), many=True),
    Setting("route", ROUTE, (_PROXY,), "Relay the clients of this address to a server of their own, as in :1995=pop3s://mail; may be given several times.", (), many=True),
    Setting("users", PATH, (_SERVE, _REPLAY), "A YAML file of users and their passwords.  [default: the user demo with the password demo; in a replay, anybody]"),
    Setting("login-delay", SECONDS, (_SERVE,), "How late the answer to the second failed login of a connection is; each later one takes twice as long. 0: no delay.", 1.0),
    Setting("personality", PERSONALITY, (_SERVE,), "Speak as another server: as dovecot, exchange or gmail, or as this YAML file says (docs/personalities.md)."),
    Setting("log", PATH, _SERVERS, "Also write the log to this file, or with parquet to this folder; - is stdout, in place of the transcript."),
    Setting("log-format", one_of("text", "json", "rows", "parquet"), _SERVERS, "How the log is written: for people, for machines (docs/logs.md), or as flat rows for engines (docs/schema.md).", "text"),
    Setting("log-file-size", SIZE, _SERVERS, "With parquet, begin a new file when the rows of one have this size as text.  [default: 32M]"),
    Setting("log-file-time", SECONDS, _SERVERS, "With parquet, begin a new file when the first row of one is so old; a crash loses the rows of as long.", 300.0),
    Setting("record", PLACE, (*_SERVERS, _CONNECT, _CHECK), "Record every session in this new file, or each in a file of its own in this folder (PATH/)."),
    Setting("bodies", one_of(*BODIES), (*_SERVERS, _CONNECT, _CHECK), "What a recording has of messages: all, their shape, or their sizes.  [default: keep; with --redact strict: mask]"),
    Setting("rotate", SIZE, _SERVERS, "Go on in a new recording when one has this size; 0: never.", 0),
    Setting("show", FILTER, _SERVERS, "Show only these exchanges in the transcript (docs/filters.md); what is logged and recorded stays whole."),
    Setting("rewrite", REWRITE, _SERVERS, "Put other words into lines, as in: client s/^STAT$/NOOP/ when user = bob (docs/faults.md).", (), many=True),
    Setting("fault", FAULT, _SERVERS, "Break something on purpose, as in: cut after=1K when verb = RETR (docs/faults.md).", (), many=True),
    Setting("dry-run-delete", FLAG, _SERVERS, "Let clients believe that DELE works, while the server hears of none.", default=False),
    Setting("findings", one_of("off", "errors", "warnings", "all"), (*_SERVERS, _CONNECT, _CHECK), "Which findings are shown (docs/findings.md); the log and :findings have all. off: look for none.", "warnings"),
    Setting("rules", PATH, (*_SERVERS, _CONNECT, _CHECK), "Look for what the rules in this Python file find as well; it is run (docs/extending.md); may be given several times.", (), many=True),
    Setting("threshold", THRESHOLD, (*_SERVERS, _CONNECT, _CHECK), "From where on a finding is raised, as in reply-slow=20 (docs/findings.md); may be given several times.", (), many=True),
    Setting("ledger", LEDGER, _SERVERS, "Remember earlier sessions in this file, or in this PostgreSQL database, which proxies may share (docs/ledger.md).  [default: ledger.sqlite3 in the folder ~/.local/state/pop3spy]"),
    Setting("no-ledger", FLAG, _SERVERS, "Remember no session longer than this run.", default=False),
    Setting("quiet", FLAG, _SERVERS, "Print no transcript.", default=False),
    Setting("console", FLAG, (_PROXY,), "On a terminal, take commands below the transcript (docs/console.md).", default=True),
    Setting("web", OWN_PORT, (_PROXY,), f"Show sessions in a browser of this machine, at this port (docs/inspector.md); alone, {INSPECTOR}.", alone=INSPECTOR),
    Setting("web-control", FLAG, (_PROXY,), "Let the browser hold, change, break and end what is said as well.", default=False),
    Setting("metrics", SCRAPES, (_PROXY,), f"Tell Prometheus what is counted (docs/metrics.md), at this port of this machine, or at the address that is named; alone, {SCRAPED}.", alone=str(SCRAPED)),
    Setting("otlp", COLLECTOR, (_PROXY,), "Send sessions as spans, and findings as log records, to the OpenTelemetry collector at this URL (docs/opentelemetry.md)."),
    Setting("yes", FLAG, (_PROXY,), "Let Ctrl-C at the prompt end sessions that are open, without asking once more.", default=False),
    Setting("redact", one_of(*REDACTIONS), _SERVERS, "What is hidden: secrets, or names of users, hosts and messages too (docs/security.md).", "secrets"),
    Setting("connect-timeout", PATIENCE, (_PROXY, _CONNECT, _CHECK), "How long each address of the server may take to answer, and each TLS handshake.", 10.0),
    Setting("idle-timeout", SECONDS, _SERVERS, "End a session in which nobody spoke for so long; 0: never.", 0.0),
    Setting("max-sessions", COUNT, _SERVERS, "How many sessions may be open at once; 0: any number.", 0),
    Setting("grace", SECONDS, _SERVERS, "How long replies on their way may take when pop3spy is stopped.", 5.0),
    Setting("answer-when-down", FLAG, (_PROXY,), "Answer -ERR when the server cannot be reached, instead of just closing.", default=False),
    Setting("transparent", FLAG, (_PROXY,), "Relay each client to where it was going before a firewall redirected it here (Linux; docs/deploy.md).", default=False),
    Setting("accept-proxy-protocol", NETWORK, (_PROXY,), "Whoever connects from this address or network is a proxy, and says first whom it brings; may be given several times.", (), many=True),
    Setting("send-proxy-protocol", one_of(*PROXY_VERSIONS), (_PROXY,), "Tell the server first who the client is, in this version of the PROXY protocol."),
    Setting("session", COUNT, (_REPLAY,), "The number of the session to play.  [default: as a client, the first in which anything was asked; as a server, all sessions of the user who logged in first]"),
    Setting("port", PORT, (_REPLAY,), "Of a packet capture, take the sessions to this TCP port; may be given several times.  [default: whatever speaks POP3]", (), many=True),
    Setting("speed", FACTOR, (_REPLAY,), "Play so many times as fast as recorded.  [default: without waiting]"),
    Setting("cuts", FLAG, (_REPLAY,), "Send replies in the pieces in which they were recorded.", default=False),
    Setting("strict", FLAG, (_REPLAY,), "Refuse what was not recorded.", default=False),
    Setting("stls", one_of("inspect", "pass", "refuse", "strip"), (_PROXY,), "What becomes of a client's STLS: pop3spy does TLS with both sides and reads on; lets it pass unread; refuses it; or hides it from CAPA as well.  [default: inspect with a certificate or an authority, else pass]"),
    Setting("cert", PATH, _SERVERS, "Show clients the certificate in this PEM file, with its chain.  [default: one of the local authority's, see pop3spy ca]"),
    Setting("key", PATH, _SERVERS, "The PEM file with its key.  [default: the same file]"),
    Setting("ca-dir", PATH, (*_SERVERS, *_CA), "The folder of the certificate authority.  [default: ~/.config/pop3spy]"),
    Setting("insecure", FLAG, (_PROXY, _CONNECT, _CHECK), "Believe any certificate of the server's.", default=False),
    Setting("upstream-ca", PATH, (_PROXY, _CONNECT, _CHECK), "Believe the certificates of the authorities in this PEM file.  [default: those of this system]"),
    Setting("client-cert", PATH, (_PROXY, _CONNECT, _CHECK), "Show servers that want one the certificate in this PEM file, which has its key too."),
    Setting("tls-min", one_of(*VERSIONS), (*_SERVERS, _CONNECT, _CHECK), "The oldest version of TLS that is taken.", "1.2"),
    Setting("user", WORD, (_CONNECT, _CHECK, _REPLAY), "Who logs in with --quit-after and the like, or in an audit; in a replay, who may."),
    Setting("password-file", PATH, (_CONNECT, _CHECK, _REPLAY), "Take the password, or token, for that from the first line of this file."),
    Setting("password-env", WORD, (_CONNECT, _CHECK, _REPLAY), "Take it from this environment variable."),
    Setting("password-command", COMMAND, (_CONNECT, _CHECK), "Take it from the first line that this command prints, run afresh at each login."),
    Setting("token-command", COMMAND, (_CONNECT, _CHECK), "Take an OAuth access token from the first line that this command prints, run afresh at each login; it is never sent as a password."),
    Setting("auth", AUTH, (_CONNECT,), "Log in with the first of these mechanisms that the server offers; APOP and USER count as such.  [default: the best that it offers]"),
    Setting("script", PATH, (_CONNECT,), "Do the lines of this file, and end; - is stdin, which is also read where it is no terminal."),
    Setting("quit-after", PROBED, (_CONNECT,), "Go through the stages of a session up to this one, say QUIT, and end."),
    Setting("drop-after", PROBED, (_CONNECT,), "Do as --quit-after does, but close the connection without QUIT."),
    Setting("retr", MESSAGE, (_CONNECT,), "The message that the stages top, retr and dele+rset are about; alone it is --quit-after retr.  [default: first]"),
    Setting("expect", PATTERN, (_CONNECT,), "End with 1 unless this is found in a line that the server says; RE2, case does not matter; may be given several times.", (), many=True),
    Setting("hide-unknown", FLAG, (_CONNECT,), "Hide a command that pop3spy does not know, and its reply where that repeats it, as the proxy does.", default=False),
    Setting("patience", PATIENCE, (_CONNECT,), "How long a reply may take in a script or with --quit-after and the like.", 60.0),
    Setting("run-as", ACCOUNT, _SERVERS, "Started as root, be this user once listening (docs/deploy.md)."),
    Setting("workers", WORKERS, (_PROXY,), "How many processes share the work; with more than one, a recording is a folder (docs/deploy.md).", 1),
    Setting("loop", one_of("auto", "uvloop", "asyncio"), _ALL, "Which event loop runs it; auto: uvloop where there is one.", "auto"),
)}
# fmt: on


def settings_of(verb: str) -> list[Setting]:
    """Return the settings that *verb* has, in the order of the table."""
    return [setting for setting in SETTINGS.values() if verb in setting.verbs]
