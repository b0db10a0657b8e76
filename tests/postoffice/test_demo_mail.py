"""The built-in messages are what they say, and what was deleted stays away for this process."""

from email import message_from_bytes, policy

from pop3spy.postoffice import DEMO_ACCOUNTS, maildrops_for
from pop3spy.protocol.message import headers_of
from postoffice.speaking import Client, office


def test_the_built_in_messages_show_what_mail_can_hold() -> None:
    client = Client(office(maildrops=maildrops_for(DEMO_ACCOUNTS, None)).session()).login()
    messages = client.messages()
    assert client.unique_ids() == [
        b"demo-welcome",
        b"demo-picture",
        b"demo-dots",
        b"demo-empty",
        b"demo-tea",
    ]
    assert headers_of(messages[1])["subject"] == "Grüße aus Köln 🐧 (mit Bild)"
    parsed = message_from_bytes(messages[1], policy=policy.default)
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/mixed",
        "text/plain",
        "image/gif",
    ]
    assert not parsed.defects
    assert b"\r\n...\r\n" in client.send(b"RETR 3")
    assert messages[3].endswith(b"\r\n\r\n")
    assert not messages[4].isascii()
    client.vanish()


def test_deletions_last_as_long_as_the_post_office() -> None:
    post_office = office(maildrops=maildrops_for(DEMO_ACCOUNTS, None))
    client = Client(post_office.session()).login()
    client.send(b"DELE 1")
    client.vanish()
    client = Client(post_office.session()).login()
    client.send(b"DELE 2")
    client.quit()

    assert Client(post_office.session()).login().send(b"STAT").startswith(b"+OK 4 ")
    fresh = office(maildrops=maildrops_for(DEMO_ACCOUNTS, None))
    assert Client(fresh.session()).login().send(b"STAT").startswith(b"+OK 5 ")
