"""The 25 problems that people post most, as conversations, and what has to be found in each.

``must`` are the ids that are raised, of the last session if they are not named with another;
``may`` are others that would not mislead.  Everything else would.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One problem: its title in ``docs/troubleshooting.md``, what passes, and what is found."""

    title: str
    said: str
    must: tuple[str, ...]
    may: tuple[str, ...] = ()


GMAIL = "S: +OK Gpop ready for requests"
EXCHANGE = "S: +OK The Microsoft Exchange POP3 service is ready."

PROBLEMS = {
    1: Problem(
        "The password is right, webmail takes it, the mail program does not",
        f"""
        {GMAIL}
        C: USER recent:bob@example.org
        S: +OK send PASS
        C: PASS tanstaaf
        S: -ERR [AUTH] Application-specific password required: https://support.example/185833
        C: QUIT
        S: +OK bye
        -- server closes
        """,
        ("app-password-needed",),
    ),
    2: Problem(
        "Your account is not enabled for POP access",
        f"""
        {GMAIL}
        C: USER recent:bob@example.org
        S: +OK send PASS
        C: PASS tanstaaf
        S: +OK Welcome.
        C: STAT
        S: -ERR [SYS/PERM] Your account is not enabled for POP access.
        C: QUIT
        S: +OK Farewell.
        -- server closes
        """,
        ("pop-disabled",),
    ),
    3: Problem(
        "Protocol error. Connection is closed. 10",
        f"""
        {EXCHANGE}
        C: CAPA
        S: +OK / TOP / UIDL / SASL PLAIN XOAUTH2 / .
        C: AUTH XOAUTH2 {{dXNl*530}}
        S: -ERR Protocol error. Connection is closed. 10
        -- server closes
        """,
        ("sasl-initial-response-too-long",),
    ),
    4: Problem(
        "Authentication failed although OAuth went well",
        rf"""
        {EXCHANGE}
        C: AUTH XOAUTH2
        S< +\x20\r\n
        C: {{token aud=graph scp=Mail.Read}}
        S: -ERR Authentication failure: unknown user name or bad password.
        C: QUIT
        S: +OK
        -- server closes
        """,
        ("oauth-token-audience",),
    ),
    5: Problem(
        "Wrong version number",
        r"""
        -- clear
        -- no greeting
        C< \x16\x03\x01\x00\x05\x01\x00\x00\x01\x00
        S: +OK POP3 ready
        -- client closes
        """,
        ("tls-on-clear-port",),
    ),
    6: Problem(
        "The operation timed out on port 995",
        """
        -- clear
        -- port 995
        -- no greeting
        -- 30 s
        -- client closes
        """,
        ("clear-on-tls-port",),
    ),
    7: Problem(
        "The certificate is not trusted",
        r"""
        -- clear
        -- no greeting
        -- port 995
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03{r*32}\x00\x00\x2f\x00
        C< \x15\x03\x03\x00\x02\x02\x30
        -- client closes
        """,
        ("stls-handshake-failed",),
    ),
    8: Problem(
        "No common algorithm, or unsupported protocol",
        r"""
        -- clear
        -- no greeting
        -- port 995
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01{r*32}\x00\x00\x2f\x00
        C< \x15\x03\x01\x00\x02\x02\x46
        -- client closes
        """,
        ("stls-handshake-failed", "tls-old-version"),
    ),
    9: Problem(
        "Plaintext authentication disallowed",
        """
        -- clear
        S: +OK Dovecot ready.
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.
        C: QUIT
        S: +OK Logging out
        -- server closes
        """,
        ("tls-required", "cleartext-password"),
    ),
    10: Problem(
        "The mailbox is locked by another session",
        """
        -- login
        C: STAT
        S: +OK 2 22
        -- client closes
        -- session 2 min later
        S: +OK ready
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [IN-USE] Mailbox is locked by another POP3 session.
        C: QUIT
        S: +OK bye
        -- server closes
        """,
        ("quit-missing", "in-use-self"),
    ),
    11: Problem(
        "Mail that I deleted comes back",
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 22 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK Marked to be deleted.
        -- client closes
        """,
        ("disconnect-with-deletes",),
    ),
    12: Problem(
        "Everything was downloaded again",
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / .
        C: UIDL
        S: +OK / 1 a1 / 2 a2 / 3 a3 / 4 a4 / 5 a5 / .
        C: QUIT
        S: +OK
        -- server closes
        -- session 1 days later
        -- login
        C: UIDL
        S: +OK / 1 00000001u6b / 2 00000002u6b / 3 00000003u6b / 4 00000004u6b / 5 00000005u6b / .
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        -- server closes
        """,
        ("uidl-mass-change",),
    ),
    13: Problem(
        "After the connection dropped I have every mail twice",
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: QUIT
        -- server resets
        """,
        ("quit-unanswered",),
    ),
    14: Problem(
        "Only old mail, or only some mail, arrives from Gmail",
        f"""
        {GMAIL}
        C: USER bob@example.org
        S: +OK send PASS
        C: PASS tanstaaf
        S: +OK Welcome.
        C: STAT
        S: +OK 0 0
        C: QUIT
        S: +OK Farewell.
        -- server closes
        """,
        ("gmail-recent-mode",),
    ),
    15: Problem(
        "Mail is gone on my second device",
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        -- server closes
        -- session 1 h later
        -- login
        C: UIDL
        S: +OK / 1 b / .
        C: QUIT
        S: +OK
        -- server closes
        """,
        ("vanished-after-retr",),
    ),
    16: Problem(
        "A message is cut off in the middle",
        """
        -- login
        C: LIST 1
        S: +OK 1 17
        C: RETR 1
        S: +OK / A: b / (blank) / . / tail / .
        -- 3 s
        C: NOOP
        S: +OK
        C: QUIT
        S: +OK
        -- server closes
        """,
        ("premature-terminator",),
        ("dot-unstuffed",),
    ),
    17: Problem(
        "Dots are missing at the start of lines",
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / .profile is a file / 1.5 / .
        C: QUIT
        S: +OK
        -- server closes
        """,
        ("dot-unstuffed",),
    ),
    18: Problem(
        "The server has unexpectedly disconnected",
        """
        -- login
        C: STAT
        S: +OK 2 22
        -- 60 s
        -- server closes
        -- 240 s
        C: NOOP
        -- server resets
        """,
        ("autologout-early",),
    ),
    19: Problem(
        "It hangs at LIST 1 or STAT",
        """
        -- login
        C: LIST 1
        S: +OK 1 11
        -- 120 s
        -- client closes
        """,
        ("client-waits-for-dot",),
    ),
    20: Problem(
        "Line too long",
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / {x*9000} / .
        -- client closes
        """,
        ("long-line",),
        ("quit-missing",),
    ),
    21: Problem(
        "UIDL is not supported by the server",
        """
        -- login
        C: CAPA
        S: +OK / USER / TOP / .
        C: UIDL
        S: -ERR unknown command
        C: QUIT
        S: +OK
        -- server closes
        """,
        ("uidl-unavailable",),
    ),
    22: Problem(
        "Unexpected greeting",
        """
        S: * OK [CAPABILITY IMAP4rev1] ready
        -- client closes
        """,
        ("wrong-protocol",),
    ),
    23: Problem(
        "An error every five minutes",
        """
        -- login
        C: QUIT
        S: +OK
        -- server closes
        -- session 5 min later
        S: +OK ready
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR logins must be 15 minutes apart
        -- client closes
        -- session 5 min later
        S: +OK ready
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR logins must be 15 minutes apart
        -- client closes
        """,
        ("login-delay-refused",),
    ),
    24: Problem(
        "It works by hand but not in curl",
        """
        S: +OK ready <1.2@pop.example.org>
        C: APOP bob c4c9334bac560ecc979e58001b3e22fb
        S: -ERR authorization failed
        C: QUIT
        S: +OK bye
        -- server closes
        -- session 1 min later
        S: +OK ready <1.3@pop.example.org>
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
        C: QUIT
        S: +OK bye
        -- server closes
        """,
        ("login-failed", "apop-refused-but-offered"),
    ),
    25: Problem(
        "The number of messages never changes",
        "-- login\n" + "C: STAT\nS: +OK 2 22\n-- 60 s\n" * 11 + "C: STAT\nS: +OK 2 22\n",
        ("session-held-open",),
        ("stale-count",),
    ),
}
