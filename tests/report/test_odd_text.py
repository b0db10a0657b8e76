"""Whatever a peer says, it stays text, and stays in its place."""

import re
import unicodedata
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import FROM_BOTH, FROM_CLIENT, FROM_SERVER, recut, wild_talk
from dialogue import Said
from pop3spy.protocol.frames import Side
from pop3spy.report import html, markdown, svg
from pop3spy.report.markdown import escaped
from pop3spy.session.model import Peer
from report.made import LOGIN, QUIT, Recorded, body, recorded, report_of, reported
from report.page import Page

UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
ODD = [
    "<script>alert(1)</script>",
    '" onload=alert(1) x="',
    "</style></script><img src=x>",
    "{{ 7*7 }}{% for x in y %}",
    "&lt;b&gt; &#x202e;",
    "```\\n# heading\\n|a|b|",
]
"""Wire text, as a dialogue writes it."""
TALK = st.lists(
    st.tuples(st.just(Side.CLIENT), st.sampled_from([*FROM_CLIENT, *FROM_BOTH, b"UIDL\r\n"]))
    | st.tuples(st.just(Side.SERVER), st.sampled_from([*FROM_SERVER, *FROM_BOTH, b"\x1b[2J\x9b"])),
    max_size=25,
)


@pytest.mark.parametrize("odd", ODD)
def test_markup_of_a_peer_is_text(odd: str, tmp_path: Path) -> None:
    said = (
        LOGIN
        + f"    C: XFOO {odd}\n    S: -ERR {odd}\n    C: UIDL\n"
        + body([f"1 {odd}"])
        + "    C: RETR 1\n"
        + body([f"Subject: {odd}", f"From: {odd}", "", odd])
    )
    file = recorded(tmp_path / "a.yaml", said + QUIT)
    plain_page = Page(reported(recorded(tmp_path / "b.yaml", LOGIN + QUIT)))
    page = Page(reported(file, "--bodies", "keep"))
    assert {one.name for one in page.elements} <= {one.name for one in plain_page.elements} | {
        "pre",
        "bdi",
        "details",
        "summary",
    }
    assert not [one for one in page.elements if {"onload", "src", "style"} & set(one.attributes)]
    shown = odd.split("\\n", maxsplit=1)[0]
    assert shown in page.text()


def test_nothing_turns_the_writing_round_or_moves_a_cursor(tmp_path: Path) -> None:
    said = (
        LOGIN
        + "    C: RETR 1\n"
        + body(["Subject: \\xe2\\x80\\xae\\x1b[31m\\xd7\\xa9", "", "\\x00\\xff"])
    )
    text = reported(recorded(tmp_path / "a.yaml", said + QUIT), "--bodies", "keep")
    assert [char for char in text if unicodedata.category(char) in UNSAFE - {"Cc"}] == []
    assert [char for char in text if unicodedata.category(char) == "Cc" and char != "\n"] == []
    for shown in ("\\u202e", "\\x1b[31m", "\\x00\\xff", "ש"):
        assert shown in text


def test_a_line_of_sixteen_kilobytes_is_cut_and_says_so(tmp_path: Path) -> None:
    said = LOGIN + f"    C: NOOP\n    S: -ERR {'x' * 16_000}\n" + QUIT
    page = Page(reported(recorded(tmp_path / "a.yaml", said)))
    assert "… (15,805 more characters)" in page.text()
    assert len(page.source) < 60_000


@given(TALK)
def test_nothing_that_is_said_breaks_a_report(said: list[tuple[Side, bytes]]) -> None:
    login = [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"USER b\r\n"), (Side.SERVER, b"+OK\r\n")]
    login += [(Side.CLIENT, b"PASS x\r\n"), (Side.SERVER, b"+OK\r\n")]
    hostile = Peer("\x1b]8;;x\x07\u202e\n<b>", 1)
    made = report_of([*login, *said], client=hostile, mail=True)
    page = Page(html.page(made))
    assert [link for link in page.links if link[1:] not in page.ids] == []
    ET.fromstring(svg.picture(made))
    for text in (page.source, markdown.ticket(made), svg.picture(made)):
        assert not {unicodedata.category(char) for char in text.replace("\n", "")} & UNSAFE


@given(wild_talk, st.data())
def test_how_it_was_cut_changes_no_report(talk: list[Said], data: st.DataObject) -> None:
    login = [(Side.SERVER, b"+OK\r\n"), (Side.CLIENT, b"PASS xyzzy\r\n"), (Side.SERVER, b"+OK\r\n")]
    found = [
        html.page(report_of([*login, *chunks], mail=True))
        for chunks in (talk, data.draw(recut(talk)))
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("odd", ["*a*", "_b_", "<sub>", "[x](y)", "# h", "|", "`c`", "&amp;", "!["])
def test_a_ticket_has_no_markup_that_a_peer_said(odd: str, tmp_path: Path) -> None:
    refused = (
        f"    S: +OK\n    C: USER bob\n    S: +OK\n    C: PASS sesame\n    S: -ERR [AUTH] q{odd}q\n"
    )
    said = refused + QUIT
    text = reported(recorded(tmp_path / "a.yaml", said), "--format", "markdown")
    fenced = text.partition("```text\n")[2].partition("```")[0]
    assert f"q{odd}q" in fenced
    assert f"q{odd}q" not in text.replace(fenced, "")
    assert escaped(f"q{odd}q'.") in text


def test_a_fence_of_a_peer_does_not_end_that_of_the_ticket(tmp_path: Path) -> None:
    said = LOGIN + "    C: NOOP\n    S: -ERR ````` # heading\n" + QUIT
    text = reported(recorded(tmp_path / "a.yaml", said), "--format", "markdown")
    assert text.count("``````") == 2
    assert text.index("# heading") < text.rindex("``````")


@pytest.mark.parametrize(
    "name", ["http://evil.example/x?y", "www.evil.example", "bob@example.org", "@octocat", "a/b#1"]
)
def test_nothing_that_a_peer_said_becomes_a_link_of_a_ticket(name: str, tmp_path: Path) -> None:
    said = (
        f"    S: +OK\n    C: USER {name}\n    S: +OK\n    C: PASS sesame\n    S: -ERR no\n" + QUIT
    )
    text = reported(recorded(tmp_path / "a.yaml", said), "--format", "markdown")
    prose = re.sub(r"(?s)```.*?```", "", text)
    assert f"`{name}`" in prose
    assert name not in re.sub(r"`[^`]*`", "", prose)


@pytest.mark.parametrize("note", ['{"passing": {"side": "odd"}}', '{"tls": {"side": "odd"}}'])
def test_a_side_that_is_none_is_nobodys(note: str, tmp_path: Path) -> None:
    file = recorded(tmp_path / "a.yaml", Recorded(LOGIN, how=None))
    with file.open("a") as more:
        more.write(f'- [9.0, 1, "note", {note}]\n')
    assert Page(reported(file)).rows()
