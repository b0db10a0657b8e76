"""What mail programs and libraries say when something fails, and what is behind it: one table.

Rules: 1. a text is compared in small letters, with blanks for underscores; 2. the first row that
fits speaks, so a specific one stands above a general one; 3. what servers say in a refusal stands
in ``refusals``, and no text stands in both.

A program tells what it noticed, which is seldom what went wrong; so most rows name findings that
tell more, once the session has been seen.
"""

import re
from dataclasses import dataclass
from typing import Final

from pop3spy.findings.refusals import begins_in

LONGEST: Final = 4096
"""Characters of a text that are compared."""


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One row.

    ``texts`` are what an error of the kind holds, one of them, each beginning at the beginning of a
    word; ``*`` is any text.  ``who`` says so, ``means`` is what it means and ``remedy`` what to do,
    each a sentence.  ``findings`` are the ids of what may be found in the session.
    """

    texts: tuple[str, ...]
    who: str
    means: str
    remedy: str
    findings: tuple[str, ...] = ()


_EARLY_END: Final = (
    "autologout-early",
    "closed-before-greeting",
    "closed-after-greeting",
    "reply-missing",
    "retr-truncated",
    "too-many-bad-commands",
)

# fmt: off
ERROR_TEXTS: Final = (
    # texts, who says so, what it means, what to do, what may be found
    ErrorText(("wrong version number", "unknown protocol", "packet length too long", "record layer failure", "http request", "ssl error rx record too long", "unexpected tls packet", "unrecognized ssl message", "plaintext connection?"), "OpenSSL, GnuTLS, NSS, Java", "TLS was begun where the other side speaks clear text, or the other way round.", "in the mail program, choose SSL/TLS with port 995, or STARTTLS with port 110.", ("stls-handshake-failed",)),
    ErrorText(("certificate has expired", "certificate expired", "expired certificate", "0x800b0101", "sec error expired"), "every TLS library", "The certificate that was shown is not valid any more, or the clock of the side that looks at it is wrong.", "renew the certificate, and look at both clocks.", ("stls-handshake-failed",)),
    ErrorText(("hostname mismatch", "hostname doesn't match", "hostname does not match", "name mismatch", "does not match target host name", "ip address mismatch", "no alternative certificate subject name", "bad cert domain", "ssl error bad cert domain", "0x800b010f"), "every TLS library", "The certificate is for another name than the one that the program connects to.", "connect to the name that the certificate is for, or give the server a certificate for this one.", ("stls-handshake-failed",)),
    ErrorText(("certificate verify failed", "unable to get local issuer", "unable to verify the first certificate", "self signed certificate", "self-signed certificate", "certificate is not trusted", "certificate not trusted", "not trusted", "unknown issuer", "sec error unknown issuer", "pkix path building failed", "unable to find valid certification path", "peer certificate cannot be authenticated", "0x800b0109", "0x800ccc1b", "curl: (60)"), "every TLS library", "The program does not trust whoever signed the server's certificate.", "let the server send its whole chain of certificates; if the issuer is private, give the program the issuer's certificate.", ("stls-handshake-failed",)),
    ErrorText(("unsupported protocol", "protocol version", "no protocols available", "version too low", "ssl error unsupported version", "unsupported version", "dh key too small", "no shared cipher", "no common cipher", "no common algorithm", "handshake failure", "no cypher overlap", "ssl error no cypher overlap"), "every TLS library", "Client and server have no version of TLS, or no cipher, in common; mostly one of them is old.", "update the older side; pop3spy connect with --tls-min 1.0 shows what the server can do.", ("tls-old-version", "stls-handshake-failed")),
    ErrorText(("stls not supported", "starttls not supported", "stls is not supported", "does not support starttls", "does not support stls", "starttls * not available", "requested ssl level failed", "curl: (64)"), "Python's poplib, curl, Thunderbird", "The program wants STLS, and the server does not offer it.", "choose SSL/TLS with port 995, or tell who runs the server.", ("stls-refused-then-clear",)),
    ErrorText(("0x800ccc1a", "ssl connect error", "curl: (35)", "tls handshake failed", "ssl handshake failed", "secure connection failed"), "Outlook, curl", "TLS could not be established; the words behind it, or those of the other side, say why.", "look at the port and the kind of encryption first: SSL/TLS goes with 995, STARTTLS with 110.", ("stls-handshake-failed",)),
    ErrorText(("0x800ccc0d", "could not resolve host", "name or service not known", "nodename nor servname", "no such host", "getaddrinfo failed", "curl: (6)"), "Outlook, curl, the system", "The name of the server has no address: it is misspelt, or the network's name service does not answer.", "look at the name of the server in the settings."),
    ErrorText(("0x800ccc0e", "connection refused", "econnrefused", "actively refused", "10061", "failed to connect", "could not connect", "couldn't connect", "curl: (7)"), "Outlook, curl, the system", "Nothing could be reached at that address and port.", "look at name and port; if they are right, the server is down, or a firewall is between.", ("connection-refused", "connection-unanswered")),
    ErrorText(("0x800ccc0f", "0x80042108", "connection reset", "econnreset", "connection was reset", "10054", "broken pipe", "forcibly closed", "curl: (56)", "recv failure"), "Outlook, curl, the system", "The connection broke off while the program waited for the server; it does not tell who broke it.", "look at the session to see who closed first: the server, something between, or a virus scanner on the machine.", _EARLY_END),
    ErrorText(("unexpectedly disconnected", "unexpectedly terminated", "unexpectedly closed", "closed the connection", "connection closed", "connection lost", "unexpected eof", "eof occurred", "-err eof", "error proto(b'-err eof", "connection dropped"), "Outlook, Thunderbird, Python's poplib and others", "The server hung up before it had said what was due, or while nobody spoke; the program may notice late.", "look at the session to see when the server closed, and behind which command.", _EARLY_END),
    ErrorText(("0x800ccc19", "0x8004210a", "timed out", "time out", "timeout", "etimedout", "10060", "curl: (28)"), "Outlook, curl, the system", "The server did not answer as long as the program was willing to wait, or both sides wait for each other.", "look at port and encryption first: with SSL/TLS switched off at port 995, each side waits for the other.", ("client-gave-up", "greeting-missing", "reply-slow", "client-waits-for-dot", "transfer-stalled")),
    ErrorText(("0x800ccc91",), "Outlook", "The server refused the user name.", "many servers want the whole address as the name; look at the text behind -ERR.", ("login-failed",)),
    ErrorText(("0x800ccc92", "login denied", "access denied", "curl: (67)", "password was rejected", "logon failed", "login failed"), "Outlook, curl, other programs, and servers too", "The server refused the login.", "look at the text behind -ERR: it may want an app password, OAuth, TLS, or nothing but a pause.", ("login-failed", "app-password-needed", "basic-auth-retired", "in-use")),
    ErrorText(("0x800ccc90",), "Outlook", "The server answered a command with -ERR, and Outlook does not show the text.", "look at the text behind -ERR in the session, and ask about that one."),
    ErrorText(("unexpected greeting", "weird server reply", "unexpected pop3-server response", "curl: (8)", "not a pop3 server", "invalid greeting"), "curl, mail programs", "What came first was no greeting of POP3: the port belongs to another protocol, or the server said something before.", "look at the port: 110 and 995 are POP3, 143 and 993 IMAP, 25, 465 and 587 SMTP.", ("status-malformed", "greeting-negative")),
    ErrorText(("line too long",), "Python's poplib", "A line of a message is longer than 2,048 octets, and poplib gives up; mail allows 998.", "raise poplib._MAXLINE, or fetch the message with another program; it comes up again until it is removed.", ("long-line",)),
    ErrorText(("uidl is not supported", "does not support uidl", "does not support * uidl", "uidl not supported", "unique-id listing"), "Thunderbird, fetchmail, Outlook", "The server has no unique-ids, so the program cannot know which messages it has had.", "let the program delete what it fetches, or use IMAP; only the server can add UIDL.", ("uidl-unavailable",)),
    ErrorText(("does not support * top", "does not support top", "top is not supported", "top not supported"), "Thunderbird", "The server has no TOP, which shows the header of a message before the rest.", "switch off that headers alone are fetched; only the server can add TOP.", ("top-unavailable",)),
    ErrorText(("bad base64", "invalid base64", "incorrect padding", "illegal base64"), "SASL libraries", "A line of a login is not what base64 allows: it was cut, wrapped, or not encoded.", "look at the lines of AUTH; one line each, without a line end inside.", ("sasl-bad-base64",)),
)
# fmt: on
"""Every text there is a row for, the specific ones first."""


def error_text_of(text: str) -> ErrorText | None:
    """Return the row that *text*, an error as a program shows it, is known by."""
    small = re.sub(r"[\s_]+", " ", text[:LONGEST].casefold()).strip()
    return next((row for row in ERROR_TEXTS if begins_in(small, row.texts)), None)
