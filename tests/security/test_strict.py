"""``--redact strict``: nobody can be told from what is shown."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.program import run_here
from pop3spy.protocol.frames import Side
from pop3spy.redaction.fields import FIELDS
from pop3spy.session.how import How
from pop3spy.session.model import Peer
from pop3spy.session.tls import Tls
from security.sinks import CLIENT, SERVER, Sinks, heard, talk

NAMES = [b"carol", b"bob", b"al", b"carol.smith@mail.example.net", "zoë".encode(), b"CAROL"]


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


LOGINS: dict[str, Callable[[bytes], list[bytes]]] = {
    "USER": lambda name: [
        b"C: USER " + name,
        b"S: +OK " + name + b" is known",
        b"C: PASS Zq7#vKx2",
    ],
    "APOP": lambda name: [b"C: APOP " + name + b" 0123456789abcdef0123456789abcdef"],
    "PLAIN": lambda name: [b"C: AUTH PLAIN " + b64(b"\0" + name + b"\0Zq7#vKx2")],
    "LOGIN": lambda name: [b"C: AUTH LOGIN", b"S: + ", b"C: " + b64(name), b"S: + ", b"C: WnE3"],
    "XOAUTH2": lambda name: [b"C: AUTH XOAUTH2 " + b64(b"user=" + name + b"\1auth=Bearer Zq7\1\1")],
    "CRAM-MD5": lambda name: [b"C: AUTH CRAM-MD5", b"S: + PDE=", b"C: " + b64(name + b" 0123")],
    "SCRAM": lambda name: [b"C: AUTH SCRAM-SHA-1 " + b64(b"n,,n=" + name + b",r=abc")],
    "EXTERNAL": lambda name: [b"C: AUTH EXTERNAL " + b64(name)],
    "ANONYMOUS": lambda name: [b"C: AUTH ANONYMOUS " + b64(name)],
}


def words(text: str) -> set[str]:
    """Return the words of *text*, cut at everything that is no letter."""
    return set("".join(char if char.isalpha() else " " for char in text.lower()).split())


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.decode())
@pytest.mark.parametrize("login", LOGINS)
def test_a_name_is_nowhere(login: str, name: bytes) -> None:
    sinks = heard(
        *LOGINS[login](name),
        *(b"S: +OK " + name + b"'s maildrop has 2 messages", b"C: STAT", b"S: +OK 2 320"),
        *(b"C: NOOP", b"S: -ERR [SYS/TEMP] " + name.upper() + b" is over quota"),
        *(b"C: QUIT", b"S: +OK bye " + name, b"S: parting from " + name),
        strict=True,
    )
    assert sinks.holding(name) == []
    local = words(name.split(b"@")[0].decode())
    for sink, text in sinks.texts().items():
        assert not local & words(text), sink
    assert (sinks.reading.session.user or "").startswith("user-1")
    assert b"+OK 2 320\r\n" in sinks.shown(Side.SERVER)


@pytest.mark.parametrize("blanks", [b"  ", b"\t", b" \t "], ids=repr)
@pytest.mark.parametrize(
    "line",
    [
        *(b"USER carol", b"USER carol ", b"APOP carol 0123456789abcdef0123456789abcdef"),
        *(b"XCLIENT ADDR=192.0.2.99 LOGIN=carol", b"XOIP 192.0.2.99"),
    ],
    ids=lambda line: line.decode(),
)
def test_a_name_is_nowhere_whatever_blanks_part_the_words(line: bytes, blanks: bytes) -> None:
    names = [name for name in (b"carol", b"192.0.2.99") if name in line]
    said = line.replace(b" ", blanks)
    sinks = heard(b"C: " + said, b"S: -ERR no " + b" at ".join(names), strict=True)
    assert sinks.holding(*names) == []


def test_the_name_of_a_user_that_looks_like_an_attribute_is_hidden_whole() -> None:
    sinks = heard(b"C: USER bob=carol", b"S: +OK bob is known", strict=True)
    assert sinks.holding(b"bob", b"carol") == []


def test_a_secret_that_another_proxy_tells_is_masked_and_no_host() -> None:
    said = b"C: XCLIENT ADDR=192.0.2.99 FORWARD=Zq7#vKx2", b"S: -ERR no", b"C: XOIP 192.0.2.98"
    shown = heard(*said, b"S: -ERR", strict=True).shown(Side.CLIENT)
    assert shown == [
        b"XCLIENT ADDR=host-3.invalid FORWARD=********\r\n",
        b"XOIP host-4.invalid\r\n",
    ]


LOGIN = (b"C: USER alice.smith@corp.example", b"S: +OK", b"C: PASS Zq7#vKx2", b"S: +OK")

ROWS: dict[str, tuple[list[bytes], list[bytes], list[bytes]]] = {
    "passwords, tokens, digests, answers inside AUTH": (
        [b"C: USER alice", b"S: +OK", b"C: PASS Zq7#vKx2", b"S: -ERR no Zq7#vKx2"],
        [b"Zq7#vKx2"],
        [],
    ),
    "a command that nobody knows": (
        [*LOGIN, b"C: XFOO alice", b"S: -ERR no XFOO alice", b"C: XFOO 7", b"S: -ERR"],
        [b"alice", b"XFOO"],
        [b"********\r\n"],
    ),
    "a command of another protocol, `EHLO` or `GET`": (
        [b"C: EHLO pc7.corp.example", b"S: -ERR unknown EHLO", b"C: GET /alice", b"S: -ERR"],
        [b"pc7", b"corp.example", b"alice"],
        [b"EHLO ********\r\n", b"-ERR unknown EHLO\r\n", b"GET ********\r\n"],
    ),
    "the name of a user, in commands, SASL messages and notes": (
        [*LOGIN, b"C: NOOP", b"S: -ERR smith is over quota", b"C: NOOP", b"S: +OK Alice"],
        [b"alice", b"smith", b"corp.example"],
        [b"USER user-1@host-3.invalid\r\n", b"-ERR user-1 is over quota", b"+OK user-1\r\n"],
    ),
    "an address of mail": (
        [
            *LOGIN,
            b"C: NOOP",
            b"S: -ERR mail bob@corp.example",
            b"C: NOOP",
            b"S: +OK bob@[192.0.2.9]",
        ],
        [b"bob", b"corp.example", b"192.0.2.9"],
        [b"-ERR mail user-2@host-3.invalid\r\n", b"+OK user-2@host-4.invalid\r\n"],
    ),
    "the client's address and port": (
        [b"C: NOOP", b"S: +OK " + CLIENT.host.encode()],
        [CLIENT.host.encode(), b"50312"],
        [b"+OK host-1.invalid\r\n"],
    ),
    "the server's address": (
        [b"C: NOOP", b"S: +OK pop.Upstream.example:110"],
        [b"upstream"],
        [b"+OK host-2.invalid:110\r\n"],
    ),
    "whom another proxy brings (PROXY, XCLIENT, XOIP)": (
        [b"C: XCLIENT ADDR=192.0.2.99 LOGIN=carol", b"S: +OK carol from 192.0.2.99"],
        [b"192.0.2.99", b"carol"],
        [b"XCLIENT ADDR=host-3.invalid LOGIN=user-1\r\n", b"+OK user-1 from host-3.invalid\r\n"],
    ),
    "the greeting, and banners before it": (
        [b"S: +OK mailhost7 Cyrus POP3 v2.4.1 server ready <12.34@mail.corp.example>"],
        [b"mailhost7", b"corp"],
        [b" Cyrus POP3 v2.4.1 server ready <12.34@host-3.invalid>\r\n"],
    ),
    "a challenge inside AUTH": (
        [b"C: AUTH CRAM-MD5", b"S: + " + b64(b"<12.34@mail.corp.example>"), b"C: *", b"S: -ERR"],
        [b"corp"],
        [],
    ),
    "texts of the server: `+OK`, `-ERR`, lines without a status": (
        [
            *(b"C: NOOP", b"S: -ERR see http://help.corp.example/pop from 2001:db8::7", b"C: NOOP"),
            *(b"S: error on node-7.corp.example", b"S: +OK at 10:20:30, version 2.3.19"),
        ],
        [b"corp", b"2001:db8::7"],
        [
            b"-ERR see http://host-3.invalid/pop from host-4.invalid\r\n",
            b"error on host-5.invalid\r\n",
            b"+OK at 10:20:30, version 2.3.19\r\n",
        ],
    ),
    "response codes, numbers of messages, sizes, times": (
        [*LOGIN, b"C: LIST", b"S: +OK 2 messages", b"S: 1 120", b"S: 2 200", b"S: ."],
        [],
        [b"1 120\r\n", b"2 200\r\n"],
    ),
    "unique-ids": (
        [
            *(
                *LOGIN,
                b"C: UIDL",
                b"S: +OK 2",
                b"S: 1 1700.V2.node7.corp",
                b"S: 2 bb-alice",
                b"S: .",
            ),
            *(b"C: UIDL 2", b"S: +OK 2 bb-alice"),
        ],
        [b"1700", b"node7", b"corp", b"bb-alice"],
        [b"1 id-1\r\n", b"2 id-2\r\n", b"+OK 2 id-2\r\n"],
    ),
    "capabilities and other listings": (
        [b"C: CAPA", b"S: +OK", b"S: TOP", b"S: IMPLEMENTATION Cyrus mail.corp.example", b"S: ."],
        [b"corp"],
        [b"TOP\r\n", b"IMPLEMENTATION Cyrus host-3.invalid\r\n"],
    ),
    "subject and sender of a message": (
        [
            *(
                *LOGIN,
                b"C: RETR 1",
                b"S: +OK",
                b"S: Subject: the merger",
                b"S: From: Dan <d@e.example>",
            ),
            *(b"S: ", b"S: text", b"S: ."),
        ],
        [],
        [],
    ),
    "an `-ERR` inside a message": (
        [*LOGIN, b"C: RETR 1", b"S: +OK", b"S: A: b", b"S: -ERR node.corp.example failed"],
        [],
        [],
    ),
    "why a session ended": ([], [SERVER.host.encode()], []),
}
ELSEWHERE = {
    "certificates, and the name that a client asks TLS for": "test_a_certificate_names_nobody",
    "messages in a recording": "tests/cli/test_scrub.py",
    "the name of a recording in a folder": "tests/capture/test_files.py",
    "addresses, faults and rewrites in notes of the log": "tests/security/test_program.py",
}
BODIES = {"bodies", "raw", "hex", "narrow raw", "narrow hex", "frames", "capture", "colour"}


def test_each_row_of_the_table_is_tried() -> None:
    assert [row.what for row in FIELDS if row.what not in {*ROWS, *ELSEWHERE}] == []


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_says_is_so_in_every_sink(row: str) -> None:
    said, hidden, shown = ROWS[row]
    greeting = () if row.startswith("the greeting") else (b"S: +OK ready",)
    sinks = Sinks(strict=True).play(talk(*greeting, *said))
    sinks.end(How.SERVER_CLOSED, f"{SERVER}: connection lost" if row.startswith("why") else "")
    assert sinks.holding(*hidden) == []
    lines = b"".join(sinks.shown(Side.CLIENT) + sinks.shown(Side.SERVER))
    assert [each for each in shown if each not in lines] == []


@pytest.mark.parametrize("row", ["subject and sender of a message", "an `-ERR` inside a message"])
def test_no_line_tells_what_a_message_holds(row: str) -> None:
    texts = Sinks(strict=True).play(talk(b"S: +OK ready", *ROWS[row][0])).end().texts()
    for sink in ("transcript", "narrow", "json"):
        for name in ("merger", "Dan", "corp", "e.example"):
            assert name not in texts[sink], sink


@pytest.mark.parametrize("name", ["user-bob", "id-alice", "host-backup.invalid", "USER-Bob"])
def test_a_name_that_looks_like_a_pseudonym_is_none(name: str) -> None:
    said = name.encode()
    sinks = Sinks(strict=True).play(talk(b"S: +OK " + said + b" ready", b"C: USER " + said))
    assert sinks.end().holding(said) == []


def test_what_is_masked_uses_up_no_number() -> None:
    said = ROWS["a challenge inside AUTH"][0]
    sinks = Sinks(strict=True).play(talk(b"S: +OK ready", *said, b"C: USER alice", b"S: +OK"))
    assert b"USER user-1\r\n" in sinks.shown(Side.CLIENT)


def test_a_name_that_is_cut_is_hidden_too() -> None:
    said = b"+OK ready\r\n", b"+OK\r\n1 node7.corp.example\r\n2 x\r\n.\r\n"
    for cut in range(1, len(said[1])):
        sinks = Sinks(strict=True)
        sinks.play([(Side.SERVER, said[0]), (Side.CLIENT, b"UIDL\r\n")])
        sinks.play([(Side.SERVER, said[1][:cut]), (Side.SERVER, said[1][cut:])])
        assert sinks.holding(b"node7", b"corp") == []
        shown = b"".join(sinks.shown(Side.SERVER))
        assert shown == b"+OK ready\r\n+OK\r\n1 id-1\r\n2 id-2\r\n.\r\n"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"1  bb-alice", b"1  id-1"),
        (b"1\tbb-alice", b"1\tid-1"),
        (b" 1 bb-alice", b" 1 id-1"),
        (b"1 bb-alice ", b"1 id-1"),
    ],
    ids=repr,
)
def test_a_unique_id_is_hidden_whatever_blanks_part_it_from_its_number(
    line: bytes, shown: bytes
) -> None:
    listed = b"C: UIDL", b"S: +OK", b"S: " + line, b"S: .", b"C: UIDL 1", b"S: +OK " + line
    sinks = heard(*LOGIN, *listed, strict=True)
    assert sinks.holding(b"bb-alice") == []
    lines = sinks.shown(Side.SERVER)
    assert lines[-3:] == [shown + b"\r\n", b".\r\n", b"+OK " + shown + b"\r\n"]


def test_a_part_of_a_name_is_hidden_too() -> None:
    sinks = heard(
        *(b"C: USER carol@mail.example.net", b"S: +OK", b"C: PASS x", b"S: +OK carol logged in"),
        *(b"C: NOOP", b"S: -ERR mail.example.net is slow"),
        strict=True,
    )
    assert sinks.holding(b"carol", b"mail.example.net") == []


def test_the_peers_are_not_named() -> None:
    sinks = Sinks(strict=True).play(talk(b"S: +OK ready", b"C: QUIT", b"S: +OK"))
    sinks.end(How.UNREACHABLE, f"{SERVER}: connection refused")
    assert sinks.holding(CLIENT.host.encode(), SERVER.host.encode(), b"50312") == []


def test_a_certificate_names_nobody() -> None:
    host = SERVER.host
    issuer, names = f"The authority of {host}", (f"www.{host}",)
    tls = Tls("TLSv1.3", "AES", subject=host, issuer=issuer, until="2099", names=names, chain=names)
    sinks = Sinks(strict=True).play(talk(b"S: +OK ready"))
    sinks.reading.secured(tls, 0.5)
    sinks.reading.secured(Tls("TLSv1.3", "AES", verified=False, sha256="f1" * 32), 0.6)
    assert sinks.end().holding(host.encode(), b"f1f1f1f1", b"The authority") == []
    assert "TLSv1.3, AES" in sinks.texts()["transcript"]


@pytest.mark.parametrize("peer", [CLIENT, SERVER], ids=["client", "server"])
def test_a_text_that_names_a_peer_is_hidden(peer: Peer) -> None:
    host = peer.host.encode()
    sinks = Sinks(strict=True).play(
        talk(
            *(b"S: welcome to " + host, b"S: +OK " + host.upper() + b" <1.2@" + host + b"> ready"),
            *(b"C: QUIT", b"S: -ERR [SYS/TEMP] " + host + b" is busy", b"S: bye, " + host),
        )
    )
    assert sinks.end().holding(host) == []


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 192.0.2.99 198.51.100.7 40000 110\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x63\xc6\x33\x64\x07\x9c\x40\0\x6e",
    ],
    ids=["version 1", "version 2"],
)
def test_a_proxy_header_tells_no_address(header: bytes) -> None:
    sinks = Sinks(strict=True).play([(Side.CLIENT, header)])
    sinks.play(talk(b"S: +OK", b"C: USER x", b"S: +OK")).end()
    assert sinks.holding(b"192.0.2.99", b"198.51.100.7", b"\xc0\0\x02\x63") == []


def test_an_address_of_a_proxy_header_does_not_come_again() -> None:
    header = b"C: PROXY TCP4 192.0.2.99 198.51.100.7 40000 110"
    sinks = heard(header, b"S: +OK hello 192.0.2.99", b"C: QUIT", b"S: bye 192.0.2.99", strict=True)
    assert sinks.holding(b"192.0.2.99") == []


@pytest.mark.parametrize(
    "line", [b"XCLIENT ADDR=192.0.2.99 PORT=40000 SESSION=s", b"XOIP 192.0.2.99"]
)
def test_what_another_proxy_tells_is_hidden(line: bytes) -> None:
    sinks = heard(b"C: " + line, b"S: +OK hello 192.0.2.99", strict=True)
    assert sinks.holding(b"192.0.2.99") == []


def test_secrets_are_hidden_as_well() -> None:
    sinks = heard(
        b"C: USER carol", b"S: +OK", b"C: PASS hunter22", b"S: -ERR hunter22", strict=True
    )
    assert sinks.holding(b"hunter22", b"carol") == []


def test_refusals_and_numbers_are_still_told() -> None:
    sinks = heard(
        *(b"C: USER carol", b"S: +OK", b"C: PASS hunter22", b"S: -ERR [AUTH] wrong password"),
        *(b"C: RETR 3", b"S: -ERR [SYS/PERM] log in first"),
        strict=True,
    )
    lines = sinks.shown(Side.SERVER) + sinks.shown(Side.CLIENT)
    for line in (b"-ERR [AUTH] wrong password", b"-ERR [SYS/PERM] log in first", b"RETR 3"):
        assert line + b"\r\n" in lines


@pytest.mark.parametrize(
    "name", [b"a@" * 8000 + b"b", b"recent:" * 2300 + b"bob", b"@" * 16000, b"a:" * 8000]
)
def test_a_name_of_very_many_parts_is_hidden_as_any(name: bytes) -> None:
    told = heard(b"C: USER " + name, b"S: +OK", b"C: STAT", b"S: +OK 0 0", strict=True)
    assert not told.reading.session.blind
    assert told.holding(name) == []


FREE_TEXT = """\
pop3spy: 2
started: "2026-11-23T10:00:00Z"
records:
- [0.0, 1, "open", {"client": "192.0.2.77:50312", "server": "pop.upstream.example:110"}]
- [0.1, 1, "S", "+OK ready\\r\\n"]
- [0.2, 1, "tls", {"version": "carol", "cipher": "of carol", "verified": true}]
- [0.3, 1, "C", "STAT\\r\\n"]
- [0.3, 1, "gate", {"side": "C", "by": "rewrite of carol", "did": "changed mail of carol"}]
- [0.4, 1, "S", "+OK 0 0\\r\\n"]
- [0.5, 1, "blind", {"why": "no way to pop.upstream.example"}]
- [0.6, 1, "close", {"how": "quit", "why": ""}]
"""
"""A recording whose notes say what pop3spy never says."""


@pytest.mark.parametrize(
    "words",
    [
        ("scrub", "-o", "-", "--redact", "strict"),
        ("report", "--redact", "strict"),
        ("report", "--redact", "strict", "--format", "markdown"),
        ("report", "--redact", "strict", "--format", "svg"),
    ],
    ids=lambda words: "-".join(words[::3]),
)
def test_notes_of_a_recording_name_nobody(words: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(FREE_TEXT)
    done = run_here(*words, str(file))
    assert done.status == 0, done.err
    for name in ("carol", "upstream.example", "192.0.2.77"):
        assert name not in done.out
