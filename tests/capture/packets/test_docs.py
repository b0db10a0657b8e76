"""What docs/packet-captures.md says is read, and how much may wait, is what the code has."""

import re
from pathlib import Path

from pop3spy.capture.pcap import connection, fragments, link, recognise, sessions

PAGE = (Path(__file__).parents[3] / "docs" / "packet-captures.md").read_text(encoding="utf-8")


def test_the_link_types_are_those_that_are_read() -> None:
    (row,) = re.findall(r"^\| link \| (.+) \|$", PAGE, re.MULTILINE)
    numbers = [int(n) for group in re.findall(r"\(([\d, ]+)\)", row) for n in group.split(",")]
    assert sorted(numbers) == sorted(link.LINKS)
    assert link._MOST_TAGS == 4
    assert "up to four VLAN tags" in row


def test_the_limits_are_those_of_the_code() -> None:
    for text in (
        f"within {connection.PATIENCE} packets",
        f"more than {connection.MOST >> 20} MiB wait for",
        f"{sessions.CONNECTIONS:,} connections are followed at once",
        f"{sessions.MOST >> 20} MiB may wait for missing segments",
        f"{fragments._DATAGRAMS} datagrams for missing fragments",
    ):
        assert text in PAGE


def test_what_is_known_of_a_session_is_told() -> None:
    ports = " or ".join(map(str, sorted(sessions.PORTS)))
    assert f"A connection to port {ports} is a session" in PAGE
    for verb in recognise._AHEAD:
        assert f"`{verb}`" in PAGE
