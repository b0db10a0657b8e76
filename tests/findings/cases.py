"""What people reported of POP3, as conversations: what each raises, and who is innocent of it.

A conversation is written as rules write theirs, with ``; `` in place of a line's end.
"""

from typing import Final, NamedTuple

from pop3spy.findings import AtFault

CLIENT, SERVER, CONFIG = AtFault.CLIENT, AtFault.SERVER, AtFault.CONFIG
NOBODY: Final = frozenset(AtFault)
"""All are innocent."""


class Case(NamedTuple):
    """A conversation with the ids that it raises; no error may name one of the *innocent*."""

    innocent: frozenset[AtFault]
    raises: str
    text: str


def _only(*at_fault: AtFault) -> frozenset[AtFault]:
    return NOBODY - set(at_fault)


_TO_SERVER, _TO_CLIENT, _TO_CONFIG = _only(SERVER), _only(CLIENT), _only(CONFIG)
_BYE: Final = "; C: QUIT; S: +OK; -- server closes"
_MAIL: Final = "Subject: x / (blank)"

CASES: Final = {
    # -- messages -------------------------------------------------------------------------------
    "dots vanish at the start of lines": Case(
        _TO_SERVER,
        "dot-unstuffed",
        f"-- login; C: RETR 1; S: +OK / {_MAIL} / a price of 5 / .02 is not / .{_BYE}",
    ),
    "a mail is cut at a single dot and garbage follows": Case(
        _TO_SERVER,
        "premature-terminator",
        f"-- login; C: LIST 1; S: +OK 1 90; C: RETR 1; S: +OK / {_MAIL} / a / . / b / .{_BYE}",
    ),
    "a client shows two dots where one was written": Case(
        NOBODY, "", f"-- login; C: RETR 1; S: +OK / {_MAIL} / src=3D12= / ..34 / .{_BYE}"
    ),
    "the last dot comes in pieces": Case(
        NOBODY,
        "",
        r"-- login; C: RETR 1; S< +OK\r\nA: b\r\n\r\nend.\r\nmore; S< .\r; S< \n; S< .; S< \r"
        rf"; S< \n{_BYE}",
    ),
    "a message comes as an error": Case(
        _TO_SERVER,
        "error-inside-body",
        "-- login; C: TOP 1 0; S: +OK / -ERR Error while reading the message.; -- 11 s"
        "; -- client closes",
    ),
    "the connection is cut within a message": Case(
        _only(SERVER, AtFault.NETWORK),
        "retr-truncated",
        f"-- login; C: LIST 1; S: +OK 1 900; C: RETR 1; S: +OK / {_MAIL} / a; -- server closes",
    ),
    "a refusal has a body": Case(
        _TO_SERVER,
        "unsolicited-response",
        f"-- login; C: RETR 1; S: -ERR internal / Subject: x / (blank) / a / .; C: NOOP; S: +OK"
        f"{_BYE}",
    ),
    "a provider has a quota for downloads": Case(
        NOBODY,
        "retr-refused",
        f"-- login; C: STAT; S: +OK 20 400; C: RETR 10; S: -ERR Download exceed. msg=10{_BYE}",
    ),
    "a second reply begins within the first": Case(
        _TO_SERVER,
        "pipelining-broken",
        "C: CAPA; S: +OK / PIPELINING / UIDL / .; -- login; C: RETR 1; C| RETR 2"
        f"; S: +OK / {_MAIL} / a / +OK 2 follows / . / {_MAIL} / b / .{_BYE}",
    ),
    # -- lists ----------------------------------------------------------------------------------
    "the number is missing in UIDL of one": Case(
        _TO_SERVER, "listing-malformed", f"-- login; C: UIDL 4; S: +OK 0a1b2c3d4e5f{_BYE}"
    ),
    "LIST of one lists them all": Case(
        _TO_SERVER,
        "multiline-shape-wrong",
        f"-- login; C: LIST 2; S: +OK 2 messages / 1 100 / 2 200 / .{_BYE}",
    ),
    "what was deleted is still listed": Case(
        _TO_SERVER,
        "deleted-message-served",
        "-- login; C: LIST; S: +OK / 1 100 / 2 200 / .; C: DELE 1; S: +OK; C: LIST"
        f"; S: +OK / 1 0 / 2 200 / .{_BYE}",
    ),
    "the mailbox is empty": Case(
        NOBODY, "", f"-- login; C: STAT; S: +OK 0 0; C: LIST; S: +OK / .{_BYE}"
    ),
    "the list of capabilities comes in pieces": Case(
        NOBODY, "", r"C: CAPA; S< +OK\r\nTO; S< P\r\nUI; S< DL\r\nUSER\r\n.; S< \r\n; -- login"
    ),
    "a capability begins with a dot": Case(
        _TO_SERVER, "dot-unstuffed", "C: CAPA; S: +OK / TOP / UIDL / .X-OWN / ."
    ),
    "there are no unique-ids": Case(
        _TO_SERVER, "uidl-unavailable", f"-- login; C: UIDL; S: -ERR Unknown command{_BYE}"
    ),
    # -- replies --------------------------------------------------------------------------------
    "a refusal begins with +ERR": Case(
        _TO_SERVER,
        "status-malformed",
        "C: USER bob; S: +OK; C: PASS tanstaaf; S: +ERR cannot open the inbox; C: STAT"
        f"; S: -ERR not in this state{_BYE}",
    ),
    "a line of a log comes before the reply": Case(
        _TO_SERVER,
        "status-malformed login-failed",
        "C: USER bob; S: +OK; C: PASS x; S: warning: auth: it failed / -ERR login failed",
    ),
    "an empty line comes before the reply": Case(
        _TO_SERVER,
        "status-malformed",
        f"-- login; C: DELE 3; S: (blank) / +OK deleted; C: DELE 4; S: +OK deleted{_BYE}",
    ),
    "a reply is nothing but +OK": Case(
        NOBODY, "", f"C: AUTH PLAIN; S: + ; C: AGJvYgBiaXJk; S: +OK; C: STAT; S: +OK 0 0{_BYE}"
    ),
    "a header of TLS stands before the reply": Case(
        _TO_SERVER,
        "tls-bytes-in-clear",
        r"-- clear; C: CAPA; S< \x17\x03\x03\x00\x09+OK\r\n.\r\n",
    ),
    "a command is never answered": Case(
        NOBODY,
        "client-gave-up",
        "-- login; C: TOP 77 0; -- 35 s; -- client closes",
    ),
    # -- logins ---------------------------------------------------------------------------------
    "a token in one line is too much": Case(
        _TO_CLIENT,
        "sasl-initial-response-too-long",
        "C: CAPA; S: +OK / SASL XOAUTH2 / .; C: AUTH XOAUTH2 {dG9r*400}"
        "; S: -ERR Protocol error. 10; -- server closes",
    ),
    "the challenge that refuses a token is not answered": Case(
        _TO_CLIENT,
        "oauth-rejected sasl-error-unanswered",
        "C: AUTH XOAUTH2; S: + ; C: {token}; S: + eyJzdGF0dXMiOiI0MDAifQ==; -- 1 s"
        "; -- client closes",
    ),
    "NTLM is asked on by +OK": Case(
        NOBODY,
        "sasl-ok-as-challenge",
        "C: AUTH NTLM; S: +OK; C: TlRMTVNTUAABAAAA; S: + TlRMTVNTUAACAAAA; C: TlRMTVNTUAADAAAA"
        "; S: +OK",
    ),
    "APOP has the name and the digest swapped": Case(
        _TO_CLIENT,
        "apop-digest-malformed",
        "S: +OK <8.9@pop.example>; C: APOP c4c9334bac560ecc979e58001b3e22fb bob; S: -ERR denied",
    ),
    "APOP is tried where no timestamp is": Case(
        _TO_CLIENT,
        "apop-without-timestamp",
        "S: +OK <pop.example.net> ready; C: APOP bob c4c9334bac560ecc979e58001b3e22fb; S: -ERR no",
    ),
    "a server hangs up on a login that it refused": Case(
        NOBODY,
        "login-failed reply-missing",
        "C: USER bob; S: +OK; C: PASS bird; S: -ERR bad login; -- server closes; C: AUTH PLAIN"
        "; -- client closes",
    ),
    "a client lingers behind the server's close": Case(
        NOBODY,
        "login-failed",
        "C: USER bob; S: +OK; C: PASS bird; S: -ERR [AUTH] no; -- server closes; -- 3 s"
        "; -- client closes",
    ),
    "a password ends with a line break": Case(
        NOBODY,
        "line-break-in-credential",
        f"C: USER bob; S: +OK; C: PASS tanstaaf\\n; S: +OK / -ERR unknown{_BYE}",
    ),
    "another session has the mailbox": Case(
        NOBODY,
        "in-use-self quit-missing",
        "-- login; C: STAT; S: +OK 0 0; -- client closes; -- session 1 s later; C: USER bob"
        "; S: +OK; C: PASS tanstaaf; S: -ERR [IN-USE] locked by another session",
    ),
    "a proxy hides what the server said": Case(
        NOBODY,
        "login-failed-at-proxy",
        "C: USER bob; S: +OK; C: PASS tanstaaf; S: -ERR Re-Authentication Failure",
    ),
    "a client asks which mechanisms there are, the old way": Case(
        NOBODY, "obsolete-probe", f"C: AUTH; S: -ERR Unknown command.; -- login{_BYE}"
    ),
    "a server wants TLS first": Case(
        _TO_CONFIG,
        "tls-required",
        "-- clear; C: USER bob; S: -ERR [AUTH] Plaintext authentication disallowed without SSL",
    ),
    "POP is off in the settings of the account": Case(
        NOBODY,
        "pop-disabled",
        "C: USER bob; S: +OK; C: PASS x; S: -ERR [SYS/PERM] Your account is not enabled for POP",
    ),
    "a client asks too often": Case(
        NOBODY,
        "login-delay-refused",
        "C: USER bob; S: +OK; C: PASS x; S: -ERR [LOGIN-DELAY] wait 15 minutes",
    ),
    "a password that worked is refused": Case(
        NOBODY,
        "login-failed-but-worked login-failed",
        f"-- login{_BYE}; -- session 10 min later; C: USER bob; S: +OK; C: PASS tanstaaf"
        "; S: -ERR Logon failure: unknown user name or bad password.",
    ),
    # -- TLS, and other protocols ---------------------------------------------------------------
    "capabilities are not asked again inside TLS": Case(
        NOBODY,
        "stls-no-recapa",
        "-- clear; C: CAPA; S: +OK / STLS / TOP / .; C: STLS; S: +OK; -- TLS; -- login",
    ),
    "TLS begins at once on the port for clear text": Case(
        _TO_CONFIG,
        "tls-on-clear-port",
        r"-- clear; C< \x16\x03\x01\x00\x09\x01\x00\x00\x05\x03\x03\x00\x00\x00"
        r"; S: -ERR Unknown command.; -- client closes",
    ),
    "a client waits for a greeting on the port for TLS": Case(
        _TO_CONFIG,
        "clear-on-tls-port",
        "-- clear; -- port 995; -- no greeting; -- 30 s; -- client closes",
    ),
    "a server knows old TLS alone": Case(
        NOBODY, "tls-old-version", "-- clear; C: STLS; S: +OK; -- TLS TLSv1; -- login"
    ),
    "an SMTP client comes": Case(
        _TO_CONFIG,
        "wrong-protocol",
        "C: EHLO pc.example; S: -ERR Unknown command.; -- client closes",
    ),
    "an SMTP server greets": Case(
        _TO_CONFIG,
        "wrong-protocol",
        "S: 220 mail.example ESMTP; C: QUIT; S: 221 bye; -- server closes",
    ),
    "a browser comes": Case(
        _TO_CONFIG,
        "wrong-protocol",
        "C: GET /mail HTTP/1.0; S: -ERR Unknown command.; -- client closes",
    ),
    # -- how sessions end, and several of them --------------------------------------------------
    "QUIT has no line end": Case(
        NOBODY, "command-unterminated", "-- login; C: STAT; S: +OK 0 0; C< QUIT; -- client closes"
    ),
    "a client deletes and leaves without QUIT": Case(
        NOBODY,
        "disconnect-with-deletes",
        f"-- login; C: RETR 1; S: +OK / {_MAIL} / a / .; C: DELE 1; S: +OK; -- client closes",
    ),
    "a server greets and hangs up": Case(
        NOBODY, "closed-after-greeting", "S: +OK ready; -- server closes"
    ),
    "all mail comes again behind a deletion": Case(
        NOBODY,
        "redownload",
        "-- login; C: UIDL; S: +OK / 1 a / 2 b / 3 c / 4 d / ."
        + "".join(f"; C: RETR {number}; S: +OK / {_MAIL} / {number} / ." for number in (2, 3, 4))
        + f"; C: DELE 1; S: +OK{_BYE}; -- session 5 min later; -- login; C: UIDL"
        + "; S: +OK / 1 b / 2 c / 3 d / ."
        + "".join(f"; C: RETR {now}; S: +OK / {_MAIL} / {now + 1} / ." for now in (1, 2, 3))
        + _BYE,
    ),
    "mail is gone once it was fetched": Case(
        NOBODY,
        "vanished-after-retr",
        f"-- login; C: UIDL; S: +OK / 1 a / 2 b / .; C: RETR 1; S: +OK / {_MAIL} / a / .{_BYE}"
        f"; -- session 5 min later; -- login; C: UIDL; S: +OK / 1 b / .{_BYE}",
    ),
    "a unique-id stands for another mail later": Case(
        _TO_SERVER,
        "uidl-reused",
        "-- login; C: UIDL; S: +OK / 1 7 / .; C: RETR 1; S: +OK / Message-ID: <1@h> / (blank)"
        f" / {{a*300}} / .{_BYE}; -- session 1 day later; -- login; C: UIDL; S: +OK / 1 7 / ."
        f"; C: RETR 1; S: +OK / Message-ID: <2@h> / (blank) / {{b*300}} / .{_BYE}",
    ),
}
