"""The report of a session that nobody recorded, of what a running proxy keeps of it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from logs.dialogue import CLIENT, SERVER, Play, raise_it
from pop3spy.capture.opening import opened_recording
from pop3spy.cli.judging_recordings import judge_of
from pop3spy.cli.session_report import LiveReports, SessionReports
from pop3spy.findings import Findings, own_rules
from pop3spy.live.histories import Histories
from pop3spy.protocol.frames import Side
from pop3spy.report.collected import WaitedFor
from pop3spy.report.html import page
from pop3spy.report.ladder import ladder_of
from pop3spy.report.ladder_row import Reach
from pop3spy.report.past import LiveSource, past_of, report_of_past
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Noted
from pop3spy.session.how import How
from pop3spy.session.playback import play_back
from pop3spy.session.reading import Reading
from pop3spy.web.kept_sessions import KeptSessions
from pop3spy.web.remembered import report_of_remembered
from report.made import LOGIN, QUIT, STARTED, Recorded, body, recorded, reported
from report.page import Page
from report.test_page import SAMPLES

SOURCE = LiveSource(STARTED, own_rules())


class Proxy:
    """Sessions as a proxy with an inspector keeps them."""

    def __init__(self, *, judged: bool = True) -> None:
        self.histories, self.kept = Histories(ended=9), KeptSessions()
        self.bus = Bus(raise_it)
        if judged:
            self.bus.subscribe(Findings(self.bus.publish, own_rules(), raise_it))
        for subscriber in (self.histories, self.kept):
            self.bus.subscribe(subscriber)
        self.bus.subscribe_to_notes(self.histories.note)

    def play(self, dialogue: str, how: How | None = How.QUIT) -> None:
        play = Play(Reading(1, CLIENT, SERVER, 0.0, self.bus.publish), 0.0).play(dialogue)
        if how is not None:
            play.end(how)

    def report(self, now: float = 0.0, source: LiveSource = SOURCE) -> Page:
        events = self.histories.past(1)
        assert events is not None
        session = self.kept.find(1)
        assert session is not None
        return Page(page(report_of_past(past_of(session, events, now), source)))

    def remembered(self, now: float = 0.0, source: LiveSource = SOURCE) -> Page:
        watched = self.kept.watched(1)
        assert watched is not None
        return Page(page(report_of_remembered(watched, source, now)))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_it_says_what_the_report_of_a_recording_says(sample: Path) -> None:
    histories, kept = Histories(ended=9), KeptSessions()
    with opened_recording(str(sample)) as recording:
        play_back(
            recording.items,
            histories,
            kept,
            judge=judge_of(recording.started),
            note=histories.note,
        )
        started = recording.started
    for number in kept.numbers:
        session, events = kept.find(number), histories.past(number)
        assert session is not None
        assert events is not None
        source = LiveSource(started, own_rules())
        made = page(report_of_past(past_of(session, events, 0.0), source))
        assert "Commands" in what_happened(made)
        assert what_happened(made) == what_happened(reported(sample, "--session", str(number)))


def what_happened(source: str) -> str:
    """Return the page from the verdict on, without how it is read."""
    return source.partition('id="what"')[2].partition('id="reading"')[0]


def test_it_says_that_there_is_no_recording() -> None:
    proxy = Proxy()
    proxy.play(LOGIN + QUIT)
    made = proxy.report()
    assert "there is no recording to compare this with" in made.text()
    assert "Seen by a proxy that started on 23 November 2026" in made.text()
    assert "SHA-256" not in made.text()


def test_a_session_that_goes_on_is_said_to_be_open() -> None:
    proxy = Proxy()
    proxy.play(LOGIN + "    C: RETR 1\n", None)
    text = proxy.report(now=20.0).text()
    assert "RETR 1" in text
    assert "no reply yet" in text
    assert "Still open after 20" in text
    assert "not recorded" not in text


def test_where_nobody_looked_for_findings_a_report_does() -> None:
    proxy = Proxy(judged=False)
    proxy.play(LOGIN + "    C: STAT\n    S: +OK 2 100\n    C: RETR 99\n    S: -ERR no\n" + QUIT)
    source = replace(SOURCE, judged=False)
    assert "message-number-bad" in proxy.report(source=source).text()
    assert "Nobody has looked for findings" in proxy.remembered(source=source).text()


def test_what_is_held_has_not_reached_the_server() -> None:
    proxy = Proxy()
    reading = Reading(1, CLIENT, SERVER, 0.0, proxy.bus.publish)
    Play(reading, 0.0).play(LOGIN + "    C: NOOP\n    S: +OK\n")
    read = reading.at_once(Chunk(Side.CLIENT, b"DELE 1\r\n", 1.0))
    assert read is not None
    reading.intervene(read[1], 1.0, "hold", Done(Deed.HELD, ticket=1))
    watched, events = proxy.kept.watched(1), proxy.histories.past(1)
    assert watched is not None
    assert events is not None
    [remembered] = report_of_remembered(watched, SOURCE, 9.0).sessions
    [held] = [row for row in ladder_of(remembered) if row.text == "DELE 1"]
    assert held.reach is Reach.TO_POP3SPY
    [collected] = report_of_past(past_of(watched.session, events, 9.0), SOURCE).sessions
    rows = ladder_of(collected)
    [held] = [row for row in rows if row.text == "DELE 1"]
    waits = [row.text for row in rows if row.waited_for is WaitedFor.OWN]
    assert (held.reach, waits) == (Reach.TO_POP3SPY, ["8.00 s at pop3spy"])


def test_what_a_person_noted_meanwhile_is_in_it() -> None:
    proxy = Proxy()
    proxy.play(LOGIN, None)
    proxy.bus.publish(Noted("noted", 1.0, {"text": "the cable was pulled"}))
    assert "note: the cable was pulled" in proxy.report().text()


def test_messages_and_passwords_are_not_in_it() -> None:
    proxy = Proxy()
    proxy.play(LOGIN + "    C: RETR 1\n" + body(["Subject: plans", "", "x"]) + QUIT)
    for made in (proxy.report(), proxy.remembered()):
        assert not [word for word in ("plans", "sesame123") if word in made.source]


def test_of_too_much_the_last_is_there_and_the_rest_is_counted() -> None:
    proxy = Proxy()
    many = "".join("    C: NOOP\n    S: +OK\n" for _ in range(1200))
    wrong = "    C: RETR 99\n    S: -ERR no such message\n"
    proxy.play(LOGIN + "    C: STAT\n    S: +OK 2 100\n" + many + wrong)
    made = proxy.remembered()
    assert "Here are the last 1,000 of 1,204 exchanges" in made.text()
    assert made.rows()[-1] == "r1-s1-1204"
    assert "message-number-bad" in made.text()
    assert "+OK POP3 ready" in made.text()
    assert [link for link in made.links if link[0] != "#" or link[1:] not in made.ids] == []


def test_what_stood_beside_exchanges_and_what_a_gate_did_is_remembered(tmp_path: Path) -> None:
    sample = recorded(
        tmp_path / "a.yaml", Recorded(LOGIN + "    C: CAPA\n" + body(["UIDL"]), how=None)
    )
    with sample.open("a") as more:
        edited = '{"side": "C", "by": "hold", "deed": "edited", "sent": "NOOP\\r\\n"}'
        more.write(
            '- [1.0, 1, "C", "DELE 1\\r\\n"]\n'
            f'- [1.0, 1, "gate", {edited}]\n'
            '- [2.0, 1, "S", "+OK\\r\\n"]\n'
        )
    kept = KeptSessions()
    with opened_recording(str(sample)) as recording:
        play_back(recording.items, kept)
    watched = kept.watched(1)
    assert watched is not None
    text = Page(page(report_of_remembered(watched, SOURCE, 3.0))).text()
    assert "UIDL" in text
    assert "DELE 1" in text
    assert "NOOP" in text


def test_a_recording_comes_first_where_it_can_be_read(tmp_path: Path) -> None:
    file = recorded(tmp_path / "a.yaml", LOGIN.replace("bob", "eve") + QUIT)
    proxy = Proxy()
    proxy.play(LOGIN + QUIT)
    watched = proxy.kept.watched(1)
    assert watched is not None

    def made(recording: SessionReports | None, *, whole: bool = True) -> str:
        past = proxy.histories.past if whole else lambda _: None
        return Page(asyncio.run(LiveReports(SOURCE, lambda: 0.0, past, recording)(watched))).text()

    assert "USER eve" in made(SessionReports(str(file)))
    for unreadable in (
        SessionReports(str(file), largest=10),
        SessionReports(str(tmp_path / "no.yaml")),
        None,
    ):
        assert "USER bob" in made(unreadable)
        assert "More was said" not in made(unreadable)
        assert "More was said" in made(unreadable, whole=False)
