"""A configuration file: what each value means, and what is said of one that means nothing."""

import re
from pathlib import Path
from typing import Any

import pytest

from pop3spy.config.file import read_config
from pop3spy.config.settings import SETTINGS, settings_of
from pop3spy.config.yamlfile import load_yaml
from pop3spy.errors import ConfigError
from pop3spy.protocol.url import Url


def read(folder: Path, text: str | bytes, verb: str = "proxy") -> dict[str, Any]:
    file = folder / "spy.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_config(file, verb)


def error(folder: Path, text: str | bytes, verb: str = "proxy") -> str:
    """Return what is said of a file, without its folder; it must be one line."""
    with pytest.raises(ConfigError) as raised:
        read(folder, text, verb)
    said = str(raised.value)
    assert said.isprintable()
    assert raised.value.exit_status == 2
    return said.replace(str(folder), "")


RIGHT = [
    ("upstream: mail.example.org", Url("pop3", "mail.example.org", 110)),
    ("upstream: mail:1110", Url("pop3", "mail", 1110)),
    ("upstream: pop3://[::1]:1110/", Url("pop3", "::1", 1110)),
    ("upstream: 10:30", Url("pop3", "10", 30)),
    ("listen: :1110", (Url("pop3", "127.0.0.1", 1110),)),
    ("listen: 1110", (Url("pop3", "127.0.0.1", 1110),)),
    ("listen: ':0'", (Url("pop3", "127.0.0.1", 0),)),
    ("listen: [mail, '[::]:1110']", (Url("pop3", "mail", 110), Url("pop3", "::", 1110))),
    ("listen:\n- :1\n- :2", (Url("pop3", "127.0.0.1", 1), Url("pop3", "127.0.0.1", 2))),
    ("log: /var/log/spy", Path("/var/log/spy")),
    ("log: 2026-11-23", Path("HERE/2026-11-23")),
    ("log: logs/spy", Path("HERE/logs/spy")),
    ("log: '-'", Path("-")),
    ("ledger: state/ledger", Path("HERE/state/ledger")),
    ("ledger: /var/ledger", Path("/var/ledger")),
    ("record: tapes/", "HERE/tapes/"),
    ("record: /var/tapes", "/var/tapes"),
    ("record: ~/tapes/", str(Path("~/tapes").expanduser()) + "/"),
    ("bodies: drop", "drop"),
    ("rotate: 500k", 500 << 10),
    ("rotate: 1GiB", 1 << 30),
    ("rotate: 17", 17),
    ("log: ~/spy", Path("~/spy").expanduser()),
    ("log-format: json", "json"),
    ("quiet: true", True),
    ("quiet: No", False),
    ("quiet: 'on'", True),
    ("redact: strict", "strict"),
    ("connect-timeout: 1.5", 1.5),
    ("idle-timeout: 0", 0.0),
    ("idle-timeout: 250ms", 0.25),
    ("idle-timeout: 2h", 7200.0),
    ("idle-timeout: 1e2", 100.0),
    ("max-sessions: 007", 7),
    ("answer-when-down: false", False),
    ("loop: asyncio", "asyncio"),
]


@pytest.mark.parametrize(("line", "meant"), RIGHT, ids=[line for line, _ in RIGHT])
def test_a_value_means_what_it_looks_like(line: str, meant: Any, tmp_path: Path) -> None:
    (value,) = read(tmp_path, line).values()
    if isinstance(meant, Path | str):
        meant = type(meant)(str(meant).replace("HERE", str(tmp_path)))
    assert value == meant


