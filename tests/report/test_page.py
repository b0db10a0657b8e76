"""The page: it loads nothing, hides what it says, and every link in it leads somewhere."""

import os
import re
import stat
import subprocess
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest

from cli.program import COMMAND, run_here
from pop3spy.report.limits import EXCHANGES, SESSIONS
from pop3spy.session.how import How
from report.made import LOGIN, QUIT, Recorded, body, recorded, reported
from report.page import Page, policy_hash

SAMPLES = sorted((Path(__file__).parents[2] / "captures").glob("*.yaml"))
PARTS = ["What is hidden, and what is not", "What happened", "Findings", "Overview"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_report_has_its_parts_in_order_and_every_link_leads_somewhere(sample: Path) -> None:
    page = Page(reported(sample))
    assert page.headings[:4] == PARTS
    assert page.headings[4].startswith("Session 1")
    assert page.headings[-2:] == ["Facts", "How to read this"]
    assert len(page.ids) == len(set(page.ids))
    assert [link for link in page.links if link[0] != "#" or link[1:] not in page.ids] == []
    assert len(page.source) < 100_000


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_exchange_and_every_finding_of_a_sample_is_there(sample: Path) -> None:
    page = Page(reported(sample))
    linted = run_here("lint", str(sample), "--fail-on", "never").out
    found = set(re.findall(r"^  (?:error|warning|info) +([a-z-]+)", linted, re.MULTILINE))
    shown = run_here("show", str(sample), "--findings", "off").out
    said = {
        line.partition(" C: ")[2].split("  ")[0].strip()
        for line in shown.splitlines()
        if " C: " in line
    }
    assert found
    assert said
    assert {name for name in found if f"{name}, " not in page.inside("code")} == set()
    assert {line for line in said if line and line not in page.text()} == set()


def test_it_loads_nothing_and_says_so_to_the_browser(tmp_path: Path) -> None:
    page = Page(reported(recorded(tmp_path / "a.yaml", LOGIN + QUIT)))
    policy = next(one for one in page.elements if "http-equiv" in one.attributes).attributes[
        "content"
    ]
    assert policy.startswith("default-src 'none'; ")
    for name in ("style", "script"):
        assert f"{name}-src {policy_hash(page.inside(name))}" in policy
        assert sum(one.name == name for one in page.elements) == 1
    assert {one.name for one in page.elements} & {
        "link",
        "img",
        "iframe",
        "form",
        "object",
    } == set()
    loading = [one for one in page.elements if {"src", "srcset", "style"} & set(one.attributes)]
    assert loading == []
    handlers = [name for one in page.elements for name in one.attributes if name.startswith("on")]
    assert handlers == []
    assert "url(" not in page.inside("style")
    assert "@import" not in page.inside("style")
    assert len(page.inside("script")) < 15_000


def test_whoever_gets_it_reads_first_what_is_hidden(tmp_path: Path) -> None:
    message = "    C: RETR 1\n" + body(["Subject: secret plans", "", "x"])
    file = recorded(tmp_path / "a.yaml", LOGIN + message + QUIT)
    masked, kept = Page(reported(file)).text(), Page(reported(file, "--bodies", "keep")).text()
    assert "All hidden, as ████████ whatever their length: 1 place" in masked
    assert "Shown: user names, addresses" in masked
    assert "Hidden: of messages only the sizes are told" in masked
    assert "secret plans" not in masked
    assert "Included: subject, sender and the first 12 lines" in kept
    assert "“secret plans”" in kept
    assert f"{file.stat().st_size:,} octets, SHA-256" in masked


def test_a_body_that_nobody_kept_is_no_hidden_password(tmp_path: Path) -> None:
    message = "    C: RETR 1\n" + body(["Subject: secret plans", "", "x"])
    file = recorded(tmp_path / "a.yaml", LOGIN + message + QUIT)
    copy = tmp_path / "copy.yaml"
    assert run_here("scrub", str(file), "-o", str(copy), "--bodies", "drop").status == 0
    assert "whatever their length: 1 place here" in Page(reported(copy)).text()


def test_a_strict_report_names_nobody(tmp_path: Path) -> None:
    said = LOGIN.replace("ready", "ready at pop.corp.example") + (
        "    C: UIDL\n"
        + body(["1 abc.def@corp.example"])
        + "    C: RETR 1\n"
        + body(["Subject: secret plans", "From: mallory@corp.example", "", "x"])
        + "    C: RETR 2\n    S: -ERR bob has no message 2 at pop.corp.example\n"
    )
    file = recorded(tmp_path / "of-bob.yaml", said + QUIT)
    certificate = (
        '{"version": "TLSv1.3", "cipher": "AES", "subject": "shop.corp.example",'
        ' "issuer": "mallory-ca", "names": ["imap.corp.example"], "asked": "ask.corp.example"}'
    )
    lines = file.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if '"open"' in line) + 1
    lines.insert(place, f'- [0.0, 1, "note", {{"tls": {certificate}}}]\n')
    file.write_text("".join(lines))
    assert "shop.corp.example" in reported(file)
    for form in ("html", "markdown", "svg"):
        text = reported(file, "--redact", "strict", "--format", form).lower()
        for name in (
            "bob",
            "corp.example",
            "abc.def",
            "secret plans",
            "mallory",
            "127.0.0.1",
            "mail.example",
        ):
            assert name not in text, (form, name)
    filtered = reported(file, "--redact", "strict", "--filter", "user = bob")
    assert "bob" not in filtered
    assert "Only some of the exchanges are here" in filtered
    page = Page(reported(file, "--redact", "strict")).text()
    assert "Hidden (--redact strict)" in page
    assert "user-1" in page
    status, _, err = run_here("report", str(file), "--redact", "strict", "--bodies", "keep")
    assert (status, err.count("\n")) == (2, 1)


