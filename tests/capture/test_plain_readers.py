"""A capture needs no pop3spy to be read: YAML alone reads it, and JSON alone its records."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from capture.plainly import octets
from capture.test_reader import spoken
from capture.test_round_trip import live
from cuts import recut, wild_talk
from dialogue import Said
from pop3spy.protocol.frames import Side

BODIES = st.sampled_from(["keep", "mask", "drop"])
LOADERS = [yaml.SafeLoader, yaml.CSafeLoader]


def records(text: str) -> list[str]:
    return text.split("\nrecords:\n")[1].splitlines()


@pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.__name__)
@given(wild_talk.flatmap(recut), BODIES)
@example([(Side.CLIENT, b"USER bob\r\n"), (Side.SERVER, b"\x85+OK\r\n")], "keep")
def test_yaml_alone_reads_what_json_alone_reads(
    loader: type[Any], talk: list[Said], bodies: str
) -> None:
    _, text = live(talk, bodies)
    whole = yaml.load(text, Loader=loader)

    assert whole["pop3spy"] == 2
    assert whole["bodies"] == bodies
    assert whole["records"] == [json.loads(line.removeprefix("- ")) for line in records(text)]


@given(wild_talk.flatmap(recut), BODIES)
def test_json_alone_reads_the_octets_that_pop3spy_reads(talk: list[Said], bodies: str) -> None:
    _, text = live(talk, bodies)
    said = [json.loads(line.removeprefix("- ")) for line in records(text)]
    counted = any(record[2] in ("omitted", "opaque") for record in said)

    for side in "CS":
        plain = b"".join(octets(record[3]) for record in said if record[2] == side)
        ours = b"".join(data for who, data in spoken(text) if who == side)
        assert plain == ours or counted


@given(wild_talk.flatmap(recut), st.data())
def test_every_prefix_of_a_capture_is_the_beginning_of_it(
    talk: list[Said], data: st.DataObject
) -> None:
    _, text = live(talk)
    begin = text.index("records:\n") + len("records:\n")
    end = data.draw(st.integers(begin, len(text)))
    for side in "CS":
        whole = b"".join(octets for who, octets in spoken(text) if who == side)
        part = b"".join(octets for who, octets in spoken(text[:end]) if who == side)
        assert whole.startswith(part)
