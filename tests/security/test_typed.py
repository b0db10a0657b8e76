"""What a person typed, or wrote into a file, and what of it is told again."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.program import COMMAND, run, run_here, running
from pop3spy.console.repeating import unrepeated
from pop3spy.protocol.text import MASK
from pop3spy.redaction.typed import login_in, without_login, without_logins

SECRET = "Zq7#vKx2"

SPECS = {
    "a rewrite to PASS": f"client s/^PASS .*$/PASS {SECRET}/",
    "a rewrite from PASS": f"client s/^PASS {SECRET}$/NOOP/",
    "a rewrite of a blank by its sign": rf"client s/^PASS\s{SECRET}/NOOP/",
    "a rewrite of AUTH": f"client s,^AUTH PLAIN {SECRET}$,NOOP,",
    "a rewrite of APOP": f"client s/x/APOP carol {SECRET}/",
    "a condition": f'client s/a/b/ when text = "PASS {SECRET}"',
}


@pytest.mark.parametrize("sign", [",", ";", "|", "/", "'", '"', " when x"])
@pytest.mark.parametrize(
    "spec",
    [
        "extra-reply line='PASS {}'",
        'extra-reply line="PASS {}" when verb = RETR',
        "client s~^x$~PASS {}~",
        "wrong: 'client s~^x$~PASS {}~' is no rewrite",
    ],
)
def test_a_sign_in_a_password_does_not_end_it_early(spec: str, sign: str) -> None:
    around = spec.replace("PASS {}", "")
    for secret in (f"{SECRET}{sign}Tail9", f"{sign}Tail9"):
        if sign not in around and not secret.startswith(" when"):
            assert without_logins(spec.format(secret)) == spec.format(MASK)


@pytest.mark.parametrize("spec", SPECS)
def test_a_login_in_a_rewrite_is_told_by_nobody(spec: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = ("--listen", ":0", "--log", str(log), "--rewrite", SPECS[spec])
    with running("serve", *options) as server:
        server.port()
        ended = server.stopped()
    assert SECRET not in ended.out + ended.err + log.read_text("utf-8")
    assert "lines are rewritten: client s" in ended.err


@pytest.mark.parametrize("spec", SPECS)
def test_a_login_in_a_wrong_rewrite_or_fault_is_told_by_nobody(spec: str) -> None:
    for option, typed in (
        ("--rewrite", SPECS[spec].replace("client", "nobody")),
        ("--rewrite", SPECS[spec] + " when (("),
        ("--fault", f"extra-reply line='PASS {SECRET}' when (("),
        ("--fault", f"nothing PASS {SECRET}"),
    ):
        ended = run_here("serve", option, typed)
        assert ended.status == 2
        assert SECRET not in ended.out + ended.err


def test_a_password_in_place_of_the_name_of_a_variable_is_not_repeated() -> None:
    for secret in ("hunter2", SECRET):
        ended = run(
            "connect", "pop3://127.0.0.1:9", "--quit-after", "auth", "--password-env", secret
        )
        assert (ended.status, ended.out) == (2, "")
        assert ended.err == (
            "pop3spy: --password-env: there is no variable of that name; give its name, not the"
            " password\n"
        )


@pytest.mark.parametrize(
    "text",
    [
        "PASSAGE to India",
        "pass",
        "cut after=1K when verb = PASS",
        "AUTH",
        "s/^STAT$/NOOP/",
        "verb = PASS and not err",
        "s/a/b/ when verb = RETR,PASS or err",
    ],
)
def test_what_is_no_login_stays(text: str) -> None:
    assert without_logins(text) == text


TYPED = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=3)


@example("\x85hunter2", "note it said PASS {}")
@example("\xa0hunter2", "x AUTH FOO {}")
@given(TYPED, st.sampled_from(["note it said PASS {}", "fault garbage x=RPOP {}", "x AUTH FOO {}"]))
def test_a_line_that_a_console_tells_again_has_no_password(secret: str, form: str) -> None:
    """Whatever is in the password: a comma or a quote, and words of the message about it."""
    line = form.format(secret)
    at = login_in(line)
    assert at == len(line) - len(secret)
    assert without_login(line) == f"{line[:at]}{MASK}"
    assert unrepeated(f"{secret!s}: there is no such thing", secret).endswith("no such thing")


@pytest.mark.parametrize(
    ("message", "secret", "told"),
    [
        ("no hunter2 here, and no 'hunter2'", "hunter2", "no █ here, and no '█'"),
        ("column 7: hunters are no hunter", "hunter", "column 7: hunters are no █"),
        ("two words: two of them", "two words", "█ █: █ of them"),
        ("nothing was hidden", "", "nothing was hidden"),
    ],
)
def test_an_error_about_a_line_repeats_no_word_that_was_hidden(
    message: str, secret: str, told: str
) -> None:
    assert unrepeated(message, secret) == told.replace("█", MASK)


def test_mail_is_not_written_to_a_terminal() -> None:
    file = str(Path(__file__).parents[2] / "captures" / "postoffice-user.yaml")
    reading, writing = os.openpty()
    with running("export", file, "--to", "mbox", stdout=writing) as program:
        ended = program.ended()
    os.close(writing)
    os.close(reading)
    assert ended.status == 2
    assert ended.err == "pop3spy: mbox is nothing for a terminal; name a file: -o FILE\n"


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o600, 0o640])
def test_files_that_others_may_read_or_write_are_told_once(mode: int, tmp_path: Path) -> None:
    users, log = tmp_path / "users.yaml", tmp_path / "log"
    users.write_text("bob: sesame\n", encoding="utf-8")
    log.touch()
    for file in (users, log):
        file.chmod(mode)
    with running("serve", "--listen", ":0", "--users", str(users), "--log", str(log)) as server:
        server.port()
        ended = server.stopped()
    for file in (users, log):
        told = f"{file} can be read or changed by others; say chmod 600 {file}"
        assert ended.err.count(told) == (0 if mode == 0o600 else 1)


_TRANSCRIPT = "   0.000  s1   ┌─ 127.0.0.1:1 → 127.0.0.1:2\n"
_NOTES = "pop3spy: listening on pop3://127.0.0.1:1110\npop3spy: stopping\n"
LOGS = {
    '{"time": "2026", "event": "listening"}\n': "a JSON log of pop3spy, not a recording; jq .",
    '{"a": 1}\n{"a": 2}\n': "JSON lines, not a recording; jq .",
    _TRANSCRIPT: "a transcript, not a recording; less -R",
    _NOTES + _TRANSCRIPT: "a transcript, not a recording; less -R",
}


@pytest.mark.parametrize("text", LOGS)
@pytest.mark.parametrize("verb", ["show", "scrub -o -", "export --to jsonl", "compare x.yaml"])
@pytest.mark.parametrize("called", ["log", "log.out", "log.in"])
def test_a_log_in_place_of_a_recording_is_told(
    text: str, verb: str, called: str, tmp_path: Path
) -> None:
    (tmp_path / "x.yaml").write_text("pop3spy: 2\nrecords:\n- C: NOOP\n- S: +OK\n", "utf-8")
    log = tmp_path / called
    log.write_text(text, encoding="utf-8")
    name, *rest = verb.replace("x.yaml", str(tmp_path / "x.yaml")).split()
    ended = run_here(name, *rest, str(log))
    assert ended.status == 3
    assert f"{log}: this is {LOGS[text]} {log}" in ended.err


@pytest.mark.parametrize("text", LOGS)
def test_on_stdin_the_command_that_shows_it_needs_no_name(text: str) -> None:
    done = subprocess.run(
        [*COMMAND, "show", "-"], input=text.encode(), capture_output=True, check=False
    )
    assert done.returncode == 3
    assert f"stdin: this is {LOGS[text]} shows it\n" in done.stderr.decode()
