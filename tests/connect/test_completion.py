"""What may come next in a line."""

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import to_plain_text

from connect.by_hand import LOGIN, PASSWORD, to_office
from pop3spy.connect.commands import CONNECT_COMMANDS
from pop3spy.connect.completion import ConnectCompleter
from pop3spy.connect.console import Console
from pop3spy.protocol.commands import COMMANDS


def offered(console: Console, text: str) -> dict[str, str]:
    found = ConnectCompleter(console).get_completions(Document(text), CompleteEvent())
    return {each.text: to_plain_text(each.display_meta) for each in found}


async def test_every_command_and_every_one_of_the_console_is_offered() -> None:
    words = offered((await to_office()).console, "")
    assert words.keys() == {*COMMANDS, *(f":{row.name}" for row in CONNECT_COMMANDS)}
    assert all(words.values())


async def test_messages_are_offered_with_what_is_known_of_them() -> None:
    shown = await to_office(*LOGIN, "LIST", "TOP 2 0", "DELE 3")
    assert offered(shown.console, "RETR ") == {
        "1": "426 octets",
        "2": "Zoë André <zoe@pop3spy.example>, Grüße aus Köln 🐧 (mit Bild), 788 octets",
        "3": "393 octets, marked as deleted",
        "4": "175 octets",
        "5": "355 octets",
    }
    assert offered(shown.console, "dele 4") == {"4": "175 octets"}
    assert offered(shown.console, ":headers ").keys() == {"1", "2", "3", "4", "5"}
    assert offered(shown.console, "TOP 1 ") == {}


async def test_nothing_is_offered_where_a_secret_stands() -> None:
    shown = await to_office("USER demo", "PASS " + PASSWORD)
    for text in ("PASS ", "USER ", "PASS tan", "APOP bob "):
        assert offered(shown.console, text) == {}


async def test_commands_come_as_the_state_and_the_capabilities_have_them() -> None:
    def look(console: Console) -> None:
        words = offered(console, "")
        told = list(words)
        assert told.index("USER") < told.index("RETR")
        assert words["RETR"].startswith("(not in AUTHORIZATION) ")
        assert words["STLS"].startswith("(not in CAPA) ")
        assert words["CAPA"] == "lists what the server can do"

    await to_office("CAPA", then=look)


async def test_mechanisms_that_the_server_offers_come_first() -> None:
    def look(console: Console) -> None:
        words = offered(console, "AUTH ")
        assert next(iter(words)) == "PLAIN"
        assert words["LOGIN"].startswith("(not in CAPA) ")
        assert next(iter(offered(console, ":auth "))) == "PLAIN"

    await to_office("CAPA", then=look)


async def test_what_a_command_of_the_console_takes_is_offered() -> None:
    console = (await to_office()).console
    assert list(offered(console, ":eol ")) == ["crlf", "lf", "cr", "none"]
    assert list(offered(console, ":help RET")) == ["RETR"]
    assert list(offered(console, ":time o")) == ["on", "off"]
    assert list(offered(console, ":nothing ")) == []
