"""Words behind a colon: what they are taken for, and what is told of those that are wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.connect.commands import CONNECT_COMMANDS
from pop3spy.console.help import about, everything
from pop3spy.console.registry import ConsoleCommand, RefusalError, Registry, nothing_behind
from pop3spy.live.commands import LIVE_COMMANDS
from pop3spy.protocol.commands import COMMANDS

CONSOLES: list[Registry[Any]] = [CONNECT_COMMANDS, LIVE_COMMANDS]
NAMES = [(commands, row) for commands in CONSOLES for row in commands]


def refused(commands: Registry[Any], word: str) -> str:
    with pytest.raises(RefusalError) as error:
        commands.find(word)
    return str(error.value)


@pytest.mark.parametrize(("commands", "row"), NAMES)
def test_a_name_is_found_in_any_case_and_by_its_own_beginnings(
    commands: Registry[Any], row: ConsoleCommand[Any]
) -> None:
    assert commands.find(row.name) is commands.find(row.name.upper()) is row
    names = [each.name for each in commands]
    for end in range(1, len(row.name)):
        begun = row.name[:end]
        meant = [name for name in names if name.startswith(begun)]
        if len(meant) == 1:
            assert commands.find(begun) is row
        elif begun not in names:
            assert f"did you mean :{' or :'.join(meant)}?" in refused(commands, begun)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("sesions", "did you mean :sessions?"),
        ("SHWO", "did you mean :show?"),
        ("xport", "did you mean :export?"),
        ("nonsense", "the nearest is :send, and :help lists what there is"),
        ("", ":help lists what there is"),
        ("=", ":help lists what there is"),
        (":show", "did you mean :show?"),
    ],
)
def test_a_wrong_word_is_answered_with_the_nearest_right_one(word: str, told: str) -> None:
    assert refused(LIVE_COMMANDS, word) == f"there is no such command; {told}"


@given(st.sampled_from(CONSOLES), st.text(max_size=60))
def test_every_word_is_a_command_or_answered_in_one_line_without_itself(
    commands: Registry[Any], word: str
) -> None:
    try:
        commands.find(word)
    except RefusalError as error:
        told = str(error)
        assert "\n" not in told
        assert told.startswith("there is no such command; ")
        named = told.removeprefix("there is no such command; ")
        names = {row.name for row in commands}
        for each in named.replace("?", " ").replace(",", " ").split():
            assert not each.startswith(":") or each[1:] in names


@pytest.mark.parametrize(("commands", "row"), NAMES)
def test_what_takes_nothing_is_not_done_with_something_behind_it(
    commands: Registry[Any], row: ConsoleCommand[Any]
) -> None:
    del commands
    nothing_behind(row, " ")
    if row.syntax:
        nothing_behind(row, "anything")
        return
    with pytest.raises(RefusalError, match=f":{row.name} stands alone; nothing was done"):
        nothing_behind(row, "anything")


@pytest.mark.parametrize(("commands", "row"), NAMES)
def test_help_tells_of_each_command_in_the_same_words(
    commands: Registry[Any], row: ConsoleCommand[Any]
) -> None:
    (told,) = about(commands, f":{row.name}")
    assert told.text == f"{row.usage}: {row.summary}"
    listed = [each.text for each in everything(commands, pop3=False)]
    assert listed[0] == "For the console:"
    (line,) = [text for text in listed if text.split("  ")[0].rstrip() == row.usage]
    assert line.endswith(row.summary)


@pytest.mark.parametrize("commands", CONSOLES)
def test_help_tells_of_commands_of_pop3_and_response_codes_on_both_consoles(
    commands: Registry[Any],
) -> None:
    assert next(about(commands, "retr")).text == "RETR message: retrieves a message"
    assert next(about(commands, "[in-use]")).text.startswith("[IN-USE]: the password was right")
    listed = [row.text for row in everything(commands, pop3=True)]
    assert all(any(spec.usage in text for text in listed) for spec in COMMANDS.values())


@pytest.mark.parametrize(
    "marked",
    [
        ":login bob |hunter2",
        ":LOG bob |hunter2 x",
        " :apop bob |hunter2",
        ":auth PLAIN bob |hunter2",
        ":a PLAIN |bob hunter2",
        ":auth PLAIN bob",
        ":login  bob ",
        ":save 3 my mail",
        ":send NOOP again x",
        ": login bob hunter2",
        "login bob hunter2",
    ],
)
def test_more_words_than_a_login_takes_may_be_a_password(marked: str) -> None:
    shown, bar, _ = marked.partition("|")
    found = CONNECT_COMMANDS.beyond_words(marked.replace("|", ""))
    assert found == (len(shown) if bar else None)