def test_a_file_is_for_its_owner_alone_and_nothing_is_overwritten(tmp_path: Path) -> None:
    file = recorded(tmp_path / "a.yaml", LOGIN + QUIT)
    out = tmp_path / "report.html"
    status, said, err = run_here("report", str(file), "-o", str(out))
    assert (status, said) == (0, "")
    assert err.startswith(f"pop3spy: {out}: 1 session, ")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_bytes()
    status, _, err = run_here("report", str(file), "-o", str(out))
    assert (status, err) == (2, f"pop3spy: {out} exists; nothing is overwritten\n")
    assert out.read_bytes() == before


def test_several_recordings_share_one_report(tmp_path: Path) -> None:
    first = recorded(tmp_path / "a.yaml", LOGIN + QUIT)
    second = recorded(tmp_path / "b.yaml", LOGIN + QUIT, Recorded(LOGIN, 60.0, None))
    status, out, _ = run_here("report", str(first), str(second))
    page = Page(out)
    assert status == 0
    assert [id_ for id_ in page.ids if re.fullmatch(r"r\d-s\d", id_)] == ["r1-s1", "r2-s1", "r2-s2"]
    assert "r2 s2" in page.text()
    assert page.source.count("SHA-256") == 2
    assert "not recorded to its end" in page.text()


def test_what_was_hidden_when_it_was_recorded_stays_hidden(tmp_path: Path) -> None:
    message = "    C: RETR 1\n" + body(["Subject: secret plans", "", "x"])
    file = recorded(tmp_path / "of-bob.yaml", LOGIN + message + QUIT)
    copy = tmp_path / "copy-of-bob.yaml"
    scrub = ("scrub", str(file), "-o", str(copy), "--redact", "strict", "--bodies", "keep")
    assert run_here(*scrub).status == 0
    text = Page(reported(copy, "--bodies", "keep")).text()
    assert "Hidden: of messages only the sizes are told" in text
    for name in ("secret plans", "of-bob", "mail.example.org"):
        assert name not in text


