"""What is found in a session by hand: of the server, and of a person only what hurts."""

import pytest

from connect.by_hand import LOGIN, Shown, to_responder
from net.responders import Scripted
from pop3spy.session.responder import Answer

ODD = {"USER": Answer(b"+OK"), "PASS": Answer(b"+OK"), "STAT": Answer(b"+OK x y")}
STAT = "STAT answered '+OK x y', where clients read two numbers."


async def judged(replies: dict[str, Answer], *lines: str) -> Shown:
    return await to_responder(lambda: Scripted(replies), *lines, judged=True)


async def test_what_a_server_does_amiss_stands_behind_its_reply_and_in_the_verdict() -> None:
    shown = await judged(ODD, *LOGIN, "STAT", "QUIT")
    assert f" ! stat-malformed  {STAT}" in shown.behind("S: +OK x y")[:2]
    assert shown.rows[-1].startswith(
        " · A person at a console logged in as demo with PASS and ended the session with QUIT."
        f" What went wrong: {STAT}"
    )


@pytest.mark.parametrize(
    "lines",
    [
        ["XYZZY", "RETR", ":eol lf", "NOOP"],
        [*LOGIN, "DELE 1", ":quit"],
        [*LOGIN, ":pipeline", "NOOP", "NOOP", ":go", "QUIT"],
        [":split 1 NOOP"],
    ],
)
async def test_what_a_person_tries_out_is_no_fault(lines: list[str]) -> None:
    shown = await judged(dict.fromkeys(("USER", "PASS", "DELE", "QUIT"), Answer(b"+OK")), *lines)
    assert not [row for row in shown.rows if row.startswith(" !") or "went wrong" in row]


async def test_what_was_found_is_listed_however_bad_it_is() -> None:
    shown = await judged(ODD, *LOGIN, ":findings", "STAT", "STAT", ":findings", "QUIT")
    nothing, found = (place for place, row in enumerate(shown.rows) if row == " · :findings")
    # On this machine, a password in clear text is an info.
    assert shown.rows[nothing + 1].startswith(" · info     cleartext-password (exchange 2): ")
    assert f" ! error    stat-malformed (exchange 3, 2 times): {STAT}" in shown.rows[found:]


async def test_before_anything_was_found_that_is_said() -> None:
    shown = await judged({}, ":findings")
    assert " · nothing was found in 1 session" in shown.rows


async def test_a_refusal_is_explained_as_the_finding_says_it() -> None:
    locked = Answer(b"-ERR maildrop already locked")
    shown = await judged({"USER": Answer(b"+OK"), "PASS": locked}, *LOGIN, ":explain in-use")
    behind = shown.behind("S: -ERR maildrop already locked")
    assert behind[0].startswith(" ? the password was right, and another session")
    assert behind[1].startswith(" ! in-use  ")
    assert "   in-use: warning, side: config" in behind
