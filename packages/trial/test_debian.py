"""The Debian package: installed in a Debian that has nothing else, used, and removed."""

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from trial.debian import ROOT, Debian, call, make_elsewhere

SERVICE = (ROOT / "docs" / "systemd" / "pop3spy.service").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
(EXTRAS,) = re.findall(r"^DEB_EXTRAS +\?= (.*)$", MAKEFILE, re.MULTILINE)
# What systemd does for the service: its folders, its user, and the one thing that it may.
AS_SERVICE = """
install -d -o pop3spy -g pop3spy -m 700 /var/lib/pop3spy /var/log/pop3spy
may='-all,+net_bind_service'
exec setpriv --reuid pop3spy --regid pop3spy --init-groups --no-new-privs \\
  --inh-caps=$may --ambient-caps=$may --bounding-set=$may
"""
SESSION = """
import poplib, sys, time
for _ in range(300):
    try:
        client = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=30)
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
client.user("demo")
client.pass_("demo")
print("messages:", client.stat()[0])
client.quit()
"""


@pytest.fixture(scope="module")
def installed(fresh: Callable[[], Debian], deb: Path) -> Debian:
    debian = fresh()
    debian.install(deb)
    return debian


def test_lintian_has_nothing_to_say(deb: Path) -> None:
    assert call("lintian", "--no-cfg", "--allow-root", "-EI", "--pedantic", deb) == ""


def test_it_is_the_same_when_it_is_built_elsewhere(
    deb: Path, elsewhere: Path, tmp_path: Path
) -> None:
    sbom = str(Path(sys.executable).parent / "cyclonedx-py")
    again = tmp_path / "again"
    make_elsewhere("deb.sh", "/usr/bin/python3", elsewhere, again, SBOM=sbom, EXTRAS=EXTRAS)
    assert (again / deb.name).read_bytes() == deb.read_bytes()


def test_the_program_is_whole(installed: Debian) -> None:
    rows = {row["name"]: row for row in json.loads(installed.shell("pop3spy doctor --json"))}
    there = [name for name, row in rows.items() if row["condition"] == "ok"]
    assert {"pop3spy", "uvloop", "compiled", "port 110", "rules"} <= set(there)
    assert {f"extra {extra}" for extra in EXTRAS.split(",")} <= set(there)
    assert not [row for row in rows.values() if row["condition"] == "broken"]
    assert "in a virtual environment of your own" in rows["extra mcp"]["remedy"]


def test_its_libraries_are_its_own(installed: Debian) -> None:
    path = "import sys, pop3spy, click; print(pop3spy.__file__, click.__file__, *sys.path)"
    said = installed.shell(f"/usr/lib/pop3spy/bin/python3 -I -c '{path}'").split()
    own = "/usr/lib/pop3spy/lib/"
    assert all(file.startswith(own) for file in said[:2])
    assert all(place.startswith((own, "/usr/lib/python3")) for place in said[2:])
    assert "No module" in installed.shell("python3 -c 'import click'", status=1)


def test_it_reads_a_recording_and_is_translated_once(installed: Debian) -> None:
    recording = next((ROOT / "captures").glob("dovecot-refused.yaml"))
    (installed.folder / "tmp" / "it.yaml").write_bytes(recording.read_bytes())
    assert "login-failed" in installed.shell("pop3spy lint /tmp/it.yaml", status=1)
    count = "find /usr/lib/pop3spy/lib -name '*.pyc' | wc -l"
    before = installed.shell(count)
    installed.shell("pop3spy demo --help; pop3spy show /tmp/it.yaml")
    assert int(before) > 500
    assert installed.shell(count) == before


def test_man_pages_and_completions_are_where_they_are_looked_for(installed: Debian) -> None:
    pages = {f"{path.name}.gz" for path in (ROOT / "docs" / "man").iterdir()}
    assert set(installed.shell("ls /usr/share/man/man1 | grep pop3spy").split()) == pages
    files = "bash-completion/completions/pop3spy zsh/site-functions/_pop3spy"
    installed.shell(f"cd /usr/share && ls {files} fish/vendor_completions.d/pop3spy.fish")
    completed = """
        source /usr/share/bash-completion/completions/pop3spy
        COMP_WORDS=(pop3spy do) COMP_CWORD=1
        _pop3spy_completion pop3spy && echo "${COMPREPLY[@]}"
    """
    assert installed.shell(completed) == "doctor\n"