def test_recordings_are_read_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    first = recorded(tmp_path / "b.yaml", LOGIN + QUIT)
    later = recorded(tmp_path / "a.yaml", LOGIN + QUIT)
    later.write_text(later.read_text().replace("2026-11-23T10", "2026-11-24T10"))
    status, out, _ = run_here("report", str(later), str(first))
    assert status == 0
    dates = [text for one, text in Page(out).texts if one.name == "span" and "November" in text]
    assert [date.split()[1] for date in dates] == ["23", "24"]


def test_what_can_be_read_once_is_counted_as_it_is_read(tmp_path: Path) -> None:
    file = recorded(tmp_path / "a.yaml", LOGIN + QUIT)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    digest = sha256(file.read_bytes()).hexdigest()
    writer = Thread(target=lambda: pipe.write_bytes(file.read_bytes()))
    writer.start()
    status, out, _ = run_here("report", str(pipe))
    writer.join()
    assert status == 0
    assert digest in out
    with file.open("rb") as stdin:
        done = subprocess.run(
            [*COMMAND, "report", "-"], stdin=stdin, capture_output=True, check=True
        )
    assert digest in done.stdout.decode()


@pytest.mark.parametrize("kind", ["pcapng", "rawlog"])
def test_it_reads_what_show_reads(kind: str, tmp_path: Path) -> None:
    file = recorded(tmp_path / "a.yaml", LOGIN + QUIT)
    other = tmp_path / "log.in"
    if kind == "pcapng":
        assert run_here("export", str(file), "--to", "pcapng", "-o", str(other)).status == 0
    else:
        other.write_bytes(b"USER bob\r\nQUIT\r\n")
        (tmp_path / "log.out").write_bytes(b"+OK\r\n+OK\r\n+OK bye\r\n")
    page = Page(reported(other))
    assert "QUIT" in page.text()
    assert page.source.count("SHA-256") == 1


def test_a_part_says_that_it_is_one(tmp_path: Path) -> None:
    file = recorded(tmp_path / "a.yaml", LOGIN + QUIT, Recorded(LOGIN + QUIT, 5.0))
    words = ("--session", "2", "--filter", "verb = USER")
    page = Page(reported(file, *words))
    assert page.rows() == ["r1-s2-1"]
    part = ("Only exchanges with verb = USER are here", "Other sessions were left out")
    for form in ("html", "markdown", "svg"):
        text = reported(file, *words, "--format", form).replace("\\", "")
        assert all(sentence in text for sentence in part), form
    assert run_here("report", str(file), "--session", "7")[0] == 3


def many(number: int) -> str:
    return LOGIN + "".join(f"    C: RETR {n}\n" + body(["x"]) for n in range(number)) + QUIT


def test_what_is_left_out_of_ten_thousand_exchanges_is_counted(tmp_path: Path) -> None:
    page = Page(reported(recorded(tmp_path / "a.yaml", many(10_000))))
    assert len(page.source) < 1_000_000
    counted = re.findall(
        r"([\d,]+) exchanges? \([^)]*\), all \+OK(, not in this report)?", page.text()
    )
    gone = sum(int(number.replace(",", "")) for number, left_out in counted if left_out)
    assert gone + len(page.rows()) == 10_003
    assert EXCHANGES <= len(page.rows()) <= EXCHANGES + 100


def test_refused_commands_are_counted_too_when_there_are_thousands(tmp_path: Path) -> None:
    refused = "".join(f"    C: DELE {n}\n    S: -ERR no\n" for n in range(5_000))
    page = Page(reported(recorded(tmp_path / "a.yaml", LOGIN + refused + QUIT)))
    assert len(page.source) < 1_000_000
    left = re.findall(
        r"([\d,]+) exchanges? \([^)]*\), [\d,]+ refused, not in this report", page.text()
    )
    gone = sum(int(number.replace(",", "")) for number in left)
    assert gone + len(page.rows()) == 5_003


