"""Why a message has another size than was listed: a table, and servers that count right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings.doors import ids, on_tape

END = r"\r\n"
FIVE = r"A: b\r\n\r\nx\r\ny\r\nz\r\n"
"""A message of five lines and 17 octets."""
LISTED = {
    # why: octets listed, what came, what is found
    "nothing differs": (17, FIVE, []),
    "line ends are counted as one octet": (12, FIVE, ["size-lf-counted"]),
    "the last line had no end": (15, FIVE, ["size-final-newline"]),
    "three lines are no rule": (8, r"A: b\r\n\r\nx\r\n", ["size-mismatch"]),
    "one message with its dot counted is no rule": (20, FIVE, ["size-mismatch"]),
    "nobody knows": (99, FIVE, ["size-mismatch"]),
    "doubled dots are counted": (25, FIVE + r"..\r\n..\r\n", ["size-counts-stuffing"]),
    "doubled dots are not counted": (23, FIVE + r"..\r\n..\r\n", []),
    "dots are doubled twice": (21, FIVE + r"...x\r\n", []),
    "dots are not doubled": (21, FIVE + r".x\r\n", []),
    "a bare LF is counted as CRLF": (23, FIVE + r"x\ny", []),
    "a bare LF is counted as it is": (22, FIVE + r"x\ny", []),
}
LINES = 10_000
LONG = r"A: b\r\n\r\n" + rf"{{{'x' * 30}\r\n*{LINES}}}"
LONG_OCTETS = 8 + 32 * LINES
"""More than all line ends are counted of."""
TEXT = st.text("ab.-+ ", max_size=20)


def retrieved(listed: int, body: str) -> str:
    """Return a session that lists a message with so many octets, and has it come."""
    end = "" if body.endswith((END, "}")) else END
    return rf"""
        -- login
        C: LIST 1
        S: +OK 1 {listed}
        C: RETR 1
        S< +OK\r\n{body}{end}.\r\n
    """


def sizes(text: str) -> list[str]:
    """Return what is found of sizes."""
    return [name for name in ids(on_tape(text)) if name.startswith("size-")]


@pytest.mark.parametrize(("listed", "body", "found"), LISTED.values(), ids=LISTED.keys())
def test_a_difference_has_one_explanation(listed: int, body: str, found: list[str]) -> None:
    assert sizes(retrieved(listed, body)) == found


@pytest.mark.parametrize("more", [-LINES, -5, 0, 5, LINES])
def test_of_a_message_whose_lines_nobody_counted_nothing_is_guessed(more: int) -> None:
    assert sizes(retrieved(LONG_OCTETS + more, LONG)) == []


def test_what_lines_cannot_explain_is_told_of_a_long_message_too() -> None:
    assert sizes(retrieved(LONG_OCTETS - 2, LONG)) == ["size-final-newline"]
    assert sizes(retrieved(LONG_OCTETS * 3, LONG)) == ["size-mismatch"]


@given(mails=st.lists(st.lists(TEXT, max_size=6), min_size=1, max_size=4), times=st.integers(1, 2))
def test_a_server_that_counts_right_is_accused_of_nothing(
    mails: list[list[str]], times: int
) -> None:
    messages = [["Subject: x", "", *lines] for lines in mails]
    listed = [sum(len(line) + len("\r\n") for line in message) for message in messages]
    numbers = range(1, len(messages) + 1)
    scan = "".join(f"{n} {size}{END}" for n, size in zip(numbers, listed, strict=True))
    unique = "".join(f"{n} id{n}{END}" for n in numbers)
    said = ["-- login", "C: STAT", f"S: +OK {len(messages)} {sum(listed)}"]
    said += ["C: LIST", f"S< +OK{END}{scan}.{END}", "C: UIDL", f"S< +OK{END}{unique}.{END}"]
    for number, message in zip(numbers, messages, strict=True):
        stuffed = "".join("." * line.startswith(".") + line + END for line in message)
        said += [f"C: RETR {number}", f"S< +OK{END}{stuffed}.{END}"] * times
        said += [f"C: TOP {number} 99", f"S< +OK{END}{stuffed}.{END}"]
        said += [f"C: DELE {number}", "S: +OK"]
    said += ["C: QUIT", "S: +OK", "-- server closes"]
    assert ids(on_tape("\n".join(said))) == []
