"""The program as a user runs it: between a client and a server, on pipes and on a terminal."""

import base64
import json
import stat
from pathlib import Path
from urllib.request import urlopen

import pytest
from pyarrow import parquet

from net.certificates import Authority
from otlp.collected import collector
from pop3spy.config.settings import SETTINGS
from security.disguises import disguises, traces, unpacked
from security.program import PATIENCE, Play, Program, ask, started

SECRET = b"Zq7#vKx2!Wm caf\xc3\xa9"


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


LINES = [
    b"USER carol\r\n",
    b"PASS " + SECRET + b"\r\n",
    b"PAS " + SECRET + b"\r\n",
    SECRET + b"\r\n",
    b"AUTH PLAIN " + b64(b"\0carol\0" + SECRET) + b"\r\n",
    b"AUTH LOGIN\r\n",
    b64(b"carol") + b"\r\n",
    b64(SECRET) + b"\r\n",
    *[b"NOOP\r\n" for _ in disguises(b"")],
]
REPLIES = [
    b"+OK ready\r\n",
    b"+OK carol is known\r\n",
    b"-ERR [AUTH] wrong password '" + SECRET + b"'\r\n",
    b"-ERR unknown command PAS " + SECRET.upper() + b"\r\n",
    b"-ERR unknown command " + SECRET + b"\r\n",
    b"-ERR [SYS/TEMP] " + b64(b"\0carol\0" + SECRET) + b"\r\n",
    b"+ VXNlcm5hbWU6\r\n",
    b"+ " + b64(b"Password, not " + SECRET) + b"\r\n",
    b"+OK carol is in with " + SECRET + b"\r\n",
    *[b"+OK " + echo + b"\r\n" for echo in disguises(SECRET).values()],
]


def holding(texts: dict[str, str], *secrets: bytes) -> list[str]:
    return [
        f"{name}: {trace!r}"
        for name, text in texts.items()
        for lower in [unpacked(text).lower()]
        for secret in secrets
        for trace in traces(secret)
        if trace in lower
    ]


def everything(program: Program, *files: Path) -> dict[str, str]:
    texts = {name: said.decode() for name, said in program.said.items()}
    return texts | {path.name: path.read_text(encoding="utf-8") for path in files}


@pytest.mark.parametrize(
    ("terminal", "log_format", "redact"),
    [(False, "json", "secrets"), (True, "text", "secrets"), (True, "json", "strict")],
    ids=["pipes", "terminal", "strict"],
)
def test_no_secret_comes_out_of_the_program(
    tmp_path: Path, log_format: str, redact: str, *, terminal: bool
) -> None:
    log, capture, server = tmp_path / "log", tmp_path / "capture.yaml", Play(REPLIES)
    with (
        collector() as collected,
        started(
            *("proxy", "--upstream", server.address, "--listen", ":0", "--log", log),
            *("--log-format", log_format, "--redact", redact, "--record", capture),
            *("--metrics", "0", "--otlp", collected.url),
            terminal=terminal,
        ) as program,
    ):
        place = program.wait_for(rb"metrics at (\S+)")[1].decode()
        heard = ask(program.port, LINES, b"PASS " + SECRET)
        program.wait_for("└─".encode())
        with urlopen(place, timeout=PATIENCE) as scraped:
            metrics = scraped.read().decode()
        assert program.stop() == 0
    assert heard == b"".join(REPLIES)
    told = {"metrics": metrics, "otlp": collected.texts()}
    assert 'verb="PASS"' in metrics
    assert "'pop3.verb': 'PASS'" in told["otlp"]
    check_secrets(everything(program, log, capture) | told, redact, terminal=terminal)


