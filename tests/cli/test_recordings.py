"""Recordings from one end to the other: recorded, shown, exported, compared, played again."""

import json
import mailbox
import os
from pathlib import Path
from poplib import error_proto

import pytest

from cli.program import Ended, client, run, run_here, running, serving

APOP = str(Path(__file__).parents[2] / "captures" / "postoffice-apop.yaml")
"""A recording of two sessions."""


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of the demo's messages, retrieved through the proxy and recorded by it."""
    path = tmp_path_factory.mktemp("recordings") / "session.yaml"
    with serving() as port:
        args = ("--upstream", f"127.0.0.1:{port}", "--listen", ":0", "--quiet", "--record", path)
        with running("proxy", *args) as proxy:
            pop = client(proxy.port())
            pop.user("demo")
            pop.pass_("demo")
            pop.stat()
            pop.list()
            pop.uidl()
            pop.capa()
            for number in range(1, 6):
                pop.retr(number)
            pop.quit()
            assert proxy.stopped().status == 0
    return path


def well(ended: Ended) -> str:
    assert ended.status == 0, ended.err
    return ended.out


def test_a_recording_is_shown_as_the_proxy_showed_it(recording: Path) -> None:
    shown = well(run_here("show", str(recording)))

    assert "C: PASS ████████" in shown
    assert "“Welcome to the post office” from The Postmaster" in shown
    assert "ended by QUIT" in shown.splitlines()[-1]


def test_messages_are_shown_when_asked_for(recording: Path) -> None:
    assert "S: Subject: Lines that begin with dots" in well(
        run_here("show", "--bodies", str(recording))
    )


@pytest.mark.parametrize(("how", "text"), [("--raw", r"C: QUIT\r\n"), ("--hex", "51 55 49 54")])
def test_octets_are_shown_when_asked_for(recording: Path, how: str, text: str) -> None:
    assert text in well(run_here("show", how, str(recording)))


def test_latencies_are_counted_by_command(recording: Path) -> None:
    lines = well(run_here("show", "--stats", str(recording), str(recording))).splitlines()

    assert lines[0].split()[:2] == ["command", "count"]
    assert next(line for line in lines if line.startswith("RETR")).split()[1] == "10"


def test_only_the_sessions_that_were_asked_for_are_shown() -> None:
    assert " s2 " in well(run_here("show", "--session", "2", APOP))
    assert " s1 " not in well(run_here("show", "--session", "2", APOP))
    assert well(run_here("show", "--session", "2", "--session", "1", APOP)) == well(
        run_here("show", APOP)
    )


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(("show",), id="show"),
        pytest.param(("show", "--stats"), id="show --stats"),
        pytest.param(("compare", APOP), id="compare"),
        pytest.param(("replay", "server"), id="replay server"),
        pytest.param(("replay", "client", "--to", "127.0.0.1:1"), id="replay client"),
    ],
)
def test_a_session_that_is_not_there_is_told(verb: tuple[str, ...]) -> None:
    ended = run_here(*verb, APOP, "--session", "9")
    assert ended.status == 3
    assert ended.out == ""
    assert ended.err == "pop3spy: no session 9 in this recording; there are: 1, 2\n"


def test_of_several_recordings_one_must_have_the_session(recording: Path) -> None:
    assert " s2 " in well(run_here("show", str(recording), APOP, "--session", "2"))
    ended = run_here("show", str(recording), APOP, "--session", "2", "--session", "9")
    assert ended.status == 3
    assert " s2 " in ended.out
    assert ended.err == "pop3spy: no session 9 in this recording; there are: 1, 2\n"


def test_mail_comes_out_as_it_was(recording: Path, tmp_path: Path) -> None:
    well(run_here("export", str(recording), "--to", "mbox", "-o", str(tmp_path / "mbox")))
    well(run_here("export", str(recording), "--to", "eml", "-o", str(tmp_path / "eml")))

    box = mailbox.mbox(tmp_path / "mbox")
    subjects = [str(message["Subject"]) for message in box]
    box.close()
    assert len(subjects) == len(list((tmp_path / "eml").iterdir())) == 5
    assert "Lines that begin with dots" in subjects


