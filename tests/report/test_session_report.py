"""The report of one session, as a page of the inspector asks for it."""

from pathlib import Path

import pytest

from logs.dialogue import CLIENT, SERVER
from pop3spy.cli.session_report import SessionReports
from pop3spy.errors import CaptureError
from pop3spy.session.model import Session
from report.made import LOGIN, QUIT, Recorded, recorded
from report.page import Page


def test_it_is_a_report_of_that_session_alone(tmp_path: Path) -> None:
    other = Recorded(LOGIN.replace("bob", "eve") + QUIT, 9.0)
    file = recorded(tmp_path / "a.yaml", LOGIN + QUIT, other)
    page = Page(SessionReports(str(file)).page_of(Session(2, CLIENT, SERVER, 9.0)))
    assert "USER eve" in page.text()
    assert "USER bob" not in page.text()
    assert "Other sessions were left out" in page.text()


def test_a_large_recording_is_left_to_the_command_line(tmp_path: Path) -> None:
    file = recorded(tmp_path / "a.yaml", LOGIN + QUIT)
    with pytest.raises(CaptureError, match=r"pop3spy report .*a\.yaml --session 1 -o report\.html"):
        SessionReports(str(file), largest=10).page_of(Session(1, CLIENT, SERVER, 0.0))