def test_of_many_sessions_those_that_went_wrong_are_told_first(tmp_path: Path) -> None:
    sessions = [Recorded(f"    S: +OK\n{QUIT}", 9.0 * n) for n in range(SESSIONS + 20)]
    cut_off = LOGIN + "    C: RETR 1\n    S: +OK 500 octets\n    half\n"
    sessions.append(Recorded(cut_off, 9_000.0, How.SERVER_CLOSED))
    page = Page(reported(recorded(tmp_path / "a.yaml", *sessions)))
    others = f"Nothing worse than an info was found in the other {SESSIONS - 1} sessions."
    assert others in page.text()
    assert f"r1-s{SESSIONS + 21}" in page.ids
    assert "21 more sessions are not in this report" in page.text()
    assert [link for link in page.links if link[1:] not in page.ids] == []


def test_sessions_of_the_same_number_are_all_there(tmp_path: Path) -> None:
    file = recorded(
        tmp_path / "a.yaml", LOGIN + QUIT, Recorded(LOGIN.replace("bob", "eve") + QUIT, 9.0)
    )
    file.write_text(file.read_text().replace(", 2, ", ", 1, "))
    page = Page(reported(file))
    assert "USER bob" in page.text()
    assert "USER eve" in page.text()
    assert len(page.ids) == len(set(page.ids))
    assert "Session 1.2" in page.text()


def test_each_session_is_told_what_was_found_there(tmp_path: Path) -> None:
    said = [LOGIN + f"    C: STAT\n    S({wait}): +OK 0 0\n" + QUIT for wait in (20, 300)]
    page = Page(reported(recorded(tmp_path / "a.yaml", said[0], Recorded(said[1], 900.0))))
    rows = [text for one, text in page.texts if one.name == "p" and "to answer STAT" in text]
    assert any("20 s" in row for row in rows)
    assert any("5 min" in row for row in rows)


def test_a_finding_is_marked_wherever_it_was_seen(tmp_path: Path) -> None:
    wrong = "".join(f"    C: RETR {n}\n    S: -ERR no such message\n" for n in range(91, 97))
    said = LOGIN + "    C: STAT\n    S: +OK 2 100\n" + wrong + QUIT
    page = Page(reported(recorded(tmp_path / "a.yaml", said)))
    marks = [one for one, text in page.texts if one.name == "a" and text == "message-number-bad"]
    rows = [one for one in marks if one.inside[-1] == "p"]
    assert len(rows) == 6


def test_lines_inside_an_exchange_are_bounded_and_counted(tmp_path: Path) -> None:
    steps = "".join("    S: + eA==\n    C: eA==\n" for _ in range(2_000))
    file = recorded(
        tmp_path / "a.yaml", "    S: +OK\n    C: AUTH X\n" + steps + "    S: -ERR\n" + QUIT
    )
    for form in ("html", "svg", "markdown"):
        text = reported(file, "--format", form)
        assert len(text) < 100_000, form
        assert "3,960 more lines" in text, form


def test_what_passes_inside_tls_is_said_to_be_unknown(tmp_path: Path) -> None:
    hello = "\\x16\\x03\\x01\\x00\\x05hello\\c"
    file = recorded(tmp_path / "a.yaml", f"    S: +OK\n    C: STLS\n    S: +OK\n    C: {hello}\n")
    text = Page(reported(file)).text()
    assert "None was said in what is here. What was said inside TLS that passed unread" in text


def test_a_name_of_a_file_is_safe_to_copy_into_a_shell(tmp_path: Path) -> None:
    page = reported(recorded(tmp_path / "-x;id #.yaml", many(10_000)))
    assert "pop3spy show --session 1 &#39;./-x;id #.yaml&#39;" in page


def test_notes_of_a_person_are_in_the_sessions_that_were_open(tmp_path: Path) -> None:
    file = recorded(tmp_path / "a.yaml", Recorded(LOGIN, how=None))
    with file.open("a") as more:
        more.write('- [9.0, 0, "note", {"text": "the cable was pulled by bob"}]\n')
    assert "note: the cable was pulled by bob" in Page(reported(file)).text()
    assert "cable" not in reported(file, "--redact", "strict")