WRONG = [
    ("upstrem: mail", "upstrem: there is no such setting; did you mean 'upstream'?"),
    ("log_format: json", "log_format: there is no such setting; did you mean 'log-format'?"),
    ("users: u.yaml", "users: this is a setting of serve and replay server, not of proxy"),
    ("12: mail", "12: there is no such setting; proxy has upstream, listen, route, log,"),
    ("'a\\nb\x1b': 1", None),
    ('"a\\nb\\e": 1', "a\\nb\\x1b: there is no such setting; proxy has upstream,"),
    ("upstream:", "upstream: there is no value"),
    ("upstream: ' '", "upstream: there is no value"),
    ("upstream: [mail]", "upstream: a list stands where one value belongs"),
    ("upstream: {host: mail}", "upstream: a mapping stands where one value belongs"),
    ("upstream: 110", "upstream: '110' names no host; write host:port"),
    ("upstream: joe:secret@mail", "upstream: a URL holds no user or password here;"),
    ("listen: []", "listen: the list is empty"),
    ("listen: [[':1']]", "listen: a list stands where one value belongs"),
    ("listen: {a: b}", "listen: a mapping stands where one value belongs"),
    ("listen: [':1', ':70000']", "listen: port 70000 is too large; the last one is 65535"),
    ('log: "a\\0b"', "log: a path cannot hold NUL"),
    ("log: ~nobody-of-this-name/x", "log: '~nobody-of-this-name/x' begins with a home folder"),
    (
        "log-format: jason",
        "log-format: 'jason' is not one of text, json, rows, parquet; did you mean 'json'?",
    ),
    ("redact: no", "redact: 'no' is not one of secrets, strict"),
    ("quiet: maybe", "quiet: 'maybe' is neither true nor false"),
    ("quiet: 1", "quiet: '1' is neither true nor false"),
    (
        "connect-timeout: 0",
        "connect-timeout: 0 waits for nobody; write seconds, or 500ms, 30s, 10m, 1h",
    ),
    ("grace: soon", "grace: 'soon' is no time; write seconds, or 500ms, 30s, 10m, 1h"),
    ("grace: -1", "grace: '-1' is no time;"),
    ("grace: .inf", "grace: '.inf' is no time;"),
    ("grace: nan", "grace: 'nan' is no time;"),
    ("grace: 1d", "grace: '1d' is no time;"),
    ("grace: 5sm", "grace: '5sm' is no time;"),
    ("max-sessions: 1.5", "max-sessions: '1.5' is no count; write a number from 0 up"),
    ("max-sessions: 0x10", "max-sessions: '0x10' is no count;"),
    ("max-sessions: 12345678901", "max-sessions: '12345678901' is no count;"),
    ("max-sessions: yes", "max-sessions: 'yes' is no count;"),
    ('record: "a\\0b"', "record: a path cannot hold NUL"),
    ("record: [a]", "record: a list stands where one value belongs"),
    ("rotate: 1.5M", "rotate: '1.5M' is no size; write octets, or 500K, 10M, 1G"),
    ("rotate: [1]", "rotate: a list stands where one value belongs"),
    ("rotate: 5 parsecs", "rotate: '5 parsecs' is no size;"),
    ("loop: uvlop", "loop: 'uvlop' is not one of auto, uvloop, asyncio; did you mean 'uvloop'?"),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[line for line, _ in WRONG])
def test_a_wrong_line_is_told_with_its_file_and_key(
    line: str, said: str | None, tmp_path: Path
) -> None:
    assert error(tmp_path, line).startswith(f"/spy.yaml: {said or 'this is not YAML text'}")