def test_packets_read_back_as_the_same_session(recording: Path, tmp_path: Path) -> None:
    packets = str(tmp_path / "session.pcapng")
    well(run_here("export", str(recording), "--to", "pcapng", "-o", packets))

    assert "C: QUIT" in well(run_here("show", packets))
    assert well(run_here("compare", str(recording), packets)).startswith("no differences")


@pytest.mark.parametrize("bodies", ["mask", "drop"])
def test_a_scrubbed_copy_has_the_same_shape_and_no_content(
    recording: Path, tmp_path: Path, bodies: str
) -> None:
    copy = tmp_path / "copy.yaml"
    args = ("--bodies", bodies, "--redact", "strict")
    well(run_here("scrub", str(recording), "-o", str(copy), *args))

    text = copy.read_text(encoding="utf-8")
    assert "Postmaster" not in text
    assert "demo\\r" not in text
    assert "127.0.0.1" not in text
    assert copy.stat().st_mode & 0o777 == 0o600
    compared = run_here("compare", str(recording), str(copy)).out
    assert compared.count("unique-id of") == 5
    assert "5 differences in 1 of 13 exchanges" in compared
    assert len(well(run_here("show", str(copy))).splitlines()) == len(
        well(run_here("show", str(recording))).splitlines()
    )


def test_a_second_copy_changes_nothing(recording: Path, tmp_path: Path) -> None:
    copies = [tmp_path / "first.yaml", tmp_path / "second.yaml"]
    for source, copy in zip([recording, *copies], copies, strict=False):
        well(run_here("scrub", str(source), "-o", str(copy), "--redact", "strict"))
    for view in (("show",), ("export", "--to", "dialogue")):
        assert well(run_here(*view, str(copies[1]))) == well(run_here(*view, str(copies[0])))


def test_what_was_replaced_and_what_is_left_is_told(recording: Path, tmp_path: Path) -> None:
    told = {
        args: run_here("scrub", str(recording), "-o", str(tmp_path / f"{place}.yaml"), *args).err
        for place, args in enumerate(
            [(), ("--bodies", "keep"), ("--redact", "strict"), ("--bodies", "drop")]
        )
    }
    assert told[()] == (
        "pop3spy: in the copy stand 1 mask\n"
        "pop3spy: left of 5 messages: the lengths of words and lines (--bodies drop)\n"
        "pop3spy: left as they were: names of users, addresses, unique-ids (--redact strict)\n"
    )
    assert "left as they were: 5 messages, with subjects" in told["--bodies", "keep"]
    assert "user, 2 hosts, 5 unique-ids\n" in told["--redact", "strict"]
    assert "message" not in told["--bodies", "drop"]


def test_the_name_of_a_sasl_user_is_not_told(tmp_path: Path) -> None:
    recording, copy = tmp_path / "a.yaml", tmp_path / "b.yaml"
    recording.write_text(
        "pop3spy: 1\nrecords:\n"
        '- [0.0, 1, "open", {"client": "192.0.2.1:5000", "server": "mail.example.org:110"}]\n'
        '- [0.1, 1, "S", "+OK ready\\r\\n"]\n- [0.2, 1, "C", "AUTH PLAIN ████████\\r\\n"]\n'
        '- [0.2, 1, "note", {"user": "carol"}]\n- [0.3, 1, "S", "+OK carol is in\\r\\n"]\n',
        encoding="utf-8",
    )
    ended = run_here("scrub", str(recording), "-o", str(copy), "--redact", "strict")
    well(ended)
    assert "carol" not in (written := copy.read_text("utf-8")) + ended.err
    assert '{"user": "user-1"}' in written
    assert "+OK user-1 is in" in written


