"""What peers send: octets of any kind, cut in any way, and what is read out of them."""

import base64
import io
import ssl
from collections.abc import Callable, Sequence

from fuzz import seeds
from fuzz.trial import Door
from gate.talking import Talk
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.console.oauth_error import explain_oauth_error
from pop3spy.console.view import View
from pop3spy.errors import Pop3SpyError
from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import compile_filter
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault, read_rewrite
from pop3spy.logs import JsonLog, Transcript
from pop3spy.logs.stats import Statistics
from pop3spy.protocol.certificate import read_certificate
from pop3spy.protocol.hello import read_client_hello, read_server_hello
from pop3spy.protocol.proxyheader import Ends, HeaderError, crc32c, read_header, write_header
from pop3spy.protocol.records import Records, read_hello
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.replay.digest_md5 import DigestError, DigestMd5
from pop3spy.replay.scram import Scram, ScramError
from pop3spy.replay.scram_server import ScramServer
from pop3spy.session.bus import Bus, Reader
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.session.reading import Reading

_CLIENT, _SERVER = Peer("192.0.2.17", 50312), Peer("mail.example.org", 110)
_NONCE = "fyko+d2lbbFgONRv9qkxdawL"


def _read(names: Pseudonyms | None) -> Callable[[bytes], None]:
    """Return what reads a conversation, with all that is told of it, and then its recording."""

    def enter(data: bytes) -> None:
        text, records = io.StringIO(), list[bytes]()
        bus, clock = Bus(_fail), Clock()
        judged = ExchangeFilter(compile_filter("err or latency > 1s or text ~ b.b"), Statistics())
        for subscriber in (Transcript(text, clock), JsonLog(text, clock), judged, _view):
            bus.subscribe(subscriber)
        bus.subscribe(lambda session: Recorder(session, "keep", records.append))
        reading = Reading(1, _CLIENT, _SERVER, 0.0, bus.publish, names=names and Pseudonyms())
        at = 0.0
        for number, (side, said) in enumerate(seeds.talk_of(data)):
            at += 0.01
            if said is None:
                reading.side_closed(Closing(side, at, reset=number % 2 == 1))
            else:
                reading.hear(Chunk(side, said, at))
        reading.end(at, Ending(How.CLIENT_CLOSED))
        lines = b"pop3spy: 2\nrecords:\n" + b"".join(records)
        for _ in CaptureReader(io.TextIOWrapper(io.BytesIO(lines), "utf-8", newline="\n"), "its"):
            pass

    return enter


def _fail(_: object, error: Exception) -> None:
    raise error


def _view(_: Session) -> Reader:
    return View()


def _judge(data: bytes) -> None:
    """Let keepers of the gate judge a conversation, one after the other."""
    spoken = [(side, said) for side, said in seeds.talk_of(data) if said is not None]
    faults = [FaultKeeper(read_fault(text), 1) for text in ("wrong-size", "changed-uid", "bare-lf")]
    Talk([DryRun(), read_rewrite("client s/^(.*)A(.*)$/B/"), *faults]).say(spoken)


def _hellos() -> list[bytes]:
    return [*seeds.tls(), seeds.tls()[1][:60], b"\x15\x03\x01\0\x02\x02\x28"]


def _read_tls(data: bytes) -> None:
    read_hello(data)
    for message in Records().feed(data):
        read_client_hello(message.body)
        read_server_hello(message.body)
    read_server_hello(data[9:])


def _certificates() -> list[bytes]:
    return [
        ssl.PEM_cert_to_DER_cert(
            seeds.file("identity.pem")()[0].decode().partition("-----BEGIN PRIVATE")[0]
        )
    ]


def _headers() -> list[bytes]:
    four = Ends(("192.0.2.1", 1), ("192.0.2.2", 65535))
    six = Ends(("2001:db8::1", 1), ("::ffff:192.0.2.2", 2))
    made = [write_header(version, ends) for ends in (four, six) for version in ("v1", "v2")]
    summed = made[1][:14] + b"\0\x13" + made[1][16:] + b"\3\0\4\0\0\0\0"
    summed = summed[:-4] + crc32c(summed).to_bytes(4)
    unix = made[1][:13] + b"\x31\0\xd8" + b"/run/a".ljust(108, b"\0") * 2
    return [*made, summed, unix, b"PROXY UNKNOWN\r\n", made[1] + b"\x04\0\2ab"]


def _be_scram_client(data: bytes) -> None:
    """Read the first and the last message of a server, which stand in two lines."""
    first, _, last = data.partition(b"\n")
    scram = Scram("SCRAM-SHA-256", "bob", "sesame123", _NONCE)
    try:
        scram.final(first)
    finally:
        scram.verify(last)


def _be_scram_server(data: bytes) -> None:
    server = ScramServer("SCRAM-SHA-256", {b"bob": b"sesame123"}, "a")
    said: list[bytes] = []
    for line in data.split(b"\n")[:4]:
        said.append(base64.b64encode(line) if line.isascii() else line)
        if isinstance(server.next(said), bool):
            return


def _be_digest_client(data: bytes) -> None:
    first, _, last = data.partition(b"\n")
    digest = DigestMd5(b"bob", b"sesame123", b"pop/mail.example.org", b"a")
    try:
        digest.answer(first)
    finally:
        digest.verify(last)


def _explain_oauth(data: bytes) -> None:
    explain_oauth_error(data)
    explain_oauth_error(base64.b64encode(data))


def _listed(*texts: bytes) -> Callable[[], Sequence[bytes]]:
    return lambda: texts


DOORS = (
    Door("reading", seeds.conversations, _read(None), (Pop3SpyError,)),
    Door("reading strictly", seeds.conversations, _read(Pseudonyms()), (Pop3SpyError,)),
    Door("gate", seeds.conversations, _judge),
    Door("TLS hello", _hellos, _read_tls),
    Door("certificate", _certificates, read_certificate),
    Door("PROXY header", _headers, read_header, (HeaderError,)),
    Door(
        "SCRAM client",
        _listed(
            b"r=%b3rfc,s=QSXCR+Q6sek8bf92,i=4096\nv=eJe+9GS5bEBKXy8Oz7jPWxf7dQlnTNIMyrTuLlX5bGk="
            % _NONCE.encode(),
            b"e=other-error\nv=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
        _be_scram_client,
        (ScramError,),
    ),
    Door(
        "SCRAM server",
        _listed(
            b"n,,n=bob,r=fyko\nc=biws,r=fykoa,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=\n",
            b"y,a=b,n=b=2Cb,r=x\nc=eSxhPWIs,r=xa,p=AAAA\n\n",
        ),
        _be_scram_server,
    ),
    Door(
        "DIGEST-MD5 client",
        _listed(
            b'realm="a",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8\n'
            b"rspauth=8c175078819823d1766c320ada317700",
            b'nonce="a\\"b", qop="auth,auth-int" ,algorithm=md5-sess\n'
            b"rspauth=2e03cdbbc673d1131df3c44cceb1500a",
        ),
        _be_digest_client,
        (DigestError,),
    ),
    Door(
        "OAuth error",
        _listed(
            b'{"status":"401","schemes":"bearer","scope":"https://mail.example/"}',
            b'{"status":"invalid_token","openid-configuration":"https://a"}',
        ),
        _explain_oauth,
    ),
)
