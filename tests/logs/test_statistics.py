"""What is counted of each command: replies that came late, broke off, or never came."""

from logs.dialogue import Stage
from pop3spy.logs.stats import Statistics
from pop3spy.session.how import How

DIALOGUE = """S: +OK
C: STAT
S: +OK 0 0
C: RETR 1
S: +OK
S: a
"""


def table(dialogue: str, how: How) -> dict[str, dict[str, str]]:
    stage, stats = Stage(), Statistics()
    stage.bus.subscribe(stats)
    stage.session().play(dialogue).end(how)
    head, *rows = [line.split("  ") for line in stats.table().splitlines()]
    names = [name.strip() for name in head if name.strip()]
    found = {}
    for row in rows:
        name, *cells = [cell.strip() for cell in row if cell.strip()]
        found[name] = dict(zip(names[1:], cells, strict=True))
    return found


def test_a_reply_that_broke_off_is_counted_as_cut() -> None:
    found = table(DIALOGUE, How.SERVER_CLOSED)
    assert (found["RETR"]["cut"], found["RETR"]["none"]) == ("1", "0")
    assert (found["STAT"]["cut"], found["STAT"]["none"]) == ("0", "0")
    assert found["RETR"]["end p95"] == "-"
    assert found["RETR"]["p50"] != "-"


def test_a_command_without_a_reply_is_counted_as_none() -> None:
    found = table("S: +OK\nC: STAT\n", How.CLIENT_CLOSED)
    assert (found["STAT"]["cut"], found["STAT"]["none"]) == ("0", "1")
    assert {found["STAT"][name] for name in ("p50", "p95", "end p95", "max")} == {"-"}


def test_a_table_fits_a_terminal_of_80_columns() -> None:
    stage, stats = Stage(), Statistics()
    stage.bus.subscribe(stats)
    stage.session().play(DIALOGUE).end(How.SERVER_CLOSED)
    assert max(map(len, stats.table().splitlines())) <= 80
