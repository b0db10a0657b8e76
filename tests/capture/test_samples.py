"""The recordings in ``captures/``: each reads, tells what it is there for, and plays."""

import json
import poplib
import re
import socket
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from cli.program import PATIENCE, run, running
from lab.mailserver import FEW_USER, PASSWORD
from lab.samples import CLIENT, FOLDER, SAMPLES, SERVER, WRONG_PASSWORD
from pop3spy.capture.reader import CaptureReader
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered, Ended, Event
from pop3spy.session.how import How
from pop3spy.session.model import Exchange
from pop3spy.session.playback import play_back
from security.disguises import traces

PAGE = Path(__file__).parents[2] / "docs" / "captures.md"
FILES = sorted(FOLDER.iterdir())
WHOLE = "CAPA USER PASS STAT LIST UIDL TOP RETR RETR RETR RETR RETR LIST DELE LIST RSET NOOP QUIT"
MPOP = "STAT LIST UIDL RETR RETR RETR RETR RETR QUIT"

each_file = pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FILES])


class Talk(NamedTuple):
    """One session: what was asked, which answers were refusals, and how it ended."""

    verbs: str
    refused: tuple[str, ...] = ()
    retrieved: int = 5
    how: How = How.QUIT


TALKS = {
    "dovecot-user": [Talk(WHOLE, ("LIST 6",))],
    "dovecot-apop": [Talk("APOP STAT" + " LIST RETR" * 5 + " QUIT")],
    "dovecot-cram-md5": [Talk(f"CAPA AUTH {MPOP}")],
    "dovecot-refused": [Talk("USER PASS USER PASS STAT QUIT", ("PASS ********",), 0)],
    "dovecot-cut-off": [Talk("USER PASS RETR", (), 0, How.SERVER_CLOSED)],
    "popa3d-user": [Talk(WHOLE, ("CAPA", "LIST 6"))],
    "postoffice-user": [Talk(WHOLE, ("LIST 6",))],
    "postoffice-apop": [
        Talk("CAPA APOP LIST QUIT", (), 0),
        Talk("CAPA APOP" + " RETR" * 5 + " QUIT"),
    ],
    "postoffice-plain": [Talk(f"CAPA AUTH {MPOP}")],
}


def told(path: Path) -> list[Event]:
    events: list[Event] = []
    with path.open(encoding="utf-8", newline="\n") as stream:
        reader = CaptureReader(stream, path.name)
        play_back(reader, lambda _: events.append)
    assert reader.notes == []
    return events


def exchanges(path: Path) -> list[Exchange]:
    return [event.exchange for event in told(path) if isinstance(event, Answered)]


def test_every_sample_is_made_and_told_of() -> None:
    names = [path.name for path in FILES]
    assert names == sorted(f"{sample.name}.yaml" for sample in SAMPLES)
    rows = re.findall(r"(?m)^\| `([a-z0-9-]+\.yaml)` \|", PAGE.read_text(encoding="utf-8"))
    assert sorted(rows) == names


@each_file
def test_a_sample_tells_what_it_is_there_for(path: Path) -> None:
    events = told(path)
    talks = []
    for end in [event for event in events if isinstance(event, Ended)]:
        said = [
            event.exchange
            for event in events
            if isinstance(event, Answered)
            and event.session is end.session
            and event.exchange.number
        ]
        verbs = " ".join(exchange.command.verb for exchange in said)
        refused = tuple(
            exchange.line.raw.decode().strip() for exchange in said if exchange.ok is False
        )
        talks.append(Talk(verbs, refused, end.session.totals.retrieved, end.ending.how))
        assert end.session.user == FEW_USER
        entered = [x.state_after.phase is State.TRANSACTION for x in said].index(True)
        assert said[entered].command.verb in ("PASS", "APOP", "AUTH")
        assert {x.state_before.phase for x in said[entered + 1 :]} == {State.TRANSACTION}
        assert f"{end.session.client} {end.session.server}" == f"{CLIENT} {SERVER}"
    assert talks == TALKS[path.stem]