@pytest.mark.parametrize("redact", ["secrets", "strict"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_secret_is_in_the_rows_of_a_fleet(tmp_path: Path, workers: str, redact: str) -> None:
    server = Play(REPLIES)
    with started(
        *("proxy", "--upstream", server.address, "--listen", ":0", "--log", tmp_path / "fleet"),
        *("--log-format", "parquet", "--redact", redact, "--workers", workers),
        terminal=False,
    ) as program:
        ask(program.port, LINES, b"PASS " + SECRET)
        program.wait_for("└─".encode())
        assert program.stop() == 0
    files = list((tmp_path / "fleet").rglob("*.parquet"))
    rows = {str(path): str(parquet.ParquetFile(path).read().to_pylist()) for path in files}
    check_secrets(everything(program) | rows, redact, terminal=False)
    tables = {path.parent.parent.name for path in files}
    assert tables == {"exchanges", "findings", "sessions"}
    assert "wrong password" in "".join(rows.values())


@pytest.mark.parametrize("redact", ["secrets", "strict"])
@pytest.mark.parametrize("terminal", [False, True], ids=["pipes", "terminal"])
def test_nor_does_it_where_workers_share_the_work(
    tmp_path: Path, redact: str, *, terminal: bool
) -> None:
    log, folder, server = tmp_path / "log", tmp_path / "recorded", Play(REPLIES)
    with started(
        *("proxy", "--upstream", server.address, "--listen", ":0", "--log", log),
        *("--workers", "2", "--redact", redact, "--record", f"{folder}/"),
        terminal=terminal,
    ) as program:
        heard = ask(program.port, LINES, b"PASS " + SECRET)
        program.wait_for("└─".encode())
        assert program.stop() == 0
    assert heard == b"".join(REPLIES)
    check_secrets(everything(program, log, *folder.iterdir()), redact, terminal=terminal)


def check_secrets(texts: dict[str, str], redact: str, *, terminal: bool) -> None:
    strict = redact == "strict"
    assert holding(texts, SECRET, *([b"carol"] if strict else [])) == []
    shown = texts["terminal" if terminal else "stdout"]
    assert ("carol" in shown) is not strict
    assert "-ERR [AUTH] wrong password '" in shown
    assert "█" * 8 in shown


@pytest.mark.parametrize("stls", [False, True], ids=["TLS at once", "inspected STLS"])
@pytest.mark.parametrize("terminal", [False, True], ids=["pipes", "terminal"])
def test_no_secret_that_was_said_inside_tls_comes_out_of_the_program(
    tmp_path: Path, *, terminal: bool, stls: bool
) -> None:
    authority = Authority(tmp_path / "ca")
    log, capture = tmp_path / "log", tmp_path / "capture.yaml"
    server = Play(REPLIES, authority.issue("server"), stls=stls)
    keys, scheme = authority.issue("proxy"), "pop3" if stls else "pop3s"
    port = server.address.rpartition(":")[2]
    with started(
        *("proxy", "--upstream", f"{scheme}://localhost:{port}", "--listen", f"{scheme}://:0"),
        *("--cert", keys.chain, "--key", keys.key, "--upstream-ca", authority.certificate),
        *("--log", log, "--log-format", "json", "--record", capture),
        terminal=terminal,
    ) as program:
        heard = ask(program.port, LINES, b"PASS " + SECRET, authority.certificate, stls=stls)
        program.wait_for("└─".encode())
        assert program.stop() == 0
    assert heard == b"".join(REPLIES)
    texts = everything(program, log, capture)
    assert holding(texts, SECRET) == []
    shown = texts["terminal" if terminal else "stdout"]
    assert "-ERR [AUTH] wrong password '" in shown
    assert "█" * 8 in shown


def test_strict_names_the_server_in_no_note(tmp_path: Path) -> None:
    log, server = tmp_path / "log", Play([b"+OK\r\n"])
    with started(
        *("proxy", "--upstream", server.address, "--listen", ":0"),
        *("--redact", "strict", "--log", log),
    ) as program:
        ask(program.port, [])
        assert program.stop() == 0
    assert [name for name, text in everything(program, log).items() if server.address in text] == []


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277], ids=oct)
def test_files_are_private_whatever_the_umask_says(tmp_path: Path, umask: int) -> None:
    log, capture, server = tmp_path / "log", tmp_path / "capture.yaml", Play([b"+OK\r\n"])
    with started(
        *("proxy", "--upstream", server.address, "--listen", ":0"),
        *("--log", log, "--record", capture),
        umask=umask,
    ) as program:
        ask(program.port, [])
        assert program.stop() == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"log": 0o600, "capture.yaml": 0o600}


