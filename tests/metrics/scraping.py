"""What is told to whoever scrapes: of sessions that are played here, and of a program."""

import socket
from collections.abc import Mapping
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from cli.program import PATIENCE, Program
from dialogue import said
from pop3spy.findings import Findings, own_rules
from pop3spy.metrics.counting import Counting
from pop3spy.metrics.tally import Tallies
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

Samples = Mapping[str, float]
"""Numbers by series, as Prometheus writes them: ``name{label="value"}``."""


def parsed(text: str) -> dict[str, float]:
    """Return the samples of an exposition."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            series = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert series not in found, f"{series} is told twice"
            found[series] = sample.value
    return found


def counted(script: str, how: How = How.QUIT, *, step: float = 0.004) -> dict[str, float]:
    """Return what is not zero of what is counted of a session, by ``name label value``.

    Each chunk of *script* comes *step* seconds after the one before.
    """
    tallies = tallied(script, how, step=step)
    return {
        " ".join((tally.family.name.removeprefix("pop3spy_"), *series)): row[0]
        for tally in tallies
        if not tally.family.buckets
        for series, row in tally.rows.items()
        if row[0]
    }


def tallied(script: str, how: How = How.QUIT, *, step: float = 0.004) -> Tallies:
    """Return all that is counted of a session; see ``counted``."""
    tallies, bus = Tallies(), Bus(_fails)
    bus.subscribe(Findings(bus.publish, own_rules(), _rule_fails))
    bus.subscribe(Counting(tallies))
    client, server = Peer("192.0.2.77", 50312), Peer("pop.example.org", 110)
    reading, at = Reading(1, client, server, 0.0, bus.publish), 0.0
    for side, data in said(script):
        at += step
        if data is None:
            reading.close(side)
        else:
            reading.hear(Chunk(side, data, at))
    reading.end(at, Ending(how))
    return tallies


def _fails(reader: Subscriber | NoteReader, error: Exception) -> None:
    raise AssertionError(f"{reader} failed") from error


def _rule_fails(rule: object, error: Exception) -> None:
    raise AssertionError(f"{rule} failed") from error


def place(program: Program) -> str:
    """Wait until *program* tells where its metrics are; return that."""
    return program.says(r"metrics at (\S+)")[1]


def scrape(url: str) -> dict[str, float]:
    """Return the samples at *url*."""
    with urlopen(url, timeout=PATIENCE) as answer:
        return parsed(answer.read().decode())


def asked(url: str, request: bytes) -> bytes:
    """Return the whole answer to a *request* of any form."""
    host, _, port = url.removeprefix("http://").partition("/")[0].rpartition(":")
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer
