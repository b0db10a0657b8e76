"""What others say reaches a terminal as text, and moves nothing there."""

import re
import unicodedata
from pathlib import Path

import pytest

from pop3spy.cli.main import main
from security.program import Play, ask, started

HOSTILE = {
    "colour": b"\x1b[31mred",
    "clear the screen": b"\x1b[2J\x1b[H",
    "title": b"\x1b]0;title\x07",
    "clipboard": b"\x1b]52;c;cm0gLXJmIH4=\x07",
    "link": b"\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "device control": b"\x1bP+q544e\x1b\\",
    "answerback": b"\x05\x1b[c\x1b[6n",
    "8-bit control": b"\x9b31m\x9d0;t\x9c\x90q\x9c",
    "8-bit control in UTF-8": b"\xc2\x9b31m\xc2\x9d0;t\xc2\x9c",
    "bell": b"\x07\x07",
    "carriage return": b"all is well\rC: STAT",
    "backspace": b"abc\x08\x08\x08xyz\x7f",
    "line separators": b"one\xe2\x80\xa8two\xe2\x80\xa9three\x0b\x0c\x85",
    "bidi": "\u202eexe.gpj\u202c \u2066isolate\u2069 \u200frtl".encode(),
    "invisible": "zero\u200bwidth\ufeff \U000e0041tag".encode(),
    "shift": b"\x0e\x0f\x11\x13",
    "NUL": b"a\0b",
}
OWN = re.compile(r"\x1b\[[0-9;]*m")
"""What pop3spy itself says to a terminal."""
NOWHERE = "192.0.2.1:1"
"""An address that no machine has, so that nothing is listened on."""
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def unsafe(text: str) -> set[str]:
    """Return the characters of *text* that do something other than to be seen."""
    plain = OWN.sub("", text).replace("\r\n", "").replace("\n", "")
    return {char for char in plain if unicodedata.category(char) in UNSEEN}


def header(octets: bytes) -> bytes:
    """Return *octets* as they can stand in a header."""
    return octets.replace(b"\r", b"\x1b[G")


def test_no_escape_sequence_of_a_peer_reaches_a_terminal(tmp_path: Path) -> None:
    lines, replies = [], [b"+OK " + b" ".join(HOSTILE.values()) + b"\r\n"]
    for octets in HOSTILE.values():
        lines += [b"USER " + octets + b"\r\n", b"APOP " + octets + b" 0123\r\n"]
        replies += [b"+OK hello " + octets + b"\r\n", b"-ERR [" + octets + b"] " + octets + b"\r\n"]
        lines += [b"CAPA\r\n", b"RETR 1\r\n", b"UIDL 1\r\n"]
        replies += [b"+OK\r\nX-" + octets + b"\r\n.\r\n"]
        subject, sender = header(octets), b'"' + header(octets) + b'" <a@b>'
        replies += [b"+OK\r\nSubject: " + subject + b"\r\nFrom: " + sender + b"\r\n\r\nx\r\n.\r\n"]
        replies += [b"+OK 1 " + octets + b"\r\n" + octets + b"\r\n"]
    with started(
        *("proxy", "--upstream", Play(replies).address, "--listen", ":0"),
        *("--log", tmp_path / "log"),
        "--no-console",  # whose prompt has sequences of its own
        terminal=True,
    ) as program:
        heard = ask(program.port, lines)
        program.wait_for("└─".encode())
        assert program.stop() == 0
    assert heard == b"".join(replies)
    terminal = program.said["terminal"].decode()
    assert unsafe(terminal) == set()
    assert "\\x1b]52;c;" in terminal
    assert set(OWN.findall(terminal)) == {
        *("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[31;1m", "\x1b[32m", "\x1b[33m"),
        "\x1b[36m",
    }
    assert unsafe((tmp_path / "log").read_text(encoding="utf-8")) == set()


def texts() -> list[str]:
    """Return what can stand on a command line, which has no NUL."""
    return [octets.decode("utf-8", "surrogateescape") for octets in HOSTILE.values()][:-1]


@pytest.mark.parametrize("text", texts(), ids=list(HOSTILE)[:-1])
@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["{}"], id="verb"),
        pytest.param(["proxy", "{}"], id="argument"),
        pytest.param(["proxy", "--{}"], id="option"),
        pytest.param(["proxy", "--upstream", "{}"], id="upstream"),
        pytest.param(["proxy", "--upstream", "pop3://{}"], id="host"),
        pytest.param(["proxy", "--upstream", "{}://host"], id="scheme"),
        pytest.param(["proxy", "--upstream", "x", "--listen", "{}:1"], id="listen"),
        pytest.param(["proxy", "--upstream", "x", "--log", "/none/{}/log"], id="log"),
        pytest.param(["proxy", "--upstream", "x", "--log-format", "{}"], id="log format"),
        pytest.param(["proxy", "--upstream", "x", "--idle-timeout", "{}"], id="seconds"),
        pytest.param(["proxy", "--upstream", "x", "--max-sessions", "{}"], id="count"),
        pytest.param(["proxy", "--config", "/none/{}"], id="config"),
        pytest.param(["serve", "/none/{}"], id="mailbox"),
        pytest.param(["serve", "--users", "/none/{}"], id="users"),
        pytest.param(["{}", "--help"], id="help"),
    ],
)
def test_a_wrong_command_line_is_told_without_its_escape_sequences(
    args: list[str], text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    filled = [arg.replace("{}", text) for arg in args]
    assert main([*filled, "--listen", NOWHERE]) in (2, 3)
    said = capfd.readouterr()
    assert unsafe(said.out + said.err) == set()
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("text", texts(), ids=list(HOSTILE)[:-1])
@pytest.mark.parametrize(
    ("verb", "line"),
    [
        pytest.param("proxy", '"{}": 1', id="key"),
        pytest.param("proxy", 'upstream: "{}"', id="upstream"),
        pytest.param("proxy", 'log-format: "{}"', id="log format"),
        pytest.param("proxy", 'log: "/none/{}/log"', id="log"),
        pytest.param("proxy", 'max-sessions: "{}"', id="count"),
        pytest.param("proxy", "upstream: x\n{}", id="no YAML"),
        pytest.param("proxy", "{}", id="no mapping"),
        pytest.param("serve", 'users: "/none/{}"', id="users"),
    ],
)
def test_a_wrong_configuration_is_told_without_its_escape_sequences(
    verb: str, line: str, text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    quoted = text.encode("unicode_escape").decode().replace("\\udc", "\\x")
    filled = line.replace("{}", quoted if '"' in line else text)
    config.write_text(filled, encoding="utf-8", errors="surrogateescape")
    assert main([verb, "--config", str(config), "--listen", NOWHERE]) in (2, 3)
    said = capfd.readouterr()
    assert unsafe(said.out + said.err) == set()
    assert said.err.count("\n") == 1
