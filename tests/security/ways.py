"""Secrets of every kind, and every way in which a client may send one."""

import base64
from collections.abc import Callable

import pytest

Way = Callable[[bytes], list[bytes]]

SECRETS = {
    "ASCII": b"Zq7#vKx2!Wm",
    "blanks and tabs": b"corr3ct  H0rse\tb4ttery",
    "blanks around it": b" \tl3ading-and-trailing \t",
    "UTF-8": "pässwörd-ключ9".encode(),
    "Latin-1": b"gr\xfc\xdfe9x\xff",
    "format": b"%s{0}%(pw)d{user}\\1",
    "regular expression": b".*[a-z]+($|^)\\",
    "looks like base64": b"aHVudGVyMjI=",
    "looks like hex": b"deadbeefcafe",
    "looks like percent-encoding": b"50%25off%2f",
    "quotes": b"q\"u'o\\te`<b>&amp;",
    "escape sequences": b"\x1b[31mr3d\x1b[0m",
    "CR inside": b"hunt\rer2\x0b2",
    "short words": b"4 2 q7zk",
    "looks like a reply": b"+OK-ERR.",
    "401 octets": b"x" * 400 + b"y",
}


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


WAYS = [
    pytest.param(lambda s: [b"C: USER carol", b"S: +OK", b"C: PASS " + s], id="PASS"),
    pytest.param(lambda s: [b"C: PASS " + s], id="PASS without USER"),
    pytest.param(lambda s: [b"C: pAsS " + s], id="PASS in small letters"),
    pytest.param(lambda s: [b"C: PASS\t" + s], id="PASS and a tab"),
    pytest.param(lambda s: [b"C: PASS  \t " + s], id="PASS and many blanks"),
    pytest.param(lambda s: [b"C< PASS " + s + b"\n"], id="PASS and LF only"),
    pytest.param(lambda s: [b"C< PASS " + s + b"\r\r\n"], id="PASS and CR CR LF"),
    pytest.param(lambda s: [b"C< USER carol\r\nPASS " + s + b"\r\n", b"S: +OK"], id="pipelined"),
    pytest.param(lambda s: [b"C: PASS " + s, b"S: +OK", b"C: PASS " + s], id="again after login"),
    pytest.param(lambda s: [b"C:  PASS " + s], id="a blank before PASS"),
    pytest.param(lambda s: [b"C: PASS\0" + s], id="PASS and NUL"),
    pytest.param(lambda s: [b"C: \xff\xfb\x01\xff\xffPASS " + s], id="PASS behind Telnet"),
    pytest.param(lambda s: [b"C: PROXY UNKNOWN", b"C: PASS " + s], id="PASS behind PROXY"),
    pytest.param(lambda s: [b"C: PAS " + s], id="mistyped"),
    pytest.param(lambda s: [b"C: PASSW " + s], id="mistyped, one letter more"),
    pytest.param(lambda s: [b"C: " + s], id="bare"),
    pytest.param(lambda s: [b"C: PASS x", b"S: +OK", b"C: " + s], id="bare after login"),
    pytest.param(lambda s: [b"C: USER carol " + s], id="behind the user's name"),
    pytest.param(lambda s: [b"C: APOP carol " + s], id="APOP"),
    pytest.param(lambda s: [b"C: APOP " + s], id="APOP without a name"),
    pytest.param(lambda s: [b"C: RPOP " + s], id="RPOP"),
    pytest.param(lambda s: [b"C: HELP " + s], id="HELP before login"),
    pytest.param(lambda s: [b"C: CAPA " + s], id="CAPA before login"),
    pytest.param(lambda s: [b"C: RETR " + s], id="RETR before login"),
    pytest.param(lambda s: [b"C: XTND XLST " + s], id="XTND before login"),
    pytest.param(lambda s: [b"C: AUTH " + s], id="as mechanism"),
    pytest.param(lambda s: [b"C: AUTH LOGIN carol " + s], id="AUTH LOGIN on one line"),
    pytest.param(lambda s: [b"C: AUTH PLAIN \0carol\0" + s], id="AUTH PLAIN not encoded"),
    pytest.param(lambda s: [b"C: AUTH PLAIN " + b64(b"\0carol\0" + s)], id="AUTH PLAIN at once"),
    pytest.param(
        lambda s: [b"C: auth plain", b"S: + ", b"C: " + b64(b"adm\0carol\0" + s)],
        id="AUTH PLAIN",
    ),
    pytest.param(
        lambda s: [b"C: AUTH PLAIN " + b64(b"\0carol\0" + s).rstrip(b"=")],
        id="AUTH PLAIN without padding",
    ),
    pytest.param(
        lambda s: [b"C: AUTH PLAIN " + b64(b"carol\0" + s)], id="AUTH PLAIN with one field less"
    ),
    pytest.param(lambda s: [b"C: AUTH PLAIN " + b64(s)], id="AUTH PLAIN without fields"),
    pytest.param(
        lambda s: [b"C: AUTH PLAIN =", b"S: + ", b"C: " + b64(b"\0carol\0" + s)],
        id="AUTH PLAIN behind an empty one",
    ),
    pytest.param(lambda s: [b"C: AUTH PLAIN", b"S: + ", b"C: " + s], id="AUTH PLAIN not base64"),
    pytest.param(
        lambda s: [
            b"C: AUTH LOGIN",
            b"S: + VXNlcm5hbWU6",
            b"C: Y2Fyb2w=",
            b"S: + UGFzc3dvcmQ6",
            b"C: " + b64(s),
        ],
        id="AUTH LOGIN",
    ),
    pytest.param(
        lambda s: [b"C: AUTH LOGIN Y2Fyb2w=", b"S: + UGFzc3dvcmQ6", b"C: " + b64(s)],
        id="AUTH LOGIN with the user at once",
    ),
    pytest.param(
        lambda s: [b"C: AUTH LOGIN", b"S: + ", b"C: ", b"S: + ", b"C: " + b64(s)],
        id="AUTH LOGIN without a name",
    ),
    pytest.param(
        lambda s: [b"C: AUTH LOGIN", b"S: + ", b"C: carol", b"S: + ", b"C: " + s],
        id="AUTH LOGIN not base64",
    ),
    pytest.param(
        lambda s: [b"C: AUTH LOGIN", b"S: + ", b"C: " + b64(b"\0carol\0" + s)],
        id="AUTH LOGIN with a PLAIN message",
    ),
    pytest.param(
        lambda s: [b"C< AUTH LOGIN\r\nY2Fyb2w=\r\n" + b64(s) + b"\r\n", b"S: + ", b"S: + "],
        id="AUTH LOGIN ahead",
    ),
    pytest.param(
        lambda s: [b"C< AUTH LOGIN\r\nY2Fyb2w=\r\n" + b64(s) + b"\r\n", b"S: -ERR no", b"S: -ERR"],
        id="AUTH LOGIN ahead and refused",
    ),
    pytest.param(
        lambda s: [b"C: AUTH XOAUTH2 " + b64(b"user=carol\1auth=Bearer " + s + b"\1\1")],
        id="AUTH XOAUTH2 at once",
    ),
    pytest.param(
        lambda s: [
            b"C: AUTH XOAUTH2 =",
            b"S: + ",
            b"C: " + b64(b"user=carol\1auth=Bearer " + s + b"\1\1"),
        ],
        id="AUTH XOAUTH2 behind an empty one",
    ),
    pytest.param(
        lambda s: [
            b"C: AUTH XOAUTH2",
            b"S: + ",
            b"C: " + b64(b"user=carol\1auth=Bearer " + s + b"\1\1"),
            b"S: + " + b64(b'{"status":"400","token":"' + s + b'"}'),
            b"C: ",
        ],
        id="AUTH XOAUTH2",
    ),
    pytest.param(
        lambda s: [
            b"C: AUTH OAUTHBEARER "
            + b64(b"n,a=carol,\1host=h\1port=110\1auth=Bearer " + s + b"\1\1")
        ],
        id="AUTH OAUTHBEARER",
    ),
    pytest.param(
        lambda s: [
            b"C: AUTH SCRAM-SHA-256 " + b64(b"n,,n=carol,r=abc"),
            b"S: + " + b64(b"r=abcd,s=" + s + b",i=4096"),
            b"C: " + b64(b"c=biws,r=abcd,p=" + s),
            b"S: + " + b64(b"v=" + s),
            b"C: ",
        ],
        id="AUTH SCRAM",
    ),
    pytest.param(
        lambda s: [b"C: AUTH GSSAPI", b"S: + ", b"C: " + b64(s), b"S: + " + b64(s), b"C: "],
        id="AUTH GSSAPI",
    ),
    pytest.param(
        lambda s: [b"C: AUTH X-PRIVATE " + b64(s), b"S: + " + s, b"C: " + s],
        id="AUTH with an unknown mechanism",
    ),
    pytest.param(
        lambda s: [
            b"C: AUTH OTP",
            b"S: + ",
            b"C: " + b64(b"\0carol"),
            b"S: + " + b64(b"otp-md5 499 ke1234"),
            b"C: " + b64(s),
        ],
        id="AUTH OTP",
    ),
    pytest.param(
        lambda s: [b"C: AUTH PLAIN", b"S: + ", b"C: *", b"S: -ERR", b"C: " + b64(b"\0c\0" + s)],
        id="AUTH cancelled",
    ),
    pytest.param(lambda s: [b"C: a1 LOGIN carol " + s], id="IMAP"),
    pytest.param(lambda s: [b"C: HELO carol " + s], id="POP2"),
    pytest.param(lambda s: [b"C: PASS " + s + b" " * 20_000], id="overlong, blanks behind it"),
    pytest.param(lambda s: [b"C: PASS " + s + b" x" * 10_000], id="overlong, words behind it"),
    pytest.param(lambda s: [b"C: PASS " + b"x" * 20_000 + s], id="in the rest of a line"),
    pytest.param(lambda s: [b"C< STLS\r\nPASS " + s + b"\r\n", b"S: +OK"], id="behind STLS"),
    pytest.param(lambda s: [b"C: NOOP", b"S: what?", b"C: PASS " + s, b"S: +OK"], id="out of step"),
    pytest.param(lambda s: [b"S: -ERR busy", b"C: NOOP " + s], id="after a refused greeting"),
    pytest.param(lambda s: [b"C: QUIT", b"S: +OK bye", b"C: PASS " + s], id="after QUIT"),
]

# Here a secret can hold neither a blank nor a quote.
WORD_WAYS = [
    pytest.param(lambda s: [b"C: XCLIENT ADDR=192.0.2.1 FORWARD=" + s], id="XCLIENT"),
    pytest.param(lambda s: [b"C: XCLIENT forward=" + s + b" TTL=5"], id="xclient"),
    pytest.param(
        lambda s: [b"C: AUTH CRAM-MD5", b"S: + PDEuMkBoPg==", b"C: " + b64(b"carol " + s)],
        id="AUTH CRAM-MD5",
    ),
    pytest.param(
        lambda s: [
            b"C: AUTH DIGEST-MD5",
            b"S: + " + b64(b'realm="h",nonce="n"'),
            b"C: " + b64(b'username="carol",response="' + s + b'",qop=auth'),
            b"S: + " + b64(b"rspauth=" + s),
            b"C: ",
        ],
        id="AUTH DIGEST-MD5",
    ),
]
OF_WORDS = {param.values[0] for param in WORD_WAYS}