def test_a_reply_that_is_cut_off_is_no_whole_one() -> None:
    *_, retrieval = exchanges(FOLDER / "dovecot-cut-off.yaml")

    assert retrieval.command.verb == "RETR"
    assert retrieval.body
    assert not retrieval.body.complete
    assert (
        "message broken off after 683 octets"
        in run("show", str(FOLDER / "dovecot-cut-off.yaml")).out
    )


@each_file
def test_a_sample_reads_as_yaml_and_its_records_as_json(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    loaded = yaml.safe_load(text)
    records = text.partition("records:\n")[2].splitlines()

    assert loaded["records"] == [json.loads(record.removeprefix("- ")) for record in records]
    assert len(text) < 10_000


@each_file
@pytest.mark.parametrize("secret", [PASSWORD, WRONG_PASSWORD])
def test_a_sample_holds_no_password_in_any_form(path: Path, secret: str) -> None:
    text = path.read_text(encoding="utf-8").lower()
    assert [trace for trace in traces(secret.encode()) if trace in text] == []


@each_file
def test_a_sample_holds_examples_only(path: Path) -> None:
    """No address, name, user or path of the machine that it was made on."""
    text = path.read_text(encoding="utf-8")
    hosts = set(re.findall(r"@([\w.-]+)", text)) | set(re.findall(r"[\w-]+(?:\.[\w-]+)+:\d+", text))
    addresses = set(re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text))

    examples = r"(\w+\.)*example\.(org|com)|mail\.example\.org:110|192\.0\.2\.17:50312"
    assert [host for host in hosts if not re.fullmatch(examples, host)] == []
    assert addresses <= {"192.0.2.1", "192.0.2.17"}
    assert not re.search(r"/(home|root|tmp|work|usr|var|srv|opt)\b", text)
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)


@pytest.mark.parametrize(
    ("other", "differences"),
    [
        (
            "popa3d-user",
            {
                ("greeting", "APOP"): 1,
                ("CAPA", "status"): 1,
                ("STAT", "size"): 1,
                ("LIST", "size of 5"): 2,
                ("UIDL", "unique-id"): 5,
                ("RETR 5", "size"): 1,
                ("RETR 5", "lines"): 1,
            },
        ),
        (
            "postoffice-user",
            {
                ("CAPA", "CAPA"): 1,
                ("CAPA", "STLS"): 1,
                ("CAPA", "SASL"): 1,
                ("CAPA", "EXPIRE"): 1,
                ("CAPA", "IMPLEMENTATION"): 1,
                ("UIDL", "unique-id"): 5,
            },
        ),
    ],
)
def test_two_samples_differ_where_their_servers_do(
    other: str, differences: dict[tuple[str, str], int]
) -> None:
    ended = run(
        "compare", str(FOLDER / "dovecot-user.yaml"), str(FOLDER / f"{other}.yaml"), "--json"
    )

    found: dict[tuple[str, str], int] = {}
    for each in json.loads(ended.out)["differences"]:
        key = each["command"], re.sub(r"(unique-id) of \d+", r"\1", each["what"])
        found[key] = found.get(key, 0) + 1
    assert ended.status == 1
    assert found == differences


@each_file
def test_a_sample_stands_in_for_its_server(path: Path) -> None:
    """A message that is in it is given again, whoever asks; one that broke off breaks off."""
    retrieved = [each for each in exchanges(path) if each.command.verb == "RETR"]
    last = str(len(TALKS[path.stem]))
    args = ("--listen", ":0", "--quiet", "--session", last)
    with running("replay", "server", path, *args) as server:
        client = poplib.POP3("127.0.0.1", server.port(), timeout=PATIENCE)
        try:
            log_in(client, refused=path.stem == "dovecot-refused")
            for number, exchange in enumerate(retrieved, 1):
                assert exchange.body
                if exchange.body.complete:
                    octets = exchange.body.octets - exchange.body.stuffed
                    assert client.retr(number)[2] == octets
                else:
                    with pytest.raises(poplib.error_proto, match="EOF"):
                        client.retr(number)
        finally:
            client.close()


def log_in(client: poplib.POP3, *, refused: bool) -> None:
    """Log in as nobody in particular, once it was *refused* as in the recording."""
    if refused:
        client.user("somebody")
        with pytest.raises(poplib.error_proto, match="AUTH"):
            client.pass_("anything")
    client.user("somebody")
    client.pass_("anything")