ODD = [
    ("- a\n- b", "/spy.yaml: a configuration is made of lines like 'upstream: mail:110'"),
    ("mail", "/spy.yaml: a configuration is made of lines like 'upstream: mail:110'"),
    ("quiet: true\nloop: auto\nquiet: false", "/spy.yaml:3: this key has stood before"),
    ("loop: auto\n'loop': auto", "/spy.yaml:2: this key has stood before"),
    ("\tquiet: true", "/spy.yaml:1: found character '\\t' that cannot start any token"),
    ("loop: auto\n\tquiet: true", "/spy.yaml:2: found character '\\t' that cannot start any token"),
    ("loop: auto: x", "/spy.yaml:1: mapping values are not allowed here"),
    ("loop: [auto", "/spy.yaml:1: this is not YAML"),
    ("loop: 'auto", "/spy.yaml:1: found unexpected end of stream"),
    ("a: 1\n---\nb: 2", "/spy.yaml:2: found another document"),
    ("upstream: *secret", "/spy.yaml:1: what begins with * must stand in quotes"),
    ("upstream: &secret", "/spy.yaml:1: what begins with & must stand in quotes"),
    ("upstream: !secret", "/spy.yaml:1: what begins with ! must stand in quotes"),
    ("upstream: !a!secret", "/spy.yaml:1: this is not YAML"),
    ("log: -", "/spy.yaml:1: what begins with - must stand in quotes"),
    ("upstream: @secret", "/spy.yaml:1: this is not YAML"),
    ("upstream: !!python/object/apply:os.abort []", "/spy.yaml:1: what begins with ! must"),
    ("!!map {loop: auto}", "/spy.yaml:1: what begins with ! must stand in quotes"),
    ("<<: {loop: auto}", "/spy.yaml: <<: there is no such setting; proxy has"),
    ("? [a]\n: b", "/spy.yaml:1: a list or a mapping cannot be a key"),
    ("? {a: b}\n: b", "/spy.yaml:1: a list or a mapping cannot be a key"),
    ("[" * 5000, "/spy.yaml: this is nested too deeply"),
    (b"\xff\xfe\x00", "/spy.yaml: this is not UTF-8 text"),
    (b"\x89PNG\r\n\x1a\n", "/spy.yaml: this is not UTF-8 text"),
    (b"loop: a\x00", "/spy.yaml: this is not YAML text"),
    (b"\x7fELF\x01\x01", "/spy.yaml: this is not YAML text"),
]


@pytest.mark.parametrize(("text", "said"), ODD, ids=[repr(text)[:30] for text, _ in ODD])
def test_what_is_no_configuration_is_told_in_one_line(
    text: str | bytes, said: str, tmp_path: Path
) -> None:
    assert error(tmp_path, text).startswith(said)


def test_a_bomb_of_aliases_does_not_go_off(tmp_path: Path) -> None:
    """``str`` of such a value would have filled the memory."""
    rows = ["grace: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [
        f"{chr(i + 1)}: &{chr(i + 1)} [{', '.join([f'*{chr(i)}'] * 9)}]" for i in range(97, 120)
    ]
    said = error(tmp_path, "\n".join(rows))
    assert said == "/spy.yaml:1: what begins with & must stand in quotes"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a remark\n", "---\n", "\ufeff", "{}"])
def test_an_empty_file_changes_nothing(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text) == {}


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbfloop: auto\r\nquiet: yes\r\n"
    assert read(tmp_path, text) == {"loop": "auto", "quiet": True}


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "is a directory"), (tmp_path / "x", "no such file or directory")):
        with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}: {why}$"):
            read_config(path, "proxy")


def test_nothing_is_typed_so_passwords_are_what_is_written(tmp_path: Path) -> None:
    file = tmp_path / "users.yaml"
    file.write_text("a: 0123\nb: yes\nc: 1e3\nd: 2026-11-23\ne: null\nf: ~\n1: {password: 0x1}\n")
    assert load_yaml(file) == {
        "a": "0123",
        "b": "yes",
        "c": "1e3",
        "d": "2026-11-23",
        "e": "null",
        "f": "~",
        "1": {"password": "0x1"},
    }


SECRETS = ["*sesame", "&sesame", "!sesame", "!a!sesame", "@sesame", "%sesame", "'sesame", "{sesame"]


@pytest.mark.parametrize(
    "password", [*SECRETS, "sesame: x", '"\\sesame"', "|sesame", "{sesame, sesame}"]
)
def test_no_error_repeats_what_may_be_a_password(password: str, tmp_path: Path) -> None:
    file = tmp_path / "users.yaml"
    file.write_text(f"bob: {password}\n")
    with pytest.raises(ConfigError) as raised:
        load_yaml(file)
    assert "sesame" not in str(raised.value)
    assert str(raised.value).startswith(f"{file}:")


def test_every_verb_has_settings_in_the_order_of_the_table() -> None:
    for verb in ("proxy", "serve", "demo"):
        names = [row.name for row in settings_of(verb)]
        assert names == [name for name in SETTINGS if name in names]
        assert "loop" in names
