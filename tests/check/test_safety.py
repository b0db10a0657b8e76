"""What an audit will not do by itself, and how it keeps to what it said."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from check.auditing import audited, certificate_in, runner_of
from check.small_server import PASSWORD, SmallServer, Talk, Wrong, running
from pop3spy.check.registry import CheckOutcome
from pop3spy.check.results import AuditReport, AuditStatus
from pop3spy.net.trust import Trust

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

LOGINS = ("auth/4", "auth/5", "auth/14", "stat", "list", "uidl", "retr/9")


async def audit_of(
    wrong: Wrong, folder: Path, *select: str, **given: Any
) -> tuple[AuditReport, SmallServer]:
    with certificate_in(folder, "good") as certificate:
        async with running(wrong, certificate) as server:
            return await audited(server, *select, **given), server


def outcomes(report: AuditReport) -> dict[str, CheckOutcome]:
    return {result.check.id: result.outcome for result in report.results}


def said(server: SmallServer, *verbs: str) -> list[str]:
    """Return the commands with these verbs that the server heard."""
    return [line for line in server.heard if line.split(" ")[0].upper() in verbs]


async def test_without_a_user_nobody_logs_in(certificates: Path) -> None:
    report, server = await audit_of(Wrong(), certificates, user="", password=b"", patience=0.02)
    words = [line for line in said(server, "PASS", "APOP") if line not in ("PASS x", "APOP")]
    assert [line for line in words if not line.startswith("PASS hunter2-")] == []
    assert said(server, "DELE") == ["DELE 1"]  # before the login, to see that it is refused
    assert server.logins == report.used.logins == 0


async def test_no_password_goes_over_clear_text_to_another_machine(certificates: Path) -> None:
    wrong = Wrong(stls=False, pop3s=False)
    report, server = await audit_of(wrong, certificates, *LOGINS, remote=True)
    assert PASSWORD not in " ".join(server.heard)
    assert set(outcomes(report).values()) == {CheckOutcome.SKIPPED}
    assert "clear text" in report.results[0].judgement.note


async def test_it_does_if_that_is_allowed(certificates: Path) -> None:
    wrong = Wrong(stls=False, pop3s=False)
    given = {"remote": True, "clear_login": True}
    report, server = await audit_of(wrong, certificates, "auth/4", **given)
    assert outcomes(report) == {"auth/4": CheckOutcome.PASS}
    assert server.logins == 1


async def test_no_password_goes_to_a_server_that_is_not_believed(certificates: Path) -> None:
    given = {"remote": True, "trust": Trust()}
    report, server = await audit_of(Wrong(), certificates, *LOGINS, **given)
    assert PASSWORD not in " ".join(server.heard)
    assert set(outcomes(report).values()) == {CheckOutcome.SKIPPED}


async def test_a_refused_password_is_not_said_again(certificates: Path) -> None:
    wrong = Wrong(replies={"PASS.*": b"-ERR no\r\n"})
    report, server = await audit_of(wrong, certificates, *LOGINS)
    assert len([line for line in said(server, "PASS") if PASSWORD in line]) == 1
    found = outcomes(report)
    assert found.pop("auth/4") is CheckOutcome.FAIL
    assert set(found.values()) == {CheckOutcome.SKIPPED}
    assert report.status is AuditStatus.UNFINISHED


async def test_a_maildrop_in_use_is_tried_again(certificates: Path) -> None:
    replies = [b"-ERR [IN-USE] wait\r\n"] * 2

    def enter(talk: Talk, text: str) -> bytes:
        return replies.pop() if replies else talk.correct(text)

    wrong = Wrong(replies={"PASS.*": enter})
    report, server = await audit_of(wrong, certificates, "auth/4")
    assert outcomes(report) == {"auth/4": CheckOutcome.PASS}
    assert report.used.logins == len(said(server, "PASS")) == 3


async def test_a_login_delay_is_kept(certificates: Path) -> None:
    caps = ("USER", "UIDL", "LOGIN-DELAY 1")
    wrong = Wrong(before=caps, inside=caps)
    began = time.monotonic()
    report, server = await audit_of(
        wrong, certificates, "auth/4", "auth/5", ignore_login_delay=False
    )
    assert time.monotonic() - began >= 2.0
    assert report.used.logins == 2
    assert "LOGIN-DELAY 1" in report.plan.text
    assert server.logins == 1  # the second is refused, since PASS has to follow USER at once


async def test_a_long_login_delay_leaves_one_login(certificates: Path) -> None:
    caps = ("USER", "UIDL", "LOGIN-DELAY 900")
    wrong = Wrong(before=caps, inside=caps)
    report, server = await audit_of(wrong, certificates, *LOGINS, ignore_login_delay=False)
    found = outcomes(report)
    assert (found["stat/1"], found["auth/5"]) == (CheckOutcome.PASS, CheckOutcome.SKIPPED)
    assert server.logins == report.used.logins == 1


async def test_where_retrieving_deletes_nothing_is_retrieved(certificates: Path) -> None:
    caps = ("USER", "UIDL", "TOP", "EXPIRE 0")
    wrong = Wrong(before=caps, inside=caps)
    report, server = await audit_of(wrong, certificates, "retr", "top", "list/13", "uidl", "stat/5")
    numbered = [line for line in said(server, "RETR", "TOP") if line.split(" ")[1:2] > ["0"]]
    assert [line for line in numbered if line != "RETR 4"] == []
    assert outcomes(report)["retr/1"] is CheckOutcome.SKIPPED
    report, server = await audit_of(wrong, certificates, "retr/1", retr=True)
    assert outcomes(report) == {"retr/1": CheckOutcome.PASS}


async def test_the_plan_is_a_bound(certificates: Path) -> None:
    report, server = await audit_of(Wrong(), certificates, *LOGINS, max_logins=2)
    assert server.logins <= report.used.logins <= report.plan.logins == 2
    notes = {result.judgement.note for result in report.results}
    assert "the plan allows 2 logins, and they are used up" in notes


async def test_nothing_is_marked_unless_that_is_allowed(certificates: Path) -> None:
    report, server = await audit_of(Wrong(), certificates, "dele")
    assert said(server, "DELE") == []
    assert set(outcomes(report).values()) == {CheckOutcome.SKIPPED}


async def test_no_quit_follows_a_mark(certificates: Path) -> None:
    _, server = await audit_of(Wrong(), certificates, "dele", dele="drop")
    marks = [at for at, line in enumerate(server.heard) if line.startswith("DELE")]
    assert marks
    assert "QUIT" not in server.heard[marks[0] :]
    assert len(server.messages) == 3


async def test_a_mark_that_stays_ends_all_further_marking(certificates: Path) -> None:
    wrong = Wrong(rset_undoes=False)
    report, server = await audit_of(wrong, certificates, "dele", dele="drop")
    found = outcomes(report)
    assert found.pop("dele/1") is CheckOutcome.FAIL
    assert set(found.values()) == {CheckOutcome.SKIPPED}
    assert len(said(server, "DELE")) == 1
    assert len(server.messages) == 3


@pytest.mark.parametrize("after", range(1, 121, 15))
async def test_it_can_be_stopped_anywhere(after: int, certificates: Path) -> None:
    """It is stopped as soon as the server has heard so many commands."""
    with certificate_in(certificates, "good") as certificate:
        async with running(Wrong(), certificate) as server:
            select = ("auth/4", "list", "retr", "dele", "lock")
            runner = runner_of(server, *select, dele="drop")

            async def audit() -> None:
                await runner.prepare()
                await runner.run()

            async with asyncio.TaskGroup() as group:
                task = group.create_task(audit())
                server.most = after
                heard = group.create_task(server.enough.wait())
                await asyncio.wait((task, heard), return_when=asyncio.FIRST_COMPLETED)
                task.cancel()
                heard.cancel()
            assert len(server.messages) == 3
    runner.stop("it was interrupted")
    assert runner.report.status is AuditStatus.UNFINISHED


async def test_wrong_logins_are_for_an_invented_name(certificates: Path) -> None:
    _, server = await audit_of(Wrong(), certificates, "auth", "oauth", wrong_login=True)
    names = {line.split(" ")[1] for line in said(server, "USER") if " " in line}
    assert {name for name in names if not name.startswith("nobody-")} == {"bob"}
    wrong = [line for line in said(server, "PASS") if PASSWORD not in line and " " in line]
    assert len([line for line in wrong if line != "PASS x"]) == 1


async def test_what_cannot_be_finished_is_an_error(certificates: Path) -> None:
    wrong = Wrong(refuses_after=7)  # six find out what there is, one is left
    report, _ = await audit_of(wrong, certificates, "quit/1", "quit/3")
    assert outcomes(report) == {"quit/1": CheckOutcome.PASS, "quit/3": CheckOutcome.ERROR}
    assert report.status is AuditStatus.UNFINISHED
    assert report.unfinished.startswith("quit/3: the server did not greet: a close")