def test_its_bill_of_materials_has_every_library(installed: Debian) -> None:
    bill = installed.shell("cat /usr/share/doc/pop3spy/sbom.cdx.json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    listed = {part["name"].lower().replace("_", "-") for part in json.loads(bill)["components"]}
    folders = installed.shell("cd /usr/lib/pop3spy/lib/python3*/site-packages && ls -d *.dist-info")
    there = {folder.split("-")[0].lower().replace("_", "-") for folder in folders.split()}
    assert listed | {"pop3spy"} == there


def started() -> str:
    """Return the beginning of a script in which the service runs, once its server does."""
    (command,) = re.findall(r"^ExecStart=(.*)$", SERVICE, re.MULTILINE)
    assert shlex.split(command)[0] == "pop3spy"
    return f"""
        ip link set lo up 2>/dev/null || python3 -c '{LOOPBACK_UP}'
        sed 's/^# upstream: .*/upstream: 127.0.0.1:1110/' -i /etc/pop3spy/proxy.yaml
        pop3spy serve --listen :1110 --quiet & server=$!
        python3 /tmp/session.py 1110 >/dev/null
        ( {AS_SERVICE.strip()} {command} ) & service=$!
    """


# A minimal Debian has no ip; this is SIOCSIFFLAGS with IFF_UP.
LOOPBACK_UP = (
    "import fcntl, socket, struct;"
    'fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 1))'
)


def test_its_service_relays_at_port_110_as_its_user(installed: Debian) -> None:
    (installed.folder / "tmp" / "session.py").write_text(SESSION)
    said = installed.shell(
        f"""
        {started()}
        python3 /tmp/session.py 110
        grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs):' /proc/$service/status
        kill $service; wait $service; echo "status $?"
        kill $server
        stat -c '%U %a %n' /var/log/pop3spy/* /var/lib/pop3spy/*
        tail -n 1 /var/log/pop3spy/sessions.jsonl
    """,
        status=None,
    )
    uid = installed.shell("id -u pop3spy").strip()
    assert "messages: " in said
    assert f"Uid:\t{uid}\t{uid}" in said
    assert re.findall(r"Cap(?:Eff|Bnd):\t(\w+)", said) == [f"{1 << 10:016x}"] * 2
    assert "NoNewPrivs:\t1" in said
    assert "status 0" in said
    assert "pop3spy 600 /var/log/pop3spy/sessions.jsonl" in said
    assert "pop3spy 600 /var/lib/pop3spy/ledger.sqlite3" in said
    assert json.loads(said.splitlines()[-1])


def test_a_service_without_a_server_says_so_in_one_line(
    fresh: Callable[[], Debian], deb: Path
) -> None:
    debian = fresh()
    debian.install(deb)
    (command,) = re.findall(r"^ExecStart=(.*)$", SERVICE, re.MULTILINE)
    said = debian.shell(f"{AS_SERVICE.strip()} {command}", status=2)
    assert said.count("\n") == 1
    assert "upstream" in said


def test_purged_it_leaves_its_user_and_nothing_else(fresh: Callable[[], Debian], deb: Path) -> None:
    debian = fresh()
    debian.run(
        "apt-get", "install", "--yes", "--no-install-recommends", "systemd-standalone-sysusers"
    )
    before = debian.files()
    debian.install(deb)
    debian.shell("install -d -o pop3spy -m 700 /var/lib/pop3spy/ca /var/log/pop3spy")
    debian.shell("touch /var/lib/pop3spy/ledger.sqlite3 /var/log/pop3spy/sessions.jsonl")
    debian.run("apt-get", "remove", "--yes", "pop3spy")
    kept = {"/etc/pop3spy/proxy.yaml", "/var/lib/pop3spy/ledger.sqlite3"}
    assert kept <= debian.files()
    debian.run("apt-get", "purge", "--yes", "pop3spy")
    left = {path for path in debian.files() - before if "pop3spy" in path}
    assert left == {f"/tmp/{deb.name}"}
    assert debian.shell("id -un pop3spy") == "pop3spy\n"
