"""What ``docs/logs.md`` shows is what the code does.

``PYTHONPATH=tests python -m logs.test_docs`` writes the parts between the markers anew.
"""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from logs.dialogue import Stage
from logs.test_transcript import WHOLE_SESSION
from pop3spy.logs import JsonLog
from pop3spy.logs.fields import EVENTS
from pop3spy.logs.notes import NOTES
from pop3spy.session.events import Noted

PAGE = Path(__file__).parents[2] / "docs" / "logs.md"
PART = r"(<!-- {}: [^\n]*-->\n).*?(<!-- end -->)"


def transcript() -> str:
    return f"```\n{WHOLE_SESSION}```\n"


def fields() -> str:
    every = "time", "event", "level", "session", "client", "server"
    opened = EVENTS["session_opened"]
    text = "Every event of a session has these fields.\n\n" + table(opened.fields, every)
    exchange = EVENTS["command_answered"]
    for name, event in EVENTS.items():
        own = [field for field in event.fields if field not in every]
        text += f"\n### `{name}`\n\n{event.summary}\n"
        if name == "session_opened":
            text += "It has no other fields.\n"
        elif name != "command_answered" and event.fields == exchange.fields:
            text += "It has the fields of `command_answered`.\n"
        else:
            text += f"\n{table(event.fields, own)}"
    return text


def table(meanings: dict[str, str], names: list[str] | tuple[str, ...]) -> str:
    rows = "".join(f"| `{name}` | {meanings[name]} |\n" for name in names)
    return f"| field | meaning |\n|---|---|\n{rows}"


def note() -> str:
    stream = io.StringIO()
    facts = {"url": "pop3://127.0.0.1:1110", "upstream": "pop3://mail.example.org:110"}
    JsonLog(stream, Stage().clock).note(Noted("listening", 0.0, facts))
    return f"```\n{stream.getvalue()}```\n"


def notes() -> str:
    rows = ""
    for name, row in NOTES.items():
        sentence = row.sentence.replace("{", "*").replace("}", "*")
        rows += f"| `{name}` | {row.level} | {sentence} |\n"
    return f"| event | level | sentence |\n|---|---|---|\n{rows}"


PARTS: dict[str, Callable[[], str]] = {
    "transcript": transcript,
    "fields": fields,
    "note": note,
    "notes": notes,
}


@pytest.mark.parametrize("name", PARTS)
def test_the_page_is_what_the_code_says(name: str) -> None:
    found = re.search(PART.format(name), PAGE.read_text(), re.DOTALL)
    assert found, f"docs/logs.md has lost its marker {name!r}"
    shown = found[0].removeprefix(found[1]).removesuffix(found[2])
    assert shown == PARTS[name](), "run: PYTHONPATH=tests .venv/bin/python -m logs.test_docs"


def write() -> None:
    text = PAGE.read_text()
    for name, part in PARTS.items():
        new = part().replace("\\", "\\\\")
        text = re.sub(PART.format(name), rf"\g<1>{new}\g<2>", text, flags=re.DOTALL)
    PAGE.write_text(text)


if __name__ == "__main__":
    write()
