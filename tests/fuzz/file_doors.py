"""Files that are no recordings: mail, keys and certificates, secrets."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fuzz import seeds
from fuzz.trial import Door
from pop3spy.authority import Authority
from pop3spy.cli.secret import secret_from
from pop3spy.console.history import KeptLines
from pop3spy.errors import Pop3SpyError
from pop3spy.migration.account import KINDS, ComparedAccount
from pop3spy.migration.accounts_file import read_accounts
from pop3spy.migration.content import ContentOf
from pop3spy.migration.results import FORMAT, Results, results_in, write_map
from pop3spy.migration.summary import ComparisonSummary, account_lines
from pop3spy.net import trust
from pop3spy.net.identity import Own
from pop3spy.postoffice.maildrop import OpenMaildrop
from pop3spy.postoffice.recognise import open_maildrop


def written(name: str, data: bytes) -> Path:
    """Return the new file *name* with *data*."""
    path = Path(name)
    path.write_bytes(data)
    return path


def _mbox(data: bytes) -> None:
    _use(written("input", data))


def _folder(names: Sequence[str]) -> Callable[[bytes], object]:
    """Return what serves a folder of messages, in one of *names*, if they are a Maildir."""

    def enter(data: bytes) -> None:
        folder = Path("mail")
        try:
            for name in ("", *names):
                (folder / name).mkdir(exist_ok=True)
            for number, piece in enumerate(data.split(seeds.APART)):
                title, _, text = piece.partition(b"\n")
                title = title.translate(None, b"/\0")[:200]
                if title not in (b"", b".", b".."):
                    place = folder / names[number % len(names)] if names else folder
                    (place / os.fsdecode(title)).write_bytes(text)
            _use(folder)
        finally:
            shutil.rmtree(folder)

    return enter


def _use(path: Path) -> None:
    """Read all mail at *path*, and delete the first message."""
    opened = OpenMaildrop.of(open_maildrop(path))
    try:
        for message in opened.messages:
            for _ in message.open():
                pass
        if opened.messages:
            opened.marked.add(1)
            opened.update()
    finally:
        opened.close()


def _authority(data: bytes) -> None:
    certificate, _, key = data.partition(seeds.APART)
    folder = Path("ca")
    folder.mkdir(0o700)
    try:
        for name, text in (("ca.pem", certificate), ("ca-key.pem", key)):
            written(f"ca/{name}", text).chmod(0o600)
        Authority.open(folder, now=lambda: _VALID)
    finally:
        shutil.rmtree(folder)


_VALID = datetime(2027, 1, 1, tzinfo=UTC)
"""When the authority of the sample is one."""


def _pair() -> list[bytes]:
    certificate, begin, key = seeds.file("authority.pem")()[0].partition(b"-----BEGIN PRIVATE")
    return [certificate + seeds.APART + begin + key]


def _trust(data: bytes) -> None:
    trust._context.cache_clear()
    trust.Trust(ca=written("input", data)).context()


def _secret(data: bytes) -> None:
    secret_from(written("input", data), None)
    list(KeptLines(Path("input")).load_history_strings())


def _accounts(data: bytes) -> None:
    list(read_accounts(written("input", data)))


def _results(data: bytes) -> None:
    """Go on with results, sum them up, and make both maps of them."""
    path = written("input", data)
    Results(path, {"old": "pop3://a:110"}, resume=True).close()
    summary = ComparisonSummary()
    for facts in results_in(path):
        summary.add(facts)
        list(account_lines(facts))
    list(summary.lines(ContentOf.TOP))
    for name in ("map.csv", "map.json"):
        try:
            write_map(Path(name), path, alone=False)
        finally:
            Path(name).unlink(missing_ok=True)


def _kept_results() -> Sequence[bytes]:
    """Return results of an account that was compared, and of one that could not be."""
    compared = ComparedAccount("bob", "differs", "", 2, 200, "content", both=1, missing=[2])
    compared.counts = {kind: len(getattr(compared, kind)) for kind in KINDS}
    compared.tls = {"old": "no TLS", "new": "TLSv1.3"}
    compared.ids, compared.capabilities = [("a", "b")], ["TOP is gone"]
    failed = ComparedAccount("eve", "failed", "old server: it hung up")
    lines: list[Mapping[str, object]] = [{"format": FORMAT, "old": "pop3://a:110"}]
    lines += [each.facts(ids=True) for each in (compared, failed)]
    return ["".join(f"{json.dumps(line)}\n" for line in lines).encode()]


def _one(*texts: bytes) -> Callable[[], Sequence[bytes]]:
    return lambda: texts


DOORS = (
    Door("mbox", seeds.file("mail.mbox"), _mbox, (Pop3SpyError,)),
    Door(
        "eml",
        _one(b"1.eml\nSubject: a\n\nText\x1e10.eml\nSubject: b\r\n\r\n.\r\n"),
        _folder(()),
        (Pop3SpyError,),
    ),
    Door(
        "Maildir",
        _one(b"1.a:2,S\nSubject: a\n\nText\x1e2.b,S=10:2,\nb\x1e3.c\nFrom: c\r\n\r\n.\r\n"),
        _folder(("cur", "new")),
        (Pop3SpyError,),
    ),
    Door("authority", _pair, _authority, (Pop3SpyError,)),
    Door(
        "upstream CA",
        seeds.file("identity.pem"),
        _trust,
        (Pop3SpyError,),
    ),
    Door(
        "identity",
        seeds.file("identity.pem"),
        lambda data: Own(written("input", data), None),
        (Pop3SpyError,),
    ),
    Door(
        "accounts",
        _one(b'user,new_user,password_command\nbob,bob@x,"pass ""bob"""\neve,,\n'),
        _accounts,
        (Pop3SpyError,),
    ),
    Door("results", _kept_results, _results, (Pop3SpyError,)),
    Door("secret and history", _one(b"sesame123\nSTAT\nRETR 1\n"), _secret, (Pop3SpyError,)),
)
