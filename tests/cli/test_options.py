"""Every setting can be given on the command line and in a file, and the command line wins."""

import os
from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import click
import pytest

from cli.program import VERBS, run, run_here
from pop3spy.cli.check_options import CheckOptions
from pop3spy.cli.options import ValueType
from pop3spy.config.route import Route
from pop3spy.config.settings import SETTINGS
from pop3spy.errors import ConfigError
from pop3spy.filters.expression import compile_filter
from pop3spy.filters.pattern import LinePattern
from pop3spy.gate.faulttext import read_fault, read_rewrite
from pop3spy.protocol.url import Url

_CAPTURES = Path(__file__).parents[2] / "captures"

# A text for each setting, what it means, and another text that means something else.
SAMPLES: dict[str, tuple[str, Any, str]] = {
    "upstream": ("mail:1110", Url("pop3", "mail", 1110), "other"),
    "listen": (":1110", (Url("pop3", "127.0.0.1", 1110),), ":1111"),
    "route": (
        ":1110=mail",
        (Route(Url("pop3", "127.0.0.1", 1110), Url("pop3", "mail", 110)),),
        ":1111=mail",
    ),
    "transparent": ("true", True, "false"),
    "accept-proxy-protocol": ("10.1.2.3/8", (ip_network("10.0.0.0/8"),), "::1"),
    "send-proxy-protocol": ("v2", "v2", "v1"),
    "personality": ("gmail", "gmail", "/etc/exchange.yaml"),
    "users": ("/etc/users.yaml", Path("/etc/users.yaml"), "/etc/others.yaml"),
    "log": ("/var/log/spy", Path("/var/log/spy"), "-"),
    "log-format": ("json", "json", "text"),
    "log-file-size": ("10M", 10 << 20, "0"),
    "log-file-time": ("10m", 600.0, "5"),
    "record": ("/var/spy/", "/var/spy/", "/var/spy.yaml"),
    "bodies": ("mask", "mask", "keep"),
    "rotate": ("10M", 10 << 20, "0"),
    "show": ("verb == RETR", compile_filter("verb = RETR"), "err"),
    "rewrite": ("client s/a/b/", (read_rewrite("client s/a/b/"),), "server s/b/c/"),
    "fault": ("cut when err", (read_fault("cut when err"),), "drop"),
    "dry-run-delete": ("true", True, "false"),
    "findings": ("errors", "errors", "off"),
    "rules": ("/etc/ours.py", (Path("/etc/ours.py"),), "/etc/others.py"),
    "threshold": ("reply_slow=20", (("reply-slow", 20.0),), "polls=3"),
    "ledger": ("/var/spy/ledger", Path("/var/spy/ledger"), "/var/other"),
    "metrics": ("0.0.0.0:9110", ("0.0.0.0", 9110), "9111"),
    "otlp": ("http://127.0.0.1:4318", "http://127.0.0.1:4318", "http://127.0.0.1:4319"),
    "no-ledger": ("true", True, "false"),
    "quiet": ("true", True, "false"),
    "console": ("false", False, "true"),
    "web": ("127.0.0.1:8111", 8111, "8112"),
    "web-control": ("true", True, "false"),
    "yes": ("true", True, "false"),
    "redact": ("strict", "strict", "secrets"),
    "connect-timeout": ("3s", 3.0, "5"),
    "idle-timeout": ("10m", 600.0, "0"),
    "max-sessions": ("12", 12, "0"),
    "grace": ("500ms", 0.5, "1h"),
    "login-delay": ("250ms", 0.25, "0"),
    "answer-when-down": ("yes", True, "no"),
    "session": ("2", 2, "3"),
    "port": ("1110", (1110,), "2110"),
    "speed": ("10", 10.0, "1"),
    "cuts": ("true", True, "false"),
    "strict": ("true", True, "false"),
    "insecure": ("true", True, "false"),
    "hide-unknown": ("true", True, "false"),
    "upstream-ca": ("/etc/ca.pem", Path("/etc/ca.pem"), "/etc/other.pem"),
    "ca-dir": ("/etc/ca", Path("/etc/ca"), "/etc/other"),
    "stls": ("strip", "strip", "refuse"),
    "cert": ("/etc/cert.pem", Path("/etc/cert.pem"), "/etc/other.pem"),
    "key": ("/etc/key.pem", Path("/etc/key.pem"), "/etc/other.pem"),
    "client-cert": ("/etc/me.pem", Path("/etc/me.pem"), "/etc/other.pem"),
    "tls-min": ("1.3", "1.3", "1.1"),
    "user": ("alice", "alice", "bob"),
    "password-file": ("/etc/secret", Path("/etc/secret"), "/etc/other"),
    "password-env": ("SECRET", "SECRET", "OTHER"),
    "password-command": ("pass show mail", "pass show mail", "true"),
    "token-command": ("oauth bob", "oauth bob", "true"),
    "auth": ("xoauth2, plain", ("XOAUTH2", "PLAIN"), "LOGIN"),
    "script": ("/etc/script", Path("/etc/script"), "-"),
    "quit-after": ("capa", "capa", "stat"),
    "drop-after": ("retr", "retr", "stat"),
    "retr": ("last", "last", "3"),
    "expect": ("^Subject", (LinePattern("^Subject"),), "spam"),
    "patience": ("3s", 3.0, "5"),
    "run-as": ("mail:adm", "mail:adm", "nobody"),
    "workers": ("4", 4, "2"),
    "loop": ("asyncio", "asyncio", "uvloop"),
}
NEEDED = {
    "replay server": ["session.yaml"],
    "connect": ["mail.example.org"],
    "ca export": ["-o", "-"],
}
OF_ONE_TIME = {
    "ca export": {"out", "form"},
    "check": {field.name for field in fields(CheckOptions)} - {"what"},
    "connect": {"as_json"},
}
"""Options that say what to make this time, and so are no settings."""

