"""For each check a server that fails it, or does what is non-strict, by one fault.

A row is the check, how it ends, the fault, and what else has to be allowed.
"""

import copy
import itertools
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from check.auditing import audited, certificate_in
from check.small_server import CLOSE, MESSAGES, SILENT, Talk, Wrong, running, stuffed, top_of
from check.test_dns import ROWS as OF_THE_DNS
from pop3spy.check.loading import all_checks

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

FAIL, LAX, MISSING = "fail", "non-strict", "missing"
OK, ERR = b"+OK\r\n", b"-ERR\r\n"
LISTING = b"+OK\r\n1 10\r\n.\r\n"
TWO = b"+OK\r\n1 10\r\n2 20\r\n.\r\n"
ENDLESS = b"9" * 5000
"""A number of more digits than Python reads."""
V = ssl.TLSVersion
LOOKS = 6
"""Connections that find out what there is, before the first check."""
COUNT = itertools.count()


def on(pattern: str, reply: bytes | Callable[[Talk, str], bytes], **more: Any) -> Wrong:
    return Wrong(replies={pattern: reply}, **more)


def then(pattern: str, change: Callable[[bytes], bytes]) -> Wrong:
    """Return a server whose right answer to *pattern* is changed."""
    return on(pattern, lambda talk, text: change(talk.correct(text)))


def nth(pattern: str, *replies: bytes) -> Wrong:
    """Return a server that answers *pattern* with one reply after the other, the last for ever."""
    said = list(replies)
    return on(pattern, lambda _, __: said.pop(0) if len(said) > 1 else said[0])


def taken_for(number: str, pattern: str) -> Wrong:
    """Return a server that takes *pattern* for LIST *number*."""
    return on(pattern, lambda talk, _: talk.correct(f"LIST {number}"))


CAPS = ("TOP", "USER", "UIDL", "PIPELINING", "SASL PLAIN CRAM-MD5", "RESP-CODES", "AUTH-RESP-CODE")


def lists(*lines: str, **more: Any) -> Wrong:
    return Wrong(
        before=(*CAPS, "STLS", *lines), inside=(*CAPS, *lines), after=(*CAPS, *lines), **more
    )


def no_capa(**more: Any) -> Wrong:
    return on("(?i)capa.*", ERR, **more)


def unstuffed(message: bytes) -> bytes:
    return message + b".\r\n"


async def _token(token: bytes) -> bytes:
    return token


LONG_LINE = b"-ERR " + b"x" * 600 + b"\r\n"
OLD = Wrong(versions=(V.TLSv1, V.TLSv1_2))

