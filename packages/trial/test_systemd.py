"""The units, started by systemd itself, in a Debian that boots with the package installed."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from trial.debian import Debian
from trial.machine import NEEDS, booted
from trial.test_debian import SESSION

SERVER = """
[Service]
Type=notify
DynamicUser=yes
ExecStart=pop3spy serve --listen :1110 --quiet
[Install]
WantedBy=multi-user.target
"""
# Greeted, it says so with a file, and then waits for the end of the connection.
STAYS = """
import pathlib, poplib
client = poplib.POP3("127.0.0.1", 110, timeout=60)
pathlib.Path("/run/greeted").touch()
print("left with", client.sock.recv(1))
"""
SHOW = "systemctl show -p ActiveState -p SubState -p Result -p NRestarts -p ExecMainStatus pop3spy"
# It may be started anew at once, however often it was a moment ago.
ANEW = "systemctl reset-failed"
TALK = "python3 /root/session.py 110"
PARTS = {
    "boot": f"{SHOW}; systemctl --failed --plain --no-legend; systemctl --no-pager status pop3spy",
    "session": f"""
        {TALK}
        grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$(
            systemctl show -P MainPID pop3spy)/status
    """,
    "kept": """
        find /var/l*/pop3spy -printf '%u:%g %m %p\\n' | sort -k 3
        tail -n 1 /var/log/pop3spy/sessions.jsonl
    """,
    "fence": """
        inside="nsenter --mount --target $(systemctl show -P MainPID pop3spy)"
        for place in /etc /usr /var/lib /srv /opt /var/lib/pop3spy /var/log/pop3spy; do
            $inside touch $place/written 2>/dev/null && rm $place/written && echo "writes $place"
        done
        $inside ls -A /root /home
    """,
    "security": "systemd-analyze --no-pager security pop3spy.service | tail -n 1",
    "reload": f"systemctl reload pop3spy; echo status $?; {TALK}",
    "rotation": f"""
        logrotate --force /etc/logrotate.d/pop3spy && {TALK}
        cd /var/log/pop3spy; stat -c '%U %a %n' *; wc -l < sessions.jsonl
    """,
    "failure": f"""
        systemctl kill --signal KILL pop3spy
        timeout 60 bash -c 'until [ "$(systemctl show -P NRestarts pop3spy)" = 1 ] &&
            systemctl --quiet is-active pop3spy; do sleep 0.2; done'
        {TALK}
    """,
    "stop": f"""
        python3 /root/stays.py & client=$!
        timeout 60 bash -c 'until [ -e /run/greeted ]; do sleep 0.2; done'
        systemctl stop pop3spy; {SHOW}; wait $client
        tail -n 1 /var/log/pop3spy/sessions.jsonl
    """,
    "socket": f"""
        {ANEW}; systemctl start pop3spy.socket; systemctl is-active pop3spy.service
        {TALK}; systemctl is-active pop3spy.service
        systemctl stop pop3spy.socket pop3spy.service; {SHOW}
    """,
    "mistake": f"""
        sed -i 's/^upstream:/# upstream:/' /etc/pop3spy/proxy.yaml
        systemctl start pop3spy 2>/dev/null; echo status $?; {SHOW}
        journalctl --unit pop3spy --output cat _SYSTEMD_INVOCATION_ID=$(
            systemctl show -P InvocationID pop3spy)
    """,
    "upgrade": f"""
        sed -i 's/^# upstream:/upstream:/' /etc/pop3spy/proxy.yaml
        {ANEW}; systemctl start pop3spy; before=$(systemctl show -P MainPID pop3spy)
        dpkg --install /root/pop3spy.deb >/dev/null; {TALK}
        systemctl is-active pop3spy.service pop3spy.socket
        [ $(systemctl show -P MainPID pop3spy) != $before ] && echo another process
        {ANEW}; systemctl stop pop3spy; systemctl start pop3spy.socket; {TALK}
        dpkg --install /root/pop3spy.deb >/dev/null; {TALK}
        systemctl is-active pop3spy.service pop3spy.socket
    """,
    "removal": """
        dpkg --purge pop3spy >/dev/null
        systemctl is-active pop3spy.service pop3spy.socket
        find /proc -maxdepth 1 -user pop3spy; ls -d /var/l*/pop3spy /etc/pop3spy 2>/dev/null
        systemctl --failed --plain --no-legend
    """,
}


@pytest.fixture(scope="module")
def told(fresh: Callable[[], Debian], deb: Path) -> dict[str, str]:
    """Return what each part said; it is booted once, with the service enabled."""
    if not shutil.which("systemd-nspawn"):
        pytest.skip("this needs systemd-nspawn; on Debian: apt install systemd-container")
    debian = fresh()
    debian.install(deb, *NEEDS)
    shutil.copy(deb, debian.folder / "root" / "pop3spy.deb")
    (debian.folder / "root" / "session.py").write_text(SESSION)
    (debian.folder / "root" / "stays.py").write_text(STAYS)
    (debian.folder / "etc/systemd/system/server.service").write_text(SERVER)
    said = debian.shell(
        """
        systemctl is-enabled pop3spy.service pop3spy.socket
        sed -i 's/^# upstream: .*/upstream: 127.0.0.1:1110/' /etc/pop3spy/proxy.yaml
        sed -i 's/^# record: /record: /' /etc/pop3spy/proxy.yaml
        systemctl enable server.service pop3spy.service
    """
    )
    assert said.startswith("disabled\ndisabled\n")
    return booted(debian, PARTS)


def test_it_is_up_after_the_boot(told: dict[str, str]) -> None:
    said = told["boot"]
    assert "NRestarts=0\n" in said
    assert "ActiveState=active\nSubState=running\n" in said
    assert "Active: active (running)" in said
    assert "listening on pop3://127.0.0.1:110, relaying to pop3://127.0.0.1:1110" in said
    assert "failed" not in said


def test_a_client_is_relayed_by_a_user_with_one_right(told: dict[str, str]) -> None:
    said = told["session"]
    assert "messages: " in said
    assert re.search(r"^Uid:\t([1-9]\d*)\t\1\t\1\t\1$", said, re.MULTILINE)
    assert re.findall(r"Cap(?:Eff|Bnd):\t(\w+)", said) == [f"{1 << 10:016x}"] * 2
    assert "NoNewPrivs:\t1\nSeccomp:\t2\n" in said


def test_what_it_keeps_is_its_own_and_nobody_else_reads_it(told: dict[str, str]) -> None:
    *files, log = told["kept"].splitlines()
    modes = {path: f"{owner} {mode}" for owner, mode, path in map(str.split, files)}
    folders = {"/var/lib/pop3spy/ca", "/var/lib/pop3spy/sessions"}
    folders |= {"/var/lib/pop3spy", "/var/log/pop3spy"}
    for path, mode in modes.items():
        assert mode == f"pop3spy:pop3spy {700 if path in folders else 600}", path
    names = {re.sub(r"\d{8}T.*-s0001-.*", "SESSION", path) for path in modes.keys() - folders}
    assert "/var/log/pop3spy/sessions.jsonl" in names
    assert "/var/lib/pop3spy/sessions/SESSION" in names
    assert "/var/lib/pop3spy/ledger.sqlite3" in names
    assert json.loads(log)["how"] == "quit"


def test_even_root_could_write_nothing_else_from_inside(told: dict[str, str]) -> None:
    writes = "writes /var/lib/pop3spy\nwrites /var/log/pop3spy\n"
    assert told["fence"] == f"{writes}/home:\n\n/root:\n"


def test_systemd_finds_little_exposed(told: dict[str, str]) -> None:
    exposure = re.search(r"exposure level for pop3spy.service: ([\d.]+) ", told["security"])
    assert exposure
    assert float(exposure[1]) < 2


def test_a_reload_is_refused_and_costs_nothing(told: dict[str, str]) -> None:
    assert "reload is not applicable for unit pop3spy.service" in told["reload"]
    assert re.search(r"^status [1-9]\d*\nmessages: ", told["reload"], re.MULTILINE)


def test_a_log_that_was_rotated_is_begun_anew(told: dict[str, str]) -> None:
    session, *files, lines = told["rotation"].splitlines()
    assert session.startswith("messages: ")
    assert files == ["pop3spy 600 sessions.jsonl", "pop3spy 600 sessions.jsonl.1"]
    assert int(lines) > 0


def test_killed_it_is_started_again(told: dict[str, str]) -> None:
    assert told["failure"].startswith("messages: ")


def test_stopped_it_ends_its_sessions_in_order(told: dict[str, str]) -> None:
    *shown, log = told["stop"].splitlines()
    assert {"left with b''", "Result=success", "ExecMainStatus=0", "SubState=dead"} <= set(shown)
    assert json.loads(log)["how"] == "shutdown"


def test_its_socket_starts_it_when_somebody_comes(told: dict[str, str]) -> None:
    assert re.match(r"inactive\nmessages: \d+\nactive\n", told["socket"])
    assert "Result=success\n" in told["socket"]


def test_a_mistake_is_told_in_one_line_and_not_made_again(told: dict[str, str]) -> None:
    assert re.match(r"status [1-9]", told["mistake"])
    assert "Result=exit-code\nNRestarts=0\nExecMainStatus=2\n" in told["mistake"]
    (line,) = re.findall(r"^pop3spy: .*$", told["mistake"], re.MULTILINE)
    assert "--upstream mail.example.org" in line


def test_an_upgrade_starts_the_new_program_and_listens_as_before(told: dict[str, str]) -> None:
    service, socket = told["upgrade"].split("another process\n")
    assert re.fullmatch(r"messages: \d+\nactive\ninactive\n", service)
    assert re.fullmatch(r"(messages: \d+\n){2}active\nactive\n", socket)


def test_removed_it_is_stopped_first(told: dict[str, str]) -> None:
    assert told["removal"] == "inactive\ninactive\n"