PAIRS = [(verb, row.name) for row in SETTINGS.values() for verb in row.verbs]


def option(name: str, text: str) -> list[str]:
    if not SETTINGS[name].kind.metavar:
        return [f"--{name}" if text in {"true", "yes"} else f"--no-{name}"]
    return [f"--{name}", text]


def values(verb: str, *args: str) -> dict[str, Any]:
    context = VERBS[verb].make_context(verb, [*NEEDED.get(verb, ()), *args])
    return {name.replace("_", "-"): value for name, value in context.params.items()}


def config(folder: Path, text: str) -> list[str]:
    file = folder / "pop3spy.yaml"
    file.write_text(text)
    return ["--config", str(file)]


@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_a_setting_means_the_same_in_both_places(verb: str, name: str, tmp_path: Path) -> None:
    text, meant, _ = SAMPLES[name]
    assert values(verb, *option(name, text))[name] == meant
    assert values(verb, *config(tmp_path, f"{name}: {text}\n"))[name] == meant


@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_the_command_line_wins(verb: str, name: str, tmp_path: Path) -> None:
    text, meant, other = SAMPLES[name]
    file = config(tmp_path, f"{name}: '{other}'\n")
    assert values(verb, *file, *option(name, text))[name] == meant
    assert values(verb, *option(name, text), *file)[name] == meant


def test_a_flag_of_the_file_can_be_taken_back(tmp_path: Path) -> None:
    assert values("serve", *config(tmp_path, "quiet: true\n"), "--no-quiet")["quiet"] is False


def test_settings_that_nobody_gives_have_their_defaults() -> None:
    for verb, name in PAIRS:
        assert values(verb)[name] == SETTINGS[name].default