ROWS: tuple[tuple[str, str, Wrong, dict[str, Any]], ...] = (
    ("net/1", LAX, Wrong(), {"host": "localhost", "addresses": ("127.0.0.1", "127.0.0.2")}),
    ("net/1", FAIL, Wrong(refuses_after=LOOKS), {"host": "localhost", "addresses": ("127.0.0.1",)}),
    ("net/1", "pass", Wrong(), {"host": "localhost", "addresses": ("127.0.0.1",)}),
    ("capa/10", "pass", lists(), {}),
    ("tls/17", "pass", on("USER.*", ERR, before=("TOP", "STLS", "SASL CRAM-MD5")), {"remote": True}),
    ("auth/20", "pass", Wrong(), {"wrong_login": True, "probe_user": "carol"}),
    ("utf8/4", "pass", on("after:RETR 1", b"-ERR [UTF8] say UTF8 first\r\n"), {}),
    ("oauth/2", "pass", Wrong(before=("TOP", "STLS"), inside=("TOP", "SASL XOAUTH2")), {"remote": True}),
    ("net/2", FAIL, Wrong(greeting=lambda number: SILENT if number > LOOKS else OK), {}),
    ("net/2", LAX, Wrong(delay={"greeting": 0.3}), {}),
    ("net/3", FAIL, Wrong(behind_greeting=b"+OK again\r\n"), {}),
    ("net/4", FAIL, on("CAPA", b"+OK\r\nTOP\r\n"), {}),
    ("net/4", LAX, on("CAPA", SILENT), {}),
    ("net/5", FAIL, Wrong(refuses_after=LOOKS + 1), {}),
    ("net/6", FAIL, on(".*\x16.*", OK, cuts_at=20), {}),
    ("net/7", FAIL, Wrong(refuses_after=LOOKS + 5), {}),
    ("net/7", LAX, Wrong(delay={"greeting": 0.3}), {}),
    ("greeting/1", LAX, Wrong(greeting=lambda _: b"+OK hi\n"), {}),
    ("greeting/1", LAX, Wrong(greeting=lambda _: b"+OK " + b"x" * 600 + b"\r\n"), {}),
    ("greeting/2", FAIL, Wrong(greeting=lambda _: b"+OK <same@x>\r\n"), {}),
    ("greeting/2", FAIL, Wrong(greeting=lambda n: b"+OK <%d>\r\n" % n), {}),
    ("greeting/2", MISSING, Wrong(greeting=lambda _: b"+OK hi\r\n"), {}),
    ("greeting/3", FAIL, Wrong(greeting=lambda _: b"+OK \x07hi\r\n"), {}),
    ("greeting/3", LAX, Wrong(greeting=lambda _: b"+OK h\xe9\r\n"), {}),
    ("greeting/4", "info", Wrong(greeting=lambda _: b"+OK Small 1.2 ready\r\n"), {}),
    ("greeting/5", FAIL, on("QUIT", SILENT), {}),
    ("capa/1", FAIL, on("CAPA", OK), {}),
    ("capa/1", FAIL, no_capa(), {}),
    ("capa/1", MISSING, Wrong(replies={"(?i)capa.*": ERR, "STLS": ERR, "AUTH": ERR}), {}),
    ("capa/2", FAIL, lists("X.Y"), {}),
    ("capa/2", FAIL, lists("X 1", "X 2"), {}),
    ("capa/2", LAX, lists("X  two"), {}),
    ("capa/3", FAIL, lists("EXPIRENEVER"), {}),
    ("capa/3", FAIL, lists("EXPIRE soon"), {}),
    ("capa/3", LAX, lists("RESP-CODES yes"), {}),
    ("capa/4", FAIL, on("capa", ERR), {}),
    ("capa/5", FAIL, on("CAPA", lambda t, x: t.correct(x).replace(b"TOP", b"TOP%d" % t.number)), {}),
    ("capa/6", FAIL, on("after:UIDL", ERR), {}),
    ("capa/6", LAX, Wrong(before=("STLS", *CAPS), after=CAPS[1:], inside=CAPS), {}),
    ("capa/7", FAIL, on("after:CAPA", ERR), {}),
    ("capa/8", FAIL, Wrong(after=CAPS[:1]), {}),
    ("capa/8", LAX, Wrong(before=("X-ODD", "STLS", *CAPS), inside=("X-ODD", *CAPS), after=CAPS), {}),
    ("capa/9", FAIL, Wrong(after=(*CAPS, "EXPIRE 1", "LOGIN-DELAY 0")), {}),
    ("capa/11", FAIL, on("CAPA x", b"+OK\r\nTOP\r\n.\r\n"), {}),
    ("capa/11", FAIL, on("CAPA x", OK), {}),
    ("capa/11", LAX, on("CAPA x", lambda talk, _: talk.correct("CAPA")), {}),
    ("capa/12", FAIL, on("CAPA", lambda t, x: CLOSE if t.user else t.correct(x)), {}),
    ("capa/13", FAIL, on("PASS.*", lambda t, x: b"-ERR [AUTH] no\r\n" if t.server.logins else t.correct(x),
                         before=("LOGIN-DELAY 9",), inside=("LOGIN-DELAY 9",)), {"probe_login_delay": True}),
    ("capa/13", LAX, lists("LOGIN-DELAY 9"), {"probe_login_delay": True}),
    ("capa/13", "pass", on("PASS.*", lambda t, x: b"-ERR [LOGIN-DELAY] wait\r\n" if t.server.logins else t.correct(x),
                           before=("STLS", "LOGIN-DELAY 9"), inside=("LOGIN-DELAY 9",)), {"probe_login_delay": True}),
    ("capa/13", MISSING, Wrong(), {"probe_login_delay": True}),
    ("tls/1", FAIL, on("STLS", ERR), {}),
    ("tls/1", LAX, Wrong(before=CAPS), {}),
    ("tls/1", MISSING, Wrong(stls=False), {}),
    ("tls/2", FAIL, Wrong(greeting=lambda number: b"-ERR no\r\n" if number == 2 else OK), {}),
    ("tls/2", MISSING, Wrong(pop3s=False), {}),
    ("tls/3", FAIL, Wrong(inside=(*CAPS, "STLS")), {}),
    ("tls/4", FAIL, Wrong(greets_inside=b"+OK again\r\n"), {}),
    ("tls/5", FAIL, Wrong(keeps_buffer=True), {}),
    ("tls/6", FAIL, Wrong(keeps_buffer=True), {}),
    ("tls/7", FAIL, Wrong(clear_behind_stls=b"+OK more\r\n"), {}),
    ("tls/8", FAIL, Wrong(serves_clear=True), {}),
    ("tls/9", LAX, Wrong(keeps_user=True), {}),
    ("tls/10", FAIL, Wrong(versions=(V.TLSv1, V.TLSv1_1)), {}),
    ("tls/10", LAX, Wrong(versions=(V.TLSv1_2, V.TLSv1_2)), {}),
    ("tls/11", FAIL, OLD, {}),
    ("tls/12", FAIL, Wrong(certificate="other"), {}),
    ("tls/12", LAX, Wrong(certificate="other"), {"domain": "other.example"}),
    ("tls/13", FAIL, Wrong(), {}),
    ("tls/14", FAIL, Wrong(certificate="expired"), {}),
    ("tls/14", LAX, Wrong(certificate="soon"), {}),
    ("tls/15", FAIL, Wrong(certificate="weak"), {}),
    ("tls/16", LAX, on("CAPA", lambda t, x: t.correct(x).replace(b"TOP", b"TOP%d" % t.number)), {}),
    ("tls/17", FAIL, Wrong(), {"remote": True}),
    ("tls/17", LAX, on("USER.*", ERR), {"remote": True}),
    ("tls/18", FAIL, Wrong(shuts="reset"), {}),
    ("tls/19", FAIL, Wrong(names="early"), {"host": "localhost"}),
    ("tls/20", FAIL, Wrong(names="needed"), {"host": "localhost"}),
    ("tls/20", LAX, Wrong(names="known"), {"host": "localhost"}),
    ("tls/21", LAX, on("STLS x", OK), {}),
    ("tls/21", FAIL, on("STLS x", b"(nothing)\r\n"), {}),
    ("tls/22", FAIL, Wrong(), {"slow": True, "long_second": 0.002}),
    ("tls/22", LAX, Wrong(handshake=1.0), {"slow": True, "long_second": 0.01}),
    ("tls/22", "pass", Wrong(handshake=0.1), {"slow": True, "long_second": 0.01}),
    ("auth/1", FAIL, on("PASS x", OK), {}),
    ("auth/2", LAX, on("USER", OK), {}),
    ("auth/2", FAIL, on("USER", SILENT), {}),
    ("auth/3", FAIL, on("USER nobody.*", ERR), {}),
    ("auth/4", FAIL, on("PASS.*", b"-ERR [AUTH] no\r\n"), {}),
    ("auth/5", LAX, Wrong(keeps_user=True), {}),
    ("auth/6", FAIL, on("AUTH", OK), {}),
    ("auth/6", LAX, on("AUTH", b"+OK\r\nPLAIN\r\n.\r\n"), {}),
    ("auth/7", FAIL, on("AUTH X.*", b"+ \r\n"), {}),
    ("auth/8", FAIL, on("AUTH CRAM-MD5", ERR), {}),
    ("auth/8", FAIL, on("[*]", OK), {}),
    ("auth/9", FAIL, on("AUTH PLAIN", b"+ go on!\r\n"), {}),
    ("auth/9", LAX, then("AUTH PLAIN", lambda _: b"+\r\n"), {}),
    ("auth/10", FAIL, on("!!!", b"+ \r\n"), {}),
    ("auth/11", FAIL, on("AUTH CRAM-MD5 .*", b"+ \r\n"), {}),
    ("auth/11", MISSING, Wrong(before=("STLS", "SASL PLAIN")), {}),
    ("auth/12", FAIL, on("AUTH CRAM-MD5", b"+ PHNhbWVAeD4=\r\n"), {}),
    ("auth/13", FAIL, on("AUTH CRAM-MD5", b"-ERR [AUTH] no\r\n"), {"all_mechanisms": True}),
    ("auth/14", FAIL, on("AUTH PLAIN .+", ERR), {}),
    ("auth/15", FAIL, Wrong(scram=lambda said: said.replace(b"v=", b"v=AAAA")), {"all_mechanisms": True}),
    ("auth/15", LAX, Wrong(scram=lambda said: said.replace(b"i=4096", b"i=100")), {"all_mechanisms": True}),
    ("auth/16", LAX, on("APOP .*", ERR), {"all_mechanisms": True}),
    ("auth/17", FAIL, on("APOP", OK), {}),
    ("auth/18", FAIL, on("PASS.*", b"-ERR no\r\n"), {"wrong_login": True}),
    ("auth/18", FAIL, on("PASS.*", OK), {"wrong_login": True}),
    ("auth/18", LAX, on("PASS.*", b"-ERR [SYS/TEMP] no\r\n"), {"wrong_login": True}),
    ("auth/19", FAIL, on("CAPA", lambda t, x: SILENT if t.user else t.correct(x)), {"wrong_login": True}),
    ("auth/20", FAIL, on("PASS.*", lambda t, _: b"-ERR [AUTH] %d\r\n" % t.user.startswith("nobody")),
     {"wrong_login": True, "probe_user": "carol"}),
    *((f"state/{number}", FAIL, on(f"before:{command}", OK), {})
      for number, command in enumerate(
          ("STAT", "LIST", "RETR 1", "DELE 1"), 1)),
    ("state/5", LAX, on("before:NOOP", OK), {}),
    ("state/5", FAIL, on("before:NOOP", SILENT), {}),
    ("state/6", FAIL, on("before:RSET", OK), {}),
    ("state/7", FAIL, on("before:TOP 1 0", OK), {}),
    ("state/8", FAIL, on("before:UIDL", OK), {}),
    ("state/8", LAX, on("before:UIDL", CLOSE), {}),
    ("state/9", FAIL, on("before:STAT", lambda t, _: OK if t.user else ERR), {}),
    ("state/10", FAIL, on("after:USER.*", OK), {}),
    ("state/11", FAIL, on("after:PASS x", b"-ERR what is x ?\r\n"), {}),
    ("state/12", FAIL, on("after:APOP.*", OK), {}),
    ("state/13", FAIL, on("after:AUTH PLAIN", b"+ \r\n"), {}),
    ("state/14", FAIL, on("after:STLS", OK), {}),
    ("state/15", LAX, on("after:UTF8", OK), {}),
    ("state/15", FAIL, on("after:UTF8", SILENT), {}),
    ("state/16", FAIL, on("before:XYZZY", OK), {}),
    ("state/16", FAIL, on("before:XYZZY", b"x" * (5 << 20)), {}),
    ("tls/4", FAIL, Wrong(greets_inside=b"+OK more\r\n" * 500_000), {}),
    ("state/17", FAIL, on("after:XYZZY", OK), {}),
    ("state/18", FAIL, on("after:", OK), {}),
    ("state/18", LAX, on("after:", SILENT), {}),
    ("state/19", FAIL, on("XYZZY", SILENT), {}),
    ("state/20", FAIL, then("after:LIST 2147483648", lambda said: said + b"+OK unasked\r\n"),
     {"with": ("list/6",)}),
    ("stat/1", FAIL, on("after:STAT", b"+OK 3  100\r\n"), {}),
    ("stat/1", LAX, on("after:STAT", b"+OK 3 100 octets\r\n"), {}),
    ("stat/1", FAIL, on("after:STAT", b"+OK 3 " + ENDLESS + b"\r\n"), {}),
    ("stat/2", FAIL, on("after:STAT", b"+OK 4 100\r\n"), {}),
    ("stat/3", LAX, on("after:STAT", b"+OK 3 100\r\n"), {}),
    ("stat/3", FAIL, on("after:STAT", b"+OK 3 -100\r\n"), {}),
    ("stat/4", FAIL, on("after:STAT 1", b"+OK 1 1\r\n"), {}),
    ("stat/4", LAX, on("after:STAT 1", lambda talk, _: talk.correct("STAT")), {}),
    ("stat/5", FAIL, nth("after:LIST", LISTING, b"+OK\r\n1 11\r\n.\r\n"), {}),
    ("stat/5", LAX, nth("after:LIST", LISTING, b"+OK\r\n1 10\r\n2 10\r\n.\r\n"), {}),
    ("list/1", FAIL, on("after:LIST", b"+OK\r\n1 10\r\n3 10\r\n.\r\n"), {}),
    ("list/1", FAIL, on("after:LIST", b"+OK\r\none 10\r\n.\r\n"), {}),
    ("list/1", FAIL, on("after:LIST", b"+OK\r\n" + ENDLESS + b" 10\r\n.\r\n"), {}),
    ("list/1", FAIL, on("after:LIST", b"+OK\r\n1 " + ENDLESS + b"\r\n.\r\n"), {}),
    ("list/1", LAX, on("after:LIST", b"+OK\r\n1 10 octets\r\n.\r\n"), {}),
    ("list/2", FAIL, on("after:LIST 2", b"+OK 2 1\r\n"), {}),
    ("list/2", LAX, then("after:LIST 2", lambda said: said.strip() + b" octets\r\n"), {}),
    ("list/3", FAIL, taken_for("1", "after:LIST 4"), {}),
    ("list/4", FAIL, taken_for("1", "after:LIST 0"), {}),
    ("list/5", FAIL, taken_for("1", "after:LIST -1"), {}),
    ("list/6", FAIL, taken_for("1", "after:LIST 2147483648"), {}),
    ("list/7", FAIL, taken_for("1", "after:LIST 4294967297"), {}),
    ("list/8", FAIL, on("after:LIST 18446744073709551617", SILENT), {}),
    ("list/9", FAIL, on("after:LIST abc", CLOSE), {}),
    ("list/10", LAX, taken_for("1", "after:LIST 1x"), {}),
    ("list/10", FAIL, on("after:LIST 1x", OK), {}),
    ("list/11", LAX, taken_for("1", "after:LIST [+]1"), {}),
    ("list/11", FAIL, on("after:LIST [+]1", OK), {}),
    ("list/12", LAX, taken_for("1", "after:LIST 1 2"), {}),
    ("list/12", FAIL, on("after:LIST 1 2", LISTING), {}),
    ("list/13", FAIL, Wrong(sizes={1: 7}), {}),
    ("list/13", LAX, Wrong(sizes={2: len(MESSAGES[1]) - 2}), {}),
    ("uidl/1", FAIL, Wrong(ids=lambda number, _: f"{number}" * 71), {}),
    ("uidl/1", LAX, then("after:UIDL", lambda said: said.replace(b"1 id", b"1  id")), {}),
    ("uidl/1", MISSING, on("after:UIDL.*", ERR), {}),
    ("uidl/2", FAIL, Wrong(ids=lambda _, __: "same"), {}),
    ("uidl/2", LAX, Wrong(ids=lambda _, __: "same", messages=MESSAGES[:1] * 2), {}),
    ("uidl/3", FAIL, on("after:UIDL", b"+OK\r\n1 a\r\n.\r\n"), {}),
    ("uidl/4", FAIL, on("after:UIDL 1", b"+OK id-1\r\n"), {}),
    ("uidl/5", FAIL, on("after:UIDL 0", b"+OK 0 x\r\n"), {}),
    ("uidl/6", FAIL, Wrong(ids=lambda number, talk: f"{talk}-{number}"), {}),
    ("uidl/7", FAIL, Wrong(ids=lambda number, talk: f"{talk}-{number}"), {}),
    ("retr/1", FAIL, Wrong(wire={1: stuffed(MESSAGES[0])}), {}),
    ("retr/1", FAIL, Wrong(wire={1: stuffed(MESSAGES[0]) + b".\r\n+OK twice\r\n"}), {}),
    ("retr/2", FAIL, Wrong(wire={1: unstuffed(MESSAGES[0])}), {}),
    ("retr/3", FAIL, Wrong(messages=(b"A: b\r\n\r\na\nb\r\n",)), {}),
    ("retr/3", LAX, Wrong(messages=(b"A: b\r\n\r\na\rb\r\n",)), {}),
    ("retr/4", FAIL, on("after:RETR .*", lambda talk, text: talk.correct(text).replace(
        b"Subject", b"X-%d: y\r\nSubject" % next(COUNT))), {}),
    ("retr/5", FAIL, on("after:RETR 4", OK), {}),
    ("retr/6", FAIL, on("after:RETR 0", OK), {}),
    ("retr/7", FAIL, on("after:RETR", OK), {}),
    ("retr/8", "info", Wrong(messages=(b"A: \xe9\r\n\r\n\0\r\n",)), {}),
    ("retr/9", FAIL, on("after:RETR .*", lambda talk, text: talk.correct(text).replace(
        b"\r\n.\r\n", b"\r\nread %d\r\n.\r\n" % talk.number)), {}),
    ("retr/9", LAX, on("after:RETR .*", lambda talk, text: talk.correct(text).replace(
        b"Subject", b"Status: %d\r\nSubject" % talk.number)), {}),
    ("top/1", FAIL, on("after:TOP . 0", lambda talk, text: talk.correct(text[:-1] + "1")), {}),
    ("top/1", LAX, then("after:TOP . 0", lambda said: said.replace(b"\r\n\r\n.\r\n", b"\r\n.\r\n")), {}),
    ("top/1", MISSING, on("after:TOP.*", ERR), {}),
    ("top/2", FAIL, on("after:TOP . 2", lambda talk, text: talk.correct(text[:-1] + "1")), {}),
    ("top/3", FAIL, on("after:TOP . 9.*", lambda talk, text: talk.correct(text[:6] + "3")), {}),
    ("top/3", LAX, on("after:TOP . 2147483647", ERR), {}),
    ("top/4", FAIL, on("after:TOP 1", lambda talk, _: talk.correct("TOP 1 0")), {}),
    ("top/5", FAIL, on("after:TOP 1 -1", lambda talk, _: talk.correct("RETR 1")), {}),
    ("top/6", FAIL, on("after:TOP 4 0", OK), {}),
    ("top/7", FAIL, on("after:TOP 1 9.*", b"+OK\r\n" + unstuffed(top_of(MESSAGES[0], 99))), {}),
    ("rset/1", FAIL, on("after:RSET", ERR), {}),
    ("dele/1", FAIL, on("after:DELE .*", ERR), {"dele": "reset"}),
    ("dele/1", FAIL, on("after:DELE .*", OK), {"dele": "reset"}),
    ("dele/1", LAX, nth("after:LIST", TWO, b"+OK\r\n2 odd\r\n.\r\n", TWO), {"dele": "reset"}),
    ("dele/2", FAIL, on("after:DELE 3", lambda talk, text: (talk.correct(text), OK)[1]), {"dele": "reset"}),
    ("dele/3", FAIL, Wrong(rset_undoes=False), {"dele": "reset"}),
    ("dele/4", FAIL, Wrong(removes_without_quit=True), {"dele": "drop"}),
    ("dele/5", FAIL, on("after:DELE 0", OK), {"dele": "reset"}),
    ("quit/1", FAIL, on("before:QUIT", ERR), {}),
    ("quit/1", FAIL, Wrong(quit_closes=False), {}),
    ("quit/2", FAIL, on("after:QUIT", ERR), {}),
    ("quit/3", FAIL, Wrong(behind_quit=b"+OK and more\r\n"), {}),
    ("quit/4", LAX, on("QUIT x", OK), {}),
    ("quit/4", FAIL, on("QUIT x", SILENT), {}),
    ("pipe/1", FAIL, nth("after:NOOP", OK, SILENT), {}),
    ("pipe/1", LAX, Wrong(after=("TOP", "UIDL")), {}),
    ("pipe/1", MISSING, on("after:NOOP", SILENT, after=("TOP", "UIDL")), {}),
    ("pipe/2", FAIL, on("CAPA", lambda t, x: SILENT if _again(t) else t.correct(x)), {}),
    ("pipe/2", LAX, Wrong(before=("TOP", "STLS")), {}),
    ("pipe/3", FAIL, on("after:STAT", SILENT), {}),
    ("pipe/3", LAX, Wrong(before=("TOP", "STLS"), inside=("TOP",)), {}),
    ("pipe/4", FAIL, on("after:NOOP", lambda t, x: SILENT if _again(t, 150) else t.correct(x)), {}),
    ("pipe/5", FAIL, on("after:RETR .*", lambda t, x: SILENT if _again(t, 4) else t.correct(x)), {}),
    ("limit/1", FAIL, on("USER a+", CLOSE), {}),
    ("limit/1", FAIL, on("USER a+", OK + OK), {}),
    ("limit/2", FAIL, Wrong(cuts_at=512), {}),
    ("limit/2", LAX, on("XYZZY a+", SILENT), {}),
    ("limit/3", FAIL, Wrong(cuts_at=1000), {}),
    ("limit/4", FAIL, Wrong(refuses_after=LOOKS + 1), {}),
    ("limit/5", FAIL, Wrong(lf_twice=True), {}),
    ("limit/6", FAIL, Wrong(bare_cr_ends=True), {}),
    ("limit/6", LAX, on("CAPA\rXYZZY", lambda talk, _: talk.correct("CAPA")), {}),
    ("limit/7", FAIL, on("after:LIST 1 ", lambda talk, _: talk.correct("LIST")), {}),
    ("limit/7", FAIL, on("after: NOOP", SILENT), {}),
    ("limit/8", FAIL, on("CAPA", lambda t, x: ERR if t.number > LOOKS else t.correct(x)), {}),
    ("limit/9", FAIL, Wrong(nul_ends=True), {}),
    ("limit/9", LAX, on("CAPA\0x", lambda talk, _: talk.correct("CAPA")), {}),
    ("limit/10", FAIL, on("X\x1b.*", lambda _, text: f"-ERR {text}?\r\n".encode()), {}),
    ("limit/10", LAX, on("X\xff.*", b"-ERR X\xff\xfe?\r\n"), {}),
    ("limit/11", FAIL, on("before:hunter2.*", lambda _, text: f"-ERR {text}?\r\n".encode()), {}),
    ("limit/11", LAX, on("after:hunter2.*", lambda _, text: f"-ERR {text}?\r\n".encode()),
     {"with": ("stat/1",)}),
    ("limit/12", FAIL, on("after:XYZZYa+", LONG_LINE), {}),
    ("limit/13", FAIL, on("A{4000}", CLOSE), {}),
    ("lock/1", LAX, Wrong(lock=""), {}),
    ("lock/1", LAX, Wrong(lock="none"), {}),
    ("lock/1", FAIL, on("after:NOOP", CLOSE), {}),
    ("lock/2", FAIL, Wrong(unlocks=False), {}),
    ("lock/3", FAIL, Wrong(unlocks=False), {}),
    ("utf8/1", FAIL, on("UTF8", ERR), {}),
    ("utf8/1", LAX, lists(), {}),
    ("utf8/1", MISSING, on("UTF8", ERR, before=CAPS, inside=CAPS), {}),
    ("utf8/2", LAX, on("STLS", OK), {}),
    ("utf8/3", FAIL, Wrong(sizes={1: 7}), {}),
    ("utf8/4", LAX, Wrong(messages=(b"A: \xe9\r\n\r\nb\r\n",)), {}),
    ("utf8/4", FAIL, on("after:RETR 1", b"-ERR no\r\n"), {}),
    ("lang/1", FAIL, on("LANG", ERR), {}),
    ("lang/1", FAIL, on("LANG xx-none", OK), {}),
    ("lang/1", MISSING, on("LANG", ERR, before=CAPS, inside=CAPS), {}),
    ("oauth/2", FAIL, Wrong(), {"remote": True}),
    ("oauth/3", FAIL, on("AUTH XOAUTH2 .+", b"+ bm8=\r\n"), {"wrong_login": True}),
    ("oauth/3", LAX, on("AUTH XOAUTH2 .+", ERR), {"wrong_login": True}),
    ("oauth/4", FAIL, Wrong(), {"token": partial(_token, b"bad")}),
    ("oauth/4", LAX, on("AUTH XOAUTH2 .+", ERR), {"token": partial(_token, b"good")}),
    ("oauth/4", "pass", Wrong(), {"token": partial(_token, b"good")}),
    ("timing/1", LAX, Wrong(delay={"PASS": 0.15}), {}),
    ("timing/3", FAIL, Wrong(idle={"trans": 0.1}), {"slow": True, "long_second": 0.002}),
    ("timing/3", FAIL, on("after:NOOP", b"-ERR you slept\r\n"), {"slow": True, "long_second": 0.0005}),
    ("timing/3", LAX, on("after:NOOP", CLOSE), {"slow": True, "long_second": 0.0005}),
    ("timing/3", "pass", Wrong(), {"slow": True, "long_second": 0.0005}),
    ("timing/4", FAIL, Wrong(idle={"auth": 0.1}), {"slow": True, "long_second": 0.02}),
    ("timing/4", LAX, Wrong(idle={"auth": 0.8}), {"slow": True, "long_second": 0.02}),
    ("timing/4", "pass", Wrong(idle={"auth": 0.3}), {"slow": True, "long_second": 0.002}),
    ("timing/4", "pass", Wrong(), {"slow": True, "long_second": 0.001}),
    ("timing/2", LAX, Wrong(delay={"NOOP": 0.15}), {}),
)  # fmt: skip

