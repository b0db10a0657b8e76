"""With --redact strict nothing that is written tells who was there: looked for in all of it."""

import base64
import poplib
import re
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from cli.program import run_here
from lab.clients import PatientPOP3
from lab.corpus import PASSWORD
from lab.loopback import HOST
from lab.mailserver import FEW_USER, MailServer
from lab.relay import relaying

pytestmark = pytest.mark.lab

_FIELDS = re.compile(rb"(?im)^(?:subject|from|to|message-id):[ \t]*([^\r\n]{4,})")
_ADDRESS = re.compile(rb"[\w.+-]+@[\w.-]+\.\w+")
_STAMP = re.compile(rb"@([^<>]+)>")


def session(address: tuple[str, int]) -> set[bytes]:
    """Log in wrongly, then have a whole session; return every name that was said in it."""
    names = {FEW_USER.encode(), HOST.encode(), socket.gethostname().encode()}
    wrong = PatientPOP3(*address)
    with suppress(poplib.error_proto):
        wrong.user("mallory.smith@corp.example")
        wrong.pass_("looking-glass")
    wrong.close()
    names |= {b"mallory", b"smith", b"corp.example"}
    client = PatientPOP3(*address)
    names |= {stamp[1] for stamp in _STAMP.finditer(client.getwelcome())}
    with suppress(poplib.error_proto):
        client.capa()
    client.user(FEW_USER)
    client.pass_(PASSWORD)
    for line in client.uidl()[1]:
        number, name = line.split(b" ", 1)
        assert name in client.uidl(number.decode())
        names.add(name)
        for lines in (client.retr(int(number))[1], client.top(int(number), 0)[1]):
            fields = set(_FIELDS.findall(b"\r\n".join(lines)))
            names |= fields | {each for field in fields for each in _ADDRESS.findall(field)}
    client.quit()
    return names - {b"plain"}  # a subject that is the name of a mechanism as well


def test_no_name_of_a_session_is_in_anything_that_is_written(
    server: MailServer, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("strict.yaml", "plain.yaml", "copy.yaml", "again.yaml")]
    options = ("--redact", "strict", "--record", str(files[0]))
    with relaying(server.address, *options) as relay:
        names = session(relay.address)
    with relaying(server.address, "--record", str(files[1])) as plain:
        names |= session(plain.address)
    for source, out in ((files[1], files[2]), (files[2], files[3])):
        done = run_here("scrub", str(source), "-o", str(out), "--redact", "strict")
        assert done.status == 0, done.err

    written = {
        "transcript": relay.transcript,
        "JSON log": relay.log,
        **{file.name: file.read_text("utf-8") for file in (files[0], *files[2:])},
    }
    for file in (files[0], files[2]):
        for view in ((), ("--bodies",), ("--raw",), ("--hex",), ("--stats",), ("--session", "1")):
            written[f"show {view} {file.name}"] = run_here("show", *view, str(file)).out
        for form in ("dialogue", "jsonl", "mbox"):
            written[f"{form} of {file.name}"] = run_here("export", str(file), "--to", form).out
    written["compare"] = run_here("compare", str(files[0]), str(files[2])).out
    dialogues = [run_here("export", str(file), "--to", "dialogue").out for file in files[2:]]
    assert dialogues[0] == dialogues[1], "a second copy says the same"
    packed = {base64.b64encode(name) for name in names}
    assert [each for each in packed if each.decode() in "".join(written.values())] == []
    found = {
        (name, place)
        for name in names
        for place, text in written.items()
        if re.search(rf"(?<!\w){re.escape(name.decode('latin-1'))}(?!\w)", text, re.IGNORECASE)
    }
    assert found == set()
    assert "user-1" in written["transcript"]
    assert "id-1" in written["transcript"]