def test_listen_may_be_given_several_times(tmp_path: Path) -> None:
    meant = tuple(Url("pop3", "127.0.0.1", port) for port in (1110, 1111))
    assert values("proxy", "--listen", ":1110", "--listen", "1111")["listen"] == meant
    file = config(tmp_path, 'listen: [":1110", 1111]\n')
    assert values("proxy", *file)["listen"] == meant
    one = (Url("pop3", "::1", 110),)
    assert values("proxy", *file, "--listen", "[::1]")["listen"] == one


def test_the_file_is_read_for_the_verb_that_it_is_given_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this is a setting of proxy, not of serve"):
        values("serve", *config(tmp_path, "upstream: mail\n"))


def test_the_file_can_be_named_only_on_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="config: there is no such setting"):
        values("demo", *config(tmp_path, "config: other.yaml\n"))


def test_every_option_is_a_setting() -> None:
    for verb in {verb for verb, _ in PAIRS}:
        command = VERBS[verb]
        options = {p.name for p in command.params if isinstance(p, click.Option)}
        rows = {row.field for row in SETTINGS.values() if verb in row.verbs}
        assert options == rows | {"config"} | OF_ONE_TIME.get(verb, set())


_NOBODY = ("--to", "127.0.0.1:1")
_NOWHERE = ("--listen", "192.0.2.1:1110")


@pytest.mark.parametrize(
    "words",
    [
        ("replay", "client", "FILE", *_NOBODY, "--user", "ODD", "--password-env", "GIVEN"),
        ("replay", "client", "FILE", *_NOBODY, "--user", "bob", "--password-env", "ODD"),
        ("replay", "server", "FILE", *_NOWHERE, "--user", "ODD", "--password-env", "GIVEN"),
        ("connect", "127.0.0.1:1", "--user", "ODD", "--password-env", "ODD"),
        ("connect", "ODD:1", "--quit-after", "stat"),
        ("serve", *_NOWHERE, "--run-as", "ODD"),
        ("show", "ODD"),
        ("show", "FILE", "--filter", "user = ODD"),
        ("export", "FILE", "--to", "ODD"),
        ("scrub", "FILE", "-o", "ODD/ODD"),
        ("compare", "FILE", "ODD"),
        ("ca", "show", "--ca-dir", "FILE/ODD"),
        ("ODD",),
    ],
    ids=" ".join,
)
def test_octets_that_are_no_text_are_as_good_as_any(words: tuple[str, ...]) -> None:
    odd = os.fsdecode(b"b\xffb")
    names = {
        "FILE": str(_CAPTURES / "dovecot-user.yaml"),
        "ODD": odd,
        "user = ODD": f"user = {odd}",
    }
    done = run(
        *(
            names.get(word, word.replace("FILE", names["FILE"]).replace("ODD", odd))
            for word in words
        ),
        **{odd: "sesame123", "GIVEN": "sesame123"},
    )
    assert "bug" not in done.err
    assert len(done.err.splitlines()) <= 2


def test_an_empty_name_of_a_file_is_refused_wherever_one_is_named() -> None:
    """It would be the folder that somebody happens to be in, as of an unset variable of a shell."""
    tried = 0
    for command in VERBS.values():
        for parameter in command.params:
            assert not isinstance(parameter.type, click.Path), parameter.name
            if isinstance(parameter.type, ValueType) and parameter.type.is_file:
                with pytest.raises(ConfigError, match="there is no value"):
                    parameter.type.convert("", None, None)
                tried += 1
    assert tried > len(VERBS)


@pytest.mark.parametrize(
    "args",
    [
        ("mcp", ""),
        ("show", ""),
        ("lint", ""),
        ("compare", "a", ""),
        ("serve", ""),
        ("check", "--matrix", "--format", "markdown", ""),
        ("export", "a", "--to", "eml", "-o", ""),
    ],
)
def test_what_was_empty_is_told_in_one_line(args: tuple[str, ...]) -> None:
    told = run_here(*args)
    assert told.status == 2
    assert told.err.endswith(": there is no value\n")
    assert len(told.err.splitlines()) == 1