NOT_FAILING = {
    "capa/10": "it informs",
    "timing/5": "it informs",
    "oauth/1": "it informs",
}
"""Checks without a row, and why."""


@pytest.mark.parametrize(
    ("id_", "outcome", "wrong", "given"),
    ROWS,
    ids=[f"{row[0]}-{row[1]}-{at}" for at, row in enumerate(ROWS)],
)
async def test_a_fault_is_found(
    id_: str, outcome: str, wrong: Wrong, given: dict[str, Any], certificates: Path
) -> None:
    with certificate_in(certificates, wrong.certificate) as certificate:
        async with running(copy.deepcopy(wrong), certificate) as server:
            more = {name: value for name, value in given.items() if name != "with"}
            report = await audited(server, id_, *given.get("with", ()), **more)
    result = next(each for each in report.results if each.check.id == id_)
    assert result.outcome.value == outcome, f"{result.outcome.value}: {result.judgement.note}"
    if outcome in (FAIL, LAX):
        assert result.judgement.note
        assert result.sentence.endswith(result.check.harm)
        assert result.transcript, "each that is not a pass carries its transcript"


def test_every_check_that_can_fail_has_a_server_that_fails_it() -> None:
    tried = {row[0] for row in ROWS if row[1] not in (MISSING, "pass")}
    tried |= {row[0] for row in OF_THE_DNS if row[1] in (FAIL, LAX)}
    assert set(all_checks()) - tried == set(NOT_FAILING)


def _again(talk: Talk, most: int = 1) -> bool:
    """Return whether this was asked more often than *most* on a connection."""
    talk.asked = getattr(talk, "asked", 0) + 1  # type: ignore[attr-defined]
    return bool(talk.asked > most)  # type: ignore[attr-defined]
