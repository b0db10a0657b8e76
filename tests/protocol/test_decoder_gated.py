"""A gated client: what the server heard of its commands is known only once they are settled."""

import pytest

from dialogue import octets, read, said
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import CommandLine, Side

NOOP, AUTH = parse_command(b"NOOP\r\n"), parse_command(b"AUTH PLAIN\r\n")


def gated(script: str) -> Decoder:
    """Return a decoder whose client is gated and that has read *script*."""
    decoder = Decoder()
    decoder.gated.add(Side.CLIENT)
    read(said(script), decoder)
    return decoder


def test_the_reply_to_a_command_is_due_once_the_server_has_heard_it() -> None:
    decoder = gated("")
    assert decoder.due == 0

    decoder = gated("S: +OK\nC: NOOP")
    assert decoder.due == -1
    assert decoder.idle

    decoder.settle(1, NOOP)

    assert decoder.due == 1
    assert not decoder.idle


def test_no_reply_is_due_to_a_command_that_the_server_never_heard() -> None:
    decoder = gated("S: +OK\nC: NOOP")

    decoder.settle(1, None)

    assert decoder.due == -1
    assert decoder.quiet


@pytest.mark.parametrize("heard", [None, NOOP], ids=["nothing", "another command"])
def test_lines_behind_auth_are_commands_if_the_server_heard_no_auth(heard: None) -> None:
    decoder = gated("S: +OK\nC: AUTH PLAIN\nC< QUIT\\r\\n")
    assert decoder.client_waits
    assert decoder.next() is None

    decoder.settle(1, heard)

    assert not decoder.client_waits
    assert isinstance(decoder.next(), CommandLine)


def test_lines_wait_behind_a_command_of_which_auth_was_made() -> None:
    decoder = gated("S: +OK\nC: NOOP")

    decoder.settle(1, AUTH)
    decoder.append(Side.CLIENT, octets(r"QUIT\r\n"))

    assert decoder.client_waits
    assert decoder.next() is None


def test_a_command_that_waits_no_longer_cannot_be_settled() -> None:
    decoder = gated("S: +OK\nC: NOOP")

    decoder.settle(2, AUTH)

    assert not decoder.client_waits
    assert decoder.due == -1
