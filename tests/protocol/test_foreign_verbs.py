"""Verbs of other protocols are known as such, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.foreign_verbs import FOREIGN_VERBS, foreign_verb, is_foreign_verb

LINES = [
    (b"EHLO", b" client.example", "SMTP"),
    (b"ehlo", b" [192.0.2.1]", "SMTP"),
    (b"EHLO", b"", "SMTP"),
    (b"HELO", b" client.example", "SMTP"),
    (b"HELO", b" carol hunter2", "POP2"),
    (b"LHLO", b" client.example", "SMTP"),
    (b"MAIL", b" FROM:<carol@example.org> SIZE=12", "SMTP"),
    (b"rcpt", b" to:<dave@example.org>", "SMTP"),
    (b"DATA", b"", "SMTP"),
    (b"STARTTLS", b"", "SMTP"),
    (b"VRFY", b" carol", "SMTP"),
    (b"BDAT", b" 1000 LAST", "SMTP"),
    (b"GET", b" / HTTP/1.1", "HTTP"),
    (b"GET", b" /index.html", "HTTP"),
    (b"POST", b" /login HTTP/1.0", "HTTP"),
    (b"HEAD", b" / HTTP/1.0", "HTTP"),
    (b"OPTIONS", b" * HTTP/1.1", "HTTP"),
    (b"CONNECT", b" mail.example.org:25 HTTP/1.1", "HTTP"),
    (b"PRI", b" * HTTP/2.0", "HTTP"),
    (b"OPTIONS", b" sip:nm SIP/2.0", "SIP or RTSP"),
    (b"a1 LOGIN", b" carol hunter2", "IMAP"),
    (b"A001 CAPABILITY", b"", "IMAP"),
    (b"1 authenticate", b" PLAIN", "IMAP"),
    (b"MKLO0 LOGOUT", b"", "IMAP"),
    (b"1.2 ID", b' ("name" "x")', "IMAP"),
    (b"CAPABILITY", b"", "ManageSieve"),
    (b"AUTHENTICATE", b' "PLAIN" "AGNhcm9sAGh1bnRlcjI="', "ManageSieve"),
    (b"MODE", b" READER", "NNTP"),
    (b"GROUP", b" comp.mail.misc", "NNTP"),
    (b"AUTHINFO", b" PASS hunter2", "NNTP"),
    (b"ARTICLE", b" <1@example.org>", "NNTP"),
    (b"IHAVE", b" <1@example.org>", "NNTP"),
    (b"PASV", b"", "FTP"),
    (b"CWD", b" /pub", "FTP"),
    (b"PORT", b" 192,0,2,1,4,5", "FTP"),
    (b"TYPE", b" I", "FTP"),
]

OTHERS = [
    *(
        b"",
        b" ",
        b"hunter2",
        b"EHLOX",
        b"xEHLO x",
        b"EHLO-x",
        b" EHLO x",
        b"EH",
        b"GETX / HTTP/1.1",
    ),
    *(
        b"get lost",
        b"Get / HTTP/1.1",
        b"GET OUT NOW",
        b"GET",
        b"mail horse",
        b"MAIL horse",
        b"data",
    ),
    *(
        b"DATA base",
        b"post it",
        b"head over heels",
        b"connect four",
        b"trace me",
        b"type x",
        b"TYPE x",
    ),
    *(b"hunter2 LOGIN carol x", b"LOGIN carol hunter2", b"a1  x LOGIN", b"a1 LOGINS x", b"a1"),
    *(b"a1 NOOP", b"pass", b"group", b"body", b"Tr0ub4dor&3", b"correct horse battery staple"),
    *(b"GET\0 / HTTP/1.1", b"E\rHLO x", "ÉHLO x".encode()),
]


@pytest.mark.parametrize(("verb", "behind", "protocol"), LINES, ids=repr)
def test_a_verb_of_another_protocol_is_known(verb: bytes, behind: bytes, protocol: str) -> None:
    assert foreign_verb(verb + behind) == (protocol, len(verb))
    assert is_foreign_verb(verb)
    assert not is_foreign_verb(verb + b" x")


@pytest.mark.parametrize("line", OTHERS, ids=repr)
def test_what_only_looks_like_one_is_none(line: bytes) -> None:
    assert foreign_verb(line) is None


def test_each_row_has_a_line_above() -> None:
    seen = {(protocol, verb.upper().split()[-1].decode()) for verb, _, protocol in LINES}
    rows = [{(row.protocol, verb) for verb in row.verbs.split()} for row in FOREIGN_VERBS]
    assert [row for row in rows if not row & seen] == []


def test_no_verb_of_pop3_is_another_protocols() -> None:
    assert not {verb for row in FOREIGN_VERBS for verb in row.verbs.split()} & set(COMMANDS)


@given(st.from_regex(r"[a-z][a-z0-9]{0,20}( [a-z0-9]{1,10}){0,3}", fullmatch=True))
def test_words_in_small_letters_are_next_to_never_a_verb(words: str) -> None:
    """What is left has a form that nobody's password has."""
    found = foreign_verb(words.encode())
    assert found is None or words[: found[1]].rsplit(maxsplit=1)[-1] in {
        *("ehlo", "helo", "lhlo", "authinfo", "authenticate", "capability", "enable", "login"),
        *("logout", "namespace", "starttls"),
    }


@given(st.binary(max_size=40))
def test_no_octets_are_too_odd(line: bytes) -> None:
    found = foreign_verb(line)
    assert found is None or is_foreign_verb(line[: found[1]])