def test_what_a_strict_recording_hid_is_no_name_of_stars(tmp_path: Path) -> None:
    recording, copy = tmp_path / "a.yaml", tmp_path / "b.yaml"
    recording.write_text(
        "pop3spy: 1\nredaction: strict\nrecords:\n- S: +OK ready\n- C: USER ████████\n- S: +OK\n"
        "- C: PASS ████████\n- S: +OK\n- C: QUIT\n- S: +OK\n",
        encoding="utf-8",
    )
    well(run_here("scrub", str(recording), "-o", str(copy), "--redact", "strict"))
    for told in (
        copy.read_text("utf-8"),
        *(run_here("show", str(each)).out for each in (recording, copy)),
    ):
        assert "*" not in told
        assert "USER ████████" in told


def test_a_copy_can_go_to_standard_output(recording: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    well(run_here("scrub", str(recording), "-o", str(copy)))
    here = Path.cwd() / "-"
    assert not here.exists()
    ended = run_here("scrub", str(recording), "-o", "-")

    assert well(ended) == copy.read_text(encoding="utf-8")
    assert ended.err.startswith("pop3spy: in the copy stand ")
    assert not here.exists()


def test_what_is_no_recording_leaves_standard_output_empty(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("nothing of the kind\n")
    ended = run_here("scrub", str(path), "-o", "-")
    assert (ended.status, ended.out) == (3, "")


def test_a_copy_overwrites_nothing(recording: Path) -> None:
    before = recording.read_bytes()
    ended = run_here("scrub", str(recording), "-o", str(recording))

    assert ended.status == 2
    assert "exists" in ended.err
    assert recording.read_bytes() == before


def test_a_log_spoils_no_recording(recording: Path) -> None:
    before = recording.read_bytes()
    ended = run_here("serve", "--listen", ":0", "--log", str(recording))

    assert ended.status == 2
    assert ended.err == (
        f"pop3spy: {recording} is a recording, and a log would spoil it;"
        " name another file: --log FILE\n"
    )
    assert recording.read_bytes() == before


def test_the_recorded_server_serves_again_and_the_recorded_client_finds_it_the_same(
    recording: Path,
) -> None:
    with running("replay", "server", recording, "--listen", ":0", "--quiet") as server:
        address = f"127.0.0.1:{server.port()}"
        args = ("replay", "client", str(recording), "--to", address, "--password-env", "SECRET")
        assert well(run(*args, SECRET="whatever")).startswith("no differences")
        assert json.loads(well(run(*args, "--json", SECRET="whatever")))["differences"] == []


def test_a_recording_that_can_be_edited_is_played_like_the_first(
    recording: Path, tmp_path: Path
) -> None:
    edited = tmp_path / "edited.yaml"
    well(run_here("export", str(recording), "--to", "yaml", "-o", str(edited)))
    text = edited.read_text(encoding="utf-8")
    assert "- C: STAT\n- S: +OK" in text
    edited.write_text(text.replace("Welcome to", "Goodbye from"), encoding="utf-8")

    with running("replay", "server", edited, "--listen", ":0", "--quiet") as server:
        pop = client(server.port())
        pop.user("anybody")
        pop.pass_("whatever")
        assert b"Subject: Goodbye from the post office" in pop.retr(1)[1]
        pop.quit()


@pytest.mark.parametrize(
    "verb", [["show", "{}"], ["compare", "{}", "{}"]], ids=lambda verb: verb[0]
)
def test_what_there_is_to_know_of_a_recording_is_told(
    verb: list[str], recording: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.yaml"
    torn.write_bytes(recording.read_bytes()[:-5])
    ended = run_here(*(word.format(torn) for word in verb))
    notes = ended.err.splitlines()
    assert len(notes) == 2 * verb.count("{}")
    assert notes[0].endswith("the last record is torn off, as when the writer was stopped")


def test_the_user_that_is_named_is_the_only_one_who_may_log_in(
    recording: Path, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("sesame123\n")
    named = ("--user", "alice", "--password-file", str(password))
    with running("replay", "server", recording, "--listen", ":0", *named) as server:
        port = server.port()
        for user, given in (("alice", "Sesame123"), ("demo", "demo")):
            pop = client(port)
            pop.user(user)
            with pytest.raises(error_proto, match="AUTH"):
                pop.pass_(given)
            pop.close()
        pop = client(port)
        pop.user("alice")
        assert pop.pass_("sesame123").startswith(b"+OK")
        pop.quit()
        assert "esame" not in server.stopped().out


FIVE = "pop3spy: 1\nrecords:\n" + "".join(
    f'- [{number}.0, {number}, "open", {{}}]\n- S: +OK\n- C: RETR {number}\n- S: -ERR no\n'
    f'- [{number}.5, {number}, "close", {{"how": "quit"}}]\n'
    for number in range(1, 6)
)
EDITED = FIVE.replace("RETR 2\n- S: -ERR no", "RETR 2\n- S: -ERR [SYS/TEMP] no")
LAST = FIVE.index("- [5.0")


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """A recording of five sessions."""
    path = tmp_path / "five.yaml"
    path.write_text(FIVE)
    return path


def compared(five: Path, other: str, *options: str) -> Ended:
    path = five.with_name("other.yaml")
    path.write_text(other)
    return run_here("compare", str(five), str(path), *options)


def test_all_sessions_are_compared_unless_one_is_named(five: Path) -> None:
    assert well(compared(five, FIVE)) == "no differences in 10 exchanges of 5 sessions\n"
    ended = compared(five, EDITED)
    assert ended.status == 1
    assert ended.out.startswith("session 2\n")
    assert ended.out.endswith("\n1 difference in 1 of 5 sessions\n")
    assert well(compared(five, EDITED, "--session", "1")) == "no differences in 2 exchanges\n"
    assert compared(five, EDITED, "--session", "2").status == 1


@pytest.mark.parametrize("other", [FIVE, EDITED, EDITED[:LAST]])
@pytest.mark.parametrize("options", [(), ("--session", "1"), ("--session", "2")])
def test_a_summary_ends_with_how_many_differences_there_are(
    five: Path, other: str, options: tuple[str, ...]
) -> None:
    whole, summary = compared(five, other, *options), compared(five, other, *options, "--summary")
    assert summary.status == whole.status
    assert summary.out.splitlines() == whole.out.splitlines()[-1:]


def test_programs_are_told_in_which_session_the_difference_is(five: Path) -> None:
    ended = compared(five, EDITED[:LAST], "--json")
    assert ended.status == 1
    differences = [
        (2, 1, "RETR 2", "response code", None, "SYS/TEMP"),
        (5, 0, "greeting", "session", "recorded", None),
    ]
    keys = ("session", "exchange", "command", "what", "expected", "got")
    assert json.loads(ended.out) == {
        "sessions": 5,
        "exchanges": 10,
        "messages": [],
        "differences": [dict(zip(keys, each, strict=True)) for each in differences],
    }
    one = compared(five, EDITED, "--session", "2", "--json")
    assert json.loads(one.out)["differences"] == json.loads(ended.out)["differences"][:1]


OTHERS = "five.yaml: session 1 is played, one of 5; --session N takes another\n"


def test_who_plays_one_of_several_sessions_is_told(five: Path) -> None:
    for option, told in ((), True), (("--session", "2"), False):
        with running("replay", "server", five, "--listen", ":0", *option) as server:
            args = ("replay", "client", str(five), "--to", f"127.0.0.1:{server.port()}", *option)
            ended = run(*args)
            assert well(ended) == "no differences in 2 exchanges\n"
            assert ended.err.endswith(OTHERS) is told
            assert (OTHERS in server.stopped().err) is told


BOTH = "pop3spy: 1\nrecords:\n" + "".join(
    f'- [{number}.0, {number}, "open", {{}}]\n- S: +OK\n- C: USER {user}\n- S: +OK\n'
    f"- C: PASS x\n- S: +OK\n{asked}- C: QUIT\n- S: +OK\n"
    f'- [{number}.5, {number}, "close", {{"how": "quit"}}]\n'
    for number, user, asked in (
        (1, "bob", "- C: STAT\n- S: +OK 1 5\n"),
        (2, "eve", "- C: STAT\n- S: +OK 9 9\n"),
        (3, "bob", "- C: RETR 1\n- S: +OK\n- S: one\n- S: .\n"),
    )
)


def test_a_maildrop_is_made_of_all_sessions_of_a_user_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "both.yaml"
    path.write_text(BOTH)
    with running("replay", "server", path, "--listen", ":0") as server:
        port = server.port()
        for _ in range(2):
            pop = client(port)
            pop.user("anybody")
            pop.pass_("x")
            assert pop.stat() == (1, 5)
            assert pop.retr(1)[1] == [b"one"]
            pop.quit()
        told = server.stopped().err
    assert (
        "both.yaml: 2 sessions of one user, from session 1 on, are played as one maildrop, 2 of 3;"
        " --session N plays one alone\n"
    ) in told
    with running("replay", "server", path, "--listen", ":0", "--session", "3") as server:
        pop = client(server.port())
        pop.user("anybody")
        pop.pass_("x")
        with pytest.raises(error_proto, match="not recorded"):
            pop.stat()
        pop.close()
        assert "one maildrop" not in server.stopped().err


def test_what_is_wrong_behind_the_session_that_is_played_is_told(five: Path) -> None:
    five.write_text(FIVE[:LAST] + "- [5.0, nonsense]\n" + FIVE[LAST:])
    with running("replay", "server", five, "--listen", ":0") as server:
        server.port()
        first, second, *_ = server.stopped().err.splitlines()
    assert first.startswith(f"pop3spy: {five}:")
    assert second.endswith("session 1 is played, one of 4; --session N takes another")


def test_a_password_that_is_nobodys_is_told(recording: Path) -> None:
    ended = run("replay", "server", str(recording), "--password-env", "SECRET", SECRET="x")
    assert ended.status == 2
    assert ended.err == (
        "pop3spy: there is a password and nobody to have it; name the user with --user\n"
    )


@pytest.mark.parametrize("verb", ["proxy", "serve", "replay server"])
@pytest.mark.parametrize(
    ("name", "value"), [("bodies", "drop"), ("bodies", "mask"), ("rotate", "10M")]
)
@pytest.mark.parametrize("place", ["option", "file"])
def test_what_is_asked_of_a_recording_that_is_none_is_refused(
    verb: str, name: str, value: str, place: str, tmp_path: Path
) -> None:
    config = tmp_path / "spy.yaml"
    config.write_text(f"{name}: {value}\n")
    given = ("--config", str(config)) if place == "file" else (f"--{name}", value)
    needed = {"proxy": ("--upstream", "127.0.0.1:1"), "serve": (), "replay server": (APOP,)}
    ended = run_here(*verb.split(), *needed[verb], "--listen", ":0", *given)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err.splitlines()[-1] == (
        f"pop3spy: --{name} is about a recording, and there is none; add --record PATH"
    )


CUT = """\
pop3spy: 1
records:
- S: +OK
- C: RETR 1
- S: +OK
- S: |
    Subject: whole
    .
- C: RETR 2
- S: +OK
- S: |
    Subject: cut off
"""


@pytest.mark.parametrize("form", ["eml", "mbox"])
def test_of_mail_that_broke_off_the_whole_messages_are_written(tmp_path: Path, form: str) -> None:
    path, out = tmp_path / "cut.yaml", tmp_path / "out"
    path.write_text(CUT, encoding="utf-8")
    ended = run_here("export", str(path), "--to", form, "-o", str(out))

    assert ended.status == 0
    assert ended.err.splitlines()[-1] == "pop3spy: 1 message; 1 broke off and left out"
    written = [out] if form == "mbox" else list(out.iterdir())
    assert [b"whole" in file.read_bytes() for file in written] == [True]


@pytest.mark.parametrize("bodies", ["mask", "drop"])
@pytest.mark.parametrize("form", ["eml", "mbox"])
def test_mail_that_was_not_recorded_is_refused_in_one_line(
    recording: Path, tmp_path: Path, form: str, bodies: str
) -> None:
    copy, out = tmp_path / "copy.yaml", tmp_path / "out"
    well(run_here("scrub", str(recording), "-o", str(copy), "--bodies", bodies))
    ended = run_here("export", str(copy), "--to", form, "-o", str(out))

    assert ended.status == 3
    assert len(ended.err.splitlines()) == 1
    assert "record with: --bodies keep" in ended.err
    assert not out.is_file()


def test_another_maildrop_differs(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(b"Subject: one\n\nonly one\n")
    with serving(tmp_path) as port:
        address = f"127.0.0.1:{port}"
        args = ("replay", "client", str(recording), "--to", address, "--password-env", "SECRET")
        ended = run(*args, SECRET="demo")

    assert ended.status == 1
    assert "STAT" in ended.out
    assert "RETR 2" in ended.out


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        pytest.param(b"", "no pop3spy capture", id="nothing"),
        pytest.param(b"\x1f\x8b\x08\0\0\0\0\0", "x", id="a gzip"),
        pytest.param(b"pop3spy: 9\nrecords:\n", "version 9", id="a newer version"),
        pytest.param(os.urandom(64), "x", id="noise"),
    ],
)
@pytest.mark.parametrize("verb", [("show",), ("export", "--to", "jsonl"), ("replay", "server")])
def test_what_is_no_recording_is_told_in_one_line(
    tmp_path: Path, verb: tuple[str, ...], octets: bytes, message: str
) -> None:
    path = tmp_path / "x"
    path.write_bytes(octets)
    ended = run_here(*verb, str(path))

    assert ended.status == 3
    assert len(ended.err.splitlines()) == 1
    assert message in ended.err


def test_a_recording_that_is_not_there_is_told(tmp_path: Path) -> None:
    ended = run_here("show", str(tmp_path / "none"))

    assert ended.status == 3
    assert "no such file" in ended.err


WITHOUT_A_SECRET = [
    ([], "a password is needed; give --password-command, --password-file or --password-env"),
    (
        ["--auth", "XOAUTH2", "--user", "demo"],
        "a token is needed; give --token-command, --password-command, --password-file or",
    ),
    (
        ["--auth", "GSSAPI"],
        "--auth: GSSAPI cannot be computed here; there are CRAM-MD5, DIGEST-MD5",
    ),
    (["--auth", "PLAN"], "'PLAN' is no way to log in"),
]


@pytest.mark.parametrize(("options", "told"), WITHOUT_A_SECRET)
def test_every_way_to_give_a_secret_is_told(recording: Path, options: list[str], told: str) -> None:
    ended = run_here("replay", "client", str(recording), "--to", "127.0.0.1:1", *options)
    assert (ended.status, ended.out) == (2, "")
    assert told in ended.err


def test_a_session_that_was_recorded_with_a_password_is_played_with_a_token(
    recording: Path, tmp_path: Path
) -> None:
    """To a server that speaks as Gmail does, where the token is the password of a user."""
    users = tmp_path / "users.yaml"
    users.write_text("demo: ya29.demo\n")
    users.chmod(0o600)
    login = ("--user", "demo", "--auth", "LOGIN,XOAUTH2,PLAIN")
    secret = ("--token-command", "echo ya29.demo", "--password-command", "echo never-said")
    with serving("--personality", "gmail", "--users", str(users)) as port:
        to = ("--to", f"127.0.0.1:{port}", "--json")
        ended = run_here("replay", "client", str(recording), *to, *login, *secret)
    played = json.loads(ended.out)
    assert "never-said" not in ended.out + ended.err
    assert "ya29" not in ended.out + ended.err
    logins = [each for each in played["differences"] if each["command"].startswith(("US", "PA"))]
    assert logins == []
    assert played["left_out"][0]["why"] == "--auth logs in with XOAUTH2"
