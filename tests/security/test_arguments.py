"""Credentials that were typed where none belong are not repeated."""

from pathlib import Path

import pytest

from pop3spy.cli.main import main

SECRET = "Zq7vKx2Wm"
URL = f"pop3://carol:{SECRET}@mail.example.org"

NOWHERE = "192.0.2.1:1"
"""An address that no machine has, so that nothing is listened on."""

COMMAND_LINES = [
    ["proxy", "--upstream", URL],
    ["proxy", f"--upstream={URL}"],
    ["proxy", "--upstream", f"carol:{SECRET}@mail.example.org:110"],
    ["proxy", "--upstream", f"http://carol:{SECRET}@mail.example.org/"],
    ["proxy", "--upstream", "x", "--listen", URL],
    ["proxy", URL],
    ["proxy", "--upstream", "x", URL],
    ["proxy", "--upstrem", URL],
    ["proxy", f"--upstrem={URL}"],
    ["proxy", "--upstream", "x", "--log", f"/none/{URL}/log"],
    ["proxy", "--upstream", "x", "--log-format", URL],
    ["proxy", "--upstream", "x", "--idle-timeout", URL],
    ["proxy", "--upstream", "x", "--max-sessions", URL],
    ["proxy", "--upstream", "x", "--loop", URL],
    ["proxy", "--config", URL],
    [URL],
    ["connect", URL],
    ["serve", URL],
    ["serve", "--users", URL],
    ["serve", "--listen", URL],
]


@pytest.mark.parametrize("args", COMMAND_LINES, ids=lambda args: " ".join(args).replace(URL, "URL"))
def test_a_password_in_a_url_is_not_repeated(
    args: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*args, "--listen", NOWHERE]) in (2, 3)
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        f"upstream: {URL}",
        f"upstream: [{URL}]",
        f"upstream: {{url: {URL}}}",
        f"upstrem: {URL}",
        f"listen: [localhost, {URL}]",
        f"log-format: {URL}",
        f"max-sessions: {URL}",
        f"idle-timeout: {URL}",
        f"log: /none/{URL}/log",
        f"{URL}: 1",
        f"{URL}",
        f"- {URL}",
        f"upstream: *{SECRET}",
        f"upstream: !{SECRET} x",
        f"upstream: &{SECRET}",
        f'upstream: "{SECRET}',
        f"upstream: {{{SECRET}",
        f"%{SECRET} 1",
    ],
)
def test_a_password_in_a_configuration_is_not_repeated(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"{text}\n")
    assert main(["proxy", "--config", str(config), "--listen", NOWHERE]) in (2, 3)
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize(
    "text",
    [
        f"bob: *{SECRET}",
        f"bob: !{SECRET}",
        f"bob: &{SECRET} x y: z",
        f"bob: @{SECRET}",
        f"bob: %{SECRET}",
        f"bob: `{SECRET}",
        f'bob: "{SECRET}',
        f"bob: '{SECRET}",
        f"bob: [{SECRET}]",
        f"bob: [{SECRET}",
        f"bob: {{{SECRET}}}",
        f"bob: {{{SECRET}: x}}",
        f"bob: {{password: {SECRET}, mailbox: []}}",
        f"bob: {{password: [{SECRET}]}}",
        f"bob: {SECRET}: x",
        f"bob: |\n  {SECRET}\n x",
        f'bob: "{SECRET}\\q"',
        f'bob: "{SECRET}\\0"',
        f"bob: ? {SECRET}",
        f"[{SECRET}]: bob",
        f"bob: {SECRET}\nbob: {SECRET}",
        f"- bob: {SECRET}",
        f"bob:{SECRET}",
        f"bob: {SECRET} #\n\t{SECRET}",
        f"bob: {SECRET}\n{SECRET}",
    ],
)
def test_a_password_in_a_file_of_users_is_not_repeated(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    users = tmp_path / "users.yaml"
    users.write_text(f"{text}\n")
    assert main(["serve", "--users", str(users), "--listen", NOWHERE]) in (2, 3)
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err
