"""The corpus is the same in every run, and real servers send it as it says."""

import socket

import pytest

from lab.corpus import HEAVY_OCTETS, MESSAGES, heavy, sha256
from lab.mailserver import PASSWORD, USER, MailServer

ALL_MESSAGES = "93eefb963b07a99e94c6f2eee1a182a5f7bc6ec324f9a295b3e2301972fd5b58"


def test_the_corpus_is_the_same_in_every_run() -> None:
    assert sha256("".join(message.sha256 for message in MESSAGES).encode()) == ALL_MESSAGES


def test_no_two_messages_are_equal() -> None:
    assert len({message.sha256 for message in MESSAGES}) == len(MESSAGES)


def test_the_heavy_message_is_as_heavy_as_it_says() -> None:
    assert HEAVY_OCTETS < len(heavy().wire) < 1.1 * HEAVY_OCTETS


@pytest.mark.lab
def test_a_real_server_sends_what_the_corpus_expects(server: MailServer) -> None:
    with (
        socket.create_connection(server.address, 10) as connection,
        connection.makefile("rb") as replies,
    ):

        def ask(command: str) -> bytes:
            connection.sendall(command.encode() + b"\r\n")
            return replies.readline()

        replies.readline()
        ask(f"USER {USER}")
        ask(f"PASS {PASSWORD}")
        for number, message in enumerate(server.holds(), start=1):
            assert ask(f"RETR {number}").startswith(b"+OK")
            assert replies.read(len(message.stuffed)) == message.stuffed, message.name
        assert ask("QUIT").startswith(b"+OK")
