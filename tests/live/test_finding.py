"""What was found, on the live console: in its transcript, in a list, explained."""

import pytest

from live.steering import Steered, steering
from net.wires import Wire
from pop3spy.findings import own_rules
from pop3spy.live.terminal_ui import LiveCompleter
from pop3spy.wrapping import columns

pytestmark = pytest.mark.usefixtures("either_way")

TEXT = "The server ends a status line with LF alone: some clients never see the end of the reply."
ROW = f" ! warning  bare-lf-response (s1, exchange 1): {TEXT}"


async def asked(client: Wire, server: Wire, line: bytes, reply: bytes) -> None:
    await client.send(line)
    await server.expect(line)
    await server.send(reply)
    await client.expect(reply)


async def found(steered: Steered, times: int = 1) -> tuple[Wire, Wire]:
    """Let a server end its lines as no server should; return both sides."""
    client, server = await steered.relayed.greeted()
    for _ in range(times):
        await asked(client, server, b"USER bob\r\n", b"+OK\n")
    await steered.shows("bare-lf-response")
    return client, server


async def ended(steered: Steered, client: Wire, server: Wire) -> None:
    client.close()
    server.close()
    await steered.shows("└─")


async def test_what_is_found_stands_behind_what_raised_it_and_in_the_list() -> None:
    async with steering(judged=True) as steered:
        await found(steered)
        *_, reply, finding = steered.text.splitlines()
        assert "S: +OK" in reply
        assert finding.endswith(f"! bare-lf-response  {TEXT}")
        assert (await steered.do(":findings")).splitlines() == [" · :findings", ROW]
        assert (await steered.do(":findings 1")).splitlines()[1:] == [ROW]


async def test_of_a_session_that_is_over_the_verdict_and_the_last_count_are_told() -> None:
    async with steering(judged=True) as steered:
        await ended(steered, *await found(steered, times=3))
        shown = await steered.do(":findings 1")
    assert "bare-lf-response (s1, exchange 1, 3 times)" in shown
    assert " · The client said 3 commands, none of them a login," in shown
    assert "├─ The client said 3 commands" in steered.text


async def test_where_nothing_was_found_that_is_said() -> None:
    async with steering(judged=True) as steered:
        assert "nothing was found in 0 sessions" in await steered.do(":findings")
        await steered.relayed.greeted()
        assert "nothing was found in 1 session" in await steered.do(":findings")
        assert "there is no such session" in await steered.do(":findings 2")
        assert "which session?" in await steered.do(":findings PASS tanstaafl")
        assert "tanstaafl" not in steered.text


async def test_where_nobody_looks_nothing_is_said_to_be_well() -> None:
    async with steering() as steered:
        steered.console.judges = False
        assert "nothing is looked for" in await steered.do(":findings")


async def test_a_finding_is_explained_within_the_window() -> None:
    async with steering() as steered:
        steered.columns = 60
        shown = await steered.do(":explain stat-malformed")
    rule = own_rules()["stat-malformed"]
    assert all(columns(row) <= 60 for row in shown.splitlines() if "S: " not in row)
    assert f"To do: {rule.remedy}" in " ".join(shown.split())
    assert "       C: STAT" in shown.splitlines()


EXPLAINED = [
    (":explain IN-USE", "another session has the maildrop open"),
    (":explain SSL: WRONG_VERSION_NUMBER", "port 995"),
    (":explain", "explain what?"),
    (":explain stat-malformd", "did you mean :explain stat-malformed?"),
    (":explain PASS tanstaafl", "nothing is known of that"),
]


@pytest.mark.parametrize(("line", "told"), EXPLAINED)
async def test_whatever_else_is_met_is_explained(line: str, told: str) -> None:
    async with steering() as steered:
        shown = await steered.do(line)
    assert told in shown
    assert "tanstaafl" not in shown


async def test_what_was_found_is_offered_first() -> None:
    async with steering(judged=True) as steered:
        await found(steered)
        choices = LiveCompleter(steered.console)
        assert list(choices.choices([":findings"])) == [("1", "1 finding")]
        offered = [word for word, _ in choices.choices([":explain"])]
    assert offered[0] == "bare-lf-response"
    assert sorted(offered) == sorted(own_rules())


async def test_what_the_console_says_itself_is_held_against_nobody() -> None:
    async with steering(judged=True) as steered:
        _, server = await steered.relayed.greeted()
        await steered.do(":send 1 STAT")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK x y\r\n")
        await steered.shows("s1 S: +OK x y")
        assert "nothing was found" in await steered.do(":findings")