def test_the_files_of_a_proxy_with_an_authority_are_private(tmp_path: Path) -> None:
    """It is made because a listener needs it, and its key is in no file but its own."""
    ca, log, capture = tmp_path / "ca", tmp_path / "log", tmp_path / "capture.yaml"
    server = Play([b"+OK\r\n"])
    with started(
        *("proxy", "--upstream", server.address, "--listen", "pop3s://:0", "--ca-dir", ca),
        *("--log", log, "--log-format", "json", "--record", capture),
        umask=0,
    ) as program:
        ask(program.port, [], ca=ca / "ca.pem")
        assert program.stop() == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes.pop("ca") == 0o700
    assert modes.pop("ca.pem") & 0o022 == 0
    assert modes == dict.fromkeys(modes, 0o600)
    assert set(modes) >= {"log", "capture.yaml", "ca-key.pem"}
    key = (ca / "ca-key.pem").read_text().splitlines()[1:-1]
    for text in everything(program, log, capture).values():
        assert "PRIVATE KEY" not in text
        assert not any(line in text for line in key)


def test_a_folder_of_captures_is_private(tmp_path: Path) -> None:
    folder, server = tmp_path / "captures", Play([b"+OK\r\n"])
    folder.mkdir()
    with started(
        *("proxy", "--upstream", server.address, "--listen", ":0", "--record", folder), umask=0
    ) as program:
        ask(program.port, [])
        assert program.stop() == 0
    (capture,) = folder.iterdir()
    assert stat.S_IMODE(capture.stat().st_mode) == 0o600


def test_no_option_records_secrets() -> None:
    assert SETTINGS["redact"].kind.metavar == "secrets|strict"
    found = {name for name in SETTINGS if "secret" in name or "password" in name}
    sources = {"password-file", "password-env", "password-command"}
    assert found == sources, "they say where one comes from"


def test_a_log_is_not_written_through_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "log"
    target.write_text("mine")
    link.symlink_to(target)
    with started("proxy", "--upstream", "127.0.0.1", "--listen", ":0", "--log", link) as program:
        assert program.status() == 2
        assert b"symbolic link" in program.said["stderr"]
    assert target.read_text() == "mine"


def test_names_of_users_and_hosts_never_become_names_of_files(tmp_path: Path) -> None:
    names = [b"../../evil", b"/etc/evil", b"CON", b"a\0b", b"n" * 300, b"..", b"~root"]
    server = Play([b"+OK ../evil <../../x@y>\r\n", *[b"+OK\r\n" for _ in names]])
    log = tmp_path / "folder" / "log"
    log.parent.mkdir()
    before = set(Path.cwd().iterdir())
    with started("proxy", "--upstream", server.address, "--listen", ":0", "--log", log) as program:
        ask(program.port, [b"USER " + name + b"\r\n" for name in names])
        assert program.stop() == 0
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*")] == [
        Path("folder"),
        Path("folder/log"),
    ]
    assert set(Path.cwd().iterdir()) == before


def test_one_event_is_one_line_of_every_log(tmp_path: Path) -> None:
    odd = [b"\r", b"\0", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xc2\x85", b"\xe2\x80\xa8"]
    users = [b"USER a" + separator + b"b\r\n" for separator in odd]
    server = Play([b"+OK\r\n", *[b"-ERR no " + line for line in users]])
    log = tmp_path / "log"
    with started(
        *("proxy", "--upstream", server.address, "--listen", ":0"),
        *("--log", log, "--log-format", "json"),
    ) as program:
        ask(program.port, users)
        assert program.stop() == 0
    lines = log.read_text(encoding="utf-8").splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert events.count("command_answered") == len(users)
    once = ("listening", "stopping", "side_closed", "finding_raised")
    assert len(lines) == len(users) + 2 + sum(events.count(name) for name in once)
    rows = program.said["stdout"].decode().splitlines()
    assert len([row for row in rows if " C: " in row]) == len(users)
    assert all(row.lstrip()[:1].isdigit() for row in rows)
